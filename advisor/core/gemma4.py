"""Gemma 4: full attention with wider heads than sliding, layers that share the keys and values of an earlier one, a small
embedding for each layer in the models for devices, and experts beside the MLP in the larger ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from advisor.core import blocks, moe
from advisor.core.blocks import Shape
from advisor.core.config_reader import Config
from advisor.core.layout import Attention, Layout, Matrix, Part, linear, vector

GLOBAL_HEAD_DIM = 512  # where the config is silent
_NOT_READ = ("per_layer_config",)


def gemma4_text(read: Config) -> Layout:
    shape = blocks.read_shape(read, kv_heads_required=True, head_dim_required=True)
    for field in _NOT_READ:
        if read.get(field):
            raise read.refuse(f"field {field!r} is unsupported")
    tied = read.flag("tie_word_embeddings", True)
    types = _layer_types(read, shape.layers)
    shared = read.optional_whole("num_kv_shared_layers", least=0) or 0
    if shared >= shape.layers:
        raise read.refuse(f"field 'num_kv_shared_layers' is {shared} of {shape.layers} layers")
    experts = _experts(read, shape)
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *_attention(read, shape, types, shared),
        *_mlps(read, shape, shared),
        *_per_layer_inputs(read, shape),
        *experts.matrices,
        *vector("norms", shape.hidden * (4 * shape.layers + 1)),
    ]
    context = read.optional_whole("max_position_embeddings")
    kinds = _kinds(read, shape, types, shared)
    read.refuse_what_was_not_read()
    return blocks.layout(
        shape, matrices, tied=tied, context=context, attentions=kinds, experts=experts.counts
    )


def _layer_types(read: Config, layers: int) -> list[str]:
    """The last layer is always a full one."""
    known = {"sliding_attention", "full_attention"}
    types = read.layer_texts("layer_types", layers, known) or [
        "sliding_attention" if (i + 1) % 6 else "full_attention" for i in range(layers)
    ]
    return [*types[:-1], "full_attention"]


def _wide(read: Config, shape: Shape) -> Shape:
    """Full attention's own heads."""
    stated = read.optional_whole("num_global_key_value_heads")
    same_values = read.flag("attention_k_eq_v", False)
    kv_heads = stated if stated is not None and same_values else shape.kv_heads
    if shape.heads % kv_heads:
        raise read.refuse(
            f"field 'num_global_key_value_heads' is {kv_heads}, which does not divide num_attention_heads {shape.heads}"
        )
    head_dim = read.optional_whole("global_head_dim") or GLOBAL_HEAD_DIM
    return replace(shape, kv_heads=kv_heads, head_dim=head_dim)


def _attention(read: Config, shape: Shape, types: list[str], shared: int) -> list[Matrix]:
    """A layer that shares has queries and outputs only; with `attention_k_eq_v` full attention's values are its keys."""
    bias, wide = read.flag("attention_bias", False), _wide(read, shape)
    same_values = read.flag("attention_k_eq_v", False)
    own = Counter(types[: len(types) - shared])
    matrices: list[Matrix] = []
    norms = 0
    for word, of in (("sliding_attention", shape), ("full_attention", wide)):
        layers, keyed = types.count(word), own[word]
        all_four = blocks.attention(of, layers, qkv_bias=bias, output_bias=bias)
        values_too = word == "sliding_attention" or not same_values
        matrices += [m for m in all_four if ".q_proj" in m.name or ".o_proj" in m.name]
        keys = blocks.attention(of, keyed, qkv_bias=bias)
        matrices += [
            m for m in keys if ".k_proj" in m.name or (values_too and ".v_proj" in m.name)
        ]
        norms += of.head_dim * (layers + keyed)
    return [*matrices, *vector("self_attn.norms", norms)]


def _mlps(read: Config, shape: Shape, shared: int) -> list[Matrix]:
    size = read.whole("intermediate_size")
    wide = shared if read.flag("use_double_wide_mlp", False) else 0
    return [
        *blocks.mlp(shape.hidden, size, shape.layers - wide),
        *blocks.mlp(shape.hidden, 2 * size, wide),
    ]


def _per_layer_inputs(read: Config, shape: Shape) -> list[Matrix]:
    stated = read.optional_whole("hidden_size_per_layer_input", least=0)
    size = 256 if stated is None else stated
    vocab = read.optional_whole("vocab_size_per_layer_input") or 262_144
    if not size:
        return []
    layers, hidden = shape.layers, shape.hidden
    return [
        *linear("embed_tokens_per_layer", Part.EMBEDDING, vocab, layers * size, 1),
        *linear("per_layer_model_projection", Part.MLP, layers * size, hidden, 1),
        *linear("per_layer_input_gate", Part.MLP, size, hidden, layers),
        *linear("per_layer_projection", Part.MLP, hidden, size, layers),
        *vector("per_layer_norms", size + layers * hidden),
    ]


def _experts(read: Config, shape: Shape) -> moe.Experts:
    """Beside the MLP of every layer; the router has a scale for its input and one for each expert."""
    fields = ("num_experts", "top_k_experts", "moe_intermediate_size")
    if not read.flag("enable_moe_block", False):
        for field in fields:
            read.get(field)
        return moe.NO_EXPERTS
    row = moe.Moe(experts_field="num_experts", per_token_field="top_k_experts")
    experts = moe.read_experts(read, row, shape.hidden, shape.layers)
    beside = shape.layers * (shape.hidden + experts.count + 3 * shape.hidden)
    matrices = (*_beside(experts.matrices), *vector("router.scales_and_norms", beside))
    return replace(experts, matrices=matrices)


def _beside(matrices: tuple[Matrix, ...]) -> list[Matrix]:
    """The experts are no part of the MLP here, and quantisers name them apart."""
    return [replace(matrix, name=matrix.name.removeprefix("mlp.")) for matrix in matrices]


def _kinds(read: Config, shape: Shape, types: list[str], shared: int) -> tuple[Attention, ...]:
    window, wide = read.optional_whole("sliding_window") or 512, _wide(read, shape)
    own = len(types) - shared
    kinds = []
    for (word, cached), layers in Counter((word, i < own) for i, word in enumerate(types)).items():
        of = shape if word == "sliding_attention" else wide
        kinds.append(
            Attention(
                layers=layers,
                heads=of.heads,
                kv_heads=of.kv_heads,
                key_dim=of.head_dim,
                value_dim=of.head_dim,
                window=window if word == "sliding_attention" else None,
                cached=cached,
            )
        )
    return tuple(kinds)
