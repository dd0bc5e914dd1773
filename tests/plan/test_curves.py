"""Cost against load: a staircase that rises, drawn past the planned load and past the knee of each GPU."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.core.choice import Constraints, Priced
from advisor.core.fleets import OfferIndex
from advisor.core.objective import Budget, Latency, Slo
from advisor.core.recommend import Problem
from advisor.core.workload import Workload, WorkloadSource
from advisor.plan.curves import cost_curves

CARDS = ("L4-24GB", "L40S-48GB", "A100-SXM-80GB", "H100-SXM-80GB")


@cache
def builds() -> tuple[Priced, ...]:
    problem = Problem(
        variants=(load_model_spec("Qwen/Qwen3-8B"),),
        workload=Workload(requests_per_s=1.0, isl=512, osl=256, source=WorkloadSource.EXPECTED),
        slos=(Slo(latency=Latency.TTFT, bound_s=2.0, percentile=95),),
        budget=Budget(usd_per_hour=100.0),
        offers=OfferIndex(data.offers(), Constraints().offers),
        constraints=Constraints(),
        today=date(2026, 11, 25),
    )
    return problem.weigh([card for card in data.accelerators() if card.name in CARDS]).best_on


@settings(deadline=None, database=None)
@given(planned=st.floats(0.0, 500.0))
def test_a_curve_rises_past_twice_the_planned_load_and_past_every_knee(planned: float) -> None:
    knees = [one.build.rate_per_s for one in builds()]
    for curve in cost_curves(builds(), planned):
        assert list(curve.usd_per_hour) == sorted(curve.usd_per_hour)
        assert curve.rates_per_s[-1] >= max(2 * planned, *knees)
        assert curve.usd_per_hour[-1] >= curve.usd_per_hour[0] > 0
        assert list(curve.rates_per_s) == sorted(curve.rates_per_s)


def test_an_edge_is_where_the_replicas_are_full() -> None:
    """A step costs what its replicas cost up to the load that fills the last of them, and not a request more."""
    for one, curve in zip(builds(), cost_curves(builds(), 13.0), strict=True):
        at = dict(zip(curve.rates_per_s, curve.usd_per_hour, strict=True))
        each = one.build.rate_per_s
        assert at[each] == at[0.0]
        later = min(rate for rate in at if rate > each)
        room = one.offer.accelerator_count // one.build.replica.tp_degree
        assert at[later] == pytest.approx(at[0.0] * (2 if room == 1 else 1))
