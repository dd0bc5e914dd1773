"""What was seen, and how old it is.

Two readers (a Prometheus server, Ray's own metric endpoints) give the same thing: the samples of now and the samples of
one window ago. Everything else is arithmetic on the pair, done here once, so that the readers cannot disagree.

Counters are subtracted series by series. A series absent one window ago started at zero since (Ray does not export a
counter that is still zero); one that fell has restarted, and counts from zero. Histograms give quantiles from their
buckets only: Ray rebuilds `_sum` from bucket midpoints, so it is never read.

`None` is "not observed" and never stands for zero. Zero is zero only when a fresh reading says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series at one moment: Prometheus name without Ray's `ray_` prefix, labels, value, when it was scraped."""

    name: str
    labels: Mapping[str, str]
    value: float
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """All samples read at one moment. `silent` names the targets that should have answered and did not."""

    at_s: float
    samples: tuple[Sample, ...]
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value, and how long before the observation it was scraped (for a rate: its newest sample)."""

    value: float
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyReading:
    """Percentiles of one latency over the window, in seconds, and the requests they rest on."""

    p50_s: float
    p95_s: float
    p99_s: float
    num_requests: float
    age_s: float
    buckets: tuple[tuple[float, float], ...]  # (upper bound in s, cumulative requests), +Inf last


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the metrics said of one model over the last `window_s` seconds, all replicas together.

    Rates are per second over the window, latencies those the client's side of the replica saw. Utilisation, MFU, MBU and
    the shares are ratios 0-1.
    """

    at_s: float
    source: str
    window_s: float | None = None
    num_replicas_seen: int | None = None
    silent_targets: tuple[str, ...] = ()
    devices: tuple[
        str, ...
    ] = ()  # names of the GPUs under the replicas, as their driver gives them
    requests_per_s: Reading | None = None
    failed_requests_per_s: Reading | None = None
    input_tokens_per_s: Reading | None = None
    output_tokens_per_s: Reading | None = None  # of answers that ended
    generated_tokens_per_s: Reading | None = None  # by the engines, whether or not an answer ended
    mean_isl: Reading | None = None
    mean_osl: Reading | None = None
    requests_in_flight: Reading | None = None
    requests_waiting: Reading | None = None
    wait_before_replica_s: Reading | None = None
    kv_cache_usage: Reading | None = None
    prefix_cache_hit_rate: Reading | None = None
    flops_per_s_per_device: Reading | None = None
    bytes_per_s_per_device: Reading | None = None
    node_utilization: Reading | None = None
    ttft: LatencyReading | None = None
    tpot: LatencyReading | None = None
    e2e: LatencyReading | None = None

    @property
    def age_s(self) -> float | None:
        """Age of the request counters, the reading every decision rests on; None when there is none."""
        return None if self.requests_per_s is None else self.requests_per_s.age_s


def series_key(sample: Sample) -> tuple[str, Labels]:
    return sample.name, tuple(sorted(sample.labels.items()))


def quantile(buckets: Iterable[tuple[float, float]], q: float) -> float | None:
    """The q-quantile (0-1) of cumulative `(upper bound, count)` buckets, linear inside a bucket as PromQL has it.

    None when nothing was counted. A quantile in the last, unbounded bucket answers with the highest finite bound: it is
    at least that.
    """
    rows = sorted(buckets)
    if not rows or rows[-1][1] <= 0:
        return None
    rank = q * rows[-1][1]
    lower_bound, lower_count = 0.0, 0.0
    for bound, count in rows:
        if count >= rank and count > lower_count:
            if math.isinf(bound):
                return lower_bound
            return lower_bound + (bound - lower_bound) * (rank - lower_count) / (
                count - lower_count
            )
        lower_bound, lower_count = bound, count
    return lower_bound


def share_within(reading: LatencyReading, bound_s: float) -> float:
    """The share (0-1) of the window's requests at or under `bound_s`, linear inside a bucket as `quantile` has it.

    Of what is over the last finite bound nobody knows by how much: it is over.
    """
    total = reading.buckets[-1][1]
    lower_bound, lower_count = 0.0, 0.0
    for bound, count in sorted(reading.buckets):
        if bound_s < bound:
            if math.isinf(bound):
                break
            part = (bound_s - lower_bound) / (bound - lower_bound)
            return (lower_count + part * (count - lower_count)) / total
        lower_bound, lower_count = bound, count
    return lower_count / total
