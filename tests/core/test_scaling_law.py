"""Chinchilla's published table, and laws of the cheapest model to train and serve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import scaling_law
from advisor.core.flops import training_flops

# Table 3 of Hoffmann et al. 2022: parameters, FLOP, tokens.
TABLE_3 = [
    (0.4e9, 1.92e19, 8.0e9), (1e9, 1.21e20, 20.2e9), (10e9, 1.23e22, 205.1e9), (67e9, 5.76e23, 1.5e12),
    (175e9, 3.85e24, 3.7e12), (280e9, 9.90e24, 5.9e12), (520e9, 3.43e25, 11.0e12), (1e12, 1.27e26, 21.2e12),
    (10e12, 1.30e28, 216.2e12),
]  # fmt: skip


@pytest.mark.parametrize(("params", "flops", "tokens"), TABLE_3)
def test_c1_table_3(params: float, flops: float, tokens: float) -> None:
    """6 N D within 2 %; the 67B row's 1.5T is rounded, and 4.7 % off."""
    rounded = 0.048 if params == 67e9 else 0.02
    assert training_flops(params, tokens) == pytest.approx(flops, rel=rounded)


@pytest.mark.parametrize(("params", "flops", "tokens"), [row for row in TABLE_3 if row[0] != 67e9])
def test_c1_the_power_law_goes_through_table_3(params: float, flops: float, tokens: float) -> None:
    assert scaling_law.optimal_tokens(params) == pytest.approx(tokens, rel=0.02)
    assert scaling_law.optimal_params(flops) == pytest.approx(params, rel=0.02)


def test_c1_the_loss_of_chinchilla_is_lower_than_gophers() -> None:
    """70B on 1.4T tokens against 280B on 300B, for the same FLOP: the paper's point."""
    assert scaling_law.loss(70e9, 1.4e12) < scaling_law.loss(280e9, 300e9)
    assert scaling_law.loss(70e9, 1.4e12) == pytest.approx(1.94, abs=0.01)


@given(params=st.floats(1e8, 1e12), tokens=st.floats(1e9, 1e14))
def test_tokens_for_a_loss_give_that_loss(params: float, tokens: float) -> None:
    target = scaling_law.loss(params, tokens)
    assert scaling_law.tokens_for_loss(params, target) == pytest.approx(tokens, rel=1e-6)


def test_no_number_of_tokens_makes_a_small_model_large() -> None:
    assert scaling_law.tokens_for_loss(1e8, 1.8) is None
    assert scaling_law.cheapest_for_loss(1.69, 0) is None


@given(target=st.floats(1.85, 2.6), served=st.floats(1e9, 1e15), factor=st.floats(0.2, 5))
def test_c2_no_other_size_reaches_the_loss_for_less(
    target: float, served: float, factor: float
) -> None:
    best = scaling_law.cheapest_for_loss(target, served)
    assert best is not None
    tokens = scaling_law.tokens_for_loss(best.params * factor, target)
    if tokens is not None:
        other = scaling_law.lifetime(best.params * factor, tokens, served)
        assert best.total_flops <= other.total_flops * (1 + 1e-6)


@given(target=st.floats(1.9, 2.5), served=st.floats(1e10, 1e14))
def test_c2_who_serves_more_trains_a_smaller_model_for_longer(
    target: float, served: float
) -> None:
    less, more = (
        scaling_law.cheapest_for_loss(target, tokens) for tokens in (served, 10 * served)
    )
    assert less is not None
    assert more is not None
    assert more.params <= less.params * (1 + 1e-6)
    assert more.training_tokens >= less.training_tokens * (1 - 1e-6)


@pytest.mark.parametrize(
    ("first", "second", "requests"),
    [
        ((0, 0.010), (1000, 0.005), 200_000),  # dearer to make, cheaper to serve
        ((0, 0.005), (1000, 0.010), None),  # dearer in both
        ((1000, 0.010), (0, 0.005), 0.0),  # cheaper in both
        ((1000, 0.005), (0, 0.010), None),  # cheaper at first, dearer for ever after
    ],
)
def test_c2_break_even_requests(
    first: tuple[float, float], second: tuple[float, float], requests: float | None
) -> None:
    assert scaling_law.break_even_requests(*first, *second) == (
        None if requests is None else pytest.approx(requests)
    )
