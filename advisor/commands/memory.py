"""`advisor memory FILE.csv`: predicted weights and KV tokens of start-ups, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def memory(
    file: Annotated[
        Path,
        typer.Argument(help="A CSV with the columns model_hf_id, gpu, tp, pp, ... of a start-up."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the rows here; without it they go to stdout.")
    ] = None,
) -> None:
    """Predict what vLLM's start-up log says: weight GiB per device and KV cache tokens, each with an interval.

    Writes the same rows and columns with the predictions, their intervals and the basis beside them, or why a row is
    unsupported.
    """
    import csv
    import io
    import sys

    from advisor.errors import ConfigError
    from advisor.files import write_text
    from advisor.memory_rows import PREDICTED, answer, check_columns

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{file}: is not text in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="more")
    columns = list(reader.fieldnames or [])
    check_columns(columns, str(file))
    added = [name for name in PREDICTED if name not in columns]
    result = io.StringIO(newline="")
    writer = csv.DictWriter(result, [*columns, *added], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    try:
        for row in reader:
            cells = {name: cell for name, cell in row.items() if isinstance(name, str)}
            writer.writerow({**cells, **answer(cells)})
    except csv.Error as error:
        raise ConfigError(f"{file}: line {reader.line_num}: {error}") from None
    if out is None:
        sys.stdout.write(result.getvalue())
    else:
        write_text(out, result.getvalue())
        typer.echo(f"{out}: written", err=True)
