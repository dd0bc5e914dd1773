"""Demand at the moment when a replica launched now is ready, with the spread of what could come instead.

Scaling up takes a cold start, so what counts is the demand at that horizon. Several plain forecasters compete: the last
value at three smoothings, a damped trend (Gardner and McKenzie, Management Science 1985), yesterday and last week at this
time with the level of today. None is trusted by its name: each is backtested on the run, the best of the last hours acts,
and only while it beats last value; on bursts nothing does (`facts`: un-warmed ARIMA errs by half). All are closed forms
with a fixed state, so a step costs microseconds and memory stays flat.

The spread is the acting forecaster's own recent relative errors, less what Poisson counting alone makes of them, which the
queueing model already prices.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

BUCKET_S = 30.0  # demand is compared in buckets of at least this
SLOT_S = 300.0  # the resolution of a day remembered
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
NUM_SLOTS = int(8 * DAY_S / SLOT_S)
SMOOTHINGS_S = (30.0, 120.0, 480.0)
LAST_VALUE = 1  # index of the smoothing that every other forecaster must beat
TREND_DAMPING = 0.9  # per bucket
MUST_BEAT = 0.97  # of last value's error
SCORE_MEMORY_S = 4 * 3600.0
LEVEL_SLOTS = 6  # half an hour, over which today is compared with yesterday
LEVEL_BOUNDS = (0.25, 4.0)
NUM_ERRORS = 960
PRIOR_SPREAD = 0.3  # relative error believed before there is any
PRIOR_ERRORS = 12  # how many observed errors that belief weighs
QUANTILE_EDGES = np.array(
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.875, 0.925, 0.96, 0.98, 0.99, 0.995, 1.0]
)
QUANTILES = (QUANTILE_EDGES[1:] + QUANTILE_EDGES[:-1]) / 2
QUANTILE_WEIGHTS = np.diff(QUANTILE_EDGES)
PRIOR_ERRORS_AT = ndtri(QUANTILES) * PRIOR_SPREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Demand per second at a horizon: the middle, equally likely values around it, and whose forecast it is."""

    middle: float
    values: Floats
    forecaster: str


