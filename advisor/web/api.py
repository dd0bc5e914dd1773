"""The advisor's page and its JSON API, both over the last tick of a model. Read-only: nothing here changes anything.

Of several models `?model=` says which is meant; without it it is the first one of the configuration.

Routes are relative: under Ray Serve the application's route_prefix stands before them, in `advisor run` a mount does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from advisor.core.claims import key_of
from advisor.tick import Tick
from advisor.web.page import render_page
from advisor.web.render import plain, tick_json

API = "/api/v1"
Name = Annotated[str | None, Query(description="Of which model; without it, of the first.")]
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Health(BaseModel):
    """`ok` while the last round read the metrics of every model."""

    ok: bool
    ticks: int
    problems: list[str]


class OneModel(BaseModel):
    """A model of the configuration: what is decided, what is recommended, and its part of the budget."""

    model: str
    action: str | None
    reason: str | None
    recommended: str | None
    usd_per_hour: float | None
    share: dict[str, Any] | None


def create_api(
    ticks: Sequence[Tick], settings: dict[str, Any], data_path: Callable[[], tuple[str, str]]
) -> FastAPI:
    """The ASGI app over a growing sequence of ticks, of all models.

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
    models = models_of(settings)

    def chosen(model: str | None) -> str:
        if model is not None and model not in models:
            raise HTTPException(404, f"no model {model!r}; there are {', '.join(models)}")
        return models[0] if model is None else model

    def of(model: str | None) -> list[Tick]:
        name = chosen(model)
        return [tick for tick in list(ticks) if tick.model == name]

    def last(model: str | None) -> Tick:
        if not (own := of(model)):
            raise HTTPException(503, "the advisor has not finished its first round yet")
        return own[-1]

    @app.get(f"{API}/tick", summary="The last round, whole")
    def get_tick(model: Name = None) -> dict[str, Any]:
        path, comparison = data_path()
        return {**tick_json(last(model)), "data_path": {"runs": path, "other": comparison}}

    @app.get(
        f"{API}/recommendation", summary="What would be best, the next ones, and why not the rest"
    )
    def get_recommendation(model: Name = None) -> dict[str, Any]:
        shown: dict[str, Any] | None = tick_json(last(model))["recommendation"]
        if shown is None:
            raise HTTPException(404, "no recommendation yet: " + last(model).decision.reason)
        return shown

    @app.get(f"{API}/history", summary="The last rounds, oldest first")
    def get_history(
        limit: Annotated[int, Query(ge=1, le=240)] = 60, model: Name = None
    ) -> list[dict[str, Any]]:
        return [tick_json(tick) for tick in of(model)[-limit:]]

    @app.get(f"{API}/models", summary="Every model, and its part of the budget")
    def get_models() -> list[OneModel]:
        return [_one(model, of(model)) for model in models]

    @app.get(f"{API}/config", summary="The configuration, secrets left out")
    def get_config() -> dict[str, Any]:
        return settings

    @app.get(f"{API}/health", summary="Whether the loop runs and reads its metrics")
    def get_health() -> Health:
        newest = [own[-1] for model in models if (own := of(model))]
        problems = [
            problem if len(models) == 1 else f"{tick.model}: {problem}"
            for tick in newest
            for problem in tick.problems
        ]
        if not newest:
            problems = ["no round yet"]
        return Health(ok=not problems, ticks=newest[-1].number if newest else 0, problems=problems)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def get_page(request: Request, model: Name = None) -> HTMLResponse:
        base = request.scope.get("root_path", "").rstrip("/")
        html = render_page(
            of(model),
            base=base,
            data_path=data_path(),
            model=chosen(model),
            models=[_one(name, of(name)).model_dump() for name in models],
            budget=settings.get("budget", {}),
        )
        return HTMLResponse(html, headers=SECURITY_HEADERS)

    return app


def models_of(settings: Mapping[str, Any]) -> list[str]:
    """The names of the models in a configuration as it is shown."""
    several = settings.get("models")
    return [settings["model"]] if several is None else [entry["model"] for entry in several]


def _one(model: str, ticks: Sequence[Tick]) -> OneModel:
    last = ticks[-1] if ticks else None
    best = last.recommendation.best if last and last.recommendation else None
    return OneModel(
        model=model,
        action=last.decision.action.value if last else None,
        reason=last.decision.reason if last else None,
        recommended=f"{key_of(best)}, {best.mode.value}" if best else None,
        usd_per_hour=best.usd_per_hour if best else None,
        share=plain(last.share) if last else None,
    )
