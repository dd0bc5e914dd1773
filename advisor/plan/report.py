"""A plan as eight steps in words and numbers, the same for the terminal, HTML and JSON: budget, model size, FLOPs,
hardware, inference option, prices, service, deployment. Each number can say its formula and where that comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor import data
from advisor.core import flops, pricing
from advisor.core.api_prices import break_even, prices_of
from advisor.core.choice import Priced
from advisor.core.inference_options import Hardware, Job, choose_option
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import HOURS_PER_MONTH, Latency, Mode
from advisor.core.quantization import Quantization
from advisor.core.recommendation import Candidate, Mix
from advisor.plan.make import Plan

MAX_ROWS = 12
BYTES_PER_TOKEN = 4.0  # of English text in UTF-8, as tokenizers of today cut it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a step; `formula` and `source` are shown when asked for."""

    label: str
    value: str
    formula: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: the first column is a name, `chosen` the row that was taken."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chosen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    title: str
    facts: tuple[Fact, ...]
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`header` holds the three things one must know: model size, hardware, inference option."""

    title: str
    header: tuple[Fact, ...]
    assumed: tuple[str, ...]
    shortfall: str | None
    steps: tuple[Step, ...]


def report_of(plan: Plan) -> Report:
    recommendation = plan.recommendation
    return Report(
        title=f"Plan for {plan.spec.name}",
        header=_header(plan),
        assumed=plan.request.assumed,
        shortfall=None if recommendation.feasible else recommendation.shortfall,
        steps=(
            _budget(plan),
            _model(plan),
            _flops(plan),
            _hardware(plan),
            _option(plan),
            _prices(plan),
            _service(plan),
            _deploy(plan),
        ),
    )


def _header(plan: Plan) -> tuple[Fact, ...]:
    spec, best = plan.spec, plan.recommendation.best
    size = f"{billions(spec.total_params)} parameters, {gb(spec.weight_bytes)} of weights"
    hardware = "none that would do" if best is None else devices(best)
    option = plan.mode.mode.value if best is None else best.mode.value
    return (
        Fact(label="Model size", value=size),
        Fact(label="Hardware", value=hardware),
        Fact(label="Inference option", value=option),
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
    if best is not None:
        left = budget.usd_per_hour - best.usd_per_hour
        word = "left of it" if left >= 0 else "missing"
        facts.append(
            Fact(
                label="Recommended",
                value=f"{usd(best.usd_per_hour)}/h, {usd(best.usd_per_month)}/month; {usd(abs(left))}/h {word}",
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
                value=f"{decode / 1e9:,.1f} GFLOP",
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


def _hardware(plan: Plan) -> Step:
    shown = plan.best_on[:MAX_ROWS]
    rows = tuple(_hardware_row(plan, one) for one in shown)
    chosen = next((i for i, one in enumerate(shown) if one is plan.chosen), None)
    columns: tuple[str, ...] = (
        "GPU",
        "replicas x TP",
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
    facts: list[Fact] = []
    if (best := plan.recommendation.best) is not None:
        predicted = best.prediction
        facts = [
            Fact(label="Chosen", value=devices(best)),
            Fact(
                label="TTFT, TPOT",
                value=f"{ms(predicted.ttft_s)}, {ms(predicted.tpot_s)} on average",
                formula="the scheduler's model on the roofline's step times",
                source=f"{predicted.basis.value}; docs/performance.md",
            ),
            Fact(
                label="One replica",
                value=f"{predicted.max_requests_per_s:.2f} requests/s inside "
                + " and ".join(map(str, plan.request.slos)),
            ),
        ]
    return Step(title="Hardware", facts=tuple(facts), grids=tuple(grids))


def _without(index: int, cells: tuple[str, ...]) -> tuple[str, ...]:
    return cells[:index] + cells[index + 1 :]


def _why_not(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Every accelerator that is not in the table above; those turned down for the same reason together."""
    shown = {one.build.replica.accelerator.name for one in plan.best_on[:MAX_ROWS]}
    by_reason: dict[str, list[str]] = {}
    for entry in plan.recommendation.rejected:
        if entry.accelerator and entry.accelerator not in shown:
            by_reason.setdefault(entry.reason, []).append(entry.accelerator)
    return tuple((", ".join(names), reason) for reason, names in by_reason.items())


def _hardware_row(plan: Plan, one: Priced) -> tuple[str, ...]:
    replica = one.build.replica
    sustains = f"{one.build.inside_slos_per_s:.2f}/s" if one.meets_slos else "misses the objective"
    return (
        replica.accelerator.name,
        f"{one.replicas} x {replica.tp_degree}",
        weights(replica.spec),
        sustains,
        usd(one.usd_per_hour),
        usd_per_mtok(one.usd_per_hour, plan.workload.output_tokens_per_s),
        one.offer.provider,
    )


