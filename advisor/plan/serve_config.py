"""The plan as a file for `serve run`: the endpoint as recommended, the advisor beside it with the same objectives.

GPU type and count stand in the `deployments:` block, where changing them later rolls one deployment instead of the whole
application. Ray places a replica by the accelerator type its nodes report, which does not tell SXM from PCIe.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from advisor.core.hardware import Accelerator
from advisor.core.quantization import Quantization
from advisor.core.recommendation import Candidate
from advisor.errors import ConfigError
from advisor.plan.make import Plan
from advisor.quantities import duration

ONLINE = {Quantization.FP8: "fp8"}  # what vLLM quantises to while it loads 16-bit weights
HEAD = """\
# {devices} on {provider} {instance}: ${usd:.2f}/h as of {seen}, {mode}.
# Written by `advisor plan`; change it as you like. Start it with:  make serve CONFIG=this file
"""


def serve_config(plan: Plan, best: Candidate, accelerator: Accelerator) -> str:
    """YAML for `serve run` with `best` on this accelerator; ConfigError where other weights are needed than `plan`'s."""
    if best.quantization not in (plan.spec.quantization, *ONLINE):
        raise ConfigError(
            f"--write: {best.quantization} needs a checkpoint that is stored so: plan for that one, by its name"
        )
    shortfall = plan.recommendation.shortfall
    head = (
        ""
        if shortfall is None
        else f"# Not inside what was asked: {' '.join(shortfall.split())}\n"
    )
    head += HEAD.format(
        devices=f"{best.replicas} x {best.tp_degree} {best.accelerator}",
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


def _source(plan: Plan) -> str:
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
    source = _source(plan)
    model_id = _model_id(source)
    engine: dict[str, Any] = {}
    if best.tp_degree > 1:
        engine["tensor_parallel_size"] = best.tp_degree
    if best.quantization is not plan.spec.quantization and best.quantization in ONLINE:
        engine["quantization"] = ONLINE[best.quantization]
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
                    "engine_kwargs": engine,
                    "placement_group_config": {"bundles": [bundle] * best.tp_degree},
                }
            ]
        },
        "deployments": [
            {
                "name": f"LLMServer:{model_id.replace('.', '_')}",
                "autoscaling_config": {
                    "min_replicas": 0 if best.mode.value == "scale-to-zero" else best.replicas,
                    "max_replicas": best.replicas,
                    "target_ongoing_requests": max(1, round(best.prediction.batch)),
                },
            }
        ],
    }


def _advisor(plan: Plan) -> dict[str, Any]:
    request = plan.request
    source = _source(plan)
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
    if request.max_replicas is not None:
        args["max_replicas"] = request.max_replicas
    return {
        "name": "advisor",
        "route_prefix": "/advisor",
        "import_path": "serve_apps.advisor:build_app",
        "args": args,
    }
