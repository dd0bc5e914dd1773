"""The roofline is a bound nothing beats, more load is never faster, and what a replica sustains it keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.core import correction, perf
from advisor.core.flops import prefill_flops
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.core.objective import Latency, Slo
from advisor.core.perf import Replica
from advisor.core.recommendation import Basis

SpecOf = Callable[[str], ModelSpec]
Named = Callable[[str], Accelerator]

LLAMA_8B = model_spec_from_config(
    {
        "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "torch_dtype": "bfloat16",
    },
    name="Llama-3.1-8B",
)  # fmt: skip
LARGE = [a for a in data.accelerators() if a.runs_vllm and a.memory_bytes > 22e9]
SLOS = (
    Slo(latency=Latency.TTFT, bound_s=0.5, percentile=95),
    Slo(latency=Latency.TPOT, bound_s=0.05, percentile=95),
)
replicas = st.builds(
    Replica,
    spec=st.just(LLAMA_8B),
    accelerator=st.sampled_from(LARGE),
    tp_degree=st.sampled_from([1, 2, 4, 8]),
)
lengths = st.floats(1, 4000)


@given(replica=replicas, rate=st.floats(0, 100), isl=lengths, osl=lengths)
def test_no_prediction_beats_the_hardware(
    replica: Replica, rate: float, isl: float, osl: float
) -> None:
    found = perf.latencies(replica, requests_per_s=rate, isl=isl, osl=osl)
    if found is None:
        return
    ttft_s, tpot_s, _ = found
    accelerator = replica.accelerator
    peak = accelerator.peak_flops_per_s(LLAMA_8B.dtype)
    assert peak is not None
    assert ttft_s > prefill_flops(LLAMA_8B, isl) / (peak * replica.tp_degree)
    bandwidth = accelerator.memory_bandwidth_bytes_per_s * replica.tp_degree
    assert tpot_s > LLAMA_8B.weight_bytes_read(1) / bandwidth


@given(replica=replicas, rate=st.floats(0, 50), more=st.floats(0, 50), isl=lengths, osl=lengths)
def test_more_load_is_never_faster(
    replica: Replica, rate: float, more: float, isl: float, osl: float
) -> None:
    light = perf.latencies(replica, requests_per_s=rate, isl=isl, osl=osl)
    heavy = perf.latencies(replica, requests_per_s=rate + more, isl=isl, osl=osl)
    if heavy is not None:
        assert light is not None
        assert all(h >= lo * (1 - 1e-6) for h, lo in zip(heavy, light, strict=True))


@given(replica=replicas, share=st.floats(0.01, 1), isl=lengths, osl=lengths)
def test_the_batch_is_the_one_littles_law_asks_for(
    replica: Replica, share: float, isl: float, osl: float
) -> None:
    rate = share * perf.max_requests_per_s(replica, isl=isl, osl=osl, slos=())
    found = perf.latencies(replica, requests_per_s=rate, isl=isl, osl=osl)
    if rate > 0:
        assert found is not None
        _, tpot_s, batch = found
        assert batch == pytest.approx(rate * max(1.0, osl - 1) * tpot_s, rel=1e-9, abs=1e-9)


@given(replica=replicas, isl=lengths, osl=lengths)
def test_the_rate_it_sustains_is_inside_every_objective_and_a_little_more_is_not(
    replica: Replica, isl: float, osl: float
) -> None:
    most = perf.max_requests_per_s(replica, isl=isl, osl=osl, slos=SLOS)

    def holds(rate: float) -> bool:
        found = perf.predict(replica, requests_per_s=rate, isl=isl, osl=osl, slos=SLOS)
        return found is not None and not perf.misses(
            SLOS,
            ttft_s=found.ttft_s,
            tpot_s=found.tpot_s,
            osl=osl,
            slo_values_s=found.slo_values_s,
        )

    if most > 0:
        assert holds(most * 0.98)
        at_all = perf.max_requests_per_s(replica, isl=isl, osl=osl, slos=())
        assert not holds(most * 1.02 + 0.001 * at_all)
    else:
        assert not holds(0.0)


@given(replica=replicas, isl=lengths, osl=lengths, tighter=st.floats(0.05, 1))
def test_a_tighter_objective_never_sustains_more(
    replica: Replica, isl: float, osl: float, tighter: float
) -> None:
    tight = tuple(
        Slo(latency=slo.latency, bound_s=slo.bound_s * tighter, percentile=slo.percentile)
        for slo in SLOS
    )
    loose = perf.max_requests_per_s(replica, isl=isl, osl=osl, slos=SLOS)
    assert perf.max_requests_per_s(replica, isl=isl, osl=osl, slos=tight) <= loose * (1 + 1e-6)


@pytest.mark.parametrize("latency", list(Latency))
@given(percentile=st.floats(1, 100), higher=st.floats(0, 99), rate=st.floats(0, 5))
def test_a_higher_percentile_is_never_lower(
    latency: Latency, percentile: float, higher: float, rate: float
) -> None:
    above = min(100.0, percentile + higher)
    slos = [Slo(latency=latency, bound_s=1.0, percentile=p) for p in (percentile, above)]
    replica = Replica(spec=LLAMA_8B, accelerator=LARGE[-1], tp_degree=1)
    found = perf.predict(replica, requests_per_s=rate, isl=500, osl=200, slos=slos)
    assert found is not None
    assert found.slo_values_s[1] >= found.slo_values_s[0] * (1 - 1e-9)
    assert perf.percentile_factor(latency, above) >= perf.percentile_factor(latency, percentile)


@pytest.mark.parametrize(("name", "tpot_s"), [("H100-SXM-80GB", 10.6e-3), ("L40S-48GB", 39.7e-3)])
def test_llama_8b_at_batch_32_is_within_35_percent_of_nvidias_calculator(
    name: str, tpot_s: float, accelerator_named: Named
) -> None:
    """AIConfigurator 0.12: isl 1024, osl 256, batch 32. Itself modelled, on NVIDIA's own kernel measurements."""
    replica = Replica(spec=LLAMA_8B, accelerator=accelerator_named(name), tp_degree=1)
    assert replica.step_s(32, 1024 + 128) == pytest.approx(tpot_s, rel=0.35)


