"""One row of a table of accelerators as the lint sees it: its numbers, and the catalogue's rows that its name may mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.generations import GENERATIONS, INT8, Generation

Row = Mapping[str, str]
TOLERANCE = 0.03  # two sources agree within it, as in the catalogue's `checked`
PEAKS = {
    "fp16_dense_flops_per_s": "FP16",
    "bf16_dense_flops_per_s": "BF16",
    "fp8_dense_flops_per_s": "FP8",
    "int8_dense_ops_per_s": "INT8",
    "fp4_dense_flops_per_s": "FP4",
    "fp32_flops_per_s": "FP32",
    "tf32_flops_per_s": "TF32",
}
BANDWIDTH = "memory_bandwidth_bytes_per_s"
EXACT = ("compute_units", "compute_capability", "memory_bus_bits")
NUMBERS = (
    *PEAKS,
    BANDWIDTH,
    "memory_bytes",
    "interconnect_bytes_per_s",
    "tdp_w",
    "boost_clock_hz",
    "memory_bits_per_s_per_pin",
    *EXACT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One implausible cell: which, by which rule, and what it probably is."""

    row: int  # 1 is the first row under the heading
    name: str
    column: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One row read: its numbers, its generation, and the catalogue's rows that its name may mean."""

    row: int
    name: str
    numbers: Mapping[str, float]
    text: Row
    known: tuple[Row, ...]

    @property
    def generation(self) -> Generation | None:
        for source in (*self.known, self.text):
            for column in ("compute_capability", "architecture"):
                if (found := GENERATIONS.get(source.get(column, ""))) is not None:
                    return found
        return None

    @property
    def base(self) -> float | None:
        """The 16-bit matrix rate that the others are held against."""
        return fact(self, "bf16_dense_flops_per_s") or fact(self, "fp16_dense_flops_per_s")

    def finding(self, column: str, rule: str, message: str) -> Finding:
        return Finding(row=self.row, name=self.name, column=column, rule=rule, message=message)


def read_numbers(number: int, row: Row) -> tuple[dict[str, float], list[Finding]]:
    numbers, bad = {}, []
    for column in NUMBERS:
        cell = (row.get(column) or "").strip()
        if not cell:
            continue
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if math.isfinite(value) and value >= 0:
            numbers[column] = value
        else:
            message = f"{cell[:30]!r} is not a number above zero"
            bad.append(
                Finding(
                    row=number,
                    name=row.get("name", ""),
                    column=column,
                    rule="number",
                    message=message,
                )
            )
    return numbers, bad


def near(value: float, other: float, tolerance: float = TOLERANCE) -> bool:
    return abs(value - other) <= tolerance * abs(other)


def show(column: str, value: float) -> str:
    if column in PEAKS:
        return f"{value / 1e12:.4g} {'TOPS' if column == INT8 else 'TFLOP/s'}"
    if column.endswith("bytes_per_s"):
        return f"{value / 1e9:.5g} GB/s"
    if column == "memory_bytes":
        return f"{value / 2**30:.4g} GiB"
    return f"{value:g}"


def fact(device: Device, column: str) -> float | None:
    """A physical figure: the row's own, else that of the one catalogue row it means."""
    if column in device.numbers:
        return device.numbers[column]
    cell = device.known[0].get(column, "") if len(device.known) == 1 else ""
    return float(cell) if cell else None


def guess(column: str, value: float, right: float, device: Device | None = None) -> str:
    """What a wrong figure probably is, from its ratio to the right one."""
    ratio = value / right if right else 0.0
    if column not in PEAKS:
        if near(ratio, 2**30 / 1e9, 0.005):
            return ": GB/s multiplied by 2^30?"
        one_way = (
            "one direction of two?" if column.startswith("interconnect") else "half a package?"
        )
        return f": {one_way}" if near(ratio, 0.5, 0.02) else ""
    if value == 0:
        return ": the device has that unit"
    if device is not None and any(
        near(value, float(row.get("fp32_flops_per_s") or 0) * times, 0.02)
        for row in device.known
        for times in (1, 2, 4)
    ):
        return ": the rate of the vector units?"
    if near(ratio, 2, 0.05):
        return ": with sparsity, or FP16 accumulate?"
    if near(ratio, 4, 0.05):
        return ": a narrower dtype with sparsity?"
    if near(ratio, 0.5, 0.05):
        return ": half a package, or half rate?"
    return ": TF32?" if column == "fp32_flops_per_s" and ratio > 2 else ""
