"""Quantiles of cumulative buckets, the only thing ever read out of a histogram."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.observation import LatencyReading, quantile, share_within


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


def reading(*counts: float) -> LatencyReading:
    bounds = (1.0, 2.0, 5.0, math.inf)
    buckets = tuple(zip(bounds, counts, strict=True))
    return LatencyReading(
        p50_s=1, p95_s=1, p99_s=1, num_requests=counts[-1], age_s=0, buckets=buckets
    )


def test_the_share_within_a_bound_interpolates_inside_its_bucket() -> None:
    assert share_within(reading(4, 8, 10, 10), 1.5) == pytest.approx(0.6)
    assert share_within(reading(4, 8, 10, 10), 0.5) == pytest.approx(0.2)


def test_what_is_over_the_last_bound_is_over() -> None:
    assert share_within(reading(4, 8, 9, 10), 1e6) == pytest.approx(0.9)


@given(st.floats(0.01, 0.89))
def test_a_share_within_its_own_quantile_is_the_quantile(q: float) -> None:
    seen = reading(4, 8, 9, 10)
    bound_s = quantile(seen.buckets, q)
    assert bound_s is not None
    assert share_within(seen, bound_s) == pytest.approx(q)
