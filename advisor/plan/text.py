"""A report in the terminal: rich tables, formulas and sources on request."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.plan.report import Fact, Report, Step
from advisor.tables import Cells, rich_table

FILE_WIDTH = 120  # of what is written into a file or a pipe, where nobody's terminal sets a width


def console(*, file_width: int = FILE_WIDTH) -> Console:
    """The terminal at its width; a file or a pipe at a width that tables are readable in."""
    given = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if given else file_width, highlight=False)


def print_report(report: Report, console: Console, *, explain: bool) -> None:
    console.print(Text(report.title, style="bold"))
    console.print(_facts(report.header, False, labels="bold"))
    if report.shortfall is not None:
        console.print(Text(f"\nNothing meets everything: {report.shortfall}", style="bold red"))
    for line in report.assumed:
        console.print(Text(f"  assumed: {line}", style="yellow"))
    for number, step in enumerate(report.steps, start=1):
        _print_step(step, number, console, explain)
    if report.ending is not None:
        console.print(Text(f"\n{report.ending}", style="bold red"))


def _print_step(step: Step, number: int, console: Console, explain: bool) -> None:
    console.print(Text(f"\n{number}. {step.title}", style="bold"))
    if step.facts:
        console.print(_facts(step.facts, explain))
    for grid in step.grids:
        console.print(Text(f"\n   {grid.title}", style="italic"))
        cells = Cells(columns=grid.columns, rows=grid.rows, chosen=grid.chosen)
        console.print(rich_table(cells, console.width))


def _facts(facts: tuple[Fact, ...], explain: bool, *, labels: str = "dim") -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    table.add_column(no_wrap=True, style=labels)
    table.add_column(overflow="fold")
    for fact in facts:
        value = Text(fact.value)
        if explain:
            why = "; ".join(part for part in (fact.formula, fact.source) if part)
            if why:
                value.append(f"\n= {why}", style="dim")
        table.add_row(fact.label, value)
    return table
