"""The last replica: kept as long as it pays, and back before the hour that brings traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.arrival_clock import ArrivalClock
from advisor.core.gap_memory import MIN_KEEP_COLD_STARTS, NUM_GAPS, GapMemory, Lens
from advisor.core.keep_alive import CLOCKS, HIT_S, KeepAlive, Tally

LOOK_S, COLD_START_S, HOUR_S, DAY_S = 10.0, 90.0, 3600.0, 86_400.0


def keeps(
    gaps: Iterable[tuple[float, float]],
    *,
    hit_s: float = HIT_S,
    cold_start_s: float = COLD_START_S,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The best keeping times after these (gap, requests at its end), all of them an hour old and after the same traffic."""
    memory = GapMemory()
    for gap_s, requests in gaps:
        memory.add(gap_s=gap_s, requests=requests, began_s=1e6 - HOUR_S, pace=0.0)
    return memory.best_keeps(
        began_s=1e6, pace=0.0, cold_start_s=cold_start_s, interval_s=LOOK_S, hit_s=hit_s
    )


class Fleet:
    """One replica or none, looked after every ten seconds."""

    def __init__(self, cold_start_s: float = COLD_START_S) -> None:
        self.keeper = KeepAlive()
        self.cold_start_s = cold_start_s
        self.ready_at_s: float | None = 0.0
        self.on_s = self.now_s = 0.0
        self.requests = self.cold = self.launches = 0.0

    def run(self, until_s: float, arrivals: Callable[[float], float]) -> None:
        """`arrivals(now_s)` in the ten seconds before; each is served at once."""
        while self.now_s < until_s:
            self.now_s += LOOK_S
            came = arrivals(self.now_s)
            ready = self.ready_at_s is not None and self.ready_at_s <= self.now_s
            self.requests += came
            self.cold += 0.0 if ready else came
            self.on_s += LOOK_S * (self.ready_at_s is not None)
            self.keeper.add(
                now_s=self.now_s, interval_s=LOOK_S, arrivals=came, busy=not ready and came > 0, cold=not ready,
                cold_start_s=self.cold_start_s,
            )  # fmt: skip
            wanted = came > 0 or self.keeper.wanted(
                now_s=self.now_s,
                interval_s=LOOK_S,
                cold_start_s=self.cold_start_s,
                there=self.ready_at_s is not None,
            )
            if wanted and self.ready_at_s is None:
                self.ready_at_s, self.launches = self.now_s + self.cold_start_s, self.launches + 1
            elif not wanted:
                self.ready_at_s = None


def in_bursts(every_s: float, lasting_s: float) -> Callable[[float], float]:
    """Two requests a look at the start of every period, then none."""
    return lambda now_s: 2.0 * (0 < now_s % every_s <= lasting_s)


# --- how long to keep


@given(
    gaps=st.lists(st.tuples(st.floats(30, 20_000), st.floats(1, 100)), min_size=1, max_size=60),
    hit_s=st.floats(0, 5000),
)
def test_the_plain_keeping_time_is_the_best_that_brute_force_finds(
    gaps: list[tuple[float, float]], hit_s: float
) -> None:
    prior = [(180.0, 5.0), (600.0, 5.0), (3600.0, 5.0), (28_800.0, 5.0)]
    fade = np.exp(-HOUR_S / (7 * DAY_S))
    seen = [(*one, 1.0) for one in prior] + [(*one, fade) for one in gaps]

    def cost(keep_s: float) -> float:
        """Of keeping until just after the last gap that is not longer than this."""
        kept_s = min(6 * HOUR_S, max(MIN_KEEP_COLD_STARTS * COLD_START_S, keep_s + 1.5 * LOOK_S))
        return sum(
            weight * (gap_s if gap_s <= keep_s else kept_s + COLD_START_S + hit_s * hits)
            for gap_s, hits, weight in seen
        )

    found = float(keeps(gaps, hit_s=hit_s)[0])
    candidates = [0.0, *(gap_s for gap_s, _, _ in seen)]
    least = min(cost(keep_s) for keep_s in candidates)
    reached = [
        cost(keep_s)
        for keep_s in candidates
        if abs(min(6 * HOUR_S, max(22.5, keep_s + 15.0)) - found) < 1e-6
    ]
    assert min(reached) <= least * (1 + 1e-9)


