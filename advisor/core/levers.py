"""What compiling and speculative decoding are worth, as the point from which each pays.

Compilation (torch.compile and CUDA graphs) makes a replica start later and run faster: over a run of t seconds it has done
more work than an eager one once rate_compiled x (t - start_compiled) > rate_eager x (t - start_eager).

Speculative decoding drafts k tokens, each accepted with probability a, and checks them in one step. A round yields
(1 - a^(k+1)) / (1 - a) tokens and costs one step and k drafts (Leviathan et al., Fast Inference from Transformers via
Speculative Decoding, ICML 2023, theorem 3.8). It pays where the tokens per round exceed the cost of the round in steps.
"""

from __future__ import annotations


def compile_break_even_s(
    *, eager_start_s: float, eager_per_s: float, compiled_start_s: float, compiled_per_s: float
) -> float | None:
    """Seconds a replica must live for compilation to pay; None where it never does, 0.0 where it always does."""
    if compiled_per_s <= eager_per_s:
        same_or_slower = compiled_per_s < eager_per_s or compiled_start_s > eager_start_s
        return None if same_or_slower else 0.0
    if compiled_start_s <= eager_start_s:
        return 0.0
    work = compiled_per_s * compiled_start_s - eager_per_s * eager_start_s
    return work / (compiled_per_s - eager_per_s)


def tokens_per_round(*, acceptance: float, num_draft_tokens: int) -> float:
    """Tokens that one round yields on average, from 1 (nothing accepted) to num_draft_tokens + 1."""
    if not 0 <= acceptance <= 1:
        raise ValueError(f"acceptance is {acceptance}, expected 0 to 1")
    if acceptance == 1:
        return num_draft_tokens + 1.0
    return (1 - acceptance ** (num_draft_tokens + 1)) / (1 - acceptance)


def speculative_speedup(
    *, acceptance: float, num_draft_tokens: int, draft_cost: float, verify_cost: float = 1.0
) -> float:
    """Decode speed over that without drafting. Costs are in decode steps: `draft_cost` of one drafted token,
    `verify_cost` of the step that checks k + 1 tokens at once (1 while bandwidth bounds it, more in large batches)."""
    round_cost = verify_cost + num_draft_tokens * draft_cost
    return tokens_per_round(acceptance=acceptance, num_draft_tokens=num_draft_tokens) / round_cost


def break_even_acceptance(
    *, num_draft_tokens: int, draft_cost: float, verify_cost: float = 1.0
) -> float | None:
    """The acceptance rate from which drafting pays; None where even full acceptance does not."""

    def speedup(acceptance: float) -> float:
        return speculative_speedup(
            acceptance=acceptance,
            num_draft_tokens=num_draft_tokens,
            draft_cost=draft_cost,
            verify_cost=verify_cost,
        )

    if speedup(1.0) < 1:
        return None
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if speedup(middle) >= 1 else (middle, high)
    return high
