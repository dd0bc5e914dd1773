"""The one call that every scaling policy answers: `step(observation) -> decision`.

A policy sees the past and nothing else, as a metrics server would tell it, and answers with the replicas it wants. Ours
runs behind the same call in the live loop, in the backtest, and in a simulator of somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StepObservation:
    """What is known at `now_s`. Counts are of the `interval_s` seconds before it, gauges of `now_s` itself.

    None is "not observed", never zero. Only the first four and the two replica counts are always known to somebody who
    runs a fleet; a policy must hold where something it needs is missing.
    """

    now_s: float
    interval_s: float
    num_arrivals: float | None  # requests that came in
    replicas_running: int | None  # ready to serve, draining ones not among them
    replicas_starting: int | None  # launched, not ready yet
    input_tokens: float | None = None  # of the requests that came in
    output_tokens: float | None = None  # generated in the interval, all requests together
    num_finished: float | None = None
    finished_input_tokens: float | None = None  # of the requests that finished, whole prompts
    finished_output_tokens: float | None = None  # of the requests that finished, whole answers
    requests_running: float | None = None  # in an engine
    requests_waiting: float | None = None  # in the router and in the engines' queues
    kv_cache_usage: float | None = None  # 0-1, mean over running replicas
    prefix_cache_hit_rate: float | None = None  # 0-1
    num_good: float | None = None  # of those that finished, inside every objective
    ttft_p95_s: float | None = None
    tpot_p95_s: float | None = None
    e2e_p95_s: float | None = None
    cold_starts_s: tuple[float, ...] = ()  # launch to ready, of the replicas that became ready
    num_failed_launches: int = 0
    num_interrupted: int = 0  # spot replicas that were taken back
    age_s: float = 0.0  # of the oldest reading among these


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDecision:
    """How many replicas there should be, starting ones included, and why. Equal to what is there: hold."""

    target_replicas: int
    reason: str


class Policy(Protocol):
    """A scaling policy; it may keep state between steps, and has no clock but `now_s`."""

    def step(self, observation: StepObservation) -> StepDecision:
        """Called at every interval with the past; answers with the replicas wanted from now on."""
