"""The decoders that differ only in biases, norms, defaults and experts: one row each.

Every row was compared with transformers 5.19 on the meta device, difference 0
(tests/serve/test_transformers_params.py), but for those marked as code of the model's own, which transformers does
not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.core import blocks, moe
from advisor.core.blocks import Flag, Shape, Windows, flag
from advisor.core.config_reader import Config
from advisor.core.layout import Layout, Matrix, vector

ATTENTION_BIAS = ("attention_bias", False)
GPT_NAMES = {
    "n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads",
    "n_inner": "intermediate_size", "n_positions": "max_position_embeddings", "n_embed": "hidden_size",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """How one architecture differs from the plain Llama block."""

    qkv_bias: Flag = False
    output_bias: Flag = False
    mlp_bias: Flag = False
    head_bias: Flag = False
    gated: bool = True
    norm_vectors: int = 1  # 2: a LayerNorm with bias; 0: a norm without weights
    norms_per_layer: int = 2
    no_second_norm: str | None = None  # the flag that leaves one norm of a layer out
    # Norms on queries and keys: "head" one for all heads, "heads" one for each, "head+bias" one with a bias.
    query_key_norm: str | None = None
    query_key_norm_field: str | None = None  # the flag that says whether they are there
    tied: bool = False  # where `tie_word_embeddings` is absent
    kv_heads_required: bool = False
    head_dim_required: bool = False
    mlp_ratio: int | None = None  # the MLP's size where the config states none
    # gpt-oss: one number per head and layer, that attention may attend to instead
    sinks: bool = False
    positions: int | None = None  # a learned position table, with so many rows more than positions
    embedding_norm: bool = False
    head_dim_from_hidden: bool = False  # a stated head_dim is not read
    rotary: bool = True
    windows: Windows = blocks.no_windows
    experts: moe.Moe | None = None
    renames: Mapping[str, str] = field(default_factory=dict)

    def layout(self, config: Config) -> Layout:
        read = config.renamed(self.renames)
        shape = self._shape(read)
        tied = read.flag("tie_word_embeddings", self.tied)
        experts = moe.read_experts(read, self.experts, shape.hidden, shape.layers)
        dense_layers = shape.layers - experts.layers
        context = read.optional_whole("max_position_embeddings")
        matrices = [
            *blocks.embeddings(
                shape.vocab, shape.hidden, tied=tied, head_bias=flag(read, self.head_bias),
                positions=self._positions(read, context),
            ),
            *blocks.attention(
                shape, shape.layers, qkv_bias=flag(read, self.qkv_bias), output_bias=flag(read, self.output_bias)
            ),
            *(self._mlp(read, shape, dense_layers) if dense_layers else []),
            *experts.matrices,
            *vector("norms", self._norms(read, shape)),
        ]  # fmt: skip
        windows = self.windows(read, shape.layers)
        read.refuse_what_was_not_read()
        return blocks.layout(
            shape,
            matrices,
            tied=tied,
            context=context,
            attentions=blocks.attentions(shape, windows),
            rotary_share=float(self.rotary),
            experts=experts.counts,
        )

    def _shape(self, read: Config) -> Shape:
        if self.head_dim_from_hidden:
            read.get("head_dim")
            read.fields.pop("head_dim", None)
        return blocks.read_shape(
            read,
            kv_heads_required=self.kv_heads_required,
            head_dim_required=self.head_dim_required,
        )

    def _positions(self, read: Config, context: int | None) -> int:
        if self.positions is None:
            return 0
        if context is None:
            raise read.refuse("field 'max_position_embeddings' is missing")
        return context + self.positions

    def _mlp(self, read: Config, shape: Shape, layers: int) -> list[Matrix]:
        size = read.optional_whole("intermediate_size")
        if size is None and self.mlp_ratio is not None:
            size = self.mlp_ratio * shape.hidden
        if size is None:
            raise read.refuse("field 'intermediate_size' is missing")
        bias = flag(read, self.mlp_bias)
        return blocks.mlp(shape.hidden, size, layers, gated=self.gated, bias=bias)

    def _norms(self, read: Config, shape: Shape) -> int:
        per_layer = self.norms_per_layer
        if self.no_second_norm is not None:
            per_layer -= read.flag(self.no_second_norm, False)
        around = 1 + self.embedding_norm
        hidden_sized = shape.layers * per_layer + around
        per_head = self._query_key_norm(read, shape) + shape.heads * self.sinks
        return hidden_sized * shape.hidden * self.norm_vectors + shape.layers * per_head

    def _query_key_norm(self, read: Config, shape: Shape) -> int:
        if self.query_key_norm_field is not None and not read.flag(
            self.query_key_norm_field, False
        ):
            return 0
        both = {
            None: 0,
            "head": 2 * shape.head_dim,
            "head+bias": 4 * shape.head_dim,
            "heads": (shape.heads + shape.kv_heads) * shape.head_dim,
        }
        return both[self.query_key_norm]


_LLAMA = Decoder(qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, mlp_bias=("mlp_bias", False))
_QWEN_MOE = moe.Moe(experts_field="num_experts", layers=moe.every_step)

DECODERS: Mapping[str, Decoder] = {
    "LlamaForCausalLM": _LLAMA,
    "GraniteForCausalLM": _LLAMA,
    "ArceeForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, mlp_bias=("mlp_bias", False), gated=False
    ),
    "ApertusForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, gated=False, query_key_norm="head"
    ),
    "SmolLM3ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, mlp_bias=("mlp_bias", False), tied=True,
        kv_heads_required=True, windows=blocks.slides_from_layer,
    ),
    "MistralForCausalLM": Decoder(kv_heads_required=True, windows=blocks.every_layer_slides),
    "MinistralForCausalLM": Decoder(kv_heads_required=True, windows=blocks.every_layer_slides),
    "Ministral3ForCausalLM": Decoder(
        kv_heads_required=True, head_dim_required=True, windows=blocks.every_layer_slides
    ),
    "MixtralForCausalLM": Decoder(
        kv_heads_required=True, windows=blocks.every_layer_slides,
        experts=moe.Moe(experts_field="num_local_experts", size_field="intermediate_size"),
    ),
    "Phi3ForCausalLM": Decoder(windows=blocks.every_layer_slides),
    "PhiForCausalLM": Decoder(
        qkv_bias=True, output_bias=True, mlp_bias=True, head_bias=True, gated=False, norm_vectors=2, norms_per_layer=1,
        query_key_norm="head+bias", query_key_norm_field="qk_layernorm",
    ),
    "PhimoeForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, head_bias=("lm_head_bias", False), norm_vectors=2,
        kv_heads_required=True, windows=blocks.every_layer_slides,
        experts=moe.Moe(experts_field="num_local_experts", size_field="intermediate_size"),
    ),
    "Qwen2ForCausalLM": Decoder(
        qkv_bias=True, kv_heads_required=True, windows=blocks.slides_from_layer
    ),
    "Qwen2MoeForCausalLM": Decoder(
        qkv_bias=("qkv_bias", True), kv_heads_required=True, windows=blocks.slides_from_layer,
        experts=moe.Moe(
            experts_field="num_experts", layers=moe.every_step,
            shared_size_field="shared_expert_intermediate_size", shared_gate=True,
        ),
    ),
    "Qwen3ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="head", kv_heads_required=True,
        head_dim_required=True, windows=blocks.slides_from_layer,
    ),
    "Qwen3MoeForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="head", kv_heads_required=True,
        windows=blocks.slides_from_layer, experts=_QWEN_MOE,
    ),
    "GemmaForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, tied=True, kv_heads_required=True, head_dim_required=True
    ),
    "Gemma2ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, norms_per_layer=4, tied=True, kv_heads_required=True,
        head_dim_required=True, windows=blocks.slides_but_every(2),
    ),
    "Gemma3ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, norms_per_layer=4, tied=True, query_key_norm="head",
        kv_heads_required=True, head_dim_required=True, windows=blocks.slides_but_every(6, "sliding_window_pattern"),
    ),
    "GPT2LMHeadModel": Decoder(
        qkv_bias=True, output_bias=True, mlp_bias=True, gated=False, norm_vectors=2, tied=True, mlp_ratio=4,
        positions=0, rotary=False, renames=GPT_NAMES,
    ),
    "GPTJForCausalLM": Decoder(
        mlp_bias=True, head_bias=True, gated=False, norm_vectors=2, norms_per_layer=1, mlp_ratio=4, renames=GPT_NAMES
    ),
    "GPTNeoXForCausalLM": Decoder(
        qkv_bias=("attention_bias", True), output_bias=("attention_bias", True), mlp_bias=True, gated=False,
        norm_vectors=2, head_dim_from_hidden=True,
    ),
    "BloomForCausalLM": Decoder(
        qkv_bias=True, output_bias=True, mlp_bias=True, gated=False, norm_vectors=2, tied=True, mlp_ratio=4,
        embedding_norm=True, rotary=False, renames=GPT_NAMES,
    ),
    "MptForCausalLM": Decoder(
        gated=False, tied=True, mlp_ratio=4, rotary=False,
        renames={"d_model": "hidden_size", "n_layers": "num_hidden_layers", "n_heads": "num_attention_heads",
                 "max_seq_len": "max_position_embeddings"},
    ),
    "StableLmForCausalLM": Decoder(
        qkv_bias=("use_qkv_bias", False), norm_vectors=2, query_key_norm="heads",
        query_key_norm_field="qk_layernorm", no_second_norm="use_parallel_residual", head_dim_from_hidden=True,
    ),
    "Starcoder2ForCausalLM": Decoder(
        qkv_bias=("use_bias", True), output_bias=("use_bias", True), mlp_bias=("use_bias", True), gated=False,
        norm_vectors=2, tied=True, kv_heads_required=True, windows=blocks.every_layer_slides,
    ),
    "CohereForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, norms_per_layer=1, tied=True, query_key_norm="heads",
        query_key_norm_field="use_qk_norm",
    ),
    "Cohere2ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, norms_per_layer=1, tied=True, head_dim_from_hidden=True,
        windows=blocks.slides_but_every(4, "sliding_window_pattern"),
    ),
    "OlmoForCausalLM": Decoder(qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, norm_vectors=0),
    "Olmo2ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="heads"
    ),
    "Olmo3ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="heads", windows=blocks.slides_but_every(4)
    ),
    "OlmoeForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="heads",
        experts=moe.Moe(experts_field="num_experts", size_field="intermediate_size"), head_dim_from_hidden=True,
    ),
    "GraniteMoeForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS,
        experts=moe.Moe(experts_field="num_local_experts", size_field="intermediate_size"),
    ),
    "GraniteMoeSharedForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS,
        experts=moe.Moe(
            experts_field="num_local_experts", size_field="intermediate_size",
            shared_size_field="shared_intermediate_size",
        ),
    ),
    "Ernie4_5ForCausalLM": Decoder(
        qkv_bias=("use_bias", False), output_bias=("use_bias", False), mlp_bias=("use_bias", False), tied=True,
        kv_heads_required=True, head_dim_required=True,
    ),
    "Ernie4_5_MoeForCausalLM": Decoder(
        qkv_bias=("use_bias", False), output_bias=("use_bias", False), mlp_bias=("use_bias", False),
        head_bias=("use_bias", False), tied=True, kv_heads_required=True,
        experts=moe.Moe(
            experts_field="moe_num_experts", per_token_field="moe_k", layers=moe.from_to,
            shared_experts_field="moe_num_shared_experts", shared_bias=("use_bias", False), correction_bias=True,
        ),
    ),
    "GlmForCausalLM": Decoder(
        qkv_bias=("attention_bias", True), kv_heads_required=True, head_dim_required=True
    ),
    "Glm4ForCausalLM": Decoder(
        qkv_bias=("attention_bias", True), norms_per_layer=4, kv_heads_required=True, head_dim_required=True
    ),
    "Glm4MoeForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, query_key_norm="head", query_key_norm_field="use_qk_norm", kv_heads_required=True,
        experts=moe.Moe(
            experts_field="n_routed_experts", layers=moe.after_dense(1), shared_experts_field="n_shared_experts"
        ),
    ),
    "Dots1ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="head",
        experts=moe.Moe(
            experts_field="n_routed_experts", layers=moe.after_dense(0), shared_experts_field="n_shared_experts"
        ),
    ),
    "MiniMaxM2ForCausalLM": Decoder(
        query_key_norm="heads", kv_heads_required=True, head_dim_required=True,
        experts=moe.Moe(experts_field="num_local_experts", size_field="intermediate_size"),
    ),
    "GptOssForCausalLM": Decoder(
        qkv_bias=("attention_bias", True), output_bias=("attention_bias", True), kv_heads_required=True,
        head_dim_required=True, windows=blocks.slides_but_every(2), sinks=True,
        experts=moe.Moe(experts_field="num_local_experts", size_field="intermediate_size", biases=True),
    ),
    "Exaone4ForCausalLM": Decoder(query_key_norm="head", windows=blocks.slides_but_every(4)),
    "NemotronForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, mlp_bias=("mlp_bias", False), gated=False, norm_vectors=2
    ),
    "SeedOssForCausalLM": Decoder(
        qkv_bias=("attention_bias", True), output_bias=("attention_out_bias", False), mlp_bias=("mlp_bias", False),
        kv_heads_required=True, head_dim_required=True,
    ),
    "HunYuanDenseV1ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="head"
    ),
    "HunYuanMoEV1ForCausalLM": Decoder(
        qkv_bias=ATTENTION_BIAS, output_bias=ATTENTION_BIAS, query_key_norm="head",
        experts=moe.Moe(
            experts_field="num_experts", per_token_field="moe_topk", size_field="intermediate_size",
            shared_size_field="intermediate_size",
        ),
    ),
    # Code of the model's own, that vLLM loads as a Llama: its registry says so.
    "AquilaForCausalLM": _LLAMA,
    "AquilaModel": _LLAMA,
    "InternLMForCausalLM": Decoder(qkv_bias=("bias", True), output_bias=("bias", True)),
    "InternLM2ForCausalLM": Decoder(qkv_bias=("bias", False), output_bias=("bias", False)),
    "InternLM3ForCausalLM": Decoder(qkv_bias=("qkv_bias", False), output_bias=("bias", False)),
    "MiMoForCausalLM": Decoder(
        qkv_bias=True, kv_heads_required=True, windows=blocks.slides_from_layer
    ),
}  # fmt: skip
