"""Consumers that look now and then, on the simulated fleet: the deadline is kept as priced, for the dollars said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.backtest.conditions import Conditions, MetricFaults
from advisor.backtest.fleet import Run
from advisor.backtest.policies.async_queue import AsyncQueue
from advisor.backtest.simulator import simulate
from advisor.backtest.trace import Trace, make_trace
from advisor.core.capacity import ServiceObjective, batch_limit, mix_of, rate_at
from advisor.core.mode_costs import ModePrice, Supply, TrafficClass
from advisor.core.objective import Mode
from advisor.core.queue_costs import queued
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepObservation

MODEL = ReplicaModel(
    step_base_s=40.0e-3,
    step_per_seq_s=1.0e-4,
    step_per_kv_token_s=3.1e-7,
    step_per_prefill_token_s=1.65e-4,
    kv_capacity_tokens=165_000,
    max_num_batched_tokens=2048,
    max_num_seqs=64,
)
ISL, OSL, DAYS, WINDOW_S, USD = 600, 100, 2, 300.0, 0.8
MIX = mix_of(input_tokens=ISL, output_tokens=OSL)
BATCH = batch_limit(MODEL, MIX)
SERVED_PER_S = float(rate_at(MODEL, MIX, BATCH))
ANSWER_S = BATCH / SERVED_PER_S
CLOUD = Conditions(
    cold_start_s=90.0,
    usd_per_hour=USD,
    max_replicas=50,
    initial_replicas=0,
    router_limit=2 * MODEL.max_num_seqs,
)
SUPPLY = Supply(
    usd_per_hour=USD,
    replicas=8,
    saturated_requests_per_s=SERVED_PER_S,
    cold_start_s=90.0,
    drain_s=ANSWER_S / 2,
)


def daily(peak_replicas: float) -> Trace:
    """Alike requests at random, by a daily curve whose peak is that many replicas' work, and nothing by night."""
    rng = np.random.default_rng(3)
    at_s = np.sort(
        rng.uniform(0, DAYS * 86_400, int(2 * DAYS * 86_400 * peak_replicas * SERVED_PER_S))
    )
    curve = np.maximum(0.0, -np.cos(at_s / 86_400 * 2 * np.pi)) / 2
    at_s = at_s[rng.random(len(at_s)) < curve]
    return make_trace("daily", at_s, np.full(len(at_s), ISL), np.full(len(at_s), OSL))


