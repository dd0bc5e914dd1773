"""The plan as a file for `serve run`: the endpoint as recommended, the advisor beside it with the same objectives.

GPU type and count stand in the `deployments:` block, where changing them later rolls one deployment instead of the whole
application. Ray places a replica by the accelerator type its nodes report, which does not tell SXM from PCIe.

What the prediction took for granted is written out: how many sequences and tokens a step may hold. The longest request is
left to vLLM (-1: as long as the KV cache holds one), which else refuses to start where the model's own limit does not fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from advisor.core.engine_memory import default_settings
from advisor.core.hardware import Accelerator
from advisor.core.objective import Mode
from advisor.core.perf import DEFAULT_SETTINGS
from advisor.core.quantization import Quantization
from advisor.core.recommendation import Candidate
from advisor.errors import ConfigError
from advisor.plan.make import Plan
from advisor.plan.shown import devices
from advisor.quantities import duration

ONLINE = {Quantization.FP8: "fp8"}  # what vLLM quantises to while it loads 16-bit weights
HEAD = """\
# {devices} on {provider} {instance}: ${usd:.2f}/h as of {seen}, {mode}.
# Written by `advisor plan`; change it as you like. Start it with `make serve CONFIG=this file` (direct streaming), or with
# `serve run` (stock path, or direct streaming where the flags of serve_apps/direct_streaming.env are set).
# max_model_len -1: as long a request as the KV cache holds. Rent this form of the GPU: Ray does not tell SXM from PCIe.
"""
NO_ENDPOINT = {
    Mode.BATCH: "a batch job is no endpoint, and `serve run` starts endpoints: the plan's last step has the job's settings",
    Mode.ASYNC: "a task queue needs consumers of its own, which `advisor plan` does not write",
}


def why_not_written(plan: Plan, best: Candidate) -> str | None:
    """Why no file for `serve run` would do what the plan says; None where one does."""
    if best.mode in NO_ENDPOINT:
        return f"{NO_ENDPOINT[best.mode]}; --mode always-on plans an endpoint"
    return why_not_loaded(plan, best)


def check_mode(mode: Mode | None) -> None:
    """ConfigError for a mode of which no file for `serve run` can be written, before anything is planned."""
    if mode in NO_ENDPOINT:
        raise ConfigError(f"--write: {NO_ENDPOINT[mode]}; --mode always-on plans an endpoint")


def why_not_loaded(plan: Plan, best: Candidate) -> str | None:
    """Why vLLM cannot load the model's own checkpoint so; None where it can."""
    if best.quantization in (plan.spec.quantization, *ONLINE):
        return None
    return (
        f"{best.quantization} needs a checkpoint that is stored so: plan for that one, by its name"
    )


def serve_config(plan: Plan, best: Candidate, accelerator: Accelerator) -> str:
    """YAML for `serve run` with `best` on this accelerator; ConfigError where no such file would do what the plan says."""
    if (problem := why_not_written(plan, best)) is not None:
        raise ConfigError(f"--write: {problem}")
    shortfall = plan.recommendation.shortfall
    head = (
        ""
        if shortfall is None
        else f"# Not inside what was asked: {' '.join(shortfall.split())}\n"
    )
    head += HEAD.format(
        devices=devices(best),
        provider=best.offer.provider,
        instance=best.offer.instance_type,
        usd=best.usd_per_hour,
        seen=best.offer.observed_on,
        mode=best.mode.value,
    )
    config = {
        "proxy_location": "EveryNode",
        "http_options": {"host": "127.0.0.1", "port": 8000},
        "applications": [_llm(plan, best, accelerator), _advisor(plan)],
    }
    return head + yaml.safe_dump(config, sort_keys=False, width=120)


