"""What a vLLM engine needs on a device besides weights and KV cache: fitted on measured start-ups, each term with its
cause.

vLLM runs one batch of dummy requests before it sizes the KV cache, and reserves the peak of it. On H100 that peak is
most often the sampler's: `max_num_seqs` rows of logits at 14 bytes a number (2 in bf16, then three float32 copies),
else the MLP's: gate, up and their product, 3 x width, and two residual streams. Several devices add the buffers of
all-reduce, experts the workspace of the fused kernel, images the encoder's cache; since vLLM 0.21 the CUDA graphs are
taken off as well.

The constants are from 47 start-ups of 15 checkpoints, vLLM 0.19.0 on H100, of llm-d-planner (Apache-2.0):
tests/benchmarks/bench_memory.py prints them against this, left out model by model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.hardware import Accelerator
from advisor.core.model_spec import Dtype, ModelSpec

GIB = 2**30

# CUDA context, cuBLAS, and what the driver keeps of the memory it reports
CONTEXT_BYTES = 0.78 * GIB
ALL_REDUCE_BYTES = 1.84 * GIB  # NCCL's and the custom all-reduce's buffers, at two devices
ALL_REDUCE_BYTES_PER_DOUBLING = 0.07 * GIB
EXPERTS_BYTES = 0.19 * GIB  # beside the fused kernel's workspace
LOGIT_BYTES = 14.0
CUDA_GRAPH_BYTES_PER_LAYER = 0.0215 * GIB  # 28 layers 0.6 GiB, 80 layers 1.5-2 GiB
# residual-stream sized buffers where activations are quantised on the way; 2 where not
QUANTISED_STREAMS = 5.6
PLAIN_STREAMS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What of vLLM's settings decides memory; the defaults depend on the device (vllm/engine/arg_utils.py)."""

    max_num_batched_tokens: int
    max_num_seqs: int
    counts_cuda_graphs: bool = True  # vLLM 0.21 and later
    # prints requests of max_model_len times that length; before, blocks over kinds
    tokens_by_request: bool = True


def default_settings(
    accelerator: Accelerator, *, counts_cuda_graphs: bool = True
) -> EngineSettings:
    """Those of `vllm serve` on that device."""
    tokens, sequences = 2048, 256
    if accelerator.memory_bytes >= 160 * GIB:
        tokens, sequences = 16384, 1024
    elif accelerator.memory_bytes >= 70 * GIB and "A100" not in accelerator.name.upper():
        tokens, sequences = 8192, 1024
    return EngineSettings(
        max_num_batched_tokens=tokens,
        max_num_seqs=sequences,
        counts_cuda_graphs=counts_cuda_graphs,
        tokens_by_request=counts_cuda_graphs,
    )


def reserved_bytes(
    spec: ModelSpec,
    settings: EngineSettings,
    *,
    tp_degree: int,
    layers: int,
    samples: bool = True,
) -> float:
    """On one device that holds `layers` layers; `samples` where it computes logits: the last stage of a pipeline."""
    tokens, hidden = settings.max_num_batched_tokens, spec.hidden_size
    stream = tokens * hidden * 2.0
    sampler = settings.max_num_seqs * spec.vocab_size * LOGIT_BYTES if samples else 0.0
    reserved = CONTEXT_BYTES + stream + max(sampler, _forward_bytes(spec, tokens, tp_degree))
    if tp_degree > 1:
        reserved += ALL_REDUCE_BYTES + ALL_REDUCE_BYTES_PER_DOUBLING * math.log2(tp_degree / 2)
    if spec.num_experts:
        reserved += EXPERTS_BYTES + _experts_workspace_bytes(spec, tokens, tp_degree)
    if spec.vision_params:
        reserved += stream  # the encoder's cache: one batch of image tokens
    if settings.counts_cuda_graphs:
        reserved += CUDA_GRAPH_BYTES_PER_LAYER * layers
    return reserved


def _forward_bytes(spec: ModelSpec, tokens: int, tp_degree: int) -> float:
    streams = (
        PLAIN_STREAMS if spec.dtype in (Dtype.BF16, Dtype.FP16, Dtype.FP32) else QUANTISED_STREAMS
    )
    width = 3.0 * spec.shards.dense_width / tp_degree + streams * spec.hidden_size
    return tokens * width * spec.plain_bytes


def _experts_workspace_bytes(spec: ModelSpec, tokens: int, tp_degree: int) -> float:
    """vLLM's fused_moe: one buffer of the larger of gate-and-up and the output, one of the product."""
    width = spec.shards.expert_width / tp_degree
    return tokens * spec.num_experts_per_token * (max(2 * width, spec.hidden_size) + width) * 2.0
