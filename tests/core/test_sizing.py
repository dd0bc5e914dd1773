"""What fits, held against what vLLM's start-up logs say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.core import sizing
from advisor.core.engine_memory import GIB, default_settings
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import Dtype, ModelSpec, Quantization, quantized
from advisor.data import models

SpecOf = Callable[[str], ModelSpec]
Named = Callable[[str], Accelerator]

# Weight GiB and "KV cache size" of vLLM 0.19.0 on H100 at gpu_memory_utilization 0.95 and max_model_len 8192, from
# llm-d-planner's accuracy runs (Apache-2.0): TP, PP, GiB, tokens.
MEASURED = [
    ("meta-llama/Llama-3.1-8B-Instruct", 1, 1, 14.99, 476_016),
    ("meta-llama/Llama-3.1-8B-Instruct", 2, 1, 7.51, 1_044_688),
    ("meta-llama/Llama-3.1-8B-Instruct", 4, 1, 3.77, 2_209_792),
    ("meta-llama/Llama-3.1-8B-Instruct", 1, 2, 7.51, 1_075_312),
    ("meta-llama/Llama-3.1-8B-Instruct", 1, 4, 4.26, 2_257_264),
    ("Qwen/Qwen2.5-7B-Instruct", 1, 1, 14.25, 1_096_000),
    ("Qwen/Qwen2.5-7B-Instruct", 4, 1, 3.55, 5_043_280),
    ("microsoft/phi-4", 2, 1, 13.77, 606_784),
    ("Qwen/Qwen3-30B-A3B", 1, 1, 56.88, 168_288),
    ("Qwen/Qwen3-30B-A3B", 4, 1, 14.25, 2_454_064),
    ("moonshotai/Kimi-VL-A3B-Instruct", 1, 1, 30.74, 1_426_368),
    ("mistralai/Mistral-Small-3.1-24B-Instruct-2503", 2, 1, 22.80, 633_408),
    ("RedHatAI/Llama-3.3-70B-Instruct-fp8-dynamic", 2, 1, 33.88, 244_304),
    ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", 1, 1, 5.38, 554_704),
]


def known(model_id: str) -> ModelSpec:
    spec = models.spec_of(model_id)
    assert spec is not None, model_id
    return spec


@pytest.mark.parametrize(("name", "tp", "pp", "weight_gib", "kv_tokens"), MEASURED)
def test_weights_within_1_percent_and_kv_tokens_within_2_of_what_vllm_reports(
    name: str, tp: int, pp: int, weight_gib: float, kv_tokens: int, accelerator_named: Named
) -> None:
    h100 = accelerator_named("H100-SXM-80GB")
    found = sizing.fit(
        known(name), h100, tp, pp_degree=pp, gpu_memory_utilization=0.95, max_model_len=8192,
        settings=default_settings(h100, counts_cuda_graphs=False),
    )  # fmt: skip
    assert found.weight_bytes_per_device / GIB == pytest.approx(weight_gib, rel=0.01)
    assert found.kv_tokens == pytest.approx(kv_tokens, rel=0.02)


def test_bloom_176b_takes_352_gb_and_eight_devices_of_80_gb(accelerator_named: Named) -> None:
    bloom = known("bigscience/bloom")
    assert bloom.weight_bytes == pytest.approx(352e9, rel=0.002)
    a100 = accelerator_named("A100-SXM-80GB")
    assert sizing.smallest_tp_degree(bloom, a100, context_tokens=2048) == 8


def test_an_fp8_cache_holds_twice_the_tokens(accelerator_named: Named) -> None:
    spec, h100 = known("meta-llama/Llama-3.1-8B"), accelerator_named("H100-SXM-80GB")
    half = quantized(spec, spec.quantization, kv_dtype=Dtype.FP8)
    one, two = sizing.fit(spec, h100, 1).kv_tokens, sizing.fit(half, h100, 1).kv_tokens
    assert two == pytest.approx(2 * one, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "degrees"),
    [
        ("Llama-3.1-70B", [1, 2, 4, 8]),
        ("SmolLM2-135M", [1]),  # 9 heads
        ("Qwen2.5-0.5B", [1, 2]),  # 14 heads
        ("Qwen2.5-7B", [1, 2, 4]),  # 28 heads
        ("Gemma-2B", [1, 2, 4, 8]),  # one KV head, replicated
        ("Phi-4", [1, 2]),  # 40 heads, but 10 KV heads neither split nor replicate over 4 or 8
    ],
)
def test_a_degree_divides_the_heads_and_splits_or_replicates_kv_heads(
    name: str, degrees: list[int], spec_of: SpecOf
) -> None:
    spec = spec_of(name)
    assert [tp for tp in sizing.TP_DEGREES if sizing.valid_tp_degree(spec, tp)] == degrees


def test_blocks_of_fp8_scales_are_not_cut(spec_of: SpecOf) -> None:
    """vLLM refuses Qwen3-30B-A3B-FP8 over 8 devices: 768 / 8 = 96 rows of an expert are less than a block of 128."""
    spec = known("Qwen/Qwen3-30B-A3B-FP8")
    assert "block of 128" in str(sizing.why_invalid(spec, 8))
    assert sizing.why_invalid(spec, 8, expert_parallel=True) is None
    assert sizing.why_invalid(spec, 2) is None
    assert sizing.why_invalid(spec_of("Qwen3-30B-A3B"), 8) is None


def test_mxfp4_experts_are_filled_up_to_whole_blocks() -> None:
    """2880 wide is 720 on each of four, no multiple of 32; gpt-oss-120b was measured on four A100 all the same."""
    for tp_degree in (2, 4, 8):
        assert sizing.why_invalid(known("openai/gpt-oss-120b"), tp_degree) is None


def test_stages_need_layers_and_tensor_parallelism_stays_on_its_island(spec_of: SpecOf) -> None:
    spec = spec_of("Llama-3.1-8B")
    assert "32 layers" in str(sizing.why_invalid(spec, 1, pp_degree=33))
    assert "island of 4" in str(sizing.why_invalid(spec, 8, devices_per_island=4))
    assert sizing.why_invalid(spec, 8, pp_degree=4) is None


@given(layers=st.integers(1, 200), stages=st.integers(1, 16))
def test_stages_share_all_layers_and_differ_by_one_at_most(layers: int, stages: int) -> None:
    """vllm/distributed/utils.py get_pp_indices."""
    shares = [sizing.layers_of_stage(layers, stages, stage) for stage in range(stages)]
    assert sum(shares) == layers
    assert max(shares) - min(shares) <= 1
    assert shares[-1] == layers // stages


def test_replicated_kv_heads_save_no_memory(spec_of: SpecOf) -> None:
    """Gemma-2B has one KV head: each of four devices holds a whole one, as each of two does."""
    spec = spec_of("Gemma-2B")
    two, four = (sizing.kv_bytes_per_token_per_device(spec, tp) for tp in (2, 4))
    assert two == four == spec.kv_bytes_per_token


def test_a_latent_cache_is_whole_on_every_device() -> None:
    spec = known("deepseek-ai/DeepSeek-V3")
    assert spec.kv_bytes_per_token == 61 * 576 * 2
    assert sizing.kv_bytes_per_token_per_device(spec, 8) == spec.kv_bytes_per_token


def test_the_devices_together_hold_at_least_the_weights() -> None:
    for model in models.known_models():
        spec = known(model.model_id)
        for tp in (1, 2, 4, 8):
            assert tp * sizing.device_weight_bytes(spec, tp) >= spec.weight_bytes - 1


def test_more_devices_never_hold_fewer_tokens(spec_of: SpecOf) -> None:
    """From two on: the second one costs the buffers of all-reduce, which one device does not need."""
    for name in ("Llama-3.1-8B", "Llama-3.1-70B"):
        for accelerator in data.accelerators():
            held = [sizing.fit(spec_of(name), accelerator, tp).kv_tokens for tp in (2, 4, 8)]
            assert held == sorted(held)


@given(
    model=st.sampled_from(models.known_models()),
    tp=st.sampled_from(sizing.TP_DEGREES),
    pp=st.sampled_from((1, 2, 3)),
    utilization=st.floats(0.5, 1.0),
    more=st.floats(0, 0.1),
)
def test_more_memory_or_fewer_bits_never_hold_fewer_tokens(
    model: models.KnownModel, tp: int, pp: int, utilization: float, more: float
) -> None:
    spec = known(model.model_id)
    h200 = next(a for a in data.accelerators() if a.name == "H200-SXM-141GB")

    def tokens(of: ModelSpec, share: float) -> int:
        return sizing.fit(of, h200, tp, pp_degree=pp, gpu_memory_utilization=share).kv_tokens

    assert tokens(spec, utilization) <= tokens(spec, min(1.0, utilization + more))
    if spec.quantization is Quantization.NONE:
        awq = quantized(spec, Quantization.AWQ_INT4)
        assert tokens(spec, utilization) <= tokens(awq, utilization)
        assert awq.weight_bytes < spec.weight_bytes


def test_windows_and_states_hold_more_tokens_than_attention_to_all() -> None:
    """At long contexts: gpt-oss slides in every second layer, Qwen3.5 keeps a state in three of four."""
    h200 = next(a for a in data.accelerators() if a.name == "H200-SXM-141GB")
    for name, tp in (("openai/gpt-oss-120b", 1), ("Qwen/Qwen3.5-35B-A3B", 1)):
        spec = known(name)
        short, long = (
            sizing.fit(spec, h200, tp, max_model_len=length).kv_tokens
            for length in (2048, 131_072)
        )
        assert long > short
    dense = known("Qwen/Qwen3-8B")
    assert len({sizing.fit(dense, h200, 1, max_model_len=n).kv_tokens for n in (512, 32_768)}) == 1


def test_the_smallest_degree_fits_and_the_one_below_does_not(
    spec_of: SpecOf, accelerator_named: Named
) -> None:
    cases = {("Llama-3.1-70B", "H100-SXM-80GB"): 2, ("Llama-3.1-70B", "L4-24GB"): None,
             ("Llama-3.1-8B", "L4-24GB"): 1, ("Llama-3.1-8B", "T4-16GB"): 2,
             ("Mixtral-8x7B", "A100-SXM-80GB"): 2, ("Llama-3.1-70B", "MI300X-192GB"): 1}  # fmt: skip
    for (model, name), degree in cases.items():
        found = sizing.smallest_tp_degree(
            spec_of(model), accelerator_named(name), context_tokens=1000
        )
        assert found == degree, (model, name)


def test_a_device_without_room_holds_less_than_nothing(accelerator_named: Named) -> None:
    l4 = replace(accelerator_named("L4-24GB"))
    assert sizing.fit(known("Qwen/Qwen3-32B"), l4, 1).kv_tokens < 0
