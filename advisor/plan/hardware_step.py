"""Step 4, hardware: every GPU that would do, cheapest first, and why not the others."""

from __future__ import annotations

from collections.abc import Callable

from advisor.core.choice import Priced
from advisor.core.expert_split import why_split_so
from advisor.core.recommendation import Candidate, Interval
from advisor.plan.make import Plan
from advisor.plan.report import Fact, Grid, Step
from advisor.plan.shown import against, devices, ms, objective, usd, usd_per_mtok, weights

MAX_ROWS = 12
PERCENTILES = "over the queue and over lengths, lognormal with the standard deviation of conversations: the mean's"
EXPERTS = "vLLM 0.32, layers/fused_moe/config.py; docs/plan.md"


def hardware(plan: Plan) -> Step:
    shown = plan.best_on[:MAX_ROWS]
    rows = tuple(_hardware_row(plan, one) for one in shown)
    chosen = next((i for i, one in enumerate(shown) if one is plan.chosen), None)
    columns: tuple[str, ...] = (
        "GPU",
        "replicas x GPUs each",
        "weights",
        "one sustains",
        "$/h",
        "$/Mtok out",
        "provider",
    )
    title = "What would do, cheapest first"
    if not any(one.meets_slos for one in shown):
        title = "Nothing meets the objectives; the closest first"
    elif not plan.recommendation.feasible:
        title = "What meets the objectives, cheapest first"
    if len({row[2] for row in rows}) == 1:  # a column that always says the same says it once
        title = f"{title}, with {rows[0][2]} weights"
        columns, rows = _without(2, columns), tuple(_without(2, row) for row in rows)
    grids = [Grid(title=title, columns=columns, rows=rows, chosen=chosen)] if rows else []
    grids.append(Grid(title="Why not the others", columns=("GPU", "reason"), rows=_why_not(plan)))
    best = plan.recommendation.best
    facts = () if best is None else _chosen(plan, best)
    return Step(title="Hardware", facts=facts, grids=tuple(grids))


def _chosen(plan: Plan, best: Candidate) -> tuple[Fact, ...]:
    """What the recommended replicas are predicted to do, each with where it lies in 80 % of cases."""
    predicted, slos = best.prediction, plan.request.slos
    source = f"{predicted.basis.value}; docs/performance.md"
    at_slos = [
        f"{slo.latency.upper()} p{slo.percentile:g} {against(value, slo.bound_s)}"
        for slo, value in zip(slos, predicted.slo_values_s, strict=False)
    ]
    most = predicted.max_requests_per_s
    experts = (
        None
        if plan.chosen is None
        else why_split_so(plan.chosen.build, plan.workload, plan.request.slos)
    )
    return (
        Fact(label="Chosen" if plan.recommendation.feasible else "Nearest", value=devices(best)),
        Fact(
            label="TTFT",
            value=f"{ms(predicted.ttft_s)} on average{_span(predicted.ttft_interval_s, ms)}",
            formula="the scheduler's model on the roofline's step times",
            source=source,
        ),
        Fact(
            label="TPOT",
            value=f"{ms(predicted.tpot_s)} on average{_span(predicted.tpot_interval_s, ms)}",
            source=source,
        ),
        *(
            [
                Fact(
                    label="Objectives",
                    value="; ".join(at_slos),
                    formula=PERCENTILES,
                    source=source,
                )
            ]
            if at_slos
            else []
        ),
        Fact(
            label="One replica",
            value=f"{most:.2f} requests/s{_span(predicted.max_requests_interval_per_s, '{:.2f}'.format)} inside "
            + " and ".join(map(objective, slos)),
            source=source,
        ),
        *([] if experts is None else [Fact(label="Experts", value=experts, source=EXPERTS)]),
    )


def _span(interval: Interval | None, shown: Callable[[float], str]) -> str:
    if interval is None:
        return ""
    return f" (80 % of cases: {shown(interval.low)} to {shown(interval.high)})"


def _without(index: int, cells: tuple[str, ...]) -> tuple[str, ...]:
    return cells[:index] + cells[index + 1 :]


def _why_not(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Every accelerator that is not in the table above; those turned down for the same reason together.

    First those that were weighed, then those that never could.
    """
    shown = {one.build.replica.accelerator.name for one in plan.best_on[:MAX_ROWS]}
    by_reason: dict[str, list[str]] = {}
    weighed_first = sorted(plan.recommendation.rejected, key=lambda entry: entry.tp_degree is None)
    for entry in weighed_first:
        if entry.accelerator and entry.accelerator not in shown:
            by_reason.setdefault(entry.reason, []).append(entry.accelerator)
    return tuple((", ".join(names), reason) for reason, names in by_reason.items())


def _hardware_row(plan: Plan, one: Priced) -> tuple[str, ...]:
    replica = one.build.replica
    sustains = f"{one.build.inside_slos_per_s:.2f}/s" if one.meets_slos else "misses the objective"
    return (
        replica.accelerator.name,
        f"{one.replicas} x {replica.tp_degree}{', expert-parallel' if one.build.expert_parallel else ''}",
        weights(replica.spec),
        sustains,
        usd(one.usd_per_hour),
        usd_per_mtok(one.usd_per_hour, plan.workload.output_tokens_per_s),
        one.offer.provider,
    )
