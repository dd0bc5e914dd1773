"""Spot beside on-demand in one fleet: how many replicas, at what they really cost, or why none.

One Ray cluster stands in one place, so the spot is that of the on-demand offer's own provider and region. A price book does
not tell zones apart, so all of it counts as one pool that may go at once (`core/spot.py`): what must be left then is on
demand. A machine that is taken back takes one replica, so only machines that hold one replica are looked at.

An hour on spot is priced with its interruptions and with on-demand machines standing in while there is none to be had. The
cap holds for both: for the fleet as planned with all of it running, and for what it is expected to cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from advisor.core import pricing
from advisor.core.objective import CapacityType
from advisor.core.recommendation import Offer, SpotShare
from advisor.core.spot import (
    UNKNOWN_AVAILABLE_SHARE,
    UNKNOWN_INTERRUPTIONS_PER_HOUR,
    SpotTerms,
    SpotZone,
    effective_usd_per_hour,
    most_spot,
)

MIN_SAVING_SHARE = 0.01  # of the fleet's price: for less nobody takes the risk


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotUse:
    """What the user allows and knows of spot. At least so many replicas, and such a share of them, stay on demand.

    None: not known, and the worst that was measured is taken.
    """

    on_demand_floor: int = 1
    on_demand_share: float = 0.5
    interruptions_per_hour: float | None = None
    available_share: float | None = None

    @property
    def taken_per_hour(self) -> float:
        rate = self.interruptions_per_hour
        return UNKNOWN_INTERRUPTIONS_PER_HOUR if rate is None else rate

    @property
    def had_share(self) -> float:
        return UNKNOWN_AVAILABLE_SHARE if self.available_share is None else self.available_share

    def on_demand_of(self, replicas: int) -> int:
        share = math.ceil(self.on_demand_share * replicas - 1e-9)
        return min(replicas, max(self.on_demand_floor, share))

    def zone(self, offer: Offer) -> SpotZone:
        return SpotZone(
            name=offer.region,
            usd_per_hour=offer.usd_per_hour,
            interruptions_per_hour=self.interruptions_per_hour,
            available_share=self.available_share,
        )

    def __str__(self) -> str:
        rate, share = self.interruptions_per_hour, self.available_share
        taken = f"{UNKNOWN_INTERRUPTIONS_PER_HOUR:g} interruptions an hour (the worst measured)"
        had = f"{UNKNOWN_AVAILABLE_SHARE:.0%} of the time (the worst measured)"
        taken = taken if rate is None else f"{rate:g} interruptions an hour"
        return f"{taken}, to be had {had if share is None else f'{share:.0%} of the time'}"


def spot_offer(
    offers: Iterable[Offer], beside: Offer, *, tp_degree: int, replicas: int
) -> Offer | None:
    """The cheapest spot machine for one replica in the same place; None where there are not so many."""
    here = (
        offer
        for offer in offers
        if offer.capacity_type is CapacityType.SPOT
        and (offer.provider, offer.region) == (beside.provider, beside.region)
        and pricing.replicas_per_instance(offer, tp_degree) == 1
        and (offer.instances is None or offer.instances >= replicas)
    )
    return min(here, key=pricing.by_price, default=None)


def with_spot(
    use: SpotUse,
    offers: Iterable[Offer],
    *,
    beside: Offer,
    tp_degree: int,
    replicas: int,
    cold_start_s: float,
) -> SpotShare | str:
    """The replicas that spot may carry where that is cheaper than all on `beside`; else why it carries none."""
    on_demand = use.on_demand_of(replicas)
    number = most_spot(replicas, floor=on_demand, zones=1)
    if number == 0:
        return f"{on_demand} of {replicas} replicas have to be on demand"
    offer = spot_offer(offers, beside, tp_degree=tp_degree, replicas=number)
    if offer is None:
        return f"no spot machine for one replica from {beside.provider} in {beside.region}"
    alone = pricing.fleet_usd_per_hour(beside, tp_degree=tp_degree, replicas=replicas)
    rest = pricing.fleet_usd_per_hour(beside, tp_degree=tp_degree, replicas=on_demand)
    instead = (
        alone - rest
    ) / number  # of one of them on demand; nothing where machines had room for it
    terms = SpotTerms(on_demand_usd_per_hour=instead, cold_start_s=cold_start_s)
    each = effective_usd_per_hour(use.zone(offer), terms)
    found = SpotShare(
        replicas=number,
        on_demand=on_demand,
        offer=offer,
        effective_usd_per_hour=each,
        usd_per_hour=rest + number * each,
        billed_usd_per_hour=rest + number * offer.usd_per_hour,
    )
    if found.usd_per_hour > alone * (1 - MIN_SAVING_SHARE):
        return (
            f"{number} of {replicas} replicas on it would cost ${found.usd_per_hour:.2f}/h, ${alone:.2f}/h without: "
            f"${offer.usd_per_hour:.2f}/h each is ${each:.2f}/h at {use}"
        )
    return found


def told(found: SpotShare | str, use: SpotUse) -> str:
    """One line for the reasons of a recommendation."""
    if isinstance(found, str):
        return f"spot: none, {found}"
    all_of_it = found.replicas + found.on_demand
    return (
        f"spot: {found.replicas} of {all_of_it} replicas on {found.offer.provider} {found.offer.instance_type}, "
        f"${found.offer.usd_per_hour:.2f}/h each, ${found.effective_usd_per_hour:.2f}/h at {use}, on demand standing in; "
        f"{found.on_demand} stay on demand; ${found.usd_per_hour:.2f}/h expected, ${found.billed_usd_per_hour:.2f}/h "
        "billed with all of it running"
    )
