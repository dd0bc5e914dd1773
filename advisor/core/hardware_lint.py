"""Is a table of accelerators plausible? Rules that find the ways in which public tables are wrong.

A peak is not free: units x clock x operations per clock bounds it, bus width x data rate gives the bandwidth, and within
one generation the dtypes stand in fixed ratios. So sparse figures quoted as dense, TF32 in the FP32 column, half a
package, gigabytes multiplied by 2^30 or a neighbour's figures show without knowing the right value. Where the device is
in our catalogue its figures are compared as well, and the finding says what the wrong one probably is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor.core.generations import CAPPED, FP4, FP8, GENERATIONS, INT8, TF32, Generation
from advisor.core.hardware import Accelerator, accelerator_from_row, may_mean

Row = Mapping[str, str]
TOLERANCE = 0.03  # two sources agree within it, as in the catalogue's `checked`
MEMORY_TOLERANCE = 0.075  # vendors mix GB and GiB, 7.4 % apart
LOWEST_CLOCK = 0.8  # of the boost clock: H100 NVL quotes its peak at 87 %
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
class _Device:
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
        return _fact(self, "bf16_dense_flops_per_s") or _fact(self, "fp16_dense_flops_per_s")

    def finding(self, column: str, rule: str, message: str) -> Finding:
        return Finding(row=self.row, name=self.name, column=column, rule=rule, message=message)


def lint(table: Sequence[Row], catalogue: Sequence[Row]) -> list[Finding]:
    """Every implausible cell of a table with the columns of gpus.csv, those it has; an empty cell says nothing.

    The catalogue's rows are compared by name where they are given. A name that several rows share is held against the
    nearest of them.
    """
    accelerators = [(accelerator_from_row(row), row) for row in catalogue]
    devices: list[_Device] = []
    findings: list[Finding] = []
    for number, row in enumerate(table, start=1):
        known = _known(row.get("name", ""), accelerators)
        numbers, bad = _numbers(number, row)
        findings += bad
        devices.append(
            _Device(row=number, name=row.get("name", ""), numbers=numbers, text=row, known=known)
        )
    for device in devices:
        found = [*_against_catalogue(device, catalogue)]
        found += [finding for rule in _RULES for finding in rule(device)]
        findings += _one_a_cell(found)
    findings += _duplicates(devices)
    return sorted(findings, key=lambda finding: finding.row)


def _known(name: str, accelerators: Sequence[tuple[Accelerator, Row]]) -> tuple[Row, ...]:
    exact = [row for known, row in accelerators if known.name.upper() == name.strip().upper()]
    return tuple(exact or [row for known, row in accelerators if may_mean(name, known)])


def _numbers(number: int, row: Row) -> tuple[dict[str, float], list[Finding]]:
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


def _one_a_cell(findings: Iterable[Finding]) -> list[Finding]:
    """The first finding of each cell: where we know the device, what it should be; else the rule that says most."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.column, finding)
    return list(first.values())


def _near(value: float, other: float, tolerance: float = TOLERANCE) -> bool:
    return abs(value - other) <= tolerance * abs(other)


def _show(column: str, value: float) -> str:
    if column in PEAKS:
        return f"{value / 1e12:.4g} {'TOPS' if column == INT8 else 'TFLOP/s'}"
    if column.endswith("bytes_per_s"):
        return f"{value / 1e9:.5g} GB/s"
    if column == "memory_bytes":
        return f"{value / 2**30:.4g} GiB"
    return f"{value:g}"


def _units(device: _Device) -> Iterator[Finding]:
    """Peaks below 10 GFLOP/s and bandwidths below 10 GB/s are in another unit, not slow."""
    for column in (*PEAKS, BANDWIDTH):
        value = device.numbers.get(column, 0.0)
        if 0 < value < 1e10:
            yield device.finding(
                column, "unit", f"{value:g} is too small for base units: in T or G?"
            )


def _powers_of_two(device: _Device) -> Iterator[Finding]:
    """A rate counts in powers of ten; a round number times 2^30 or 2^40 was converted as if it were memory."""
    for column, two, ten in [
        (BANDWIDTH, 2.0**30, 1e9),
        *[(peak, 2.0**40, 1e12) for peak in PEAKS],
    ]:
        value = device.numbers.get(column, 0.0)
        if (
            value >= ten
            and (value / two * 10).is_integer()
            and not (value / ten * 10).is_integer()
        ):
            message = f"{value / two:g} multiplied by {two:.0f} instead of {ten:.0e}: {two / ten - 1:.1%} too high"
            yield device.finding(column, "2^30", message)


