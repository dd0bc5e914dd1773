"""Demand at the moment when a replica launched now is ready, with the spread of what could come instead.

Scaling up takes a cold start, so what counts is the demand at that horizon. Several plain forecasters compete: the last
value at three smoothings, a damped trend (Gardner and McKenzie, Management Science 1985), yesterday and last week at this
time with the level of today. None is trusted by its name: each is backtested on the run, the best of the last hours acts,
and only while it beats last value; on bursts nothing does (`facts`: un-warmed ARIMA errs by half). All are closed forms
with a fixed state, so a step costs microseconds and memory stays flat.

The spread is the acting forecaster's own recent relative errors, less what Poisson counting alone makes of them, which the
queueing model already prices. Nothing far above the most that ever came is expected: a tenfold jump, seen once at a tenth of
the peak, says how far demand may rise to the peak again, and not that it may rise to ten times the peak.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Slot = tuple[
    int, float, float
]  # number since second 0, seconds observed in it, demand that came in them

BUCKET_S = 60.0  # demand is compared in buckets of at least this
SLOT_S = 300.0  # the resolution of a day remembered
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
NUM_SLOTS = int(8 * DAY_S / SLOT_S)
SMOOTHINGS_S = (30.0, 120.0, 480.0, 1800.0)
LAST_VALUE = 1  # index of the smoothing that every other forecaster must beat
LEVEL_SLOTS = 6  # half an hour, over which today is compared with yesterday
LEVEL_BOUNDS = (0.25, 4.0)
NUM_ERRORS = 720
PRIOR_SPREAD = 0.2  # relative error believed before there is any
PRIOR_ERRORS = 8  # how many observed errors that belief weighs
LIKE_LEVEL = 0.3  # of a logarithm: how near two levels of demand are for their errors to compare
LEAST_WEIGHT = 0.03
FORGET_ERRORS = 360.0  # buckets
GROWTH_PER_S = 0.003  # of horizon, beyond the most that ever came in a bucket
LEAST_GROWTH = 0.3
QUANTILE_EDGES = np.array(
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.875, 0.925, 0.96, 0.98, 0.99, 0.995, 1.0]
)
QUANTILES = (QUANTILE_EDGES[1:] + QUANTILE_EDGES[:-1]) / 2
QUANTILE_WEIGHTS = np.diff(QUANTILE_EDGES)
PRIOR_ERRORS_AT = ndtri(QUANTILES) * PRIOR_SPREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Demand per second at a horizon: the middle, values at QUANTILES around it, and whose forecast it is."""

    middle: float
    values: Floats
    forecaster: str

    def quantile(self, share: float) -> float:
        """Demand that is exceeded with a probability of 1 - `share`."""
        return float(np.interp(share, QUANTILES, self.values))


