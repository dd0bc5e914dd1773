"""The policy as others drive it: it learns, holds when in doubt, and never leaves its bounds."""

from __future__ import annotations

import doctest
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import advisor.policy
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepObservation
from advisor.policy import AdvisorPolicy, ServiceObjective

MODEL = ReplicaModel(
    step_base_s=0.018,
    step_per_seq_s=5e-5,
    step_per_kv_token_s=9e-8,
    step_per_prefill_token_s=8e-5,
    kv_capacity_tokens=300_000,
)
OBJECTIVE = ServiceObjective(ttft_base_s=1.0, tpot_s=0.06)


def make_policy(
    *,
    max_replicas: int = 40,
    min_replicas: int = 1,
    cold_start_s: float = 90.0,
    cap_usd_per_hour: float | None = None,
    objective: ServiceObjective = OBJECTIVE,
) -> AdvisorPolicy:
    return AdvisorPolicy(
        replica_model=MODEL,
        objective=objective,
        min_replicas=min_replicas,
        max_replicas=max_replicas,
        cold_start_s=cold_start_s,
        cap_usd_per_hour=cap_usd_per_hour,
    )


class Fleet:
    """Replicas that start after a cold start, and tell no more than a fleet must: counts, and tokens of what arrived."""

    def __init__(
        self,
        policy: AdvisorPolicy,
        *,
        running: int = 1,
        interval_s: float = 15.0,
        cold_start_s: float = 90.0,
    ):
        self.policy, self.interval_s, self.running = policy, interval_s, running
        self.cold_start_s = cold_start_s
        self.now_s, self.starting = 0.0, [0.0] * 0
        self.targets: list[int] = []

    def drive(self, rate: Callable[[float], float], duration_s: float) -> None:
        end_s = self.now_s + duration_s
        while self.now_s < end_s:
            self.step(rate(self.now_s))

    def step(self, requests_per_s: float, **more: object) -> None:
        self.now_s += self.interval_s
        ready = [at_s for at_s in self.starting if at_s <= self.now_s]
        self.starting = [at_s for at_s in self.starting if at_s > self.now_s]
        self.running += len(ready)
        count = requests_per_s * self.interval_s
        seen = StepObservation(
            now_s=self.now_s,
            interval_s=self.interval_s,
            num_arrivals=count,
            replicas_running=self.running,
            replicas_starting=len(self.starting),
            input_tokens=1000.0 * count,
            num_finished=count,
            finished_output_tokens=200.0 * count,
            num_good=count,
        )
        target = self.policy.step(replace(seen, **more)).target_replicas  # type: ignore[arg-type]
        self.targets.append(target)
        have = self.running + len(self.starting)
        self.starting += [self.now_s + self.cold_start_s] * (target - have)
        for _ in range(have - target):
            if self.starting:
                self.starting.pop()
            else:
                self.running -= 1


def changes(targets: list[int]) -> list[int]:
    """+1 and -1 where the target moved, in order, with the step numbers."""
    return [b - a for a, b in itertools.pairwise(targets) if a != b]


def test_the_example_runs() -> None:
    assert doctest.testmod(advisor.policy).failed == 0


def test_more_load_never_wants_fewer_replicas() -> None:
    settled = []
    for rate in (0.5, 2.0, 8.0, 30.0, 90.0):
        fleet = Fleet(make_policy())
        fleet.drive(lambda _, rate=rate: rate, 3600.0)  # type: ignore[misc]
        settled.append(fleet.targets[-1])
    assert settled == sorted(settled)
    assert settled[0] == 1
    assert settled[-1] > 10


def test_a_jump_is_answered_in_one_step_and_starting_replicas_are_credited() -> None:
    fleet = Fleet(make_policy())
    fleet.drive(lambda _: 2.0, 1800.0)
    before = fleet.targets[-1]
    fleet.drive(lambda _: 40.0, 300.0)
    jumps = [step for step in changes(fleet.targets[-21:]) if step > 0]
    assert jumps[0] >= 2
    assert fleet.targets[-1] <= 40
    assert fleet.targets[-1] > before


def test_a_look_at_a_handful_in_flight_asks_for_nothing_and_at_hundreds_for_replicas() -> None:
    def target_with(in_flight_per_replica: float, rate: float) -> int:
        fleet = Fleet(make_policy(), running=4)
        fleet.drive(lambda _: rate, 1800.0)
        fleet.step(rate, requests_running=in_flight_per_replica * fleet.running)
        return fleet.targets[-1] - fleet.targets[-2]

    assert target_with(4.0, 1.0) == 0
    assert target_with(200.0, 8.0) > 0


