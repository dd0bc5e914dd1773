"""The first Grafana board: what the client gets, what the hardware does, what the advisor says of both.

Under Ray Serve every metric arrives as `ray_advisor_*`, from `advisor run` as `advisor_*`: each query asks for either
name. Percentiles are read from buckets only, since Ray rebuilds a histogram's sum from bucket midpoints.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as dashboard_model

from advisor import metrics
from advisor.metrics import Metric

RATE_WINDOW = "$__rate_interval"
PERCENTILES = (50, 95, 99)
VARIABLES = {RATE_WINDOW: "1m", "$__interval": "15s", "$__range": "1h"}
DATASOURCE = dashboard_model.DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One query of a panel and how its series are called."""

    expr: str
    legend: str
    is_bound: bool = False  # drawn dashed: an objective, a cap, a plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    title: str
    description: str
    unit: str
    lines: Sequence[Line]


def series(metric: Metric | str, *matchers: str) -> str:
    """A selector for the metric under either name, of the chosen models unless it has no such label."""
    if isinstance(metric, Metric):
        name, labels = metric.name, metric.labels
        if metric.kind is metrics.Kind.HISTOGRAM:
            name += "_bucket"
    else:
        name, labels = metric, ("model_name",)
    model = next(
        (f'{label}=~"$model"' for label in ("model", "model_name") if label in labels), None
    )
    every = [f'__name__=~"(ray_)?{name}"', *([model] if model else []), *matchers]
    return "{" + ", ".join(every) + "}"


def per_second(metric: Metric, by: str) -> str:
    return f"sum by ({by}) (rate({series(metric)}[{RATE_WINDOW}]))"


def largest(metric: Metric | str, by: str, *matchers: str) -> str:
    """Gauges that several processes may report: the largest, so that a restart does not show twice."""
    return f"max by ({by}) ({series(metric, *matchers)})"


def percentiles(metric: Metric, latency: str) -> list[Line]:
    """The measured percentiles, and the objective's bound as a dashed line."""
    buckets = f"sum by (le, model) (rate({series(metric)}[{RATE_WINDOW}]))"
    bound = largest(metrics.SLO_BOUND, "model, percentile", f'latency="{latency}"')
    return [
        *(
            Line(expr=f"histogram_quantile({p / 100:g}, {buckets})", legend=f"p{p} {{{{model}}}}")
            for p in PERCENTILES
        ),
        Line(expr=bound, legend="objective p{{percentile}} {{model}}", is_bound=True),
    ]


