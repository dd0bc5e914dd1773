"""What a load sees: means, and percentiles of what varies.

A latency is a floor and something above it that is skewed: a lognormal with that mean and spread. Over requests it varies
with the queue, and with the lengths of the answers; the two are independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.core.efficiency import Reals
from advisor.core.lengths import DEVIATES
from advisor.core.scheduler import Array, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a load sees: means, and percentiles (50, 90, 95, 99) along the last axis."""

    req_s: Reals
    ttft_mean_s: Reals
    ttft_s: Array
    tpot_mean_s: Reals
    tpot_s: Array
    e2e_mean_s: Reals
    e2e_s: Array
    batch: Reals


def percentiles(mean: Reals, spread_s: Reals, *, floor: Reals = 0.0) -> Array:
    """Percentiles of a latency with that mean and standard deviation above a floor, as a shifted lognormal."""
    above = np.maximum(np.asarray(mean) - floor, 1e-9)
    sigma2 = np.log1p((np.asarray(spread_s) / above) ** 2)
    deviates = np.asarray(DEVIATES)
    values: Array = floor + above * np.exp(np.sqrt(sigma2) * deviates - sigma2 / 2)
    return values


def _answer_lengths(shape: Shape) -> Array:
    """Percentiles of the answer's length."""
    sigma2 = np.log1p(np.asarray(shape.osl_cv) ** 2)
    factors: Array = np.asarray(shape.osl) * np.exp(
        np.sqrt(sigma2) * np.asarray(DEVIATES) - sigma2 / 2
    )
    return factors


def served_of(
    *,
    req_s: Reals,
    ttft_mean: Reals,
    ttft: Array,
    tpot_mean: Reals,
    tpot: Array,
    shape: Shape,
    batch: Reals,
) -> Served:
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 0.0)
    mean = ttft_mean + tpot_mean * answer
    by_length = tpot_mean * (np.maximum(_answer_lengths(shape) - 1.0, 0.0) - answer)
    by_wait = ttft - ttft_mean
    # Length and wait are independent: their deviations from the mean add as squares.
    squares = by_length * np.abs(by_length) + by_wait * np.abs(by_wait)
    return Served(
        req_s=req_s, ttft_mean_s=ttft_mean, ttft_s=ttft, tpot_mean_s=tpot_mean, tpot_s=tpot, e2e_mean_s=mean,
        e2e_s=mean + np.sign(squares) * np.sqrt(np.abs(squares)), batch=batch,
    )  # fmt: skip
