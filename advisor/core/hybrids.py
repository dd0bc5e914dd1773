"""Hybrids: layers with a state of constant size beside layers with attention.

Mamba-2 (arXiv 2405.21060) keeps heads x head_dim x state numbers and the last few inputs of a short convolution;
gated DeltaNet (arXiv 2412.06464, Qwen3-Next and Qwen3.5) keeps value heads x key_dim x value_dim. Neither grows with
the context, so these models hold far more sequences; only their few attention layers have a KV cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from advisor.core import blocks, moe
from advisor.core.blocks import Shape
from advisor.core.config_reader import Config
from advisor.core.layout import Layout, Matrix, Part, State, linear, vector

_STATE_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}


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
                state_bytes_per_value=_STATE_BYTES.get(str(stated)),
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


def _hybrid_layout(
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
    windows: list[int | None] = [None] * attention_layers
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
        attentions=blocks.attentions(shape, windows),
        states=states,
        num_experts=experts.count,
        num_experts_per_token=experts.per_token,
        tied=tied,
    )


# --- Nemotron-H -----------------------------------------------------------------------------------

_NEMOTRON_LETTERS = {"M": "linear_attention", "*": "full_attention", "E": "moe", "-": "mlp"}
_NEMOTRON_WORDS = {
    "linear_attention": "linear_attention", "mamba": "linear_attention", "full_attention": "full_attention",
    "attention": "full_attention", "moe": "moe", "mlp": "mlp",
}  # fmt: skip
_NEMOTRON_NAMES = {
    "mamba_n_groups": "n_groups", "mamba_d_conv": "conv_kernel", "mamba_conv_bias": "use_conv_bias",
    "mamba_expand": "expand", "mamba_chunk_size": "chunk_size", "attention_head_dim": "head_dim",
}  # fmt: skip


def nemotron_h(config: Config) -> Layout:
    """Nemotron-H, Nemotron 3: each layer is one of a Mamba-2 mixer, attention, an MLP or experts."""
    read = config.renamed(_NEMOTRON_NAMES)
    kinds = _nemotron_kinds(read)
    read.fields["num_hidden_layers"] = len(kinds)
    shape = blocks.read_shape(read, head_dim_required=True)
    read.flag("tie_word_embeddings", False)
    tied = False  # transformers never ties them, whatever the config says
    mamba = _nemotron_mamba(read)
    mlp_bias = read.flag("mlp_bias", False)
    experts = _nemotron_experts(read, shape.hidden, kinds.count("moe"), mlp_bias)
    mlps = kinds.count("mlp")
    size = read.whole("intermediate_size") if mlps else 0
    matrices = [
        *blocks.embeddings(shape.vocab, shape.hidden, tied=tied),
        *mamba.matrices(shape.hidden, kinds.count("linear_attention")),
        *blocks.attention(shape, kinds.count("full_attention")),
        *blocks.mlp(shape.hidden, size, mlps, gated=False, bias=mlp_bias),
        *experts.matrices,
        *vector("norms", (shape.layers + 1) * shape.hidden),
    ]
    states = mamba.state_of(read, kinds.count("linear_attention"))
    for spare in ("mamba_hidden_act", "num_logits_to_keep", "mamba_dt_min", "mamba_dt_max"):
        read.get(spare)
    for field in [name for name in read.fields if name.startswith("mamba_dt_")]:
        read.get(field)
    return _hybrid_layout(
        read, shape, matrices, kinds.count("full_attention"), states, tied, experts, rotary_share=0
    )


def _nemotron_kinds(read: Config) -> list[str]:
    pattern = read.text("hybrid_override_pattern")
    stated = read.texts("layers_block_type") or read.texts("layer_types")
    words = [_NEMOTRON_LETTERS.get(letter) for letter in pattern] if pattern else stated
    if not words or len(words) > 10_000:
        raise read.refuse("field 'hybrid_override_pattern' or 'layers_block_type' is missing")
    kinds = [_NEMOTRON_WORDS.get(str(word)) for word in words]
    if None in kinds:
        raise read.refuse("field 'hybrid_override_pattern' has a layer that is unsupported")
    return [kind for kind in kinds if kind is not None]


def _nemotron_mamba(read: Config) -> Mamba:
    heads = read.whole("mamba_num_heads")
    bias = read.flag("use_bias", False)
    read.get("mamba_proj_bias")
    return Mamba(
        inner=heads * read.whole("mamba_head_dim"),
        heads=heads,
        groups=read.whole("n_groups"),
        state=read.whole("ssm_state_size"),
        kernel=read.whole("conv_kernel"),
        conv_bias=read.flag("use_conv_bias", True),
        input_bias=bias,
        output_bias=bias,
    )


def _nemotron_experts(read: Config, hidden: int, layers: int, bias: bool) -> moe.Experts:
    """Plain MLPs, in Nemotron 3 Super and Ultra between a projection to a smaller latent and one back."""
    fields = ("n_routed_experts", "num_experts_per_tok", "moe_intermediate_size", "n_shared_experts",
              "moe_shared_expert_intermediate_size", "moe_latent_size", "n_group", "topk_group")  # fmt: skip
    if not layers:
        for field in fields:
            read.get(field)
        return moe.NO_EXPERTS
    count, per_token = read.whole("n_routed_experts"), read.whole("num_experts_per_tok")
    if per_token > count:
        raise read.refuse(
            f"field 'num_experts_per_tok' is {per_token}, more than n_routed_experts {count}"
        )
    latent = read.optional_whole("moe_latent_size")
    shared = read.whole("moe_shared_expert_intermediate_size")
    read.get("n_shared_experts")
    projections = (
        [
            *linear("mixer.fc1_latent_proj", Part.MLP, latent, hidden, layers, bias=bias),
            *linear("mixer.fc2_latent_proj", Part.MLP, hidden, latent, layers, bias=bias),
        ]
        if latent
        else []
    )
    size = read.whole("moe_intermediate_size")
    matrices = [
        *linear("mixer.gate", Part.ROUTER, count, hidden, layers),
        *blocks.experts(latent or hidden, size, layers, count, gated=False),
        *blocks.mlp(hidden, shared, layers, gated=False, bias=bias, name="mixer.shared_experts"),
        *projections,
    ]
    return moe.Experts(layers=layers, count=count, per_token=per_token, matrices=tuple(matrices))


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
    return _hybrid_layout(read, shape, matrices, attention, states, tied, experts)


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
    return _hybrid_layout(read, shape, matrices, attention, states, tied, rotary_share=0.5)


def falcon_h1(read: Config) -> Layout:
    """Falcon H1: every layer has a Mamba-2 mixer and attention side by side."""
    shape = blocks.read_shape(read)
    tied = read.flag("tie_word_embeddings", False)
    common = _mamba(read, shape.hidden)
    mamba = Mamba(
        inner=read.optional_whole("mamba_d_ssm") or common.inner,
        heads=common.heads,
        groups=common.groups,
        state=common.state,
        kernel=common.kernel,
        conv_bias=common.conv_bias,
        input_bias=common.input_bias,
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
    return _hybrid_layout(read, shape, matrices, shape.layers, states, tied)


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
    return _hybrid_layout(read, shape, matrices, attention, (state,) if convs else (), tied)


def _lfm2_mlp_size(read: Config) -> int:
    size = read.whole("intermediate_size")
    if not read.flag("block_auto_adjust_ff_dim", True):
        return size
    size = int(2 * size / 3)
    multiple = read.optional_whole("block_multiple_of") or 256
    size = int(read.number("block_ffn_dim_multiplier", 1.0) * size)
    return multiple * ((size + multiple - 1) // multiple)


# --- Qwen3-Next, Qwen3.5 ----------------------------------------------------------------------------


def qwen_linear(*, fused: bool, experts_field: str | None) -> Callable[[Config], Layout]:
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
        experts = moe.read_experts(
            read, row if experts_field else None, shape.hidden, shape.layers
        )
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
        return _hybrid_layout(
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
        state_bytes_per_value=_STATE_BYTES.get(str(stated)),
    )
    return (state,) if layers else ()


HYBRIDS: Mapping[str, Callable[[Config], Layout]] = {
    "NemotronHForCausalLM": nemotron_h,
    "GraniteMoeHybridForCausalLM": granite_hybrid,
    "BambaForCausalLM": bamba,
    "FalconH1ForCausalLM": falcon_h1,
    "Lfm2ForCausalLM": lfm2,
    "Qwen3NextForCausalLM": qwen_linear(fused=True, experts_field="num_experts"),
    "Qwen3_5ForCausalLM": qwen_linear(fused=False, experts_field=None),
    "Qwen3_5MoeForCausalLM": qwen_linear(fused=False, experts_field="num_experts"),
}
