"""A config.json with any field damaged is sized within reason, or refused in one line that names the model: nothing else.

One to three fields of a well-known config, at any depth, are replaced by what no config should hold, removed, or joined
by a field of some other architecture. Whatever comes out of that must be positive, finite and bounded.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.core import flops
from advisor.core.config_reader import MAX_PARAMS
from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.data.models import known_models
from advisor.errors import UnsupportedModelError
from advisor.size_report import size_report

MODELS = (
    "01-ai/Yi-34B", "allenai/OLMo-2-1124-13B", "baidu/ERNIE-4.5-21B-A3B-PT", "bigcode/gpt_bigcode-santacoder",
    "bigscience/bloom", "Deci/DeciLM-7B", "deepseek-ai/DeepSeek-V3.2", "EleutherAI/gpt-j-6b", "facebook/opt-1.3b",
    "google/gemma-3-12b-it", "google/gemma-4-26B-A4B", "llava-hf/llava-1.5-7b-hf",
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct", "mistralai/Mixtral-8x22B-v0.1", "moonshotai/Kimi-K2.5",
    "nvidia/GLM-5-NVFP4", "nvidia/Nemotron-H-56B-Base-8K", "nvidia/Qwen3.5-122B-A10B-NVFP4", "openai/gpt-oss-120b",
    "Qwen/Qwen3-Next-80B-A3B-Instruct", "Qwen/Qwen3-VL-235B-A22B-Instruct", "tiiuae/falcon-180B",
    "XiaomiMiMo/MiMo-V2-Flash", "zai-org/GLM-4.7-Flash",
)  # fmt: skip
CONFIGS = {model.model_id: dict(model.config) for model in known_models()}
MAX_BYTES = 64.0 * MAX_PARAMS  # no number is stored in more than 8 bytes; the rest is for scales

hostile = st.sampled_from(
    [None, True, False, 0, 1, -1, 2, 3, 7, 64, 1000, 10_000, 10**8, 10**30, -(10**30), 0.5, 1.5, 1e6, -1.0, 1e308,
     math.nan, math.inf, -math.inf, "", "full_attention", "float32", "\x1b[31m", "\ud800", [], [0], [-1], [[]], [None],
     ["x"] * 3, [10**30], {}, {"": {}}, {"a": [{}]}]
)  # fmt: skip


def paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """To every field, at any depth."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value[:3]))
    return [found for key, below in inner for found in ((*path, key), *paths(below, (*path, key)))]


PATHS = {model: paths(CONFIGS[model]) for model in MODELS}
NAMES = sorted(
    {str(path[-1]) for found in PATHS.values() for path in found if isinstance(path[-1], str)}
)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    model = draw(st.sampled_from(MODELS))
    config = copy.deepcopy(CONFIGS[model])
    for _ in range(draw(st.integers(1, 3))):
        what = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        *above, last = draw(st.sampled_from(PATHS[model]))
        holder: Any = config
        try:
            for key in above:
                holder = holder[key]
            if what == "replace":
                holder[last] = draw(hostile)
            elif what == "remove":
                del holder[last]
            else:
                holder[draw(st.sampled_from(NAMES))] = draw(hostile)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier damage took it away
    return config


@settings(max_examples=1500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(config=damaged())
def test_a_damaged_config_is_sized_within_reason_or_refused_in_one_line(
    config: dict[str, Any],
) -> None:
    said, spec = "", None
    try:
        spec = model_spec_from_config(config, name="damaged")
    except UnsupportedModelError as error:
        said = str(error)
    if spec is not None:
        check_sizes(spec)
    else:
        assert said.startswith("damaged: ")
        assert said.isprintable()


def check_sizes(spec: ModelSpec) -> None:
    assert 0 < spec.active_params <= spec.total_params <= MAX_PARAMS
    assert 0 <= spec.vision_params < spec.total_params
    assert 0 <= spec.expert_params < spec.total_params
    assert 0 < spec.weight_bytes <= MAX_BYTES
    assert 0 < spec.shared_bytes_read <= spec.weight_bytes
    assert 0 <= spec.kv_bytes_per_token < math.inf
    assert 0 <= spec.state_bytes < math.inf
    assert 0 <= spec.kv_bytes(1000) <= spec.kv_bytes(2000) < math.inf
    assert 0 < flops.forward_flops_per_token(spec, 1000) < math.inf
    assert 0 < flops.prefill_flops(spec, 1000) < math.inf
    assert spec.weight_bytes_read(8) <= spec.weight_bytes * (1 + 1e-9)
    report = size_report(spec, "here", context_tokens=1000, accelerators=CARDS)
    assert all(place.kv_tokens is None or place.kv_tokens > 0 for place in report.places)


CARDS = [a for a in data.accelerators() if a.name in {"T4-16GB", "H100-SXM-80GB"}]


@pytest.mark.parametrize("model", MODELS)
def test_undamaged_they_are_sized(model: str) -> None:
    check_sizes(model_spec_from_config(CONFIGS[model], name=model))
