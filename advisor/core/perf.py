"""Latency and throughput of one replica, from a roofline: a step takes as long as its FLOPs or its bytes need.

Decode reads every active weight and the KV cache of the whole batch for one token each, so it is bound by bandwidth;
prefill multiplies many tokens with each weight, so it is bound by compute (Williams et al., Roofline, CACM 2009; Pope et
al., Efficiently Scaling Transformer Inference, MLSys 2023). Under continuous batching a token also waits for the prompts
that other requests bring: with a share `u` of the time spent on prefill, decode steps are spread over the rest.

The efficiencies are two stated numbers, not fitted per GPU: every prediction says `modelled`. Checked, not fitted, on
public measurements of dense 16-bit models (2026-11-24), the median absolute error is 19 % on saturated throughput (215
rows, TensorRT-LLM and LMDeploy, A100 and H100), 21 % on median TPOT (112 rows, bursts taken as a closed loop, mostly vLLM on
A100), and 12 % and 23 % on static batches of TensorRT-LLM and old vLLM on NVIDIA (369 and 405 rows). On MI250 and MI300X
that untuned vLLM took 2.3 and 4.5 times as long as predicted. TTFT could not be checked: the rows at hand are bursts.

TTFT = prefill / (1 - u) + one step + queueing of prompts (M/D/1); TPOT = step / (1 - u). Little's law ties batch and rate,
batch = rate x osl x TPOT; solved for the rate, rate = batch / (osl x step + batch x prefill), it needs no iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from advisor.core.flops import forward_flops_per_token, prefill_flops
from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Latency, Slo
from advisor.core.recommendation import Basis, Prediction
from advisor.core.sizing import fit

COMPUTE_EFFICIENCY = 0.5  # prefill MFU of tuned engines on dense models lies at 0.4-0.6
BANDWIDTH_EFFICIENCY = 0.7  # decode MBU at moderate batch lies at 0.6-0.8
INTERCONNECT_EFFICIENCY = 0.5  # of one direction, for the small messages of a decode step
STEP_OVERHEAD_S = 1.0e-3  # scheduler and launches of one vLLM step
REQUEST_OVERHEAD_S = 5.0e-3  # tokenizer, HTTP and the first step's scheduling
SLOWEST_LINK_BYTES_PER_S = (
    32e9  # PCIe 3 x16, both directions: assumed where the table knows no link
)
ALL_REDUCE_LATENCY_S = 8.0e-6  # start of one all-reduce inside an island; two a layer
MAX_BATCH = 256.0  # vLLM's default max_num_seqs; it is 1024 from 70 GiB on, not counted on
MAX_UTILIZATION = 0.95
# A latency's percentile over its mean, for lack of length distributions. p90 and p99 are the medians of 22 open-loop runs
# with ShareGPT's lengths (nm-vllm nightly, L4, A10G, H100): TTFT 2.1 and 3.5, TPOT 1.2 and 1.9; the rest is between.
# The median of a skewed latency lies under its mean: 1.0 is cautious.
_TAIL = ((50.0, 1.0), (90.0, 2.1), (95.0, 2.7), (99.0, 3.5), (100.0, 5.0))
# TPOT averages over a whole answer, so its tail is short.
_TPOT_TAIL = ((50.0, 1.0), (90.0, 1.2), (95.0, 1.4), (99.0, 1.9), (100.0, 2.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A model on `tp_degree` accelerators, with the times that the roofline gives."""

    spec: ModelSpec
    accelerator: Accelerator
    tp_degree: int

    @property
    def flops_per_s(self) -> float | None:
        peak = self.accelerator.peak_flops_per_s(self.spec.dtype)
        return None if peak is None else peak * self.tp_degree * COMPUTE_EFFICIENCY

    def all_reduce_s(self, tokens: float) -> float:
        """Two all-reduces a layer of `tokens` hidden vectors over the island."""
        if self.tp_degree == 1:
            return 0.0
        both_ways = self.accelerator.interconnect_bytes_per_s or SLOWEST_LINK_BYTES_PER_S
        bandwidth = both_ways / 2 * INTERCONNECT_EFFICIENCY
        moved = 2 * (self.tp_degree - 1) / self.tp_degree * tokens * self.spec.hidden_size * 2.0
        return 2 * self.spec.num_layers * (ALL_REDUCE_LATENCY_S + moved / bandwidth)

    def prefill_s(self, isl: float) -> float:
        assert self.flops_per_s is not None
        compute_s = prefill_flops(self.spec, isl) / self.flops_per_s
        return max(compute_s, self._weights_s(isl)) + self.all_reduce_s(isl)

    def step_s(self, batch: float, context_tokens: float) -> float:
        """One decode step of `batch` requests with that mean context."""
        assert self.flops_per_s is not None
        kv_s = batch * context_tokens * self.spec.kv_bytes_per_token / self._bytes_per_s()
        compute_s = batch * forward_flops_per_token(self.spec, context_tokens) / self.flops_per_s
        return (
            max(self._weights_s(batch) + kv_s, compute_s)
            + self.all_reduce_s(batch)
            + STEP_OVERHEAD_S
        )

    def _bytes_per_s(self) -> float:
        return (
            self.accelerator.memory_bandwidth_bytes_per_s * self.tp_degree * BANDWIDTH_EFFICIENCY
        )

    def _weights_s(self, tokens: float) -> float:
        """Reading once the weights that a step over these tokens needs."""
        return self.spec.weight_bytes_read(tokens) / self._bytes_per_s()


