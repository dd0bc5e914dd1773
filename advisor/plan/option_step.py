"""Step 5, the inference option: which one, why not the others, and what each would cost on the same hardware."""

from __future__ import annotations

from advisor.core.inference_options import Hardware, Job, choose_option
from advisor.core.objective import Latency
from advisor.plan.make import Plan
from advisor.plan.report import Fact, Grid, Step
from advisor.plan.shown import usd

BYTES_PER_TOKEN = 4.0  # of English text in UTF-8, as tokenizers of today cut it
IDLE_UNKNOWN = (
    "--trace FILE says how much of the time is idle, and with it whether scaling to zero pays"
)


def option(plan: Plan) -> Step:
    facts = [Fact(label=plan.mode.mode.value, value=plan.mode.reason)]
    facts += [
        Fact(label=f"not {entry.mode.value}", value=entry.reason)
        for entry in plan.mode.rejected
        if entry.mode is not None
    ]
    if plan.request.load.idle_share is None:
        facts.append(Fact(label="To know more", value=IDLE_UNKNOWN))
    grids = () if plan.chosen is None or not plan.chosen.meets_slos else (_four_options(plan),)
    return Step(title="Inference option", facts=tuple(facts), grids=grids)


def _four_options(plan: Plan) -> Grid:
    """What each option would cost with the chosen fleet; a managed service's limits beside it."""
    assert plan.chosen is not None
    load, fleet = plan.request.load, plan.chosen
    predicted = plan.recommendation.best.prediction if plan.recommendation.best else None
    found = choose_option(
        Job(
            payload_bytes=load.isl * BYTES_PER_TOKEN,
            processing_s=0.0 if predicted is None else predicted.e2e_s,
            requests_per_s=load.requests_per_s if load.mean_per_s is None else load.mean_per_s,
            max_answer_s=_max_answer_s(plan),
            idle_share=load.idle_share,
            gaps_per_hour=load.gaps_per_hour or 0.0,
        ),
        Hardware(
            usd_per_hour=fleet.usd_per_hour,
            max_requests_per_s=fleet.replicas * fleet.build.inside_slos_per_s,
            cold_start_s=plan.request.cold_start_s,
        ),
    )
    rows = tuple(
        (
            option.mode.value,
            option.name,
            f"{usd(option.usd_per_hour)}/h",
            option.excluded or "",
        )
        for option in found.options
    )
    return Grid(
        title="The four side by side, on this hardware",
        columns=("option", "as SageMaker calls it", "would cost", "what rules it out"),
        rows=rows,
        chosen=next((i for i, o in enumerate(found.options) if o.mode is plan.mode.mode), None),
    )


def _max_answer_s(plan: Plan) -> float | None:
    """How long an answer may take at most, where an objective says so: of the first token, the time to it and the rest."""
    bounds = [slo.bound_s for slo in plan.request.slos if slo.latency is Latency.E2E]
    predicted = plan.recommendation.best.prediction if plan.recommendation.best else None
    if predicted is not None:
        rest_s = predicted.e2e_s - predicted.ttft_s
        bounds += [s.bound_s + rest_s for s in plan.request.slos if s.latency is Latency.TTFT]
    return min(bounds, default=None)
