"""The longest request of a model whose rotary positions are stretched, as vLLM has it."""

from __future__ import annotations

from typing import Any

import pytest
from rig import LLAMA_8B

from advisor.core.model_spec import model_spec_from_config
from advisor.errors import UnsupportedModelError


def context_of(**fields: Any) -> int | None:
    config = {**LLAMA_8B, "max_position_embeddings": 2048, **fields}
    return model_spec_from_config(config, name="m").max_context_tokens


@pytest.mark.parametrize("kind", ["type", "rope_type"])
def test_a_linear_factor_stretches(kind: str) -> None:
    """lmsys/longchat-7b-v1.5-32k: linear, 8 times 4,096; lmsys/vicuna-13b-v1.5-16k: linear, 4 times."""
    assert context_of(rope_scaling={kind: "linear", "factor": 8.0}) == 8 * 2048
    assert context_of(rope_scaling={kind: "dynamic", "factor": 4.0}) == 4 * 2048


@pytest.mark.parametrize("kind", ["llama3", "yarn", "longrope", "su", "deepseek_yarn"])
def test_a_length_that_is_stated_in_full_is_not_stretched_again(kind: str) -> None:
    assert context_of(rope_scaling={"rope_type": kind, "factor": 8.0}) == 2048


def test_without_a_factor_nothing_is_stretched() -> None:
    assert context_of() == 2048
    assert context_of(rope_scaling=None) == 2048
    assert context_of(rope_scaling={"type": "linear", "factor": None}) == 2048
    assert context_of(rope_parameters={"rope_type": "default", "rope_theta": 1e6}) == 2048


def test_a_factor_of_one_kind_of_layers_counts() -> None:
    stretched = {"full_attention": {"rope_type": "linear", "factor": 8.0}, "sliding_attention": {}}
    assert context_of(rope_parameters=stretched) == 8 * 2048


@pytest.mark.parametrize("factor", ["8", -1, 0, 1e9, True, [8], float("nan")])
def test_a_factor_that_is_none_is_refused(factor: object) -> None:
    with pytest.raises(UnsupportedModelError, match=r"rope_scaling\.factor"):
        context_of(rope_scaling={"type": "linear", "factor": factor})
