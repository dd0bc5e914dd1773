"""The guards, one law each: what no decision passes without."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.core.capacity import ServiceObjective
from advisor.core.guards import (
    BACKOFF_S,
    CHANGE_OF_DIRECTION_S,
    FORGET_REGRET_S,
    LENGTHS_SETTLE_S,
    SUNK,
    Bounds,
    Direction,
    LaunchGuard,
    RecentNeed,
    SinkingCapacity,
    affordable,
    misses,
    present,
    problem_with,
    replicas_with_silent,
)
from advisor.core.step import StepObservation

SOUND = StepObservation(
    now_s=1000.0,
    interval_s=15.0,
    num_arrivals=30.0,
    replicas_running=3,
    replicas_starting=1,
    input_tokens=3000.0,
    output_tokens=900.0,
    num_finished=28.0,
    finished_input_tokens=2800.0,
    finished_output_tokens=850.0,
    requests_running=20.0,
    requests_waiting=0.0,
    kv_cache_usage=0.3,
    prefix_cache_hit_rate=0.1,
    num_good=28.0,
    ttft_p95_s=0.4,
    tpot_p95_s=0.03,
    e2e_p95_s=4.0,
)
READINGS = [
    "num_arrivals", "replicas_running", "replicas_starting", "input_tokens", "output_tokens", "num_finished",
    "finished_input_tokens", "finished_output_tokens", "requests_running", "requests_waiting", "kv_cache_usage",
    "prefix_cache_hit_rate", "num_good", "ttft_p95_s", "tpot_p95_s", "e2e_p95_s",
]  # fmt: skip
SHARES = ["kv_cache_usage", "prefix_cache_hit_rate"]
OPTIONAL = READINGS[3:]


def hpa_oracle(usages: list[float], silent: int, target: float, tolerance: float) -> int:
    """Kubernetes' rule for plain metrics with missing pods, written as replica_calculator.go orders it."""
    current = len(usages) + silent
    if not usages:
        return current
    ratio = (sum(usages) / len(usages)) / target
    if silent == 0:
        return current if abs(1.0 - ratio) <= tolerance else math.ceil(ratio * len(usages) - 1e-9)
    filled = list(usages)
    for _ in range(silent):
        filled.append(max(1.0, target) if ratio < 1.0 else 0.0)
    new = (sum(filled) / len(filled)) / target
    if abs(1.0 - new) <= tolerance or (ratio < 1.0 < new) or (ratio > 1.0 > new):
        return current
    return math.ceil(new * len(filled) - 1e-9)


def test_sound_readings_have_no_problem() -> None:
    assert problem_with(SOUND, last_now_s=985.0) is None
    assert problem_with(SOUND, last_now_s=None) is None
    bare = StepObservation(
        now_s=1.0, interval_s=1.0, num_arrivals=0, replicas_running=0, replicas_starting=0
    )
    assert problem_with(bare, last_now_s=None) is None


@pytest.mark.parametrize("field", READINGS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 1e18])
def test_a_reading_that_is_no_reading_is_named(field: str, value: float) -> None:
    problem = problem_with(replace(SOUND, **{field: value}), last_now_s=985.0)
    assert problem is not None
    assert field in problem


@pytest.mark.parametrize("field", READINGS[:3])
def test_what_every_fleet_knows_must_be_there(field: str) -> None:
    problem = problem_with(replace(SOUND, **{field: None}), last_now_s=985.0)
    assert problem is not None
    assert field in problem


@pytest.mark.parametrize("field", OPTIONAL)
def test_what_may_be_missing_may_be_missing(field: str) -> None:
    assert problem_with(replace(SOUND, **{field: None}), last_now_s=985.0) is None
    assert problem_with(replace(SOUND, **{field: 0.0}), last_now_s=985.0) in (
        None,
        "num_good is 28 of 0 that finished",
    )


