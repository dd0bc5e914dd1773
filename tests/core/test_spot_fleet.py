"""Spot beside on-demand: what stays, what it really costs, and that it never costs more than none of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.objective import CapacityType
from advisor.core.recommendation import Offer, SpotShare
from advisor.core.spot_fleet import SpotUse, spot_offer, told, with_spot

ON_DEMAND = Offer(
    provider="gcp",
    region="us-central1",
    instance_type="g2",
    accelerator="L4-24GB",
    accelerator_count=1,
    capacity_type=CapacityType.ON_DEMAND,
    usd_per_hour=1.0,
    observed_on="2026-11-20",
    source="test",
)
SPOT = replace(ON_DEMAND, capacity_type=CapacityType.SPOT, usd_per_hour=0.4)
KNOWN = SpotUse(interruptions_per_hour=0.1, available_share=0.9)


def beside(
    use: SpotUse, replicas: int, spot: Offer = SPOT, on_demand: Offer = ON_DEMAND
) -> SpotShare | str:
    return with_spot(
        use, [spot], beside=on_demand, tp_degree=1, replicas=replicas, cold_start_s=90.0
    )


def test_half_of_six_replicas_on_spot_by_hand() -> None:
    found = beside(KNOWN, 6)
    assert isinstance(found, SpotShare)
    assert (found.on_demand, found.replicas) == (3, 3)
    # exp(0.1 x (90 + 120) / 3600): what is billed for an hour of service; a start fits into the notice of 120 s.
    each = 0.9 * 0.4 * math.exp(0.1 * 210 / 3600) + 0.1 * 1.0
    assert found.effective_usd_per_hour == pytest.approx(each)
    assert found.usd_per_hour == pytest.approx(3 * 1.0 + 3 * each)
    assert found.billed_usd_per_hour == pytest.approx(3 * 1.0 + 3 * 0.4)
    assert "3 of 6 replicas on gcp g2, $0.40/h each" in told(found, KNOWN)
    assert "0.1 interruptions an hour, to be had 90% of the time" in told(found, KNOWN)


uses = st.builds(
    SpotUse,
    on_demand_floor=st.integers(0, 10),
    on_demand_share=st.floats(0, 1),
    interruptions_per_hour=st.none() | st.floats(0, 20),
    available_share=st.none() | st.floats(0, 1),
)


@given(
    use=uses,
    replicas=st.integers(1, 40),
    spot=st.floats(0.01, 3.0),
    on_demand=st.floats(0.05, 3.0),
    machine=st.sampled_from([1, 2, 8]),
)
def test_the_floor_and_the_share_stay_and_the_fleet_is_as_large_and_cheaper(
    use: SpotUse, replicas: int, spot: float, on_demand: float, machine: int
) -> None:
    dear = replace(ON_DEMAND, usd_per_hour=on_demand * machine, accelerator_count=machine)
    found = beside(use, replicas, replace(SPOT, usd_per_hour=spot), dear)
    if isinstance(found, str):
        assert told(found, use).startswith("spot: none, ")
        return
    assert found.replicas + found.on_demand == replicas
    assert found.replicas >= 1
    assert found.on_demand >= min(replicas, use.on_demand_floor)
    assert found.on_demand >= use.on_demand_share * replicas - 1e-6
    alone = math.ceil(replicas / machine) * dear.usd_per_hour
    assert found.usd_per_hour < alone
    assert found.billed_usd_per_hour < alone + 1e-9, (
        "so a cap that held without spot holds with it"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"region": "us-east1"}, "no spot machine for one replica from gcp in us-central1"),
        ({"provider": "aws"}, "no spot machine for one replica from gcp in us-central1"),
        ({"accelerator_count": 2}, "no spot machine for one replica"),
        ({"instances": 2}, "no spot machine for one replica"),
        ({"capacity_type": CapacityType.RESERVED}, "no spot machine for one replica"),
        ({"usd_per_hour": 0.999}, "3 of 6 replicas on it would cost $6.01/h, $6.00/h without"),
    ],
)
def test_why_there_is_none(changes: dict[str, object], why: str) -> None:
    found = beside(KNOWN, 6, replace(SPOT, **changes))
    assert isinstance(found, str)
    assert why in found


def test_what_has_room_on_a_machine_that_is_paid_for_needs_no_spot() -> None:
    eight = replace(ON_DEMAND, accelerator_count=8, usd_per_hour=8.0)
    free = replace(SPOT, usd_per_hour=0.01)
    assert isinstance(beside(KNOWN, 6, free, eight), str)
    found = beside(KNOWN, 16, free, eight)
    assert isinstance(found, SpotShare)
    assert (found.replicas, found.on_demand) == (8, 8)


def test_one_replica_stays_on_demand_until_somebody_says_otherwise() -> None:
    assert beside(KNOWN, 1) == "1 of 1 replicas have to be on demand"
    bold = replace(KNOWN, on_demand_floor=0, on_demand_share=0.0)
    found = beside(bold, 1)
    assert isinstance(found, SpotShare)
    assert (found.replicas, found.on_demand) == (1, 0)


def test_what_nobody_said_is_taken_at_its_worst() -> None:
    known, unknown = beside(KNOWN, 6), beside(SpotUse(), 6)
    assert isinstance(known, SpotShare)
    assert isinstance(unknown, SpotShare)
    assert unknown.effective_usd_per_hour > known.effective_usd_per_hour
    assert "0.74 interruptions an hour (the worst measured)" in told(unknown, SpotUse())


def test_the_cheapest_machine_of_the_place_is_taken() -> None:
    dearer = replace(SPOT, usd_per_hour=0.5, instance_type="other")
    assert spot_offer([dearer, SPOT], ON_DEMAND, tp_degree=1, replicas=1) == SPOT
