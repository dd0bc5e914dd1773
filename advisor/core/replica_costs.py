"""The amounts of one replica: what a step reads, multiplies and sends on each device, from the model and the accelerator.

Tensor parallelism divides weights, FLOPs and KV heads (those fewer than the degree are replicated); pipeline parallelism
divides layers, so that each stage has its share of the sequences; data-parallel attention repeats the attention on every
device and spreads only the experts. Expert parallelism keeps experts whole: the same bytes and FLOPs on average, but every
step waits for the device whose experts were chosen most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.hardware import Accelerator
from advisor.core.layout import Attention
from advisor.core.model_spec import Dtype, ModelSpec, cache_bytes
from advisor.core.step_time import StepCosts

# Both directions; PCIe 3 x16, assumed where the table knows no link.
SLOWEST_LINK_BYTES_PER_S = 32e9
# between machines without RDMA: 25 Gbit/s Ethernet, both directions
NETWORK_LINK_BYTES_PER_S = 5e9
MEMORY_SHARE = 0.9  # of a device, by default of vLLM, SGLang and TensorRT-LLM alike
RESERVED_BYTES_ONE_DEVICE, RESERVED_BYTES_EACH_OF_SEVERAL = 3.0e9, 5.0e9  # see sizing
RESERVED_SHARE = 0.1  # of a small device, which engines leave less
TRTLLM_RESERVED_BYTES = 1.5e9  # activations and context, taken before its share
NO_WINDOW = 1e12
SPARSE_HEADS = 64.0
SIXTEEN_BITS = (Dtype.BF16, Dtype.FP16, Dtype.FP32)


def matrix_peak_flops_per_s(accelerator: Accelerator, dtype: Dtype) -> float | None:
    """Dense peak of the unit for that dtype, or of the next wider one that the device has (weights are then unpacked)."""
    sixteen = accelerator.bf16_flops_per_s or accelerator.fp16_flops_per_s
    if dtype in SIXTEEN_BITS:
        return sixteen
    eight = accelerator.fp8_flops_per_s or sixteen
    if dtype is Dtype.INT8:
        return accelerator.int8_ops_per_s or eight
    return (accelerator.fp4_flops_per_s or eight) if dtype is Dtype.FP4 else eight


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharding:
    """How a replica's devices share the model."""

    tp: int = 1
    pp: int = 1
    dp: int = 1  # ranks of data-parallel attention, whose experts are spread over all of them
    # whole experts on each device, where tensor parallelism alone would slice all
    expert_parallel: bool = False
    over_network: bool = False

    @property
    def expert_ranks(self) -> int:
        """Devices that hold whole experts, and wait for the busiest."""
        return self.tp * self.dp if self.expert_parallel or self.dp > 1 else 1

    @property
    def devices(self) -> int:
        return self.tp * self.pp * self.dp


def step_costs(spec: ModelSpec, accelerator: Accelerator, sharding: Sharding) -> StepCosts:
    """The amounts of one step on one device of the replica."""
    peak = matrix_peak_flops_per_s(accelerator, spec.dtype)
    assert peak is not None
    tp, experts_over = sharding.tp, sharding.tp * sharding.dp
    logits = float(spec.vocab_size * spec.hidden_size)
    visited = spec.expert_params * spec.num_experts_per_token / max(1, spec.num_experts)
    shared = spec.language_params - spec.expert_params - spec.embedding_params - logits
    sent = 2.0 * spec.num_layers * spec.hidden_size * 2.0  # two exchanges a layer, 16 bits
    moved = 2.0 * (tp - 1) / tp * sent
    if sharding.dp > 1:  # dispatch to the experts and back
        moved += sent * (sharding.dp - 1) / sharding.dp
    link = accelerator.interconnect_bytes_per_s or SLOWEST_LINK_BYTES_PER_S
    if sharding.over_network:
        link = min(link, NETWORK_LINK_BYTES_PER_S)
    cache = _Cache.of(spec, tp)
    return StepCosts(
        dense_bytes=spec.shared_bytes_read / tp,
        expert_bytes=spec.expert_bytes / experts_over,
        expert_hit=spec.num_experts_per_token / spec.num_experts if spec.num_experts else 0.0,
        linear_flops=2.0 * shared / tp,
        expert_flops=2.0 * visited / experts_over,
        logits_flops=2.0 * logits / tp,
        attention_flops=cache.flops / tp,
        kv_bytes=cache.full_bytes,
        window_bytes=cache.window_bytes,
        window=cache.window,
        window_flops=cache.window_flops,
        state_bytes=spec.state_bytes / tp,
        peak_flops_per_s=peak,
        attention_peak_flops_per_s=_attention_peak(spec, accelerator) or peak,
        bytes_per_s=accelerator.memory_bandwidth_bytes_per_s,
        link_bytes_per_s=link / 2,
        # Each doubling of the devices is one more round (Thakur et al., Optimization of Collective Communication, 2005).
        hops=2.0 * spec.num_layers * math.log2(experts_over) + (sharding.pp - 1),
        sent_bytes=moved,
        layers=float(spec.num_layers),
        split=float(sharding.pp * sharding.dp),
        expert_split=float(sharding.dp),
        experts=float(spec.num_experts),
        expert_ranks=float(sharding.expert_ranks),
    )