@pytest.mark.parametrize("field", ["now_s", "interval_s", "age_s"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_times_are_numbers(field: str, value: float) -> None:
    assert problem_with(replace(SOUND, **{field: value}), last_now_s=985.0) is not None


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        ({"age_s": 60.0}, True),
        ({"age_s": 60.1}, False),
        ({"age_s": 0.0}, True),
        ({"age_s": -0.1}, False),
        ({"age_s": 119.9, "interval_s": 30.0}, True),
        ({"age_s": 120.1, "interval_s": 30.0}, False),
        ({"interval_s": 0.0}, False),
        ({"interval_s": 3600.0}, True),
        ({"interval_s": 3600.1}, False),
        ({"now_s": 985.1}, True),
        ({"now_s": 985.0}, False),
        ({"now_s": 900.0}, False),
        ({"kv_cache_usage": 1.0}, True),
        ({"kv_cache_usage": 1.01}, False),
        ({"kv_cache_usage": 1.0 + 1e-6}, True),
        ({"replicas_running": 2.5}, False),
        ({"replicas_running": 100_000}, True),
        ({"replicas_running": 100_001}, False),
        ({"num_arrivals": 15e6, "input_tokens": None}, True),
        ({"num_arrivals": 15.1e6, "input_tokens": None}, False),
        ({"num_good": 28.5}, False),
        ({"input_tokens": 3e8}, True),
        ({"input_tokens": 3.1e8}, False),
        ({"num_arrivals": 0.0, "input_tokens": 1e7}, True),
        ({"num_arrivals": 0.0, "input_tokens": 1.1e7}, False),
        ({"output_tokens": 9.9e14}, True),
        ({"output_tokens": 1e15}, False),
        ({"num_arrivals": True}, False),
    ],
)
def test_the_bounds_of_what_is_believed(change: dict[str, float], sound: bool) -> None:
    assert (problem_with(replace(SOUND, **change), last_now_s=985.0) is None) is sound


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"now_s": math.nan}, "the time of the observation is no number"),
        ({"interval_s": math.inf}, "the time of the observation is no number"),
        ({"interval_s": 0.0}, "an interval of 0 s is none to count over"),
        ({"now_s": 985.0}, "the observation is from 985 s, not after 985 s"),
        ({"age_s": -5.0}, "a reading is -5 s old, which dates it in the future"),
        ({"age_s": math.nan}, "a reading is nan s old, which dates it in the future"),
        ({"age_s": 61.0}, "the oldest reading is 61 s old, more than 60 s"),
        ({"replicas_running": None}, "replicas_running is not known"),
        ({"replicas_starting": -1}, "replicas_starting is -1, no number of replicas"),
        ({"replicas_running": "3"}, "replicas_running is '3', no number of replicas"),
        ({"num_arrivals": None}, "num_arrivals was not observed"),
        ({"num_arrivals": -1.0}, "num_arrivals is -1.0, no count"),
        ({"num_arrivals": "many"}, "num_arrivals is 'many', no count"),
        ({"num_arrivals": 1e9}, "num_arrivals is 1e+09, more than any endpoint takes"),
        ({"requests_waiting": -1.0}, "requests_waiting is -1.0, no count"),
        ({"kv_cache_usage": 1.5}, "kv_cache_usage is 1.5, no share"),
        ({"prefix_cache_hit_rate": -0.1}, "prefix_cache_hit_rate is -0.1, no share"),
        ({"num_good": 29.0}, "num_good is 29 of 28 that finished"),
        ({"input_tokens": 4e8}, "input_tokens is 4e+08 for 30 requests"),
        (
            {"num_arrivals": 0.0, "input_tokens": 1.1e7},
            "input_tokens is 1.1e+07 for 0 requests",
        ),
    ],
)
def test_each_problem_is_told_in_words(change: dict[str, float], reason: str) -> None:
    assert problem_with(replace(SOUND, **change), last_now_s=985.0) == reason


def test_good_ones_need_no_finished_ones_to_be_believed() -> None:
    assert problem_with(replace(SOUND, num_finished=None), last_now_s=985.0) is None
    assert problem_with(replace(SOUND, kv_cache_usage=0.0), last_now_s=985.0) is None


