"""Two scrapes, one window apart, become one Observation: pure arithmetic, and the only place it is done.

A rate is the sum of every series' own increase over its own time. It is zero only where a gauge proves a replica alive,
else unknown. A replica that told more one window ago than it tells now (its series gone, stale or unreadable) is named in
`silent_targets`: what remains is a partial view, which nobody may scale down on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from advisor.core import series as s
from advisor.core.observation import LatencyReading, Observation, Reading, Scrape, quantile


def observe(*, then: Scrape | None, now: Scrape, model: str, source: str) -> Observation:
    """What the two scrapes say of `model`. Without `then` there are gauges and no rates."""
    if then is not None and then.at_s >= now.at_s:
        then = None
    pair = _Pair(
        None if then is None else s.side_of(then, model),
        s.side_of(now, model),
        of_others=_workers_of_others(now, model),
    )
    silent = pair.silent_workers()
    num_replicas = pair.num_replicas(silent)
    return Observation(
        at_s=now.at_s,
        source=source,
        window_s=None if then is None else now.at_s - then.at_s,
        num_replicas_seen=num_replicas,
        silent_targets=(*now.silent, *(f"replica {worker[:12]}" for worker in sorted(silent))),
        devices=pair.devices(),
        requests_per_s=pair.rate(s.REQUESTS),
        failed_requests_per_s=pair.rate(s.REQUESTS, outcome="error"),
        input_tokens_per_s=pair.rate(s.INPUT_TOKENS),
        output_tokens_per_s=pair.rate(s.OUTPUT_TOKENS),
        generated_tokens_per_s=pair.rate_of_engines(s.GENERATED_TOKENS),
        mean_isl=_positive(pair.ratio(s.INPUT_TOKENS, s.REQUESTS, outcome="ok")),
        mean_osl=_positive(pair.ratio(s.OUTPUT_TOKENS, s.REQUESTS, outcome="ok")),
        requests_in_flight=pair.total(s.IN_FLIGHT),
        requests_waiting=pair.total(s.WAITING),
        wait_before_replica_s=pair.router_wait(),
        kv_cache_usage=pair.mean(s.KV_CACHE_USAGE),
        prefix_cache_hit_rate=_at_most_one(pair.ratio(s.PREFIX_HITS, s.PREFIX_QUERIES)),
        flops_per_s_per_device=pair.rate_per_engine((s.FLOPS,), num_replicas),
        bytes_per_s_per_device=pair.rate_per_engine((s.READ_BYTES, s.WRITE_BYTES), num_replicas),
        node_utilization=pair.node_utilization(),
        ttft=pair.latency(s.TTFT),
        tpot=pair.latency(s.TPOT),
        e2e=pair.latency(s.E2E),
    )


class _Pair:
    """What was and what is, and the questions an Observation asks of the two."""

    def __init__(self, then: s.Side | None, now: s.Side, of_others: Collection[str]) -> None:
        self.then = then
        self.now = now
        self.of_others = of_others  # workers that tell of another model

    def increases(self, names: Iterable[str], **labels: str) -> list[s.Increase]:
        found = [] if self.then is None else s.increases(self.then, self.now, names)
        return [i for i in found if labels.items() <= i.series.sample.labels.items()]

    def growing(self, names: Iterable[str]) -> set[str]:
        return {i.series.worker for i in self.increases(names) if i.amount > 0}

    def nodes(self) -> list[s.Series]:
        """The readings of the nodes that the model's replicas run on: each is taken in a replica. Where none of its
        replicas has told of anything else yet, those that no other model's replica has taken."""
        readings = list(self.now.named([s.NODE_UTILIZATION]))
        replicas = self.now.workers(s.NAMES - s.OF_NO_MODEL)
        own = [one for one in readings if one.worker in replicas]
        return own or [one for one in readings if one.worker not in self.of_others]

    def devices(self) -> tuple[str, ...]:
        """What the replicas' nodes report beside their CPUs: "gpu0 NVIDIA L4" is an NVIDIA L4."""
        labels = {one.sample.labels.get("device", "") for one in self.nodes()}
        return tuple(
            sorted({name for _, _, name in (label.partition(" ") for label in labels) if name})
        )

    def alive(self, gauge: str) -> set[str]:
        """Workers whose gauge was scraped since `then`."""
        since_s = -math.inf if self.then is None else self.then.at_s
        return {one.worker for one in self.now.named([gauge]) if one.sample.at_s > since_s}

    def silent_workers(self) -> set[str]:
        unreadable = set(self.now.unreadable.values())
        if self.then is None:
            return unreadable
        counts = s.CLIENT_COUNTS | s.ENGINE_COUNTS
        lost = {
            was.worker
            for was in self.then.named(counts)
            if was.key not in self.now.sound.get(was.sample.name, {})
        }
        stale = {i.worker for i in self.now.named(counts) if i.sample.at_s <= self.then.at_s}
        quiet = self.then.workers([s.IN_FLIGHT]) - self.alive(s.IN_FLIGHT)
        return unreadable | lost | stale | (quiet - self.growing([s.REQUESTS]))

    def num_replicas(self, silent: set[str]) -> int | None:
        """Replicas that hold an engine. On the stock path the client's metrics come from another worker, the ingress."""
        if not any(self.now.named(s.NAMES - s.OF_NO_MODEL)):
            return None
        client = self.alive(s.IN_FLIGHT) | self.growing(s.CLIENT_COUNTS)
        engine = self.alive(s.RUNNING) | self.growing(s.ENGINE_COUNTS)
        ever_engine = self.now.workers(filter(s.is_engine, s.NAMES))
        if client and ever_engine and not client & ever_engine:
            return len(engine - silent) or None  # an idle engine shows no gauge: unknown, not none
        return len((client | engine) - silent)

    def is_proven_alive(self) -> bool:
        """Whether a missing request counter means that no request has finished."""
        if self.alive(s.IN_FLIGHT) or self.growing([s.REQUESTS]):
            return True
        # Only the engine speaks: believe it where it says that nothing happened at all.
        is_idle = all(one.sample.value == 0 for one in self.now.named([s.RUNNING]))
        return bool(self.alive(s.RUNNING)) and is_idle and not self.growing(s.ENGINE_COUNTS)

    def rate(self, name: str, **labels: str) -> Reading | None:
        if self.then is None or not self.is_proven_alive():
            return None
        per_s = sum(i.per_s for i in self.increases([name], **labels))
        return _reading(per_s, self.now.age_s([name, s.IN_FLIGHT, s.RUNNING]))

    def ratio(self, over: str, under: str, **labels: str) -> Reading | None:
        """Increase over increase, the lower one of the series with these labels; None where that did not move."""
        parts = sum(i.amount for i in self.increases([over]))
        whole = sum(i.amount for i in self.increases([under], **labels))
        return _reading(parts / whole, self.now.age_s([under])) if whole > 0 else None

    def rate_per_engine(self, names: Sequence[str], num_engines: int | None) -> Reading | None:
        grown = self.increases(names)
        num_engines = max(num_engines or 0, len(self.growing(names)))
        if not grown or num_engines == 0:
            return None
        return _reading(sum(i.per_s for i in grown) / num_engines, self.now.age_s(names))

    def rate_of_engines(self, name: str) -> Reading | None:
        """All engines together; None where none of them tells, for a counter that is missing is no zero."""
        grown = self.increases([name])
        return _reading(sum(i.per_s for i in grown), self.now.age_s([name])) if grown else None

    def total(self, name: str) -> Reading | None:
        values = [one.sample.value for one in self.now.named([name])]
        return _reading(sum(values), self.now.age_s([name]))

    def mean(self, name: str) -> Reading | None:
        values = [one.sample.value for one in self.now.named([name])]
        return _reading(sum(values) / max(len(values), 1), self.now.age_s([name]))

    def node_utilization(self) -> Reading | None:
        values = [one.sample.value for one in self.nodes()]
        if not values:
            return None
        return _reading(sum(values) / len(values), self.now.age_s([s.NODE_UTILIZATION]))

    def latency(self, name: str) -> LatencyReading | None:
        """Percentiles over all workers together."""
        buckets = self.buckets(name)
        p50_s, p95_s, p99_s = (quantile(buckets, q) for q in (0.5, 0.95, 0.99))
        age_s = self.now.age_s([name])
        if p50_s is None or p95_s is None or p99_s is None or age_s is None:
            return None
        if not math.isfinite(p50_s + p95_s + p99_s + buckets[-1][1]):  # counts that no server has
            return None
        return LatencyReading(
            p50_s=p50_s,
            p95_s=p95_s,
            p99_s=p99_s,
            num_requests=buckets[-1][1],
            age_s=age_s,
            buckets=buckets,
        )

    def router_wait(self) -> Reading | None:
        """Median wait of HAProxy for the router to name a replica: the queue and a cold start are in it."""
        median_ms = quantile(self.buckets(s.ROUTER_WAIT_MS), 0.5)
        if median_ms is None:
            return None
        return _reading(median_ms / 1e3, self.now.age_s([s.ROUTER_WAIT_MS]))

    def buckets(self, name: str) -> tuple[tuple[float, float], ...]:
        """(upper bound, cumulative increase), all workers together."""
        histograms: dict[s.Key, dict[float, s.Increase]] = defaultdict(dict)
        for grown in self.increases([name]):
            labels = tuple(pair for pair in grown.series.key[1] if pair[0] != "le")
            histograms[name, labels][_bound(grown)] = grown
        summed: dict[float, float] = defaultdict(float)
        for histogram in histograms.values():
            for bound, count in _histogram_increase(histogram).items():
                summed[bound] += count
        return tuple(sorted(summed.items()))


