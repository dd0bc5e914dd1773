"""Why the best choice is the best, in sentences with the numbers that decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from advisor.core import pricing
from advisor.core.correction import UNCORRECTED, Correction
from advisor.core.expert_split import why_split_so
from advisor.core.objective import HOURS_PER_MONTH, Mode
from advisor.core.spot_fleet import told

if TYPE_CHECKING:
    from advisor.core.choice import Priced
    from advisor.core.mode import ModeChoice
    from advisor.core.recommend import Problem

OLD_PRICE_DAYS = 90
QUEUED = (Mode.ASYNC, Mode.BATCH)  # no endpoint has to be there: their price says what is on spot


def reasons_for(
    problem: Problem, best: Priced, mode: ModeChoice, *, counted: bool
) -> Iterator[str]:
    """From the budget to how old the price is. `counted`: as many replicas as the performance model counts, and not as the
    scaling policy wants."""
    spec, offer, load = best.build.replica.spec, best.offer, problem.workload
    yield f"budget: ${problem.budget.usd_per_hour:.2f}/h, ${problem.budget.usd_per_month:.0f} a month of {HOURS_PER_MONTH} h"
    yield (
        f"model: {spec.total_params / 1e9:.2f}B parameters, {spec.weight_bytes / 1e9:.1f} GB of weights, "
        f"{spec.kv_bytes_per_token / 1024:.0f} KiB of KV cache per token"
    )
    yield (
        f"load ({load.source}): {load.requests_per_s:.2f} requests/s of {load.isl:.0f} tokens in and {load.osl:.0f} out"
    )
    yield _why_so_many(problem, best, counted=counted)
    if (experts := why_split_so(best.build, load, problem.slos)) is not None:
        yield f"experts {experts}"
    yield (
        f"cheapest offer: {offer.provider} {offer.instance_type} in {offer.region}, {offer.capacity_type}, "
        f"${offer.usd_per_hour:.2f}/h as of {offer.observed_on}"
    )
    spot, use = problem.spot_beside(best), problem.constraints.spot
    if mode.mode not in QUEUED and spot is not None and use is not None:
        yield told(spot, use)
    yield f"{mode.mode}: {mode.reason}"
    yield f"latency is {problem.prediction(best).basis}{_taught(best.build.replica.correction)}"
    age_days = pricing.age_days(offer, problem.today)
    if age_days > OLD_PRICE_DAYS:
        yield f"the price is {age_days} days old: check it before you rent"


def _why_so_many(problem: Problem, best: Priced, *, counted: bool) -> str:
    replica, load, needed = best.build.replica, problem.workload, problem.needed
    name = replica.accelerator.name
    devices = f"{replica.tp_degree} x {name}" if replica.tp_degree > 1 else name
    sustains = f"one replica on {devices} sustains {best.build.inside_slos_per_s:.2f} requests/s inside the objectives"
    if counted or needed is None:
        planned = load.counted_per_s > load.requests_per_s
        need = (
            f"{load.counted_per_s:.2f} that are planned for need" if planned else "the load needs"
        )
        return f"{sustains}, so {need} {best.replicas}"
    wants = f"of what runs the policy wants {needed.replicas}"
    if best.replicas < needed.replicas:
        wants += f", of which the limits allow {best.replicas}"
    return f"{sustains}; {wants}: {needed.reason}"


def _taught(correction: Correction) -> str:
    if correction == UNCORRECTED:
        return ""
    where = "this engine" if correction.windows else "the running engine, elsewhere,"
    return (
        f": {where} takes {correction.decode.ratio:.2f} times as long for a step and "
        f"{correction.prefill.ratio:.2f} times for a prompt as the fitted model says"
    )
