"""Gated DeltaNet in three of four layers: Qwen3-Next and Qwen3.5 (arXiv 2412.06464).

Its state is value heads x key_dim x value_dim numbers a sequence, and the last inputs of a short convolution.
"""

from __future__ import annotations

from collections.abc import Callable

from advisor.core import blocks, moe
from advisor.core.config_reader import Config
from advisor.core.hybrids import STATE_BYTES, hybrid_layout
from advisor.core.layout import Layout, Matrix, Part, State, linear, vector


def qwen_linear(*, fused: bool, with_experts: bool) -> Callable[[Config], Layout]:
    """Gated DeltaNet in three of four layers. Qwen3.5 splits the projections that Qwen3-Next fuses: as many numbers."""

    def layout(read: Config) -> Layout:
        shape = blocks.read_shape(read, kv_heads_required=True, head_dim_required=True)
        tied = read.flag("tie_word_embeddings", False)
        types = read.layer_texts(
            "layer_types", shape.layers, {"linear_attention", "full_attention"}
        )
        every = read.optional_whole("full_attention_interval") or 4
        attention = types.count("full_attention") if types else shape.layers // every
        row = moe.Moe(
            experts_field="num_experts",
            layers=moe.every_step if fused else moe.all_layers,
            shared_size_field="shared_expert_intermediate_size",
            shared_gate=True,
        )
        experts = moe.read_experts(read, row if with_experts else None, shape.hidden, shape.layers)
        dense = shape.layers - experts.layers
        bias = read.flag("attention_bias", False)
        linear_layers = shape.layers - attention
        matrices = [
            *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
            *blocks.attention(shape, attention, qkv_bias=bias, output_bias=bias, query_gate=True),
            *vector("self_attn.norms", attention * 2 * shape.head_dim),
            *_delta_net(read, shape.hidden, linear_layers),
            *(blocks.mlp(shape.hidden, read.whole("intermediate_size"), dense) if dense else []),
            *experts.matrices,
            *vector("norms", (2 * shape.layers + 1) * shape.hidden),
        ]
        states = _delta_state(read, linear_layers)
        return hybrid_layout(
            read, shape, matrices, attention, states, tied, experts, rotary_share=0.25
        )

    return layout


def _delta_sizes(read: Config) -> tuple[int, int, int, int, int]:
    """Key width, value width, value heads, kernel, value head dim."""
    key = read.whole("linear_key_head_dim") * read.whole("linear_num_key_heads")
    heads, dim = read.whole("linear_num_value_heads"), read.whole("linear_value_head_dim")
    return key, heads * dim, heads, read.whole("linear_conv_kernel_dim"), dim


def _delta_net(read: Config, hidden: int, layers: int) -> list[Matrix]:
    key, value, heads, kernel, dim = _delta_sizes(read)
    return [
        *linear("linear_attn.in_proj_qkv", Part.MIXER, 2 * key + value, hidden, layers),
        *linear("linear_attn.in_proj_z", Part.MIXER, value, hidden, layers),
        *linear("linear_attn.in_proj_ba", Part.MIXER, 2 * heads, hidden, layers),
        *linear("linear_attn.out_proj", Part.MIXER, hidden, value, layers),
        *vector("linear_attn.conv1d", layers * (2 * key + value) * kernel),
        *vector("linear_attn.dt_bias_A", layers * 2 * heads),
        *vector("linear_attn.norm", layers * dim),
    ]


def _delta_state(read: Config, layers: int) -> tuple[State, ...]:
    key, value, heads, kernel, _ = _delta_sizes(read)
    stated = read.get("mamba_ssm_dtype")
    state = State(
        layers=layers,
        heads=heads,
        conv_values=(2 * key + value) * (kernel - 1),
        state_values=read.whole("linear_key_head_dim") * value,
        state_bytes_per_value=STATE_BYTES.get(str(stated)),
    )
    return (state,) if layers else ()
