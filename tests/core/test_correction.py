"""A correction converges to the engine, stays where nothing was seen, and is bounded whatever is read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.correction import LARGEST, UNCORRECTED, Window, carried_over, observe
from advisor.core.recommendation import Basis

ratios = st.floats(0.5, 2.0)
anything = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


def seen(decode: float, prefill: float, noise: float = 1.0) -> Window:
    return Window(
        age_s=5.0, requests=200, tpot_s=0.02 * decode * noise, predicted_tpot_s=0.02,
        ttft_s=0.3 * prefill / noise, predicted_ttft_s=0.3,
    )  # fmt: skip


@given(decode=ratios, prefill=ratios)
def test_it_converges_to_an_engine_up_to_twice_as_fast_or_slow(
    decode: float, prefill: float
) -> None:
    correction = UNCORRECTED
    for i in range(60):
        correction = observe(correction, seen(decode, prefill, noise=1.1 if i % 2 else 1 / 1.1))
    assert correction.decode.ratio == pytest.approx(decode, rel=0.05)
    assert correction.prefill.ratio == pytest.approx(prefill, rel=0.05)
    assert correction.basis is Basis.MEASURED


@given(decode=ratios)
def test_every_window_brings_it_closer(decode: float) -> None:
    correction, distance = UNCORRECTED, abs(math.log(decode))
    for _ in range(20):
        correction = observe(correction, seen(decode, 1.0))
        assert abs(correction.decode.log_ratio - math.log(decode)) <= distance + 1e-12
        distance = abs(correction.decode.log_ratio - math.log(decode))


@given(decode=ratios, age_s=st.floats(121, 1e6))
def test_stale_readings_move_nothing(decode: float, age_s: float) -> None:
    before = observe(UNCORRECTED, seen(decode, decode))
    stale = Window(age_s=age_s, requests=100, tpot_s=1.0, predicted_tpot_s=0.01)
    assert observe(before, stale) == before


@pytest.mark.parametrize("age_s", [math.nan, -1.0, math.inf])
def test_an_age_that_is_none_moves_nothing(age_s: float) -> None:
    assert (
        observe(UNCORRECTED, Window(age_s=age_s, tpot_s=1.0, predicted_tpot_s=0.01)) is UNCORRECTED
    )


def test_absence_moves_nothing() -> None:
    assert observe(UNCORRECTED, Window(age_s=0.0)) is UNCORRECTED
    few = Window(age_s=0.0, requests=2, tpot_s=1.0, predicted_tpot_s=0.01)
    assert observe(UNCORRECTED, few) is UNCORRECTED


def test_throughput_tells_of_speed_only_where_requests_wait() -> None:
    idle = Window(age_s=0.0, output_tokens_per_s=10.0, predicted_output_tokens_per_s=1000.0)
    assert observe(UNCORRECTED, idle) is UNCORRECTED


@given(
    values=st.lists(
        st.tuples(anything, anything, anything, anything, anything, anything), max_size=20
    )
)
def test_whatever_is_read_it_stays_bounded(values: list[tuple[float | None, ...]]) -> None:
    correction = UNCORRECTED
    for tpot, predicted, ttft, predicted_ttft, mfu, mbu in values:
        window = Window(
            age_s=1.0, tpot_s=tpot, predicted_tpot_s=predicted, ttft_s=ttft, predicted_ttft_s=predicted_ttft,
            mfu=mfu, predicted_mfu=0.4, mbu=mbu, predicted_mbu=0.6,
        )  # fmt: skip
        correction = observe(correction, window)
        assert abs(correction.decode.log_ratio) <= LARGEST
        assert abs(correction.prefill.log_ratio) <= LARGEST
        assert 0 < correction.decode.spread <= 0.31


@given(decode=ratios, windows=st.integers(1, 40))
def test_what_is_carried_over_is_less_and_less_sure(decode: float, windows: int) -> None:
    correction = UNCORRECTED
    for _ in range(windows):
        correction = observe(correction, seen(decode, decode))
    other = carried_over(correction)
    assert abs(other.decode.log_ratio) <= abs(correction.decode.log_ratio)
    assert other.decode.spread >= correction.decode.spread
    assert other.basis is None


@given(mbu=st.floats(0.05, 0.95))
def test_utilisation_speaks_where_latency_is_not_observed(mbu: float) -> None:
    window = Window(age_s=1.0, mbu=mbu, predicted_mbu=0.6)
    moved = observe(UNCORRECTED, window).decode.log_ratio
    assert math.copysign(1.0, moved) == math.copysign(1.0, 0.6 - mbu) or moved == 0
