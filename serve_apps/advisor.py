"""The advisor as an application of its own: rebuilding the LLM application never stops it, and Serve restarts it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from ray import serve

from advisor.assemble import assemble
from advisor.config import parse_config
from advisor.web.api import create_api
from serve_apps.exporter import RayExporter
from serve_apps.paths import data_path

WHERE = "the advisor's args"


def _paths() -> tuple[str, str]:
    path = data_path()
    return path.value, path.comparison


class Advisor:
    """One replica: the loop in the background, its page and API in front."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        logging.getLogger("advisor").parent = logging.getLogger("ray.serve")
        self._config = parse_config(args, where=WHERE)
        exporter = RayExporter()
        self._loop = assemble(self._config, exporter)
        self._stop = asyncio.Event()
        tasks = asyncio.get_running_loop()
        self._task = tasks.create_task(self._loop.run(self._stop))
        self._refresh = tasks.create_task(exporter.keep_gauges_alive())

    async def __serve_build_asgi_app__(self) -> Any:
        return create_api(self._loop.ticks, self._config.shown(), _paths)

    async def check_health(self) -> None:
        """Serve asks every few seconds and replaces the replica when this raises."""
        if self._task.done() and not self._stop.is_set():
            self._task.result()
            raise RuntimeError("the advisor's loop has ended")

    async def __del__(self) -> None:
        self._stop.set()
        self._refresh.cancel()
        await asyncio.wait([self._task], timeout=5)


def build_app(args: Mapping[str, Any]) -> serve.Application:
    """The application of a `serve run` file's `args`: an AdvisorConfig. ConfigError when they are wrong."""
    parse_config(args, where=WHERE)
    deployment = serve.deployment(
        serve.ingress()(Advisor),
        name="Advisor",
        num_replicas=1,
        max_ongoing_requests=32,
        ray_actor_options={"num_cpus": 0.1},
        health_check_period_s=5,
        graceful_shutdown_timeout_s=10,
    )
    return deployment.bind(dict(args))
