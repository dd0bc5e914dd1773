"""While load is constant but for noise, the price in use never sinks and what was needed is kept; until load moves."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.constant_load import MOVED, RAISED, SETTLE_S, ConstantLoad
from advisor.core.headroom import PRICE

prices = st.floats(0.05 * PRICE, 20.0 * PRICE)


@given(asked=st.lists(prices, max_size=60), seed=st.integers(0, 99))
def test_at_constant_load_the_price_in_use_never_sinks(asked: list[float], seed: int) -> None:
    """Constant but for noise: wherever it was read first, no other reading is a twentieth away."""
    rng = random.Random(seed)
    load = ConstantLoad()
    in_use = [load.price]
    for number, price in enumerate(asked):
        demand = 4.0 * rng.uniform(1.0 - 0.4 * MOVED, 1.0 + 0.4 * MOVED)
        load.look(
            now_s=60.0 * number, demand=demand, price=max(PRICE, price) if not number else price
        )
        in_use.append(load.price)
    assert in_use == sorted(in_use)


@given(price=prices, moved=st.sampled_from([-1.01, 1.01]))
def test_when_load_has_moved_the_price_in_use_is_that_of_the_budget(
    price: float, moved: float
) -> None:
    load = ConstantLoad()
    load.look(now_s=0.0, demand=4.0, price=PRICE)
    load.look(now_s=60.0, demand=4.0 * (1.0 + moved * MOVED), price=price)
    assert load.price == price


@given(times=st.floats(0.05, 20.0))
def test_misses_that_came_are_answered_at_constant_load_too(times: float) -> None:
    load = ConstantLoad()
    load.look(now_s=0.0, demand=4.0, price=PRICE)
    load.look(now_s=60.0, demand=4.0, price=times * PRICE)
    assert load.price == (times * PRICE if times > RAISED else PRICE)


@given(constant_s=st.floats(0.0, 1e6))
def test_what_was_needed_is_kept_for_as_long_as_load_is_constant_but_for_the_first_minutes(
    constant_s: float,
) -> None:
    load = ConstantLoad()
    load.look(now_s=500.0, demand=4.0, price=PRICE)
    load.look(now_s=500.0 + constant_s, demand=4.0, price=1.1 * PRICE)
    assert load.hold_s(500.0 + constant_s) == pytest.approx(constant_s - SETTLE_S)
    load.look(now_s=600.0 + constant_s, demand=8.0, price=PRICE)
    assert load.hold_s(600.0 + constant_s) == -SETTLE_S
