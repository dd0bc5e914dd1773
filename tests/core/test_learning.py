"""What a running engine teaches: only from fresh, whole windows, and less of accelerators that are not running."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.core import perf
from advisor.core.correction import Window
from advisor.core.hardware import find
from advisor.core.learning import NOTHING_LEARNED, accelerators_of, window_of
from advisor.core.model_spec import model_spec_from_config
from advisor.core.observation import LatencyReading, Observation, Reading

SPEC = model_spec_from_config(
    {
        "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "tie_word_embeddings": False,
        "torch_dtype": "bfloat16", "max_position_embeddings": 131072,
    },
    name="llama",
)  # fmt: skip
H100 = find("H100-SXM-80GB", data.accelerators())
REPLICA = perf.Replica(spec=SPEC, accelerator=H100, tp_degree=1)


def observed(rate: float | None, *, p50_s: float = 0.02, age_s: float = 5.0) -> Observation:
    reading = LatencyReading(
        p50_s=p50_s, p95_s=p50_s, p99_s=p50_s, num_requests=100.0, age_s=age_s, buckets=()
    )
    return Observation(
        at_s=0.0,
        source="test",
        window_s=60.0,
        requests_per_s=None if rate is None else Reading(value=rate, age_s=age_s),
        mean_isl=Reading(value=500.0, age_s=age_s),
        mean_osl=Reading(value=200.0, age_s=age_s),
        tpot=reading,
        ttft=reading,
    )


def test_a_drivers_name_is_the_catalogues_accelerator() -> None:
    names = ["NVIDIA H200", "NVIDIA H200 NVL", "NVIDIA A100-SXM4-80GB", "Tesla T4", "no such card"]
    assert accelerators_of(names, data.accelerators()) == (
        "A100-SXM-80GB",
        "H200-NVL-141GB",
        "H200-SXM-141GB",
        "T4-16GB",
    )


@pytest.mark.parametrize("rate", [None, 0.0, 1e6])
def test_without_a_rate_that_the_model_can_place_there_is_no_window(rate: float | None) -> None:
    assert window_of(observed(rate), REPLICA, num_replicas=1) is None


def test_the_load_is_shared_by_the_replicas() -> None:
    alone = window_of(observed(2.0), REPLICA, num_replicas=1)
    shared = window_of(observed(8.0), REPLICA, num_replicas=4)
    assert alone is not None
    assert shared is not None
    assert alone.predicted_tpot_s == shared.predicted_tpot_s


@settings(max_examples=200, deadline=None)
@given(
    age_s=st.one_of(st.floats(-1e3, -1e-3), st.floats(121, 1e6), st.just(float("nan"))),
    tpot_s=st.floats(1e-4, 1.0),
)
def test_a_stale_or_future_window_teaches_nothing(age_s: float, tpot_s: float) -> None:
    window = Window(age_s=age_s, requests=100.0, tpot_s=tpot_s, predicted_tpot_s=0.01)
    assert NOTHING_LEARNED.after("H100-SXM-80GB", window) is NOTHING_LEARNED


@settings(max_examples=200, deadline=None)
@given(factor=st.floats(0.5, 2.0), rounds=st.integers(1, 30))
def test_what_is_learnt_lies_between_the_model_and_the_engine(factor: float, rounds: int) -> None:
    window = Window(age_s=1.0, requests=100.0, tpot_s=0.01 * factor, predicted_tpot_s=0.01)
    learned = NOTHING_LEARNED
    for _ in range(rounds):
        learned = learned.after("H100-SXM-80GB", window)
    own = learned.of("H100-SXM-80GB").decode
    other = learned.of("L4-24GB").decode
    low, high = sorted((1.0, factor))
    assert low - 1e-9 <= own.ratio <= high + 1e-9
    assert abs(other.log_ratio) <= abs(own.log_ratio) + 1e-12
    assert other.spread >= own.spread - 1e-12
