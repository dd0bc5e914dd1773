"""What runs now, from Ray Serve's REST API: the model's deployment, its replicas, the data path, the GPUs under it.

Which replicas are on spot is a label of their nodes, `ray.io/market-type`: Ray sets it from RAY_NODE_MARKET_TYPE, KubeRay
from the pod's, and `ray start --labels` by hand. Nodes are asked for once for every set of them, for labels stay.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import httpx

from advisor.adapters.ray_auth import bearer_headers, token_hint
from advisor.core.recommendation import Fleet
from advisor.errors import ObservationError

logger = logging.getLogger("advisor")

TIMEOUT_S = 5.0
MAX_NODES = 10_000  # the most that Ray's state API tells at once
MARKET_TYPE, SPOT = "ray.io/market-type", "spot"


class ServeFleetReader:
    """An advisor.loop.FleetReader over `GET {dashboard_url}/api/serve/applications/`."""

    def __init__(self, dashboard_url: str, model: str) -> None:
        self._url = f"{dashboard_url.rstrip('/')}/api/serve/applications/"
        self._nodes_url = f"{dashboard_url.rstrip('/')}/api/v0/nodes?limit={MAX_NODES}"
        self._on_spot: dict[str, bool] = {}  # of the nodes that say it
        self._asked_for: frozenset[str] = frozenset()
        self._model = model
        self._suffix = ":" + model.replace("/", "--").replace(".", "_")
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)

    async def read(self) -> Fleet | None:
        """The model's deployment; None when Serve has none of that name; ObservationError when Serve cannot be asked."""
        try:
            response = await self._client.get(self._url, headers=bearer_headers())
            response.raise_for_status()
            found, nodes = self._find(response.json()["applications"])
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise ObservationError(
                f"Ray Serve at {self._url} answers {status}{token_hint(status)}"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ObservationError(
                f"Ray Serve at {self._url} cannot be reached: {type(error).__name__}"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ObservationError(f"{self._url} does not answer like Ray Serve") from None
        return None if found is None else replace(found, spot_replicas=await self._spot_of(nodes))

    def _find(self, applications: Mapping[str, Any]) -> tuple[Fleet | None, list[str | None]]:
        """The deployment, and the node of each of its replicas that run."""
        for name, application in applications.items():
            for deployment in application.get("deployments") or {}:
                if deployment.endswith(self._suffix):
                    nodes = _running_on(application["deployments"][deployment])
                    return _fleet(name, application, deployment, self._model), nodes
        return None, []

    async def _spot_of(self, nodes: Iterable[str | None]) -> int | None:
        """How many of the replicas on these nodes are on spot; None where one of the nodes does not say."""
        nodes = list(nodes)
        known = {node for node in nodes if node is not None}
        if not known <= self._on_spot.keys() and known != self._asked_for:
            await self._read_labels(known)
        if not nodes or any(node not in self._on_spot for node in nodes):
            return None
        return sum(self._on_spot[node] for node in nodes if node is not None)

    async def _read_labels(self, known: set[str]) -> None:
        """Without an answer nobody knows, and the next round asks again: nothing but a price hangs on it."""
        try:
            response = await self._client.get(self._nodes_url, headers=bearer_headers())
            response.raise_for_status()
            self._on_spot = {
                node["node_id"]: node["labels"][MARKET_TYPE].lower() == SPOT
                for node in response.json()["data"]["result"]["result"]
                if MARKET_TYPE in (node.get("labels") or {})
            }
            self._asked_for = frozenset(known)
        except (
            httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError
        ):  # fmt: skip
            logger.debug("%s does not tell which nodes are on spot", self._nodes_url)

    async def aclose(self) -> None:
        await self._client.aclose()


def _fleet(
    application_name: str, application: Mapping[str, Any], deployment_name: str, model: str
) -> Fleet:
    deployments = application["deployments"]
    deployment = deployments[deployment_name]
    replicas = deployment.get("replicas") or []
    target = deployment.get("target_num_replicas")
    return Fleet(
        application=application_name,
        deployment=deployment_name,
        status=str(application.get("status", "UNKNOWN")),
        target_replicas=None if target is None else int(target),
        running_replicas=sum(replica["state"] == "RUNNING" for replica in replicas),
        accelerators=(),  # Serve's API does not name the device; the node readings do
        devices_per_replica=_devices_per_replica(application, model),
        data_path=_data_path(deployments),
    )


def _running_on(deployment: Mapping[str, Any]) -> list[str | None]:
    replicas = deployment.get("replicas") or []
    return [replica.get("node_id") for replica in replicas if replica["state"] == "RUNNING"]


def _devices_per_replica(application: Mapping[str, Any], model: str) -> int | None:
    """What the deployed file asks of the engine, for Serve does not report placement groups; None where it has no GPU."""
    args = (application.get("deployed_app_config") or {}).get("args") or {}
    for config in args.get("llm_configs") or []:
        if (config.get("model_loading_config") or {}).get("model_id") != model:
            continue
        if (config.get("accelerator_config") or {}).get("kind") == "cpu":
            return None
        engine = config.get("engine_kwargs") or {}
        degrees = (engine.get(f"{kind}_parallel_size") or 1 for kind in ("tensor", "pipeline"))
        return math.prod(int(degree) for degree in degrees)
    return None


def _data_path(deployments: Iterable[str]) -> str | None:
    """HAProxy asks an LLMRouter where to stream from; the stock path goes through an ingress. None while neither is up."""
    if any(name.startswith("LLMRouter") for name in deployments):
        return "direct-streaming"
    return "stock" if any("Ingress" in name for name in deployments) else None
