"""A model's exact size from its own config.json: parameters, bytes of weights, bytes of KV cache.

The config names an architecture; the architecture says which matrices there are (`core/layout.py`); everything else
is a sum over them. Every architecture was compared with transformers 5.19 on the meta device, difference 0. What has
no entry, or states something that would change the count and is not understood, is unsupported: a guess here would be
a wrong bill later.

Bytes follow from the quantisation (`core/quantization.py`). Sums are made once, here: a plan asks for them 100,000
times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from advisor.core.architectures import architecture_of, layout_of
from advisor.core.config_reader import MAX_FIELD, Config
from advisor.core.layout import Attention, Layout, Matrix, Part, State, params
from advisor.core.quantization import (
    SCHEMES,
    Dtype,
    Quantization,
    Scheme,
    matrix_bytes,
    read_scheme,
)
from advisor.core.rope import served_context

__all__ = [
    "MAX_FIELD",
    "Dtype",
    "ModelSpec",
    "Quantization",
    "model_spec_from_config",
    "quantized",
]

# vLLM's dtype "auto" serves a float32 checkpoint in bfloat16, or float16 where there is none: 2 bytes on any
# accelerator.
SERVED_BYTES = 2.0
FP8_KV_BYTES = 1.0
# vLLM stores the latent of sparse attention (DeepSeek V3.2, GLM-5) in fp8 as 512 numbers, 4 float32 scales and 64
# rotary numbers in bfloat16, 656 bytes: vllm/v1/attention/backends/mla/flashmla_sparse.py.
SPARSE_LATENT_FP8_BYTES = 656.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shards:
    """Bytes of weights by how tensor parallelism treats them."""

    split: float  # attention, MLPs, mixers: each device holds its share
    key_value: float  # the same, but no finer than one KV head
    whole: float  # latent projections, routers, norms: every device holds them all
    experts: float
    embedding: float  # 0 where tied
    head: float
    vision: float
    dense_width: int  # the widest MLP, 0 where there is none
    expert_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A decoder as sizing and performance see it. A dense model has no experts: `num_experts` is 0."""

    name: str
    architecture: str
    num_layers: int
    hidden_size: int
    num_attention_heads: int
    num_kv_heads: int  # the most of any layer; 1 where one latent vector serves all heads
    head_dim: int
    vocab_size: int
    max_context_tokens: int | None
    num_experts: int
    num_experts_per_token: int
    total_params: int  # the vision tower included
    active_params: int  # those one text token passes through, the embedding table counted
    expert_params: int  # in all routed experts together
    embedding_params: (
        int  # looked up, not multiplied; 0 where the tied matrix is the logits' as well
    )
    vision_params: int
    dtype: Dtype  # what matrices are multiplied in
    quantization: Quantization
    kv_dtype: Dtype
    weight_bytes: float  # all weights, scales included, on all devices together without replicas
    expert_bytes: float
    shared_bytes_read: (
        float  # by every step: neither experts, nor the embedding table, nor the tower
    )
    kv_bytes_per_token: float  # while no window is full: windows and states only make it less
    state_bytes: float  # per sequence, of linear attention and state-space layers
    plain_bytes: float  # of a number that is not quantised
    shards: Shards
    scheme: Scheme
    layout: Layout

    def __hash__(self) -> int:
        """Of a few numbers rather than of every matrix: specs are keys of caches."""
        return hash((self.name, self.weight_bytes, self.kv_bytes_per_token, self.scheme.kind))

    @property
    def language_params(self) -> int:
        return self.total_params - self.vision_params

    def kv_bytes(self, context_tokens: float) -> float:
        """Kept for one sequence of that many tokens: windows look back only so far, states do not grow."""
        cached = self.state_bytes
        for kind in self.layout.attentions:
            tokens = context_tokens if kind.window is None else min(context_tokens, kind.window)
            cached += tokens * kind.layers * cache_bytes(kind, self)
        return cached

    def weight_bytes_read(self, batch: float) -> float:
        """Read by one step that computes `batch` tokens: not the embedding table, and only the experts that are hit.

        With k of E experts a token, chosen as if at random, a batch hits a share 1 - (1 - k/E)^batch of them.
        """
        if not self.num_experts:
            return self.shared_bytes_read
        hit: float = 1.0 - (1 - self.num_experts_per_token / self.num_experts) ** batch
        return self.shared_bytes_read + hit * self.expert_bytes


