"""What is generated from code and committed is what the code generates."""

import subprocess
import sys
from pathlib import Path

from advisor.docs import metrics_markdown
from advisor.metrics import ALL_METRICS

ROOT = Path(__file__).resolve().parents[2]


def test_the_metrics_page_is_the_one_the_table_generates() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == metrics_markdown()


def test_metric_names_follow_prometheus() -> None:
    names = [metric.name for metric in ALL_METRICS]
    assert len(names) == len(set(names))
    for metric in ALL_METRICS:
        assert metric.name.startswith("advisor_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert list(metric.bounds) == sorted(set(metric.bounds))


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    heavy = [
        "fastapi",
        "uvicorn",
        "slack_sdk",
        "httpx",
        "prometheus_client",
        "pydantic",
        "numpy",
        "ray",
    ]
    code = f"import sys, advisor.cli; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert found.stdout.strip() == "[]"
