"""The series of one model in two scrapes, and how much each of them grew between the two.

What Ray's endpoint does decides what may be believed. A node's agent adds up what its workers send, so the counters of a
worker that died stay there, frozen, until the node goes; a gauge disappears about 20 s after its last report. A gauge
therefore proves a replica alive and a counter does not, and a counter that is missing says nothing of the load.

NaN, infinite, negative and future-dated samples are unreadable: left out, remembered as such, never turned into a number.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from advisor.core.observation import Sample, Scrape

REQUESTS = "advisor_requests_total"
IN_FLIGHT = "advisor_requests_in_flight"
INPUT_TOKENS = "advisor_input_tokens_total"
OUTPUT_TOKENS = "advisor_output_tokens_total"
TTFT = "advisor_ttft_seconds_bucket"
TPOT = "advisor_tpot_seconds_bucket"
E2E = "advisor_e2e_seconds_bucket"
ROUTER_WAIT_MS = "serve_haproxy_ingress_router_latency_ms_bucket"
NODE_UTILIZATION = "advisor_node_utilization_ratio"
RUNNING = "vllm_num_requests_running"
WAITING = "vllm_num_requests_waiting"
KV_CACHE_USAGE = "vllm_kv_cache_usage_perc"  # 0-1, whatever its name says
PREFIX_QUERIES = "vllm_prefix_cache_queries_total"
PREFIX_HITS = "vllm_prefix_cache_hits_total"
GENERATED_TOKENS = "vllm_generation_tokens_total"
FLOPS = "vllm_estimated_flops_per_gpu_total"
READ_BYTES = "vllm_estimated_read_bytes_per_gpu_total"
WRITE_BYTES = "vllm_estimated_write_bytes_per_gpu_total"

CLIENT_COUNTS = frozenset((REQUESTS, INPUT_TOKENS, OUTPUT_TOKENS, TTFT, TPOT, E2E))
ENGINE_COUNTS = frozenset(
    (PREFIX_QUERIES, PREFIX_HITS, GENERATED_TOKENS, FLOPS, READ_BYTES, WRITE_BYTES)
)
RATIOS = frozenset((NODE_UTILIZATION, KV_CACHE_USAGE))
GAUGES = frozenset((IN_FLIGHT, RUNNING, WAITING))
OF_NO_MODEL = frozenset((NODE_UTILIZATION, ROUTER_WAIT_MS))  # the node's, the proxy's

# Every sample that is read here; the adapters fetch these and no others.
NAMES = CLIENT_COUNTS | ENGINE_COUNTS | RATIOS | GAUGES | OF_NO_MODEL

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series in one scrape. `worker` is the process that counts: a replica or, on the stock path, the ingress."""

    key: Key
    worker: str
    sample: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One scrape's series of one model: the sound ones by name, the workers of those that could not be read."""

    at_s: float
    sound: Mapping[str, Mapping[Key, Series]]
    unreadable: Mapping[Key, str]
    silent_targets: tuple[str, ...]

    def named(self, names: Iterable[str]) -> Iterator[Series]:
        return (series for name in names for series in self.sound.get(name, {}).values())

    def workers(self, names: Iterable[str]) -> set[str]:
        return {series.worker for series in self.named(names)}

    def age_s(self, names: Iterable[str]) -> float | None:
        """Age of the oldest among the workers' newest samples of these names."""
        newest: dict[str, float] = {}
        for series in self.named(names):
            newest[series.worker] = max(newest.get(series.worker, -math.inf), series.sample.at_s)
        return self.at_s - min(newest.values()) if newest else None


def side_of(scrape: Scrape, model: str) -> Side:
    sound: dict[str, dict[Key, Series]] = defaultdict(dict)
    unreadable: dict[Key, str] = {}
    for sample in scrape.samples:
        if not _concerns(sample, model):
            continue
        series = _series(sample)
        known = sound[sample.name].get(series.key)
        if not _is_sound(sample, scrape.at_s):
            unreadable[series.key] = series.worker
        elif known is None or known.sample.at_s < sample.at_s:
            sound[sample.name][series.key] = series
    return Side(
        at_s=scrape.at_s,
        sound=sound,
        unreadable={key: who for key, who in unreadable.items() if key not in sound[key[0]]},
        silent_targets=scrape.silent,
    )


def _concerns(sample: Sample, model: str) -> bool:
    if sample.name not in NAMES:
        return False
    if sample.name in OF_NO_MODEL:
        return True
    return sample.labels.get("model_name" if is_engine(sample.name) else "model") == model


def is_engine(name: str) -> bool:
    return name.startswith("vllm_")


def _series(sample: Sample) -> Series:
    """A worker scraped by two Prometheus jobs is one worker, which must not count twice: its id, where there is one, is
    the identity, else the scraped address."""
    labels = dict(sample.labels)
    worker = labels.get("WorkerId", "")
    if worker:
        labels.pop("job", None)
        labels.pop("instance", None)
    return Series(
        key=(sample.name, tuple(sorted(labels.items()))),
        worker=worker or labels.get("instance") or "without a name",
        sample=sample,
    )


def _is_sound(sample: Sample, at_s: float) -> bool:
    if not (math.isfinite(sample.value) and sample.value >= 0 and sample.at_s <= at_s):
        return False
    return math.isfinite(sample.at_s) and (sample.value <= 1 or sample.name not in RATIOS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """How much one cumulative series grew, and in how long."""

    series: Series
    start: Series | None  # None: it was not there, so it was zero
    amount: float
    elapsed_s: float

    @property
    def per_s(self) -> float:
        return self.amount / self.elapsed_s if self.elapsed_s > 0 else 0.0


def increases(then: Side, now: Side, names: Iterable[str]) -> list[Increase]:
    """Series by series. One that fell has restarted and counts from zero, as does one that was not there."""
    found = []
    for series in now.named(names):
        sample = series.sample
        start = then.sound.get(sample.name, {}).get(series.key)
        if start is None:
            if _has_unknown_start(then, series):
                continue
            found.append(
                Increase(
                    series=series,
                    start=None,
                    amount=sample.value,
                    elapsed_s=now.at_s - then.at_s,
                )
            )
            continue
        fell = sample.value < start.sample.value
        found.append(
            Increase(
                series=series,
                start=start,
                amount=sample.value - (0.0 if fell else start.sample.value),
                elapsed_s=sample.at_s - start.sample.at_s,
            )
        )
    return found


def _has_unknown_start(then: Side, series: Series) -> bool:
    """Not seen one window ago because it could not be, rather than because it was still zero."""
    return (
        series.key in then.unreadable
        or series.sample.labels.get("instance") in then.silent_targets
        or series.sample.at_s <= then.at_s
    )
