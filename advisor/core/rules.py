"""Which rule to scale by: each is replayed on the traffic that came, and the one that would have served it cheapest acts.

A rule is whose forecast to trust and how long to keep a replica that is not needed. Neither transfers between traces
(`facts`: one frozen knob costs twice the best), but what each *would have* cost here is known: the replicas it would have
had ready, one cold start after it asked for them, against the demand that came. So all rules run along in thought, a few
dozen numbers a bucket of time, and are scored in what counts, replicas and misses at their price. That is follow-the-leader
among experts (Cesa-Bianchi and Lugosi, Prediction, Learning, and Games, 2006, ch. 2). A forecaster thus acts only while its
own recent backtest beats the others, and how soon demand came back in the past says how long to keep replica n.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from advisor.core.forecast import LAST_VALUE, QUANTILE_WEIGHTS
from advisor.core.guards import RecentNeed
from advisor.core.miss_table import MissTable

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

HOLDS_S = (0.0, 300.0, 900.0)  # at least a cold start and the minimum billing, whatever is chosen
FIRST_HOLD = 1
MEMORY_S = 86_400.0
LEARN_S = 900.0  # before it, the first rule acts
SETTLE_S = 300.0  # what the fleet that was found could not know is no rule's fault
MUST_SAVE = 0.02  # of cost and misses, to leave the acting rule
NUM_DECISIONS = 64
MAX_CANDIDATES = 64
REGRET_S = 900.0
KEPT_S, MAX_KEPT_S = 1200.0, 4 * 3600.0
FLOOR_HOLDS = 0.95  # of the demand of a descent that was regretted
ONE = np.ones(1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Indices of a forecaster and of a holding time."""

    forecaster: int
    hold: int

    @property
    def hold_s(self) -> float:
        return HOLDS_S[self.hold]


class Rules:
    """All rules side by side: what each holds, what it has cost, and which of them acts."""

    def __init__(self, num_forecasters: int) -> None:
        shape = (len(HOLDS_S), num_forecasters)
        self.acting = Rule(LAST_VALUE, FIRST_HOLD)
        self._cost = np.zeros(shape)  # replica-seconds
        self._missed = np.zeros(shape)  # replica-seconds of work, at the price of its time
        self._seen_s = 0.0
        self._decisions = np.zeros((NUM_DECISIONS, num_forecasters), np.int64)
        self._decided_s = np.full(NUM_DECISIONS, -math.inf)
        self._number = 0
        self._pending: deque[tuple[float, Counts]] = deque()
        self._ready: Counts | None = None

    def close(
        self,
        *,
        now_s: float,
        seconds: float,
        demand: float,
        forecasts: Sequence[Floats | None],
        table: MissTable,
        cold_start_s: float,
        hold_s: float,
        price: float,
    ) -> None:
        """A bucket of time ended with this demand: score what was decided for it, and decide for the one to come."""
        held = self._held(now_s, hold_s, decide(forecasts, table, price))
        self._pending.append((now_s, held))
        while self._pending[0][0] <= now_s - 0.5 * seconds - cold_start_s:
            self._ready = self._pending.popleft()[1]
        self._seen_s += seconds
        if self._ready is None or self._seen_s < SETTLE_S:
            return
        missed = np.minimum(1.0, table.miss_share(demand, self._ready))
        kept = math.exp(-seconds / MEMORY_S)
        self._cost = self._cost * kept + seconds * held
        self._missed = self._missed * kept + price * demand / table.fluid * seconds * missed
        if self._seen_s >= LEARN_S:
            self._choose()

    def _held(self, now_s: float, hold_s: float, decided: Counts) -> Counts:
        """By holding time, the most that each forecaster asked for within it."""
        place = self._number % NUM_DECISIONS
        self._decisions[place], self._decided_s[place] = decided, now_s
        self._number += 1
        age_s = now_s - self._decided_s
        return np.stack(
            [self._decisions[age_s <= max(hold_s, each_s)].max(axis=0) for each_s in HOLDS_S]
        )

    def _choose(self) -> None:
        total = self._cost + self._missed
        best = np.unravel_index(int(np.argmin(total)), total.shape)
        if total[best] < (1.0 - MUST_SAVE) * total[self.acting.hold, self.acting.forecaster]:
            self.acting = Rule(int(best[1]), int(best[0]))


@dataclass(slots=True)
class Regret:
    """A descent that was taken back soon is not tried again at once: noise at a boundary moves nothing (A5).

    The count that was left is kept while demand is no lower than it was then, and it was needed of late: within twenty
    minutes, and twice as long each time that is regretted again.
    """

    _recent: RecentNeed = field(default_factory=lambda: RecentNeed(window_s=KEPT_S))
    _left: int = 0  # the count that was left, and the demand then
    _demand: float = 0.0
    _left_s: float = -math.inf
    _floor: int = 0
    _floor_demand: float = 0.0

    def least(self, *, now_s: float, need: int, demand: float) -> int:
        """Replicas not to go below."""
        needed = self._recent.add(now_s=now_s, value=need)
        return min(needed, self._floor) if demand > FLOOR_HOLDS * self._floor_demand else 0

    def went(self, *, now_s: float, have: int, target: int, demand: float) -> None:
        if target < have:
            self._left, self._demand, self._left_s = have, demand, now_s
        elif target > have and now_s - self._left_s < REGRET_S:
            again = self._left == self._floor and self._demand > FLOOR_HOLDS * self._floor_demand
            self._recent.window_s = min(MAX_KEPT_S, 2 * self._recent.window_s) if again else KEPT_S
            self._floor, self._floor_demand = self._left, self._demand
            self._left_s = -math.inf


def decide(forecasts: Sequence[Floats | None], table: MissTable, price: float) -> Counts:
    """Replicas by forecaster; where one has nothing to say, the last value speaks for it."""
    last = forecasts[LAST_VALUE]
    assert last is not None
    spoken = cheapest(last, table, price)
    return np.array(
        [
            spoken if index == LAST_VALUE or values is None else cheapest(values, table, price)
            for index, values in enumerate(forecasts)
        ]
    )


def cheapest(
    demand: Floats, table: MissTable, price: float, *, have: int = 0, launch_share: float = 0.0
) -> int:
    """The count that costs least against demand that may be any of these: quantiles of a forecast, or one number.

    cost(n) = n + price x mean over the demand of (demand in replicas x miss share at n), in units of a replica's price, so
    `price` says how many times its own serving a missed request costs. A count above `have` has to earn its launch too:
    each replica more costs `launch_share` on top.
    """
    needed = demand / table.fluid
    weights = QUANTILE_WEIGHTS if len(demand) > 1 else ONE
    low = max(1, math.floor(0.9 * float(weights @ needed)))
    high = max(low + 2, math.ceil(1.7 * float(needed[-1])) + 3)
    counts = np.arange(low, high + 1, 1 + (high - low) // MAX_CANDIDATES)
    missed = table.miss_share(demand[:, None], counts[None, :])
    paid = counts + launch_share * np.maximum(0, counts - have)
    return int(counts[np.argmin(paid + price * ((weights * needed) @ missed))])
