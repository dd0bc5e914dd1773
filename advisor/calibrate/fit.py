"""Fitting the efficiencies: damped Gauss-Newton on the logarithm of predicted over measured.

Errors are relative, so they are fitted as logarithms; a few rows are wrong by factors, so large residuals lose weight
(Student's t, by iterated reweighting); five thousand rows of one laboratory must not drown the rest, so each group of rows
(source, accelerator, engine, model) weighs as the square root of its size. Every factor has a normal prior at 1
(`priors.py`); a fit always begins there and nowhere else.

The derivative with respect to a factor is that of its quantity wherever the factor applies: one evaluation per quantity
gives the whole Jacobian.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advisor.calibrate import metrics, priors
from advisor.calibrate.anchors import ANCHORS
from advisor.calibrate.columns import Columns, columns
from advisor.calibrate.observation import Observation
from advisor.core.efficiency import LEVELS, PORTS, QUANTITIES, EfficiencyTable
from advisor.core.load import Array, LoadKind

_ANCHORED = {anchor["source_id"] for anchor in ANCHORS}
STEP = 1e-3  # of a logarithm, for derivatives
LONGEST_MOVE = 0.7  # of a logarithm, in one round
TRIES = 10  # each with ten times the damping, until a step helps
ENOUGH_GAIN = 3e-4  # of the objective; less ends the fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The parameters: which quantity each moves, for which cases, and how wide its prior is."""

    names: tuple[tuple[str, str, str], ...]  # quantity, level, key; level "base" has no key
    start: Array
    widths: Array


def design(observations: Sequence[Observation]) -> Design:
    """A parameter for each base and for each key that occurs."""
    keys: dict[str, set[str]] = defaultdict(set)
    for observation in observations:
        for level in LEVELS:
            keys[level].add(observation.case.keys.at(level))
    keys["source"] -= _ANCHORED  # what those say is said of everybody
    names: list[tuple[str, str, str]] = []
    start: list[float] = []
    widths: list[float] = []
    for quantity in QUANTITIES:
        value, width = priors.BASES[quantity]
        names.append((quantity, "base", ""))
        start.append(float(np.log(value)))
        widths.append(width)
        for level, level_width in priors.WIDTHS[quantity].items():
            for key in sorted(keys[level] - {""}):
                names.append((quantity, level, key))
                start.append(math.log(priors.STARTS.get((quantity, level, key), 1.0)))
                widths.append(level_width * _widened(level, key))
    return Design(names=tuple(names), start=np.array(start), widths=np.array(widths))


def _widened(level: str, key: str) -> float:
    """How much farther a factor may lie: that of an engine's port to hardware of another vendor."""
    port = level == "pair" and key.split("|")[-1].startswith(PORTS)
    return priors.PORT_WIDENED if port else 1.0


