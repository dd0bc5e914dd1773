"""Rules are replayed on what came: the leader keeps what a trace's own bursts need, and nothing for a calm one."""

import math
import random
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.capacity import ServiceObjective, mix_of
from advisor.core.forecast import QUANTILES, DemandForecaster
from advisor.core.miss_table import tabulate
from advisor.core.replica_model import ReplicaModel
from advisor.core.rules import HOLDS_S, Rules, cheapest

MODEL = ReplicaModel(
    step_base_s=0.018,
    step_per_seq_s=5e-5,
    step_per_kv_token_s=9e-8,
    step_per_prefill_token_s=8e-5,
    kv_capacity_tokens=300_000,
)
TABLE = tabulate(
    MODEL, mix_of(input_tokens=1000, output_tokens=200), ServiceObjective(tpot_s=0.06), most=60
)
COLD_START_S = 100.0


def replayed(demand: Callable[[float], float], hours: float, *, price: float = 15.0) -> Rules:
    """Rules after some hours of that demand, in replicas' worth of it."""
    forecaster = DemandForecaster()
    rules = Rules(len(forecaster.names))
    for number in range(1, round(hours * 360)):
        now_s = 10.0 * number
        closed = forecaster.add(
            now_s=now_s,
            interval_s=10.0,
            work=demand(now_s) * TABLE.fluid * 10.0,
            horizon_s=COLD_START_S,
        )
        if closed is not None:
            rules.close(
                now_s=now_s,
                seconds=closed[0],
                demand=closed[1],
                forecasts=forecaster.forecasts(now_s=now_s, horizon_s=COLD_START_S),
                table=TABLE,
                cold_start_s=COLD_START_S,
                hold_s=COLD_START_S,
                price=price,
            )
    return rules


@given(values=st.lists(st.floats(0.0, 50.0), min_size=len(QUANTILES), max_size=len(QUANTILES)))
def test_dearer_misses_never_want_fewer_replicas(values: list[float]) -> None:
    demand = np.sort(values) * TABLE.fluid
    wanted = [cheapest(demand, TABLE, price) for price in (1.0, 4.0, 15.0, 60.0)]
    assert wanted == sorted(wanted)
    assert wanted[0] >= 1


@given(value=st.floats(0.1, 15.0), more=st.floats(1.0, 3.0))
def test_more_demand_never_wants_fewer_replicas(value: float, more: float) -> None:
    """Of demand that is known: a rare burst may be worth its replicas or just not, whatever its size."""
    demand = np.array([value]) * TABLE.fluid
    fewer = cheapest(demand, TABLE, 15.0)
    assert cheapest(more * demand, TABLE, 15.0) >= fewer - 1  # neighbours cost the same


@given(
    values=st.lists(st.floats(0.0, 50.0), min_size=len(QUANTILES), max_size=len(QUANTILES)),
    have=st.integers(0, 40),
)
def test_a_launch_that_must_be_earned_is_never_wanted_sooner_and_costs_those_there_nothing(
    values: list[float], have: int
) -> None:
    """Costs may have two valleys, so what would be free above `have` may, where it must be earned, be a little below."""
    demand = np.sort(values) * TABLE.fluid
    free = cheapest(demand, TABLE, 15.0, have=have)
    earned = cheapest(demand, TABLE, 15.0, have=have, launch_share=0.3)
    assert earned <= free
    assert earned == free or free > have


def test_before_it_has_learned_the_first_rule_acts() -> None:
    assert HOLDS_S[replayed(lambda _: 4.0, 0.1).acting.hold] == 300.0


def test_where_bursts_come_back_within_minutes_replicas_are_kept_for_them() -> None:
    def on_and_off(at_s: float) -> float:
        return 8.0 if at_s % 600.0 < 180.0 else 1.0

    assert replayed(on_and_off, 6.0, price=40.0).acting.hold_s == 900.0


def test_calm_demand_is_not_held_for() -> None:
    rng = random.Random(5)
    rules = replayed(lambda at_s: 6.0 * rng.uniform(0.9, 1.1) * (2.0 - at_s / 40_000), 8.0)
    assert rules.acting.hold_s < 900.0


def test_a_trend_is_followed_by_the_quicker_forecaster() -> None:
    rules = replayed(lambda at_s: 3.0 + 20.0 * abs(math.sin(at_s / 5000.0)), 12.0)
    assert rules.acting.forecaster in (0, 1)
