"""Every policy on the same trace, fleet and cloud, several times with redrawn requests; and the clairvoyant beside them.

All start from the same number of replicas, what the first ten minutes need. The first draw is the trace itself, the others
are the same traffic another time. What was seen of every policy feeds the search for the cheapest schedule, so nobody can
be cheaper than it and keep the goal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.backtest.bounds import CELL_S, arriving_work, fixed_in_hindsight, lower_bound_s
from advisor.backtest.clairvoyant import Clairvoyant
from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import Run
from advisor.backtest.policies import BASELINES, Baseline, build
from advisor.backtest.policies.setting import Setting
from advisor.backtest.score import Score, geomean, score
from advisor.backtest.simulator import interval_of, simulate
from advisor.backtest.trace import Trace, redraw, scale_rate
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

CLAIRVOYANT = "clairvoyant"
START_S = 600.0
PEAK_PERCENTILE = 99.0
TUNING_KNOBS = 7
Tick = Callable[[str], None]  # what was just simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is compared on: traffic, the replica as it is and as policies believe it, the cloud, the objective."""

    trace: Trace
    model: ReplicaModel
    belief: ReplicaModel
    conditions: Conditions
    objective: ServiceObjective

    @property
    def setting(self) -> Setting:
        return Setting(
            belief=self.belief,
            objective=self.objective,
            cold_start_s=self.conditions.cold_start_s,
            min_replicas=self.conditions.min_replicas,
            max_replicas=self.conditions.max_replicas,
            usd_per_hour=self.conditions.usd_per_hour,
            min_billed_s=self.conditions.min_billed_s,
        )

    def drawn(self, seed: int) -> Problem:
        return self if seed == 0 else replace(self, trace=redraw(self.trace, seed=seed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One policy over all draws. `cost_ratios` are over the clairvoyant of the same draw, None where it found nothing."""

    policy: str
    knob: float | None
    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    cost_ratios: tuple[float | None, ...]

    @property
    def attainment(self) -> float:
        return float(np.mean([one.attainment for one in self.scores]))

    @property
    def cost_ratio(self) -> float | None:
        known = [ratio for ratio in self.cost_ratios if ratio is not None]
        return geomean(known) if len(known) == len(self.cost_ratios) else None

    @property
    def faults(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for run in self.runs:
            for name, count in run.faults.items():
                total[name] = total.get(name, 0) + count
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """All outcomes, the cheapest schedule's among them, and for each draw the bound that no schedule can beat."""

    problem: Problem
    outcomes: tuple[Outcome, ...]
    lower_bounds_usd: tuple[float, ...]
    clairvoyant_keeps: bool


def hold_contest(
    problem: Problem,
    policies: Sequence[str],
    *,
    seeds: int = 1,
    tuned: bool = False,
    tick: Tick | None = None,
) -> Contest:
    """Run every policy on every draw, then look for the cheapest schedule with all of them in hand."""
    said = tick or (lambda _: None)
    for name in policies:  # one that cannot be built is refused before the others have run
        interval_of(build(name, problem.setting))
    runs: dict[str, list[Run]] = {}
    knobs: dict[str, float | None] = {}
    best: list[Run] = []
    bounds: list[float] = []
    keeps = True
    for seed in range(seeds):
        drawn = problem.drawn(seed)
        for name in policies:
            knob = _knob(drawn, name, knobs, tuned, said)
            shown = name if knob is None or not tuned else f"{name} tuned"
            run = run_policy(drawn, name, knob, seed=seed)
            runs.setdefault(shown, []).append(run)
            knobs[name] = knob
            said(f"{shown}, draw {seed + 1}")
        search = Clairvoyant(
            drawn.trace,
            drawn.model,
            drawn.conditions,
            drawn.objective,
            seed=seed,
            tick=lambda: said(CLAIRVOYANT),
        )
        found = search.search(rounds=_rounds(len(drawn.trace)))
        for each in runs.values():
            search.consider(each[seed])
        found = search.best or found
        best.append(found.run)
        keeps = keeps and found.keeps
        bound_s = lower_bound_s(drawn.trace, drawn.model, drawn.objective)
        bounds.append(bound_s / 3600 * drawn.conditions.usd_per_hour)
    outcomes = [_outcome(CLAIRVOYANT, None, best, best if keeps else None)]
    for shown, each in runs.items():
        used = knobs.get(shown.removesuffix(" tuned"))
        outcomes.append(_outcome(shown, used, each, best if keeps else None))
    return Contest(
        problem=problem,
        outcomes=tuple(outcomes),
        lower_bounds_usd=tuple(bounds),
        clairvoyant_keeps=keeps,
    )


def _rounds(num_requests: int) -> int:
    """Rounds of exchange in the search: each is five simulations, so fewer of them for traces of millions."""
    return 6 if num_requests <= 1_000_000 else 2 if num_requests <= 5_000_000 else 0


def run_policy(problem: Problem, name: str, knob: float | None, *, seed: int = 0) -> Run:
    """One policy on one draw. A fixed number of replicas is there from the start: it never launches."""
    conditions = problem.conditions
    if name == "fixed" and knob is not None:
        conditions = replace(conditions, initial_replicas=round(knob))
    policy = build(name, problem.setting, knob)
    return simulate(problem.trace, problem.model, policy, conditions, problem.objective, seed=seed)


def _knob(
    problem: Problem, name: str, knobs: dict[str, float | None], tuned: bool, said: Tick
) -> float | None:
    """The knob to run with: fixed is always chosen in hindsight, others where tuning was asked for, on the first draw."""
    if name == "fixed":
        fewest = fixed_in_hindsight(
            problem.trace, problem.model, problem.conditions, problem.objective
        )
        return float(fewest or problem.conditions.max_replicas)
    if not tuned or name not in BASELINES:
        return None
    if name not in knobs:
        return tune(problem, BASELINES[name], said)
    return knobs[name]


def tune(problem: Problem, baseline: Baseline, said: Tick) -> float:
    """The knob that is cheapest among those that keep the goal; among those that do not, the one that misses least."""
    tried = []
    for knob in baseline.knobs(TUNING_KNOBS):
        run = run_policy(problem, baseline.name, knob)
        said(f"{baseline.name} tuned")
        misses = max(0.0, problem.objective.goal - run.attainment)
        tried.append((misses, run.usd, knob))
    return min(tried)[2]


def _outcome(name: str, knob: float | None, runs: list[Run], best: list[Run] | None) -> Outcome:
    ratios = [
        None if best is None or best[index].usd == 0 else run.usd / best[index].usd
        for index, run in enumerate(runs)
    ]
    return Outcome(
        policy=name,
        knob=knob,
        runs=tuple(runs),
        scores=tuple(score(run) for run in runs),
        cost_ratios=tuple(ratios),
    )


def work_curve(trace: Trace, model: ReplicaModel, objective: ServiceObjective) -> np.ndarray:
    """Replicas' worth of work that arrives, in means over ten minutes."""
    cells = int(trace.duration_s / CELL_S) + 1
    work = arriving_work(trace, model, objective, cells)
    span = max(1, min(cells, round(START_S / CELL_S)))
    return np.convolve(work, np.ones(span) / span, "valid")


def peak_work(trace: Trace, model: ReplicaModel, objective: ServiceObjective) -> float:
    return float(np.percentile(work_curve(trace, model, objective), PEAK_PERCENTILE))


def to_fleet(
    trace: Trace, model: ReplicaModel, objective: ServiceObjective, replicas: float, *, seed: int
) -> Trace:
    """The trace thinned or superposed so that its peak is about that many replicas' work."""
    return scale_rate(trace, replicas / peak_work(trace, model, objective), seed=seed)


def starting_replicas(trace: Trace, model: ReplicaModel, objective: ServiceObjective) -> int:
    """What the first ten minutes need with a third to spare, at least one."""
    first = float(work_curve(trace, model, objective)[0])
    return max(1, math.ceil(1.33 * first))


def enough_replicas(trace: Trace, model: ReplicaModel, objective: ServiceObjective) -> int:
    """A bound on the fleet that leaves every policy room to err: three times the peak's work, and four."""
    return math.ceil(3 * float(work_curve(trace, model, objective).max())) + 4
