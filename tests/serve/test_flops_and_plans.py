"""FLOPs against torch's own counter, and parallel plans against what vLLM accepts."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from advisor.core import flops, sizing
from advisor.core.model_spec import ModelSpec, model_spec_from_config

pytestmark = [pytest.mark.serve, pytest.mark.filterwarnings("ignore")]
torch = pytest.importorskip("torch")
flop_counter = pytest.importorskip("torch.utils.flop_counter")
transformers = pytest.importorskip("transformers")

SMALL: dict[str, Any] = {
    "hidden_size": 128, "num_hidden_layers": 3, "num_attention_heads": 8, "intermediate_size": 256, "vocab_size": 512,
    "max_position_embeddings": 512,
}  # fmt: skip
FIVE: dict[str, dict[str, Any]] = {
    "LlamaForCausalLM": {**SMALL, "num_key_value_heads": 2, "tie_word_embeddings": False},
    "Qwen2ForCausalLM": {**SMALL, "num_key_value_heads": 4, "tie_word_embeddings": True},
    "GPTNeoXForCausalLM": {**SMALL, "tie_word_embeddings": False},
    "OPTForCausalLM": {**SMALL, "ffn_dim": 256, "word_embed_proj_dim": 128, "tie_word_embeddings": True},
    "DeepseekV3ForCausalLM": {
        **SMALL, "num_key_value_heads": 8, "q_lora_rank": 48, "kv_lora_rank": 32, "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 8, "v_head_dim": 16, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1,
        "moe_intermediate_size": 64, "first_k_dense_replace": 3, "n_group": 1, "topk_group": 1,
        "tie_word_embeddings": False,
    },
}  # fmt: skip


def spec_of(architecture: str, config: dict[str, Any]) -> ModelSpec:
    return model_spec_from_config({**config, "architectures": [architecture]}, name="tiny")


def test_f6_a_fully_connected_layer() -> None:
    layer = torch.nn.Linear(96, 160)
    assert sum(p.numel() for p in layer.parameters()) == flops.fully_connected_params(96, 160)
    with flop_counter.FlopCounterMode(display=False) as counter:
        layer(torch.zeros(7, 96))
    assert counter.get_total_flops() == flops.linear_flops(160, 96, 7)


@pytest.mark.parametrize("architecture", FIVE)
def test_f6_the_forward_pass_is_within_1_percent_of_torchs_count(architecture: str) -> None:
    """torch counts whole squares of attention and all logits: so do we here, token for token."""
    config, tokens = FIVE[architecture], 192
    model_class = getattr(transformers, architecture)
    model = model_class(model_class.config_class(**config, attn_implementation="eager")).eval()
    with torch.no_grad(), flop_counter.FlopCounterMode(display=False) as counter:
        model(input_ids=torch.zeros(1, tokens, dtype=torch.long))
    expected = tokens * flops.forward_flops_per_token(spec_of(architecture, config), tokens)
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.01)


def test_o3_stages_are_those_of_vllm() -> None:
    get_pp_indices = pytest.importorskip("vllm.distributed.utils").get_pp_indices
    for layers, stages in itertools.product(range(1, 90), range(1, 9)):
        if stages > layers:
            continue
        ranges = [get_pp_indices(layers, stage, stages) for stage in range(stages)]
        ours = [sizing.layers_of_stage(layers, stages, stage) for stage in range(stages)]
        assert [end - start for start, end in ranges] == ours


def test_o3_a_plan_is_valid_iff_vllm_accepts_it(tmp_path: Path) -> None:
    """Every head count up to 64 with its KV heads, over 1 to 16 devices: vLLM's own check, and its own division."""
    divide = pytest.importorskip("vllm.distributed.utils").divide
    for heads in (8, 9, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64):
        for kv_heads in [n for n in range(1, heads + 1) if heads % n == 0]:
            config = {**SMALL, "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": 16,
                      "intermediate_size": 5760}  # fmt: skip
            spec = spec_of("LlamaForCausalLM", config)
            for tp in (1, 2, 3, 4, 5, 6, 8, 16):
                accepted = _vllm_accepts(divide, heads, kv_heads, 5760, tp)
                valid = sizing.why_invalid(spec, tp, devices_per_island=16) is None
                assert valid == accepted, (heads, kv_heads, tp)


def _vllm_accepts(divide: Any, heads: int, kv_heads: int, width: int, tp: int) -> bool:
    """config/model.py verify_with_parallel_config, then QKVParallelLinear and MergedColumnParallelLinear."""
    if heads % tp:
        return False
    try:
        divide(tp, kv_heads) if tp >= kv_heads else divide(kv_heads, tp)
        divide(width, tp)
    except AssertionError:
        return False
    return True


def test_o3_vllm_itself_refuses_heads_that_do_not_divide(tmp_path: Path) -> None:
    """The real ModelConfig on a folder with a config.json, nothing else."""
    config_module = pytest.importorskip("vllm.config")
    config = {**SMALL, "num_key_value_heads": 2, "architectures": ["LlamaForCausalLM"], "model_type": "llama",
              "torch_dtype": "bfloat16"}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = config_module.ModelConfig(
        model=str(tmp_path), skip_tokenizer_init=True, max_model_len=128
    )
    spec = spec_of("LlamaForCausalLM", config)
    for tp in (1, 2, 3, 4, 5, 8):
        parallel = config_module.ParallelConfig()
        object.__setattr__(parallel, "tensor_parallel_size", tp)
        try:
            model.verify_with_parallel_config(parallel)
        except ValueError:
            accepted = False
        else:
            accepted = True
        assert (spec.num_attention_heads % tp == 0) == accepted
        if not accepted:
            assert sizing.why_invalid(spec, tp) is not None


MIXTURE: dict[str, Any] = {
    **SMALL, "num_key_value_heads": 4, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 64,
    "head_dim": 16, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "model_type", "config"),
    [
        ("LlamaForCausalLM", "llama", FIVE["LlamaForCausalLM"] | {"torch_dtype": "bfloat16"}),
        ("Qwen3MoeForCausalLM", "qwen3_moe", MIXTURE),
    ],
)
def test_o3_whole_experts_need_a_model_with_experts(
    architecture: str, model_type: str, config: dict[str, Any], tmp_path: Path
) -> None:
    """vLLM's own verdict on --enable-expert-parallel."""
    config_module = pytest.importorskip("vllm.config")
    stored = {**config, "architectures": [architecture], "model_type": model_type}
    (tmp_path / "config.json").write_text(json.dumps(stored))
    model = config_module.ModelConfig(
        model=str(tmp_path), skip_tokenizer_init=True, max_model_len=128
    )
    parallel = config_module.ParallelConfig()
    for name, value in {"tensor_parallel_size": 2, "enable_expert_parallel": True}.items():
        object.__setattr__(parallel, name, value)
    try:
        model.verify_with_parallel_config(parallel)
    except ValueError:
        accepted = False
    else:
        accepted = True
    spec = spec_of(architecture, config)
    assert (sizing.why_invalid(spec, 2, expert_parallel=True) is None) == accepted
    assert accepted == (architecture == "Qwen3MoeForCausalLM")
