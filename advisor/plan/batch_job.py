"""A batch plan as the settings of a `ray.data.llm` job: the replicas are Ray Data's workers, each with an engine of its own.

Nothing listens on a port, so `serve run` has no part in it: docs/plan.md has the dozen lines around these settings.
"""

from __future__ import annotations

from typing import Any

from advisor.core.hardware import Accelerator
from advisor.core.recommendation import Candidate
from advisor.plan.make import Plan
from advisor.plan.serve_config import engine_kwargs, model_source


def job_settings(plan: Plan, best: Candidate, accelerator: Accelerator) -> dict[str, Any]:
    """The arguments of Ray 2.60's vLLMEngineProcessorConfig; as many workers from the first row to the last."""
    settings: dict[str, Any] = {
        "model_source": model_source(plan),
        "engine_kwargs": engine_kwargs(plan, best, accelerator),
        "concurrency": (best.replicas, best.replicas),
    }
    if accelerator.ray_accelerator_type:
        settings["accelerator_type"] = accelerator.ray_accelerator_type
    return settings


def as_python(settings: dict[str, Any]) -> str:
    """As one writes it in a script."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    return f"vLLMEngineProcessorConfig({arguments})"
