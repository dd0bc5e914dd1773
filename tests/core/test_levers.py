"""Where compiling and speculative decoding begin to pay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.levers import (
    break_even_acceptance,
    compile_break_even_s,
    speculative_speedup,
    tokens_per_round,
)

rates = st.floats(0.1, 1e4)
starts = st.floats(1, 600)


@given(eager=rates, gain=st.floats(1.01, 5), start=starts, later=st.floats(0.1, 600))
def test_at_the_break_even_both_have_done_the_same_work(
    eager: float, gain: float, start: float, later: float
) -> None:
    break_even_s = compile_break_even_s(
        eager_start_s=start,
        eager_per_s=eager,
        compiled_start_s=start + later,
        compiled_per_s=eager * gain,
    )
    assert break_even_s is not None
    assert break_even_s > start + later
    done = eager * gain * (break_even_s - start - later), eager * (break_even_s - start)
    assert done[0] == pytest.approx(done[1], rel=1e-6)


def test_compilation_that_is_no_faster_never_pays_for_a_later_start() -> None:
    never = compile_break_even_s(
        eager_start_s=60, eager_per_s=10, compiled_start_s=90, compiled_per_s=10
    )
    assert never is None
    always = compile_break_even_s(
        eager_start_s=60, eager_per_s=10, compiled_start_s=60, compiled_per_s=12
    )
    assert always == 0.0


def test_three_drafts_at_080_are_the_papers_295_tokens_a_round() -> None:
    """(1 - 0.8^4) / (1 - 0.8) = 2.952, by theorem 3.8's numerator."""
    assert tokens_per_round(acceptance=0.8, num_draft_tokens=3) == pytest.approx(2.952)
    assert tokens_per_round(acceptance=1.0, num_draft_tokens=3) == 4.0
    assert tokens_per_round(acceptance=0.0, num_draft_tokens=3) == 1.0


@given(num_drafts=st.integers(1, 8), cost=st.floats(0.01, 0.9), verify=st.floats(1, 2))
def test_the_break_even_parts_loss_from_gain(num_drafts: int, cost: float, verify: float) -> None:
    costs = {"num_draft_tokens": num_drafts, "draft_cost": cost, "verify_cost": verify}
    acceptance = break_even_acceptance(**costs)
    if acceptance is None:
        assert speculative_speedup(acceptance=1.0, **costs) < 1
        return
    assert speculative_speedup(acceptance=min(1.0, acceptance + 1e-6), **costs) >= 1 - 1e-9
    if acceptance > 1e-3:
        assert speculative_speedup(acceptance=acceptance - 1e-3, **costs) < 1


def test_an_acceptance_over_one_is_refused() -> None:
    with pytest.raises(ValueError, match="acceptance"):
        tokens_per_round(acceptance=1.1, num_draft_tokens=2)