CLIENT_PANELS = (
    Panel(
        title="Tokens per second",
        description="Prompt and generated tokens of finished requests, as the engine counted them.",
        unit="short",
        lines=(
            Line(expr=per_second(metrics.OUTPUT_TOKENS, "model"), legend="out {{model}}"),
            Line(expr=per_second(metrics.INPUT_TOKENS, "model"), legend="in {{model}}"),
        ),
    ),
    Panel(
        title="Requests per second",
        description="Finished requests by outcome, and the demand that replicas are counted for.",
        unit="reqps",
        lines=(
            Line(
                expr=per_second(metrics.REQUESTS, "model, outcome"), legend="{{outcome}} {{model}}"
            ),
            Line(
                expr=largest(metrics.PLANNED_REQUESTS_PER_S, "model"),
                legend="planned for {{model}}",
                is_bound=True,
            ),
        ),
    ),
    Panel(
        title="Time to first token",
        description=metrics.TTFT.meaning,
        unit="s",
        lines=percentiles(metrics.TTFT, "ttft"),
    ),
    Panel(
        title="Time per output token",
        description=metrics.TPOT.meaning,
        unit="s",
        lines=percentiles(metrics.TPOT, "tpot"),
    ),
    Panel(
        title="End-to-end latency",
        description=metrics.E2E.meaning,
        unit="s",
        lines=percentiles(metrics.E2E, "e2e"),
    ),
    Panel(
        title="Wait before the replica",
        description=metrics.WAIT_BEFORE_REPLICA.meaning,
        unit="s",
        lines=(Line(expr=largest(metrics.WAIT_BEFORE_REPLICA, "model"), legend="{{model}}"),),
    ),
)
ENGINE_PANELS = (
    Panel(
        title="Utilisation per node",
        description=metrics.NODE_UTILIZATION.meaning
        + " A busy engine keeps a GPU near 1 whatever it achieves.",
        unit="percentunit",
        lines=(
            Line(
                expr=largest(metrics.NODE_UTILIZATION, "node, device"),
                legend="{{node}} {{device}}",
            ),
        ),
    ),
    Panel(
        title="KV cache in use",
        description="Share of the engine's KV cache that holds tokens, of the fullest and the mean replica.",
        unit="percentunit",
        lines=(
            Line(
                expr=largest("vllm_kv_cache_usage_perc", "model_name"),
                legend="fullest {{model_name}}",
            ),
            Line(
                expr=f"avg by (model_name) ({series('vllm_kv_cache_usage_perc')})",
                legend="mean {{model_name}}",
            ),
        ),
    ),
    Panel(
        title="Requests in flight and waiting",
        description="In flight from the client's side; running and waiting inside the engines.",
        unit="short",
        lines=(
            Line(
                expr=f"sum by (model) ({series(metrics.REQUESTS_IN_FLIGHT)})",
                legend="in flight {{model}}",
            ),
            Line(
                expr=f"sum by (model_name) ({series('vllm_num_requests_running')})",
                legend="running {{model_name}}",
            ),
            Line(
                expr=f"sum by (model_name) ({series('vllm_num_requests_waiting')})",
                legend="waiting {{model_name}}",
            ),
        ),
    ),
)
ADVICE_PANELS = (
    Panel(
        title="Replicas: recommended, needed and actual",
        description="The recommended count is for the recommended hardware, which the panel beside names; the needed one "
        "for what runs.",
        unit="short",
        lines=(
            Line(expr=largest(metrics.ACTUAL_REPLICAS, "model"), legend="actual {{model}}"),
            Line(expr=largest(metrics.NEEDED_REPLICAS, "model"), legend="needed {{model}}"),
            Line(
                expr=largest(metrics.RECOMMENDED_REPLICAS, "model"),
                legend="recommended {{model}}",
                is_bound=True,
            ),
            Line(
                expr=largest(metrics.RECOMMENDED_SPOT_REPLICAS, "model"),
                legend="of those on spot {{model}}",
            ),
        ),
    ),
    Panel(
        title="Recommendation in force",
        description=metrics.RECOMMENDATION.meaning,
        unit="short",
        lines=(
            Line(
                expr=largest(
                    metrics.RECOMMENDATION,
                    "model, accelerator, tp_degree, mode, provider, capacity_type",
                ),
                legend="{{tp_degree}} x {{accelerator}}, {{mode}}, {{provider}} {{capacity_type}}, {{model}}",
            ),
            Line(
                expr=largest(metrics.FEASIBLE, "model"), legend="feasible {{model}}", is_bound=True
            ),
        ),
    ),
    Panel(
        title="Dollars per hour",
        description="What the recommendation costs, all replicas together, and the budget's cap.",
        unit="currencyUSD",
        lines=(
            Line(
                expr=largest(metrics.RECOMMENDED_USD_PER_HOUR, "model"),
                legend="recommended {{model}}",
            ),
            Line(
                expr=largest(metrics.BUDGET_USD_PER_HOUR, "model"),
                legend="budget {{model}}",
                is_bound=True,
            ),
        ),
    ),
    Panel(
        title="Shares of one budget",
        description="Where several models share a budget: what each may cost now, what it would take alone, and the cap. "
        "Dashed above solid: that model is cut.",
        unit="currencyUSD",
        lines=(
            Line(expr=largest(metrics.SHARE_USD_PER_HOUR, "model"), legend="share {{model}}"),
            Line(
                expr=largest(metrics.SHARE_WISH_USD_PER_HOUR, "model"),
                legend="alone {{model}}",
                is_bound=True,
            ),
            Line(expr=f"max ({series(metrics.BUDGET_USD_PER_HOUR)})", legend="cap", is_bound=True),
        ),
    ),
    Panel(
        title="Left short by the shared budget",
        description=metrics.SHARE_SHORTFALL.meaning,
        unit="percentunit",
        lines=(Line(expr=largest(metrics.SHARE_SHORTFALL, "model"), legend="{{model}}"),),
    ),
    Panel(
        title="Latency: predicted and observed",
        description="Predicted is the mean expected of the recommended hardware, which need not be the one that runs; "
        "observed is the percentile of each objective.",
        unit="s",
        lines=(
            Line(
                expr=largest(metrics.OBSERVED_LATENCY, "model, latency, percentile"),
                legend="observed {{latency}} p{{percentile}} {{model}}",
            ),
            Line(
                expr=largest(metrics.PREDICTED_LATENCY, "model, latency"),
                legend="predicted {{latency}} {{model}}",
                is_bound=True,
            ),
        ),
    ),
    Panel(
        title="Age of what the advisor knows",
        description=metrics.OBSERVATION_AGE.meaning,
        unit="s",
        lines=(Line(expr=largest(metrics.OBSERVATION_AGE, "model"), legend="{{model}}"),),
    ),
    Panel(
        title="What the advisor decided",
        description="Rounds per second by decision; messages sent per second by notifier and outcome.",
        unit="short",
        lines=(
            Line(expr=per_second(metrics.TICKS, "model, action"), legend="{{action}} {{model}}"),
            Line(
                expr=per_second(metrics.NOTIFICATIONS, "notifier, outcome"),
                legend="{{notifier}} {{outcome}}",
            ),
        ),
    ),
)
ROWS = (
    ("What the client gets", CLIENT_PANELS),
    ("What the engines do", ENGINE_PANELS),
    ("What the advisor says", ADVICE_PANELS),
)


