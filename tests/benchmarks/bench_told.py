"""What the scaling policy makes of being told less than all: dollars and attainment on the tuning traces.

    python tests/benchmarks/bench_told.py [--requests 200000] [--cold-starts 90 300]

At about five replicas of an 8-billion model each: told everything; read as the live loop reads it (`advisor/scaling.py`:
rates of a window instead of counts of a step); no count of good requests, only 95th percentiles; no latencies at all; and
no more than arrivals, tokens and replicas. Some four minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import policy_grid
from rich.console import Console
from rich.table import Table

from advisor.backtest.contest import Problem, build
from advisor.backtest.score import Score, score
from advisor.backtest.simulator import simulate
from advisor.core.step import Policy, StepDecision, StepObservation
from advisor.scaling import objective_of

sys.path.append(str(Path(__file__).resolve().parents[1] / "advisor"))
from live_policy import LivePolicy, config_for, replica_on

FLEET, TPOT_S = 5.0, 0.1
ON = {
    "azure2023_conv": "H100-SXM-80GB",
    "azure2024_conv_days0-2_recon": "L4-24GB",
    "azure2024_code_days2-4_recon": "H100-SXM-80GB",
    "servegen_r1_day_recon": "H100-SXM-80GB",
    "servegen_mlarge_days0-6_recon": "L4-24GB",
    "burstgpt_week1_recon": "L4-24GB",
}
LATENCIES = ("num_good", "ttft_p95_s", "tpot_p95_s", "e2e_p95_s")
FINISHED = ("num_finished", "finished_input_tokens", "finished_output_tokens")
GAUGES = ("requests_running", "requests_waiting", "kv_cache_usage", "prefix_cache_hit_rate")
LEFT_OUT = {
    "all": (),
    "percentiles only": ("num_good",),
    "no latencies": LATENCIES,
    "arrivals and tokens": (*LATENCIES, *FINISHED, *GAUGES),
}


@dataclass(frozen=True, slots=True)
class Told:
    """The policy, which some fields never reach."""

    policy: Policy
    left_out: tuple[str, ...]

    def step(self, observation: StepObservation) -> StepDecision:
        nothing: dict[str, Any] = dict.fromkeys(self.left_out)
        return self.policy.step(replace(observation, **nothing))


def problem(trace: str, accelerator: str, cold_start_s: float, requests: int) -> Problem:
    """The grid's case of that trace, on what the loop believes of a replica and with the objectives it reads."""
    name = f"8B {accelerator}"
    policy_grid.MODELS[name] = replica_on(accelerator)
    policy_grid.USD_PER_HOUR[name], policy_grid.TPOT_S[name] = 1.0, TPOT_S
    policy_grid.ON[trace] = name
    case = policy_grid.Case(trace=trace, fleet=FLEET, cold_start_s=cold_start_s)
    found = policy_grid.problem_of(case, float("inf"), requests)
    objective = objective_of(config_for(cold_start_s).slos())
    assert objective is not None
    return replace(found, objective=objective)


def policies(one: Problem, accelerator: str) -> Iterator[tuple[str, Policy]]:
    for name, left_out in LEFT_OUT.items():
        yield name, Told(build("advisor", one.setting, None), left_out)
    conditions = one.conditions
    config = config_for(conditions.cold_start_s, max_replicas=conditions.max_replicas)
    yield "as the live loop", LivePolicy(config, accelerator)


def _cell(found: Score) -> str:
    return f"{found.usd:.1f} h\n{found.attainment:.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--requests", type=int, default=200_000, help="cut each trace to about so many"
    )
    parser.add_argument("--cold-starts", nargs="*", type=float, default=[90.0, 300.0])
    args = parser.parse_args()
    if not policy_grid.TRACES.is_dir():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    table = Table("trace", "start", *LEFT_OUT, "as the live loop", title="replica-hours, in time")
    for cold_start_s in args.cold_starts:
        for trace, accelerator in ON.items():
            print(f"{trace} at {cold_start_s:g} s", file=sys.stderr)
            one = problem(trace, accelerator, cold_start_s, args.requests)
            cells = [
                _cell(
                    score(
                        simulate(
                            one.trace, one.model, policy, one.conditions, one.objective, seed=0
                        )
                    )
                )
                for _, policy in policies(one, accelerator)
            ]
            table.add_row(trace, f"{cold_start_s:g} s", *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
