"""`advisor compare A B`: two models, or two GPUs for one model, and the loads from which each is the cheaper."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.progress import progress

EXAMPLE = (
    "Example: advisor compare L40S-48GB H100-SXM-80GB --model Qwen/Qwen3-8B --isl 2000 --osl 200 "
    "--slo 'ttft p95 500ms'"
)


def compare(
    a: Annotated[
        str, typer.Argument(help="A model (hub id or folder), or a GPU together with --model.")
    ],
    b: Annotated[str, typer.Argument(help="The other model, or the other GPU: two are compared.")],
    model: Annotated[
        str | None,
        typer.Option(help="Compare two GPUs for serving this model.", metavar="NAME"),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Requests per second, as 13; 1 if not given.")
    ] = None,
    isl: Annotated[
        float | None, typer.Option(help="Mean tokens in, per request; 512 if not given.")
    ] = None,
    osl: Annotated[
        float | None, typer.Option(help="Mean tokens out, per request; 256 if not given.")
    ] = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            help='An objective, as "ttft p95 300ms" (a bare 300 is taken as 300ms); may be given again. With none: '
            "ttft p95 500ms and tpot p95 50ms.",
            metavar="OBJECTIVE",
        ),
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(help="Only this provider, as aws; may be given again.", metavar="NAME"),
    ] = None,
    spot: Annotated[bool, typer.Option("--spot", help="Spot capacity may be rented too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Put two models, or two GPUs for one model, side by side: what each costs, and from which load it is cheaper."""
    from advisor.core.objective import CapacityType
    from advisor.plan import compare as comparing
    from advisor.plan import request, run

    assumed: list[str] = []
    book = run.price_book(None)
    asked = comparing.Question(
        load=request.read_load(rate, isl, osl, assumed),
        slos=request.read_slos([], slo or (), assumed),
        providers=request.read_names(
            "--provider", provider or (), {o.provider for o in book.offers}
        ),
        capacity_types=(CapacityType.ON_DEMAND, *([CapacityType.SPOT] if spot else [])),
    )
    request.say_spread(asked.slos, asked.load.osl, assumed)
    request.say_spot(asked.capacity_types, assumed)
    with progress(f"comparing {a} and {b}"):
        found = comparing.compare(a, b, model, asked, book.offers)
    comparing.show(found, assumed, book.warnings, as_json=as_json)
