"""Spot: interruptions cost what they cost, and no zone that is lost takes the floor with it."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.spot import (
    UNKNOWN_AVAILABLE_SHARE,
    UNKNOWN_INTERRUPTIONS_PER_HOUR,
    SpotMix,
    SpotTerms,
    SpotZone,
    cheapest_spot_mix,
    effective_usd_per_hour,
    most_spot,
)

TERMS = SpotTerms(on_demand_usd_per_hour=3.0, cold_start_s=300.0, drain_s=120.0)
ZONE = SpotZone(name="a", usd_per_hour=1.0, interruptions_per_hour=0.5, available_share=1.0)


def brute_force(
    zones: list[SpotZone],
    terms: SpotTerms,
    *,
    needed: int,
    floor: int,
    on_demand_floor: int = 0,
    cap_usd_per_hour: float | None = None,
) -> float | None:
    """The least cost over every fleet there is."""
    best = None
    prices = [effective_usd_per_hour(zone, terms) for zone in zones]
    most = [needed if zone.max_replicas is None else zone.max_replicas for zone in zones]
    for on_demand in range(on_demand_floor, max(needed, on_demand_floor) + 1):
        for spot in itertools.product(*(range(count + 1) for count in most)):
            total = on_demand + sum(spot)
            if total < needed or any(total - lost < floor for lost in spot):
                continue
            billed = on_demand * terms.on_demand_usd_per_hour + sum(
                count * zone.usd_per_hour for count, zone in zip(spot, zones, strict=True)
            )
            if cap_usd_per_hour is not None and billed > cap_usd_per_hour * (1 + 1e-9):
                continue
            cost = on_demand * terms.on_demand_usd_per_hour + sum(
                count * usd for count, usd in zip(spot, prices, strict=True)
            )
            best = cost if best is None else min(best, cost)
    return best


def test_the_effective_price_is_that_of_lives_played_through() -> None:
    rng = random.Random(3)
    billed = served = gaps = 0.0
    for _ in range(200_000):
        life_s = rng.expovariate(0.5) * 3600.0
        billed += life_s
        served += max(0.0, life_s - 300.0 - 120.0)
        gaps += 300.0 - 120.0
    expected = (billed * 1.0 + gaps * 3.0) / served
    assert effective_usd_per_hour(ZONE, TERMS) == pytest.approx(expected, rel=0.01)


def test_what_is_never_taken_back_costs_its_price_and_what_is_never_there_the_on_demand_one() -> (
    None
):
    assert effective_usd_per_hour(replace(ZONE, interruptions_per_hour=0.0), TERMS) == 1.0
    assert effective_usd_per_hour(replace(ZONE, available_share=0.0), TERMS) == 3.0


def test_a_replacement_that_starts_within_the_notice_leaves_no_gap() -> None:
    quick = replace(TERMS, cold_start_s=60.0)
    assert effective_usd_per_hour(ZONE, quick) == pytest.approx(math.exp(0.5 * 180 / 3600))


def test_the_gap_is_priced_at_what_stands_in() -> None:
    dear = replace(TERMS, stand_in_usd_per_hour=30.0)
    more = effective_usd_per_hour(ZONE, dear) - effective_usd_per_hour(ZONE, TERMS)
    assert more == pytest.approx(27.0 * 0.5 * math.exp(0.5 * 420 / 3600) * 180 / 3600)


def test_what_is_not_known_is_taken_for_the_worst_that_was_measured() -> None:
    unknown = SpotZone(name="a", usd_per_hour=1.0)
    worst = replace(
        unknown,
        interruptions_per_hour=UNKNOWN_INTERRUPTIONS_PER_HOUR,
        available_share=UNKNOWN_AVAILABLE_SHARE,
    )
    assert effective_usd_per_hour(unknown, TERMS) == effective_usd_per_hour(worst, TERMS)
    measured = 41 / 55.8, 55.8 / 177.4  # interruptions an hour, share of the time
    assert measured[0] == pytest.approx(UNKNOWN_INTERRUPTIONS_PER_HOUR, rel=0.02)
    assert measured[1] == pytest.approx(UNKNOWN_AVAILABLE_SHARE, rel=0.02)


@given(
    low=st.floats(0.0, 2.0), more=st.floats(0.0, 2.0), share=st.floats(0.0, 1.0)
)  # fmt: skip
def test_more_interruptions_never_cost_less(low: float, more: float, share: float) -> None:
    prices = [
        effective_usd_per_hour(
            replace(ZONE, interruptions_per_hour=rate, available_share=share), TERMS
        )
        for rate in (low, low + more)
    ]
    assert prices[0] <= prices[1] + 1e-12


@given(
    replicas=st.integers(0, 40), floor=st.integers(0, 45), zones=st.integers(0, 5)
)  # fmt: skip
def test_the_most_spot_is_the_most(replicas: int, floor: int, zones: int) -> None:
    def keeps(spot: int) -> bool:
        return spot == 0 or (zones > 0 and replicas - math.ceil(spot / zones) >= floor)

    most = most_spot(replicas, floor=floor, zones=zones)
    assert keeps(most)
    assert 0 <= most <= replicas
    assert most == replicas or not keeps(most + 1)


def test_two_zones_and_a_floor_of_three_quarters() -> None:
    zones = [ZONE, replace(ZONE, name="b", usd_per_hour=1.1)]
    found = cheapest_spot_mix(zones, TERMS, needed=4, floor=3)
    # Spare spot is cheaper than on-demand here: 3 + 3 keep three whichever goes.
    assert found is not None
    assert (found.on_demand, found.spot) == (0, (3, 3))
    assert found.replicas == 6
    assert found.billed_usd_per_hour == pytest.approx(6.3)
    dear = [replace(zone, interruptions_per_hour=6.0) for zone in zones]
    found = cheapest_spot_mix(dear, TERMS, needed=4, floor=3)
    assert found is not None
    assert found.on_demand == 4


def test_without_zones_all_is_on_demand_and_the_floor_on_demand_is_kept() -> None:
    assert cheapest_spot_mix([], TERMS, needed=4, floor=3) == SpotMix(
        on_demand=4, spot=(), usd_per_hour=12.0, billed_usd_per_hour=12.0
    )
    zones = [replace(ZONE, interruptions_per_hour=0.0)]
    found = cheapest_spot_mix(zones, TERMS, needed=4, floor=0, on_demand_floor=2)
    assert found is not None
    assert (found.on_demand, found.spot) == (2, (2,))
    found = cheapest_spot_mix(zones, TERMS, needed=1, floor=0, on_demand_floor=2)
    assert found is not None
    assert (found.on_demand, found.spot) == (2, (0,))


def test_a_zone_gives_no_more_than_it_has() -> None:
    none_left = [replace(ZONE, max_replicas=0)]
    found = cheapest_spot_mix(none_left, TERMS, needed=4, floor=0, on_demand_floor=2)
    assert found is not None
    assert (found.on_demand, found.spot) == (4, (0,))


def test_what_no_cap_pays_for_is_none_and_odd_numbers_are_named() -> None:
    assert cheapest_spot_mix([ZONE], TERMS, needed=4, floor=4, cap_usd_per_hour=11.9) is None
    assert cheapest_spot_mix([ZONE], TERMS, needed=4, floor=4, cap_usd_per_hour=12.0)
    for needed, floor in [(0, 0), (2, 3)]:
        with pytest.raises(ValueError, match=f"needed is {needed}, with a floor of {floor}"):
            cheapest_spot_mix([ZONE], TERMS, needed=needed, floor=floor)


zone_lists = st.lists(
    st.builds(
        SpotZone,
        name=st.just("z"),
        usd_per_hour=st.integers(50, 350).map(lambda cents: cents / 100),
        interruptions_per_hour=st.none() | st.sampled_from([0.0, 0.1, 1.0]),
        available_share=st.none() | st.sampled_from([0.5, 1.0]),
        max_replicas=st.none() | st.integers(0, 3),
    ),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(
    zones=zone_lists,
    needed=st.integers(1, 5),
    short=st.integers(0, 5),
    kept=st.integers(0, 2),
    cap=st.none() | st.integers(0, 2000).map(lambda cents: cents / 100 + 0.001),
)
def test_no_fleet_there_is_costs_less(
    zones: list[SpotZone], needed: int, short: int, kept: int, cap: float | None
) -> None:
    asked = {
        "needed": needed,
        "floor": max(0, needed - short),
        "on_demand_floor": kept,
        "cap_usd_per_hour": cap,
    }
    found = cheapest_spot_mix(zones, TERMS, **asked)  # type: ignore[arg-type]
    least = brute_force(zones, TERMS, **asked)  # type: ignore[arg-type]
    assert (found is None) == (least is None)
    if found is not None:
        assert found.usd_per_hour == pytest.approx(least, rel=1e-6)
        assert found.on_demand >= kept
        assert all(found.replicas - lost >= asked["floor"] for lost in found.spot)  # type: ignore[operator]
