"""Fitting the efficiencies: damped Gauss-Newton on the logarithm of predicted over measured.

Errors are relative, so they are fitted as logarithms; a few rows are wrong by factors, so large residuals lose weight
(Student's t with 4 degrees of freedom, by iterated reweighting); five thousand rows of one laboratory must not drown the
rest, so each group of rows (source, accelerator, engine, model) weighs as the square root of its size. Every factor has a
normal prior at 1 whose width says how far an engine or a card may plausibly lie from its parents; sources get a factor of
their own, fitted and then thrown away, so that one laboratory's habits do not pass for a card's.

The derivative with respect to a factor is that of its quantity wherever the factor applies: one evaluation per quantity
gives the whole Jacobian.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.anchors import ANCHORS
from advisor.core.efficiency import HIGHEST, LEVELS, QUANTITIES, Efficiencies, EfficiencyTable
from advisor.core.load import Array, Case, LoadKind, serve, stack
from advisor.core.scheduler import Engine, Shape
from advisor.core.step_time import StepCosts

# Each quantity's base: a starting point, and the width of the logarithm's prior around it.
BASES: Mapping[str, tuple[float, float]] = {
    "weight_mbu": (0.8, 0.08),
    "expert_mbu": (0.7, 0.4),
    "kv_mbu": (0.7, 0.3),
    "mfu": (0.6, 0.2),
    "half_tokens": (40.0, 0.7),
    "link": (0.5, 0.5),
    "hop_s": (8e-6, 0.5),
    "layer_s": (15e-6, 0.4),
    "step_s": (1e-3, 0.7),
    "seq_s": (6e-6, 0.25),
    "request_s": (10e-3, 0.7),
    "wait": (1.0, 0.7),
    "pace": (1.0, 0.01),
}
# How far a factor's logarithm may lie from 0, by quantity and level.
WIDTHS: Mapping[str, Mapping[str, float]] = {
    "weight_mbu": {
        "engine": 0.06, "era": 0.06, "vendor": 0.1, "generation": 0.12, "accelerator": 0.06, "precision": 0.15,
        "pair": 0.08,
    },
    "expert_mbu": {"era": 0.25, "vendor": 0.1, "precision": 0.25, "unit": 0.2},
    "kv_mbu": {"engine": 0.25, "era": 0.2, "vendor": 0.1, "generation": 0.15, "pair": 0.2},
    "mfu": {
        "engine": 0.12, "era": 0.12, "vendor": 0.12, "generation": 0.15, "accelerator": 0.06, "precision": 0.2,
        "kind": 0.25, "unit": 0.2, "pair": 0.3, "source": 0.15,
    },
    "half_tokens": {"vendor": 0.3, "precision": 0.4},
    "link": {"wire": 0.4, "era": 0.3, "source": 0.15},
    "hop_s": {"era": 0.4, "wire": 0.5, "source": 0.15},
    "layer_s": {"era": 0.4, "vendor": 0.2, "kind": 0.4, "pair": 0.3, "source": 0.15},
    "step_s": {"era": 0.5, "vendor": 0.2},
    "seq_s": {"era": 0.5},
    "request_s": {"era": 0.5, "source": 0.7},
    "wait": {"era": 0.3, "source": 0.5},
    "pace": {"pair": 0.2, "family": 0.06, "kind": 0.06, "source": 0.12},
}  # fmt: skip
NOISE = 0.12  # of one measurement's logarithm, about what the best of models leaves
TAIL_NOISE = 0.5  # percentiles from 90 on depend on lengths that nobody states
QUEUE_NOISE = 0.3  # first tokens of a burst or a full queue
DEGREES_OF_FREEDOM = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One measured number of a case; `source` and `family` say which groups it belongs to."""

    case: Case
    metric: str
    value: float
    devices: float
    source: str
    model: str
    row: int

    @property
    def group(self) -> tuple[str, str, str, str]:
        return (self.source, self.case.keys.accelerator, self.case.keys.era, self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Cases of one kind of load, stacked, and where their observations stand among all."""

    kind: LoadKind
    cases: tuple[Case, ...]
    costs: StepCosts
    engine: Engine
    shape: Shape
    case_rows: Array  # index of each case among all cases
    picks: tuple[tuple[str, Array, Array, Array], ...]  # metric, case, observation, devices


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Observations as blocks to compute on."""

    blocks: tuple[_Block, ...]
    cases: tuple[Case, ...]
    case_of: Array  # of each observation
    count: int

    def log_predicted(self, log_eff: Array) -> Array:
        """Logarithms of the predictions, from the logarithms of the efficiencies of every case."""
        out = np.full(self.count, np.nan)
        for block in self.blocks:
            mine = np.minimum(np.exp(log_eff[block.case_rows]), HIGHEST)
            eff = Efficiencies(**{q: mine[:, i : i + 1] for i, q in enumerate(QUANTITIES)})
            served = serve(
                block.kind,
                [c.load for c in block.cases],
                block.costs,
                eff,
                block.engine,
                block.shape,
            )
            for metric, of_case, of_observation, devices in block.picks:
                isl, osl = np.asarray(block.shape.isl), np.asarray(block.shape.osl)
                every = np.ones((len(block.cases), 1))
                values = metrics.value_of(metric, served, isl, osl, every)
                assert values is not None
                found = values[of_case, 0]
                if metric == "output_tok_s_per_gpu":
                    found = found / devices
                out[of_observation] = np.log(found)
        return out


def columns(observations: Sequence[Observation]) -> Columns:
    """Stacks the distinct cases of the observations by kind of load."""
    index: dict[int, int] = {}
    cases: list[Case] = []
    case_of = np.zeros(len(observations), dtype=int)
    for i, observation in enumerate(observations):
        key = id(observation.case)
        if key not in index:
            index[key] = len(cases)
            cases.append(observation.case)
        case_of[i] = index[key]
    blocks = []
    for kind in LoadKind:
        rows = [i for i, case in enumerate(cases) if case.load.kind is kind]
        if not rows:
            continue
        inside = {case: i for i, case in enumerate(rows)}
        by_metric: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
        for i, observation in enumerate(observations):
            if case_of[i] in inside:
                by_metric[observation.metric].append((inside[case_of[i]], i, observation.devices))
        mine = tuple(cases[i] for i in rows)
        blocks.append(
            _Block(
                kind=kind,
                cases=mine,
                costs=stack([c.costs for c in mine]),
                engine=stack([c.engine for c in mine]),
                shape=stack([c.shape for c in mine]),
                case_rows=np.array(rows),
                picks=tuple(
                    (metric, *(np.array(column) for column in zip(*found, strict=True)))  # type: ignore[misc]
                    for metric, found in by_metric.items()
                ),
            )
        )
    return Columns(
        blocks=tuple(blocks), cases=tuple(cases), case_of=case_of, count=len(observations)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The parameters: which quantity each moves, for which cases, and how wide its prior is."""

    names: tuple[tuple[str, str, str], ...]  # quantity, level, key; level "base" has no key
    start: Array
    widths: Array

    def index(self) -> dict[tuple[str, str, str], int]:
        return {name: i for i, name in enumerate(self.names)}


def design(observations: Sequence[Observation]) -> Design:
    """A parameter for each base and for each key that occurs."""
    keys: dict[str, Counter[str]] = {level: Counter() for level in (*LEVELS, "source")}
    for observation in observations:
        for level in LEVELS:
            keys[level][observation.case.keys.at(level)] += 1
        keys["source"][observation.source] += 1
    names: list[tuple[str, str, str]] = []
    start: list[float] = []
    widths: list[float] = []
    for quantity in QUANTITIES:
        value, width = BASES[quantity]
        names.append((quantity, "base", ""))
        start.append(float(np.log(value)))
        widths.append(width)
        for level, level_width in WIDTHS[quantity].items():
            for key in sorted(keys[level]):
                if key:
                    names.append((quantity, level, key))
                    start.append(0.0)
                    widths.append(level_width * (_WIDENED if key in _LITTLE_TRUST else 1.0))
    return Design(names=tuple(names), start=np.array(start), widths=np.array(widths))


def membership(plan: Design, table: Columns, observations: Sequence[Observation]) -> list[Array]:
    """For each parameter the cases that it moves."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    source_of: dict[int, str] = {}
    for i, observation in enumerate(observations):
        source_of[int(table.case_of[i])] = observation.source
    for i, case in enumerate(table.cases):
        for level in LEVELS:
            members[level, case.keys.at(level)].append(i)
        members["source", source_of[i]].append(i)
        members["base", ""].append(i)
    return [np.array(members[level, key], dtype=int) for _, level, key in plan.names]


def noise_of(observation: Observation) -> float:
    group = metrics.group_of(observation.metric)
    queued = observation.case.load.kind in (
        LoadKind.BURST,
        LoadKind.CLOSED,
        LoadKind.OPEN,
        LoadKind.SPLIT,
    )
    if group.endswith("tail"):
        return TAIL_NOISE
    if group in ("ttft", "e2e") and queued:
        return QUEUE_NOISE
    return NOISE


# Sources whose runs were not set up to be fast: a starved KV cache on shared pods; a folder of experiments in which
# 1,024 tokens take 0.4-4 s to the first. Their factors of their own are wide, so that they say little of cards and engines.
_LITTLE_TRUST = {"dennislee22-a100": 0.05, "inferencex-experimental": 0.01}
_WIDENED = 5.0


_ANCHOR_TRUST = (
    8.0  # one row must hold against the pull of laboratories that were not set up to be fast
)


def trust_in(source: str) -> float:
    anchored = source in {anchor["source_id"] for anchor in ANCHORS}
    return _ANCHOR_TRUST if anchored else _LITTLE_TRUST.get(source, 1.0)


def weights_of(observations: Sequence[Observation]) -> Array:
    """Each observation's weight: its group weighs as the square root of its size."""
    sizes = Counter(observation.group for observation in observations)
    return np.array(
        [trust_in(o.source) / (np.sqrt(sizes[o.group]) * noise_of(o) ** 2) for o in observations]
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
            elif level != "source":
                effects.setdefault(quantity, {}).setdefault(level, {})[key] = float(value)
        return EfficiencyTable(base=base, effects=effects)


def fit(
    observations: Sequence[Observation], *, rounds: int = 12, start: EfficiencyTable | None = None
) -> Fitted:
    """The most probable factors."""
    table, plan = columns(observations), design(observations)
    members = membership(plan, table, observations)
    measured = np.log(np.array([o.value for o in observations]))
    base_weight = weights_of(observations)
    sigma = np.array([noise_of(o) for o in observations])
    theta = plan.start.copy()
    if start is not None:
        for i, (quantity, level, key) in enumerate(plan.names):
            if level == "base":
                theta[i] = start.base[quantity]
            elif level != "source":
                theta[i] = start.effects.get(quantity, {}).get(level, {}).get(key, 0.0)
    column_of = {q: i for i, q in enumerate(QUANTITIES)}
    # From a case's efficiencies to its observations, and from parameters to a case's efficiencies.
    shares = [np.isin(table.case_of, members[p]) for p in range(len(plan.names))]

    def log_eff(values: Array) -> Array:
        out = np.zeros((len(table.cases), len(QUANTITIES)))
        for p, (quantity, _, _) in enumerate(plan.names):
            out[members[p], column_of[quantity]] += values[p]
        return out

    def objective(residual: Array, values: Array) -> float:
        v = DEGREES_OF_FREEDOM
        robust = base_weight * sigma**2 * (v + 1) / 2 * np.log1p((residual / sigma) ** 2 / v)
        prior = ((values - plan.start) / plan.widths) ** 2 / 2
        return float(robust.sum() + prior.sum())

    damping = 1e-2
    current = log_eff(theta)
    predicted = table.log_predicted(current)
    residual = predicted - measured
    best = objective(residual, theta)
    for _ in range(rounds):
        slopes = np.zeros((table.count, len(QUANTITIES)))
        for i in range(len(QUANTITIES)):
            moved = current.copy()
            moved[:, i] += 1e-3
            slopes[:, i] = (table.log_predicted(moved) - predicted) / 1e-3
        jacobian = np.empty((table.count, len(plan.names)))
        for p, (quantity, _, _) in enumerate(plan.names):
            jacobian[:, p] = slopes[:, column_of[quantity]] * shares[p]
        v = DEGREES_OF_FREEDOM
        robust = base_weight * (v + 1) / (v + (residual / sigma) ** 2)
        hessian = (jacobian.T * robust) @ jacobian + np.diag(plan.widths**-2)
        gradient = jacobian.T @ (robust * residual) + (theta - plan.start) / plan.widths**2
        for _ in range(6):
            step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), -gradient)
            tried = theta + np.clip(step, -0.7, 0.7)
            tried_eff = log_eff(tried)
            tried_predicted = table.log_predicted(tried_eff)
            value = objective(tried_predicted - measured, tried)
            if value < best:
                break
            damping *= 5
        else:
            break
        gain = best - value
        theta, current, predicted, best = tried, tried_eff, tried_predicted, value
        residual = predicted - measured
        damping = max(damping / 5, 1e-6)
        if gain < 3e-4 * abs(best):
            break
    return Fitted(plan=plan, theta=theta)


def predict_log(table: EfficiencyTable, observations: Sequence[Observation]) -> Array:
    """Logarithms of what the table predicts for each observation."""
    stacked = columns(observations)
    eff = np.array(
        [[np.log(getattr(table.at(case.keys), q)) for q in QUANTITIES] for case in stacked.cases]
    )
    return stacked.log_predicted(eff)
