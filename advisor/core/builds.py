"""Every way one replica could be built: accelerator, weights, tensor-parallel degree, experts in slices or whole; and what
each sustains.

Nothing here knows a price. An accelerator on which no replica can be built comes with the reason, so that nobody has to
ask what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.core import perf, sizing
from advisor.core.correction import UNCORRECTED, Correction
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Slo
from advisor.core.workload import Workload

# The same configuration measured twice differs by 2 to 4 % (README of the measurements): less is no evidence.
CLEARLY = 1.05
BATCHES = (1.0, 16.0, 256.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One replica, and the most requests/s it sustains.

    `inside_slos_per_s` is 0.0 where even a lone request misses an objective; `carried_per_s` asks for no objective.
    """

    replica: perf.Replica
    inside_slos_per_s: float
    carried_per_s: float

    @property
    def expert_parallel(self) -> bool:
        return self.replica.settings.expert_parallel

    @property
    def rate_per_s(self) -> float:
        """What replicas are counted by: inside the objectives, else as many as carry the load at all."""
        return self.inside_slos_per_s or self.carried_per_s


def builds_on(
    accelerator: Accelerator,
    variants: Sequence[ModelSpec],
    workload: Workload,
    slos: Sequence[Slo],
    *,
    largest_instance: int,
    correction: Correction = UNCORRECTED,
) -> list[Build] | str:
    """The replicas that can be built on one accelerator, or why there is none.

    `variants` are the same model with different weights, the preferred first; `largest_instance` is the most devices
    that one machine on offer has; `correction` what a running engine taught of this accelerator.
    """
    if accelerator.why_not_served is not None:
        return accelerator.why_not_served
    found: list[Build] = []
    reasons = []
    for spec in variants:
        built = _of_spec(accelerator, spec, workload, slos, largest_instance, correction)
        if isinstance(built, str):
            reasons.append(built)
        else:
            found += built
    return found or reasons[0]


def _of_spec(
    accelerator: Accelerator,
    spec: ModelSpec,
    workload: Workload,
    slos: Sequence[Slo],
    largest_instance: int,
    correction: Correction,
) -> list[Build] | str:
    if accelerator.peak_flops_per_s(spec.dtype) is None:
        return f"it has no matrix unit for {spec.dtype}"
    context = workload.isl + workload.osl
    if spec.max_context_tokens is not None and context > spec.max_context_tokens:
        return f"the model itself stops at {spec.max_context_tokens} tokens of context"
    splits = sizing.splits(spec, accelerator, context_tokens=context)
    if not splits:
        return _does_not_fit(accelerator, spec, context)
    if (smallest := splits[0].tp_degree) > largest_instance:
        return f"a replica needs {smallest} of them in one machine, and no offer has that many"
    found: dict[sizing.Split, Build] = {}
    for split in splits:
        if split.tp_degree > largest_instance:
            continue
        replica = perf.Replica(
            spec=spec, accelerator=accelerator, tp_degree=split.tp_degree,
            settings=settings_of(expert_parallel=split.expert_parallel), correction=correction,
        )  # fmt: skip
        sliced = found.get(sizing.Split(tp_degree=split.tp_degree))
        if sliced is not None and not _is_ever_faster(replica, sliced.replica, workload):
            continue
        build = _build(replica, workload, slos)
        if build is not None and (sliced is None or clearly_better(build, sliced)):
            found[split] = build
    return list(found.values()) or "it cannot carry a single request of this length"


def settings_of(*, expert_parallel: bool) -> perf.Settings:
    return perf.Settings(expert_parallel=True) if expert_parallel else perf.DEFAULT_SETTINGS


def _is_ever_faster(one: perf.Replica, other: perf.Replica, workload: Workload) -> bool:
    """At a prompt or at any size of batch; what never is sustains no more, and need not be tried at every load."""
    context = workload.isl + workload.osl / 2
    return one.prefill_s(workload.isl) < other.prefill_s(workload.isl) or any(
        one.step_s(batch, context) < other.step_s(batch, context) for batch in BATCHES
    )


def clearly_better(whole: Build, sliced: Build) -> bool:
    """Whether whole experts sustain more than slices of them beyond what measurements repeat within; a tie is no reason."""
    return whole.inside_slos_per_s > CLEARLY * sliced.inside_slos_per_s


def _build(replica: perf.Replica, workload: Workload, slos: Sequence[Slo]) -> Build | None:
    inside = perf.max_requests_per_s(replica, isl=workload.isl, osl=workload.osl, slos=slos)
    carried = inside or perf.max_requests_per_s(
        replica, isl=workload.isl, osl=workload.osl, slos=()
    )
    if carried <= 0:
        return None
    return Build(replica=replica, inside_slos_per_s=inside, carried_per_s=carried)


def _does_not_fit(accelerator: Accelerator, spec: ModelSpec, context_tokens: float) -> str:
    one = sizing.fit(spec, accelerator, 1)
    return (
        f"{spec.weight_bytes / 1e9:.1f} GB of weights and a context of {context_tokens:.0f} tokens do not fit into "
        f"{sizing.TP_DEGREES[-1]} x {one.usable_bytes_per_device / 1e9:.0f} GB"
    )