@dataclass(slots=True)
class DayMemory:
    """Demand in slots of five minutes over eight days; a slot forgets when its time comes again."""

    _work: list[float] = field(default_factory=lambda: [0.0] * NUM_SLOTS)
    _seconds: list[float] = field(default_factory=lambda: [0.0] * NUM_SLOTS)
    _owner: list[int] = field(default_factory=lambda: [-1] * NUM_SLOTS)

    def add(self, *, at_s: float, seconds: float, work: float) -> None:
        number = math.floor(at_s / SLOT_S)
        slot = number % NUM_SLOTS
        if self._owner[slot] != number:
            self._owner[slot], self._work[slot], self._seconds[slot] = number, 0.0, 0.0
        self._work[slot] += work
        self._seconds[slot] += seconds

    def slots(self, *, after: int, before_s: float) -> list[Slot]:
        """What is remembered, oldest first: of slots with a higher number than `after` that had ended at `before_s`."""
        last = math.floor(before_s / SLOT_S)
        found = zip(self._owner, self._seconds, self._work, strict=True)
        return sorted(slot for slot in found if after < slot[0] < last)

    def recall(self, slots: Iterable[Slot]) -> None:
        """Demand that a former run remembered; ValueError for what cannot be any."""
        for number, seconds, work in slots:
            # Over five minutes where a step looked back over more: all of it is in the slot of its middle.
            if not 0 < seconds < math.inf or not 0 <= work < math.inf:
                raise ValueError(f"slot {number}: demand of {work!r} in {seconds!r} s")
            self.add(at_s=(number + 0.5) * SLOT_S, seconds=seconds, work=work)

    def mean(self, from_s: float, to_s: float) -> float | None:
        """Demand per second between two moments; None where less than half of it is remembered."""
        first, last = math.floor(from_s / SLOT_S), math.floor((to_s - 1e-6) / SLOT_S)
        work = seconds = 0.0
        for number in range(first, last + 1):
            slot = number % NUM_SLOTS
            if self._owner[slot] == number:
                work += self._work[slot]
                seconds += self._seconds[slot]
        if seconds < 0.5 * SLOT_S * (last + 1 - first):
            return None
        return work / seconds

    def at(self, at_s: float) -> float | None:
        """Demand per second around a moment, between the middles of slots."""
        position = at_s / SLOT_S - 0.5
        low = math.floor(position)
        left = self.mean(low * SLOT_S, (low + 1) * SLOT_S)
        right = self.mean((low + 1) * SLOT_S, (low + 2) * SLOT_S)
        if left is None or right is None:
            return left if right is None else right
        return left + (right - left) * (position - low)

    def as_before(self, *, now_s: float, horizon_s: float, period_s: float) -> float | None:
        """What came a period ago at this time, times how much more comes today than then."""
        then = self.at(now_s + horizon_s - period_s)
        today = self.mean(now_s - LEVEL_SLOTS * SLOT_S, now_s)
        before = self.mean(now_s - period_s - LEVEL_SLOTS * SLOT_S, now_s - period_s)
        if then is None or today is None or before is None or before <= 0:
            return None
        low, high = LEVEL_BOUNDS
        return then * min(high, max(low, today / before))


