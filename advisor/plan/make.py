"""From a request to a plan: the recommendation, and around it what a person asks next.

What would another provider charge for the same replicas? What would other weights save? At which rate does another GPU
become the cheaper one? All of it comes from the builds that were weighed for the recommendation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from advisor.core import choice
from advisor.core.choice import Constraints, Priced
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import Accelerator
from advisor.core.idle_gaps import IdleGaps
from advisor.core.mode import UNPRICED, ModeChoice
from advisor.core.model_spec import ModelSpec
from advisor.core.pricing import OfferFilter
from advisor.core.recommend import Problem, Weighed
from advisor.core.recommendation import Candidate, Offer, Recommendation
from advisor.core.workload import Workload, WorkloadSource
from advisor.plan.curves import CostCurve, cost_curves
from advisor.plan.request import PlanRequest
from advisor.price_book import PriceBook

NUM_CURVES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWeights:
    """The best with weights that were not asked for, or why there is none."""

    spec: ModelSpec
    best: Candidate | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A recommendation with all that stands around it."""

    request: PlanRequest
    spec: ModelSpec
    workload: Workload
    today: date
    price_warnings: tuple[str, ...]
    mode: ModeChoice
    on_merits: ModeChoice  # the one that would be chosen where none was asked for
    recommendation: Recommendation
    chosen: Priced | None  # what `recommendation.best` was made from
    best_on: tuple[Priced, ...]  # on each accelerator, best first
    elsewhere: tuple[Priced, ...]  # the chosen replicas at each provider and capacity type
    other_weights: tuple[OtherWeights, ...]

    @property
    def curves(self) -> tuple[CostCurve, ...]:
        return cost_curves(self.best_on[:NUM_CURVES], self.workload.requests_per_s)


def make_plan(
    request: PlanRequest,
    *,
    spec: ModelSpec,
    allowed_variants: Sequence[ModelSpec],
    other_variants: Sequence[ModelSpec],
    accelerators: Sequence[Accelerator],
    book: PriceBook,
    today: date,
) -> Plan:
    """The plan for this request. `allowed_variants` may be recommended; `other_variants` are only priced, to compare."""
    offers = book.offers
    problem = _problem(request, spec, allowed_variants, offers, today)
    weighed = problem.weigh(accelerators)
    problem, recommendation = _recommended(problem, weighed)
    chosen = _chosen(weighed, recommendation)
    elsewhere: list[Priced] = []
    if chosen is not None:
        anywhere = replace(request, providers=None, regions=None)
        everyone = _problem(anywhere, spec, (), offers, today, any_capacity=True)
        elsewhere = sorted(everyone.priced([chosen.build]), key=choice.order)
    return Plan(
        request=request,
        spec=spec,
        workload=problem.workload,
        today=today,
        price_warnings=book.warnings,
        mode=UNPRICED if chosen is None else problem.mode_of(chosen),
        on_merits=UNPRICED
        if chosen is None
        else replace(problem, asked_mode=None).mode_of(chosen),
        recommendation=recommendation,
        chosen=chosen,
        best_on=tuple(sorted(weighed.best_on, key=problem.preference)),
        elsewhere=tuple(elsewhere),
        other_weights=tuple(
            _with_weights(request, other, accelerators, offers, today) for other in other_variants
        ),
    )


def _problem(
    request: PlanRequest,
    spec: ModelSpec,
    variants: Sequence[ModelSpec],
    offers: Sequence[Offer],
    today: date,
    *,
    any_capacity: bool = False,
) -> Problem:
    constraints = Constraints(
        offers=OfferFilter(
            providers=request.providers,
            regions=request.regions,
            capacity_types=tuple(type(request.capacity_types[0]))
            if any_capacity
            else request.capacity_types,
        ),
        accelerators=request.accelerators,
        max_replicas=request.max_replicas,
        cold_start_s=request.cold_start_s,
    )
    workload = Workload(
        requests_per_s=request.load.requests_per_s,
        isl=request.load.isl,
        osl=request.load.osl,
        source=WorkloadSource.EXPECTED,
        idle_share=None if request.load.gaps is None else request.load.gaps.idle_share,
        idle_gaps=request.load.gaps,
    )
    return Problem(
        variants=(spec, *variants),
        workload=workload,
        slos=request.slos,
        budget=request.budget,
        offers=OfferIndex(offers, constraints.offers),
        constraints=constraints,
        today=today,
        asked_mode=request.mode,
        deadline_s=request.deadline_s,
    )


def _recommended(problem: Problem, weighed: Weighed) -> tuple[Problem, Recommendation]:
    """The recommendation; a trace's gaps are shorter by the answer that the recommended hardware still works on.

    Which hardware is best does not depend on the gaps, only how to keep it does.
    """
    found, gaps = problem.recommendation(weighed), problem.workload.idle_gaps
    if found.best is None or gaps is None or not gaps.observed:
        return problem, found
    pauses = _after_answers(gaps, found.best.prediction.e2e_s)
    problem = replace(
        problem,
        workload=replace(problem.workload, idle_gaps=pauses, idle_share=pauses.idle_share),
    )
    return problem, problem.recommendation(weighed)


def _after_answers(gaps: IdleGaps, answer_s: float) -> IdleGaps:
    return replace(
        gaps, lengths_s=tuple(gap - answer_s for gap in gaps.lengths_s if gap > answer_s)
    )


def _chosen(weighed: Weighed, recommendation: Recommendation) -> Priced | None:
    best = recommendation.best
    if best is None:
        return None
    return next(
        one for one in weighed.best_on if one.build.replica.accelerator.name == best.accelerator
    )


def _with_weights(
    request: PlanRequest,
    spec: ModelSpec,
    accelerators: Sequence[Accelerator],
    offers: Sequence[Offer],
    today: date,
) -> OtherWeights:
    problem = _problem(request, spec, (), offers, today)
    _, found = _recommended(problem, problem.weigh(accelerators))
    if found.best is None or not found.feasible:
        return OtherWeights(spec=spec, best=None, reason=found.shortfall or "")
    return OtherWeights(spec=spec, best=found.best, reason="")
