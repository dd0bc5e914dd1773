"""The intervals' spreads, from held-out errors; and how often an interval holds that was set on other groups.

An interval is conformal: the held-out errors of a kind of number, sorted, say how far from a prediction the truth lies in
80 % of cases (Vovk et al.). Rows of one laboratory are not exchangeable with those of another, so groups count, not rows: a
large laboratory does not set everybody's, and where K laboratories speak the quantile is taken at (1 + 1/K) of the share, as
for K samples (Dunn, Wasserman and Ramdas, Distribution-free prediction sets for two-layer hierarchical models, 2023).

Even so a share asked for is not the share that holds on a group that did not set it. So one number for each spread, the
share to ask for, is chosen such that four in five rows hold where each group's interval is set on all others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advisor.calibrate import metrics
from advisor.calibrate.observation import Observation
from advisor.calibrate.validate import COVERAGE, HeldOut, balanced_weights, lab_of
from advisor.core.interval import Distance, class_of
from advisor.core.load import Array

ENOUGH = 60  # errors that set a spread of their own
LEAST = 0.08  # a logarithm: laboratories differ by more than this
LEAST_BESIDE = (
    0.03  # one laboratory's runs repeat within 2 to 4 %, as the measurements' README has it
)
# the side on which a few groups happened never to lie is this share of the other at least
ONE_SIDED = 0.5
ASKED = np.round(np.arange(0.5, 0.961, 0.02), 2)  # shares to choose from
HIGHEST = 0.97  # of the rows of a group a few are wrong by factors, and set nobody's interval
UNHEARD_OF = (1.0, 1.0)  # logarithms, of a number that nobody else measured

Mask = npt.NDArray[np.bool_]
Spread = tuple[float, float]
Spreads = dict[str, dict[str, Spread]]
Shares = Mapping[str, Mapping[Distance, float]]  # by name of a spread and distance


def names_of(observation: Observation) -> tuple[str, str]:
    """The spreads that a row belongs to: that of its metric, and that of metric and load."""
    group, kind = metrics.group_of(observation.metric), observation.case.load.kind
    return f"{group}|any", f"{group}|{class_of(kind)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """Errors of one name and distance in order, with the weight up to each, and how many laboratories made them."""

    errors: Array
    reached: Array
    labs: int
    least: float

    def spread(self, share: float) -> Spread:
        if not self.labs:
            return UNHEARD_OF
        # The truth lies below the prediction by the error, where the prediction was too high.
        tail = (1 - min(share * (1 + 1 / self.labs), HIGHEST)) / 2
        last = len(self.errors) - 1
        down, up = (
            sign * float(self.errors[min(int(np.searchsorted(self.reached, at)), last)])
            for sign, at in ((1.0, 1 - tail), (-1.0, tail))
        )
        down, up = max(down, self.least), max(up, self.least)
        return max(down, ONE_SIDED * up), max(up, ONE_SIDED * down)


class Pool:
    """Held-out errors of all kinds in one long column, with what is asked of each."""

    def __init__(
        self, observations: Sequence[Observation], held_out: Mapping[str, HeldOut]
    ) -> None:
        times = len(held_out)
        self.errors: Array = np.concatenate([h.errors for h in held_out.values()])
        self.weights: Array = np.tile(balanced_weights(observations), times)
        self.distances = np.array([d for h in held_out.values() for d in h.distances])
        self.sure: Mask = np.tile(np.array([not o.doubt for o in observations]), times)
        labs = np.unique([lab_of(o) for o in observations], return_inverse=True)[1]
        self.labs = np.tile(labs, times)  # a number for each
        names = [names_of(o) for o in observations] * times
        self.members: dict[str, Mask] = {
            name: np.array([name in mine for mine in names])
            for name in sorted({n for mine in names for n in mine})
        }

    def sorted_errors(self, keep: Mask) -> dict[str, dict[str, _Sorted]]:
        """Of the errors that are kept, for each name and distance."""
        found: dict[str, dict[str, _Sorted]] = {}
        for name, members in self.members.items():
            mine = members & keep & self.sure
            if mine.sum() < ENOUGH and not name.endswith("|any"):
                continue
            found[name] = {d: self._sorted(rows, d) for d, rows in self.speaking(mine).items()}
        return found

    def speaking(self, mine: Mask) -> dict[Distance, Mask]:
        """For each distance the errors that speak for it: where few are of it, those of the next farther; else all."""
        found: dict[Distance, Mask] = {}
        rows = mine
        for distance in reversed(Distance):
            at = mine & (self.distances == distance)
            rows = found[distance] = at if at.sum() >= ENOUGH else rows
        return found

    def _sorted(self, rows: Mask, distance: Distance) -> _Sorted:
        order = np.argsort(self.errors[rows])
        weights = self.weights[rows][order]
        return _Sorted(
            errors=self.errors[rows][order],
            reached=np.cumsum(weights) / weights.sum(),
            labs=len(np.unique(self.labs[rows])),
            least=LEAST_BESIDE if distance is Distance.BESIDE else LEAST,
        )


def spreads_at(found: Mapping[str, Mapping[str, _Sorted]], shares: Shares) -> Spreads:
    """The spreads at the shares asked for; what is farther from the data is never narrower."""
    spreads: Spreads = {}
    for name, by_distance in found.items():
        widest, spreads[name] = (0.0, 0.0), {}
        for distance in Distance:
            one = by_distance[distance].spread(shares[name][distance])
            widest = max(widest[0], one[0]), max(widest[1], one[1])
            spreads[name][distance] = round(widest[0], 4), round(widest[1], 4)
    return spreads


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """For each kind and fold the rows left out, and the errors of all others in order."""

    folds: Mapping[str, tuple[tuple[list[int], dict[str, dict[str, _Sorted]]], ...]]


def nested(observations: Sequence[Observation], held_out: Mapping[str, HeldOut]) -> Nested:
    """What is left out of a spread is every error of the rows of the fold, whichever kind of fit made it."""
    pool, count = Pool(observations, held_out), len(observations)
    folds = {}
    for kind, held in held_out.items():
        rows_of: dict[str, list[int]] = defaultdict(list)
        for i, fold in enumerate(held.folds):
            rows_of[fold].append(i)
        each = []
        for rows in rows_of.values():
            kept = np.ones(count, dtype=bool)
            kept[rows] = False
            each.append((rows, pool.sorted_errors(np.tile(kept, len(held_out)))))
        folds[kind] = tuple(each)
    return Nested(folds=folds)


def coverage_at(
    observations: Sequence[Observation],
    held_out: Mapping[str, HeldOut],
    others: Nested,
    shares: Shares,
) -> dict[str, Mask]:
    """For each kind and row whether its interval holds, set on the errors of other groups alone."""
    found: dict[str, Mask] = {}
    for kind, held in held_out.items():
        inside = np.zeros(len(observations), dtype=bool)
        for rows, in_order in others.folds[kind]:
            spreads = spreads_at(in_order, shares)
            for i in rows:
                any_load, by_load = names_of(observations[i])
                down, up = (spreads.get(by_load) or spreads[any_load])[held.distances[i]]
                inside[i] = -down <= -held.errors[i] <= up
        found[kind] = inside
    return found


def asked_shares(
    observations: Sequence[Observation], held_out: Mapping[str, HeldOut], others: Nested
) -> dict[str, dict[Distance, float]]:
    """For each spread and distance the share to ask for so that 80 % hold, over all kinds of leaving out.

    Rows weigh so that groups count, not the largest laboratory. Where few rows lie at a distance the next farther speak.
    """
    pool = Pool(observations, held_out)
    held: dict[float, Array] = {}
    for share in ASKED:
        same = {name: dict.fromkeys(Distance, float(share)) for name in pool.members}
        inside = coverage_at(observations, held_out, others, same)
        held[float(share)] = np.concatenate([inside[kind] for kind in held_out]).astype(float)

    def best(rows: Mask) -> float:
        found = [np.average(inside[rows], weights=pool.weights[rows]) for inside in held.values()]
        return list(held)[int(np.argmin(np.abs(np.array(found) - COVERAGE)))]

    return {
        name: {d: best(rows) for d, rows in pool.speaking(members & pool.sure).items()}
        for name, members in pool.members.items()
        if (members & pool.sure).any()
    }


def spreads_of(
    observations: Sequence[Observation], held_out: Mapping[str, HeldOut], shares: Shares
) -> Spreads:
    """For each group of metrics and class of load the logarithms below and above a prediction that hold 80 %."""
    pool = Pool(observations, held_out)
    return spreads_at(pool.sorted_errors(np.ones(len(pool.errors), dtype=bool)), shares)
