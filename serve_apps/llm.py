"""The LLM application: `ray.serve.llm` with the settings right and the client's view measured, on either data path.

    applications:
      - name: llm
        import_path: serve_apps.llm:build_app
        args: {llm_configs: [...]}        # every field of ray.serve.llm's LLMConfig

Direct streaming (the flags of serve_apps/direct_streaming.env are set): HAProxy asks an LLMRouter for a replica and
streams from vLLM's own OpenAI app inside it. Stock (they are not): proxy, ingress and replica pass every token on. The
classes keep Ray's names, so the deployments are called the same, and one file with one `deployments:` block serves both.

What stock settings get wrong, and what is set here unless the file says otherwise:
- target_ongoing_requests is 1e9, so autoscaling never leaves one replica: half of the engine's max_num_seqs.
- max_ongoing_requests is 1e9: four times max_num_seqs, so that waiting requests can still go to a new replica.
- A removed replica cuts every answer longer than 20 s: it gets 5 minutes.
- Stock path: a response waits in 50 ms batches from its first token on. The first two events now leave at once.
- MFU and MBU of the engine are not exported: enable_mfu_metrics.
- Ray gives a worker that reserves less than two CPUs one OpenMP thread, and a CPU engine inherits it: every core it may use.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import os
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any

from ray import serve
from ray.serve.llm import LLMConfig, LLMServingArgs, ModelLoadingConfig, build_openai_app
from ray.serve.llm import LLMServer as StockLLMServer
from ray.serve.llm.ingress import OpenAiIngress as StockOpenAiIngress

from advisor import metrics
from advisor.adapters import node
from advisor.errors import ConfigError
from serve_apps.demo_model import DEMO_MODEL_DIR
from serve_apps.exporter import RayExporter
from serve_apps.middleware import ClientView
from serve_apps.paths import DataPath, data_path

logger = logging.getLogger("ray.serve")

NODE_READING_INTERVAL_S = 5.0
DEFAULT_MAX_NUM_SEQS = 256  # vLLM's own default, 1024 on the largest GPUs
GRACEFUL_SHUTDOWN_TIMEOUT_S = 300  # longer than nearly every answer
# a chat stream opens with an event that names the role; the first text is in the second
EVENTS_SENT_AT_ONCE = 2


class LLMServer(StockLLMServer):
    """Ray's LLM server with our middleware around vLLM's app, and a reading of the node it runs on."""

    async def __init__(self, llm_config: LLMConfig, **options: Any) -> None:
        _give_engine_every_core(llm_config)
        await super().__init__(llm_config, **options)
        self._exporter = RayExporter()
        self._background = (
            asyncio.create_task(_export_node_readings(self._exporter)),
            asyncio.create_task(self._exporter.keep_gauges_alive()),
        )

    async def __serve_build_asgi_app__(self) -> Any:
        app = await super().__serve_build_asgi_app__()
        # vLLM has built it; cleared, Starlette builds it again with ours outermost
        app.middleware_stack = None
        app.add_middleware(ClientView, exporter=self._exporter, models=[self._llm_config.model_id])
        return app

    async def _batch_output_stream(
        self, generator: AsyncGenerator[Any, None]
    ) -> AsyncGenerator[list[Any], None]:
        for _ in range(EVENTS_SENT_AT_ONCE):
            event = await anext(generator, None)
            if event is None:
                return
            yield [event]
        async for batch in super()._batch_output_stream(generator):
            yield batch


class OpenAiIngress(StockOpenAiIngress):
    """Ray's ingress with our middleware outermost: the stock path's place for the client's view."""

    def _set_asgi_app(self, app: Any) -> None:
        exporter = RayExporter()
        self._background = asyncio.get_running_loop().create_task(exporter.keep_gauges_alive())
        app.add_middleware(ClientView, exporter=exporter, models=list(self._model_cards))
        super()._set_asgi_app(app)


def _give_engine_every_core(llm_config: LLMConfig) -> None:
    """Undo Ray's OMP_NUM_THREADS=1 for a CPU engine that starts from this process; a count from the user's file stays."""
    from vllm.platforms import current_platform

    given = (llm_config.runtime_env or {}).get("env_vars", {})
    if (
        current_platform.is_cpu()
        and "OMP_NUM_THREADS" not in given
        and os.environ.get("OMP_NUM_THREADS") == "1"
    ):
        os.environ["OMP_NUM_THREADS"] = str(len(os.sched_getaffinity(0)))


async def _export_node_readings(exporter: RayExporter) -> None:
    import ray

    address = ray.util.get_node_ip_address()
    while True:
        for reading in node.read():
            labels = {"node": address, "device": reading.device}
            exporter.set(metrics.NODE_UTILIZATION, reading.utilization, labels)
            exporter.set(metrics.NODE_MEMORY_USED, reading.memory_used_bytes, labels)
        await asyncio.sleep(NODE_READING_INTERVAL_S)


