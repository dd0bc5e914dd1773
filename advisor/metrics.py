"""Every metric we export, declared once: the exporters, docs/metrics.md and the dashboards all read this table.

Names follow Prometheus: base units, `_total` on counters, small enums as labels. Under Ray Serve the metrics travel
through Ray's own endpoints, which put `ray_` before every name; `advisor run` exports them as they stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import prometheus_client
from prometheus_client import CollectorRegistry

from advisor.core.objective import Latency, Slo
from advisor.core.observation import quantile
from advisor.tick import Tick


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric's name, kind, unit, labels and meaning; `bounds` are a histogram's upper bucket bounds."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


class Exporter(Protocol):
    """Where values go: a Prometheus registry, or Ray's metric agent."""

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        """Add to a counter."""

    def set(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        """Set a gauge."""

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        """Record into a histogram."""

    def drop(self, metric: Metric, labels: Mapping[str, str]) -> None:
        """Take a gauge's series back: what is not known any more is absent, not old."""


# Bounds 1.26 apart (ten per decade): a quantile read from them is at most 26 % off, wherever it lies.
_DECADE = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0)


def _bounds(first_decade: int, last_decade: int) -> tuple[float, ...]:
    return tuple(
        round(step * 10.0**decade, 6)
        for decade in range(first_decade, last_decade)
        for step in _DECADE
    )


TTFT_BOUNDS = (*_bounds(-3, 2), 100.0, 200.0, 400.0)  # 1 ms to 400 s: a cold start is in it
TPOT_BOUNDS = (*_bounds(-4, 1), 10.0)
E2E_BOUNDS = (*_bounds(-3, 3), 1000.0, 3600.0)

# The client's view: measured by the ASGI middleware of serve_apps/middleware.py.
REQUESTS = Metric(
    name="advisor_requests_total",
    kind=Kind.COUNTER,
    unit="requests",
    labels=("model", "outcome"),
    meaning="Finished generation requests; outcome is ok, error (status 400 and up, or an error inside the stream) "
    "or cancelled (the client went away).",
)
REQUESTS_IN_FLIGHT = Metric(
    name="advisor_requests_in_flight",
    kind=Kind.GAUGE,
    unit="requests",
    labels=("model",),
    meaning="Generation requests that have arrived and not finished, in one replica or ingress.",
)
INPUT_TOKENS = Metric(
    name="advisor_input_tokens_total",
    kind=Kind.COUNTER,
    unit="tokens",
    labels=("model",),
    meaning="Prompt tokens of finished requests, as the engine counted them.",
)
OUTPUT_TOKENS = Metric(
    name="advisor_output_tokens_total",
    kind=Kind.COUNTER,
    unit="tokens",
    labels=("model",),
    meaning="Generated tokens of finished requests, as the engine counted them.",
)
TTFT = Metric(
    name="advisor_ttft_seconds",
    kind=Kind.HISTOGRAM,
    unit="seconds",
    labels=("model",),
    bounds=TTFT_BOUNDS,
    meaning="Time from the request's arrival to the first token sent, streamed requests only. "
    "Read quantiles from the buckets; Ray rebuilds the sum from bucket midpoints.",
)
TPOT = Metric(
    name="advisor_tpot_seconds",
    kind=Kind.HISTOGRAM,
    unit="seconds",
    labels=("model",),
    bounds=TPOT_BOUNDS,
    meaning="(last token - first token) / (output tokens - 1) of one request, streamed requests of two tokens and up.",
)
E2E = Metric(
    name="advisor_e2e_seconds",
    kind=Kind.HISTOGRAM,
    unit="seconds",
    labels=("model",),
    bounds=E2E_BOUNDS,
    meaning="Time from the request's arrival to the end of its answer.",
)
WAIT_BEFORE_REPLICA = Metric(
    name="advisor_wait_before_replica_seconds",
    kind=Kind.GAUGE,
    unit="seconds",
    labels=("model",),
    meaning="What a request waits on average before our clock starts: in the proxy, the router, a queue, a cold start. "
    "Absent where it was not observed.",
)
NODE_UTILIZATION = Metric(
    name="advisor_node_utilization_ratio",
    kind=Kind.GAUGE,
    unit="ratio",
    labels=("node", "device"),
    meaning="Share of the last seconds the device was busy, 0-1: every GPU through NVML (device is its index and name), "
    "or, where there is none, all CPUs together (device is cpu).",
)
NODE_MEMORY_USED = Metric(
    name="advisor_node_memory_used_bytes",
    kind=Kind.GAUGE,
    unit="bytes",
    labels=("node", "device"),
    meaning="Memory in use on the device: GPU memory, or, where there is no GPU, main memory.",
)

