"""How long traffic pauses: observed, drawn from a share and a mean, or not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.idle_gaps import (
    MAX_RUNS,
    IdleHistory,
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
