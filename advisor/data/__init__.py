"""Shipped tables, read once and turned into the core's values."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from advisor.core.api_prices import ApiPrice, api_price_from_row
from advisor.core.hardware import Accelerator, accelerator_from_row
from advisor.core.pricing import offer_from_row
from advisor.core.recommendation import Offer


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


@cache
def accelerator_rows() -> tuple[dict[str, str], ...]:
    """gpus.csv as it is written, with the columns that only the lint reads."""
    return tuple(_rows("gpus.csv"))


@cache
def accelerators() -> tuple[Accelerator, ...]:
    """Every accelerator of gpus.csv."""
    return tuple(accelerator_from_row(row) for row in accelerator_rows())


@cache
def offers() -> tuple[Offer, ...]:
    """Every offer of prices.csv."""
    return tuple(offer_from_row(row) for row in _rows("prices.csv"))


@cache
def api_prices() -> tuple[ApiPrice, ...]:
    """Every pay-per-token price of api_prices.csv."""
    return tuple(api_price_from_row(row) for row in _rows("api_prices.csv"))
