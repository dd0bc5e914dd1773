"""Tables that keep names and numbers whole, in a terminal of any width.

Left to itself rich takes room from the widest column first, which is the one with the names, and cuts numbers off with an
ellipsis. Here a long cell is folded between its words, a short one stays on one line, and where even so there is no room
the columns that are needed least are left out by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

# a cell up to this length is a name or a number: it stays on one line where there is room
SHORT = 24
LONGEST_WORD = 36  # a word up to this length is not broken where there is room
GAP = 2  # between two columns, with the table's edges


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What a table shows: `right` are the columns of numbers, `chosen` the row to point out, `dim` those to step back."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: Collection[str] = ()
    chosen: int | None = None
    dim: Collection[int] = ()


def narrowed(cells: Cells, width: int, spare: Sequence[str]) -> tuple[Cells, tuple[str, ...]]:
    """Without as many of the `spare` columns, in their order, as must go for the rest to stay whole; and which went."""
    gone: list[str] = []
    for column in spare:
        if _room(cells, width, _comfortable) >= 0:
            break
        cells = _without(cells, column)
        gone.append(column)
    return cells, tuple(gone)


def whole_width(cells: Cells) -> int:
    """The width at which every cell is on one line."""
    return (
        sum(max(map(len, column)) for column in _by_column(cells)) + GAP * len(cells.columns) + 1
    )


def rich_table(cells: Cells, width: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=True)
    for column, size in zip(cells.columns, _widths(cells, width), strict=True):
        justify = "right" if column in cells.right else "left"
        table.add_column(column, overflow="fold", width=size, justify=justify)  # type: ignore[arg-type]
    for index, row in enumerate(cells.rows):
        style = "bold green" if index == cells.chosen else "dim" if index in cells.dim else None
        table.add_row(*map(Text, row), style=style)
    return table


def _without(cells: Cells, column: str) -> Cells:
    at = cells.columns.index(column)
    rows = tuple((*row[:at], *row[at + 1 :]) for row in cells.rows)
    return replace(cells, columns=(*cells.columns[:at], *cells.columns[at + 1 :]), rows=rows)


def _by_column(cells: Cells) -> list[tuple[str, ...]]:
    return list(zip(cells.columns, *cells.rows, strict=True))


def _room(cells: Cells, width: int, needed: Callable[[tuple[str, ...]], int]) -> int:
    """Left over when every column has what it needs; below zero where they do not fit."""
    return width - sum(map(needed, _by_column(cells))) - GAP * len(cells.columns) - 1


def _widths(cells: Cells, width: int) -> list[int | None]:
    """The least for each column, and what is left to the last ones first; where there is no room, rich decides."""
    columns, room = _by_column(cells), _room(cells, width, _least)
    if room < 0:
        return [None] * len(columns)
    widths = list(map(_least, columns))
    for index in reversed(range(len(columns))):
        more = min(room, max(map(len, columns[index])) - widths[index])
        widths[index] += more
        room -= more
    return list(widths)


def _least(cells: tuple[str, ...]) -> int:
    """Of a column, its heading first: headings and long cells may break between words, a short cell nowhere."""
    heading, *rest = cells
    longest = max(map(len, rest), default=0)
    words = [len(word) for cell in rest for word in cell.split()] if longest > SHORT else [longest]
    return max(min(max(words, default=0), LONGEST_WORD), *map(len, heading.split()), 1)


def _comfortable(cells: tuple[str, ...]) -> int:
    """The least, and room for a long cell on two or three lines."""
    longest = max(map(len, cells[1:]), default=0)
    return max(_least(cells), min((longest + 1) // 2, SHORT) if longest > SHORT else 0)