def _attention_peak(spec: ModelSpec, accelerator: Accelerator) -> float | None:
    """Attention multiplies in 16 bits whatever the weights are kept in, or in FP8 where the cache is."""
    return matrix_peak_flops_per_s(
        accelerator, Dtype.FP8 if spec.kv_dtype is Dtype.FP8 else Dtype.BF16
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cache:
    """What attention reads on one device for each token of context, and the FLOP that it takes on all of them.

    Sparse attention works on the latent cache, and its kernel on no fewer than 64 heads: a device that has 8 of them
    multiplies eight times what it needs (vLLM's flashmla_sparse.py pads prompts' heads to 64 on Hopper).
    """

    full_bytes: float
    window_bytes: float
    window: float
    flops: float
    window_flops: float  # on one device, per token of context up to the window

    @classmethod
    def of(cls, spec: ModelSpec, tp: int) -> _Cache:
        full = windowed = flops = near = 0.0
        window = NO_WINDOW
        for kind in spec.layout.attentions:
            heads = 1 if kind.latent_dim is not None else kind.kv_heads
            read = kind.layers * cache_bytes(kind, spec) * max(1.0 / tp, 1.0 / heads)
            reach = kind.window or kind.selected
            if reach is None:
                full += read
                flops += 2.0 * kind.layers * kind.heads * (kind.key_dim + kind.value_dim)
            else:
                windowed, window = windowed + read, float(reach)
                near += _near_flops(kind, tp)
        return cls(
            full_bytes=full, window_bytes=windowed, window=window, flops=flops, window_flops=near
        )


def _near_flops(kind: Attention, tp: int) -> float:
    """Per token and token that it looks back on, on one device."""
    if kind.selected is not None and kind.latent_dim is not None:
        return 4.0 * kind.layers * max(kind.heads / tp, SPARSE_HEADS) * kind.latent_dim
    return 2.0 * kind.layers * kind.heads / tp * (kind.key_dim + kind.value_dim)


def kv_tokens(
    spec: ModelSpec,
    accelerator: Accelerator,
    sharding: Sharding,
    context_tokens: float,
    *,
    of_free: bool = False,
) -> float:
    """Tokens of context that the KV cache holds, in sequences of that length; below 1 where the weights are too much.

    vLLM and SGLang fill a share of the device, weights included; TensorRT-LLM (`of_free`) a share of what weights leave.
    """
    over = sharding.tp * sharding.pp
    shared = spec.weight_bytes - spec.expert_bytes
    held = shared / over + spec.expert_bytes / (over * sharding.dp)
    several = sharding.devices > 1
    if of_free:
        free = MEMORY_SHARE * (accelerator.memory_bytes - held - TRTLLM_RESERVED_BYTES)
    else:
        reserved = RESERVED_BYTES_EACH_OF_SEVERAL if several else RESERVED_BYTES_ONE_DEVICE
        reserved = min(reserved, RESERVED_SHARE * accelerator.memory_bytes)
        free = MEMORY_SHARE * accelerator.memory_bytes - held - reserved
    return tokens_in(free, spec, sharding, context_tokens)


def tokens_in(
    free_bytes: float, spec: ModelSpec, sharding: Sharding, context_tokens: float
) -> float:
    """Tokens of context for which so many free bytes on each device are enough."""
    context = max(1.0, context_tokens)
    latent = any(kind.latent_dim is not None for kind in spec.layout.attentions)
    share = max(1.0 / sharding.tp, 1.0 / (1 if latent else spec.num_kv_heads))
    each = spec.kv_bytes(context) / context * share / sharding.pp
    return free_bytes / max(each, 1.0) * sharding.dp
