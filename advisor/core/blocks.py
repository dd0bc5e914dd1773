"""The blocks that decoders are built from: attention, MLP, experts, embeddings, and which layers slide or have experts.

Each block is a list of matrices. Attention has four projections; a gated MLP three matrices of hidden x intermediate,
a plain one two; a mixture of experts a router, `experts` MLPs of which each token visits a few, and often one that
all visit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from advisor.core.config_reader import Config
from advisor.core.layout import Attention, Layout, Matrix, Part, State, linear, vector

# A bias: always, never, or where the config's field says so, with what an absent field means.
Flag = bool | tuple[str, bool]


def flag(read: Config, value: Flag) -> bool:
    return value if isinstance(value, bool) else read.flag(*value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes that every layer shares."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int


def read_shape(
    read: Config, *, kv_heads_required: bool = False, head_dim_required: bool = False
) -> Shape:
    hidden, heads = read.whole("hidden_size"), read.whole("num_attention_heads")
    return Shape(
        layers=read.layers(),
        hidden=hidden,
        heads=heads,
        kv_heads=_kv_heads(read, heads, required=kv_heads_required),
        head_dim=_head_dim(read, hidden, heads, required=head_dim_required),
        vocab=read.whole("vocab_size"),
    )


def _kv_heads(read: Config, heads: int, *, required: bool) -> int:
    stated = read.optional_whole("num_key_value_heads")
    if stated is None and required:
        raise read.refuse("field 'num_key_value_heads' is missing")
    kv_heads = stated or heads
    if heads % kv_heads:
        raise read.refuse(
            f"field 'num_key_value_heads' is {kv_heads}, which does not divide num_attention_heads {heads}"
        )
    return kv_heads


def _head_dim(read: Config, hidden: int, heads: int, *, required: bool) -> int:
    stated = read.optional_whole("head_dim")
    if stated is not None:
        return stated
    if required:
        raise read.refuse("field 'head_dim' is missing")
    if hidden % heads:
        raise read.refuse(
            f"field 'hidden_size' is {hidden}, no multiple of num_attention_heads {heads}, and head_dim is missing"
        )
    return hidden // heads


def attention(
    shape: Shape,
    layers: int,
    *,
    qkv_bias: bool = False,
    output_bias: bool = False,
    query_gate: bool = False,
    value_dim: int | None = None,
) -> list[Matrix]:
    """The four projections of `layers` layers; with `query_gate` the query's is twice as wide (Qwen3-Next)."""
    query = shape.heads * shape.head_dim
    value = shape.head_dim if value_dim is None else value_dim
    hidden = shape.hidden
    return [
        *linear(
            "self_attn.q_proj", Part.ATTENTION, query * (1 + query_gate), hidden, layers, bias=qkv_bias
        ),
        *linear(
            "self_attn.k_proj", Part.KEY_VALUE, shape.kv_heads * shape.head_dim, hidden, layers, bias=qkv_bias
        ),
        *linear("self_attn.v_proj", Part.KEY_VALUE, shape.kv_heads * value, hidden, layers, bias=qkv_bias),
        *linear("self_attn.o_proj", Part.ATTENTION, hidden, shape.heads * value, layers, bias=output_bias),
    ]  # fmt: skip


def mlp(
    hidden: int,
    intermediate: int,
    layers: int,
    *,
    gated: bool = True,
    bias: bool = False,
    name: str = "mlp",
) -> list[Matrix]:
    gate = linear(f"{name}.gate_proj", Part.MLP, intermediate, hidden, layers, bias=bias)
    return [
        *(gate if gated else []),
        *linear(f"{name}.up_proj", Part.MLP, intermediate, hidden, layers, bias=bias),
        *linear(f"{name}.down_proj", Part.MLP, hidden, intermediate, layers, bias=bias),
    ]


