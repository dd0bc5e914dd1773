"""Queues and jobs, in dollars: the work at saturated throughput, in drains as rare as the deadline bears.

A queue that is emptied every T keeps a deadline D when T, the drain behind it, which takes no longer than T, a start and one
answer fit into it: 2 T + start + answer <= D. A drain that finds nothing starts nothing.

A batch job is the same without an endpoint, so spot capacity may do all of it. A machine that is taken back costs its start
and what was in work on it, which is done again: with lives exponential, of mean 1/l, exp(-l (start + lost)) of what is
billed is work that stays done (`core/spot.py`), so the job takes that much longer and needs replicas for it. For the time
in which there is no spot to be had, on demand stands in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.mode_costs import (
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
    5.0  # interruptions in the time that one undoes: less than 1 % of the work would stay done
)


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
    every_s = (within_s - supply.cold_start_s - traffic.processing_s) / 2
    if every_s <= 0:
        return impossible(
            mode,
            f"a deadline of {within_s:g} s leaves no time to wait for a start of {supply.cold_start_s:g} s and an answer "
            f"of {traffic.processing_s:g} s",
        )
    most = traffic.most_per_s(every_s)
    if mean is None or most is None:
        return unknown(mode, "the mean rate is not known, gaps included")
    queue = _Queue(mean, most, every_s, traffic.busy_share(every_s))
    plain = _drained(mode, queue, supply, _on_demand(supply))
    spot = _on_spot(supply) if mode is Mode.BATCH else None
    if spot is None:
        return plain
    return _cheaper(plain, _drained(mode, queue, supply, spot), supply)


@dataclass(frozen=True, slots=True)
class _Queue:
    """What comes, on average and at the most, and how it is drained."""

    mean_per_s: float
    most_per_s: float  # over a whole `every_s`
    every_s: float
    busy_share: float  # of the drains that find something to do


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


def _drained(mode: Mode, queue: _Queue, supply: Supply, rent: _Rent) -> ModePrice:
    rate, every_s = supply.saturated_requests_per_s, queue.every_s
    replicas = max(1, math.ceil(queue.most_per_s * rent.stretch / rate - 1e-9))
    work = queue.mean_per_s / rate
    starts = replicas * queue.busy_share / every_s
    run_s = work * rent.stretch / starts if starts else 0.0
    start_s = _start_s(supply, run_s)
    usd = work * rent.usd_per_work_hour + starts * start_s * rent.usd_per_hour
    most_usd = replicas * rent.usd_per_hour
    empty = "" if queue.busy_share >= 1 else f", {1 - queue.busy_share:.0%} of them empty"
    return ModePrice(
        mode=mode,
        usd_per_hour=min(most_usd, usd),
        formula=(
            f"{fleet_words(replicas, rent.usd_per_hour)}{rent.name} x ({work * rent.stretch / replicas:.1%} at work at "
            f"{rate:.4g} requests/s each + a start of {start_s:g} s every {every_s:.0f} s{empty}){rent.words}"
        ),
        replicas=replicas,
        every_s=every_s,
        starts_per_hour=3600.0 / every_s * queue.busy_share if usd < most_usd else 0.0,
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
