"""Decoders that one row of flags cannot say: Falcon, OPT, GPT-BigCode, DBRX, DeciLM, Llama 4, MiMo-V2-Flash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from advisor.core import blocks, moe
from advisor.core.blocks import Shape
from advisor.core.config_reader import Config
from advisor.core.decoders import GPT_NAMES
from advisor.core.layout import Attention, Layout, Part, linear, vector


def _full(shape: Shape) -> tuple[Attention, ...]:
    """Every layer sees all tokens before."""
    return blocks.attentions(shape, [None] * shape.layers)


def falcon(config: Config) -> Layout:
    """Falcon: one KV head (7B), a few (40B, 180B) or all; the head count of the first is stated but not used."""
    read = config.renamed({
        "n_layer": "num_hidden_layers", "n_head": "num_attention_heads", "n_head_kv": "num_kv_heads",
        "n_embed": "hidden_size",
    })  # fmt: skip
    new = read.flag("new_decoder_architecture", False)
    multi_query = read.flag("multi_query", True)
    heads = read.whole("num_attention_heads")
    stated = read.optional_whole("num_kv_heads") or heads
    read.fields["num_key_value_heads"] = stated if new else 1 if multi_query else heads
    read.fields.pop("head_dim", None)
    shape = blocks.read_shape(read)
    bias, tied = read.flag("bias", False), read.flag("tie_word_embeddings", True)
    parallel = read.flag("parallel_attn", True)
    stated_norms = read.optional_whole("num_ln_in_parallel_attn") or (2 if new else 1)
    norms = 2 if not parallel or stated_norms == 2 else 1
    intermediate = read.optional_whole("ffn_hidden_size") or 4 * shape.hidden
    read.refuse_what_was_not_read()
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *blocks.attention(shape, shape.layers, qkv_bias=bias, output_bias=bias),
        *blocks.mlp(shape.hidden, intermediate, shape.layers, gated=False, bias=bias),
        *vector("norms", 2 * shape.hidden * (norms * shape.layers + 1)),
    ]
    rotary = 0.0 if read.flag("alibi", False) else 1.0
    context = read.optional_whole("max_position_embeddings")
    return blocks.layout(
        shape, matrices, tied=tied, context=context, attentions=_full(shape), rotary_share=rotary
    )


def opt(read: Config) -> Layout:
    """OPT: learned positions, two rows more than positions; the 350M projects its embedding and norms after the block."""
    shape = blocks.read_shape(read)
    tied, bias = read.flag("tie_word_embeddings", True), read.flag("enable_bias", True)
    affine = read.flag("layer_norm_elementwise_affine", True)
    embed = read.optional_whole("word_embed_proj_dim") or shape.hidden
    context, layers, hidden = read.whole("max_position_embeddings"), shape.layers, shape.hidden
    final_norm = read.flag("do_layer_norm_before", True) and not read.flag(
        "_remove_final_layer_norm", False
    )
    projections = 0 if embed == hidden else 1
    read.refuse_what_was_not_read()
    matrices = [
        *blocks.embeddings(shape.vocab, embed, tied=tied),
        *linear("embed_positions", Part.EMBEDDING, context + 2, hidden, 1),
        *linear("project_in", Part.MLP, hidden, embed, projections),
        *linear("project_out", Part.MLP, embed, hidden, projections),
        *blocks.attention(shape, layers, qkv_bias=bias, output_bias=bias),
        *blocks.mlp(hidden, read.whole("ffn_dim"), layers, gated=False, bias=bias),
        *vector("norms", 2 * hidden * (2 * layers + final_norm) * affine),
    ]
    return blocks.layout(
        shape, matrices, tied=tied, context=context, attentions=_full(shape), rotary_share=0.0
    )


def gpt_bigcode(config: Config) -> Layout:
    """StarCoder: GPT-2 with one KV head."""
    read = config.renamed(GPT_NAMES)
    multi_query = read.flag("multi_query", True)
    read.fields["num_key_value_heads"] = 1 if multi_query else read.whole("num_attention_heads")
    shape = blocks.read_shape(read)
    tied = read.flag("tie_word_embeddings", True)
    context = read.whole("max_position_embeddings")
    intermediate = read.optional_whole("intermediate_size") or 4 * shape.hidden
    read.refuse_what_was_not_read()
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied, positions=context),
        *blocks.attention(shape, shape.layers, qkv_bias=True, output_bias=True),
        *blocks.mlp(shape.hidden, intermediate, shape.layers, gated=False, bias=True),
        *vector("norms", 2 * shape.hidden * (2 * shape.layers + 1)),
    ]
    return blocks.layout(
        shape, matrices, tied=tied, context=context, attentions=_full(shape), rotary_share=0.0
    )


def dbrx(config: Config) -> Layout:
    read = config.renamed({
        "d_model": "hidden_size", "n_layers": "num_hidden_layers", "n_heads": "num_attention_heads",
        "max_seq_len": "max_position_embeddings",
    })  # fmt: skip
    ffn = read.section("ffn_config")
    read.fields["num_key_value_heads"] = read.section("attn_config").whole("kv_n_heads")
    shape = blocks.read_shape(read)
    tied = read.flag("tie_word_embeddings", False)
    row = moe.Moe(
        experts_field="moe_num_experts", per_token_field="moe_top_k", size_field="ffn_hidden_size"
    )
    experts = moe.read_experts(ffn, row, shape.hidden, shape.layers)
    read.refuse_what_was_not_read()
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *blocks.attention(shape, shape.layers),
        *experts.matrices,
        *vector("norms", shape.hidden * (2 * shape.layers + 1)),
    ]
    context = read.optional_whole("max_position_embeddings")
    return blocks.layout(
        shape,
        matrices,
        tied=tied,
        context=context,
        attentions=_full(shape),
        experts=experts.counts,
    )


# --- DeciLM, and Nemotron models found by architecture search --------------------------------------


def decilm(read: Config) -> Layout:
    """Llama blocks whose KV heads, and in Nemotron NAS also MLPs, differ from layer to layer or are left out."""
    if read.get("block_configs") is not None:
        return _nemotron_nas(read)
    per_layer = read.get("num_key_value_heads_per_layer")
    layers, heads = read.layers(), read.whole("num_attention_heads")
    if not isinstance(per_layer, list) or len(per_layer) != layers:
        raise read.refuse("field 'num_key_value_heads_per_layer' must have one number per layer")
    for kv_heads in per_layer:
        if type(kv_heads) is not int or kv_heads < 1 or heads % kv_heads:
            raise read.refuse(
                "field 'num_key_value_heads_per_layer' has a number that does not divide num_attention_heads"
            )
    sizes = [read.whole("intermediate_size")] * layers
    return _layer_by_layer(read, list(per_layer), sizes)


def _nemotron_nas(read: Config) -> Layout:
    block_configs = read.get("block_configs")
    heads, hidden = read.whole("num_attention_heads"), read.whole("hidden_size")
    if not isinstance(block_configs, list) or len(block_configs) != read.layers():
        raise read.refuse("field 'block_configs' must have one entry per layer")
    kv_heads, sizes = [], []
    for block in block_configs:
        block_read = Config(
            {"block": block} if isinstance(block, dict) else {}, read.name, path="block_configs."
        ).section("block")
        attention, ffn = block_read.section("attention"), block_read.section("ffn")
        for part in (attention, ffn):
            if part.flag("replace_with_linear", False):
                raise read.refuse("field 'block_configs': replace_with_linear is unsupported")
        group = None if attention.flag("no_op", False) else attention.whole("n_heads_in_group")
        if group is not None and heads % group:
            raise read.refuse(
                "field 'block_configs': n_heads_in_group does not divide num_attention_heads"
            )
        kv_heads.append(0 if group is None else heads // group)
        sizes.append(0 if ffn.flag("no_op", False) else _nas_size(ffn, hidden))
    return _layer_by_layer(read, kv_heads, sizes)


def _nas_size(ffn: Config, hidden: int) -> int:
    """vLLM, nemotron_nas.py: two thirds of the multiple, rounded up to a multiple of 256."""
    stated = ffn.optional_whole("intermediate_size")
    if stated is not None:
        return stated
    size = int(2 * ffn.number("ffn_mult", 0) * hidden / 3)
    return (size + 255) // 256 * 256


def _layer_by_layer(read: Config, kv_heads: list[int], sizes: list[int]) -> Layout:
    read.fields["num_key_value_heads"] = max([*kv_heads, 1])
    shape = blocks.read_shape(read)
    bias, mlp_bias = read.flag("attention_bias", False), read.flag("mlp_bias", False)
    tied = read.flag("tie_word_embeddings", False)
    context = read.optional_whole("max_position_embeddings")
    read.refuse_what_was_not_read()
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *vector("norms", shape.hidden * (1 + sum(n > 0 for n in kv_heads) + sum(s > 0 for s in sizes))),
    ]  # fmt: skip
    kinds: list[Attention] = []
    for heads in sorted(set(kv_heads) - {0}):
        own = replace(shape, kv_heads=heads)
        count = kv_heads.count(heads)
        matrices += blocks.attention(own, count, qkv_bias=bias, output_bias=bias)
        kinds += blocks.attentions(own, [None] * count)
    for size in sorted(set(sizes) - {0}):
        matrices += blocks.mlp(shape.hidden, size, sizes.count(size), bias=mlp_bias)
    return blocks.layout(shape, matrices, tied=tied, context=context, attentions=tuple(kinds))


# --- Llama 4 --------------------------------------------------------------------------------------


def llama4(read: Config) -> Layout:
    """Llama 4: experts in each or each second layer, and three of four layers attend within chunks."""
    shape = blocks.read_shape(read, kv_heads_required=True, head_dim_required=True)
    tied = read.flag("tie_word_embeddings", False)
    row = moe.Moe(
        experts_field="num_local_experts", size_field="intermediate_size", layers=moe.interleaved,
        shared_size_field="intermediate_size",
    )  # fmt: skip
    experts = moe.read_experts(read, row, shape.hidden, shape.layers)
    dense = shape.layers - experts.layers
    bias = read.flag("attention_bias", False)
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *blocks.attention(shape, shape.layers, qkv_bias=bias, output_bias=bias),
        *(blocks.mlp(shape.hidden, read.whole("intermediate_size_mlp"), dense) if dense else []),
        *experts.matrices,
        *vector("norms", shape.hidden * (2 * shape.layers + 1)),
    ]
    windows = _llama4_windows(read, shape.layers)
    read.refuse_what_was_not_read()
    context = read.optional_whole("max_position_embeddings")
    # vLLM keeps all tokens of chunked layers, unless told otherwise by an environment variable.
    kept = tuple(replace(kind, frees_window=False) for kind in blocks.attentions(shape, windows))
    return blocks.layout(
        shape, matrices, tied=tied, context=context, attentions=kept, experts=experts.counts
    )


def _llama4_windows(read: Config, layers: int) -> list[int | None]:
    chunk = read.optional_whole("attention_chunk_size")
    types = read.layer_texts("layer_types", layers, {"chunked_attention", "full_attention"})
    if types:
        return [chunk if word == "chunked_attention" else None for word in types]
    every = read.optional_whole("no_rope_layer_interval") or 4
    stated = read.get("no_rope_layers")
    with_rope: list[object] = (
        stated
        if isinstance(stated, list) and len(stated) == layers
        else [(i + 1) % every for i in range(layers)]
    )
    return [chunk if rope else None for rope in with_rope]


# --- MiMo-V2-Flash ----------------------------------------------------------------------------------


def mimo_v2(read: Config) -> Layout:
    """MiMo-V2-Flash: sliding layers have twice the KV heads and a sink per head; values are narrower than keys."""
    shape = blocks.read_shape(read, kv_heads_required=True, head_dim_required=True)
    tied, value = read.flag("tie_word_embeddings", False), read.whole("v_head_dim")
    slides = _mimo_layers(
        read, "layer_types", "hybrid_layer_pattern", "sliding_attention", shape.layers
    )
    sparse = sum(_mimo_layers(read, "mlp_layer_types", "moe_layer_freq", "sparse", shape.layers))
    row = moe.Moe(experts_field="n_routed_experts", layers=lambda _read, _layers: sparse)
    read.get("n_shared_experts")
    experts = moe.read_experts(read, row, shape.hidden, shape.layers)
    bias = read.flag("attention_bias", False)
    wide = replace(shape, kv_heads=2 * shape.kv_heads)
    stated = read.optional_whole("swa_num_key_value_heads")
    if shape.heads % wide.kv_heads or (stated or wide.kv_heads) != wide.kv_heads:
        raise read.refuse("field 'swa_num_key_value_heads' must be twice num_key_value_heads")
    sliding, dense = sum(slides), shape.layers - experts.layers
    window = read.whole("sliding_window")
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *blocks.attention(shape, shape.layers - sliding, qkv_bias=bias, value_dim=value),
        *blocks.attention(wide, sliding, qkv_bias=bias, value_dim=value),
        *vector("self_attn.sinks", sliding * shape.heads),
        *(blocks.mlp(shape.hidden, read.whole("intermediate_size"), dense) if dense else []),
        *experts.matrices,
        *vector("norms", shape.hidden * (2 * shape.layers + 1)),
    ]
    read.refuse_what_was_not_read()
    context = read.optional_whole("max_position_embeddings")
    full: list[int | None] = [None] * (shape.layers - sliding)
    kinds = (
        *blocks.attentions(shape, full, value_dim=value),
        *blocks.attentions(wide, [window] * sliding, value_dim=value),
    )
    return blocks.layout(
        wide if sliding else shape,
        matrices,
        tied=tied,
        context=context,
        attentions=kinds,
        experts=experts.counts,
    )


def _mimo_layers(
    read: Config, words_field: str, numbers_field: str, word: str, layers: int
) -> list[bool]:
    """Layer by layer, in transformers' words or in the checkpoint's own ones and zeros."""
    other = {"sliding_attention": "full_attention", "sparse": "dense"}[word]
    words = read.layer_texts(words_field, layers, {word, other})
    if words:
        return [found == word for found in words]
    numbers = read.get(numbers_field)
    if (
        not isinstance(numbers, list)
        or len(numbers) != layers
        or not {*map(repr, numbers)} <= {"0", "1"}
    ):
        raise read.refuse(f"field {numbers_field!r} must have a 0 or 1 per layer")
    return [number == 1 for number in numbers]


ODD_DECODERS: Mapping[str, Callable[[Config], Layout]] = {
    "FalconForCausalLM": falcon,
    "RWForCausalLM": falcon,
    "OPTForCausalLM": opt,
    "GPTBigCodeForCausalLM": gpt_bigcode,
    "DbrxForCausalLM": dbrx,
    "DeciLMForCausalLM": decilm,
    "Llama4ForCausalLM": llama4,
    "MiMoV2FlashForCausalLM": mimo_v2,
}
