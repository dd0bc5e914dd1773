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
from advisor.core.objective import HOURS_PER_MONTH, Budget, Slo
from advisor.core.pricing import OfferFilter
from advisor.core.recommendation import Candidate, Offer, Recommendation, Rejected
from advisor.core.workload import Workload

NUM_RUNNERS_UP = 4
OLD_PRICE_DAYS = 90
ON_DEMAND = OfferFilter()  # its default: spot is rented only when asked for


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
            rejected.append(_reject_type(accelerator, "not among the accelerators allowed"))
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
    within = [c for c in able if _too_much(c, budget, constraints) is None]
    over = [(c, why) for c in able if (why := _too_much(c, budget, constraints)) is not None]
    if within:
        best, feasible, shortfall = within[0], True, None
        others = within[1:]
    elif able:
        best, feasible, others = able[0], False, able[1:]
        shortfall = f"the cheapest that meets the objectives {over[0][1]}"
        over = []
    elif missing:
        _, best, shortfall = min(missing, key=lambda item: (item[0], _order(item[1])))
        feasible, others = False, []
        rejected = [entry for entry in rejected if entry.accelerator != best.accelerator]
    else:
        best, feasible, others = None, False, []
        shortfall = _no_plan(spec, workload)
    rejected += [_reject(c, why) for c, why in over]
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
        reasons=_reasons(best, spec, workload, budget, mode, today),
        prices_from=_price_dates([offer for known in by_accelerator.values() for offer in known]),
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
        return _reject_type(accelerator, reason, tp_degree)

    if accelerator.why_not_served is not None:
        return reject(accelerator.why_not_served)
    if accelerator.peak_flops_per_s(spec.dtype) is None:
        return reject(f"it has no matrix unit for {spec.dtype}")
    if not offers:
        return reject("no offer among the allowed providers, regions and capacity types")
    context = workload.isl + workload.osl
    if spec.max_context_tokens is not None and context > spec.max_context_tokens:
        return reject(f"the model itself stops at {spec.max_context_tokens} tokens of context")
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
        # Where no rate keeps the objectives: as many as carry the load at all.
        carried = rate or perf.max_requests_per_s(
            replica, isl=workload.isl, osl=workload.osl, slos=()
        )
        replicas = max(1, math.ceil(workload.requests_per_s / carried))
        offer = pricing.cheapest_offer(offers, tp_degree=tp_degree, replicas=replicas)
        if offer is None:
            continue
        prediction = perf.predict(
            replica,
            requests_per_s=workload.requests_per_s / replicas if rate > 0 else 0.0,
            isl=workload.isl,
            osl=workload.osl,
            slos=slos,
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
        return min(candidates, key=lambda c: (_too_many(c, constraints), *_order(c)))
    if closest is not None:
        return closest
    return reject(
        f"a replica needs {smallest} of them in one machine, and no offer has that many", smallest
    )


def _order(candidate: Candidate) -> tuple[float, int, str]:
    return candidate.usd_per_hour, candidate.replicas * candidate.tp_degree, candidate.accelerator


def _reject(candidate: Candidate, reason: str) -> Rejected:
    return Rejected(
        accelerator=candidate.accelerator, tp_degree=candidate.tp_degree, mode=None, reason=reason
    )


def _reject_type(accelerator: Accelerator, reason: str, tp_degree: int | None = None) -> Rejected:
    return Rejected(accelerator=accelerator.name, tp_degree=tp_degree, mode=None, reason=reason)


def _too_many(candidate: Candidate, constraints: Constraints) -> bool:
    return constraints.max_replicas is not None and candidate.replicas > constraints.max_replicas


def _too_much(candidate: Candidate, budget: Budget, constraints: Constraints) -> str | None:
    """What of the user's limits it would break. The cap holds while everything runs, whatever the mode saves at night."""
    if _too_many(candidate, constraints):
        return (
            f"needs {candidate.replicas} replicas, {constraints.max_replicas} are allowed at most"
        )
    running = pricing.fleet_usd_per_hour(
        candidate.offer, tp_degree=candidate.tp_degree, replicas=candidate.replicas
    )
    if running <= budget.usd_per_hour:
        return None
    return (
        f"costs ${running:.2f}/h, ${running - budget.usd_per_hour:.2f}/h over the budget of "
        f"${budget.usd_per_hour:.2f}/h"
    )


def _no_plan(spec: ModelSpec, workload: Workload) -> str:
    context = workload.isl + workload.osl
    if spec.max_context_tokens is not None and context > spec.max_context_tokens:
        return f"requests of {context:.0f} tokens are longer than the model's {spec.max_context_tokens}"
    return "no accelerator among the allowed offers holds the model"


def _dearer(candidate: Candidate, best: Candidate) -> str:
    ratio = candidate.usd_per_hour / best.usd_per_hour if best.usd_per_hour > 0 else math.inf
    return f"${candidate.usd_per_hour:.2f}/h, {ratio:.1f} times the price of the best"


def _reasons(
    best: Candidate | None,
    spec: ModelSpec,
    workload: Workload,
    budget: Budget,
    mode: ModeChoice,
    today: date,
) -> tuple[str, ...]:
    if best is None:
        return ()
    devices = f"{best.tp_degree} x {best.accelerator}" if best.tp_degree > 1 else best.accelerator
    load = f"{workload.requests_per_s:.2f} requests/s of {workload.isl:.0f} tokens in and {workload.osl:.0f} out"
    reasons = [
        f"budget: ${budget.usd_per_hour:.2f}/h, ${budget.usd_per_month:.0f} a month of {HOURS_PER_MONTH} h",
        f"model: {spec.total_params / 1e9:.2f}B parameters, {spec.weight_bytes / 1e9:.1f} GB of weights, "
        f"{spec.kv_bytes_per_token / 1024:.0f} KiB of KV cache per token",
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


def _price_dates(offers: Sequence[Offer]) -> str:
    dates = sorted({offer.observed_on for offer in offers})
    if not dates:
        return "no offers"
    return dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
