"""Policies of Kubernetes: the HPA, KEDA upon it, Knative's KPA and AIBrix's APA, rules as in their documentation.

All compare a metric per pod with a target. The HPA counts pods that are not ready as idle upwards and as at the target
downwards, grows by at most 4 or 100 % in 15 s, and shrinks to the highest recommendation of the last 300 s.
"""

from __future__ import annotations

import math

from advisor.backtest.policies.setting import Recent, Setting, hold, ongoing, present
from advisor.core.step import StepDecision, StepObservation

TOLERANCE = 0.1


class _Hpa:
    """The part that the HPA and KEDA share: from a total and a target per pod to a number of pods."""

    interval_s = 15.0
    stabilization_s = 300.0

    def __init__(self, setting: Setting, target: float) -> None:
        self._setting, self._target = setting, target
        self._recommended = Recent(self.stabilization_s)

    def _scaled(self, seen: StepObservation, total: float) -> int:
        now, starting = present(seen), seen.replicas_starting or 0
        ratio = total / (self._target * now)
        if ratio < 1:
            ratio = (total + starting * self._target) / (self._target * now)
        desired = now if abs(ratio - 1) <= TOLERANCE else math.ceil(ratio * now - 1e-9)
        desired = self._setting.bounded(max(1, min(desired, now + max(4, now))))
        self._recommended.add(seen.now_s, desired)
        return max(desired, min(now, int(self._recommended.highest)))


class Hpa(_Hpa):
    """Requests running and waiting per pod; never below one pod."""

    def step(self, observation: StepObservation) -> StepDecision:
        total = ongoing(observation)
        if total is None:
            return hold(observation, "requests not observed")
        if present(observation) == 0:
            return StepDecision(target_replicas=1, reason="at least one")
        target = self._scaled(observation, total)
        return StepDecision(target_replicas=target, reason=f"{total:.0f} ongoing")


class Keda(_Hpa):
    """`sum(num_requests_waiting)` over a threshold, and between zero and one by whether anything is active."""

    cooldown_s = 300.0

    def __init__(self, setting: Setting, target: float) -> None:
        super().__init__(setting, target)
        self._active_s = 0.0

    def step(self, observation: StepObservation) -> StepDecision:
        waiting, seen = observation.requests_waiting, observation
        if waiting is None:
            return hold(seen, "waiting not observed")
        if waiting > 0:
            self._active_s = seen.now_s
        if present(seen) == 0:
            return StepDecision(target_replicas=int(waiting > 0), reason="activation")
        if self._setting.min_replicas == 0 and seen.now_s - self._active_s >= self.cooldown_s:
            return StepDecision(target_replicas=0, reason="cooldown is over")
        target = self._scaled(seen, waiting)
        return StepDecision(target_replicas=target, reason=f"{waiting:.0f} waiting")


class Knative:
    """Concurrency over 60 s, or 6 s in a panic, against 70 % of the target; a panic never shrinks."""

    interval_s = 2.0
    stable_s, panic_s, grace_s = 60.0, 6.0, 30.0
    utilization, panic_ratio = 0.7, 2.0

    def __init__(self, setting: Setting, concurrency: float) -> None:
        self._setting, self._target = setting, concurrency * self.utilization
        self._stable, self._panic = Recent(self.stable_s), Recent(self.panic_s)
        self._panic_until_s = -math.inf
        self._highest = 0
        self._idle_since_s: float | None = None

    def step(self, observation: StepObservation) -> StepDecision:
        total, now_s = ongoing(observation), observation.now_s
        if total is None:
            return hold(observation, "concurrency not observed")
        self._stable.add(now_s, total)
        self._panic.add(now_s, total)
        ready = max(1, observation.replicas_running or 0)
        stable, panic = (
            math.ceil(window.mean / self._target - 1e-9) for window in (self._stable, self._panic)
        )
        if panic >= self.panic_ratio * ready:
            self._panic_until_s = now_s + self.stable_s
        stable = max(stable, ready // 2)  # at most halved at a time
        target = self._in_panic(panic) if now_s < self._panic_until_s else self._calm(stable)
        return StepDecision(
            target_replicas=self._setting.bounded(self._not_yet_zero(now_s, target, total)),
            reason=f"concurrency {self._stable.mean:.1f}",
        )

    def _in_panic(self, desired: int) -> int:
        self._highest = max(self._highest, desired)
        return self._highest

    def _calm(self, desired: int) -> int:
        self._highest = 0
        return desired

    def _not_yet_zero(self, now_s: float, target: int, total: float) -> int:
        if total > 0 or self._stable.total > 0:
            self._idle_since_s = None
            return max(1, target)
        if self._idle_since_s is None:
            self._idle_since_s = now_s
        return 0 if now_s - self._idle_since_s >= self.grace_s else 1


class Aibrix:
    """KV cache use per pod over a target; up at most twofold above 1.1 of it, down at most by half below 0.9."""

    interval_s = 10.0
    window_s = 60.0

    def __init__(self, setting: Setting, kv_cache_usage: float) -> None:
        self._setting, self._target = setting, kv_cache_usage
        self._usage = Recent(self.window_s)

    def step(self, observation: StepObservation) -> StepDecision:
        now, running = present(observation), observation.replicas_running or 0
        if now == 0:
            wanted = int((observation.requests_waiting or 0) > 0)
            return StepDecision(target_replicas=wanted, reason="activation")
        if observation.kv_cache_usage is None or running == 0:
            return hold(observation, "KV cache not observed")
        self._usage.add(observation.now_s, observation.kv_cache_usage * running)
        ratio = self._usage.mean / now / self._target
        target = now
        if ratio > 1.1:
            target = min(math.ceil(now * ratio), 2 * now)
        elif ratio < 0.9:
            target = max(math.ceil(now * ratio), math.ceil(now / 2), 1)
        return StepDecision(
            target_replicas=self._setting.bounded(target), reason=f"KV ratio {ratio:.2f}"
        )
