"""A queue that is drained as rarely as it is priced keeps its deadline, for every traffic that its price was made for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.core.mode_costs import Supply, TrafficClass
from advisor.core.objective import Mode
from advisor.core.queue_costs import queued

SUPPLY = Supply(
    usd_per_hour=2.0,
    replicas=4,
    saturated_requests_per_s=10.0,
    cold_start_s=90.0,
    min_billed_s=0.0,
)
WINDOW_S = 300.0
curves = st.lists(
    st.sampled_from([0.0, 0.0, 0.1, 3.0, 12.0, 25.0, 60.0]), min_size=1, max_size=80
).filter(lambda rates: max(rates) > 0)
Arrival = tuple[float, float]  # when, and seconds of all consumers that it takes


def lateness_s(
    arrivals: list[Arrival], *, every_s: float, start_s: float, phase_s: float
) -> tuple[float, float]:
    """The longest that anybody waits for an answer to begin, and the seconds that the consumers were there."""
    worst_s = there_s = 0.0
    free_s, present_from_s = -math.inf, 0.0  # when the line is empty; since when they are there
    for at_s, work_s in arrivals:
        if at_s >= free_s:  # nobody is there, and whoever comes waits for the next look
            there_s += max(0.0, free_s - present_from_s)
            look_s = phase_s + math.ceil((at_s - phase_s) / every_s) * every_s
            present_from_s, free_s = look_s, look_s + start_s
        free_s += work_s
        worst_s = max(worst_s, free_s - at_s)
    return worst_s, there_s + free_s - present_from_s


def arrivals_of(rates: list[float], served_per_s: float, at_once: bool) -> list[Arrival]:
    """Each window's work evenly in ten parts, or all of it at its beginning."""
    parts = 1 if at_once else 10
    return [
        (window * WINDOW_S + part * WINDOW_S / parts, rate * WINDOW_S / parts / served_per_s)
        for window, rate in enumerate(rates)
        for part in range(parts)
        if rate > 0
    ]


def curve(rates: list[float], deadline_s: float, answer_s: float = 0.0) -> TrafficClass:
    return TrafficClass(
        peak_requests_per_s=max(rates),
        mean_requests_per_s=sum(rates) / len(rates),
        rates_per_s=tuple(rates),
        window_s=WINDOW_S,
        deadline_s=deadline_s,
        processing_s=answer_s,
    )


@given(
    rates=curves,
    deadline_s=st.floats(200, 50_000),
    answer_s=st.floats(0, 60),
    at_once=st.booleans(),
    phase=st.floats(0, 1),
)
def test_on_any_curve_the_deadline_is_kept_with_the_replicas_and_the_interval_that_are_priced(
    rates: list[float], deadline_s: float, answer_s: float, at_once: bool, phase: float
) -> None:
    found = queued(Mode.ASYNC, curve(rates, deadline_s, answer_s), SUPPLY)
    assume(deadline_s > SUPPLY.cold_start_s + answer_s)
    assert found.replicas is not None
    assert found.every_s is not None
    served_per_s = found.replicas * SUPPLY.saturated_requests_per_s
    worst_s, _ = lateness_s(
        arrivals_of(rates, served_per_s, at_once),
        every_s=found.every_s,
        start_s=SUPPLY.cold_start_s,
        phase_s=phase * found.every_s,
    )
    assert worst_s + answer_s <= deadline_s * (1 + 1e-9)


