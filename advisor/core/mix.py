"""The cheapest fleet when GPU types may be mixed: an integer programme over whole instances.

Each option is one kind of instance and the requests/s that its replicas sustain together inside the objectives. Replicas
of different types share the load in proportion to what each sustains, so a fleet keeps the objectives where its sum does:

    minimise  sum(count x usd_per_hour)   subject to   sum(count x requests_per_s) >= load,   count whole

HiGHS solves it, through scipy. Options that another one beats on price without giving less are left out first: in a
solution they could be exchanged one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SLACK = 1e-9  # relative: sums of floats


@dataclass(frozen=True, slots=True, kw_only=True)
class MixOption:
    """One kind of instance, with what its replicas sustain together; `key` is the caller's."""

    key: int
    requests_per_s: float
    usd_per_hour: float
    instances: int | None = None  # how many there are at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`count` instances of one option."""

    option: MixOption
    count: int


def cheapest_mix(options: Iterable[MixOption], *, requests_per_s: float) -> tuple[Share, ...]:
    """The cheapest instances that sustain the load, largest share first; empty where no number of them does.

    A load of zero still needs one instance: the endpoint has to be there.
    """
    known = undominated([o for o in options if o.requests_per_s > 0 and o.instances != 0])
    if not known:
        return ()
    if requests_per_s <= min(o.requests_per_s for o in known):
        return (Share(option=min(known, key=lambda o: o.usd_per_hour), count=1),)
    counts = _solve(known, requests_per_s)
    if counts is None:
        return ()
    shares = [Share(option=o, count=n) for o, n in zip(known, counts, strict=True) if n > 0]
    return tuple(sorted(shares, key=lambda s: -s.count * s.option.requests_per_s))


def mix_usd_per_hour(shares: Sequence[Share]) -> float:
    return math.fsum(share.count * share.option.usd_per_hour for share in shares)


def undominated(options: Iterable[MixOption]) -> list[MixOption]:
    """Those that no option of unlimited number beats or equals on both price and rate; of equals the first stays."""
    kept: list[MixOption] = []
    most_per_s = 0.0
    for option in sorted(options, key=lambda o: (o.usd_per_hour, -o.requests_per_s)):
        if option.requests_per_s <= most_per_s:
            continue
        kept.append(option)
        if option.instances is None:
            most_per_s = option.requests_per_s
    return kept


def _solve(options: Sequence[MixOption], requests_per_s: float) -> list[int] | None:
    """How many of each; None where there are not enough of them."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    rates = np.array([o.requests_per_s for o in options]) / requests_per_s
    prices = np.array([o.usd_per_hour for o in options])
    most = [math.inf if o.instances is None else o.instances for o in options]
    solved = milp(
        prices / prices.max(),
        constraints=LinearConstraint(rates[None, :], lb=1.0 - SLACK),
        bounds=Bounds(0, np.minimum(np.ceil(1.0 / rates), most)),
        integrality=np.ones(len(options)),
        options={"mip_rel_gap": 0.0},
    )
    if solved.x is None:
        return None
    return [round(count) for count in solved.x]
