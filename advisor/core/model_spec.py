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

from advisor.errors import UnsupportedModelError

MAX_FIELD = 10_000_000  # above any real config: keeps a hostile one from asking for 10^300 layers

# vLLM's dtype "auto" loads a float32 checkpoint as bfloat16 or float16 on every accelerator, so all are 2 bytes.
SERVED_BYTES_PER_WEIGHT = {"bfloat16": 2, "float16": 2, "float32": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Architecture:
    """How one class of transformers differs from the plain Llama block."""

    qkv_bias: bool | None = False  # None: the config's attention_bias says, for the output projection as well
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
SUPPORTED_ARCHITECTURES = tuple(_ARCHITECTURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What sizing and performance need to know of a model. A dense model has no experts: `num_experts` 0."""

    name: str
    architecture: str
    num_layers: int
    hidden_size: int
    num_attention_heads: int
    num_kv_heads: int
    head_dim: int
    intermediate_size: int  # of one expert where there are experts
    vocab_size: int
    tied_embeddings: bool
    num_experts: int
    num_experts_per_token: int
    total_params: int
    active_params: int  # visited by one token
    expert_params: int  # in all routed experts together
    weight_dtype: str
    weight_bytes_per_param: float
    max_context_tokens: int | None

    @property
    def weight_bytes(self) -> float:
        return self.total_params * self.weight_bytes_per_param

    @property
    def embedding_params(self) -> int:
        """Of one vocabulary matrix: the token embedding, and as much again for the logits."""
        return self.vocab_size * self.hidden_size

    @property
    def active_layer_params(self) -> int:
        """Visited by one token inside the layers: without the embedding (a look-up) and the logits' matrix."""
        matrices = 1 if self.tied_embeddings else 2
        return self.active_params - matrices * self.embedding_params

    @property
    def shared_params_read(self) -> int:
        """Read by every forward pass whatever its batch: all but the routed experts and an untied embedding table."""
        looked_up = 0 if self.tied_embeddings else self.embedding_params
        return self.total_params - self.expert_params - looked_up

    @property
    def logits_flops(self) -> int:
        """For one sampled position."""
        return 2 * self.embedding_params

    def kv_bytes_per_token(self, kv_dtype_bytes: float = 2) -> float:
        """2 (key, value) x layers x KV heads x head_dim x bytes. Sliding windows only make it less: not counted on."""
        return 2 * self.num_layers * self.num_kv_heads * self.head_dim * kv_dtype_bytes

    def layer_flops_per_token(self, context_tokens: float) -> float:
        """Forward, one token that attends to `context_tokens`: 2 per weight visited, and 4 L h head_dim ctx for QK and AV."""
        attention = 4 * self.num_layers * self.num_attention_heads * self.head_dim
        return 2 * self.active_layer_params + attention * context_tokens


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

    def weight_dtype(self) -> str:
        value = self.fields.get("dtype") or self.fields.get("torch_dtype")
        if value is None:
            return "float32"  # what transformers and vLLM take an absent dtype for
        if not isinstance(value, str) or value not in SERVED_BYTES_PER_WEIGHT:
            raise self.refuse(
                f"field 'torch_dtype' is {repr(value)[:40]}, expected one of {', '.join(SERVED_BYTES_PER_WEIGHT)}"
            )
        return value


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
    dtype = read.weight_dtype()
    return ModelSpec(
        name=name,
        architecture=architecture,
        num_layers=num_layers,
        hidden_size=hidden,
        num_attention_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        intermediate_size=read.int(row.expert_size_field) if experts else intermediate,
        vocab_size=vocab,
        tied_embeddings=tied,
        num_experts=experts,
        num_experts_per_token=per_token,
        total_params=total,
        active_params=total - moe_layers * (experts - per_token) * expert,
        expert_params=expert_params,
        weight_dtype=dtype,
        weight_bytes_per_param=SERVED_BYTES_PER_WEIGHT[dtype],
        max_context_tokens=read.optional_int("max_position_embeddings"),
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
