"""Queues and jobs, in dollars: the work at saturated throughput, in drains as rare as the deadline bears.

Consumers look every T; if anything waits, so many of them start, and go once nothing waits any more. A request finds at
most T until they start, the start, the line before it, and its own answer:

    T + start + line + answer <= D

The line is no longer than in front of as many consumers that never go: what they are behind with at a burst (Lindley's
recursion), which a curve of the demand tells. Without a curve all that T brings may come at once: then the line is the
share of T that its work takes. A drain that finds nothing starts nothing. The cheapest number of consumers is taken.

A batch job is the same without an endpoint, so spot capacity may do all of it. A machine that is taken back costs its start
and what was in work on it, which is done again: with lives exponential, of mean 1/l, exp(-l (start + lost)) of what is
billed is work that stays done (`core/spot.py`), so the job takes that much longer and needs replicas for it. For the time
in which there is no spot to be had, on demand stands in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.core.mode_costs import (
    DAY_S,
    ModePrice,
    Supply,
    TrafficClass,
    fleet_words,
    impossible,
    unknown,
)
from advisor.core.objective import Mode

MIN_SPOT_SAVING = 0.01  # of the dollars on demand: for less nobody takes the risk
MOST_LOST_LIVES = (
    5.0  # interruptions in the time that one undoes: under 1 % of the work stays done
)
MOST_WAYS = 100  # numbers of replicas that are tried on a curve


def queued(mode: Mode, traffic: TrafficClass, supply: Supply) -> ModePrice:
    """Async or batch: the work at saturated throughput, in drains as rare as the deadline bears."""
    within_s, mean = traffic.answer_within_s, traffic.mean_per_s
    if traffic.interactive is not None:
        why = {
            Mode.ASYNC: "asks for an answer at once, a queue gives it later",
            Mode.BATCH: "asks for an endpoint, a batch job has none",
        }[mode]
        return impossible(mode, f"{traffic.interactive} {why}")
    if within_s is None:
        return impossible(mode, "no deadline says how long an answer may take")
    spare_s = within_s - supply.cold_start_s - traffic.processing_s
    if spare_s <= 0:
        return impossible(
            mode,
            f"a deadline of {within_s:g} s leaves no time to wait for a start of {supply.cold_start_s:g} s and an answer "
            f"of {traffic.processing_s:g} s",
        )
    if mean is None:
        return unknown(mode, "the mean rate is not known, gaps included")
    plain = _cheapest(mode, traffic, spare_s, supply, _on_demand(supply))
    spot = _on_spot(supply) if mode is Mode.BATCH else None
    if spot is None:
        return plain
    return _cheaper(plain, _cheapest(mode, traffic, spare_s, supply, spot), supply)


def _cheapest(
    mode: Mode, traffic: TrafficClass, spare_s: float, supply: Supply, rent: _Rent
) -> ModePrice:
    """Of all numbers of replicas that keep the deadline."""
    served_per_s = supply.saturated_requests_per_s / rent.stretch  # by one
    ways = (
        _drained(mode, traffic, replicas, every_s, supply, rent)
        for replicas, every_s in _ways(traffic, spare_s, served_per_s)
    )
    return min(ways, key=lambda way: (way.usd_per_hour or 0.0, way.replicas or 0))


def _ways(
    traffic: TrafficClass, spare_s: float, served_per_s: float
) -> Iterator[tuple[int, float]]:
    """Replicas, and how rarely they may look: what is left of the deadline after the line."""
    if traffic.rates_per_s:
        yield from _ways_on_curve(traffic, spare_s, served_per_s)
        return
    mean = traffic.mean_per_s or 0.0
    peak = max(traffic.peak_requests_per_s, mean)
    for rate in (mean, peak):
        replicas = _ceil(rate / served_per_s)
        every_s = spare_s / (1.0 + rate / (replicas * served_per_s))
        if rate == peak or every_s >= DAY_S:
            yield replicas, every_s


def _ways_on_curve(
    traffic: TrafficClass, spare_s: float, served_per_s: float
) -> Iterator[tuple[int, float]]:
    """From those that keep up with the mean to twice those that leave half of the deadline: more never pay.

    For dollars go with replicas over `every_s`, which is at most twice as much then.
    """
    fewest = _ceil((traffic.mean_per_s or 0.0) / served_per_s)

    def line_s(replicas: int) -> float:
        return traffic.longest_wait_s(replicas * served_per_s)

    low, enough = fewest - 1, fewest
    while line_s(enough) > spare_s / 2:
        low, enough = enough, 2 * enough
    while enough - low > 1:
        middle = (low + enough) // 2
        low, enough = (low, middle) if line_s(middle) <= spare_s / 2 else (middle, enough)
    for replicas in np.unique(np.geomspace(fewest, 2 * enough, MOST_WAYS).round()):
        every_s = spare_s - line_s(int(replicas))
        if every_s > 0:
            yield int(replicas), every_s


def _ceil(replicas: float) -> int:
    return max(1, math.ceil(replicas - 1e-9))


@dataclass(frozen=True, slots=True)
class _Rent:
    """What a replica costs: while it is billed, for an hour of work done, and how much longer the work takes."""

    usd_per_hour: float
    usd_per_work_hour: float
    stretch: float = 1.0
    name: str = ""
    words: str = ""

    @property
    def on_spot(self) -> bool:
        return bool(self.name)


def _on_demand(supply: Supply) -> _Rent:
    usd = supply.on_demand_usd_per_hour
    usd = supply.usd_per_hour if usd is None else usd
    return _Rent(usd, usd)


def _on_spot(supply: Supply) -> _Rent | None:
    """None where its price or its interruptions are not known, or it is taken back before it gets anything done."""
    spot, taken = supply.spot_usd_per_hour, supply.spot_interruptions_per_hour
    share = supply.spot_available_share
    if spot is None or taken is None or share <= 0:
        return None
    lost_lives = taken * (supply.cold_start_s + supply.lost_s) / 3600.0
    if lost_lives > MOST_LOST_LIVES:
        return None
    stretch, plain = math.exp(lost_lives), _on_demand(supply).usd_per_hour
    had = (
        ""
        if share >= 1
        else f", and for the {1 - share:.0%} of the time without any, on demand at ${plain:.2f}/h"
    )
    return _Rent(
        usd_per_hour=share * spot + (1 - share) * plain,
        usd_per_work_hour=share * spot * stretch + (1 - share) * plain,
        stretch=stretch,
        name=" of spot",
        words=(
            f"; ${spot:.2f}/h on spot, taken back {taken:g} times an hour, each a start and {supply.lost_s:.0f} s of work "
            f"lost: {stretch - 1:.1%} more time{had}"
        ),
    )


def _drained(
    mode: Mode,
    traffic: TrafficClass,
    replicas: int,
    every_s: float,
    supply: Supply,
    rent: _Rent,
) -> ModePrice:
    rate, busy = supply.saturated_requests_per_s, traffic.busy_share(every_s)
    work = (traffic.mean_per_s or 0.0) / rate
    starts = replicas * busy / every_s
    start_s = _start_s(supply, work * rent.stretch / starts if starts else 0.0)
    usd = work * rent.usd_per_work_hour + starts * start_s * rent.usd_per_hour
    most_usd = replicas * rent.usd_per_hour
    empty = "" if busy >= 1 else f", {1 - busy:.0%} of them empty"
    return ModePrice(
        mode=mode,
        usd_per_hour=min(most_usd, usd),
        formula=(
            f"{fleet_words(replicas, rent.usd_per_hour)}{rent.name} x ({work * rent.stretch / replicas:.1%} at work at "
            f"{rate:.4g} requests/s each + a start of {start_s:g} s every {every_s:.0f} s{empty}){rent.words}"
        ),
        replicas=replicas,
        every_s=every_s,
        starts_per_hour=3600.0 / every_s * busy if usd < most_usd else 0.0,
        on_spot=rent.on_spot,
    )


def _start_s(supply: Supply, run_s: float) -> float:
    """What a stay of one replica is billed beside its work: start, drain, and the rest of the least that is billed."""
    idle_s = supply.cold_start_s + supply.drain_s
    return idle_s + max(0.0, supply.min_billed_s - idle_s - run_s)


def _cheaper(plain: ModePrice, spot: ModePrice, supply: Supply) -> ModePrice:
    """Spot where it saves enough to be worth the trouble, with no more machines than an endpoint would have."""
    assert plain.usd_per_hour is not None
    assert spot.usd_per_hour is not None
    assert spot.replicas is not None
    assert plain.replicas is not None
    if spot.replicas > max(plain.replicas, supply.replicas):
        return plain
    return spot if spot.usd_per_hour <= plain.usd_per_hour * (1 - MIN_SPOT_SAVING) else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRun:
    """One job over inputs that are all there: so many replicas, for so long, done in time or not at all.

    On spot, where that is cheaper: then time and dollars are expected ones, interruptions in.
    """

    replicas: int
    seconds: float  # from launch to the last answer
    usd: float
    on_spot: bool = False


def batch_run(num_requests: float, *, within_s: float, supply: Supply) -> BatchRun | None:
    """The fewest replicas that are done in time, which is also the cheapest; None: the deadline leaves no time to work."""
    working_s = within_s - supply.cold_start_s
    if working_s <= 0:
        return None
    work_s = num_requests / supply.saturated_requests_per_s
    plain = _run(work_s, working_s, supply, _on_demand(supply))
    spot = _on_spot(supply)
    if spot is None:
        return plain
    cheap = _run(work_s, working_s, supply, spot)
    return cheap if cheap.usd <= plain.usd * (1 - MIN_SPOT_SAVING) else plain


def _run(work_s: float, working_s: float, supply: Supply, rent: _Rent) -> BatchRun:
    replicas = max(1, math.ceil(work_s * rent.stretch / working_s - 1e-9))
    each_s = work_s * rent.stretch / replicas
    start_s = _start_s(supply, each_s)
    usd = work_s * rent.usd_per_work_hour + replicas * start_s * rent.usd_per_hour
    return BatchRun(
        replicas=replicas,
        seconds=supply.cold_start_s + each_s,
        usd=usd / 3600.0,
        on_spot=rent.on_spot,
    )
