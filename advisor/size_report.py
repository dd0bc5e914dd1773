"""What a model is: parameters, bytes, FLOPs, where it fits, what training it costs; each figure with formula and source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.core import flops, scaling_law, sizing
from advisor.core.hardware import Accelerator
from advisor.core.layout import Part, params
from advisor.core.model_spec import ModelSpec, Quantization, quantized

GB = 1e9
GIB = 2**30
SHOWN = (
    Quantization.NONE, Quantization.FP8, Quantization.INT8, Quantization.AWQ_INT4, Quantization.MXFP4,
    Quantization.NVFP4, Quantization.GGUF_Q4_K_M,
)  # fmt: skip
OUR_COUNT = (
    "equal to transformers 5.19 on the meta device (tests/serve/test_transformers_params.py)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report; `amount` is in base units, for machines."""

    key: str
    label: str
    amount: float | int | str | None
    shown: str
    formula: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The model stored one way."""

    quantization: Quantization
    weight_bytes: float
    bits_per_param: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One accelerator: the smallest replica that holds a request of the context, or why none does."""

    accelerator: str
    tp_degree: int | None
    kv_tokens: int | None
    requests: float | None  # of that context, at once
    why_not: str | None
    expert_parallel: bool = False  # the degree is valid with whole experts on each device only


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeReport:
    name: str
    origin: str
    context_tokens: int
    figures: tuple[Figure, ...]
    weights: tuple[Weights, ...]
    places: tuple[Place, ...]
    notes: tuple[str, ...]


def size_report(
    spec: ModelSpec,
    origin: str,
    *,
    context_tokens: int,
    accelerators: Sequence[Accelerator],
    quantizations: Sequence[Quantization] = SHOWN,
) -> SizeReport:
    places = tuple(_place(spec, accelerator, context_tokens) for accelerator in accelerators)
    return SizeReport(
        name=spec.name,
        origin=origin,
        context_tokens=context_tokens,
        figures=(
            *_params(spec), *_bytes(spec, context_tokens), *_flops(spec, context_tokens), *_training(spec)
        ),
        weights=tuple(_weights(spec, kind) for kind in _kinds(spec, quantizations)),
        places=places,
        notes=_notes(spec, places),
    )  # fmt: skip


def _kinds(spec: ModelSpec, asked: Sequence[Quantization]) -> list[Quantization]:
    """As stored first; a checkpoint that is quantised is not quantised again."""
    if spec.quantization is not Quantization.NONE:
        return [spec.quantization]
    return list(dict.fromkeys([spec.quantization, *asked]))


def _weights(spec: ModelSpec, kind: Quantization) -> Weights:
    stored = quantized(spec, kind)
    return Weights(
        quantization=kind,
        weight_bytes=stored.weight_bytes,
        bits_per_param=8 * stored.weight_bytes / spec.total_params,
    )


def _params(spec: ModelSpec) -> list[Figure]:
    matrices = spec.layout.matrices
    attention = params(matrices, Part.ATTENTION, Part.KEY_VALUE, Part.LATENT)
    parts = (
        f"attention {attention:,}, MLP {params(matrices, Part.MLP):,}, experts {spec.expert_params:,}, "
        f"state {params(matrices, Part.MIXER):,}, embedding and logits "
        f"{params(matrices, Part.EMBEDDING, Part.HEAD):,}, vision {spec.vision_params:,}"
    )
    return [
        Figure(key="total_params", label="parameters", amount=spec.total_params, shown=f"{spec.total_params:,}",
               formula=f"sum of all matrices, biases and norms: {parts}", source=OUR_COUNT),
        Figure(key="active_params", label="active per token", amount=spec.active_params,
               shown=f"{spec.active_params:,}",
               formula=_active_formula(spec), source="config.json"),
    ]  # fmt: skip


def _active_formula(spec: ModelSpec) -> str:
    if not spec.num_experts:
        return "dense: all but the vision tower"
    return f"a token visits {spec.num_experts_per_token} of {spec.num_experts} experts, and what is shared"


def _bytes(spec: ModelSpec, context_tokens: int) -> list[Figure]:
    kv, context = spec.kv_bytes_per_token, spec.kv_bytes(context_tokens)
    figures = [
        Figure(key="weight_bytes", label="weights", amount=spec.weight_bytes,
               shown=f"{spec.weight_bytes / GB:,.1f} GB ({spec.weight_bytes / GIB:,.2f} GiB) as {_stored(spec)}",
               formula="parameters x bytes, scales of quantised ones included",
               source="vLLM 0.32 model_executor/layers/quantization"),
        Figure(key="kv_bytes_per_token", label="KV cache per token", amount=kv, shown=f"{kv:,.0f} bytes",
               formula=_kv_formula(spec), source="Kwon et al. 2023, arXiv 2309.06180"),
        Figure(key="kv_bytes_of_context", label=f"KV cache of {context_tokens:,} tokens", amount=context,
               shown=f"{context / GB:,.2f} GB",
               formula="windows keep their last tokens only, states do not grow",
               source="vllm/v1/kv_cache_interface.py"),
    ]  # fmt: skip
    if spec.state_bytes:
        figures.append(
            Figure(key="state_bytes", label="state per sequence", amount=spec.state_bytes,
                   shown=f"{spec.state_bytes / 1e6:,.1f} MB", formula="linear attention and state space, any length",
                   source="arXiv 2405.21060, 2412.06464")
        )  # fmt: skip
    return figures


