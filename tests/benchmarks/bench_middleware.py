"""What the client's view costs per token: an ASGI app that streams events, with the middleware and without, by turns.

    python tests/benchmarks/bench_middleware.py

No engine and no socket: the difference is the middleware's own work, to be set against an engine's time per token.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from advisor.metrics import PrometheusExporter
from serve_apps.middleware import ClientView

TOKENS, REQUESTS, REPETITIONS = 64, 400, 7
EVENT = b'data: {"id":"cmpl-0","object":"text_completion","choices":[{"index":0,"text":" token","logprobs":null}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":64,"total_tokens":128,"completion_tokens":64}}\n\n'
REQUEST = json.dumps(
    {"model": "m", "prompt": "x" * 256, "stream": True, "max_tokens": TOKENS}
).encode()


async def app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(TOKENS):
        await send({"type": "http.response.body", "body": EVENT, "more_body": True})
    await send({"type": "http.response.body", "body": USAGE, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})


async def requests_s(target: Any) -> float:
    scope = {"type": "http", "method": "POST", "path": "/v1/completions", "headers": []}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": REQUEST, "more_body": False}

    async def send(_: Any) -> None:
        return None

    began_s = time.perf_counter()
    for _ in range(REQUESTS):
        await target(dict(scope), receive, send)
    return (time.perf_counter() - began_s) / REQUESTS


def main() -> None:
    view = ClientView(app, exporter=PrometheusExporter(CollectorRegistry()), models=["m"])
    pairs = [
        (asyncio.run(requests_s(app)), asyncio.run(requests_s(view))) for _ in range(REPETITIONS)
    ]
    bare_s, measured_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    table = Table(title=f"{TOKENS} tokens a request, median of {REPETITIONS}")
    for column in ("", "us a request", "us a token"):
        table.add_column(column, justify="right")
    for name, seconds in (
        ("without", bare_s),
        ("with", measured_s),
        ("difference", measured_s - bare_s),
    ):
        table.add_row(name, f"{seconds * 1e6:.1f}", f"{seconds / TOKENS * 1e6:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
