"""Two models, or two GPUs for one model, side by side: what each costs by load, and from which load on the other is cheaper.

Costs are staircases (whole instances), so there can be several crossings: they are looked for on a fine logarithmic grid and
then narrowed by bisection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.core import flops, pricing
from advisor.core.builds import Build
from advisor.core.choice import Constraints, Priced, order
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import Accelerator, find, may_mean
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Budget, CapacityType, Slo
from advisor.core.pricing import OfferFilter
from advisor.core.recommend import Problem
from advisor.core.recommendation import Offer
from advisor.core.workload import Workload, WorkloadSource
from advisor.errors import ConfigError
from advisor.plan.request import Load
from advisor.plan.shown import billions, fleet, gb, usd, usd_per_mtok
from advisor.web.render import plain

LEAST_PER_S, MOST_PER_S = 0.01, 1000.0
GRID_POINTS = 400
BISECTIONS = 40
CostAt = Callable[[float], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The load and the objectives under which the two are compared."""

    load: Load
    slos: tuple[Slo, ...]
    providers: tuple[str, ...] | None
    capacity_types: tuple[CapacityType, ...]

    @property
    def workload(self) -> Workload:
        return Workload(
            requests_per_s=self.load.requests_per_s,
            isl=self.load.isl,
            osl=self.load.osl,
            source=WorkloadSource.EXPECTED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: its name, what it is at the asked load, and what it costs at any other."""

    name: str
    spec: ModelSpec
    chosen: Priced | None  # at the load asked for; None where nothing meets the objectives
    usd_per_hour_at: CostAt
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """From this load on `cheaper` costs less than the other."""

    requests_per_s: float
    cheaper: str


def side_of(name: str, problem: Problem, accelerators: Sequence[Accelerator]) -> Side:
    weighed = problem.weigh(accelerators)
    builds = [build for build in weighed.builds if build.inside_slos_per_s > 0]
    chosen = _cheapest(problem, builds, problem.workload.requests_per_s)
    why_not = ""
    if chosen is None:
        rejected = problem.recommendation(weighed)
        why_not = rejected.shortfall or "nothing meets the objectives"
    return Side(
        name=name,
        spec=problem.variants[0],
        chosen=chosen,
        usd_per_hour_at=lambda rate: _usd_per_hour(problem, builds, rate),
        why_not=why_not,
    )


def _usd_per_hour(problem: Problem, builds: Sequence[Build], rate: float) -> float | None:
    found = _cheapest(problem, builds, rate)
    return None if found is None else found.usd_per_hour


def _cheapest(problem: Problem, builds: Sequence[Build], rate: float) -> Priced | None:
    return min(problem.priced(builds, requests_per_s=rate), key=order, default=None)


def crossings(a: Side, b: Side) -> list[Crossing]:
    """The loads at which the cheaper one changes, lowest first. Where both cost the same neither is cheaper."""
    ratio = (MOST_PER_S / LEAST_PER_S) ** (1 / GRID_POINTS)
    rates = [LEAST_PER_S * ratio**step for step in range(GRID_POINTS + 1)]
    found: list[Crossing] = []
    before: tuple[float, str] | None = None
    for rate in rates:
        cheaper = _cheaper(a, b, rate)
        if cheaper is None:
            continue
        if before is None or before[1] != cheaper:
            at = rate if before is None else _narrow(a, b, before[0], rate, cheaper)
            found.append(Crossing(requests_per_s=at, cheaper=cheaper))
        before = rate, cheaper
    return found


def _cheaper(a: Side, b: Side, rate: float) -> str | None:
    cost_a, cost_b = a.usd_per_hour_at(rate), b.usd_per_hour_at(rate)
    if cost_a is None or cost_b is None or cost_a == cost_b:
        return None
    return a.name if cost_a < cost_b else b.name


def _narrow(a: Side, b: Side, low: float, high: float, cheaper: str) -> float:
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _cheaper(a, b, middle) == cheaper else (middle, high)
    return high


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides, and where the cheaper one changes."""

    question: Question
    a: Side
    b: Side
    crossings: tuple[Crossing, ...]


def compare(
    a: str, b: str, model: str | None, question: Question, offers: Sequence[Offer]
) -> Comparison:
    """Two GPUs where `model` is given, else two models; AdvisorError for a name that is neither."""
    if model is None:
        sides = [_model_side(name, question, offers) for name in (a, b)]
    else:
        spec = load_model_spec(model)
        sides = [_gpu_side(name, spec, question, offers) for name in (a, b)]
    return Comparison(
        question=question, a=sides[0], b=sides[1], crossings=tuple(crossings(sides[0], sides[1]))
    )


def _model_side(name: str, question: Question, offers: Sequence[Offer]) -> Side:
    if _is_accelerator(name):
        raise ConfigError(f"{name} is a GPU: say for which model with --model")
    return side_of(name, _problem(load_model_spec(name), question, offers), data.accelerators())


def _gpu_side(name: str, spec: ModelSpec, question: Question, offers: Sequence[Offer]) -> Side:
    accelerator = find(name, data.accelerators())
    return side_of(accelerator.name, _problem(spec, question, offers), [accelerator])


def _is_accelerator(name: str) -> bool:
    return any(may_mean(name, known) for known in data.accelerators())


def _problem(spec: ModelSpec, question: Question, offers: Sequence[Offer]) -> Problem:
    allowed = OfferFilter(providers=question.providers, capacity_types=question.capacity_types)
    constraints = Constraints(offers=allowed)
    return Problem(
        variants=(spec,),
        workload=question.workload,
        slos=question.slos,
        budget=Budget(usd_per_hour=float("inf")),
        offers=OfferIndex(offers, allowed),
        constraints=constraints,
        today=datetime.now(UTC).date(),
    )


def show(
    comparison: Comparison, assumed: Sequence[str], mind: Sequence[str], *, as_json: bool
) -> None:
    """Print a table, or JSON; `mind` is what should be known about the prices."""
    rows = [(label, get(comparison.a), get(comparison.b)) for label, get in _rows(comparison)]
    if as_json:
        print(json.dumps(_json(comparison, assumed) | {"mind": list(mind)}))
        return
    from rich import box
    from rich.table import Table

    from advisor.plan.text import console as make_console

    console = make_console()
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for side in (comparison.a, comparison.b):
        table.add_column(side.name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for line in verdict(comparison):
        console.print(line)
    for line in assumed:
        console.print(f"assumed: {line}", style="yellow")
    for line in mind:
        console.print(f"mind: {line}", style="yellow")


def verdict(comparison: Comparison) -> list[str]:
    """Which is the cheaper one, from which load on."""
    sides = (comparison.a, comparison.b)
    unable = [side for side in sides if side.chosen is None]
    if unable:
        able = [side.name for side in sides if side.chosen is not None]
        only = f"{able[0]} is the only one that does" if able else "neither of the two does"
        return [
            *(_why_unable(side) for side in unable),
            f"{only}, so there is no price to compare",
        ]
    if not comparison.crossings:
        return [
            f"Neither is cheaper: both cost the same from {LEAST_PER_S:g} to {MOST_PER_S:g} requests/s"
        ]
    first, *later = comparison.crossings
    lines = [f"{first.cheaper} is the cheaper one at low load"]
    lines += [f"from {c.requests_per_s:.2f} requests/s on it is {c.cheaper}" for c in later]
    return lines


def _why_unable(side: Side) -> str:
    """`T4-16GB does not serve it: 470.2 GB of weights do not fit ...`"""
    return f"{side.name} does not serve this load: {side.why_not.removeprefix(f'{side.name}: ')}"


def _rows(comparison: Comparison) -> list[tuple[str, Callable[[Side], str]]]:
    load = comparison.question.load

    def chosen(side: Side, tell: Callable[[Priced], str]) -> str:
        return "-" if side.chosen is None else tell(side.chosen)

    def per_mtok(one: Priced) -> str:
        return usd_per_mtok(one.usd_per_hour, load.requests_per_s * load.osl)

    return [
        ("parameters", lambda s: billions(s.spec.total_params)),
        ("weights", lambda s: gb(s.spec.weight_bytes)),
        ("KV cache per token", lambda s: f"{s.spec.kv_bytes_per_token / 1024:.0f} KiB"),
        (
            f"GFLOP per token after {load.isl:,.0f}",
            lambda s: f"{flops.forward_flops_per_token(s.spec, load.isl) / 1e9:.1f}",
        ),
        ("hardware", lambda s: s.why_not if s.chosen is None else chosen(s, _devices)),
        (
            "one replica sustains",
            lambda s: chosen(s, lambda p: f"{p.build.rate_per_s:.2f} requests/s"),
        ),
        (f"$/h at {load.requests_per_s:g}/s", lambda s: chosen(s, lambda p: usd(p.usd_per_hour))),
        ("$/Mtok out", lambda s: chosen(s, per_mtok)),
        ("offer", lambda s: chosen(s, lambda p: f"{p.offer.provider} {p.offer.instance_type}")),
        ("price seen", lambda s: chosen(s, _seen)),
    ]


def _seen(one: Priced) -> str:
    days = pricing.age_days(one.offer, datetime.now(UTC).date())
    return f"{one.offer.observed_on} ({days} days ago)"


def _devices(one: Priced) -> str:
    replica = one.build.replica
    return fleet(
        one.replicas,
        replica.tp_degree,
        replica.accelerator.name,
        expert_parallel=one.build.expert_parallel,
    )


def _json(comparison: Comparison, assumed: Sequence[str]) -> dict[str, object]:
    def side(one: Side) -> dict[str, object]:
        chosen = one.chosen
        return {
            "name": one.name,
            "total_params": one.spec.total_params,
            "weight_bytes": one.spec.weight_bytes,
            "why_not": one.why_not or None,
            "chosen": chosen
            and {
                "accelerator": chosen.build.replica.accelerator.name,
                "tp_degree": chosen.build.replica.tp_degree,
                "expert_parallel": chosen.build.expert_parallel,
                "replicas": chosen.replicas,
                "requests_per_s_each": chosen.build.rate_per_s,
                "usd_per_hour": chosen.usd_per_hour,
                "offer": plain(chosen.offer),
            },
        }

    return {
        "a": side(comparison.a),
        "b": side(comparison.b),
        "crossings": plain(comparison.crossings),
        "assumed": list(assumed),
    }
