"""Every scaling policy on every tuning trace: what each costs over the cheapest schedule found, and whom it serves in time.

    python tests/benchmarks/bench_policy.py --quick              # about 5 minutes on 2 cores
    python tests/benchmarks/bench_policy.py                      # the whole grid: hours; ends and goes on where it stopped
    python tests/benchmarks/bench_policy.py --quick --fresh advisor      # run ours again, keep what else was measured
    python tests/benchmarks/bench_policy.py --requests 200000 --knobs 3 --seeds 1      # every cell, shorter traces
    python tests/benchmarks/bench_policy.py --quick --report --log FILE  # the tables in Markdown, as docs/log.md has them

The grid: traces x cold starts of 30, 90 and 300 s x fleets of about 1, 5, 20 and 100 replicas at the peak x five draws of
the requests; each baseline at its default, with the one knob that is best on all traces together, and tuned in hindsight on
the trace itself. Three variants at 90 s and five replicas: policies believe steps 20 % too slow or too fast, and one launch
in five fails. A trace that would give more than MAX_REQUESTS is cut, from hour 6 of its first day on. Last come the idle
tenants, from zero replicas up, each with a fleet of its own. Progress goes to stderr, with the time that is left.

Replicas are three round models by the arithmetic of `advisor/core/perf.py`, each trace on one of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from advisor.backtest.bounds import fixed_in_hindsight, lower_bound_s
from advisor.backtest.clairvoyant import Clairvoyant
from advisor.backtest.conditions import Conditions
from advisor.backtest.contest import (
    Problem,
    enough_replicas,
    peak_work,
    run_policy,
    starting_replicas,
)
from advisor.backtest.policies import BASELINES, OURS
from advisor.backtest.score import geomean, score
from advisor.backtest.trace import Trace, load_trace, redraw, scale_rate
from advisor.core.capacity import ServiceObjective, scaled
from advisor.core.replica_model import ReplicaModel

ROOT = Path(__file__).resolve().parents[2]
TRACES = ROOT.parent / "shared" / "data" / "traces"
MAX_REQUESTS = 3_000_000
CUT_FROM_S = 6 * 3600.0
SHORTEST_S = 3600.0  # of a trace that is cut
KNOBS, ROUNDS = (
    7,
    6,
)  # values of each knob that are tried; rounds of exchange in the search for the best schedule
QUICK_KNOBS, QUICK_ROUNDS, QUICK_LONGEST_S = 3, 3, 30 * 3600.0
COLD_HIT_S = 30.0  # a request that waited longer for its first token met a cold start

# 8 billion parameters in 16 bits on an H100: 16 GB over 0.7 x 3.35 TB/s; 131,072 bytes of KV a token; 0.5 x 989 TFLOP/s.
H100 = ReplicaModel(
    step_base_s=7.5e-3,
    step_per_seq_s=3.0e-5,
    step_per_kv_token_s=5.6e-8,
    step_per_prefill_token_s=3.3e-5,
    kv_capacity_tokens=430_000,
)
# 70 billion on four of them: 141 GB over 9.4 TB/s and 160 all-reduces; 327,680 bytes of KV a token over four.
H100_X4 = ReplicaModel(
    step_base_s=17.5e-3,
    step_per_seq_s=8.0e-5,
    step_per_kv_token_s=3.5e-8,
    step_per_prefill_token_s=7.9e-5,
    kv_capacity_tokens=400_000,
)
# 8 billion in 8 bits on an L4: 8 GB over 0.7 x 0.3 TB/s; 65,536 bytes of KV a token; 0.4 x 242 TFLOP/s.
L4 = ReplicaModel(
    step_base_s=40.0e-3,
    step_per_seq_s=1.0e-4,
    step_per_kv_token_s=3.1e-7,
    step_per_prefill_token_s=1.65e-4,
    kv_capacity_tokens=165_000,
    max_num_batched_tokens=2048,
    max_num_seqs=64,
)
MODELS = {"8B H100": H100, "70B 4xH100": H100_X4, "8B L4": L4}
USD_PER_HOUR = {"8B H100": 2.5, "70B 4xH100": 10.0, "8B L4": 0.8}
TPOT_S = {"8B H100": 0.05, "70B 4xH100": 0.1, "8B L4": 0.1}
ON = {
    "azure2023_conv": "70B 4xH100",
    "azure2023_code": "8B H100",
    "azure2024_conv_days0-2_recon": "8B L4",
    "azure2024_code_days2-4_recon": "70B 4xH100",
    "servegen_r1_day_recon": "70B 4xH100",
    "servegen_mlarge_days0-6_recon": "8B L4",
    "burstgpt_week1_recon": "8B L4",
}
TENANTS = "servegen_idle_tenants_14d_recon"
COLD_STARTS_S = (30.0, 90.0, 300.0)
FLEETS = (1.0, 5.0, 20.0, 100.0)
VARIANTS = ("belief slow", "belief fast", "launches fail")
POLICIES = (OURS, *BASELINES)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Case:
    """One cell of the grid, and the draw of its requests."""

    trace: str
    fleet: float  # 0: as it was, one fleet a tenant
    cold_start_s: float
    variant: str = ""
    seed: int = 0

    @property
    def key(self) -> str:
        return f"{self.trace}|{self.fleet:g}|{self.cold_start_s:g}|{self.variant}|{self.seed}"


def cases(quick: bool, seeds: int) -> list[Case]:
    if quick:
        four = ("azure2024_conv_days0-2_recon", "azure2024_code_days2-4_recon", "azure2023_code")
        found = [
            Case(trace=name, fleet=5.0, cold_start_s=cold)
            for name in four
            for cold in (90.0, 300.0)
        ]
        return [*found, Case(trace="servegen_r1_day_recon", fleet=1.0, cold_start_s=90.0)]
    draws = range(seeds)
    found = [
        Case(trace=name, fleet=fleet, cold_start_s=cold, seed=seed)
        for seed, name, fleet, cold in product(draws, ON, FLEETS, COLD_STARTS_S)
    ]
    found += [
        Case(trace=name, fleet=5.0, cold_start_s=90.0, variant=variant)
        for name, variant in product(ON, VARIANTS)
    ]
    found += [
        Case(trace=f"{TENANTS}/{tenant}", fleet=0.0, cold_start_s=cold)
        for tenant, cold in product(range(6), COLD_STARTS_S)
    ]
    return found


def problem_of(case: Case, longest_s: float, most_requests: int = MAX_REQUESTS) -> Problem:
    name, _, tenant = case.trace.partition("/")
    trace = load_trace(TRACES / f"{name}.parquet").between(0.0, longest_s)
    hardware = ON.get(name, "8B L4")
    model = MODELS[hardware]
    objective = ServiceObjective(ttft_base_s=2.0, tpot_s=TPOT_S[hardware])
    conditions = Conditions(cold_start_s=case.cold_start_s, usd_per_hour=USD_PER_HOUR[hardware])
    if tenant:
        trace = trace.of_tenant(int(tenant))
        conditions = replace(conditions, min_replicas=0)
    else:
        trace = _sized(trace, model, objective, case, most_requests)
        conditions = replace(conditions, min_replicas=1)
    if case.seed:
        trace = redraw(trace, seed=case.seed)
    if case.variant == "launches fail":
        conditions = replace(conditions, launch_failure_rate=0.2)
    belief = {"belief slow": 1.2, "belief fast": 0.8}.get(case.variant, 1.0)
    conditions = replace(
        conditions,
        max_replicas=enough_replicas(trace, model, objective),
        initial_replicas=starting_replicas(trace, model, objective),
    )
    return Problem(
        trace=trace,
        model=model,
        belief=scaled(model, belief),
        conditions=conditions,
        objective=objective,
    )


def _sized(
    trace: Trace, model: ReplicaModel, objective: ServiceObjective, case: Case, most_requests: int
) -> Trace:
    factor = case.fleet / peak_work(trace, model, objective)
    if factor * len(trace) > most_requests:
        start_s = CUT_FROM_S if trace.duration_s > 2 * CUT_FROM_S else 0.0
        lasts_s = trace.duration_s * most_requests / (factor * len(trace))
        end_s = start_s + max(SHORTEST_S, lasts_s)
        trace = trace.between(start_s, end_s)
    return scale_rate(trace, factor, seed=case.seed)


def measure(
    case: Case,
    done: set[str],
    quick: bool,
    num_knobs: int,
    only: tuple[str, ...],
    most_requests: int = MAX_REQUESTS,
) -> list[dict[str, Any]]:
    """Every run of the case that is not there yet, and the cheapest schedule with all of them in hand."""
    started_s = time.monotonic()
    problem = problem_of(case, QUICK_LONGEST_S if quick else float("inf"), most_requests)
    rows: list[dict[str, Any]] = []
    search = Clairvoyant(
        problem.trace, problem.model, problem.conditions, problem.objective, seed=case.seed
    )
    fresh_search = f"{case.key}|clairvoyant|" not in done
    if fresh_search:
        search.search(rounds=QUICK_ROUNDS if quick else ROUNDS)
    for name in only:
        for knob in _knobs(problem, case, name, num_knobs):
            # The fixed number is another in every case: chosen in hindsight, it has no default to be told from.
            shown = "" if knob is None or name == "fixed" else f"{knob:g}"
            if f"{case.key}|{name}|{shown}" in done:
                continue
            run = run_policy(problem, name, knob, seed=case.seed)
            if fresh_search:
                search.consider(run)
            rows.append({**_row(case, name, shown, run), "faults": run.faults})
    if fresh_search and search.best is not None:
        bound_s = lower_bound_s(problem.trace, problem.model, problem.objective)
        bound = bound_s / 3600 * problem.conditions.usd_per_hour
        rows.append({**_row(case, "clairvoyant", "", search.best.run), "lower_bound_usd": bound})
    for row in rows:
        row["took_s"] = round((time.monotonic() - started_s) / len(rows), 2)
    return rows


def _knobs(problem: Problem, case: Case, name: str, count: int) -> list[float | None]:
    if name == "fixed":
        args = (problem.trace, problem.model, problem.conditions, problem.objective)
        return [float(fixed_in_hindsight(*args) or problem.conditions.max_replicas)]
    if name == OURS or case.variant or case.seed:
        return [None]
    return [None, *(BASELINES[name].knobs(count) if count else [])]


def _row(case: Case, policy: str, knob: str, run: Any) -> dict[str, Any]:
    one = score(run)
    return {
        "case": case.key,
        "policy": policy,
        "knob": knob,
        "usd": one.usd,
        "attainment": one.attainment,
        "good_windows": one.good_windows,
        "worst_hour": one.worst_hour,
        "cold_hits": float(np.mean(~(run.ttft_s <= COLD_HIT_S))),
        "launches_per_hour": one.launches_per_hour,
        "reversals": one.num_reversals,
        "num_requests": one.num_requests,
        "max_replicas": one.max_replicas,
    }


def name_of(row: dict[str, Any]) -> str:
    return f"{row['case']}|{row['policy']}|{row['knob']}"


# -- the report


class Results:
    """Rows by case, policy and knob; costs over the cheapest run of the case that keeps the goal, whoever's it was."""

    def __init__(self, rows: Iterable[dict[str, Any]], goal: float = 0.99) -> None:
        self.goal = goal
        self.rows = {name_of(row): row for row in rows}
        self.best: dict[str, float] = {}
        for row in self.rows.values():
            if row["attainment"] >= goal:
                usd = min(row["usd"], self.best.get(row["case"], float("inf")))
                self.best[row["case"]] = usd

    def pair(self, row: dict[str, Any]) -> tuple[float, float] | None:
        best = self.best.get(row["case"])
        return None if not best else (row["usd"] / best, row["attainment"])

    def of(self, keep: Any) -> dict[str, dict[str, dict[str, tuple[float, float]]]]:
        """policy -> knob -> case -> (cost ratio, attainment), of the cases kept."""
        found: dict[str, dict[str, dict[str, tuple[float, float]]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for row in self.rows.values():
            pair = self.pair(row)
            if pair is not None and keep(*row["case"].split("|")):
                found[row["policy"]][row["knob"]][row["case"]] = pair
        return found


def strengths(by_knob: dict[str, dict[str, tuple[float, float]]], goal: float) -> dict[str, Any]:
    """default, frozen (the one knob with the fewest cases under the goal, then the cheapest), tuned on each case."""
    found: dict[str, Any] = {"default": by_knob.get("", {})}
    whole = max((len(each) for each in by_knob.values()), default=0)
    frozen = [
        (sum(a < goal for _, a in each.values()), geomean([r for r, _ in each.values()]), knob)
        for knob, each in by_knob.items()
        if len(each) == whole
    ]
    if len(by_knob) > 1 and frozen:
        knob = min(frozen)[2]
        found[f"frozen at {knob or 'the default'}"] = by_knob[knob]
        tuned = {}
        for case in by_knob[knob]:
            options = [each[case] for each in by_knob.values() if case in each]
            keeping = [pair for pair in options if pair[1] >= goal]
            tuned[case] = min(keeping) if keeping else max(options, key=lambda pair: pair[1])
        found["tuned in hindsight"] = tuned
    return {name: pairs for name, pairs in found.items() if pairs}


def sections(results: Results) -> list[tuple[str, Any]]:
    """Title and outcomes of each table."""

    def seed0(cold: float) -> Any:
        return lambda trace, fleet, at, variant, seed: (
            float(at) == cold and not variant and seed == "0" and float(fleet) > 0
        )

    found = [
        (f"cold start {cold:g} s, first draw", results.of(seed0(cold))) for cold in COLD_STARTS_S
    ]
    for variant in VARIANTS:
        shown = results.of(lambda t, f, c, v, s, variant=variant: v == variant)
        found.append((f"{variant} (five replicas, 90 s)", shown))
    idle = results.of(lambda t, f, c, v, s: float(f) == 0)
    return [one for one in [*found, ("idle tenants, from zero", idle)] if one[1]]


def lines_of(found: Any, goal: float) -> list[tuple[str, float, float, float, int, int]]:
    """Policy and strength, cost over the best (geomean), attainment (mean, worst), cases under the goal, cases."""
    lines = []
    for policy, by_knob in found.items():
        for strength, pairs in strengths(by_knob, goal).items():
            strength = "in hindsight" if policy in ("fixed", "clairvoyant") else strength
            ratios, shares = zip(*pairs.values(), strict=True)
            under = sum(share < goal for share in shares)
            lines.append(
                (f"{policy}, {strength}", geomean(ratios), float(np.mean(shares)), min(shares), under, len(shares))
            )  # fmt: skip
    return sorted(lines, key=lambda one: one[1])


def report(results: Results) -> None:
    for title, found in sections(results):
        print(f"\n{title}")
        print(f"{'policy':38} {'x best':>7} {'mean':>7} {'worst':>7}  under goal")
        for name, ratio, mean, worst, under, count in lines_of(found, results.goal):
            print(f"{name:38} {ratio:7.3f} {mean:7.2%} {worst:7.2%}  {under} of {count}")
    _print_spread(results)
    _print_cases(results)


def write_log(file: Path, results: Results, command: str) -> None:
    """The tables in Markdown: a paragraph that says what was run, and each table under its title."""
    said = [
        f"**Policies.** `{command}`: {len(results.best)} cases; cost over the cheapest schedule found (geometric mean) and "
        f"attainment over all arrivals; goal {results.goal:.0%}."
    ]
    for title, found in sections(results):
        said += ["", f"{title[0].upper()}{title[1:]}:", ""]
        said += [
            "| policy | x best | mean % | worst % | under the goal |",
            "|---|---|---|---|---|",
        ]
        said += [
            f"| {name} | {ratio:.2f} | {mean * 100:.2f} | {worst * 100:.2f} | {under} of {count} |"
            for name, ratio, mean, worst, under, count in lines_of(found, results.goal)
        ]
    said += ["", "Ours by case:", "", "| trace, fleet, cold start | x best | % |", "|---|---|---|"]
    for case in sorted(results.best):
        row = results.rows.get(f"{case}|{OURS}|")
        pair = results.pair(row) if row else None
        if pair is not None:
            trace, fleet, cold, variant, seed = case.split("|")
            name = ", ".join(
                part for part in (trace, fleet, cold, variant, f"draw {seed}") if part
            )
            said.append(f"| {name} | {pair[0]:.2f} | {pair[1] * 100:.2f} |")
    file.write_text("\n".join(said) + "\n", encoding="utf-8")


def _print_spread(results: Results) -> None:
    """Ours over the draws: mean and standard deviation of the cost ratio, by case."""
    by_cell: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in results.rows.values():
        pair = results.pair(row)
        if row["policy"] == OURS and pair is not None:
            by_cell[row["case"].rpartition("|")[0]].append(pair)
    several = {cell: pairs for cell, pairs in by_cell.items() if len(pairs) > 1}
    if several:
        print(f"\n{OURS} over the draws{'':48} x best            attainment")
    for cell, pairs in sorted(several.items()):
        ratios, shares = (np.asarray(column) for column in zip(*pairs, strict=True))
        print(
            f"{cell:64} {ratios.mean():6.3f} ±{ratios.std():.3f} {shares.mean():8.2%} (least {shares.min():.2%})"
        )


def _print_cases(results: Results) -> None:
    print(
        f"\n{'case (trace|fleet|cold start|variant|draw)':62} {'best $':>9} {'bound':>6}  {OURS}"
    )
    for case in sorted(results.best):
        best, ours = results.best[case], results.rows.get(f"{case}|{OURS}|")
        clairvoyant = results.rows.get(f"{case}|clairvoyant|", {})
        bound = clairvoyant.get("lower_bound_usd", 0.0) / best
        pair = results.pair(ours) if ours else None
        said = "" if pair is None or ours is None else (
            f"{pair[0]:6.3f} {pair[1]:7.2%} cold {ours['cold_hits']:.2%} {ours['launches_per_hour']:.2f} launches/h"
            f" {ours['reversals']} turns"
        )  # fmt: skip
        print(f"{case:62} {best:9.2f} {bound:6.1%}  {said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a grid of about five minutes")
    parser.add_argument("--policies", nargs="*", default=list(POLICIES))
    parser.add_argument("--fresh", nargs="*", default=[], help="run these policies again")
    parser.add_argument("--knobs", type=int, help="values of each knob; 0: defaults only")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--match", default="", help="only cases whose name contains this")
    parser.add_argument("--report", action="store_true", help="print what is there, run nothing")
    parser.add_argument(
        "--requests", type=int, default=MAX_REQUESTS, help="cut each trace to about so many"
    )
    parser.add_argument("--log", type=Path, help="write the tables there, in Markdown")
    parser.add_argument("--out", type=Path, help="where results are kept, and found again")
    args = parser.parse_args()
    short = f"_{args.requests}" if args.requests != MAX_REQUESTS else ""
    kept = f"advisor_bench_policy{'_quick' * args.quick}{short}.jsonl"
    args.out = args.out or Path(tempfile.gettempdir()) / kept
    if not TRACES.is_dir():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    rows = _kept(args.out, set(args.fresh))
    todo = [case for case in cases(args.quick, args.seeds) if args.match in case.key]
    if not args.report:
        rows += _run(todo, rows, args)
    keys = {case.key for case in todo}
    results = Results(row for row in rows if row["case"] in keys)
    report(results)
    if args.log:
        write_log(
            args.log, results, " ".join(["python tests/benchmarks/bench_policy.py", *sys.argv[1:]])
        )


def _kept(file: Path, fresh: set[str]) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    kept = [row for row in rows if row["policy"] not in fresh]
    if len(kept) < len(rows):
        file.write_text("".join(json.dumps(row) + "\n" for row in kept))
    return kept


def _run(
    todo: list[Case], rows: list[dict[str, Any]], args: argparse.Namespace
) -> list[dict[str, Any]]:
    done = {name_of(row) for row in rows}
    only = tuple(args.policies)
    knobs = (QUICK_KNOBS if args.quick else KNOBS) if args.knobs is None else args.knobs
    new: list[dict[str, Any]] = []
    os.nice(10)
    started_s = time.monotonic()
    with ProcessPoolExecutor(args.processes) as pool, args.out.open("a") as file:
        waiting = {
            pool.submit(measure, case, done, args.quick, knobs, only, args.requests): case
            for case in todo
        }
        for count, future in enumerate(as_completed(waiting), start=1):
            found = future.result()
            new += found
            file.writelines(json.dumps(row) + "\n" for row in found)
            file.flush()
            passed_s = time.monotonic() - started_s
            left_s = passed_s / count * (len(todo) - count)
            print(
                f"{passed_s:6.0f} s, {left_s:.0f} s left  {count} of {len(todo)}  {waiting[future].key}",
                file=sys.stderr,
            )
    return new


if __name__ == "__main__":
    main()
