"""The advisor's page and its JSON API, both over the last tick. Read-only: nothing here changes anything.

Routes are relative: under Ray Serve the application's route_prefix stands before them, in `advisor run` a mount does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from advisor.tick import Tick
from advisor.web.page import render_page
from advisor.web.render import tick_json

API = "/api/v1"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Health(BaseModel):
    """`ok` while the last tick is fresh and read its metrics."""

    ok: bool
    ticks: int
    problems: list[str]


def create_api(
    ticks: Sequence[Tick], settings: dict[str, Any], data_path: Callable[[], tuple[str, str]]
) -> FastAPI:
    """The ASGI app over a growing sequence of ticks.

    `settings` is the configuration without its secrets; `data_path` says which path tokens take and what the other one
    would give.
    """
    app = FastAPI(
        title="LLM advisor",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # Swagger's page loads its scripts from elsewhere
        redoc_url=None,
        description="What is running, what is measured, what is recommended and why. Base units: seconds, bytes, "
        "dollars per hour; a latency of null was not observed.",
    )

    def last() -> Tick:
        if not ticks:
            raise HTTPException(503, "the advisor has not finished its first round yet")
        return ticks[-1]

    @app.get(f"{API}/tick", summary="The last round, whole")
    def get_tick() -> dict[str, Any]:
        path, comparison = data_path()
        return {**tick_json(last()), "data_path": {"runs": path, "other": comparison}}

    @app.get(
        f"{API}/recommendation", summary="What would be best, the next ones, and why not the rest"
    )
    def get_recommendation() -> dict[str, Any]:
        shown: dict[str, Any] | None = tick_json(last())["recommendation"]
        if shown is None:
            raise HTTPException(404, "no recommendation yet: " + last().decision.reason)
        return shown

    @app.get(f"{API}/history", summary="The last rounds, oldest first")
    def get_history(limit: Annotated[int, Query(ge=1, le=240)] = 60) -> list[dict[str, Any]]:
        return [tick_json(tick) for tick in list(ticks)[-limit:]]

    @app.get(f"{API}/config", summary="The configuration, secrets left out")
    def get_config() -> dict[str, Any]:
        return settings

    @app.get(f"{API}/health", summary="Whether the loop runs and reads its metrics")
    def get_health() -> Health:
        problems = list(ticks[-1].problems) if ticks else ["no round yet"]
        return Health(ok=not problems, ticks=ticks[-1].number if ticks else 0, problems=problems)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def get_page(request: Request) -> HTMLResponse:
        base = request.scope.get("root_path", "").rstrip("/")
        html = render_page(list(ticks), base=base, data_path=data_path(), settings=settings)
        return HTMLResponse(html, headers=SECURITY_HEADERS)

    return app
