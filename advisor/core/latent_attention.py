"""Multi-head latent attention: DeepSeek V2, V3, R1 and V3.2, Kimi K2, GLM-4.7-Flash, GLM-5 (DeepSeek-V2, arXiv
2405.04434).

Keys and values are rebuilt from one latent vector per token, so only that (`kv_lora_rank`) and the rotary part of the
key are cached, whatever the number of heads. V3.2 and GLM-5 add an indexer with a small key of its own per token,
which chooses the `index_topk` tokens that attention then looks at (DeepSeek-V3.2-Exp).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core import blocks, moe
from advisor.core.config_reader import Config
from advisor.core.layout import Attention, Layout, Matrix, Part, linear, vector

# vLLM keeps the indexer's key in fp8 with one float32 scale: deepseek_v2.py, DeepseekV32IndexerCache.
INDEX_SCALE_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """One architecture with latent attention."""

    first_dense: int | None = 0  # where `first_k_dense_replace` is absent
    query_rank_optional: bool = False
    indexer: bool = False
    shared_indexes: bool = False  # GLM-5: some layers reuse the choice of the one before
    mlp_bias: blocks.Flag = False

    def layout(self, read: Config) -> Layout:
        layers, hidden = read.layers(), read.whole("hidden_size")
        tied = read.flag("tie_word_embeddings", False)
        row = moe.Moe(
            experts_field="n_routed_experts",
            layers=moe.after_dense(self.first_dense),
            shared_experts_field="n_shared_experts",
            shared_bias=self.mlp_bias,
        )
        dense_model = read.fields.get("n_routed_experts") is None
        experts = moe.read_experts(read, None if dense_model else row, hidden, layers)
        heads, vocab = read.whole("num_attention_heads"), read.whole("vocab_size")
        dense = blocks.mlp(
            hidden, read.whole("intermediate_size"), layers - experts.layers, bias=blocks.flag(read, self.mlp_bias)
        )  # fmt: skip
        matrices = [
            *blocks.embeddings(vocab, hidden, tied=tied),
            *self._attention(read, layers, hidden, heads),
            *dense,
            *experts.matrices,
            *vector("norms", (2 * layers + 1) * hidden),
        ]
        kinds = self._attention_kinds(read, layers, heads)
        context = read.optional_whole("max_position_embeddings")
        rope = read.whole("qk_rope_head_dim")
        for spare in ("num_key_value_heads", "head_dim", "num_experts", "num_local_experts"):
            read.get(spare)
        read.refuse_what_was_not_read()
        return Layout(
            num_layers=layers,
            hidden_size=hidden,
            num_attention_heads=heads,
            num_kv_heads=1,  # one latent vector serves all heads
            head_dim=read.whole("qk_nope_head_dim") + rope,
            vocab_size=vocab,
            max_context_tokens=context,
            rotary_dim=rope,
            matrices=tuple(matrices),
            attentions=kinds,
            num_experts=experts.count,
            num_experts_per_token=experts.per_token,
            tied=tied,
        )

    def _attention(self, read: Config, layers: int, hidden: int, heads: int) -> list[Matrix]:
        key, value = self._key_dim(read), read.whole("v_head_dim")
        latent, rope = read.whole("kv_lora_rank"), read.whole("qk_rope_head_dim")
        bias = read.flag("attention_bias", False)
        nope = read.whole("qk_nope_head_dim")
        return [
            *self._query(read, layers, hidden, heads * key, bias=bias),
            *linear(
                "self_attn.kv_a_proj_with_mqa", Part.LATENT, latent + rope, hidden, layers, bias=bias
            ),
            *linear("self_attn.kv_b_proj", Part.ATTENTION, heads * (nope + value), latent, layers),
            *linear("self_attn.o_proj", Part.ATTENTION, hidden, heads * value, layers, bias=bias),
            *vector("self_attn.kv_a_layernorm", layers * latent),
            *(self._indexer(read, layers, hidden) if self.indexer else []),
        ]  # fmt: skip

    def _query(
        self, read: Config, layers: int, hidden: int, size: int, *, bias: bool
    ) -> list[Matrix]:
        rank = read.optional_whole("q_lora_rank")
        if rank is None:
            # Null is a plain projection; an absent field means another rank in each version of transformers.
            if not self.query_rank_optional or "q_lora_rank" not in read.fields:
                raise read.refuse("field 'q_lora_rank' is missing")
            return linear("self_attn.q_proj", Part.ATTENTION, size, hidden, layers)
        return [
            *linear("self_attn.q_a_proj", Part.LATENT, rank, hidden, layers, bias=bias),
            *linear("self_attn.q_b_proj", Part.ATTENTION, size, rank, layers),
            *vector("self_attn.q_a_layernorm", layers * rank),
        ]

    def _key_dim(self, read: Config) -> int:
        return read.whole("qk_nope_head_dim") + read.whole("qk_rope_head_dim")

    def _indexer(self, read: Config, layers: int, hidden: int) -> list[Matrix]:
        """Every device holds the indexer whole."""
        heads, dim, rank = (
            read.whole("index_n_heads"),
            read.whole("index_head_dim"),
            read.whole("q_lora_rank"),
        )
        own = self._layers_with_indexer(read, layers)
        return [
            *linear("self_attn.indexer.wq_b", Part.LATENT, heads * dim, rank, own),
            *linear("self_attn.indexer.wk", Part.LATENT, dim, hidden, own),
            *linear("self_attn.indexer.weights_proj", Part.LATENT, heads, hidden, own),
            *vector("self_attn.indexer.k_norm", 2 * dim * own),
        ]

    def _layers_with_indexer(self, read: Config, layers: int) -> int:
        if not self.shared_indexes:
            return layers
        types = read.layer_texts("indexer_types", layers, {"full", "shared"})
        pattern = read.get("index_topk_pattern")
        if types:
            return types.count("full")
        if pattern is not None:
            raise read.refuse("field 'index_topk_pattern' is unsupported")
        every = max(read.optional_whole("index_topk_freq", least=0) or 1, 1)
        offset = read.optional_whole("index_skip_topk_offset", least=0)
        first = 2 if offset is None else offset
        return sum(max(i - first + 1, 0) % every == 0 for i in range(layers))

    def _attention_kinds(self, read: Config, layers: int, heads: int) -> tuple[Attention, ...]:
        latent = read.whole("kv_lora_rank") + read.whole("qk_rope_head_dim")
        own = self._layers_with_indexer(read, layers) if self.indexer else 0

        def kind(count: int, *, indexed: bool) -> Attention:
            return Attention(
                layers=count,
                heads=heads,
                kv_heads=1,
                key_dim=self._key_dim(read),
                value_dim=read.whole("v_head_dim"),
                latent_dim=latent,
                index_dim=read.whole("index_head_dim") + INDEX_SCALE_BYTES if indexed else 0,
                index_heads=read.whole("index_n_heads") if indexed else 0,
                index_key_dim=read.whole("index_head_dim") if indexed else 0,
                selected=read.whole("index_topk") if self.indexer else None,
            )

        kinds = [(own, True), (layers - own, False)]
        return tuple(kind(count, indexed=indexed) for count, indexed in kinds if count)


LATENT: Mapping[str, Latent] = {
    "DeepseekV2ForCausalLM": Latent(query_rank_optional=True, mlp_bias=("mlp_bias", False)),
    "DeepseekV3ForCausalLM": Latent(first_dense=3, query_rank_optional=True),
    "DeepseekV32ForCausalLM": Latent(first_dense=3, indexer=True),
    "GlmMoeDsaForCausalLM": Latent(first_dense=3, indexer=True, shared_indexes=True),
    "Glm4MoeLiteForCausalLM": Latent(first_dense=1, query_rank_optional=True),
}
