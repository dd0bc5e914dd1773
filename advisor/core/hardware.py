"""What one accelerator can do at most: memory, bandwidth and dense peaks, in base units.

Peaks are those of the matrix units without sparsity. Where a dtype has no unit of its own the peak is None, never zero,
and nothing is sized on it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.core.model_spec import Dtype
from advisor.errors import UnknownAcceleratorError

MIN_COMPUTE_CAPABILITY = 7.5  # vLLM's installation page since 0.21; it was 7.0 before
# What serves there instead of vLLM's own builds.
OTHER_BUILDS = {"Google": "tpu-inference", "Intel": "vllm-gaudi or XPU", "AWS": "Neuron's vLLM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """One row of the catalogue: a device as a scheduler counts it. None is unknown or not in hardware."""

    name: str
    vendor: str
    compute_capability: float | None  # NVIDIA's, e.g. 8.9
    memory_bytes: float
    memory_bandwidth_bytes_per_s: float
    fp16_flops_per_s: float | None
    bf16_flops_per_s: float | None
    fp8_flops_per_s: float | None
    fp32_flops_per_s: float | None
    interconnect_bytes_per_s: float | None  # both directions, all links
    source: str

    def peak_flops_per_s(self, dtype: Dtype) -> float | None:
        """Dense peak for weights of this dtype; float32 weights are served as bf16, or fp16 where that is missing."""
        if dtype is Dtype.FP8:
            return self.fp8_flops_per_s
        if dtype is Dtype.FP16:
            return self.fp16_flops_per_s
        return self.bf16_flops_per_s or self.fp16_flops_per_s

    @property
    def why_not_served(self) -> str | None:
        """Why vLLM as released does not serve on it; None where it does: newer NVIDIA, and AMD Instinct."""
        if self.vendor == "NVIDIA":
            capability = self.compute_capability or 0.0
            too_old = f"compute capability {capability}, vLLM needs {MIN_COMPUTE_CAPABILITY}"
            return too_old if capability < MIN_COMPUTE_CAPABILITY else None
        if self.vendor == "AMD":
            return None
        other = OTHER_BUILDS.get(self.vendor, "another build")
        return f"vLLM as released does not run on it, {other} does: not modelled"

    @property
    def runs_vllm(self) -> bool:
        return self.why_not_served is None


def accelerator_from_row(row: Mapping[str, str]) -> Accelerator:
    """One row of gpus.csv; KeyError or ValueError when a column is missing or not a number."""
    return Accelerator(
        name=row["name"],
        vendor=row["vendor"],
        compute_capability=_number(row["compute_capability"])
        if row["vendor"] == "NVIDIA"
        else None,
        memory_bytes=float(row["memory_bytes"]),
        memory_bandwidth_bytes_per_s=float(row["memory_bandwidth_bytes_per_s"]),
        fp16_flops_per_s=_number(row["fp16_dense_flops_per_s"]),
        bf16_flops_per_s=_number(row["bf16_dense_flops_per_s"]),
        fp8_flops_per_s=_number(row["fp8_dense_flops_per_s"]),
        fp32_flops_per_s=_number(row["fp32_flops_per_s"]),
        interconnect_bytes_per_s=_number(row["interconnect_bytes_per_s"]),
        source=row["source"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def find(name: str, accelerators: Iterable[Accelerator]) -> Accelerator:
    """The accelerator of that name, case ignored; UnknownAcceleratorError with the near names."""
    by_name = {accelerator.name.upper(): accelerator for accelerator in accelerators}
    if (found := by_name.get(name.upper())) is not None:
        return found
    starting = [known for known in by_name if known.startswith(name.upper())]
    near = starting or difflib.get_close_matches(name.upper(), by_name, n=4, cutoff=0.4)
    names = ", ".join(sorted(by_name[key].name for key in near)) or "none"
    raise UnknownAcceleratorError(f"no accelerator {name!r} in the catalogue; near names: {names}")
