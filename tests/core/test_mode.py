"""When to stop paying for idle hardware, and why not each other mode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.mode import BREAK_EVEN_IDLE_SHARE, IdleHistory, ModeChoice, choose_mode
from advisor.core.objective import Latency, Mode, Slo
from advisor.core.workload import Workload, WorkloadSource

FAST = Slo(latency=Latency.TTFT, bound_s=0.3, percentile=95)
PATIENT = Slo(latency=Latency.TTFT, bound_s=200, percentile=95)
OVERNIGHT = Slo(latency=Latency.E2E, bound_s=8 * 3600, percentile=99)


def choice(
    idle_share: float | None, *slos: Slo, rate: float = 0.1, cold_start_s: float = 90.0
) -> ModeChoice:
    workload = Workload(
        requests_per_s=rate,
        isl=100,
        osl=100,
        source=WorkloadSource.OBSERVED,
        idle_share=idle_share,
    )
    return choose_mode(workload, slos, cold_start_s=cold_start_s)


def reason_against(found: ModeChoice, mode: Mode) -> str:
    return next(entry.reason for entry in found.rejected if entry.mode is mode)


@given(
    idle_share=st.none() | st.floats(0, 1),
    slos=st.lists(st.sampled_from([FAST, PATIENT, OVERNIGHT]), max_size=3),
    cold_start_s=st.floats(0, 1000),
)
def test_every_mode_is_chosen_or_rejected_once(
    idle_share: float | None, slos: list[Slo], cold_start_s: float
) -> None:
    found = choice(idle_share, *slos, cold_start_s=cold_start_s)
    named = [found.mode, *(entry.mode for entry in found.rejected)]
    assert sorted(mode for mode in named if mode) == sorted(Mode)
    assert all(entry.reason for entry in found.rejected)
    assert 0 <= found.cost_share <= 1


@pytest.mark.parametrize("slo", [FAST, PATIENT, OVERNIGHT])
def test_an_unknown_idle_share_stays_always_on(slo: Slo) -> None:
    found = choice(None, slo)
    assert found.mode is Mode.ALWAYS_ON
    assert found.cost_share == 1.0
    assert "not known" in found.reason


def test_zero_is_reached_from_the_break_even_on() -> None:
    assert choice(BREAK_EVEN_IDLE_SHARE - 0.01, PATIENT).mode is Mode.ALWAYS_ON
    assert choice(BREAK_EVEN_IDLE_SHARE, PATIENT).mode is Mode.SCALE_TO_ZERO


def test_a_cold_start_outside_the_objective_keeps_hardware_on() -> None:
    found = choice(0.99, FAST, cold_start_s=90)
    assert found.mode is Mode.ALWAYS_ON
    assert "90 s" in reason_against(found, Mode.SCALE_TO_ZERO)
    assert choice(0.99, PATIENT, cold_start_s=199).mode is Mode.SCALE_TO_ZERO
    assert choice(0.99, PATIENT, cold_start_s=201).mode is Mode.ALWAYS_ON


def test_queue_and_batch_are_ruled_out_by_the_objective_that_asks_for_an_answer_at_once() -> None:
    found = choice(0.1, OVERNIGHT, FAST)
    assert str(FAST) in reason_against(found, Mode.ASYNC)
    assert str(FAST) in reason_against(found, Mode.BATCH)


def test_an_idle_share_needs_an_hour_of_observation() -> None:
    history = IdleHistory()
    for tick in range(239):
        history.add(at_s=tick * 15.0, interval_s=15.0, idle=True)
    assert history.idle_share() is None
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
