"""How far from a prediction the truth lies in 80 % of cases: by metric, by kind of load, and by how well the case is known.

The spreads are conformal, measured on groups that a fit had not seen (`calibrate/intervals.py`). What is known best is a run
much like one that the same laboratory measured (`beside`), then one somewhat like it (`home`): its habits were learned. Next
is anybody's measurement where engine and card are known, next a card that others of its vendor's stand for (`near`), `far`
else. Arithmetic inside an engine, a static batch or a saturated one, is surer than anything live: a queue is luck.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.core.efficiency import EfficiencyTable, Keys

PER_ASSUMPTION = 0.1  # of the logarithm, for each thing that had to be assumed
IN_ENGINE = ("static", "saturated")  # loads that no server stands in front of


class Distance(StrEnum):
    BESIDE = "beside"
    HOME = "home"
    KNOWN = "known"
    NEAR = "near"
    FAR = "far"


# What two runs have in common, 0 to 1, from which on they lie beside each other: of one model on one card at equal lengths
# this much is left at half the load (`calibrate/habits.py`). With less than the second a laboratory's run tells no more of
# another one than a stranger's would.
BESIDE_FROM = 0.7
HOME_FROM = 0.3


def distance_of(table: EfficiencyTable, keys: Keys, *, nearest: float = 0.0) -> Distance:
    """How far a case is from what was measured; `nearest`: what it has in common with its laboratory's nearest run."""
    if nearest >= HOME_FROM:
        return Distance.BESIDE if nearest >= BESIDE_FROM else Distance.HOME
    if table.knows("accelerator", keys.accelerator) and table.knows("pair", keys.pair):
        return Distance.KNOWN
    if table.knows("era", keys.era) and table.knows("vendor", keys.vendor):
        return Distance.NEAR
    return Distance.FAR


def class_of(load: str) -> str:
    """Loads whose errors are alike: too few laboratories ran each live one for a spread of its own."""
    return load if load in (*IN_ENGINE, "any") else "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """`spreads["throughput|live"]["near"]` is the pair of logarithms from prediction to low and high."""

    spreads: Mapping[str, Mapping[str, tuple[float, float]]]

    def around(
        self, value: float, *, group: str, load: str, distance: Distance, assumed: int = 0
    ) -> tuple[float, float]:
        """(low, high) of one prediction."""
        known = self.spreads.get(f"{group}|{class_of(load)}") or self.spreads[f"{group}|any"]
        down, up = known[distance]
        more = PER_ASSUMPTION * assumed
        return value * math.exp(-down - more), value * math.exp(up + more)
