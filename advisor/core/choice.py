"""Every way to serve the load, priced: each build on each provider's cheapest fitting offer.

How many replicas the load needs does not depend on who rents them out, so an offer costs one multiplication, and the whole
is linear in offers. The cap and the bound on replicas are checked here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from advisor.core import pricing
from advisor.core.builds import Build
from advisor.core.fleets import OfferIndex
from advisor.core.mix import MixOption, Share, cheapest_mix
from advisor.core.objective import Budget
from advisor.core.pricing import OfferFilter
from advisor.core.recommendation import Offer, SpotShare
from advisor.core.spot_fleet import SpotUse, with_spot

ON_DEMAND = OfferFilter()  # its default: spot is rented only when asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What the user allows; None allows any."""

    offers: OfferFilter = ON_DEMAND
    accelerators: Collection[str] | None = None
    max_replicas: int | None = None
    cold_start_s: float = 90.0
    spot: SpotUse | None = None  # None: only what `offers` lets through, at face value


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """`replicas` of a build, rented by one offer, or some of them on spot. `usd_per_hour` is while all of it runs."""

    build: Build
    replicas: int
    offer: Offer
    usd_per_hour: float
    spot: SpotShare | None = None

    @property
    def most_usd_per_hour(self) -> float:
        """What the cap has to hold: of spot both what is expected and what is billed with all of it running."""
        if self.spot is None:
            return self.usd_per_hour
        return max(self.usd_per_hour, self.spot.billed_usd_per_hour)

    @property
    def meets_slos(self) -> bool:
        return self.build.inside_slos_per_s > 0


def replicas_for(build: Build, requests_per_s: float) -> int:
    """The replicas that carry the load; one at least, for the endpoint has to be there."""
    return max(1, math.ceil(requests_per_s / build.rate_per_s))


def priced(build: Build, offers: OfferIndex, requests_per_s: float) -> list[Priced]:
    """As many of the build as the load needs, at the cheapest offer of each provider and capacity type."""
    return rented(build, offers, replicas_for(build, requests_per_s))


def rented(build: Build, offers: OfferIndex, replicas: int) -> list[Priced]:
    """So many of the build, at the cheapest offer of each provider and capacity type that has machines large enough."""
    name, tp_degree = build.replica.accelerator.name, build.replica.tp_degree
    return [
        Priced(
            build=build,
            replicas=replicas,
            offer=offer,
            usd_per_hour=pricing.fleet_usd_per_hour(offer, tp_degree=tp_degree, replicas=replicas),
        )
        for offer in offers.cheapest_of_each(name, tp_degree=tp_degree, replicas=replicas)
    ]


def spot_beside(
    choice: Priced, spot_offers: OfferIndex, constraints: Constraints
) -> SpotShare | str:
    """What spot may carry of a choice, or why nothing."""
    replica = choice.build.replica
    if constraints.spot is None:
        return "spot is not allowed"
    return with_spot(
        constraints.spot,
        spot_offers.offers(replica.accelerator.name),
        beside=choice.offer,
        tp_degree=replica.tp_degree,
        replicas=choice.replicas,
        cold_start_s=constraints.cold_start_s,
    )


def order(choice: Priced) -> tuple[float, bool, int, str, str]:
    """Cheapest first; of equals experts in slices, the fewest devices, then by name, so that the answer never depends on
    the input's order."""
    replica = choice.build.replica
    devices = choice.replicas * replica.tp_degree
    whole = choice.build.expert_parallel
    return choice.usd_per_hour, whole, devices, replica.accelerator.name, choice.offer.provider


def too_many(choice: Priced, constraints: Constraints) -> bool:
    return constraints.max_replicas is not None and choice.replicas > constraints.max_replicas


def too_much(choice: Priced, budget: Budget, constraints: Constraints) -> str | None:
    """What of the user's limits it would break. The cap holds while everything runs, whatever the mode saves at night."""
    if too_many(choice, constraints):
        return f"needs {choice.replicas} replicas, max_replicas is {constraints.max_replicas}"
    most = choice.most_usd_per_hour
    if most <= budget.usd_per_hour:
        return None
    return (
        f"costs ${most:.2f}/h, ${most - budget.usd_per_hour:.2f}/h over the budget of "
        f"${budget.usd_per_hour:.2f}/h"
    )


def mix_of(
    builds: Sequence[Build], offers: OfferIndex, requests_per_s: float
) -> list[tuple[Build, Offer, Share]]:
    """The cheapest instances of any types that sustain the load together inside the objectives; empty where none can."""
    known: list[tuple[Build, Offer]] = []
    options = []
    for build in builds:
        for offer in offers.offers(build.replica.accelerator.name):
            each = pricing.replicas_per_instance(offer, build.replica.tp_degree)
            if each > 0 and build.inside_slos_per_s > 0:
                options.append(
                    MixOption(
                        key=len(known),
                        requests_per_s=each * build.inside_slos_per_s,
                        usd_per_hour=offer.usd_per_hour,
                        instances=offer.instances,
                    )
                )
                known.append((build, offer))
    shares = cheapest_mix(options, requests_per_s=requests_per_s)
    return [(*known[share.option.key], share) for share in shares]
