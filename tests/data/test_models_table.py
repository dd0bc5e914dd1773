"""The shipped table of models: every line sizes, names its source, and names resolve as they say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.model_spec import Dtype, ModelSpec, Quantization
from advisor.data import models

# What the model cards say, in billions: total, active.
CARDS = [
    ("meta-llama/Llama-3.1-405B", 405.9, 405.9),
    ("mistralai/Mixtral-8x7B-v0.1", 46.7, 12.9),
    ("mistralai/Mixtral-8x22B-v0.1", 141, 39),
    ("Qwen/Qwen3-235B-A22B", 235, 22),
    ("Qwen/Qwen3-Next-80B-A3B-Instruct", 80, 3.9),
    ("Qwen/Qwen3.5-397B-A17B", 397, 17),
    ("deepseek-ai/DeepSeek-V3", 671, 37.5),
    ("deepseek-ai/DeepSeek-V2-Lite", 15.7, 2.7),
    ("openai/gpt-oss-120b", 117, 5.7),
    ("openai/gpt-oss-20b", 20.9, 4.2),
    ("zai-org/GLM-4.5-Air", 107, 13.4),
    ("MiniMaxAI/MiniMax-M2", 229, 11),
    ("moonshotai/Kimi-K2-Instruct", 1026, 32.9),
    ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 108.6, 17.2),
    ("Deci/DeciLM-7B", 7.04, 7.04),
    ("nvidia/Llama-3_3-Nemotron-Super-49B-v1", 49.9, 49.9),
    ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 31.6, 3.6),
    ("bigscience/bloom", 176.2, 176.2),
    ("tiiuae/falcon-180B", 178.6, 178.6),
    ("google/gemma-3-27b-it", 27.4, 27.0),
]


def known(model_id: str) -> ModelSpec:
    spec = models.spec_of(model_id)
    assert spec is not None, model_id
    return spec


def test_the_table_is_large_unique_and_sourced() -> None:
    table = models.known_models()
    assert len(table) >= 120
    names = [model.model_id.lower() for model in table]
    names += [alias.lower() for model in table for alias in model.aliases]
    assert len(names) == len(set(names))
    for model in table:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", model.model_id), model.model_id
        assert len(model.source) > 10, model.model_id


@pytest.mark.parametrize("model", models.known_models(), ids=lambda model: model.model_id)
def test_every_line_sizes_and_agrees_with_its_own_name(model: models.KnownModel) -> None:
    """A name that ends in 70B or 30B-A3B says the size: ours is near it, though Falcon3-1B has 1.67."""
    spec = known(model.model_id)
    assert 0 < spec.active_params <= spec.language_params <= spec.total_params
    assert spec.kv_bytes_per_token > 0
    said = re.search(r"-(\d+(?:[._]\d+)?)[Bb](?![a-z])", model.model_id.split("/")[1])
    if said and "17B-" not in model.model_id:
        billions = float(said[1].replace("_", "."))
        assert spec.language_params / 1e9 == pytest.approx(billions, rel=0.25, abs=0.7)


@pytest.mark.parametrize(("model_id", "total", "active"), CARDS)
def test_sizes_are_those_of_the_model_cards(model_id: str, total: float, active: float) -> None:
    spec = known(model_id)
    assert spec.total_params / 1e9 == pytest.approx(total, rel=0.01)
    assert spec.active_params / 1e9 == pytest.approx(active, rel=0.03)


@pytest.mark.parametrize(
    ("model_id", "base", "kind"),
    [
        (
            "RedHatAI/Llama-3.3-70B-Instruct-fp8-dynamic",
            "meta-llama/Llama-3.1-70B",
            Quantization.FP8,
        ),
        (
            "redhatai/Llama-3.3-70B-Instruct-quantized.w8a8",
            "meta-llama/Llama-3.1-70B",
            Quantization.INT8,
        ),
        (
            "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16",
            "meta-llama/Llama-3.1-8B",
            Quantization.INT4,
        ),
        ("Qwen/Qwen3-14B-AWQ", "Qwen/Qwen3-14B", Quantization.AWQ_INT4),
        ("Qwen/Qwen3-14B-FP8", "Qwen/Qwen3-14B", Quantization.FP8),
        ("zai-org/GLM-4.6-FP8", "zai-org/GLM-4.6", Quantization.FP8),
        (
            "TheBloke/OpenHermes-2.5-Mistral-7B-GPTQ",
            "teknium/OpenHermes-2.5-Mistral-7B",
            Quantization.GPTQ_INT4,
        ),
        ("nvidia/Llama-3.1-8B-Instruct-NVFP4", "meta-llama/Llama-3.1-8B", Quantization.NVFP4),
        (
            "unsloth/Llama-3.2-1B-Instruct-bnb-4bit",
            "meta-llama/Llama-3.2-1B",
            Quantization.BNB_NF4,
        ),
    ],
)
def test_a_quantisers_suffix_is_its_base_quantised_and_says_so(
    model_id: str, base: str, kind: Quantization
) -> None:
    found = models.find_model(model_id)
    assert found is not None
    assert found.model.model_id == base
    assert found.rule is not None
    assert model_id in found.rule
    assert base in found.rule
    assert str(kind) in found.rule
    assert known(model_id).quantization is kind


def test_the_same_name_under_another_owner_is_the_same_model_and_says_so() -> None:
    found = models.find_model("NousResearch/Llama-2-7b-chat-hf")
    assert found is not None
    assert found.model.model_id == "meta-llama/Llama-2-7b-hf"
    assert "another owner" in str(found.rule)


def test_a_name_in_the_table_needs_no_rule_and_a_stated_quantisation_wins() -> None:
    found = models.find_model("qwen/qwen3-32b-fp8")
    assert found is not None
    assert found.rule is None
    spec = known("Qwen/Qwen3-32B-FP8")
    assert spec.scheme.rows_per_block == 128  # its config says blocks; the rule would say rows


def test_an_fp8_kv_name_has_an_fp8_cache() -> None:
    spec = known("amd/Llama-3.1-70B-Instruct-FP8-KV")
    assert spec.kv_dtype is Dtype.FP8
    assert spec.kv_bytes_per_token == 327_680 / 2


@pytest.mark.parametrize(
    "model_id", ["Qwen/Qwen3-9B", "nobody/nothing-7B", "Qwen/Qwen3-8B-LoRA", "", "/", "-fp8"]
)
def test_what_no_rule_covers_is_not_found(model_id: str) -> None:
    assert models.find_model(model_id) is None
    assert len(models.near_names(model_id)) <= 4


def test_near_names_come_first() -> None:
    assert models.near_names("Qwen/Qwen3-9B")[0] == "Qwen/Qwen3-8B"


@given(model_id=st.text(max_size=60))
def test_any_name_is_found_or_not_and_nothing_else(model_id: str) -> None:
    found = models.find_model(model_id)
    assert found is None or found.model in models.known_models()
