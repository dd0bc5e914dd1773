"""What each build's fleet costs against the load: a staircase whose steps are the loads at which one more machine is rented.

The edges of the steps are computed, not sampled, and every curve is known at every other's too, so that a reader who points
at a load reads all of them. Drawn is at least twice the planned load, and past the load that fills one replica of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.core import choice, pricing
from advisor.core.choice import Priced

BEYOND = 1.15  # of the last knee, so that the step after it is seen
MAX_STEPS = 200  # of one curve: more are no steps to the eye
BEFORE_EDGE = 1 - 1e-9  # an edge still belongs to the step below it, whatever the last digit says


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCurve:
    """One build's fleet by load: from each rate down to the one before it costs so much."""

    label: str
    requests_per_s_each: float
    rates_per_s: tuple[float, ...]
    usd_per_hour: tuple[float, ...]


def cost_curves(builds: Sequence[Priced], planned_per_s: float) -> tuple[CostCurve, ...]:
    rates = _rates([one.build.rate_per_s for one in builds], planned_per_s)
    return tuple(_curve(one, rates) for one in builds)


def _rates(knees: Sequence[float], planned_per_s: float) -> list[float]:
    """Every load at which one of the curves steps, the planned one, and the last."""
    most = max(2 * planned_per_s, BEYOND * max(knees, default=0.0))
    edges = {most, planned_per_s} - {0.0}
    for each in knees:
        steps = math.ceil(most / each)
        edges |= {each * step for step in range(1, steps, math.ceil(steps / MAX_STEPS))}
    return sorted(edges)


def _curve(one: Priced, rates: Sequence[float]) -> CostCurve:
    replica = one.build.replica
    least = _usd_per_hour(one, 0.0)
    return CostCurve(
        label=f"{replica.tp_degree} x {replica.accelerator.name}, {one.offer.provider}",
        requests_per_s_each=one.build.rate_per_s,
        rates_per_s=(0.0, *rates),
        usd_per_hour=(least, *(_usd_per_hour(one, rate * BEFORE_EDGE) for rate in rates)),
    )


def _usd_per_hour(one: Priced, requests_per_s: float) -> float:
    return pricing.fleet_usd_per_hour(
        one.offer,
        tp_degree=one.build.replica.tp_degree,
        replicas=choice.replicas_for(one.build, requests_per_s),
    )
