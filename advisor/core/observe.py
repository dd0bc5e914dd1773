"""From two scrapes to one observation: counters are subtracted series by series, histograms give quantiles by buckets.

The client's view (advisor_*, from our middleware) is the source for rates, lengths and latencies; the engine's own
metrics (vllm_*) for what only it knows: waiting requests, KV cache, prefix hits, FLOPs and bytes. A replica is a worker
process: everything it exports carries its WorkerId.

A counter absent a window ago started at zero since, and one that is absent now although its replica answers is still
zero, for Ray does not export a zero. Without any sign of life from a replica there is no rate at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from advisor.core.observation import (
    LatencyReading,
    Observation,
    Reading,
    Sample,
    Scrape,
    quantile,
    series_key,
)

ALIVE = (
    "advisor_requests_in_flight",
    "vllm_num_requests_running",
)  # gauges, exported by a replica at rest too
ROUTER_WAIT_BUCKET = "serve_haproxy_ingress_router_latency_ms_bucket"
METRIC_NAMES = (
    "advisor_requests_total",
    "advisor_requests_in_flight",
    "advisor_input_tokens_total",
    "advisor_output_tokens_total",
    "advisor_ttft_seconds_bucket",
    "advisor_tpot_seconds_bucket",
    "advisor_e2e_seconds_bucket",
    "advisor_node_utilization_ratio",
    "vllm_num_requests_running",
    "vllm_num_requests_waiting",
    "vllm_kv_cache_usage_perc",
    "vllm_prefix_cache_queries_total",
    "vllm_prefix_cache_hits_total",
    "vllm_estimated_flops_per_gpu_total",
    "vllm_estimated_read_bytes_per_gpu_total",
    "vllm_estimated_write_bytes_per_gpu_total",
    ROUTER_WAIT_BUCKET,
)


def observe(*, then: Scrape | None, now: Scrape, model: str, source: str) -> Observation:
    """What happened to `model` between the two scrapes; with no earlier one, gauges only."""
    after = _Samples(now, model)
    alive = {_worker(sample): sample for name in ALIVE for sample in after.of(name)}
    base = Observation(
        at_s=now.at_s,
        source=source,
        num_replicas_seen=len(alive) or None,
        silent_targets=now.silent,
        requests_in_flight=after.total("advisor_requests_in_flight"),
        requests_waiting=after.total("vllm_num_requests_waiting"),
        kv_cache_usage=after.mean("vllm_kv_cache_usage_perc"),
        node_utilization=after.mean("advisor_node_utilization_ratio"),
    )
    if then is None or now.at_s <= then.at_s or not alive:
        return base
    change = _Change(
        _Samples(then, model), after, now.at_s - then.at_s, proof_of_life=alive.values()
    )
    requests = change.increase("advisor_requests_total")
    queries = change.increase("vllm_prefix_cache_queries_total")
    answered = change.increase(
        "advisor_requests_total", lambda sample: sample.labels.get("outcome") == "ok"
    )
    failed = change.increase(
        "advisor_requests_total", lambda sample: sample.labels.get("outcome") == "error"
    )
    read, written = (
        change.rate(f"vllm_estimated_{kind}_bytes_per_gpu_total") for kind in ("read", "write")
    )
    return Observation(
        **{name: getattr(base, name) for name in _GAUGES},
        window_s=change.seconds,
        requests_per_s=change.per_s(requests),
        failed_requests_per_s=change.per_s(failed),
        input_tokens_per_s=change.rate("advisor_input_tokens_total"),
        output_tokens_per_s=change.rate("advisor_output_tokens_total"),
        mean_isl=change.ratio(change.increase("advisor_input_tokens_total"), answered),
        mean_osl=change.ratio(change.increase("advisor_output_tokens_total"), answered),
        wait_before_replica_s=change.router_wait(),
        prefix_cache_hit_rate=change.ratio(
            change.increase("vllm_prefix_cache_hits_total"), queries
        ),
        flops_per_s_per_device=change.mean_rate("vllm_estimated_flops_per_gpu_total", len(alive)),
        bytes_per_s_per_device=Reading(
            value=(read.value + written.value) / len(alive), age_s=max(read.age_s, written.age_s)
        ),
        ttft=change.latency("advisor_ttft_seconds_bucket"),
        tpot=change.latency("advisor_tpot_seconds_bucket"),
        e2e=change.latency("advisor_e2e_seconds_bucket"),
    )


_GAUGES = (
    "at_s",
    "source",
    "num_replicas_seen",
    "silent_targets",
    "requests_in_flight",
    "requests_waiting",
    "kv_cache_usage",
    "node_utilization",
)


def _worker(sample: Sample) -> str:
    return sample.labels.get("WorkerId") or sample.labels.get("instance", "")


class _Samples:
    """The sane samples of one scrape that concern the model, by name."""

    def __init__(self, scrape: Scrape, model: str) -> None:
        self.at_s = scrape.at_s
        self._by_name: dict[str, list[Sample]] = {}
        for sample in scrape.samples:
            owner = sample.labels.get("model") or sample.labels.get("model_name")
            sane = (
                math.isfinite(sample.value)
                and sample.value >= 0
                and sample.at_s <= scrape.at_s + 1.0
            )
            if sane and owner in (None, model):
                self._by_name.setdefault(sample.name, []).append(sample)

    def of(self, name: str) -> list[Sample]:
        return self._by_name.get(name, [])

    def age_s(self, samples: Iterable[Sample]) -> float:
        """Of the replica heard of longest ago: one fresh replica must not vouch for a silent one."""
        return max((max(0.0, self.at_s - sample.at_s) for sample in samples), default=0.0)

    def total(self, name: str) -> Reading | None:
        samples = self.of(name)
        if not samples:
            return None
        return Reading(value=sum(sample.value for sample in samples), age_s=self.age_s(samples))

    def mean(self, name: str) -> Reading | None:
        total = self.total(name)
        return (
            None
            if total is None
            else Reading(value=total.value / len(self.of(name)), age_s=total.age_s)
        )


class _Change:
    """What was counted between two scrapes of living replicas."""

    def __init__(
        self, then: _Samples, now: _Samples, seconds: float, proof_of_life: Iterable[Sample]
    ) -> None:
        self.seconds = seconds
        self._then = then
        self._now = now
        self._age_s = now.age_s(proof_of_life)

    def increase(self, name: str, wanted: Callable[[Sample], bool] = lambda _: True) -> float:
        before = {series_key(sample): sample.value for sample in self._then.of(name)}
        return sum(
            _grown(before.get(series_key(s), 0.0), s.value)
            for s in self._now.of(name)
            if wanted(s)
        )

    def per_s(self, increase: float) -> Reading:
        return Reading(value=increase / self.seconds, age_s=self._age_s)

    def rate(self, name: str) -> Reading:
        return self.per_s(self.increase(name))

    def mean_rate(self, name: str, num_replicas: int) -> Reading:
        return self.per_s(self.increase(name) / num_replicas)

    def ratio(self, increase: float, over: float) -> Reading | None:
        return Reading(value=increase / over, age_s=self._age_s) if over > 0 else None

    def buckets(self, name: str) -> list[tuple[float, float]]:
        """(bound, cumulative count) of what was recorded in the window, over all replicas."""
        before = {series_key(sample): sample.value for sample in self._then.of(name)}
        counts: dict[float, float] = {}
        for sample in self._now.of(name):
            bound = _bound(sample)
            if bound is not None:
                grown = _grown(before.get(series_key(sample), 0.0), sample.value)
                counts[bound] = counts.get(bound, 0.0) + grown
        rows: list[tuple[float, float]] = []
        for bound, count in sorted(
            counts.items()
        ):  # a scrape between two increments can leave a dent: never downwards
            rows.append((bound, max(count, rows[-1][1] if rows else 0.0)))
        return rows

    def latency(self, name: str) -> LatencyReading | None:
        rows = self.buckets(name)
        p50, p95, p99 = (quantile(rows, q) for q in (0.5, 0.95, 0.99))
        if p50 is None or p95 is None or p99 is None:
            return None
        return LatencyReading(
            p50_s=p50,
            p95_s=p95,
            p99_s=p99,
            num_requests=rows[-1][1],
            age_s=self._age_s,
            buckets=tuple(rows),
        )

    def router_wait(self) -> Reading | None:
        """Median seconds HAProxy waited for the router to name a replica: queue and cold start are in it."""
        median_ms = quantile(self.buckets(ROUTER_WAIT_BUCKET), 0.5)
        return None if median_ms is None else Reading(value=median_ms / 1e3, age_s=self._age_s)


def _grown(before: float, after: float) -> float:
    return (
        after - before if after >= before else after
    )  # fell: the process restarted and counts from zero


def _bound(sample: Sample) -> float | None:
    try:
        bound = float(sample.labels["le"])
    except (KeyError, ValueError):
        return None
    return None if math.isnan(bound) else bound
