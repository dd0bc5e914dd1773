"""Does it fit: weights, KV cache and the engine's own needs against the memory of a replica's devices.

vLLM takes `gpu_memory_utilization` of each device. Tensor parallelism splits attention and MLPs over devices, but
replicates KV heads where there are more devices than heads, latent projections (MLA) and norms; pipeline parallelism
splits layers, and the stage with the least room decides. What weights and the engine (`core/engine_memory.py`) leave
holds the KV cache.

A plan is valid as vLLM 0.32 accepts it: heads divide, KV heads split or replicate evenly, MLP widths split, into
whole blocks where weights are quantised in blocks (vllm/config/model.py, layers/linear.py, quantization/fp8.py), and
every stage has a layer. Tensor parallelism stays inside one interconnect island, where all-reduce is fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.engine_memory import EngineSettings, default_settings, reserved_bytes
from advisor.core.expert_padding import expert_padding
from advisor.core.hardware import Accelerator
from advisor.core.layout import Attention, Part
from advisor.core.model_spec import ModelSpec, Quantization, cache_bytes, state_bytes

GPU_MEMORY_UTILIZATION = 0.92  # the default of vLLM 0.32 (0.9 before 0.20 or so)
TP_DEGREES = (1, 2, 4, 8)  # one NVLink island holds at most 8
DEVICES_PER_ISLAND = 8
KV_BLOCK_TOKENS = 16  # vLLM hands out the KV cache in blocks
HYBRID_PADDING = 1.5  # vLLM/v1/core/kv_cache_utils.py: groups of unequal kinds are padded to the larger below this ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a replica of `tp_degree * pp_degree` devices holds; `kv_tokens` below zero means the weights alone are too much.

    Per device means on the one with the least room: with a pipeline the first or the last stage.
    """

    tp_degree: int
    pp_degree: int = 1
    weight_bytes_per_device: float
    reserved_bytes_per_device: float
    needed_bytes_per_device: float  # weights and reserve
    usable_bytes_per_device: float
    kv_tokens: int  # as vLLM's "KV cache size" line has it

    @property
    def kv_bytes_per_device(self) -> float:
        return self.usable_bytes_per_device - self.needed_bytes_per_device


def why_invalid(
    spec: ModelSpec,
    tp_degree: int,
    *,
    pp_degree: int = 1,
    expert_parallel: bool = False,
    devices_per_island: int = DEVICES_PER_ISLAND,
) -> str | None:
    """Why vLLM would refuse the plan, or all-reduce would leave the island; None where it is valid."""
    if tp_degree < 1 or pp_degree < 1:
        return "degrees start at 1"
    if pp_degree > spec.num_layers:
        return f"{spec.num_layers} layers do not make {pp_degree} stages"
    if expert_parallel and not spec.num_experts:
        return "expert parallelism needs a model with experts"
    if tp_degree > devices_per_island:
        return f"tensor parallelism over {tp_degree} leaves the island of {devices_per_island}"
    if spec.num_attention_heads % tp_degree:
        return f"{spec.num_attention_heads} attention heads do not divide by {tp_degree}"
    return _why_kv_heads(spec, tp_degree) or _why_widths(spec, tp_degree, expert_parallel)


def valid_tp_degree(spec: ModelSpec, tp_degree: int) -> bool:
    return why_invalid(spec, tp_degree) is None


def _why_kv_heads(spec: ModelSpec, tp_degree: int) -> str | None:
    for kind in spec.layout.attentions:
        heads = kind.kv_heads
        if kind.latent_dim is None and heads % tp_degree and tp_degree % heads:
            return f"{heads} KV heads neither split nor replicate over {tp_degree}"
    for state in spec.layout.states:
        if state.heads % tp_degree and state.heads > 1:
            return f"{state.heads} state heads do not divide by {tp_degree}"
    return None


