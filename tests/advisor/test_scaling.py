"""The scaling policy beside a live fleet decides as it does in a backtest, and what runs follows the load."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_policy import SLO, LivePolicy, config_for, replica_on
from rig import Rig

from advisor.backtest.conditions import Conditions
from advisor.backtest.score import score
from advisor.backtest.simulator import simulate
from advisor.backtest.trace import Trace
from advisor.core.objective import Latency, Slo
from advisor.core.recommendation import Action, Fleet
from advisor.policy import AdvisorPolicy
from advisor.scaling import MAX_START_S, Starts, objective_of
from advisor.tick import Tick

L4, A10G = "L4-24GB", "A10G-24GB"
COLD_START_S = 90.0


def a_day_in_six_hours() -> Trace:
    """Poisson arrivals between 2 and 12 requests/s, exponential lengths."""
    rng = np.random.default_rng(7)
    at_s = np.sort(rng.uniform(0, 6 * 3600, 200_000))
    kept = rng.uniform(0, 12, len(at_s)) < 7 - 5 * np.cos(at_s * 2 * np.pi / (6 * 3600))
    at_s = at_s[kept]
    return Trace(
        name="a day",
        arrival_s=at_s,
        input_tokens=np.maximum(1, rng.exponential(700, len(at_s))).astype(np.int64),
        output_tokens=np.maximum(1, rng.exponential(150, len(at_s))).astype(np.int64),
        tenants=np.zeros(len(at_s), np.int64),
    )


def test_the_live_loop_decides_as_a_backtest_of_it_does() -> None:
    trace, model, config = a_day_in_six_hours(), replica_on(L4), config_for(COLD_START_S)
    objective = objective_of(config.slos())
    assert objective is not None
    conditions = Conditions(cold_start_s=COLD_START_S, initial_replicas=2, max_replicas=64)
    policy = AdvisorPolicy(
        replica_model=model, objective=objective, max_replicas=64, cold_start_s=COLD_START_S
    )
    told, read = (
        score(simulate(trace, model, one, conditions, objective, seed=0))
        for one in (policy, LivePolicy(config, L4))
    )
    assert read.attainment > 0.985
    assert read.attainment == pytest.approx(told.attainment, abs=0.005)
    assert read.usd == pytest.approx(told.usd, rel=0.08)


def on(
    accelerator: str, device: str, *, requests_per_s: float, replicas: int, **config: Any
) -> Rig:
    """A rig whose fleet runs there and has for a quarter of an hour."""
    rig = Rig(requests_per_s, **config)
    rig.metrics.device = device
    rig.serve.fleet = replace(
        fleet_of(rig), running_replicas=replicas, target_replicas=replicas, devices_per_replica=1
    )
    for _ in range(60):
        tick = rig.tick()
    assert tick.fleet is not None
    assert tick.fleet.accelerators == (accelerator,)
    return rig


def fleet_of(rig: Rig) -> Fleet:
    assert rig.serve.fleet is not None
    return rig.serve.fleet


def surge(rig: Rig, requests_per_s: float) -> Tick:
    """Counters that run on from where they are, at another rate."""
    rig.metrics.begin_rate(requests_per_s, rig.now_s)
    for _ in range(6):
        tick = rig.tick()
    return tick


def test_a_fleet_on_other_hardware_than_recommended_follows_the_load() -> None:
    rig = on(
        A10G, "gpu0 NVIDIA A10G", requests_per_s=2.0, replicas=1, accelerators=[A10G, L4], slo=SLO
    )
    for tick in (rig.tick(), surge(rig, 20.0)):
        assert tick.recommendation is not None
        assert tick.recommendation.best is not None
        assert tick.recommendation.best.accelerator == L4
    assert tick.decision.action is Action.SCALE, tick.decision.reason
    assert tick.decision.target_replicas is not None
    assert tick.decision.target_replicas > 2
    assert "meanwhile" in tick.decision.reason


def test_where_the_best_runs_decision_and_recommendation_name_one_number() -> None:
    rig = on(L4, "gpu0 NVIDIA L4", requests_per_s=4.0, replicas=1, accelerators=[L4], slo=SLO)
    tick = surge(rig, 12.0)
    assert tick.recommendation is not None
    best = tick.recommendation.best
    assert best is not None
    assert tick.needed is not None
    assert tick.decision.target_replicas == best.replicas == tick.needed.replicas > 1
    assert any(tick.needed.reason in reason for reason in best_reasons(tick))


def best_reasons(tick: Tick) -> tuple[str, ...]:
    assert tick.recommendation is not None
    return tick.recommendation.reasons


def test_an_outage_leaves_what_was_needed() -> None:
    rig = on(L4, "gpu0 NVIDIA L4", requests_per_s=4.0, replicas=1, accelerators=[L4])
    before = rig.tick().needed
    rig.metrics.requests_per_s = None
    tick = rig.tick()
    assert before is not None
    assert tick.needed == before
    assert tick.decision.action is Action.HOLD


def test_of_an_objective_on_the_whole_answer_the_policy_says_nothing() -> None:
    assert objective_of([Slo(latency=Latency.E2E, bound_s=10.0, percentile=95)]) is None


def test_the_strictest_percentile_is_the_goal() -> None:
    slos = [
        Slo(latency=Latency.TTFT, bound_s=0.5, percentile=95),
        Slo(latency=Latency.TPOT, bound_s=0.05, percentile=99),
    ]
    found = objective_of(slos)
    assert found is not None
    assert (found.goal, found.ttft_base_s, found.tpot_s) == (0.99, 0.5, 0.05)


def test_a_start_takes_from_being_wanted_to_running() -> None:
    starts = Starts()
    assert starts.add(0.0, 2, 0) == ()
    assert starts.add(15.0, 2, 3) == ()
    assert starts.add(90.0, 3, 2) == (75.0,)
    assert starts.add(105.0, 5, 0) == (90.0, 90.0)


def test_a_start_that_was_given_up_is_no_start() -> None:
    starts = Starts()
    starts.add(0.0, 2, 3)
    assert starts.add(15.0, 2, 0) == ()
    assert starts.add(30.0, 4, 0) == ()


@given(
    st.lists(
        st.tuples(st.floats(1, 2000), st.none() | st.integers(0, 9), st.integers(0, 9)),
        max_size=30,
    )
)
def test_no_start_is_negative_or_takes_longer_than_a_cold_start_can(
    steps: list[tuple[float, int | None, int]],
) -> None:
    starts, now_s = Starts(), 0.0
    for after_s, running, starting in steps:
        now_s += after_s
        assert all(0 < start_s <= MAX_START_S for start_s in starts.add(now_s, running, starting))
