"""Experts in slices on every GPU, or whole on some: which of the two a replica has, and why.

Tensor parallelism slices each expert over the GPUs; expert parallelism (`--enable-expert-parallel`) gives each GPU some of
them whole and leaves attention sliced. Bytes and FLOPs are the same on average, but with whole experts every step waits for
the GPU whose experts were chosen most. What they are for: experts too narrow to be sliced so far, since scales cover blocks
that must stay whole. Attention in data-parallel ranks (`data_parallel_size`) is not weighed: it pays over many GPUs with
a dispatch of tokens that nobody has published next to plain tensor parallelism on the same machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.core import perf, sizing
from advisor.core.builds import CLEARLY, Build, settings_of
from advisor.core.objective import Slo
from advisor.core.workload import Workload


def why_split_so(build: Build, workload: Workload, slos: Sequence[Slo]) -> str | None:
    """Why a replica's experts are whole or in slices; None where there are none."""
    replica = build.replica
    if not replica.spec.num_experts:
        return None
    if build.expert_parallel:
        return _why_whole(build, workload, slos)
    problem = sizing.why_not_expert_parallel(replica.spec, replica.tp_degree)
    if problem is not None:
        return f"not whole on each GPU: {problem}"
    whole, sliced = _sustains(replica, True, workload, slos), build.inside_slos_per_s
    found = f"whole ones on each of {replica.tp_degree} GPUs would sustain {whole:.2f} requests/s, slices {sliced:.2f}"
    if whole > sliced:
        return f"in slices: {found}, within the {CLEARLY - 1:.0%} in which measurements repeat, no evidence"
    return f"in slices: {found}: every step waits for the GPU whose experts were chosen most"


def _why_whole(build: Build, workload: Workload, slos: Sequence[Slo]) -> str:
    replica = build.replica
    problem = sizing.why_invalid(replica.spec, replica.tp_degree)
    if problem is not None:
        return (
            f"whole on each of {replica.tp_degree} GPUs: in slices vLLM does not start: {problem}"
        )
    sliced = _sustains(replica, False, workload, slos)
    return (
        f"whole on each of {replica.tp_degree} GPUs: they sustain {build.inside_slos_per_s:.2f} requests/s, "
        f"slices {sliced:.2f}"
    )


def _sustains(
    replica: perf.Replica, expert_parallel: bool, workload: Workload, slos: Sequence[Slo]
) -> float:
    other = replace(replica, settings=settings_of(expert_parallel=expert_parallel))
    return perf.max_requests_per_s(other, isl=workload.isl, osl=workload.osl, slos=slos)
