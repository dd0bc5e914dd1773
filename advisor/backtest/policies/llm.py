"""Policies made for LLMs: the planner of NVIDIA Dynamo 1.6 and the saturation engine of llm-d WVA v1, by their sources.

Dynamo predicts requests, ISL and OSL of the next interval and divides by the rate that one engine sustains inside the SLO;
beside it, or alone, a fast loop adds a replica when the engines are over the SLO and takes one when the rest could carry it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from advisor.backtest.policies.setting import Setting, capacity, hold, present
from advisor.core.step import StepDecision, StepObservation


class Predictor(Protocol):
    def next(self, value: float) -> float:
        """Take in a reading, predict the next one."""


class LastValue:
    def next(self, value: float) -> float:
        return value


class KalmanTrend:
    """A local linear trend, Q = diag(1, 0.1), R = 10."""

    q_level, q_trend, r = 1.0, 0.1, 10.0

    def __init__(self) -> None:
        self._level: float | None = None
        self._trend = 0.0
        self._p = [[10.0, 0.0], [0.0, 10.0]]

    def next(self, value: float) -> float:
        if self._level is None:
            self._level = value
            return value
        (a, b), (_, d) = self._p
        level = self._level + self._trend
        a, b, d = a + 2 * b + d + self.q_level, b + d, d + self.q_trend
        gain_level, gain_trend = a / (a + self.r), b / (a + self.r)
        error = value - level
        self._level = level + gain_level * error
        self._trend += gain_trend * error
        self._p = [
            [(1 - gain_level) * a, (1 - gain_level) * b],
            [(1 - gain_level) * b, d - gain_trend * b],
        ]
        return max(0.0, self._level + self._trend)


class DynamoPredictive:
    """Every 180 s: predicted rate over the engine's; at most 8 up or down; nothing while replicas are pending."""

    interval_s = 180.0
    most = 8

    def __init__(
        self, setting: Setting, headroom: float, predictor: Callable[[], Predictor] = LastValue
    ) -> None:
        self._setting, self._headroom = setting, headroom
        self._predictors = [predictor() for _ in range(3)]

    def step(self, observation: StepObservation) -> StepDecision:
        desired = self.desired(observation)
        if desired is None:
            return hold(observation, "traffic not observed")
        if observation.replicas_starting:
            return hold(observation, "replicas are pending")
        now = present(observation)
        target = min(max(desired, now - self.most), now + self.most)
        return StepDecision(
            target_replicas=self._setting.bounded(target), reason=f"{desired} predicted"
        )

    def desired(self, seen: StepObservation) -> int | None:
        readings = (seen.num_arrivals, seen.finished_input_tokens, seen.finished_output_tokens)
        if None in readings or seen.num_finished is None:
            return None
        if not seen.num_arrivals or not seen.num_finished:
            return 1
        isl = (seen.finished_input_tokens or 0.0) / seen.num_finished
        osl = (seen.finished_output_tokens or 0.0) / seen.num_finished
        values = (seen.num_arrivals, isl, osl)
        arrivals, isl, osl = (
            predictor.next(value)
            for predictor, value in zip(self._predictors, values, strict=True)
        )
        rate = arrivals / seen.interval_s * self._headroom
        one = capacity(self._setting, max(1.0, isl), max(1.0, osl)).requests_per_s
        return max(1, math.ceil(rate / one - 1e-9))


def kalman(setting: Setting, headroom: float) -> DynamoPredictive:
    return DynamoPredictive(setting, headroom, KalmanTrend)


