"""How many requests a second and core the simulator serves: the engine alone, and with policies that look.

python tests/benchmarks/bench_simulator.py          # about a minute; one core
"""

from __future__ import annotations

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


def _print(what: str, count: int, seconds: float, run: Run) -> None:
    print(
        f"{what:44} {count:10,} {seconds:8.2f} {count / seconds / 1e6:8.2f} {run.events / count:11.2f}"
    )


if __name__ == "__main__":
    main()