CLIENT_METRICS = (
    REQUESTS,
    REQUESTS_IN_FLIGHT,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TTFT,
    TPOT,
    E2E,
)
NODE_METRICS = (NODE_UTILIZATION, NODE_MEMORY_USED)

# The advisor's own view of the round: set once a tick from the Tick, see `publish`.
TICKS = Metric(
    name="advisor_ticks_total",
    kind=Kind.COUNTER,
    unit="ticks",
    labels=("model", "action"),
    meaning="Rounds of the advisor's loop, by what it decided.",
)
TICK_SECONDS = Metric(
    name="advisor_tick_duration_seconds",
    kind=Kind.GAUGE,
    unit="seconds",
    labels=("model",),
    meaning="How long the last round took, reading the metrics included.",
)
OBSERVATION_AGE = Metric(
    name="advisor_observation_age_seconds",
    kind=Kind.GAUGE,
    unit="seconds",
    labels=("model",),
    meaning="Age of the request counters the last round rested on. Absent while nothing is observed.",
)
OBSERVED_REQUESTS_PER_S = Metric(
    name="advisor_observed_requests_per_second",
    kind=Kind.GAUGE,
    unit="requests per second",
    labels=("model",),
    meaning="Finished requests per second over the advisor's window.",
)
OBSERVED_LATENCY = Metric(
    name="advisor_observed_latency_seconds",
    kind=Kind.GAUGE,
    unit="seconds",
    labels=("model", "latency", "percentile"),
    meaning="Measured latency at each objective's percentile over the advisor's window.",
)
SLO_BOUND = Metric(
    name="advisor_slo_seconds",
    kind=Kind.GAUGE,
    unit="seconds",
    labels=("model", "latency", "percentile"),
    meaning="The objective's bound.",
)
SLO_MET = Metric(
    name="advisor_slo_met",
    kind=Kind.GAUGE,
    unit="boolean",
    labels=("model", "latency", "percentile"),
    meaning="1 where the measured latency is within its bound, 0 where it is not; absent while it is not measured.",
)
ACTUAL_REPLICAS = Metric(
    name="advisor_actual_replicas",
    kind=Kind.GAUGE,
    unit="replicas",
    labels=("model",),
    meaning="Running replicas as Serve reports them.",
)
PLANNED_REQUESTS_PER_S = Metric(
    name="advisor_planned_requests_per_second",
    kind=Kind.GAUGE,
    unit="requests per second",
    labels=("model",),
    meaning="Demand that replicas are counted for: what is there or, where the scaling policy forecasts, what is exceeded "
    "once in twenty at the end of a cold start.",
)
NEEDED_REPLICAS = Metric(
    name="advisor_needed_replicas",
    kind=Kind.GAUGE,
    unit="replicas",
    labels=("model",),
    meaning="Replicas of what runs that the scaling policy needed in the last minutes. Absent on hardware that is not "
    "known, a CPU among it.",
)
RECOMMENDED_REPLICAS = Metric(
    name="advisor_recommended_replicas",
    kind=Kind.GAUGE,
    unit="replicas",
    labels=("model",),
    meaning="Replicas of the recommended hardware.",
)
RECOMMENDED_SPOT_REPLICAS = Metric(
    name="advisor_recommended_spot_replicas",
    kind=Kind.GAUGE,
    unit="replicas",
    labels=("model",),
    meaning="Those of the recommended replicas that would run on spot; 0 where none would.",
)
RECOMMENDED_USD_PER_HOUR = Metric(
    name="advisor_recommended_usd_per_hour",
    kind=Kind.GAUGE,
    unit="US dollars per hour",
    labels=("model",),
    meaning="What the recommendation costs, all replicas together.",
)
BUDGET_USD_PER_HOUR = Metric(
    name="advisor_budget_usd_per_hour",
    kind=Kind.GAUGE,
    unit="US dollars per hour",
    labels=("model",),
    meaning="The budget's cap; the same for every model where several share it.",
)
SHARE_USD_PER_HOUR = Metric(
    name="advisor_share_usd_per_hour",
    kind=Kind.GAUGE,
    unit="US dollars per hour",
    labels=("model",),
    meaning="What the model may cost now: its part of a budget that several models share, all of it where it is alone.",
)
SHARE_WISH_USD_PER_HOUR = Metric(
    name="advisor_share_wish_usd_per_hour",
    kind=Kind.GAUGE,
    unit="US dollars per hour",
    labels=("model",),
    meaning="What would meet the model's objectives if the whole budget were its own; above its share, it is cut.",
)
SHARE_SHORTFALL = Metric(
    name="advisor_share_shortfall_ratio",
    kind=Kind.GAUGE,
    unit="ratio",
    labels=("model",),
    meaning="Share of the model's requests that its part of a shared budget leaves outside the objectives at least, 0-1; "
    "0 where it is not cut, as a model alone never is.",
)
PREDICTED_LATENCY = Metric(
    name="advisor_predicted_latency_seconds",
    kind=Kind.GAUGE,
    unit="seconds",
    labels=("model", "latency"),
    meaning="Mean latency the performance model expects of the recommended hardware under the observed load.",
)
RECOMMENDATION = Metric(
    name="advisor_recommendation_info",
    kind=Kind.GAUGE,
    unit="boolean",
    labels=("model", "accelerator", "tp_degree", "mode", "provider", "capacity_type"),
    meaning="1 for the recommendation in force; absent for any other.",
)
FEASIBLE = Metric(
    name="advisor_recommendation_feasible",
    kind=Kind.GAUGE,
    unit="boolean",
    labels=("model",),
    meaning="1 where the recommendation meets objectives and budget, 0 where nothing does.",
)
LEARNED_RATIO = Metric(
    name="advisor_learned_time_ratio",
    kind=Kind.GAUGE,
    unit="ratio",
    labels=("model", "accelerator", "part"),
    meaning="How many times as long the running engine takes as the fitted model says, for decode steps and for prefill. "
    "Absent until an engine was seen on a known accelerator.",
)
PREDICTION_ERROR = Metric(
    name="advisor_prediction_error_ratio",
    kind=Kind.GAUGE,
    unit="ratio",
    labels=("model", "quantity"),
    meaning="What came over what was predicted, the median of the recommendations that could be judged: above 1, "
    "it was more. quantity is a latency at its percentile (ttft_p95_s), requests_per_s or usd_per_hour. "
    "Absent until the fleet ran what was recommended.",
)
NOTIFICATIONS = Metric(
    name="advisor_notifications_total",
    kind=Kind.COUNTER,
    unit="messages",
    labels=("model", "notifier", "outcome"),
    meaning="Messages sent on change, by notifier (slack, webhook) and outcome (sent, failed).",
)

