"""Bytes of quantised weights: real files, formats' own arithmetic, and what a quantization_config says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.layout import Matrix, Part, params
from advisor.core.model_spec import (
    Dtype,
    ModelSpec,
    Quantization,
    model_spec_from_config,
    quantized,
)
from advisor.core.quantization import SCHEMES, matrix_bytes
from advisor.data import models
from advisor.errors import UnsupportedModelError

Configs = Mapping[str, Mapping[str, object]]
SpecOf = Callable[[str], ModelSpec]

# Sizes of the files on the hub, GB: the sum of the safetensors, or the .gguf of bartowski's Llama-3.1-8B-Instruct.
FILES = [
    ("openai/gpt-oss-20b", None, 13.76),  # its card: 12.8 GiB
    ("openai/gpt-oss-120b", None, 65.25),  # its card: 60.8 GiB
    ("meta-llama/Llama-3.1-8B", Quantization.AWQ_INT4, 5.74),  # hugging-quants' AWQ-INT4
    ("meta-llama/Llama-3.1-8B", Quantization.GGUF_Q8_0, 8.54),
    ("meta-llama/Llama-3.1-8B", Quantization.GGUF_Q4_K_M, 4.92),
    ("meta-llama/Llama-3.1-8B", Quantization.GGUF_Q6_K, 6.60),
    ("meta-llama/Llama-3.1-8B", Quantization.GGUF_Q4_0, 4.66),
]


def known(model_id: str) -> ModelSpec:
    spec = models.spec_of(model_id)
    assert spec is not None
    return spec


@pytest.mark.parametrize(("name", "kind", "gigabytes"), FILES)
def test_o2_bytes_are_within_2_percent_of_the_real_file(
    name: str, kind: Quantization | None, gigabytes: float
) -> None:
    spec = known(name)
    stored = spec if kind is None else quantized(spec, kind)
    assert stored.weight_bytes / 1e9 == pytest.approx(gigabytes, rel=0.02)


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        (Quantization.AWQ_INT4, 4 + 20 / 128),
        (Quantization.INT4, 4 + 16 / 128),
        (Quantization.MXFP4, 4 + 8 / 32),
        (Quantization.NVFP4, 4 + 8 / 16),
        (Quantization.GGUF_Q8_0, 8.5),
        (Quantization.GGUF_Q4_0, 4.5),
        (Quantization.FP8, 8 + 32 / 4096),
    ],
)
def test_a_matrix_takes_its_bits_and_its_share_of_scales(kind: Quantization, bits: float) -> None:
    matrix = Matrix(name="mlp.up_proj", part=Part.MLP, rows=1024, columns=4096, count=3)
    size = matrix_bytes(matrix, SCHEMES[kind], plain_bytes=2.0, num_experts=0)
    assert size == pytest.approx(matrix.params * bits / 8)


@pytest.mark.parametrize("kind", [kind for kind in Quantization if not kind.startswith("gguf")])
def test_embeddings_logits_routers_and_norms_stay_as_they_were(kind: Quantization) -> None:
    spec = known("Qwen/Qwen3-30B-A3B")
    kept = params(spec.layout.matrices, Part.EMBEDDING, Part.HEAD, Part.ROUTER, Part.VECTOR)
    assert quantized(spec, kind).weight_bytes >= 2 * kept


def test_mxfp4_quantises_experts_only() -> None:
    spec = known("openai/gpt-oss-20b")
    rest = spec.total_params - spec.expert_params
    assert spec.weight_bytes - spec.expert_bytes == 2 * rest
    assert spec.expert_bytes == pytest.approx(spec.expert_params * 4.25 / 8, rel=0.002)


@given(
    model=st.sampled_from(models.known_models()),
    kind=st.sampled_from(list(Quantization)),
    kv=st.sampled_from([None, Dtype.FP8]),
)
def test_quantising_keeps_the_parameters_and_can_be_undone(
    model: models.KnownModel, kind: Quantization, kv: Dtype | None
) -> None:
    spec = known(model.model_id)
    stored = quantized(spec, kind, kv_dtype=kv)
    assert (stored.total_params, stored.active_params) == (spec.total_params, spec.active_params)
    assert stored.quantization is kind
    if spec.quantization is Quantization.NONE:
        assert stored.weight_bytes <= spec.weight_bytes * (1 + 1e-3)
        back = quantized(stored, Quantization.NONE, kv_dtype=spec.kv_dtype)
        assert back.weight_bytes == spec.weight_bytes
        assert back.kv_bytes_per_token == spec.kv_bytes_per_token


def test_weight_only_formats_compute_in_16_bits_and_the_others_in_theirs(spec_of: SpecOf) -> None:
    spec = spec_of("Llama-3.1-8B")
    computed = {kind: quantized(spec, kind).dtype for kind in Quantization}
    assert computed[Quantization.FP8] is Dtype.FP8
    assert computed[Quantization.INT8] is Dtype.INT8
    assert computed[Quantization.NVFP4] is Dtype.FP4
    assert computed[Quantization.AWQ_INT4] is computed[Quantization.MXFP4] is Dtype.BF16


LINEAR = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
          "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]  # fmt: skip
CONFIGS: list[tuple[dict[str, object], Quantization, float]] = [
    ({"quant_method": "fp8", "activation_scheme": "dynamic"}, Quantization.FP8, 8),
    ({"quant_method": "fp8", "weight_block_size": [128, 128]}, Quantization.FP8, 8),
    ({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}, Quantization.AWQ_INT4, 4.16),
    ({"quant_method": "gptq", "bits": 4, "group_size": 32}, Quantization.GPTQ_INT4, 4.63),
    ({"quant_method": "gptq", "bits": 8, "group_size": -1}, Quantization.INT8, 8),
    ({"quant_method": "bitsandbytes", "load_in_4bit": True}, Quantization.BNB_NF4, 4.13),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True}, Quantization.BNB_INT8, 8),
    ({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head"]}, Quantization.NVFP4, 4.5),
    ({"quant_method": "compressed-tensors", "ignore": ["lm_head"], "config_groups": {"group_0": {
        "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128}}}}, Quantization.INT4, 4.13),
    ({"quant_method": "compressed-tensors", "config_groups": {"group_0": {
        "weights": {"num_bits": 8, "type": "float", "strategy": "channel"}}}}, Quantization.FP8, 8),
]  # fmt: skip


@pytest.mark.parametrize(("section", "kind", "bits"), CONFIGS)
def test_a_quantization_config_is_read(
    section: dict[str, object], kind: Quantization, bits: float, published: Configs
) -> None:
    config = {**published["Llama-3.1-8B"], "quantization_config": section}
    spec = model_spec_from_config(config, name="m")
    assert spec.quantization is kind
    plain = params(spec.layout.matrices, Part.EMBEDDING, Part.HEAD, Part.VECTOR)
    linear = spec.total_params - plain
    assert (spec.weight_bytes - 2 * plain) * 8 / linear == pytest.approx(bits, abs=0.02)


def test_modules_that_are_not_converted_stay_layer_by_layer(published: Configs) -> None:
    """Half of the layers' attention, a router that is plain anyway, and a pattern over all layers."""

    def size(kept: list[str]) -> float:
        section = {"quant_method": "fp8", "modules_to_not_convert": kept}
        config = {**published["Llama-3.1-8B"], "quantization_config": section}
        return model_spec_from_config(config, name="m").weight_bytes

    everything = size(["lm_head"])
    attention = 32 * (2 * 4096 * 4096 + 2 * 1024 * 4096)
    half = size([f"model.layers.{layer}.self_attn" for layer in range(16)])
    whole = size(["model.layers.*.self_attn"])
    assert half - everything == pytest.approx(attention / 2, rel=0.01)
    assert whole - everything == pytest.approx(attention, rel=0.01)
    assert size(["re:.*self_attn.*"]) == whole


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"quant_method": "quip"}, "quant_method"),
        ({}, "quant_method"),
        ({"quant_method": "awq"}, "bits"),
        ({"quant_method": "gptq", "bits": 5}, "bits"),
        ({"quant_method": "fp8", "weight_block_size": "128"}, "weight_block_size"),
        ({"quant_method": "fp8", "weight_block_size": [0, 128]}, "weight_block_size"),
        ({"quant_method": "compressed-tensors"}, "config_groups"),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": None}}},
            "weights",
        ),
        ({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}, "quant_algo"),
        ("fp8", "quantization_config"),
        ([1, 2], "quantization_config"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    section: object, named: str, published: Configs
) -> None:
    with pytest.raises(UnsupportedModelError, match=named):
        model_spec_from_config(
            {**published["Llama-3.1-8B"], "quantization_config": section}, name="m"
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


FIELDS = (
    "quant_method", "bits", "group_size", "weight_block_size", "modules_to_not_convert", "config_groups", "ignore",
    "quant_algo", "load_in_4bit", "lm_head",
)  # fmt: skip
WORDS = ("fp8", "awq", "gptq", "compressed-tensors", "modelopt", "mxfp4", "re:((((a+)+)+)+)$")


@given(section=st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(WORDS)))
def test_a_hostile_quantization_config_is_read_or_refused(section: dict[str, object]) -> None:
    config = {
        "architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": 4,
        "num_hidden_layers": 6, "intermediate_size": 96, "vocab_size": 500, "head_dim": 16, "num_experts": 4,
        "num_experts_per_tok": 2, "moe_intermediate_size": 8, "quantization_config": section,
    }  # fmt: skip
    try:
        spec = model_spec_from_config(config, name="hostile")
    except UnsupportedModelError as error:
        assert str(error).startswith("hostile: config.json: ")  # noqa: PT017 - either outcome is right
    else:
        assert spec.weight_bytes > 0