def _bus(device: _Device) -> Iterator[Finding]:
    bus, rate = (
        _fact(device, "memory_bus_bits"),
        _fact(device, "memory_bits_per_s_per_pin"),
    )
    bandwidth = device.numbers.get(BANDWIDTH)
    if bus and rate and bandwidth and not _near(bandwidth, bus * rate / 8):
        exact = bus * rate / 8
        message = (
            f"{_show(BANDWIDTH, bandwidth)}, but {bus:.0f} bit x {rate / 1e9:g} Gbit/s is {_show(BANDWIDTH, exact)}"
            f"{_guess(BANDWIDTH, bandwidth, exact)}"
        )
        yield device.finding(BANDWIDTH, "bus x clock", message)


def _fact(device: _Device, column: str) -> float | None:
    """A physical figure: the row's own, else that of the one catalogue row it means."""
    if column in device.numbers:
        return device.numbers[column]
    cell = device.known[0].get(column, "") if len(device.known) == 1 else ""
    return float(cell) if cell else None


def _units_times_clock(device: _Device) -> Iterator[Finding]:
    generation, units, clock = (
        device.generation,
        _fact(device, "compute_units"),
        _fact(device, "boost_clock_hz"),
    )
    if generation is None or not units or not clock or _is_capped(device):
        return
    if generation.matrix_ops is None or generation.vector_ops is None:
        return
    text = device.known[0] if len(device.known) == 1 else device.text
    share = 0.5 if text.get("half_rate_matrix") == "yes" else 1.0
    ops = {
        "fp16_dense_flops_per_s": generation.matrix_ops * share,
        "bf16_dense_flops_per_s": generation.matrix_ops * share,
        "fp32_flops_per_s": float(generation.vector_ops),
    }
    for column, per_clock in ops.items():
        value = device.numbers.get(column)
        bound = units * clock * per_clock
        if value and not LOWEST_CLOCK * bound <= value <= (1 + TOLERANCE) * bound:
            message = (
                f"{_show(column, value)}, but {units:.0f} units x {clock / 1e9:g} GHz x {per_clock:g} operations is "
                f"{_show(column, bound)}{_guess(column, value, bound)}"
            )
            yield device.finding(column, "units x clock", message)


def _is_capped(device: _Device) -> bool:
    return device.name.upper().startswith(CAPPED)


def _vector_for_matrix(device: _Device) -> Iterator[Finding]:
    """FP32 near half of FP16 is TF32 where the vector units are slower than that."""
    generation = device.generation
    base, fp32 = device.base, device.numbers.get("fp32_flops_per_s")
    if generation is None or not base or not fp32 or _is_capped(device):
        return
    if generation.matrix_ops is None or generation.vector_ops is None:
        return
    ratio = generation.vector_ops / generation.matrix_ops
    if fp32 / base > 1.25 * 2 * ratio and _near(fp32, base / 2, 0.1):
        yield device.finding(
            "fp32_flops_per_s",
            "TF32",
            f"{_show('fp32_flops_per_s', fp32)} is half of the 16-bit matrix rate: that is TF32",
        )


def _ratios(device: _Device) -> Iterator[Finding]:
    generation, base = device.generation, device.base
    if generation is None:
        return
    for column in (FP8, INT8, FP4, TF32):
        value = device.numbers.get(column)
        if not value:
            continue
        if column not in generation.to_bf16:
            yield device.finding(
                column, "no such unit", f"this generation has no {PEAKS[column]} units"
            )
            continue
        allowed = generation.to_bf16[column]
        if base and allowed and not any(_near(value / base, ratio) for ratio in allowed):
            usual = " or ".join(f"{ratio:g}" for ratio in allowed)
            message = (
                f"{_show(column, value)} is {value / base:.3g} times the 16-bit rate, not {usual}"
            )
            yield device.finding(column, "ratio", message)


def _bf16(device: _Device) -> Iterator[Finding]:
    fp16, bf16 = (
        device.numbers.get("fp16_dense_flops_per_s"),
        device.numbers.get("bf16_dense_flops_per_s"),
    )
    generation = device.generation
    if generation is None or not bf16:
        return
    if generation in (
        GENERATIONS["6.0"],
        GENERATIONS["6.1"],
        GENERATIONS["7.0"],
        GENERATIONS["7.5"],
    ):
        yield device.finding(
            "bf16_dense_flops_per_s", "no such unit", "no bfloat16 units before Ampere"
        )
    elif fp16 and not _near(fp16, bf16):
        message = f"{fp16:.4g} for FP16 and {bf16:.4g} for BF16, which have one rate"
        yield device.finding("bf16_dense_flops_per_s", "ratio", message)