def cache_bytes(kind: Attention, spec: ModelSpec) -> float:
    """One layer of that kind, one token."""
    fp8 = spec.kv_dtype is Dtype.FP8
    if fp8 and kind.selected is not None:
        return SPARSE_LATENT_FP8_BYTES + kind.index_dim
    per_value = FP8_KV_BYTES if fp8 else spec.plain_bytes
    return kind.values_per_token * per_value + kind.index_dim


def state_bytes(state: State, plain_bytes: float) -> float:
    """All its layers, one sequence."""
    per_value = state.state_bytes_per_value or plain_bytes
    return state.layers * (state.conv_values * plain_bytes + state.state_values * per_value)


def model_spec_from_config(config: Mapping[str, object], *, name: str) -> ModelSpec:
    """The exact size of the model that `config` (a parsed config.json) describes; UnsupportedModelError otherwise."""
    read = Config(config, name)
    architecture = architecture_of(read)
    scheme = read_scheme(_quantization_section(read))
    layout = layout_of(read, architecture)
    context = served_context(read, layout.max_context_tokens)
    layout = replace(layout, max_context_tokens=context)
    return _spec(
        name=name,
        architecture=architecture,
        layout=layout,
        scheme=scheme,
        dtype=_dtype(read),
        kv_dtype=None,
        plain_bytes=SERVED_BYTES,
    )


def _quantization_section(read: Config) -> Config:
    """Some vision-language configs (Kimi K2.5) state it beside the decoder."""
    inner = read.fields.get("text_config")
    if read.get("quantization_config") is None and isinstance(inner, dict):
        return Config(inner, read.name, path="text_config.")
    return read


def _dtype(read: Config) -> Dtype:
    inner = read.fields.get("text_config")
    text = inner if isinstance(inner, dict) else {}
    stated = [
        read.fields.get("dtype"),
        read.fields.get("torch_dtype"),
        text.get("dtype"),
        text.get("torch_dtype"),
    ]
    value = next((entry for entry in stated if entry), Dtype.BF16)
    known = (Dtype.FP32, Dtype.BF16, Dtype.FP16, Dtype.FP8)
    if value not in known:
        raise read.refuse(
            f"field 'torch_dtype' is {repr(value)[:40]}, expected one of {', '.join(known)}"
        )
    return Dtype(str(value))


def quantized(
    spec: ModelSpec,
    quantization: Quantization,
    *,
    kv_dtype: Dtype | None = None,
    plain_bytes: float | None = None,
) -> ModelSpec:
    """The same model stored that way; `kv_dtype` None keeps the KV cache as it is, `plain_bytes` 4 serves it in float32."""
    scheme = spec.scheme if quantization is spec.quantization else SCHEMES[quantization]
    return rescheme(spec, scheme, kv_dtype=kv_dtype, plain_bytes=plain_bytes)


