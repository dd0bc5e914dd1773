"""One replica as a clock sees it: how long a step of continuous batching takes, and what fits into its KV cache.

A step decodes one token for each of `batch` sequences and, in the tokens that are left of its budget, prefills waiting
prompts in chunks. Its time is linear in what it touches: a fixed cost (launches, the weights read once), a cost for each
sequence, one for each KV token read, one for each prompt token. Four numbers that a roofline, a fit on a running engine,
or a user can supply, and on which both the policy and the backtest's simulator run, each with its own values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaModel:
    """Seconds of a step, by what it touches, and the engine's limits on it."""

    step_base_s: float
    step_per_seq_s: float
    step_per_kv_token_s: float
    step_per_prefill_token_s: float
    kv_capacity_tokens: int
    max_num_batched_tokens: int = 8192  # tokens of one step, decoded and prefilled together
    max_num_seqs: int = 256  # sequences that run together

    def step_s(self, *, batch: float, kv_tokens: float, prefill_tokens: float = 0.0) -> float:
        """Seconds of one step."""
        return (
            self.step_base_s
            + self.step_per_seq_s * batch
            + self.step_per_kv_token_s * kv_tokens
            + self.step_per_prefill_token_s * prefill_tokens
        )
