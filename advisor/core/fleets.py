"""The cheapest machines for so many replicas, found fast: by one kind of instance, or by several of one accelerator.

Of the thousands of rows of a price book few can ever win. For an (accelerator, TP degree) only the cheapest offer of each
size matters, and none that a larger one undercuts. An index keeps those, so a question costs a few comparisons whatever
the book's length, and a search over every (accelerator, TP degree) stays linear in offers: each is looked at once.

Sizes may be mixed: nine replicas are an 8-GPU machine and a 1-GPU machine rather than two of eight. That is a covering
knapsack, minimise sum(count x price) with sum(count x size) >= replicas, solved exactly by dynamic programming. The table
stays small: in some optimum fewer than s instances are not of the best price per replica, where s is that one's size, since
of any s others some add up to a multiple of s (pigeonhole on their running sums) and could be exchanged at no loss.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from advisor.core.objective import CapacityType
from advisor.core.pricing import OfferFilter, by_price, replicas_per_instance
from advisor.core.recommendation import Offer

Fleet = list[tuple[Offer, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """An offer that may win: it holds `each` replicas, and nothing larger is cheaper."""

    each: int
    offer: Offer
    order: tuple[float, int, str, str]


class OfferIndex:
    """A price book asked many times. It remembers the contenders of every (accelerator, TP degree) it was asked for."""

    def __init__(self, offers: Iterable[Offer], allowed: OfferFilter | None = None) -> None:
        self._offers: dict[str, list[Offer]] = defaultdict(list)
        for offer in offers:
            if allowed is None or allowed.allows(offer):
                self._offers[offer.accelerator].append(offer)
        seen = [offer.observed_on for known in self._offers.values() for offer in known]
        self.dates = (min(seen), max(seen)) if seen else None  # oldest and newest, ISO
        self._sizes: dict[tuple[str, int], tuple[_Size, ...]] = {}
        self._kinds: dict[tuple[str, int], tuple[tuple[_Size, ...], ...]] = {}

    def offers(self, accelerator: str) -> Sequence[Offer]:
        return self._offers.get(accelerator, ())

    def cheapest(self, accelerator: str, *, tp_degree: int, replicas: int) -> Offer | None:
        """What `pricing.cheapest_offer` finds among the accelerator's offers; None when none can hold the fleet."""
        return _cheapest(self._contenders(accelerator, tp_degree), replicas)

    def cheapest_of_each(self, accelerator: str, *, tp_degree: int, replicas: int) -> list[Offer]:
        """The cheapest offer of every provider and capacity type that can hold the fleet, in the book's order."""
        key = accelerator, tp_degree
        kinds = self._kinds.get(key)
        if kinds is None:
            kinds = self._kinds[key] = tuple(_by_kind(self.offers(accelerator), tp_degree))
        found = (_cheapest(sizes, replicas) for sizes in kinds)
        return [offer for offer in found if offer is not None]

    def cheapest_fleet(self, accelerator: str, *, tp_degree: int, replicas: int) -> Fleet:
        """As `cheapest_fleet`, of the accelerator's offers."""
        return _fleet(self._contenders(accelerator, tp_degree), replicas)

    def _contenders(self, accelerator: str, tp_degree: int) -> tuple[_Size, ...]:
        key = accelerator, tp_degree
        sizes = self._sizes.get(key)
        if sizes is None:
            sizes = self._sizes[key] = _contenders(self.offers(accelerator), tp_degree)
        return sizes


def _by_kind(offers: Iterable[Offer], tp_degree: int) -> Iterator[tuple[_Size, ...]]:
    kinds: dict[tuple[str, CapacityType], list[Offer]] = defaultdict(list)
    for offer in offers:
        kinds[offer.provider, offer.capacity_type].append(offer)
    for kind in kinds.values():
        yield _contenders(kind, tp_degree)


def _contenders(offers: Iterable[Offer], tp_degree: int) -> tuple[_Size, ...]:
    """Offers of limited number, all of them; of the others the cheapest of each size that none larger undercuts."""
    limited: list[_Size] = []
    best: dict[int, _Size] = {}
    for offer in offers:
        each = replicas_per_instance(offer, tp_degree)
        if each == 0:
            continue
        size = _Size(each=each, offer=offer, order=by_price(offer))
        if offer.instances is not None:
            limited.append(size)
        elif each not in best or size.order < best[each].order:
            best[each] = size
    kept: list[_Size] = []
    for size in sorted(best.values(), key=lambda size: -size.each):
        if not kept or size.offer.usd_per_hour <= kept[-1].offer.usd_per_hour:
            kept.append(size)
    return (*limited, *kept)


