"""How long one step of an engine takes: a roofline over what the step reads, multiplies and sends.

A step decodes one token for each of `batch` sequences and may prefill a chunk of prompts. It reads the weights once (of a
mixture of experts only those that some token visits: 1 - (1 - k/E)^tokens of them, chosen as if at random), reads the KV
cache of every sequence, multiplies every token with every active weight, exchanges activations twice a layer between
tensor-parallel devices, and launches kernels (Williams et al., Roofline, CACM 2009; Pope et al., Efficiently Scaling
Transformer Inference, MLSys 2023).

Memory and matrix units overlap inside a kernel, but not perfectly: their times are joined by a norm between the sum and the
maximum. Everything takes floats or columns of them, so that a curve over batch sizes is one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.core.efficiency import Efficiencies, Reals

EXPERT_TILE = 16.0  # tokens that each expert's product is padded by: the least height of a fused MoE kernel's tile
OVERLAP_NORM = 2.0  # 1 would be a sum, infinity a maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """One model on one replica, as amounts: bytes and FLOP per device, peaks per device."""

    dense_bytes: Reals  # weights that every step reads
    expert_bytes: Reals  # weights of all routed experts
    expert_hit: Reals  # k/E, the share of experts that one token visits; 0 for a dense model
    linear_flops: Reals  # per token, but for routed experts
    logits_flops: Reals  # per sampled token
    attention_flops: Reals  # per token and token of context
    kv_bytes: Reals  # per token of context
    window_bytes: Reals  # per token of context up to `window`, in layers that look back no further
    window: Reals
    state_bytes: Reals  # per sequence, of layers with a state in place of a cache
    peak_flops_per_s: Reals
    attention_peak_flops_per_s: Reals  # in the dtype of the cache, not of the weights
    bytes_per_s: Reals
    link_bytes_per_s: Reals  # one direction
    hops: Reals  # starts of one step's collectives, one for each doubling of the devices; 0 on one
    sent_bytes: Reals  # per token, all layers
    layers: Reals
    expert_flops: Reals = 0.0  # per token, in the routed experts that it visits
    split: Reals = 1.0  # groups that share a replica's sequences: pipeline stages, or ranks of data-parallel attention
    # groups whose tokens meet at the same experts: the ranks of data-parallel attention
    expert_split: Reals = 1.0
    window_flops: Reals = 0.0  # per token and token of context up to `window`
    experts: Reals = 0.0  # routed experts of a layer
    expert_ranks: Reals = 1.0  # devices that hold whole experts; 1 where each holds a slice of all


def busiest(ranks: Reals, items: Reals) -> Reals:
    """What the busiest of the ranks gets over their mean, of items dealt at random: all wait for it.

    Each gets a number near Poisson's with mean m = items / ranks; of R such the largest is about m + sqrt(2 m ln R).
    """
    most: Reals = 1.0 + np.sqrt(2.0 * np.log(ranks) * ranks / np.maximum(items, 1.0))
    return np.minimum(most, ranks)


def step_time_s(
    costs: StepCosts,
    eff: Efficiencies,
    *,
    batch: Reals,
    context: Reals,
    prefill: Reals = 0.0,
    prefill_context: Reals = 0.0,
) -> Reals:
    """Seconds of a step that decodes `batch` sequences of that context and prefills that many prompt tokens."""
    # A share of a sequence cannot be computed: each group has one at least while anything runs.
    own = np.maximum(batch / costs.split, np.minimum(batch, 1.0))
    chunk = prefill / costs.split
    tokens = own + chunk
    bandwidth = costs.bytes_per_s
    hit = 1.0 - (1.0 - costs.expert_hit) ** (tokens * costs.expert_split)
    read = np.minimum(hit * busiest(costs.expert_ranks, costs.experts * hit), 1.0)
    weights_s = (costs.dense_bytes + costs.expert_bytes * read / eff.expert_mbu) / (
        bandwidth * eff.weight_mbu
    )
    matrix = costs.peak_flops_per_s * eff.mfu
    linear = costs.linear_flops * tokens + costs.logits_flops * own
    multiply_s = linear * (1.0 + eff.half_tokens / np.maximum(tokens, 1e-9)) / matrix
    # Every expert that is hit multiplies its share of the tokens, padded to whole tiles.
    together = tokens * costs.expert_split
    experts = costs.expert_flops * together
    padding = EXPERT_TILE * hit / np.maximum(together * costs.expert_hit, 1e-9)
    visits = together * costs.experts * costs.expert_hit
    waits = busiest(costs.expert_ranks, visits)
    multiply_s = multiply_s + experts * (waits + padding) / (matrix * eff.expert_mfu)
    linear_s = (weights_s**OVERLAP_NORM + multiply_s**OVERLAP_NORM) ** (1 / OVERLAP_NORM)
    # A chunk's KV is read once a step; its attention is bound by multiplication.
    chunk_context = np.minimum(chunk, prefill_context)
    cached = costs.kv_bytes * (own * context + chunk_context)
    cached = cached + costs.window_bytes * own * np.minimum(context, costs.window)
    kept = cached + costs.state_bytes * own
    kv_s = kept / (bandwidth * eff.kv_mbu)
    # FlashAttention reaches about what a large product does: 50-73 % of the 16-bit peak on A100 (Dao, arXiv 2307.08691), up
    # to 75 % on H100 (Shah et al., arXiv 2407.08608).
    reach = costs.window_flops * np.minimum(prefill_context, costs.window)
    attend = chunk * (costs.attention_flops * prefill_context + reach)
    attend_s = attend / (costs.attention_peak_flops_per_s * eff.mfu)
    comm_s = costs.hops * eff.hop_s + costs.sent_bytes * tokens / (
        costs.link_bytes_per_s * eff.link
    )
    fixed_s = costs.layers * eff.layer_s + eff.step_s + eff.seq_s * batch
    total = eff.pace * (linear_s + kv_s + attend_s + comm_s + fixed_s)
    # Whatever was fitted, nothing beats the hardware.
    read_s = (costs.dense_bytes + costs.expert_bytes * hit + kept) / bandwidth
    bound: Reals = np.maximum(
        total, np.maximum(read_s, (linear + experts) / costs.peak_flops_per_s)
    )
    return bound
