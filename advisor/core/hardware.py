"""What one accelerator can do at most: memory, bandwidth and dense peaks, in base units.

Peaks are those of the matrix units without sparsity. Where a dtype has no unit of its own the peak is None, never zero,
and nothing is sized on it. A peak serves a model only where the engine has a kernel for it: what vLLM 0.32 does with each
weight format on each generation was read in its sources (`kernels/linear`, `fused_moe/oracle`, `quantization`) and its
documentation, and stands in `peak_flops_per_s`.

A name is resolved, never guessed: an "H100" may be three cards whose bandwidth is 1.5 to 2 times apart.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.core.model_spec import Dtype
from advisor.errors import UnknownAcceleratorError

MIN_COMPUTE_CAPABILITY = 7.5  # vLLM's installation page since 0.21; it was 7.0 before
# What serves there instead of vLLM's own builds.
OTHER_BUILDS = {"Google": "tpu-inference", "Intel": "vllm-gaudi or XPU", "AWS": "Neuron's vLLM"}
# first compute capability with FP4 units, and the first that vLLM has no int8 kernel for
BLACKWELL = 10.0

# Names that benchmarks use, and the row meant. Where they leave the form factor out we take the SXM part, which most of
# them rent, and say so.
_UNSTATED = "form factor not stated, taken for the SXM part"
MEASUREMENT_ALIASES: Mapping[str, tuple[str, str | None]] = {
    "H100-80GB": ("H100-SXM-80GB", _UNSTATED),
    "A100-80GB": ("A100-SXM-80GB", _UNSTATED),
    "A100-40GB": ("A100-SXM-40GB", _UNSTATED),
    "GB200-192GB": ("GB200-186GB", None),  # the same card, marketed and usable memory
    "B300-SXM-270GB": ("B300-SXM-288GB", None),
    "RTX-PRO-6000-SE-96GB": ("RTXPRO6000-SERVER-96GB", None),
    "Gaudi2-96GB": ("GAUDI2-96GB", None),
}


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
    fp32_flops_per_s: float | None  # vector units, never TF32
    interconnect_bytes_per_s: float | None  # both directions, all links
    source: str
    int8_ops_per_s: float | None = None
    fp4_flops_per_s: float | None = None
    architecture: str = ""
    interconnect: str = ""
    island_size: int | None = None  # devices that reach each other at that interconnect
    tdp_w: float | None = None
    released: str = ""  # ISO year and month of the launch
    # the constant of ray.util.accelerators, empty where it has none
    ray_accelerator_type: str = ""
    aliases: tuple[str, ...] = ()  # "gfd:NVIDIA-L4", "aws:g6": who calls it what
    second_source: str = ""
    checked: bool = False  # a second source agrees within 3 % on bf16 and bandwidth

    def peak_flops_per_s(self, dtype: Dtype) -> float | None:
        """Dense peak of the units that compute when vLLM 0.32 serves a model of this dtype; None where it cannot.

        - float32, bfloat16: bf16 units, fp16 where those are missing (below compute capability 8.0). Also AWQ, GPTQ, GGUF
          and every other format of the weights alone: they save bytes, not FLOPs. And MXFP4: experts stored so
          (gpt-oss) get activations in bf16 on every device, fp4 units or not, unless the user asks for less.
        - fp8: fp8 units from 8.9 (W8A8) and on AMD from MI300; from 7.5 to 8.8 Marlin computes in 16 bits (W8A16),
          AMD without fp8 units has no such kernel.
        - int8 (W8A8): int8 units from 7.5 up to Hopper; none on Blackwell, where vLLM's page says to use fp8.
        - fp4 (NVFP4): fp4 units from 10.0 (W4A4); from 7.5 to 9.0 Marlin computes in 16 bits; only emulated elsewhere.
        """
        sixteen_bits = self.bf16_flops_per_s or self.fp16_flops_per_s
        if dtype is Dtype.FP16:
            return self.fp16_flops_per_s or sixteen_bits
        if dtype is Dtype.FP8:
            return self.fp8_flops_per_s or (sixteen_bits if self._runs_marlin else None)
        if dtype is Dtype.INT8:
            too_new = self.vendor == "NVIDIA" and (self.compute_capability or 0.0) >= BLACKWELL
            return None if too_new else self.int8_ops_per_s
        if dtype is Dtype.FP4:
            own = self.fp4_flops_per_s if self.vendor == "NVIDIA" else None
            return own or (sixteen_bits if self._runs_marlin else None)
        return sixteen_bits

    @property
    def _runs_marlin(self) -> bool:
        """Marlin dequantises in registers; it is inline PTX, so NVIDIA's alone, from Turing on."""
        return (
            self.vendor == "NVIDIA" and (self.compute_capability or 0.0) >= MIN_COMPUTE_CAPABILITY
        )

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
    island = _number(row.get("island_size", ""))
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
        int8_ops_per_s=_number(row["int8_dense_ops_per_s"]),
        fp4_flops_per_s=_number(row["fp4_dense_flops_per_s"]),
        architecture=row.get("architecture", ""),
        interconnect=row.get("interconnect", ""),
        island_size=None if island is None else int(island),
        tdp_w=_number(row.get("tdp_w", "")),
        released=row.get("release_date", ""),
        ray_accelerator_type=row.get("ray_accelerator_type", ""),
        aliases=tuple(alias for alias in row.get("cloud_aliases", "").split(";") if alias),
        second_source=row.get("source2", ""),
        checked=row.get("checked") == "yes",
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def find(name: str, accelerators: Iterable[Accelerator]) -> Accelerator:
    """The accelerator of that name, or of an alias that only one has; UnknownAcceleratorError with the names it may mean.

    Understood are catalogue names in any case, parts of them that fit one row ("L4", "h100 nvl"), Ray's accelerator
    types, and the aliases of clouds, SkyPilot, dstack and gpu-feature-discovery, with or without their prefix.
    """
    known = list(accelerators)
    exact = [found for found in known if found.name.upper() == name.strip().upper()]
    meant = exact or [found for found in known if may_mean(name, found)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UnknownAcceleratorError(
            f"accelerator {name!r} may be any of {_names(meant)}: say which"
        )
    raise UnknownAcceleratorError(
        f"no accelerator {name!r} in the catalogue; near names: {_names(_near(name, known))}"
    )


def find_measured(
    name: str, accelerators: Iterable[Accelerator]
) -> tuple[Accelerator, str | None]:
    """The accelerator that a benchmark's name stands for, and what was assumed to say so, if anything."""
    known = list(accelerators)
    aliases = {written.upper(): meant for written, meant in MEASUREMENT_ALIASES.items()}
    if (alias := aliases.get(name.strip().upper())) is not None:
        return find(alias[0], known), alias[1]
    return find(name, known), None


_MAKERS = re.compile(r"\b(NVIDIA|AMD|INTEL|GOOGLE|TESLA|QUADRO|GEFORCE|RADEON|INSTINCT)\b")


def _tokens(name: str) -> frozenset[str]:
    """The parts of a name that tell devices apart: SXM5 is SXM, "80 GB" is 80GB, the maker says nothing."""
    plain = _MAKERS.sub(" ", name.upper().replace("_", " ").replace("-", " "))
    plain = re.sub(r"(\d)\s+GI?B\b", r"\1GB", plain)
    return frozenset(re.sub(r"^SXM\d$", "SXM", part) for part in plain.split())


def _squashed(name: str) -> str:
    return re.sub(r"[^A-Z0-9.]", "", _MAKERS.sub(" ", name.upper()))


def _spells(squashed: str, name: str) -> bool:
    """Whether parts of the name, in its order, make up what was asked: "RTX PRO 6000 Server", "H100NVL"."""
    rest = squashed
    for part in name.upper().split("-"):
        rest = rest.removeprefix(part)
    return bool(squashed) and not rest


def may_mean(name: str, accelerator: Accelerator) -> bool:
    """Whether the name, an alias or a part of a name, fits this accelerator; it may fit others too."""
    if ":" in name:
        return name.strip().upper() in {alias.upper() for alias in accelerator.aliases}
    asked = _tokens(name)
    if asked and asked <= _tokens(accelerator.name):
        return True
    if _spells(_squashed(name), accelerator.name):
        return True
    called = [alias.split(":", 1)[-1] for alias in accelerator.aliases]
    called += [accelerator.name, accelerator.ray_accelerator_type]
    squashed = _squashed(name)
    return bool(squashed) and squashed in {_squashed(other) for other in called if other}


def _near(name: str, known: list[Accelerator]) -> list[Accelerator]:
    by_name = {accelerator.name.upper(): accelerator for accelerator in known}
    starting = [by_name[key] for key in by_name if key.startswith(name.upper().strip())]
    close = difflib.get_close_matches(name.upper(), by_name, n=4, cutoff=0.4)
    return (starting if name.strip() else []) or [by_name[key] for key in close]


def _names(accelerators: Iterable[Accelerator]) -> str:
    return ", ".join(sorted(accelerator.name for accelerator in accelerators)) or "none"
