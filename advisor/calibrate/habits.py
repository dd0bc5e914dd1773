"""What a laboratory's own runs say of its next one, beyond what the model explains.

The model is physics with a few factors, and leaves a residual: of one laboratory's runs of one model on one card it is much
the same for all, and it changes slowly with lengths and load. So residuals of runs that are remembered correct a prediction
for a row of the same laboratory (`source_id`), by how alike the runs are (`kriging.py`). A stranger's rows are predicted by
physics alone.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.kriging import Array, Field, Kernel, Part, Points, Term, field_through
from advisor.core.load import Case

NUMBERS = ("flops", "bytes", "layers", "isl", "osl", "amount", "devices")  # logarithms
LABELS = ("accelerator", "generation", "era", "family", "precision", "kind", "load", "metric")
FILE = "habits.csv.gz"
MOST_RUNS = 3000  # remembered of one laboratory and kind of number: solving grows with the cube
LARGEST = 2.0  # a logarithm: what is wrong by more is no habit
_SHARED = ("trtllm-docs",)  # how the names begin of sources that are one laboratory

_PARTS = {
    "regime": Part(
        numbers={NUMBERS.index("isl"): 0.33, NUMBERS.index("osl"): 0.33, NUMBERS.index("amount"): 0.33},
        labels={LABELS.index("load"): 1.5, LABELS.index("metric"): 0.1},
    ),
    "engine": Part(numbers={}, labels={LABELS.index("era"): 0.7}),
    "card": Part(
        numbers={NUMBERS.index("devices"): 0.25},
        labels={LABELS.index("accelerator"): 1.0, LABELS.index("generation"): 0.7},
    ),
    "model": Part(
        numbers={NUMBERS.index("flops"): 0.5, NUMBERS.index("bytes"): 0.5, NUMBERS.index("layers"): 0.25},
        labels={
            LABELS.index("family"): 0.4, LABELS.index("precision"): 0.7, LABELS.index("kind"): 0.7,
        },
    ),
}  # fmt: skip


def _kernel(*, card: float, model: float, run: float, noise: float) -> Kernel:
    """Standard deviations of what a laboratory's runs share: those on a card, those of a model, those of both."""
    shared = {"regime": 1.0, "engine": 1.0}
    return Kernel(
        parts=_PARTS,
        terms=(
            Term(variance=card**2, fades={**shared, "card": 1.0}),
            Term(variance=model**2, fades={**shared, "model": 1.0}),
            Term(variance=run**2, fades={"regime": 1.5, "engine": 2.0, "card": 1.0, "model": 1.0}),
        ),
        noise=noise,
    )


# Chosen among nine, with runs, pairs of card and model, and families left out: what all runs of a laboratory were let share
# made its other cards and models worse, and beyond that the errors hardly move.
_OF_RATES = _kernel(card=0.05, model=0.1, run=0.3, noise=0.05)
_OF_LATENCIES = _kernel(card=0.1, model=0.1, run=0.4, noise=0.1)


def kernel_of(group: str) -> Kernel:
    """That of tokens/s, which repeat within a few percent, or that of latencies."""
    return _OF_RATES if group == "throughput" else _OF_LATENCIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row, as far as habits tell rows apart."""

    laboratory: str
    group: str
    numbers: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def block(self) -> tuple[str, str]:
        return self.laboratory, self.group


def laboratory_of(source: str) -> str:
    """Who measured; TensorRT-LLM's tables are of one laboratory, whatever their version."""
    return next((start for start in _SHARED if source.startswith(start)), source)


def run_of(case: Case, metric: str, devices: float, source: str) -> Run:
    costs, keys, shape = case.costs, case.keys, case.shape
    amounts = (
        (costs.linear_flops + costs.expert_flops) * devices,
        (costs.dense_bytes + costs.expert_bytes) * devices,
        costs.layers, shape.isl, shape.osl, case.load.amount or 1.0, devices,
    )  # fmt: skip
    return Run(
        laboratory=laboratory_of(source),
        group=metrics.group_of(metric),
        numbers=tuple(math.log(max(float(amount), 1e-6)) for amount in amounts),
        labels=(
            keys.accelerator, keys.generation, keys.era, keys.family, keys.precision, keys.kind, str(case.load.kind), metric,
        ),
    )  # fmt: skip


def _sign(run: Run) -> float:
    """A batch's duration is wrong by as much as its tokens/s, the other way round."""
    return -1.0 if run.labels[-1] == "batch_e2e_s" else 1.0


def _points(runs: Sequence[Run]) -> Points:
    return Points(
        numbers=np.array([run.numbers for run in runs]),
        labels=np.array([run.labels for run in runs]),
    )


def _blocks(runs: Sequence[Run]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, run in enumerate(runs):
        found[run.block].append(i)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """For each laboratory and kind of number the field of its residuals: logarithms of predicted over measured."""

    fields: Mapping[tuple[str, str], Field]

    def of(self, runs: Sequence[Run]) -> tuple[Array, Array]:
        """For each run the logarithm by which its laboratory's are predicted too high; and how near the nearest is."""
        excess, nearest = np.zeros(len(runs)), np.zeros(len(runs))
        for block, rows in _blocks(runs).items():
            if block not in self.fields:
                continue
            mine = [runs[i] for i in rows]
            found, near = self.fields[block].at(_points(mine), kernel_of(block[1]))
            excess[rows] = found * np.array([_sign(run) for run in mine])
            nearest[rows] = near
        return excess, nearest


NO_HABITS = Habits(fields={})


def learn(runs: Sequence[Run], errors: Array) -> Habits:
    """The habits that rows with these errors show."""
    fields = {}
    for block, rows in _blocks(runs).items():
        kept = rows[:: math.ceil(len(rows) / MOST_RUNS)]
        mine = [runs[i] for i in kept]
        signs = np.array([_sign(run) for run in mine])
        values = np.clip(errors[kept], -LARGEST, LARGEST) * signs
        fields[block] = field_through(_points(mine), values, kernel_of(block[1]))
    return Habits(fields=fields)


def as_file(habits: Habits) -> bytes:
    """A line for each remembered run; the same bytes for the same habits."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["laboratory", "group", *NUMBERS, *LABELS, "weight"])
    for block, field in sorted(habits.fields.items()):
        points = field.points
        for numbers, labels, weight in zip(
            points.numbers, points.labels, field.weights, strict=True
        ):
            shown = [f"{number:.4g}" for number in numbers]
            writer.writerow([*block, *shown, *labels, f"{weight:.4g}"])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def read_habits(lines: Iterable[str]) -> Habits:
    by_block: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for laboratory, group, *cells in list(csv.reader(lines))[1:]:
        by_block[laboratory, group].append(cells)
    fields = {}
    for block, rows in by_block.items():
        points = Points(
            numbers=np.array([row[: len(NUMBERS)] for row in rows], dtype=float),
            labels=np.array([row[len(NUMBERS) : -1] for row in rows]),
        )
        fields[block] = Field(points=points, weights=np.array([float(row[-1]) for row in rows]))
    return Habits(fields=fields)


@cache
def shipped() -> Habits:
    """What `python -m advisor.calibrate` wrote."""
    packed = files("advisor.data").joinpath(FILE).read_bytes()
    return read_habits(io.StringIO(gzip.decompress(packed).decode(), newline=""))
