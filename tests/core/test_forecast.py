"""Forecasts: exact where demand is simple, as wide as their own errors, and bounded in memory."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.forecast import (
    DAY_S,
    LAST_VALUE,
    LEAST_GROWTH,
    QUANTILE_WEIGHTS,
    QUANTILES,
    DemandForecaster,
)

NUM_FORECASTERS = len(DemandForecaster().names)


def fed(demand, hours: float, *, horizon_s: float = 100.0, every_s: float = 30.0):  # type: ignore[no-untyped-def]
    forecaster = DemandForecaster()
    for number in range(1, round(hours * 3600 / every_s) + 1):
        now_s = number * every_s
        forecaster.add(
            now_s=now_s,
            interval_s=every_s,
            work=demand(now_s - every_s / 2) * every_s,
            horizon_s=horizon_s,
        )
    return forecaster


def test_nothing_is_forecast_from_nothing() -> None:
    assert DemandForecaster().forecast(now_s=0.0, horizon_s=100.0) is None


def test_quantiles_weigh_one_together() -> None:
    assert QUANTILE_WEIGHTS.sum() == pytest.approx(1.0)
    assert (np.diff(QUANTILES) > 0).all()


@given(level=st.floats(0.01, 1e4))
def test_constant_demand_is_forecast_as_it_is(level: float) -> None:
    forecaster = fed(lambda _: level, 3.0)
    found = forecaster.forecast(now_s=3 * 3600.0, horizon_s=100.0)
    assert found is not None
    assert found.middle == pytest.approx(level)
    assert found.values[0] <= level <= found.values[-1]
    assert found.values[-1] < 1.1 * level  # the prior's spread is forgotten


def test_errors_make_the_spread_and_like_levels_count_more() -> None:
    """Half the time calm at 100, half of it wild at 10: what is forecast at 100 is calm."""
    rng = random.Random(1)

    def demand(at_s: float) -> float:
        return 100.0 if (at_s // 7200) % 2 else 10.0 * math.exp(rng.gauss(0.0, 0.5))

    forecaster = fed(demand, 7.9)
    calm = forecaster.forecast(now_s=7.9 * 3600, horizon_s=100.0)
    assert calm is not None
    assert calm.middle == pytest.approx(100.0)
    assert calm.values[9] < 115.0
    wild = fed(demand, 9.9).forecast(now_s=9.9 * 3600, horizon_s=100.0)
    assert wild is not None
    assert wild.values[9] > 1.5 * wild.middle


def test_yesterday_knows_a_daily_curve() -> None:
    def demand(at_s: float) -> float:
        return 50.0 - 40.0 * math.cos(2 * math.pi * at_s / DAY_S)

    forecaster = fed(demand, 60.0, horizon_s=600.0)
    now_s = 60 * 3600.0  # in the afternoon, on the way down
    truth = demand(now_s + 600.0)
    index = forecaster.names.index("yesterday")
    yesterday = forecaster.forecast(now_s=now_s, horizon_s=600.0, index=index)
    last = forecaster.forecast(now_s=now_s, horizon_s=600.0, index=LAST_VALUE)
    assert yesterday is not None
    assert last is not None
    assert yesterday.forecaster == "yesterday"
    assert abs(yesterday.middle - truth) < 0.5 * abs(last.middle - truth)


def test_before_there_is_a_yesterday_the_last_value_speaks() -> None:
    forecaster = fed(lambda _: 3.0, 2.0)
    index = forecaster.names.index("yesterday")
    found = forecaster.forecast(now_s=7200.0, horizon_s=100.0, index=index)
    assert found is not None
    assert found.forecaster.startswith("last value")


def surging(at_s: float) -> float:
    """Five quiet hours at 10 with ten minutes at 100 in each, then 100 for good."""
    return 100.0 if at_s > 5 * 3600 or at_s % 3600 > 3000 else 10.0


def test_a_jump_to_the_peak_is_expected_below_it_and_none_beyond_it() -> None:
    quiet = fed(surging, 4.7).forecast(now_s=4.7 * 3600, horizon_s=100.0)
    at_peak = fed(surging, 5.2).forecast(now_s=5.2 * 3600, horizon_s=100.0)
    assert quiet is not None
    assert at_peak is not None
    assert quiet.values[-1] > 50.0
    assert at_peak.values[-1] <= (1 + LEAST_GROWTH) * 100.0


@settings(max_examples=25)
@given(
    levels=st.lists(st.floats(0.0, 1e4), min_size=2, max_size=12),
    index=st.integers(0, NUM_FORECASTERS - 1),
)
def test_no_forecast_is_far_above_all_that_came(levels: list[float], index: int) -> None:
    forecaster = fed(lambda at_s: levels[int(at_s // 1800)], len(levels) / 2)
    found = forecaster.forecast(now_s=len(levels) * 1800.0, horizon_s=100.0, index=index)
    assert found is not None
    assert found.values[-1] <= max(found.middle, (1 + LEAST_GROWTH) * max(levels)) * (1 + 1e-9)
