"""Spot replicas: what they really cost, and how many of a fleet may be spot.

A spot replica is cheaper by the hour and is taken back at a moment nobody chooses. Interruptions come at a rate `l` per
hour that it runs; each ends a life in which the cold start `c` served nothing, and the last `d` seconds, once the notice
has come, take nothing new. With lives exponential, of mean 1/l, exp(-l (c + d)) of what is billed serves, so

    an hour of service costs    p exp(l (c + d))  +  gap x stand-in,    gap = l exp(l (c + d)) max(0, c - d)

where the gap is the time that a replacement, launched at the notice, is not there yet, priced at what stands in for it: an
on-demand replica by default. And where there is no spot to be had for a share of the time, on-demand serves instead.

How many may be spot is a question of zones, since a zone's spot goes all at once (SkyServe, EuroSys 2025): with the spot of
any one zone lost, what is left must still be the floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SLACK = 1e-9
# Where a rate or an availability is not known: the worst of the four zones in which SkyPilot's authors watched one
# p3.2xlarge (V100) on AWS each for a week from 2023-04-22: us-east-1c, 41 interruptions in 55.8 hours had, of 177.4. The
# other three: 0.57, 0.31, 0.44 an hour, had 59 to 79 % of the time.
# https://github.com/skypilot-org/spot-traces, preemption/1-node/aws-04-22-2023, commit 221da1a.
UNKNOWN_INTERRUPTIONS_PER_HOUR = 0.74
UNKNOWN_AVAILABLE_SHARE = 0.31
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
AWS_NOTICE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotZone:
    """Spot capacity that is lost together. None: not known, and the worst that was measured is taken."""

    name: str
    usd_per_hour: float  # one replica
    interruptions_per_hour: float | None = None  # of one replica
    available_share: float | None = None  # of the time that there is any to be had
    max_replicas: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotTerms:
    """What holds in every zone: how long a replica takes to start, and to drain within the notice."""

    on_demand_usd_per_hour: float
    cold_start_s: float
    drain_s: float = AWS_NOTICE_S
    # of a replica's work while it is missing; None: on demand
    stand_in_usd_per_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotMix:
    """So many on demand, so many in each zone, and what an hour of it costs, interruptions and all."""

    on_demand: int
    spot: tuple[int, ...]  # as the zones were given
    usd_per_hour: float  # expected
    billed_usd_per_hour: float  # with every replica running: what a cap has to hold

    @property
    def replicas(self) -> int:
        return self.on_demand + sum(self.spot)


def effective_usd_per_hour(zone: SpotZone, terms: SpotTerms) -> float:
    """An hour of service from one spot replica of this zone, whoever stands in for it at times."""
    rate = zone.interruptions_per_hour
    rate = UNKNOWN_INTERRUPTIONS_PER_HOUR if rate is None else rate
    share = zone.available_share
    share = UNKNOWN_AVAILABLE_SHARE if share is None else share
    per_served = math.exp(rate * (terms.cold_start_s + terms.drain_s) / 3600.0)
    gap_hours = rate * per_served * max(0.0, terms.cold_start_s - terms.drain_s) / 3600.0
    stand_in = terms.stand_in_usd_per_hour
    stand_in = terms.on_demand_usd_per_hour if stand_in is None else stand_in
    served = zone.usd_per_hour * per_served + gap_hours * stand_in
    return share * served + (1.0 - share) * terms.on_demand_usd_per_hour


def most_spot(replicas: int, *, floor: int, zones: int) -> int:
    """Of so many replicas, how many may be spot, spread evenly, when losing one zone must leave the floor."""
    if zones < 1:
        return 0
    may_go = replicas - floor  # with one zone
    return 0 if may_go < 1 else min(replicas, may_go * zones)


def cheapest_spot_mix(
    zones: Sequence[SpotZone],
    terms: SpotTerms,
    *,
    needed: int,
    floor: int,
    on_demand_floor: int = 0,
    cap_usd_per_hour: float | None = None,
) -> SpotMix | None:
    """The cheapest fleet of at least `needed` that keeps `floor` when any one zone's spot goes; None where none does.

    More than needed may be cheapest: spare spot instead of dear on-demand. The cap holds for what is billed with all of it
    running.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not 1 <= needed >= floor:
        raise ValueError(f"needed is {needed}, with a floor of {floor}: no number of replicas")
    effective = [effective_usd_per_hour(zone, terms) for zone in zones]
    prices = np.array([terms.on_demand_usd_per_hour, *effective])
    billed = np.array([terms.on_demand_usd_per_hour, *(zone.usd_per_hour for zone in zones)])
    everything = np.ones(len(prices))
    rows, least = [everything], [float(needed)]
    for lost in range(1, len(prices)):
        left = everything.copy()
        left[lost] = 0.0
        rows.append(left)
        least.append(float(floor))
    constraints = [LinearConstraint(np.array(rows), lb=least)]
    if cap_usd_per_hour is not None:
        scaled = billed / max(cap_usd_per_hour, SLACK)
        constraints.append(LinearConstraint(scaled[None, :], ub=1.0 + SLACK))
    most = [needed if zone.max_replicas is None else zone.max_replicas for zone in zones]
    solved = milp(
        prices / prices.max(),
        constraints=constraints,
        bounds=Bounds(
            [on_demand_floor, *([0] * len(zones))], [max(needed, on_demand_floor), *most]
        ),
        integrality=np.ones(len(prices)),
        options={"mip_rel_gap": 0.0},
    )
    if solved.x is None:
        return None
    counts = [round(count) for count in solved.x]
    return SpotMix(
        on_demand=counts[0],
        spot=tuple(counts[1:]),
        usd_per_hour=math.fsum(n * usd for n, usd in zip(counts, prices, strict=True)),
        billed_usd_per_hour=math.fsum(n * usd for n, usd in zip(counts, billed, strict=True)),
    )