@pytest.mark.parametrize("cold_start_s", [30.0, 90.0, 300.0])
@pytest.mark.parametrize("rate", [3.0, 12.0, 60.0, 300.0])
def test_constant_load_with_noise_changes_nothing_once_settled(
    rate: float, cold_start_s: float
) -> None:
    """The fleet is found with one replica; an hour later, what is there stays for a day and a night."""
    rng = random.Random(3)
    policy = make_policy(max_replicas=120, cold_start_s=cold_start_s)
    fleet = Fleet(policy, interval_s=60.0, cold_start_s=cold_start_s)
    fleet.drive(lambda _: rate * rng.uniform(0.9, 1.1), 3600.0)
    start = len(fleet.targets)
    fleet.drive(lambda _: rate * rng.uniform(0.9, 1.1), 24 * 3600.0)
    assert changes(fleet.targets[start:]) == []


@pytest.mark.parametrize("cold_start_s", [30.0, 90.0, 300.0])
@pytest.mark.parametrize(
    "rate",
    [
        pytest.param(lambda t: 5.0 if t < 3600 else 40.0, id="step"),
        pytest.param(lambda t: 20.0 + 15.0 * math.sin(t / 600.0), id="sine"),
        pytest.param(lambda t: 4.0 if (t // 300) % 2 else 16.0, id="500-2000"),
    ],
)
def test_a_direction_is_changed_at_most_once_in_five_minutes(
    rate: Callable[[float], float], cold_start_s: float
) -> None:
    fleet = Fleet(make_policy(cold_start_s=cold_start_s), cold_start_s=cold_start_s)
    fleet.drive(rate, 2 * 3600.0)
    moved = [
        (number * fleet.interval_s, b > a)
        for number, (a, b) in enumerate(itertools.pairwise(fleet.targets))
        if a != b
    ]
    turned_at_s = [at_s for (_, was), (at_s, now) in itertools.pairwise(moved) if was != now]
    settled_at_s = [at_s for at_s in turned_at_s if at_s > 1800.0]  # a first regret teaches it
    assert all(b - a >= 300.0 for a, b in itertools.pairwise(settled_at_s))


def test_a_step_settles_and_the_fleet_comes_back_down() -> None:
    fleet = Fleet(make_policy())
    fleet.drive(lambda t: 40.0 if 3600 <= t < 10_800 else 5.0, 10_800.0)
    high = fleet.targets[-1]
    assert changes(fleet.targets[-120:]) == []  # the last half hour of the plateau
    fleet.drive(lambda _: 5.0, 7200.0)
    assert changes(fleet.targets[-120:]) == []
    assert fleet.targets[-1] < 0.4 * high


BROKEN = {
    "num_arrivals": st.sampled_from([None, math.nan, math.inf, -1.0, 1e12]),
    "replicas_running": st.sampled_from([None, -1, math.nan]),
    "age_s": st.sampled_from([600.0, -5.0, math.nan, math.inf]),
    "now_s": st.sampled_from([math.nan, -1.0, math.inf]),
    "interval_s": st.sampled_from([0.0, -1.0, math.nan, 1e9]),
    "num_good": st.sampled_from([math.nan, -3.0, 1e18]),
    "requests_waiting": st.sampled_from([math.nan, -3.0, math.inf]),
    "kv_cache_usage": st.sampled_from([math.nan, -0.5, 90.0]),
    "input_tokens": st.sampled_from([math.nan, -0.5, 1e13]),
}


@given(
    rate=st.floats(0.0, 50.0),
    broken=st.sampled_from(sorted(BROKEN)).flatmap(
        lambda name: st.tuples(st.just(name), BROKEN[name])
    ),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_scaled_down_on_readings_that_are_none(
    rate: float, broken: tuple[str, object]
) -> None:
    fleet = Fleet(make_policy(), running=12)
    fleet.drive(lambda _: rate, 240.0)
    before = fleet.running + len(fleet.starting)
    for _ in range(
        40
    ):  # ten minutes, in which a sound reading of no load would have been acted on
        fleet.step(0.0, **{broken[0]: broken[1]})
    assert fleet.running + len(fleet.starting) >= before


@given(
    counts=st.lists(
        st.tuples(st.floats(0, 1e5), st.integers(0, 99), st.integers(0, 99)), max_size=12
    ),
    low=st.integers(0, 5),
    more=st.integers(1, 50),
)
@settings(max_examples=60, deadline=None)
def test_the_target_is_a_whole_number_between_the_bounds(
    counts: list[tuple[float, int, int]], low: int, more: int
) -> None:
    policy = make_policy(min_replicas=low, max_replicas=low + more)
    for number, (arrivals, running, starting) in enumerate(counts):
        decision = policy.step(
            StepObservation(
                now_s=15.0 * (number + 1),
                interval_s=15.0,
                num_arrivals=arrivals,
                replicas_running=running,
                replicas_starting=starting,
            )
        )
        assert isinstance(decision.target_replicas, int)
        assert low <= decision.target_replicas <= low + more
        assert decision.reason


def test_the_cap_is_never_exceeded() -> None:
    fleet = Fleet(make_policy(cap_usd_per_hour=4.5))
    fleet.drive(lambda _: 90.0, 1800.0)
    assert max(fleet.targets) == 4


def test_an_objective_that_no_replica_meets_is_said() -> None:
    policy = make_policy(objective=ServiceObjective(tpot_s=0.001))
    fleet = Fleet(policy)
    fleet.step(5.0)
    decision = policy.step(
        StepObservation(
            now_s=30.0,
            interval_s=15.0,
            num_arrivals=75,
            replicas_running=1,
            replicas_starting=0,
            input_tokens=75_000,
        )
    )
    assert "no replica meets" in decision.reason


def test_misses_of_an_objective_that_no_replica_meets_buy_no_replicas() -> None:
    """Every answer is late for hours, at any number of replicas: no more are wanted than by who sees no misses."""
    wanted = [
        policy_after_hours(num_good=good, objective=ServiceObjective(tpot_s=1e-4))
        for good in (0.0, 75.0)
    ]
    assert wanted[0] == wanted[1]


def policy_after_hours(*, num_good: float, objective: ServiceObjective) -> int:
    policy, target = make_policy(objective=objective), 2
    for now_s in range(15, 4 * 3600, 15):
        target = policy.step(
            StepObservation(
                now_s=now_s,
                interval_s=15.0,
                num_arrivals=75,
                replicas_running=target,
                replicas_starting=0,
                input_tokens=75 * 500,
                num_finished=75,
                finished_input_tokens=75 * 500,
                finished_output_tokens=75 * 200,
                num_good=num_good,
            )
        ).target_replicas
    return target


def test_nothing_goes_while_long_answers_are_still_on_their_way() -> None:
    """A fleet taken over: the answers that have ended are short ones, an hour later they are ten times as long."""
    policy, fleet = make_policy(), 30
    for now_s in range(15, 3601, 15):
        decision = policy.step(
            StepObservation(
                now_s=now_s,
                interval_s=15.0,
                num_arrivals=75,
                replicas_running=fleet,
                replicas_starting=0,
                input_tokens=75 * 500,
                num_finished=75,
                finished_input_tokens=75 * 500,
                finished_output_tokens=75 * min(3000, 300 + now_s),
            )
        )
        assert decision.target_replicas >= fleet, decision.reason


def test_without_lengths_it_holds() -> None:
    policy = make_policy()
    for number in range(1, 60):
        decision = policy.step(
            StepObservation(
                now_s=15.0 * number,
                interval_s=15.0,
                num_arrivals=100.0 / number,
                replicas_running=3,
                replicas_starting=0,
            )
        )
        assert decision.target_replicas == 3


def test_from_nothing_the_first_request_brings_the_first_replica() -> None:
    policy = AdvisorPolicy(replica_model=MODEL, min_replicas=0)
    seen = StepObservation(
        now_s=15.0, interval_s=15.0, num_arrivals=0, replicas_running=0, replicas_starting=0
    )
    assert policy.step(seen).target_replicas == 0
    assert policy.step(replace(seen, now_s=30.0, num_arrivals=1)).target_replicas == 1


def test_an_endpoint_without_requests_goes_to_zero_and_comes_back() -> None:
    fleet = Fleet(AdvisorPolicy(replica_model=MODEL, min_replicas=0, cold_start_s=90.0))
    fleet.drive(lambda _: 2.0, 3600.0)
    fleet.drive(lambda _: 0.0, 12 * 3600.0)
    assert fleet.targets[-1] == 0
    fleet.drive(lambda _: 2.0, 60.0)
    assert fleet.targets[-1] >= 1


def test_failed_launches_are_not_answered_by_more() -> None:
    policy = make_policy()
    launched = target = 0
    for number in range(
        1, 121
    ):  # half an hour in which every new replica dies within the interval
        decision = policy.step(
            StepObservation(
                now_s=15.0 * number,
                interval_s=15.0,
                num_arrivals=900,
                replicas_running=1,
                replicas_starting=0,
                input_tokens=900_000,
                num_finished=100,
                finished_output_tokens=20_000,
                num_failed_launches=max(0, target - 1),
            )
        )
        assert decision.target_replicas <= 40
        target = decision.target_replicas
        launched += target - 1
        if number == 4:
            assert "launches fail" in decision.reason  # within a minute
    assert launched < 40 + 6


@pytest.mark.parametrize("wrong", [{"min_replicas": 3, "max_replicas": 2}, {"cold_start_s": -1.0}])
def test_wrong_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AdvisorPolicy(replica_model=MODEL, **wrong)  # type: ignore[arg-type]
