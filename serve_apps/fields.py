"""Fields of a `serve run` file that Ray would ignore without a word: every name compared with the schemas of Ray's own.

Ray Serve's schemas drop what they do not know, so a bound that is misspelt is a bound that is not there. This walks the file
beside those schemas, read from the installed Ray, and says which name is none of theirs, and which one is near.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from ray.runtime_env import RuntimeEnv
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import DeploymentSchema, RayActorOptionsSchema, ServeDeploySchema

PLACEMENT_GROUP_FIELDS = frozenset({"bundles", "bundle_per_worker", "strategy"})
# Fields that Ray's schemas declare as plain mappings, by name: what must stand in them.
SCHEMA_OF: dict[str, type[BaseModel]] = {
    "autoscaling_config": AutoscalingConfig,
    "ray_actor_options": RayActorOptionsSchema,
    "deployment_config": DeploymentSchema,
    "ingress_deployment_config": DeploymentSchema,
}
FIELDS_OF: dict[str, frozenset[str]] = {
    "runtime_env": frozenset(RuntimeEnv.known_fields),
    "placement_group_config": PLACEMENT_GROUP_FIELDS,
}


def unknown(config: Mapping[str, Any]) -> Iterator[str]:
    """`where: what`, for each field of the file that nobody will read."""
    yield from _in_model(config, ServeDeploySchema, "")


def unknown_in_args(args: Mapping[str, Any], where: str) -> Iterator[str]:
    """The same for the mappings inside an LLM application's `args`, which LLMConfig passes on to Serve."""
    for name, value in args.items():
        if name == "llm_configs" and isinstance(value, list):
            for index, llm_config in enumerate(value):
                if isinstance(llm_config, Mapping):
                    yield from _in_parts(llm_config, f"{where}.{name}.{index}")
    yield from _in_parts(args, where)


def _in_parts(values: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, value in values.items():
        if name in SCHEMA_OF or name in FIELDS_OF:
            yield from _in_named(name, value, f"{where}.{name}")


def _in_named(name: str, value: object, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    if name in SCHEMA_OF:
        yield from _in_model(value, SCHEMA_OF[name], where)
    else:
        yield from _names(value, FIELDS_OF[name], where)


def _in_model(values: Mapping[str, Any], model: type[BaseModel], where: str) -> Iterator[str]:
    yield from _names(values, model.model_fields, where)
    for name, value in values.items():
        inner = f"{where}.{name}" if where else str(name)
        if name in SCHEMA_OF or name in FIELDS_OF:
            yield from _in_named(name, value, inner)
        elif name in model.model_fields:
            yield from _in_field(value, model.model_fields[name].annotation, inner)


def _in_field(value: object, annotation: object, where: str) -> Iterator[str]:
    """Into one model, or a list of them; a union of a mapping and a model is the model."""
    [inner, *_] = [*_models(annotation), None]
    if inner is None:
        return
    if isinstance(value, Mapping):
        yield from _in_model(value, inner, where)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, Mapping):
                yield from _in_model(entry, inner, f"{where}.{index}")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def _names(values: Mapping[str, Any], known: Collection[str], where: str) -> Iterator[str]:
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            yield f"{where}.{name}: unknown field; {hint}".removeprefix(".")