def engine_kwargs(plan: Plan, best: Candidate, accelerator: Accelerator) -> dict[str, Any]:
    """vLLM's settings as the plan predicted with them."""
    defaults = default_settings(accelerator)
    chosen = DEFAULT_SETTINGS if plan.chosen is None else plan.chosen.build.replica.settings
    engine: dict[str, Any] = {
        "max_model_len": -1,
        "max_num_seqs": chosen.max_num_seqs or defaults.max_num_seqs,
        "max_num_batched_tokens": chosen.max_num_batched_tokens or defaults.max_num_batched_tokens,
    }
    if best.tp_degree > 1:
        engine["tensor_parallel_size"] = best.tp_degree
    if best.expert_parallel:
        engine["enable_expert_parallel"] = True
    if best.quantization is not plan.spec.quantization and best.quantization in ONLINE:
        engine["quantization"] = ONLINE[best.quantization]
    return engine


def model_source(plan: Plan) -> str:
    """A folder by its whole path: replicas do not run where the plan was made."""
    model = plan.request.model
    folder = Path(model).expanduser()
    return str(folder.resolve()) if (folder / "config.json").is_file() else model


def _model_id(source: str) -> str:
    return source.rstrip("/").rpartition("/")[2].lower()


def _plain(dollars: float) -> str:
    """To the cent, and where cents are too coarse to the last digit that counts."""
    return f"{dollars:.2f}" if dollars >= 100 else f"{dollars:.15f}".rstrip("0").rstrip(".")


def _llm(plan: Plan, best: Candidate, accelerator: Accelerator) -> dict[str, Any]:
    source = model_source(plan)
    model_id = _model_id(source)
    bundle: dict[str, float] = {"CPU": 1, "GPU": 1}
    if accelerator.ray_accelerator_type:
        bundle[f"accelerator_type:{accelerator.ray_accelerator_type}"] = 0.001
    return {
        "name": "llm",
        "route_prefix": "/",
        "import_path": "serve_apps.llm:build_app",
        "args": {
            "llm_configs": [
                {
                    "model_loading_config": {
                        "model_id": model_id,
                        "model_source": source,
                    },
                    "engine_kwargs": engine_kwargs(plan, best, accelerator),
                    "placement_group_config": {
                        "bundles": [dict(bundle) for _ in range(best.tp_degree)]
                    },
                }
            ]
        },
        "deployments": [
            {
                "name": f"LLMServer:{model_id.replace('.', '_')}",
                "autoscaling_config": {
                    "min_replicas": 0 if best.mode is Mode.SCALE_TO_ZERO else best.replicas,
                    "max_replicas": best.replicas,
                    "target_ongoing_requests": max(1, round(best.prediction.batch)),
                },
            }
        ],
    }


def _advisor(plan: Plan) -> dict[str, Any]:
    request = plan.request
    source = model_source(plan)
    args: dict[str, Any] = {
        "budget": f"{_plain(request.budget.usd_per_month)}/month",
        "model": _model_id(source),
        "model_source": source,
        "slo": [
            {
                "latency": slo.latency.value,
                "at_most": duration(slo.bound_s),
                "percentile": slo.percentile,
            }
            for slo in request.slos
        ],
        "operation": "advise",
        "expected": {
            "requests_per_s": request.load.requests_per_s,
            "isl": request.load.isl,
            "osl": request.load.osl,
        },
        "capacity_types": [kind.value for kind in request.capacity_types],
        "cold_start": duration(request.cold_start_s),
    }
    optional = {
        "providers": request.providers,
        "regions": request.regions,
        "accelerators": request.accelerators,
    }
    args |= {name: list(value) for name, value in optional.items() if value is not None}
    if request.quantizations:
        args["quantizations"] = list(request.quantizations)
    if request.max_replicas is not None:
        args["max_replicas"] = request.max_replicas
    if request.prices_file is not None:
        args["prices"] = str(request.prices_file.expanduser().resolve())
    return {
        "name": "advisor",
        "route_prefix": "/advisor",
        "import_path": "serve_apps.advisor:build_app",
        "args": args,
    }
