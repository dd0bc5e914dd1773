"""The fleet around the engine: bills, launches, failures, interruptions, what a policy sees, and policies that misbehave."""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable

import numpy as np
import pytest

from advisor.backtest.conditions import Conditions, MetricFaults
from advisor.backtest.engine.state import CANCELLED, ENDED, FAILED, INTERRUPTED
from advisor.backtest.fleet import Run, SimulationError
from advisor.backtest.guarded import MAX_KINDS
from advisor.backtest.simulator import Change, follow, simulate
from advisor.backtest.trace import Trace, make_trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepDecision, StepObservation

OBJECTIVE = ServiceObjective(ttft_base_s=2.0, tpot_s=0.05)
MODEL = ReplicaModel(
    step_base_s=0.01,
    step_per_seq_s=1e-4,
    step_per_kv_token_s=1e-7,
    step_per_prefill_token_s=3e-5,
    kv_capacity_tokens=100_000,
    max_num_seqs=64,
)


def steady(rate_per_s: float = 2.0, duration_s: float = 3600.0, seed: int = 0) -> Trace:
    rng = np.random.default_rng(seed)
    count = int(rate_per_s * duration_s)
    arrival_s = np.sort(rng.uniform(0, duration_s, count))
    return make_trace(
        "steady", arrival_s, rng.integers(10, 2000, count), rng.integers(1, 300, count)
    )


class Scripted:
    """Answers what a function of time says, and keeps what it saw."""

    interval_s = 10.0

    def __init__(self, target: Callable[[StepObservation], float]) -> None:
        self._target = target
        self.seen: list[StepObservation] = []

    def step(self, observation: StepObservation) -> StepDecision:
        self.seen.append(observation)
        return StepDecision(target_replicas=self._target(observation), reason="")  # type: ignore[arg-type]


def run(
    target: Callable[[StepObservation], float],
    conditions: Conditions | None = None,
    **kwargs: float,
) -> tuple[Run, Scripted]:
    policy = Scripted(target)
    chosen = conditions or Conditions(initial_replicas=2, max_replicas=8)
    return simulate(steady(), MODEL, policy, chosen, OBJECTIVE, **kwargs), policy  # type: ignore[arg-type]


def wave(seen: StepObservation) -> int:
    return 3 + round(2 * math.sin(seen.now_s / 300))


def test_the_same_seed_gives_the_same_run_and_another_seed_another_cloud() -> None:
    cloud = Conditions(max_replicas=8, cold_start_sigma=0.3, launch_failure_rate=0.2)
    one, _ = run(wave, cloud, seed=1)
    two, _ = run(wave, cloud, seed=1)
    three, _ = run(wave, cloud, seed=2)
    assert (one.ttft_s == two.ttft_s).all()
    assert one.usd == two.usd
    assert one.usd != three.usd


def test_counters_over_all_intervals_add_up_to_the_trace() -> None:
    result, policy = run(lambda _: 2)
    trace, seen = result.trace, policy.seen
    upto = np.searchsorted(trace.arrival_s, seen[-1].now_s, side="right")
    assert sum(one.num_arrivals or 0 for one in seen) == upto
    assert sum(one.input_tokens or 0 for one in seen) == trace.input_tokens[:upto].sum()
    finished = result.finish_s <= seen[-1].now_s
    assert sum(one.num_finished or 0 for one in seen) == finished.sum()
    assert (
        sum(one.finished_output_tokens or 0 for one in seen) == trace.output_tokens[finished].sum()
    )
    assert sum(one.num_good or 0 for one in seen) == result.good[finished].sum()
    in_flight = (seen[-1].requests_running or 0) + (seen[-1].requests_waiting or 0)
    assert in_flight == upto - finished.sum()


def test_generated_tokens_are_those_of_finished_requests_and_of_the_ones_under_way() -> None:
    result, policy = run(lambda _: 2)
    generated = sum(one.output_tokens or 0 for one in policy.seen)
    end_s = policy.seen[-1].now_s
    trace = result.trace
    assert trace.output_tokens[result.finish_s <= end_s].sum() <= generated
    assert generated <= trace.output_tokens[trace.arrival_s <= end_s].sum()


def test_a_policy_sees_nothing_of_the_future() -> None:
    """Traffic that differs only later gives the same observations before."""
    early = steady(seed=3)
    cut = early.arrival_s < 1800
    other = make_trace(
        "other", early.arrival_s[cut], early.input_tokens[cut], early.output_tokens[cut]
    )
    looks = []
    for trace in (early, other):
        policy = Scripted(wave)
        simulate(trace, MODEL, policy, Conditions(initial_replicas=2), OBJECTIVE)
        looks.append([one for one in policy.seen if one.now_s < 1790])
    assert looks[0] == looks[1]
    assert len(looks[0]) > 100


