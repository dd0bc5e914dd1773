"""The mix of GPU types equals brute force, is never dearer than one type, and needs whole instances."""

from __future__ import annotations

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.mix import MixOption, cheapest_mix, mix_usd_per_hour, undominated

options = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 60), st.sampled_from([None, None, 0, 1, 3])),
    min_size=1,
    max_size=4,
).map(
    lambda rows: [
        MixOption(key=key, requests_per_s=rate / 4, usd_per_hour=price / 10, instances=most)
        for key, (rate, price, most) in enumerate(rows)
    ]
)


def brute_force(known: list[MixOption], load: float) -> float | None:
    """None where there are not enough of them."""
    most = [
        min(max(1, math.ceil(load / o.requests_per_s)), math.inf if o.instances is None else o.instances)
        for o in known
    ]  # fmt: skip
    costs = [
        sum(n * o.usd_per_hour for n, o in zip(counts, known, strict=True))
        for counts in itertools.product(*[range(int(n) + 1) for n in most])
        if any(counts)
        and sum(n * o.requests_per_s for n, o in zip(counts, known, strict=True)) >= load
    ]
    return min(costs, default=None)


@settings(max_examples=300, deadline=None)
@given(known=options, quarters=st.integers(0, 60))
def test_the_mix_is_the_cheapest_there_is(known: list[MixOption], quarters: int) -> None:
    shares = cheapest_mix(known, requests_per_s=quarters / 4)
    least = brute_force(known, quarters / 4)
    if least is None:
        assert shares == ()
        return
    assert math.isclose(mix_usd_per_hour(shares), least)
    assert all(s.option.instances is None or s.count <= s.option.instances for s in shares)
    sustained = sum(share.count * share.option.requests_per_s for share in shares)
    assert sustained >= quarters / 4 * (1 - 1e-9)


@settings(max_examples=200, deadline=None)
@given(known=options, low=st.floats(0, 500), more=st.floats(0, 500))
def test_more_load_never_costs_less(known: list[MixOption], low: float, more: float) -> None:
    little = mix_usd_per_hour(cheapest_mix(known, requests_per_s=low))
    more_shares = cheapest_mix(known, requests_per_s=low + more)
    assert not more_shares or mix_usd_per_hour(more_shares) >= little - 1e-9


def test_a_large_and_a_small_instance_serve_an_odd_load_together() -> None:
    large = MixOption(key=0, requests_per_s=40.0, usd_per_hour=4.5)
    small = MixOption(key=1, requests_per_s=6.0, usd_per_hour=0.9)
    shares = cheapest_mix([large, small], requests_per_s=45.0)
    assert [(share.option.key, share.count) for share in shares] == [(0, 1), (1, 1)]


def test_what_sustains_nothing_is_no_option() -> None:
    assert cheapest_mix([], requests_per_s=1.0) == ()
    broken = MixOption(key=0, requests_per_s=0.0, usd_per_hour=1.0)
    assert cheapest_mix([broken], requests_per_s=1.0) == ()


@given(known=options)
def test_an_option_that_is_beaten_is_left_out(known: list[MixOption]) -> None:
    kept = undominated(known)
    for option in known:
        assert option in kept or any(
            other.instances is None
            and other.requests_per_s >= option.requests_per_s
            and other.usd_per_hour <= option.usd_per_hour
            for other in kept
        )
