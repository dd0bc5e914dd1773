"""The advisor as a process of its own, beside any Ray cluster: what `advisor run` does."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from advisor.assemble import assemble
from advisor.config import Config
from advisor.errors import PreflightError
from advisor.loop import AdvisorLoop
from advisor.metrics import PrometheusExporter
from advisor.web.api import create_api
from advisor.web.render import tick_json

COMPARISON = "Which path tokens take is read from Serve; this process is not on it."


def run_once(config: Config, *, as_json: bool) -> None:
    """One round on a fresh start: gauges and, from a Prometheus server, rates. With JSON a line for each model."""
    loop = assemble(config, PrometheusExporter(CollectorRegistry()))
    if not as_json:
        _log_to_stderr()
    for tick in asyncio.run(loop.round()):
        if as_json:
            print(json.dumps(tick_json(tick)))


def serve_forever(config: Config, *, as_json: bool, host: str, port: int) -> None:
    """Until Ctrl-C. PreflightError when the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PreflightError(_why_not(error, host, port)) from None
    if not as_json:
        _log_to_stderr()
    registry = CollectorRegistry()
    loop = assemble(config, PrometheusExporter(registry))
    app = create_app(loop, config, registry, as_json=as_json)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


def _why_not(error: OSError, host: str, port: int) -> str:
    from advisor.ports import holder_of

    if error.errno != errno.EADDRINUSE or (holder := holder_of(port)) is None:
        return f"--port: cannot listen on {host}:{port}: {error.strerror}"
    return f"--port: {host}:{port} is in use by {holder}: stop it, or give another --port"


def create_app(
    loop: AdvisorLoop, config: Config, registry: CollectorRegistry, *, as_json: bool
) -> FastAPI:
    """The page under /advisor, the metrics under /metrics, the loop for as long as the app runs."""

    def data_path() -> tuple[str, str]:
        fleet = loop.ticks[-1].fleet if loop.ticks else None
        return (fleet.data_path if fleet and fleet.data_path else "unknown"), COMPARISON

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        on_tick = (
            (lambda tick: print(json.dumps(tick_json(tick)), flush=True)) if as_json else None
        )
        running = asyncio.create_task(loop.run(stop, on_tick=on_tick))
        yield
        stop.set()
        await running

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.mount("/advisor", create_api(loop.ticks, config.shown(), data_path))

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _log_to_stderr() -> None:
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger("advisor").setLevel(logging.INFO)
