"""How long traffic pauses: observed, drawn from a share and a mean, or not known."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.idle_gaps import (
    MAX_RUNS,
    REMEMBERED_S,
    IdleGaps,
    IdleHistory,
    KeptRuns,
    assumed_gaps,
    gaps_of_arrivals,
    observed_gaps,
)

shares = st.floats(0.001, 1)
means = st.floats(0.1, 1e6)


@given(share=shares, mean_s=means, rate=st.floats(0, 1000))
def test_gaps_that_are_drawn_have_the_share_the_mean_and_the_rate_they_were_drawn_from(
    share: float, mean_s: float, rate: float
) -> None:
    gaps = assumed_gaps(idle_share=share, mean_gap_s=mean_s, requests_per_s=rate)
    assert gaps is not None
    assert gaps.idle_share == pytest.approx(share)
    assert gaps.mean_s == pytest.approx(mean_s)
    assert gaps.per_hour == pytest.approx(share * 3600 / mean_s)
    assert gaps.requests_per_s == pytest.approx(rate)
    assert not gaps.observed


def test_gaps_drawn_are_exponential() -> None:
    gaps = assumed_gaps(idle_share=0.5, mean_gap_s=100.0)
    assert gaps is not None
    longer = sum(one > 100 for one in gaps.lengths_s) / len(gaps.lengths_s)
    assert longer == pytest.approx(0.368, abs=0.01)  # 1/e


def test_what_is_not_known_stays_unknown() -> None:
    assert assumed_gaps(idle_share=None, mean_gap_s=60.0) is None
    assert assumed_gaps(idle_share=0.5, mean_gap_s=None) is None
    never = assumed_gaps(idle_share=0.0, mean_gap_s=None)
    assert never is not None
    assert never.idle_share == 0


@pytest.mark.parametrize(
    ("lengths", "over_s"),
    [([-1.0], 10.0), ([0.0], 10.0), ([11.0], 10.0), ([], 0.0), ([], float("nan"))],
)
def test_gaps_that_cannot_be_are_refused(lengths: list[float], over_s: float) -> None:
    with pytest.raises(ValueError, match="gap"):
        observed_gaps(lengths, over_s=over_s)


def test_the_gaps_of_a_trace() -> None:
    gaps = gaps_of_arrivals([0, 1, 101, 102, 502], serve_s=2.0, longer_than_s=10.0)
    assert gaps.lengths_s == (98.0, 398.0)
    assert gaps.over_s == 502
    assert gaps.num_requests == 5


# --- as it is watched


def test_an_idle_share_needs_an_hour_of_observation() -> None:
    history = IdleHistory()
    for tick in range(239):
        history.add(at_s=tick * 15.0, interval_s=15.0, idle=True)
    assert history.idle_share() is None
    assert history.gaps() is None
    history.add(at_s=239 * 15.0, interval_s=15.0, idle=False)
    assert history.idle_share() == pytest.approx(239 / 240)


def test_time_without_observation_is_neither_idle_nor_busy() -> None:
    history = IdleHistory()
    history.add(at_s=0.0, interval_s=3600.0, idle=False)
    history.add(at_s=90_000.0, interval_s=3600.0, idle=True)
    assert history.idle_share() == 0.5


def test_what_is_older_than_a_week_is_forgotten() -> None:
    history = IdleHistory()
    history.add(at_s=0.0, interval_s=7200.0, idle=True)
    history.add(at_s=8 * 86400.0, interval_s=7200.0, idle=False)
    assert history.idle_share() == 0.0


def test_a_stay_longer_than_the_memory_is_cut_to_it() -> None:
    history = IdleHistory()
    for hour in range(1, 1 + 24 * 20):
        history.add(at_s=hour * 3600.0, interval_s=3600.0, idle=hour <= 24 * 16)
    assert history.idle_share() == pytest.approx(3 / 7)


def test_gaps_are_told_apart_with_the_requests_between_them() -> None:
    history = IdleHistory()
    for minute in range(1, 121):
        busy = minute % 20 == 0
        history.add(at_s=minute * 60.0, interval_s=60.0, idle=not busy, requests_per_s=0.5 * busy)
    gaps = history.gaps()
    assert gaps is not None
    assert gaps.lengths_s == (19 * 60.0,) * 6
    assert gaps.over_s == 7200
    assert gaps.num_requests == pytest.approx(6 * 30)


def test_a_hole_in_the_observation_ends_a_gap() -> None:
    history = IdleHistory()
    for minute in (*range(1, 61), *range(600, 660)):
        history.add(at_s=minute * 60.0, interval_s=60.0, idle=True)
    gaps = history.gaps()
    assert gaps is not None
    assert gaps.lengths_s == (3600.0, 3600.0)


def test_requests_are_unknown_when_one_run_of_them_was_not_counted() -> None:
    history = IdleHistory()
    history.add(at_s=3600.0, interval_s=3600.0, idle=False, requests_per_s=1.0)
    history.add(at_s=7200.0, interval_s=3600.0, idle=False)
    gaps = history.gaps()
    assert gaps is not None
    assert gaps.num_requests is None


def test_memory_is_bounded() -> None:
    history = IdleHistory()
    for tick in range(3 * MAX_RUNS):
        history.add(at_s=tick * 1.0, interval_s=1.0, idle=tick % 2 == 0)
    gaps = history.gaps()
    assert gaps is not None
    assert len(gaps.lengths_s) <= MAX_RUNS


# --- as it is kept over restarts

Look = tuple[float, float, bool, float | None]  # at_s, interval_s, idle, requests_per_s
LINE_RUNS = 3  # in one line, so that many looks need several


@st.composite
def looks(draw: st.DrawFn) -> list[Look]:
    """At intervals that jitter, with holes of minutes and of days, and a clock that is set back at times."""
    interval_s, now_s, found = draw(st.sampled_from([15.0, 60.0, 900.0])), 1.8e9, []
    for _ in range(draw(st.integers(1, 60))):
        factor = st.sampled_from([1.0, 1.0, 1.0, 1.001, 0.4, 1.4, 3.0, 400.0, -0.5, -20.0])
        now_s += interval_s * draw(factor)
        rate = draw(st.none() | st.floats(0, 100))
        found.append((now_s, interval_s, draw(st.booleans()), rate))
    return found


def see(history: IdleHistory, look: Look) -> None:
    at_s, interval_s, idle, rate = look
    history.add(at_s=at_s, interval_s=interval_s, idle=idle, requests_per_s=rate)


def keep(history: IdleHistory, lines: list[KeptRuns]) -> None:
    while (part := history.unkept(LINE_RUNS)) is not None:
        assert len(part.runs) <= LINE_RUNS
        lines.append(part)
        history.kept(part)


def told(history: IdleHistory, now_s: float) -> IdleGaps | None:
    """All that a history says, however little it has seen."""
    at_s = now_s + 7200.0  # an hour more, so that it speaks
    whole = IdleHistory.restored([part] if (part := history_part(history)) else [])
    whole.add(at_s=at_s, interval_s=3600.0, idle=False, requests_per_s=0.0)
    return whole.gaps()


def history_part(history: IdleHistory) -> KeptRuns | None:
    runs = tuple((run.end_s, run.seconds, run.idle, run.requests) for run in history._runs)
    return KeptRuns(first=0, runs=runs) if runs else None


@given(seen=looks(), data=st.data())
def test_a_history_that_was_kept_and_goes_on_is_one_that_was_never_interrupted(
    seen: list[Look], data: st.DataObject
) -> None:
    """Up to what a kill lost: the looks since the last line was written are seen by nobody."""
    lines: list[KeptRuns] = []
    live, known = IdleHistory(), IdleHistory()
    not_kept: list[Look] = []
    for look in seen:
        see(live, look)
        not_kept.append(look)
        happens = data.draw(st.sampled_from(["nothing", "nothing", "kept", "killed", "stopped"]))
        if happens in ("kept", "stopped"):
            keep(live, lines)
            for one in not_kept:
                see(known, one)
        if happens in ("killed", "stopped"):
            live = IdleHistory.restored(lines)
            assert told(live, look[0]) == told(known, look[0])
        if happens != "nothing":
            not_kept = []
    for one in not_kept:
        see(known, one)
    assert told(live, seen[-1][0]) == told(known, seen[-1][0])


@given(seen=looks(), data=st.data())
def test_lost_lines_cost_what_they_told_and_never_add_anything(
    seen: list[Look], data: st.DataObject
) -> None:
    lines: list[KeptRuns] = []
    live = IdleHistory()
    for look in seen:
        see(live, look)
        keep(live, lines)
    left = [line for line in lines if data.draw(st.booleans())]
    found = IdleHistory.restored(left)
    spans = [(run.end_s - run.seconds, run.end_s) for run in found._runs]
    assert all(end_s <= begin_s + 1e-3 for (_, end_s), (begin_s, _) in pairwise(spans))
    see(found, (seen[-1][0] + 5e5, 3600.0, True, None))
    assert (found.idle_share() or 0.0) <= 1.0


def test_nothing_new_is_nothing_to_keep_and_a_run_that_goes_on_is_one_line_however_long() -> None:
    history, lines = IdleHistory(), []
    assert history.unkept(10) is None
    for minute in range(1, 6 * 60 + 1):
        history.add(at_s=minute * 60.0, interval_s=60.0, idle=minute > 10)
        if minute % 10 == 0:
            keep(history, lines)
            assert history.unkept(10) is None
    assert len(lines) == 36
    assert all(len(line.runs) == 1 for line in lines)
    gaps = IdleHistory.restored(lines[-1:]).gaps()
    assert gaps is not None
    assert gaps.lengths_s == (350 * 60.0,), "the last line tells the whole of what goes on"


def test_time_that_was_seen_already_is_not_counted_twice() -> None:
    """A restart looks three seconds after the look before it."""
    history = IdleHistory()
    for at_s in (3600.0, 3603.0, 3603.0, 3618.0):
        history.add(at_s=at_s, interval_s=3600.0 if at_s == 3600.0 else 15.0, idle=True)
    gaps = history.gaps()
    assert gaps is not None
    assert gaps.lengths_s == (3618.0,)


def test_a_clock_that_is_set_back_makes_what_it_dated_later_seen_anew() -> None:
    history = IdleHistory()
    for hour in range(1, 11):
        history.add(at_s=hour * 3600.0, interval_s=3600.0, idle=hour % 2 == 0)
    history.add(at_s=4.5 * 3600.0, interval_s=3600.0, idle=True)
    gaps = history.gaps()
    assert gaps is not None
    assert gaps.over_s == 4.5 * 3600.0
    assert gaps.lengths_s == (3600.0, 3600.0)


GOOD_RUN = (100.0, 50.0, True, None)


@pytest.mark.parametrize(
    ("first", "runs"),
    [
        (0, ()),
        (-1, (GOOD_RUN,)),
        (0.5, (GOOD_RUN,)),
        (0, ((100.0, 0.0, True, None),)),
        (0, ((100.0, float("nan"), True, None),)),
        (0, ((float("inf"), 50.0, True, None),)),
        (0, ((100.0, REMEMBERED_S * 2, True, None),)),
        (0, ((100.0, 50.0, 1, None),)),
        (0, ((100.0, 50.0, True, -1.0),)),
        (0, ((100.0, 50.0, True, float("nan")),)),
        (0, (GOOD_RUN, (120.0, 50.0, True, None))),
    ],
)
def test_kept_runs_that_cannot_be_are_refused(first: int, runs: tuple[Look, ...]) -> None:
    with pytest.raises(ValueError, match=r"be|began|idle is"):
        KeptRuns(first=first, runs=runs)  # type: ignore[arg-type]