def test_an_h100_keeps_up_with_13_requests_per_s_of_512_in_256_out(
    accelerator_named: Named,
) -> None:
    """Measured elsewhere: one H100 does 40 of them (peers' load test, llm-d-planner)."""
    replica = Replica(spec=LLAMA_8B, accelerator=accelerator_named("H100-SXM-80GB"), tp_degree=1)
    assert 13.35 < perf.max_requests_per_s(replica, isl=512, osl=256, slos=()) < 45


def test_a_lone_request_of_a_sparse_model_does_not_read_all_experts(
    spec_of: SpecOf, accelerator_named: Named
) -> None:
    replica = Replica(
        spec=spec_of("Qwen3-30B-A3B"), accelerator=accelerator_named("H100-SXM-80GB"), tp_degree=1
    )
    assert replica.step_s(1, 500) < replica.step_s(64, 500) / 2


def test_whole_experts_make_a_step_wait_for_the_busiest_device(
    spec_of: SpecOf, accelerator_named: Named
) -> None:
    sliced = Replica(
        spec=spec_of("Qwen3-30B-A3B"), accelerator=accelerator_named("H100-SXM-80GB"), tp_degree=4
    )
    whole = replace(sliced, settings=replace(sliced.settings, expert_parallel=True))
    assert sliced.step_s(4, 500) < whole.step_s(4, 500) < 2.5 * sliced.step_s(4, 500)
    assert whole.prefill_s(30_000) == pytest.approx(sliced.prefill_s(30_000), rel=0.05)


def test_kv_cache_that_holds_no_request_sustains_nothing(accelerator_named: Named) -> None:
    replica = Replica(spec=LLAMA_8B, accelerator=accelerator_named("T4-16GB"), tp_degree=1)
    assert perf.max_requests_per_s(replica, isl=100, osl=100, slos=()) == 0.0
    assert perf.latencies(replica, requests_per_s=0.0, isl=100, osl=100) is None


def test_a_prefix_cache_shortens_the_first_token(accelerator_named: Named) -> None:
    plain = Replica(spec=LLAMA_8B, accelerator=accelerator_named("H100-SXM-80GB"), tp_degree=1)
    cached = replace(plain, settings=perf.Settings(prefix_hit_rate=0.8))
    load = {"requests_per_s": 2.0, "isl": 4000.0, "osl": 200.0}
    without, with_cache = perf.latencies(plain, **load), perf.latencies(cached, **load)
    assert without is not None
    assert with_cache is not None
    assert with_cache[0] < 0.5 * without[0]


def test_the_interval_holds_the_prediction_and_narrows_where_the_engine_was_seen(
    accelerator_named: Named,
) -> None:
    plain = Replica(spec=LLAMA_8B, accelerator=accelerator_named("L40S-48GB"), tp_degree=1)
    seen = plain
    for _ in range(10):
        window = correction.Window(age_s=1.0, tpot_s=0.03, predicted_tpot_s=0.03)
        seen = replace(seen, correction=correction.observe(seen.correction, window))
    load = {"requests_per_s": 1.0, "isl": 500.0, "osl": 200.0, "slos": ()}
    before, after = perf.predict(plain, **load), perf.predict(seen, **load)
    assert before is not None
    assert before.tpot_interval_s is not None
    assert after is not None
    assert after.tpot_interval_s is not None
    assert before.tpot_interval_s.low < before.tpot_s < before.tpot_interval_s.high
    assert after.basis is Basis.MEASURED
    narrow = after.tpot_interval_s.high / after.tpot_interval_s.low
    assert narrow < before.tpot_interval_s.high / before.tpot_interval_s.low


def test_the_linear_replica_takes_as_long_as_the_roofline_where_serving_happens(
    accelerator_named: Named,
) -> None:
    replica = Replica(spec=LLAMA_8B, accelerator=accelerator_named("H100-SXM-80GB"), tp_degree=1)
    linear = perf.to_replica_model(replica)
    for batch in (1, 16, 64, 128):
        kv_tokens = batch * 800.0
        assert linear.step_s(batch=batch, kv_tokens=kv_tokens) == pytest.approx(
            replica.step_s(batch, 800.0), rel=0.2
        )


MISTRAL_7B = {
    "architectures": ["MistralForCausalLM"], "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 32000, "torch_dtype": "bfloat16",
    "max_position_embeddings": 32768,
}  # fmt: skip


def test_a_window_saves_nothing_while_requests_fit_into_it(accelerator_named: Named) -> None:
    """Mistral-7B had a window of 4,096 tokens in its first version, and none later."""
    first, later = (
        Replica(
            spec=model_spec_from_config({**MISTRAL_7B, "sliding_window": window}, name="Mistral-7B"),
            accelerator=accelerator_named("A10G-24GB"),
            tp_degree=1,
        )
        for window in (4096, None)
    )  # fmt: skip

    def most(replica: Replica, isl: float) -> float:
        return perf.max_requests_per_s(replica, isl=isl, osl=200, slos=())

    assert most(first, 300) == pytest.approx(most(later, 300), rel=0.05)
    assert most(first, 12_000) > 1.1 * most(later, 12_000)