def priced(trace: Trace, deadline_s: float) -> ModePrice:
    rates = np.bincount((trace.arrival_s // WINDOW_S).astype(int)) / WINDOW_S
    traffic = TrafficClass(
        peak_requests_per_s=float(rates.max()),
        mean_requests_per_s=len(trace) / trace.duration_s,
        rates_per_s=tuple(rates.tolist()),
        window_s=WINDOW_S,
        deadline_s=deadline_s,
        processing_s=ANSWER_S + 2 * AsyncQueue.interval_s,
    )
    return queued(Mode.ASYNC, traffic, SUPPLY)


def served(trace: Trace, replicas: int, every_s: float, conditions: Conditions = CLOUD) -> Run:
    """One more request comes long after, so that the last ones get their drain."""
    last_s = trace.duration_s + 4 * every_s + 7200
    until = make_trace(
        "daily",
        np.append(trace.arrival_s, last_s),
        np.append(trace.input_tokens, 1),
        np.append(trace.output_tokens, 1),
    )
    policy = AsyncQueue(replicas=replicas, every_s=every_s)
    return simulate(until, MODEL, policy, conditions, ServiceObjective())


def late(trace: Trace, run: Run, deadline_s: float) -> float:
    answered_s = run.finish_s[:-1] - trace.arrival_s
    return float(np.mean(np.isnan(answered_s) | (answered_s > deadline_s)))


def dumps(work_hours: float, deadline_s: float, count: int = 8) -> Trace:
    """Somebody hands in that many replica-hours of requests at once, a few deadlines apart, at any phase of the looks."""
    number = int(work_hours * 3600 * SERVED_PER_S)
    begins_s = np.arange(1, count + 1) * (3.37 * deadline_s)
    at_s = (begins_s[:, None] + np.linspace(0, 1, number)[None, :]).ravel()
    return make_trace("dumps", at_s, np.full(len(at_s), ISL), np.full(len(at_s), OSL))


def as_said(trace: Trace, deadline_s: float) -> tuple[int, float]:
    """Replicas and interval, after it was seen that they keep the deadline for the dollars that were said."""
    said = priced(trace, deadline_s)
    assert said.replicas is not None
    assert said.every_s is not None
    assert said.usd_per_hour is not None
    run = served(trace, said.replicas, said.every_s)
    assert late(trace, run, deadline_s) == 0.0
    assert run.usd == pytest.approx(said.usd_per_hour * trace.duration_s / 3600, rel=0.06)
    return said.replicas, said.every_s


def test_what_is_priced_for_a_daily_curve_keeps_the_deadline_and_rarer_looks_do_not() -> None:
    trace, deadline_s = daily(0.3), 3 * 3600.0
    replicas, every_s = as_said(trace, deadline_s)
    assert replicas == 1
    assert late(trace, served(trace, 1, 1.1 * every_s), deadline_s) > 0.0
    assert late(trace, served(trace, 1, 1.25 * every_s), deadline_s) > 0.01


def test_what_is_priced_for_work_handed_in_at_once_keeps_the_deadline_and_one_fewer_does_not() -> (
    None
):
    deadline_s = 1.5 * 3600
    trace = dumps(2.2, deadline_s)
    replicas, every_s = as_said(trace, deadline_s)
    assert replicas > 1
    assert late(trace, served(trace, replicas - 1, every_s), deadline_s) > 0.01


def test_nothing_is_paid_where_nothing_comes() -> None:
    trace = daily(0.01)
    run = served(trace, 3, 1800.0)
    nights = (run.launched_s % 86_400 < 6 * 3600) & (run.launched_s < trace.duration_s)
    assert nights.sum() == 0
    assert len(run.launched_s) > 0


def test_what_is_told_to_go_finishes_what_it_has_and_no_request_is_lost() -> None:
    trace = daily(0.5)
    run = served(trace, 2, 3600.0)
    assert not np.isnan(run.finish_s[:-1]).any()


@pytest.mark.parametrize(
    "worse",
    [
        {"launch_failure_rate": 0.3},
        {"metric_faults": MetricFaults(missing=0.2)},
        {"metrics_delay_s": 30.0},
    ],
)
def test_failed_launches_and_missing_metrics_delay_a_drain_and_lose_nobody(
    worse: dict[str, object],
) -> None:
    trace = daily(0.3)
    run = served(trace, 2, 3600.0, replace(CLOUD, **worse))  # type: ignore[arg-type]
    assert not np.isnan(run.finish_s[:-1]).any()


def seen(
    now_s: float, waiting: float | None, running: int, starting: int | None
) -> StepObservation:
    return StepObservation(
        now_s=now_s,
        interval_s=10.0,
        num_arrivals=1.0,
        replicas_running=running,
        replicas_starting=starting,
        requests_waiting=waiting,
    )


@given(
    looks=st.lists(
        st.tuples(st.none() | st.sampled_from([0.0, 1.0, 500.0]), st.sampled_from([None, 0, 3])),
        max_size=60,
    )
)
def test_it_is_all_or_nothing_and_what_is_not_observed_changes_nothing(
    looks: list[tuple[float | None, int | None]],
) -> None:
    policy, before = AsyncQueue(replicas=3, every_s=50.0), 0
    for number, (waiting, starting) in enumerate(looks, 1):
        target = policy.step(seen(10.0 * number, waiting, 0, starting)).target_replicas
        assert target in (0, 3)
        if waiting is None or starting is None:
            assert target == before
        if target > before:
            assert waiting
            assert number >= 5, "the first look is an interval after the beginning"
        if target < before:
            assert (waiting, starting) == (0.0, 0)
        before = target
