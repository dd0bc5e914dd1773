"""Everything that can be known to be wrong before anything starts: one line for each problem, naming file and field.

    python -m serve_apps.check CONFIG [--here]

It runs as a process of its own, because it imports what the replicas will import and must give that memory back. `--here`
adds what holds for this machine alone: the CPUs and GPUs that are asked for, and the variables that hold secrets.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from advisor import yaml_file
from advisor.errors import AdvisorError, ConfigError

LLM_APP = "serve_apps.llm:build_app"
ADVISOR_APP = "serve_apps.advisor:build_app"
OURS = "serve_apps."


def load(file: Path) -> dict[str, Any]:
    """A `serve run` file as YAML has it; ConfigError when its shape is not one."""
    config = yaml_file.read(file)
    if not isinstance(config, dict) or not isinstance(config.get("applications"), list):
        raise ConfigError(f"{file}: applications: a list of Serve applications is required")
    problems = list(_misshapen(config))
    if problems:
        raise ConfigError("\n".join(f"{file}: {problem}" for problem in problems))
    return config


def _misshapen(config: Mapping[str, Any]) -> Iterator[str]:
    """What is no mapping, list or port where one must be: all that is read before Ray's own schema is there to check it."""
    http = config.get("http_options", {})
    if not isinstance(http, Mapping):
        yield "http_options: a mapping is needed"
    elif not _is_port(http.get("port", 8000)):
        yield f"http_options.port: a port is a number from 1 to 65535, got {http['port']!r}"
    for index, app in enumerate(config["applications"]):
        where = f"applications.{index}"
        if not isinstance(app, Mapping):
            yield f"{where}: a mapping is needed"
            continue
        overrides = app.get("deployments") or []
        if not isinstance(overrides, list) or not all(isinstance(o, Mapping) for o in overrides):
            yield f"{where}.deployments: a list of mappings is needed, each with the name of its deployment"
        if not isinstance(app.get("args") or {}, Mapping):
            yield f"{where}.args: a mapping is needed"
        elif app.get("import_path") == LLM_APP:
            yield from _misshapen_llm(app.get("args") or {}, f"{where}.args.llm_configs")


def _misshapen_llm(args: Mapping[str, Any], where: str) -> Iterator[str]:
    llm_configs = args.get("llm_configs")
    if not isinstance(llm_configs, list) or not llm_configs:
        yield f"{where}: a list of at least one LLMConfig is required"
        return
    for index, llm_config in enumerate(llm_configs):
        if not isinstance(llm_config, Mapping):
            yield f"{where}.{index}: a mapping is needed"
            continue
        loading = llm_config.get("model_loading_config")
        if not isinstance(loading, Mapping) or not isinstance(loading.get("model_id"), str):
            yield f"{where}.{index}.model_loading_config.model_id: the model's name is required"
        runtime_env = llm_config.get("runtime_env")
        variables = runtime_env.get("env_vars") if isinstance(runtime_env, Mapping) else None
        for name, value in (variables if isinstance(variables, Mapping) else {}).items():
            if not isinstance(value, str):
                yield f'{where}.{index}.runtime_env.env_vars.{name}: text is needed: write "{value}"'
        if not isinstance(llm_config.get("engine_kwargs") or {}, Mapping):
            yield f"{where}.{index}.engine_kwargs: a mapping is needed"


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536


def applications(config: Mapping[str, Any], import_path: str) -> list[Mapping[str, Any]]:
    return [
        app
        for app in config["applications"]
        if isinstance(app, Mapping) and app.get("import_path") == import_path
    ]


def local_model_dirs(config: Mapping[str, Any]) -> list[Path]:
    """The local folders the LLM application would load, as written."""
    found = []
    for app in applications(config, LLM_APP):
        for llm_config in (app.get("args") or {}).get("llm_configs") or []:
            source = (llm_config.get("model_loading_config") or {}).get("model_source")
            if isinstance(source, str) and source.startswith(("~", "/", ".")):
                found.append(Path(source))
    return found


