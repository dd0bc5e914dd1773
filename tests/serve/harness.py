"""Starting the product as a user does, a Prometheus server beside it, and receivers for its messages."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from serve_apps import processes

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "serve_apps" / "configs" / "quickstart.yaml"
BASE = "http://127.0.0.1:8000"
START_TIMEOUT_S = 300.0
# Ray's agents report every 10 s by default; tests look sooner.
QUICK_METRICS = {"RAY_metrics_report_interval_ms": "1000"}
MODEL = "tiny"


def eventually(look: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """The first true answer of `look`, asked again and again until the deadline."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        if answer := look():
            return answer
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(0.25)


def tiny_config(model_dir: Path, **advisor: Any) -> dict[str, Any]:
    """The quickstart's file with the tiny model in it."""
    config: dict[str, Any] = yaml.safe_load(QUICKSTART.read_text())
    llm, advisor_app = config["applications"]
    [llm_config] = llm["args"]["llm_configs"]
    llm_config["model_loading_config"] = {"model_id": MODEL, "model_source": str(model_dir)}
    llm_config["engine_kwargs"]["kv_cache_memory_bytes"] = 134217728
    llm_config["runtime_env"]["env_vars"]["OMP_NUM_THREADS"] = "1"  # two layers share no work
    llm["deployments"][0]["name"] = f"LLMServer:{MODEL}"
    advisor_app["args"] |= {
        "model": MODEL,
        "model_source": str(model_dir),
        "interval": "2s",
        "window": "15s",
        **advisor,
    }
    return config


@dataclass
class Up:
    """A running `python -m serve_apps.up`, and what it printed."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def serve_run(self) -> int:
        """The pid of its `serve run`."""
        children = processes.psutil.Process(self.process.pid).children()
        return next(child.pid for child in children if "serve" in " ".join(child.cmdline()))


@contextmanager
def up(config: dict[str, Any], folder: Path, *flags: str, **environment: str) -> Iterator[Up]:
    """The launcher with this config, from its addresses to the end of its last process."""
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    output = folder / "output"
    env = {
        **os.environ,
        **QUICK_METRICS,
        "SERVE_LOG": str(folder / "serve.log"),
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "serve_apps.up", str(file), *flags],
            env=env, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, preexec_fn=_ctrl_c_as_in_a_terminal,
        )  # fmt: skip
    running = Up(process=process, output=output)
    try:
        eventually(
            lambda: "Ctrl-C stops everything" in running.said() or process.poll() is not None,
            START_TIMEOUT_S,
            "the endpoint is up",
        )
        assert process.poll() is None, running.said()
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=90)


def _ctrl_c_as_in_a_terminal() -> None:
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # a shell's background jobs ignore it, and pytest may be one


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ray_token() -> str:
    return (Path.home() / ".ray" / "auth_token").read_text().strip()


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """A real Prometheus server that finds Ray's endpoints by Ray's own service discovery; its URL."""
    port = free_port()
    bearer = {
        "type": "Bearer",
        "credentials": ray_token(),
    }  # Prometheus 2.42 sends no type unless told
    config = {
        "global": {"scrape_interval": "2s"},
        "scrape_configs": [
            {
                "job_name": "ray",
                "http_sd_configs": [
                    {
                        "url": "http://127.0.0.1:8265/api/prometheus/sd",
                        "refresh_interval": "5s",
                        "authorization": bearer,
                    }
                ],
                "authorization": bearer,
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    process = subprocess.Popen(
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _is_ready(url), 30, "Prometheus is ready")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def query(url: str, promql: str) -> list[dict[str, Any]]:
    """The result of an instant query."""
    response = httpx.post(f"{url}/api/v1/query", data={"query": promql}, timeout=10)
    body = response.json()
    assert body["status"] == "success", f"{promql}: {body}"
    return list(body["data"]["result"])


def total(url: str, promql: str) -> float:
    """The sum of an instant query's values; 0.0 when it has none (a counter at zero is absent)."""
    return sum(float(entry["value"][1]) for entry in query(url, promql))


@dataclass
class Receiver:
    """A local HTTP server that keeps what it is sent. It answers "ok", as Slack's incoming webhooks do."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            kept.headers.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
