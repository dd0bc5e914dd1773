"""How long prompts and answers are: a mean and a spread, as a lognormal.

Real lengths are skewed: most answers are short, a few run into the limit (BurstGPT and the Azure traces show coefficients of
variation near 1). A lognormal has that shape with two parameters, and percentiles in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

CONVERSATION_ISL, CONVERSATION_OSL = 217.0, 200.0  # ShareGPT as vLLM's benchmark filters it
CONVERSATION_CV = 1.0
PERCENTILES = (50.0, 90.0, 95.0, 99.0)
_NORMAL = NormalDist()
# Standard normal deviates of the percentiles reported.
DEVIATES = tuple(_NORMAL.inv_cdf(p / 100) for p in PERCENTILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Tokens of one side of a request; `cv` is the standard deviation over the mean, 0 for a fixed length."""

    mean: float
    cv: float = 0.0

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.sqrt(math.log1p(self.cv**2))

    def at(self, percentile: float) -> float:
        return self.mean * lognormal_factor(self.cv, _NORMAL.inv_cdf(percentile / 100))


def lognormal_factor(cv: float, deviate: float) -> float:
    """A lognormal's quantile over its mean."""
    sigma = math.sqrt(math.log1p(cv * cv))
    return math.exp(sigma * deviate - sigma * sigma / 2)


def lognormal_factors(cv: npt.NDArray[np.float64], deviate: float) -> npt.NDArray[np.float64]:
    """The same for a column."""
    sigma = np.sqrt(np.log1p(cv * cv))
    factors: npt.NDArray[np.float64] = np.exp(sigma * deviate - sigma * sigma / 2)
    return factors