@given(
    gaps=st.lists(st.tuples(st.floats(30, 20_000), st.floats(1, 100)), max_size=60),
    prices=st.tuples(st.floats(0, 5000), st.floats(0, 5000)),
)
def test_a_dearer_wait_never_lets_go_sooner(
    gaps: list[tuple[float, float]], prices: tuple[float, float]
) -> None:
    cheap, dear = (keeps(gaps, hit_s=hit_s) for hit_s in sorted(prices))
    assert (dear >= cheap).all()


@given(gaps=st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e4)), max_size=40))
def test_a_keeping_time_is_neither_under_a_quarter_of_a_start_nor_over_six_hours(
    gaps: list[tuple[float, float]],
) -> None:
    found = keeps(gaps)
    assert (found >= MIN_KEEP_COLD_STARTS * COLD_START_S).all()
    assert (found <= 6 * HOUR_S).all()


def test_gaps_after_dense_traffic_and_after_sparse_are_told_apart() -> None:
    """Dense traffic ends for hours, sparse traffic pauses for five minutes: through the lens of pace each is let be."""
    memory = GapMemory()
    for each in range(40):
        began_s = 1e6 - 200 * each
        memory.add(gap_s=4 * HOUR_S, requests=5, began_s=began_s, pace=0.0)
        memory.add(gap_s=300.0, requests=5, began_s=began_s, pace=6.0)
    kinds = list(Lens)
    dense, sparse = (
        memory.best_keeps(
            began_s=1e6, pace=pace, cold_start_s=COLD_START_S, interval_s=LOOK_S, hit_s=HIT_S
        )
        for pace in (0.0, 6.0)
    )
    assert dense[kinds.index(Lens.ALL)] == sparse[kinds.index(Lens.ALL)]
    assert dense[kinds.index(Lens.PACE)] < 60 < 300 < sparse[kinds.index(Lens.PACE)] < 330


def test_the_memory_of_gaps_is_bounded_and_forgets_the_oldest() -> None:
    memory = GapMemory()
    for number in range(3 * NUM_GAPS):
        gap_s = 50.0 if number < NUM_GAPS else 2000.0
        memory.add(gap_s=gap_s, requests=50, began_s=float(number), pace=0.0)
    found = memory.best_keeps(
        began_s=3.0 * NUM_GAPS, pace=0.0, cold_start_s=COLD_START_S, interval_s=LOOK_S, hit_s=HIT_S
    )
    assert found[0] > 2000


# --- the clock


def test_a_part_of_the_day_that_always_brings_traffic_is_due_and_no_other_is() -> None:
    clock = ArrivalClock(period_s=DAY_S, part_s=600.0)
    for day in range(5):
        for part in range(144):
            now_s = day * DAY_S + part * 600.0
            clock.tick(now_s=now_s, away=part != 55)
            if part == 54:
                assert clock.expects == 54
                clock.came_back(part=54, requests=20.0)
    within = {"cold_start_s": 90.0, "hit_s": HIT_S, "within_s": 100.0}
    assert clock.is_due(now_s=5 * DAY_S + 54 * 600.0 - 60.0, **within)
    assert clock.is_due(now_s=5 * DAY_S + 54 * 600.0 + 300.0, **within)
    assert not clock.is_due(now_s=5 * DAY_S + 54 * 600.0 - 300.0, **within)
    assert not clock.is_due(now_s=5 * DAY_S + 56 * 600.0, **within)


def test_nothing_is_due_after_one_return() -> None:
    clock = ArrivalClock(period_s=HOUR_S, part_s=300.0)
    clock.tick(now_s=0.0, away=True)
    clock.came_back(part=0, requests=3.0)
    assert not clock.is_due(now_s=HOUR_S, within_s=0.0, cold_start_s=300.0, hit_s=HIT_S)


@pytest.mark.parametrize(("period_s", "part_s"), CLOCKS)
def test_a_clocks_memory_is_bounded(period_s: float, part_s: float) -> None:
    clock = ArrivalClock(period_s=period_s, part_s=part_s)
    assert {clock.part(at_s * part_s) for at_s in range(2000)} == set(
        range(round(period_s / part_s))
    )


# --- together


def test_traffic_that_never_pauses_keeps_its_replica() -> None:
    fleet = Fleet()
    fleet.run(2 * DAY_S, lambda now_s: 1.0)
    assert fleet.launches == 0
    assert fleet.on_s == 2 * DAY_S


def test_an_endpoint_that_nobody_asks_is_let_go_once() -> None:
    fleet = Fleet()
    fleet.run(7 * DAY_S, lambda now_s: 1.0 * (now_s <= HOUR_S))
    assert fleet.ready_at_s is None
    assert fleet.launches == 0
    assert fleet.on_s < HOUR_S + 8 * HOUR_S


