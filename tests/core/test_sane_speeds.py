"""What anybody who has run these models knows of their speed, as ranges that no refit may leave.

A lone answer waits for the weights: the floor is their bytes over the memory's bandwidth, and recent engines with CUDA
graphs come within twice of it (three times where memory beyond 5 TB/s leaves the launches in front). The rest is from
figures of others: a comparison with llm-d-planner (one H100, Llama-3.1-8B, 512 in, 256 out: 40 requests/s) and what
AIConfigurator 0.12 calculates for 32 requests of 1,024 in and 256 out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advisor.core import perf
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Latency, Slo

SpecOf = Callable[[str], ModelSpec]
Named = Callable[[str], Accelerator]

BLACKWELL = "B200-SXM-180GB"
ONE_DEVICE = (
    "L4-24GB", "A10G-24GB", "A100-SXM-80GB", "L40S-48GB", "H100-SXM-80GB", "H200-SXM-141GB", "MI300X-192GB", BLACKWELL,
)  # fmt: skip
FOUR_DEVICES = ("A100-SXM-80GB", "H100-SXM-80GB", "H200-SXM-141GB", "MI300X-192GB", BLACKWELL)
LONE = [("Llama-3.1-8B", card, 1) for card in ONE_DEVICE] + [
    ("Llama-3.1-70B", card, 4) for card in FOUR_DEVICES
]


def _replica(spec: ModelSpec, accelerator: Accelerator, tp_degree: int = 1) -> perf.Replica:
    return perf.Replica(spec=spec, accelerator=accelerator, tp_degree=tp_degree)


@pytest.mark.parametrize(("model", "card", "tp_degree"), LONE)
def test_a_lone_answer_takes_little_more_than_reading_the_weights(
    model: str, card: str, tp_degree: int, spec_of: SpecOf, accelerator_named: Named
) -> None:
    replica = _replica(spec_of(model), accelerator_named(card), tp_degree)
    read_s = replica.spec.weight_bytes_read(1) / replica.accelerator.memory_bandwidth_bytes_per_s
    most = 3.0 if replica.accelerator.memory_bandwidth_bytes_per_s > 5e12 else 2.0
    assert 1.05 < replica.step_s(1, 600) / (read_s / tp_degree) < most


@pytest.mark.parametrize("card", ONE_DEVICE)
def test_a_prompt_uses_between_a_third_and_four_fifths_of_the_matrix_units(
    card: str, spec_of: SpecOf, accelerator_named: Named
) -> None:
    replica = _replica(spec_of("Llama-3.1-8B"), accelerator_named(card))
    peak = replica.accelerator.peak_flops_per_s(replica.spec.dtype)
    assert peak is not None
    assert 0.33 < 2 * 7.0e9 * 8192 / peak / replica.prefill_s(8192) < 0.8  # 7.0e9 in the layers


def test_recent_vllm_on_one_h100(spec_of: SpecOf, accelerator_named: Named) -> None:
    replica = _replica(spec_of("Llama-3.1-8B"), accelerator_named("H100-SXM-80GB"))
    slos = (
        Slo(latency=Latency.TTFT, bound_s=0.3, percentile=95),
        Slo(latency=Latency.TPOT, bound_s=0.03, percentile=95),
    )
    assert 0.006 < replica.step_s(1, 600) < 0.0082
    assert 0.020 < replica.prefill_s(1024) < 0.036
    saturated = perf.max_requests_per_s(replica, isl=512, osl=256, slos=())
    inside = perf.max_requests_per_s(replica, isl=512, osl=256, slos=slos)
    assert 8_000 < 256 * saturated < 12_500
    assert 26 < inside < 48  # reported: 40


@pytest.mark.parametrize(
    ("card", "aiconfigurator_s"), [("H100-SXM-80GB", 0.0106), ("L40S-48GB", 0.0397)]
)
def test_a_batch_of_32_is_near_aiconfigurators(
    card: str, aiconfigurator_s: float, spec_of: SpecOf, accelerator_named: Named
) -> None:
    replica = _replica(spec_of("Llama-3.1-8B"), accelerator_named(card))
    assert replica.step_s(32, 1152) == pytest.approx(aiconfigurator_s, rel=0.3)


def test_newer_cards_are_faster(spec_of: SpecOf, accelerator_named: Named) -> None:
    spec = spec_of("Llama-3.1-8B")
    cards = ("L4-24GB", "L40S-48GB", "A100-SXM-80GB", "H100-SXM-80GB", "H200-SXM-141GB", BLACKWELL)
    rates = [
        perf.max_requests_per_s(_replica(spec, accelerator_named(card)), isl=512, osl=256, slos=())
        for card in cards
    ]
    assert rates == sorted(rates)


def test_experts_are_faster_than_a_dense_model_of_their_size(
    spec_of: SpecOf, accelerator_named: Named
) -> None:
    replica = _replica(spec_of("Qwen3-30B-A3B"), accelerator_named("H100-SXM-80GB"))
    assert 0.003 < replica.step_s(1, 600) < 0.012  # 3 of 30 billion weights, 48 layers