def rescheme(
    spec: ModelSpec,
    scheme: Scheme,
    *,
    kv_dtype: Dtype | None = None,
    plain_bytes: float | None = None,
) -> ModelSpec:
    """The same model under a scheme of its own."""
    return _requantized(
        spec, scheme, kv_dtype or spec.kv_dtype, spec.plain_bytes if plain_bytes is None else plain_bytes
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _requantized(
    spec: ModelSpec, scheme: Scheme, kv_dtype: Dtype, plain_bytes: float
) -> ModelSpec:
    return _spec(
        name=spec.name,
        architecture=spec.architecture,
        layout=spec.layout,
        scheme=scheme,
        dtype=_plain_dtype(spec),
        kv_dtype=kv_dtype,
        plain_bytes=plain_bytes,
    )


def _plain_dtype(spec: ModelSpec) -> Dtype:
    """What activations are in, whatever the weights are multiplied in."""
    return spec.dtype if spec.dtype in (Dtype.FP32, Dtype.FP16) else Dtype.BF16


def _spec(
    *,
    name: str,
    architecture: str,
    layout: Layout,
    scheme: Scheme,
    dtype: Dtype,
    kv_dtype: Dtype | None,
    plain_bytes: float,
) -> ModelSpec:
    if dtype is Dtype.FP8 and scheme.kind is Quantization.NONE:
        scheme = SCHEMES[Quantization.FP8]
    plain = Dtype.BF16 if dtype is Dtype.FP8 else dtype
    matrices = layout.matrices
    expert_params = params(matrices, Part.EXPERT)
    vision_params = params(matrices, Part.VISION)
    total = params(matrices)
    idle = expert_params
    if layout.num_experts:
        idle -= expert_params // layout.num_experts * layout.num_experts_per_token
    bytes_of = _bytes_by_part(layout, scheme, plain_bytes)
    not_read = (Part.EXPERT, Part.EMBEDDING, Part.VISION)
    bare = ModelSpec(
        name=name,
        architecture=architecture,
        num_layers=layout.num_layers,
        hidden_size=layout.hidden_size,
        num_attention_heads=layout.num_attention_heads,
        num_kv_heads=layout.num_kv_heads,
        head_dim=layout.head_dim,
        vocab_size=layout.vocab_size,
        max_context_tokens=layout.max_context_tokens,
        num_experts=layout.num_experts,
        num_experts_per_token=layout.num_experts_per_token,
        total_params=total,
        active_params=total - vision_params - idle,
        expert_params=expert_params,
        embedding_params=params(matrices, Part.EMBEDDING),
        vision_params=vision_params,
        dtype=scheme.compute_dtype or plain,
        quantization=scheme.kind,
        kv_dtype=kv_dtype or plain,
        weight_bytes=sum(bytes_of.values()),
        expert_bytes=bytes_of.get(Part.EXPERT, 0.0),
        shared_bytes_read=sum(size for part, size in bytes_of.items() if part not in not_read),
        kv_bytes_per_token=0.0,
        state_bytes=sum(state_bytes(state, plain_bytes) for state in layout.states),
        plain_bytes=plain_bytes,
        shards=_shards(layout, bytes_of),
        scheme=scheme,
        layout=layout,
    )
    per_token = sum(kind.layers * cache_bytes(kind, bare) for kind in layout.attentions)
    return replace(bare, kv_bytes_per_token=per_token)


_SPLIT = (Part.ATTENTION, Part.MIXER, Part.MLP)
_WHOLE = (Part.LATENT, Part.ROUTER, Part.VECTOR)


def _shards(layout: Layout, bytes_of: Mapping[Part, float]) -> Shards:
    def width(part: Part) -> int:
        ups = (m.rows for m in layout.matrices if m.part is part and m.name.endswith("up_proj"))
        return max(ups, default=0)

    return Shards(
        split=sum(bytes_of.get(part, 0.0) for part in _SPLIT),
        key_value=bytes_of.get(Part.KEY_VALUE, 0.0),
        whole=sum(bytes_of.get(part, 0.0) for part in _WHOLE),
        experts=bytes_of.get(Part.EXPERT, 0.0),
        embedding=bytes_of.get(Part.EMBEDDING, 0.0),
        head=bytes_of.get(Part.HEAD, 0.0),
        vision=bytes_of.get(Part.VISION, 0.0),
        dense_width=width(Part.MLP),
        expert_width=width(Part.EXPERT),
    )


def _bytes_by_part(layout: Layout, scheme: Scheme, plain_bytes: float) -> dict[Part, float]:
    sizes: dict[Part, float] = {}
    for matrix in layout.matrices:
        size = weight_bytes_of(matrix, scheme, plain_bytes, layout.num_experts)
        sizes[matrix.part] = sizes.get(matrix.part, 0.0) + size
    return sizes


def weight_bytes_of(matrix: Matrix, scheme: Scheme, plain_bytes: float, num_experts: int) -> float:
    return matrix_bytes(matrix, scheme, plain_bytes=plain_bytes, num_experts=num_experts)
