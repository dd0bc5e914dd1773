"""The metric table, exported through Ray: each node's agent serves them, with `ray_` before the name, beside Ray's own.

Ray's agent forgets a gauge some 20 s after it was last set, and with it the proof that an idle replica is alive. So the
exporter remembers its gauges and sets them again every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ray.util import metrics as ray_metrics

from advisor.metrics import Metric

REFRESH_S = 5.0  # Ray collects every 10 s


class RayExporter:
    """An advisor.metrics.Exporter. Metrics are made at first use: an actor exports what it has touched."""

    def __init__(self) -> None:
        self._made: dict[str, ray_metrics.Metric] = {}
        self._gauges: dict[tuple[str, tuple[str, ...]], tuple[Metric, float, dict[str, str]]] = {}

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        if amount > 0:  # Ray refuses an increment of zero
            self._get(metric, ray_metrics.Counter).inc(amount, tags=dict(labels))

    def set(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._gauges[metric.name, tuple(labels.values())] = metric, value, dict(labels)
        self._get(metric, ray_metrics.Gauge).set(value, tags=dict(labels))

    def drop(self, metric: Metric, labels: Mapping[str, str]) -> None:
        self._gauges.pop((metric.name, tuple(labels.values())), None)

    async def keep_gauges_alive(self) -> None:
        """Set every gauge again and again, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_S)
            for metric, value, labels in list(self._gauges.values()):
                self._get(metric, ray_metrics.Gauge).set(value, tags=labels)

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
