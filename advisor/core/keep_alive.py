"""Whether to have the last replica while nothing is in work: how long to keep it, and when to have it back unasked.

Several ways are followed beside each other, each a lens on the gaps that came (`core/gap_memory.py`) with one of the clocks
or none (`core/arrival_clock.py`). Every gap tells what each of them would have cost, whoever acted: seconds of a replica,
and requests that would have waited for a start, at a price in seconds. The cheapest of late acts; the plain one, all gaps
and no clock, is left only for one that was clearly better.

The price of a wait follows the share of requests that did wait, as headroom follows misses: over the budget it rises, under
it falls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from advisor.core.arrival_clock import ArrivalClock
from advisor.core.gap_memory import DAY_S, HOUR_S, MIN_KEEP_COLD_STARTS, GapMemory, Lens

HIT_S = 100.0  # of a replica's time that one request's wait for a start is worth, to begin with
HIT_BOUNDS = (0.2, 40.0)
HIT_POWER, OVER_BUDGET_POWER = 2.0, 2.0
AIM = 0.7  # of the budget
PRIOR_REQUESTS = 1000.0
HITS_MEMORY_S = 14 * DAY_S
TALLY_MEMORY_S = 7 * DAY_S
CLEARLY_BETTER = 0.01  # of the plain way's cost
PACE_REQUESTS = 8.0  # over which the time between requests is averaged
PACE_BOUNDS_S = (0.1, HOUR_S)
CLOCKS = ((HOUR_S, 300.0), (DAY_S, 600.0), (7 * DAY_S, 1800.0))  # period and part


@dataclass(slots=True)
class KeepAlive:
    """Learns from the past alone; bounded in memory. `add` every look, then `wanted` where nothing is in work."""

    cold_hit_budget: float = 0.02
    _gaps: GapMemory = field(default_factory=GapMemory)
    _clocks: tuple[ArrivalClock, ...] = field(
        default_factory=lambda: tuple(
            ArrivalClock(period_s=period_s, part_s=part_s) for period_s, part_s in CLOCKS
        )
    )
    _tally: Tally = field(default_factory=lambda: Tally())
    _pace: float = math.log2(60.0)
    _last_arrival_s: float | None = None
    _idle_since_s: float | None = None
    _idle_pace: float = 0.0
    _way: tuple[int, int] | None = None  # lens and clock, of this gap
    _ended: _Ended | None = None
    _requests: float = 0.0
    _hits: float = 0.0

    def add(
        self,
        *,
        now_s: float,
        interval_s: float,
        arrivals: float,
        busy: bool,
        cold: bool,
        cold_start_s: float,
    ) -> None:
        """What the `interval_s` seconds before now brought. `cold`: no replica was ready, so what arrived waits for one."""
        kept = math.exp(-interval_s / HITS_MEMORY_S)
        self._requests = self._requests * kept + arrivals
        self._hits = self._hits * kept + (arrivals if cold else 0.0)
        self._tally.pass_time(interval_s)
        self._count_who_waits(now_s, arrivals, cold_start_s)
        away = self._idle_since_s is not None and self._ended is None
        for clock in self._clocks:
            clock.tick(now_s=now_s - interval_s / 2, away=away)
        if arrivals > 0 or busy:
            self._end_gap(now_s, interval_s, arrivals, cold_start_s)
        elif self._idle_since_s is None:
            self._idle_since_s, self._idle_pace, self._way = now_s - interval_s, self._pace, None
        if arrivals > 0:
            self._see_pace(now_s, interval_s, arrivals)

    def wanted(self, *, now_s: float, interval_s: float, cold_start_s: float, there: bool) -> bool:
        """Whether a replica should be there from now on; `there`: whether one is, ready or starting."""
        if self._idle_since_s is None:
            return there
        idle_s = now_s - self._idle_since_s
        if idle_s < max(MIN_KEEP_COLD_STARTS * cold_start_s, interval_s):
            return there
        if self._way is None:
            self._begin_gap(cold_start_s, interval_s)
        hit_s = self.hit_s()
        due = [False]
        for clock in self._clocks:
            due.append(
                clock.is_due(
                    now_s=now_s,
                    within_s=cold_start_s + interval_s,
                    cold_start_s=cold_start_s,
                    hit_s=hit_s,
                )
            )
        self._tally.look(now_s=now_s, interval_s=interval_s, idle_s=idle_s, due=np.array(due))
        assert self._way is not None
        lens, clock_used = self._way
        if idle_s < self._tally.keeps_s[lens]:
            return there
        return due[clock_used]

    def hit_s(self) -> float:
        """Seconds of a replica that it is worth to spare one request the wait for a start."""
        aim = AIM * self.cold_hit_budget
        share = (self._hits + PRIOR_REQUESTS * aim) / (self._requests + PRIOR_REQUESTS)
        over = max(1.0, share / self.cold_hit_budget)
        low, high = HIT_BOUNDS
        factor = math.pow(share / aim, HIT_POWER) * math.pow(over, OVER_BUDGET_POWER)
        return HIT_S * min(high, max(low, factor))

    def _begin_gap(self, cold_start_s: float, interval_s: float) -> None:
        """Long enough to be one: what each way would do in it, and which acts."""
        assert self._idle_since_s is not None
        hit_s = self.hit_s()
        self._tally.begin(
            self._gaps.best_keeps(
                began_s=self._idle_since_s,
                pace=self._idle_pace,
                cold_start_s=cold_start_s,
                interval_s=interval_s,
                hit_s=hit_s,
            )
        )
        self._way = self._tally.best(hit_s)

    def _end_gap(
        self, now_s: float, interval_s: float, arrivals: float, cold_start_s: float
    ) -> None:
        began_s, self._idle_since_s = self._idle_since_s, None
        if began_s is None or self._way is None or self._ended is not None or arrivals <= 0:
            return
        gap_s = now_s - interval_s / 2 - began_s
        waiting = self._tally.end(gap_s=gap_s, ended_s=now_s, cold_start_s=cold_start_s)
        self._ended = _Ended(
            gap_s=gap_s,
            began_s=began_s,
            pace=self._idle_pace,
            ended_s=now_s,
            requests=arrivals,
            waiting=waiting,
            parts=tuple(clock.expects for clock in self._clocks),
        )

    def _count_who_waits(self, now_s: float, arrivals: float, cold_start_s: float) -> None:
        """A cold start after the end of a gap it is known who would have waited, and the gap is remembered."""
        ended = self._ended
        if ended is None:
            return
        ended.requests += arrivals
        if now_s - ended.ended_s < cold_start_s:
            return
        requests, self._ended = max(1.0, ended.requests), None
        self._gaps.add(
            gap_s=ended.gap_s, requests=requests, began_s=ended.began_s, pace=ended.pace
        )
        self._tally.hits += ended.waiting * requests
        for clock, part in zip(self._clocks, ended.parts, strict=True):
            if part is not None and ended.gap_s >= cold_start_s:
                clock.came_back(part=part, requests=requests)

    def _see_pace(self, now_s: float, interval_s: float, arrivals: float) -> None:
        """The typical time between requests, as a power of two."""
        before_s = now_s - interval_s if self._last_arrival_s is None else self._last_arrival_s
        low, high = PACE_BOUNDS_S
        between_s = min(high, max(low, max(now_s - before_s, interval_s) / arrivals))
        share = 1.0 - math.pow(1.0 - 1.0 / PACE_REQUESTS, arrivals)
        self._pace += share * (math.log2(between_s) - self._pace)
        self._last_arrival_s = now_s


@dataclass(slots=True)
class _Ended:
    """A gap that is over, until it is known how many requests came within a cold start of its end."""

    gap_s: float
    began_s: float
    pace: float
    ended_s: float
    requests: float
    waiting: NDArray[np.float64]  # the share of them that would have waited, by lens and clock
    parts: tuple[int | None, ...]


@dataclass(slots=True)
class Tally:
    """What every way would have cost of late, by lens and clock (the first: none), whichever acted."""

    cost_s: NDArray[np.float64] = field(default_factory=lambda: _zeros())
    hits: NDArray[np.float64] = field(default_factory=lambda: _zeros())
    keeps_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(Lens)))
    _ahead_s: NDArray[np.float64] = field(default_factory=lambda: _zeros())  # had for a clock
    _since_s: NDArray[np.float64] = field(default_factory=lambda: _zeros() * np.nan)

    def pass_time(self, interval_s: float) -> None:
        kept = math.exp(-interval_s / TALLY_MEMORY_S)
        self.cost_s *= kept
        self.hits *= kept

    def begin(self, keeps_s: NDArray[np.float64]) -> None:
        self.keeps_s = keeps_s
        self._ahead_s[:] = 0.0
        self._since_s[:] = np.nan

    def look(
        self, *, now_s: float, interval_s: float, idle_s: float, due: NDArray[np.bool_]
    ) -> None:
        """Who would have a replica now for its clock's sake, after letting go."""
        have = due[None, :] & (idle_s >= self.keeps_s)[:, None]
        started = np.where(np.isnan(self._since_s), now_s, self._since_s)
        self._since_s = np.where(have, started, np.nan)
        self._ahead_s += have * interval_s

    def end(self, *, gap_s: float, ended_s: float, cold_start_s: float) -> NDArray[np.float64]:
        """The gap's cost to each way; returns the share of a start that whoever comes now waits for, by way."""
        keeps_s = self.keeps_s[:, None] + _zeros()
        let_go = gap_s > keeps_s
        ready_in_s = np.clip(cold_start_s - (ended_s - self._since_s), 0.0, cold_start_s)
        ready_in_s = np.where(np.isnan(ready_in_s), cold_start_s, ready_in_s)
        self.cost_s += np.where(let_go, keeps_s + self._ahead_s + ready_in_s, gap_s)
        return np.asarray(let_go * ready_in_s / max(cold_start_s, 1e-9))

    def best(self, hit_s: float) -> tuple[int, int]:
        """The cheapest way of late; the plain one where none is clearly better."""
        costs = self.cost_s + hit_s * self.hits
        costs[0, 0] *= 1.0 - CLEARLY_BETTER
        lens, clock = np.unravel_index(int(np.argmin(costs)), costs.shape)
        return int(lens), int(clock)


def _zeros() -> NDArray[np.float64]:
    return np.zeros((len(Lens), 1 + len(CLOCKS)))
