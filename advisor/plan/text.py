"""A report in the terminal: rich tables, formulas and sources on request."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.plan.report import Fact, Grid, Report, Step


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
        console.print(_grid(grid))


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


def _grid(grid: Grid) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=True)
    for index, column in enumerate(grid.columns):
        last = index == len(grid.columns) - 1
        table.add_column(
            column,
            overflow="fold",
            min_width=14 if index == 0 else None,
            ratio=1 if last else None,
        )
    for index, row in enumerate(grid.rows):
        cells = [Text(cell) for cell in row]
        table.add_row(*cells, style="bold green" if index == grid.chosen else None)
    return table