def percentile_factor(latency: Latency, percentile: float) -> float:
    """How far a percentile lies above the mean, by the stated tails."""
    tail = _TPOT_TAIL if latency is Latency.TPOT else _TAIL
    if percentile <= tail[0][0]:
        return tail[0][1]
    for (low, low_factor), (high, high_factor) in pairwise(tail):
        if percentile <= high:
            return low_factor + (high_factor - low_factor) * (percentile - low) / (high - low)
    return tail[-1][1]


def batch_limit(replica: Replica, isl: float, osl: float) -> float:
    """The requests that run together at most: the engine's limit, or as many contexts as the KV cache holds."""
    kv_tokens = fit(replica.spec, replica.accelerator, replica.tp_degree).kv_tokens
    return min(MAX_BATCH, kv_tokens / (isl + osl))


def rate_at(replica: Replica, *, batch: float, prefill_s: float, isl: float, osl: float) -> float:
    """Requests/s that keep `batch` requests decoding at once; it rises with the batch until prefill leaves no time."""
    step_s = replica.step_s(max(1.0, batch), isl + osl / 2)
    return batch / (osl * step_s + batch * prefill_s)


def latencies_at(
    replica: Replica, *, batch: float, prefill_s: float, isl: float, osl: float
) -> tuple[float, float]:
    """(TTFT, TPOT) means in seconds with `batch` requests decoding at once and prompts arriving to match."""
    rate = rate_at(replica, batch=batch, prefill_s=prefill_s, isl=isl, osl=osl)
    share = rate * prefill_s
    tpot_s = replica.step_s(max(1.0, batch), isl + osl / 2) / (1 - share)
    queue_s = share * prefill_s / (2 * (1 - share))
    return prefill_s / (1 - share) + queue_s + tpot_s + REQUEST_OVERHEAD_S, tpot_s


def _largest_batch(limit: float, holds: Callable[[float], bool]) -> float | None:
    """The largest batch up to `limit` for which a bound that worsens with the batch holds; None where not even 0 does."""
    if not holds(0.0):
        return None
    if holds(limit):
        return limit
    low, high = 0.0, limit
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def latencies(
    replica: Replica, *, requests_per_s: float, isl: float, osl: float
) -> tuple[float, float, float] | None:
    """(TTFT, TPOT, batch) means in seconds at that rate; None where the replica cannot keep up."""
    prefill_s = replica.prefill_s(isl)

    def enough(batch: float) -> bool:
        return (
            rate_at(replica, batch=batch, prefill_s=prefill_s, isl=isl, osl=osl) <= requests_per_s
        )

    limit = batch_limit(replica, isl, osl)
    most = rate_at(replica, batch=limit, prefill_s=prefill_s, isl=isl, osl=osl)
    if limit < 1 or requests_per_s > min(most, MAX_UTILIZATION / prefill_s) * (1 + 1e-9):
        return None
    batch = _largest_batch(limit, enough) or 0.0
    return *latencies_at(replica, batch=batch, prefill_s=prefill_s, isl=isl, osl=osl), batch


def misses(
    slos: Sequence[Slo], *, ttft_s: float, tpot_s: float, osl: float
) -> list[tuple[Slo, float]]:
    """The objectives these means would miss, each with the value at its percentile."""
    e2e_s = ttft_s + tpot_s * max(0.0, osl - 1)
    means = {Latency.TTFT: ttft_s, Latency.TPOT: tpot_s, Latency.E2E: e2e_s}
    at = [
        (slo, means[slo.latency] * percentile_factor(slo.latency, slo.percentile)) for slo in slos
    ]
    return [(slo, value) for slo, value in at if value > slo.bound_s]


def max_requests_per_s(replica: Replica, *, isl: float, osl: float, slos: Sequence[Slo]) -> float:
    """The highest rate one replica sustains inside every objective; 0.0 where even a lone request misses one."""

    prefill_s = replica.prefill_s(isl)

    def holds(batch: float) -> bool:
        ttft_s, tpot_s = latencies_at(replica, batch=batch, prefill_s=prefill_s, isl=isl, osl=osl)
        return not misses(slos, ttft_s=ttft_s, tpot_s=tpot_s, osl=osl)

    limit = batch_limit(replica, isl, osl)
    batch = _largest_batch(limit, holds) if limit >= 1 else None
    if batch is None:
        return 0.0
    rate = rate_at(replica, batch=batch, prefill_s=prefill_s, isl=isl, osl=osl)
    return min(rate, MAX_UTILIZATION / prefill_s)


def predict(
    replica: Replica, *, requests_per_s: float, isl: float, osl: float, slos: Sequence[Slo]
) -> Prediction | None:
    """What the replica does at that rate; None where it cannot keep up."""
    found = latencies(replica, requests_per_s=requests_per_s, isl=isl, osl=osl)
    if found is None:
        return None
    ttft_s, tpot_s, batch = found
    return Prediction(
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        e2e_s=ttft_s + tpot_s * max(0.0, osl - 1),
        batch=batch,
        output_tokens_per_s=requests_per_s * osl,
        max_requests_per_s=max_requests_per_s(replica, isl=isl, osl=osl, slos=slos),
        basis=Basis.MODELLED,
    )
