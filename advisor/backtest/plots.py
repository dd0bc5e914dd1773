"""The contest on one page that needs no network: demand, replicas by policy, misses, and the bill as it grows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from advisor.backtest.bounds import CELL_S
from advisor.backtest.contest import Contest, work_curve
from advisor.backtest.fleet import Run
from advisor.backtest.policies import OURS
from advisor.files import write_text

POINTS = 2000  # a line; more cannot be told apart
TITLES = (
    "Demand: replicas' worth of arriving work",
    "Replicas ready",
    "Requests missed in five minutes",
    "Cost so far, $",
)
OUR_COLOR = "#000000"
COLORS = (
    "#1b6ca8", "#d1495b", "#2e933c", "#e6a019", "#7b4fa3", "#00798c", "#b5651d", "#5c5c5c", "#e377c2", "#17a398",
    "#8c564b", "#9aa81f", "#3d405b", "#f2845c", "#6a994e",
)  # fmt: skip


def write_html(contest: Contest, source: str, file: Path) -> None:
    """Of the first draw. Ours is drawn last and thickest; lines of policies that miss the goal are dotted; a click on a name
    hides its lines."""
    problem, objective = contest.problem, contest.problem.objective
    figure = make_subplots(
        rows=4, cols=1, shared_xaxes=True, subplot_titles=TITLES, vertical_spacing=0.05
    )
    demand = work_curve(problem.trace, problem.model, problem.objective)
    hours = np.arange(len(demand)) * CELL_S / 3600
    keep = _thinned(len(demand))
    figure.add_trace(
        go.Scatter(x=hours[keep], y=demand[keep], name="demand", line={"color": "#888"}),
        row=1,
        col=1,
    )
    trace, conditions = problem.trace, problem.conditions
    named = sorted(enumerate(contest.outcomes), key=lambda one: one[1].policy == OURS)
    for index, outcome in named:
        _add(figure, outcome.policy, outcome.runs[0], COLORS[index % len(COLORS)])
    figure.update_xaxes(title_text="hours of the trace", row=4, col=1)
    figure.update_layout(
        height=1150,
        template="plotly_white",
        title={
            "text": f"{trace.name}: {len(trace):,} requests, cold start {conditions.cold_start_s:g} s",
            "subtitle": {
                "text": f"{source}, ${conditions.usd_per_hour:.2f} per replica and hour; {objective.told}"
            },
        },
        hovermode="x unified",
    )
    write_text(file, figure.to_html(include_plotlyjs=True))


def _add(figure: go.Figure, name: str, run: Run, color: str) -> None:
    ours = name == OURS
    line = {
        "color": OUR_COLOR if ours else color,
        "width": 3.5 if ours else 1.2,
        "dash": "solid" if run.attainment >= run.objective.goal else "dot",
    }
    label = f"{name} ({run.attainment:.1%}, ${run.usd:,.0f})"
    curves = (ready_over_time(run), misses_over_time(run), cost_over_time(run))
    for row, (hours, values) in enumerate(curves, start=2):
        keep = _thinned(len(hours))
        figure.add_trace(
            go.Scatter(
                x=hours[keep],
                y=values[keep],
                name=label,
                legendgroup=name,
                showlegend=row == 2,
                line={**line, "shape": "linear" if row == 4 else "hv"},
            ),
            row=row,
            col=1,
        )


def _thinned(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, max(0, count - 1), min(count, POINTS)).astype(np.int64))


def ready_over_time(run: Run) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return run.at_s / 3600, run.running.astype(np.float64)


def misses_over_time(run: Run) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    window = (run.trace.arrival_s // 300).astype(np.int64)
    missed = np.bincount(window, weights=(~run.good).astype(np.float64))
    return np.arange(len(missed)) / 12, missed.astype(np.float64)


def cost_over_time(run: Run) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sum of what every replica has cost by then, its minimum billed as time passes."""
    at_s = np.linspace(0, run.trace.duration_s, 400)
    ends = run.launched_s + run.billed_s
    spans = [np.clip(now - run.launched_s, 0, ends - run.launched_s).sum() for now in at_s]
    return at_s / 3600, np.asarray(spans) / 3600 * run.conditions.usd_per_hour
