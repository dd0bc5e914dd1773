"""Load that is constant but for noise moves nothing: neither the price of a miss nor a need that comes and goes.

Two things go on moving long after load has stopped. The price of a miss sinks all night while nothing is missed, past one
replica count after another, each of which would be tried, missed, and taken back. And noise asks for a replica more now
and then, for a few minutes: rarely at three replicas, all day at sixty. So load counts as constant while its mean of half an
hour is no more than a twentieth away from where it was when that began. As long as it lasts, the price in use does not
sink, and no replica is let go that was needed since, once the first minutes have settled.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.headroom import PRICE

MOVED = 0.05  # of the steady demand: what is no noise
RAISED = 1.25  # times the price in use: misses that came are answered, whatever load does
SETTLE_S = 1200.0  # in which the first errors of the forecasts are replaced by observed ones


@dataclass(slots=True)
class ConstantLoad:
    """Since when load is constant, and the price of a miss that replicas are weighed by meanwhile."""

    price: float = PRICE
    _demand: float | None = None
    _since_s: float = 0.0

    def look(self, *, now_s: float, demand: float, price: float) -> None:
        """`demand` in any unit that stays the same; `price` is what the misses so far make of it."""
        before = self._demand
        if before is None or abs(demand - before) > MOVED * before:
            self._demand, self._since_s, self.price = demand, now_s, price
        elif price > RAISED * self.price:
            self.price = price

    def hold_s(self, now_s: float) -> float:
        """For how long a replica must not have been needed; negative while load has not settled."""
        return now_s - self._since_s - SETTLE_S
