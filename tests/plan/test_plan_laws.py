"""What must hold of any plan over the shipped tables: the cap holds, and asking less or allowing more never costs more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.core.builds import Build
from advisor.core.fleets import OfferIndex
from advisor.core.model_spec import quantized
from advisor.core.objective import Budget, CapacityType, Latency, Slo
from advisor.core.pricing import OfferFilter
from advisor.core.quantization import Quantization
from advisor.core.recommend import Constraints, Problem
from advisor.core.recommendation import Recommendation
from advisor.core.workload import Workload, WorkloadSource

SPEC = load_model_spec("Qwen/Qwen3-8B")
FP8 = quantized(SPEC, Quantization.FP8)
ON_DEMAND, SPOT = (CapacityType.ON_DEMAND,), (CapacityType.ON_DEMAND, CapacityType.SPOT)
FEW = {
    "L4-24GB",
    "L40S-48GB",
    "A100-SXM-80GB",
    "H100-SXM-80GB",
}  # enough to choose among, few enough to be fast
CARDS = [card for card in data.accelerators() if card.name in FEW]
LOADS = [(512.0, 256.0), (4000.0, 300.0)]

rates = st.floats(0.0, 200.0)
loads = st.sampled_from(LOADS)
ttfts = st.sampled_from([0.2, 0.5, 2.0])
tpots = st.sampled_from([0.02, 0.05, 0.2])
budgets = st.floats(0.1, 200.0)
LAWS = settings(max_examples=150, deadline=None, database=None)


@cache
def index(types: tuple[CapacityType, ...], providers: tuple[str, ...] | None) -> OfferIndex:
    return OfferIndex(data.offers(), OfferFilter(providers=providers, capacity_types=types))


class Asked(NamedTuple):
    """What a plan is asked, but the load in requests/s and the budget."""

    lengths: tuple[float, float]
    ttft_s: float
    tpot_s: float
    types: tuple[CapacityType, ...] = ON_DEMAND
    providers: tuple[str, ...] | None = None
    fp8: bool = False


@cache
def problem(asked: Asked) -> Problem:
    isl, osl = asked.lengths
    workload = Workload(requests_per_s=1.0, isl=isl, osl=osl, source=WorkloadSource.EXPECTED)
    slos = (
        Slo(latency=Latency.TTFT, bound_s=asked.ttft_s, percentile=95),
        Slo(latency=Latency.TPOT, bound_s=asked.tpot_s, percentile=95),
    )
    allowed = OfferFilter(providers=asked.providers, capacity_types=asked.types)
    return Problem(
        variants=(SPEC, FP8) if asked.fp8 else (SPEC,),
        workload=workload,
        slos=slos,
        budget=Budget(usd_per_hour=1.0),
        offers=index(asked.types, asked.providers),
        constraints=Constraints(offers=allowed),
        today=date(2026, 11, 25),
    )


@cache
def builds(asked: Asked) -> tuple[Build, ...]:
    found = [problem(asked).builds(card) for card in CARDS]
    return tuple(build for some in found if not isinstance(some, str) for build in some)


def cheapest(asked: Asked, rate: float) -> float:
    """$/h inside the objectives, whatever the budget; infinite where nothing meets them."""
    choices = problem(asked).priced(builds(asked), requests_per_s=rate)
    return min((c.usd_per_hour for c in choices if c.meets_slos), default=float("inf"))


def recommended(asked: Asked, rate: float, budget: float) -> Recommendation:
    known = problem(asked)
    problem_at = replace(
        known,
        budget=Budget(usd_per_hour=budget),
        workload=replace(known.workload, requests_per_s=rate),
    )
    return problem_at.recommendation(problem_at.weigh(CARDS))


@settings(max_examples=40, deadline=None, database=None)
@given(load=loads, ttft_s=ttfts, tpot_s=tpots, rate=rates, budget=budgets)
def test_a_plan_stays_under_its_cap_or_says_by_how_much_it_does_not(
    load: tuple[float, float], ttft_s: float, tpot_s: float, rate: float, budget: float
) -> None:
    asked = Asked(load, ttft_s, tpot_s)
    found = recommended(asked, rate, budget)
    least = cheapest(asked, rate)
    assert found.feasible == (least <= budget)
    if found.feasible:
        assert found.best is not None
        assert found.best.usd_per_hour == least
        assert all(one.usd_per_hour <= budget for one in found.runners_up)
    elif least < float("inf"):
        assert f"costs ${least:.2f}/h, ${least - budget:.2f}/h over the budget" in str(
            found.shortfall
        )
    if found.mix is not None:
        assert found.best is not None
        assert found.mix.usd_per_hour < found.best.usd_per_hour
        assert sum(part.requests_per_s for part in found.mix.parts) >= rate * (1 - 1e-9)


@LAWS
@given(load=loads, ttft_s=ttfts, tpot_s=tpots, rate=rates, more=rates)
def test_more_load_never_costs_less(
    load: tuple[float, float], ttft_s: float, tpot_s: float, rate: float, more: float
) -> None:
    asked = Asked(load, ttft_s, tpot_s)
    assert cheapest(asked, rate + more) >= cheapest(asked, rate)


@LAWS
@given(load=loads, ttft=st.tuples(ttfts, ttfts), tpot=st.tuples(tpots, tpots), rate=rates)
def test_a_tighter_objective_never_costs_less(
    load: tuple[float, float], ttft: tuple[float, float], tpot: tuple[float, float], rate: float
) -> None:
    tight = cheapest(Asked(load, min(ttft), min(tpot)), rate)
    assert tight >= cheapest(Asked(load, max(ttft), max(tpot)), rate)


@LAWS
@given(
    load=loads,
    ttft_s=ttfts,
    tpot_s=tpots,
    rate=rates,
    more=st.sampled_from(["spot", "fp8", "providers"]),
)
def test_allowing_more_never_costs_more(
    load: tuple[float, float], ttft_s: float, tpot_s: float, rate: float, more: str
) -> None:
    narrow = Asked(load, ttft_s, tpot_s, providers=("aws", "lambda"))
    wide = {
        "spot": Asked(load, ttft_s, tpot_s, types=SPOT, providers=("aws", "lambda")),
        "fp8": Asked(load, ttft_s, tpot_s, providers=("aws", "lambda"), fp8=True),
        "providers": Asked(load, ttft_s, tpot_s),
    }[more]
    assert cheapest(wide, rate) <= cheapest(narrow, rate)
