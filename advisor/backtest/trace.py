"""Request traces: who asked when, with how many tokens in and out. Parquet or CSV, read in batches, refused when wrong.

A trace is measured on somebody else's fleet. To ask what it would do to one of a wanted size, it is thinned (each request
kept by chance) or superposed (copies of it, each shifted by a random minute or so): both keep the daily curve and the
lengths, and superposing smooths bursts shorter than the shift, as more users do.
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from advisor.errors import AdvisorError

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("arrival_s", "input_tokens", "output_tokens")
TENANT = "model"
BATCH_ROWS = 1 << 18
JITTER_S = 60.0  # how far a superposed copy is shifted, either way
REDRAW_JITTER_S = 5.0  # shorter, so that a burst of a minute stays one
MAX_TOKENS = 2**31 - 1
MAX_ARRIVAL_S = 9.0e6  # the simulator's clock, 64 bits of picoseconds, ends at 106 days
Progress = Callable[[int, int], None]  # rows read, rows in the file (0: unknown)


class TraceError(AdvisorError):
    """The trace is not what a trace must be: read nothing. The message names the file, the column and the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Requests in order of arrival. `tenants` holds for each an index into `tenant_names`; one tenant: empty names."""

    name: str
    arrival_s: NDArray[np.float64]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    tenants: NDArray[np.int64]
    tenant_names: tuple[str, ...] = ()
    reconstructed: bool = False  # drawn again from rates and lengths, not a log of requests

    def __len__(self) -> int:
        return len(self.arrival_s)

    @property
    def duration_s(self) -> float:
        """From 0 to the last arrival."""
        return float(self.arrival_s[-1]) if len(self) else 0.0

    def select(self, keep: NDArray[Any]) -> Trace:
        """The requests that a mask or an index picks, in that order."""
        return Trace(
            name=self.name,
            arrival_s=self.arrival_s[keep],
            input_tokens=self.input_tokens[keep],
            output_tokens=self.output_tokens[keep],
            tenants=self.tenants[keep],
            tenant_names=self.tenant_names,
            reconstructed=self.reconstructed,
        )

    def between(self, start_s: float, end_s: float) -> Trace:
        """The arrivals in [start, end), counted from `start_s`."""
        low, high = np.searchsorted(self.arrival_s, (start_s, end_s))
        part = self.select(np.arange(low, high))
        return _replace(part, part.arrival_s - start_s, name=self.name)

    def of_tenant(self, index: int) -> Trace:
        part = self.select(self.tenants == index)
        return _replace(part, part.arrival_s, name=f"{self.name}/{self.tenant_names[index]}")


def make_trace(
    name: str,
    arrival_s: NDArray[Any],
    input_tokens: NDArray[Any],
    output_tokens: NDArray[Any],
    *,
    reconstructed: bool = False,
) -> Trace:
    """A trace of one tenant from plain arrays, already in order."""
    return Trace(
        name=name,
        arrival_s=np.asarray(arrival_s, np.float64),
        input_tokens=np.asarray(input_tokens, np.int64),
        output_tokens=np.maximum(np.asarray(output_tokens, np.int64), 1),
        tenants=np.zeros(len(arrival_s), np.int64),
        reconstructed=reconstructed,
    )


def load_trace(path: Path, progress: Progress | None = None) -> Trace:
    """The whole trace; TraceError where it is not sorted, empty, or holds what no request can have."""
    if not path.is_file():
        raise TraceError(f"{path}: {'is a directory' if path.is_dir() else 'no such file'}")
    reader = _Reader(path)
    batches = _csv_batches(path) if path.suffix == ".csv" else _parquet_batches(path)
    try:
        for batch in batches:
            reader.add(batch)
            if progress is not None:
                progress(reader.rows, batch.rows_in_file)
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path}: {error}") from None
    return reader.trace()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Some rows. A tenant is an index into `tenant_names`, which may differ from batch to batch."""

    columns: dict[str, NDArray[Any]]
    tenants: NDArray[np.int64] | None
    tenant_names: Sequence[str]
    rows_in_file: int


