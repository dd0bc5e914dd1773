"""What share of its peaks an engine reaches on an accelerator: a few fitted numbers, shrunk towards their parents.

A roofline needs efficiencies. One number for all is wrong by a factor of two, one number for each pair of engine and
accelerator cannot be known where nobody measured. So every efficiency is a product: a global base, then a factor for the
engine, its era, the vendor, the hardware generation, the accelerator, the precision. Each factor was fitted with a prior
that pulls it to 1 (ridge on the logarithm; James and Stein's shrinkage), so what is unknown falls back to its parents, and
what has few rows hardly leaves them.

The table is `fitted.py`, rebuilt by `python -m advisor.calibrate`; its priors are stated in `calibrate/priors.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec
from advisor.core.quantization import Quantization

Reals = float | npt.NDArray[np.float64]  # one case, or a column of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiencies:
    """What a roofline is multiplied with. Shares are of the datasheet's peak; seconds are what no peak explains."""

    weight_mbu: Reals  # of the memory's bandwidth, while weights are read
    expert_mbu: Reals  # of that again, for the scattered weights of experts
    kv_mbu: Reals  # of the bandwidth, while attention reads the KV cache
    mfu: Reals  # of the matrix peak, for a large batch of tokens
    expert_mfu: Reals  # of that again, for the many small products of experts
    half_tokens: Reals  # the batch of tokens that reaches half of `mfu`
    link: Reals  # of one direction of the interconnect
    hop_s: Reals  # start of one collective operation between two devices
    layer_s: Reals  # launches of one layer
    step_s: Reals  # scheduler, sampler and launches of a step
    seq_s: Reals  # of a step, for each sequence in it
    request_s: Reals  # tokenizer, HTTP and queueing of a lone request, once
    wait: Reals  # queueing for prefill, against that of random arrivals
    pace: Reals  # everything above, slower or faster by this factor


