"""Measurements to fit on: the rows of the file that are fit to be learned from, each as an observation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from advisor.calibrate import metrics
from advisor.calibrate.anchors import ANCHORS
from advisor.calibrate.doubts import doubt_of
from advisor.calibrate.names import cached_accelerator_of, spec_of
from advisor.calibrate.observation import Observation
from advisor.calibrate.rows import (
    COLUMNS,
    ReadRow,
    Row,
    Unsupported,
    measured,
    read_case,
    read_rows,
)

MEASUREMENTS = Path("../shared/data/measurements/calibration.csv.gz")  # relative to the project
_ASSUMED_LENGTHS = "lengths unknown, taken for those of conversations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    observations: tuple[Observation, ...]
    left_out: Counter[str]  # reason and rows


def load(path: Path) -> Measurements:
    """Every usable row, and the anchors; rows of one configuration share a case."""
    cases: dict[tuple[str, ...], ReadRow | Unsupported] = {}
    left_out: Counter[str] = Counter()
    observations = []
    for i, row in enumerate([*read_rows(path), *ANCHORS]):
        value, reason = measured(row), _unfit(row)
        if value is None or reason:
            left_out[reason or f"flagged: {row.get('quality_flag') or 'no value'}"] += 1
            continue
        key = tuple(row.get(column, "") for column in COLUMNS if column != "metric")
        if key not in cases:
            cases[key] = read_case(row, spec_of=spec_of, accelerator_of=cached_accelerator_of)
        found = cases[key]
        if isinstance(found, Unsupported):
            left_out[found.reason] += 1
            continue
        if (
            _ASSUMED_LENGTHS in found.assumed
            and "sharegpt" not in f"{row.get('scenario')}{row.get('notes')}".lower()
        ):
            left_out["lengths not stated"] += 1
            continue
        observations.append(
            Observation(
                case=found.case,
                metric=row["metric"],
                value=value,
                devices=found.devices,
                source=row.get("source_id", ""),
                model=(row.get("family") or row["model_hf_id"]).split("|")[0],
                row=i,
                doubt=doubt_of(row),
            )
        )
    return Measurements(observations=tuple(observations), left_out=left_out)


def _unfit(row: Row) -> str | None:
    if row.get("metric") not in metrics.METRICS:
        return "a metric that is none of ours"
    if row.get("metric") == "batch_e2e_s" and row.get("source_id", "").startswith("argonne"):
        return "the same measurement as its total_tok_s"
    return None
