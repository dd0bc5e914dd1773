"""The compiled simulator against one that takes every step by itself, and the laws that any queue keeps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from step_by_step import StepByStep

from advisor.backtest.conditions import Conditions
from advisor.backtest.engine import clock, compiled, lives, measures
from advisor.backtest.simulator import Change, follow
from advisor.backtest.trace import Trace, make_trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

OBJECTIVE = ServiceObjective(ttft_base_s=2.0, tpot_s=0.05)


@st.composite
def models(draw: st.DrawFn) -> ReplicaModel:
    """Small limits, so that chunks, the KV cache and the batch all bind; now and then ones that hardly do."""
    seqs = draw(st.integers(1, 6) | st.just(20))
    return ReplicaModel(
        step_base_s=draw(st.sampled_from([0.001, 0.0173, 0.25])),
        step_per_seq_s=draw(st.sampled_from([0.0, 0.0001, 0.01])),
        step_per_kv_token_s=draw(st.sampled_from([0.0, 1e-6, 3.3e-4])),
        step_per_prefill_token_s=draw(st.sampled_from([0.0, 1e-5, 0.002])),
        kv_capacity_tokens=draw(st.integers(20, 200) | st.just(2000)),
        max_num_batched_tokens=draw(st.integers(seqs, 40)),
        max_num_seqs=seqs,
    )


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Bursts and gaps; on a coarse grid, so that arrivals meet each other and the ends of steps."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 400) | st.integers(0, 30), st.integers(1, 60), st.integers(1, 40)
            ),
            max_size=50,
        )
    )
    rows.sort(key=lambda row: row[0])
    columns = np.asarray(rows, np.float64).reshape(-1, 3).T
    return make_trace("drawn", columns[0] / 8, columns[1], columns[2])


@st.composite
def schedules(draw: st.DrawFn) -> list[Change]:
    times = sorted(draw(st.lists(st.integers(0, 120), max_size=6)))
    return [Change(at_s=at / 2, target=draw(st.integers(0, 4))) for at in times]


@given(
    trace=traces(),
    model=models(),
    schedule=schedules(),
    cold_start_s=st.sampled_from([0.5, 3.0, 20.0]),
    initial=st.integers(0, 3),
    two_choices=st.booleans(),
    router_limit=st.sampled_from([None, 1, 3]),
    seed=st.integers(0, 5),
)
@settings(max_examples=300, deadline=None)
def test_jumps_equal_single_steps_to_the_picosecond(
    trace: Trace,
    model: ReplicaModel,
    schedule: list[Change],
    cold_start_s: float,
    initial: int,
    two_choices: bool,
    router_limit: int | None,
    seed: int,
) -> None:
    conditions = Conditions(
        cold_start_s=cold_start_s,
        initial_replicas=initial,
        max_replicas=4,
        two_choices=two_choices,
        router_limit=router_limit,
    )
    fast = follow(trace, model, schedule, conditions, OBJECTIVE, seed=seed)
    slow = StepByStep(trace, model, conditions, seed=seed)
    slow.follow(schedule, trace.duration_s)
    for request, ttft_s, finish_s in zip(slow.requests, fast.ttft_s, fast.finish_s, strict=True):
        assert _same(ttft_s, request.first, request.arrival)
        assert _same(finish_s, request.finish, 0)
    lives = sorted(zip(fast.launched_s, fast.ended_s, strict=True))
    assert lives == sorted((a / 10**12, b / 10**12) for a, b in slow.lives)


def _same(seconds: float, at: int | None, since: int) -> bool:
    return math.isnan(seconds) if at is None else seconds == (at - since) / 10**12


@given(trace=traces(), model=models(), replicas=st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_every_arrival_finishes_or_can_never_fit(
    trace: Trace, model: ReplicaModel, replicas: int
) -> None:
    conditions = Conditions(initial_replicas=replicas, max_replicas=3)
    run = follow(trace, model, [], conditions, OBJECTIVE)
    fits = trace.input_tokens + trace.output_tokens <= model.kv_capacity_tokens
    assert (np.isnan(run.finish_s) == ~fits).all()
    assert not run.good[~fits].any()


@given(trace=traces(), model=models())
@settings(max_examples=100, deadline=None)
def test_an_engine_is_busy_for_its_own_steps_and_no_longer(
    trace: Trace, model: ReplicaModel
) -> None:
    """The work is what each token costs, plus a fixed part for at least one step of every request alone, at most all."""
    run = follow(trace, model, [], Conditions(initial_replicas=1), OBJECTIVE)
    fits = trace.input_tokens + trace.output_tokens <= model.kv_capacity_tokens
    isl, osl = trace.input_tokens[fits], trace.output_tokens[fits]
    tokens_s = model.step_per_prefill_token_s * isl.sum()
    most_steps = int((np.ceil(isl / 1) + osl).sum())
    decode_s = (
        model.step_per_seq_s * osl.sum()
        + model.step_per_kv_token_s * ((osl - 1) * isl + (osl - 1) * osl / 2).sum()
    )
    assert run.busy_s >= (tokens_s + decode_s) * (1 - 1e-6) - 1e-6
    most_s = tokens_s + most_steps * (
        model.step_base_s + model.max_num_seqs * model.step_per_seq_s
    )
    most_s += most_steps * model.step_per_kv_token_s * model.kv_capacity_tokens
    assert run.busy_s <= most_s * (1 + 1e-6) + 1e-6


def test_a_lone_request_takes_its_prefill_and_its_steps() -> None:
    model = ReplicaModel(
        step_base_s=0.01,
        step_per_seq_s=0.001,
        step_per_kv_token_s=0.0001,
        step_per_prefill_token_s=0.00001,
        kv_capacity_tokens=10_000,
        max_num_batched_tokens=512,
    )
    trace = make_trace("one", np.array([1.0]), np.array([1000]), np.array([3]))
    run = follow(trace, model, [], Conditions(), OBJECTIVE)
    chunks_s = 2 * 0.011 + 1000 * 0.00001 + 512 * 0.0001  # the second chunk reads the first
    assert run.ttft_s[0] == pytest.approx(chunks_s)
    steps_s = 0.011 + 1001 * 0.0001 + 0.011 + 1002 * 0.0001
    assert run.finish_s[0] == pytest.approx(1.0 + chunks_s + steps_s)


def test_one_request_at_a_time_waits_as_m_d_1_says() -> None:
    """Poisson arrivals, one sequence, one token each: a queue with deterministic service, wait = u s / (2 (1 - u))."""
    model = ReplicaModel(
        step_base_s=0.1,
        step_per_seq_s=0.0,
        step_per_kv_token_s=0.0,
        step_per_prefill_token_s=0.0,
        kv_capacity_tokens=1000,
        max_num_seqs=1,
    )
    rng = np.random.default_rng(1)
    for utilization in (0.3, 0.6, 0.8):
        count = 200_000
        arrival_s = np.cumsum(rng.exponential(0.1 / utilization, count))
        trace = make_trace("md1", arrival_s, np.ones(count), np.ones(count))
        run = follow(trace, model, [], Conditions(), OBJECTIVE)
        wait_s = float(run.ttft_s.mean()) - 0.1
        assert wait_s == pytest.approx(0.1 * utilization / (2 * (1 - utilization)), rel=0.05)


def test_the_less_loaded_of_two_is_better_than_one_at_random_and_worse_than_the_least_of_all() -> (
    None
):
    model = ReplicaModel(
        step_base_s=0.05,
        step_per_seq_s=0.0,
        step_per_kv_token_s=0.0,
        step_per_prefill_token_s=0.0,
        kv_capacity_tokens=1000,
        max_num_seqs=1,
    )
    rng = np.random.default_rng(2)
    arrival_s = np.cumsum(rng.exponential(0.05 / 8 / 0.8, 100_000))
    trace = make_trace("eight", arrival_s, np.ones(100_000), np.ones(100_000))
    waits = [
        float(follow(trace, model, [], Conditions(initial_replicas=8, two_choices=two), OBJECTIVE).ttft_s.mean()) - 0.05
        for two in (False, True)
    ]  # fmt: skip
    at_random_s = 0.05 * 0.8 / (2 * 0.2)
    assert waits[0] < waits[1] < 0.6 * at_random_s


def test_compiled_code_is_kept_under_the_stamp_of_the_whole_engine() -> None:
    """A function draws its callees and constants in: it is stale when any of their files has changed."""
    for function in (clock.run_until, lives.launch, measures.advance, measures.interval):
        assert function._cache._cache_file._source_stamp == compiled.STAMP
