"""The cheapest way to serve the load inside objectives and budget, the next ones, and why not each other.

Every accelerator that runs vLLM is tried with every tensor-parallel degree that holds the model. The performance model
says what one replica sustains, the load how many are needed, the price book what they cost. Nothing is dropped in
silence: what is not chosen is a runner-up or is rejected with the number that decided.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from advisor.core import perf, pricing, sizing
from advisor.core.hardware import Accelerator
from advisor.core.mode import ModeChoice, choose_mode
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Budget, Slo
from advisor.core.pricing import OfferFilter
from advisor.core.recommendation import Candidate, Offer, Recommendation, Rejected
from advisor.core.workload import Workload

NUM_RUNNERS_UP = 4
OLD_PRICE_DAYS = 90
ON_DEMAND = OfferFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What the user allows; None allows any."""

    offers: OfferFilter = ON_DEMAND
    accelerators: Collection[str] | None = None
    max_replicas: int | None = None
    cold_start_s: float = 90.0


def recommend(
    *,
    spec: ModelSpec,
    workload: Workload,
    slos: Sequence[Slo],
    budget: Budget,
    offers: Sequence[Offer],
    accelerators: Sequence[Accelerator],
    constraints: Constraints,
    today: date,
) -> Recommendation:
    """The recommendation for this load; `feasible` false, with the shortfall, where nothing meets everything."""
    mode = choose_mode(workload, slos, cold_start_s=constraints.cold_start_s)
    by_accelerator: dict[str, list[Offer]] = {}
    for offer in offers:
        if constraints.offers.allows(offer):
            by_accelerator.setdefault(offer.accelerator, []).append(offer)

    able: list[Candidate] = []  # meets the objectives, whatever it costs
    rejected: list[Rejected] = []
    missing: list[tuple[float, Candidate, str]] = []  # misses an objective by this factor
    for accelerator in accelerators:
        if (
            constraints.accelerators is not None
            and accelerator.name not in constraints.accelerators
        ):
            continue
        found = _best_on(
            accelerator,
            spec,
            workload,
            slos,
            by_accelerator.get(accelerator.name, []),
            mode,
            constraints,
        )
        if isinstance(found, Rejected):
            rejected.append(found)
        elif isinstance(found, tuple):
            missing.append(found)
            rejected.append(_reject(found[1], found[2]))
        else:
            able.append(found)

    able.sort(key=_order)
    within = [candidate for candidate in able if candidate.usd_per_hour <= budget.usd_per_hour]
    over = able[len(within) :]
    if within:
        best, feasible, shortfall = within[0], True, None
        others = within[1:]
    elif able:
        best, feasible, others = able[0], False, able[1:]
        shortfall = (
            f"the cheapest that meets the objectives costs ${best.usd_per_hour:.2f}/h, "
            f"${best.usd_per_hour - budget.usd_per_hour:.2f}/h over the budget of ${budget.usd_per_hour:.2f}/h"
        )
        over = []
    elif missing:
        _, best, shortfall = min(missing, key=lambda item: (item[0], _order(item[1])))
        feasible, others = False, []
        rejected = [entry for entry in rejected if entry.accelerator != best.accelerator]
    else:
        best, feasible, others = None, False, []
        shortfall = "no accelerator on offer holds the model"
    rejected += [
        _reject(c, f"${c.usd_per_hour:.2f}/h is over the budget of ${budget.usd_per_hour:.2f}/h")
        for c in over
    ]
    runners_up = others[:NUM_RUNNERS_UP]
    if best is not None:
        rejected += [_reject(c, _dearer(c, best)) for c in others[NUM_RUNNERS_UP:]]
    return Recommendation(
        best=best,
        feasible=feasible,
        shortfall=shortfall,
        runners_up=tuple(replace(c, reasons=(_dearer(c, best),)) for c in runners_up)
        if best
        else (),
        rejected=(*mode.rejected, *rejected),
        reasons=_reasons(best, workload, mode, today),
        prices_from=_price_dates(able or [item[1] for item in missing]),
    )


