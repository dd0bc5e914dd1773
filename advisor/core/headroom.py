"""What the belief got wrong, learned from the fleet itself: how fast a replica is, and how many requests miss.

A token takes as long as the sequences that decode together over the tokens they bring forth per second (Little's law), so
concurrency and throughput tell the speed of the engine without a single miss. What is left over, whatever its cause, shows
in the misses that came against those expected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.capacity import Mix
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepObservation

SPEED_MEMORY_S = 1800.0
SPEED_PRIOR_S = 120.0  # of sequences decoding that the belief is worth
SPEED_BOUNDS = (0.6, 1.8)
SPEED_STEP = 0.02
AIM = 0.7  # of the misses that the goal allows
PRICE = 12.0  # of a miss, in its own serving, while misses are on course
# Where nobody tells who missed; and at least, where only a 95th percentile tells, which does not see one miss in a hundred.
BLIND_PRICE, PERCENTILE_PRICE, PERCENTILE = 60.0, 30.0, 0.95
# times PRICE; bursts after quiet hours are rare, and worth waiting for only at the top
PRICE_BOUNDS = (0.05, 20.0)
# of traffic; all of its budget spent or saved makes the price e times higher or lower
BUDGET_S = 3 * 3600.0
BUDGET_MEMORY_S = 86_400.0
# of BUDGET_S: what misses in every request for a whole cold start may count for; an incident is not the day
INCIDENT_SHARE = 0.6


@dataclass(slots=True)
class Speed:
    """How much longer a step takes than the belief has it."""

    _observed: float = 0.0
    _believed: float = 0.0
    _last: float | None = None

    def add(self, observation: StepObservation, belief: ReplicaModel, mix: Mix) -> None:
        running, replicas = observation.requests_running, observation.replicas_running
        before, self._last = self._last, running
        tokens = observation.output_tokens
        if running is None or before is None or not replicas or not tokens:
            return
        if (observation.requests_waiting or 0.0) > replicas:
            return  # overloaded: steps are full of prompts, and nothing is in balance
        batch = 0.5 * (running + before) / replicas
        kept = math.exp(-observation.interval_s / SPEED_MEMORY_S)
        prompts = (observation.input_tokens or 0.0) * (1.0 - mix.cached_share) / replicas
        # Who decodes waits for every prompt, whoever prefills for its own; a token meets one sequence more than the mean.
        prefills_s = (batch + 1.0) * prompts * belief.step_per_prefill_token_s
        step_s = belief.step_s(batch=batch + 1.0, kv_tokens=(batch + 1.0) * mix.context_tokens)
        self._observed = self._observed * kept + batch * observation.interval_s
        self._believed = self._believed * kept + tokens / replicas * step_s + prefills_s

    def factor(self) -> float:
        factor = (self._observed + SPEED_PRIOR_S) / (self._believed + SPEED_PRIOR_S)
        low, high = SPEED_BOUNDS
        return round(min(high, max(low, factor)) / SPEED_STEP) * SPEED_STEP


@dataclass(slots=True)
class ErrorBudget:
    """Misses against those the goal allows: the price of one rises while there are more and falls while there are fewer.

    What jumps up unforeseen is missed until a launch is ready, at any price that is worth paying. So where that takes
    longer, such an incident counts for less a second, and for the same as a whole.
    """

    goal: float
    _blind: bool = False  # requests came, and none was said to be good or late
    _by_percentile: bool = False
    _seconds: float = 0.0
    _requests: float = 0.0
    _log_price: float = 0.0  # over PRICE

    def add(
        self,
        *,
        interval_s: float,
        requests: float,
        missed: float,
        cold_start_s: float,
        by_percentile: bool = False,
    ) -> None:
        """`by_percentile`: nobody counted who was good."""
        self._by_percentile = by_percentile and self.goal > PERCENTILE
        aim = AIM * (1.0 - self.goal) * requests
        worst = aim * INCIDENT_SHARE * BUDGET_S / max(1.0, cold_start_s)
        kept = math.exp(-interval_s / BUDGET_MEMORY_S)
        self._seconds = self._seconds * kept + interval_s
        self._requests = self._requests * kept + requests
        per_e = AIM * (1.0 - self.goal) * BUDGET_S * self._requests / self._seconds
        if per_e > 0:
            low, high = (math.log(bound) for bound in PRICE_BOUNDS)
            more = (min(missed, worst) - aim) / per_e
            self._log_price = min(high, max(low, self._log_price * kept + more))

    def add_unjudged(self) -> None:
        """Requests came, and nothing tells whether they were in time: who cannot see misses keeps more room."""
        self._blind = True

    def price(self) -> float:
        """What a miss is worth, in its own serving."""
        if self._blind and self._seconds == 0:
            return BLIND_PRICE
        least = PERCENTILE_PRICE if self._by_percentile else 0.0
        return max(least, PRICE * math.exp(self._log_price))
