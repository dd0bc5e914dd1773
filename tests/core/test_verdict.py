"""Predictions are judged when due, by what was observed and nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.verdict import Promise, Verdicts


def promise(at_s: float, tpot_s: float = 0.02) -> Promise:
    return Promise(at_s=at_s, due_s=at_s + 60.0, predicted={"tpot_s": tpot_s, "ttft_s": 0.5})


def test_a_promise_is_judged_once_when_it_is_due() -> None:
    verdicts = Verdicts()
    verdicts.promise(promise(0.0))
    assert verdicts.observe(now_s=59.0, observed={"tpot_s": 0.03}) == []
    (found,) = verdicts.observe(now_s=60.0, observed={"tpot_s": 0.03, "ttft_s": None})
    assert found.log_ratio("tpot_s") == pytest.approx(math.log(1.5))
    assert found.log_ratio("ttft_s") is None
    assert verdicts.observe(now_s=61.0, observed={"tpot_s": 0.03}) == []


def test_where_nothing_was_observed_the_promise_stays_open() -> None:
    verdicts = Verdicts()
    verdicts.promise(promise(0.0))
    assert verdicts.observe(now_s=100.0, observed={"tpot_s": None}) == []
    assert len(verdicts.observe(now_s=110.0, observed={"tpot_s": 0.02})) == 1


@given(ratio=st.floats(0.6, 1.8), count=st.integers(5, 40))
def test_the_correction_undoes_a_constant_error(ratio: float, count: int) -> None:
    verdicts = Verdicts()
    for number in range(count):
        verdicts.promise(promise(number * 100.0, tpot_s=0.02 * (1 + number % 3)))
        verdicts.observe(
            now_s=number * 100.0 + 60.0, observed={"tpot_s": 0.02 * (1 + number % 3) * ratio}
        )
    summary = verdicts.summary("tpot_s")
    assert summary is not None
    assert summary.count == count
    assert summary.correction == pytest.approx(ratio)
    assert summary.spread == pytest.approx(1.0)


@pytest.mark.parametrize("odd", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_latency_corrects_nothing(odd: float) -> None:
    verdicts = Verdicts()
    for number in range(10):
        verdicts.promise(promise(number * 100.0))
        verdicts.observe(now_s=number * 100.0 + 60.0, observed={"tpot_s": odd})
    assert verdicts.summary("tpot_s") is None


def test_few_verdicts_correct_nothing_and_a_correction_has_bounds() -> None:
    verdicts = Verdicts()
    for number in range(6):
        verdicts.promise(promise(number * 100.0))
        verdicts.observe(now_s=number * 100.0 + 60.0, observed={"tpot_s": 2.0})
        summary = verdicts.summary("tpot_s")
        assert summary is not None
        assert summary.correction == (1.0 if number < 4 else 2.0)
