"""How many replicas: each further one is worth its price while it prevents misses that cost more.

    cost(n) = n + miss_cost x mean over the demand that may come of (demand in replicas x miss share at n)

in units of a replica's price, so `miss_cost` says how many times its own serving a missed request costs. Demand comes
as quantiles of a forecast, the miss share from `capacity`. Two things are learned on the run. The *error budget* (Beyer
et al., Site Reliability Engineering, 2016, ch. 3) moves the price of a miss, so that the share of misses settles under
what the goal allows, no further. The *calibration* compares the misses that came with those the belief would have had at
demands scaled up and down, and takes the scale that explains them: it absorbs a belief that is off, whatever the cause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from advisor.core.capacity import Mix, ServiceObjective, fluid_rate, miss_share
from advisor.core.replica_model import ReplicaModel

Floats = NDArray[np.float64]

MISS_COST = (
    15.0  # times the request's own serving; with the rest of these, chosen on the tuning traces
)
MISS_COST_BOUNDS = (0.5, 3.0)  # times that
MISS_COST_POWER = 1.5
AIM = 0.5  # of the misses that the goal allows
BUDGET_MEMORY_S = 86_400.0
BUDGET_PRIOR_S = (
    3 * 3600.0
)  # of traffic on course, believed before there is any: an incident is not the day
SCALES = np.array([0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75])
CALIBRATION_MEMORY_S = 6 * 3600.0
CALIBRATION_PRIOR = 30.0  # misses that the belief is worth
FLOOR = 0.5  # of the misses that the goal allows: one long prompt behind another, at any load
PRIOR_STEEPNESS = 4.0  # misses rise with about this power of demand, near the goal
MAX_CANDIDATES = 96


@dataclass(slots=True)
class ErrorBudget:
    """Misses of about a day against those the goal allows; the price of a miss follows."""

    goal: float = 0.99
    _seconds: float = 0.0
    _requests: float = 0.0
    _missed: float = 0.0

    def add(self, *, interval_s: float, requests: float, missed: float) -> None:
        kept = math.exp(-interval_s / BUDGET_MEMORY_S)
        self._seconds = self._seconds * kept + interval_s
        self._requests = self._requests * kept + requests
        self._missed = self._missed * kept + missed

    def spent(self) -> float:
        """The share of misses over the share aimed at: 1 is on course."""
        if self._requests <= 0:
            return 1.0
        aim = AIM * (1.0 - self.goal)
        believed = self._requests / self._seconds * BUDGET_PRIOR_S
        share = (self._missed + believed * aim) / (self._requests + believed)
        return share / aim

    def miss_cost(self) -> float:
        low, high = MISS_COST_BOUNDS
        return MISS_COST * min(high, max(low, math.pow(self.spent(), MISS_COST_POWER)))


@dataclass(slots=True)
class Calibration:
    """The scale on demand at which the belief would have missed as many as were missed."""

    _missed: float = 0.0
    _expected: Floats = field(default_factory=lambda: np.zeros(len(SCALES)))

    def add(
        self,
        belief: ReplicaModel,
        mix: Mix,
        objective: ServiceObjective,
        *,
        interval_s: float,
        rate: float,
        replicas: int,
        finished: float,
        missed: float,
    ) -> None:
        kept = math.exp(-interval_s / CALIBRATION_MEMORY_S)
        if replicas < 1:
            return
        shares = np.minimum(
            1.0, miss_share(belief, mix, objective, rate=rate * SCALES, replicas=float(replicas))
        )
        self._expected = self._expected * kept + finished * shares
        floor = FLOOR * (1.0 - objective.goal) * finished
        self._missed = self._missed * kept + missed - floor

    def scale(self) -> float:
        """1 where nothing was seen: the belief itself counts as a few misses, more of them the larger the scale."""
        expected = self._expected + CALIBRATION_PRIOR * SCALES**PRIOR_STEEPNESS
        return float(np.interp(max(0.0, self._missed) + CALIBRATION_PRIOR, expected, SCALES))


def cheapest_replicas(
    belief: ReplicaModel,
    mix: Mix,
    objective: ServiceObjective,
    *,
    demand: Floats,
    weights: Floats,
    miss_cost: float,
    most: int,
) -> int:
    """The count that costs least against demand, in requests/s, that may be any of these with those weights."""
    fluid = max(1e-9, fluid_rate(belief, mix, objective))
    needed = demand / fluid  # replicas that the demand keeps busy
    low = max(1, math.floor(float(weights @ needed)))
    high = max(low + 1, min(most, math.ceil(1.6 * float(needed.max())) + 3))
    counts = np.unique(np.linspace(low, high, min(MAX_CANDIDATES, high - low + 1)).round())
    missed = miss_share(belief, mix, objective, rate=demand[:, None], replicas=counts[None, :])
    cost = counts + miss_cost * (weights @ (needed[:, None] * missed))
    return int(counts[int(np.argmin(cost))])
