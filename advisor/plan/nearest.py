"""Where nothing meets everything: what comes nearest, and which of the limits it does not meet."""

from __future__ import annotations

from advisor.plan.make import Plan
from advisor.plan.shown import devices, usd


def misses(plan: Plan) -> tuple[str, ...]:
    """Every limit that the nearest breaks, each with by how much; none where the plan is feasible."""
    found, chosen, request = plan.recommendation, plan.chosen, plan.request
    if found.feasible or chosen is None:
        return ()
    broken = []
    if not chosen.meets_slos and found.shortfall is not None:
        broken.append(f"the objectives ({found.shortfall})")
    most = request.max_replicas
    if most is not None and chosen.replicas > most:
        broken.append(f"--max-replicas {most} (it needs {chosen.replicas})")
    cap = request.budget.usd_per_hour
    if chosen.usd_per_hour > cap:
        broken.append(
            f"--budget {usd(cap)}/h (while all of it runs it costs {usd(chosen.usd_per_hour)}/h)"
        )
    return tuple(broken)


def ending(plan: Plan) -> str | None:
    """The last line of a plan that is none."""
    best = plan.recommendation.best
    if plan.recommendation.feasible:
        return None
    if best is None:
        return f"Nothing to recommend: {plan.recommendation.shortfall}"
    return f"Nearest, but {not_met(plan)}: {devices(best)} at {usd(best.usd_per_hour)}/h"


def not_met(plan: Plan) -> str:
    return f"it does not meet {' and '.join(misses(plan))}"
