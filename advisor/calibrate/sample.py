"""Fewer rows for the same answer: of a laboratory's hundred runs of one model on one card a dozen say nearly all.

Each group of rows (source, card, engine, model, kind of load) keeps a few cases drawn at random, which stand for the rest
with their weight. A fit then takes seconds, and leaving out every group in turn takes minutes.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from advisor.calibrate.observation import Observation

CASES_EACH = 6
SEED = 1


def thin(observations: Sequence[Observation], cases_each: int = CASES_EACH) -> list[Observation]:
    """A few cases of each group, with the weight of all; rows in doubt are left out."""
    groups: dict[tuple[str, ...], dict[int, list[Observation]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for observation in observations:
        if not observation.doubt:
            case = observation.case
            groups[(*observation.group, case.load.kind)][id(case)].append(observation)
    draw, kept = random.Random(SEED), []
    for cases in groups.values():
        chosen = draw.sample(
            sorted(cases.values(), key=lambda rows: rows[0].row), min(cases_each, len(cases))
        )
        share = len(cases) / len(chosen)
        kept += [replace(o, weight=share) for rows in chosen for o in rows]
    return kept
