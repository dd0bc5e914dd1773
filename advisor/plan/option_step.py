"""Step 5, the inference option: which one, why not the others, and what each would cost on the same hardware."""

from __future__ import annotations

from advisor.core.inference_options import SAGEMAKER_LIMITS, SAGEMAKER_NAME, over_limit
from advisor.core.mode import MIN_SAVING_SHARE
from advisor.core.mode_costs import LONGEST_QUEUED_S, TrafficClass
from advisor.core.objective import Latency, Mode
from advisor.plan.make import Plan
from advisor.plan.report import Fact, Grid, Step
from advisor.plan.shown import objective, span, usd

BYTES_PER_TOKEN = 4.0  # of English text in UTF-8, as tokenizers of today cut it
IDLE_UNKNOWN = (
    "--trace FILE, or --idle-share with --mean-gap, says how traffic pauses, and with it whether "
    "scaling to zero pays"
)


def option(plan: Plan) -> Step:
    facts = [Fact(label=plan.mode.mode.value, value=plan.mode.reason)]
    facts += [
        Fact(label=f"not {entry.mode.value}", value=entry.reason)
        for entry in plan.mode.rejected
        if entry.mode is not None
    ]
    facts += deadline(plan)
    if plan.request.load.gaps is None:
        facts.append(Fact(label="To know more", value=IDLE_UNKNOWN))
    grids = () if plan.chosen is None or not plan.chosen.meets_slos else (_four_options(plan),)
    return Step(title="Inference option", facts=tuple(facts), grids=grids)


def headline(plan: Plan) -> str:
    """The option, and where one was asked for, whether the numbers agree."""
    best, asked = plan.recommendation.best, plan.request.mode
    taken = plan.mode.mode if best is None else best.mode
    if asked is None or plan.chosen is None:
        return taken.value
    merits = plan.on_merits
    if not merits.feasible:
        return f"{asked.value}, as asked; none of the four would do: {plan.mode.option(asked).excluded}"
    if merits.mode is asked:
        return f"{asked.value}, as asked, and the numbers say so too"
    return f"{asked.value}, as asked; the numbers say {merits.mode.value} ({_why_not_asked(plan, asked)})"


def _why_not_asked(plan: Plan, asked: Mode) -> str:
    option, better = plan.mode.option(asked), plan.on_merits
    if option.excluded is not None:
        return f"{asked.value}: {option.excluded}"
    if option.usd_per_hour is None or better.usd_per_hour is None:
        return f"what {asked.value} costs is not known"
    if option.usd_per_hour > better.usd_per_hour:
        return f"{usd(better.usd_per_hour)}/h instead of {usd(option.usd_per_hour)}/h"
    costs, instead = usd(option.usd_per_hour), usd(better.usd_per_hour)
    if costs == instead:
        return f"both cost {costs}/h"
    return (
        f"{costs}/h instead of {instead}/h is less than the {MIN_SAVING_SHARE:.0%} for which "
        f"{better.mode.value} is worth leaving"
    )


def deadline(plan: Plan) -> list[Fact]:
    """Which rules, where there is a deadline: it, a tighter bound on the whole answer, or an objective of who waits."""
    request = plan.request
    if request.deadline_s is None:
        return []
    within = span(request.deadline_s)
    traffic = TrafficClass(
        peak_requests_per_s=request.load.requests_per_s,
        slos=request.slos,
        deadline_s=request.deadline_s,
    )
    at_once, rules_s = traffic.interactive, traffic.answer_within_s
    if at_once is not None and at_once.latency is Latency.E2E:
        value = f"{objective(at_once)} rules: under {span(LONGEST_QUEUED_S)} is an answer at once, so there is no queue"
    elif at_once is not None:
        value = (
            f"{within}, but {objective(at_once)} rules: who waits for an answer at once cannot be queued, so async and "
            "batch are out; without objectives on ttft and tpot the deadline rules"
        )
    elif rules_s is not None and rules_s < request.deadline_s:
        value = f"{within}, but an end-to-end objective of {span(rules_s)} is tighter and rules"
    else:
        value = f"{within} rules: no objective asks for an answer at once, so a queue may hold requests"
    return [Fact(label="Deadline", value=value)]


def _four_options(plan: Plan) -> Grid:
    """What each mode costs with the chosen replicas; beside it the limits that a managed service would set."""
    load, best = plan.request.load, plan.recommendation.best
    processing_s = 0.0 if best is None else best.prediction.e2e_s
    rows = []
    for priced in plan.mode.options:
        over = over_limit(
            SAGEMAKER_LIMITS[priced.mode],
            payload_bytes=load.isl * BYTES_PER_TOKEN,
            processing_s=processing_s,
            concurrency=load.requests_per_s * processing_s,
        )
        cost = "not known" if priced.usd_per_hour is None else f"{usd(priced.usd_per_hour)}/h"
        managed = SAGEMAKER_NAME[priced.mode] + ("" if over is None else f": {over}")
        rows.append((priced.mode.value, cost, priced.excluded or "", managed))
    return Grid(
        title="The four side by side, on this hardware",
        columns=("option", "would cost", "what rules it out", "on SageMaker"),
        rows=tuple(rows),
        chosen=next(
            (i for i, o in enumerate(plan.mode.options) if o.mode is plan.mode.mode), None
        ),
    )
