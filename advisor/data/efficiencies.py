"""The fitted efficiencies and the intervals of the performance model, as `python -m advisor.calibrate` wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    table: EfficiencyTable
    intervals: Intervals


def fitted_from(text: str) -> Fitted:
    read: Mapping[str, dict] = json.loads(text)  # type: ignore[type-arg]
    table = EfficiencyTable(base=read["base"], effects=read["effects"])
    return Fitted(table=table, intervals=Intervals(spreads=read["intervals"]))


@cache
def fitted() -> Fitted:
    """The shipped table."""
    return fitted_from(files(__package__).joinpath("efficiencies.json").read_text("utf-8"))
