"""Prices that only the user knows: machines owned, capacity reserved, prices negotiated, discounts committed to.

    owned:                          # paid for already: purchase spread over its months, plus power and place
      - name: rack-1
        accelerator: H100-SXM-80GB
        count: 8                    # accelerators a machine
        machines: 2
        purchase_usd: 260000        # a machine
        months: 36
        power_kw: 8.5
        usd_per_kwh: 0.15
        other_usd_per_month: 900
    reserved:
      - {provider: aws, region: us-east-1, instance_type: p5.48xlarge, usd_per_hour: 31.46, instances: 4}
    negotiated:                     # accelerator and count where the price book does not have the instance
      - {provider: nebius, region: eu-north1, instance_type: h100x8, accelerator: H100-SXM-80GB, count: 8, usd_per_hour: 18}
    discounts: {gcp: 20%}           # on the provider's on-demand prices

They become offers like any other, with a source that begins with "yours". A month has 720 hours here as everywhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from advisor import data, yaml_file
from advisor.core.hardware import find
from advisor.core.objective import HOURS_PER_MONTH, CapacityType
from advisor.core.pricing import YOURS
from advisor.core.recommendation import Offer
from advisor.errors import ConfigError, UnknownAcceleratorError
from advisor.near_names import near

MAX_BYTES = 1_000_000


def _accelerator(value: object) -> str:
    try:
        return find(str(value), data.accelerators()).name
    except UnknownAcceleratorError as error:
        raise ValueError(str(error)) from None


def _percent(value: object) -> float:
    """`12%` or 12; a bare 0.12 may mean either, so it is refused."""
    text = str(value).strip()
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        raise ValueError(f"a discount in percent is needed (12%), got {text[:40]!r}") from None
    if 0 < percent < 1 and not text.endswith("%"):
        raise ValueError(f"write {percent:g}% or {percent * 100:g}%: {text} may mean either")
    if not 0 <= percent < 100:
        raise ValueError(f"must be from 0% to below 100%, got {text[:40]}")
    return percent


Name = Annotated[str, Field(min_length=1, max_length=200)]
AcceleratorName = Annotated[str, BeforeValidator(_accelerator)]
Percent = Annotated[float, BeforeValidator(_percent)]
Dollars = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Price = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Owned(_Strict):
    """Machines of one kind that stand there anyway; each costs the same whether it works or waits."""

    name: Name
    accelerator: AcceleratorName
    count: int = Field(ge=1, le=1024)
    machines: int = Field(default=1, ge=1, le=10_000)
    purchase_usd: Dollars
    months: int = Field(ge=1, le=240)
    power_kw: float = Field(default=0.0, ge=0, le=1000, allow_inf_nan=False)
    usd_per_kwh: float = Field(default=0.0, ge=0, le=10, allow_inf_nan=False)
    other_usd_per_month: Dollars = 0.0
    region: Name = "on-premises"

    @model_validator(mode="after")
    def _costs_something(self) -> Owned:
        if self.power_kw > 0 and self.usd_per_kwh == 0:
            raise ValueError("usd_per_kwh: required beside power_kw")
        if self.usd_per_hour <= 0:
            raise ValueError("purchase_usd: a machine that costs nothing has no price")
        return self

    @property
    def usd_per_hour(self) -> float:
        monthly = self.purchase_usd / self.months + self.other_usd_per_month
        return monthly / HOURS_PER_MONTH + self.power_kw * self.usd_per_kwh

    def offer(self, today: date) -> Offer:
        return Offer(
            provider=YOURS,
            region=self.region,
            instance_type=self.name,
            accelerator=self.accelerator,
            accelerator_count=self.count,
            capacity_type=CapacityType.RESERVED,
            usd_per_hour=self.usd_per_hour,
            observed_on=today.isoformat(),
            source=f"{YOURS}: owned, over {self.months} months of {HOURS_PER_MONTH} h",
            instances=self.machines,
        )


class Agreed(_Strict):
    """A price of your own for an instance; what it holds is taken from the price book where that has it."""

    provider: Name
    region: Name
    instance_type: Name
    accelerator: AcceleratorName | None = None
    count: int | None = Field(default=None, ge=1, le=1024)
    usd_per_hour: Price | None = None
    usd_per_month: Price | None = None
    instances: int | None = Field(default=None, ge=1, le=100_000)
    as_of: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _one_price(self) -> Agreed:
        if (self.usd_per_hour is None) == (self.usd_per_month is None):
            raise ValueError("usd_per_hour: one of usd_per_hour and usd_per_month is required")
        return self

    @property
    def hourly(self) -> float:
        return self.usd_per_hour or (self.usd_per_month or 0.0) / HOURS_PER_MONTH


class OwnPrices(_Strict):
    """The whole file."""

    owned: tuple[Owned, ...] = ()
    reserved: tuple[Agreed, ...] = ()
    negotiated: tuple[Agreed, ...] = ()
    discounts: Mapping[str, Percent] = Field(default_factory=dict)


def load_own_prices(file: Path) -> OwnPrices:
    """The user's prices; ConfigError with one line per mistake, each naming file and field."""
    if file.is_file() and file.stat().st_size > MAX_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_BYTES // 1_000_000} MB: not a list of prices")
    content = yaml_file.read(file)
    if not isinstance(content, Mapping):
        raise ConfigError(f"{file}: must be a mapping with {', '.join(OwnPrices.model_fields)}")
    try:
        return OwnPrices.model_validate(dict(content))
    except ValidationError as error:
        lines = (f"{file}: {_line(problem)}" for problem in error.errors())
        raise ConfigError("\n".join(lines)) from None


