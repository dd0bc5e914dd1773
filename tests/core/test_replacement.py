"""A7: never more than the budget unavailable, replacement ready before removal, under the cap, whoever else acts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replacing import ReplacingMachine

from advisor.core.replacement import Kind, limited, next_targets

TestReplacing = ReplacingMachine.TestCase
TestReplacing.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def old(ready: int = 4, **more: float) -> Kind:
    return Kind(**{"needed": 4, "ready": ready, "usd_per_hour": 1.0, **more})  # type: ignore[arg-type]


def new(ready: int = 0, **more: float) -> Kind:
    return Kind(**{"needed": 2, "ready": ready, "usd_per_hour": 3.0, **more})  # type: ignore[arg-type]


def test_the_new_ones_start_first_and_the_old_ones_go_as_they_become_ready() -> None:
    found = next_targets(old(), new())
    assert (found.old, found.new) == (4, 2)
    found = next_targets(old(), new(starting=2))
    assert (found.old, found.new) == (4, 2)
    found = next_targets(old(), new(1, starting=1))
    assert (found.old, found.new) == (2, 2)  # one of two new ones is worth two of four old ones
    found = next_targets(old(2, leaving=2), new(2))
    assert (found.old, found.new) == (0, 2)
    assert found.reason == "2 of 4 old and 2 of 2 new replicas are ready"


def test_an_odd_part_is_rounded_for_the_users() -> None:
    found = next_targets(old(), Kind(needed=3, ready=1, starting=2))
    assert found.old == 3  # 3/4 + 1/3 is enough, 2/4 + 1/3 is not


def test_under_the_cap_it_goes_one_by_one() -> None:
    assert next_targets(old(), new(), cap_usd_per_hour=7.0).new == 1
    assert next_targets(old(), new(), cap_usd_per_hour=9.9).new == 1
    assert next_targets(old(), new(), cap_usd_per_hour=10.0).new == 2
    assert next_targets(old(), new(starting=1), cap_usd_per_hour=7.0).new == 1
    draining = next_targets(old(2, leaving=2), new(1), cap_usd_per_hour=7.0)
    assert (draining.old, draining.new) == (2, 1)  # what drains is still billed
    assert next_targets(old(2), new(1), cap_usd_per_hour=8.0).new == 2


def test_without_room_the_budget_is_spent_and_without_budget_it_says_what_is_missing() -> None:
    stuck = next_targets(old(), new(), cap_usd_per_hour=6.0)
    assert (stuck.old, stuck.new) == (4, 0)
    assert "one more replica is $1.00/h over the cap" in stuck.reason
    assert stuck.reason == (
        "nothing can start before something goes: one more replica is $1.00/h over the cap; allow that to be "
        "unavailable, or more money while both run"
    )
    assert "is $7.00/h over the cap" in next_targets(old(), new(), cap_usd_per_hour=0.0).reason
    spent = next_targets(old(), new(), cap_usd_per_hour=6.0, max_unavailable=1)
    assert (spent.old, spent.new) == (3, 0)
    waiting = next_targets(old(3, leaving=1), new(), cap_usd_per_hour=6.0, max_unavailable=1)
    assert (waiting.old, waiting.new) == (3, 0)
    assert waiting.reason == "3 of 4 old and 0 of 2 new replicas are ready"
    waiting = next_targets(old(), new(leaving=1), cap_usd_per_hour=6.0, max_unavailable=1)
    assert (waiting.old, waiting.new) == (4, 0)
    all_spent = next_targets(old(3), new(), cap_usd_per_hour=5.0, max_unavailable=1)
    assert "one more replica is $1.00/h over the cap" in all_spent.reason
    assert next_targets(old(3), new(), cap_usd_per_hour=6.0, max_unavailable=1).new == 1


def test_one_for_one_under_a_cap_for_one_needs_a_budget_of_one() -> None:
    one, other = (
        Kind(needed=1, ready=1, usd_per_hour=1.0),
        Kind(needed=1, ready=0, usd_per_hour=2.0),
    )
    assert next_targets(one, other, cap_usd_per_hour=2.0).old == 1
    assert next_targets(one, other, cap_usd_per_hour=2.0, max_unavailable=1).old == 0


def test_at_the_end_there_is_nothing_to_do() -> None:
    done = next_targets(old(0), new(2), cap_usd_per_hour=6.0)
    assert (done.old, done.new) == (0, 2)
    assert done.reason == "0 of 4 old and 2 of 2 new replicas are ready"


def test_the_budget_is_not_spent_where_there_is_room_or_something_starts() -> None:
    assert next_targets(old(), new(), max_unavailable=2).old == 4
    tight = next_targets(old(), new(starting=1), cap_usd_per_hour=7.0, max_unavailable=2)
    assert (tight.old, tight.new) == (4, 1)


def test_a_replica_that_comes_back_is_not_stopped_for_its_successor() -> None:
    found = next_targets(old(3, starting=1), new(starting=2))
    assert found.old == 4
    assert next_targets(old(4, starting=1), new(starting=2)).old == 4


def test_over_a_cap_that_was_lowered_nothing_starts_and_what_starts_is_stopped() -> None:
    found = next_targets(old(), new(starting=2), cap_usd_per_hour=9.0)
    assert (found.old, found.new) == (4, 0)
    found = next_targets(old(), new(1, starting=1), cap_usd_per_hour=9.9)
    assert (found.old, found.new) == (2, 1)
    assert next_targets(old(), new(starting=2), cap_usd_per_hour=10.0).new == 2
    exactly = Kind(needed=1, ready=0, starting=1, usd_per_hour=1.0)
    assert next_targets(Kind(needed=1, ready=1), exactly, cap_usd_per_hour=1 / (1 + 1e-9)).new == 1


def test_what_nothing_is_needed_of_may_go_at_once() -> None:
    found = next_targets(Kind(needed=0, ready=3), Kind(needed=2, ready=0))
    assert (found.old, found.new) == (0, 2)
    found = next_targets(old(3), Kind(needed=0, ready=1))
    assert (found.old, found.new) == (0, 0)


def test_fewer_new_ones_are_kept_when_less_is_needed() -> None:
    found = next_targets(old(0), Kind(needed=2, ready=3))
    assert (found.old, found.new) == (0, 2)


@pytest.mark.parametrize(("wanted", "cap", "granted"), [(9, 9.0, 7), (9, 9.5, 7), (5, 99.0, 5)])
def test_old_ones_may_come_back_as_far_as_the_cap_pays(
    wanted: int, cap: float, granted: int
) -> None:
    found = limited(wanted, 0, old(3, leaving=2), new(), cap_usd_per_hour=cap)
    assert found.old == granted


def test_both_may_start_and_share_what_the_cap_leaves() -> None:
    found = limited(9, 2, old(), new(), cap_usd_per_hour=11.0)
    assert (found.old, found.new) == (5, 2)
    found = limited(
        9, 2, old(), new(1), cap_usd_per_hour=20.0
    )  # only one more is paid for of the new
    assert (found.old, found.new) == (9, 2)


kinds = st.builds(
    Kind,
    needed=st.integers(0, 8),
    ready=st.integers(0, 9),
    starting=st.integers(0, 3),
    leaving=st.integers(0, 3),
    usd_per_hour=st.sampled_from([0.5, 1.0, 3.0]),
)


def share(kind: Kind, ready: int) -> float:
    return ready / kind.needed if kind.needed else 1.0


@settings(max_examples=400, deadline=None)
@given(
    one=kinds,
    other=kinds,
    wanted=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    budget=st.integers(0, 3),
    cap=st.none() | st.integers(0, 40),
)
def test_whatever_is_wished_enough_stays_ready_and_the_cap_holds(
    one: Kind, other: Kind, wanted: tuple[int, int], budget: int, cap: int | None
) -> None:
    found = limited(*wanted, one, other, max_unavailable=budget, cap_usd_per_hour=cap)
    ready = min(one.ready, found.old), min(other.ready, found.new)
    left = share(one, ready[0] + budget) + share(other, ready[1])
    # Enough is left, or nothing that is ready was taken.
    assert left >= 1 - 1e-9 or ready == (one.ready, other.ready)
    started = [(one, found.old - one.there), (other, found.new - other.there)]
    billed = sum(kind.billed_usd_per_hour for kind in (one, other))
    more = sum(max(0, count) * kind.usd_per_hour for kind, count in started)
    assert more == 0 or cap is None or billed + more <= cap * (1 + 1e-9) + 1e-9
    # A wish for what is there changes nothing, and no more is done than was wished.
    for count, kind, wish in [(found.old, one, wanted[0]), (found.new, other, wanted[1])]:
        assert min(kind.there, wish) <= count <= max(kind.there, wish)
