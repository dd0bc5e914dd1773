"""What `advisor plan --write` writes is what Serve, ray.serve.llm, vLLM and the advisor take; a batch plan is a job.

No GPU is needed: the launcher's own check reads the file as `make serve` would, and vLLM's argument class gets the engine's
settings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT

from advisor.config import load_config
from advisor.errors import ConfigError
from serve_apps import check

pytestmark = [pytest.mark.serve, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]

OWN = """\
owned:
  - {name: rack, accelerator: H100-SXM-80GB, count: 8, machines: 2, purchase_usd: 260000, months: 36}
"""
PLANS: dict[str, list[str]] = {
    "one small card": ["Qwen/Qwen3-8B", "--gpu", "L4-24GB", "--rate", "0.2"],
    "four of eight cards": ["meta-llama/Llama-3.1-70B-Instruct", "--gpu", "H100-SXM-80GB", "--rate", "20"],
    "quantised while loading": ["Qwen/Qwen3-8B", "--gpu", "RTX5090-32GB", "--quantization", "fp8", "--rate", "40"],
    "a quantised checkpoint": ["openai/gpt-oss-120b", "--gpu", "H200-SXM-141GB"],
    "latent attention": ["deepseek-ai/DeepSeek-V3.2", "--gpu", "B200-SXM-180GB", "--rate", "5"],
    "no Ray accelerator type": ["Qwen/Qwen3-8B", "--gpu", "RTX5090-32GB"],
    "whole experts": ["Qwen/Qwen3-235B-A22B-FP8", "--gpu", "H100-SXM-80GB", "--rate", "13"],
    "AMD": ["meta-llama/Llama-3.1-70B-Instruct", "--gpu", "MI300X-192GB"],
    "from zero": ["Qwen/Qwen3-8B", "--gpu", "A10G-24GB", "--mode", "scale-to-zero", "--provider", "aws", "--spot"],
    "any percentile": ["Qwen/Qwen3-8B", "--slo", "e2e p99.9 60s", "--slo", "ttft p50 1500ms", "--max-replicas", "3"],
}  # fmt: skip


def plan(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "advisor", "plan", *arguments, "--budget", "100000/month"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


def written(file: Path, *arguments: str) -> dict[str, Any]:
    done = plan(*arguments, "--write", str(file), "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["recommendation"]["best"])


@pytest.mark.parametrize("name", PLANS)
def test_a_written_config_is_taken_by_everyone_and_says_what_the_plan_says(
    name: str, tmp_path: Path
) -> None:
    from vllm.engine.arg_utils import AsyncEngineArgs

    file = tmp_path / "config.yaml"
    best = written(file, *PLANS[name])
    check.check(file)
    assert "&id" not in file.read_text(), "no YAML aliases: people edit this file"
    llm = yaml.safe_load(file.read_text())["applications"][0]
    config = llm["args"]["llm_configs"][0]
    bundles = config["placement_group_config"]["bundles"]
    assert len(bundles) == best["tp_degree"]
    assert all(bundle["GPU"] == 1 for bundle in bundles)
    engine = config["engine_kwargs"]
    assert engine.get("tensor_parallel_size", 1) == best["tp_degree"]
    assert engine.get("enable_expert_parallel", False) == best["expert_parallel"]
    assert best["expert_parallel"] == (name == "whole experts")
    assert (engine.get("quantization") == "fp8") == (name == "quantised while loading")
    taken = AsyncEngineArgs(model=config["model_loading_config"]["model_source"], **engine)
    assert taken.enable_expert_parallel == best["expert_parallel"]
    assert taken.max_num_seqs >= best["prediction"]["batch"]
    (override,) = llm["deployments"]
    bounds = override["autoscaling_config"]
    assert bounds["max_replicas"] == best["replicas"]
    assert bounds["min_replicas"] == (0 if name == "from zero" else best["replicas"])


def test_the_advisor_beside_it_knows_the_prices_and_weights_that_the_plan_knew(
    tmp_path: Path,
) -> None:
    file, own = tmp_path / "config.yaml", tmp_path / "my-prices.yaml"
    own.write_text(OWN)
    arguments = (
        "Qwen/Qwen3-8B",
        "--prices",
        str(own),
        "--provider",
        "yours",
        "--quantization",
        "any",
    )
    best = written(file, *arguments)  # fmt: skip
    assert best["offer"]["provider"] == "yours"
    check.check(file)
    config = load_config(file)
    assert config.prices == own
    assert config.providers == ("yours",)
    assert set(config.quantizations) == {"fp8", "awq-int4"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["meta-llama/Llama-3.1-70B-Instruct", "--gpu", "H100-SXM-80GB", "--rate", "20"],
        ["Qwen/Qwen3-8B", "--gpu", "RTX5090-32GB", "--rate", "20", "--quantization", "fp8"],
    ],
)
def test_a_batch_plan_is_the_settings_of_a_ray_data_job_and_no_file_for_serve(
    arguments: list[str], tmp_path: Path
) -> None:
    from ray.data.llm import vLLMEngineProcessorConfig

    done = plan(*arguments, "--mode", "batch", "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    best = shown["recommendation"]["best"]
    facts = {fact["label"]: fact["value"] for fact in shown["report"]["steps"][-1]["facts"]}
    job = eval(facts["Job"], {"vLLMEngineProcessorConfig": vLLMEngineProcessorConfig})
    assert job.get_concurrency() == {"min_size": best["replicas"], "max_size": best["replicas"]}
    assert job.engine_kwargs.get("tensor_parallel_size", 1) == best["tp_degree"]
    refused = plan(*arguments, "--mode", "batch", "--write", str(tmp_path / "config.yaml"))
    assert refused.returncode == 2
    assert "a batch job is no endpoint" in refused.stderr
    assert not any(tmp_path.iterdir())


def test_a_config_that_was_changed_wrongly_is_refused(tmp_path: Path) -> None:
    """The check that the tests above rely on does look."""
    file = tmp_path / "config.yaml"
    written(file, *PLANS["one small card"])
    file.write_text(file.read_text().replace("LLMServer:qwen3-8b", "LLMServer:qwen3-9b"))
    with pytest.raises(ConfigError, match=r"deployments\.0\.name"):
        check.check(file)
