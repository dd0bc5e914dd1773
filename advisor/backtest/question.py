"""What the person asks of a backtest, from the command line's words to a problem; every mistake named by its option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pydantic
from pydantic import Field

from advisor import data, yaml_file
from advisor.backtest.bounds import infeasible_reason
from advisor.backtest.conditions import Conditions
from advisor.backtest.contest import Problem, enough_replicas, starting_replicas, to_fleet
from advisor.backtest.policies import BASELINES, OURS
from advisor.backtest.trace import Trace
from advisor.core.capacity import ServiceObjective
from advisor.core.objective import CapacityType, Latency
from advisor.core.replica_model import ReplicaModel
from advisor.errors import ConfigError
from advisor.plan.request import read_duration, read_slos

DEFAULT_USD_PER_HOUR = 1.0
DEFAULT_SLOS = ("ttft p99 2s", "tpot p99 100ms")


class InfeasibleError(ConfigError):
    """No number of replicas keeps the objective: nothing is simulated."""


class _ModelFile(pydantic.BaseModel):
    """A replica model in a file: seconds of a step, by what it touches, and the engine's limits."""

    model_config = pydantic.ConfigDict(extra="forbid")

    step_base_s: Annotated[float, Field(gt=0, le=1e3)]
    step_per_seq_s: Annotated[float, Field(ge=0, le=1e3)] = 0.0
    step_per_kv_token_s: Annotated[float, Field(ge=0, le=1.0)] = 0.0
    step_per_prefill_token_s: Annotated[float, Field(ge=0, le=1e3)] = 0.0
    kv_capacity_tokens: Annotated[int, Field(ge=1, le=10**11)]
    max_num_batched_tokens: Annotated[int, Field(ge=1, le=10**7)] = 8192
    max_num_seqs: Annotated[int, Field(ge=1, le=10**5)] = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A replica with its price, and where both come from."""

    model: ReplicaModel
    usd_per_hour: float
    source: str


def read_model_file(path: Path) -> ReplicaModel:
    """ConfigError naming file and field where it is not a replica model."""
    content = yaml_file.read(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: a mapping is needed: step_base_s, kv_capacity_tokens, ...")
    try:
        checked = _ModelFile(**content)
    except pydantic.ValidationError as error:
        raise ConfigError("\n".join(_lines(path, error))) from None
    except TypeError as error:
        raise ConfigError(f"{path}: {error}") from None
    if checked.max_num_batched_tokens < checked.max_num_seqs:
        raise ConfigError(f"{path}: max_num_batched_tokens: below max_num_seqs")
    return ReplicaModel(**checked.model_dump())


def _lines(path: Path, error: pydantic.ValidationError) -> list[str]:
    return [
        f"{path}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:10]
    ]


def believe(
    model_file: Path | None,
    model: str | None,
    gpu: str | None,
    tp: int | None,
    price: float | None,
) -> Believed:
    """The replica from a file, or from a model and a GPU through the performance model; and its price."""
    if price is not None and not 0 < price < 1e6:
        raise ConfigError(f"--price: {price:g} $/h of one replica, expected above 0")
    if model_file is not None and (model or gpu or tp):
        raise ConfigError(
            "--replica-model says what a replica does: --model, --gpu and --tp go without it"
        )
    if model_file is not None:
        return Believed(
            model=read_model_file(model_file),
            usd_per_hour=DEFAULT_USD_PER_HOUR if price is None else price,
            source=f"{model_file}" + ("" if price else ", at $1/h (no --price)"),
        )
    if model is None or gpu is None:
        raise ConfigError("--replica-model, or --model together with --gpu: one of them is needed")
    return _modelled(model, gpu, tp, price)


def _modelled(model: str, gpu: str, tp: int | None, price: float | None) -> Believed:
    from advisor.adapters.hub import load_model_spec
    from advisor.core.builds import settings_of
    from advisor.core.hardware import find
    from advisor.core.perf import Replica, to_replica_model
    from advisor.core.pricing import replicas_per_instance
    from advisor.core.sizing import fit, splits, why_invalid, why_not_expert_parallel
    from advisor.errors import UnknownAcceleratorError

    spec = load_model_spec(model)
    try:
        accelerator = find(gpu, data.accelerators())
    except UnknownAcceleratorError as error:
        raise ConfigError(f"--gpu: {error}") from None
    valid = splits(spec, accelerator, context_tokens=8192) if tp is None else ()
    if tp is None and not valid:
        raise ConfigError(f"--gpu: {model} does not fit on eight {accelerator.name}")
    degree = tp or valid[0].tp_degree
    why = why_invalid(spec, degree)
    whole = why is not None and why_not_expert_parallel(spec, degree) is None
    if why is not None and not whole:
        raise ConfigError(f"--tp: {why}")
    if fit(spec, accelerator, degree).kv_tokens <= 0:
        raise ConfigError(f"--tp: {model} does not fit on {degree} x {accelerator.name}")
    replica = Replica(
        spec=spec, accelerator=accelerator, tp_degree=degree, settings=settings_of(expert_parallel=whole)
    )  # fmt: skip
    offers = [
        offer.usd_per_hour / replicas_per_instance(offer, degree)
        for offer in data.offers()
        if offer.accelerator == accelerator.name
        and offer.capacity_type is CapacityType.ON_DEMAND
        and replicas_per_instance(offer, degree) > 0
    ]
    if price is None and not offers:
        raise ConfigError(f"--price: nobody in the price book rents {accelerator.name}")
    return Believed(
        model=to_replica_model(replica),
        usd_per_hour=min(offers) if price is None else price,
        source=f"{model} on {degree} x {accelerator.name}{' with whole experts' if whole else ''}, {replica.basis}",
    )


def read_objective(texts: Sequence[str], per_prefill: float | None) -> ServiceObjective:
    """`ttft p99 2s` and `tpot p99 100ms`; the highest percentile is the goal.

    A TTFT of the user's own means what it says; the default's grows with the request's own prefill.
    """
    slos = read_slos([], texts or DEFAULT_SLOS, [])
    given = {slo.latency: slo.bound_s for slo in slos}
    if Latency.E2E in given:
        raise ConfigError("--slo: e2e: a backtest judges ttft and tpot")
    goal = max(slo.percentile for slo in slos) / 100
    if goal >= 1:
        raise ConfigError("--slo: p100: a share below 100 % is needed")
    plain = ServiceObjective()
    if per_prefill is None:
        own = bool(texts) and Latency.TTFT in given
        per_prefill = 0.0 if own else plain.ttft_per_prefill
    return ServiceObjective(
        ttft_base_s=given.get(Latency.TTFT, plain.ttft_base_s),
        tpot_s=given.get(Latency.TPOT, plain.tpot_s),
        ttft_per_prefill=per_prefill,
        goal=goal,
    )


def read_policies(names: Sequence[str]) -> list[str]:
    """The names, `all` spelt out; an unknown one is refused before anything runs."""
    every = [OURS, *BASELINES]
    found: list[str] = []
    for name in names or ["all"]:
        if name != "all" and name not in every and ":" not in name:
            raise ConfigError(
                f"--policy: {name}: known are all, {', '.join(every)}, or package.module:Class"
            )
        found += [each for each in (every if name == "all" else [name]) if each not in found]
    return found


def without_too_long(trace: Trace, model: ReplicaModel) -> tuple[Trace, str | None]:
    """Without the requests that no replica holds, which an engine refuses as they come; and what to say of them."""
    held = trace.input_tokens + trace.output_tokens <= model.kv_capacity_tokens
    if held.all():
        return trace, None
    count, first = int((~held).sum()), int(np.argmin(held)) + 1
    most = f"{model.kv_capacity_tokens:,} tokens that a replica holds"
    told = f"{count:,} of {len(trace):,} requests are longer than the {most}"
    if count == len(trace):
        raise ConfigError(f"{trace.name}: {told}")
    return trace.select(held), f"{told}, as the one in row {first}; they are left out"


def make_problem(
    trace: Trace,
    believed: Believed,
    objective: ServiceObjective,
    conditions: Conditions,
    *,
    belief: ReplicaModel | None = None,
    fleet: float | None = None,
    max_replicas: int | None = None,
    initial_replicas: int | None = None,
) -> Problem:
    """Everything set; InfeasibleError where not even a replica for each request would keep the objective."""
    why = infeasible_reason(trace, believed.model, objective)
    if why is not None:
        raise InfeasibleError(f"--slo: no number of replicas keeps it: {why}")
    if fleet is not None:
        trace = to_fleet(trace, believed.model, objective, fleet, seed=0)
    if len(trace) == 0:
        raise ConfigError("--fleet: so few requests are left that there is nothing to serve")
    most = max_replicas or enough_replicas(trace, believed.model, objective)
    first = starting_replicas(trace, believed.model, objective)
    conditions = replace(
        conditions,
        usd_per_hour=believed.usd_per_hour,
        max_replicas=most,
        initial_replicas=min(most, first if initial_replicas is None else initial_replicas),
    )
    return Problem(
        trace=trace,
        model=believed.model,
        belief=belief or believed.model,
        conditions=conditions,
        objective=objective,
    )


def read_seconds(option: str, text: str) -> float:
    return read_duration(option, text, [])


def as_dict(problem: Problem) -> dict[str, Any]:
    """What was compared on, for the JSON report."""
    from dataclasses import asdict

    return {
        "trace": problem.trace.name,
        "reconstructed": problem.trace.reconstructed,
        "num_requests": len(problem.trace),
        "duration_s": problem.trace.duration_s,
        "replica_model": asdict(problem.model),
        "believed_model": asdict(problem.belief),
        "objective": asdict(problem.objective),
        "conditions": asdict(problem.conditions),
    }
