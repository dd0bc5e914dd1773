"""The price book: the snapshot shipped in the package, what was refreshed since, and the user's own prices, as one.

Of every offer the newest row counts. Each keeps its date and source, and the book says how old it is: a refresh that
fails, or a damaged file of refreshed prices, leaves older ones in use and is told, never hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from advisor import data, price_cache
from advisor.core import pricing
from advisor.core.hardware import Accelerator
from advisor.core.recommendation import Offer
from advisor.errors import PriceSourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBook:
    """Offers to choose from, and what the user should know about them."""

    offers: tuple[Offer, ...]
    warnings: tuple[str, ...] = ()

    @property
    def dates(self) -> tuple[str, str] | None:
        """The oldest and the newest day that a price was seen; None for an empty book."""
        seen = [offer.observed_on for offer in self.offers]
        return (min(seen), max(seen)) if seen else None

    def stale(self, today: date, *, max_age_days: int = pricing.MAX_AGE_DAYS) -> tuple[Offer, ...]:
        return tuple(
            offer
            for offer in self.offers
            if pricing.is_stale(offer, today, max_age_days=max_age_days)
        )


def load_price_book(
    *, today: date, own: Path | None = None, cache: Path | None = None
) -> PriceBook:
    """Every price known here; ConfigError when the user's own are wrong, for those are meant to count."""
    warnings: list[str] = []
    try:
        refreshed = price_cache.read(cache or price_cache.cache_file())
    except PriceSourceError as error:
        warnings.append(f"{error}; going on with the shipped prices")
        refreshed = ()
    offers = pricing.merge(data.offers(), refreshed)
    if own is not None:
        from advisor.own_prices import load_own_prices, with_own

        prices = load_own_prices(own)
        offers, told = with_own(offers, prices, today=today, where=str(own))
        warnings += told
    book = PriceBook(offers=offers, warnings=tuple(warnings))
    return PriceBook(offers=offers, warnings=(*warnings, *_age(book, today)))


def _age(book: PriceBook, today: date) -> list[str]:
    old = book.stale(today)
    if not old or book.dates is None:
        return []
    return [
        f"{len(old)} of {len(book.offers)} prices are older than {pricing.MAX_AGE_DAYS} days (from {book.dates[0]} on): "
        "`advisor prices refresh` brings today's"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReport:
    """What a refresh brought: offers of which providers, which did not answer, and what could not be placed."""

    offers: int
    providers: tuple[str, ...]
    missing: tuple[str, ...]
    left_out: int
    kept: int  # earlier offers of providers that did not answer
    file: Path


def refresh_prices(
    accelerators: Sequence[Accelerator], *, today: date, cache: Path | None = None
) -> RefreshReport:
    """Fetch and keep today's prices; PriceSourceError with everything left as it is when none can be had or kept.

    A provider's new catalogue replaces all that was kept of it, so what it no longer rents is gone; of providers that did
    not answer the earlier rows stay, with their dates.
    """
    from advisor.adapters.price_sources import fetch

    file = cache or price_cache.cache_file()
    refreshed = fetch(accelerators, today=today)
    if not refreshed.offers:
        raise PriceSourceError("the price catalogue has no offer of a known GPU")
    try:
        earlier = price_cache.read(file)
    except PriceSourceError:
        earlier = ()  # damaged: it is being replaced
    kept = tuple(offer for offer in earlier if offer.provider not in refreshed.providers)
    price_cache.write(file, (*kept, *refreshed.offers))
    return RefreshReport(
        offers=len(refreshed.offers),
        providers=refreshed.providers,
        missing=refreshed.missing,
        left_out=refreshed.left_out,
        kept=len(kept),
        file=file,
    )
