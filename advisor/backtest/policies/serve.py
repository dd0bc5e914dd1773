"""Policies of serving systems that count requests: Ray Serve 2.60 and SkyServe 0.14, by their sources."""

from __future__ import annotations

import math

from advisor.backtest.policies.setting import (
    NOMINAL_ISL,
    NOMINAL_OSL,
    Recent,
    Setting,
    Wanted,
    capacity,
    hold,
    ongoing,
    present,
)
from advisor.core.step import StepDecision, StepObservation


class RayServe:
    """Requests running and queued, mean over 30 s, over a target; up after 30 s, down after 600 s of wanting it.

    It jumps to the present desire, and reaches zero only from one. Replicas that start do not enter the signal.
    """

    interval_s = 10.0
    look_back_s, up_s, down_s = 30.0, 30.0, 600.0

    def __init__(self, setting: Setting, target_ongoing_requests: float) -> None:
        self._setting, self._target = setting, target_ongoing_requests
        self._ongoing = Recent(self.look_back_s)
        self._wanted = Wanted(up_s=self.up_s, down_s=self.down_s)

    def step(self, observation: StepObservation) -> StepDecision:
        total = ongoing(observation)
        if total is None:
            return hold(observation, "requests not observed")
        self._ongoing.add(observation.now_s, total)
        now = present(observation)
        desired = math.ceil(self._ongoing.mean / self._target - 1e-9)
        if now == 0:  # from zero without patience
            target = max(1, desired) if total > 0 else 0
        else:
            desired = self._setting.bounded(desired if desired > 0 or now == 1 else 1)
            target = self._wanted.follow(observation.now_s, now, desired)
        return StepDecision(
            target_replicas=self._setting.bounded(target),
            reason=f"{self._ongoing.mean:.1f} ongoing",
        )


class SkyServe:
    """Requests per second over a minute, over a target; up after 300 s of higher, down after 1200 s of lower."""

    interval_s = 20.0
    window_s, up_s, down_s = 60.0, 300.0, 1200.0

    def __init__(self, setting: Setting, share_of_capacity: float) -> None:
        nominal = capacity(setting, NOMINAL_ISL, NOMINAL_OSL).requests_per_s
        self._setting, self._target_qps = setting, share_of_capacity * nominal
        self._arrivals = Recent(self.window_s)
        self._wanted = Wanted(up_s=self.up_s, down_s=self.down_s)

    def step(self, observation: StepObservation) -> StepDecision:
        if observation.num_arrivals is None:
            return hold(observation, "arrivals not observed")
        self._arrivals.add(observation.now_s, observation.num_arrivals)
        qps = self._arrivals.total / self.window_s
        now = present(observation)
        desired = self._setting.bounded(math.ceil(qps / self._target_qps - 1e-9))
        if now == 0 and desired > 0:  # with no replica there is no patience
            return StepDecision(target_replicas=desired, reason=f"{qps:.2f} requests/s")
        target = self._wanted.follow(observation.now_s, now, desired)
        return StepDecision(target_replicas=target, reason=f"{qps:.2f} requests/s")
