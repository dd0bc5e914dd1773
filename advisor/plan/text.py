"""A report in the terminal: rich tables, formulas and sources on request."""

from __future__ import annotations

import os
import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.plan.report import Fact, Grid, Report, Step

FILE_WIDTH = 120  # of what is written into a file or a pipe, where nobody's terminal sets a width
SHORT = (
    24  # a cell up to this length is a name or a number: it stays on one line where there is room
)


def console(*, file_width: int = FILE_WIDTH) -> Console:
    """The terminal at its width; a file or a pipe at a width that tables are readable in."""
    given = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if given else file_width, highlight=False)


def print_report(report: Report, console: Console, *, explain: bool) -> None:
    console.print(Text(report.title, style="bold"))
    for fact in report.header:
        console.print(Text.assemble((f"  {fact.label:17}", "bold"), fact.value))
    if report.shortfall is not None:
        console.print(Text(f"\nNothing meets everything: {report.shortfall}", style="bold red"))
    for line in report.assumed:
        console.print(Text(f"  assumed: {line}", style="yellow"))
    for number, step in enumerate(report.steps, start=1):
        _print_step(step, number, console, explain)


def _print_step(step: Step, number: int, console: Console, explain: bool) -> None:
    console.print(Text(f"\n{number}. {step.title}", style="bold"))
    if step.facts:
        console.print(_facts(step.facts, explain))
    for grid in step.grids:
        console.print(Text(f"\n   {grid.title}", style="italic"))
        console.print(_grid(grid, console.width))


def _facts(facts: tuple[Fact, ...], explain: bool) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for fact in facts:
        value = Text(fact.value)
        if explain:
            why = "; ".join(part for part in (fact.formula, fact.source) if part)
            if why:
                value.append(f"\n= {why}", style="dim")
        table.add_row(fact.label, value)
    return table


def _grid(grid: Grid, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=True)
    for column, size in zip(grid.columns, _widths(grid, width), strict=True):
        table.add_column(column, overflow="fold", width=size)
    for index, row in enumerate(grid.rows):
        cells = [Text(cell) for cell in row]
        table.add_row(*cells, style="bold green" if index == grid.chosen else None)
    return table


def _widths(grid: Grid, width: int) -> list[int | None]:
    """Columns of short cells keep them whole, and long ones are folded; where even so there is no room, rich decides.

    Left to itself rich takes from the widest column first, which is the one with the names.
    """
    columns = list(zip(grid.columns, *grid.rows, strict=True))
    wanted = [max(map(len, cells)) for cells in columns]
    widths = [_least(cells) for cells in columns]
    room = (
        width - sum(widths) - 2 * len(widths) - 1
    )  # a space in each cell, one between cells, the edges
    if room < 0:
        return [None] * len(columns)
    for index in reversed(range(len(columns))):
        more = min(room, wanted[index] - widths[index])
        widths[index] += more
        room -= more
    return list(widths)


def _least(cells: tuple[str, ...]) -> int:
    """Of a column, its heading first: the heading may break between words, a short cell nowhere."""
    heading, *rest = cells
    longest = max(map(len, rest), default=0)
    words = [len(word) for cell in rest for word in cell.split()] if longest > SHORT else [longest]
    return max(min(max(words, default=0), SHORT), *map(len, heading.split()), 1)
