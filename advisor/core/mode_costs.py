"""What each way to keep hardware costs, in dollars an hour, from how the traffic pauses and what nobody waits for.

    always-on       R replicas, all the time                                                    here
    scale-to-zero   R replicas while there is traffic and for `keep` after it; a start, billed, `core/zero_costs.py`
                    per gap that is longer
    async           the work at saturated throughput; a start per drain, and a drain as rarely  `core/queue_costs.py`
                    as the deadline bears
    batch           the same in runs that nobody asks anything of while they work: spot         `core/queue_costs.py`
                    capacity may do them

Here are the values that they are priced from, and what comes of pricing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from advisor.core.idle_gaps import IdleGaps
from advisor.core.objective import HOURS_PER_MONTH, Latency, Mode, Slo

DAY_S = 86_400.0
LONGEST_QUEUED_S = 60.0  # an end-to-end objective looser than this can be served from a queue


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficClass:
    """Requests that are treated alike: how many come when, and what they may wait for. None is not known, never zero.

    `deadline_s` is for a whole answer that nobody waits for at the line. `rates_per_s`, in windows of `window_s`, are the
    demand over time, in requests of mean work; without them a queue is sized for the peak, or the mean where it may smooth
    over a day.
    """

    name: str = "all requests"
    peak_requests_per_s: float
    mean_requests_per_s: float | None = None  # gaps included
    gaps: IdleGaps | None = None
    slos: tuple[Slo, ...] = ()
    missed_share: float = 0.0  # of the requests, late for other reasons than a cold start
    deadline_s: float | None = None
    rates_per_s: tuple[float, ...] = ()
    window_s: float = 300.0
    payload_bytes: float = 0.0  # of the largest request that must be served
    processing_s: float = 0.0  # of the longest answer

    @property
    def mean_per_s(self) -> float | None:
        if self.mean_requests_per_s is not None or self.gaps is None:
            return self.mean_requests_per_s
        return self.gaps.requests_per_s

    @property
    def answer_within_s(self) -> float | None:
        """What a queue may take: the deadline, or the end-to-end objectives where there are no others."""
        bounds = [] if self.deadline_s is None else [self.deadline_s]
        bounds += [slo.bound_s for slo in self.slos]
        return None if self.interactive is not None else min(bounds, default=None)

    @property
    def interactive(self) -> Slo | None:
        """The objective that asks for an answer at once, where there is one."""
        quick = (
            s for s in self.slos if s.latency is not Latency.E2E or s.bound_s < LONGEST_QUEUED_S
        )
        return next(quick, None)

    @property
    def timed(self) -> tuple[Slo, ...]:
        """Every bound on when an answer begins or ends; the deadline is one that all requests keep."""
        bounds = tuple(slo for slo in self.slos if slo.latency is not Latency.TPOT)
        if self.deadline_s is None:
            return bounds
        return *bounds, Slo(latency=Latency.E2E, bound_s=self.deadline_s, percentile=100)

    def longest_wait_s(self, served_per_s: float) -> float:
        """The longest line, in seconds, in front of whoever serves so many of these `rates_per_s` at all times.

        What comes within a window may come all at its beginning.
        """
        work_s = np.asarray(self.rates_per_s) * self.window_s / served_per_s
        behind_s = np.concatenate(([0.0], np.cumsum(work_s - self.window_s)))
        lines_s = behind_s - np.minimum.accumulate(behind_s)
        return float((lines_s[:-1] + work_s).max())

    def busy_share(self, over_s: float) -> float:
        """Of times that long, those in which anything comes; all where nobody counted the gaps."""
        if self.rates_per_s:
            span = min(len(self.rates_per_s), max(1, math.floor(over_s / self.window_s)))
            sums = np.convolve(self.rates_per_s, np.ones(span), "valid")
            return float(np.mean(sums > 0))
        if self.gaps is None:
            return 1.0
        within_s = math.fsum(max(0.0, gap_s - over_s) for gap_s in self.gaps.lengths_s)
        return max(0.0, 1.0 - within_s / self.gaps.over_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What would serve it: `replicas` carry the peak inside the objectives, at `usd_per_hour` each while they run.

    Where some of those are on spot, `usd_per_hour` is the mean of them, and `on_demand_usd_per_hour` one that is not. Spot
    for a batch job is priced only where it is known how often it is taken back.
    """

    usd_per_hour: float
    replicas: int
    saturated_requests_per_s: float  # of one replica when nobody waits
    cold_start_s: float
    drain_s: float = 0.0
    min_billed_s: float = 60.0
    on_demand_usd_per_hour: float | None = None  # None: as `usd_per_hour`
    spot_usd_per_hour: float | None = None
    spot_interruptions_per_hour: float | None = None  # of one replica
    spot_available_share: float = 1.0  # of the time that there is any to be had
    # of a replica's time, what an interruption undoes: half an answer, where all that is in work begins anew
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModePrice:
    """One mode: its mean dollars an hour, None where there are none; how they come about; what excludes it.

    `missing`: it is excluded only because something is not known.
    """

    mode: Mode
    usd_per_hour: float | None
    formula: str
    excluded: str | None = None
    missing: bool = False
    replicas: int | None = None  # while it runs
    keep_s: float | None = None  # after the last request
    every_s: float | None = None  # from one drain to the next
    starts_per_hour: float = 0.0
    cold_hit_share: float | None = None
    on_spot: bool = False

    @property
    def usd_per_month(self) -> float | None:
        return None if self.usd_per_hour is None else self.usd_per_hour * HOURS_PER_MONTH


def always_on(traffic: TrafficClass, supply: Supply) -> ModePrice:
    return ModePrice(
        mode=Mode.ALWAYS_ON,
        usd_per_hour=supply.replicas * supply.usd_per_hour,
        formula=f"{fleet_words(supply.replicas, supply.usd_per_hour)} all the time",
        replicas=supply.replicas,
    )


def unknown(mode: Mode, why: str) -> ModePrice:
    return replace(impossible(mode, why), missing=True)


def impossible(mode: Mode, why: str) -> ModePrice:
    return ModePrice(mode=mode, usd_per_hour=None, formula="", excluded=why)


def fleet_words(replicas: int, usd_per_hour: float) -> str:
    return f"{replicas} x ${usd_per_hour:.2f}/h"
