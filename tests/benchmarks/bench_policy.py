"""Every scaling policy on every tuning trace: what each costs over the cheapest schedule found, and whom it serves in time.

    python tests/benchmarks/bench_policy.py --quick              # about 5 minutes on 2 cores
    python tests/benchmarks/bench_policy.py                      # the whole grid; ends and goes on where it stopped
    python tests/benchmarks/bench_policy.py --requests 300000 --fleets 5 1 20 --seeds 2       # shorter, less of it
    python tests/benchmarks/bench_policy.py --policies advisor   # ours alone: baselines are taken from what was measured
    python tests/benchmarks/bench_policy.py --report --log FILE  # the tables in Markdown, as docs/log.md has them

The grid: traces x cold starts of 30, 90 and 300 s x fleets of about 1, 5, 20 and 100 replicas at the peak, and on five
replicas at 90 s four more draws of the requests and three variants: policies believe steps 20 % too slow or too fast, and
one launch in five fails. And the idle tenants, from zero replicas up, each with a fleet of its own.

Each baseline runs at its default; with one knob, chosen at five replicas over all traces and cold starts (values over the
range first, then halving towards the cheapest that keeps the goal) and frozen for every other cell; and, where it was
chosen, tuned in hindsight on each trace. Cells come in an order in which what is there so far is a balanced table. Rows are
kept, and taken up again while what they depend on is unchanged (policy_stamps.py); `--fresh NAME` measures a policy again
regardless. Progress goes to stderr, with the time that is left of the stage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from policy_grid import FLEETS, MAX_REQUESTS, QUICK_LONGEST_S, TRACES, Case, cases, problem_of
from policy_report import report, write_log
from policy_stamps import SEARCH, stamp
from policy_tables import Results, Row, frozen, name_of, next_knobs

from advisor.backtest.bounds import fixed_in_hindsight, lower_bound_s
from advisor.backtest.clairvoyant import Clairvoyant, Curve
from advisor.backtest.contest import Problem, run_policy
from advisor.backtest.fleet import Run
from advisor.backtest.policies import BASELINES, OURS
from advisor.backtest.score import score

KNOBS, ROUNDS = 7, 6  # values of each knob; rounds of exchange in the search for the best schedule
QUICK_KNOBS, QUICK_ROUNDS = 3, 3
COLD_HIT_S = 30.0  # a request that waited longer for its first token met a cold start
POLICIES = (SEARCH, OURS, *BASELINES)
TURNED = tuple(name for name in BASELINES if name != "fixed")  # its number is chosen in hindsight


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A case, and the runs of it that are not there yet."""

    case: Case
    runs: tuple[tuple[str, float | None], ...]  # policy, knob
    curves: tuple[
        tuple[tuple[int, int], ...], ...
    ]  # schedules that did well at another cold start
    longest_s: float
    most_requests: int
    rounds: int


def measure(task: Task) -> list[Row]:
    """Every run of the task; the cheapest schedule last, with the others in hand."""
    os.nice(max(0, 10 - os.nice(0)))
    case, problem = task.case, problem_of(task.case, task.longest_s, task.most_requests)
    rows: list[Row] = []
    seen: list[Run] = []
    for policy, knob in sorted(task.runs, key=lambda run: run[0] == SEARCH):
        began_s = time.process_time()
        if policy == SEARCH:
            row = _searched(task, problem, seen)
        else:
            run = run_policy(problem, policy, _fixed(problem, policy, knob), seed=case.seed)
            seen.append(run)
            row = {**_row(case, policy, knob, run), "faults": run.faults}
        rows.append({**row, "cpu_s": round(time.process_time() - began_s, 3)})
    return rows


