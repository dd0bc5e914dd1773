"""`advisor size MODEL`: parameters, bytes by quantisation, KV cache, FLOPs, and which accelerators hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from advisor.progress import progress

if TYPE_CHECKING:
    from rich.console import Console

    from advisor.core.hardware import Accelerator
    from advisor.core.model_spec import ModelSpec, Quantization
    from advisor.size_report import Place, SizeReport

DEFAULT_CONTEXT_TOKENS = 8192
EXAMPLE = "Example: advisor size Qwen/Qwen3-30B-A3B --gpu H100-SXM-80GB --quantization fp8 --context 32768 --explain"


def size(
    model: Annotated[str, typer.Argument(help="A hub id, or a folder with a config.json.")],
    gpu: Annotated[
        list[str] | None,
        typer.Option(
            "--gpu",
            "--accelerator",
            help="Only this GPU, as L40S; may be given again.",
            metavar="NAME",
        ),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(
            help="Tokens one request holds, as 32768; 8192 or the model's limit if not given.",
            min=1,
            metavar="TOKENS",
        ),
    ] = None,
    quantization: Annotated[
        list[str] | None,
        typer.Option(
            help="Size it stored this way: fp8, awq-int4, ...; may be given again.",
            metavar="KIND",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each figure's formula and source.")
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask no hub: the shipped table and the hub's cache only."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON, in base units.")] = False,
) -> None:
    """Size a model: exact parameters, weights by quantisation, KV cache, FLOPs, and where it fits."""
    import json
    from dataclasses import asdict

    from advisor.adapters.hub import load_model
    from advisor.size_report import SHOWN, size_report

    with progress(f"looking for {model}"):
        loaded = load_model(model, offline=offline)
    kinds = _quantizations(quantization or [])
    spec = _stored(loaded.spec, kinds)
    report = size_report(
        spec,
        loaded.origin,
        context_tokens=_context(spec, context),
        accelerators=_accelerators(gpu or []),
        quantizations=kinds or SHOWN,
    )
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=1))
    else:
        _print(report, explain=explain)


def _context(spec: ModelSpec, asked: int | None) -> int:
    from advisor.errors import ConfigError

    limit = spec.max_context_tokens
    if asked is not None and limit is not None and asked > limit:
        raise ConfigError(f"--context: {asked} tokens are more than {spec.name} takes: {limit}")
    return asked or min(DEFAULT_CONTEXT_TOKENS, limit or DEFAULT_CONTEXT_TOKENS)


def _quantizations(names: list[str]) -> list[Quantization]:
    from advisor.errors import ConfigError
    from advisor.memory_rows import QUANTIZATION_NAMES
    from advisor.near_names import near

    found = []
    for name in names:
        kind = QUANTIZATION_NAMES.get(name.lower())
        if kind is None:
            meant = near(name, QUANTIZATION_NAMES, cutoff=0.3)
            raise ConfigError(
                f"--quantization: {name!r} is unknown; near names: {', '.join(meant) or 'none'}"
            )
        found.append(kind)
    return found


def _stored(spec: ModelSpec, kinds: list[Quantization]) -> ModelSpec:
    """One quantisation asked for: everything is of the model stored that way."""
    from advisor.core.model_spec import Quantization, quantized
    from advisor.errors import ConfigError

    if not kinds:
        return spec
    if spec.quantization is not Quantization.NONE:
        raise ConfigError(f"--quantization: {spec.name} is stored as {spec.quantization} already")
    return quantized(spec, kinds[0]) if len(kinds) == 1 else spec


def _accelerators(names: list[str]) -> list[Accelerator]:
    from advisor import data
    from advisor.core.hardware import find

    known = data.accelerators()
    return [find(name, known) for name in names] if names else list(known)


def _print(report: SizeReport, *, explain: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(soft_wrap=False, highlight=False)
    console.print(Text(report.name, style="bold"))
    console.print(Padding(Text(f"from {report.origin}", style="dim"), (0, 0, 0, 2)))
    _print_figures(report, console, explain)
    _print_weights(report, console)
    _print_places(report, console, everything=explain or len(report.places) <= 8)
    for note in report.notes:
        console.print(Text(f"  note: {note}", style="yellow"))


def _print_figures(report: SizeReport, console: Console, explain: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for figure in report.figures:
        value = Text(figure.shown)
        if explain:
            value.append(f"\n= {figure.formula}\n  {figure.source}", style="dim")
        table.add_row(figure.label, value)
    console.print(table)


def _print_weights(report: SizeReport, console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column("weights as")
    table.add_column("GB", justify="right")
    table.add_column("GiB", justify="right")
    table.add_column("bits per parameter", justify="right")
    for stored in report.weights:
        table.add_row(
            "16-bit" if stored.quantization == "none" else stored.quantization,
            f"{stored.weight_bytes / 1e9:,.1f}",
            f"{stored.weight_bytes / 2**30:,.2f}",
            f"{stored.bits_per_param:.2f}",
        )
    console.print()
    console.print(table)


def _degree(place: Place) -> str:
    if place.tp_degree is None:
        return "-"
    return f"{place.tp_degree}{' EP' if place.expert_parallel else ''}"


def _print_places(report: SizeReport, console: Console, *, everything: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column("accelerator", no_wrap=True)
    table.add_column("TP", justify="right")
    table.add_column("KV tokens", justify="right")
    table.add_column(f"requests of {report.context_tokens:,} at once", justify="right")
    table.add_column("why not", overflow="fold")
    places = [place for place in report.places if everything or place.tp_degree is not None]
    for place in sorted(places, key=lambda p: (p.tp_degree or 99, p.accelerator)):
        tokens = "" if place.kv_tokens is None else f"{place.kv_tokens:,}"
        requests = "" if place.requests is None else f"{place.requests:,.1f}"
        table.add_row(place.accelerator, _degree(place), tokens, requests, place.why_not or "")
    console.print()
    console.print(table)
    left_out = len(report.places) - len(places)
    if left_out:
        console.print(
            Text(
                f"  {left_out} accelerators do not hold it or do not run vLLM: --explain names them",
                style="dim",
            )
        )
