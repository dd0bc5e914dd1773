"""`advisor predict`: rows of a benchmark table, predicted beside what they state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from advisor.calibrate.predict import Answer
    from advisor.tables import Cells

COLUMNS = ("row", "model", "gpu", "load", "metric", "predicted", "low", "high", "basis", "why not")
ADDED = ("predicted", "low", "high", "basis", "unsupported", "assumed")
SHOWN_REASONS = 8


def predict(
    file: Annotated[
        Path,
        typer.Argument(
            help="csv or csv.gz with the columns of the measurements; `value` is not read."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the rows with the predictions here (csv or csv.gz).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a row.")] = False,
) -> None:
    """Predict throughput and latency of every row, with an 80 % interval and its basis, or say why not."""
    from advisor.calibrate.habits import shipped
    from advisor.calibrate.predict import predict_rows
    from advisor.core.fitted import INTERVALS, TABLE

    rows = _read(file)
    answers = predict_rows(rows, table=TABLE, intervals=INTERVALS, habits=shipped())
    lines = [{**row, **_cells(answer)} for row, answer in zip(rows, answers, strict=True)]
    if out is not None:
        _write(out, lines)
    if as_json:
        _print_json(lines)
    elif out is None:
        _print_table(lines)
    if not as_json:
        _print_summary(answers, out)


def _read(file: Path) -> list[dict[str, str]]:
    import csv
    import zlib

    from advisor.calibrate.rows import read_rows
    from advisor.errors import ConfigError

    try:
        rows = read_rows(file)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise ConfigError(f"{file}: cannot be read as csv: {error}") from None
    if not rows:
        raise ConfigError(f"{file}: no row to predict: a header and a row below it are needed")
    if "metric" not in rows[0]:
        raise ConfigError(f"{file}: column 'metric' is missing; it says what to predict")
    if "model_hf_id" not in rows[0]:
        raise ConfigError(f"{file}: column 'model_hf_id' is missing; it says which model")
    return rows


def _cells(answer: Answer) -> dict[str, str]:
    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:.6g}"

    return {
        "predicted": shown(answer.predicted),
        "low": shown(answer.low),
        "high": shown(answer.high),
        "basis": str(answer.basis or ""),
        "unsupported": answer.unsupported,
        "assumed": "; ".join(answer.assumed),
    }


def _write(out: Path, lines: list[dict[str, str]]) -> None:
    import csv
    import gzip
    import io

    from advisor.files import write_bytes

    text = io.StringIO(newline="")
    columns = [*dict.fromkeys(column for line in lines for column in line)] or list(ADDED)
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    content = text.getvalue().encode("utf-8", errors="replace")
    write_bytes(out, gzip.compress(content) if out.suffix == ".gz" else content)


def _print_json(lines: list[dict[str, str]]) -> None:
    import json

    numbers = ("predicted", "low", "high")
    for line in lines:
        shown = {k: (float(v) if v else None) if k in numbers else v for k, v in line.items()}
        typer.echo(json.dumps(shown))


def _print_table(lines: list[dict[str, str]]) -> None:
    from advisor.plan.text import console
    from advisor.tables import Cells, narrowed, rich_table, whole_width

    columns: tuple[str, ...] = COLUMNS
    rows = tuple(_shown(number, line) for number, line in enumerate(lines, start=1))
    if not any(line["unsupported"] for line in lines):
        columns, rows = columns[:-1], tuple(row[:-1] for row in rows)
    cells = Cells(columns=columns, rows=rows, right=("row", "predicted", "low", "high"))
    screen = console(file_width=whole_width(cells))
    cells, gone = narrowed(cells, screen.width, _least_needed(cells))
    screen.print(rich_table(cells, screen.width))
    if gone:
        screen.print(f"No room for {', '.join(gone)}: a wider terminal, --out or --json has them.")


def _shown(number: int, line: dict[str, str]) -> tuple[str, ...]:
    load = f"{line.get('isl', '')}/{line.get('osl', '')} x {_offered(line)}"
    cells = (
        str(number), line["model_hf_id"].split("/")[-1], line.get("gpu", ""), load, line["metric"],
        line["predicted"], line["low"], line["high"], line["basis"], line["unsupported"],
    )  # fmt: skip
    return tuple("".join(c if c.isprintable() else "?" for c in cell) for cell in cells)


def _offered(line: dict[str, str]) -> str:
    """`32` at once, `3/s` as they come, `3/s, 32 at most`."""
    at_once, rate = line.get("concurrency_or_batch", ""), line.get("request_rate", "")
    if not rate:
        return at_once or "-"
    return f"{rate}/s, {at_once} at most" if at_once else f"{rate}/s"


def _least_needed(cells: Cells) -> list[str]:
    """The reasons stand below the table once more; of what tells rows apart, what is the same in all goes first."""
    varies = {
        name: len(set(column)) > 1
        for name, *column in zip(cells.columns, *cells.rows, strict=True)
    }
    told_below = [name for name in ("basis", "why not") if name in varies]
    return [*told_below, *sorted(("model", "gpu", "load"), key=varies.__getitem__)]


def _print_summary(answers: list[Answer], out: Path | None) -> None:
    rows: dict[str, list[int]] = {}
    for number, answer in enumerate(answers, start=1):
        if answer.unsupported:
            rows.setdefault(answer.unsupported, []).append(number)
    predicted = len(answers) - sum(map(len, rows.values()))
    where = f", written to {out}" if out is not None else ""
    typer.echo(f"{predicted} of {len(answers)} rows predicted{where}")
    for reason, numbers in sorted(rows.items(), key=lambda each: -len(each[1]))[:SHOWN_REASONS]:
        place = f"row {numbers[0]}" if len(numbers) == 1 else f"first in row {numbers[0]}"
        typer.echo(f"  {len(numbers)} unsupported ({place}): {reason}")