def test_a_job_at_the_full_hour_finds_a_replica_ready_once_the_clock_is_learned() -> None:
    """Ten minutes of requests every hour: learned, nearly nobody waits, and most of the idle time is not paid for."""
    fleet = Fleet()
    fleet.run(2 * DAY_S, in_bursts(HOUR_S, 600.0))
    before = fleet.cold, fleet.requests, fleet.on_s
    fleet.run(5 * DAY_S, in_bursts(HOUR_S, 600.0))
    cold, requests, on_s = (
        fleet.cold - before[0],
        fleet.requests - before[1],
        fleet.on_s - before[2],
    )
    assert cold / requests < 0.01
    assert on_s / (3 * DAY_S) < 0.35  # a sixth is work


def test_a_replica_is_ready_for_the_morning_and_off_at_night() -> None:
    office = lambda now_s: 1.0 * (9 * HOUR_S < now_s % DAY_S <= 17 * HOUR_S)  # noqa: E731 - a curve
    fleet = Fleet(cold_start_s=300.0)
    fleet.run(7 * DAY_S, office)
    before = fleet.cold, fleet.requests, fleet.on_s
    fleet.run(14 * DAY_S, office)
    assert fleet.cold == before[0]
    assert fleet.on_s - before[2] < 7 * 9.5 * HOUR_S


def test_a_clock_that_stops_is_not_followed_for_ever() -> None:
    """Traffic that came every hour and comes no more: what was started in vain is no more than a day's."""
    fleet = Fleet()
    fleet.run(4 * DAY_S, in_bursts(HOUR_S, 600.0))
    before_s = fleet.on_s
    fleet.run(11 * DAY_S, lambda now_s: 0.0)
    assert fleet.on_s - before_s < DAY_S


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), cold_start_s=st.sampled_from([30.0, 300.0]))
def test_whatever_comes_the_state_is_finite_and_a_wait_has_a_price(
    seed: int, cold_start_s: float
) -> None:
    rng = np.random.default_rng(seed)
    fleet = Fleet(cold_start_s=cold_start_s)
    chance = float(rng.choice([0.001, 0.02, 0.3]))
    fleet.run(DAY_S, lambda now_s: float(rng.poisson(3)) * (rng.random() < chance))
    assert 0 < fleet.keeper.hit_s() < 1e5
    assert 0 <= fleet.cold <= fleet.requests
    assert 0 < fleet.on_s <= DAY_S


def test_more_who_waited_make_a_wait_dearer() -> None:
    prices = []
    for cold in (False, True):
        keeper = KeepAlive()
        for look in range(1000):
            keeper.add(
                now_s=look * 10.0, interval_s=10.0, arrivals=1.0, busy=True, cold=cold and look % 20 == 0, cold_start_s=90.0
            )  # fmt: skip
        prices.append(keeper.hit_s())
    assert prices[0] < HIT_S < prices[1]


def test_a_way_acts_only_where_it_was_clearly_better_than_the_plain_one() -> None:
    tally = Tally()
    tally.cost_s += 1000.0
    assert tally.best(HIT_S) == (0, 0)
    tally.cost_s[2, 1] = 995.0
    assert tally.best(HIT_S) == (0, 0)
    tally.cost_s[2, 1] = 980.0
    assert tally.best(HIT_S) == (2, 1)
    tally.hits[2, 1] = 1.0
    assert tally.best(HIT_S) == (0, 0)


def test_the_tally_counts_what_each_way_would_have_paid() -> None:
    """A gap of 1000 s, kept for 100 s by all; the second clock has a replica from 900 s on, ready at 990."""
    tally = Tally()
    tally.begin(np.full(len(Lens), 100.0))
    for idle_s in range(10, 1001, 10):
        due = np.array([False, idle_s > 900, False, False])
        tally.look(now_s=float(idle_s), interval_s=10.0, idle_s=float(idle_s), due=due)
    waiting = tally.end(gap_s=1000.0, ended_s=1000.0, cold_start_s=90.0)
    assert tally.cost_s[:, 0] == pytest.approx(100 + 90)
    assert tally.cost_s[:, 1] == pytest.approx(100 + 100 + 0)
    assert waiting[:, 0] == pytest.approx(1.0)
    assert waiting[:, 1] == pytest.approx(0.0)
