"""$1, $2: whole instances are paid, the cheapest offer is the cheapest, and an old price never raises spending."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

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


def test_of_equal_fleets_the_fresher_price_is_taken_whatever_its_size() -> None:
    old, new = offer(1.0, 1, observed_on="2026-05-01"), offer(8.0, 8, observed_on="2026-08-01")
    assert pricing.cheapest_offer([old, new], tp_degree=1, replicas=8) is new


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


# --- age


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(("age", "stale"), [(0, False), (89, False), (90, False), (91, True)])
def test_a_price_is_stale_once_it_is_older_than_a_quarter(age: int, stale: bool) -> None:
    seen = offer(1.0, observed_on=(TODAY - timedelta(days=age)).isoformat())
    assert pricing.is_stale(seen, TODAY) is stale


dated = st.builds(
    offer,
    st.integers(1, 400).map(lambda quarter: quarter / 4),
    st.sampled_from([1, 2, 4, 8]),
    provider=st.sampled_from(["a", "b"]),
    region=st.sampled_from(["r", "s", pricing.ANYWHERE]),
    observed_on=st.dates(date(2026, 1, 1), TODAY).map(date.isoformat),
)


@given(current=dated, proposed=dated)
def test_a_stale_price_never_raises_spending(current: Offer, proposed: Offer) -> None:
    """For the same load: dearer is refused where a price behind either plan is stale, and only there."""
    refused = pricing.stale_raise(
        current_usd_per_hour=current.usd_per_hour,
        proposed_usd_per_hour=proposed.usd_per_hour,
        offers=[current, proposed],
        today=TODAY,
    )
    dearer = proposed.usd_per_hour > current.usd_per_hour
    stale = any(pricing.is_stale(one, TODAY) for one in (current, proposed))
    assert (refused is not None) == (dearer and stale)
    if refused:
        assert "days old" in refused


# --- one book of several


def keys(book: Iterable[Offer]) -> list[tuple[str, str, str, CapacityType]]:
    return [(one.provider, one.region, one.instance_type, one.capacity_type) for one in book]


@given(st.lists(dated, max_size=12), st.lists(dated, max_size=12))
def test_the_newest_row_of_each_offer_wins(old: list[Offer], new: list[Offer]) -> None:
    book = pricing.merge(old, new)
    assert len(set(keys(book))) == len(book)
    for one in book:
        same = [other for other in [*old, *new] if keys([other]) == keys([one])]
        assert one.observed_on == max(other.observed_on for other in same)
    assert pricing.merge(book) == book
    assert pricing.merge(book, book) == book


@given(st.lists(dated, max_size=12), st.lists(dated, max_size=12))
def test_only_older_rows_without_a_region_give_way_to_others(
    old: list[Offer], new: list[Offer]
) -> None:
    book = pricing.merge(old, new)
    for key in set(keys([*old, *new])) - set(keys(book)):
        assert key[1] == pricing.ANYWHERE
        newest = max(o.observed_on for o in [*old, *new] if keys([o]) == [key])
        assert any(o.provider == key[0] and o.observed_on > newest for o in book)


def test_a_refreshed_price_replaces_the_snapshots_under_another_name() -> None:
    """A cheap row of last spring would otherwise win against what the provider asks today."""
    snapshot = offer(1.0, region=pricing.ANYWHERE, observed_on="2026-05-01")
    today = replace(
        offer(2.0, region="us-east-1", observed_on="2026-11-24"), instance_type="gpu_1x"
    )
    assert pricing.merge([snapshot], [today]) == (today,)
    assert pricing.merge([today], [snapshot]) == (today,)


# --- dollars per token, idle dollars


@given(
    usd=st.floats(0.1, 1000),
    inputs=st.floats(0, 1e6),
    outputs=st.floats(1, 1e5),
    weight=st.floats(0.5, 20),
)
def test_prices_per_token_in_and_out_add_up_to_the_bill(
    usd: float, inputs: float, outputs: float, weight: float
) -> None:
    per_input, per_output = pricing.usd_per_mtok_in_out(
        usd, input_per_s=inputs, output_per_s=outputs, output_weight=weight
    )
    bill = (per_input * inputs + per_output * outputs) * 3600 / 1e6
    assert bill == pytest.approx(usd, rel=1e-9)
    assert per_output == pytest.approx(per_input * weight)


def test_4_dollars_50_an_hour_at_2_929_tokens_a_second_are_43_cents_a_million() -> None:
    """Llama-3.1-8B on one H100, as published for AIConfigurator 0.12."""
    assert pricing.usd_per_mtok(4.50, 2929) == pytest.approx(0.4268, abs=1e-4)


@pytest.mark.parametrize("tokens_per_s", [0.0, -1.0, float("nan")])
def test_a_fleet_that_makes_nothing_has_no_price_per_token(tokens_per_s: float) -> None:
    with pytest.raises(ValueError, match="no tokens"):
        pricing.usd_per_mtok(1.0, tokens_per_s)


def test_idle_costs_what_is_not_busy() -> None:
    assert pricing.idle_usd_per_hour(8.0, 0.25) == 6.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        pricing.idle_usd_per_hour(8.0, 25)


def test_38_dollars_an_hour_of_eight_accelerators() -> None:
    whole = offer(38.0, 8)
    assert pricing.usd_per_month(whole) == 27_360
    assert pricing.usd_per_accelerator_hour(whole) == 4.75


def test_what_is_yours_needs_no_capacity_type_but_keeps_to_region_and_provider() -> None:
    owned = replace(offer(1.0, capacity_type=CapacityType.RESERVED), source="yours")
    assert OfferFilter().allows(owned)
    assert not OfferFilter(regions=["elsewhere"]).allows(owned)


@pytest.mark.parametrize(
    "wrong",
    [{"usd_per_hour": "0"}, {"usd_per_hour": "inf"}, {"gpu_count": "0"}, {"observed_on": "today"}],
)
def test_a_row_of_the_price_book_is_a_price_with_a_date(wrong: dict[str, str]) -> None:
    row = {
        "provider": "p", "region": "r", "instance_type": "i", "accelerator": "L4-24GB", "gpu_count": "1",
        "capacity_type": "spot", "usd_per_hour": "1.0", "observed_on": "2026-06-01", "source": "s",
    }  # fmt: skip
    assert pricing.offer_from_row(row).usd_per_hour == 1.0
    with pytest.raises(ValueError, match=r"above zero|Invalid isoformat"):
        pricing.offer_from_row({**row, **wrong})
