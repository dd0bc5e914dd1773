"""A real Prometheus server, and an exporter of our metrics in the form Ray gives them, for it to scrape."""

from __future__ import annotations

import dataclasses
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import prometheus_client
from prometheus_client import CollectorRegistry

from advisor import metrics
from advisor.core import series
from advisor.metrics import Kind, Metric, PrometheusExporter

MODEL = "org/tiny-1.5"
SCRAPE_INTERVAL_S = 1.0


class RayLikeExporter:
    """Every metric of the table and the engine's, with `ray_` before the names and the labels that Ray adds."""

    def __init__(self, worker: str = "w1") -> None:
        self.registry = CollectorRegistry()
        self.worker = {"WorkerId": worker, "SessionName": "session_of_the_test"}
        self._exporter = PrometheusExporter(self.registry)
        self._engine = {
            name: self._engine_metric(name)
            for name in sorted(series.NAMES)
            if series.is_engine(name)
        }

    def work(self, num_requests: int = 10) -> None:
        """Every counter grows, every histogram gets observations, every gauge a value."""
        for metric in metrics.ALL_METRICS:
            for labels in _label_values(metric):
                self.record(metric, num_requests, labels)
        for name, one in self._engine.items():
            if name.endswith("_total"):
                one.inc(num_requests)
            else:
                one.set(0.5)

    def record(self, metric: Metric, amount: float, labels: dict[str, str]) -> None:
        renamed, labels = self._as_ray(metric), {**labels, **self.worker}
        if metric.kind is Kind.COUNTER:
            self._exporter.add(renamed, amount, labels)
        elif metric.kind is Kind.GAUGE:
            self._exporter.set(renamed, 0.5, labels)
        else:
            for _ in range(int(amount)):
                self._exporter.observe(renamed, metric.bounds[len(metric.bounds) // 2], labels)

    def drop(self, metric: Metric, labels: dict[str, str]) -> None:
        self._exporter.drop(self._as_ray(metric), {**labels, **self.worker})

    def _as_ray(self, metric: Metric) -> Metric:
        return dataclasses.replace(
            metric, name=f"ray_{metric.name}", labels=(*metric.labels, *self.worker)
        )

    def _engine_metric(self, name: str) -> Any:
        kind = prometheus_client.Counter if name.endswith("_total") else prometheus_client.Gauge
        made = kind(
            f"ray_{name}", name, ["model_name", "engine", *self.worker], registry=self.registry
        )
        return made.labels(model_name=MODEL, engine="0", **self.worker)


def _label_values(metric: Metric) -> Iterator[dict[str, str]]:
    """One series a metric, and one for each value of the labels that a board looks at one by one."""
    values = {"model": MODEL, "outcome": "ok", "percentile": "95", "node": "n1", "device": "cpu"}
    base = {label: values.get(label, f"some {label}") for label in metric.labels}
    choices = {"latency": ("ttft", "tpot", "e2e"), "outcome": ("ok", "error", "cancelled")}
    for label in metric.labels:
        if label in choices:
            yield from ({**base, label: choice} for choice in choices[label])
            return
    yield base


@contextmanager
def serving(exporter: RayLikeExporter) -> Iterator[str]:
    """The exporter's page over HTTP; its address."""
    server, thread = prometheus_client.start_http_server(
        0, addr="127.0.0.1", registry=exporter.registry
    )
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def prometheus(folder: Path, *targets: str) -> Iterator[str]:
    """A Prometheus server that scrapes the targets every second; its URL."""
    binary = shutil.which("prometheus")
    assert binary, "no prometheus on the PATH (Debian: apt-get install prometheus)"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = {
        "global": {"scrape_interval": f"{SCRAPE_INTERVAL_S:g}s"},
        "scrape_configs": [{"job_name": "ray", "static_configs": [{"targets": list(targets)}]}],
    }
    file = folder / "prometheus.json"  # JSON is YAML
    file.write_text(json.dumps(config))
    url = f"http://127.0.0.1:{port}"
    command = [
        binary, f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: process.poll() is None and _is_ready(url), "Prometheus is ready")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def ask(url: str, query: str, at_s: float | None = None) -> list[Any]:
    """What an instant query answers; the server's own words when it refuses."""
    data = {"query": query} if at_s is None else {"query": query, "time": str(at_s)}
    body = httpx.post(f"{url}/api/v1/query", data=data, timeout=5).json()
    assert body["status"] == "success", f"{query}: {body.get('error')}"
    return list(body["data"]["result"])


def eventually(look: Callable[[], Any], what: str, timeout_s: float = 30.0) -> Any:
    """The first true answer of `look`, asked again and again until the deadline."""
    deadline_s = time.monotonic() + timeout_s
    while not (answer := look()):
        assert time.monotonic() < deadline_s, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.1)
    return answer


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=1).is_success
    except httpx.HTTPError:
        return False
