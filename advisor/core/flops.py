"""Arithmetic of a model: a multiply-add is 2 FLOP, an amount is `flops`, a rate `flops_per_s`, and the two never mix.

Per token a decoder does 2 FLOP for each weight it passes through, and attends to the tokens before it: for each of
them 2 FLOP per head and key dimension, and 2 per value dimension (4 x layers x heads x head_dim where both are
head_dim). A window, or the selection of sparse attention, bounds how many tokens that is; a state costs the same for
every token. The embedding is a lookup. The backward pass costs twice the forward one, so training is 6 FLOP per
parameter and token.

Sources: Kaplan et al. 2020 (arXiv 2001.08361) for 6 N D; Hoffmann et al. 2022 (arXiv 2203.15556), appendix F, for the
count by parts; Narayanan et al. 2021 (arXiv 2104.04473) for 2 m n k.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.layout import Attention
from advisor.core.model_spec import ModelSpec

FLOP_PER_MULTIPLY_ADD = 2.0
BACKWARD_TO_FORWARD = 2.0
PETAFLOP_S_DAY_FLOPS = 8.64e19  # 10^15 FLOP/s for 86,400 s
# decay, update and read of a recurrent state: three multiply-adds a number
FLOP_PER_STATE_VALUE = 6.0
LLM_UTILIZATION = 0.30  # of the peak, where nothing better is known: large language models
OTHER_UTILIZATION = 0.40


def linear_flops(rows: float, columns: float, tokens: float) -> float:
    """A linear layer of rows x columns on so many tokens: exactly 2 M N K."""
    return FLOP_PER_MULTIPLY_ADD * rows * columns * tokens


def fully_connected_params(inputs: int, outputs: int) -> int:
    """Weights and biases of a layer from N to M: N M + M."""
    return inputs * outputs + outputs


# --- inference ------------------------------------------------------------------------------------


def forward_flops_per_token(spec: ModelSpec, context_tokens: float) -> float:
    """FLOP of one token's forward pass with `context_tokens` before it, logits included."""
    multiplied = spec.active_params - spec.embedding_params
    flops = FLOP_PER_MULTIPLY_ADD * multiplied
    for kind in spec.layout.attentions:
        flops += _per_attended_token(kind) * attended_tokens(kind, context_tokens)
        flops += _indexer_per_token(kind) * context_tokens
    for state in spec.layout.states:
        flops += FLOP_PER_STATE_VALUE * state.layers * state.state_values
    return flops


def attended_tokens(kind: Attention, context_tokens: float) -> float:
    """How many of the tokens before it one token attends to."""
    attended = context_tokens if kind.window is None else min(context_tokens, kind.window)
    return attended if kind.selected is None else min(attended, kind.selected)


def _per_attended_token(kind: Attention) -> float:
    return FLOP_PER_MULTIPLY_ADD * kind.layers * kind.heads * (kind.key_dim + kind.value_dim)


def _indexer_per_token(kind: Attention) -> float:
    """Sparse attention scores every token with a small key of its own before it selects."""
    return FLOP_PER_MULTIPLY_ADD * kind.layers * kind.index_heads * kind.index_key_dim


def logits_flops(spec: ModelSpec) -> float:
    """FLOP of one position's logits, which only sampled positions need."""
    return linear_flops(spec.vocab_size, spec.hidden_size, 1)


def prefill_flops(spec: ModelSpec, isl: float) -> float:
    """FLOP of a prompt: each token attends to those before it, and only the last one needs logits."""
    flops = isl * (forward_flops_per_token(spec, 0.0) - logits_flops(spec)) + logits_flops(spec)
    for kind in spec.layout.attentions:
        flops += _per_attended_token(kind) * attended_in_prompt(kind, isl)
        flops += _indexer_per_token(kind) * isl * isl / 2
    return flops


def attended_in_prompt(kind: Attention, isl: float) -> float:
    """The sum of attended tokens over a prompt: half its square, less what lies outside the window."""
    bounds = [bound for bound in (kind.window, kind.selected) if bound is not None]
    bound = min(bounds, default=None)
    if bound is None or isl <= bound:
        return isl * isl / 2
    return bound * isl - bound * bound / 2


# --- training -------------------------------------------------------------------------------------


def training_flops(params: float, tokens: float) -> float:
    """C = 6 N D: 2 N forward and twice that backward, for each token."""
    return (1 + BACKWARD_TO_FORWARD) * FLOP_PER_MULTIPLY_ADD * params * tokens


def achieved_flops(
    devices: float,
    seconds: float,
    peak_flops_per_s: float,
    *,
    utilization: float = LLM_UTILIZATION,
) -> float:
    """What a cluster computes in that time at that share of its peak."""
    return devices * seconds * peak_flops_per_s * utilization


def device_hours(
    flops: float, peak_flops_per_s: float, *, utilization: float = LLM_UTILIZATION
) -> float:
    """The other way round: hours of one device for that amount."""
    return flops / (peak_flops_per_s * utilization) / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """The sizes that Chinchilla's appendix F counts by: k x h is the width of queries, keys and values."""

    layers: int
    width: int
    mlp_width: int
    key_size: int
    heads: int
    vocab: int = 32_000

    @property
    def params(self) -> int:
        """N = V d + L (5 d k h + 2 d f): table A9's models, relative positions included."""
        attention = self.width * self.key_size * self.heads
        layer = 5 * attention + 2 * self.width * self.mlp_width
        return self.vocab * self.width + self.layers * layer


def forward_flops_by_parts(
    model: Transformer, sequence_tokens: int, *, embeddings_and_logits: bool
) -> float:
    """Appendix F of Hoffmann et al.: one sequence, forward.

    Its text counts the embedding as a multiplication and the logits; its own table A4 (the ratio to 6 N D) comes out
    only with both left out of the FLOP and kept in N. So both counts are offered.
    """
    s, d, f = sequence_tokens, model.width, model.mlp_width
    kh = model.key_size * model.heads
    layer = (
        2 * 3 * s * d * kh  # queries, keys, values
        + 2 * s * s * kh  # keys times queries
        + 3 * model.heads * s * s  # softmax
        + 2 * s * s * kh  # softmax times values
        + 2 * s * kh * d  # output
        + 2 * s * (d * f + d * f)  # MLP
    )
    ends = 2 * (2 * s * model.vocab * d) if embeddings_and_logits else 0
    return float(model.layers * layer + ends)


def ratio_to_six_n_d(
    model: Transformer, sequence_tokens: int = 2048, *, embeddings_and_logits: bool = False
) -> float:
    """Training FLOP by parts over 6 N D: table A4."""
    forward = forward_flops_by_parts(
        model, sequence_tokens, embeddings_and_logits=embeddings_and_logits
    )
    return (1 + BACKWARD_TO_FORWARD) * forward / training_flops(model.params, sequence_tokens)
