"""A plan as eight steps in words and numbers: budget, model size, FLOPs, hardware, inference option, prices, service,
deployment. The three long ones have modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor import data
from advisor.core import flops
from advisor.core.choice import Priced
from advisor.core.hardware import find
from advisor.core.objective import HOURS_PER_MONTH, CapacityType, Mode
from advisor.core.recommendation import Candidate, Mix, MixPart
from advisor.core.spot import SpotTerms, SpotZone, effective_usd_per_hour
from advisor.core.spot_fleet import SpotUse
from advisor.plan.batch_job import as_python, job_settings
from advisor.plan.hardware_step import hardware
from advisor.plan.make import Plan
from advisor.plan.nearest import ending, not_met
from advisor.plan.option_step import headline, option
from advisor.plan.prices_step import age, prices
from advisor.plan.report import Fact, Report, Step
from advisor.plan.serve_config import why_not_loaded, why_not_written
from advisor.plan.shown import billions, devices, fleet, gb, usd, usd_per_mtok, weights


def report_of(plan: Plan) -> Report:
    recommendation = plan.recommendation
    return Report(
        title=f"Plan for {plan.spec.name}",
        header=_header(plan),
        assumed=plan.request.assumed,
        shortfall=None if recommendation.feasible else recommendation.shortfall,
        ending=ending(plan),
        steps=(
            _budget(plan),
            _model(plan),
            _flops(plan),
            hardware(plan),
            option(plan),
            prices(plan),
            _service(plan),
            _deploy(plan),
        ),
    )


def _header(plan: Plan) -> tuple[Fact, ...]:
    spec, best = plan.spec, plan.recommendation.best
    size = f"{billions(spec.total_params)} parameters, {gb(spec.weight_bytes)} of weights"
    hardware = "none that would do" if best is None else devices(best)
    if best is not None and not plan.recommendation.feasible:
        hardware += ", the nearest: nothing meets everything"
    return (
        Fact(label="Model size", value=size),
        Fact(label="Hardware", value=hardware),
        Fact(label="Inference option", value=headline(plan)),
        Fact(label="Prices", value=age(plan)),
    )


def _budget(plan: Plan) -> Step:
    budget = plan.request.budget
    facts = [
        Fact(
            label="Cap",
            value=f"{usd(budget.usd_per_hour)}/h, {usd(budget.usd_per_month)}/month",
            formula=f"a month is {HOURS_PER_MONTH} h",
            source="30 days, as cloud price lists count",
        )
    ]
    best = plan.recommendation.best
    if best is not None and not plan.recommendation.feasible:
        facts.append(
            Fact(
                label="Nearest",
                value=f"{usd(best.usd_per_hour)}/h, {usd(best.usd_per_month)}/month, but {not_met(plan)}",
            )
        )
    elif best is not None:
        left = budget.usd_per_hour - best.usd_per_hour
        facts.append(
            Fact(
                label="Recommended",
                value=f"{usd(best.usd_per_hour)}/h, {usd(best.usd_per_month)}/month; {usd(left)}/h left of it",
            )
        )
    return Step(title="Budget", facts=tuple(facts))


def _model(plan: Plan) -> Step:
    spec, load = plan.spec, plan.request.load
    context = load.isl + load.osl
    facts = [
        Fact(
            label="Parameters",
            value=f"{spec.total_params:,}"
            + (f", {spec.active_params:,} active" if spec.num_experts else ""),
            formula="summed over the layers of config.json",
            source="equal to transformers on the meta device",
        ),
        Fact(
            label="Weights",
            value=f"{gb(spec.weight_bytes)} ({weights(spec)})",
            formula="parameters x bytes per weight + scales",
        ),
        Fact(
            label="KV cache per token",
            value=f"{spec.kv_bytes_per_token / 1024:.1f} KiB",
            formula="2 x layers x KV heads x head dim x bytes",
            source="Pope et al., MLSys 2023",
        ),
        Fact(
            label="KV cache per request",
            value=f"{spec.kv_bytes(context) / 2**20:.1f} MiB at {context:,.0f} tokens",
        ),
    ]
    if spec.max_context_tokens is not None:
        facts.append(Fact(label="Longest context", value=f"{spec.max_context_tokens:,} tokens"))
    return Step(title="Model size", facts=tuple(facts))


def _flops(plan: Plan) -> Step:
    spec, load = plan.spec, plan.request.load
    decode = flops.forward_flops_per_token(spec, load.isl + load.osl / 2)
    prefill = flops.prefill_flops(spec, load.isl)
    each = prefill + load.osl * decode
    return Step(
        title="FLOPs",
        facts=(
            Fact(
                label="One decoded token",
                value=f"{decode / 1e9:,.1f} GFLOP after {load.isl + load.osl / 2:,.0f} tokens: the prompt, half the answer",
                formula="2 x active parameters + 4 x layers x heads x head dim x context",
                source="Kaplan et al. 2020; a multiply-add is 2 FLOP",
            ),
            Fact(
                label="One prompt",
                value=f"{prefill / 1e12:,.2f} TFLOP at {load.isl:,.0f} tokens",
                formula="the same for each token over half the prompt, logits for the last one only",
            ),
            Fact(
                label="The load",
                value=f"{load.requests_per_s * each / 1e12:,.1f} TFLOP/s at {load.requests_per_s:g} requests/s",
                formula="requests/s x (prompt + OSL x decoded token)",
            ),
        ),
    )


def _service(plan: Plan) -> Step:
    best = plan.recommendation.best
    if best is None:
        return Step(title="Service", facts=(Fact(label="None", value="nothing would do"),))
    offer = best.offer
    facts = [
        Fact(
            label="Rent",
            value=f"{offer.provider} {offer.instance_type} in {offer.region}, {offer.capacity_type.value}",
        ),
        Fact(
            label="$ per million tokens out",
            value=usd_per_mtok(best.usd_per_hour, plan.workload.output_tokens_per_s),
            formula="$/h / (output tokens/s x 3600) x 10^6",
        ),
        Fact(label="Idle", value=f"{usd(best.usd_per_hour)}/h is paid at no load too")
        if best.mode is Mode.ALWAYS_ON
        else Fact(label="Idle", value="nothing is paid while there is no load"),
    ]
    if offer.capacity_type is CapacityType.SPOT:
        facts.append(_spot(plan))
    if plan.recommendation.mix is not None:
        facts.append(_mix(plan.recommendation.mix, best))
    return Step(title="Service", facts=tuple(facts))


def _spot(plan: Plan) -> Fact:
    """What the list price leaves out, and what the fleet would cost with it where the worst that was measured holds."""
    value = "all of it at the list price: interruptions are not in it"
    chosen, instead = plan.chosen, on_demand_of(plan.elsewhere, plan.chosen)
    if chosen is not None and instead is not None:
        each = effective_usd_per_hour(
            SpotZone(name=chosen.offer.region, usd_per_hour=chosen.usd_per_hour / chosen.replicas),
            SpotTerms(
                on_demand_usd_per_hour=instead.usd_per_hour / instead.replicas,
                cold_start_s=plan.request.cold_start_s,
            ),
        )
        value += (
            f"; at {SpotUse()}, on demand at {usd(instead.usd_per_hour)}/h ({instead.offer.provider}) standing in, "
            f"{usd(each * chosen.replicas)}/h"
        )
    return Fact(
        label="Spot",
        value=f"{value}; `spot:` in the advisor's configuration plans with what you know of it",
        formula="p exp(l (c + d)) while there is spot, on demand while there is none",
        source="core/spot.py; docs/decisions.md",
    )


def on_demand_of(elsewhere: Sequence[Priced], chosen: Priced | None) -> Priced | None:
    """The cheapest on-demand machines for the same replicas, of the same provider where it has any."""
    same = [one for one in elsewhere if one.offer.capacity_type is CapacityType.ON_DEMAND]
    provider = None if chosen is None else chosen.offer.provider
    return min(
        same, key=lambda one: (one.offer.provider != provider, one.usd_per_hour), default=None
    )


def _mix(mix: Mix, best: Candidate) -> Fact:
    parts = " + ".join(
        f"{part.instances} x {part.offer.provider} {part.offer.instance_type} ({_held(part)})"
        for part in mix.parts
    )
    saving = 1 - mix.usd_per_hour / best.usd_per_hour
    return Fact(
        label="A mix would save",
        value=f"{saving:.0%}: {usd(mix.usd_per_hour)}/h with {parts}",
        formula="an integer programme over whole instances, solved by HiGHS",
    )


def _held(part: MixPart) -> str:
    return fleet(
        part.replicas, part.tp_degree, part.accelerator, expert_parallel=part.expert_parallel
    )


def _deploy(plan: Plan) -> Step:
    best = plan.recommendation.best
    facts = [] if best is None else _config_facts(plan, best)
    for other in plan.other_weights:
        label = f"Weights as {weights(other.spec)}"
        if other.best is None:
            facts.append(Fact(label=label, value=other.reason))
        else:
            facts.append(
                Fact(
                    label=label,
                    value=f"{gb(other.spec.weight_bytes)}, {devices(other.best)}: {usd(other.best.usd_per_hour)}/h; "
                    "quality not measured here: check it on your own task",
                )
            )
    return Step(title="Deploy, compress", facts=tuple(facts))


def _config_facts(plan: Plan, best: Candidate) -> list[Fact]:
    """What to deploy it with: a file for `serve run`, or the settings of a job."""
    problem = why_not_written(plan, best)
    if problem is None:
        return [
            Fact(label="Config", value="--write config.yaml writes it"),
            Fact(label="Then", value="make serve CONFIG=config.yaml, or serve run config.yaml"),
        ]
    facts = [Fact(label="Config", value=f"none: {problem}")]
    if best.mode is Mode.BATCH and why_not_loaded(plan, best) is None:
        settings = job_settings(plan, best, find(best.accelerator, data.accelerators()))
        facts.append(
            Fact(label="Job", value=as_python(settings), source="ray.data.llm; docs/plan.md")
        )
    return facts
