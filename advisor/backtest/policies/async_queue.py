"""A queue that nobody waits at: its consumers look every T, start if anything waits, and go once nothing waits any more.

What `core/queue_costs.py` prices, as a policy: the same number of replicas at every start, looks on a fixed grid of time.
Those told to go finish what they have. Without a reading of what waits nothing is changed.
"""

from __future__ import annotations

import math

from advisor.core.step import StepDecision, StepObservation

SLACK_S = 1e-6


class AsyncQueue:
    """`replicas` consumers, or none."""

    interval_s = 10.0

    def __init__(self, *, replicas: int, every_s: float) -> None:
        self._replicas, self._every_s = replicas, every_s
        self._next_s = every_s
        self._draining = False

    def step(self, observation: StepObservation) -> StepDecision:
        waiting, starting = observation.requests_waiting, observation.replicas_starting
        if waiting is None or starting is None:
            return self._decision("not observed")
        if self._draining:
            self._draining = waiting > 0 or starting > 0
        elif observation.now_s >= self._next_s - SLACK_S:
            looks = math.floor((observation.now_s + SLACK_S) / self._every_s)
            self._next_s = (looks + 1) * self._every_s
            self._draining = waiting > 0
        return self._decision(f"{waiting:.0f} wait")

    def _decision(self, reason: str) -> StepDecision:
        return StepDecision(target_replicas=self._replicas if self._draining else 0, reason=reason)
