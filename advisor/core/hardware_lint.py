"""Is a table of accelerators plausible? Rules that find the ways in which public tables are wrong.

A peak is not free: units x clock x operations per clock bounds it, bus width x data rate gives the bandwidth, and within
one generation the dtypes stand in fixed ratios. So sparse figures quoted as dense, TF32 in the FP32 column, half a
package, gigabytes multiplied by 2^30 or a neighbour's figures show without knowing the right value. Where the device is
in our catalogue its figures are compared as well, and the finding says what the wrong one probably is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from advisor.core.generations import CAPPED, FP4, FP8, GENERATIONS, INT8, TF32
from advisor.core.hardware import Accelerator, accelerator_from_row, may_mean
from advisor.core.hardware_row import (
    BANDWIDTH,
    EXACT,
    PEAKS,
    TOLERANCE,
    Device,
    Finding,
    Row,
    fact,
    guess,
    near,
    read_numbers,
    show,
)

MEMORY_TOLERANCE = 0.075  # vendors mix GB and GiB, 7.4 % apart
LOWEST_CLOCK = 0.8  # of the boost clock: H100 NVL quotes its peak at 87 %


def lint(table: Sequence[Row], catalogue: Sequence[Row]) -> list[Finding]:
    """Every implausible cell of a table with the columns of gpus.csv, those it has; an empty cell says nothing.

    The catalogue's rows are compared by name where they are given. A name that several rows share is held against the
    nearest of them.
    """
    accelerators = [(accelerator_from_row(row), row) for row in catalogue]
    devices: list[Device] = []
    findings: list[Finding] = []
    for number, row in enumerate(table, start=1):
        known = _known(row.get("name", ""), accelerators)
        numbers, bad = read_numbers(number, row)
        findings += bad
        devices.append(
            Device(row=number, name=row.get("name", ""), numbers=numbers, text=row, known=known)
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


def _one_a_cell(findings: Iterable[Finding]) -> list[Finding]:
    """The first finding of each cell: where we know the device, what it should be; else the rule that says most."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.column, finding)
    return list(first.values())


def _units(device: Device) -> Iterator[Finding]:
    """Peaks below 10 GFLOP/s and bandwidths below 10 GB/s are in another unit, not slow."""
    for column in (*PEAKS, BANDWIDTH):
        value = device.numbers.get(column, 0.0)
        if 0 < value < 1e10:
            yield device.finding(
                column, "unit", f"{value:g} is too small for base units: in T or G?"
            )


def _powers_of_two(device: Device) -> Iterator[Finding]:
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


def _bus(device: Device) -> Iterator[Finding]:
    bus, rate = (
        fact(device, "memory_bus_bits"),
        fact(device, "memory_bits_per_s_per_pin"),
    )
    bandwidth = device.numbers.get(BANDWIDTH)
    if bus and rate and bandwidth and not near(bandwidth, bus * rate / 8):
        exact = bus * rate / 8
        message = (
            f"{show(BANDWIDTH, bandwidth)}, but {bus:.0f} bit x {rate / 1e9:g} Gbit/s is {show(BANDWIDTH, exact)}"
            f"{guess(BANDWIDTH, bandwidth, exact)}"
        )
        yield device.finding(BANDWIDTH, "bus x clock", message)


def _units_times_clock(device: Device) -> Iterator[Finding]:
    generation, units, clock = (
        device.generation,
        fact(device, "compute_units"),
        fact(device, "boost_clock_hz"),
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
                f"{show(column, value)}, but {units:.0f} units x {clock / 1e9:g} GHz x {per_clock:g} operations is "
                f"{show(column, bound)}{guess(column, value, bound)}"
            )
            yield device.finding(column, "units x clock", message)


def _is_capped(device: Device) -> bool:
    return device.name.upper().startswith(CAPPED)