def _workers_of_others(scrape: Scrape, model: str) -> set[str]:
    found = set()
    for sample in scrape.samples:
        label = "model_name" if s.is_engine(sample.name) else "model"
        if sample.labels.get(label, model) != model:
            found.add(sample.labels.get("WorkerId") or sample.labels.get("instance", ""))
    return found


def _histogram_increase(histogram: Mapping[float, s.Increase]) -> dict[float, float]:
    """Bound -> cumulative increase; empty unless the histogram is whole on both sides.

    A restart shows in some buckets only, so a bucket that fell restarts them all.
    """
    grown = [histogram[bound] for bound in sorted(histogram)]
    was_there = {i.start is not None for i in grown}
    if math.inf not in histogram or any(map(math.isnan, histogram)) or len(was_there) > 1:
        return {}
    restarted = any(i.start and i.series.sample.value < i.start.sample.value for i in grown)
    counts = [i.series.sample.value if restarted else i.amount for i in grown]
    is_cumulative = counts == sorted(counts) and math.isfinite(counts[-1])
    return dict(zip(sorted(histogram), counts, strict=True)) if is_cumulative else {}


def _bound(grown: s.Increase) -> float:
    """A bucket's upper bound; NaN, which spoils its histogram, where `le` is not one."""
    try:
        bound = float(grown.series.sample.labels["le"])
    except (KeyError, ValueError):
        return math.nan
    return bound if bound >= 0 else math.nan


def _reading(value: float, age_s: float | None) -> Reading | None:
    if age_s is None or not math.isfinite(value):
        return None
    return Reading(value=value, age_s=age_s)


def _positive(reading: Reading | None) -> Reading | None:
    return None if reading is None or reading.value <= 0 else reading


def _at_most_one(reading: Reading | None) -> Reading | None:
    return None if reading is None or reading.value > 1 else reading
