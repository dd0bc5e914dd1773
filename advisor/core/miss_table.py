"""The share of requests that miss, tabulated: what `capacity` computes in milliseconds, a step asks for a thousand times.

Load is demand over what the replicas carry in the fluid limit, so one row holds a replica count at any demand. Lengths move
all the time, but slowly: a table serves until they, or the speed believed in, have moved by a few percent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.capacity import Mix, ServiceObjective, fluid_rate, miss_share
from advisor.core.replica_model import ReplicaModel

Floats = NDArray[np.float64]

LOADS = np.linspace(
    0.1, 2.0, 77
)  # past 1: where answers are too short for a TPOT, more than the fluid limit is carried
LOAD_STEP = float(LOADS[1] - LOADS[0])
NUM_ROWS = 20  # replica counts computed; those between them are interpolated
TOLERANCE = 0.03  # by which a mix may move before its table is computed again


@dataclass(frozen=True, slots=True)
class MissTable:
    """Miss shares by replica count and load, for one belief, mix and objective."""

    belief: ReplicaModel
    mix: Mix
    objective: ServiceObjective
    fluid: float  # requests/s that one replica carries in the fluid limit
    shares: Floats  # (replicas, load)

    def serves(self, belief: ReplicaModel, mix: Mix, objective: ServiceObjective) -> bool:
        """Whether it still stands for these."""
        return (
            belief == self.belief
            and objective == self.objective
            and abs(mix.input_tokens - self.mix.input_tokens) <= TOLERANCE * self.mix.input_tokens
            and abs(mix.output_tokens - self.mix.output_tokens)
            <= TOLERANCE * self.mix.output_tokens
            and abs(mix.context_tokens - self.mix.context_tokens)
            <= TOLERANCE * self.mix.context_tokens
            and abs(mix.cached_share - self.mix.cached_share) <= TOLERANCE
        )

    def miss_share(self, rate: ArrayLike, replicas: ArrayLike) -> Floats:
        """As `capacity.miss_share`: above 1 in overload. Rates in requests/s; whole replicas, at least one."""
        count = np.maximum(1, np.minimum(np.asarray(replicas), len(self.shares) - 1))
        load = np.asarray(rate) / (np.maximum(1, replicas) * self.fluid)
        place = np.minimum(np.maximum((load - LOADS[0]) / LOAD_STEP, 0.0), len(LOADS) - 1.001)
        low = place.astype(np.int64)
        at = count * len(LOADS) + low
        flat = self.shares.ravel()
        left = flat[at]
        over = np.maximum(0.0, load - LOADS[-1])
        return np.asarray(left + (flat[at + 1] - left) * (place - low) + over)


def tabulate(
    belief: ReplicaModel, mix: Mix, objective: ServiceObjective, *, most: int
) -> MissTable:
    """The table for up to `most` replicas."""
    fluid = max(1e-9, fluid_rate(belief, mix, objective))
    counts = np.unique(np.geomspace(1, max(2, most), NUM_ROWS).round())
    rates = counts[:, None] * LOADS[None, :] * fluid
    computed = miss_share(belief, mix, objective, rate=rates, replicas=counts[:, None])
    every = np.arange(max(2, most) + 1)
    above = np.clip(np.searchsorted(counts, every), 1, len(counts) - 1)
    share = np.clip((every - counts[above - 1]) / (counts[above] - counts[above - 1]), 0.0, 1.0)
    shares = computed[above - 1] + share[:, None] * (computed[above] - computed[above - 1])
    return MissTable(belief, mix, objective, fluid, np.ascontiguousarray(shares))
