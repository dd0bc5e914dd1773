"""Rows of measurements, predicted: value, 80 % interval and basis, or the reason why not. `value` is never read.

Rows of one configuration share a case, cases of one kind of load are computed as columns: ten thousand rows take seconds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.habits import NO_HABITS, Habits, Run, run_of
from advisor.calibrate.names import cached_accelerator_of, spec_of
from advisor.calibrate.refusals import counted, refusal
from advisor.calibrate.rows import COLUMNS, ReadRow, Row, Unsupported, read_case
from advisor.core.efficiency import QUANTITIES, Efficiencies, EfficiencyTable, Keys
from advisor.core.hardware import Accelerator
from advisor.core.interval import Distance, Intervals, distance_of
from advisor.core.load import LoadKind, serve, stack
from advisor.core.model_spec import ModelSpec
from advisor.core.recommendation import Basis

CHUNK = 4000  # cases computed together, to bound memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One row's prediction in the metric's own unit, or the reason why there is none; and what was assumed."""

    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    basis: Basis | None = None
    unsupported: str = ""
    assumed: tuple[str, ...] = ()


def predict_rows(
    rows: Sequence[Row],
    *,
    table: EfficiencyTable,
    intervals: Intervals,
    habits: Habits = NO_HABITS,
    spec_of: Callable[[str], ModelSpec | Unsupported] = spec_of,
    accelerator_of: Callable[[str], Accelerator | Unsupported] = cached_accelerator_of,
) -> list[Answer]:
    """An answer for each row, in order."""
    cases: dict[tuple[str, ...], ReadRow | Unsupported] = {}
    answers: list[Answer] = []
    todo: dict[LoadKind, list[tuple[int, ReadRow]]] = defaultdict(list)
    for i, row in enumerate(rows):
        metric = (row.get("metric") or "").strip()
        if metric not in metrics.METRICS:
            shown = metric[:40] or "empty"
            answers.append(
                Answer(unsupported=f"metric is {shown!r}, known are {', '.join(metrics.METRICS)}")
            )
            continue
        key = (
            *(row.get(column) or "" for column in COLUMNS if column != "metric"),
            str(metric == "batch_e2e_s"),
        )
        if key not in cases:
            cases[key] = _case(row, spec_of, accelerator_of)
        found = cases[key]
        if isinstance(found, Unsupported):
            answers.append(Answer(unsupported=found.reason))
            continue
        answers.append(Answer(assumed=found.assumed))
        todo[found.case.load.kind].append((i, found))
    for kind, wanted in todo.items():
        for start in range(0, len(wanted), CHUNK):
            _fill(answers, rows, kind, wanted[start : start + CHUNK], table, intervals, habits)
    return answers


def _case(
    row: Row,
    spec_of: Callable[[str], ModelSpec | Unsupported],
    accelerator_of: Callable[[str], Accelerator | Unsupported],
) -> ReadRow | Unsupported:
    """The row's case, or why it is none: unreadable, or nothing that can have run."""
    row, told = counted(row)
    found = read_case(row, spec_of=spec_of, accelerator_of=accelerator_of)
    if isinstance(found, Unsupported):
        return found
    if reason := refusal(row, found):
        return Unsupported(reason=f"{reason} ({told})" if told else reason)
    said = [text for text in (told, _load_lost(row, found)) if text]
    return replace(found, assumed=(*found.assumed, *said)) if said else found


def _load_lost(row: Row, found: ReadRow) -> str:
    """What became of a row whose load cannot be read."""
    stated = (row.get("concurrency_or_batch") or "").strip() or (
        row.get("request_rate") or ""
    ).strip()
    lost = stated and found.case.load.kind is LoadKind.SATURATED
    return "no load left, taken as a full engine" if lost else ""


def _fill(
    answers: list[Answer],
    rows: Sequence[Row],
    kind: LoadKind,
    wanted: Sequence[tuple[int, ReadRow]],
    table: EfficiencyTable,
    intervals: Intervals,
    habits: Habits,
) -> None:
    """Computes the cases, each once, and writes the answers of their rows."""
    place: dict[int, int] = {}
    distinct: list[ReadRow] = []
    for _, read in wanted:
        if id(read) not in place:
            place[id(read)] = len(distinct)
            distinct.append(read)
    mine = [read.case for read in distinct]
    shape = stack([case.shape for case in mine])
    served = serve(
        kind,
        [case.load for case in mine],
        stack([case.costs for case in mine]),
        efficiencies_of([case.keys for case in mine], table),
        stack([case.engine for case in mine]),
        shape,
    )
    devices = np.array([[read.devices] for read in distinct])
    columns = {}
    excess, nearest = habits.of([_run(rows[i], read) for i, read in wanted])
    for (i, read), too_high, near in zip(wanted, excess, nearest, strict=True):
        metric = rows[i]["metric"].strip()
        if metric not in columns:
            columns[metric] = metrics.value_of(
                metric, served, np.asarray(shape.isl), np.asarray(shape.osl), devices
            )
        column = columns[metric]
        assert column is not None
        value = float(column[place[id(read)], 0] * np.exp(-too_high))
        if not math.isfinite(value) or value <= 0:
            answers[i] = Answer(unsupported=f"no finite {metric} for these lengths and this load")
            continue
        distance = distance_of(table, read.case.keys, nearest=float(near))
        low, high = intervals.around(
            value,
            group=metrics.group_of(metric),
            load=kind,
            distance=distance,
            assumed=len(read.assumed),
        )
        basis = Basis.MODELLED if distance is Distance.FAR else Basis.FITTED
        assumed = (*read.assumed, *_spread(read))
        answers[i] = Answer(predicted=value, low=low, high=high, basis=basis, assumed=assumed)


def _spread(read: ReadRow) -> tuple[str, ...]:
    """Of requests that come one by one: how alike they are taken to be, which no column says."""
    case = read.case
    if case.load.kind not in (LoadKind.CLOSED, LoadKind.OPEN):
        return ()
    alike = np.max(case.shape.osl_cv) == 0.0
    return ("all requests of these lengths" if alike else "lengths spread as in conversations",)


def _run(row: Row, read: ReadRow) -> Run:
    return run_of(read.case, row["metric"].strip(), read.devices, read.case.keys.source)


def efficiencies_of(keys: Sequence[Keys], table: EfficiencyTable) -> Efficiencies:
    """The table's efficiencies of many cases, as columns."""
    known: dict[Keys, Efficiencies] = {}
    found = []
    for key in keys:
        if key not in known:
            known[key] = table.at(key)
        found.append(known[key])
    return Efficiencies(
        **{q: np.array([[float(getattr(eff, q))] for eff in found]) for q in QUANTITIES}
    )