def _searched(task: Task, problem: Problem, seen: list[Run]) -> Row:
    """The cheapest schedule that was found, as a row that keeps its curve for the case's other cold starts."""
    search = Clairvoyant(
        problem.trace, problem.model, problem.conditions, problem.objective, seed=task.case.seed
    )
    search.search(rounds=task.rounds, curves=[_curve(runs) for runs in task.curves])
    for run in seen:
        search.consider(run)
    assert search.best is not None
    bound_s = lower_bound_s(problem.trace, problem.model, problem.objective)
    return {
        **_row(task.case, SEARCH, None, search.best.run),
        "lower_bound_usd": bound_s / 3600 * problem.conditions.usd_per_hour,
        "curve": _lengths(search.best.curve),
    }


def _lengths(curve: Curve) -> list[tuple[int, int]]:
    """(replicas, cells) of each stretch of the curve."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(curve)) + 1))
    counts = np.diff(np.append(starts, len(curve)))
    return list(zip(curve[starts].tolist(), counts.tolist(), strict=True))


def _curve(stretches: Iterable[tuple[int, int]]) -> Curve:
    levels, counts = zip(*stretches, strict=True)
    return np.repeat(np.asarray(levels), counts)


def _fixed(problem: Problem, policy: str, knob: float | None) -> float | None:
    """The fixed number is another in every case: chosen in hindsight, it has no default to be told from."""
    if policy != "fixed":
        return knob
    args = (problem.trace, problem.model, problem.conditions, problem.objective)
    return float(fixed_in_hindsight(*args) or problem.conditions.max_replicas)


def _row(case: Case, policy: str, knob: float | None, run: Run) -> Row:
    one = score(run)
    return {
        "case": case.key,
        "policy": policy,
        "knob": _shown(knob),
        "stamp": stamp(case, policy),
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


def _shown(knob: float | None) -> str:
    return "" if knob is None else f"{knob:g}"


# -- what to run next


class Bench:
    """Rows that hold, and the runs that are still missing, stage by stage."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.grid = {case.key: case for case in cases(args.quick, args.seeds)}
        self.todo = [
            case
            for case in self.grid.values()
            if args.match in case.key and case.fleet in args.fleets
        ]
        self.rows = {name_of(row): row for row in self._kept(set(args.fresh))}
        self.started_s = time.monotonic()

    def results(self) -> Results:
        return Results(self.rows.values(), shown={case.key for case in self.todo})

    def run(self) -> None:
        """Defaults where knobs are chosen, then the knobs, then everything else."""
        args = self.args
        knobs = (QUICK_KNOBS if args.quick else KNOBS) if args.knobs is None else args.knobs
        chosen = [case for case in self.todo if case.chooses]
        with ProcessPoolExecutor(args.processes) as pool:
            for group in _groups(chosen):
                self._stage(pool, "defaults", dict.fromkeys(group, self._defaults()))
            while wanted := self._next(knobs):
                if not self._stage(pool, "knobs", dict.fromkeys(chosen, wanted)):
                    break
            for group in _groups(case for case in self.todo if not case.chooses):
                turned = knobs > 0 and group[0].fleet > 0  # a tenant from zero is no case for them
                wanted = [*self._defaults(), *(self._frozen() if turned else [])]
                self._stage(pool, "the rest", dict.fromkeys(group, wanted))

    def _defaults(self) -> list[tuple[str, float | None]]:
        return [(policy, None) for policy in self.args.policies]

    def _next(self, count: int) -> list[tuple[str, float | None]]:
        results = self.results()
        names = [name for name in TURNED if count and name in self.args.policies]
        return [
            (name, knob) for name in names for knob in next_knobs(results, BASELINES[name], count)
        ]

    def _frozen(self) -> list[tuple[str, float | None]]:
        results = self.results()
        chosen = ((name, frozen(results, name)) for name in TURNED if name in self.args.policies)
        return [
            (name, knob)
            for name, knob in chosen
            if knob is not None and knob != BASELINES[name].default
        ]

    def _stage(
        self,
        pool: ProcessPoolExecutor,
        name: str,
        wanted: dict[Case, list[tuple[str, float | None]]],
    ) -> int:
        """Run what is missing of that; how many tasks there were."""
        tasks = [
            task for case, runs in wanted.items() if (task := self._task(case, runs)) is not None
        ]
        waiting = {pool.submit(measure, task): task for task in tasks}
        began_s = time.monotonic()
        with self.args.out.open("a") as file:
            for count, future in enumerate(as_completed(waiting), start=1):
                rows = future.result()
                self.rows |= {name_of(row): row for row in rows}
                file.writelines(json.dumps(row) + "\n" for row in rows)
                file.flush()
                now_s = time.monotonic()
                left_s = (now_s - began_s) / count * (len(tasks) - count)
                print(
                    f"{now_s - self.started_s:6.0f} s, {left_s:.0f} s left  {name}: {count} of {len(tasks)}  "
                    f"{waiting[future].case.key}",
                    file=sys.stderr,
                )
        return len(tasks)

    def _task(self, case: Case, runs: list[tuple[str, float | None]]) -> Task | None:
        missing = tuple(
            (policy, knob)
            for policy, knob in runs
            if f"{case.key}|{policy}|{_shown(knob)}" not in self.rows
        )
        if not missing:
            return None
        args = self.args
        return Task(
            case=case,
            runs=missing,
            curves=tuple(self._curves(case)),
            longest_s=QUICK_LONGEST_S if args.quick else float("inf"),
            most_requests=args.requests,
            rounds=QUICK_ROUNDS if args.quick else ROUNDS,
        )

    def _curves(self, case: Case) -> Iterator[tuple[tuple[int, int], ...]]:
        """What was found for the same traffic, or another draw of it, with other starts of replicas."""
        same = f"{case.trace}|{case.fleet:g}|"
        for row in self.rows.values():
            if row["policy"] == SEARCH and row["case"].startswith(same):
                yield tuple((level, cells) for level, cells in row["curve"])

    def _kept(self, fresh: set[str]) -> Iterator[Row]:
        """Rows of this grid's cases that were measured with the code and the traces of now."""
        if not self.args.out.is_file():
            return
        for line in self.args.out.read_text().splitlines():
            row: dict[str, Any] = json.loads(line)
            case = self.grid.get(row["case"])
            known = row["policy"] in POLICIES and row["policy"] not in fresh
            if case is not None and known and row.get("stamp") == stamp(case, row["policy"]):
                yield row


