"""What a model brings to the sharing of a budget: the ways to serve it, each with its price and with what it leaves short.

A way is a number of replicas of a recommended candidate, from one to what the load needs. With r replicas that sustain m
requests/s each inside the objectives and a load of n, the share 1 - r m / n of the requests is left short. That is the
least it can be: a queue that lets everybody wait makes more of them late. The price is that of whole machines with all of
it running, whatever a mode saves at night, for that is what a cap has to hold.

Money is only free once nobody is billed for it. A model that runs on what it was not recommended, in another mode, or
whose fleet is just changing cannot be made smaller this round, so its ways cost at least what runs. And one of which not
everything is known keeps its share, whatever the others want.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from advisor.core import pricing
from advisor.core.decide import SETTLED
from advisor.core.fleets import OfferIndex
from advisor.core.objective import Mode
from advisor.core.recommendation import Candidate, Fleet, Recommendation
from advisor.core.shared_budget import SLACK, ModelOption
from advisor.core.workload import Workload, WorkloadSource

MAX_WAYS = 48  # of one candidate; beyond it not every number of replicas is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to serve a model: the candidate that would be recommended, its price and what it leaves short."""

    candidate: Candidate
    option: ModelOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A model's part in the sharing.

    `running_usd_per_hour` is what its fleet costs now, 0 where nobody knows. `keeps` says that it stays as it is this
    round: readings are missing, or nothing would do for it. `may_shrink` that fewer replicas can be had at once.
    """

    name: str
    weight: float = 1.0
    options: tuple[ModelOption, ...] = ()
    running_usd_per_hour: float = 0.0
    keeps: bool = False
    may_shrink: bool = False


def most_usd_per_hour(candidate: Candidate) -> float:
    """With all of it running; of spot both what is expected and what is billed, whichever is more."""
    spot = candidate.spot
    if spot is not None:
        return max(spot.usd_per_hour, spot.billed_usd_per_hour)
    return pricing.fleet_usd_per_hour(
        candidate.offer, tp_degree=candidate.tp_degree, replicas=candidate.replicas
    )


def can_be_cut(recommendation: Recommendation | None, max_replicas: int | None) -> bool:
    """Whether it is only for money that the recommendation might not do."""
    if recommendation is None or (best := recommendation.best) is None:
        return False
    few_enough = max_replicas is None or best.replicas <= max_replicas
    return best.prediction.max_requests_per_s > 0 and few_enough


def may_shrink(recommendation: Recommendation, workload: Workload, fleet: Fleet | None) -> bool:
    """Whether `decide` would take replicas away in this round where the cap asks for it."""
    best = recommendation.best
    if best is None or fleet is None or fleet.running_replicas is None:
        return False
    return (
        fleet.status == SETTLED
        and fleet.accelerators == (best.accelerator,)
        and fleet.devices_per_replica in (None, best.tp_degree)
        and (fleet.target_replicas or 0) <= fleet.running_replicas
        and best.mode is Mode.ALWAYS_ON
        and workload.source is WorkloadSource.OBSERVED
    )


def ways_of(
    recommendation: Recommendation,
    requests_per_s: float,
    offers: OfferIndex,
    *,
    at_least: int = 0,
    accelerators: tuple[str, ...] = (),
) -> tuple[Way, ...]:
    """The ways from the best candidate and the next ones, cheapest first, each with less short than those before it.

    `at_least` replicas of the best count as needed, as they were minutes ago. Where the best one runs already, on one of
    `accelerators`, there are only its own: another type is a change of its own, and not one that a cut brings.
    """
    best = recommendation.best
    if best is None:
        return ()
    most = max(at_least, best.replicas)
    found = list(_of_candidate(best, requests_per_s, offers, most))
    if best.accelerator not in accelerators:
        for other in recommendation.runners_up:
            found += _of_candidate(other, requests_per_s, offers, other.replicas)
    return _efficient(found)


def best_within(ways: Iterable[Way], usd_per_hour: float) -> Way | None:
    """The way with the least short, and of these the cheapest, that the money pays for."""
    payable = [way for way in ways if way.option.usd_per_hour <= usd_per_hour * (1 + SLACK)]
    return min(
        payable, key=lambda way: (way.option.shortfall, way.option.usd_per_hour), default=None
    )


def _of_candidate(
    candidate: Candidate, requests_per_s: float, offers: OfferIndex, most: int
) -> Iterator[Way]:
    each = candidate.prediction.max_requests_per_s
    if each <= 0:
        return
    # More than the load asks for is what was needed minutes ago, or what the scaling policy wants of what runs: all of it,
    # as far as anybody knows.
    counted = max(1, math.ceil(requests_per_s / each * (1 - SLACK)))
    needed_per_s = max(requests_per_s, most * each if most > counted else 0.0)
    cost_share = candidate.usd_per_hour / (most_usd_per_hour(candidate) or 1.0)
    for replicas in _numbers(candidate.replicas, most):
        other = _with(candidate, replicas, offers, cost_share)
        if other is None:
            continue
        short = 1.0 - replicas * each / needed_per_s if needed_per_s > 0 else 0.0
        option = ModelOption(
            key=key_of(other),
            usd_per_hour=most_usd_per_hour(other),
            shortfall=0.0 if replicas >= most or short < SLACK else short,
        )
        yield Way(candidate=other, option=option)


def _with(
    candidate: Candidate, replicas: int, offers: OfferIndex, cost_share: float
) -> Candidate | None:
    """The candidate with so many replicas, on its provider's cheapest machines for them; None where there are too few."""
    if replicas == candidate.replicas:
        return candidate
    degree, rented = candidate.tp_degree, candidate.offer
    for offer in offers.cheapest_of_each(
        candidate.accelerator, tp_degree=degree, replicas=replicas
    ):
        if (offer.provider, offer.capacity_type) == (rented.provider, rented.capacity_type):
            usd = pricing.fleet_usd_per_hour(offer, tp_degree=degree, replicas=replicas)
            return replace(
                candidate,
                replicas=replicas,
                offer=offer,
                usd_per_hour=usd * min(1.0, cost_share),
                spot=None,
            )
    return None


def key_of(candidate: Candidate) -> str:
    degree = f"{candidate.tp_degree} x " if candidate.tp_degree > 1 else ""
    return f"{candidate.replicas} x {degree}{candidate.accelerator}"


def _numbers(needed: int, most: int) -> list[int]:
    """Numbers of replicas to look at: all of them where they are few, else evenly spread ones."""
    step = max(1.0, most / MAX_WAYS)
    spread = {math.ceil(step * number) for number in range(1, MAX_WAYS + 1)}
    return sorted(number for number in {*spread, needed, most} if 1 <= number <= most)


def _efficient(ways: Iterable[Way]) -> tuple[Way, ...]:
    """Without those that cost as much as another and leave as much short; of equals the first."""
    kept: list[Way] = []
    for way in sorted(ways, key=lambda way: (way.option.usd_per_hour, way.option.shortfall)):
        if not kept or way.option.shortfall < kept[-1].option.shortfall:
            kept.append(way)
    return tuple(kept)