def _cheapest(sizes: Iterable[_Size], replicas: int) -> Offer | None:
    found: _Size | None = None
    least = math.inf
    for size in sizes:
        count = -(-replicas // size.each)
        if size.offer.instances is not None and count > size.offer.instances:
            continue
        cost = count * size.offer.usd_per_hour
        if found is None or cost < least or (cost == least and size.order[1:] < found.order[1:]):
            found, least = size, cost
    return None if found is None else found.offer


def cheapest_fleet(offers: Iterable[Offer], *, tp_degree: int, replicas: int) -> Fleet:
    """The cheapest (offer, count)s of any sizes that hold the replicas, largest first; empty when nothing holds one.

    The offers are of one accelerator. Of equal costs the fewest instances win.
    """
    return _fleet(_contenders(offers, tp_degree), replicas)


def _fleet(sizes: Sequence[_Size], replicas: int) -> Fleet:
    free = tuple(size for size in sizes if size.offer.instances is None)
    prices = tuple((size.each, size.offer.usd_per_hour) for size in free)
    best: tuple[float, int, list[tuple[_Size, int]]] | None = None
    for covered, cost, parts in _limited(sizes, replicas):
        rest = _cover(prices, replicas - covered)
        if rest is None:
            continue
        total = cost + math.fsum(n * prices[i][1] for i, n in rest.items())
        counts = parts + [(free[i], n) for i, n in rest.items()]
        number = sum(n for _, n in counts)
        if best is None or (total, number) < best[:2]:
            best = total, number, counts
    if best is None:
        return []
    return [(size.offer, n) for size, n in sorted(best[2], key=lambda part: -part[0].each)]


def _limited(
    sizes: Iterable[_Size], replicas: int
) -> list[tuple[int, float, list[tuple[_Size, int]]]]:
    """What offers of limited number can contribute: (replicas held, cost, instances), the cheapest way to each."""
    ways: dict[int, tuple[float, list[tuple[_Size, int]]]] = {0: (0.0, [])}
    for size in sizes:
        if size.offer.instances is None:
            continue
        before = dict(ways)
        most = min(size.offer.instances, -(-replicas // size.each))
        for covered, (cost, parts) in before.items():
            for count in range(1, most + 1):
                held = min(replicas, covered + count * size.each)
                total = cost + count * size.offer.usd_per_hour
                if held not in ways or total < ways[held][0]:
                    ways[held] = total, [*parts, (size, count)]
                if held == replicas:
                    break
    return [(held, cost, parts) for held, (cost, parts) in ways.items()]


def _cover(prices: tuple[tuple[int, float], ...], replicas: int) -> dict[int, int] | None:
    """How many of each (size, price) hold the replicas for the least money; None when there are none to buy."""
    if replicas <= 0:
        return {}
    if not prices:
        return None
    best, bound = _bound(prices)
    counts: dict[int, int] = defaultdict(int)
    if replicas > bound:
        counts[best] = (replicas - bound) // prices[best][0]
    left = replicas - counts[best] * prices[best][0]
    choices = _table(prices)
    while left > 0:
        counts[choices[left]] += 1
        left -= prices[choices[left]][0]
    return {i: n for i, n in counts.items() if n > 0}


def _bound(prices: tuple[tuple[int, float], ...]) -> tuple[int, int]:
    """The size of the best price per replica, and the most replicas that all others hold in some optimum."""
    best = min(range(len(prices)), key=lambda i: (prices[i][1] / prices[i][0], -prices[i][0]))
    return best, (prices[best][0] - 1) * max(each for each, _ in prices)


@lru_cache(maxsize=4096)
def _table(prices: tuple[tuple[int, float], ...]) -> list[int]:
    """For every number of replicas up to the bound and one size more, which instance to buy first."""
    best, bound = _bound(prices)
    most = bound + prices[best][0]
    cost: list[tuple[float, int]] = [(0.0, 0)]
    choices = [0]
    for n in range(1, most + 1):
        ways = [
            (cost[max(0, n - each)][0] + usd, cost[max(0, n - each)][1] + 1, i)
            for i, (each, usd) in enumerate(prices)
        ]
        usd, number, i = min(ways)
        cost.append((usd, number))
        choices.append(i)
    return choices
