"""`advisor plan MODEL`: the eight steps from a budget to a deployment, before anything is rented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.core.objective import CapacityType, Latency, Mode
from advisor.progress import progress, rows_read

if TYPE_CHECKING:
    from advisor.plan.request import Load

LOAD, OBJECTIVES, CHOICE, OUTPUT = "Load", "Objectives", "What may be chosen", "Output"
EXAMPLE = (
    "Examples: advisor plan Qwen/Qwen3-8B --budget 5000/month --rate 13 --isl 512 --osl 256 --ttft-p95 300ms "
    "--tpot-p95 30ms --html plan.html --write config.yaml; advisor plan Qwen/Qwen3-8B --budget 5000/month --rate 3 "
    "--deadline 6h --idle-share 60% --mean-gap 20m"
)


def plan(
    model: Annotated[
        str, typer.Argument(help="A hub id (Qwen/Qwen3-8B) or a folder with a config.json.")
    ],
    budget: Annotated[
        str | None,
        typer.Option(
            help="The most it may cost, required: 5000/month, 6.90/hour, 80k/year. A bare 5000 is taken as 5000/month.",
            metavar="AMOUNT/PERIOD",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            help="Requests per second to plan for, as 13 or 0.2; 1 if not given.",
            rich_help_panel=LOAD,
        ),
    ] = None,
    isl: Annotated[
        float | None,
        typer.Option(help="Mean tokens in, per request; 512 if not given.", rich_help_panel=LOAD),
    ] = None,
    osl: Annotated[
        float | None,
        typer.Option(help="Mean tokens out, per request; 256 if not given.", rich_help_panel=LOAD),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Take rate, lengths and idle time from a trace (parquet or CSV with arrival_s, input_tokens, "
            "output_tokens); --rate, --isl and --osl still win.",
            rich_help_panel=LOAD,
        ),
    ] = None,
    idle_share: Annotated[
        str | None,
        typer.Option(
            help="Without a trace: the share of the time without a request, as 60%; needs --mean-gap. A bare 60 is taken "
            "as 60%, 0.6 too. Not known if not given: then scale-to-zero has no price.",
            metavar="SHARE",
            rich_help_panel=LOAD,
        ),
    ] = None,
    mean_gap: Annotated[
        str | None,
        typer.Option(
            help="How long a pause of traffic lasts on average, as 20m (1s to 30d; pauses are taken as exponential); needs "
            "--idle-share. A bare 90 is taken as 90s.",
            metavar="TIME",
            rich_help_panel=LOAD,
        ),
    ] = None,
    ttft_p95: Annotated[
        str | None,
        typer.Option(
            help="Time to first token at p95, as 300ms or 1.5s. A bare 300 is taken as 300ms. With no objective at "
            "all: ttft p95 500ms and tpot p95 50ms.",
            metavar="TIME",
            rich_help_panel=OBJECTIVES,
        ),
    ] = None,
    ttft_p99: Annotated[
        str | None,
        typer.Option(help="The same at p99.", metavar="TIME", rich_help_panel=OBJECTIVES),
    ] = None,
    tpot_p95: Annotated[
        str | None,
        typer.Option(
            help="Time per output token at p95, as 30ms. A bare 30 is taken as 30ms.",
            metavar="TIME",
            rich_help_panel=OBJECTIVES,
        ),
    ] = None,
    tpot_p99: Annotated[
        str | None,
        typer.Option(help="The same at p99.", metavar="TIME", rich_help_panel=OBJECTIVES),
    ] = None,
    e2e_p95: Annotated[
        str | None,
        typer.Option(
            help="The whole answer at p95, as 10s. A bare 10 is taken as 10ms.",
            metavar="TIME",
            rich_help_panel=OBJECTIVES,
        ),
    ] = None,
    e2e_p99: Annotated[
        str | None,
        typer.Option(help="The same at p99.", metavar="TIME", rich_help_panel=OBJECTIVES),
    ] = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            help='Any other objective, as "ttft p90 250ms"; may be given again.',
            metavar="OBJECTIVE",
            rich_help_panel=OBJECTIVES,
        ),
    ] = None,
    deadline: Annotated[
        str | None,
        typer.Option(
            help="How long a whole answer may take where nobody waits for it, as 6h (1s to 30d): async and batch become "
            "possible, unless an objective asks for an answer at once. Replicas are sized for it at p99. With it alone "
            "no other objective is assumed; without it, no deadline. A bare 90 is taken as 90s.",
            metavar="TIME",
            rich_help_panel=OBJECTIVES,
        ),
    ] = None,
    accelerator: Annotated[
        list[str] | None,
        typer.Option(
            "--gpu",
            "--accelerator",
            help="Only this GPU, as L40S (`advisor gpus` lists them); may be given again.",
            metavar="NAME",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this provider, as aws; may be given again.",
            metavar="NAME",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this region, as us-east-1; may be given again.",
            metavar="NAME",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    spot: Annotated[
        bool,
        typer.Option(
            "--spot",
            help="Spot capacity may be rented too, at its list price: interruptions are not priced here.",
            rich_help_panel=CHOICE,
        ),
    ] = False,
    reserved: Annotated[
        bool,
        typer.Option(
            "--reserved", help="Reserved capacity may be rented too.", rich_help_panel=CHOICE
        ),
    ] = False,
    quantization: Annotated[
        list[str] | None,
        typer.Option(
            help="Other weights that may be served: fp8, awq-int4, ... or any; may be given again.",
            metavar="KIND",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            help="Use this inference option instead of choosing one: always-on, scale-to-zero, async or batch.",
            metavar="OPTION",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    max_replicas: Annotated[
        int | None,
        typer.Option(
            help="At most so many replicas, as 4; without it the budget alone bounds them.",
            min=1,
            metavar="COUNT",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    cold_start: Annotated[
        str,
        typer.Option(
            help="From launch to ready: what scale-to-zero makes a request wait. A bare 90 is taken as 90s.",
            metavar="TIME",
            rich_help_panel=CHOICE,
        ),
    ] = "90s",
    prices: Annotated[
        Path | None,
        typer.Option(
            help="Prices of your own (YAML: docs/prices.md), beside the price book.",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Show every number's formula and source.", rich_help_panel=OUTPUT
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as JSON.", rich_help_panel=OUTPUT)
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write the report with plots into this file, as plan.html.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            help="Write a config for `serve run` into this file, as config.yaml.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
) -> None:
    """Say which GPU, how many, which mode, what it costs and why not the others, before anything is deployed."""
    from advisor.plan import pauses, request, run, serve_config

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
    if write is not None:
        serve_config.check_mode(mode)
    book = run.price_book(prices)
    cold_start_s = request.read_duration("--cold-start", cold_start, assumed)
    deadline_s = pauses.read_deadline(deadline, assumed)
    load = _load(model, trace, rate, isl, osl, cold_start_s, assumed)
    load = pauses.read_pauses(load, idle_share, mean_gap, assumed)
    load = load if deadline_s is None else pauses.steady(load, assumed)
    slos = request.read_slos(
        [(latency, at, text) for latency, at, text in named if text is not None],
        slo or (),
        assumed,
        deadline=None if deadline_s is None else pauses.deadline_slo(deadline_s),
    )
    capacity_types = (
        CapacityType.ON_DEMAND,
        *([CapacityType.SPOT] if spot else []),
        *([CapacityType.RESERVED] if reserved else []),
    )
    request.say_spread(slos, load.osl, assumed)
    request.say_spot(capacity_types, assumed)
    asked = request.PlanRequest(
        model=model,
        budget=cap,
        load=load,
        slos=slos,
        accelerators=request.read_accelerators(accelerator or ()),
        providers=request.read_names(
            "--provider", provider or (), {o.provider for o in book.offers}
        ),
        regions=request.read_names("--region", region or (), {o.region for o in book.offers}),
        capacity_types=capacity_types,
        quantizations=tuple(quantization or ()),
        mode=mode,
        max_replicas=max_replicas,
        cold_start_s=cold_start_s,
        assumed=(),
        deadline_s=deadline_s,
        prices_file=prices,
    )
    run.run(asked, assumed, book, explain=explain, as_json=as_json, html=html, write=write)


def _load(
    model: str,
    trace: Path | None,
    rate: float | None,
    isl: float | None,
    osl: float | None,
    cold_start_s: float,
    assumed: list[str],
) -> Load:
    from advisor.plan import request

    if trace is None:
        return request.read_load(rate, isl, osl, assumed)
    from advisor.adapters.hub import load_model_spec
    from advisor.plan.from_trace import load_of_trace

    spec = load_model_spec(model)
    with progress(f"reading {trace.name}") as tick:
        return load_of_trace(
            trace,
            rate=rate,
            isl=isl,
            osl=osl,
            cold_start_s=cold_start_s,
            assumed=assumed,
            max_context_tokens=spec.max_context_tokens,
            progress=lambda rows, total: tick(rows_read(rows, total)),
        )
