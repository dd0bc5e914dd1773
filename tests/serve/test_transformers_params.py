"""Exact parameters: ours against transformers' own modules on the meta device, difference 0.

Every architecture is built many times, small, with the fields that it reads drawn at random (seeded), and once for each real
model of the shipped table. Nothing is downloaded and no memory is used for weights.
"""

from __future__ import annotations

import random
import zlib
from typing import Any

import pytest

from advisor.core.architectures import SUPPORTED
from advisor.core.model_spec import model_spec_from_config
from advisor.data import models
from advisor.errors import UnsupportedModelError

pytestmark = [
    pytest.mark.serve,
    pytest.mark.filterwarnings("ignore"),  # transformers warns of its own renames
]
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

DRAWS = 8
# Code of the models' own, which transformers does not have: their rows are vLLM's.
OF_THEIR_OWN = {
    "AquilaForCausalLM", "AquilaModel", "InternLMForCausalLM", "InternLM2ForCausalLM", "InternLM3ForCausalLM",
    "MiMoForCausalLM", "DeciLMForCausalLM", "RWForCausalLM", "KimiVLForConditionalGeneration",
}  # fmt: skip

Options = dict[str, list[Any]]
BOOL = [True, False]
GQA: Options = {"num_attention_heads": [8], "num_key_value_heads": [1, 2, 4, 8]}
BLOCK: Options = {
    "hidden_size": [64, 96], "num_hidden_layers": [2, 3, 5], "intermediate_size": [80, 128], "vocab_size": [200, 333],
    "tie_word_embeddings": BOOL, "max_position_embeddings": [128],
}  # fmt: skip
HEAD: Options = {"head_dim": [8, 16, 24]}
BIAS: Options = {"attention_bias": BOOL}
DENSE: Options = {**BLOCK, **GQA}
EXPERTS: Options = {"num_local_experts": [2, 6], "num_experts_per_tok": [1, 2]}
QWEN_MOE: Options = {
    **DENSE, "num_experts": [4, 6], "num_experts_per_tok": [1, 2], "moe_intermediate_size": [24, 40],
    "decoder_sparse_step": [1, 2], "mlp_only_layers": [[], [0], [1, 2]],
}  # fmt: skip
DEEPSEEK: Options = {
    **BLOCK, "num_attention_heads": [4], "num_key_value_heads": [4], "q_lora_rank": [24, 32], "kv_lora_rank": [16, 32],
    "qk_nope_head_dim": [8, 16], "qk_rope_head_dim": [8], "v_head_dim": [8, 12], "n_routed_experts": [4, 8],
    "num_experts_per_tok": [1, 2], "n_shared_experts": [1, 2], "moe_intermediate_size": [24],
    "first_k_dense_replace": [0, 1, 2], "attention_bias": BOOL, "n_group": [1], "topk_group": [1],
}  # fmt: skip
INDEXER: Options = {"index_n_heads": [2, 4], "index_head_dim": [8, 16], "index_topk": [16]}
GPT: Options = {
    "n_embd": [64, 96], "n_layer": [2, 3], "n_head": [4], "vocab_size": [200, 333], "n_positions": [64, 128],
    "n_inner": [None, 100], "tie_word_embeddings": BOOL,
}  # fmt: skip
MAMBA: Options = {
    "mamba_n_heads": [8], "mamba_d_head": [16], "mamba_n_groups": [1, 2], "mamba_d_state": [8, 16], "mamba_d_conv": [4],
    "mamba_expand": [2], "mamba_conv_bias": BOOL, "mamba_proj_bias": BOOL, "hidden_size": [64],
}  # fmt: skip
DELTA: Options = {
    "linear_conv_kernel_dim": [4], "linear_key_head_dim": [8, 16], "linear_value_head_dim": [8, 16],
    "linear_num_key_heads": [2], "linear_num_value_heads": [2, 4],
}  # fmt: skip
TEXT_ONLY: dict[str, Options] = {
    "LlamaForCausalLM": {**DENSE, **HEAD, **BIAS, "mlp_bias": BOOL},
    "GraniteForCausalLM": {**DENSE, **BIAS, "mlp_bias": BOOL},
    "ArceeForCausalLM": {**DENSE, **BIAS, "mlp_bias": BOOL},
    "ApertusForCausalLM": {**DENSE, **BIAS, "hidden_act": ["silu"]},
    "SmolLM3ForCausalLM": {**DENSE, **BIAS, "mlp_bias": BOOL, "pad_token_id": [0]},
    "MistralForCausalLM": {**DENSE, **HEAD},
    "MinistralForCausalLM": {**DENSE, **HEAD},
    "Ministral3ForCausalLM": {**DENSE, **HEAD},
    "MixtralForCausalLM": {**DENSE, **HEAD, **EXPERTS},
    "Phi3ForCausalLM": {**DENSE, "pad_token_id": [0]},
    "PhiForCausalLM": {**DENSE, "qk_layernorm": BOOL},
    "PhimoeForCausalLM": {**DENSE, **EXPERTS, **BIAS, "lm_head_bias": BOOL},
    "Qwen2ForCausalLM": {**DENSE, **HEAD},
    "Qwen2MoeForCausalLM": {**QWEN_MOE, "shared_expert_intermediate_size": [32, 48], "qkv_bias": BOOL},
    "Qwen3ForCausalLM": {**DENSE, **HEAD, **BIAS},
    "Qwen3MoeForCausalLM": {**QWEN_MOE, **HEAD, **BIAS},
    "GemmaForCausalLM": {**DENSE, **HEAD, **BIAS},
    "Gemma2ForCausalLM": {**DENSE, **HEAD, **BIAS},
    "Gemma3ForCausalLM": {**DENSE, **HEAD, **BIAS},
    "Gemma4ForCausalLM": {
        **DENSE, **HEAD, **BIAS, "num_hidden_layers": [6, 7], "layer_types": [None], "global_head_dim": [8, 32],
        "num_global_key_value_heads": [None, 2], "attention_k_eq_v": BOOL, "num_kv_shared_layers": [0, 2],
        "use_double_wide_mlp": BOOL, "hidden_size_per_layer_input": [0, 16], "vocab_size_per_layer_input": [150],
        "enable_moe_block": BOOL, "num_experts": [4], "top_k_experts": [2], "moe_intermediate_size": [24],
    },
    "GPT2LMHeadModel": GPT,
    "GPTJForCausalLM": {**GPT, "rotary_dim": [8], "tie_word_embeddings": [False]},
    "GPTNeoXForCausalLM": {**BLOCK, "num_attention_heads": [4, 8], **BIAS},
    "BloomForCausalLM": {
        "hidden_size": [64, 96], "n_layer": [2, 3], "n_head": [4], "vocab_size": [200], "tie_word_embeddings": BOOL
    },
    "MptForCausalLM": {
        "d_model": [64, 96], "n_layers": [2, 3], "n_heads": [4], "vocab_size": [200], "tie_word_embeddings": BOOL
    },
    "StableLmForCausalLM": {**DENSE, "use_qkv_bias": BOOL, "qk_layernorm": BOOL, "use_parallel_residual": BOOL},
    "Starcoder2ForCausalLM": {**DENSE, "use_bias": BOOL},
    "CohereForCausalLM": {**DENSE, **BIAS, "use_qk_norm": BOOL},
    "Cohere2ForCausalLM": {**DENSE, **BIAS},
    "OlmoForCausalLM": {**DENSE, **BIAS, "pad_token_id": [0]},
    "Olmo2ForCausalLM": {**DENSE, **BIAS, "pad_token_id": [0]},
    "Olmo3ForCausalLM": {**DENSE, **BIAS, "pad_token_id": [0]},
    "OlmoeForCausalLM": {
        **DENSE, **BIAS, "num_experts": [4, 6], "num_experts_per_tok": [1, 2], "pad_token_id": [0]
    },
    "GraniteMoeForCausalLM": {**DENSE, **BIAS, **EXPERTS},
    "GraniteMoeSharedForCausalLM": {**DENSE, **BIAS, **EXPERTS, "shared_intermediate_size": [0, 40]},
    "Ernie4_5ForCausalLM": {**DENSE, **HEAD, "use_bias": BOOL},
    "Ernie4_5_MoeForCausalLM": {
        **DENSE, "use_bias": BOOL, "moe_num_experts": [4, 6], "moe_k": [1, 2], "moe_intermediate_size": [24],
        "moe_num_shared_experts": [0, 1, 2], "moe_layer_start_index": [0, 1], "moe_layer_end_index": [-1, 1],
        "moe_layer_interval": [1, 2], "tie_word_embeddings": [True],
    },
    "GlmForCausalLM": {**DENSE, **HEAD, **BIAS, "pad_token_id": [0]},
    "Glm4ForCausalLM": {**DENSE, **HEAD, **BIAS, "pad_token_id": [0]},
    "Glm4MoeForCausalLM": {
        **DENSE, **HEAD, **BIAS, "n_routed_experts": [4, 8], "num_experts_per_tok": [2], "n_shared_experts": [1, 2],
        "moe_intermediate_size": [24], "first_k_dense_replace": [0, 1], "use_qk_norm": BOOL,
    },
    "Dots1ForCausalLM": {
        **DENSE, **HEAD, **BIAS, "n_routed_experts": [4, 8], "num_experts_per_tok": [2], "n_shared_experts": [1, 2],
        "moe_intermediate_size": [24], "first_k_dense_replace": [0, 1],
    },
    "MiniMaxM2ForCausalLM": {**DENSE, **HEAD, **EXPERTS},
    "GptOssForCausalLM": {**DENSE, **HEAD, **EXPERTS, **BIAS},
    "Exaone4ForCausalLM": {**DENSE, "sliding_window": [None, 32]},
    "NemotronForCausalLM": {**DENSE, **HEAD, **BIAS, "mlp_bias": BOOL},
    "SeedOssForCausalLM": {**DENSE, **HEAD, **BIAS, "attention_out_bias": BOOL, "mlp_bias": BOOL},
    "HunYuanDenseV1ForCausalLM": {**DENSE, **HEAD, **BIAS},
    "HunYuanMoEV1ForCausalLM": {**DENSE, **HEAD, **BIAS, "num_experts": [4, 6], "moe_topk": [1, 2]},
    "DeepseekV2ForCausalLM": {**DEEPSEEK, "q_lora_rank": [None, 24], "mlp_bias": BOOL},
    "DeepseekV3ForCausalLM": {**DEEPSEEK, "q_lora_rank": [None, 24]},
    "DeepseekV32ForCausalLM": {**DEEPSEEK, **INDEXER},
    "GlmMoeDsaForCausalLM": {
        **DEEPSEEK, **INDEXER, "index_topk_freq": [1, 2, 4], "index_skip_topk_offset": [1, 2, 3],
        "num_hidden_layers": [3, 7],
    },
    "Glm4MoeLiteForCausalLM": {**DEEPSEEK, "q_lora_rank": [None, 24], "first_k_dense_replace": [1]},
    "NemotronHForCausalLM": {
        **DENSE, **HEAD, "hybrid_override_pattern": ["M*-E", "MEM*E-", "M-M*"], "mamba_num_heads": [8],
        "mamba_head_dim": [16], "n_groups": [1, 2], "ssm_state_size": [8, 16], "conv_kernel": [4], "use_bias": BOOL,
        "use_conv_bias": BOOL, "mlp_bias": [False], "n_routed_experts": [4], "num_experts_per_tok": [2],
        "moe_intermediate_size": [24], "moe_shared_expert_intermediate_size": [40], "moe_latent_size": [None, 32],
        "num_hidden_layers": [None],
    },
    "GraniteMoeHybridForCausalLM": {
        **DENSE, **MAMBA, **BIAS, "num_hidden_layers": [3], "num_local_experts": [0, 4], "num_experts_per_tok": [2],
        "shared_intermediate_size": [40, 56], "layer_types": [["mamba", "attention", "mamba"], ["mamba"] * 3],
    },
    "BambaForCausalLM": {**DENSE, **MAMBA, **BIAS, "mlp_bias": BOOL, "attn_layer_indices": [[], [1]]},
    "FalconH1ForCausalLM": {
        **DENSE, **MAMBA, **BIAS, "mlp_bias": BOOL, "mamba_d_ssm": [128], "mamba_rms_norm": BOOL,
        "projectors_bias": BOOL,
    },
    "Lfm2ForCausalLM": {
        **DENSE, "num_hidden_layers": [3], "layer_types": [["conv", "full_attention", "conv"], ["conv"] * 3],
        "conv_bias": BOOL, "conv_L_cache": [3, 4], "block_auto_adjust_ff_dim": BOOL, "block_multiple_of": [16],
    },
    "Qwen3NextForCausalLM": {
        **QWEN_MOE, **HEAD, **BIAS, **DELTA, "shared_expert_intermediate_size": [32], "num_hidden_layers": [4, 5, 8],
    },
    "Qwen3_5ForCausalLM": {**DENSE, **HEAD, **BIAS, **DELTA, "num_hidden_layers": [4, 5, 8]},
    "Qwen3_5MoeForCausalLM": {
        **DENSE, **HEAD, **BIAS, **DELTA, "num_hidden_layers": [4, 8], "num_experts": [4, 6], "num_experts_per_tok": [2],
        "moe_intermediate_size": [24], "shared_expert_intermediate_size": [32],
    },
    "FalconForCausalLM": {
        "hidden_size": [64], "num_hidden_layers": [2, 3], "num_attention_heads": [4, 8], "vocab_size": [200],
        "num_kv_heads": [1, 2, 4], "new_decoder_architecture": BOOL, "multi_query": BOOL, "parallel_attn": BOOL,
        "bias": BOOL, "alibi": BOOL, "ffn_hidden_size": [None, 100], "tie_word_embeddings": BOOL,
        "num_ln_in_parallel_attn": [None, 1, 2],
    },
    "OPTForCausalLM": {
        "hidden_size": [64], "num_hidden_layers": [2, 3], "num_attention_heads": [4], "ffn_dim": [100],
        "vocab_size": [200], "max_position_embeddings": [64, 128], "word_embed_proj_dim": [64, 32],
        "do_layer_norm_before": BOOL, "enable_bias": BOOL, "layer_norm_elementwise_affine": BOOL,
        "tie_word_embeddings": BOOL,
    },
    "GPTBigCodeForCausalLM": {**GPT, "multi_query": BOOL},
    "DbrxForCausalLM": {
        "d_model": [64], "n_layers": [2, 3], "n_heads": [4], "vocab_size": [200], "max_seq_len": [64],
        "attn_config": [{"kv_n_heads": 2, "rope_theta": 1e4}, {"kv_n_heads": 4, "rope_theta": 1e4}],
        "ffn_config": [{"ffn_hidden_size": 40, "moe_num_experts": 4, "moe_top_k": 2}],
        "tie_word_embeddings": [False],
    },
    "MiMoV2FlashForCausalLM": {
        **BLOCK, "num_attention_heads": [8], "num_key_value_heads": [2, 4], **HEAD, **BIAS, "v_head_dim": [8, 16],
        "num_hidden_layers": [3], "sliding_window": [16], "n_routed_experts": [4], "num_experts_per_tok": [2],
        "moe_intermediate_size": [24], "mlp_layer_types": [["dense", "sparse", "sparse"], ["sparse"] * 3],
        "layer_types": [["full_attention", "sliding_attention", "full_attention"], ["sliding_attention"] * 3],
    },
    "Llama4ForCausalLM": {
        **DENSE, **HEAD, **BIAS, **EXPERTS, "intermediate_size_mlp": [100], "interleave_moe_layer_step": [1, 2],
        "moe_layers": [None, [0], [1, 2]],
    },
}  # fmt: skip
VIT: Options = {
    "hidden_size": [32],
    "num_hidden_layers": [2],
    "num_attention_heads": [4],
    "patch_size": [4],
}
WITH_VISION: dict[str, tuple[str, Options, Options]] = {
    "Llama4ForConditionalGeneration": (
        "Llama4ForCausalLM",
        {**VIT, "image_size": [16], "intermediate_size": [32], "projector_input_dim": [40], "projector_output_dim": [24],
         "vision_output_dim": [24], "num_channels": [3], "pixel_shuffle_ratio": [0.5]},
        {},
    ),
    "Qwen2_5_VLForConditionalGeneration": (
        "Qwen2ForCausalLM",
        {"depth": [2], "hidden_size": [32], "intermediate_size": [40], "num_heads": [4], "in_channels": [3],
         "out_hidden_size": [64], "patch_size": [4], "spatial_merge_size": [2], "temporal_patch_size": [2]},
        {},
    ),
    "Qwen2VLForConditionalGeneration": (
        "Qwen2ForCausalLM",
        {"depth": [2], "embed_dim": [32], "hidden_size": [64], "mlp_ratio": [4], "num_heads": [4], "in_channels": [3],
         "patch_size": [4], "spatial_merge_size": [2], "temporal_patch_size": [2]},
        {},
    ),
    "Mistral3ForConditionalGeneration": (
        "MistralForCausalLM",
        {**VIT, "model_type": ["pixtral"], "image_size": [16], "intermediate_size": [40], "num_channels": [3]},
        {"vision_feature_layer": [-1, [-1, -2]], "multimodal_projector_bias": BOOL, "spatial_merge_size": [2]},
    ),
    "LlavaForConditionalGeneration": (
        "LlamaForCausalLM",
        {**VIT, "model_type": ["clip_vision_model", "siglip_vision_model"], "image_size": [16], "intermediate_size": [40]},
        {"vision_feature_layer": [-2], "multimodal_projector_bias": BOOL},
    ),
    "LlavaNextForConditionalGeneration": (
        "GraniteForCausalLM",
        {**VIT, "model_type": ["clip_vision_model", "siglip_vision_model"], "image_size": [16], "intermediate_size": [40]},
        {"vision_feature_layer": [-2, [-1, -2]], "multimodal_projector_bias": BOOL},
    ),
    "Gemma3ForConditionalGeneration": (
        "Gemma3ForCausalLM",
        {**VIT, "model_type": ["siglip_vision_model"], "image_size": [16], "intermediate_size": [40],
         "vision_use_head": BOOL},
        {},
    ),
    "Gemma4ForConditionalGeneration": (
        "Gemma4ForCausalLM",
        {"hidden_size": [32], "intermediate_size": [40], "num_hidden_layers": [2], "num_attention_heads": [4],
         "num_key_value_heads": [2, 4], "head_dim": [8], "patch_size": [4], "position_embedding_size": [16]},
        {},
    ),
    "KimiK25ForConditionalGeneration": (
        "DeepseekV3ForCausalLM",
        {**VIT, "intermediate_size": [40], "pos_emb_height": [8], "pos_emb_width": [8], "merge_kernel_size": [[2, 2]]},
        {"projection_hidden_size": [32]},
    ),
    **{
        name: (
            text,
            {"hidden_size": [32], "depth": [2, 3], "num_heads": [4], "patch_size": [4], "intermediate_size": [40, 64],
             "temporal_patch_size": [2], "spatial_merge_size": [2], "out_hidden_size": [64], "in_channels": [3],
             "num_position_embeddings": [16, 64], "deepstack_visual_indexes": [[0, 1], [1]]},
            {},
        )
        for name, text in (
            ("Qwen3VLForConditionalGeneration", "Qwen3ForCausalLM"),
            ("Qwen3VLMoeForConditionalGeneration", "Qwen3MoeForCausalLM"),
            ("Qwen3_5ForConditionalGeneration", "Qwen3_5ForCausalLM"),
            ("Qwen3_5MoeForConditionalGeneration", "Qwen3_5MoeForCausalLM"),
        )
    },
}  # fmt: skip