@pytest.mark.parametrize(
    ("running", "starting", "there"),
    [
        (3, 1, 4), (0, 0, 0), (100_000, 0, 100_000), (None, 1, None), (3, None, None), (2.5, 1, None),
        (3, 1.5, None), (math.nan, 1, None), (3, math.inf, None), (-1, 1, None), (3, -1, None), (100_001, 0, None),
        (0, 100_001, None),
    ],
)  # fmt: skip
def test_what_is_there_is_known_where_both_counts_are(
    running: int | None, starting: int | None, there: int | None
) -> None:
    seen = replace(SOUND, replicas_running=running, replicas_starting=starting)
    assert present(seen) == there


@given(
    usages=st.lists(st.floats(0, 2), max_size=20),
    silent=st.integers(0, 20),
    target=st.floats(0.05, 1.5),
    tolerance=st.sampled_from([0.0, 0.1]),
)
@settings(max_examples=500, deadline=None)
def test_silent_replicas_count_as_hpa_counts_them(
    usages: list[float], silent: int, target: float, tolerance: float
) -> None:
    # At the target exactly HPA counts the silent ones as idle and scales down on them; there, nothing is done.
    assume(not usages or sum(usages) / len(usages) / target != 1.0)
    found = replicas_with_silent(usages, num_silent=silent, target=target, tolerance=tolerance)
    assert found == hpa_oracle(usages, silent, target, tolerance)


def test_at_the_target_exactly_silent_replicas_change_nothing() -> None:
    assert replicas_with_silent([1.0], num_silent=1, target=1.0, tolerance=0.0) == 2


def test_a_silent_one_beside_one_at_its_target_is_no_reason_for_more() -> None:
    assert replicas_with_silent([0.5], num_silent=1, target=0.5, tolerance=0.0) == 2


def test_sums_of_floats_ask_for_no_extra_replica_and_a_tenth_is_no_reason() -> None:
    assert replicas_with_silent([0.875] * 8, num_silent=0, target=1.0, tolerance=0.0) == 7
    assert replicas_with_silent([1.05] * 10, num_silent=0, target=1.0) == 10
    assert replicas_with_silent([1.25] * 4, num_silent=0, target=1.0, tolerance=0.25) == 4
    assert replicas_with_silent([1.2] * 10, num_silent=0, target=1.0) == 12


def test_a_target_of_nothing_changes_nothing() -> None:
    assert replicas_with_silent([0.5, 0.6], num_silent=1, target=0.0) == 3


@given(
    wanted=st.one_of(st.floats(), st.integers(-(10**9), 10**9)),
    low=st.integers(0, 50),
    more=st.integers(0, 50),
)
def test_what_is_applied_lies_between_the_bounds(wanted: float, low: int, more: int) -> None:
    bounds = Bounds(min_replicas=low, max_replicas=low + more)
    target = bounds.clamp(wanted)
    assert isinstance(target, int)
    assert low <= target <= low + more
    if low <= wanted <= low + more and math.isfinite(wanted):
        assert target == math.ceil(wanted)


def test_what_is_no_number_is_clamped_to_the_lower_bound() -> None:
    bounds = Bounds(min_replicas=2, max_replicas=9)
    assert [bounds.clamp(v) for v in (math.nan, math.inf, -math.inf)] == [2, 2, 2]
    assert [bounds.clamp(v) for v in (2.1, 8.0, 9.2, 1.0)] == [3, 8, 9, 2]


@given(
    price=st.floats(0.01, 100), cap=st.floats(0, 1000), already=st.floats(0, 1000)
)  # fmt: skip
def test_the_cap_holds_while_a_type_is_replaced(price: float, cap: float, already: float) -> None:
    count = affordable(usd_per_hour=price, cap_usd_per_hour=cap, already_usd_per_hour=already)
    assert count >= 0
    if count > 0:
        assert already + count * price <= cap + 1e-6 * price
    if already <= cap:
        assert already + (count + 1) * price > cap - 1e-6 * price


