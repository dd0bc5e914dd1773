"""Constant load, served: arrivals and lengths are random, misses really come, and the fleet stands still."""

import numpy as np
import pytest

from advisor.backtest.conditions import Conditions
from advisor.backtest.simulator import simulate
from advisor.backtest.trace import Trace
from advisor.core.replica_model import ReplicaModel
from advisor.policy import AdvisorPolicy, ServiceObjective

MODEL = ReplicaModel(
    step_base_s=0.018,
    step_per_seq_s=5e-5,
    step_per_kv_token_s=9e-8,
    step_per_prefill_token_s=8e-5,
    kv_capacity_tokens=300_000,
)
OBJECTIVE = ServiceObjective(ttft_base_s=1.0, tpot_s=0.06)
CELL_S = 10.0
HOURS = 8


def constant(requests_per_s: float) -> Trace:
    """Poisson arrivals at a rate that is up to a tenth off every ten seconds; exponential lengths."""
    rng = np.random.default_rng(5)
    cells = round(HOURS * 3600 / CELL_S)
    counts = rng.poisson(requests_per_s * CELL_S * rng.uniform(0.9, 1.1, cells))
    arrival_s = np.repeat(np.arange(cells) * CELL_S, counts)
    arrival_s = np.sort(arrival_s + rng.uniform(0.0, CELL_S, len(arrival_s)))
    return Trace(
        name="constant",
        arrival_s=arrival_s,
        input_tokens=np.ceil(rng.exponential(1000.0, len(arrival_s))).astype(np.int64),
        output_tokens=np.ceil(rng.exponential(200.0, len(arrival_s))).astype(np.int64),
        tenants=np.zeros(len(arrival_s), np.int64),
    )


@pytest.mark.parametrize("cold_start_s", [90.0, 300.0])
def test_after_the_first_hour_nothing_changes_and_the_goal_is_kept(cold_start_s: float) -> None:
    trace = constant(12.0)
    policy = AdvisorPolicy(
        replica_model=MODEL, objective=OBJECTIVE, max_replicas=40, cold_start_s=cold_start_s
    )
    conditions = Conditions(
        cold_start_s=cold_start_s, min_replicas=1, max_replicas=40, initial_replicas=1
    )
    run = simulate(trace, MODEL, policy, conditions, OBJECTIVE)
    settled = run.at_s > 3600.0
    assert len(set(run.targets[settled].tolist())) == 1
    assert run.good[trace.arrival_s > 3600.0].mean() >= OBJECTIVE.goal
