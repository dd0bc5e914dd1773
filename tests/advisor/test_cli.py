"""The command as a shell sees it: exit status, one line on stderr, JSON on stdout."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 512, "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 128, "max_position_embeddings": 2048,
    "tie_word_embeddings": True, "torch_dtype": "bfloat16",
}  # fmt: skip


def advisor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(TINY))
    return tmp_path


def test_an_unreachable_prometheus_is_a_hold_that_says_so(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "advisor.yaml"
    nowhere = f"http://127.0.0.1:{closed_port()}"
    file.write_text(
        f"budget: 100/month\nmodel: tiny\nmodel_source: {model}\nslo: [{{latency: ttft, at_most: 1s}}]\n"
        f"prometheus_url: {nowhere}\nray_dashboard_url: {nowhere}\n"
    )
    done = advisor("run", str(file), "--once", "--json")
    assert done.returncode == 0, done.stderr
    tick = json.loads(done.stdout)
    assert tick["decision"]["action"] == "hold"
    assert "cannot be reached" in tick["problems"][0]


def test_a_mistake_is_one_line_with_status_2(tmp_path: Path) -> None:
    file = tmp_path / "advisor.yaml"
    file.write_text("model: tiny\nslo: [{latency: ttft, at_most: 1s}]\n")
    done = advisor("check", str(file))
    assert done.returncode == 2
    assert done.stderr == f"error: {file}: budget: required, for example: budget: 5000/month\n"


def test_importing_the_command_brings_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "statsmodels", "plotly", "pandas", "fastapi", "httpx", "rich.table")
    code = f"import sys, advisor.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
