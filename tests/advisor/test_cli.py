"""The command as a shell sees it: exit status, one line on stderr, JSON on stdout."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml

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


def config(folder: Path, *more: str) -> Path:
    """A configuration of the tiny model that is right but for what a test adds."""
    file = folder / "advisor.yaml"
    nowhere = f"http://127.0.0.1:{closed_port()}"
    lines = (
        "budget: 100/month", "model: tiny", f"model_source: {folder}", "slo: [{latency: ttft, at_most: 1s}]",
        f"prometheus_url: {nowhere}", f"ray_dashboard_url: {nowhere}", *more,
    )  # fmt: skip
    file.write_text("\n".join(lines))
    return file


def test_who_holds_the_port_is_named(model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = advisor("run", str(config(model)), "--port", str(port))
    assert done.returncode == 2
    assert done.stderr == (
        f"error: --port: 127.0.0.1:{port} is in use by {psutil.Process().name()} (pid {os.getpid()}): "
        "stop it, or give another --port\n"
    )


@pytest.mark.parametrize(
    ("journal", "says"),
    [
        ("nowhere/x/j.db", "there is no folder {folder}/nowhere/x"),
        ("config.json/j.db", "there is no folder {folder}/config.json"),
        (".", "is a directory"),
        ("config.json", "is something else, no journal"),
        ("j" * 300, "File name too long"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("run", "--once", "--json")])
def test_a_journal_that_cannot_be_kept_is_refused_before_anything_starts(
    model: Path, command: tuple[str, ...], journal: str, says: str
) -> None:
    place = model / journal
    file = config(model, f"journal: {place}")
    before = sorted(model.rglob("*"))
    done = advisor(*command, str(file))
    assert done.returncode == 2
    assert done.stderr == f"error: {file}: journal: {place}: {says.format(folder=model)}\n"
    assert done.stdout == ""
    assert sorted(model.rglob("*")) == before


def test_check_says_what_of_a_serve_file_it_did_not_check(model: Path) -> None:
    alone = config(model)
    fields = yaml.safe_load(alone.read_text())
    served = model / "serve.yaml"
    app = {"name": "advisor", "import_path": "serve_apps.advisor:build_app", "args": fields}
    served.write_text(yaml.safe_dump({"applications": [app]}))
    assert "not checked" not in advisor("check", str(alone)).stdout
    said = advisor("check", str(served))
    assert said.returncode == 0, said.stderr
    assert "not checked: engine arguments" in said.stdout
    assert f"python -m serve_apps.check {served}" in said.stdout


def test_check_leaves_the_journal_to_the_run(model: Path) -> None:
    file = config(model, f"journal: {model / 'j.db'}")
    assert advisor("check", str(file)).returncode == 0
    assert not (model / "j.db").exists()
    assert advisor("run", str(file), "--once", "--json").returncode == 0
    assert (model / "j.db").is_file()
    assert advisor("check", str(file)).returncode == 0


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("prometheus_token_env: NOT_SET_HERE", "prometheus_token_env"),
        ("notify: {webhook: {url: 'http://x', secret_env: NOT_SET_HERE}}", "notify.webhook.secret_env"),
        ("notify: {slack: {url_env: NOT_SET_HERE}}", "notify.slack.url_env"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", [("check",), ("run", "--once")])
def test_a_secret_that_is_not_set_is_refused(
    model: Path, command: tuple[str, ...], line: str, field: str
) -> None:
    file = config(model, line)
    done = advisor(*command, str(file))
    assert done.returncode == 2
    assert (
        done.stderr
        == f"error: {file}: {field}: the environment variable NOT_SET_HERE is not set\n"
    )


def test_a_secret_that_is_set_is_taken(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_HERE", "a-token")
    assert advisor("check", str(config(model, "prometheus_token_env: SET_HERE"))).returncode == 0


def test_importing_the_command_brings_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "plotly", "pandas", "fastapi", "httpx", "rich.table")
    code = f"import sys, advisor.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        ((2049, 1), "expected.isl: 2049 tokens, the model's context is 2048"),
        ((2000, 49), "expected: isl + osl are 2049 tokens, the model's context is 2048"),
        ((2000, 48), None),
    ],
)
def test_requests_beyond_the_models_context_are_no_load_to_expect(
    model: Path, lengths: tuple[int, int], says: str | None
) -> None:
    isl, osl = lengths
    file = config(model, f"expected: {{requests_per_s: 1, isl: {isl}, osl: {osl}}}")
    done = advisor("check", str(file))
    assert done.returncode == (0 if says is None else 2)
    assert done.stderr == ("" if says is None else f"error: {file}: {says}\n")


@pytest.mark.parametrize("name", ["''", "'  '", '"\\t"'])
@pytest.mark.parametrize("field", ["model", "model_source"])
def test_a_blank_name_is_none(model: Path, field: str, name: str) -> None:
    file = config(model)
    lines = [line for line in file.read_text().splitlines() if not line.startswith(f"{field}:")]
    file.write_text("\n".join([*lines, f"{field}: {name}"]))
    done = advisor("check", str(file))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {file}: {field}: ")


def test_a_relative_path_counts_from_its_file(model: Path) -> None:
    file = config(model, "journal: j.db")
    done = advisor("check", str(file))  # from another folder
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f", journal {model / 'j.db'}\n")


def test_a_replica_of_serve_has_no_folder_to_count_from(model: Path) -> None:
    fields = yaml.safe_load(config(model).read_text()) | {"journal": "j.db", "prices": "own.yaml"}
    file = model / "serve.yaml"
    application = {"import_path": "serve_apps.advisor:build_app", "args": fields}
    file.write_text(yaml.safe_dump({"applications": [application]}))
    done = advisor("check", str(file))
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert [line.split(": ")[2] for line in said] == ["prices", "journal"]
    assert all(
        "is relative, and a replica of Serve has a folder of its own" in line for line in said
    )