def test_no_cap_affords_anything_and_free_replicas_are_free() -> None:
    assert affordable(usd_per_hour=1.0, cap_usd_per_hour=None) == math.inf
    assert affordable(usd_per_hour=0.0, cap_usd_per_hour=1.0) == math.inf
    assert affordable(usd_per_hour=0.0, cap_usd_per_hour=1.0, already_usd_per_hour=2.0) == 0
    assert affordable(usd_per_hour=0.0, cap_usd_per_hour=2.0, already_usd_per_hour=2.0) == math.inf
    assert affordable(usd_per_hour=0.1, cap_usd_per_hour=0.3) == 3
    assert affordable(usd_per_hour=1.0, cap_usd_per_hour=3.5) == 3
    assert affordable(usd_per_hour=1.0, cap_usd_per_hour=0.5) == 0
    assert affordable(usd_per_hour=1.0, cap_usd_per_hour=1.0, already_usd_per_hour=9.0) == 0


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["usd_per_hour", "cap_usd_per_hour", "already_usd_per_hour"])
def test_a_price_that_is_no_number_affords_nothing(name: str, odd: float) -> None:
    prices = {"usd_per_hour": 1.0, "cap_usd_per_hour": 9.0, "already_usd_per_hour": 0.0}
    assert affordable(**{**prices, name: odd}) == 0
    assert affordable(**{**prices, "usd_per_hour": 0.0, name: odd}) == 0


def test_down_waits_until_up_is_five_minutes_ago() -> None:
    direction = Direction()
    assert direction.may_go_down(0.0)
    direction.went(now_s=10.0, change=1)
    direction.went(now_s=200.0, change=-1)
    assert not direction.may_go_down(10.0 + CHANGE_OF_DIRECTION_S - 0.1)
    assert direction.may_go_down(10.0 + CHANGE_OF_DIRECTION_S)


def test_a_descent_that_was_regretted_doubles_the_wait_for_hours() -> None:
    direction = Direction()
    direction.went(now_s=0.0, change=1)
    direction.went(now_s=400.0, change=-1)
    direction.went(now_s=500.0, change=2)
    assert not direction.may_go_down(500.0 + 2 * CHANGE_OF_DIRECTION_S - 0.1)
    assert direction.may_go_down(500.0 + 2 * CHANGE_OF_DIRECTION_S)
    direction.went(now_s=5000.0, change=1)
    assert not direction.may_go_down(5000.0 + CHANGE_OF_DIRECTION_S)
    assert direction.may_go_down(500.0 + FORGET_REGRET_S)
    direction.went(now_s=20_000.0, change=1)
    assert not direction.may_go_down(20_000.0 + CHANGE_OF_DIRECTION_S - 0.1)
    assert direction.may_go_down(20_000.0 + CHANGE_OF_DIRECTION_S)


def test_a_regret_is_forgotten_after_hours_and_not_before() -> None:
    direction = Direction()
    for now_s, change in [(9000.0, 1), (9400.0, -1), (9500.0, 2)]:
        direction.went(now_s=now_s, change=change)
    assert not direction.may_go_down(9500.0 + 2 * CHANGE_OF_DIRECTION_S - 1.0)
    last_up_s = 9500.0 + FORGET_REGRET_S - CHANGE_OF_DIRECTION_S - 100.0
    direction.went(now_s=last_up_s, change=1)
    assert not direction.may_go_down(9500.0 + FORGET_REGRET_S - 1.0)
    assert direction.may_go_down(9500.0 + FORGET_REGRET_S)


def test_only_a_descent_that_was_recent_is_regretted() -> None:
    for down_s, change, quiet_s in [(0.0, -1, 300.0), (0.1, -1, 600.0), (0.1, 0, 300.0)]:
        direction = Direction()
        direction.went(now_s=down_s, change=change)
        direction.went(now_s=CHANGE_OF_DIRECTION_S, change=1)
        assert direction.quiet_s == quiet_s
    short = Direction(quiet_s=100.0)
    short.went(now_s=0.0, change=-1)
    short.went(now_s=1.0, change=1)
    assert short.quiet_s == 200.0


def test_a_need_that_stays_is_remembered_once() -> None:
    recent = RecentNeed(window_s=1e9)
    for now in range(100):
        recent.add(now_s=float(now), value=3)
    assert len(recent._values) == 1


