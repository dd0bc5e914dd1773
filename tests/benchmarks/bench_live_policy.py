"""What reading a fleet as the live loop does costs the scaling policy: rates of a window instead of counts of a step.

    python tests/benchmarks/bench_live_policy.py [--requests 200000] [--cold-starts 90 300]

On each tuning trace, at about five replicas of an 8-billion model, the policy is driven as the backtest drives it, and
through `advisor/scaling.py` as the loop does. Dollars and attainment of both, side by side; some two minutes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import policy_grid
from rich.console import Console
from rich.table import Table

from advisor.backtest.contest import Problem, build
from advisor.backtest.score import score
from advisor.backtest.simulator import simulate
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--requests", type=int, default=200_000, help="cut each trace to about so many"
    )
    parser.add_argument("--cold-starts", nargs="*", type=float, default=[90.0, 300.0])
    args = parser.parse_args()
    if not policy_grid.TRACES.is_dir():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    table = Table(
        "trace", "cold start", "told: replica-hours, %", "read: replica-hours, %", "ratio"
    )
    for cold_start_s in args.cold_starts:
        for trace, accelerator in ON.items():
            one = problem(trace, accelerator, cold_start_s, args.requests)
            config = config_for(cold_start_s, max_replicas=one.conditions.max_replicas)
            policies = build("advisor", one.setting, None), LivePolicy(config, accelerator)
            told, read = (
                score(
                    simulate(one.trace, one.model, policy, one.conditions, one.objective, seed=0)
                )
                for policy in policies
            )
            shown = [f"{each.usd:.1f}, {each.attainment:.2%}" for each in (told, read)]
            table.add_row(trace, f"{cold_start_s:g} s", *shown, f"{read.usd / told.usd:.3f}")
            print(f"{trace} at {cold_start_s:g} s", file=sys.stderr)
    Console().print(table)


if __name__ == "__main__":
    main()
