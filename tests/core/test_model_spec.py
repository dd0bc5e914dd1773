"""Exact sizes. Every total is transformers 5.19's own count of the same config on the meta device (2026-11-24)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.errors import UnsupportedModelError

Configs = Mapping[str, Mapping[str, object]]

TOTAL_PARAMS = {
    "Llama-3.1-8B": 8_030_261_248,
    "Llama-3.1-70B": 70_553_706_496,
    "Llama-2-7B": 6_738_415_616,
    "SmolLM2-135M": 134_515_008,
    "Granite-3.1-2B": 2_533_531_648,
    "Phi-3-mini": 3_821_079_552,
    "Phi-4": 14_659_507_200,
    "Mistral-7B": 7_241_732_096,
    "Qwen2.5-0.5B": 494_032_768,
    "Qwen2.5-7B": 7_615_616_512,
    "Qwen3-8B": 8_190_735_360,
    "Gemma-2B": 2_506_172_416,
    "Gemma-2-9B": 9_241_705_984,
    "Mixtral-8x7B": 46_702_792_704,
    "Qwen3-30B-A3B": 30_532_122_624,
}
KV_BYTES_PER_TOKEN = {
    "Llama-3.1-8B": 131_072,
    "Llama-3.1-70B": 327_680,
    "SmolLM2-135M": 23_040,
    "Qwen2.5-7B": 57_344,
    "Mixtral-8x7B": 131_072,
}
SMALL = {
    "hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": 4, "num_hidden_layers": 6,
    "intermediate_size": 96, "vocab_size": 500,
}  # fmt: skip
# What the published configs leave at its default: biases, odd head sizes, dense layers among experts, untied Gemma.
VARIANTS = {
    ("Llama", 251_840): {"attention_bias": True, "mlp_bias": True},
    ("Llama", 470_336): {"head_dim": 32},
    ("Granite", 218_304): {"attention_bias": True, "tie_word_embeddings": True},
    ("Qwen2", 249_920): {"attention_bias": False},  # its biases are not the config's choice
    ("Gemma2", 323_648): {"head_dim": 16, "tie_word_embeddings": False},
    ("Qwen3Moe", 379_136): {
        "head_dim": 16, "num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 40,
        "decoder_sparse_step": 2, "mlp_only_layers": [1],
    },
}  # fmt: skip


@pytest.mark.parametrize(("name", "total"), TOTAL_PARAMS.items())
def test_total_params_equal_transformers(
    name: str, total: int, spec_of: Callable[[str], ModelSpec]
) -> None:
    assert spec_of(name).total_params == total


@pytest.mark.parametrize(("key", "fields"), VARIANTS.items())
def test_variants_of_a_layer_equal_transformers(
    key: tuple[str, int], fields: dict[str, object]
) -> None:
    architecture, total = key
    config = {"architectures": [f"{architecture}ForCausalLM"], **SMALL, **fields}
    assert model_spec_from_config(config, name="small").total_params == total


@pytest.mark.parametrize(("name", "size"), KV_BYTES_PER_TOKEN.items())
def test_kv_bytes_per_token_are_the_published_ones(
    name: str, size: int, spec_of: Callable[[str], ModelSpec]
) -> None:
    assert spec_of(name).kv_bytes_per_token == size


def test_a_token_visits_the_chosen_experts_only(spec_of: Callable[[str], ModelSpec]) -> None:
    assert spec_of("Mixtral-8x7B").active_params == 12_879_925_248
    assert spec_of("Qwen3-30B-A3B").active_params == 3_353_032_704
    assert spec_of("Llama-3.1-8B").active_params == spec_of("Llama-3.1-8B").total_params


def test_16_bit_weights_take_two_bytes_and_so_do_float32_ones_once_served(
    published: Configs,
) -> None:
    for dtype in ("bfloat16", "float16", "float32"):
        spec = model_spec_from_config(
            {**published["Llama-3.1-8B"], "torch_dtype": dtype}, name="m"
        )
        assert spec.weight_bytes == 2 * 8_030_261_248


@given(batch=st.floats(1, 10_000), more=st.floats(0, 10_000))
def test_a_larger_batch_reads_no_fewer_experts(batch: float, more: float) -> None:
    config = {
        "architectures": ["MixtralForCausalLM"], **SMALL, "num_local_experts": 8, "num_experts_per_tok": 2,
    }  # fmt: skip
    spec = model_spec_from_config(config, name="m")
    assert spec.weight_bytes_read(batch) <= spec.weight_bytes_read(batch + more)
    assert spec.weight_bytes_read(batch + more) <= spec.weight_bytes


def test_one_token_reads_what_it_visits_without_the_embedding_table(
    spec_of: Callable[[str], ModelSpec],
) -> None:
    for name in ("Llama-3.1-8B", "Mixtral-8x7B", "Qwen3-30B-A3B"):
        spec = spec_of(name)
        visited = 2 * (spec.active_params - spec.embedding_params)
        assert spec.weight_bytes_read(1) == pytest.approx(visited)


@pytest.mark.parametrize("field", ["num_hidden_layers", "hidden_size", "vocab_size"])
@pytest.mark.parametrize("value", [None, 0, -1, True, 1.5, "32", [], 10**300])
def test_a_size_that_is_none_is_refused_by_name(
    field: str, value: object, published: Configs
) -> None:
    with pytest.raises(UnsupportedModelError, match=field) as raised:
        model_spec_from_config({**published["Llama-3.1-8B"], field: value}, name="some/model")
    assert "some/model" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"architectures": ["NobodyForCausalLM"]}, "NobodyForCausalLM"),
        ({"architectures": []}, "architectures"),
        ({"architectures": "LlamaForCausalLM"}, "architectures"),
        ({"num_key_value_heads": 7}, "num_key_value_heads"),
        ({"hidden_size": 4097}, "hidden_size"),
        ({"torch_dtype": "int3"}, "torch_dtype"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantization_config"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings"),
    ],
)
def test_what_cannot_be_sized_exactly_is_refused_never_guessed(
    fields: dict[str, object], named: str, published: Configs
) -> None:
    with pytest.raises(UnsupportedModelError, match=named):
        model_spec_from_config({**published["Llama-3.1-8B"], **fields}, name="m")


@pytest.mark.parametrize(
    ("name", "field"), [("Mistral-7B", "num_key_value_heads"), ("Qwen3-8B", "head_dim")]
)
def test_a_field_whose_default_differs_between_versions_is_required(
    name: str, field: str, published: Configs
) -> None:
    config = {key: value for key, value in published[name].items() if key != field}
    with pytest.raises(UnsupportedModelError, match=field):
        model_spec_from_config(config, name="m")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(changed=st.dictionaries(st.sampled_from(sorted({
    "architectures", "num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim",
    "intermediate_size", "vocab_size", "tie_word_embeddings", "attention_bias", "torch_dtype", "num_experts",
    "num_experts_per_tok", "moe_intermediate_size", "mlp_only_layers", "decoder_sparse_step", "max_position_embeddings",
})), JSON, min_size=1))  # fmt: skip
def test_a_hostile_config_is_sized_or_refused_and_nothing_else(
    changed: dict[str, object],
) -> None:
    config = {
        "architectures": ["Qwen3MoeForCausalLM"], **SMALL, "head_dim": 16, "num_experts": 4, "num_experts_per_tok": 2,
        "moe_intermediate_size": 8, **changed,
    }  # fmt: skip
    try:
        spec = model_spec_from_config(config, name="hostile")
    except UnsupportedModelError as error:
        assert str(error).startswith("hostile: config.json: ")  # noqa: PT017 - either outcome is right
    else:
        assert 0 < spec.active_params <= spec.total_params
