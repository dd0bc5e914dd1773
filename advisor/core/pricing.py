"""What a fleet costs: whole instances are rented, each holding as many replicas as its accelerators allow.

A price is an observation with a date. It is shown with that date, and an old one never justifies spending more.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from advisor.core.objective import CapacityType
from advisor.core.recommendation import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFilter:
    """What may be rented; None allows any."""

    providers: Collection[str] | None = None
    regions: Collection[str] | None = None
    capacity_types: Collection[CapacityType] = (CapacityType.ON_DEMAND,)

    def allows(self, offer: Offer) -> bool:
        return (
            offer.capacity_type in self.capacity_types
            and (self.providers is None or offer.provider in self.providers)
            and (self.regions is None or offer.region in self.regions)
        )


def offer_from_row(row: Mapping[str, str]) -> Offer:
    """One row of prices.csv; KeyError or ValueError when a column is missing or not what it should be."""
    return Offer(
        provider=row["provider"],
        region=row["region"],
        instance_type=row["instance_type"],
        accelerator=row["accelerator"],
        accelerator_count=int(row["gpu_count"]),
        capacity_type=CapacityType(row["capacity_type"]),
        usd_per_hour=float(row["usd_per_hour"]),
        observed_on=row["observed_on"],
        source=row["source"],
    )


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
    """The offer that holds the fleet for the least money; ties go to the fresher price. None when none can."""
    able = [offer for offer in offers if replicas_per_instance(offer, tp_degree) > 0]
    if not able:
        return None

    def cost(offer: Offer) -> tuple[float, int, str, str]:
        usd_per_hour = fleet_usd_per_hour(offer, tp_degree=tp_degree, replicas=replicas)
        return (
            usd_per_hour,
            -date.fromisoformat(offer.observed_on).toordinal(),
            offer.provider,
            offer.instance_type,
        )

    return min(able, key=cost)


def age_days(offer: Offer, today: date) -> int:
    return (today - date.fromisoformat(offer.observed_on)).days
