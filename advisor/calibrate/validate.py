"""How wrong the model is where it has not been: runs, accelerators, families, pairs of them and sources left out in turn.

Each fit without a group begins at the stated priors (`priors.py`) and never sees the group or a fit that saw it. It learns
from the thinned rows (`sample.py`), the laboratories' habits (`habits.py`) from all rows but the group's, and every row of
the group is scored, those in doubt too. What stays shared are the form
of the model and its priors, which were chosen while looking at all rows: expect a stranger's data to do somewhat worse.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.columns import columns, predict_log, predict_log_on
from advisor.calibrate.fit import fit
from advisor.calibrate.habits import Run, laboratory_of, learn, run_of
from advisor.calibrate.observation import Observation
from advisor.calibrate.sample import thin
from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Distance, distance_of
from advisor.core.load import Array

COVERAGE = 0.80
KINDS = ("run", "accelerator", "family", "pair", "source")
FOLDS = {
    "run": 5,
    "family": 10,
    "pair": 8,
}  # several left out together, so that all are through in minutes


def group_of(kind: str) -> Callable[[Observation], str]:
    """What is left out together: all cards of a name, all rows of a laboratory."""
    if kind == "run":
        return lambda o: f"{o.group} {o.case.shape} {o.case.load} {o.devices} {o.case.keys}"
    if kind == "accelerator":
        return lambda o: o.case.keys.accelerator
    if kind == "family":
        return lambda o: o.model
    if kind == "pair":
        return lambda o: f"{o.model}|{o.case.keys.accelerator}"
    return lab_of


def lab_of(observation: Observation) -> str:
    return laboratory_of(observation.source)


def as_run(observation: Observation) -> Run:
    return run_of(observation.case, observation.metric, observation.devices, observation.source)


def folds(observations: Sequence[Observation], kind: str) -> list[str]:
    """For each row the fold that it is left out with."""
    groups = [group_of(kind)(o) for o in observations]
    if kind not in FOLDS:
        return groups
    names = _dealt(observations, groups)
    fold = {name: f"{kind} {i % FOLDS[kind]}" for i, name in enumerate(names)}
    return [fold[group] for group in groups]


def _dealt(observations: Sequence[Observation], groups: Sequence[str]) -> list[str]:
    """The groups in an order in which those of one laboratory follow each other, the smallest laboratory first."""
    by_lab: dict[str, set[str]] = defaultdict(set)
    for observation, group in zip(observations, groups, strict=True):
        if not observation.doubt:
            by_lab[lab_of(observation)].add(group)
    order: dict[str, None] = {}
    for lab in sorted(by_lab, key=lambda lab: (len(by_lab[lab]), lab)):
        names = sorted(by_lab[lab])
        random.Random(7).shuffle(names)
        order.update(dict.fromkeys(names))
    order.update(dict.fromkeys(sorted(set(groups))))
    return list(order)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Every row predicted by a fit without its group: logarithms of predicted over measured, and how far it was."""

    errors: Array
    folds: tuple[str, ...]
    distances: tuple[Distance, ...]


def errors_of(table: EfficiencyTable, observations: Sequence[Observation]) -> Array:
    measured = np.log(np.array([o.value for o in observations]))
    errors: Array = predict_log(table, observations) - measured
    return errors


def _silent(_line: str) -> None:
    pass


def leave_out(
    observations: Sequence[Observation], kind: str, progress: Callable[[str], None] = _silent
) -> HeldOut:
    """Fits once per fold without it, and predicts it."""
    fold_of = folds(observations, kind)
    learned = thin(observations)
    learned_folds = {o.row: fold for o, fold in zip(observations, fold_of, strict=True)}
    stacked, runs = columns(observations), [as_run(o) for o in observations]
    measured = np.log(np.array([o.value for o in observations]))
    errors = np.zeros(len(observations))
    distances: list[Distance] = [Distance.FAR] * len(observations)
    names = sorted(set(fold_of))
    for number, fold in enumerate(names, start=1):
        progress(f"{kind} left out, {number} of {len(names)}: {fold}")
        table = fit([o for o in learned if learned_folds[o.row] != fold]).table()
        found = predict_log_on(table, stacked) - measured
        mine = [i for i, f in enumerate(fold_of) if f == fold]
        others = [i for i, f in enumerate(fold_of) if f != fold]
        habits = learn([runs[i] for i in others], found[others])
        excess, nearest = habits.of([runs[i] for i in mine])
        errors[mine] = found[mine] - excess
        for i, near in zip(mine, nearest, strict=True):
            distances[i] = distance_of(table, observations[i].case.keys, nearest=float(near))
    return HeldOut(errors=errors, folds=tuple(fold_of), distances=tuple(distances))


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
