"""Published counts, and laws of the arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import flops
from advisor.core.flops import Transformer
from advisor.core.model_spec import ModelSpec
from advisor.data import models

SpecOf = Callable[[str], ModelSpec]

# Chinchilla's tables A9 (sizes) and A4 (the ratio of the count by parts to 6 N D).
CHINCHILLA = [
    ("73M", 10, 640, 2560, 64, 10, 1.03),
    ("305M", 20, 1024, 4096, 64, 16, 1.10),
    ("552M", 24, 1280, 5120, 128, 10, 1.08),
    ("1.1B", 26, 1792, 7168, 128, 14, 1.04),
    ("1.6B", 28, 2048, 8192, 128, 16, 1.03),
    ("6.8B", 40, 3584, 14336, 128, 28, 0.99),
]


def known(model_id: str) -> ModelSpec:
    spec = models.spec_of(model_id)
    assert spec is not None
    return spec


def chinchilla(layers: int, width: int, mlp: int, key: int, heads: int) -> Transformer:
    return Transformer(layers=layers, width=width, mlp_width=mlp, key_size=key, heads=heads)


@pytest.mark.parametrize(("name", "layers", "width", "mlp", "key", "heads", "ratio"), CHINCHILLA)
def test_f4_chinchilla_table_a4(
    name: str, layers: int, width: int, mlp: int, key: int, heads: int, ratio: float
) -> None:
    model = chinchilla(layers, width, mlp, key, heads)
    assert round(flops.ratio_to_six_n_d(model), 2) == pytest.approx(ratio, abs=0.0051)


def test_f4_the_literal_text_reproduces_none_of_the_table() -> None:
    hits = [
        abs(flops.ratio_to_six_n_d(chinchilla(*sizes), embeddings_and_logits=True) - ratio) < 0.01
        for _, *sizes, ratio in CHINCHILLA
    ]
    assert not any(hits)


def test_f1_f5_training_is_six_n_d_and_two_thirds_of_it_backward() -> None:
    assert flops.training_flops(70e9, 1.4e12) == pytest.approx(5.88e23)
    forward = 2 * 280e9 * 300e9
    assert flops.training_flops(280e9, 300e9) == pytest.approx(
        forward * (1 + flops.BACKWARD_TO_FORWARD)
    )
    # Gopher's published 5.76e23 counts by parts; 6 N D of 280B x 300B is 13 % less.
    assert flops.training_flops(280e9, 300e9) == pytest.approx(5.76e23, rel=0.15)


def test_f6_u4_a_linear_layer() -> None:
    assert flops.fully_connected_params(4096, 1024) == 4096 * 1024 + 1024
    assert flops.linear_flops(1024, 4096, 1) == 2 * 4096 * 1024
    assert flops.linear_flops(128, 256, 512) == 2 * 128 * 256 * 512


def test_f7_a_petaflop_s_day() -> None:
    assert flops.PETAFLOP_S_DAY_FLOPS == 1e15 * 86_400


def test_u1_gpu_hours_both_ways() -> None:
    """384 A100 for 117 days at 314 TFLOP/s and 30 %."""
    seconds = 117 * 86_400
    amount = flops.achieved_flops(384, seconds, 314e12)
    assert amount == pytest.approx(3.66e23, rel=0.001)
    assert flops.device_hours(amount, 314e12) == pytest.approx(384 * seconds / 3600)
    assert flops.device_hours(amount, 314e12, utilization=0.4) < flops.device_hours(amount, 314e12)


def test_f2_two_flops_a_weight_and_four_per_head_dimension_of_each_token_before(
    spec_of: SpecOf,
) -> None:
    spec = spec_of("Llama-3.1-8B")
    weights = 2 * (8_030_261_248 - 128_256 * 4096)
    assert flops.forward_flops_per_token(spec, 0) == weights
    assert flops.forward_flops_per_token(spec, 1000) == weights + 4 * 32 * 32 * 128 * 1000


def test_f2_logits_are_counted_for_the_sampled_position_only(spec_of: SpecOf) -> None:
    spec = spec_of("Llama-3.1-8B")
    whole = 512 * flops.forward_flops_per_token(spec, 256)
    assert flops.prefill_flops(spec, 512) == pytest.approx(whole - 511 * flops.logits_flops(spec))


def test_experts_cost_what_a_token_visits() -> None:
    spec = known("Qwen/Qwen3-30B-A3B")
    assert flops.forward_flops_per_token(spec, 0) < 2 * spec.total_params / 8


def test_a_window_bounds_and_a_state_ignores_the_context() -> None:
    mistral, dense = known("mistralai/Mistral-7B-v0.1"), known("mistralai/Mistral-7B-v0.3")
    at_window, far = (flops.forward_flops_per_token(mistral, n) for n in (4096, 100_000))
    assert at_window == far
    assert flops.forward_flops_per_token(dense, 100_000) > far
    qwen = known("Qwen/Qwen3.5-35B-A3B")
    grows = flops.forward_flops_per_token(qwen, 10_000) - flops.forward_flops_per_token(qwen, 0)
    assert grows == pytest.approx(4 * 10 * 16 * 256 * 10_000)  # ten attention layers of forty


def test_sparse_attention_looks_at_its_selection_but_scores_all() -> None:
    v3, v32 = known("deepseek-ai/DeepSeek-V3"), known("deepseek-ai/DeepSeek-V3.2")
    near, far = (flops.forward_flops_per_token(v32, n) for n in (2048, 100_000))
    assert far - near == pytest.approx(2 * 61 * 64 * 128 * (100_000 - 2048))
    assert far < flops.forward_flops_per_token(v3, 100_000)


@given(
    isl=st.integers(1, 4000),
    model=st.sampled_from(["openai/gpt-oss-20b", "google/gemma-2-9b", "Qwen/Qwen3-8B"]),
)
def test_a_prompt_is_the_sum_of_its_tokens(isl: int, model: str) -> None:
    """Token by token, each with those before it; the closed form takes the midpoint of each step."""
    spec = known(model)
    one_by_one = sum(flops.forward_flops_per_token(spec, i + 0.5) for i in range(isl))
    logits = (isl - 1) * flops.logits_flops(spec)
    assert flops.prefill_flops(spec, isl) == pytest.approx(one_by_one - logits, rel=1e-3)


@given(
    context=st.floats(0, 1e6), more=st.floats(0, 1e6), model=st.sampled_from(models.known_models())
)
def test_a_longer_context_never_costs_less(
    context: float, more: float, model: models.KnownModel
) -> None:
    spec = known(model.model_id)
    assert flops.forward_flops_per_token(spec, context) <= flops.forward_flops_per_token(
        spec, context + more
    )
