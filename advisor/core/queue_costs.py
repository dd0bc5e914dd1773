"""Queues and jobs, in dollars: the work at saturated throughput, in drains as rare as the deadline bears.

A queue that is emptied every T keeps a deadline D when T, the drain behind it, which takes no longer than T, a start and one
answer fit into it: 2 T + start + answer <= D. A batch job is the same without an endpoint, so spot capacity may do it.
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
    return _drained(mode, mean, most, every_s, supply)


def _drained(mode: Mode, mean: float, most: float, every_s: float, supply: Supply) -> ModePrice:
    usd, on_spot = _usd_per_hour(mode, supply)
    replicas = max(1, math.ceil(most / supply.saturated_requests_per_s - 1e-9))
    work = mean / supply.saturated_requests_per_s
    run_s = every_s * work / replicas
    idle_s = supply.cold_start_s + supply.drain_s
    start_s = idle_s + max(0.0, supply.min_billed_s - idle_s - run_s)
    paid = min(float(replicas), work + replicas * start_s / every_s)
    per_hour = 3600.0 / every_s if paid < replicas else 0.0
    return ModePrice(
        mode=mode,
        usd_per_hour=paid * usd,
        formula=(
            f"{fleet_words(replicas, usd)}{' of spot' if on_spot else ''} x ({work / replicas:.1%} at work at "
            f"{supply.saturated_requests_per_s:.4g} requests/s each + a start of {start_s:g} s every {every_s:.0f} s)"
        ),
        replicas=replicas,
        starts_per_hour=per_hour,
        on_spot=on_spot,
    )


def _usd_per_hour(mode: Mode, supply: Supply) -> tuple[float, bool]:
    """A batch job may run on spot: what is taken back starts again."""
    spot, taken = supply.spot_usd_per_hour, supply.spot_interruptions_per_hour
    if mode is not Mode.BATCH or spot is None or taken is None:
        return supply.usd_per_hour, False
    with_restarts = spot * (1.0 + taken * supply.cold_start_s / 3600.0)
    return min((with_restarts, True), (supply.usd_per_hour, False))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRun:
    """One job over inputs that are all there: so many replicas, for so long, done in time or not at all."""

    replicas: int
    seconds: float  # from launch to the last answer
    usd: float


def batch_run(num_requests: float, *, within_s: float, supply: Supply) -> BatchRun | None:
    """The fewest replicas that are done in time, which is also the cheapest; None: the deadline leaves no time to work."""
    working_s = within_s - supply.cold_start_s
    if working_s <= 0:
        return None
    work_s = num_requests / supply.saturated_requests_per_s
    replicas = max(1, math.ceil(work_s / working_s - 1e-9))
    seconds = supply.cold_start_s + work_s / replicas
    billed_s = max(supply.min_billed_s, seconds + supply.drain_s)
    usd, _ = _usd_per_hour(Mode.BATCH, supply)
    return BatchRun(replicas=replicas, seconds=seconds, usd=replicas * billed_s / 3600.0 * usd)
