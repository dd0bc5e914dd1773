"""An Exporter that keeps what it is given, for tests to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from advisor.metrics import Metric

Key = tuple[str, tuple[tuple[str, str], ...]]


def key(name: str, **labels: str) -> Key:
    return name, tuple(sorted(labels.items()))


class Recorder:
    def __init__(self) -> None:
        self.counters: dict[Key, float] = defaultdict(float)
        self.gauges: dict[Key, float] = {}
        self.histograms: dict[Key, list[float]] = defaultdict(list)

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None:
        self.counters[key(metric.name, **labels)] += amount

    def set(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self.gauges[key(metric.name, **labels)] = value

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self.histograms[key(metric.name, **labels)].append(value)

    def drop(self, metric: Metric, labels: Mapping[str, str]) -> None:
        self.gauges.pop(key(metric.name, **labels), None)
