"""The metric table, exported through Ray: each node's agent serves them, with `ray_` before the name, beside Ray's own."""

from __future__ import annotations

from collections.abc import Mapping

from ray.util import metrics as ray_metrics

from advisor.metrics import Metric


class RayExporter:
    """An advisor.metrics.Exporter. Metrics are made at first use: an actor exports what it has touched."""

    def __init__(self) -> None:
        self._made: dict[str, ray_metrics.Metric] = {}

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        if amount > 0:  # Ray refuses an increment of zero
            self._get(metric, ray_metrics.Counter).inc(amount, tags=dict(labels))

    def set(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._get(metric, ray_metrics.Gauge).set(value, tags=dict(labels))

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._get(metric, ray_metrics.Histogram, boundaries=list(metric.bounds)).observe(
            value, tags=dict(labels)
        )

    def _get(self, metric: Metric, kind: type, **options: list[float]) -> ray_metrics.Metric:
        if metric.name not in self._made:
            self._made[metric.name] = kind(
                metric.name, metric.meaning, tag_keys=metric.labels, **options
            )
        return self._made[metric.name]
