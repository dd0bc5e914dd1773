"""How wrong the model is where it has not been: whole accelerators, model families and sources left out in turn.

An interval is conformal: the held-out errors of a group of metrics, sorted, say how far from a prediction the truth lies in
80 % of cases (Vovk et al.; here on groups left out, because rows of one card or one laboratory are not exchangeable with
those of another). Errors count once per group, not once per row, so that the largest source does not set everybody's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.fit import Observation, fit, predict_log
from advisor.core.efficiency import EfficiencyTable
from advisor.core.load import Array

COVERAGE = 0.80

LEFT_OUT: Mapping[str, Callable[[Observation], str]] = {
    "accelerator": lambda o: o.case.keys.accelerator,
    "family": lambda o: o.model,
    "source": lambda o: "trtllm-docs" if o.source.startswith("trtllm-docs") else o.source,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Errors (logarithm of predicted over measured) of every observation, predicted by a fit without its group."""

    errors: Array
    groups: tuple[str, ...]


def errors_of(table: EfficiencyTable, observations: Sequence[Observation]) -> Array:
    measured = np.log(np.array([o.value for o in observations]))
    errors: Array = predict_log(table, observations) - measured
    return errors


def leave_out(
    observations: Sequence[Observation],
    group_of: Callable[[Observation], str],
    start: EfficiencyTable,
) -> HeldOut:
    """Fits once per group without it, and predicts it."""
    groups = [group_of(o) for o in observations]
    errors = np.zeros(len(observations))
    for group in sorted(set(groups)):
        rest = [o for o, g in zip(observations, groups, strict=True) if g != group]
        mine = [i for i, g in enumerate(groups) if g == group]
        table = fit(rest, rounds=6, start=start).table()
        errors[mine] = errors_of(table, [observations[i] for i in mine])
    return HeldOut(errors=errors, groups=tuple(groups))


def percentage(errors: Array) -> float:
    """Median absolute percentage error, of logarithms."""
    return float(100 * np.median(np.abs(np.expm1(errors))))


def balanced_weights(observations: Sequence[Observation]) -> Array:
    """A weight for each row, so that each source and accelerator counts as the square root of its rows."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    keys = [(o.source, o.case.keys.accelerator, metrics.group_of(o.metric)) for o in observations]
    for key in keys:
        counts[key] += 1
    return np.array([1 / math.sqrt(counts[key]) for key in keys])


def weighted_quantile(values: Array, weights: Array, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])
