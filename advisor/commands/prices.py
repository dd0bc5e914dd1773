"""`advisor prices`: what is rented where for how much, as seen when; `advisor prices refresh` brings today's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.core.objective import CapacityType
from advisor.progress import progress

if TYPE_CHECKING:
    from datetime import date

    from advisor.core.api_prices import ApiPrice, BreakEven
    from advisor.core.recommendation import Offer
    from advisor.price_book import PriceBook

app = typer.Typer(
    invoke_without_command=True,
    help="List and refresh the prices of GPUs.",
    epilog="Example: advisor prices --gpu H100 --provider gcp --capacity spot",
)


@app.callback()
def prices(
    context: typer.Context,
    gpu: Annotated[
        str | None,
        typer.Option(
            "--gpu",
            "--accelerator",
            help="Only this GPU, as H100-SXM-80GB, or all forms of it, as H100.",
            metavar="NAME",
        ),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Only this provider, as aws.", metavar="NAME")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Only this region, as us-east-1.", metavar="NAME")
    ] = None,
    capacity: Annotated[
        CapacityType | None,
        typer.Option(help="Only on-demand, spot or reserved.", metavar="TYPE"),
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option(
            "--prices", help="Prices of your own (YAML: docs/prices.md), beside the book."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Rows to show; 0 shows all.", min=0, metavar="COUNT")
    ] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, all rows.")] = False,
) -> None:
    """List prices, cheapest per GPU first, each with its date and age."""
    if context.invoked_subcommand is not None:
        return
    from advisor.price_book import load_price_book

    today = _today()
    book = load_price_book(today=today, own=own)
    chosen = _chosen(book, gpu=gpu, provider=provider, region=region, capacity=capacity)
    if as_json:
        _print_json(chosen, today)
    else:
        _print_table(chosen[: limit or None], today)
        typer.echo(f"{len(chosen)} of {len(book.offers)} offers; a month has 720 hours.")
        for warning in book.warnings:
            typer.echo(f"note: {warning}")


@app.command()
def refresh() -> None:
    """Fetch today's prices of AWS, Azure, GCP, OCI, Nebius, RunPod, Lambda, Verda and CloudRift; no account needed."""
    from advisor import data
    from advisor.errors import PriceSourceError
    from advisor.price_book import load_price_book, refresh_prices

    today = _today()
    try:
        with progress("asking the price catalogue"):
            report = refresh_prices(data.accelerators(), today=today)
    except PriceSourceError as error:
        dates = load_price_book(today=today).dates
        since = f"{dates[0]} to {dates[1]}" if dates else "none"
        raise PriceSourceError(
            f"{error}; nothing changed, the prices in use are of {since}"
        ) from None
    typer.echo(f"{report.offers} offers of {', '.join(report.providers)} in {report.file}")
    if report.left_out:
        typer.echo(
            f"{report.left_out} rows left out: they do not say which form of the GPU they rent"
        )
    if report.missing:
        typer.echo(
            f"not reached: {', '.join(report.missing)}; {report.kept} earlier offers of theirs stay"
        )