class DynamoReactive:
    """Every 5 s: one up when the engines are over the SLO, one down when the rest would stay under 0.8 of it.

    What an engine's load means for latency comes from the replica model: the prompts that wait before a new one, and the
    step of the present batch. Nothing while replicas are pending.
    """

    interval_s = 5.0
    isl_s = 600.0

    def __init__(self, setting: Setting, sensitivity: float) -> None:
        self._setting, self._sensitivity = setting, sensitivity
        self._isl = 1000.0

    def step(self, observation: StepObservation) -> StepDecision:
        return StepDecision(
            target_replicas=self._setting.bounded(self.wanted(observation)), reason="load"
        )

    def wanted(self, seen: StepObservation) -> int:
        now, running = present(seen), seen.replicas_running or 0
        if seen.num_arrivals and seen.input_tokens:
            self._isl += 0.05 * (seen.input_tokens / seen.num_arrivals - self._isl)
        if now == 0:
            return 1
        if seen.replicas_starting or seen.requests_running is None or running == 0:
            return now
        if self._load(seen, running) > 1.0:
            return now + 1
        if running > 1 and self._load(seen, running - 1) < self._sensitivity:
            return now - 1
        return now

    def _load(self, seen: StepObservation, engines: int) -> float:
        """The larger of predicted TTFT and ITL, each over its bound."""
        model, objective = self._setting.belief, self._setting.objective
        spread = (seen.replicas_running or 1) / engines
        batch = (seen.requests_running or 0.0) / engines
        kv_tokens = (seen.kv_cache_usage or 0.0) * model.kv_capacity_tokens * spread
        step_s = model.step_s(batch=batch, kv_tokens=kv_tokens)
        prefill_s = model.step_per_prefill_token_s * self._isl
        waiting = (seen.requests_waiting or 0.0) / engines
        ttft_s = (waiting + 1) * prefill_s + step_s
        bound_s = objective.ttft_base_s + objective.ttft_per_prefill * prefill_s
        return max(ttft_s / bound_s, step_s / objective.tpot_s)


class DynamoBoth:
    """The load loop every 5 s, with the prediction of every 180 s (Kalman) as its floor: the planner's strongest setting."""

    interval_s = 5.0

    def __init__(self, setting: Setting, headroom: float) -> None:
        self._predictive = DynamoPredictive(setting, headroom, KalmanTrend)
        self._reactive = DynamoReactive(setting, 0.8)
        self._setting = setting
        self._floor = 1
        self._sums = _Sums(DynamoPredictive.interval_s)

    def step(self, observation: StepObservation) -> StepDecision:
        whole = self._sums.add(observation)
        if whole is not None:
            self._floor = self._predictive.desired(whole) or self._floor
        if observation.replicas_starting:
            return hold(observation, "replicas are pending")
        now = present(observation)
        floor = min(self._floor, now + DynamoPredictive.most)
        target = max(self._reactive.wanted(observation), floor)
        return StepDecision(
            target_replicas=self._setting.bounded(target), reason=f"floor {self._floor}"
        )


class _Sums:
    """Adds up the counts of short intervals into those of a long one."""

    fields = ("num_arrivals", "num_finished", "finished_input_tokens", "finished_output_tokens")

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._sums = dict.fromkeys(self.fields, 0.0)
        self._span_s = 0.0

    def add(self, seen: StepObservation) -> StepObservation | None:
        for name in self.fields:
            self._sums[name] += getattr(seen, name) or 0.0
        self._span_s += seen.interval_s
        if self._span_s < self._interval_s - 1e-9:
            return None
        whole = StepObservation(
            now_s=seen.now_s,
            interval_s=self._span_s,
            replicas_running=seen.replicas_running,
            replicas_starting=seen.replicas_starting,
            num_arrivals=self._sums["num_arrivals"],
            num_finished=self._sums["num_finished"],
            finished_input_tokens=self._sums["finished_input_tokens"],
            finished_output_tokens=self._sums["finished_output_tokens"],
        )
        self._sums, self._span_s = dict.fromkeys(self.fields, 0.0), 0.0
        return whole


class Wva:
    """Every 30 s: one up when little KV cache or queue is spare, one down when the rest keeps both spare."""

    interval_s = 30.0
    queue_limit, spare_kv, spare_queue = 5.0, 0.10, 3.0

    def __init__(self, setting: Setting, kv_limit: float) -> None:
        self._setting, self._kv_limit = setting, kv_limit

    def step(self, observation: StepObservation) -> StepDecision:
        seen, now = observation, present(observation)
        running = seen.replicas_running or 0
        if now == 0:
            wanted = int((seen.requests_waiting or 0) > 0)
            return StepDecision(target_replicas=wanted, reason="activation")
        if seen.replicas_starting or running == 0:
            return hold(seen, "replicas are starting")
        if seen.kv_cache_usage is None or seen.requests_waiting is None:
            return hold(seen, "saturation not observed")
        kv, queue = seen.kv_cache_usage, seen.requests_waiting / running
        if self._tight(kv, queue):
            target = now + 1
        elif running > 1 and not self._tight(
            kv * running / (running - 1), queue * running / (running - 1)
        ):
            target = now - 1
        else:
            target = now
        return StepDecision(
            target_replicas=self._setting.bounded(target), reason=f"KV {kv:.2f}, queue {queue:.1f}"
        )

    def _tight(self, kv: float, queue: float) -> bool:
        return self._kv_limit - kv < self.spare_kv or self.queue_limit - queue < self.spare_queue
