"""Configs of published models, as their config.json has them, and the shipped tables by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from advisor import data
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec, model_spec_from_config


def _config(
    architecture: str, layers: int, hidden: int, heads: int, kv_heads: int, mlp: int, vocab: int, **more: object
) -> dict[str, object]:  # fmt: skip
    return {
        "architectures": [f"{architecture}ForCausalLM"],
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "intermediate_size": mlp,
        "vocab_size": vocab,
        "torch_dtype": "bfloat16",
        **more,
    }


QWEN3_30B_EXPERTS = {
    "head_dim": 128,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 768,
}
PUBLISHED: Mapping[str, Mapping[str, object]] = {
    "Llama-3.1-8B": _config("Llama", 32, 4096, 32, 8, 14336, 128256),
    "Llama-3.1-70B": _config("Llama", 80, 8192, 64, 8, 28672, 128256),
    "Llama-2-7B": _config("Llama", 32, 4096, 32, 32, 11008, 32000),
    "SmolLM2-135M": _config("Llama", 30, 576, 9, 3, 1536, 49152, tie_word_embeddings=True),
    "Granite-3.1-2B": _config("Granite", 40, 2048, 32, 8, 8192, 49155, tie_word_embeddings=True),
    "Phi-3-mini": _config("Phi3", 32, 3072, 32, 32, 8192, 32064),
    "Phi-4": _config("Phi3", 40, 5120, 40, 10, 17920, 100352),
    "Mistral-7B": _config("Mistral", 32, 4096, 32, 8, 14336, 32000),
    "Qwen2.5-0.5B": _config("Qwen2", 24, 896, 14, 2, 4864, 151936, tie_word_embeddings=True),
    "Qwen2.5-7B": _config("Qwen2", 28, 3584, 28, 4, 18944, 152064),
    "Qwen3-8B": _config("Qwen3", 36, 4096, 32, 8, 12288, 151936, head_dim=128),
    "Gemma-2B": _config("Gemma", 18, 2048, 8, 1, 16384, 256000, head_dim=256),
    "Gemma-2-9B": _config("Gemma2", 42, 3584, 16, 8, 14336, 256000, head_dim=256),
    "Mixtral-8x7B": _config("Mixtral", 32, 4096, 32, 8, 14336, 32000, num_local_experts=8, num_experts_per_tok=2),
    "Qwen3-30B-A3B": _config("Qwen3Moe", 48, 2048, 32, 4, 6144, 151936, **QWEN3_30B_EXPERTS),
}  # fmt: skip


@pytest.fixture(scope="session")
def published() -> Mapping[str, Mapping[str, object]]:
    return PUBLISHED


@pytest.fixture(scope="session")
def spec_of() -> Callable[[str], ModelSpec]:
    return lambda name: model_spec_from_config(PUBLISHED[name], name=name)


@pytest.fixture(scope="session")
def accelerator_named() -> Callable[[str], Accelerator]:
    by_name = {accelerator.name: accelerator for accelerator in data.accelerators()}
    return lambda name: by_name[name]