def check(file: Path, *, here: bool = False) -> None:
    """Raise ConfigError for anything in the file that Serve, ray.serve.llm, vLLM's config or the advisor would refuse.

    Slow imports come last, so that simple mistakes are told at once.
    """
    config = load(file)
    _check_applications(config, file)
    _check_advisors(config, file, here=here)
    _check_fields(config, file)
    from serve_apps import llm

    for index, app in enumerate(config["applications"]):
        if app.get("import_path") == LLM_APP:
            _check_llm_app(app, f"{file}: applications.{index}", llm, here=here)


def _check_applications(config: Mapping[str, Any], file: Path) -> None:
    """An application of ours that does not exist, and a file with no model in it."""
    for index, app in enumerate(config["applications"]):
        path = str(app.get("import_path"))
        if path.startswith(OURS) and path not in (LLM_APP, ADVISOR_APP):
            raise ConfigError(
                f"{file}: applications.{index}.import_path: no {path}; there are {LLM_APP} and {ADVISOR_APP}"
            )
    if not applications(config, LLM_APP):
        raise ConfigError(f"{file}: applications: none has import_path {LLM_APP}: nothing serves")


def _check_advisors(config: Mapping[str, Any], file: Path, *, here: bool) -> None:
    from advisor.adapters.hub import load_model_spec
    from advisor.config import parse_config

    served = [
        llm_config["model_loading_config"]["model_id"]
        for app in applications(config, LLM_APP)
        for llm_config in app["args"]["llm_configs"]
    ]
    for app in applications(config, ADVISOR_APP):
        advisor_config = parse_config(app.get("args") or {}, where=str(file))
        for one in advisor_config.each():
            field = partial(advisor_config.field_of, one.model)
            if one.model not in served:
                raise ConfigError(
                    f"{file}: {field('model')}: no application serves {one.model!r}; served: {', '.join(served)}"
                )
            try:
                spec = load_model_spec(one.model_source or one.model)
            except AdvisorError as error:
                raise ConfigError(f"{file}: {field('model_source')}: {error}") from None
            if (problem := one.too_long_for(spec)) is not None:
                raise ConfigError(f"{file}: {field(problem)}")
        if here:
            try:
                advisor_config.check_environment()
            except ConfigError as error:
                raise ConfigError(f"{file}: {error}") from None


def _check_fields(config: Mapping[str, Any], file: Path) -> None:
    """What Serve's schema refuses, and what it would ignore."""
    from pydantic import ValidationError
    from ray.serve.schema import ServeDeploySchema

    from serve_apps import fields

    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{file}: {line}" for line in _lines(error))) from None
    problems = list(fields.unknown(config))
    for index, app in enumerate(config["applications"]):
        where = f"applications.{index}"
        if app.get("import_path") == LLM_APP:
            problems += fields.unknown_in_args(app["args"], f"{where}.args")
            problems += _deployment_problems(app["args"], f"{where}.args")
        for number, override in enumerate(app.get("deployments") or []):
            problems += _autoscaling_problems(override, f"{where}.deployments.{number}")
    if problems:
        raise ConfigError("\n".join(f"{file}: {line}" for line in problems))


def _deployment_problems(args: Mapping[str, Any], where: str) -> Iterator[str]:
    """What Serve would refuse of the options that LLMConfig passes on to it unread."""
    from pydantic import ValidationError
    from ray.serve.schema import DeploymentSchema

    places = [(f"{where}.ingress_deployment_config", args.get("ingress_deployment_config"))]
    places += [
        (f"{where}.llm_configs.{index}.deployment_config", llm_config.get("deployment_config"))
        for index, llm_config in enumerate(args["llm_configs"])
    ]
    for place, options in places:
        if options is None:
            continue
        if not isinstance(options, Mapping):
            yield f"{place}: a mapping is needed"
            continue
        try:
            DeploymentSchema.model_validate({"name": "any", **options})
        except ValidationError as error:
            yield from (f"{place}.{line}" for line in _lines(error))
        yield from _autoscaling_problems(options, place)