_MEMORY = {"GDDR5": 0.5e12, "GDDR6": 1.0e12, "GDDR6X": 1.2e12, "GDDR7": 2.0e12, "HBM2": 1.7e12}


def _memory_type(device: _Device) -> Iterator[Finding]:
    """No card of that memory type is faster; HBM3 and later are left to the other rules."""
    most = _MEMORY.get(device.text.get("memory_type", ""))
    bandwidth = device.numbers.get(BANDWIDTH)
    if most and bandwidth and bandwidth > most:
        kind = device.text["memory_type"]
        yield device.finding(
            BANDWIDTH, "memory type", f"{_show(BANDWIDTH, bandwidth)} is too much for {kind}"
        )


_RULES = (
    _units,
    _powers_of_two,
    _bus,
    _units_times_clock,
    _vector_for_matrix,
    _ratios,
    _bf16,
    _memory_type,
)


def _against_catalogue(device: _Device, catalogue: Sequence[Row]) -> Iterator[Finding]:
    """Cells further from every row that the name may mean than sources differ among themselves."""
    for column, value in device.numbers.items():
        ours = [float(row[column]) for row in device.known if row.get(column)]
        if not ours:
            continue
        nearest = min(ours, key=lambda other: abs(value - other))
        tolerance = MEMORY_TOLERANCE if column == "memory_bytes" else TOLERANCE
        if value == nearest or (column not in EXACT and _near(value, nearest, tolerance)):
            continue
        others = [
            row["name"]
            for row in catalogue
            if row not in device.known
            and row.get(column)
            and _near(value, float(row[column]), 0.005)
        ]
        same = f"; {others[0]} has that" if others and column in {*PEAKS, BANDWIDTH} else ""
        message = (
            f"{_show(column, value)}, we have {_show(column, nearest)}"
            f"{_guess(column, value, nearest, device)}{same}"
        )
        yield device.finding(column, "catalogue", message)
    yield from _other_year(device)


def _other_year(device: _Device) -> Iterator[Finding]:
    year = device.text.get("release_date", "")[:4]
    ours = {row["release_date"][:4] for row in device.known if row.get("release_date")}
    if year and ours and year not in ours:
        yield device.finding(
            "release_date", "catalogue", f"{year}, we have {', '.join(sorted(ours))}"
        )


def _guess(column: str, value: float, right: float, device: _Device | None = None) -> str:
    """What a wrong figure probably is, from its ratio to the right one."""
    ratio = value / right if right else 0.0
    if column not in PEAKS:
        if _near(ratio, 2**30 / 1e9, 0.005):
            return ": GB/s multiplied by 2^30?"
        one_way = (
            "one direction of two?" if column.startswith("interconnect") else "half a package?"
        )
        return f": {one_way}" if _near(ratio, 0.5, 0.02) else ""
    if value == 0:
        return ": the device has that unit"
    if device is not None and any(
        _near(value, float(row.get("fp32_flops_per_s") or 0) * times, 0.02)
        for row in device.known
        for times in (1, 2, 4)
    ):
        return ": the rate of the vector units?"
    if _near(ratio, 2, 0.05):
        return ": with sparsity, or FP16 accumulate?"
    if _near(ratio, 4, 0.05):
        return ": a narrower dtype with sparsity?"
    if _near(ratio, 0.5, 0.05):
        return ": half a package, or half rate?"
    return ": TF32?" if column == "fp32_flops_per_s" and ratio > 2 else ""


def _duplicates(devices: Sequence[_Device]) -> Iterator[Finding]:
    """One device listed twice with different values: at least one row is wrong."""
    first: dict[str, _Device] = {}
    for device in devices:
        key = device.known[0]["name"] if len(device.known) == 1 else device.name.strip().upper()
        before = first.setdefault(key, device)
        if before is device:
            continue
        differing = [
            column
            for column, value in device.numbers.items()
            if column in before.numbers and not _near(value, before.numbers[column], 0.001)
        ]
        for column in differing:
            here, there = device.numbers[column], before.numbers[column]
            message = f"{_show(column, here)}, but row {before.row} has {_show(column, there)}"
            yield device.finding(column, "listed twice", message)
        if not differing:
            yield device.finding("name", "listed twice", f"the same device as row {before.row}")
