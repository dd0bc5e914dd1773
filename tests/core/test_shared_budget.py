"""Several models under one cap: the least shortfall, then the least money, and what was cut."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from advisor.core.shared_budget import OFF, ModelNeed, ModelOption, share_budget

NUM_CASES = 250  # ten thousand in tests/benchmarks/guards.py


def random_case(rng: random.Random) -> tuple[list[ModelNeed], float]:
    """One to four models with zero to four options in whole cents and percents, and a cap that binds or does not."""
    models = [
        ModelNeed(
            name=f"m{number}",
            options=[
                ModelOption(
                    key=f"o{key}",
                    usd_per_hour=rng.randint(0, 1000) / 100,
                    shortfall=rng.choice([0.0, 0.0, rng.randint(0, 100) / 100]),
                )
                for key in range(rng.randint(0, 4))
            ],
            weight=rng.choice([1.0, 1.0, rng.randint(1, 20) / 4]),
            may_be_off=rng.random() < 0.7,
        )
        for number in range(rng.randint(1, 4))
    ]
    return [model for model in models if model.choices()], rng.randint(0, 2500) / 100


def brute_force(models: list[ModelNeed], cap: float) -> tuple[float, float] | None:
    """The least shortfall and, at that, the least cost, over every choice that fits; None where none does."""
    best = None
    for chosen in itertools.product(*(model.choices() for model in models)):
        cost = math.fsum(option.usd_per_hour for option in chosen)
        if cost > cap * (1 + 1e-9):
            continue
        lost = math.fsum(m.weight * o.shortfall for m, o in zip(models, chosen, strict=True))
        key = (round(lost, 9), round(cost, 9))
        best = key if best is None else min(best, key)
    return best


def agrees(models: list[ModelNeed], cap: float) -> bool:
    found, best = share_budget(models, cap_usd_per_hour=cap), brute_force(models, cap)
    if best is None:
        return not found.feasible and not found.given and found.over_usd_per_hour > 0
    return (
        found.feasible
        and math.isclose(found.weighted_shortfall, best[0], rel_tol=1e-6, abs_tol=1e-6)
        and math.isclose(found.usd_per_hour, best[1], rel_tol=1e-6, abs_tol=1e-6)
        and set(found.given) == {model.name for model in models}
    )


def test_it_agrees_with_trying_everything() -> None:
    rng = random.Random(11)
    assert all(agrees(*random_case(rng)) for _ in range(NUM_CASES))


CHAT = ModelNeed(
    name="chat",
    weight=3.0,
    options=[
        ModelOption(key="2 x H100", usd_per_hour=6.0),
        ModelOption(key="1 x H100", usd_per_hour=3.0, shortfall=0.4),
    ],
)
EMBED = ModelNeed(
    name="embed",
    options=[
        ModelOption(key="1 x L4", usd_per_hour=1.0),
        ModelOption(key="1 x H100", usd_per_hour=3.0),
    ],
)
BATCH = ModelNeed(name="batch", options=[ModelOption(key="1 x A100", usd_per_hour=2.0)])


def test_with_money_for_all_each_gets_its_cheapest_that_meets_everything() -> None:
    found = share_budget([CHAT, EMBED, BATCH], cap_usd_per_hour=9.0)
    assert {name: option.key for name, option in found.given.items()} == {
        "chat": "2 x H100",
        "embed": "1 x L4",
        "batch": "1 x A100",
    }
    assert (found.usd_per_hour, found.weighted_shortfall, found.cuts) == (9.0, 0.0, ())


def test_what_hurts_least_is_cut_first_and_said() -> None:
    found = share_budget([CHAT, EMBED, BATCH], cap_usd_per_hour=7.0)
    assert [str(cut) for cut in found.cuts] == [
        "batch: off for $0.00/h instead of 1 x A100 for $2.00/h, 100.0% short instead of 0.0%"
    ]
    assert found.cuts[0].loss_per_usd == pytest.approx(0.5)
    found = share_budget([CHAT, EMBED, BATCH], cap_usd_per_hour=4.0)
    assert [cut.name for cut in found.cuts] == ["chat", "batch"]
    assert [cut.loss_per_usd for cut in found.cuts] == pytest.approx([0.4, 0.5])
    assert found.given["embed"].key == "1 x L4"


def test_infeasible_is_an_answer_with_what_is_missing() -> None:
    must = ModelNeed(name="must", options=CHAT.options, may_be_off=False)
    found = share_budget([must, BATCH], cap_usd_per_hour=2.5)
    assert not found.feasible
    assert found.over_usd_per_hour == pytest.approx(0.5)
    assert found.given == {}


def test_nothing_to_share_and_nothing_to_share_it_among() -> None:
    assert share_budget([], cap_usd_per_hour=1.0).feasible
    found = share_budget([CHAT, BATCH], cap_usd_per_hour=0.0)
    assert {option.key for option in found.given.values()} == {OFF}
    assert (found.usd_per_hour, found.weighted_shortfall) == (0.0, 4.0)


def test_more_money_never_falls_shorter() -> None:
    rng = random.Random(5)
    for _ in range(20):
        models, cap = random_case(rng)
        if not models:
            continue
        allocations = [
            share_budget(models, cap_usd_per_hour=cap * factor) for factor in (0.5, 1.0, 2.0)
        ]
        shortfalls = [a.weighted_shortfall for a in allocations if a.feasible]
        assert shortfalls == sorted(shortfalls, reverse=True)


@pytest.mark.parametrize(
    ("models", "cap", "message"),
    [
        ([CHAT, CHAT], 1.0, "same name"),
        ([CHAT], math.nan, "no cap"),
        ([CHAT], -1.0, "no cap"),
        ([CHAT], math.inf, "no cap"),
        ([ModelNeed(name="x", options=(), weight=0.0)], 1.0, "x: weight is 0.0"),
        ([ModelNeed(name="x", options=(), may_be_off=False)], 1.0, "x: there is no option"),
        (
            [ModelNeed(name="x", options=[ModelOption(key="o", usd_per_hour=math.nan)])],
            1.0,
            "x: o",
        ),
        (
            [ModelNeed(name="x", options=[ModelOption(key="o", usd_per_hour=1, shortfall=1.1)])],
            1.0,
            "x: o: no price, or no shortfall",
        ),
    ],
)
def test_what_is_no_question_is_named(models: list[ModelNeed], cap: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        share_budget(models, cap_usd_per_hour=cap)