def _best_on(
    accelerator: Accelerator,
    spec: ModelSpec,
    workload: Workload,
    slos: Sequence[Slo],
    offers: Sequence[Offer],
    mode: ModeChoice,
    constraints: Constraints,
) -> Candidate | Rejected | tuple[float, Candidate, str]:
    """The cheapest degree on one accelerator; or why there is none; or the closest miss: (factor, candidate, reason)."""

    def reject(reason: str, tp_degree: int | None = None) -> Rejected:
        return Rejected(
            accelerator=accelerator.name, tp_degree=tp_degree, mode=None, reason=reason
        )

    if not accelerator.runs_vllm:
        return reject("vLLM as released does not run on it")
    if accelerator.peak_flops_per_s(spec.dtype) is None:
        return reject(f"it has no matrix unit for {spec.dtype}")
    if not offers:
        return reject("no offer among the allowed providers, regions and capacity types")
    context = workload.isl + workload.osl
    smallest = sizing.smallest_tp_degree(spec, accelerator, context_tokens=context)
    if smallest is None:
        one = sizing.fit(spec, accelerator, 1)
        return reject(
            f"{spec.weight_bytes / 1e9:.1f} GB of weights and a context of {context:.0f} tokens do not fit into "
            f"8 x {one.usable_bytes_per_device / 1e9:.0f} GB"
        )
    candidates: list[Candidate] = []
    closest: tuple[float, Candidate, str] | None = None
    for tp_degree in sizing.TP_DEGREES:
        if tp_degree < smallest or not sizing.valid_tp_degree(spec, tp_degree):
            continue
        replica = perf.Replica(spec=spec, accelerator=accelerator, tp_degree=tp_degree)
        rate = perf.max_requests_per_s(replica, isl=workload.isl, osl=workload.osl, slos=slos)
        replicas = max(1, math.ceil(workload.requests_per_s / rate)) if rate > 0 else 1
        if constraints.max_replicas is not None and replicas > constraints.max_replicas:
            continue
        offer = pricing.cheapest_offer(offers, tp_degree=tp_degree, replicas=replicas)
        if offer is None:
            continue
        share = workload.requests_per_s / replicas if rate > 0 else 0.0
        prediction = perf.predict(
            replica, requests_per_s=share, isl=workload.isl, osl=workload.osl, slos=slos
        )
        if prediction is None:
            continue
        hourly = pricing.fleet_usd_per_hour(offer, tp_degree=tp_degree, replicas=replicas)
        candidate = Candidate(
            accelerator=accelerator.name,
            tp_degree=tp_degree,
            replicas=replicas,
            mode=mode.mode,
            offer=offer,
            usd_per_hour=hourly * mode.cost_share,
            prediction=prediction,
            reasons=(),
        )
        if rate > 0:
            candidates.append(candidate)
            continue
        slo, value = max(
            perf.misses(
                slos, ttft_s=prediction.ttft_s, tpot_s=prediction.tpot_s, osl=workload.osl
            ),
            key=lambda miss: miss[1] / miss[0].bound_s,
        )
        percentile = f"{slo.latency.upper()} p{slo.percentile:g}"
        reason = f"{percentile} is {value * 1e3:.0f} ms even for a lone request, over {slo.bound_s * 1e3:g} ms"
        miss = (value / slo.bound_s, candidate, reason)
        closest = miss if closest is None or miss[0] < closest[0] else closest
    if candidates:
        return min(candidates, key=_order)
    if closest is not None:
        return closest
    if constraints.max_replicas is not None:
        return reject(f"needs more than the {constraints.max_replicas} replicas allowed", smallest)
    return reject(
        f"a replica needs {smallest} of them in one machine, and no offer has that many", smallest
    )


def _order(candidate: Candidate) -> tuple[float, int, str]:
    return candidate.usd_per_hour, candidate.replicas * candidate.tp_degree, candidate.accelerator


def _reject(candidate: Candidate, reason: str) -> Rejected:
    return Rejected(
        accelerator=candidate.accelerator, tp_degree=candidate.tp_degree, mode=None, reason=reason
    )


def _dearer(candidate: Candidate, best: Candidate) -> str:
    ratio = candidate.usd_per_hour / best.usd_per_hour if best.usd_per_hour > 0 else math.inf
    return f"${candidate.usd_per_hour:.2f}/h, {ratio:.1f} times the price of the best"


def _reasons(
    best: Candidate | None, workload: Workload, mode: ModeChoice, today: date
) -> tuple[str, ...]:
    if best is None:
        return ()
    devices = f"{best.tp_degree} x {best.accelerator}" if best.tp_degree > 1 else best.accelerator
    load = f"{workload.requests_per_s:.2f} requests/s of {workload.isl:.0f} tokens in and {workload.osl:.0f} out"
    reasons = [
        f"load ({workload.source}): {load}",
        f"one replica on {devices} sustains {best.prediction.max_requests_per_s:.2f} requests/s inside the objectives, "
        f"so the load needs {best.replicas}",
        f"cheapest offer: {best.offer.provider} {best.offer.instance_type} in {best.offer.region}, "
        f"{best.offer.capacity_type}, ${best.offer.usd_per_hour:.2f}/h as of {best.offer.observed_on}",
        f"{best.mode}: {mode.reason}",
        f"latency is {best.prediction.basis}: a roofline with stated efficiencies, not yet corrected by measurements",
    ]
    if pricing.age_days(best.offer, today) > OLD_PRICE_DAYS:
        reasons.append(
            f"the price is {pricing.age_days(best.offer, today)} days old: check it before you rent"
        )
    return tuple(reasons)


def _price_dates(candidates: Sequence[Candidate]) -> str:
    dates = sorted(candidate.offer.observed_on for candidate in candidates)
    return f"{dates[0]} to {dates[-1]}" if dates else ""