def _option(plan: Plan) -> Step:
    facts = [Fact(label=plan.mode.mode.value, value=plan.mode.reason)]
    facts += [
        Fact(label=f"not {entry.mode.value}", value=entry.reason)
        for entry in plan.mode.rejected
        if entry.mode is not None
    ]
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


def _prices(plan: Plan) -> Step:
    facts = [Fact(label="Price book", value=plan.recommendation.prices_from)]
    if plan.chosen is not None:
        age = pricing.age_days(plan.chosen.offer, plan.today)
        facts.append(
            Fact(
                label="Chosen price",
                value=f"{usd(plan.chosen.offer.usd_per_hour)}/h an instance, seen {plan.chosen.offer.observed_on} "
                f"({age} days ago)",
                source=plan.chosen.offer.source,
            )
        )
    facts += _api_break_even(plan)
    facts += [Fact(label="Mind", value=warning) for warning in plan.price_warnings]
    rows = tuple(_price_row(one) for one in plan.elsewhere[:MAX_ROWS])
    columns = ("provider", "capacity", "instance", "region", "$/h", "$/month", "seen")
    grid = Grid(title="The same replicas elsewhere", columns=columns, rows=rows)
    return Step(title="Prices", facts=tuple(facts), grids=(grid,) if rows else ())


def _api_break_even(plan: Plan) -> list[Fact]:
    """From which number of requests a month a replica of one's own undercuts the cheapest pay-per-token host."""
    load, chosen = plan.request.load, plan.chosen
    hosts = prices_of(plan.spec.name, data.api_prices())
    if not hosts or chosen is None:
        return []
    host = min(hosts, key=lambda price: price.usd_per_request(isl=load.isl, osl=load.osl))
    found = break_even(
        host,
        isl=load.isl,
        osl=load.osl,
        replica_usd_per_hour=chosen.usd_per_hour / chosen.replicas,
        replica_requests_per_s=chosen.build.rate_per_s,
    )
    month = load.requests_per_s * 3600 * HOURS_PER_MONTH
    value = (
        f"{usd(found.api_usd_per_request * month)}/month for this load, as of {host.observed_on}; one's own replica costs, "
        f"{found.reason}"
    )
    return [Fact(label="Pay per token", value=value, source=host.source)]


def _price_row(one: Priced) -> tuple[str, ...]:
    offer = one.offer
    return (
        offer.provider,
        offer.capacity_type.value,
        offer.instance_type,
        offer.region,
        usd(one.usd_per_hour),
        usd(one.usd_per_hour * HOURS_PER_MONTH),
        offer.observed_on,
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
    if plan.recommendation.mix is not None:
        facts.append(_mix(plan.recommendation.mix, best))
    return Step(title="Service", facts=tuple(facts))


def _mix(mix: Mix, best: Candidate) -> Fact:
    parts = " + ".join(
        f"{part.instances} x {part.offer.provider} {part.offer.instance_type} "
        f"({part.replicas} x {part.tp_degree} {part.accelerator})"
        for part in mix.parts
    )
    saving = 1 - mix.usd_per_hour / best.usd_per_hour
    return Fact(
        label="A mix would save",
        value=f"{saving:.0%}: {usd(mix.usd_per_hour)}/h with {parts}",
        formula="an integer programme over whole instances, solved by HiGHS",
    )


def _deploy(plan: Plan) -> Step:
    best = plan.recommendation.best
    facts = []
    if best is not None:
        facts = [
            Fact(label="Config", value="add --write config.yaml"),
            Fact(label="Then", value="make serve CONFIG=config.yaml, or serve run config.yaml"),
        ]
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


def devices(candidate: Candidate) -> str:
    """`2 replicas of 4 x H100-SXM-80GB`."""
    replicas = "1 replica" if candidate.replicas == 1 else f"{candidate.replicas} replicas"
    each = f"{candidate.tp_degree} x " if candidate.tp_degree > 1 else ""
    return f"{replicas} of {each}{candidate.accelerator}"


def weights(spec: ModelSpec) -> str:
    """How they are stored: `bfloat16`, or the kind of quantisation."""
    return spec.dtype.value if spec.quantization is Quantization.NONE else spec.quantization.value


def usd(amount: float) -> str:
    return f"${amount:,.2f}" if abs(amount) < 1000 else f"${amount:,.0f}"


def usd_per_mtok(usd_per_hour: float, tokens_per_s: float) -> str:
    return "no load" if tokens_per_s <= 0 else usd(usd_per_hour / (tokens_per_s * 3600) * 1e6)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.1f} ms"


def gb(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:,.1f} GB"


def billions(count: float) -> str:
    return f"{count / 1e9:.2f}B" if count >= 1e8 else f"{count / 1e6:.0f}M"
