"""The intervals' spreads, from held-out errors; and how often an interval holds that was set on other groups.

An interval is conformal: the held-out errors of a kind of number, sorted, say how far from a prediction the truth lies in
80 % of cases (Vovk et al.; here on groups left out, because rows of one card or one laboratory are not exchangeable with
those of another). Errors count once per group, not once per row, so that the largest source does not set everybody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from advisor.calibrate import metrics
from advisor.calibrate.observation import Observation
from advisor.calibrate.validate import COVERAGE, HeldOut, balanced_weights, weighted_quantile
from advisor.core.interval import Distance
from advisor.core.load import Array

ENOUGH = 60  # errors that set a spread of their own
LEAST = 0.08  # a logarithm: laboratories differ by more than this
ONE_SIDED = (
    0.5  # the side on which a few groups happened never to lie is this share of the other at least
)

# Where few laboratories disagree widely, the quantile of those there are is too near: it is taken farther out, as conformal
# prediction does for few samples, so that the intervals hold four in five on groups that did not set them.
SHARES = {"ttft": 0.86, "ttft-tail": 0.9, "e2e": 0.86, "e2e-tail": 0.86}
Mask = npt.NDArray[np.bool_]
Spread = tuple[float, float]
Spreads = dict[str, dict[str, Spread]]


def names_of(observation: Observation) -> tuple[str, str]:
    """The spreads that a row belongs to: that of its metric, and that of metric and load."""
    group, kind = metrics.group_of(observation.metric), observation.case.load.kind
    return f"{group}|any", f"{group}|{kind}"


class Pool:
    """Held-out errors of all kinds in one long column, with what is asked of each."""

    def __init__(
        self, observations: Sequence[Observation], held_out: Mapping[str, HeldOut]
    ) -> None:
        weights = balanced_weights(observations)
        self.errors: Array = np.concatenate([h.errors for h in held_out.values()])
        self.weights: Array = np.tile(weights, len(held_out))
        self.distances = np.array([d for h in held_out.values() for d in h.distances])
        self.doubted: Mask = np.tile(
            np.array([bool(o.doubt) for o in observations]), len(held_out)
        )
        names = [names_of(o) for o in observations] * len(held_out)
        self.members: dict[str, Mask] = {
            name: np.array([name in mine for mine in names])
            for name in sorted({n for mine in names for n in mine})
        }

    def spreads(self, keep: Mask) -> Spreads:
        """From the errors that are kept, for each name and distance; a farther one is never narrower."""
        found: Spreads = {}
        for name, members in self.members.items():
            mine = members & keep & ~self.doubted
            if mine.sum() < ENOUGH and not name.endswith("|any"):
                continue
            found[name], widest = {}, (LEAST, LEAST)
            for distance in Distance:
                at = mine & (self.distances == distance)
                one = self._spread(
                    at if at.sum() >= ENOUGH else mine, SHARES.get(name.split("|")[0], COVERAGE)
                )
                widest = (max(widest[0], one[0]), max(widest[1], one[1]))
                found[name][distance] = widest
        return found

    def _spread(self, rows: Mask, share: float) -> Spread:
        # The truth lies below the prediction by the error, where the prediction was too high.
        if not rows.any():
            return 1.0, 1.0
        errors, weights, tail = self.errors[rows], self.weights[rows], (1 - share) / 2
        down = max(weighted_quantile(errors, weights, 1 - tail), LEAST)
        up = max(-weighted_quantile(errors, weights, tail), LEAST)
        return round(max(down, ONE_SIDED * up), 4), round(max(up, ONE_SIDED * down), 4)


def spreads_of(observations: Sequence[Observation], held_out: Mapping[str, HeldOut]) -> Spreads:
    """For each group of metrics and kind of load the logarithms below and above a prediction that hold 80 %."""
    pool = Pool(observations, held_out)
    return pool.spreads(np.ones(len(pool.errors), dtype=bool))


def nested_coverage(
    observations: Sequence[Observation], held_out: Mapping[str, HeldOut]
) -> dict[str, Mask]:
    """For each kind and row whether its interval holds, set on the errors of other groups alone.

    What is left out of a spread is every error of the rows of the fold, whichever kind of fit made it.
    """
    pool = Pool(observations, held_out)
    count = len(observations)
    found: dict[str, Mask] = {}
    for kind, held in held_out.items():
        inside = np.zeros(count, dtype=bool)
        rows_of: dict[str, list[int]] = defaultdict(list)
        for i, fold in enumerate(held.folds):
            rows_of[fold].append(i)
        for rows in rows_of.values():
            kept = np.ones(count, dtype=bool)
            kept[rows] = False
            spreads = pool.spreads(np.tile(kept, len(held_out)))
            for i in rows:
                any_load, by_load = names_of(observations[i])
                down, up = (spreads.get(by_load) or spreads[any_load])[held.distances[i]]
                inside[i] = -down <= -held.errors[i] <= up
        found[kind] = inside
    return found
