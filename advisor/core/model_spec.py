"""What a model weighs and what a token of context costs, exactly, from its config.json alone.

A decoder layer has attention (query, key, value, output projections) and a gated MLP (gate, up, down), dense or as
experts with a router; the norms are vectors. Every count here was compared with transformers' own modules on the meta
device and equals them; an architecture that was not is refused, never guessed.

KV cache bytes per token = 2 (key and value) x layers x kv_heads x head_dim x bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.errors import UnsupportedModelError


class Dtype(StrEnum):
    """How weights are stored; float32 checkpoints are served in bf16 on GPUs."""

    FP32 = "float32"
    BF16 = "bfloat16"
    FP16 = "float16"
    FP8 = "fp8"


BYTES_PER_WEIGHT = {Dtype.FP32: 2.0, Dtype.BF16: 2.0, Dtype.FP16: 2.0, Dtype.FP8: 1.0}
KV_BYTES_PER_VALUE = 2.0  # vLLM keeps the KV cache in the compute dtype unless told otherwise
MAX_DIMENSION = (
    10_000_000  # beyond any model there is: a config that says more is broken or hostile
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How an architecture departs from Llama's layer, as far as parameters go."""

    qkv_bias: bool = False
    qk_norm: bool = False
    norms_per_layer: int = 2
    ties_by_default: bool = False
    is_moe: bool = False
    expert_width_key: str = "intermediate_size"
    head_dim_default: int | None = None


FAMILIES = {
    "LlamaForCausalLM": Family(),
    "MistralForCausalLM": Family(),
    "Qwen2ForCausalLM": Family(qkv_bias=True),
    "Qwen3ForCausalLM": Family(qk_norm=True, head_dim_default=128),
    "GemmaForCausalLM": Family(ties_by_default=True, head_dim_default=256),
    "Gemma2ForCausalLM": Family(ties_by_default=True, norms_per_layer=4, head_dim_default=256),
    "MixtralForCausalLM": Family(is_moe=True),
    "Qwen3MoeForCausalLM": Family(
        qk_norm=True, is_moe=True, expert_width_key="moe_intermediate_size"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A decoder as sizing and performance see it. `active_params` are those one token passes through."""

    name: str
    architecture: str
    num_layers: int
    hidden_size: int
    num_attention_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    max_context_tokens: int | None
    total_params: int
    active_params: int
    embedding_params: int  # looked up, not multiplied, except as the tied output layer
    dtype: Dtype

    @property
    def weight_bytes(self) -> float:
        return self.total_params * BYTES_PER_WEIGHT[self.dtype]

    @property
    def kv_bytes_per_token(self) -> float:
        return 2 * self.num_layers * self.num_kv_heads * self.head_dim * KV_BYTES_PER_VALUE


def model_spec_from_config(config: Mapping[str, object], *, name: str) -> ModelSpec:
    """The spec of a Hugging Face config.json; UnsupportedModelError naming the architecture or the field."""
    read = _Reader(config, name)
    architecture = read.architecture()
    family = FAMILIES[architecture]
    hidden, layers, vocab = (
        read.size("hidden_size"),
        read.size("num_hidden_layers"),
        read.size("vocab_size"),
    )
    heads = read.size("num_attention_heads")
    kv_heads = read.size("num_key_value_heads", default=heads)
    head_dim = read.size("head_dim", default=family.head_dim_default or max(1, hidden // heads))

    projections = hidden * head_dim * (heads + 2 * kv_heads) + heads * head_dim * hidden
    if family.qkv_bias or read.flag("attention_bias"):
        projections += head_dim * (heads + 2 * kv_heads)
    if read.flag("attention_bias"):
        projections += hidden
    vectors = family.norms_per_layer * hidden + (2 * head_dim if family.qk_norm else 0)
    mlp = 3 * hidden * read.size(family.expert_width_key)
    if read.flag("mlp_bias"):
        mlp += 2 * read.size(family.expert_width_key) + hidden
    total_mlp, active_mlp = mlp, mlp
    if family.is_moe:
        experts = read.size("num_experts" if "num_experts" in config else "num_local_experts")
        chosen = read.size("num_experts_per_tok")
        router = hidden * experts
        total_mlp, active_mlp = experts * mlp + router, min(chosen, experts) * mlp + router

    embedding = vocab * hidden
    output = 0 if read.flag("tie_word_embeddings", default=family.ties_by_default) else embedding
    outside = embedding + output + hidden
    return ModelSpec(
        name=name,
        architecture=architecture,
        num_layers=layers,
        hidden_size=hidden,
        num_attention_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        vocab_size=vocab,
        max_context_tokens=read.size("max_position_embeddings", default=0) or None,
        total_params=outside + layers * (projections + vectors + total_mlp),
        active_params=outside + layers * (projections + vectors + active_mlp),
        embedding_params=embedding if output else 0,
        dtype=read.dtype(),
    )


class _Reader:
    """Fields of a config.json that may be missing, malformed or hostile."""

    def __init__(self, config: Mapping[str, object], name: str) -> None:
        self._config = config
        self._name = name

    def refuse(self, field: str, problem: str) -> UnsupportedModelError:
        return UnsupportedModelError(f"{self._name}: config.json: {field}: {problem}")

    def architecture(self) -> str:
        found = self._config.get("architectures")
        if not isinstance(found, list) or not found or not isinstance(found[0], str):
            raise self.refuse("architectures", "missing")
        if found[0] not in FAMILIES:
            raise self.refuse(
                "architectures",
                f"{found[0][:80]!r} is not supported; supported are {', '.join(sorted(FAMILIES))}",
            )
        if self._config.get("quantization_config"):
            raise self.refuse("quantization_config", "quantised checkpoints are not supported yet")
        if self._config.get("mlp_only_layers") or self._config.get("decoder_sparse_step", 1) != 1:
            raise self.refuse(
                "mlp_only_layers",
                "layers that alternate between dense and experts are not supported",
            )
        return found[0]

    def size(self, field: str, *, default: int | None = None) -> int:
        value = self._config.get(field)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_DIMENSION:
            raise self.refuse(
                field,
                f"a whole number from 1 to {MAX_DIMENSION} is needed, got {str(value)[:40]!r}",
            )
        return value

    def flag(self, field: str, *, default: bool = False) -> bool:
        value = self._config.get(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(field, f"true or false is needed, got {str(value)[:40]!r}")
        return value

    def dtype(self) -> Dtype:
        value = self._config.get("dtype") or self._config.get("torch_dtype") or "bfloat16"
        try:
            return Dtype(str(value))
        except ValueError:
            raise self.refuse(
                "dtype", f"{str(value)[:40]!r} is not one of {', '.join(Dtype)}"
            ) from None
