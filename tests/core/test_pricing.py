"""Whole instances are paid, and the cheapest offer is the cheapest."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import pricing
from advisor.core.objective import Budget, CapacityType
from advisor.core.pricing import OfferFilter
from advisor.core.recommendation import Offer


def offer(
    usd_per_hour: float,
    count: int = 1,
    *,
    provider: str = "p",
    region: str = "r",
    capacity_type: CapacityType = CapacityType.ON_DEMAND,
    observed_on: str = "2026-06-01",
) -> Offer:
    return Offer(
        provider=provider,
        region=region,
        instance_type=f"{count}x",
        accelerator="L4-24GB",
        accelerator_count=count,
        capacity_type=capacity_type,
        usd_per_hour=usd_per_hour,
        observed_on=observed_on,
        source="test",
    )


@pytest.mark.parametrize(
    ("count", "tp_degree", "replicas", "instances"),
    [(1, 1, 3, 3), (8, 1, 3, 1), (8, 1, 9, 2), (8, 4, 3, 2), (6, 4, 2, 2), (8, 8, 2, 2)],
)
def test_replicas_pack_into_whole_instances(
    count: int, tp_degree: int, replicas: int, instances: int
) -> None:
    found = pricing.fleet_usd_per_hour(offer(10.0, count), tp_degree=tp_degree, replicas=replicas)
    assert found == instances * 10.0


def test_a_replica_never_spans_instances() -> None:
    assert pricing.cheapest_offer([offer(0.1, 1)], tp_degree=2, replicas=1) is None
    with pytest.raises(ValueError, match="needs 2"):
        pricing.fleet_usd_per_hour(offer(0.1, 1), tp_degree=2, replicas=1)


@given(
    priced=st.lists(st.tuples(st.floats(0.1, 100), st.sampled_from([1, 2, 4, 8])), min_size=1),
    tp_degree=st.sampled_from([1, 2, 4, 8]),
    replicas=st.integers(1, 40),
)
def test_the_cheapest_offer_is_the_minimum_over_all_that_hold_a_replica(
    priced: list[tuple[float, int]], tp_degree: int, replicas: int
) -> None:
    offers = [offer(usd, count) for usd, count in priced]
    costs = [
        usd * -(-replicas // (count // tp_degree)) for usd, count in priced if count >= tp_degree
    ]
    found = pricing.cheapest_offer(offers, tp_degree=tp_degree, replicas=replicas)
    if not costs:
        assert found is None
    else:
        assert found is not None
        cost = pricing.fleet_usd_per_hour(found, tp_degree=tp_degree, replicas=replicas)
        assert cost == min(costs)


def test_of_equal_prices_the_fresher_is_taken() -> None:
    old, new = offer(1.0, observed_on="2026-05-01"), offer(1.0, observed_on="2026-08-01")
    assert pricing.cheapest_offer([old, new], tp_degree=1, replicas=1) is new


def test_spot_is_rented_only_when_asked_for() -> None:
    spot = offer(0.1, capacity_type=CapacityType.SPOT)
    assert not OfferFilter().allows(spot)
    assert OfferFilter(capacity_types=[CapacityType.SPOT]).allows(spot)


def test_providers_and_regions_that_are_not_allowed_are_left_out() -> None:
    here = offer(1.0, provider="aws", region="eu-west-1")
    assert OfferFilter(providers=["aws"], regions=["eu-west-1"]).allows(here)
    assert not OfferFilter(providers=["gcp"]).allows(here)
    assert not OfferFilter(regions=["us-east-1"]).allows(here)


def test_the_age_of_a_price_is_counted_in_days() -> None:
    assert pricing.age_days(offer(1.0, observed_on="2026-06-01"), date(2026, 11, 24)) == 176


def test_38_dollars_an_hour_are_27_360_a_month() -> None:
    assert Budget(usd_per_hour=38.0).usd_per_month == 27_360