TICK_METRICS = (
    WAIT_BEFORE_REPLICA,
    TICKS,
    TICK_SECONDS,
    OBSERVATION_AGE,
    OBSERVED_REQUESTS_PER_S,
    OBSERVED_LATENCY,
    SLO_BOUND,
    SLO_MET,
    ACTUAL_REPLICAS,
    PLANNED_REQUESTS_PER_S,
    NEEDED_REPLICAS,
    RECOMMENDED_REPLICAS,
    RECOMMENDED_SPOT_REPLICAS,
    RECOMMENDED_USD_PER_HOUR,
    BUDGET_USD_PER_HOUR,
    SHARE_USD_PER_HOUR,
    SHARE_WISH_USD_PER_HOUR,
    SHARE_SHORTFALL,
    PREDICTED_LATENCY,
    RECOMMENDATION,
    FEASIBLE,
    LEARNED_RATIO,
    PREDICTION_ERROR,
    NOTIFICATIONS,
)
ALL_METRICS = CLIENT_METRICS + NODE_METRICS + TICK_METRICS


class PrometheusExporter:
    """An Exporter into a prometheus_client registry, for `advisor run` outside Ray Serve."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._made: dict[str, Any] = {}

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        self._series(metric, labels).inc(amount)

    def set(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._series(metric, labels).set(value)

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._series(metric, labels).observe(value)

    def drop(self, metric: Metric, labels: Mapping[str, str]) -> None:
        if metric.name in self._made:
            self._made[metric.name].remove_by_labels(dict(labels))

    def _series(self, metric: Metric, labels: Mapping[str, str]) -> Any:
        if metric.name not in self._made:
            kinds: dict[Kind, Any] = {
                Kind.COUNTER: prometheus_client.Counter,
                Kind.GAUGE: prometheus_client.Gauge,
                Kind.HISTOGRAM: prometheus_client.Histogram,
            }
            options = {"buckets": metric.bounds} if metric.kind is Kind.HISTOGRAM else {}
            self._made[metric.name] = kinds[metric.kind](
                metric.name, metric.meaning, metric.labels, registry=self._registry, **options
            )
        made = self._made[metric.name]
        return made.labels(**labels) if metric.labels else made


class Publisher:
    """Sets the TICK_METRICS from a tick, and takes back what a tick does not know any more."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._shown: dict[tuple[str, tuple[str, ...]], tuple[Metric, dict[str, str]]] = {}

    def publish(self, tick: Tick) -> None:
        self._exporter.add(TICKS, 1, {"model": tick.model, "action": tick.decision.action.value})
        shown = {}
        for metric, value, labels in gauges_of(tick):
            self._exporter.set(metric, value, labels)
            shown[metric.name, tuple(labels.values())] = metric, labels
        for key in self._shown.keys() - shown.keys():
            self._exporter.drop(*self._shown[key])
        self._shown = shown


