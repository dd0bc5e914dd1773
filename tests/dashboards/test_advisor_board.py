"""The board in the repository is the one its Python makes, shows every metric, and every query finds data."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from prometheus_server import MODEL, RayLikeExporter, ask, eventually, prometheus, serving

from advisor.metrics import (
    ALL_METRICS,
    LEARNED_RATIO,
    NODE_MEMORY_USED,
    PREDICTION_ERROR,
    SLO_MET,
    TICK_SECONDS,
)
from advisor.metrics import OBSERVED_REQUESTS_PER_S as ALSO_SHOWN_FROM_COUNTERS
from dashboards.__main__ import FOLDER
from dashboards.advisor_board import board_json, queries

COMMITTED = (FOLDER / "advisor.json").read_text()
NOT_SHOWN = {
    m.name
    for m in (
        NODE_MEMORY_USED,
        SLO_MET,
        TICK_SECONDS,
        ALSO_SHOWN_FROM_COUNTERS,
        LEARNED_RATIO,  # absent where there is no GPU
        PREDICTION_ERROR,  # absent until the fleet ran what was recommended
    )
}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(COMMITTED)["panels"] if panel["type"] != "row"]


def test_the_committed_board_is_the_one_that_its_python_makes() -> None:
    assert board_json() == COMMITTED, "run `python -m dashboards` and commit what it writes"


def test_every_panel_has_a_number_of_its_own_a_unit_and_a_description() -> None:
    ids = [panel["id"] for panel in json.loads(COMMITTED)["panels"]]
    assert len(ids) == len(set(ids))
    for panel in panels():
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["description"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"


def test_every_metric_of_ours_is_on_the_board_or_left_out_on_purpose() -> None:
    text = "\n".join(queries(COMMITTED))
    missing = {metric.name for metric in ALL_METRICS if metric.name not in text}
    assert missing == NOT_SHOWN


def test_queries_ask_for_both_names_and_leave_no_variable_open() -> None:
    found = queries(COMMITTED, model=MODEL)
    assert len(found) >= 25
    for query in found:
        assert "$" not in query
        assert '__name__=~"(ray_)?' in query
        assert "_sum" not in query, "Ray rebuilds sums from bucket midpoints"


@pytest.mark.prometheus
@pytest.mark.timeout(120)
def test_every_query_of_the_board_finds_data(tmp_path: Path) -> None:
    exporter = RayLikeExporter()
    exporter.work()
    with serving(exporter) as target, prometheus(tmp_path, target) as url:
        unanswered = set(queries(COMMITTED, model=MODEL))

        def all_answered() -> bool:
            exporter.work(1)  # rates need growth between scrapes
            for query in list(unanswered):
                result = ask(url, query)
                if result and all(math.isfinite(float(one["value"][1])) for one in result):
                    unanswered.discard(query)
            return not unanswered

        eventually(all_answered, "every query has an answer")


@pytest.mark.prometheus
@pytest.mark.timeout(120)
def test_another_models_series_are_left_out(tmp_path: Path) -> None:
    exporter = RayLikeExporter()
    exporter.work()
    with serving(exporter) as target, prometheus(tmp_path, target) as url:
        budget = next(query for query in queries(COMMITTED, model=MODEL) if "budget" in query)
        eventually(lambda: ask(url, budget), "the model's budget")
        other = next(query for query in queries(COMMITTED, model="other") if "budget" in query)
        assert ask(url, other) == []