_FIELDS = sorted({*OwnPrices.model_fields, *Owned.model_fields, *Agreed.model_fields})


def _line(problem: Any) -> str:
    written = ".".join(map(str, problem["loc"]))
    field = "".join(letter if letter.isprintable() else "?" for letter in written) or "(top level)"
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(problem["loc"][-1]), _FIELDS, n=1)
        return f"{field}: unknown field" + (f"; did you mean {close[0]}?" if close else "")
    if problem["type"] == "missing":
        return f"{field}: required"
    return f"{field}: {problem['msg'].removeprefix('Value error, ')}"


def with_own(
    book: Sequence[Offer], own: OwnPrices, *, today: date, where: str
) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
    """The book with the user's prices in it, and what to tell them: agreements that have run out."""
    known = {offer.provider for offer in book} | {
        agreed.provider for agreed in (*own.reserved, *own.negotiated)
    }
    for provider in own.discounts:
        if provider not in known:
            raise ConfigError(f"{where}: discounts.{provider}: {_no_provider(provider, known)}")
    offers = [_discounted(offer, own.discounts) for offer in book]
    told: list[str] = []
    agreements = [
        *((f"reserved.{i}", CapacityType.RESERVED, a) for i, a in enumerate(own.reserved)),
        *((f"negotiated.{i}", CapacityType.ON_DEMAND, a) for i, a in enumerate(own.negotiated)),
    ]
    for field, capacity_type, agreed in agreements:
        if agreed.until is not None and agreed.until < today:
            told.append(f"{where}: {field}: ran out on {agreed.until}, left out")
            continue
        offer = _agreed_offer(agreed, capacity_type, book, today, f"{where}: {field}")
        offers = [other for other in offers if not _same(other, offer)]
        offers.append(offer)
    offers += [machine.offer(today) for machine in own.owned]
    return tuple(offers), tuple(told)


def _no_provider(provider: str, known: Iterable[str]) -> str:
    meant = near(provider, set(known), count=3, cutoff=0.5)
    return f"no such provider in the price book; near names: {', '.join(meant) or 'none'}"


def _discounted(offer: Offer, discounts: Mapping[str, float]) -> Offer:
    """On-demand prices only: spot and reserved capacity have their own discount in them."""
    percent = discounts.get(offer.provider, 0.0)
    if percent == 0 or offer.capacity_type is not CapacityType.ON_DEMAND:
        return offer
    return replace(
        offer,
        usd_per_hour=offer.usd_per_hour * (1 - percent / 100),
        source=f"{YOURS}: {percent:g} % off {offer.source}",
    )


def _agreed_offer(
    agreed: Agreed, capacity_type: CapacityType, book: Sequence[Offer], today: date, where: str
) -> Offer:
    named = (agreed.provider, agreed.instance_type)
    alike = next((o for o in book if (o.provider, o.instance_type) == named), None)
    accelerator = agreed.accelerator or (alike.accelerator if alike else None)
    count = agreed.count or (alike.accelerator_count if alike else None)
    if accelerator is None or count is None:
        missing = "accelerator" if accelerator is None else "count"
        raise ConfigError(
            f"{where}.{missing}: required, for the price book has no {agreed.instance_type[:60]!r} of {agreed.provider[:60]}"
        )
    return Offer(
        provider=agreed.provider,
        region=agreed.region,
        instance_type=agreed.instance_type,
        accelerator=accelerator,
        accelerator_count=count,
        capacity_type=capacity_type,
        usd_per_hour=agreed.hourly,
        observed_on=(agreed.as_of or today).isoformat(),
        source=YOURS,
        instances=agreed.instances,
    )


def _same(offer: Offer, other: Offer) -> bool:
    """An agreed price replaces the list price of the same instance, region and capacity type."""
    return (offer.provider, offer.region, offer.instance_type, offer.capacity_type) == (
        other.provider,
        other.region,
        other.instance_type,
        other.capacity_type,
    )
