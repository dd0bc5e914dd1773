"""A mode is followed when it was better for an hour that somebody watched, and kept where nothing says what it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.idle_gaps import assumed_gaps
from advisor.core.mode import ModeChoice, Supply, TrafficClass, choose_mode
from advisor.core.mode_in_use import PATIENCE_S, ModeInUse, ModeWatch, followed
from advisor.core.objective import Latency, Mode, Slo

H100 = Supply(usd_per_hour=2.5, replicas=1, saturated_requests_per_s=20.0, cold_start_s=90.0)
PATIENT = Slo(latency=Latency.TTFT, bound_s=200, percentile=95)
STRICT = Slo(latency=Latency.TTFT, bound_s=0.3, percentile=100)
ON, ZERO = Mode.ALWAYS_ON, Mode.SCALE_TO_ZERO


def at_idle(share: float) -> TrafficClass:
    gaps = assumed_gaps(idle_share=share, mean_gap_s=3600.0, requests_per_s=1.0)
    return TrafficClass(peak_requests_per_s=2.0, gaps=gaps, slos=(PATIENT,))


SPARSE, DENSE = at_idle(0.8), at_idle(0.01)
UNSEEN = replace(SPARSE, gaps=None)


def after(in_use: ModeInUse, traffic: TrafficClass, now_s: float) -> ModeInUse:
    return followed(in_use, choose_mode(traffic, H100, present=in_use.mode), now_s=now_s)


@settings(max_examples=50)
@given(shares=st.lists(st.floats(0.03, 0.10), min_size=60, max_size=150))
def test_traffic_that_hovers_at_the_break_even_changes_no_mode(shares: list[float]) -> None:
    in_use = ModeInUse(mode=ZERO)
    for minute, share in enumerate(shares):
        in_use = after(in_use, at_idle(share), minute * 60.0)
        assert in_use.mode is ZERO


def test_another_mode_must_be_the_better_one_for_an_hour_on_end() -> None:
    in_use = ModeInUse()
    for minute in range(600):  # sparse for half an hour, dense for half an hour, and so on
        traffic = SPARSE if minute // 30 % 2 == 0 else DENSE
        in_use = after(in_use, traffic, minute * 60.0)
        assert in_use.mode is ON
    for minute in range(600, 662):
        in_use = after(in_use, SPARSE, minute * 60.0)
        assert (in_use.mode is ZERO) == (minute * 60 - 36_000 >= PATIENCE_S)


def watched_s(looks: list[tuple[float, bool | None]]) -> float:
    """Of looks (seconds since the one before, whether another mode was better, None: not known), newest last."""
    steps = []
    for step_s, better in reversed(looks):
        if better is False:
            break
        if better:
            steps.append(step_s if step_s <= 60.0 else 0.0)
    return sum(steps[:-1])  # the oldest only began it


@given(
    parts=st.lists(
        st.tuples(
            st.integers(1, 80),
            st.sampled_from([15.0, 60.0, 61.0, 3600.0]),
            st.sampled_from([SPARSE, SPARSE, DENSE, UNSEEN]),
        ),
        min_size=2,
        max_size=8,
    )
)
@settings(max_examples=100, deadline=None)
def test_a_change_comes_exactly_after_an_hour_that_was_watched(
    parts: list[tuple[int, float, TrafficClass]],
) -> None:
    """Neither holes nor times in which the price is not known count, and no look was against it."""
    in_use, now_s = ModeInUse(mode=ON), 0.0
    looks: list[tuple[float, bool | None]] = []
    for count, step_s, traffic in parts:
        for _ in range(count):
            now_s += step_s
            choice = choose_mode(traffic, H100, present=in_use.mode)
            missing = traffic is UNSEEN and (in_use.mode is ZERO or in_use.better is ZERO)
            looks.append((step_s, None if missing else choice.mode is not in_use.mode))
            before, in_use = in_use, followed(in_use, choice, now_s=now_s)
            changed = in_use.mode is not before.mode
            assert changed == (looks[-1][1] is True and watched_s(looks) >= PATIENCE_S)
            if changed:
                looks = []


def test_a_mode_that_breaks_an_objective_is_left_at_once() -> None:
    found = after(ModeInUse(mode=ZERO), replace(SPARSE, slos=(STRICT,)), 0.0)
    assert found == ModeInUse(mode=ON)


def test_a_mode_that_has_become_impossible_is_left_at_once() -> None:
    strict = replace(SPARSE, slos=(STRICT,))
    choice = choose_mode(strict, H100, present=Mode.ASYNC)
    assert choice.option(Mode.ASYNC).usd_per_hour is None
    assert followed(ModeInUse(mode=Mode.ASYNC), choice, now_s=0.0).mode is ON


def test_a_mode_is_kept_while_what_it_costs_is_not_known() -> None:
    in_use = ModeInUse(mode=ZERO)
    for minute in range(600):
        in_use = after(in_use, UNSEEN, minute * 60.0)
        assert in_use.mode is ZERO


def test_what_is_watched_is_not_forgotten_while_it_has_no_price() -> None:
    in_use = after(after(ModeInUse(), SPARSE, 0.0), SPARSE, 60.0)
    unseen = after(in_use, UNSEEN, 3600.0)
    assert (unseen.better, unseen.better_for_s) == (ZERO, 60.0)
    assert after(unseen, SPARSE, 3660.0).better_for_s == 120.0
    assert after(unseen, DENSE, 3660.0) == ModeInUse()


def test_a_clock_that_went_back_counts_nothing() -> None:
    in_use = after(after(ModeInUse(), SPARSE, 50_000.0), SPARSE, 50_060.0)
    assert after(in_use, SPARSE, 10.0).better_for_s == in_use.better_for_s == 60.0


def shown(traffic: TrafficClass, in_use: ModeInUse) -> ModeChoice:
    watch = ModeWatch(in_use=in_use, now_s=600.0)
    return watch.shown(choose_mode(traffic, H100, present=in_use.mode))


def test_what_is_shown_is_the_mode_that_is_followed_with_what_it_waits_for() -> None:
    waiting = ModeInUse(better=ZERO, better_for_s=540.0, looked_s=540.0)
    found = shown(SPARSE, waiting)
    assert (found.mode, found.usd_per_hour) == (ON, pytest.approx(2.5))
    assert "scale-to-zero has been better for 60 minutes on end, 10 so far" in found.reason
    assert shown(SPARSE, ModeInUse(mode=ZERO)).reason.startswith("$")
    unknown = shown(UNSEEN, ModeInUse(mode=ZERO))
    assert (unknown.mode, unknown.cost_share) == (ZERO, 1.0)
    assert "kept while how long traffic pauses is not known" in unknown.reason
