"""A model as a bag of matrices, and what each layer keeps of the tokens it has seen.

Parameters, bytes, FLOPs and the share of each device all follow from one list: which matrices there are, how large,
how often, and in which part of the model. Attention adds the cache: a key and a value per KV head, token and layer
(Kwon et al. 2023, arXiv 2309.06180); one shared latent vector with MLA (DeepSeek-V2, arXiv 2405.04434); only the last
`window` tokens where the layer slides; a state of constant size where it is linear (Mamba-2, arXiv 2405.21060; gated
DeltaNet, arXiv 2412.06464).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a matrix is for; it decides who reads it, who quantises it and how it is split."""

    EMBEDDING = "embedding"  # looked up, not multiplied
    HEAD = "lm_head"
    ATTENTION = "attention"
    KEY_VALUE = "attention.kv"  # replicated where there are more devices than KV heads
    LATENT = "attention.latent"  # MLA's down-projections: every device holds them whole
    MIXER = "mixer"  # linear attention or state space
    MLP = "mlp"
    EXPERT = "expert"
    ROUTER = "router"
    VECTOR = "vector"  # norms, biases and the like: never quantised, on every device
    VISION = "vision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """`count` matrices of `rows` outputs x `columns` inputs; a vector has one column."""

    name: str  # transformers' own name below the layer: "self_attn.q_proj"
    part: Part
    rows: int
    columns: int
    count: int

    @property
    def params(self) -> int:
        return self.rows * self.columns * self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """`layers` attention layers of one kind."""

    layers: int
    heads: int
    kv_heads: int
    key_dim: int
    value_dim: int
    window: int | None = None  # a token sees at most so many; None: all before it
    latent_dim: int | None = None  # MLA: what is cached per token in place of heads
    # sparse attention: what its indexer caches per token, always in fp8 with a scale
    index_dim: int = 0
    index_heads: int = 0
    index_key_dim: int = 0
    selected: int | None = None  # sparse attention: tokens it attends to at most
    cached: bool = True  # False: it reads the keys and values of an earlier layer
    frees_window: bool = True  # whether the engine lets go of what fell out of the window

    @property
    def values_per_token(self) -> int:
        """Cached by one layer for one token."""
        if not self.cached:
            return 0
        if self.latent_dim is not None:
            return self.latent_dim
        return self.kv_heads * (self.key_dim + self.value_dim)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`layers` layers that keep a state of constant size per sequence, and the heads it can be split over."""

    layers: int
    heads: int
    conv_values: int  # in the compute dtype
    state_values: int
    state_bytes_per_value: float | None  # None: the compute dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything the config says about sizes, read and checked."""

    num_layers: int
    hidden_size: int
    num_attention_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    max_context_tokens: int | None
    rotary_dim: int
    matrices: tuple[Matrix, ...]
    attentions: tuple[Attention, ...]
    states: tuple[State, ...] = ()
    num_experts: int = 0
    num_experts_per_token: int = 0
    tied: bool
    splits_tower: bool = True  # whether vLLM splits the vision tower over devices


def linear(
    name: str, part: Part, rows: int, columns: int, count: int, *, bias: bool = False
) -> list[Matrix]:
    """A linear layer, with its bias as a vector of its own."""
    if count <= 0 or rows <= 0 or columns <= 0:
        return []
    weight = Matrix(name=name, part=part, rows=rows, columns=columns, count=count)
    return [weight, *vector(f"{name}.bias", rows * count)] if bias else [weight]


def vector(name: str, size: int) -> list[Matrix]:
    """Norms, biases: `size` numbers in all."""
    return [Matrix(name=name, part=Part.VECTOR, rows=size, columns=1, count=1)] if size > 0 else []


def params(matrices: Iterable[Matrix], *parts: Part) -> int:
    """Parameters of those parts; of all where none is named."""
    return sum(matrix.params for matrix in matrices if not parts or matrix.part in parts)
