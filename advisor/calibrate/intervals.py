"""The intervals' spreads, from held-out errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.fit import Observation
from advisor.calibrate.validate import COVERAGE, balanced_weights, weighted_quantile
from advisor.core.interval import Distance
from advisor.core.load import Array

ENOUGH = 40  # errors that set a spread of their own
WIDENED = {Distance.KNOWN: 1.0, Distance.NEAR: 1.0, Distance.FAR: 1.35}
# Which left-out groups stand for which distance: a family of models on a known card is the usual case of `known`.
STANDS_FOR = {
    Distance.KNOWN: ("family",),
    Distance.NEAR: ("accelerator", "source"),
    Distance.FAR: ("accelerator", "source"),
}

Spreads = dict[str, dict[str, tuple[float, float]]]


def spreads_of(observations: Sequence[Observation], held_out: Mapping[str, Array]) -> Spreads:
    """For each group of metrics and kind of load the logarithms below and above a prediction that hold 80 %."""
    weights = balanced_weights(observations)
    members: dict[str, list[int]] = defaultdict(list)
    for i, observation in enumerate(observations):
        group = metrics.group_of(observation.metric)
        members[f"{group}|{observation.case.load.kind}"].append(i)
        members[f"{group}|any"].append(i)
    found: Spreads = {}
    for name, rows in members.items():
        if len(rows) < ENOUGH and not name.endswith("|any"):
            continue
        found[name] = {
            str(distance): _spread(
                np.array(rows), weights, [held_out[g] for g in groups], WIDENED[distance]
            )
            for distance, groups in STANDS_FOR.items()
        }
    return found


def _spread(
    rows: Array, weights: Array, held_out: Sequence[Array], widened: float
) -> tuple[float, float]:
    # The truth lies below the prediction by the error, where the prediction was too high.
    errors = np.concatenate([errors[rows] for errors in held_out])
    weight = np.tile(weights[rows], len(held_out))
    tail = (1 - COVERAGE) / 2
    down = weighted_quantile(errors, weight, 1 - tail)
    up = -weighted_quantile(errors, weight, tail)
    return round(widened * max(down, 0.03), 4), round(widened * max(up, 0.03), 4)