def gauges_of(tick: Tick) -> list[tuple[Metric, float, dict[str, str]]]:
    """Every gauge the tick knows a value for."""
    observation, recommendation, model = (
        tick.observation,
        tick.recommendation,
        {"model": tick.model},
    )
    best = recommendation.best if recommendation else None
    rate, wait = observation.requests_per_s, observation.wait_before_replica_s
    known: list[tuple[Metric, float | None]] = [
        (TICK_SECONDS, tick.duration_s),
        (BUDGET_USD_PER_HOUR, tick.budget.usd_per_hour),
        (OBSERVED_REQUESTS_PER_S, rate.value if rate else None),
        (OBSERVATION_AGE, rate.age_s if rate else None),
        (WAIT_BEFORE_REPLICA, wait.value if wait else None),
        (PLANNED_REQUESTS_PER_S, tick.workload.counted_per_s if tick.workload else None),
        (ACTUAL_REPLICAS, tick.fleet.running_replicas if tick.fleet else None),
        (NEEDED_REPLICAS, tick.needed.replicas if tick.needed else None),
        (FEASIBLE, recommendation.feasible if recommendation else None),
        (RECOMMENDED_REPLICAS, best.replicas if best else None),
        (RECOMMENDED_SPOT_REPLICAS, best.spot_replicas if best else None),
        (RECOMMENDED_USD_PER_HOUR, best.usd_per_hour if best else None),
        *_of_share(tick),
    ]
    gauges = [(metric, float(value), model) for metric, value in known if value is not None]
    for slo, measured_s in measured_at(tick):
        labels = {**model, "latency": slo.latency.value, "percentile": f"{slo.percentile:g}"}
        gauges.append((SLO_BOUND, slo.bound_s, labels))
        if measured_s is not None:
            gauges.append((OBSERVED_LATENCY, measured_s, labels))
            gauges.append((SLO_MET, float(measured_s <= slo.bound_s), labels))
    if best is not None:
        for latency in Latency:
            expected_s = getattr(best.prediction, f"{latency.value}_s")
            gauges.append((PREDICTED_LATENCY, expected_s, {**model, "latency": latency.value}))
        labels = {
            **model,
            "accelerator": best.accelerator,
            "tp_degree": str(best.tp_degree),
            "mode": best.mode.value,
            "provider": best.offer.provider,
            "capacity_type": best.offer.capacity_type.value,
        }
        gauges.append((RECOMMENDATION, 1.0, labels))
    for accelerator, correction in tick.learned.corrections.items():
        labels = {**model, "accelerator": accelerator}
        gauges.append((LEARNED_RATIO, correction.decode.ratio, {**labels, "part": "decode"}))
        gauges.append((LEARNED_RATIO, correction.prefill.ratio, {**labels, "part": "prefill"}))
    for error in tick.verdicts.errors:
        gauges.append((PREDICTION_ERROR, error.median_ratio, {**model, "quantity": error.name}))
    return gauges


def _of_share(tick: Tick) -> list[tuple[Metric, float | None]]:
    share = tick.share
    if share is None:
        best = tick.recommendation.best if tick.recommendation else None
        return [
            (SHARE_USD_PER_HOUR, tick.budget.usd_per_hour),
            (SHARE_WISH_USD_PER_HOUR, best.usd_per_hour if best else None),
            (SHARE_SHORTFALL, 0.0),
        ]
    return [
        (SHARE_USD_PER_HOUR, share.usd_per_hour),
        (SHARE_WISH_USD_PER_HOUR, share.wish.usd_per_hour if share.wish else None),
        (SHARE_SHORTFALL, share.cut.given.shortfall if share.cut else 0.0),
    ]


def measured_at(tick: Tick) -> list[tuple[Slo, float | None]]:
    """Every objective with the measured latency at its percentile; None where it was not measured."""
    rows: list[tuple[Slo, float | None]] = []
    for slo in tick.slos:
        reading = getattr(tick.observation, slo.latency.value)
        rows.append(
            (slo, None if reading is None else quantile(reading.buckets, slo.percentile / 100))
        )
    return rows
