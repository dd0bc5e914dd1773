"""A report as one HTML file with plots one can read values off; it asks the network for nothing."""

from __future__ import annotations

from importlib.resources import files

import plotly.graph_objects as go
from jinja2 import Environment, StrictUndefined
from plotly.io import to_html

from advisor.core import perf
from advisor.core.choice import Priced
from advisor.core.objective import Latency
from advisor.plan.make import NUM_CURVES, Plan
from advisor.plan.report import Report

HEIGHT_PX = 380
LATENCY_POINTS = 30


def html_of(plan: Plan, report: Report) -> str:
    """The whole page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        files("advisor.plan").joinpath("report.html").read_text(encoding="utf-8")
    )
    figures = [_cost(plan), _price_per_token(plan), *_latencies(plan)] if plan.best_on else []
    plots = [
        # The first brings plotly's script, the others use it.
        to_html(
            figure, full_html=False, include_plotlyjs=index == 0, config={"displaylogo": False}
        )
        for index, figure in enumerate(figures)
    ]
    return template.render(report=report, plots=plots)


def _figure(title: str, x: str, y: str) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        title=title,
        height=HEIGHT_PX,
        template="plotly_white",
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
        hovermode="x unified",
    )
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y, rangemode="tozero")
    return figure


def _cost(plan: Plan) -> go.Figure:
    """$/h against the load: each GPU's knees, and the budget."""
    figure = _figure("Cost against load", "requests/s", "$/h")
    for curve in plan.curves:
        figure.add_scatter(
            x=curve.rates_per_s, y=curve.usd_per_hour, name=curve.label, line={"shape": "vh"}
        )
    figure.add_hline(y=plan.request.budget.usd_per_hour, line_dash="dot", annotation_text="budget")
    figure.add_vline(
        x=plan.workload.requests_per_s, line_dash="dash", annotation_text="planned load"
    )
    return figure


def _price_per_token(plan: Plan) -> go.Figure:
    """$ per million output tokens with every replica at the most it sustains inside the objectives."""
    shown = [one for one in plan.best_on if one.meets_slos][: 2 * NUM_CURVES]
    names = [_label(one) for one in shown]
    prices = [_usd_per_mtok_full(one, plan.workload.osl) for one in shown]
    figure = _figure("$ per million output tokens at full load", "", "$ per million tokens")
    figure.add_bar(x=names, y=prices)
    return figure


def _usd_per_mtok_full(one: Priced, osl: float) -> float:
    tokens_per_s = one.replicas * one.build.inside_slos_per_s * osl
    return one.usd_per_hour / (tokens_per_s * 3600) * 1e6


def _latencies(plan: Plan) -> list[go.Figure]:
    """TTFT and TPOT of one replica against its load, up to what it sustains."""
    ttft = _figure("TTFT of one replica", "requests/s", "ms, mean")
    tpot = _figure("TPOT of one replica", "requests/s", "ms, mean")
    for one in plan.best_on[:NUM_CURVES]:
        rates = [
            one.build.rate_per_s * step / LATENCY_POINTS for step in range(1, LATENCY_POINTS + 1)
        ]
        found = [
            perf.predict(
                one.build.replica,
                requests_per_s=rate,
                isl=plan.workload.isl,
                osl=plan.workload.osl,
                slos=(),
            )
            for rate in rates
        ]
        name = _label(one)
        ttft.add_scatter(x=rates, y=[p and p.ttft_s * 1e3 for p in found], name=name)
        tpot.add_scatter(x=rates, y=[p and p.tpot_s * 1e3 for p in found], name=name)
    for slo in plan.request.slos:
        figure = {Latency.TTFT: ttft, Latency.TPOT: tpot}.get(slo.latency)
        if figure is not None:
            figure.add_hline(y=slo.bound_s * 1e3, line_dash="dot", annotation_text=str(slo))
    return [ttft, tpot]


def _label(one: Priced) -> str:
    replica = one.build.replica
    return f"{replica.tp_degree} x {replica.accelerator.name} a replica"
