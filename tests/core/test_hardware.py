"""Names found or refused with the near ones, and who is served."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advisor import data
from advisor.core.hardware import Accelerator, find
from advisor.core.model_spec import Dtype
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
    assert accelerator_named("A100-SXM-80GB").peak_flops_per_s(Dtype.FP8) is None