class _Reader:
    """Checks batch by batch and keeps the columns as the small types that they fit in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._last_s = 0.0
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in (*COLUMNS, TENANT)}
        self._tenants: dict[str, int] = {}

    def add(self, batch: _Batch) -> None:
        columns = batch.columns
        arrival_s = self._checked("arrival_s", columns["arrival_s"], MAX_ARRIVAL_S)
        before = np.concatenate(([self._last_s], arrival_s[:-1])) if len(arrival_s) else arrival_s
        self._refuse("arrival_s", arrival_s < before, arrival_s, "arrives before the row above it")
        self._parts["arrival_s"].append(arrival_s)
        for name in ("input_tokens", "output_tokens"):
            values = self._checked(name, columns[name], MAX_TOKENS)
            self._refuse(name, values != np.floor(values), values, "is not a whole number")
            self._parts[name].append(values.astype(np.int64))
        if batch.tenants is not None:
            known = [
                self._tenants.setdefault(name, len(self._tenants)) for name in batch.tenant_names
            ]
            self._parts[TENANT].append(np.asarray(known, np.int64)[batch.tenants])
        self.rows += len(arrival_s)
        self._last_s = float(arrival_s[-1]) if len(arrival_s) else self._last_s

    def trace(self) -> Trace:
        if self.rows == 0:
            raise TraceError(f"{self.path}: it holds no requests")
        tenants = self._parts[TENANT]
        return Trace(
            name=self.path.stem,
            arrival_s=np.concatenate(self._parts["arrival_s"]),
            # A request of no tokens still prefills something and still ends: one token each.
            input_tokens=np.maximum(np.concatenate(self._parts["input_tokens"]), 1),
            output_tokens=np.maximum(np.concatenate(self._parts["output_tokens"]), 1),
            tenants=np.concatenate(tenants) if tenants else np.zeros(self.rows, np.int64),
            tenant_names=tuple(self._tenants),
            reconstructed=self.path.stem.endswith("_recon"),
        )

    def _checked(self, name: str, values: NDArray[Any], most: float) -> NDArray[np.float64]:
        numbers = values.astype(np.float64)
        self._refuse(name, ~np.isfinite(numbers), numbers, "is not a finite number")
        self._refuse(name, numbers < 0, numbers, "is negative")
        self._refuse(name, numbers > most, numbers, f"is above {most:g}")
        return numbers

    def _refuse(self, name: str, wrong: NDArray[Any], values: NDArray[Any], why: str) -> None:
        if wrong.any():
            index = int(np.argmax(wrong))
            raise TraceError(
                f"{self.path}: {name}: row {self.rows + index + 1}: {values[index]:.12g} {why}"
            )


def _parquet_batches(path: Path) -> Iterator[_Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise TraceError(f"{path}: not a parquet file ({error})") from None
    _require_columns(path, file.schema_arrow.names)
    has_tenants = TENANT in file.schema_arrow.names
    wanted = [*COLUMNS, *([TENANT] if has_tenants else [])]
    for rows in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
        tenants, names = _coded(rows.column(TENANT)) if has_tenants else (None, [])
        yield _Batch(
            columns={name: _as_numpy(path, name, rows.column(name)) for name in COLUMNS},
            tenants=tenants,
            tenant_names=names,
            rows_in_file=file.metadata.num_rows,
        )


def _coded(column: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    """Indices and the names they stand for; a missing tenant is one of its own."""
    import pyarrow as pa

    coded = column.cast(pa.string()).fill_null("").dictionary_encode()
    return np.asarray(coded.indices.to_numpy(), np.int64), coded.dictionary.to_pylist()


def _as_numpy(path: Path, name: str, column: pa.Array) -> NDArray[Any]:
    import pyarrow as pa

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise TraceError(f"{path}: {name}: {column.type} is not a number")
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def _csv_batches(path: Path) -> Iterator[_Batch]:
    with path.open(
        newline="", encoding="utf-8-sig"
    ) as file:  # spreadsheets write a byte order mark
        reader = csv.DictReader(file, skipinitialspace=True)
        names_found = [name.strip() for name in reader.fieldnames or []]
        _require_columns(path, names_found)
        reader.fieldnames = names_found
        has_tenants = TENANT in names_found
        rows = enumerate(reader, start=1)  # as people count them, the header not among them
        while some := list(itertools.islice(rows, BATCH_ROWS)):
            names = [str(row[TENANT]) for _, row in some] if has_tenants else []
            unique = list(dict.fromkeys(names))
            place = {name: index for index, name in enumerate(unique)}
            yield _Batch(
                columns={
                    name: np.asarray([_number(path, name, index, row) for index, row in some])
                    for name in COLUMNS
                },
                tenants=np.asarray([place[name] for name in names], np.int64)
                if has_tenants
                else None,
                tenant_names=unique,
                rows_in_file=0,
            )


def _number(path: Path, name: str, index: int, row: dict[str, Any]) -> float:
    try:
        return float(row[name])
    except TypeError:
        raise TraceError(f"{path}: {name}: row {index}: the row ends before it") from None
    except ValueError:
        raise TraceError(f"{path}: {name}: row {index}: {row[name]!r} is not a number") from None


def _require_columns(path: Path, names: list[str]) -> None:
    if not names:
        raise TraceError(f"{path}: the file is empty")
    missing = [name for name in COLUMNS if name not in names]
    if missing and ";" in names[0]:
        raise TraceError(f"{path}: columns are separated by commas, not by semicolons")
    if missing:
        raise TraceError(
            f"{path}: {missing[0]}: no such column; a trace has {', '.join(COLUMNS)} (found: {', '.join(names)})"
        )


def scale_rate(trace: Trace, factor: float, *, seed: int, jitter_s: float = JITTER_S) -> Trace:
    """`factor` times as many requests: whole copies shifted at random, and a thinned one for the rest."""
    rng = np.random.default_rng(seed)
    whole = math.floor(factor)
    copies = [np.arange(len(trace)) for _ in range(whole)]
    copies.append(np.flatnonzero(rng.random(len(trace)) < factor - whole))
    shifts = [np.zeros(len(copy)) for copy in copies[:1]]
    shifts += [rng.uniform(-jitter_s, jitter_s, len(copy)) for copy in copies[1:]]
    index = np.concatenate(copies)
    return _moved(trace, index, np.concatenate(shifts))


def redraw(trace: Trace, *, seed: int, jitter_s: float = REDRAW_JITTER_S) -> Trace:
    """The same traffic another time: as many requests on average, each bootstrapped and shifted a little."""
    rng = np.random.default_rng(seed)
    copies = rng.poisson(1.0, len(trace))
    index = np.repeat(np.arange(len(trace)), copies)
    return _moved(trace, index, rng.uniform(-jitter_s, jitter_s, len(index)))


def _moved(trace: Trace, index: NDArray[Any], shift_s: NDArray[np.float64]) -> Trace:
    """Those requests, shifted, and folded back at the ends of the trace."""
    arrival_s = np.abs(trace.arrival_s[index] + shift_s)
    arrival_s = np.where(
        arrival_s > trace.duration_s, 2 * trace.duration_s - arrival_s, arrival_s
    ).clip(0.0, trace.duration_s)
    order = np.argsort(arrival_s, kind="stable")
    return _replace(trace.select(index[order]), arrival_s[order], name=trace.name)


def _replace(trace: Trace, arrival_s: NDArray[np.float64], *, name: str) -> Trace:
    return Trace(
        name=name,
        arrival_s=arrival_s,
        input_tokens=trace.input_tokens,
        output_tokens=trace.output_tokens,
        tenants=trace.tenants,
        tenant_names=trace.tenant_names,
        reconstructed=trace.reconstructed,
    )
