"""What fits, held against what vLLM's start-up logs say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advisor import data
from advisor.core import sizing
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec

SpecOf = Callable[[str], ModelSpec]
Named = Callable[[str], Accelerator]

# "KV cache size" of vLLM 0.19.0 on H100 at gpu_memory_utilization 0.95, from llm-d-planner's accuracy runs (Apache-2.0).
MEASURED_KV_TOKENS = [
    ("Llama-3.1-8B", 1, 476_016),
    ("Llama-3.1-8B", 2, 1_044_688),
    ("Llama-3.1-8B", 4, 2_209_792),
    ("Qwen2.5-7B", 1, 1_096_000),
    ("Qwen2.5-7B", 2, 2_390_592),
    ("Qwen2.5-7B", 4, 5_043_280),
    ("Phi-4", 1, 241_568),
    ("Phi-4", 2, 606_784),
    ("Qwen3-30B-A3B", 1, 168_288),
    ("Qwen3-30B-A3B", 4, 2_454_064),
]


@pytest.mark.parametrize(("name", "tp_degree", "measured"), MEASURED_KV_TOKENS)
def test_kv_tokens_are_within_5_percent_of_what_vllm_reports(
    name: str, tp_degree: int, measured: int, spec_of: SpecOf, accelerator_named: Named
) -> None:
    found = sizing.fit(
        spec_of(name), accelerator_named("H100-SXM-80GB"), tp_degree, gpu_memory_utilization=0.95
    )
    assert found.kv_tokens == pytest.approx(measured, rel=0.05)


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


def test_replicated_kv_heads_save_no_memory(spec_of: SpecOf, accelerator_named: Named) -> None:
    """Gemma-2B has one KV head: each of four devices holds a whole one, as each of two does."""
    spec, h100 = spec_of("Gemma-2B"), accelerator_named("H100-SXM-80GB")
    two, four = sizing.fit(spec, h100, 2), sizing.fit(spec, h100, 4)
    saved_weights = spec.weight_bytes / 4
    assert four.kv_tokens - two.kv_tokens == pytest.approx(
        saved_weights / spec.kv_bytes_per_token, rel=1e-4
    )


def test_more_devices_never_hold_fewer_tokens(spec_of: SpecOf) -> None:
    """From two on: the second one costs the buffers of all-reduce, which one device does not need."""
    for name in ("Llama-3.1-8B", "Llama-3.1-70B"):
        for accelerator in data.accelerators():
            held = [sizing.fit(spec_of(name), accelerator, tp).kv_tokens for tp in (2, 4, 8)]
            assert held == sorted(held)


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