# Where a wrapper takes any decoder.
TEXT_TYPES = {
    "Mistral3ForConditionalGeneration": "mistral", "LlavaForConditionalGeneration": "llama",
    "LlavaNextForConditionalGeneration": "granite", "KimiK25ForConditionalGeneration": "deepseek_v3",
}  # fmt: skip


FIXED_HEADS = {"Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"}
CLASS_NAMES = {"KimiK25ForConditionalGeneration": "Kimi_K25ForConditionalGeneration"}


def class_of(architecture: str) -> Any:
    return getattr(transformers, CLASS_NAMES.get(architecture, architecture))


def text_type(architecture: str) -> str:
    return str(class_of(architecture).config_class.sub_configs["text_config"].model_type)


def drawn(options: Options, rng: random.Random) -> dict[str, Any]:
    chosen = {field: rng.choice(values) for field, values in options.items()}
    return {
        field: value
        for field, value in chosen.items()
        if value is not None or field == "q_lora_rank"
    }


def counted(config: dict[str, Any], architecture: str) -> int:
    """What transformers builds: parameters that are tied count once."""
    model_class = class_of(architecture)
    given = {
        field: value
        for field, value in config.items()
        if field not in ("architectures", "quantization_config")
    }
    with torch.device("meta"):
        model = model_class(model_class.config_class(**given))
    return sum(parameter.numel() for parameter in model.parameters())


