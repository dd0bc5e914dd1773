"""Nemotron-H and Nemotron 3: each layer is one of a Mamba-2 mixer, attention, an MLP or experts (arXiv 2504.03624).

The experts are plain MLPs; in Nemotron 3 Super and Ultra they work on a smaller latent, between a projection to it
and one back.
"""

from __future__ import annotations

from advisor.core import blocks, moe
from advisor.core.config_reader import Config
from advisor.core.hybrids import Mamba, hybrid_layout
from advisor.core.layout import Layout, Part, linear, vector

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
    return hybrid_layout(
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
