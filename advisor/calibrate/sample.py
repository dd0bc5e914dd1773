"""Fewer rows for the same answer: of a laboratory's hundred runs of one model on one card a dozen say nearly all.

Each group of rows (source, card, engine, model, kind of load) keeps a few cases, which stand for the rest with their weight.
They are spread evenly over the group's devices, lengths and loads: drawn by lot they moved held-out errors by a fifth. A fit
then takes seconds, and leaving out every group in turn takes minutes.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from advisor.calibrate.observation import Observation
from advisor.core.load import Case

CASES_EACH = 8
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def thin(observations: Sequence[Observation], cases_each: int = CASES_EACH) -> list[Observation]:
    """A few cases of each group, with the weight of all; rows in doubt are left out."""
    groups: dict[tuple[str, ...], dict[Case, list[Observation]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for observation in observations:
        if not observation.doubt:
            case = observation.case
            groups[(*observation.group, case.load.kind)][case].append(observation)
    kept = []
    for cases in groups.values():
        chosen = _spread(sorted(cases.values(), key=_place), cases_each)
        share = len(cases) / len(chosen)
        kept += [replace(o, weight=share) for rows in chosen for o in rows]
    return kept


def _place(rows: Sequence[Observation]) -> tuple[object, ...]:
    """What cases of a group are put in order by."""
    one = rows[0]
    case = one.case
    return (
        one.devices,
        case.keys.precision,
        case.shape.isl,
        case.shape.osl,
        case.load.amount,
        one.row,
    )


def _spread(cases: Sequence[list[Observation]], count: int) -> list[list[Observation]]:
    """So many of them, evenly: every golden share of the way round, which never falls into step with a grid of settings."""
    turns = (int(turn * GOLDEN % 1.0 * len(cases)) for turn in itertools.count(1))
    chosen: set[int] = set()
    while len(chosen) < min(count, len(cases)):
        chosen.add(next(turns))
    return [cases[i] for i in sorted(chosen)]