def build_app(args: Mapping[str, Any]) -> serve.Application:
    """The application of a `serve run` file's `args`: LLMServingArgs of ray.serve.llm, our defaults under them.

    Raises ConfigError, naming the field, for what LLMConfig refuses and for a local model that is not there.
    """
    path = data_path()
    serving_args = {**args, "llm_configs": llm_configs(args)}
    if path is DataPath.DIRECT_STREAMING:
        serving_args.pop("ingress_deployment_config", None)  # there is no ingress deployment
    else:
        serving_args.setdefault("ingress_cls_config", {"ingress_cls": OpenAiIngress})
    app = build_openai_app(serving_args)
    logger.info("data path: %s. %s", path.value, path.comparison)
    return app


def llm_configs(args: Mapping[str, Any]) -> list[LLMConfig]:
    """The validated `llm_configs` of the application's `args`."""
    if unknown := set(args) - {"llm_configs", "ingress_cls_config", "ingress_deployment_config"}:
        raise ConfigError(
            f"{min(unknown)}: unknown field; known are {', '.join(LLMServingArgs.model_fields)}"
        )
    configs = args.get("llm_configs")
    if (
        not isinstance(configs, list)
        or not all(isinstance(config, Mapping) for config in configs)
        or not configs
    ):
        raise ConfigError("llm_configs: a list of at least one LLMConfig is required")
    return [_llm_config(config, f"llm_configs.{index}") for index, config in enumerate(configs)]


def deployment_names(args: Mapping[str, Any]) -> set[str]:
    """What the application's deployments are called, for the file's `deployments:` block, on either data path."""
    servers = {
        f"LLMServer:{config.model_id.replace('/', '--').replace('.', '_')}"
        for config in llm_configs(args)
    }
    return servers | {"LLMRouter" if data_path() is DataPath.DIRECT_STREAMING else "OpenAiIngress"}


def _llm_config(config: Mapping[str, Any], where: str) -> LLMConfig:
    from pydantic import ValidationError

    merged = _under(_defaults(config), config)
    loading = merged.get("model_loading_config")
    if isinstance(loading, dict) and isinstance(loading.get("model_source"), str):
        loading["model_source"] = _model_source(
            loading["model_source"], f"{where}.model_loading_config.model_source"
        )
    try:
        return LLMConfig(**merged, server_cls=merged.pop("server_cls", LLMServer))
    except ValidationError as error:
        problems = [
            f"{where}.{field}: {said}" if field else f"{where}: {said}"
            for field, said in _mistakes(error)
        ]
        raise ConfigError("\n".join(problems)) from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from None


def _mistakes(error: Any) -> Iterator[tuple[str, str]]:
    """(field, what is wrong with it) of a pydantic error, an unknown field of LLMConfig with the nearest that there is."""
    for problem in error.errors():
        field = ".".join(map(str, problem["loc"]))
        said = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(field, LLMConfig.model_fields, n=1)
            said = f"unknown field; did you mean {near[0]}?" if near else "unknown field"
        elif field == "model_loading_config":
            known = ", ".join(ModelLoadingConfig.model_fields)
            said = f"{said.split(':')[0]}; its fields are {known}"
        yield field, said


def _defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    engine = config.get("engine_kwargs") or {}
    max_num_seqs = engine.get("max_num_seqs") or DEFAULT_MAX_NUM_SEQS
    return {
        "engine_kwargs": {"enable_mfu_metrics": True},
        "log_engine_metrics": True,
        "deployment_config": {
            "autoscaling_config": {
                "min_replicas": 1,
                "max_replicas": 1,
                "target_ongoing_requests": max(1, max_num_seqs // 2),
            },
            "max_ongoing_requests": 4 * max_num_seqs,
            "graceful_shutdown_timeout_s": GRACEFUL_SHUTDOWN_TIMEOUT_S,
        },
    }


def _under(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with `defaults` beneath it, mapping by mapping; what is given always wins."""
    merged = {**defaults, **given}
    for key, default in defaults.items():
        if isinstance(default, Mapping) and isinstance(given.get(key), Mapping):
            merged[key] = _under(default, given[key])
    return merged


def _model_source(source: str, where: str) -> str:
    """A local path with ~ resolved, or a hub id as it stands."""
    if not source.startswith(("~", "/", ".")):
        return source
    path = Path(os.path.expanduser(source))
    if not (path / "config.json").is_file():
        hint = (
            " (make it with: python -m serve_apps.demo_model)"
            if Path(source) == DEMO_MODEL_DIR
            else ""
        )
        raise ConfigError(f"{where}: no model at {source}: there is no config.json in it{hint}")
    return str(path)
