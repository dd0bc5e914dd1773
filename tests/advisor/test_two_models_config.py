"""serve_apps/configs/two_models.yaml: both models are served, sized and watched, and a mistake names its entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_cli import TINY, advisor, closed_port

from advisor.config import load_config
from advisor.errors import ConfigError
from serve_apps import check

FILE = Path(__file__).resolve().parents[2] / "serve_apps" / "configs" / "two_models.yaml"
NAMES = ["smollm2-chat", "smollm2-bulk"]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """The file with a tiny model in place of the one that has to be prepared first, and nobody to ask."""
    (tmp_path / "config.json").write_text(json.dumps(TINY))
    config = yaml.safe_load(FILE.read_text())
    for app in config["applications"][:2]:
        app["args"]["llm_configs"][0]["model_loading_config"]["model_source"] = str(tmp_path)
    args = config["applications"][2]["args"]
    args["ray_dashboard_url"] = args["prometheus_url"] = f"http://127.0.0.1:{closed_port()}"
    for entry in args["models"]:
        entry["model_source"] = str(tmp_path)
    return written(tmp_path, config)


def written(folder: Path, config: Any) -> Path:
    file = folder / "two.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


def test_the_file_has_two_applications_and_one_advisor_of_both() -> None:
    config = load_config(FILE)
    assert [one.model for one in config.each()] == NAMES
    assert config.weights() == {"smollm2-chat": 3.0, "smollm2-bulk": 1.0}
    file = check.load(FILE)
    apps = check.applications(file, check.LLM_APP)
    prefixes = [app["route_prefix"] for app in file["applications"]]
    assert len(set(prefixes)) == len(prefixes) == 3
    for app, name in zip(apps, NAMES, strict=True):
        [llm_config] = app["args"]["llm_configs"]
        assert llm_config["model_loading_config"]["model_id"] == name
        assert app["deployments"][0]["name"] == f"LLMServer:{name}"
        bundles = llm_config["placement_group_config"]["bundles"]
        assert sum(bundle["CPU"] for bundle in bundles) <= 0.5, "two cores must do for all"


def test_all_that_can_be_checked_without_ray_is_right(two: Path) -> None:
    config = check.load(two)
    check._check_applications(config, two)
    check._check_advisors(config, two, here=True)


def test_a_model_that_nobody_serves_is_named_with_its_entry(two: Path) -> None:
    config = yaml.safe_load(two.read_text())
    config["applications"][2]["args"]["models"][1]["model"] = "smollm3-bulk"
    file = written(two.parent, config)
    with pytest.raises(
        ConfigError, match=r"models\.1\.model: no application serves 'smollm3-bulk'"
    ):
        check._check_advisors(check.load(file), file, here=False)


def test_the_commands_take_both(two: Path) -> None:
    done = advisor("check", str(two))
    assert done.returncode == 0, done.stderr
    assert all(f"{name}, " in done.stdout for name in NAMES)
    done = advisor("run", str(two), "--once", "--json")
    assert done.returncode == 0, done.stderr
    ticks = [json.loads(line) for line in done.stdout.splitlines()]
    assert [tick["model"] for tick in ticks] == NAMES
    assert all(tick["share"]["keeps"] for tick in ticks)


def test_a_model_that_cannot_be_sized_is_named_with_its_entry(two: Path) -> None:
    config = yaml.safe_load(two.read_text())
    config["applications"][2]["args"]["models"][1]["model_source"] = "/nowhere"
    file = written(two.parent, config)
    for command in ("check", "run"):
        done = advisor(command, str(file))
        assert done.returncode == 2
        assert "models.1.model_source: " in done.stderr
