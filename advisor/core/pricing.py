"""What a fleet costs: whole instances are rented, each holding as many replicas as its accelerators allow.

A price is an observation with a date. It is shown with that date, and an old one never justifies spending more: prices
move both ways (AWS halved its H100 in June 2025, others raised theirs by a third within a year), so a plan that is dearer
only because of a price nobody has seen lately is no reason to act. `stale_raise` is that law.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from advisor.core.objective import HOURS_PER_MONTH, CapacityType
from advisor.core.recommendation import Offer

MAX_AGE_DAYS = 90  # a price list older than a quarter is taken for stale
ANYWHERE = "global"  # the region of a provider's one price for all sites
YOURS = "yours"  # how the source of a price that the user states begins


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFilter:
    """What may be rented; None allows any. A capacity type never rules out what the user states as their own."""

    providers: Collection[str] | None = None
    regions: Collection[str] | None = None
    capacity_types: Collection[CapacityType] = (CapacityType.ON_DEMAND,)

    def allows(self, offer: Offer) -> bool:
        return (
            (offer.capacity_type in self.capacity_types or is_yours(offer))
            and (self.providers is None or offer.provider in self.providers)
            and (self.regions is None or offer.region in self.regions)
        )


def is_yours(offer: Offer) -> bool:
    return offer.source.startswith(YOURS)


def offer_from_row(row: Mapping[str, str]) -> Offer:
    """One row of prices.csv; KeyError or ValueError when a column is missing or not what it should be."""
    offer = Offer(
        provider=row["provider"],
        region=row["region"],
        instance_type=row["instance_type"],
        accelerator=row["accelerator"],
        accelerator_count=int(row["gpu_count"]),
        capacity_type=CapacityType(row["capacity_type"]),
        usd_per_hour=float(row["usd_per_hour"]),
        observed_on=date.fromisoformat(row["observed_on"]).isoformat(),
        source=row["source"],
    )
    if offer.accelerator_count < 1 or not 0 < offer.usd_per_hour < math.inf:
        raise ValueError("gpu_count and usd_per_hour must be above zero")
    return offer


def replicas_per_instance(offer: Offer, tp_degree: int) -> int:
    return offer.accelerator_count // tp_degree


def fleet_usd_per_hour(offer: Offer, *, tp_degree: int, replicas: int) -> float:
    """Dollars per hour of the instances that hold the replicas; ValueError when one replica does not fit in one."""
    each = replicas_per_instance(offer, tp_degree)
    if each == 0:
        raise ValueError(
            f"{offer.instance_type} has {offer.accelerator_count} accelerators, a replica needs {tp_degree}"
        )
    return math.ceil(replicas / each) * offer.usd_per_hour


def cheapest_offer(offers: Iterable[Offer], *, tp_degree: int, replicas: int) -> Offer | None:
    """The offer that holds the fleet for the least money; ties go to the fresher price. None when none can.

    Who asks often asks `fleets.OfferIndex`, which answers the same without looking at every offer again.
    """
    least, cheapest = math.inf, []
    for offer in offers:
        if not holds(offer, tp_degree=tp_degree, replicas=replicas):
            continue
        cost = fleet_usd_per_hour(offer, tp_degree=tp_degree, replicas=replicas)
        if cost < least:
            least, cheapest = cost, [offer]
        elif cost == least:
            cheapest.append(offer)
    return min(cheapest, key=lambda offer: by_price(offer)[1:], default=None)


def holds(offer: Offer, *, tp_degree: int, replicas: int) -> bool:
    """Whether as many of its instances as there are hold the replicas."""
    each = replicas_per_instance(offer, tp_degree)
    if each == 0:
        return False
    return offer.instances is None or math.ceil(replicas / each) <= offer.instances


def by_price(offer: Offer) -> tuple[float, int, str, str]:
    """The order of offers of one size: cheapest first, of equals the fresher, then by name."""
    freshness = -date.fromisoformat(offer.observed_on).toordinal()
    return offer.usd_per_hour, freshness, offer.provider, offer.instance_type


def usd_per_accelerator_hour(offer: Offer) -> float:
    return offer.usd_per_hour / offer.accelerator_count


def usd_per_month(offer: Offer) -> float:
    return offer.usd_per_hour * HOURS_PER_MONTH


def usd_per_mtok(usd_per_hour: float, tokens_per_s: float) -> float:
    """Dollars per million tokens of a fleet that makes this many a second; ValueError when it makes none."""
    if not tokens_per_s > 0:
        raise ValueError("a fleet that makes no tokens has no price per token")
    return usd_per_hour / (tokens_per_s * 3600.0) * 1e6


def usd_per_mtok_in_out(
    usd_per_hour: float, *, input_per_s: float, output_per_s: float, output_weight: float
) -> tuple[float, float]:
    """Dollars per million tokens in and out, when a token out is worth `output_weight` tokens in.

    One fleet makes both, so its price can only be split by what each takes: `output_weight` is the ratio of the seconds a
    token out costs to those of a token in, from the performance model. Both together add up to the price of the fleet.
    """
    shared = input_per_s + output_weight * output_per_s
    per_input = usd_per_mtok(usd_per_hour, shared)
    return per_input, per_input * output_weight


def idle_usd_per_hour(usd_per_hour: float, busy_share: float) -> float:
    """What of the bill pays for accelerators that wait: `busy_share` is 0-1."""
    if not 0 <= busy_share <= 1:
        raise ValueError(f"a busy share is between 0 and 1, got {busy_share}")
    return usd_per_hour * (1.0 - busy_share)


def age_days(offer: Offer, today: date) -> int:
    return (today - date.fromisoformat(offer.observed_on)).days


def is_stale(offer: Offer, today: date, *, max_age_days: int = MAX_AGE_DAYS) -> bool:
    return age_days(offer, today) > max_age_days


def stale_raise(
    *,
    current_usd_per_hour: float,
    proposed_usd_per_hour: float,
    offers: Iterable[Offer],
    today: date,
    max_age_days: int = MAX_AGE_DAYS,
) -> str | None:
    """Why not to move from the running plan to the proposed one: it costs more, by a price that is stale. None: go on.

    Both plans are sized for the same load, so a raise that the load asks for is not refused here. `offers` are those that
    either plan is priced by: a running plan that looks cheap may be so by an old price as well.
    """
    if proposed_usd_per_hour <= current_usd_per_hour:
        return None
    stale = [offer for offer in offers if is_stale(offer, today, max_age_days=max_age_days)]
    if not stale:
        return None
    oldest = min(stale, key=lambda offer: offer.observed_on)
    return (
        f"it would cost ${proposed_usd_per_hour - current_usd_per_hour:.2f}/h more by a price of {oldest.provider} "
        f"{oldest.instance_type} that is {age_days(oldest, today)} days old: `advisor prices refresh` first"
    )


def merge(*books: Iterable[Offer]) -> tuple[Offer, ...]:
    """One book of several: the newest row of each (provider, region, instance, capacity type), of equals the later book's.

    A row without a region ("global") gives way to newer ones of the same provider, accelerator, count and capacity type that
    name theirs: it is the same thing seen from further away, and often under another name.
    """
    newest: dict[tuple[str, str, str, CapacityType], Offer] = {}
    for book in books:
        for offer in book:
            key = (offer.provider, offer.region, offer.instance_type, offer.capacity_type)
            known = newest.get(key)
            if known is None or offer.observed_on >= known.observed_on:
                newest[key] = offer
    placed: dict[tuple[str, str, int, CapacityType], str] = {}
    for offer in newest.values():
        if offer.region != ANYWHERE:
            kind = _kind(offer)
            placed[kind] = max(offer.observed_on, placed.get(kind, ""))
    return tuple(
        offer
        for offer in newest.values()
        if offer.region != ANYWHERE or offer.observed_on >= placed.get(_kind(offer), "")
    )


def _kind(offer: Offer) -> tuple[str, str, int, CapacityType]:
    return offer.provider, offer.accelerator, offer.accelerator_count, offer.capacity_type
