"""Step 6, prices: how old they are, what the same replicas cost elsewhere, and from when on an API costs more."""

from __future__ import annotations

from advisor import data
from advisor.core import pricing
from advisor.core.api_prices import break_even, prices_of
from advisor.core.choice import Priced
from advisor.core.objective import HOURS_PER_MONTH
from advisor.plan.hardware_step import MAX_ROWS
from advisor.plan.make import Plan
from advisor.plan.report import Fact, Grid, Step
from advisor.plan.shown import usd


def prices(plan: Plan) -> Step:
    facts = [Fact(label="Price book", value=plan.recommendation.prices_from)]
    if plan.chosen is not None:
        age = pricing.age_days(plan.chosen.offer, plan.today)
        facts.append(
            Fact(
                label="Chosen price",
                value=f"{usd(plan.chosen.offer.usd_per_hour)}/h an instance, seen {plan.chosen.offer.observed_on} "
                f"({age} days ago)",
                source=plan.chosen.offer.source,
            )
        )
    facts += _api_break_even(plan)
    facts += [Fact(label="Mind", value=warning) for warning in plan.price_warnings]
    rows = tuple(_price_row(one) for one in plan.elsewhere[:MAX_ROWS])
    columns = ("provider", "capacity", "instance", "region", "$/h", "$/month", "seen")
    grid = Grid(title="The same replicas elsewhere", columns=columns, rows=rows)
    return Step(title="Prices", facts=tuple(facts), grids=(grid,) if rows else ())


def age(plan: Plan) -> str:
    """How old the prices are that the plan rests on: the chosen one, or the whole book."""
    book = plan.recommendation.prices_from
    if plan.chosen is None:
        return f"seen {book}"
    offer = plan.chosen.offer
    days = pricing.age_days(offer, plan.today)
    old = pricing.is_stale(offer, plan.today)
    refresh = f", over {pricing.MAX_AGE_DAYS}: `advisor prices refresh` first" if old else ""
    return f"the chosen one seen {offer.observed_on}, {days} days ago{refresh} (all: {book})"


def _api_break_even(plan: Plan) -> list[Fact]:
    """From which number of requests a month a replica of one's own undercuts the cheapest pay-per-token host."""
    load, chosen = plan.request.load, plan.chosen
    hosts = prices_of(plan.spec.name, data.api_prices())
    if not hosts or chosen is None:
        return []
    host = min(hosts, key=lambda price: price.usd_per_request(isl=load.isl, osl=load.osl))
    found = break_even(
        host,
        isl=load.isl,
        osl=load.osl,
        replica_usd_per_hour=chosen.usd_per_hour / chosen.replicas,
        replica_requests_per_s=chosen.build.rate_per_s,
    )
    month = load.requests_per_s * 3600 * HOURS_PER_MONTH
    value = (
        f"{usd(found.api_usd_per_request * month)}/month for this load at {host.provider}, as of {host.observed_on}; "
        f"a replica of your own: {found.reason}"
    )
    return [Fact(label="Pay per token", value=value, source=host.source)]


def _price_row(one: Priced) -> tuple[str, ...]:
    offer = one.offer
    return (
        offer.provider,
        offer.capacity_type.value,
        offer.instance_type,
        offer.region,
        usd(one.usd_per_hour),
        usd(one.usd_per_hour * HOURS_PER_MONTH),
        offer.observed_on,
    )