def ours(config: dict[str, Any], architecture: str) -> int:
    spec = model_spec_from_config({**config, "architectures": [architecture]}, name="m")
    assert 0 < spec.active_params <= spec.language_params
    return spec.total_params


def rng_of(name: str) -> random.Random:
    return random.Random(zlib.crc32(name.encode()))


@pytest.mark.parametrize("architecture", TEXT_ONLY)
def test_random_small_models_equal_transformers(architecture: str) -> None:
    rng = rng_of(architecture)
    for _ in range(DRAWS):
        config = drawn(TEXT_ONLY[architecture], rng)
        assert ours(config, architecture) == counted(config, architecture), config


@pytest.mark.parametrize("architecture", WITH_VISION)
def test_random_small_vision_language_models_equal_transformers(architecture: str) -> None:
    text_architecture, vision, outer = WITH_VISION[architecture]
    rng = rng_of(architecture)
    for _ in range(DRAWS):
        text = drawn(TEXT_ONLY[text_architecture], rng)
        text["model_type"] = TEXT_TYPES.get(architecture) or text_type(architecture)
        if architecture in FIXED_HEADS:
            text["hidden_size"] = 64
            text.pop("head_dim")
        tower = {"vision_config": drawn(vision, rng), **drawn(outer, rng)}
        config = {"text_config": text, "tie_word_embeddings": text["tie_word_embeddings"], **tower}
        assert ours(config, architecture) == counted(config, architecture), config


def test_every_architecture_is_compared_or_is_code_of_the_models_own() -> None:
    assert set(SUPPORTED) == {*TEXT_ONLY, *WITH_VISION} | (OF_THEIR_OWN & set(SUPPORTED))
    assert len({*TEXT_ONLY, *WITH_VISION}) >= 60


@pytest.mark.parametrize("model", models.known_models(), ids=lambda model: model.model_id)
def test_the_shipped_table_equals_transformers(model: models.KnownModel) -> None:
    """Real sizes, which on the meta device cost no memory."""
    architecture = model.config["architectures"][0]  # type: ignore[index]
    if architecture in OF_THEIR_OWN:
        pytest.skip("code of the model's own")
    assert model_spec_from_config(model.config, name="m").total_params == counted(
        dict(model.config), architecture
    )


@pytest.mark.parametrize(
    "field", ["num_local_experts", "n_routed_experts", "q_lora_rank", "mamba_d_state"]
)
def test_a_field_that_would_change_the_count_and_is_not_understood_is_refused(field: str) -> None:
    config = {**drawn(TEXT_ONLY["LlamaForCausalLM"], rng_of("unread")), field: 4}
    with pytest.raises(UnsupportedModelError, match=field):
        ours(config, "LlamaForCausalLM")
