"""A model's exact size from its own config.json.

A decoder layer holds four attention projections and a gated MLP of three matrices of hidden x intermediate, or a router and
`num_experts` such MLPs of which each token visits a few: those count in full for memory and in part for FLOPs. Around the
layers stand the token embedding and the logits' matrix, one and the same where `tie_word_embeddings`. Architectures
differ only in biases, norms and defaults, so each is one row of `_ARCHITECTURES`; every row was compared with transformers
5.19 on the meta device, difference 0. What has no row is unsupported: a guess here would be a wrong bill later.

KV cache: one key and one value of head_dim per layer, KV head and token (Kwon et al. 2023, arXiv 2309.06180).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.errors import UnsupportedModelError

MAX_FIELD = 10_000_000  # above any real config: keeps a hostile one from asking for 10^300 layers


class Dtype(StrEnum):
    """How weights are stored."""

    FP32 = "float32"
    BF16 = "bfloat16"
    FP16 = "float16"
    FP8 = "fp8"


# vLLM's dtype "auto" serves a float32 checkpoint in bfloat16, or float16 where there is none: 2 bytes on any accelerator.
BYTES_PER_WEIGHT = {Dtype.FP32: 2.0, Dtype.BF16: 2.0, Dtype.FP16: 2.0, Dtype.FP8: 1.0}
KV_BYTES_PER_VALUE = 2.0  # vLLM keeps the KV cache in the compute dtype unless told otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Architecture:
    """How one class of transformers differs from the plain Llama block."""

    qkv_bias: bool | None = (
        False  # None: the config's attention_bias says, for the output projection as well
    )
    mlp_bias: bool | None = False  # None: the config's mlp_bias says
    qk_norm: bool = False
    norms_per_layer: int = 2
    tied_by_default: bool = False
    kv_heads_required: bool = True  # False: absent means as many as attention heads
    head_dim_required: bool = False  # False: absent means hidden_size / num_attention_heads
    experts_field: str | None = None
    expert_size_field: str = "intermediate_size"


_ARCHITECTURES = {
    "LlamaForCausalLM": _Architecture(qkv_bias=None, mlp_bias=None, kv_heads_required=False),
    "GraniteForCausalLM": _Architecture(qkv_bias=None, mlp_bias=None, kv_heads_required=False),
    "Phi3ForCausalLM": _Architecture(kv_heads_required=False),
    "MistralForCausalLM": _Architecture(),
    "Qwen2ForCausalLM": _Architecture(qkv_bias=True),
    "Qwen3ForCausalLM": _Architecture(qkv_bias=None, qk_norm=True, head_dim_required=True),
    "GemmaForCausalLM": _Architecture(qkv_bias=None, tied_by_default=True, head_dim_required=True),
    "Gemma2ForCausalLM": _Architecture(
        qkv_bias=None, norms_per_layer=4, tied_by_default=True, head_dim_required=True
    ),
    "MixtralForCausalLM": _Architecture(experts_field="num_local_experts"),
    "Qwen3MoeForCausalLM": _Architecture(
        qkv_bias=None,
        qk_norm=True,
        experts_field="num_experts",
        expert_size_field="moe_intermediate_size",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A decoder as sizing and performance see it. A dense model has no experts: `num_experts` is 0."""

    name: str
    architecture: str
    num_layers: int
    hidden_size: int
    num_attention_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    max_context_tokens: int | None
    num_experts: int
    num_experts_per_token: int
    total_params: int
    active_params: int  # those one token passes through
    expert_params: int  # in all routed experts together
    embedding_params: (
        int  # looked up, not multiplied; 0 where the tied matrix is the logits' as well
    )
    dtype: Dtype

    @property
    def weight_bytes(self) -> float:
        return self.total_params * BYTES_PER_WEIGHT[self.dtype]

    @property
    def kv_bytes_per_token(self) -> float:
        """Sliding windows only make it less, and are not counted on."""
        return 2 * self.num_layers * self.num_kv_heads * self.head_dim * KV_BYTES_PER_VALUE

    def weight_bytes_read(self, batch: float) -> float:
        """Read by one step that computes `batch` tokens: not the embedding table, and only the experts that are hit.

        With k of E experts a token, chosen as if at random, a batch hits a share 1 - (1 - k/E)^batch of them.
        """
        hit = 1.0
        if self.num_experts:
            hit -= (1 - self.num_experts_per_token / self.num_experts) ** batch
        shared = self.total_params - self.expert_params - self.embedding_params
        return (shared + hit * self.expert_params) * BYTES_PER_WEIGHT[self.dtype]


