"""How far from a prediction the truth lies in 80 % of cases: by metric, and by how well the case is known.

The spreads are conformal, measured on groups that a fit had not seen (`calibrate/validate.py`): `known` where the engine ran
on that accelerator in the measurements, `near` where it ran on another of its vendor's, `far` else. Kinds of load differ
more than cards do: a saturated batch is arithmetic, a queue is luck.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.core.efficiency import EfficiencyTable, Keys

PER_ASSUMPTION = 0.1  # of the logarithm, for each thing that had to be assumed


class Distance(StrEnum):
    KNOWN = "known"
    NEAR = "near"
    FAR = "far"


def distance_of(table: EfficiencyTable, keys: Keys) -> Distance:
    """How far a case is from what was measured."""
    if table.knows("accelerator", keys.accelerator) and table.knows("pair", keys.pair):
        return Distance.KNOWN
    if table.knows("era", keys.era) and table.knows("vendor", keys.vendor):
        return Distance.NEAR
    return Distance.FAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """`spreads["throughput|burst"]["near"]` is the pair of logarithms from prediction to low and high."""

    spreads: Mapping[str, Mapping[str, tuple[float, float]]]

    def around(
        self, value: float, *, group: str, load: str, distance: Distance, assumed: int = 0
    ) -> tuple[float, float]:
        """(low, high) of one prediction."""
        known = self.spreads.get(f"{group}|{load}") or self.spreads[f"{group}|any"]
        down, up = known[distance]
        more = PER_ASSUMPTION * assumed
        return value * math.exp(-down - more), value * math.exp(up + more)
