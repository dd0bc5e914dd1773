"""What a policy is told: counters become sums over the interval, gauges are of the moment, and all may be late or wrong."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from typing import Any

import numpy as np

from advisor.backtest.engine import measures
from advisor.backtest.engine.state import (
    NEXT_ARRIVAL,
    NUM_FAILED,
    NUM_FINISHED,
    NUM_INTERRUPTED,
)
from advisor.backtest.fleet import Fleet
from advisor.core.step import StepObservation


class Watch:
    """Turns counters into what a metrics server would tell about the last interval."""

    def __init__(self, fleet: Fleet, interval_s: float) -> None:
        self._fleet = fleet
        self._interval_s = interval_s
        trace = fleet.trace
        self._inputs = np.concatenate(([0], np.cumsum(trace.input_tokens)))
        self._before = fleet.state.fleet.copy()
        self._generated = 0.0
        self._out = np.zeros(6)
        self._late: deque[StepObservation] = deque()
        self._rng = np.random.default_rng(17)

    def look(self, now_s: float) -> StepObservation:
        """The observation at `now_s`, late and faulty as the conditions ask."""
        fresh = self._fresh(now_s)
        delay_s = self._fleet.conditions.metrics_delay_s
        if delay_s > 0:
            self._late.append(fresh)
            while len(self._late) > 1 and self._late[1].now_s <= now_s - delay_s:
                self._late.popleft()
            fresh = _with_replicas_of(fresh, self._late[0], now_s)
        return self._spoiled(fresh)

    def _fresh(self, now_s: float) -> StepObservation:
        fleet, state = self._fleet, self._fleet.state
        counts, before, numbers = state.fleet, self._before, fleet.numbers.tolist()
        measures.interval(state, fleet.bounds, before, self._out)
        ttft_s, tpot_s, e2e_s, num_good, inputs, outputs = self._out.tolist()
        low, high = int(before[NEXT_ARRIVAL]), int(counts[NEXT_ARRIVAL])
        seen = StepObservation(
            now_s=now_s,
            interval_s=self._interval_s,
            num_arrivals=float(high - low),
            replicas_running=int(numbers[0]),
            replicas_starting=int(numbers[1]),
            input_tokens=float(self._inputs[high] - self._inputs[low]),
            output_tokens=numbers[6] - self._generated,
            num_finished=float(counts[NUM_FINISHED] - before[NUM_FINISHED]),
            finished_input_tokens=inputs,
            finished_output_tokens=outputs,
            requests_running=numbers[3],
            requests_waiting=numbers[4],
            kv_cache_usage=_known(numbers[5]),
            num_good=num_good,
            ttft_p95_s=_known(ttft_s),
            tpot_p95_s=_known(tpot_s),
            e2e_p95_s=_known(e2e_s),
            cold_starts_s=fleet.take_cold_starts(),
            num_failed_launches=int(counts[NUM_FAILED] - before[NUM_FAILED]),
            num_interrupted=int(counts[NUM_INTERRUPTED] - before[NUM_INTERRUPTED]),
        )
        self._generated = numbers[6]
        before[:] = counts
        return seen

    def _spoiled(self, seen: StepObservation) -> StepObservation:
        faults = self._fleet.conditions.metric_faults
        if faults.missing > 0 and self._rng.random() < faults.missing:
            return _replaced(seen, None)
        if faults.garbage > 0 and self._rng.random() < faults.garbage:
            value = float(self._rng.choice([np.nan, np.inf, -np.inf, -1.0, 1e300]))
            return _replaced(seen, value)
        return seen


_METRICS = (
    "num_arrivals", "input_tokens", "output_tokens", "num_finished", "finished_input_tokens",
    "finished_output_tokens", "requests_running", "requests_waiting", "kv_cache_usage", "ttft_p95_s",
    "tpot_p95_s", "e2e_p95_s", "num_good",
)  # fmt: skip


def _replaced(seen: StepObservation, value: float | None) -> StepObservation:
    changes: dict[str, Any] = dict.fromkeys(_METRICS, value)
    return dataclasses.replace(seen, **changes)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _with_replicas_of(
    now: StepObservation, late: StepObservation, now_s: float
) -> StepObservation:
    """The metrics of then, the replicas of now."""
    return dataclasses.replace(
        late,
        now_s=now_s,
        replicas_running=now.replicas_running,
        replicas_starting=now.replicas_starting,
        cold_starts_s=now.cold_starts_s,
        num_failed_launches=now.num_failed_launches,
        num_interrupted=now.num_interrupted,
        age_s=now_s - late.now_s,
    )
