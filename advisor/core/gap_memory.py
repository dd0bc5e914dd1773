"""The gaps that came, what each brought when it ended, and how long it would have been best to wait in gaps like this one.

Keeping a replica for K into a gap costs min(gap, K) of its time; letting go costs a cold start, and the requests that come
while it runs wait. With the price of a waiting request in seconds of a replica, the best K of a known distribution is no
time at all or the length of a gap that came (ski rental: Karlin et al., Algorithmica 1994). Which gaps are like this one? A
lens says: all of them, those after traffic as dense as this, those at this time of day, or minute of the hour. Through
every lens the others are seen too, faintly, so that little seen is not taken for much known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

NUM_GAPS = 1024
MEMORY_S = 7 * 86_400.0
LONGEST_KEEP_S = 6 * 3600.0
MIN_KEEP_COLD_STARTS = 0.25  # nobody would switch off in a shorter gap, and none is remembered
PACE_WIDTH = 0.7  # of log2 seconds between requests: about half to double
HOUR_S, DAY_S = 3600.0, 86_400.0
TIME_OF_DAY_WIDTH_S, MINUTE_WIDTH_S = 1.5 * HOUR_S, 300.0
FAINT = 0.01
# Seen before anything was: a gap of two cold starts, of ten minutes, of an hour and of a night.
PRIOR_GAPS_S = (600.0, HOUR_S, 8 * HOUR_S)
REQUESTS_OF_PRIOR = 5.0
PRIOR_WEIGHT = 0.5  # of one such gap, through a lens; 1 without


class Lens(StrEnum):
    """By what gaps are alike. The first is the plain one."""

    ALL = "all"
    PACE = "pace"
    TIME_OF_DAY = "time of day"
    PACE_AND_TIME_OF_DAY = "pace and time of day"
    PACE_AND_MINUTE = "pace and minute of the hour"


BY_PACE = (Lens.PACE, Lens.PACE_AND_TIME_OF_DAY, Lens.PACE_AND_MINUTE)
BY_TIME_OF_DAY = (Lens.TIME_OF_DAY, Lens.PACE_AND_TIME_OF_DAY)


@dataclass(slots=True)
class GapMemory:
    """The last gaps: how long, how many requests came within a cold start of their end, when and after what they began."""

    _rows: NDArray[np.float64] = field(default_factory=lambda: np.empty((NUM_GAPS, 4)))
    _count: int = 0

    def add(self, *, gap_s: float, requests: float, began_s: float, pace: float) -> None:
        self._rows[self._count % NUM_GAPS] = gap_s, requests, began_s, pace
        self._count += 1

    def best_keeps(
        self, *, began_s: float, pace: float, cold_start_s: float, interval_s: float, hit_s: float
    ) -> NDArray[np.float64]:
        """Through each lens, the seconds to keep a replica in the gap that began then; `hit_s` prices a waiting request."""
        prior = [(2 * cold_start_s, REQUESTS_OF_PRIOR, began_s, pace)]
        prior += [(gap_s, REQUESTS_OF_PRIOR, began_s, pace) for gap_s in PRIOR_GAPS_S]
        rows = np.concatenate((prior, self._rows[: min(self._count, NUM_GAPS)]))
        is_prior = np.arange(len(rows)) < len(prior)
        order = np.argsort(rows[:, 0], kind="stable")
        gaps, hits, began, paces = rows[order].T
        weights = np.exp((began - began_s) / MEMORY_S)
        likeness = _likeness(began - began_s, paces - pace, is_prior[order])
        shortest = max(MIN_KEEP_COLD_STARTS * cold_start_s, interval_s)
        keeps = np.minimum(np.concatenate(([0.0], gaps)) + 1.5 * interval_s, LONGEST_KEEP_S)
        keeps = np.maximum(keeps, shortest)
        costs = _costs(gaps, hits, likeness * weights, keeps, cold_start_s, hit_s)
        return np.asarray(keeps[np.argmin(costs, axis=1)])


def _likeness(
    since_s: NDArray[np.float64], paces: NDArray[np.float64], is_prior: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How like each gap is to this one, 0-1, one row for each lens."""
    by_pace = _bell(paces, PACE_WIDTH)
    by_day = _bell(_round_the_clock(since_s, DAY_S), TIME_OF_DAY_WIDTH_S)
    by_minute = _bell(_round_the_clock(since_s, HOUR_S), MINUTE_WIDTH_S)
    found = np.ones((len(Lens), len(since_s)))
    for row, lens in zip(found, Lens, strict=True):
        if lens in BY_PACE:
            row *= by_pace
        if lens in BY_TIME_OF_DAY:
            row *= by_day
        if lens is Lens.PACE_AND_MINUTE:
            row *= by_minute
    found = np.maximum(found, FAINT)
    found[1:, is_prior] = PRIOR_WEIGHT
    return found


def _bell(distance: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2))


def _round_the_clock(since_s: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    apart = np.abs(since_s) % period_s
    return np.asarray(np.minimum(apart, period_s - apart))


def _costs(
    gaps: NDArray[np.float64],
    hits: NDArray[np.float64],
    weights: NDArray[np.float64],
    keeps: NDArray[np.float64],
    cold_start_s: float,
    hit_s: float,
) -> NDArray[np.float64]:
    """Of keeping until just after each gap, or not at all: the time kept, and what comes of letting go."""

    def up_to(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.cumsum(values, axis=1)
        return np.concatenate((np.zeros((len(values), 1)), sums), axis=1)

    kept, number, waiting = up_to(weights * gaps), up_to(weights), up_to(weights * hits)
    let_go, wait = number[:, -1:] - number, waiting[:, -1:] - waiting
    return np.asarray(kept + let_go * (keeps + cold_start_s) + wait * hit_s)