def membership(plan: Design, table: Columns) -> list[Array]:
    """For each parameter the cases that it moves."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, case in enumerate(table.cases):
        for level in LEVELS:
            members[level, case.keys.at(level)].append(i)
        members["base", ""].append(i)
    return [np.array(members[level, key], dtype=int) for _, level, key in plan.names]


_QUEUES = (LoadKind.BURST, LoadKind.CLOSED, LoadKind.OPEN, LoadKind.SPLIT)


def noise_of(observation: Observation) -> float:
    group = metrics.group_of(observation.metric)
    if group.endswith("tail"):
        return priors.TAIL_NOISE
    queued = observation.case.load.kind in _QUEUES
    return priors.QUEUE_NOISE if group in ("ttft", "e2e") and queued else priors.NOISE


def trust_in(observation: Observation) -> float:
    if observation.source in _ANCHORED:
        return priors.ANCHOR_TRUST
    there = f"{observation.source}|{observation.case.keys.accelerator}"
    return priors.LITTLE_TRUST.get(there, priors.LITTLE_TRUST.get(observation.source, 1.0))


def weights_of(observations: Sequence[Observation]) -> Array:
    """Each observation's weight: its group weighs as the square root of its size."""
    sizes: Counter[tuple[str, ...]] = Counter()
    for o in observations:
        sizes[o.group] += o.weight  # type: ignore[assignment]
    return np.array(
        [
            trust_in(o) * o.weight / (np.sqrt(sizes[o.group]) * noise_of(o) ** 2)
            for o in observations
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    plan: Design
    theta: Array

    def table(self) -> EfficiencyTable:
        base: dict[str, float] = {}
        effects: dict[str, dict[str, dict[str, float]]] = {}
        for (quantity, level, key), value in zip(self.plan.names, self.theta, strict=True):
            if level == "base":
                base[quantity] = float(value)
            else:
                effects.setdefault(quantity, {}).setdefault(level, {})[key] = float(value)
        return EfficiencyTable(base=base, effects=effects)


class _Problem:
    """The data of one fit, and its objective: the logarithm of the posterior, with its sign turned."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        self.table, self.plan = columns(observations), design(observations)
        self.members = membership(self.plan, self.table)
        self.quantity = np.array([QUANTITIES.index(name) for name, _, _ in self.plan.names])
        self.measured = np.log(np.array([o.value for o in observations]))
        self.sigma = np.array([noise_of(o) for o in observations])
        self.weight = weights_of(observations)
        rows_of = [np.flatnonzero(np.isin(self.table.case_of, cases)) for cases in self.members]
        self.rows = rows_of  # of each parameter, the observations that it moves

    def log_eff(self, theta: Array) -> Array:
        out = np.zeros((len(self.table.cases), len(QUANTITIES)))
        for cases, quantity, value in zip(self.members, self.quantity, theta, strict=True):
            out[cases, quantity] += value
        return out

    def residual(self, theta: Array) -> Array:
        found: Array = self.table.log_predicted(self.log_eff(theta)) - self.measured
        return found

    def objective(self, residual: Array, theta: Array) -> float:
        v = priors.DEGREES_OF_FREEDOM
        robust = (
            self.weight * self.sigma**2 * (v + 1) / 2 * np.log1p((residual / self.sigma) ** 2 / v)
        )
        prior = ((theta - self.plan.start) / self.plan.widths) ** 2 / 2
        return float(robust.sum() + prior.sum())

    def equations(self, residual: Array, theta: Array) -> tuple[Array, Array]:
        """Hessian and gradient, as Gauss and Newton have them."""
        current = self.log_eff(theta)
        jacobian = np.zeros((self.table.count, len(theta)))
        for i in range(len(QUANTITIES)):
            moved = current.copy()
            moved[:, i] += STEP
            slope = (self.table.log_predicted(moved) - self.measured - residual) / STEP
            for p in np.flatnonzero(self.quantity == i):
                jacobian[self.rows[p], p] = slope[self.rows[p]]
        v = priors.DEGREES_OF_FREEDOM
        robust = self.weight * (v + 1) / (v + (residual / self.sigma) ** 2)
        hessian = (jacobian.T * robust) @ jacobian + np.diag(self.plan.widths**-2)
        gradient = (
            jacobian.T @ (robust * residual) + (theta - self.plan.start) / self.plan.widths**2
        )
        return hessian, gradient


def fit(observations: Sequence[Observation], *, rounds: int = 20) -> Fitted:
    """The most probable factors."""
    problem = _Problem(observations)
    theta, damping = problem.plan.start.copy(), 1e-2
    residual = problem.residual(theta)
    best = problem.objective(residual, theta)
    for _ in range(rounds):
        hessian, gradient = problem.equations(residual, theta)
        for _ in range(TRIES):
            step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), -gradient)
            tried = theta + np.clip(step, -LONGEST_MOVE, LONGEST_MOVE)
            found = problem.residual(tried)
            value = problem.objective(found, tried)
            if value < best:
                break
            damping = max(10 * damping, 1e-3)
        else:
            break
        gain, theta, residual, best = best - value, tried, found, value
        damping = max(damping / 5, 1e-4)
        if gain < ENOUGH_GAIN * abs(best):
            break
    return Fitted(plan=problem.plan, theta=theta)
