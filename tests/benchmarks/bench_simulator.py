"""Simulated requests a second and core: the engine alone, and with policies that look. And what a step of ours costs.

python tests/benchmarks/bench_simulator.py          # about two minutes; one core
python tests/benchmarks/bench_simulator.py --steps  # our policy alone for 10^5 steps: its time and memory; a minute
"""

from __future__ import annotations

import math
import pickle
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

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
SETTING = Setting(
    belief=MODEL, objective=OBJECTIVE, cold_start_s=90.0, min_replicas=1, max_replicas=16
)
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
    if "--steps" in sys.argv[1:]:
        steps_of_ours()
        return
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
    for name in ("ray", "knative", "dynamo-both", "naive", OURS):
        seconds, run = timed(
            lambda name=name: simulate(trace, MODEL, build(name, SETTING), conditions, OBJECTIVE)
        )
        _print(f"16 x, {name}, {len(run.at_s):,} looks", len(trace), seconds, run)
    steps_of_ours()


def steps_of_ours(count: int = 100_000, interval_s: float = 10.0) -> None:
    """Processor milliseconds of a step over a noisy daily curve, and the memory of process and policy as the days go by."""
    policy, running = build(OURS, SETTING), 1
    took_s = np.full(count, np.nan)  # written beforehand, or it would grow as we measure
    print(f"\n{'steps of ours':>14} {'resident MB':>12} {'its state KB':>13}")
    for number in range(1, count + 1):
        seen = noisy_day(number, interval_s, running)
        began_s = time.thread_time()
        running = policy.step(seen).target_replicas
        took_s[number - 1] = time.thread_time() - began_s
        if number in (count // 100, *range(count // 10, count + 1, count // 10)):
            state_bytes = len(pickle.dumps(policy))
            print(f"{number:14,} {resident_bytes() / 1e6:12.2f} {state_bytes / 1e3:13.1f}")
    for name, part in (("all", took_s), ("the last tenth", took_s[-count // 10 :])):
        p50, p99 = np.percentile(part, (50, 99)) * 1e3
        print(
            f"{name}: mean {1e3 * part.mean():.3f} ms, p50 {p50:.3f}, p99 {p99:.3f}, worst {1e3 * part.max():.1f}"
        )


def noisy_day(number: int, interval_s: float, running: int) -> StepObservation:
    """The look of that number at a day of 5 to 55 requests/s."""
    now_s = number * interval_s
    requests = interval_s * max(0.0, 30 - 25 * math.cos(now_s / 13_751) + 5 * math.sin(number))
    return StepObservation(
        now_s=now_s,
        interval_s=interval_s,
        num_arrivals=requests,
        replicas_running=running,
        replicas_starting=0,
        input_tokens=1000 * requests,
        output_tokens=200 * requests,
        num_finished=requests,
        finished_input_tokens=1000 * requests,
        finished_output_tokens=200 * requests,
        requests_running=0.5 * requests,
        requests_waiting=0.0,
        num_good=0.995 * requests,
        cold_starts_s=(90.0 + number % 7,) if number % 50 == 0 else (),
    )


def resident_bytes() -> int:
    """Of this process, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _print(what: str, count: int, seconds: float, run: Run) -> None:
    print(
        f"{what:44} {count:10,} {seconds:8.2f} {count / seconds / 1e6:8.2f} {run.events / count:11.2f}"
    )


if __name__ == "__main__":
    main()
