"""A policy that runs for weeks remembers days: its state is bounded. (10^5 steps: tests/benchmarks/bench_simulator.py)"""

import math
import pickle

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
INTERVAL_S = 60.0


def test_memory_is_flat_once_eight_days_are_remembered() -> None:
    """Everything that eight days can fill is full after 12,000 steps; from there on not a hundredth is added."""
    policy = AdvisorPolicy(
        replica_model=MODEL, objective=ServiceObjective(tpot_s=0.06), max_replicas=20
    )
    running, sizes = 1, {}
    for number in range(1, 18_001):
        now_s = number * INTERVAL_S
        rate = 20.0 - 18.0 * math.cos(now_s / 13_751.0) + 4.0 * math.sin(number)
        count = max(0.0, rate) * INTERVAL_S
        running = policy.step(
            StepObservation(
                now_s=now_s,
                interval_s=INTERVAL_S,
                num_arrivals=count,
                replicas_running=running,
                replicas_starting=0,
                input_tokens=1000.0 * count,
                output_tokens=200.0 * count,
                num_finished=count,
                finished_output_tokens=200.0 * count,
                num_good=0.995 * count,
                cold_starts_s=(60.0,) if number % 7 == 0 else (),
            )
        ).target_replicas
        if number in (12_000, 18_000):
            sizes[number] = len(pickle.dumps(policy))
    assert sizes[18_000] < 1.01 * sizes[12_000]
    assert sizes[18_000] < 1_000_000
