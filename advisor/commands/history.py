"""`advisor history`: what was decided, done, and what became of it, from the journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry


def history(
    journal: Annotated[Path, typer.Argument(help="The journal's file.")],
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the newest decisions, each intent beside its outcome."""
    from advisor.adapters.journal import read_journal

    entries = read_journal(journal, limit=limit)
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(_as_dict(entry)))
    else:
        _print_table(entries)


def _as_dict(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": _when(entry),
        "at_s": entry.at_s,
        "kind": entry.kind,
        "intent_id": entry.intent_id,
        "action": entry.action,
        "detail": dict(entry.detail),
    }


def _when(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.at_s, UTC).isoformat(timespec="seconds")


def _print_table(entries: list[Entry]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("at", "id", "kind", "of", "action", "detail"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        detail = "; ".join(f"{name} {value}" for name, value in entry.detail.items())
        of = "" if entry.intent_id is None else str(entry.intent_id)
        table.add_row(_when(entry), str(entry.id), entry.kind, of, entry.action, detail)
    Console().print(table)
