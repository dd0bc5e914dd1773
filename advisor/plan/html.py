"""A report as one HTML file with plots one can read values off; it asks the network for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files

import plotly.graph_objects as go
from jinja2 import Environment, StrictUndefined
from plotly.io import to_html

from advisor.core import perf
from advisor.core.choice import Priced
from advisor.core.objective import Latency, Slo
from advisor.core.recommendation import Prediction
from advisor.plan.make import NUM_CURVES, Plan
from advisor.plan.report import Report
from advisor.plan.shown import ms, span, usd

HEIGHT_PX = 380
LEGEND_ROW_PX = 14  # a narrow screen has a row for each name
# A bound so many times above every curve is told, not drawn: the curves would be flat.
FAR = 10.0
FAR_BUDGET = 4.0
LATENCY_POINTS = 30
LatencyCurve = tuple[str, list[float], list[float | None]]


def html_of(plan: Plan, report: Report) -> str:
    """The whole page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        files("advisor.plan").joinpath("report.html").read_text(encoding="utf-8")
    )
    figures = _figures(plan) if plan.best_on else []
    plots = [
        # The first brings plotly's script, the others use it.
        to_html(
            figure,
            full_html=False,
            include_plotlyjs=index == 0,
            config={"displayModeBar": False, "responsive": True},
        )
        for index, figure in enumerate(figures)
    ]
    return template.render(report=report, plots=plots)


def _figures(plan: Plan) -> list[go.Figure]:
    """What nothing meets has no price per token."""
    able = any(one.meets_slos for one in plan.best_on)
    return [_cost(plan), *([_price_per_token(plan)] if able else []), *_latencies(plan)]


def _figure(title: str, x: str, y: str, *, legend_rows: int = 0) -> go.Figure:
    """The legend stands below, where a narrow screen has room for it."""
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "x": 0.02, "xref": "container"},
        height=HEIGHT_PX + LEGEND_ROW_PX * legend_rows,
        template="plotly_white",
        margin={"l": 50, "r": 12, "t": 50, "b": 50},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "font": {"size": 11}},
    )
    figure.update_xaxes(title=x, rangemode="tozero")
    figure.update_yaxes(title=y, rangemode="tozero", automargin=True)
    return figure


def _cost(plan: Plan) -> go.Figure:
    """$/h against the load: the knees at which each GPU needs one more machine, the planned load, and the budget."""
    curves, cap = plan.curves, plan.request.budget.usd_per_hour
    near = cap <= FAR_BUDGET * max(curve.usd_per_hour[-1] for curve in curves)
    title = "Cost against load" + ("" if near else f", far below the {usd(cap)}/h there are")
    figure = _figure(title, "requests/s", "$/h", legend_rows=len(curves))
    for curve in curves:
        figure.add_scatter(
            x=curve.rates_per_s,
            y=curve.usd_per_hour,
            name=curve.label,
            mode="lines",
            line={"shape": "vh"},
        )
    if near:
        figure.add_hline(
            y=cap,
            line_dash="dot",
            annotation={"text": "budget", "xanchor": "right", "yanchor": "bottom"},
            annotation_position="top right",
        )
    # It never lies in the right half, where the budget has its name.
    figure.add_vline(
        x=plan.workload.requests_per_s,
        line_dash="dash",
        annotation={"text": "planned load", "xanchor": "left", "yanchor": "bottom"},
        annotation_position="top right",
    )
    return figure


def _price_per_token(plan: Plan) -> go.Figure:
    """$ per million output tokens with every replica at the most it sustains inside the objectives."""
    shown = [one for one in plan.best_on if one.meets_slos][: 2 * NUM_CURVES]
    names = [_label(one) for one in shown]
    prices = [_usd_per_mtok_full(one, plan.workload.osl) for one in shown]
    figure = _figure("$ per million output tokens, every replica full", "$", "")
    figure.add_bar(x=prices, y=names, orientation="h")
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(hovermode="closest")
    return figure


def _usd_per_mtok_full(one: Priced, osl: float) -> float:
    tokens_per_s = one.replicas * one.build.inside_slos_per_s * osl
    return one.usd_per_hour / (tokens_per_s * 3600) * 1e6


def _latencies(plan: Plan) -> list[go.Figure]:
    """Of one replica against its load, up to what it sustains: each objective's percentile, else the mean."""
    asked = {slo.latency for slo in plan.request.slos}
    means = [one for one in (Latency.TTFT, Latency.TPOT) if one not in asked]
    return [
        *(_percentile(plan, slo) for slo in plan.request.slos),
        *(_mean(plan, latency) for latency in means),
    ]


def _percentile(plan: Plan, slo: Slo) -> go.Figure:
    """At the percentile that the objective bounds, so that the line is the one it may not cross."""
    curves = _by_load(plan, (slo,), lambda found: found.slo_values_s[0])
    near = slo.bound_s <= FAR * _most_s(curves)
    title = f"{slo.latency.upper()} p{slo.percentile:g} of one replica"
    title += "" if near else f", far below {span(slo.bound_s)}"
    figure = _lines(title, f"p{slo.percentile:g}", curves)
    if near:
        figure.add_hline(
            y=slo.bound_s * _unit(curves)[1],
            line_dash="dot",
            annotation={"text": f"objective: {ms(slo.bound_s)}", "yanchor": "bottom"},
            annotation_position="top left",
        )
    return figure


def _mean(plan: Plan, latency: Latency) -> go.Figure:
    curves = _by_load(
        plan, (), lambda found: found.ttft_s if latency is Latency.TTFT else found.tpot_s
    )
    return _lines(f"{latency.upper()} of one replica, on average", "mean", curves)


def _by_load(
    plan: Plan, slos: tuple[Slo, ...], told: Callable[[Prediction], float]
) -> list[LatencyCurve]:
    """(name, requests/s, seconds) of each of the first builds."""
    curves = []
    for one in plan.best_on[:NUM_CURVES]:
        most = one.build.rate_per_s
        rates = [most * step / LATENCY_POINTS for step in range(1, LATENCY_POINTS + 1)]
        found = [
            perf.predict(
                one.build.replica,
                requests_per_s=rate,
                isl=plan.workload.isl,
                osl=plan.workload.osl,
                slos=slos,
            )
            for rate in rates
        ]
        curves.append((_label(one), rates, [None if p is None else told(p) for p in found]))
    return curves


def _lines(title: str, what: str, curves: Sequence[LatencyCurve]) -> go.Figure:
    unit, per_s = _unit(curves)
    figure = _figure(title, "requests/s", f"{unit}, {what}", legend_rows=len(curves))
    for name, rates, seconds in curves:
        shown = [None if s is None else s * per_s for s in seconds]
        figure.add_scatter(x=rates, y=shown, name=name, mode="lines")
    return figure


def _most_s(curves: Sequence[LatencyCurve]) -> float:
    return max((s for _, _, seconds in curves for s in seconds if s is not None), default=0.0)


def _unit(curves: Sequence[LatencyCurve]) -> tuple[str, float]:
    """Seconds where milliseconds would have five digits; and how many of them a second has."""
    return ("s", 1.0) if _most_s(curves) >= 10 else ("ms", 1e3)


def _label(one: Priced) -> str:
    replica = one.build.replica
    return f"{replica.tp_degree} x {replica.accelerator.name}"