class _Config:
    """Typed, bounded reading of an untrusted mapping: every complaint names the model and the field."""

    def __init__(self, fields: Mapping[str, object], name: str) -> None:
        self.fields = fields
        self.name = name

    def refuse(self, problem: str) -> UnsupportedModelError:
        return UnsupportedModelError(f"{self.name}: config.json: {problem}")

    def optional_int(self, field: str) -> int | None:
        value = self.fields.get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_FIELD:
            shown = repr(value)[:40]
            raise self.refuse(
                f"field {field!r} is {shown}, expected a whole number from 1 to {MAX_FIELD}"
            )
        return value

    def int(self, field: str) -> int:
        value = self.optional_int(field)
        if value is None:
            raise self.refuse(f"field {field!r} is missing")
        return value

    def flag(self, field: str, default: bool) -> bool:
        value = self.fields.get(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(f"field {field!r} is {repr(value)[:40]}, expected true or false")
        return value

    def architecture(self) -> str:
        names = self.fields.get("architectures")
        if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
            raise self.refuse("field 'architectures' must be a list with one name")
        if names[0] not in _ARCHITECTURES:
            raise self.refuse(
                f"architecture {names[0][:80]!r} is unsupported; supported are {', '.join(_ARCHITECTURES)}"
            )
        return names[0]

    def dtype(self) -> Dtype:
        value = self.fields.get("dtype") or self.fields.get("torch_dtype") or Dtype.BF16
        try:
            return Dtype(str(value))
        except ValueError:
            raise self.refuse(
                f"field 'torch_dtype' is {repr(value)[:40]}, expected one of {', '.join(Dtype)}"
            ) from None


def model_spec_from_config(config: Mapping[str, object], *, name: str) -> ModelSpec:
    """The exact size of the model that `config` (a parsed config.json) describes; UnsupportedModelError otherwise."""
    read = _Config(config, name)
    architecture = read.architecture()
    row = _ARCHITECTURES[architecture]
    if config.get("quantization_config") is not None:
        raise read.refuse("field 'quantization_config': quantised checkpoints are unsupported")
    num_layers, hidden = read.int("num_hidden_layers"), read.int("hidden_size")
    heads, vocab = read.int("num_attention_heads"), read.int("vocab_size")
    intermediate = read.int("intermediate_size")
    kv_heads = _kv_heads(read, row, heads)
    head_dim = _head_dim(read, row, hidden, heads)
    tied = read.flag("tie_word_embeddings", row.tied_by_default)
    attention = _attention_params(read, row, hidden, heads * head_dim, kv_heads * head_dim)
    qk_norm = 2 * head_dim if row.qk_norm else 0
    every_layer = attention + qk_norm + row.norms_per_layer * hidden
    mlp_bias = read.flag("mlp_bias", False) if row.mlp_bias is None else row.mlp_bias
    mlp = 3 * hidden * intermediate + (2 * intermediate + hidden if mlp_bias else 0)
    moe_layers, experts, per_token = _experts(read, row, num_layers)
    expert = 3 * hidden * read.int(row.expert_size_field)
    expert_params = moe_layers * experts * expert
    total = (
        vocab * hidden * (1 if tied else 2)
        + num_layers * every_layer
        + (num_layers - moe_layers) * mlp
        + moe_layers * experts * hidden  # routers
        + expert_params
        + hidden  # the last norm
    )
    return ModelSpec(
        name=name,
        architecture=architecture,
        num_layers=num_layers,
        hidden_size=hidden,
        num_attention_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        vocab_size=vocab,
        max_context_tokens=read.optional_int("max_position_embeddings"),
        num_experts=experts,
        num_experts_per_token=per_token,
        total_params=total,
        active_params=total - moe_layers * (experts - per_token) * expert,
        expert_params=expert_params,
        embedding_params=0 if tied else vocab * hidden,
        dtype=read.dtype(),
    )


def _kv_heads(read: _Config, row: _Architecture, heads: int) -> int:
    stated = read.optional_int("num_key_value_heads")
    if stated is None and row.kv_heads_required:
        raise read.refuse("field 'num_key_value_heads' is missing")
    kv_heads = stated or heads
    if heads % kv_heads:
        raise read.refuse(
            f"field 'num_key_value_heads' is {kv_heads}, which does not divide num_attention_heads {heads}"
        )
    return kv_heads


def _head_dim(read: _Config, row: _Architecture, hidden: int, heads: int) -> int:
    stated = read.optional_int("head_dim")
    if stated is not None:
        return stated
    if row.head_dim_required:
        raise read.refuse("field 'head_dim' is missing")
    if hidden % heads:
        raise read.refuse(
            f"field 'hidden_size' is {hidden}, no multiple of num_attention_heads {heads}, and head_dim is missing"
        )
    return hidden // heads


def _attention_params(
    read: _Config, row: _Architecture, hidden: int, q_size: int, kv_size: int
) -> int:
    weights = hidden * (q_size + 2 * kv_size) + q_size * hidden
    if row.qkv_bias is None:
        return weights + (q_size + 2 * kv_size + hidden) * read.flag("attention_bias", False)
    return weights + (q_size + 2 * kv_size) * row.qkv_bias


def _experts(read: _Config, row: _Architecture, num_layers: int) -> tuple[int, int, int]:
    """Layers with experts, experts in each, experts a token visits; all 0 for a dense model."""
    if row.experts_field is None:
        return 0, 0, 0
    experts, per_token = read.int(row.experts_field), read.int("num_experts_per_tok")
    if per_token > experts:
        raise read.refuse(
            f"field 'num_experts_per_tok' is {per_token}, more than {row.experts_field} {experts}"
        )
    step = read.optional_int("decoder_sparse_step") or 1
    dense = read.fields.get("mlp_only_layers") or []
    if not isinstance(dense, list) or not all(type(layer) is int for layer in dense):
        raise read.refuse("field 'mlp_only_layers' must be a list of layer numbers")
    plain = set(dense)
    # Arithmetic, not a walk over the layers: a config may claim ten million of them.
    sparse = num_layers // step - sum(
        0 <= layer < num_layers and (layer + 1) % step == 0 for layer in plain
    )
    if sparse == 0:
        return 0, 0, 0
    return sparse, experts, per_token
