"""Quantiles of cumulative buckets, the only thing ever read out of a histogram."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.observation import quantile


def test_quantile_interpolates_inside_its_bucket() -> None:
    assert quantile([(0.1, 0.0), (0.2, 10.0), (math.inf, 10.0)], 0.5) == pytest.approx(0.15)


def test_quantile_of_nothing_is_unknown() -> None:
    assert quantile([], 0.5) is None
    assert quantile([(0.1, 0.0), (math.inf, 0.0)], 0.5) is None


def test_quantile_beyond_the_last_bound_is_at_least_that_bound() -> None:
    assert quantile([(0.1, 1.0), (math.inf, 10.0)], 0.9) == 0.1


@given(st.lists(st.floats(0, 9.99), min_size=1, max_size=50), st.floats(0.01, 1))
def test_quantile_lies_in_the_bucket_that_holds_the_true_one(
    values: list[float], q: float
) -> None:
    bounds = [1.0, 2.0, 5.0, 10.0]
    buckets = [(bound, float(sum(v <= bound for v in values))) for bound in bounds]
    true = sorted(values)[max(0, math.ceil(q * len(values)) - 1)]
    upper = next(bound for bound in bounds if true <= bound)
    lower = max([0.0, *[bound for bound in bounds if bound < upper]])
    found = quantile(buckets, q)
    assert found is not None
    assert lower <= found <= upper