def _autoscaling_problems(options: Mapping[str, Any], where: str) -> Iterator[str]:
    from pydantic import ValidationError
    from ray.serve.config import AutoscalingConfig

    if isinstance(given := options.get("autoscaling_config"), Mapping):
        try:
            AutoscalingConfig.model_validate(given)
        except ValidationError as error:
            yield from (f"{where}.autoscaling_config: {line}" for line in _lines(error))


def _check_llm_app(app: Mapping[str, Any], where: str, llm: Any, *, here: bool) -> None:
    try:
        names = llm.deployment_names(app["args"])
        for index, llm_config in enumerate(llm.llm_configs(app["args"])):
            for problem in _engine_problems(llm_config, here=here):
                raise ConfigError(f"llm_configs.{index}.{problem}")
    except ConfigError as error:
        lines = str(error).splitlines()
        raise ConfigError("\n".join(f"{where}.args.{line}" for line in lines)) from None
    for index, override in enumerate(app.get("deployments") or []):
        if override.get("name") not in names:
            raise ConfigError(
                f"{where}.deployments.{index}.name: {override.get('name')!r} is no deployment of this application; "
                f"it has {', '.join(sorted(names))}"
            )


def _engine_problems(llm_config: Any, *, here: bool) -> Iterator[str]:
    """What vLLM would refuse, or wait for in vain, once its replica has started."""
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform

    try:
        engine = llm_config.get_engine_config()
        arguments = engine.get_initialization_kwargs()
        bundles = engine.placement_bundles
    except ValueError as error:
        yield from (f"engine_kwargs: {line}" for line in _lines(error))
        return
    if here:
        yield from _unavailable(bundles)
    wants_gpu = any(bundle.get("GPU", 0) > 0 for bundle in bundles)
    if current_platform.is_cpu() == wants_gpu or not Path(arguments["model"]).is_dir():
        return  # another machine's engine, or a model that would first have to be fetched
    try:
        AsyncEngineArgs(**arguments).create_model_config()
    except (
        Exception
    ) as error:  # whatever a config.json that nobody foresaw makes of vLLM's readers
        yield from (f"engine_kwargs: {line}" for line in _lines(error))


def _unavailable(bundles: list[dict[str, float]]) -> Iterator[str]:
    """What one replica asks for and this machine has not."""
    from ray._private.accelerators import NvidiaGPUAcceleratorManager

    present = {
        "CPU": os.cpu_count() or 1,
        "GPU": NvidiaGPUAcceleratorManager.get_current_node_num_accelerators(),
    }
    for resource, have in present.items():
        asked = sum(bundle.get(resource, 0) for bundle in bundles)
        if asked > have:
            yield f"placement_group_config: a replica asks for {asked:g} {resource}, this machine has {have:g}"


def _lines(error: Exception) -> list[str]:
    """One line for each mistake: pydantic's with their fields, the first sentence of anything else."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return [str(error).strip().split("\n")[0].split(". ")[0]]
    found: dict[str, str] = {}  # a union complains once for each of its members: the first will do
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"] if "[" not in str(part))
        said = problem["msg"].removeprefix("Value error, ").strip().split("\n")[0].split(". ")[0]
        found.setdefault(field, said)
    return [f"{field}: {said}" if field else said for field, said in found.items()]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m serve_apps.check", description=__doc__.splitlines()[0]
    )
    parser.add_argument("config", type=Path, help="a `serve run` file")
    parser.add_argument(
        "--here",
        action="store_true",
        help="it will run on this machine: look at its CPUs, GPUs and variables too",
    )
    args = parser.parse_args()
    logging.getLogger("vllm").setLevel(logging.CRITICAL)  # its mistakes are told here, in a line
    try:
        from serve_apps import versions

        versions.check()
        check(args.config, here=args.here)
    except AdvisorError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"{args.config}: nothing wrong found")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
