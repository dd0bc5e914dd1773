"""The page at /advisor: one tick in words and numbers a person reads, two small plots of the last rounds beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from advisor.tick import Tick
from advisor.web.render import tick_json

REFRESH_S = 5
PLOT_WIDTH, PLOT_HEIGHT = 320, 60


def render_page(
    ticks: Sequence[Tick],
    *,
    base: str,
    data_path: tuple[str, str],
    model: str,
    models: Sequence[Mapping[str, Any]],
    budget: Mapping[str, float],
) -> str:
    """One model's page, with links to the others: HTML without scripts or outside resources; it reloads itself."""
    last = ticks[-1] if ticks else None
    return _template().render(
        tick=tick_json(last) if last else None,
        at=datetime.fromtimestamp(last.at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if last
        else "",
        path=data_path[0],
        comparison=data_path[1],
        base=base,
        refresh_s=REFRESH_S,
        model=model,
        models=models,
        budget=budget,
        plots=[
            (
                "requests/s",
                _points([_value(tick.observation.requests_per_s) for tick in ticks]),
                "{:.2f}",
            ),
            ("TTFT p95, ms", _points([_p95_ms(tick) for tick in ticks]), "{:.0f}"),
        ],
        plot_size=(PLOT_WIDTH, PLOT_HEIGHT),
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(ms=_ms, usd=_usd, seconds=_seconds)
    return environment.from_string(
        files("advisor.web").joinpath("page.html").read_text(encoding="utf-8")
    )


def _value(reading: Any) -> float | None:
    return None if reading is None else float(reading.value)


def _p95_ms(tick: Tick) -> float | None:
    return None if tick.observation.ttft is None else tick.observation.ttft.p95_s * 1e3


def _points(values: Sequence[float | None]) -> tuple[str, float] | None:
    """An SVG polyline's points and the highest value; None with fewer than two values."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return None
    top = max(value for _, value in known) or 1.0
    first, last = known[0][0], known[-1][0]
    points = [
        f"{(index - first) / (last - first) * PLOT_WIDTH:.1f},{PLOT_HEIGHT - value / top * (PLOT_HEIGHT - 4) - 2:.1f}"
        for index, value in known
    ]
    return " ".join(points), top


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "not measured"
    return (
        f"{seconds * 1e3:.1f} ms"
        if seconds < 0.1
        else f"{seconds * 1e3:.0f} ms"
        if seconds < 10
        else f"{seconds:.1f} s"
    )


def _usd(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"
