"""What quantised weights weigh: the numbers themselves, their scales, and what stays as it was.

A scheme gives each weight `bits`, and shares a scale (and in some a zero point) among a row, a group of neighbours in
a row, or a 128 x 128 block. Quantisers leave embeddings, the logits' matrix, routers and norms alone; some leave
more, and say so in `quantization_config`. Sources: vLLM 0.32 model_executor/layers/quantization; the OCP microscaling
formats 1.0 for MXFP4 (32 weights and one 8-bit scale); NVIDIA's NVFP4 (16 and one fp8 scale); QLoRA (arXiv
2305.14314) for NF4; llama.cpp's block sizes for GGUF (ggml-common.h), where the _M kinds mix two of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from advisor.core.config_reader import Config
from advisor.core.layout import Matrix, Part


class Dtype(StrEnum):
    """What the matrix units compute in."""

    FP32 = "float32"
    BF16 = "bfloat16"
    FP16 = "float16"
    FP8 = "fp8"
    INT8 = "int8"
    FP4 = "fp4"


class Quantization(StrEnum):
    """How weights are stored."""

    NONE = "none"
    FP8 = "fp8"
    INT8 = "int8"
    AWQ_INT4 = "awq-int4"
    GPTQ_INT4 = "gptq-int4"
    INT4 = "int4"  # symmetric, groups of 128: w4a16 of compressed-tensors
    MXFP4 = "mxfp4"
    NVFP4 = "nvfp4"
    BNB_INT8 = "bnb-int8"
    BNB_NF4 = "bnb-nf4"
    GGUF_Q8_0 = "gguf-q8_0"
    GGUF_Q6_K = "gguf-q6_k"
    GGUF_Q5_K_M = "gguf-q5_k_m"
    GGUF_Q4_K_M = "gguf-q4_k_m"
    GGUF_Q4_0 = "gguf-q4_0"
    GGUF_Q3_K_M = "gguf-q3_k_m"
    GGUF_Q2_K = "gguf-q2_k"


LINEAR = frozenset(
    {Part.ATTENTION, Part.KEY_VALUE, Part.LATENT, Part.MIXER, Part.MLP, Part.EXPERT}
)
_GGUF_PARTS = LINEAR | {Part.EMBEDDING, Part.HEAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How one checkpoint is quantised."""

    kind: Quantization
    bits: float
    group: int | None = None  # weights that share a scale; None: a whole row
    rows_per_block: int = 1  # more than one: the group is a block of so many rows
    scale_bits: float = 32.0
    parts: frozenset[Part] = LINEAR
    kept: tuple[str, ...] = ()  # modules that stay as they were
    experts_only: bool = False  # where there are experts
    weight_only: bool = True  # activations stay in 16 bits
    vector_bytes: float | None = None  # GGUF keeps norms in float32
    head_bits: float | None = None  # and the logits' matrix finer than the rest

    @property
    def compute_dtype(self) -> Dtype | None:
        """What matrices are multiplied in; None: in the dtype of the activations."""
        if self.weight_only:
            return None
        return {Quantization.INT8: Dtype.INT8, Quantization.NVFP4: Dtype.FP4}.get(
            self.kind, Dtype.FP8
        )


Q6_K_BITS = 210 * 8 / 256


def _gguf(kind: Quantization, bits: float, *, head_bits: float | None = None) -> Scheme:
    return Scheme(
        kind=kind, bits=bits, scale_bits=0.0, parts=_GGUF_PARTS, vector_bytes=4.0, head_bits=head_bits
    )  # fmt: skip


