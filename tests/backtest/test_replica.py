"""The compiled simulator against one that takes every step by itself, and the laws that any queue keeps."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from step_by_step import StepByStep

from advisor.backtest.conditions import Conditions
from advisor.backtest.simulator import Change, follow
from advisor.backtest.trace import Trace, make_trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

OBJECTIVE = ServiceObjective(ttft_base_s=2.0, tpot_s=0.05)


@st.composite
def models(draw: st.DrawFn) -> ReplicaModel:
    """Small limits, so that chunks, the KV cache and the batch all bind."""
    seqs = draw(st.integers(1, 6))
    return ReplicaModel(
        step_base_s=draw(st.sampled_from([0.001, 0.0173, 0.25])),
        step_per_seq_s=draw(st.sampled_from([0.0, 0.0001, 0.01])),
        step_per_kv_token_s=draw(st.sampled_from([0.0, 1e-6, 3.3e-4])),
        step_per_prefill_token_s=draw(st.sampled_from([0.0, 1e-5, 0.002])),
        kv_capacity_tokens=draw(st.integers(20, 200)),
        max_num_batched_tokens=draw(st.integers(seqs, 40)),
        max_num_seqs=seqs,
    )


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Bursts and gaps; on a coarse grid, so that arrivals meet each other and the ends of steps."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 400), st.integers(1, 60), st.integers(1, 40)), max_size=25
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
