"""The belief is corrected from concurrency and throughput, the price of a miss from the misses that came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.capacity import mix_of, rate_at, scaled
from advisor.core.headroom import AIM, PRICE, PRICE_BOUNDS, ErrorBudget, Speed
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
        budget.add(interval_s=60.0, requests=100.0, missed=100.0 * share)
        low, high = PRICE_BOUNDS
        assert PRICE * low * 0.999 <= budget.price() <= PRICE * high * 1.001


def test_the_price_rises_with_misses_and_falls_without() -> None:
    prices = []
    for times in (0.0, 1.0, 2.0, 4.0):
        budget = ErrorBudget(goal=0.99)
        for _ in range(120):
            budget.add(interval_s=30.0, requests=500.0, missed=5.0 * AIM * times)
        prices.append(budget.price())
    assert prices == sorted(prices)
    assert prices[1] == pytest.approx(PRICE)
    assert prices[0] < 0.8 * PRICE
    assert prices[3] > 2.0 * PRICE
