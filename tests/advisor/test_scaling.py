"""The scaling policy beside a live fleet decides as it does in a backtest, and what runs follows the load."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_policy import SLO, SPEC, LivePolicy, config_for, replica_on
from rig import Rig

from advisor import data
from advisor.backtest.conditions import Conditions
from advisor.backtest.score import score
from advisor.backtest.simulator import simulate
from advisor.backtest.trace import Trace
from advisor.config import parse_config
from advisor.core.capacity import ServiceObjective
from advisor.core.fleets import OfferIndex
from advisor.core.learning import NOTHING_LEARNED
from advisor.core.objective import Latency, Slo
from advisor.core.observation import LatencyReading, Observation, Reading
from advisor.core.recommendation import Action, Fleet
from advisor.core.starts import MAX_START_S, Starts
from advisor.core.step import StepObservation
from advisor.diary import Diary
from advisor.look import Catalogue
from advisor.policy import AdvisorPolicy
from advisor.scaling import Scaling, objective_of
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
    for _ in range(30):
        tick = rig.tick(2 * rig.config.interval)
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


def test_a_window_of_five_minutes_hides_no_burst() -> None:
    found = []
    for window in ("60s", "300s"):
        rig = on(
            L4,
            "gpu0 NVIDIA L4",
            requests_per_s=2.0,
            replicas=2,
            accelerators=[L4],
            slo=SLO,
            window=window,
        )
        tick = surge(rig, 60.0)
        assert tick.needed is not None
        found.append(tick.needed.target)
    assert found[1] == pytest.approx(found[0], abs=2)
    assert found[1] > 10


def test_the_first_request_of_the_morning_does_not_call_for_the_whole_cap() -> None:
    rig = on(
        L4,
        "gpu0 NVIDIA L4",
        requests_per_s=4.0,
        replicas=4,
        accelerators=[L4],
        slo=SLO,
        interval="60s",
    )
    rig.metrics.begin_rate(0.0, rig.now_s)
    rig.metrics.in_flight = 0.0
    night = [rig.tick(60.0).needed for _ in range(8 * 60)]
    assert night[-1] is not None
    assert night[-1].replicas == 1
    rig.metrics.begin_rate(1.0, rig.now_s)
    for _ in range(3):
        morning = rig.tick(60.0).needed
        assert morning is not None
        assert morning.target <= 4


def test_noise_moves_the_planned_demand_a_few_times_in_hours_and_not_every_round() -> None:
    rng = np.random.default_rng(3)
    policy = AdvisorPolicy(replica_model=replica_on(L4))
    planned = []
    for step in range(3 * 240):
        arrivals = float(rng.poisson(180))
        policy.step(
            StepObservation(
                now_s=15.0 * (step + 1), interval_s=15.0, num_arrivals=arrivals,
                replicas_running=12, replicas_starting=0, input_tokens=700 * arrivals,
                num_finished=arrivals, finished_output_tokens=150 * arrivals, num_good=arrivals,
            )
        )  # fmt: skip
        planned.append(policy.planned_per_s)
    settled = planned[240:]
    assert sum(a != b for a, b in pairwise(settled)) < 15
    assert all(one is not None and 12.0 < one < 18.0 for one in settled)


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


def test_of_two_bounds_on_one_latency_the_highest_percentile_is_asked_of_all_requests() -> None:
    slos = [
        Slo(latency=Latency.TTFT, bound_s=2.0, percentile=99),
        Slo(latency=Latency.TTFT, bound_s=0.3, percentile=50),
    ]
    for ordered in (slos, slos[::-1]):
        found = objective_of(ordered)
        assert found is not None
        assert (found.goal, found.ttft_base_s) == (0.99, 2.0)


def test_a_latency_that_nothing_bounds_keeps_its_own_bound() -> None:
    found = objective_of([Slo(latency=Latency.TPOT, bound_s=0.05, percentile=95)])
    plain = ServiceObjective()
    assert found is not None
    assert (found.ttft_base_s, found.ttft_per_prefill) == (
        plain.ttft_base_s,
        plain.ttft_per_prefill,
    )


def test_a_fleet_of_hundreds_loses_none_by_a_bound_that_nobody_set() -> None:
    rig = on(
        L4, "gpu0 NVIDIA L4", requests_per_s=900.0, replicas=340, accelerators=[L4], slo=SLO,
        budget="10000000/month",
    )  # fmt: skip
    tick = rig.tick()
    assert tick.needed is not None
    assert tick.needed.replicas > 300
    assert tick.decision.target_replicas is None or tick.decision.target_replicas > 300
    rig.serve.fleet = replace(fleet_of(rig), running_replicas=5000, target_replicas=5000)
    assert rig.tick().needed is None


def test_nodes_that_do_not_tell_for_a_round_change_nothing_of_what_was_needed() -> None:
    rig = on(L4, "gpu0 NVIDIA L4", requests_per_s=4.0, replicas=4, accelerators=[L4], slo=SLO)
    before = rig.tick()
    policy = rig.loop._models[0]._scaling._policy
    rig.metrics.device = "cpu"
    without = rig.tick()
    assert without.decision.action is Action.HOLD
    assert without.recommendation is not None
    assert before.recommendation is not None
    assert without.recommendation.best == before.recommendation.best
    rig.metrics.device = "gpu0 NVIDIA L4"
    rig.tick()
    assert rig.loop._models[0]._scaling._policy is policy


def test_a_hole_in_the_readings_is_no_traffic_and_survives_a_change_of_hardware() -> None:
    rig = on(L4, "gpu0 NVIDIA L4", requests_per_s=4.0, replicas=2)
    rig.tick(2400.0)
    for _ in range(25):
        rig.tick()
    rig.metrics.device = "gpu0 NVIDIA A10G"
    tick = rig.tick()
    assert tick.needed is not None
    assert tick.needed.accelerator == A10G
    policy = rig.loop._models[0]._scaling._policy
    assert policy is not None
    slots = policy.demand(after=-1, before_s=rig.now_s)
    assert sum(seconds for _, seconds, _ in slots) <= 15 * 90
    assert all(work / seconds == pytest.approx(4.0, rel=0.01) for _, seconds, work in slots)


def observation(ttft_late: float, tpot_late: float, *, isl: float = 500.0) -> Observation:
    """Of 1000 requests, so many over 2 s TTFT and over 100 ms TPOT."""

    def latency(bound_s: float, late: float) -> LatencyReading:
        buckets = ((bound_s, 1000 - late), (math.inf, 1000.0))
        return LatencyReading(
            p50_s=bound_s,
            p95_s=bound_s,
            p99_s=bound_s,
            num_requests=1000,
            age_s=0,
            buckets=buckets,
        )

    def one(value: float) -> Reading:
        return Reading(value=value, age_s=0.0)

    return Observation(
        at_s=1000.0, source="test", window_s=60.0, requests_per_s=one(1.0), mean_isl=one(isl),
        mean_osl=one(100.0), ttft=latency(2.0, ttft_late), tpot=latency(0.1, tpot_late),
    )  # fmt: skip


def good_share(seen: Observation, *slos: tuple[str, str, float]) -> float | None:
    config = parse_config(
        {
            "budget": "1000000/month",
            "model": "m",
            "slo": [
                {"latency": latency, "at_most": at_most, "percentile": percentile}
                for latency, at_most, percentile in slos
            ],
        },
        where="",
    )
    offers = OfferIndex(data.offers(), config.constraints().offers)
    catalogue = Catalogue(spec=SPEC, accelerators=data.accelerators(), offers=data.offers())
    scaling = Scaling(config=config, catalogue=catalogue, offers=offers, diary=Diary(None))
    fleet = Fleet(
        application="llm", deployment="LLMServer:m", status="RUNNING", target_replicas=1,
        running_replicas=1, accelerators=(L4,), devices_per_replica=1,
    )  # fmt: skip
    assert scaling.look(seen, fleet, NOTHING_LEARNED, sound=True) is not None
    return scaling._good_share(seen)


def test_a_miss_counts_for_as_much_as_it_takes_of_what_its_percentile_allows() -> None:
    slos = ("ttft", "2s", 95.0), ("tpot", "100ms", 99.0)
    assert good_share(observation(50, 0), *slos) == pytest.approx(0.99)
    assert good_share(observation(0, 10), *slos) == pytest.approx(0.99)
    assert good_share(observation(50, 30), *slos) == pytest.approx(0.97)


def test_what_a_lone_request_misses_at_its_percentile_buys_nothing() -> None:
    mean_is_inside = ("ttft", "250ms", 99.0)
    seen = observation(300, 0, isl=700.0)
    assert good_share(seen, mean_is_inside) == 1.0
    assert good_share(seen, mean_is_inside, ("tpot", "100ms", 99.0)) == 1.0
    assert good_share(
        observation(0, 40), mean_is_inside, ("tpot", "100ms", 99.0)
    ) == pytest.approx(0.96)


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


def test_a_start_that_was_under_way_at_the_first_look_has_no_length() -> None:
    starts = Starts()
    assert starts.add(0.0, 2, 2) == ()
    assert starts.add(15.0, 2, 3) == ()
    assert starts.add(30.0, 4, 1) == ()
    assert starts.add(60.0, 5, 0) == (45.0,)


def test_a_start_that_ends_while_readings_are_unsound_is_as_long_as_it_was() -> None:
    rig = on(L4, "gpu0 NVIDIA L4", requests_per_s=4.0, replicas=1, accelerators=[L4])
    scaling = rig.loop._models[0]._scaling
    rig.serve.fleet = replace(fleet_of(rig), target_replicas=4)
    rig.tick()
    rig.metrics.requests_per_s = None
    for _ in range(4):
        rig.tick()
    rig.serve.fleet = replace(fleet_of(rig), running_replicas=4)
    for _ in range(40):
        rig.tick()
    rig.metrics.requests_per_s = 4.0
    rig.tick()
    assert scaling._policy is not None
    assert scaling._policy.cold_start_s() == pytest.approx(75.0)


def test_a_start_that_does_not_come_is_late_once_in_so_long() -> None:
    starts = Starts()
    starts.add(0.0, 2, 1)  # since when it is wanted, nobody saw
    for now_s in range(15, 2415, 15):
        starts.add(float(now_s), 2, 3)
        assert starts.late(float(now_s), 600.0) == (2 if now_s in (630, 1230, 1830) else 0)
    assert starts.add(2415.0, 5, 0) == ()
    assert starts.late(2415.0, 600.0) == 0


def test_machines_that_do_not_come_are_not_answered_by_asking_for_ever_more() -> None:
    rig = on(L4, "gpu0 NVIDIA L4", requests_per_s=4.0, replicas=2, accelerators=[L4], slo=SLO)
    wanted = []
    for minute in range(3 * 60):
        rig.metrics.waiting = 60.0 * minute  # more comes than ends
        rig.metrics.in_flight = rig.metrics.waiting + 50.0
        for _ in range(4):
            needed = rig.tick().needed
            assert needed is not None
            assert minute < 30 or needed.replicas == needed.target
            wanted.append(needed.target)
            rig.serve.fleet = replace(fleet_of(rig), target_replicas=needed.target)
    assert 2 < wanted[4 * 30] == wanted[-1] < 64


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
