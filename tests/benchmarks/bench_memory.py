"""Predicted against measured start-ups: `python tests/benchmarks/bench_memory.py`, from the project's root.

Prints every row of memory_calibration.csv, then the errors with each model left out in turn: the five constants of
`core/engine_memory.py` that were fitted are fitted again without it (least squares on the reserve), and it is
predicted with those.
"""

from __future__ import annotations

import csv
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.core import engine_memory, sizing
from advisor.core.engine_memory import GIB
from advisor.memory_rows import StartUp, read_row

MEASURED = Path(__file__).resolve().parents[3] / "shared/data/measurements/memory_calibration.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    model: str
    family: str  # left out together: a model and its quantised copies
    start: StartUp
    weight_gib: float
    kv_gib: float
    kv_tokens: int


def rows() -> list[Row]:
    with MEASURED.open(encoding="utf-8") as stream:
        return [_row(cells) for cells in csv.DictReader(stream) if cells["model_hf_id"]]


def _row(cells: dict[str, str]) -> Row:
    start = read_row(cells)
    return Row(
        model=cells["model_hf_id"],
        family=f"{start.spec.architecture} {start.spec.total_params}",
        start=start,
        weight_gib=float(cells["weight_memory_gib"]),
        kv_gib=float(cells["kv_cache_memory_gib"]),
        kv_tokens=int(cells["kv_cache_tokens"]),
    )


def predicted(row: Row) -> sizing.Fit:
    start = row.start
    return sizing.fit(
        start.spec, start.accelerator, start.tp_degree, pp_degree=start.pp_degree,
        gpu_memory_utilization=start.gpu_memory_utilization, max_model_len=start.max_model_len,
        settings=start.settings,
    )  # fmt: skip


def features(row: Row) -> list[float]:
    """What the fitted constants multiply: one, several devices, their doublings, experts."""
    tp = row.start.tp_degree
    return [
        1.0,
        float(tp > 1),
        math.log2(tp / 2) if tp > 1 else 0.0,
        float(row.start.spec.num_experts > 0),
    ]


CONSTANTS = np.array([
    engine_memory.CONTEXT_BYTES, engine_memory.ALL_REDUCE_BYTES, engine_memory.ALL_REDUCE_BYTES_PER_DOUBLING,
    engine_memory.EXPERTS_BYTES,
])  # fmt: skip


def refitted(training: Sequence[Row]) -> np.ndarray:
    """The constants that explain these start-ups best, everything else of the model as it is."""
    inputs = np.array([features(row) for row in training])
    targets = [
        _measured_reserve(row)
        - (predicted(row).reserved_bytes_per_device - CONSTANTS @ features(row))
        for row in training
    ]
    # A family without experts says nothing of theirs: a faint pull to the shipped constants keeps the fit defined.
    pull = 1e-3 * np.eye(len(CONSTANTS))
    solution, *_ = np.linalg.lstsq(
        np.vstack([inputs, pull]), np.concatenate([targets, pull @ CONSTANTS]), rcond=None
    )
    return np.asarray(solution)


def _measured_reserve(row: Row) -> float:
    usable = row.start.gpu_memory_utilization * row.start.accelerator.memory_bytes
    return usable - (row.weight_gib + row.kv_gib) * GIB


def tokens_with(row: Row, constants: np.ndarray) -> float:
    """KV tokens where the reserve's constants are these."""
    found = predicted(row)
    room = found.kv_bytes_per_device - float((constants - CONSTANTS) @ features(row))
    return found.kv_tokens * room / found.kv_bytes_per_device


def percent(predicted_value: float, measured: float) -> float:
    return 100 * (predicted_value / measured - 1)


def main() -> None:
    if not MEASURED.exists():
        sys.exit(
            "bench_memory: the measurements are not here: ../shared/data/measurements is absent"
        )
    measured = rows()
    print(f"{'model':52} tp pp   weights GiB            KV tokens                  left out")
    weights, tokens, held_out = [], [], []
    for row in measured:
        found = predicted(row)
        weight = percent(found.weight_bytes_per_device / GIB, row.weight_gib)
        kv = percent(found.kv_tokens, row.kv_tokens)
        # Pipelines report one stage's memory and the tightest stage's tokens: no reserve can be read off them.
        training = [r for r in measured if r.family != row.family and r.start.pp_degree == 1]
        unseen = percent(tokens_with(row, refitted(training)), row.kv_tokens)
        weights.append(abs(weight)), tokens.append(abs(kv)), held_out.append(abs(unseen))
        print(
            f"{row.model:52} {row.start.tp_degree:2d} {row.start.pp_degree:2d}  {row.weight_gib:6.2f}"
            f" {found.weight_bytes_per_device / GIB:6.2f} {weight:+6.2f} %  {row.kv_tokens:9,d} {found.kv_tokens:9,d}"
            f" {kv:+6.2f} %  {unseen:+6.2f} %"
        )
    _print_summary("weights", weights)
    _print_summary("KV tokens", tokens)
    _print_summary("KV tokens, model left out", held_out)


def _print_summary(name: str, errors: Sequence[float]) -> None:
    ordered = sorted(errors)
    print(
        f"{name:28} n {len(ordered)}  median {statistics.median(ordered):.2f} %  "
        f"p90 {ordered[int(0.9 * len(ordered))]:.2f} %  worst {ordered[-1]:.2f} %"
    )


if __name__ == "__main__":
    main()
