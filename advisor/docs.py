"""docs/metrics.md, written from the metric table: `advisor metrics-doc > docs/metrics.md`."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.metrics import CLIENT_METRICS, NODE_METRICS, TICK_METRICS, Metric

HEAD = """# Metrics

Written by `advisor metrics-doc` from the table in `advisor/metrics.py`.

Under Ray Serve these metrics are served by Ray's own endpoints, one a node, with `ray_` before the name and Ray's labels
(`WorkerId`, `NodeAddress`, `SessionName`) beside ours; Prometheus finds them through `GET :8265/api/prometheus/sd`.
`advisor run` serves the advisor's own at `/metrics`, without the prefix. Three things to know when you query them:

- A counter that is still zero is absent.
- Ray rebuilds a histogram's `_sum` from bucket midpoints: take means from counters, quantiles from `_bucket`.
- One series a process: sum over `WorkerId` before you read a total.
"""


def metrics_markdown() -> str:
    parts = [
        HEAD,
        _section(
            "The client's view",
            "measured by our ASGI middleware, on both data paths",
            CLIENT_METRICS,
        ),
        _section("The node", "read every 5 s by each replica of the model", NODE_METRICS),
        _section(
            "The advisor",
            "set once a round; all from one tick, as the page and the API are",
            TICK_METRICS,
        ),
    ]
    return "\n".join(parts)


def _section(title: str, where: str, metrics: Sequence[Metric]) -> str:
    rows = [
        f"| `{m.name}` | {m.kind} | {m.unit} | {', '.join(f'`{label}`' for label in m.labels)} | {m.meaning} |"
        for m in metrics
    ]
    head = [
        f"## {title}",
        "",
        f"{where.capitalize()}.",
        "",
        "| name | type | unit | labels | meaning |",
    ]
    return "\n".join([*head, "|---|---|---|---|---|", *rows, ""])