def test_late_metrics_are_those_of_then_with_the_replicas_of_now() -> None:
    _, prompt = run(wave)
    _, late = run(wave, Conditions(initial_replicas=2, max_replicas=8, metrics_delay_s=30.0))
    for now, then in zip(late.seen[10:], prompt.seen[7:], strict=False):
        assert now.num_arrivals == then.num_arrivals
        assert now.age_s == 30.0
    assert [one.replicas_running for one in late.seen] == [
        one.replicas_running for one in prompt.seen
    ]


def test_missing_and_absurd_metrics_come_at_their_shares() -> None:
    faults = MetricFaults(missing=0.3, garbage=0.3)
    _, policy = run(lambda _: 2, Conditions(initial_replicas=2, metric_faults=faults))
    missing = [one for one in policy.seen if one.num_arrivals is None]
    absurd = [
        one
        for one in policy.seen
        if one.num_arrivals is not None
        and not (math.isfinite(one.num_arrivals) and 0 <= one.num_arrivals < 1e6)
    ]
    assert len(missing) / len(policy.seen) == pytest.approx(0.3, abs=0.08)
    assert len(absurd) / len(policy.seen) == pytest.approx(0.21, abs=0.08)
    assert all(one.replicas_running == 2 for one in policy.seen)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [(math.nan, "answers nan"), (math.inf, "answers inf"), (2.5, "answers 2.5"), ("x", "answers 'x'"),
     (None, "answers None")],
)  # fmt: skip
def test_an_answer_that_is_no_number_is_named_counted_and_held(answer: float, fault: str) -> None:
    result, policy = run(lambda _: answer)
    assert result.faults == {fault: len(policy.seen)}
    assert (result.targets == 2).all()
    assert not np.isnan(result.finish_s).any()


def test_a_policy_that_raises_is_named_counted_and_held() -> None:
    def target(seen: StepObservation) -> int:
        if seen.now_s % 100 == 0:
            raise ZeroDivisionError("by zero")
        return 2

    result, _ = run(target)
    assert result.faults == {"raises ZeroDivisionError: by zero": 35}
    assert not np.isnan(result.finish_s).any()


def test_a_policy_that_hangs_is_stopped_and_after_three_times_not_asked_again() -> None:
    def hang(_: StepObservation) -> int:
        while True:
            time.monotonic()

    result, policy = run(hang, step_limit_s=0.05)
    assert result.faults == {"hangs": 3}
    assert len(policy.seen) == 3
    assert (result.targets == 2).all()


def test_a_policy_that_swallows_every_exception_hangs_as_well() -> None:
    def hang(_: StepObservation) -> int:
        while True:
            with contextlib.suppress(Exception):
                time.monotonic()

    result, _ = run(hang, step_limit_s=0.05)
    assert result.faults == {"hangs": 3}


def test_a_policy_that_leaves_is_kept_and_held() -> None:
    def leave(_: StepObservation) -> int:
        raise SystemExit(3)

    result, policy = run(leave)
    assert result.faults == {"raises SystemExit: 3": len(policy.seen)}


def test_an_answer_that_is_no_decision_is_named() -> None:
    class Bare(Scripted):
        def step(self, observation: StepObservation) -> StepDecision:
            return 3  # type: ignore[return-value]

    result = simulate(steady(), MODEL, Bare(lambda _: 3), Conditions(), OBJECTIVE)
    assert list(result.faults) == ["answers 3, no StepDecision"]


def test_messages_that_are_never_the_same_are_counted_together_after_the_first() -> None:
    def complain(seen: StepObservation) -> int:
        raise ValueError(f"at {seen.now_s}")

    result, policy = run(complain)
    assert sum(result.faults.values()) == len(policy.seen)
    assert len(result.faults) == MAX_KINDS + 1
    assert "raises ValueError, otherwise" in result.faults


def test_a_whole_number_of_numpy_is_one() -> None:
    result, _ = run(lambda _: np.int64(3))
    assert result.faults == {}
    assert result.targets[-1] == 3


@pytest.mark.parametrize("interval_s", [0, -1.0, math.nan, "15s", None])
def test_an_interval_that_is_no_time_is_refused_and_named(interval_s: object) -> None:
    policy = Scripted(lambda _: 2)
    policy.interval_s = interval_s  # type: ignore[assignment]
    with pytest.raises(SimulationError, match=r"Scripted\.interval_s"):
        simulate(steady(), MODEL, policy, Conditions(), OBJECTIVE)