@dataclass(slots=True)
class DayMemory:
    """Demand in slots of five minutes over eight days; a slot forgets when its time comes again."""

    _work: Floats = field(default_factory=lambda: np.zeros(NUM_SLOTS))
    _seconds: Floats = field(default_factory=lambda: np.zeros(NUM_SLOTS))
    _owner: Floats = field(default_factory=lambda: np.full(NUM_SLOTS, -1.0))

    def add(self, *, at_s: float, seconds: float, work: float) -> None:
        number = math.floor(at_s / SLOT_S)
        slot = number % NUM_SLOTS
        if self._owner[slot] != number:
            self._owner[slot], self._work[slot], self._seconds[slot] = number, 0.0, 0.0
        self._work[slot] += work
        self._seconds[slot] += seconds

    def mean(self, from_s: float, to_s: float) -> float | None:
        """Demand per second between two moments; None where less than half of it is remembered."""
        numbers = np.arange(math.floor(from_s / SLOT_S), math.floor((to_s - 1e-6) / SLOT_S) + 1)
        slots = numbers % NUM_SLOTS
        known = self._owner[slots] == numbers
        seconds = float(self._seconds[slots][known].sum())
        if seconds < 0.5 * SLOT_S * len(numbers):
            return None
        return float(self._work[slots][known].sum()) / seconds

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
    """Remembers demand, forecasts it, and keeps score of its own forecasts. Demand is in any unit per second."""

    def __init__(self) -> None:
        self.days = DayMemory()
        self._smoothed: list[float | None] = [None] * len(SMOOTHINGS_S)
        self._seen_s = 0.0
        self._trend = 0.0
        self._level: float | None = None
        self._bucket_work = 0.0
        self._bucket_s = 0.0
        self._bucket_target_s = BUCKET_S
        self._names = [f"last value over {s:.0f} s" for s in SMOOTHINGS_S]
        self._names += ["damped trend", "yesterday", "last week"]
        self._pending: deque[tuple[float, list[float | None]]] = deque()
        self._scores = np.zeros(len(self._names))
        self._weights = np.zeros(len(self._names))
        self._errors = np.zeros((len(self._names), NUM_ERRORS))
        self._num_errors = np.zeros(len(self._names), dtype=np.int64)

    def add(
        self,
        *,
        now_s: float,
        interval_s: float,
        work: float,
        horizon_s: float,
        stay_s: float = 0.0,
    ) -> None:
        """`work` came in the `interval_s` before `now_s`; bursts shorter than a request's stay are averaged by it."""
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
        if self._bucket_s >= self._bucket_target_s:
            self._close_bucket(now_s, self._bucket_work / self._bucket_s, horizon_s)
            self._bucket_work = self._bucket_s = 0.0

    def level(self) -> float | None:
        """Demand per second now: the larger of the quick and the steady smoothing is for the caller to take."""
        return self._smoothed[LAST_VALUE]

    def quick_level(self) -> float | None:
        return self._smoothed[0]

    def forecast(
        self, *, now_s: float, horizon_s: float, request_variance: float = 0.0
    ) -> Forecast | None:
        """Demand at the horizon; None before anything was seen.

        `request_variance`: mean square over squared mean of one request's work. It gives the part of the errors that is
        counting, which whoever prices queueing has priced already.
        """
        found = self._predict(now_s, horizon_s)
        index = self._acting(found)
        middle = found[index]
        if middle is None:
            return None
        errors = self._spread(index, middle, request_variance / self._bucket_target_s)
        return Forecast(
            middle=middle,
            values=np.maximum(0.0, middle * (1.0 + errors)),
            forecaster=self._names[index],
        )

    def _predict(self, now_s: float, horizon_s: float) -> list[float | None]:
        trend = None
        if self._level is not None:
            steps = horizon_s / BUCKET_S
            damped = TREND_DAMPING * (1 - TREND_DAMPING**steps) / (1 - TREND_DAMPING)
            trend = max(0.0, self._level + damped * self._trend)
        return [
            *self._smoothed,
            trend,
            self.days.as_before(now_s=now_s, horizon_s=horizon_s, period_s=DAY_S),
            self.days.as_before(now_s=now_s, horizon_s=horizon_s, period_s=WEEK_S),
        ]

    def _acting(self, found: list[float | None]) -> int:
        """The best of the last hours, if it beats last value by enough there; else last value."""
        best, best_score = LAST_VALUE, math.inf
        if self._weights[LAST_VALUE] > 0:
            best_score = MUST_BEAT * self._scores[LAST_VALUE] / self._weights[LAST_VALUE]
        for index, value in enumerate(found):
            if (
                value is None
                or self._weights[index] < 0.5 * self._weights[LAST_VALUE]
                or index == LAST_VALUE
            ):
                continue
            if (
                self._weights[index] > 0
                and self._scores[index] / self._weights[index] < best_score
            ):
                best, best_score = index, self._scores[index] / self._weights[index]
        return best

    def _close_bucket(self, now_s: float, rate: float, horizon_s: float) -> None:
        while self._pending and self._pending[0][0] <= now_s + 1e-6:
            _, predictions = self._pending.popleft()
            self._score(predictions, rate)
        before = self._level
        expected = rate if before is None else before + TREND_DAMPING * self._trend
        self._level = expected + 0.4 * (rate - expected)
        if before is not None:
            self._trend = TREND_DAMPING * self._trend + 0.1 * (rate - expected)
        # A bucket's mean is centred half a bucket before its end.
        self._pending.append((now_s + horizon_s, self._predict(now_s, horizon_s)))

    def _score(self, predictions: list[float | None], actual: float) -> None:
        kept = math.exp(-self._bucket_s / SCORE_MEMORY_S)
        self._scores *= kept
        self._weights *= kept
        for index, predicted in enumerate(predictions):
            if predicted is None:
                continue
            self._scores[index] += abs(actual - predicted)
            self._weights[index] += 1.0
            error = (actual - predicted) / max(predicted, 1e-3 * actual, 1e-9)
            self._errors[index, self._num_errors[index] % NUM_ERRORS] = min(10.0, error)
            self._num_errors[index] += 1

    def _spread(self, index: int, middle: float, counting_noise: float) -> Floats:
        """Relative errors at equally likely quantiles: observed ones, and the prior while they are few."""
        count = int(min(NUM_ERRORS, self._num_errors[index]))
        weight = count / (count + PRIOR_ERRORS)
        if count == 0:
            return np.asarray(PRIOR_ERRORS_AT)
        observed = np.quantile(self._errors[index, :count], QUANTILES)
        centre = float(observed @ QUANTILE_WEIGHTS)
        variance = float((observed - centre) ** 2 @ QUANTILE_WEIGHTS)
        noise = counting_noise / max(middle, 1e-12)
        shrink = math.sqrt(max(0.05, 1.0 - noise / variance)) if variance > 0 else 1.0
        return np.asarray(
            weight * (centre + shrink * (observed - centre)) + (1.0 - weight) * PRIOR_ERRORS_AT
        )
