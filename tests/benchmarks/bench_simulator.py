"""Simulated requests a second and core: the engine alone, and with policies that look. And what a step of ours costs.

python tests/benchmarks/bench_simulator.py          # about two minutes; one core
"""

from __future__ import annotations

import math
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path

from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import Run
from advisor.backtest.policies import OURS, build
from advisor.backtest.policies.setting import Setting
from advisor.backtest.simulator import follow, simulate
from advisor.backtest.trace import load_trace, scale_rate
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepObservation

ROOT = Path(__file__).resolve().parents[2]
TRACE = ROOT.parent / "shared" / "data" / "traces" / "azure2024_conv_days0-2_recon.parquet"
MODEL = ReplicaModel(
    step_base_s=7.5e-3,
    step_per_seq_s=3.0e-5,
    step_per_kv_token_s=5.6e-8,
    step_per_prefill_token_s=3.3e-5,
    kv_capacity_tokens=430_000,
)
OBJECTIVE = ServiceObjective(ttft_base_s=2.0, tpot_s=0.05)
REPETITIONS = 3


def timed(make: Callable[[], Run]) -> tuple[float, Run]:
    """The least CPU time of a few repetitions; the first one compiles and is not counted."""
    make()
    best_s = float("inf")
    for _ in range(REPETITIONS):
        began_s = time.process_time()
        run = make()
        best_s = min(best_s, time.process_time() - began_s)
    return best_s, run


def main() -> None:
    if not TRACE.is_file():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    base = load_trace(TRACE)
    print(
        f"{'trace x replicas, policy':44} {'requests':>10} {'CPU s':>8} {'M req/s':>8} {'events/req':>11}"
    )
    for factor, replicas in ((1, 1), (16, 4), (32, 8), (32, 100)):
        trace = scale_rate(base, factor, seed=0) if factor > 1 else base
        still = Conditions(initial_replicas=replicas, max_replicas=replicas)
        _print(
            f"{factor} x, {replicas} fixed",
            len(trace),
            *timed(lambda t=trace, c=still: follow(t, MODEL, [], c, OBJECTIVE)),
        )
    trace = scale_rate(base, 16, seed=0)
    conditions = Conditions(initial_replicas=2, min_replicas=1, max_replicas=16)
    setting = Setting(
        belief=MODEL, objective=OBJECTIVE, cold_start_s=90.0, min_replicas=1, max_replicas=16
    )
    for name in ("ray", "knative", "dynamo-both", "naive", OURS):
        seconds, run = timed(
            lambda name=name: simulate(trace, MODEL, build(name, setting), conditions, OBJECTIVE)
        )
        _print(f"16 x, {name}, {len(run.at_s):,} looks", len(trace), seconds, run)
    steps_of_ours(setting)


def steps_of_ours(setting: Setting, count: int = 100_000, interval_s: float = 10.0) -> None:
    """Milliseconds of a step over a noisy daily curve, and the bytes of the policy's state as the days go by."""
    policy, running = build(OURS, setting), 1
    took_s, sizes = [], []
    for number in range(1, count + 1):
        now_s = number * interval_s
        requests = interval_s * max(0.0, 30 - 25 * math.cos(now_s / 13_751) + 5 * math.sin(number))
        seen = StepObservation(
            now_s=now_s,
            interval_s=interval_s,
            num_arrivals=requests,
            replicas_running=running,
            replicas_starting=0,
            input_tokens=1000 * requests,
            output_tokens=200 * requests,
            num_finished=requests,
            finished_output_tokens=200 * requests,
            num_good=0.995 * requests,
        )
        began_s = time.perf_counter()
        running = policy.step(seen).target_replicas
        took_s.append(time.perf_counter() - began_s)
        if number % (count // 5) == 0:
            sizes.append(len(pickle.dumps(policy)))
    ordered = sorted(took_s)
    print(
        f"\n{count:,} steps of {OURS}: mean {1e3 * sum(took_s) / count:.2f} ms, p50 {1e3 * ordered[count // 2]:.2f}, "
        f"p99 {1e3 * ordered[count * 99 // 100]:.2f}, worst {1e3 * ordered[-1]:.1f}; state in KB at each fifth: "
        + ", ".join(f"{size / 1e3:.0f}" for size in sizes)
    )


def _print(what: str, count: int, seconds: float, run: Run) -> None:
    print(
        f"{what:44} {count:10,} {seconds:8.2f} {count / seconds / 1e6:8.2f} {run.events / count:11.2f}"
    )


if __name__ == "__main__":
    main()
