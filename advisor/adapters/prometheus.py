"""The Prometheus HTTP API: the same two scrapes, out of a server's history.

An instant query answers with the newest sample of the last five minutes and calls it new. So a third query asks for the
samples' own times, and an observation of a dead replica shows its age.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from advisor.core.observation import Sample, Scrape
from advisor.core.observe import METRIC_NAMES
from advisor.errors import ObservationError

TIMEOUT_S = 5.0
ATTEMPTS = 2
SELECTOR = '{__name__=~"(ray_)?(' + "|".join(METRIC_NAMES) + ')"}'
TIMES = 'timestamp({__name__=~"(ray_)?(advisor_requests_in_flight|vllm_num_requests_running)"})'


class PrometheusReader:
    """An advisor.loop.MetricsReader over `{url}/api/v1/query`, with a bearer token where the server wants one."""

    source = "prometheus"

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._shown_url = _without_credentials(self._url)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, headers=headers)

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        """The samples of `window_s` ago and of now; ObservationError when the server cannot be asked."""
        earlier, newest, times = await asyncio.gather(
            self._query(SELECTOR, now_s - window_s),
            self._query(SELECTOR, now_s),
            self._query(TIMES, now_s),
        )
        scraped_at_s = {_target(entry): float(entry["value"][1]) for entry in times}
        then = Scrape(
            at_s=now_s - window_s, samples=tuple(_samples(earlier, now_s - window_s, {}))
        )
        now = Scrape(at_s=now_s, samples=tuple(_samples(newest, now_s, scraped_at_s)))
        return then, now

    async def _query(self, query: str, at_s: float) -> list[dict[str, Any]]:
        try:
            async for attempt in stamina.retry_context(
                on=httpx.TransportError, attempts=ATTEMPTS, timeout=TIMEOUT_S
            ):
                with attempt:
                    response = await self._client.post(
                        f"{self._url}/api/v1/query", data={"query": query, "time": f"{at_s:.3f}"}
                    )
            body = response.json()
            if response.status_code != 200 or body["status"] != "success":
                raise ObservationError(
                    f"Prometheus at {self._shown_url}: {_error_of(body, response.status_code)}"
                )
            result = body["data"]["result"]
            return [entry for entry in result if "metric" in entry and len(entry["value"]) == 2]
        except httpx.HTTPError as error:
            raise ObservationError(
                f"Prometheus at {self._shown_url} cannot be reached: {type(error).__name__}"
            ) from None
        except (ValueError, KeyError, TypeError, IndexError):
            raise ObservationError(f"{self._shown_url} does not answer like Prometheus") from None

    async def aclose(self) -> None:
        await self._client.aclose()


def _samples(
    result: list[dict[str, Any]], at_s: float, scraped_at_s: dict[tuple[str, str], float]
) -> list[Sample]:
    found = []
    for entry in result:
        labels = dict(entry["metric"])
        name = labels.pop("__name__", "").removeprefix("ray_")
        when = min(scraped_at_s.get(_target(entry), at_s), at_s)
        found.append(Sample(name=name, labels=labels, value=float(entry["value"][1]), at_s=when))
    return found


def _target(entry: dict[str, Any]) -> tuple[str, str]:
    metric = entry["metric"]
    return metric.get("instance", ""), metric.get("WorkerId", "")


def _error_of(body: Any, status: int) -> str:
    return str(body.get("error", status)) if isinstance(body, dict) else str(status)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
