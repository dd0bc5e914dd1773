"""Names found or refused with the near ones, and who is served."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.core.hardware import MEASUREMENT_ALIASES, Accelerator, find, find_measured
from advisor.core.quantization import SCHEMES, Dtype, Quantization
from advisor.errors import UnknownAcceleratorError

Named = Callable[[str], Accelerator]


def test_a_name_is_found_in_any_case() -> None:
    assert find("l4-24gb", data.accelerators()).name == "L4-24GB"


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("H100", {"H100-SXM-80GB", "H100-PCIE-80GB", "H100-NVL-94GB"}),
        ("A100-SXM", {"A100-SXM-40GB", "A100-SXM-80GB"}),
        ("H100-SMX-80GB", {"H100-SXM-80GB"}),
    ],
)
def test_a_name_that_is_not_exact_is_refused_with_the_near_ones(
    written: str, near: set[str]
) -> None:
    """An H100 may be three cards 1.5 to 2 times apart: never guess which."""
    with pytest.raises(UnknownAcceleratorError) as raised:
        find(written, data.accelerators())
    assert all(name in str(raised.value) for name in near)
    assert "\n" not in str(raised.value)


def test_what_resembles_nothing_is_refused_too() -> None:
    with pytest.raises(UnknownAcceleratorError, match="zx"):
        find("zx", data.accelerators())


@pytest.mark.parametrize("name", ["P40-24GB", "V100-SXM-32GB", "TPU-v6e", "GAUDI3-128GB"])
def test_what_vllm_does_not_serve_says_why(name: str, accelerator_named: Named) -> None:
    accelerator = accelerator_named(name)
    assert not accelerator.runs_vllm
    assert accelerator.why_not_served


@pytest.mark.parametrize("name", ["T4-16GB", "L4-24GB", "H100-SXM-80GB", "MI300X-192GB"])
def test_what_vllm_serves_is_served(name: str, accelerator_named: Named) -> None:
    assert accelerator_named(name).runs_vllm


def test_a_card_without_bfloat16_serves_bfloat16_weights_in_float16(
    accelerator_named: Named,
) -> None:
    t4 = accelerator_named("T4-16GB")
    assert t4.bf16_flops_per_s is None
    assert t4.peak_flops_per_s(Dtype.BF16) == t4.fp16_flops_per_s == 65e12


def test_a_peak_that_is_not_in_hardware_is_unknown_not_zero(accelerator_named: Named) -> None:
    assert accelerator_named("A100-SXM-80GB").fp8_flops_per_s is None
    assert accelerator_named("MI250-128GB").peak_flops_per_s(Dtype.FP8) is None


@pytest.mark.parametrize(
    ("name", "dtype", "peak"),
    [
        ("H100-SXM-80GB", "fp8", 1978.9e12),
        ("A100-SXM-80GB", "fp8", 312e12),  # Marlin: fp8 weights, bf16 arithmetic
        ("T4-16GB", "fp8", 65e12),  # Marlin from compute capability 7.5, in fp16
        ("P40-24GB", "fp8", None),  # older than Marlin
        ("H100-SXM-80GB", "int8", 1978.9e12),
        ("B200-SXM-180GB", "int8", None),  # no int8 kernel from compute capability 10.0 on
        ("MI300X-192GB", "int8", 2614.9e12),
        ("B200-SXM-180GB", "fp4", 9000e12),
        ("RTXPRO6000-SERVER-96GB", "fp4", 1871.2e12),
        ("H100-SXM-80GB", "fp4", 989.4e12),  # Marlin
        ("MI355X-288GB", "fp4", None),  # only emulated
        ("L4-24GB", "float32", 121e12),
    ],
)
def test_the_peak_is_of_the_units_that_vllm_uses_for_those_weights(
    name: str, dtype: str, peak: float | None, accelerator_named: Named
) -> None:
    """As read in vLLM 0.32: kernels/linear, fused_moe/oracle/mxfp4, and its pages on fp8 and int8."""
    assert accelerator_named(name).peak_flops_per_s(Dtype(dtype)) == peak


@pytest.mark.parametrize("stored", ["mxfp4", "awq-int4", "gptq-int4", "gguf-q4_k_m", "bnb-nf4"])
def test_weights_alone_in_few_bits_compute_in_16(stored: str) -> None:
    """None stands for the dtype of the activations, bf16 or fp16, fp4 units or not."""
    assert SCHEMES[Quantization(stored)].compute_dtype is None


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("L4", "L4-24GB"),
        ("h100 nvl", "H100-NVL-94GB"),
        ("H100-SXM", "H100-SXM-80GB"),
        ("NVIDIA H100 80GB HBM3", "H100-SXM-80GB"),  # nvidia-smi
        ("gfd:NVIDIA-A100-SXM4-80GB", "A100-SXM-80GB"),  # nvidia.com/gpu.product
        ("NVIDIA A100 80GB PCIe", "A100-PCIE-80GB"),
        ("nvidia-tesla-t4", "T4-16GB"),  # GKE
        ("aws:p5", "H100-SXM-80GB"),
        ("RTX 4090", "RTX4090-24GB"),
        ("AMD-Instinct-MI300X-OAM", "MI300X-192GB"),  # Ray
        ("TPU-V6E", "TPU-v6e"),
    ],
)
def test_what_others_call_it_is_understood(called: str, name: str) -> None:
    assert find(called, data.accelerators()).name == name


@pytest.mark.parametrize(
    ("called", "forms"),
    [
        ("A100", {"A100-PCIE-40GB", "A100-PCIE-80GB", "A100-SXM-40GB", "A100-SXM-80GB"}),
        ("A100-80GB", {"A100-PCIE-80GB", "A100-SXM-80GB"}),  # although SkyPilot means the SXM
        ("H200", {"H200-SXM-141GB", "H200-NVL-141GB"}),
        ("RTX-6000", {"RTX6000-QUADRO-24GB", "RTX6000ADA-48GB"}),  # Ray's label for both
        ("GH200", {"GH200-96GB", "GH200-144GB"}),
        ("dstack:H100", {"H100-SXM-80GB", "H100-PCIE-80GB"}),
    ],
)
def test_a_name_that_several_cards_share_lists_them(called: str, forms: set[str]) -> None:
    with pytest.raises(UnknownAcceleratorError, match="say which") as raised:
        find(called, data.accelerators())
    assert all(form in str(raised.value) for form in forms)


def answer(name: str) -> str:
    """The name found, or what the refusal says."""
    try:
        return find(name, data.accelerators()).name
    except UnknownAcceleratorError as error:
        return str(error)


def test_every_alias_finds_its_card_or_lists_it() -> None:
    for accelerator in data.accelerators():
        for alias in (accelerator.name, *accelerator.aliases):
            assert accelerator.name in answer(alias), alias


@given(st.text(max_size=30))
def test_any_name_is_found_or_refused_in_one_line(name: str) -> None:
    assert len(answer(name).splitlines()) == 1


def test_a_benchmarks_name_without_form_factor_is_the_sxm_part_and_says_so() -> None:
    found, assumed = find_measured("H100-80GB", data.accelerators())
    assert found.name == "H100-SXM-80GB"
    assert assumed
    assert "SXM" in assumed


@pytest.mark.parametrize("name", sorted(MEASUREMENT_ALIASES))
def test_every_benchmarks_name_is_resolved(name: str) -> None:
    found, _ = find_measured(name.lower(), data.accelerators())
    assert found.name == MEASUREMENT_ALIASES[name][0]


def test_a_benchmarks_name_that_the_catalogue_has_assumes_nothing() -> None:
    found, assumed = find_measured("MI300X-192GB", data.accelerators())
    assert (found.name, assumed) == ("MI300X-192GB", None)
