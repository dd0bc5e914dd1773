"""Observations as columns: the distinct cases of one kind of load stacked, so that all predictions are a few numpy calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.observation import Observation
from advisor.core.efficiency import HIGHEST, QUANTITIES, Efficiencies, EfficiencyTable, Keys
from advisor.core.load import Array, Case, LoadKind, serve, stack
from advisor.core.scheduler import Engine, Shape
from advisor.core.step_time import StepCosts


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


def predict_log(table: EfficiencyTable, observations: Sequence[Observation]) -> Array:
    """Logarithms of what the table predicts for each observation."""
    return predict_log_on(table, columns(observations))


def predict_log_on(table: EfficiencyTable, stacked: Columns) -> Array:
    """The same for observations that are stacked already."""
    known: dict[Keys, list[float]] = {}
    for case in stacked.cases:
        if case.keys not in known:
            at = table.at(case.keys)
            known[case.keys] = [float(np.log(getattr(at, q))) for q in QUANTITIES]
    return stacked.log_predicted(np.array([known[case.keys] for case in stacked.cases]))
