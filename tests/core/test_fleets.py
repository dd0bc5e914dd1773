"""The index answers as the plain search does, and mixed sizes are as cheap as any counting would find."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core import pricing
from advisor.core.fleets import OfferIndex, cheapest_fleet
from advisor.core.objective import CapacityType
from advisor.core.pricing import OfferFilter
from advisor.core.recommendation import Offer

CARD = "L4-24GB"


def offer(
    usd_per_hour: float,
    count: int = 1,
    *,
    instances: int | None = None,
    provider: str = "p",
    accelerator: str = CARD,
    capacity_type: CapacityType = CapacityType.ON_DEMAND,
    observed_on: str = "2026-06-01",
) -> Offer:
    return Offer(
        provider=provider,
        region="r",
        instance_type=f"{count}x",
        accelerator=accelerator,
        accelerator_count=count,
        capacity_type=capacity_type,
        usd_per_hour=usd_per_hour,
        observed_on=observed_on,
        source="test",
        instances=instances,
    )


# Prices in quarters of a dollar are exact in floating point and tie often.
quarters = st.integers(1, 60).map(lambda quarter: quarter / 4)
sizes = st.sampled_from([1, 2, 3, 4, 8])
offers = st.builds(
    offer,
    quarters,
    sizes,
    instances=st.none() | st.integers(1, 3),
    provider=st.sampled_from("abc"),
    capacity_type=st.sampled_from(list(CapacityType)),
    observed_on=st.sampled_from(["2026-01-01", "2026-06-01", "2026-08-01"]),
)


def cost(fleet: list[tuple[Offer, int]]) -> float:
    return math.fsum(count * one.usd_per_hour for one, count in fleet)


@given(st.lists(offers, max_size=12), st.sampled_from([1, 2, 4]), st.integers(1, 50))
def test_the_index_finds_what_the_plain_search_finds(
    book: list[Offer], tp_degree: int, replicas: int
) -> None:
    """Ties included: the same price, the same freshness."""
    index = OfferIndex(book)
    found = index.cheapest(CARD, tp_degree=tp_degree, replicas=replicas)
    plain = pricing.cheapest_offer(book, tp_degree=tp_degree, replicas=replicas)
    if plain is None or found is None:
        assert found is plain
        return
    fleet = {"tp_degree": tp_degree, "replicas": replicas}
    assert pricing.fleet_usd_per_hour(found, **fleet) == pricing.fleet_usd_per_hour(plain, **fleet)
    assert pricing.by_price(found) == pricing.by_price(plain)


@given(st.lists(offers, max_size=12), st.sampled_from([1, 2, 4]), st.integers(1, 50))
def test_every_provider_and_capacity_type_is_answered_for_itself(
    book: list[Offer], tp_degree: int, replicas: int
) -> None:
    found = OfferIndex(book).cheapest_of_each(CARD, tp_degree=tp_degree, replicas=replicas)
    for kind in {(one.provider, one.capacity_type) for one in book}:
        of_kind = [one for one in book if (one.provider, one.capacity_type) == kind]
        plain = pricing.cheapest_offer(of_kind, tp_degree=tp_degree, replicas=replicas)
        answers = [one for one in found if (one.provider, one.capacity_type) == kind]
        assert len(answers) == (plain is not None)
        if plain is not None:
            assert pricing.by_price(answers[0]) == pricing.by_price(plain)


def every_fleet(book: list[Offer], tp_degree: int, replicas: int) -> float | None:
    """The least cost by counting: every number of every offer, up to what would hold all replicas alone."""
    able = [one for one in book if one.accelerator_count >= tp_degree]
    counts = []
    for one in able:
        most = -(-replicas // (one.accelerator_count // tp_degree))
        counts.append(range(1 + (most if one.instances is None else min(most, one.instances))))
    costs = [
        math.fsum(n * one.usd_per_hour for n, one in zip(numbers, able, strict=True))
        for numbers in itertools.product(*counts)
        if sum(
            n * (one.accelerator_count // tp_degree) for n, one in zip(numbers, able, strict=True)
        )
        >= replicas
    ]
    return min(costs, default=None)


@settings(max_examples=150)
@given(st.lists(offers, max_size=4), st.sampled_from([1, 2]), st.integers(1, 12))
def test_a_mixed_fleet_is_as_cheap_as_any_counting_finds(
    book: list[Offer], tp_degree: int, replicas: int
) -> None:
    fleet = cheapest_fleet(book, tp_degree=tp_degree, replicas=replicas)
    assert OfferIndex(book).cheapest_fleet(CARD, tp_degree=tp_degree, replicas=replicas) == fleet
    least = every_fleet(book, tp_degree, replicas)
    assert (cost(fleet) if fleet else None) == least
    if fleet:
        assert (
            sum(n * pricing.replicas_per_instance(one, tp_degree) for one, n in fleet) >= replicas
        )
        assert all(n > 0 and (one.instances is None or n <= one.instances) for one, n in fleet)


@settings(max_examples=60)
@given(st.lists(st.builds(offer, quarters, sizes), min_size=1, max_size=5), st.integers(100, 5000))
def test_large_fleets_cost_what_the_whole_table_says(book: list[Offer], replicas: int) -> None:
    """The shortcut for large fleets against dynamic programming over every number of replicas."""
    least = [0.0]
    for n in range(1, replicas + 1):
        least.append(min(least[max(0, n - o.accelerator_count)] + o.usd_per_hour for o in book))
    assert cost(cheapest_fleet(book, tp_degree=1, replicas=replicas)) == least[replicas]


@given(st.lists(offers, max_size=8), st.integers(1, 40))
def test_mixing_sizes_never_costs_more_and_more_replicas_never_cost_less(
    book: list[Offer], replicas: int
) -> None:
    fleet = cheapest_fleet(book, tp_degree=1, replicas=replicas)
    one_kind = pricing.cheapest_offer(book, tp_degree=1, replicas=replicas)
    if one_kind is not None:
        alone = pricing.fleet_usd_per_hour(one_kind, tp_degree=1, replicas=replicas)
        assert 0 < cost(fleet) <= alone
    if larger := cheapest_fleet(book, tp_degree=1, replicas=replicas + 1):
        assert cost(larger) >= cost(fleet)


def test_nine_replicas_are_a_large_and_a_small_machine() -> None:
    small, large = offer(1.0, 1), offer(6.0, 8)
    assert cheapest_fleet([small, large], tp_degree=1, replicas=9) == [(large, 1), (small, 1)]


def test_what_is_owned_is_filled_first_and_no_further() -> None:
    owned, rented = offer(2.0, 8, instances=2), offer(1.0, 1)
    fleet = cheapest_fleet([owned, rented], tp_degree=1, replicas=18)
    assert fleet == [(owned, 2), (rented, 2)]
    assert cheapest_fleet([owned], tp_degree=1, replicas=17) == []
    assert pricing.cheapest_offer([owned], tp_degree=1, replicas=17) is None


def test_the_index_rents_only_what_is_allowed() -> None:
    spot, plain = offer(1.0, capacity_type=CapacityType.SPOT), offer(3.0)
    assert (
        OfferIndex([spot, plain], OfferFilter()).cheapest(CARD, tp_degree=1, replicas=1) is plain
    )
    assert OfferIndex([spot, plain]).cheapest(CARD, tp_degree=1, replicas=1) is spot
    assert OfferIndex([]).cheapest(CARD, tp_degree=1, replicas=1) is None


@pytest.mark.parametrize("replicas", [0, -1])
def test_no_replicas_need_no_machines(replicas: int) -> None:
    assert cheapest_fleet([offer(1.0)], tp_degree=1, replicas=replicas) == []
