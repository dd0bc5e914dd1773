"""What a plan's report is made of, the same for the terminal, HTML and JSON: eight steps of facts and tables.

Each number can say its formula and where that comes from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a step; `formula` and `source` are shown when asked for."""

    label: str
    value: str
    formula: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: the first column is a name, `chosen` the row that was taken."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chosen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    title: str
    facts: tuple[Fact, ...]
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`header` holds the three things one must know: model size, hardware, inference option."""

    title: str
    header: tuple[Fact, ...]
    assumed: tuple[str, ...]
    shortfall: str | None
    ending: str | None  # what the nearest is, and does not meet, where nothing meets everything
    steps: tuple[Step, ...]