def board() -> dashboard_model.Dashboard:
    made = (
        dashboard.Dashboard("LLM advisor")
        .uid("llm-advisor")
        .description(
            "Models behind Ray Serve and vLLM: latency, load, utilisation, and what hardware it needs."
        )
        .tags(["llm", "vllm", "ray-serve"])
        .time("now-1h", "now")
        .refresh("15s")
        .timezone("browser")
        .tooltip(dashboard_model.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
        .with_variable(
            dashboard.QueryVariable("model")
            .label("Model")
            .datasource(DATASOURCE)
            .query(
                'label_values({__name__=~"(ray_)?advisor_(requests_in_flight|budget_usd_per_hour)"}, model)'
            )
            .refresh(dashboard_model.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .multi(True)
            .include_all(True)
        )
    )
    ids = itertools.count(1)
    for title, panels in ROWS:
        made = made.with_row(dashboard.Row(title).id(next(ids)))
        for panel in panels:
            made = made.with_panel(_panel(panel).id(next(ids)))
    return made.build()


def _panel(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .min(0)
        .span(8)
        .height(8)
        .fill_opacity(8)
        .show_points(common_model.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(common_model.LegendDisplayMode.LIST)
            .placement(common_model.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    for index, line in enumerate(panel.lines):
        ref = chr(ord("A") + index)
        made = made.with_target(
            prometheus.Dataquery().expr(line.expr).legend_format(line.legend).range().ref_id(ref)
        )
        if line.is_bound:
            dashed = {"fill": "dash", "dash": [8, 6]}
            made = made.override_by_query(
                ref,
                [
                    dashboard_model.DynamicConfigValue(id_val="custom.lineStyle", value=dashed),
                    dashboard_model.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
                ],
            )
    return made


def board_json() -> str:
    """The file that Grafana imports."""
    return JSONEncoder(sort_keys=True, indent=2).encode(board()) + "\n"


def queries(
    board_json: str, *, model: str = ".*", variables: Mapping[str, str] = VARIABLES
) -> list[str]:
    """Every PromQL expression of a board, its variables filled in as Grafana would: `model` as a regular expression."""
    values = {**variables, "$model": model, "${model}": model}
    names = re.compile("|".join(re.escape(name) for name in sorted(values, key=len, reverse=True)))
    return [
        names.sub(lambda found: values[found[0]], expr)
        for expr in dict.fromkeys(_expressions(json.loads(board_json)))
    ]


def _expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _expressions(child)