SCHEMES: Mapping[Quantization, Scheme] = {
    scheme.kind: scheme
    for scheme in (
        Scheme(kind=Quantization.NONE, bits=16.0, parts=frozenset()),
        Scheme(kind=Quantization.FP8, bits=8.0, weight_only=False),
        Scheme(kind=Quantization.INT8, bits=8.0, weight_only=False),
        Scheme(kind=Quantization.AWQ_INT4, bits=4.0, group=128, scale_bits=20.0),  # fp16 and a 4-bit zero
        Scheme(kind=Quantization.GPTQ_INT4, bits=4.0, group=128, scale_bits=20.0),
        Scheme(kind=Quantization.INT4, bits=4.0, group=128, scale_bits=16.0),
        Scheme(kind=Quantization.MXFP4, bits=4.0, group=32, scale_bits=8.0, experts_only=True),
        Scheme(kind=Quantization.NVFP4, bits=4.0, group=16, scale_bits=8.0, weight_only=False),
        Scheme(kind=Quantization.BNB_INT8, bits=8.0),
        # 8-bit scales of 64 weights, and a float32 one for 256 of those
        Scheme(kind=Quantization.BNB_NF4, bits=4.0, group=64, scale_bits=8.0 + 32.0 / 256),
        # Blocks with their scales: Q8_0 34 bytes for 32 weights, Q4_0 18 for 32, Q6_K 210, Q5_K 176, Q4_K 144, Q3_K
        # 110, Q2_K 84 for 256. The mixtures are llama.cpp's own averages for Llama-3.1-8B (its quantize README,
        # 2025): Q5_K_M 5.70, Q4_K_M 4.89, Q3_K_M 4.00.
        _gguf(Quantization.GGUF_Q8_0, 34 * 8 / 32),
        _gguf(Quantization.GGUF_Q6_K, Q6_K_BITS),
        _gguf(Quantization.GGUF_Q5_K_M, 5.70),
        _gguf(Quantization.GGUF_Q4_K_M, 4.89),
        _gguf(Quantization.GGUF_Q4_0, 18 * 8 / 32, head_bits=Q6_K_BITS),
        _gguf(Quantization.GGUF_Q3_K_M, 4.00),
        _gguf(Quantization.GGUF_Q2_K, 3.16),
    )
}  # fmt: skip


def matrix_bytes(matrix: Matrix, scheme: Scheme, *, plain_bytes: float, num_experts: int) -> float:
    """Bytes of all `count` of them, scales included; `plain_bytes` a number where they stay as they were."""
    if matrix.columns == 1 or matrix.part not in scheme.parts:
        is_vector = matrix.columns == 1 and scheme.vector_bytes is not None
        return matrix.params * (scheme.vector_bytes or 0.0 if is_vector else plain_bytes)
    if scheme.experts_only and num_experts and matrix.part is not Part.EXPERT:
        return matrix.params * plain_bytes
    kept = _kept_share(matrix, scheme.kept, num_experts)
    finer = matrix.part is Part.HEAD and scheme.head_bits is not None
    bits = scheme.head_bits or scheme.bits if finer else scheme.bits
    quantised = matrix.params * bits / 8 + _scales(matrix, scheme) * scheme.scale_bits / 8
    return kept * matrix.params * plain_bytes + (1 - kept) * quantised


def _scales(matrix: Matrix, scheme: Scheme) -> float:
    if not scheme.scale_bits:
        return 0.0
    if scheme.group is None:
        return matrix.rows * matrix.count
    rows = math.ceil(matrix.rows / scheme.rows_per_block)
    return rows * math.ceil(matrix.columns / scheme.group) * matrix.count


def _kept_share(matrix: Matrix, kept: tuple[str, ...], num_experts: int) -> float:
    """The share of the layers in which the module is named among those kept."""
    if not kept:
        return 0.0
    layers = matrix.count / num_experts if matrix.part is Part.EXPERT else matrix.count
    named = {layer for layer, module in map(_split_layer, kept) if _names(module, matrix.name)}
    return 1.0 if None in named else min(1.0, len(named) / layers)


# What some architectures call the blocks that a layout names alike.
_ALIASES = {"block_sparse_moe": "mlp", "feed_forward": "mlp", "shared_expert": "shared_experts"}


def _split_layer(module: str) -> tuple[int | None, str]:
    """`model.layers.3.mlp.gate` is layer 3 and `mlp.gate`; without a number it stands for every layer."""
    plain = module.removeprefix("re:").replace("\\", "").replace("$", "").replace("^", "")
    parts = [_ALIASES.get(part, part) for part in plain.replace("*", "").split(".") if part]
    for at, part in enumerate(parts):
        if part.isdecimal() and at and parts[at - 1] in {"layers", "h", "blocks", "block"}:
            return int(part), ".".join(parts[at + 1 :])
    for at, part in enumerate(parts):
        if part == "layers":
            return None, ".".join(parts[at + 1 :])
    return None, ".".join(part for part in parts if part not in {"model", "language_model"})


def _names(module: str, name: str) -> bool:
    """Whether `self_attn` or `q_proj` names `self_attn.q_proj`; the empty module names a whole layer."""
    if module in {"", name}:
        return True
    return name.startswith(f"{module}.") or name.endswith(f".{module}")


# --- quantization_config ----------------------------------------------------------------------------


def read_scheme(read: Config) -> Scheme:
    """The scheme that a config.json states; none where it states none."""
    if read.get("quantization_config") is None:
        return SCHEMES[Quantization.NONE]
    section = read.section("quantization_config")
    method = section.text("quant_method") or (
        "modelopt" if section.get("quant_algo") is not None else None
    )
    reader = _READERS.get(method or "")
    if reader is None:
        raise read.refuse(
            f"field 'quantization_config.quant_method' is {str(method)[:40]!r}: unsupported"
        )
    return reader(section)


