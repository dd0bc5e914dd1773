"""Scores on a run whose every number can be worked out by hand, and laws of the pair."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.backtest.conditions import Conditions
from advisor.backtest.plots import cost_over_time, misses_over_time
from advisor.backtest.score import geomean, num_reversals, score
from advisor.backtest.simulator import Change, follow
from advisor.backtest.trace import Trace, make_trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

# A step is 0.1 s whatever it holds, one request at a time: TTFT 0.1 s alone, TPOT 0.1 s.
MODEL = ReplicaModel(
    step_base_s=0.1,
    step_per_seq_s=0.0,
    step_per_kv_token_s=0.0,
    step_per_prefill_token_s=0.0,
    kv_capacity_tokens=1000,
    max_num_seqs=1,
)
OBJECTIVE = ServiceObjective(ttft_base_s=0.25, ttft_per_prefill=0.0, tpot_s=0.1)


def trace() -> Trace:
    """Three at once: TTFT 0.1, 1.1 and 2.1 s. One alone an hour later. One that can never fit."""
    return make_trace(
        "five",
        np.array([0.0, 0.0, 0.0, 3700.0, 3800.0]),
        np.array([10, 10, 10, 10, 2000]),
        np.array([10, 10, 10, 50, 5]),
    )


def test_every_number_of_a_small_run() -> None:
    run = follow(trace(), MODEL, [], Conditions(usd_per_hour=2.0), OBJECTIVE)
    assert run.ttft_s[:4] == pytest.approx([0.1, 1.1, 2.1, 0.1])
    assert run.good.tolist() == [True, False, False, True, False]
    found = score(run)
    assert found.num_requests == 5
    assert found.num_unfinished == 1
    assert found.attainment == 0.4
    assert found.good_windows == 0.0  # a third in one, half in the other
    assert found.worst_hour == pytest.approx(1 / 3)
    assert found.ttft_s is not None
    assert found.ttft_s[99] == pytest.approx(2.1)
    assert found.tpot_s is not None
    assert found.tpot_s[50] == pytest.approx(0.1)
    assert found.usd == pytest.approx(2.0 * 3800 / 3600)
    assert found.usd_per_mtok == pytest.approx(found.usd / ((20 + 60) / 1e6))
    assert found.launches_per_hour == 0
    assert found.mean_replicas == pytest.approx(1.0)


def test_tenants_are_scored_apart_and_add_up() -> None:
    one = trace()
    both = Trace(
        name="two", arrival_s=one.arrival_s, input_tokens=one.input_tokens, output_tokens=one.output_tokens,
        tenants=np.array([0, 0, 1, 1, 1]), tenant_names=("a", "b"),
    )  # fmt: skip
    found = score(follow(both, MODEL, [], Conditions(), OBJECTIVE))
    assert found.by_tenant == {"a": 0.5, "b": pytest.approx(1 / 3)}


def test_launches_and_turns_are_counted() -> None:
    changes = [Change(at_s=100.0 * n, target=2 - n % 2) for n in range(1, 9)]
    run = follow(trace(), MODEL, changes, Conditions(cold_start_s=30.0), OBJECTIVE)
    found = score(run)
    assert found.launches_per_hour == pytest.approx(4 / (3800 / 3600))
    assert found.num_reversals == 6


def test_a_turn_after_ten_minutes_is_none() -> None:
    at_s, targets = np.array([0.0, 100.0, 800.0, 900.0]), np.array([1, 2, 1, 2])
    assert num_reversals(at_s, targets) == 1
    assert num_reversals(at_s, np.array([1, 2, 3, 4])) == 0


def test_the_bill_over_time_ends_at_the_bill_and_the_misses_at_the_misses() -> None:
    run = follow(trace(), MODEL, [Change(at_s=50.0, target=3)], Conditions(), OBJECTIVE)
    _hours, usd = cost_over_time(run)
    assert usd[-1] == pytest.approx(run.usd, rel=1e-6)
    assert (np.diff(usd) >= 0).all()
    assert misses_over_time(run)[1].sum() == (~run.good).sum()


def test_geomean_of_a_ratio_and_its_inverse_is_one() -> None:
    assert geomean([2.0, 0.5]) == pytest.approx(1.0)
