"""One model's round, frozen: every view (metrics, page, API, messages, log) renders this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.learning import Learned
from advisor.core.objective import Budget, Slo
from advisor.core.observation import Observation
from advisor.core.recommendation import Decision, Fleet, Needed, Recommendation
from advisor.core.shared_budget import Share
from advisor.core.verdict import NOTHING_JUDGED, Standing
from advisor.core.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What was seen, worked out and decided at `at_s` (seconds since the epoch).

    `learned` is what the running engine has taught so far. `problems` says in plain words what was missing or stale this
    round; empty when all is well. `changed` is true when the recommendation differs from the one of the tick before in
    hardware, replicas, mode or feasibility. `verdicts` says how predictions have done, `journal_problem` why the last entry
    was not kept: nothing is applied while there is one. `needed` is what the scaling policy says of what runs. `share` is
    the model's part of the budget where several models have one together, and `changed` is true as well when it begins or
    ends to be cut.
    """

    number: int
    at_s: float
    duration_s: float
    model: str
    operation: str
    budget: Budget
    slos: tuple[Slo, ...]
    observation: Observation
    workload: Workload | None
    fleet: Fleet | None
    recommendation: Recommendation | None
    learned: Learned
    decision: Decision
    problems: tuple[str, ...]
    changed: bool
    verdicts: Standing = NOTHING_JUDGED
    journal_problem: str | None = None
    share: Share | None = None
    needed: Needed | None = None