def _fp8(section: Config) -> Scheme:
    kept = tuple(section.texts("modules_to_not_convert") or section.texts("ignored_layers"))
    block = section.get("weight_block_size")
    scheme = replace(SCHEMES[Quantization.FP8], kept=kept)
    if block is None:
        return scheme
    if (
        not isinstance(block, list)
        or len(block) != 2
        or not all(type(size) is int and 1 <= size <= 4096 for size in block)
    ):
        raise section.refuse(
            "field 'quantization_config.weight_block_size' must be two whole numbers"
        )
    return replace(scheme, group=block[1], rows_per_block=block[0])


def _int4(kind: Quantization) -> Callable[[Config], Scheme]:
    def reader(section: Config) -> Scheme:
        bits = section.whole("bits")
        if bits not in (2, 3, 4, 8):
            raise section.refuse(
                f"field 'quantization_config.bits' is {bits}, expected 2, 3, 4 or 8"
            )
        group = section.get("group_size")
        size = None if group == -1 else section.optional_whole("group_size") or 128
        kept = tuple(section.texts("modules_to_not_convert"))
        parts = LINEAR | {Part.HEAD} if section.flag("lm_head", False) else LINEAR
        named = Quantization.INT8 if bits == 8 else kind
        return replace(
            SCHEMES[kind], kind=named, bits=float(bits), group=size, scale_bits=16.0 + bits, kept=kept, parts=parts
        )  # fmt: skip

    return reader


def _mxfp4(section: Config) -> Scheme:
    kept = tuple(section.texts("modules_to_not_convert"))
    return replace(SCHEMES[Quantization.MXFP4], kept=kept)


def _compressed_tensors(section: Config) -> Scheme:
    """One group is read; more of the same kind agree with it, others are refused."""
    groups = section.section("config_groups")
    schemes = [
        _weights_scheme(section, groups.section(name).section("weights")) for name in groups.fields
    ]
    if not schemes:
        raise section.refuse("field 'quantization_config.config_groups' is empty")
    if any(scheme != schemes[0] for scheme in schemes):
        raise section.refuse(
            "field 'quantization_config.config_groups': groups that differ are unsupported"
        )
    return replace(schemes[0], kept=tuple(section.texts("ignore")))


def _weights_scheme(section: Config, weights: Config) -> Scheme:
    bits, floating = weights.whole("num_bits"), weights.text("type") == "float"
    strategy = weights.text("strategy")
    group = weights.optional_whole("group_size") if strategy in {"group", "tensor_group"} else None
    by_kind = {(8, True): Quantization.FP8, (8, False): Quantization.INT8, (4, False): Quantization.INT4,
               (4, True): Quantization.NVFP4}  # fmt: skip
    kind = by_kind.get((bits, floating))
    if kind is None:
        raise section.refuse(
            f"field 'quantization_config.config_groups': {bits} bits are unsupported"
        )
    scheme = SCHEMES[kind]
    if kind is Quantization.NVFP4 and group == 32:
        return replace(SCHEMES[Quantization.MXFP4], experts_only=False)
    if strategy == "block":
        return replace(scheme, group=128, rows_per_block=128)
    return replace(scheme, group=group)


def _modelopt(section: Config) -> Scheme:
    algorithm = section.text("quant_algo")
    kept = tuple(section.texts("ignore") or section.texts("exclude_modules"))
    kinds = {"FP8": Quantization.FP8, "NVFP4": Quantization.NVFP4, "FP8_PB_WO": Quantization.FP8}
    if algorithm not in kinds:
        raise section.refuse(
            f"field 'quantization_config.quant_algo' is {str(algorithm)[:40]!r}: unsupported"
        )
    return replace(SCHEMES[kinds[algorithm]], kept=kept)


def _bitsandbytes(section: Config) -> Scheme:
    four = section.flag("load_in_4bit", False) or section.flag("_load_in_4bit", False)
    return SCHEMES[Quantization.BNB_NF4 if four else Quantization.BNB_INT8]


_READERS: Mapping[str, Callable[[Config], Scheme]] = {
    "fp8": _fp8, "fbgemm_fp8": _fp8, "awq": _int4(Quantization.AWQ_INT4), "gptq": _int4(Quantization.GPTQ_INT4),
    "mxfp4": _mxfp4, "compressed-tensors": _compressed_tensors, "modelopt": _modelopt, "bitsandbytes": _bitsandbytes,
}  # fmt: skip