@app.command(
    epilog="Example: advisor prices api llama-3.1-8b --usd-per-hour 2.5 --requests-per-s 20 --isl 512 --osl 256"
)
def api(
    model: Annotated[str, typer.Argument(help="A hub id, or what a host calls the model.")],
    isl: Annotated[
        float, typer.Option(help="Mean tokens in, per request.", min=0, max=10_000_000)
    ] = 512,
    osl: Annotated[
        float, typer.Option(help="Mean tokens out, per request.", min=0, max=10_000_000)
    ] = 256,
    usd_per_hour: Annotated[
        float | None,
        typer.Option(
            help="What a replica of your own costs an hour, as 2.5; with --requests-per-s."
        ),
    ] = None,
    requests_per_s: Annotated[
        float | None, typer.Option(help="What that replica sustains, as 20: `advisor plan` says.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what APIs ask for a model by the token; with a replica's price and rate, from which volume on it costs less."""
    import json
    from dataclasses import asdict

    from advisor import data
    from advisor.core.api_prices import break_even, prices_of
    from advisor.errors import ConfigError

    hosts = sorted(
        prices_of(model, data.api_prices()), key=lambda p: p.usd_per_request(isl=isl, osl=osl)
    )
    _check_api(model, known=bool(hosts), usd_per_hour=usd_per_hour, requests_per_s=requests_per_s)
    replica = (usd_per_hour or 0.0, requests_per_s or 0.0)
    try:
        found = [
            break_even(
                p,
                isl=isl,
                osl=osl,
                replica_usd_per_hour=replica[0],
                replica_requests_per_s=replica[1],
            )
            if usd_per_hour is not None
            else None
            for p in hosts
        ]
    except ValueError as error:
        raise ConfigError(f"--isl, --osl: {error}") from None
    if as_json:
        rows = [
            {**asdict(p), "break_even": asdict(f) | {"reason": f.reason} if f else None}
            for p, f in zip(hosts, found, strict=True)
        ]
        typer.echo(json.dumps(rows, indent=1))
        return
    _print_api(hosts, found)


def _print_api(hosts: list[ApiPrice], found: list[BreakEven | None]) -> None:
    from advisor.plan.text import console
    from advisor.tables import Cells, narrowed, rich_table

    own = any(found)
    columns = (
        "provider",
        "model",
        "$/Mtok in",
        "$/Mtok out",
        "as of",
        *(["your own"] if own else []),
    )
    rows = tuple(
        (
            p.provider,
            p.model.rpartition("/")[2],
            f"{p.usd_per_mtok_input:g}",
            f"{p.usd_per_mtok_output:g}",
            p.observed_on,
        )
        + ((f.reason if f else "",) if own else ())
        for p, f in zip(hosts, found, strict=True)
    )
    screen = console(file_width=160)
    cells = Cells(columns=columns, rows=rows, right=columns[2:4])
    cells, gone = narrowed(cells, screen.width, ("as of", "model"))
    screen.print(rich_table(cells, screen.width))
    if gone:
        screen.print(f"No room for {', '.join(gone)}: a wider terminal, or --json, shows them.")


def _check_api(
    model: str, *, known: bool, usd_per_hour: float | None, requests_per_s: float | None
) -> None:
    from advisor import data
    from advisor.core.api_prices import model_key
    from advisor.errors import ConfigError
    from advisor.near_names import near

    for option, value in (("--usd-per-hour", usd_per_hour), ("--requests-per-s", requests_per_s)):
        if value is not None and not 0 < value < 1e9:
            raise ConfigError(f"{option}: {value:g}, expected above zero")
    if (usd_per_hour is None) != (requests_per_s is None):
        raise ConfigError("--usd-per-hour and --requests-per-s: give both, or none")
    if not known:
        keys = sorted({model_key(price.model) for price in data.api_prices()})
        meant = near(model_key(model), keys, cutoff=0.5)
        raise ConfigError(
            f"no API price of {model[:80]!r} is known; near names: {', '.join(meant) or 'none'}"
        )


def _today() -> date:
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def _chosen(
    book: PriceBook,
    *,
    gpu: str | None,
    provider: str | None,
    region: str | None,
    capacity: CapacityType | None,
) -> list[Offer]:
    from advisor.core.pricing import usd_per_accelerator_hour

    names = _named(gpu) if gpu is not None else None
    provider = _known("--provider", provider, {offer.provider for offer in book.offers})
    region = _known("--region", region, {offer.region for offer in book.offers})
    return sorted(
        (
            offer
            for offer in book.offers
            if (names is None or offer.accelerator in names)
            and (provider is None or offer.provider == provider)
            and (region is None or offer.region == region)
            and (capacity is None or offer.capacity_type is capacity)
        ),
        key=lambda offer: (usd_per_accelerator_hour(offer), offer.provider, offer.instance_type),
    )


def _named(gpu: str) -> set[str]:
    """The accelerators a name may mean: here, unlike where a model is sized, all forms of an H100 are an answer."""
    from advisor import data
    from advisor.core.hardware import find, may_mean

    exact = [a.name for a in data.accelerators() if a.name.upper() == gpu.strip().upper()]
    meant = exact or [a.name for a in data.accelerators() if may_mean(gpu, a)]
    return set(meant) or {find(gpu, data.accelerators()).name}


def _known(option: str, value: str | None, known: set[str]) -> str | None:
    """As the price book spells it."""
    from advisor.plan.request import read_names

    names = read_names(option, () if value is None else (value,), known)
    return None if names is None else names[0]


def _print_json(offers: list[Offer], today: date) -> None:
    import json
    from dataclasses import asdict

    from advisor.core import pricing

    rows = [
        {
            **asdict(offer),
            "usd_per_accelerator_hour": pricing.usd_per_accelerator_hour(offer),
            "usd_per_month": pricing.usd_per_month(offer),
            "age_days": pricing.age_days(offer, today),
            "stale": pricing.is_stale(offer, today),
        }
        for offer in offers
    ]
    typer.echo(json.dumps(rows, indent=1))


COLUMNS = (
    "GPU", "provider", "region", "instance", "capacity", "GPUs", "$/GPU-h", "$/h", "$/month", "seen", "days",
)  # fmt: skip
LEAST_NEEDED = ("$/month", "seen", "GPUs", "$/h", "region")


def _print_table(offers: list[Offer], today: date) -> None:
    from advisor.plan.text import console
    from advisor.tables import Cells, narrowed, rich_table

    screen = console(file_width=160)
    rows = tuple(_cells(offer, today) for offer in offers)
    cells, gone = narrowed(
        Cells(columns=COLUMNS, rows=rows, right=COLUMNS[5:]), screen.width, LEAST_NEEDED
    )
    screen.print(rich_table(cells, screen.width))
    if gone:
        screen.print(f"No room for {', '.join(gone)}: a wider terminal, or --json, shows them.")


def _cells(offer: Offer, today: date) -> tuple[str, ...]:
    from advisor.core import pricing

    old = " old" if pricing.is_stale(offer, today) else ""
    return (
        offer.accelerator,
        offer.provider,
        offer.region,
        offer.instance_type,
        offer.capacity_type.value,
        str(offer.accelerator_count),
        f"{pricing.usd_per_accelerator_hour(offer):.2f}",
        f"{offer.usd_per_hour:.2f}",
        f"{pricing.usd_per_month(offer):,.0f}",
        offer.observed_on,
        f"{pricing.age_days(offer, today)}{old}",
    )
