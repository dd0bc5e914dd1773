"""Somebody's table of GPUs (CSV) in the columns and base units of our own, so that it can be linted."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from advisor.errors import ConfigError

MAX_BYTES = 10_000_000  # far above any table of GPUs
# Columns in the units people write; a GB of memory is taken as the GiB that vendors mean (80 GB is 80 x 2^30 on H100).
_OTHER_UNITS: Mapping[str, tuple[str, float]] = {
    "memory_gb": ("memory_bytes", 2**30),
    "memory_gib": ("memory_bytes", 2**30),
    "bandwidth_gb_per_s": ("memory_bandwidth_bytes_per_s", 1e9),
    "memory_bandwidth_gb_per_s": ("memory_bandwidth_bytes_per_s", 1e9),
    "interconnect_gb_per_s": ("interconnect_bytes_per_s", 1e9),
    "fp16_tflops": ("fp16_dense_flops_per_s", 1e12),
    "bf16_tflops": ("bf16_dense_flops_per_s", 1e12),
    "fp8_tflops": ("fp8_dense_flops_per_s", 1e12),
    "int8_tops": ("int8_dense_ops_per_s", 1e12),
    "fp4_tflops": ("fp4_dense_flops_per_s", 1e12),
    "fp32_tflops": ("fp32_flops_per_s", 1e12),
    "tf32_tflops": ("tf32_flops_per_s", 1e12),
}


def read_gpu_table(file: Path) -> list[dict[str, str]]:
    """The rows, columns in our units; ConfigError naming file and column when it is not such a table."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ConfigError(
                f"{file}: larger than {MAX_BYTES // 1_000_000} MB: not a table of GPUs"
            )
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigError(f"{file}: not a CSV file") from None
    columns = rows[0].keys() if rows else ()
    if "name" not in columns:
        raise ConfigError(f"{file}: name: this column is required, beside those of gpus.csv")
    return [_in_base_units(row) for row in rows]


def _in_base_units(row: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    """Cells beyond the heading are dropped; a cell that is no number stays, for the lint to say so."""
    found: dict[str, str] = {}
    for column, cell in row.items():
        if not isinstance(column, str) or not isinstance(cell, str):
            continue
        ours, factor = _OTHER_UNITS.get(column.strip().lower(), (column.strip(), 1.0))
        found[ours] = _times(cell.strip(), factor)
    return found


def _times(cell: str, factor: float) -> str:
    try:
        return cell if factor == 1.0 or not cell else repr(float(cell.replace(",", "")) * factor)
    except ValueError:
        return cell
