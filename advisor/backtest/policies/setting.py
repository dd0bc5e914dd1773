"""What any policy may be told beforehand, and the one reading of it that several of them share: a replica's capacity.

The baselines get the same belief in the replica model as ours does, since without one most have no sensible target at all:
choosing the right capacity for a model, a GPU and a token mix is worth about 2x, far more than how the target is followed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepDecision, StepObservation

# A typical chat request, for policies whose target is set once, in requests.
NOMINAL_ISL, NOMINAL_OSL = 1000.0, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The belief in the replica, what was promised, and the bounds."""

    belief: ReplicaModel
    objective: ServiceObjective
    cold_start_s: float
    min_replicas: int
    max_replicas: int
    usd_per_hour: float = 1.0
    min_billed_s: float = 0.0

    def bounded(self, target: float) -> int:
        return int(min(max(target, self.min_replicas), self.max_replicas))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What one replica sustains inside the promise at these mean lengths, by the belief."""

    requests_per_s: float
    batch: float  # requests that then decode together


def capacity(setting: Setting, isl: float, osl: float) -> Capacity:
    """The largest batch whose mean TPOT and TTFT keep the promise; the least, of one request, where none does.

    With a share u of the time on prompts a decode step takes step / (1 - u) on average; Little's law, batch = rate x osl x
    TPOT, then gives the rate: batch / (osl x step + batch x prefill).
    """
    model, objective = setting.belief, setting.objective
    prefill_s = model.step_per_prefill_token_s * isl
    most = min(float(model.max_num_seqs), model.kv_capacity_tokens / (isl + osl))

    def rate(batch: float) -> float:
        step_s = model.step_s(batch=batch, kv_tokens=batch * (isl + osl / 2))
        return batch / (osl * step_s + batch * prefill_s)

    def keeps(batch: float) -> bool:
        tpot_s = batch / (rate(batch) * osl)
        share = min(0.999, rate(batch) * prefill_s)
        ttft_s = prefill_s / (1 - share) + tpot_s + share * prefill_s / (2 * (1 - share))
        bound_s = objective.ttft_base_s + objective.ttft_per_prefill * prefill_s
        return tpot_s <= objective.tpot_s and ttft_s <= bound_s

    low, high = 1.0, max(1.0, most)
    if keeps(high):
        low = high
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return Capacity(requests_per_s=rate(low), batch=low)


class Recent:
    """The readings of the last `window_s` seconds, and their mean."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._readings: deque[tuple[float, float]] = deque()

    def add(self, now_s: float, value: float) -> None:
        self._readings.append((now_s, value))
        while self._readings[0][0] <= now_s - self._window_s:
            self._readings.popleft()

    @property
    def mean(self) -> float:
        return self.total / len(self._readings)

    @property
    def total(self) -> float:
        return sum(value for _, value in self._readings)

    @property
    def highest(self) -> float:
        return max(value for _, value in self._readings)


class Wanted:
    """A target that has to be wanted for a while on end before it is followed, as Ray Serve and SkyServe have it."""

    def __init__(self, *, up_s: float, down_s: float) -> None:
        self._up_s, self._down_s = up_s, down_s
        self._since_s: float | None = None
        self._direction = 0

    def follow(self, now_s: float, present: int, desired: int) -> int:
        direction = (desired > present) - (desired < present)
        if direction != self._direction:
            self._direction, self._since_s = direction, now_s
        if direction == 0 or self._since_s is None:
            return present
        patience_s = self._up_s if direction > 0 else self._down_s
        if now_s - self._since_s < patience_s:
            return present
        self._direction = 0
        return desired


def present(observation: StepObservation) -> int:
    return (observation.replicas_running or 0) + (observation.replicas_starting or 0)


def ongoing(observation: StepObservation) -> float | None:
    """Requests in engines and queues; None where either was not observed."""
    if observation.requests_running is None or observation.requests_waiting is None:
        return None
    return observation.requests_running + observation.requests_waiting


def hold(observation: StepObservation, why: str) -> StepDecision:
    return StepDecision(target_replicas=present(observation), reason=f"hold: {why}")
