"""`advisor gpus`: the catalogue of accelerators, one of them in full, or the lint of somebody's table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

EXAMPLE = "Examples: advisor gpus l40s; advisor gpus --vendor amd --json; advisor gpus --lint my-gpus.csv"

if TYPE_CHECKING:
    from advisor.core.hardware import Accelerator
    from advisor.core.hardware_row import Finding


def gpus(
    name: Annotated[
        str | None, typer.Argument(help="Show this one in full: a name or what a cloud calls it.")
    ] = None,
    vendor: Annotated[
        str | None, typer.Option(help="Only this vendor's, as nvidia.", metavar="NAME")
    ] = None,
    lint: Annotated[
        Path | None,
        typer.Option(
            help="Check a table of GPUs (CSV with a column name) for implausible figures instead; status 1 if any."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the accelerators with their memory, bandwidth and dense peaks, each with its source."""
    if lint is not None:
        _lint(lint, as_json=as_json)
    elif name is not None:
        _show_one(name, as_json=as_json)
    else:
        _list(vendor, as_json=as_json)


def _list(vendor: str | None, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from advisor import data
    from advisor.errors import ConfigError

    known = data.accelerators()
    vendors = sorted({accelerator.vendor for accelerator in known})
    chosen = [a for a in known if vendor is None or a.vendor.lower() == vendor.lower()]
    if not chosen:
        raise ConfigError(
            f"--vendor: no accelerators of {vendor!r}; known are {', '.join(vendors)}"
        )
    if as_json:
        typer.echo(json.dumps([asdict(a) for a in chosen], indent=1))
    else:
        _print_table(chosen)


COLUMNS = (
    "accelerator", "released", "vLLM", "GiB", "GB/s", "fp16", "bf16", "fp8", "int8", "fp4", "link GB/s", "devices", "W",
)  # fmt: skip
LEAST_NEEDED = ("released", "devices", "W", "link GB/s", "int8", "fp16")


def _print_table(chosen: list[Accelerator]) -> None:
    from advisor.plan.text import console
    from advisor.tables import Cells, narrowed, rich_table

    screen = console(file_width=140)
    cells, gone = narrowed(
        Cells(columns=COLUMNS, rows=tuple(map(_cells, chosen)), right=COLUMNS[3:]),
        screen.width,
        LEAST_NEEDED,
    )
    screen.print(rich_table(cells, screen.width))
    screen.print("Peaks in dense TFLOP/s without sparsity; - is unknown or not in hardware.")
    if gone:
        screen.print(f"No room for {', '.join(gone)}: a wider terminal shows them.")
    screen.print("Sources: `advisor gpus NAME`, or --json.")


def _cells(a: Accelerator) -> tuple[str, ...]:
    peaks = (
        a.fp16_flops_per_s,
        a.bf16_flops_per_s,
        a.fp8_flops_per_s,
        a.int8_ops_per_s,
        a.fp4_flops_per_s,
    )
    return (
        a.name,
        a.released,
        "yes" if a.runs_vllm else "no",
        f"{a.memory_bytes / 2**30:.1f}",
        f"{a.memory_bandwidth_bytes_per_s / 1e9:.0f}",
        *map(_tera, peaks),
        f"{a.interconnect_bytes_per_s / 1e9:.0f}" if a.interconnect_bytes_per_s else "-",
        str(a.island_size or "-"),
        f"{a.tdp_w:g}" if a.tdp_w else "-",
    )


def _tera(peak: float | None) -> str:
    """Four digits, and never an exponent."""
    if not peak:
        return "-"
    return f"{peak / 1e12:.0f}" if peak >= 1e15 else f"{peak / 1e12:.4g}"


def _show_one(name: str, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from advisor import data
    from advisor.core.hardware import find_measured

    found, assumed = find_measured(name, data.accelerators())
    fields = {**asdict(found), "why_not_served": found.why_not_served, "assumed": assumed}
    if as_json:
        typer.echo(json.dumps(fields, indent=1))
        return
    for field, value in fields.items():
        if value is None or value == "" or value == ():
            continue
        shown = ", ".join(value) if isinstance(value, tuple | list) else value
        typer.echo(
            f"{field:32} {shown:,.0f}"
            if isinstance(shown, float) and shown > 1e6
            else f"{field:32} {shown}"
        )


def _lint(file: Path, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from advisor import data
    from advisor.adapters.gpu_table import read_gpu_table
    from advisor.core.hardware_lint import lint

    table = read_gpu_table(file)
    findings = lint(table, data.accelerator_rows())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _print_findings(file, len(table), findings)
    raise typer.Exit(1 if findings else 0)


def _print_findings(file: Path, rows: int, findings: list[Finding]) -> None:
    for f in findings:
        typer.echo(f"{file}: row {f.row} ({f.name}): {f.column}: {f.message} [{f.rule}]")
    what = f"{len(findings)} implausible figures" if findings else "nothing implausible"
    typer.echo(f"{file}: {rows} rows, {what}")
