"""What is special about an architecture: KV bytes, windows, latents, states, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.architectures import SUPPORTED
from advisor.core.model_spec import Dtype, ModelSpec, model_spec_from_config, quantized
from advisor.data import models
from advisor.errors import UnsupportedModelError


def known(model_id: str) -> ModelSpec:
    spec = models.spec_of(model_id)
    assert spec is not None, model_id
    return spec


def config_of(model_id: str) -> dict[str, Any]:
    found = models.find_model(model_id)
    assert found is not None
    return dict(found.model.config)


def test_p1_at_least_30_architectures() -> None:
    assert len(SUPPORTED) >= 60


@pytest.mark.parametrize(
    ("model_id", "kv_bytes"),
    [
        ("meta-llama/Llama-3.1-8B", 131_072),
        ("meta-llama/Llama-3.1-70B", 327_680),
        ("HuggingFaceTB/SmolLM2-135M", 23_040),
        ("Qwen/Qwen2.5-7B-Instruct", 57_344),
        ("deepseek-ai/DeepSeek-V3", 61 * (512 + 64) * 2),  # one latent for 128 heads
        ("deepseek-ai/DeepSeek-V2-Lite", 27 * (512 + 64) * 2),
        ("tiiuae/falcon-7b", 32 * 2 * 64 * 2),  # one KV head
        ("Deci/DeciLM-7B", 67 * 2 * 128 * 2),  # 67 KV heads in 32 layers
        ("Qwen/Qwen3.5-35B-A3B", 10 * 2 * 2 * 256 * 2),  # 10 attention layers of 40
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 6 * 2 * 2 * 128 * 2),  # 6 of 52
    ],
)
def test_p3_kv_bytes_per_token(model_id: str, kv_bytes: float) -> None:
    assert known(model_id).kv_bytes_per_token == kv_bytes


def test_sparse_attention_caches_its_indexers_key_as_well() -> None:
    spec = known("deepseek-ai/DeepSeek-V3.2")
    assert spec.kv_bytes_per_token == 61 * ((512 + 64) * 2 + 128 + 4)
    fp8 = quantized(spec, spec.quantization, kv_dtype=Dtype.FP8)
    assert fp8.kv_bytes_per_token == 61 * (656 + 132)


def test_a_window_keeps_its_last_tokens_only() -> None:
    """Gemma 3 27B: 10 of 62 layers see everything, 52 the last 1024 tokens."""
    spec = known("google/gemma-3-27b-it")
    per_layer = 2 * 16 * 128 * 2
    assert spec.kv_bytes(1000) == 62 * per_layer * 1000
    assert spec.kv_bytes(100_000) == per_layer * (10 * 100_000 + 52 * 1024)


def test_a_state_does_not_grow() -> None:
    spec = known("Qwen/Qwen3-Next-80B-A3B-Instruct")
    conv, state = 3 * (2 * 16 * 128 + 32 * 128), 32 * 128 * 128
    assert spec.state_bytes == 36 * 2 * (conv + state)
    assert spec.kv_bytes(1000) == spec.state_bytes + 1000 * spec.kv_bytes_per_token


@given(
    model=st.sampled_from(models.known_models()), context=st.floats(0, 1e6), more=st.floats(0, 1e6)
)
def test_kv_bytes_grow_with_the_context_and_stay_below_the_sum_of_tokens(
    model: models.KnownModel, context: float, more: float
) -> None:
    spec = known(model.model_id)
    assert spec.kv_bytes(context) <= spec.kv_bytes(context + more)
    assert spec.kv_bytes(context) <= spec.state_bytes + context * spec.kv_bytes_per_token * (
        1 + 1e-9
    )


@given(model=st.sampled_from(models.known_models()), batch=st.floats(1, 4096))
def test_a_step_reads_no_more_than_there_is_and_no_less_than_one_token_visits(
    model: models.KnownModel, batch: float
) -> None:
    spec = known(model.model_id)
    read = spec.weight_bytes_read(batch)
    assert spec.weight_bytes_read(1) <= read * (1 + 1e-9)
    assert read <= spec.weight_bytes * (1 + 1e-9)


def test_the_vision_tower_is_counted_apart() -> None:
    spec = known("mistralai/Mistral-Small-3.1-24B-Instruct-2503")
    assert spec.language_params == 23_572_403_200  # Mistral Small 3, whose decoder it is
    assert spec.vision_params == spec.total_params - spec.language_params > 400e6
    assert spec.active_params == spec.language_params


@pytest.mark.parametrize(
    ("model_id", "change", "named"),
    [
        ("meta-llama/Llama-3.1-8B", {"num_local_experts": 8}, "num_local_experts"),
        ("meta-llama/Llama-3.1-8B", {"q_lora_rank": 64}, "q_lora_rank"),
        ("Qwen/Qwen3-8B", {"num_kv_shared_layers": 4}, "num_kv_shared_layers"),
        ("google/gemma-2-9b", {"layer_types": ["sliding_attention"] * 3}, "layer_types"),
        ("google/gemma-2-9b", {"layer_types": ["magic"] * 42}, "magic"),
        ("deepseek-ai/DeepSeek-V3", {"kv_lora_rank": None}, "kv_lora_rank"),
        ("deepseek-ai/DeepSeek-V3", {"num_experts_per_tok": 300}, "num_experts_per_tok"),
        ("openai/gpt-oss-20b", {"num_experts_per_tok": 33}, "num_experts_per_tok"),
        ("Deci/DeciLM-7B", {"num_key_value_heads_per_layer": [4, 4]}, "num_key_value_heads_per_layer"),
        ("Deci/DeciLM-7B", {"num_key_value_heads_per_layer": [3] * 32}, "num_key_value_heads_per_layer"),
        ("nvidia/Nemotron-H-56B-Base-8K", {"hybrid_override_pattern": "MX"}, "hybrid_override_pattern"),
        ("google/gemma-3-4b-it", {"vision_config": None}, "vision_config"),
        ("google/gemma-3-4b-it", {"text_config": {"model_type": "rwkv"}}, "rwkv"),
        ("meta-llama/Llama-3.1-8B", {"num_hidden_layers": 10_001}, "num_hidden_layers"),
        ("meta-llama/Llama-3.1-8B", {"vocab_size": 10**8, "hidden_size": 10**8, "num_attention_heads": 1,
                                     "num_key_value_heads": 1}, "parameters"),
    ],
)  # fmt: skip
def test_what_would_change_the_count_and_is_not_understood_is_refused(
    model_id: str, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(UnsupportedModelError, match=named) as raised:
        model_spec_from_config({**config_of(model_id), **change}, name="some/model")
    assert str(raised.value).startswith("some/model: config.json: ")
    assert "\n" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(data=st.data(), model=st.sampled_from(models.known_models()))
def test_a_hostile_field_in_any_architecture_is_sized_or_refused(
    data: st.DataObject, model: models.KnownModel
) -> None:
    """One field of a real config, at the top or in a section, becomes something else."""
    config = dict(model.config)
    where = data.draw(
        st.sampled_from([None, *(k for k, v in config.items() if isinstance(v, dict))])
    )
    target: dict[str, Any] = config if where is None else dict(config[where])  # type: ignore[call-overload]
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)
    if where is not None:
        config[where] = target
    try:
        spec = model_spec_from_config(config, name="hostile")
    except UnsupportedModelError as error:
        assert str(error).startswith("hostile: config.json: ")  # noqa: PT017 - either outcome is right
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert 0 < spec.active_params <= spec.total_params
        assert spec.weight_bytes > 0
