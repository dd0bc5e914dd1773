"""The bound lies below every schedule that keeps the goal, and the cheapest found below every policy that does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.backtest.bounds import CELL_S, fixed_in_hindsight, infeasible_reason, lower_bound_s
from advisor.backtest.clairvoyant import Clairvoyant, schedule_of
from advisor.backtest.conditions import Conditions
from advisor.backtest.simulator import follow
from advisor.backtest.trace import Trace, make_trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

OBJECTIVE = ServiceObjective(ttft_base_s=2.0, tpot_s=0.05)
MODEL = ReplicaModel(
    step_base_s=0.015,
    step_per_seq_s=5e-4,
    step_per_kv_token_s=1e-7,
    step_per_prefill_token_s=1e-4,
    kv_capacity_tokens=100_000,
    max_num_seqs=64,
)


def wavy(seed: int = 0, per_s: float = 4.0) -> Trace:
    """Two hours whose rate swings between a tenth and the whole."""
    rng = np.random.default_rng(seed)
    at_s = np.sort(rng.uniform(0, 7200, int(7200 * per_s)))
    keep = rng.random(len(at_s)) < 0.55 - 0.45 * np.cos(at_s / 7200 * 4 * np.pi)
    count = int(keep.sum())
    return make_trace(
        "wavy", at_s[keep], rng.integers(50, 1500, count), rng.integers(5, 300, count)
    )


@pytest.mark.parametrize("seed", range(3))
def test_bound_below_best_below_fixed(seed: int) -> None:
    trace = wavy(seed)
    conditions = Conditions(max_replicas=12, initial_replicas=1, cold_start_s=60.0)
    best = Clairvoyant(trace, MODEL, conditions, OBJECTIVE).search(rounds=3)
    fixed = fixed_in_hindsight(trace, MODEL, conditions, OBJECTIVE)
    assert best.keeps
    assert best.run.attainment >= OBJECTIVE.goal
    assert fixed is not None
    bound_s = lower_bound_s(trace, MODEL, OBJECTIVE)
    assert 0.3 * best.run.replica_hours < bound_s / 3600 < best.run.replica_hours
    assert best.run.replica_hours < fixed * trace.duration_s / 3600


def test_fixed_in_hindsight_is_the_fewest() -> None:
    trace = wavy()
    conditions = Conditions(max_replicas=12)
    fewest = fixed_in_hindsight(trace, MODEL, conditions, OBJECTIVE)
    assert fewest is not None
    assert fewest > 1
    shares = [
        follow(trace, MODEL, [], Conditions(initial_replicas=count, max_replicas=12), OBJECTIVE).attainment
        for count in (fewest - 1, fewest)
    ]  # fmt: skip
    assert shares[0] < OBJECTIVE.goal <= shares[1]
    assert fixed_in_hindsight(trace, MODEL, Conditions(max_replicas=1), OBJECTIVE) is None


def test_a_run_that_is_cheaper_becomes_the_best() -> None:
    trace = wavy()
    conditions = Conditions(max_replicas=12, initial_replicas=4)
    search = Clairvoyant(trace, MODEL, conditions, OBJECTIVE)
    search.search(rounds=0)
    assert search.best is not None
    before = search.best.run.usd
    search.consider(search.best.run)
    assert search.best.run.usd <= before


@given(
    curve=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    cold_start_s=st.sampled_from([30.0, 90.0, 300.0]),
    initial=st.integers(0, 3),
)
@settings(deadline=None)
def test_a_schedule_has_every_level_ready_in_time(
    curve: list[int], cold_start_s: float, initial: int
) -> None:
    """Whatever the cold start allows: after it, at least the curve runs at every moment."""
    conditions = Conditions(cold_start_s=cold_start_s, initial_replicas=initial, max_replicas=8)
    wanted = np.asarray(curve)
    changes = schedule_of(wanted, conditions)
    assert all(change.target >= 0 for change in changes)
    assert [change.at_s for change in changes] == sorted({change.at_s for change in changes})
    for cell, count in enumerate(curve):
        at_s = cell * CELL_S
        if at_s < cold_start_s:
            continue
        launched = [one.target for one in changes if one.at_s <= at_s - cold_start_s]
        since = [one.target for one in changes if at_s - cold_start_s < one.at_s <= at_s]
        assert min([launched[-1], *since]) >= count


def test_gaps_shorter_than_the_cold_start_are_kept_and_longer_ones_let_go() -> None:
    curve = np.asarray([2] * 10 + [1] * 2 + [2] * 10 + [1] * 20 + [2] * 10)
    changes = schedule_of(curve, Conditions(cold_start_s=90.0, initial_replicas=2))
    assert [(change.at_s, change.target) for change in changes] == [
        (0.0, 2),
        (660.0, 1),
        (1170.0, 2),
    ]


def test_what_no_replica_can_meet_is_said_and_what_it_can_is_not() -> None:
    trace = wavy()
    assert infeasible_reason(trace, MODEL, OBJECTIVE) is None
    slow = ServiceObjective(ttft_base_s=2.0, tpot_s=0.01)
    assert "a step takes" in str(infeasible_reason(trace, MODEL, slow))
    late = ServiceObjective(ttft_base_s=0.001, ttft_per_prefill=0.5, tpot_s=0.05)
    assert "prefill takes longer" in str(infeasible_reason(trace, MODEL, late))
    tiny = replace(MODEL, kv_capacity_tokens=100)
    assert "do not fit" in str(infeasible_reason(trace, tiny, OBJECTIVE))


def test_a_schedule_of_another_length_may_be_handed_over_and_is_improved() -> None:
    trace = wavy()
    conditions = Conditions(max_replicas=12, initial_replicas=1, cold_start_s=60.0)
    for cells in (10, 1000):
        search = Clairvoyant(trace, MODEL, conditions, OBJECTIVE)
        best = search.search(rounds=3, curves=[np.full(cells, 6)])
        assert best.keeps
        assert best.run.usd < 0.9 * 6 * trace.duration_s / 3600
