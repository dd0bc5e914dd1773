"""From an observation to the load a replica count must carry. What was not observed stays unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from advisor.core.capacity import Mix
from advisor.core.idle_gaps import IdleGaps
from advisor.core.observation import Observation
from advisor.core.step import StepObservation


class WorkloadSource(StrEnum):
    OBSERVED = "observed"
    EXPECTED = "expected"  # declared by the user; stands in until traffic is observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Arrivals per second and mean lengths in tokens; `idle_share` is the part of the remembered time without traffic.

    `idle_gaps` are the pauses that it consists of, where they were told apart. `planned_per_s` is the demand that replicas
    are counted for where somebody forecasts it; None: the load as it is.
    """

    requests_per_s: float
    isl: float
    osl: float
    source: WorkloadSource
    idle_share: float | None = None
    idle_gaps: IdleGaps | None = None
    planned_per_s: float | None = None

    @property
    def counted_per_s(self) -> float:
        """Requests/s that replicas are counted for: never fewer than there are."""
        return max(self.requests_per_s, self.planned_per_s or 0.0)

    @property
    def output_tokens_per_s(self) -> float:
        return self.requests_per_s * self.osl


def rounded(workload: Workload) -> Workload:
    """With lengths to two digits: no window tells them better, and what was worked out for them serves the next round."""
    return replace(workload, isl=rounded_length(workload.isl), osl=rounded_length(workload.osl))


def rounded_length(tokens: float) -> float:
    return float(f"{tokens:.2g}")


def workload_of(
    observation: Observation,
    *,
    expected: Workload | None,
    idle_share: float | None,
    max_age_s: float,
    idle_gaps: IdleGaps | None = None,
    last_busy: Workload | None = None,
) -> Workload | None:
    """The observed load where rate and lengths are known and fresh; else the user's; else None.

    A fresh rate of zero is a load of zero: in a pause the lengths are those of `last_busy`, the last load there was; before
    any load the user's, else 1 token each.
    """
    rate = observation.requests_per_s
    if rate is None or rate.age_s > max_age_s:
        return expected
    isl, osl = observation.mean_isl, observation.mean_osl
    if isl is not None and osl is not None and isl.value >= 1 and osl.value >= 1:
        lengths = isl.value, osl.value
    elif rate.value == 0 and last_busy is not None:
        lengths = last_busy.isl, last_busy.osl
    elif expected is not None:
        lengths = expected.isl, expected.osl
    elif rate.value == 0:
        lengths = 1.0, 1.0
    else:
        return None
    return Workload(
        requests_per_s=rate.value,
        isl=lengths[0],
        osl=lengths[1],
        source=WorkloadSource.OBSERVED,
        idle_share=idle_share,
        idle_gaps=idle_gaps,
    )


MIX_MEMORY_S = 1800.0  # lengths change with the tenants that are awake, within the hour
# of input + output; beyond it the belief's KV capacity is what is wrong
CONTEXT_BOUNDS = (0.5, 4.0)


@dataclass(slots=True)
class RequestMix:
    """Mean lengths of the last half hour, request by request, from whatever a fleet reports of them.

    Input lengths are known when requests arrive, output lengths when they end (or, over time, from tokens generated). Short
    answers end first, so of a fleet that just began those that ended tell too little: all tokens generated over the answers
    that ended is their mean too (exact where lengths are exponential), and later the same. The context of
    the sequences that decode is read off the KV cache where it is reported: long answers are met more often.
    """

    expected_input_tokens: float | None = None
    expected_output_tokens: float | None = None
    _arrived: float = 0.0
    _input: float = 0.0
    _ended: float = 0.0
    _output: float = 0.0
    _generated: float = 0.0  # of answers that have not ended, too
    _cached: float | None = None
    _context: float | None = None

    def add(self, observation: StepObservation, *, kv_capacity_tokens: int) -> None:
        kept = math.exp(-observation.interval_s / MIX_MEMORY_S)
        arrivals, finished = observation.num_arrivals or 0.0, observation.num_finished or 0.0
        if observation.input_tokens is not None:
            self._arrived = self._arrived * kept + arrivals
            self._input = self._input * kept + observation.input_tokens
        elif observation.finished_input_tokens is not None:
            self._arrived = self._arrived * kept + finished
            self._input = self._input * kept + observation.finished_input_tokens
        if observation.finished_output_tokens is not None and observation.num_finished is not None:
            self._ended = self._ended * kept + finished
            self._output = self._output * kept + observation.finished_output_tokens
            self._generated = self._generated * kept + (observation.output_tokens or 0.0)
        elif observation.output_tokens is not None:
            self._ended = self._ended * kept + arrivals
            self._output = self._output * kept + observation.output_tokens
            self._generated = self._generated * kept + observation.output_tokens
        if observation.prefix_cache_hit_rate is not None:
            before = self._cached
            hit = observation.prefix_cache_hit_rate
            self._cached = hit if before is None else before + (1 - kept) * (hit - before)
        self._see_context(observation, kv_capacity_tokens, 1 - kept)

    def _see_context(
        self, observation: StepObservation, kv_capacity_tokens: int, share: float
    ) -> None:
        usage, sequences = observation.kv_cache_usage, observation.requests_running
        if not usage or not sequences or sequences < 1 or not observation.replicas_running:
            return
        context = usage * kv_capacity_tokens * observation.replicas_running / sequences
        before = self._context
        self._context = context if before is None else before + share * (context - before)

    @property
    def observed(self) -> bool:
        return self._arrived > 0 and self._ended > 0

    def mix(self) -> Mix | None:
        """None where neither was seen and nobody said what to expect."""
        isl = self._input / self._arrived if self._arrived > 0 else self.expected_input_tokens
        tokens = max(self._output, self._generated)
        osl = tokens / self._ended if self._ended > 0 else self.expected_output_tokens
        if isl is None or osl is None:
            return None
        isl, osl = max(1.0, isl), max(1.0, osl)
        context = isl + osl
        if self._context is not None:
            low, high = CONTEXT_BOUNDS
            context = min(high * context, max(low * context, self._context))
        return Mix(
            input_tokens=isl,
            output_tokens=osl,
            context_tokens=context,
            cached_share=min(0.99, self._cached or 0.0),
        )