QUANTITIES = tuple(field.name for field in fields(Efficiencies))
# No engine reaches more of a peak, whatever factors multiply to.
_BOUNDS = {
    "weight_mbu": 0.93,
    "expert_mbu": 1.0,
    "expert_mfu": 1.0,
    "kv_mbu": 0.93,
    "mfu": 0.85,
    "link": 0.95,
}
HIGHEST = np.array([_BOUNDS.get(quantity, math.inf) for quantity in QUANTITIES])
LEVELS = (
    "engine",
    "era",
    "vendor",
    "generation",
    "accelerator",
    "precision",
    "kind",
    "wire",
    "unit",
    "pair",
    "family",
    "served",
    "port",
    "source",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where one case stands at each level; an empty key is unknown and changes nothing."""

    engine: str = ""
    era: str = ""  # engine and the generation of its code: vllm-v0 and vllm-v1
    vendor: str = ""
    generation: str = ""
    accelerator: str = ""
    precision: str = ""
    kind: str = ""  # of model: dense or moe
    wire: str = ""  # vendor and kind of interconnect
    unit: str = ""  # precision and hardware generation together
    pair: str = ""  # era and hardware generation together
    family: str = ""  # the architecture's class
    served: str = ""  # "live" behind an HTTP server, empty inside the engine
    # era, where the engine was carried over to hardware that it was not written for
    port: str = ""
    source: str = ""  # the laboratory that measures, where it is one that was learned from

    def at(self, level: str) -> str:
        return str(getattr(self, level))


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyTable:
    """The fitted factors as logarithms: `base[quantity]` and `effects[quantity][level][key]`."""

    base: Mapping[str, float]
    effects: Mapping[str, Mapping[str, Mapping[str, float]]]

    def at(self, keys: Keys) -> Efficiencies:
        """The efficiencies of one case: the base times every factor that is known for its keys."""
        return Efficiencies(**{quantity: self._value(quantity, keys) for quantity in QUANTITIES})

    def _value(self, quantity: str, keys: Keys) -> float:
        levels = self.effects.get(quantity, {})
        known = (levels[level].get(keys.at(level), 0.0) for level in levels)
        value = math.exp(self.base[quantity] + sum(known))
        return min(value, _BOUNDS.get(quantity, math.inf))

    def knows(self, level: str, key: str) -> bool:
        """Whether any efficiency was fitted for that key."""
        return any(key in levels.get(level, {}) for levels in self.effects.values())


_NVIDIA_GENERATIONS = {
    6.0: "pascal", 6.1: "pascal", 7.0: "volta", 7.5: "turing", 8.0: "ampere", 8.6: "ampere-gddr", 8.9: "ada",
    9.0: "hopper", 10.0: "blackwell", 10.3: "blackwell", 12.0: "blackwell-gddr", 12.1: "blackwell-gddr",
}  # fmt: skip
_GENERATION_BY_PREFIX = {
    "MI2": "cdna2", "MI30": "cdna3", "MI325": "cdna3", "MI35": "cdna4", "GAUDI": "gaudi", "MAX1": "ponte-vecchio",
    "TPU": "tpu", "INFERENTIA": "neuron", "TRAINIUM": "neuron", "ASCEND": "ascend", "SN40": "sn40",
}  # fmt: skip


def generation_of(accelerator: Accelerator) -> str:
    """Accelerators that share kernels: NVIDIA's compute capability, else the family's name."""
    if accelerator.vendor == "NVIDIA" and accelerator.compute_capability is not None:
        return _NVIDIA_GENERATIONS.get(accelerator.compute_capability, "")
    name = accelerator.name.upper()
    return next(
        (kind for start, kind in _GENERATION_BY_PREFIX.items() if name.startswith(start)), ""
    )


# An engine's port to another vendor's hardware is a program of its own.
PORTS = ("cdna", "ponte-vecchio", "gaudi", "ascend", "sn40", "tpu", "neuron")
PCIE_BYTES_PER_S = 130e9  # both directions, PCIe 5 x16; what is faster is a fabric of its own


def wire_of(accelerator: Accelerator) -> str:
    """How devices reach each other: by PCIe, or by the vendor's own links."""
    fast = (accelerator.interconnect_bytes_per_s or 0.0) > PCIE_BYTES_PER_S
    return f"{accelerator.vendor} links" if fast else "pcie"


_PRECISIONS = {
    Quantization.NONE: "", Quantization.FP8: "fp8", Quantization.INT8: "int8", Quantization.BNB_INT8: "w8",
    Quantization.MXFP4: "mxfp4", Quantization.NVFP4: "nvfp4",
}  # fmt: skip


def precision_key(spec: ModelSpec) -> str:
    """The kernels that a model's weights need; empty for 16 bits."""
    return _PRECISIONS.get(spec.quantization, "int4")


def family_key(spec: ModelSpec) -> str:
    """Models of one name before its first hyphen: llama, qwen3."""
    return spec.name.split("/")[-1].lower().split("-")[0]


def keys_of(
    spec: ModelSpec,
    accelerator: Accelerator,
    engine: tuple[str, str],
    *,
    speculative: bool = False,
    over_network: bool = False,
    live: bool = False,
    source: str = "",
) -> Keys:
    """Where a model on an accelerator under an engine (`engine_keys`) stands at each level."""
    name, era = engine
    generation, precision = generation_of(accelerator), precision_key(spec)
    kind = "moe" if spec.num_experts else "dense"
    return Keys(
        engine=name,
        era=era,
        vendor=accelerator.vendor,
        generation=generation,
        accelerator=accelerator.name,
        precision=precision,
        kind=f"{kind} speculative" if speculative else kind,
        wire="network" if over_network else wire_of(accelerator),
        unit=f"{precision}|{generation}" if precision and generation else "",
        pair=f"{era}|{generation}" if era and generation else "",
        family=family_key(spec),
        served="live" if live else "",
        port=era if generation.startswith(PORTS) else "",
        source=source,
    )


_ENGINES = {
    "tensorrt": "trtllm", "trtllm": "trtllm", "trt-llm": "trtllm", "sglang": "sglang", "lmdeploy": "lmdeploy",
    "turbomind": "lmdeploy", "mii": "mii", "deepspeed": "deepspeed", "tgi": "tgi", "text-generation-inference": "tgi",
    "sambaflow": "sambaflow", "vllm": "vllm",
}  # fmt: skip
# The versions since which an engine is another program: vLLM's V1 engine and its default, TensorRT-LLM's PyTorch backend.
_NEW_SINCE = {"vllm": ((0, 8), "2025"), "trtllm": ((0, 20), "2025-06")}


def engine_keys(engine: str, version: str = "", date: str = "") -> tuple[str, str]:
    """(engine, era) of an engine's name, version and date as people write them; empty strings where unknown."""
    lowered = engine.lower()
    name = next((known for part, known in _ENGINES.items() if part in lowered), "")
    if name not in _NEW_SINCE:
        return name, name
    since, since_date = _NEW_SINCE[name]
    numbers = _version(version)
    if numbers is not None:
        new = numbers >= since
    elif date:
        new = date[:4] + ("-" + date[4:6] if date[4:6].isdigit() else date[4:7]) >= since_date
    else:
        new = True  # a reader of today runs today's engine
    return name, f"{name}-new" if new else f"{name}-old"


def _version(text: str) -> tuple[int, int] | None:
    parts = text.lstrip("v").split(" ")[0].split(".")
    if len(parts) < 2 or not parts[0].isdigit():
        return None
    minor = "".join(c for c in parts[1] if c.isdigit())
    return int(parts[0]), int(minor or 0)