def _groups(found: Iterable[Case]) -> Iterator[list[Case]]:
    """All traces under one condition: the next one's search starts from the schedules that these found."""

    def condition(case: Case) -> tuple[float, float, str, int]:
        return case.fleet, case.cold_start_s, case.variant, case.seed

    for _, group in groupby(found, condition):
        yield list(group)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a grid of about five minutes")
    parser.add_argument("--policies", nargs="*", default=list(POLICIES), choices=POLICIES)
    parser.add_argument("--fresh", nargs="*", default=[], help="measure these policies again")
    parser.add_argument("--knobs", type=int, help="values of each knob; 0: defaults only")
    parser.add_argument(
        "--fleets", nargs="*", type=float, default=[*FLEETS, 0.0], help="replicas; 0: the tenants"
    )
    parser.add_argument("--seeds", type=int, default=5, help="draws, the trace itself among them")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--match", default="", help="only cases whose name contains this")
    parser.add_argument("--report", action="store_true", help="print what is there, run nothing")
    parser.add_argument(
        "--requests", type=int, default=MAX_REQUESTS, help="cut each trace to about so many"
    )
    parser.add_argument("--log", type=Path, help="write the tables there, in Markdown")
    parser.add_argument("--out", type=Path, help="where rows are kept, and found again")
    args = parser.parse_args()
    short = f"_{args.requests}" if args.requests != MAX_REQUESTS else ""
    kept = f"advisor_bench_policy{'_quick' * args.quick}{short}.jsonl"
    args.out = args.out or Path(tempfile.gettempdir()) / kept
    if not TRACES.is_dir():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    bench = Bench(args)
    if not args.report:
        bench.run()
    results = bench.results()
    report(results)
    if args.log:
        command = " ".join(["python tests/benchmarks/bench_policy.py", *sys.argv[1:]])
        write_log(args.log, results, command)


if __name__ == "__main__":
    main()