def experts(
    hidden: int, intermediate: int, layers: int, num_experts: int, *, gated: bool = True
) -> list[Matrix]:
    """The routed experts' matrices, without the router."""
    count = layers * num_experts
    gate = linear("mlp.experts.gate_proj", Part.EXPERT, intermediate, hidden, count)
    return [
        *(gate if gated else []),
        *linear("mlp.experts.up_proj", Part.EXPERT, intermediate, hidden, count),
        *linear("mlp.experts.down_proj", Part.EXPERT, hidden, intermediate, count),
    ]


def embeddings(
    vocab: int, hidden: int, *, tied: bool, head_bias: bool = False, positions: int = 0
) -> list[Matrix]:
    """The token embedding and the logits' matrix: one and the same where tied. A position table is looked up too."""
    table = [] if tied else linear("embed_tokens", Part.EMBEDDING, vocab, hidden, 1)
    return [
        *table,
        *linear("embed_positions", Part.EMBEDDING, positions, hidden, 1),
        *linear("lm_head", Part.HEAD, vocab, hidden, 1),
        *vector("lm_head.bias", vocab if head_bias else 0),
    ]


def attentions(
    shape: Shape, windows: list[int | None], *, value_dim: int | None = None
) -> tuple[Attention, ...]:
    """One entry for each kind of layer in `windows`, which has one number per attention layer."""
    return tuple(
        Attention(
            layers=layers,
            heads=shape.heads,
            kv_heads=shape.kv_heads,
            key_dim=shape.head_dim,
            value_dim=shape.head_dim if value_dim is None else value_dim,
            window=window,
        )
        for window, layers in Counter(windows).items()
    )


def layout(
    shape: Shape,
    matrices: list[Matrix],
    *,
    tied: bool,
    context: int | None,
    attentions: tuple[Attention, ...],
    states: tuple[State, ...] = (),
    rotary_share: float = 1.0,
    experts: tuple[int, int] = (0, 0),
) -> Layout:
    """The model of these matrices; `experts` are how many there are and how many of them a token visits."""
    num_experts, per_token = experts
    return Layout(
        num_layers=shape.layers,
        hidden_size=shape.hidden,
        num_attention_heads=shape.heads,
        num_kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        vocab_size=shape.vocab,
        max_context_tokens=context,
        rotary_dim=int(shape.head_dim * rotary_share),
        matrices=tuple(matrices),
        attentions=attentions,
        states=states,
        num_experts=num_experts,
        num_experts_per_token=per_token,
        tied=tied,
    )


# Which layers look back only `sliding_window` tokens. Layer types that transformers 5 writes win over the older rules.
Windows = Callable[[Config, int], list[int | None]]
_LAYER_TYPES = {"full_attention", "sliding_attention", "chunked_attention", "attention"}


def no_windows(_read: Config, layers: int) -> list[int | None]:
    return [None] * layers


def every_layer_slides(read: Config, layers: int) -> list[int | None]:
    """Mistral: `sliding_window`, null in the later ones."""
    window = read.optional_whole("sliding_window")
    return _typed(read, layers, window, [window] * layers)


def slides_from_layer(read: Config, layers: int) -> list[int | None]:
    """Qwen2: only with `use_sliding_window`, from `max_window_layers` on."""
    on = read.flag("use_sliding_window", False)
    window = read.optional_whole("sliding_window", least=0) if on else None
    first = read.optional_whole("max_window_layers", least=0)
    start = 28 if first is None else first
    return _typed(read, layers, window, [window if i >= start else None for i in range(layers)])


def slides_but_every(period: int, field: str | None = None) -> Windows:
    """Gemma 2 and 3, Cohere 2, gpt-oss, OLMo 3: all but each `period`-th layer slide."""

    def windows(read: Config, layers: int) -> list[int | None]:
        window = read.optional_whole("sliding_window")
        every = (read.optional_whole(field) if field else None) or period
        slides = [window if (i + 1) % every else None for i in range(layers)]
        return _typed(read, layers, window, slides)

    return windows


def _typed(
    read: Config, layers: int, window: int | None, otherwise: list[int | None]
) -> list[int | None]:
    types = read.layer_texts("layer_types", layers, _LAYER_TYPES)
    if not types:
        return otherwise
    return [window if word == "sliding_attention" else None for word in types]