def _stored(spec: ModelSpec) -> str:
    return "16-bit" if spec.quantization is Quantization.NONE else str(spec.quantization)


def _kv_formula(spec: ModelSpec) -> str:
    kinds = spec.layout.attentions
    if not kinds:
        return "no attention layers"
    if kinds[0].latent_dim is not None:
        return f"layers x latent and rotary key = {spec.num_layers} x {kinds[0].latent_dim} x bytes (MLA)"
    terms = [
        f"{kind.layers} x {kind.kv_heads} x ({kind.key_dim} + {kind.value_dim})" for kind in kinds
    ]
    return "2 x layers x KV heads x head_dim x bytes: (" + " + ".join(terms) + ") x bytes"


def _flops(spec: ModelSpec, context_tokens: int) -> list[Figure]:
    first = flops.forward_flops_per_token(spec, 0)
    later = flops.forward_flops_per_token(spec, context_tokens)
    prompt = flops.prefill_flops(spec, context_tokens)
    return [
        Figure(key="flops_per_token", label="FLOP per token after 0", amount=first, shown=f"{first / 1e9:,.2f} GFLOP",
               formula="2 x active parameters without the embedding table", source="Kaplan et al. 2020, arXiv 2001.08361"),
        Figure(key="flops_per_token_at_context", label=f"FLOP per token after {context_tokens:,}", amount=later,
               shown=f"{later / 1e9:,.2f} GFLOP",
               formula="+ 2 x layers x heads x (key + value dims) x tokens attended to",
               source="Hoffmann et al. 2022, arXiv 2203.15556, appendix F"),
        Figure(key="prefill_flops_of_context", label=f"prefill of {context_tokens:,}", amount=prompt,
               shown=f"{prompt / 1e12:,.2f} TFLOP",
               formula="the sum over the prompt; logits of the last token only", source="core/flops.py"),
    ]  # fmt: skip


def _training(spec: ModelSpec) -> list[Figure]:
    size = float(spec.language_params if not spec.num_experts else spec.active_params)
    tokens = scaling_law.optimal_tokens(size)
    training = flops.training_flops(size, tokens)
    days = training / flops.PETAFLOP_S_DAY_FLOPS
    what = "active parameters" if spec.num_experts else "parameters"
    return [
        Figure(key="chinchilla_tokens", label="training tokens, optimal", amount=tokens,
               shown=f"{tokens / 1e9:,.0f} billion",
               formula=f"20.2e9 x (N / 1e9)^1.00738, N = {what}: a least, today's models see far more",
               source="Hoffmann et al. 2022, arXiv 2203.15556, table 3"),
        Figure(key="chinchilla_flops", label="training FLOP for those", amount=training,
               shown=f"{training:.2e} ({days:,.1f} petaFLOP/s-days)",
               formula="6 N D; 1 petaFLOP/s-day = 8.64e19", source="Kaplan et al. 2020, arXiv 2001.08361"),
    ]  # fmt: skip


def _place(spec: ModelSpec, accelerator: Accelerator, context_tokens: int) -> Place:
    why = accelerator.why_not_served
    splits = (
        () if why is not None else sizing.splits(spec, accelerator, context_tokens=context_tokens)
    )
    if not splits:
        return Place(
            accelerator=accelerator.name, tp_degree=None, kv_tokens=None, requests=None,
            why_not=why or _why_too_small(spec, accelerator),
        )  # fmt: skip
    found = sizing.fit(spec, accelerator, splits[0].tp_degree, max_model_len=context_tokens)
    return Place(
        accelerator=accelerator.name,
        tp_degree=splits[0].tp_degree,
        expert_parallel=splits[0].expert_parallel,
        kv_tokens=found.kv_tokens,
        requests=found.kv_tokens / context_tokens,
        why_not=None,
    )


def _why_too_small(spec: ModelSpec, accelerator: Accelerator) -> str:
    valid = sizing.valid_degrees(spec)
    if not valid:
        return str(sizing.why_invalid(spec, 1))
    found = sizing.fit(spec, accelerator, valid[-1])
    needed = found.needed_bytes_per_device / GB
    return f"over {valid[-1]} each needs {needed:,.0f} GB of {found.usable_bytes_per_device / GB:,.0f} without a KV cache"


def _notes(spec: ModelSpec, places: Sequence[Place]) -> tuple[str, ...]:
    notes = []
    if spec.quantization is not Quantization.NONE:
        notes.append(f"stored as {spec.quantization}: other quantisations are of the 16-bit model")
    if spec.quantization is Quantization.MXFP4 and spec.num_experts:
        notes.append(
            "weights are the checkpoint's: kernels on cards before Blackwell pad MXFP4 experts to their tiles, which the "
            "KV tokens here and `advisor memory` count (docs/model.md)"
        )
    else:
        notes.append("what quantisation costs in quality is not measured here")
    if any(kind.window is not None for kind in spec.layout.attentions):
        notes.append("some layers slide: KV per token holds until their windows are full")
    if any(place.expert_parallel for place in places):
        notes.append("EP: only with whole experts on each GPU (--enable-expert-parallel)")
    return tuple(notes)
