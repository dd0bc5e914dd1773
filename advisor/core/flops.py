"""Arithmetic of a forward pass: a multiply-add is 2 FLOP, an amount is `flops`, a rate `flops_per_s`.

Per token a decoder does 2 FLOP for each weight it passes through, and attends to its context: 4 x layers x heads x
head_dim FLOP for each earlier token (keys, then values). The embedding is a lookup.
"""

from __future__ import annotations

from advisor.core.model_spec import ModelSpec


def forward_flops_per_token(spec: ModelSpec, context_tokens: float) -> float:
    """FLOP of one token's forward pass with `context_tokens` before it."""
    multiplied = spec.active_params - spec.embedding_params
    attention = 4.0 * spec.num_layers * spec.num_attention_heads * spec.head_dim * context_tokens
    return 2.0 * multiplied + attention


def logits_flops(spec: ModelSpec) -> float:
    """FLOP of one position's logits, which only sampled positions need."""
    return 2.0 * spec.vocab_size * spec.hidden_size


def prefill_flops(spec: ModelSpec, isl: float) -> float:
    """FLOP of a prompt: each token attends to half of it on average, and only the last one needs logits."""
    return isl * (forward_flops_per_token(spec, isl / 2) - logits_flops(spec)) + logits_flops(spec)
