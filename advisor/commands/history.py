"""`advisor history`: what was decided, promised and done, and what became of it, from the journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry


def history(
    journal: Annotated[Path, typer.Argument(help="The journal's file.")],
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1)] = 50,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only these: intent, outcome, advice, promise, verdict. Repeatable."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the newest decisions, what each predicted, and what came of it."""
    from advisor.adapters.journal import KINDS, read_journal
    from advisor.errors import ConfigError

    for name in kind or ():
        if name not in KINDS:
            raise ConfigError(f"--kind: no kind {name!r}; known are {', '.join(KINDS)}")
    entries = read_journal(journal, limit=limit, kinds=kind or KINDS, model=model)
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
    table.add_column("at (UTC)", no_wrap=True)
    for heading in ("id", "model", "kind", "of", "action", "detail"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        of = "" if entry.intent_id is None else str(entry.intent_id)
        model = str(entry.detail.get("model", ""))
        table.add_row(
            f"{datetime.fromtimestamp(entry.at_s, UTC):%Y-%m-%d %H:%M:%S}",
            str(entry.id),
            model,
            entry.kind,
            of,
            entry.action,
            _in_words(entry),
        )
    Console().print(table)


def _in_words(entry: Entry) -> str:
    detail = entry.detail
    if entry.kind == "promise":
        from advisor.plan.shown import fleet

        where = detail.get("conditions", {})
        return (
            f"{fleet(where.get('replicas') or 0, where.get('tp_degree') or 1, str(where.get('accelerator')))} at "
            f"{_number(where.get('requests_per_s'))} requests/s: {_values(detail.get('predicted', {}))}"
        )
    if entry.kind == "verdict":
        if detail.get("not_comparable"):
            return f"not comparable: {detail['not_comparable']}"
        return _compared(detail.get("predicted", {}), detail.get("observed", {}))
    return "; ".join(
        f"{name} {_shown(value)}" for name, value in detail.items() if name != "model"
    )


def _values(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in values.items())


def _compared(predicted: dict[str, Any], observed: dict[str, Any]) -> str:
    """What was both predicted and observed, as `ttft_p95_s 0.21, predicted 0.19`."""
    both = [name for name in predicted if name in observed]
    return "; ".join(
        f"{name} {_number(observed[name])}, predicted {_number(predicted[name])}" for name in both
    )


def _number(value: Any) -> str:
    """Whole numbers as they are, others to three digits, of which no more can be meant."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "unknown"
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"({', '.join(f'{name} {_shown(each)}' for name, each in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return _number(value) if isinstance(value, float) else str(value)
