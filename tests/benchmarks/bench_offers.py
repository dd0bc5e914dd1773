"""How long a price book of 10,000 offers takes to answer, and how that grows: `python tests/benchmarks/bench_offers.py`."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from advisor.core import pricing
from advisor.core.fleets import OfferIndex
from advisor.core.objective import CapacityType
from advisor.core.recommendation import Offer

ACCELERATORS = [f"card-{n}" for n in range(40)]


def book(length: int) -> list[Offer]:
    random.seed(0)
    return [
        Offer(
            provider=f"p{random.randrange(20)}",
            region=f"r{random.randrange(30)}",
            instance_type=f"i{number}",
            accelerator=random.choice(ACCELERATORS),
            accelerator_count=(count := random.choice([1, 2, 4, 8])),
            capacity_type=random.choice(list(CapacityType)),
            usd_per_hour=count * random.uniform(0.2, 8.0),
            observed_on=f"2026-{random.randrange(1, 12):02d}-{random.randrange(1, 28):02d}",
            source="bench",
        )
        for number in range(length)
    ]


def microseconds(question: Callable[[], object], times: int) -> float:
    def once() -> float:
        begin = time.perf_counter()
        for _ in range(times):
            question()
        return (time.perf_counter() - begin) / times * 1e6

    return statistics.median(once() for _ in range(5))


def main() -> None:
    print(f"{'offers':>8} {'index':>10} {'first':>10} {'warm':>9} {'plain':>11} {'mixed':>9}")
    for length in (1_000, 10_000, 100_000):
        offers = book(length)
        built = microseconds(lambda offers=offers: OfferIndex(offers), 1)
        index = OfferIndex(offers)
        questions = [
            (name, tp, n) for name in ACCELERATORS for tp in (1, 2, 4, 8) for n in (1, 9, 40)
        ]

        def ask(
            index: OfferIndex = index, questions: list[tuple[str, int, int]] = questions
        ) -> None:
            for name, tp, n in questions:
                index.cheapest(name, tp_degree=tp, replicas=n)

        begin = time.perf_counter()
        ask()
        first = (time.perf_counter() - begin) / len(questions) * 1e6
        warm = microseconds(ask, 20) / len(questions)
        one = index.offers(ACCELERATORS[0])
        plain = microseconds(
            lambda one=one: pricing.cheapest_offer(one, tp_degree=1, replicas=9), 20
        )
        mixed = microseconds(
            lambda index=index: index.cheapest_fleet(ACCELERATORS[0], tp_degree=1, replicas=9), 20
        )
        print(
            f"{length:8,} {built / 1e3:7.2f} ms {first:7.1f} us {warm:6.2f} us {plain:8.1f} us {mixed:6.1f} us"
        )


if __name__ == "__main__":
    main()
