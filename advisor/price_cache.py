"""Refreshed prices on this machine: one CSV a user, in the columns of the shipped snapshot, replaced as a whole.

A reader sees the old file or the new one, never half of one, also when a refresh is killed.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from advisor.core.pricing import offer_from_row
from advisor.core.recommendation import Offer
from advisor.errors import PriceSourceError

COLUMNS = (
    "provider", "region", "instance_type", "accelerator", "gpu_count", "capacity_type", "usd_per_hour", "observed_on",
    "source",
)  # fmt: skip


def cache_file() -> Path:
    """Where refreshed prices are kept: under $XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "llm-advisor" / "prices.csv"


def read(file: Path) -> tuple[Offer, ...]:
    """The offers kept, none when there is no file; PriceSourceError naming line and field when it is damaged."""
    if not file.exists():
        return ()
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if set(COLUMNS) - set(reader.fieldnames or ()):
                raise csv.Error
            return tuple(_offer(row, file, reader.line_num) for row in reader)
    except OSError as error:
        raise PriceSourceError(f"{file}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise PriceSourceError(
            f"{file}: damaged: `advisor prices refresh` writes it anew"
        ) from None


def _offer(row: dict[str, str], file: Path, line: int) -> Offer:
    try:
        return offer_from_row(row)
    except (KeyError, TypeError, ValueError) as error:
        what = f"column {error} is missing" if isinstance(error, KeyError) else str(error)
        raise PriceSourceError(
            f"{file}: line {line}: {what}: `advisor prices refresh` writes the file anew"
        ) from None


def write(file: Path, offers: Iterable[Offer]) -> None:
    """Replace the file at once; PriceSourceError when that cannot be, with what was there left alone."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=file.parent, prefix=".prices-", delete=False
        ) as stream:
            try:
                _write_rows(stream, offers)
                os.replace(stream.name, file)
            except BaseException:
                Path(stream.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise PriceSourceError(f"{file}: cannot be written: {error.strerror}") from None


def _write_rows(stream: tempfile._TemporaryFileWrapper[str], offers: Iterable[Offer]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for o in offers:
        writer.writerow(
            (
                o.provider, o.region, o.instance_type, o.accelerator, o.accelerator_count, o.capacity_type,
                repr(o.usd_per_hour), o.observed_on, o.source,
            )
        )  # fmt: skip
    stream.flush()
    os.fsync(stream.fileno())
