"""Which number of a served load each metric's name means, in the units of the measurements."""

from __future__ import annotations

from advisor.core.lengths import PERCENTILES
from advisor.core.load import Array
from advisor.core.served import Served

THROUGHPUT = ("total_tok_s", "output_tok_s_total", "output_tok_s_per_gpu", "req_s", "batch_e2e_s")
LATENCY_STEMS = ("ttft", "tpot", "e2e")
METRICS = (
    *THROUGHPUT,
    *(
        f"{stem}_ms_{end}"
        for stem in LATENCY_STEMS
        for end in ("mean", "p50", "p90", "p95", "p99")
    ),
)


def group_of(metric: str) -> str:
    """What errors are counted and intervals set by."""
    if metric in THROUGHPUT:
        return "throughput"
    stem, _, end = metric.partition("_ms_")
    return f"{stem}-tail" if end in ("p90", "p95", "p99") else stem


def value_of(metric: str, served: Served, isl: Array, osl: Array, devices: Array) -> Array | None:
    """The metric of every stacked case, as a column; None for a name that is none of ours."""
    if metric == "total_tok_s":
        return served.req_s * (isl + osl)
    if metric == "output_tok_s_total":
        return served.req_s * osl
    if metric == "output_tok_s_per_gpu":
        return served.req_s * osl / devices
    if metric == "req_s":
        return served.req_s + 0.0 * isl
    if metric == "batch_e2e_s":
        return served.e2e_mean_s + 0.0 * isl
    stem, _, end = metric.partition("_ms_")
    if stem not in LATENCY_STEMS:
        return None
    if end == "mean":
        mean: Array = 1e3 * getattr(served, f"{stem}_mean_s") + 0.0 * isl
        return mean
    wanted = {f"p{p:g}": i for i, p in enumerate(PERCENTILES)}
    if end not in wanted:
        return None
    i = wanted[end]
    values: Array = 1e3 * getattr(served, f"{stem}_s")[..., i : i + 1] + 0.0 * isl
    return values
