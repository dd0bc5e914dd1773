"""`advisor memory FILE.csv`: predicted weights and KV tokens of start-ups, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.progress import progress

SHOWN_REASONS = 8
EXAMPLE = "Example: advisor memory startups.csv --out predicted.csv"


def memory(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV, one start-up a row: model_hf_id and gpu are needed; tp, pp, max_model_len, "
            "gpu_memory_utilization, dtype, quantization, kv_cache_dtype, vllm_version are read where they are."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the rows here; without it they go to stdout.")
    ] = None,
) -> None:
    """Predict what vLLM's start-up log says: weight GiB per device and KV cache tokens, each with an interval.

    Each row comes back with the predictions, their intervals and the basis beside it, or why it is unsupported.
    """
    import csv
    import io
    import sys

    from advisor.errors import ConfigError
    from advisor.files import write_text
    from advisor.memory_rows import PREDICTED, answer, check_columns

    reasons: dict[str, list[int]] = {}

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{file}: is not text in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="more")
    columns = list(reader.fieldnames or [])
    check_columns(columns, str(file))
    if not any(text.splitlines()[1:]):
        raise ConfigError(f"{file}: no row stands below its header")
    added = [name for name in PREDICTED if name not in columns]
    result = io.StringIO(newline="")
    writer = csv.DictWriter(result, [*columns, *added], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    try:
        with progress(f"predicting {file.name}") as tick:
            for number, row in enumerate(reader, start=1):
                cells = {name: cell for name, cell in row.items() if isinstance(name, str)}
                found = answer(cells)
                writer.writerow({**cells, **found})
                reasons.setdefault(found["unsupported"], []).append(number)
                tick(f"of {text.count(chr(10)):,} lines")
    except csv.Error as error:
        raise ConfigError(f"{file}: line {reader.line_num}: {error}") from None
    if out is None:
        sys.stdout.write(result.getvalue())
    else:
        write_text(out, result.getvalue())
        for line in _summary(reasons, out):
            typer.echo(line, err=True)


def _summary(reasons: dict[str, list[int]], out: Path) -> list[str]:
    """How many rows were answered, and for the others why not, the commonest reason first."""
    answered = len(reasons.get("", ()))
    lines = [f"{out}: written, {answered} of {sum(map(len, reasons.values()))} rows predicted"]
    failed = sorted((reason for reason in reasons if reason), key=lambda r: -len(reasons[r]))
    for reason in failed[:SHOWN_REASONS]:
        rows = reasons[reason]
        place = f"row {rows[0]}" if len(rows) == 1 else f"first in row {rows[0]}"
        lines.append(f"  {len(rows)} unsupported ({place}): {reason}")
    return lines
