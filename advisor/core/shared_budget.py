"""Several models under one cap: one option for each, so that as little as possible falls short, for the least money.

Every model brings its options, each with a price and with what it leaves short (the share of its requests outside their
objectives, say), and a weight: what a missed share of this model is worth beside the others. One more option is always
there, to switch it off: $0, and all of it short. Exactly,

    first   minimise  sum(weight x shortfall)   one option a model, prices within the cap
    then    minimise  sum(usd_per_hour)         at that shortfall

as two integer programmes of yes-or-no choices, solved by HiGHS through scipy as in `mix.py`, to its tolerance of a
millionth. What the cap takes from whom is told with the price of giving it back: the order in which to spend more money.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SLACK = 1e-9
OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOption:
    """One way to serve a model; `shortfall` is 0 where it meets everything, 1 where nothing is served."""

    key: str
    usd_per_hour: float
    shortfall: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNeed:
    """A model's options, and what a missed share of it is worth beside the others."""

    name: str
    options: Sequence[ModelOption]
    weight: float = 1.0
    may_be_off: bool = True

    def choices(self) -> list[ModelOption]:
        off = [ModelOption(key=OFF, usd_per_hour=0.0, shortfall=1.0)] if self.may_be_off else []
        return [*self.options, *off]

    @property
    def wish(self) -> ModelOption:
        """What it would get alone: the least shortfall, for the least money."""
        return min(self.choices(), key=lambda option: (option.shortfall, option.usd_per_hour))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What the cap takes from one model, and the weighted shortfall that each dollar an hour saved costs there."""

    name: str
    wish: ModelOption
    given: ModelOption
    loss_per_usd: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.given.key} for ${self.given.usd_per_hour:.2f}/h instead of {self.wish.key} for "
            f"${self.wish.usd_per_hour:.2f}/h, {self.given.shortfall:.1%} short instead of {self.wish.shortfall:.1%}"
        )

    @property
    def missing_usd_per_hour(self) -> float:
        """What giving it back would cost."""
        return self.wish.usd_per_hour - self.given.usd_per_hour

    def in_words(self) -> str:
        return f"cut by the shared budget: {self}; ${self.missing_usd_per_hour:.2f}/h more would give it back"


def cut_to(name: str, *, wish: ModelOption, given: ModelOption, weight: float) -> Cut | None:
    """What was cut; None where nothing was lost, or nothing saved."""
    lost = weight * (given.shortfall - wish.shortfall)
    saved = wish.usd_per_hour - given.usd_per_hour
    if lost <= SLACK or saved <= 0:
        return None
    return Cut(name=name, wish=wish, given=given, loss_per_usd=lost / saved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One model's part of a budget that several share.

    `usd_per_hour` is what it may cost now, `wish` what it would get alone. `keeps` says that its share stands while not
    everything is known of it; `better_split_for_s` for how long another split has been watched being better.
    """

    usd_per_hour: float
    wish: ModelOption | None
    cut: Cut | None
    keeps: bool
    better_split_for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """One option a model. Infeasible, with none given, where even the cheapest of each are over the cap together.

    `cuts` come in the order they hurt least: the first is what is cut first.
    """

    given: Mapping[str, ModelOption] = field(default_factory=dict)
    usd_per_hour: float = 0.0
    weighted_shortfall: float = 0.0
    cuts: tuple[Cut, ...] = ()
    over_usd_per_hour: float = 0.0

    @property
    def feasible(self) -> bool:
        return self.over_usd_per_hour == 0.0


def share_budget(models: Sequence[ModelNeed], *, cap_usd_per_hour: float) -> Allocation:
    """The best choice under the cap. ValueError for names said twice, and for numbers that are none."""
    _check(models, cap_usd_per_hour)
    least = math.fsum(min(o.usd_per_hour for o in model.choices()) for model in models)
    if least > cap_usd_per_hour * (1 + SLACK):
        return Allocation(over_usd_per_hour=least - cap_usd_per_hour)
    if not models:
        return Allocation()
    chosen = _solve(models, cap_usd_per_hour)
    given = {model.name: option for model, option in zip(models, chosen, strict=True)}
    return Allocation(
        given=given,
        usd_per_hour=math.fsum(option.usd_per_hour for option in chosen),
        weighted_shortfall=math.fsum(
            model.weight * option.shortfall for model, option in zip(models, chosen, strict=True)
        ),
        cuts=_cuts(models, given),
    )


def _cuts(models: Sequence[ModelNeed], given: Mapping[str, ModelOption]) -> tuple[Cut, ...]:
    found = [
        cut_to(model.name, wish=model.wish, given=given[model.name], weight=model.weight)
        for model in models
    ]
    cuts = [cut for cut in found if cut is not None]
    return tuple(sorted(cuts, key=lambda cut: (cut.loss_per_usd, cut.name)))


def _solve(models: Sequence[ModelNeed], cap_usd_per_hour: float) -> list[ModelOption]:
    """One option for each; the caller has seen that some choice fits."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

    options = [(row, option) for row, model in enumerate(models) for option in model.choices()]
    belongs = np.zeros((len(models), len(options)))
    for column, (row, _) in enumerate(options):
        belongs[row, column] = 1.0
    prices = np.array([option.usd_per_hour for _, option in options])
    losses = np.array([models[row].weight * option.shortfall for row, option in options])
    one_each = LinearConstraint(belongs, lb=1.0, ub=1.0)
    within = LinearConstraint(prices[None, :] / max(cap_usd_per_hour, SLACK), ub=1.0 + SLACK)

    def minimise(cost: np.ndarray, *constraints: LinearConstraint) -> OptimizeResult:
        solved = milp(
            cost / max(cost.max(), SLACK),
            constraints=[one_each, within, *constraints],
            bounds=Bounds(0, 1),
            integrality=np.ones(len(options)),
            options={"mip_rel_gap": 0.0},
        )
        assert solved.x is not None, "some choice fits the cap"
        return np.round(solved.x)

    scale = max(float(losses.max()), SLACK)
    least_loss = float(losses @ minimise(losses))
    no_worse = LinearConstraint(losses[None, :] / scale, ub=least_loss / scale + SLACK)
    picked = minimise(prices, no_worse)
    return [option for (_, option), taken in zip(options, picked, strict=True) if taken > 0.5]


def _check(models: Sequence[ModelNeed], cap_usd_per_hour: float) -> None:
    if not 0 <= cap_usd_per_hour < math.inf:
        raise ValueError(f"cap_usd_per_hour is {cap_usd_per_hour!r}, no cap")
    if len({model.name for model in models}) < len(models):
        raise ValueError("two models have the same name")
    for model in models:
        if not 0 < model.weight < math.inf:
            raise ValueError(f"{model.name}: weight is {model.weight!r}, no weight")
        if not model.choices():
            raise ValueError(f"{model.name}: there is no option, and it may not be off")
        for option in model.options:
            if not 0 <= option.usd_per_hour < math.inf or not 0 <= option.shortfall <= 1:
                raise ValueError(
                    f"{model.name}: {option.key}: no price, or no shortfall of 0 to 1"
                )
