"""A number of replicas fixed beforehand, and the naive forecast: what every cleverer policy has to beat."""

from __future__ import annotations

import math
from collections import deque

from advisor.backtest.policies.setting import Recent, Setting, capacity, hold
from advisor.core.step import StepDecision, StepObservation

DAY_S = 86_400.0


class Fixed:
    """Always the same; the number is chosen in hindsight."""

    interval_s = 60.0

    def __init__(self, setting: Setting, replicas: float) -> None:
        self._target = setting.bounded(round(replicas))

    def step(self, observation: StepObservation) -> StepDecision:
        return StepDecision(target_replicas=self._target, reason="fixed")


class NaiveForecast:
    """The larger of yesterday at this time and the last two minutes, counted in work, times a headroom."""

    interval_s = 30.0
    recent_s = 120.0
    lengths_s = 1800.0

    def __init__(self, setting: Setting, headroom: float) -> None:
        self._setting, self._headroom = setting, headroom
        self._arrivals = Recent(self.recent_s)
        self._lengths = [Recent(self.lengths_s) for _ in range(3)]
        self._past: deque[tuple[float, float]] = deque()

    def step(self, observation: StepObservation) -> StepDecision:
        seen, now_s = observation, observation.now_s
        readings = (seen.finished_input_tokens, seen.finished_output_tokens, seen.num_finished)
        if seen.num_arrivals is None or None in readings:
            return hold(seen, "not observed")
        self._arrivals.add(now_s, seen.num_arrivals)
        for lengths, value in zip(self._lengths, readings, strict=True):
            lengths.add(now_s, value or 0.0)
        finished = max(1.0, self._lengths[2].total)
        isl, osl = (max(1.0, lengths.total / finished) for lengths in self._lengths[:2])
        rate = self._arrivals.total / self.recent_s
        work = rate / capacity(self._setting, isl, osl).requests_per_s
        self._past.append((now_s, work))
        demand = max(work, self._yesterday(now_s))
        target = math.ceil(self._headroom * demand - 1e-9)
        return StepDecision(
            target_replicas=self._setting.bounded(target), reason=f"{demand:.2f} replicas of work"
        )

    def _yesterday(self, now_s: float) -> float:
        """The most of the cold start and a look after this time of yesterday."""
        while self._past and self._past[0][0] < now_s - DAY_S:
            self._past.popleft()
        ahead_s = now_s - DAY_S + self._setting.cold_start_s + 2 * self.interval_s
        most = 0.0
        for at_s, work in self._past:
            if at_s > ahead_s:
                break
            most = max(most, work)
        return most
