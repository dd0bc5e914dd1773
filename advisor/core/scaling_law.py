"""How good a model a budget of FLOP buys, and which size is the cheapest to train and then serve.

Hoffmann et al. 2022 (arXiv 2203.15556, "Chinchilla") fit the loss of a model of N parameters trained on D tokens: L =
1.69 + 406.4 / N^0.34 + 410.7 / D^0.28, and find that a budget C = 6 N D is best spent on some twenty tokens a
parameter (their table 3). That counts training only: whoever serves many tokens pays 2 N for each, and a smaller
model trained for longer reaches the same loss for less in all (Sardana et al. 2023, arXiv 2401.00448).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.flops import training_flops

IRREDUCIBLE_LOSS = 1.69
PARAMS_COEFFICIENT, PARAMS_EXPONENT = 406.4, 0.34
TOKENS_COEFFICIENT, TOKENS_EXPONENT = 410.7, 0.28
# Table 3's first approach as a power law through its rows of 1B (20.2B tokens) and 10T (216.2T).
OPTIMAL_TOKENS_AT_1B, OPTIMAL_EXPONENT = 20.2e9, 1.00738
FLOP_PER_PARAM_SERVED = 2.0


def loss(params: float, tokens: float) -> float:
    """Expected loss in nats per token."""
    by_params = PARAMS_COEFFICIENT / params**PARAMS_EXPONENT
    return float(IRREDUCIBLE_LOSS + by_params + TOKENS_COEFFICIENT / tokens**TOKENS_EXPONENT)


def tokens_for_loss(params: float, target_loss: float) -> float | None:
    """Tokens that a model of that size needs to reach the loss; None where no number of them is enough."""
    left = target_loss - IRREDUCIBLE_LOSS - PARAMS_COEFFICIENT / params**PARAMS_EXPONENT
    return None if left <= 0 else float((TOKENS_COEFFICIENT / left) ** (1 / TOKENS_EXPONENT))


def optimal_tokens(params: float) -> float:
    """Tokens on which training alone is spent best, for a model of that size."""
    return float(OPTIMAL_TOKENS_AT_1B * (params / 1e9) ** OPTIMAL_EXPONENT)


def optimal_params(flops: float) -> float:
    """The size on which a training budget is spent best: C = 6 N D with D the optimal tokens of N."""
    at_1b = training_flops(1e9, OPTIMAL_TOKENS_AT_1B)
    return float(1e9 * (flops / at_1b) ** (1 / (1 + OPTIMAL_EXPONENT)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """A size, what it is trained on, and all it costs while it serves: 6 N D + 2 N D_served."""

    params: float
    training_tokens: float
    training_flops: float
    serving_flops: float

    @property
    def total_flops(self) -> float:
        return self.training_flops + self.serving_flops


def lifetime(params: float, training_tokens: float, served_tokens: float) -> Lifetime:
    return Lifetime(
        params=params,
        training_tokens=training_tokens,
        training_flops=training_flops(params, training_tokens),
        serving_flops=FLOP_PER_PARAM_SERVED * params * served_tokens,
    )


def cheapest_for_loss(target_loss: float, served_tokens: float) -> Lifetime | None:
    """The size that reaches a loss for the fewest FLOP in all; None where the loss is below what any model reaches.

    In log N the total has one minimum: training falls steeply from the smallest size that reaches the loss at all, then
    both grow. Ternary search finds it.
    """
    gap = target_loss - IRREDUCIBLE_LOSS
    if gap <= 0:
        return None
    low = math.log((PARAMS_COEFFICIENT / gap) ** (1 / PARAMS_EXPONENT)) + 1e-9
    high = low + 12.0
    for _ in range(120):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        if _total(first, target_loss, served_tokens) < _total(second, target_loss, served_tokens):
            high = second
        else:
            low = first
    params = math.exp((low + high) / 2)
    tokens = tokens_for_loss(params, target_loss)
    return None if tokens is None else lifetime(params, tokens, served_tokens)


def _total(log_params: float, target_loss: float, served_tokens: float) -> float:
    params = math.exp(log_params)
    tokens = tokens_for_loss(params, target_loss)
    # Where the gap is rounded away the size is just too small: any other is cheaper.
    return math.inf if tokens is None else lifetime(params, tokens, served_tokens).total_flops


def break_even_requests(
    first_fixed_usd: float, first_usd_per_request: float, second_fixed_usd: float, second_usd_per_request: float
) -> float | None:  # fmt: skip
    """Requests from which on the second is the cheaper of two models; None where it never is, 0 where it always is.

    Fixed is what is paid once (training, tuning), the other what each request costs to serve.
    """
    saved = first_usd_per_request - second_usd_per_request
    extra = second_fixed_usd - first_fixed_usd
    if extra <= 0:
        return 0.0 if saved >= 0 else None
    return extra / saved if saved > 0 else None