def _why_widths(spec: ModelSpec, tp_degree: int, expert_parallel: bool) -> str | None:
    """Widths split, and where scales cover blocks each device's share is whole blocks."""
    if tp_degree == 1:
        return None
    scheme = spec.scheme
    # MXFP4 experts are dealt out in whole blocks and the last share is filled up (vllm models/gpt_oss.py)
    filled_up = spec.quantization is Quantization.MXFP4
    for matrix in spec.layout.matrices:
        unsplit = matrix.part is Part.EXPERT and (expert_parallel or filled_up)
        if matrix.part not in (Part.MLP, Part.EXPERT) or unsplit or matrix.columns == 1:
            continue
        size = matrix.rows if matrix.name.endswith("up_proj") else matrix.columns
        if not matrix.name.endswith(("up_proj", "down_proj")):
            continue
        if size % tp_degree:
            return f"{matrix.name} is {size} wide, which does not divide by {tp_degree}"
        blocked = matrix.part in scheme.parts and scheme.group is not None
        experts_only = scheme.experts_only and matrix.part is not Part.EXPERT
        block = scheme.rows_per_block if matrix.name.endswith("up_proj") else scheme.group or 1
        if blocked and not experts_only and (size // tp_degree) % block:
            return f"{matrix.name} is {size // tp_degree} wide on each of {tp_degree}, no multiple of the block of {block}"
    return None


def fit(
    spec: ModelSpec,
    accelerator: Accelerator,
    tp_degree: int,
    *,
    pp_degree: int = 1,
    gpu_memory_utilization: float = GPU_MEMORY_UTILIZATION,
    max_model_len: int | None = None,
    settings: EngineSettings | None = None,
) -> Fit:
    """The stage with the least room decides; without a pipeline there is one."""
    settings = settings or default_settings(accelerator)
    usable = gpu_memory_utilization * accelerator.memory_bytes
    padding = expert_padding(spec, accelerator, tp_degree)
    stages = (
        _stage(spec, settings, usable, tp_degree, pp_degree, stage, max_model_len, padding)
        for stage in ((0,) if pp_degree == 1 else (0, max(pp_degree - 2, 0), pp_degree - 1))
    )
    return min(stages, key=lambda found: found.kv_tokens)


def _stage(
    spec: ModelSpec,
    settings: EngineSettings,
    usable: float,
    tp_degree: int,
    pp_degree: int,
    stage: int,
    max_model_len: int | None,
    padding: float,
) -> Fit:
    layers = layers_of_stage(spec.num_layers, pp_degree, stage)
    last = stage == pp_degree - 1
    weights = device_weight_bytes(
        spec, tp_degree, share=layers / spec.num_layers, first=stage == 0, last=last, expert_padding=padding
    )  # fmt: skip
    reserved = reserved_bytes(spec, settings, tp_degree=tp_degree, layers=layers, samples=last)
    room = usable - weights - reserved
    per_token = kv_bytes_per_token_per_device(spec, tp_degree) * layers / spec.num_layers
    if _has_parts_that_stop_growing(spec):
        tokens = _hybrid_tokens(spec, settings, tp_degree, layers, room, max_model_len)
    else:
        tokens = room / per_token if per_token else math.inf
    return Fit(
        tp_degree=tp_degree,
        pp_degree=pp_degree,
        weight_bytes_per_device=weights,
        reserved_bytes_per_device=reserved,
        needed_bytes_per_device=weights + reserved,
        usable_bytes_per_device=usable,
        kv_tokens=_whole_blocks(tokens),
    )


def _whole_blocks(tokens: float) -> int:
    if math.isinf(tokens):
        return 2**62  # a model without a KV cache holds any context
    return int(tokens // KV_BLOCK_TOKENS) * KV_BLOCK_TOKENS


def layers_of_stage(num_layers: int, pp_degree: int, stage: int) -> int:
    """vllm/distributed/utils.py: the remainder goes to the stages before the last, from the back."""
    layers, rest = divmod(num_layers, pp_degree)
    from_back = pp_degree - stage
    return layers + (2 <= from_back < rest + 2)


def device_weight_bytes(
    spec: ModelSpec, tp_degree: int, *, share: float = 1.0, first: bool = True, last: bool = True,
    expert_padding: float = 1.0,
) -> float:  # fmt: skip
    """One device's weights: its share of the layers, the table of rotary angles, and what stands at either end."""
    shards, layout = spec.shards, spec.layout
    kv_parts = min(tp_degree, spec.num_kv_heads) if spec.num_kv_heads else tp_degree
    in_layers = (
        (shards.split + shards.experts * expert_padding) / tp_degree
        + shards.key_value / kv_parts
        + shards.whole
    )
    tower = shards.vision / (tp_degree if layout.splits_tower else 1) if first else 0.0
    table = shards.embedding + shards.head * layout.tied if first else 0.0
    head = shards.head if last and not (layout.tied and first) else 0.0
    rotary = (spec.max_context_tokens or 0) * layout.rotary_dim * 2.0
    return share * in_layers + tower + (table + head) / tp_degree + rotary


def _device_cache_bytes(kind: Attention, spec: ModelSpec, tp_degree: int) -> float:
    """One layer, one token: KV heads split, but a device holds at least one, and an MLA latent is on every device."""
    size = cache_bytes(kind, spec)
    return size if kind.latent_dim is not None else size / min(tp_degree, kind.kv_heads)


def kv_bytes_per_token_per_device(spec: ModelSpec, tp_degree: int) -> float:
    return sum(
        kind.layers * _device_cache_bytes(kind, spec, tp_degree) for kind in spec.layout.attentions
    )


def _has_parts_that_stop_growing(spec: ModelSpec) -> bool:
    kinds = spec.layout.attentions
    return bool(spec.layout.states) or any(
        kind.window is not None and kind.frees_window for kind in kinds
    )


def _hybrid_tokens(
    spec: ModelSpec,
    settings: EngineSettings,
    tp_degree: int,
    layers: int,
    room: float,
    max_model_len: int | None,
) -> float:
    """What vLLM prints for such models: the requests of `max_model_len` that fit, times that length.

    Windows hold their last tokens and one batch in flight. Kinds share one pool in groups of equally many layers,
    so the smaller kind sets the group and the others are padded to a multiple of it. Older versions printed the
    blocks over the number of groups, as though every kind kept all tokens.
    """
    if not settings.tokens_by_request:
        return _tokens_by_blocks(spec, tp_degree, layers, room)
    length = max_model_len or spec.max_context_tokens or settings.max_num_batched_tokens
    kinds = [kind for kind in spec.layout.attentions if kind.cached]
    counts = [kind.layers for kind in kinds]
    group = (
        max(counts)
        if counts and max(counts) < HYBRID_PADDING * min(counts)
        else min(counts, default=1)
    )
    request = 0.0
    for kind in kinds:
        held = float(length)
        if kind.window is not None and kind.frees_window:
            held = min(kind.window - 1 + settings.max_num_batched_tokens, length) + KV_BLOCK_TOKENS
        padded = math.ceil(kind.layers / group) * group
        request += held * padded * _device_cache_bytes(kind, spec, tp_degree)
    states = sum(state_bytes(state, spec.plain_bytes) for state in spec.layout.states) / tp_degree
    request = (request + states) * layers / spec.num_layers
    return room / request * length if request else math.inf


def _tokens_by_blocks(spec: ModelSpec, tp_degree: int, layers: int, room: float) -> float:
    """Layers with a state take blocks of the same size as those with attention."""
    widest = max(
        (_device_cache_bytes(kind, spec, tp_degree) for kind in spec.layout.attentions),
        default=0.0,
    )
    with_state = sum(state.layers for state in spec.layout.states)
    per_token = kv_bytes_per_token_per_device(spec, tp_degree) + with_state * widest
    return room / (per_token * layers / spec.num_layers) if per_token else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a replica's devices share the model: all in slices, or with some experts whole on each (expert parallelism)."""

    tp_degree: int
    expert_parallel: bool = False


def splits(
    spec: ModelSpec, accelerator: Accelerator, *, context_tokens: float
) -> tuple[Split, ...]:
    """Every split that vLLM starts with and that holds one request of that context; fewest devices first, of as many the
    plain one."""
    length = max(1, math.ceil(context_tokens))
    return tuple(
        Split(tp_degree=tp_degree, expert_parallel=whole)
        for tp_degree in TP_DEGREES
        if (kinds := _valid_kinds(spec, tp_degree))
        # Whole experts need no more room than slices, which kernels pad.
        and fit(spec, accelerator, tp_degree, max_model_len=length).kv_tokens >= context_tokens
        for whole in kinds
    )


def _valid_kinds(spec: ModelSpec, tp_degree: int) -> list[bool]:
    """Of False (sliced) and True (whole experts) what is valid."""
    plain = [False] if valid_tp_degree(spec, tp_degree) else []
    whole = why_not_expert_parallel(spec, tp_degree) is None
    return [*plain, True] if whole else plain


def valid_degrees(spec: ModelSpec) -> list[int]:
    """The TP degrees that vLLM starts with, one way or the other."""
    return [tp_degree for tp_degree in TP_DEGREES if _valid_kinds(spec, tp_degree)]


def why_not_expert_parallel(spec: ModelSpec, tp_degree: int) -> str | None:
    """Why experts cannot stay whole over that many devices; None where they can.

    vLLM deals them out over tp x dp ranks (layers/fused_moe/config.py) and takes an uneven share as well: then one device
    holds and does more than the others, and what it holds is not sized here.
    """
    if not spec.num_experts:
        return "the model has no experts"
    if tp_degree == 1:
        return "one GPU holds all of them"
    if spec.num_experts % tp_degree:
        return f"{spec.num_experts} experts do not share out evenly over {tp_degree}"
    return why_invalid(spec, tp_degree, expert_parallel=True)


def smallest_tp_degree(
    spec: ModelSpec, accelerator: Accelerator, *, context_tokens: float
) -> int | None:
    """The fewest devices whose replica holds one request of that context; None when eight are not enough."""
    length = max(1, math.ceil(context_tokens))
    for tp_degree in TP_DEGREES:
        if (
            valid_tp_degree(spec, tp_degree)
            and fit(spec, accelerator, tp_degree, max_model_len=length).kv_tokens >= context_tokens
        ):
            return tp_degree
    return None
