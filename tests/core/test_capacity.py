"""The miss model's laws; that it agrees with the simulator is in tests/backtest/test_capacity_in_simulation.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.capacity import (
    Mix,
    ServiceObjective,
    attainable,
    batch_at,
    batch_limit,
    fluid_rate,
    miss_share,
    mix_of,
    rate_at,
    scaled,
)
from advisor.core.miss_table import LOADS, tabulate
from advisor.core.replica_model import ReplicaModel

MODEL = ReplicaModel(
    step_base_s=0.018,
    step_per_seq_s=5e-5,
    step_per_kv_token_s=9e-8,
    step_per_prefill_token_s=8e-5,
    kv_capacity_tokens=300_000,
)
OBJECTIVE = ServiceObjective(ttft_base_s=1.0, tpot_s=0.06)
MIXES = st.builds(
    mix_of,
    input_tokens=st.floats(20, 6000),
    output_tokens=st.floats(5, 2000),
    cached_share=st.floats(0, 0.9),
)


@given(mix=MIXES, batch=st.floats(1.0, 200.0))
def test_rate_and_batch_are_inverse(mix: Mix, batch: float) -> None:
    assert float(batch_at(MODEL, mix, rate_at(MODEL, mix, batch))) == pytest.approx(batch)


@given(mix=MIXES, replicas=st.integers(1, 60), loads=st.lists(st.floats(0.05, 1.6), min_size=2))
def test_more_demand_never_misses_less_and_more_replicas_never_miss_more(
    mix: Mix, replicas: int, loads: list[float]
) -> None:
    rates = np.sort(loads) * fluid_rate(MODEL, mix, OBJECTIVE) * replicas
    missed = miss_share(MODEL, mix, OBJECTIVE, rate=rates, replicas=float(replicas))
    relieved = miss_share(MODEL, mix, OBJECTIVE, rate=rates, replicas=replicas + 1.0)
    assert (np.diff(missed) >= -1e-9).all()
    assert (relieved <= missed + 1e-9).all()
    assert (missed >= 0).all()


@given(mix=MIXES)
def test_a_sequence_met_at_random_has_its_answer_half_behind_it(mix: Mix) -> None:
    longest = mix.context_tokens + max(0.0, mix.context_tokens - mix.input_tokens)
    seats = batch_limit(MODEL, mix)
    assert seats == 1.0 or seats * longest <= MODEL.kv_capacity_tokens


@given(mix=MIXES, factor=st.floats(0.7, 1.4))
def test_a_slower_replica_carries_less(mix: Mix, factor: float) -> None:
    slow = fluid_rate(scaled(MODEL, factor), mix, attainable(MODEL, mix, OBJECTIVE))
    assert (slow <= fluid_rate(MODEL, mix, attainable(MODEL, mix, OBJECTIVE)) + 1e-9) == (
        factor >= 1 or slow == fluid_rate(MODEL, mix, attainable(MODEL, mix, OBJECTIVE))
    )


@given(mix=MIXES, replicas=st.integers(1, 50), load=st.floats(0.15, 1.5))
def test_the_table_says_what_the_model_says(mix: Mix, replicas: int, load: float) -> None:
    table = tabulate(MODEL, mix, OBJECTIVE, most=50)
    rate = load * table.fluid * replicas
    near = miss_share(
        MODEL,
        mix,
        OBJECTIVE,
        rate=(load + np.array([-1.0, 0.0, 1.0]) * (LOADS[1] - LOADS[0])) * table.fluid * replicas,
        replicas=float(replicas),
    )
    # between the neighbours in load, and rows between computed counts are interpolated
    assert near[0] * 0.5 - 0.02 <= float(table.miss_share(rate, replicas)) <= near[2] * 1.5 + 0.02


def test_a_table_serves_until_lengths_move() -> None:
    mix = mix_of(input_tokens=1000, output_tokens=200)
    table = tabulate(MODEL, mix, OBJECTIVE, most=10)
    assert table.serves(MODEL, mix_of(input_tokens=1010, output_tokens=201), OBJECTIVE)
    assert not table.serves(MODEL, mix_of(input_tokens=1100, output_tokens=200), OBJECTIVE)
    assert not table.serves(scaled(MODEL, 1.02), mix, OBJECTIVE)