@given(needs=st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_the_recent_need_is_the_largest_of_the_window(needs: list[int]) -> None:
    recent = RecentNeed(window_s=5.0)
    for now, need in enumerate(needs):
        assert recent.add(now_s=float(now), value=need) == max(needs[max(0, now - 5) : now + 1])


def test_failing_launches_are_tried_one_by_one_ever_later() -> None:
    guard = LaunchGuard()
    assert guard.allowed(now_s=0.0, have=2, starting=0, target=9) == 9
    guard.saw(now_s=0.0, failed=1, ready=0)
    assert guard.wait_s(0.0) == 0.0
    assert not guard.alarm
    assert guard.allowed(now_s=0.0, have=2, starting=0, target=9) == 9
    guard.saw(now_s=10.0, failed=1, ready=0)
    assert guard.alarm
    assert guard.wait_s(10.0) == BACKOFF_S
    assert guard.allowed(now_s=69.9, have=2, starting=0, target=9) == 2
    assert guard.allowed(now_s=70.0, have=2, starting=0, target=9) == 3
    assert guard.allowed(now_s=70.0, have=3, starting=1, target=9) == 3
    assert guard.allowed(now_s=11.0, have=2, starting=0, target=1) == 1
    guard.saw(now_s=80.0, failed=1, ready=0)
    assert guard.wait_s(80.0) == 2 * BACKOFF_S
    guard.saw(now_s=90.0, failed=0, ready=1)
    assert not guard.alarm
    assert guard.allowed(now_s=90.0, have=2, starting=0, target=9) == 9


def test_backing_off_ends_at_half_an_hour_and_is_forgotten_after_one() -> None:
    guard = LaunchGuard()
    guard.saw(now_s=0.0, failed=40, ready=0)
    assert guard.wait_s(0.0) == 1800.0
    guard.saw(now_s=3600.0, failed=0, ready=0)
    assert guard.alarm
    guard.saw(now_s=3600.1, failed=0, ready=0)
    assert not guard.alarm


def test_a_launch_that_may_be_tried_again_is_none_that_nobody_asked_for() -> None:
    guard = LaunchGuard()
    guard.saw(now_s=5000.0, failed=2, ready=0)
    assert guard.allowed(now_s=9000.0, have=2, starting=0, target=2) == 2
    guard.saw(now_s=5100.0, failed=0, ready=0)
    assert guard.alarm  # not forgotten within the hour, whatever the clock says


def test_misses_are_counted_or_read_off_the_percentile_or_unknown() -> None:
    objective = ServiceObjective(tpot_s=0.1)
    assert misses(replace(SOUND, num_good=20.0), objective) == 8.0
    assert misses(SOUND, objective) == 0.0
    slow = replace(SOUND, num_good=None, tpot_p95_s=0.2)
    assert misses(slow, objective) == pytest.approx(2.8)
    assert misses(replace(slow, tpot_p95_s=0.1), objective) == 0.0
    assert misses(replace(slow, tpot_p95_s=None), objective) is None
    late = replace(slow, tpot_p95_s=0.05, ttft_p95_s=3.0)
    assert misses(late, objective) == 0.0
    assert misses(late, objective, ttft_s=2.5) == pytest.approx(2.8)
    assert misses(replace(SOUND, num_finished=None), objective) is None


@given(st.lists(st.tuples(st.floats(1.0, 600.0), st.floats(0.01, 100.0)), min_size=1, max_size=40))
def test_capacity_sinks_while_it_is_clearly_under_its_highest_of_the_last_minutes(
    looks: list[tuple[float, float]],
) -> None:
    capacity, now_s, seen = SinkingCapacity(), 0.0, []
    for after_s, carried in looks:
        now_s += after_s
        seen.append((now_s, carried))
        capacity.add(now_s=now_s, carried=carried)
        recent = [c for at_s, c in seen if at_s >= now_s - LENGTHS_SETTLE_S]
        assert capacity.sinks == (carried < SUNK * max(recent))


def test_nothing_sinks_before_anything_was_seen() -> None:
    assert not SinkingCapacity().sinks


def test_the_wait_after_failed_launches_stays_bounded_however_many_there_were() -> None:
    launches = LaunchGuard()
    for minute in range(24 * 60):
        launches.saw(now_s=60.0 * minute, failed=100, ready=0)
        assert 0 < launches.wait_s(60.0 * minute) <= 1800.0
