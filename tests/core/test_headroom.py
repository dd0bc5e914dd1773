"""The belief is corrected from concurrency and throughput, the price of a miss from the misses that came."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.capacity import mix_of, rate_at, scaled
from advisor.core.headroom import (
    AIM,
    BLIND_PRICE,
    BUDGET_S,
    INCIDENT_SHARE,
    PERCENTILE_PRICE,
    PRICE,
    PRICE_BOUNDS,
    ErrorBudget,
    Speed,
)
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepObservation

MODEL = ReplicaModel(
    step_base_s=0.018,
    step_per_seq_s=5e-5,
    step_per_kv_token_s=9e-8,
    step_per_prefill_token_s=8e-5,
    kv_capacity_tokens=300_000,
)
MIX = mix_of(input_tokens=900, output_tokens=250)


@given(truth=st.floats(0.8, 1.25), batch=st.floats(25.0, 90.0), replicas=st.integers(1, 30))
def test_the_speed_is_read_off_concurrency_and_throughput(
    truth: float, batch: float, replicas: int
) -> None:
    """A fleet in balance by Little's law, `truth` times as slow as believed: found within 4 % in ten minutes."""
    rate = replicas * float(rate_at(scaled(MODEL, truth), MIX, batch))
    speed = Speed()
    for number in range(60):
        speed.add(
            StepObservation(
                now_s=10.0 * number,
                interval_s=10.0,
                num_arrivals=10.0 * rate,
                replicas_running=replicas,
                replicas_starting=0,
                input_tokens=10.0 * rate * MIX.input_tokens,
                output_tokens=10.0 * rate * MIX.output_tokens,
                requests_running=replicas * batch,
            ),
            MODEL,
            MIX,
        )
    assert speed.factor() == pytest.approx(truth, rel=0.04)


def test_without_concurrency_the_belief_stands() -> None:
    speed = Speed()
    seen = StepObservation(
        now_s=10.0, interval_s=10.0, num_arrivals=50.0, replicas_running=2, replicas_starting=0
    )
    for _ in range(100):
        speed.add(seen, MODEL, MIX)
    assert speed.factor() == 1.0


@given(shares=st.lists(st.floats(0.0, 1.0), max_size=60))
def test_the_price_of_a_miss_stays_in_bounds(shares: list[float]) -> None:
    budget = ErrorBudget(goal=0.99)
    for share in shares:
        budget.add(interval_s=60.0, requests=100.0, missed=100.0 * share, cold_start_s=90.0)
        low, high = PRICE_BOUNDS
        assert PRICE * low * 0.999 <= budget.price() <= PRICE * high * 1.001


def test_the_price_rises_with_misses_and_falls_without() -> None:
    prices = []
    for times in (0.0, 1.0, 2.0, 4.0):
        budget = ErrorBudget(goal=0.99)
        for _ in range(120):
            budget.add(
                interval_s=30.0,
                requests=500.0,
                missed=5.0 * AIM * times,
                cold_start_s=90.0,
            )
        prices.append(budget.price())
    assert prices == sorted(prices)
    assert prices[1] == pytest.approx(PRICE)
    assert prices[0] < 0.8 * PRICE
    assert prices[3] > 2.0 * PRICE


@given(cold_start_s=st.floats(60.0, 1800.0))
def test_an_incident_that_lasts_a_cold_start_counts_for_the_same_however_long_that_is(
    cold_start_s: float,
) -> None:
    """After a day on course everything is missed until a launch is ready; so long, nothing is saved either."""
    budget = ErrorBudget(goal=0.99)
    for _ in range(1440):
        budget.add(interval_s=60.0, requests=120.0, missed=1.2 * AIM, cold_start_s=cold_start_s)
    assert budget.price() == pytest.approx(PRICE)
    for _ in range(20):
        each_s = cold_start_s / 20
        budget.add(
            interval_s=each_s,
            requests=2.0 * each_s,
            missed=2.0 * each_s,
            cold_start_s=cold_start_s,
        )
    higher = math.exp(INCIDENT_SHARE - cold_start_s / BUDGET_S)
    assert budget.price() == pytest.approx(PRICE * higher, rel=0.03)


def saved(budget: ErrorBudget, *, by_percentile: bool) -> float:
    """The price after a day without a miss."""
    for _ in range(24 * 240):
        budget.add(
            interval_s=15.0,
            requests=100.0,
            missed=0.0,
            cold_start_s=90.0,
            by_percentile=by_percentile,
        )
    return budget.price()


def test_who_cannot_see_misses_keeps_more_room() -> None:
    budget = ErrorBudget(goal=0.99)
    budget.add_unjudged()
    assert budget.price() == BLIND_PRICE > PRICE
    budget.add(interval_s=15.0, requests=100.0, missed=0.0, cold_start_s=90.0)
    assert budget.price() == pytest.approx(PRICE, rel=0.01)


def test_a_percentile_that_cannot_see_the_goal_lets_the_price_sink_only_so_far() -> None:
    assert saved(ErrorBudget(goal=0.99), by_percentile=True) == PERCENTILE_PRICE
    assert saved(ErrorBudget(goal=0.99), by_percentile=False) < PRICE / 2
    assert saved(ErrorBudget(goal=0.95), by_percentile=True) < PRICE / 2
