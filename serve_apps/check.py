"""Everything that can be known to be wrong before anything starts: one line for each problem, naming file and field.

    python -m serve_apps.check CONFIG

It runs as a process of its own, because it imports what the replicas will import and must give that memory back.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from advisor.errors import AdvisorError, ConfigError

LLM_APP = "serve_apps.llm:build_app"
ADVISOR_APP = "serve_apps.advisor:build_app"


def load(file: Path) -> dict[str, Any]:
    """A `serve run` file as YAML has it; ConfigError when it is not one."""
    try:
        config = yaml.safe_load(file.read_text())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(
            f"{file}:{where}: not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(config, dict) or not isinstance(config.get("applications"), list):
        raise ConfigError(f"{file}: applications: a list of Serve applications is required")
    return config


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


def check(file: Path) -> None:
    """Raise ConfigError for anything in the file that Serve, ray.serve.llm, vLLM's config or the advisor would refuse."""
    from pydantic import ValidationError
    from ray.serve.schema import ServeDeploySchema

    from advisor.adapters.hub import load_model_spec
    from advisor.config import parse_config

    config = load(file)
    for app in applications(config, ADVISOR_APP):
        advisor_config = parse_config(app.get("args") or {}, where=str(file))
        try:
            load_model_spec(advisor_config.model_source or advisor_config.model)
        except AdvisorError as error:
            raise ConfigError(f"{file}: model_source: {error}") from None
    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as error:
        raise ConfigError(
            "\n".join(
                f"{file}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors()
            )
        ) from None
    from serve_apps import llm  # imports vLLM: last, so that simple mistakes are told at once

    for app in applications(config, LLM_APP):
        _check_llm_app(app, file, llm)


def _check_llm_app(app: Mapping[str, Any], file: Path, llm: Any) -> None:
    try:
        names = llm.deployment_names(app.get("args") or {})
    except ConfigError as error:
        raise ConfigError(
            "\n".join(f"{file}: args.{line}" for line in str(error).splitlines())
        ) from None
    for index, override in enumerate(app.get("deployments") or []):
        if override.get("name") not in names:
            raise ConfigError(
                f"{file}: deployments.{index}.name: {override.get('name')!r} is no deployment of this application; "
                f"it has {', '.join(sorted(names))}"
            )


def main() -> int:
    try:
        from serve_apps import versions

        versions.check()
        check(Path(sys.argv[1]))
    except AdvisorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
