"""`advisor plan MODEL`: the eight steps from a budget to a deployment, before anything is rented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.core.objective import CapacityType, Latency, Mode

if TYPE_CHECKING:
    from advisor.plan.request import Load

Names = Annotated[list[str] | None, typer.Option()]


def plan(
    model: Annotated[
        str, typer.Argument(help="A hub id (Qwen/Qwen3-8B) or a folder with a config.json.")
    ],
    budget: Annotated[
        str | None, typer.Option(help="The cap: 5000/month or 6.90/hour.", show_default=False)
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Requests per second to plan for.")] = None,
    isl: Annotated[float | None, typer.Option(help="Mean tokens in, per request.")] = None,
    osl: Annotated[float | None, typer.Option(help="Mean tokens out, per request.")] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Take rate, lengths and idle time from a trace (parquet or CSV)."),
    ] = None,
    ttft_p95: Annotated[str | None, typer.Option(help="Time to first token, as 300ms.")] = None,
    ttft_p99: Annotated[str | None, typer.Option(help="The same, at p99.")] = None,
    tpot_p95: Annotated[str | None, typer.Option(help="Time per output token, as 30ms.")] = None,
    tpot_p99: Annotated[str | None, typer.Option(help="The same, at p99.")] = None,
    e2e_p95: Annotated[str | None, typer.Option(help="Whole answer, as 10s.")] = None,
    e2e_p99: Annotated[str | None, typer.Option(help="The same, at p99.")] = None,
    slo: Annotated[
        list[str] | None, typer.Option(help='Any other objective: "ttft p90 250ms".')
    ] = None,
    accelerator: Annotated[
        list[str] | None, typer.Option("--accelerator", "--gpu", help="Only these GPUs.")
    ] = None,
    provider: Annotated[list[str] | None, typer.Option(help="Only these providers.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Only these regions.")] = None,
    spot: Annotated[bool, typer.Option(help="Spot capacity may be rented too.")] = False,
    reserved: Annotated[bool, typer.Option(help="Reserved capacity may be rented too.")] = False,
    quantization: Annotated[
        list[str] | None,
        typer.Option(help="Other weights that may be served: fp8, awq-int4, ... or any."),
    ] = None,
    mode: Annotated[
        Mode | None, typer.Option(help="Use this inference option instead of choosing one.")
    ] = None,
    max_replicas: Annotated[int | None, typer.Option(min=1)] = None,
    cold_start: Annotated[
        str, typer.Option(help="From launch to ready: what scale-to-zero makes a request wait.")
    ] = "90s",
    prices: Annotated[
        Path | None, typer.Option(help="Prices of your own (YAML), beside the price book.")
    ] = None,
    explain: Annotated[bool, typer.Option(help="Show every number's formula and source.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the report with plots into this file.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write a config for `serve run` into this file.")
    ] = None,
) -> None:
    """Say which GPU, how many, which mode, what it costs and why not the others, before anything is deployed."""
    from advisor.plan import request, run

    assumed: list[str] = []
    named = [
        (Latency.TTFT, 95.0, ttft_p95),
        (Latency.TTFT, 99.0, ttft_p99),
        (Latency.TPOT, 95.0, tpot_p95),
        (Latency.TPOT, 99.0, tpot_p99),
        (Latency.E2E, 95.0, e2e_p95),
        (Latency.E2E, 99.0, e2e_p99),
    ]
    cap = request.read_budget(budget, assumed)
    book = run.price_book(prices)
    asked = request.PlanRequest(
        model=model,
        budget=cap,
        load=_load(trace, rate, isl, osl, assumed),
        slos=request.read_slos(
            [(latency, at, text) for latency, at, text in named if text is not None],
            slo or (),
            assumed,
        ),
        accelerators=request.read_accelerators(accelerator or ()),
        providers=request.read_names(
            "--provider", provider or (), {o.provider for o in book.offers}
        ),
        regions=request.read_names("--region", region or (), {o.region for o in book.offers}),
        capacity_types=(
            CapacityType.ON_DEMAND,
            *([CapacityType.SPOT] if spot else []),
            *([CapacityType.RESERVED] if reserved else []),
        ),
        quantizations=tuple(quantization or ()),
        mode=mode,
        max_replicas=max_replicas,
        cold_start_s=request.read_duration("--cold-start", cold_start, assumed),
        assumed=(),
    )
    run.run(asked, assumed, book, explain=explain, as_json=as_json, html=html, write=write)


def _load(
    trace: Path | None,
    rate: float | None,
    isl: float | None,
    osl: float | None,
    assumed: list[str],
) -> Load:
    from advisor.plan import request

    if trace is None:
        return request.read_load(rate, isl, osl, assumed)
    from advisor.plan.from_trace import load_of_trace

    return load_of_trace(trace, rate=rate, isl=isl, osl=osl, assumed=assumed)