def test_targets_stay_inside_the_bounds() -> None:
    result, _ = run(
        lambda seen: (-5, 999)[int(seen.now_s) // 60 % 2],
        Conditions(min_replicas=1, max_replicas=4),
    )
    assert set(result.targets.tolist()) == {1, 4}
    assert (result.running + result.starting <= 4).all()


def test_the_bill_is_the_sum_of_lives_from_launch_to_end() -> None:
    conditions = Conditions(initial_replicas=2, max_replicas=8, usd_per_hour=3.6, min_billed_s=0.0)
    result, _ = run(wave, conditions)
    assert result.usd == pytest.approx((result.ended_s - result.launched_s).sum() / 1000)
    present_s = 10.0 * (result.running + result.starting).sum()
    assert (result.ended_s - result.launched_s).sum() == pytest.approx(present_s, rel=0.1)


def test_a_short_life_is_billed_its_minimum() -> None:
    trace = make_trace("one", np.array([0.0, 600.0]), np.array([10, 10]), np.array([2, 2]))
    up_and_down = [Change(at_s=100.0, target=2), Change(at_s=110.0, target=1)]
    conditions = Conditions(min_billed_s=60.0, cold_start_s=90.0)
    result = follow(trace, MODEL, up_and_down, conditions, OBJECTIVE)
    assert sorted(result.outcomes.tolist()) == [ENDED, CANCELLED]
    assert result.billed_s[result.outcomes == CANCELLED] == [60.0]


def test_a_drained_replica_ends_with_its_last_request_and_is_billed_until_then() -> None:
    trace = make_trace("long", np.array([0.0, 50.0]), np.array([10, 10]), np.array([1500, 2]))
    result = follow(trace, MODEL, [Change(at_s=1.0, target=0)], Conditions(), OBJECTIVE)
    assert result.ended_s[0] == result.finish_s[0] > 15.0
    assert math.isnan(result.finish_s[1])  # it came when nothing could serve it
    assert not result.good[1]


def test_from_zero_the_held_requests_wait_out_the_cold_start() -> None:
    trace = make_trace("cold", np.array([5.0, 6.0]), np.array([10, 10]), np.array([2, 2]))
    policy = Scripted(lambda seen: int((seen.requests_waiting or 0) > 0 or seen.now_s < 200))
    conditions = Conditions(initial_replicas=0, min_replicas=0, cold_start_s=30.0)
    result = simulate(trace, MODEL, policy, conditions, OBJECTIVE)
    assert result.ttft_s[0] == pytest.approx(35.0, abs=0.1)
    assert result.usd > 0
    assert not result.good.any()


def test_failed_launches_are_told_billed_and_never_serve() -> None:
    conditions = Conditions(initial_replicas=1, launch_failure_rate=1.0, max_replicas=4)
    result, policy = run(lambda _: 3, conditions)
    assert sum(one.num_failed_launches for one in policy.seen) > 10
    assert max(one.replicas_running or 0 for one in policy.seen) == 1
    assert result.billed_s[result.outcomes == FAILED].min() == pytest.approx(90.0)


def test_interrupted_replicas_are_told_and_only_streams_break() -> None:
    for notice_s in (0.0, 30.0):
        conditions = Conditions(
            initial_replicas=3,
            max_replicas=6,
            interruptions_per_hour=6.0,
            interruption_notice_s=notice_s,
        )
        result, policy = run(lambda _: 3, conditions)
        told = sum(one.num_interrupted for one in policy.seen)
        assert told >= 10
        assert (result.outcomes == INTERRUPTED).sum() > 0
        lost = np.isnan(result.finish_s)
        assert not np.isnan(result.ttft_s[lost]).any()  # what had no token yet was routed again
        assert lost.any() or notice_s > 0


def test_more_replicas_never_serve_fewer_in_time_by_much() -> None:
    shares = [
        follow(steady(8.0), MODEL, [], Conditions(initial_replicas=count), OBJECTIVE).attainment
        for count in (1, 2, 3, 4)
    ]
    assert all(more >= less - 0.005 for less, more in itertools.pairwise(shares))


def test_a_model_that_cannot_step_is_refused() -> None:
    for change in (
        {"step_base_s": math.nan},
        {"step_per_kv_token_s": -1.0},
        {"max_num_batched_tokens": 8},
    ):
        fields = {name: getattr(MODEL, name) for name in MODEL.__slots__}
        with pytest.raises(SimulationError):
            follow(steady(), ReplicaModel(**{**fields, **change}), [], Conditions(), OBJECTIVE)
