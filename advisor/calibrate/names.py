"""Which model and which accelerator a row means: the shipped tables, and what benchmarks write instead of their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.calibrate.rows import Unsupported
from advisor.core.hardware import Accelerator, find_measured, may_mean
from advisor.core.model_spec import ModelSpec
from advisor.errors import UnknownAcceleratorError, UnsupportedModelError
from advisor.near_names import near

# Measured, but not in the catalogue, because nobody can rent them for vLLM; from their makers' datasheets, one device each.
_NOT_RENTED = {
    # Intel Data Center GPU Max 1550: 128 GB HBM2e at 3277 GB/s, 839 TFLOP/s bf16 (XMX), 16 Xe links of 53 GB/s.
    "MAX1550": ("MAX1550-128GB", "Intel", 128e9, 3.277e12, 8.39e14, 8.5e11),
    # Huawei Ascend 910B: 64 GB at 1.6 TB/s, 320 TFLOP/s fp16, HCCS 392 GB/s.
    "ASCEND-910B": ("ASCEND-910B-64GB", "Huawei", 64e9, 1.6e12, 3.2e14, 3.92e11),
    # SambaNova SN40L: 64 GB HBM at 1.6 TB/s in front of DDR, 638 TFLOP/s bf16; the links are not published.
    "SN40L": ("SN40L-64GB", "SambaNova", 64e9, 1.6e12, 6.38e14, None),
}
# where a name leaves the form factor open: what most rent
_PREFERRED = ("SXM", "OAM", "SERVER", "PCIE")


def _not_rented(name: str) -> Accelerator | None:
    key = next(
        (key for key in _NOT_RENTED if name.upper().replace("_", "-").startswith(key)), None
    )
    if key is None:
        return None
    full, vendor, memory, bandwidth, peak, link = _NOT_RENTED[key]
    return Accelerator(
        name=full, vendor=vendor, compute_capability=None, memory_bytes=memory,
        memory_bandwidth_bytes_per_s=bandwidth, fp16_flops_per_s=peak, bf16_flops_per_s=peak, fp8_flops_per_s=None,
        fp32_flops_per_s=None, interconnect_bytes_per_s=link, source="the maker's datasheet",
    )  # fmt: skip


def accelerator_of(name: str) -> Accelerator | Unsupported:
    """The accelerator of a benchmark's name; of several the name may mean, the form most rented."""
    if not name:
        return Unsupported(reason="gpu is empty")
    if (found := _not_rented(name)) is not None:
        return found
    tried = [name, *_simpler(name)]
    for candidate in tried:
        try:
            return find_measured(candidate, data.accelerators())[0]
        except UnknownAcceleratorError:
            continue
    for candidate in tried:
        meant = [known for known in data.accelerators() if may_mean(candidate, known)]
        if meant:
            return min(meant, key=_preference)
    meant_names = near(name, [known.name for known in data.accelerators()])
    nearest = f"; near names: {', '.join(meant_names)}" if meant_names else ""
    return Unsupported(reason=f"gpu {name[:60]!r} is not in the catalogue{nearest}")


def _simpler(name: str) -> list[str]:
    """The name without counts, memory types and words that tell no devices apart."""
    plain = re.sub(r"^\s*\d+\s*[xX×]\s*|\s*[xX×]\s*\d+\s*$", "", name)
    plain = re.sub(
        r"(?i)\b(HBM\d?E?|GDDR\d\w?|TENSOR CORE|GPU|NVIDIA|AMD|INSTINCT|OAM)\b", " ", plain
    )
    plain = " ".join(plain.split())
    without_memory = re.sub(r"(?i)[-_ ]*\b\d+\s*GI?B\b", "", plain).strip(" -_")
    return [part for part in (plain, without_memory) if part]


def _preference(accelerator: Accelerator) -> tuple[int, float]:
    name = accelerator.name.upper()
    rank = next((i for i, form in enumerate(_PREFERRED) if form in name), len(_PREFERRED))
    return rank, -accelerator.memory_bytes


@cache
def spec_of(name: str) -> ModelSpec | Unsupported:
    """The model of that id, without a network."""
    if not name:
        return Unsupported(reason="model_hf_id is empty")
    try:
        return load_model_spec(name, offline=True)
    except (UnsupportedModelError, OSError, ValueError) as error:
        return Unsupported(reason=str(error).splitlines()[0][:200])


cached_accelerator_of: Callable[[str], Accelerator | Unsupported] = cache(accelerator_of)