def _vector_for_matrix(device: Device) -> Iterator[Finding]:
    """FP32 near half of FP16 is TF32 where the vector units are slower than that."""
    generation = device.generation
    base, fp32 = device.base, device.numbers.get("fp32_flops_per_s")
    if generation is None or not base or not fp32 or _is_capped(device):
        return
    if generation.matrix_ops is None or generation.vector_ops is None:
        return
    ratio = generation.vector_ops / generation.matrix_ops
    if fp32 / base > 1.25 * 2 * ratio and near(fp32, base / 2, 0.1):
        yield device.finding(
            "fp32_flops_per_s",
            "TF32",
            f"{show('fp32_flops_per_s', fp32)} is half of the 16-bit matrix rate: that is TF32",
        )


def _ratios(device: Device) -> Iterator[Finding]:
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
        if base and allowed and not any(near(value / base, ratio) for ratio in allowed):
            usual = " or ".join(f"{ratio:g}" for ratio in allowed)
            message = (
                f"{show(column, value)} is {value / base:.3g} times the 16-bit rate, not {usual}"
            )
            yield device.finding(column, "ratio", message)


def _bf16(device: Device) -> Iterator[Finding]:
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
    elif fp16 and not near(fp16, bf16):
        message = f"{fp16:.4g} for FP16 and {bf16:.4g} for BF16, which have one rate"
        yield device.finding("bf16_dense_flops_per_s", "ratio", message)


_MEMORY = {"GDDR5": 0.5e12, "GDDR6": 1.0e12, "GDDR6X": 1.2e12, "GDDR7": 2.0e12, "HBM2": 1.7e12}


def _memory_type(device: Device) -> Iterator[Finding]:
    """No card of that memory type is faster; HBM3 and later are left to the other rules."""
    most = _MEMORY.get(device.text.get("memory_type", ""))
    bandwidth = device.numbers.get(BANDWIDTH)
    if most and bandwidth and bandwidth > most:
        kind = device.text["memory_type"]
        yield device.finding(
            BANDWIDTH, "memory type", f"{show(BANDWIDTH, bandwidth)} is too much for {kind}"
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


def _against_catalogue(device: Device, catalogue: Sequence[Row]) -> Iterator[Finding]:
    """Cells further from every row that the name may mean than sources differ among themselves."""
    for column, value in device.numbers.items():
        ours = [float(row[column]) for row in device.known if row.get(column)]
        if not ours:
            continue
        nearest = min(ours, key=lambda other: abs(value - other))
        tolerance = MEMORY_TOLERANCE if column == "memory_bytes" else TOLERANCE
        if value == nearest or (column not in EXACT and near(value, nearest, tolerance)):
            continue
        others = [
            row["name"]
            for row in catalogue
            if row not in device.known
            and row.get(column)
            and near(value, float(row[column]), 0.005)
        ]
        same = f"; {others[0]} has that" if others and column in {*PEAKS, BANDWIDTH} else ""
        message = (
            f"{show(column, value)}, we have {show(column, nearest)}"
            f"{guess(column, value, nearest, device)}{same}"
        )
        yield device.finding(column, "catalogue", message)
    yield from _other_year(device)


def _other_year(device: Device) -> Iterator[Finding]:
    year = device.text.get("release_date", "")[:4]
    ours = {row["release_date"][:4] for row in device.known if row.get("release_date")}
    if year and ours and year not in ours:
        yield device.finding(
            "release_date", "catalogue", f"{year}, we have {', '.join(sorted(ours))}"
        )


def _duplicates(devices: Sequence[Device]) -> Iterator[Finding]:
    """One device listed twice with different values: at least one row is wrong."""
    first: dict[str, Device] = {}
    for device in devices:
        key = device.known[0]["name"] if len(device.known) == 1 else device.name.strip().upper()
        before = first.setdefault(key, device)
        if before is device:
            continue
        differing = [
            column
            for column, value in device.numbers.items()
            if column in before.numbers and not near(value, before.numbers[column], 0.001)
        ]
        for column in differing:
            here, there = device.numbers[column], before.numbers[column]
            message = f"{show(column, here)}, but row {before.row} has {show(column, there)}"
            yield device.finding(column, "listed twice", message)
        if not differing:
            yield device.finding("name", "listed twice", f"the same device as row {before.row}")