@given(
    rate=st.floats(0.01, 60),
    deadline_s=st.floats(200, 50_000),
    bursts=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    phase=st.floats(0, 1),
)
def test_without_a_curve_all_that_comes_in_one_interval_may_come_at_once(
    rate: float, deadline_s: float, bursts: list[float], phase: float
) -> None:
    traffic = TrafficClass(
        peak_requests_per_s=rate, mean_requests_per_s=rate, deadline_s=deadline_s
    )
    found = queued(Mode.ASYNC, traffic, SUPPLY)
    assert found.replicas is not None
    assert found.every_s is not None
    every_s, served_per_s = found.every_s, found.replicas * SUPPLY.saturated_requests_per_s
    work_s = rate * every_s / served_per_s
    at_s, arrivals = 0.0, []
    for apart in bursts:  # a whole interval's worth, no sooner than an interval after the last
        arrivals.append((at_s, work_s))
        at_s += every_s * (1 + apart)
    worst_s, _ = lateness_s(
        arrivals, every_s=every_s, start_s=SUPPLY.cold_start_s, phase_s=phase * every_s
    )
    assert worst_s <= deadline_s * (1 + 1e-9)


def test_a_little_rarer_is_too_rare() -> None:
    """Sparse requests: whoever comes just after a look waits the whole of it, and the start."""
    rates = [0.1] * 50
    found = queued(Mode.ASYNC, curve(rates, 7200.0), SUPPLY)
    assert found.every_s is not None
    late = [
        lateness_s([(1.0, 0.01)], every_s=factor * found.every_s, start_s=90.0, phase_s=0.0)[0]
        for factor in (1.0, 1.01)
    ]
    assert late[0] <= 7200.0 < late[1]


@given(rates=curves, deadline_s=st.floats(200, 50_000), more_s=st.floats(0, 50_000))
def test_on_a_curve_too_a_later_deadline_never_costs_more(
    rates: list[float], deadline_s: float, more_s: float
) -> None:
    soon, late = (
        queued(Mode.ASYNC, curve(rates, one_s), SUPPLY)
        for one_s in (deadline_s, deadline_s + more_s)
    )
    if soon.usd_per_hour is not None:
        assert late.usd_per_hour is not None
        assert late.usd_per_hour <= soon.usd_per_hour * (1 + 1e-9)


@given(rates=curves, deadline_s=st.floats(200, 50_000), factor=st.floats(1, 5))
def test_more_of_the_same_curve_never_costs_less(
    rates: list[float], deadline_s: float, factor: float
) -> None:
    more = [rate * factor for rate in rates]
    little, much = (queued(Mode.ASYNC, curve(one, deadline_s), SUPPLY) for one in (rates, more))
    if much.usd_per_hour is not None:
        assert little.usd_per_hour is not None
        assert much.usd_per_hour >= little.usd_per_hour * (1 - 1e-9)


@given(rates=curves, served_per_s=st.floats(1, 80))
def test_the_longest_line_is_that_of_one_who_never_goes(
    rates: list[float], served_per_s: float
) -> None:
    line_s, longest_s = 0.0, 0.0
    for rate in rates:
        work_s = rate * WINDOW_S / served_per_s
        longest_s = max(longest_s, line_s + work_s)
        line_s = max(0.0, line_s + work_s - WINDOW_S)
    found = curve(rates, 1000.0).longest_wait_s(served_per_s)
    assert found == pytest.approx(longest_s, rel=1e-9, abs=1e-6)


def test_a_deadline_that_leaves_little_after_the_line_takes_more_replicas_than_the_peak() -> None:
    """All of five minutes' requests may come at once: six that keep up with 60/s would take five minutes for them."""
    rates = [0.0, 60.0] * 10
    found = queued(Mode.ASYNC, curve(rates, 390.0), SUPPLY)
    assert found.replicas is not None
    assert found.replicas > 6


def test_fewer_replicas_where_the_deadline_bears_their_line() -> None:
    """An hour at 60/s and seven without: six replicas at the peak, or one and its line of six hours."""
    rates = ([60.0] * 12 + [0.0] * 84) * 3
    counts = [
        queued(
            Mode.ASYNC, curve(rates, hours * 3600.0), replace(SUPPLY, cold_start_s=300.0)
        ).replicas
        for hours in (1.3, 4, 8)
    ]
    assert counts[0] is not None
    assert counts[1] is not None
    assert counts[0] > counts[1] > 1 == counts[2]
