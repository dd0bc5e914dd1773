"""A cap that several models share: never exceeded, nobody cut without need, nobody blind made smaller, and no flapping."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.claims import Claim
from advisor.core.guards import RecentNeed
from advisor.core.mode_in_use import PATIENCE_S
from advisor.core.shared_budget import ModelOption
from advisor.core.split_in_use import Split, SplitInUse, split

TICK_S = 15.0
WITHIN = 1 + 1e-6  # what the solver calls equal


def options(
    need: float, *, usd: float = 1.0, replicas: int | None = None
) -> tuple[ModelOption, ...]:
    """A replica does one unit of the load; `replicas` were needed minutes ago."""
    most = max(1, math.ceil(need), replicas or 0)
    load = float(most) if most > max(1, math.ceil(need)) else need
    return tuple(
        ModelOption(
            key=f"{r}", usd_per_hour=r * usd, shortfall=max(0.0, 1 - r / load) if r < most else 0.0
        )
        for r in range(1, most + 1)
    )


def claim(name: str, need: float, *, running: float = 0.0, **rest: object) -> Claim:
    usd = float(str(rest.pop("usd", 1.0)))
    rest.setdefault("may_shrink", True)
    return Claim(
        name=name, options=options(need, usd=usd), running_usd_per_hour=running, **rest
    )  # fmt: skip


def shares(found: Split) -> dict[str, float]:
    return {name: round(usd, 6) for name, usd in found.usd_per_hour.items()}


def ask(
    claims: Sequence[Claim], cap: float, in_use: SplitInUse | None = None, now_s: float = 0.0
) -> Split:
    return split(claims, cap_usd_per_hour=cap, in_use=in_use or SplitInUse(), now_s=now_s)


def test_wishes_that_fit_are_granted_and_the_rest_is_nobodys() -> None:
    found = ask([claim("a", 3), claim("b", 2)], 9.0)
    assert shares(found) == {"a": 3.0, "b": 2.0}


def test_who_loses_least_by_it_is_cut() -> None:
    found = ask([claim("a", 4, weight=3.0), claim("b", 4)], 6.0)
    assert shares(found) == {"a": 4.0, "b": 2.0}


def test_a_fleet_that_would_be_let_go_for_money_only_keeps_it_while_there_is_some() -> None:
    found = ask([claim("a", 2, running=5.0), claim("b", 2)], 9.0)
    assert shares(found) == {"a": 5.0, "b": 2.0}
    found = ask([claim("a", 2, running=5.0), claim("b", 6)], 9.0)
    assert shares(found) == {"a": 3.0, "b": 6.0}


def test_what_is_over_pays_for_running_both_of_one_model_that_changes_its_hardware() -> None:
    moving = claim("a", 2, running=3.0, may_shrink=False)
    found = ask([moving, claim("b", 2)], 9.0)
    assert shares(found) == {"a": 7.0, "b": 2.0}


def test_what_cannot_shrink_now_is_paid_for_before_anybody_grows() -> None:
    found = ask([claim("a", 1, running=5.0, may_shrink=False), claim("b", 6)], 8.0)
    assert shares(found) == {"a": 5.0, "b": 3.0}


def test_the_least_of_each_may_be_too_much() -> None:
    found = ask([claim("a", 1, usd=4.0), claim("b", 1, usd=3.0)], 5.0)
    assert found.over_usd_per_hour == pytest.approx(2.0)


def test_a_model_that_nothing_is_known_of_gets_nothing_and_takes_nothing() -> None:
    unknown = Claim(name="a", keeps=True)
    assert shares(ask([unknown, claim("b", 9)], 5.0)) == {"a": 0.0, "b": 5.0}


def test_one_without_readings_whose_load_is_expected_has_money_set_aside() -> None:
    found = ask([claim("a", 2, keeps=True), claim("b", 9)], 5.0)
    assert found.usd_per_hour["a"] >= 1.0
    assert math.fsum(found.usd_per_hour.values()) == pytest.approx(5.0)


def test_a_share_of_nothing_is_no_share_that_is_kept() -> None:
    in_use = SplitInUse(given={"a": 0.0})
    assert ask([claim("a", 2, keeps=True)], 5.0, in_use).usd_per_hour["a"] == pytest.approx(2.0)


needs = st.floats(0.0, 8.0)
states = st.sampled_from(["seen", "seen", "seen", "blind", "stuck", "gone"])


@settings(max_examples=60)
@given(
    st.floats(4.0, 20.0),
    st.lists(st.tuples(*[st.tuples(needs, states)] * 3), min_size=1, max_size=12),
    st.sampled_from([TICK_S, 600.0, PATIENCE_S]),
)
def test_the_cap_holds_over_any_sequence_of_loads_and_holes(
    cap: float, rounds: list[tuple[tuple[float, str], ...]], step_s: float
) -> None:
    """A world that does at once what the shares allow: what runs is never over the cap, and never less while blind."""
    running, in_use, now_s = [1.0, 1.0, 1.0], SplitInUse(), 0.0
    for moment in rounds:
        now_s += step_s
        claims = []
        for number, ((need, state), runs) in enumerate(zip(moment, running, strict=True)):
            claims.append(
                Claim(
                    name=f"m{number}",
                    weight=1.0 + number,
                    options=() if state == "gone" else options(need),
                    running_usd_per_hour=runs,
                    keeps=state in ("blind", "gone"),
                    may_shrink=state == "seen",
                )
            )
        found = ask(claims, cap, in_use, now_s)
        in_use = found.in_use
        if found.over_usd_per_hour == 0:
            assert math.fsum(found.usd_per_hour.values()) <= cap * WITHIN
        for number, ((need, state), one) in enumerate(zip(moment, claims, strict=True)):
            share = found.usd_per_hour[one.name]
            if state != "seen":
                assert share >= running[number] / WITHIN
            elif found.over_usd_per_hour == 0:
                wish = max(1, math.ceil(need))
                running[number] = float(min(wish, math.floor(share * WITHIN)))
                assert running[number] >= 1
        assert math.fsum(running) <= cap * WITHIN
        wishes = [max(1, math.ceil(need)) for need, _ in moment]
        if all(state == "seen" for _, state in moment) and sum(wishes) <= cap:
            for number, wish in enumerate(wishes):
                assert found.usd_per_hour[f"m{number}"] >= wish / WITHIN, "cut without need"


@pytest.mark.parametrize("seed", range(8))
def test_loads_that_waver_by_a_tenth_move_no_share(seed: int) -> None:
    rng = random.Random(seed)
    names = ["a", "b", "c"][: rng.choice([2, 3])]
    base = {name: rng.uniform(1.0, 12.0) for name in names}
    weights = {name: rng.choice([1.0, 1.0, 3.0]) for name in names}
    cap = rng.uniform(0.5, 1.1) * sum(base.values())
    recent = {name: RecentNeed(window_s=300.0) for name in names}
    in_use, now_s, seen = SplitInUse(), 0.0, []
    for _ in range(110):
        now_s += TICK_S
        claims = []
        for name in names:
            need = base[name] * rng.uniform(0.9, 1.1)
            most = recent[name].add(now_s=now_s, value=max(1, math.ceil(need)))
            claims.append(
                Claim(
                    name=name,
                    weight=weights[name],
                    options=options(need, replicas=most),
                    may_shrink=True,
                )
            )
        found = ask(claims, max(cap, len(names)), in_use, now_s)
        in_use = found.in_use
        seen.append(tuple(shares(found).values()))
    later = seen[20:]  # five minutes in
    changes = sum(a != b for a, b in itertools.pairwise(later))
    assert changes <= 3, later
    turned = sum(
        (b - a) * (c - b) < 0
        for number in range(len(names))
        for a, b, c in _distinct([one[number] for one in later])
    )
    assert turned <= 1


def _distinct(values: Sequence[float]) -> list[tuple[float, float, float]]:
    """Three in a row, of the values without repetitions."""
    steps = [value for at, value in enumerate(values) if at == 0 or value != values[at - 1]]
    return list(zip(steps, steps[1:], steps[2:], strict=False))


def scarce(a: float, b: float) -> list[Claim]:
    return [claim("a", a), claim("b", b)]


HAD = SplitInUse(given={"a": 5.0, "b": 5.0})


def test_another_split_takes_over_after_an_hour_of_being_better() -> None:
    claims = scarce(12, 6)  # 5 + 5: 7/12 + 1/6 short; 4 + 6: 8/12
    in_use, now_s, found = HAD, 0.0, None
    while now_s <= PATIENCE_S + 60.0:
        found = ask(claims, 10.0, in_use, now_s)
        in_use = found.in_use
        if now_s < PATIENCE_S:
            assert shares(found) == {"a": 5.0, "b": 5.0}
            assert in_use.better_for_s == now_s
        now_s += 60.0
    assert found is not None
    assert shares(found) == {"a": 4.0, "b": 6.0}
    assert in_use.better_for_s == 0.0


def test_time_in_which_nobody_looked_is_not_watched_and_a_moment_that_is_no_better_starts_anew() -> (
    None
):
    better, as_good = scarce(12, 6), scarce(10, 10)
    first = ask(better, 10.0, HAD, 0.0).in_use
    watched = ask(better, 10.0, first, 30.0).in_use
    assert watched.better_for_s == 30.0
    assert ask(better, 10.0, watched, 7200.0).in_use.better_for_s == 30.0
    assert ask(as_good, 10.0, watched, 60.0).in_use.better_for_s == 0.0


def test_what_is_better_by_a_fifth_does_not_wait() -> None:
    found = ask(scarce(1, 20), 10.0, SplitInUse(given={"a": 1.0, "b": 1.0}))
    assert shares(found) == {"a": 1.0, "b": 9.0}  # nobody loses by it: at once in any case
    claims = [claim("a", 20, weight=1.0), claim("b", 10, weight=3.0)]
    found = ask(claims, 10.0, SplitInUse(given={"a": 9.0, "b": 1.0}))
    assert shares(found) == {"a": 1.0, "b": 9.0}


def test_a_split_that_can_be_no_more_is_left_at_once() -> None:
    lowered = ask(scarce(12, 6), 8.0, HAD)
    assert math.fsum(lowered.usd_per_hour.values()) <= 8.0 * WITHIN
    newcomer = ask([*scarce(12, 6), claim("c", 2)], 10.0, HAD)
    assert newcomer.usd_per_hour["c"] >= 1.0
    dearer = ask([claim("a", 3, usd=6.0), claim("b", 3)], 10.0, HAD)
    assert dearer.usd_per_hour["a"] >= 6.0


def test_who_needs_less_gives_the_rest_at_once_to_who_is_short() -> None:
    found = ask(scarce(2, 12), 10.0, HAD)
    assert shares(found) == {"a": 2.0, "b": 8.0}
