"""What a model brings to a sharing: every number of replicas, its price in whole machines, what it leaves short at least."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_decide import OBSERVED, fleet, recommendation

from advisor.core.claims import (
    Way,
    best_within,
    can_be_cut,
    may_shrink,
    most_usd_per_hour,
    ways_of,
)
from advisor.core.fleets import OfferIndex
from advisor.core.objective import Mode
from advisor.core.pricing import fleet_usd_per_hour
from advisor.core.recommendation import Candidate, Offer, Recommendation
from advisor.core.workload import WorkloadSource

EACH_PER_S = 2.0


def ways(
    free: Recommendation, requests_per_s: float, *more: Offer, **rest: Any
) -> tuple[Way, ...]:
    """Of what is recommended, where there is nothing else on offer than that and `more`."""
    candidates = [one for one in (free.best, *free.runners_up) if one is not None]
    index = OfferIndex([*(one.offer for one in candidates), *more])
    return ways_of(free, requests_per_s, index, **rest)


def asked(replicas: int, *, gpus: int = 1, usd: float = 1.0) -> Recommendation:
    """`replicas` on machines of `gpus` GPUs at `usd` each, 2 requests/s a replica."""
    found = recommendation(replicas)
    assert found.best is not None
    return replace(found, best=candidate(found.best, replicas, gpus=gpus, usd=usd))


def candidate(like: Candidate, replicas: int, *, gpus: int, usd: float) -> Candidate:
    offer = replace(like.offer, accelerator_count=gpus, usd_per_hour=usd)
    return replace(
        like,
        replicas=replicas,
        offer=offer,
        usd_per_hour=fleet_usd_per_hour(offer, tp_degree=like.tp_degree, replicas=replicas),
        prediction=replace(like.prediction, max_requests_per_s=EACH_PER_S),
    )


@given(
    needed=st.integers(1, 300),
    filled=st.floats(0.01, 1.0),
    gpus=st.sampled_from([1, 2, 8]),
    before=st.integers(0, 300),
)
def test_dearer_ways_leave_less_short_and_the_dearest_nothing(
    needed: int, filled: float, gpus: int, before: int
) -> None:
    rate = (needed - 1 + filled) * EACH_PER_S
    found = ways(asked(needed, gpus=gpus), rate, at_least=before)
    prices = [way.option.usd_per_hour for way in found]
    short = [way.option.shortfall for way in found]
    assert prices == sorted(set(prices))
    assert short == sorted(set(short), reverse=True)
    assert short[-1] == 0.0
    assert all(0 <= one < 1 for one in short)
    assert found[-1].candidate.replicas >= needed
    for way in found:
        assert way.option.usd_per_hour == most_usd_per_hour(way.candidate)
        served = way.candidate.replicas * EACH_PER_S
        assert served >= (1 - way.option.shortfall) * rate * (1 - 1e-9)


def test_half_the_replicas_leave_half_of_the_requests_short() -> None:
    found = ways(asked(4), 8.0)
    assert [(way.option.key[:3], way.option.shortfall) for way in found] == [
        ("1 x", 0.75),
        ("2 x", 0.5),
        ("3 x", 0.25),
        ("4 x", 0.0),
    ]
    assert [way.candidate.usd_per_hour for way in found] == [1.0, 2.0, 3.0, 4.0]


def test_what_the_scaling_policy_wants_beyond_the_plain_count_leaves_short_what_is_missing() -> (
    None
):
    found = ways(asked(4), 5.0)  # three would do by the rate alone
    assert [way.option.shortfall for way in found] == pytest.approx([0.75, 0.5, 0.25, 0.0])


def test_a_machine_that_is_paid_for_is_used() -> None:
    [way] = ways(asked(3, gpus=4), 6.0)
    assert (way.candidate.replicas, way.option.usd_per_hour) == (3, 1.0)


def test_another_type_is_a_way_only_where_none_of_the_best_runs() -> None:
    free = asked(4)
    assert free.best is not None
    other = replace(free.best, accelerator="A100-SXM-80GB")
    cheap = candidate(other, 8, gpus=1, usd=0.1)
    free = replace(free, runners_up=(cheap,))
    types = {way.candidate.accelerator for way in ways(free, 8.0)}
    assert "A100-SXM-80GB" in types
    running = (free.best.accelerator,)
    assert {way.candidate.accelerator for way in ways(free, 8.0, accelerators=running)} == set(
        running
    )


def test_the_best_way_within_the_money() -> None:
    all_ways = ways(asked(4), 8.0)
    found = best_within(all_ways, 2.99)
    assert found is not None
    assert found.candidate.replicas == 2
    assert best_within(all_ways, 0.5) is None


def test_fewer_replicas_are_rented_on_smaller_machines_of_the_same_provider() -> None:
    free = asked(8, gpus=8, usd=8.0)
    assert free.best is not None
    single = replace(free.best.offer, accelerator_count=1, usd_per_hour=1.5)
    elsewhere = replace(single, provider="elsewhere", usd_per_hour=1.0)
    found = ways(free, 16.0, single, elsewhere)
    assert [(way.candidate.replicas, way.option.usd_per_hour) for way in found] == [
        (1, 1.5),
        (2, 3.0),
        (3, 4.5),
        (4, 6.0),
        (5, 7.5),
        (8, 8.0),
    ]
    assert {way.candidate.offer.provider for way in found} == {free.best.offer.provider}


def test_of_a_mode_that_sleeps_the_cap_holds_what_it_costs_awake() -> None:
    free = asked(2)
    assert free.best is not None
    asleep = replace(free.best, mode=Mode.SCALE_TO_ZERO, usd_per_hour=0.5)
    found = ways(replace(free, best=asleep), 4.0)
    assert [way.option.usd_per_hour for way in found] == [1.0, 2.0]
    assert [way.candidate.usd_per_hour for way in found] == [0.25, 0.5]


def test_only_money_can_be_what_is_missing() -> None:
    free = asked(4)
    assert can_be_cut(free, None)
    assert can_be_cut(replace(free, feasible=False), 4)
    assert not can_be_cut(free, 3)
    assert not can_be_cut(None, None)
    assert not can_be_cut(replace(free, best=None), None)
    assert free.best is not None
    never = replace(free.best.prediction, max_requests_per_s=0.0)
    assert not can_be_cut(replace(free, best=replace(free.best, prediction=never)), None)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "DEPLOYING"},
        {"accelerators": ()},
        {"accelerators": ("A100-SXM-80GB",)},
        {"running_replicas": None},
        {"target_replicas": 9},
        {"devices_per_replica": 2},
    ],
)
def test_a_fleet_that_cannot_give_a_replica_up_now_is_known_as_such(changes: dict) -> None:
    free, runs = asked(4), fleet(4)
    assert may_shrink(free, OBSERVED, runs)
    assert not may_shrink(free, OBSERVED, replace(runs, **changes))
    assert not may_shrink(free, OBSERVED, None)
    assert not may_shrink(free, replace(OBSERVED, source=WorkloadSource.EXPECTED), runs)
