"""Hybrids: layers with a state of constant size beside layers with attention.

Mamba-2 (arXiv 2405.21060) keeps heads x head_dim x state numbers and the last few inputs of a short convolution;
it does not grow with the context, so these models hold far more sequences; only their few attention layers have a KV
cache. Here are Granite 4, Bamba, Falcon H1 and LFM2; `nemotron_h` and `delta_net` are beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from advisor.core import blocks, moe
from advisor.core.blocks import Shape
from advisor.core.config_reader import Config
from advisor.core.layout import Layout, Matrix, Part, State, linear, vector

STATE_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba:
    """The sizes of a Mamba-2 mixer."""

    inner: int
    heads: int
    groups: int
    state: int
    kernel: int
    conv_bias: bool
    input_bias: bool
    output_bias: bool
    norm: bool = True

    def matrices(self, hidden: int, layers: int) -> list[Matrix]:
        conv = self.inner + 2 * self.groups * self.state
        return [
            *linear("mixer.in_proj", Part.MIXER, self.inner + conv + self.heads, hidden, layers, bias=self.input_bias),
            *linear("mixer.out_proj", Part.MIXER, hidden, self.inner, layers, bias=self.output_bias),
            *vector("mixer.conv1d", layers * conv * (self.kernel + self.conv_bias)),
            *vector("mixer.dt_bias_A_D", layers * 3 * self.heads),
            *vector("mixer.norm", layers * self.inner * self.norm),
        ]  # fmt: skip

    def state_of(self, read: Config, layers: int) -> tuple[State, ...]:
        if not layers:
            return ()
        stated = read.get("mamba_ssm_cache_dtype")
        conv = self.inner + 2 * self.groups * self.state
        return (
            State(
                layers=layers,
                heads=self.heads,
                conv_values=conv * (self.kernel - 1),
                state_values=self.inner * self.state,
                state_bytes_per_value=STATE_BYTES.get(str(stated)),
            ),
        )


def _mamba(read: Config, hidden: int) -> Mamba:
    """Granite 4, Bamba, Falcon H1 name the fields alike."""
    inner = int(read.number("mamba_expand", 2) * hidden)
    bias = read.flag("mamba_proj_bias", False)
    read.get("mamba_d_head"), read.get("mamba_chunk_size")
    return Mamba(
        inner=inner,
        heads=read.whole("mamba_n_heads"),
        groups=read.whole("mamba_n_groups"),
        state=read.whole("mamba_d_state"),
        kernel=read.whole("mamba_d_conv"),
        conv_bias=read.flag("mamba_conv_bias", True),
        input_bias=bias,
        output_bias=bias,
    )


def hybrid_layout(
    read: Config,
    shape: Shape,
    matrices: list[Matrix],
    attention_layers: int,
    states: tuple[State, ...],
    tied: bool,
    experts: moe.Experts = moe.NO_EXPERTS,
    rotary_share: float = 1.0,
) -> Layout:
    context = read.optional_whole("max_position_embeddings")
    read.refuse_what_was_not_read()
    return blocks.layout(
        shape,
        matrices,
        tied=tied,
        context=context,
        attentions=blocks.attentions(shape, [None] * attention_layers),
        states=states,
        rotary_share=rotary_share,
        experts=experts.counts,
    )


# --- Granite 4, Bamba, Falcon H1, Mamba-2 -----------------------------------------------------------

_GRANITE_WORDS = {"linear_attention", "mamba", "full_attention", "attention"}


def granite_hybrid(config: Config) -> Layout:
    """Granite 4: Mamba-2 or attention, then a shared MLP and in most models experts."""
    read = config.renamed({"layers_block_type": "layer_types"})
    shape = blocks.read_shape(read)
    tied = read.flag("tie_word_embeddings", False)
    types = read.layer_texts("layer_types", shape.layers, _GRANITE_WORDS)
    attention = sum(word.endswith("full_attention") or word == "attention" for word in types)
    mamba = _mamba(read, shape.hidden)
    row = moe.Moe(experts_field="num_local_experts", size_field="intermediate_size")
    with_experts = read.get("num_local_experts") not in (0, None)
    experts = moe.read_experts(read, row if with_experts else None, shape.hidden, shape.layers)
    read.get("num_experts_per_tok")
    bias = read.flag("attention_bias", False)
    shared = read.whole("shared_intermediate_size")
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *mamba.matrices(shape.hidden, shape.layers - attention),
        *blocks.attention(shape, attention, qkv_bias=bias, output_bias=bias),
        *blocks.mlp(shape.hidden, shared, shape.layers, name="shared_mlp"),
        *experts.matrices,
        *vector("norms", (2 * shape.layers + 1) * shape.hidden),
    ]
    states = mamba.state_of(read, shape.layers - attention)
    return hybrid_layout(read, shape, matrices, attention, states, tied, experts)


def bamba(read: Config) -> Layout:
    """Bamba: Mamba-2 but for the layers in `attn_layer_indices`, each with an MLP."""
    shape = blocks.read_shape(read)
    tied = read.flag("tie_word_embeddings", False)
    attention = len(read.layer_numbers("attn_layer_indices") & set(range(shape.layers)))
    mamba = _mamba(read, shape.hidden)
    bias = read.flag("attention_bias", False)
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *mamba.matrices(shape.hidden, shape.layers - attention),
        *blocks.attention(shape, attention, qkv_bias=bias, output_bias=bias),
        *blocks.mlp(
            shape.hidden, read.whole("intermediate_size"), shape.layers, bias=read.flag("mlp_bias", False)
        ),
        *vector("norms", (2 * shape.layers + 1) * shape.hidden),
    ]  # fmt: skip
    states = mamba.state_of(read, shape.layers - attention)
    return hybrid_layout(read, shape, matrices, attention, states, tied, rotary_share=0.5)


def falcon_h1(read: Config) -> Layout:
    """Falcon H1: every layer has a Mamba-2 mixer and attention side by side."""
    shape = blocks.read_shape(read)
    tied = read.flag("tie_word_embeddings", False)
    common = _mamba(read, shape.hidden)
    mamba = replace(
        common,
        inner=read.optional_whole("mamba_d_ssm") or common.inner,
        output_bias=read.flag("projectors_bias", False),
        norm=read.flag("mamba_rms_norm", False),
    )
    for spare in ("mamba_norm_before_gate", "mamba_use_mlp"):
        read.get(spare)
    bias = read.flag("attention_bias", False)
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *mamba.matrices(shape.hidden, shape.layers),
        *blocks.attention(shape, shape.layers, qkv_bias=bias, output_bias=bias),
        *blocks.mlp(
            shape.hidden, read.whole("intermediate_size"), shape.layers, bias=read.flag("mlp_bias", False)
        ),
        *vector("norms", (2 * shape.layers + 1) * shape.hidden),
    ]  # fmt: skip
    states = mamba.state_of(read, shape.layers)
    return hybrid_layout(read, shape, matrices, shape.layers, states, tied)


# --- LFM2 -----------------------------------------------------------------------------------------


def lfm2(config: Config) -> Layout:
    """LFM2: short convolutions, and attention in some layers."""
    read = config.renamed(
        {"tie_embedding": "tie_word_embeddings", "block_ff_dim": "intermediate_size"}
    )
    shape = blocks.read_shape(read, kv_heads_required=True)
    tied = read.flag("tie_word_embeddings", True)
    types = read.layer_texts("layer_types", shape.layers, {"full_attention", "conv"})
    stated = read.layer_numbers("full_attn_idxs")
    if not types and not stated:
        raise read.refuse("field 'layer_types' is missing")
    attention = types.count("full_attention") if types else len(stated & set(range(shape.layers)))
    convs, bias, hidden = (
        shape.layers - attention,
        read.flag("conv_bias", False),
        shape.hidden,
    )
    kernel = read.whole("conv_L_cache")
    matrices = [
        *blocks.embeddings(shape.vocab, hidden, tied=tied),
        *blocks.attention(shape, attention),
        *vector("self_attn.layernorms", attention * 2 * shape.head_dim),
        *linear("conv.in_proj", Part.MIXER, 3 * hidden, hidden, convs, bias=bias),
        *linear("conv.out_proj", Part.MIXER, hidden, hidden, convs, bias=bias),
        *vector("conv.conv", convs * hidden * (kernel + bias)),
        *blocks.mlp(hidden, _lfm2_mlp_size(read), shape.layers, name="feed_forward"),
        *vector("norms", (2 * shape.layers + 1) * hidden),
    ]
    state = State(
        layers=convs,
        heads=1,
        conv_values=hidden * (kernel - 1),
        state_values=0,
        state_bytes_per_value=None,
    )
    return hybrid_layout(read, shape, matrices, attention, (state,) if convs else (), tied)


def _lfm2_mlp_size(read: Config) -> int:
    size = read.whole("intermediate_size")
    if not read.flag("block_auto_adjust_ff_dim", True):
        return size
    size = int(2 * size / 3)
    multiple = read.optional_whole("block_multiple_of") or 256
    size = int(read.number("block_ffn_dim_multiplier", 1.0) * size)
    return multiple * ((size + multiple - 1) // multiple)


HYBRIDS: Mapping[str, Callable[[Config], Layout]] = {
    "GraniteMoeHybridForCausalLM": granite_hybrid,
    "BambaForCausalLM": bamba,
    "FalconH1ForCausalLM": falcon_h1,
    "Lfm2ForCausalLM": lfm2,
}