class DemandForecaster:
    """Remembers demand, forecasts it, and keeps the errors of its own forecasts. Demand is in any unit per second."""

    def __init__(self) -> None:
        self.days = DayMemory()
        self.names = [f"last value over {s:.0f} s" for s in SMOOTHINGS_S]
        self.names += ["yesterday", "last week"]
        self._smoothed: list[float | None] = [None] * len(SMOOTHINGS_S)
        self._seen_s = 0.0
        self._bucket_work = 0.0
        self._bucket_s = 0.0
        self._bucket_target_s = BUCKET_S
        self._most = math.inf  # demand of the fullest bucket, once there is one
        self._pending: deque[tuple[float, list[float | None]]] = deque()
        self._errors = np.zeros((len(self.names), NUM_ERRORS))
        self._levels = np.ones((len(self.names), NUM_ERRORS))
        self._num_errors = [0] * len(self.names)
        self._quantiles: dict[int, tuple[float, Floats, float, float]] = {}

    def add(
        self,
        *,
        now_s: float,
        interval_s: float,
        work: float,
        horizon_s: float,
        stay_s: float = 0.0,
    ) -> tuple[float, float] | None:
        """`work` came in the `interval_s` before `now_s`. Answers with seconds and demand of a bucket that this one closed.

        Bursts shorter than a request's stay are averaged by it, so a bucket is no shorter.
        """
        self._bucket_target_s = max(BUCKET_S, stay_s)
        rate = work / interval_s
        self._seen_s += interval_s
        for index, smoothing_s in enumerate(SMOOTHINGS_S):
            before = self._smoothed[index]
            share = max(1.0 - math.exp(-interval_s / smoothing_s), interval_s / self._seen_s)
            self._smoothed[index] = rate if before is None else before + share * (rate - before)
        self.days.add(at_s=now_s - interval_s / 2, seconds=interval_s, work=work)
        self._bucket_work += work
        self._bucket_s += interval_s
        if self._bucket_s < self._bucket_target_s:
            return None
        closed = self._bucket_s, self._bucket_work / self._bucket_s
        self._close_bucket(now_s, closed[1], horizon_s)
        self._bucket_work = self._bucket_s = 0.0
        return closed

    def level(self) -> float | None:
        """Demand per second now: the larger of the quick and the steady smoothing is for the caller to take."""
        return self._smoothed[LAST_VALUE]

    def steady_level(self) -> float | None:
        """The slowest smoothing: what is constant but for noise stays put in it."""
        return self._smoothed[-1]

    def quick_level(self) -> float | None:
        return self._smoothed[0]

    def forecasts(
        self, *, now_s: float, horizon_s: float, request_variance: float = 0.0
    ) -> list[Floats | None]:
        """Demand at the horizon by every forecaster, as equally spaced quantiles; None where it has nothing to go by."""
        noise = request_variance / self._bucket_target_s
        return [
            None if middle is None else self._around(index, middle, noise, horizon_s)
            for index, middle in enumerate(self._predict(now_s, horizon_s))
        ]

    def forecast(
        self,
        *,
        now_s: float,
        horizon_s: float,
        index: int = LAST_VALUE,
        request_variance: float = 0.0,
    ) -> Forecast | None:
        """One forecaster's demand at the horizon, or the last value's; None before anything was seen.

        `request_variance`: mean square over squared mean of one request's work. It gives the part of the errors that is
        counting, which whoever prices queueing has priced already.
        """
        found = self._predict(now_s, horizon_s)
        if found[index] is None:
            index = LAST_VALUE
        middle = found[index]
        if middle is None:
            return None
        noise = request_variance / self._bucket_target_s
        values = self._around(index, middle, noise, horizon_s)
        return Forecast(middle=middle, values=values, forecaster=self.names[index])

    def _predict(self, now_s: float, horizon_s: float) -> list[float | None]:
        return [
            *self._smoothed,
            self.days.as_before(now_s=now_s, horizon_s=horizon_s, period_s=DAY_S),
            self.days.as_before(now_s=now_s, horizon_s=horizon_s, period_s=WEEK_S),
        ]

    def _close_bucket(self, now_s: float, rate: float, horizon_s: float) -> None:
        self._most = rate if math.isinf(self._most) else max(self._most, rate)
        while self._pending and self._pending[0][0] <= now_s + 1e-6:
            _, predictions = self._pending.popleft()
            self._score(predictions, rate)
        self._pending.append((now_s + horizon_s, self._predict(now_s, horizon_s)))

    def _score(self, predictions: list[float | None], actual: float) -> None:
        self._quantiles.clear()
        for index, predicted in enumerate(predictions):
            if predicted is None:
                continue
            error = (actual - predicted) / max(predicted, 1e-3 * actual, 1e-9)
            place = self._num_errors[index] % NUM_ERRORS
            self._errors[index, place] = min(10.0, error)
            self._levels[index, place] = math.log(max(predicted, 1e-9))
            self._num_errors[index] += 1

    def _around(
        self, index: int, middle: float, counting_noise: float, horizon_s: float
    ) -> Floats:
        """Demand at equally spaced quantiles: by the observed relative errors, and by the prior while they are few."""
        count = self._num_errors[index]
        if count == 0:
            return np.asarray(np.maximum(0.0, middle * (1.0 + PRIOR_ERRORS_AT)))
        at = math.log(max(middle, 1e-9))
        if index not in self._quantiles or abs(self._quantiles[index][0] - at) > 0.1:
            self._quantiles[index] = self._observed(index, at, min(count, NUM_ERRORS))
        _, observed, centre, variance = self._quantiles[index]
        noise = counting_noise / max(middle, 1e-12)
        shrink = math.sqrt(max(0.05, 1.0 - noise / variance)) if variance > 0 else 1.0
        weight = count / (count + PRIOR_ERRORS)
        errors = (
            weight * (centre + shrink * (observed - centre)) + (1.0 - weight) * PRIOR_ERRORS_AT
        )
        ceiling = self._most * (1.0 + max(LEAST_GROWTH, GROWTH_PER_S * horizon_s))
        return np.asarray(np.clip(middle * (1.0 + errors), 0.0, max(middle, ceiling)))

    def _observed(self, index: int, at: float, count: int) -> tuple[float, Floats, float, float]:
        """Errors at quantiles, those made at a demand like this one first: large errors come with small demand."""
        apart = (self._levels[index, :count] - at) / LIKE_LEVEL
        age = (self._num_errors[index] - 1 - np.arange(count)) % NUM_ERRORS
        weights = (np.exp(-0.5 * apart * apart) + LEAST_WEIGHT) * np.exp(-age / FORGET_ERRORS)
        order = np.argsort(self._errors[index, :count])
        below = np.cumsum(weights[order])
        place = (below - 0.5 * weights[order]) / below[-1]
        observed = np.interp(QUANTILES, place, self._errors[index, order])
        centre = float(observed @ QUANTILE_WEIGHTS)
        return at, observed, centre, float((observed - centre) ** 2 @ QUANTILE_WEIGHTS)
