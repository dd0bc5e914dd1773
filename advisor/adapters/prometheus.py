"""The Prometheus HTTP API: the same two scrapes, out of a server's history.

A plain instant query looks back five minutes and dates what it finds to the moment of asking, and `timestamp()` drops the
names of the series. So we ask for the raw samples of a short stretch (`selector[150s]`), whose times are those of the
scrapes, and take the newest of every series: one query for now, one for a window ago.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from advisor.core.observation import Sample, Scrape
from advisor.core.series import NAMES
from advisor.errors import ObservationError

TIMEOUT_S = 4.0
ATTEMPTS = 3
LONGEST_S = 8.0  # all attempts of one query together
LOOKBACK_S = 150  # two scrapes at Prometheus' default interval of a minute, and some
SAME_SCRAPE_S = 1.0
SELECTOR = '{__name__=~"(ray_)?(' + "|".join(sorted(NAMES)) + ')"}'


class _Unavailable(Exception):
    """An answer that another attempt may turn into a result."""


class PrometheusReader:
    """An advisor.loop.MetricsReader over `{url}/api/v1/query`, with a bearer token where the server wants one."""

    source = "prometheus"

    def __init__(self, url: str, token: str | None = None, longest_s: float = LONGEST_S) -> None:
        self._url = url.rstrip("/")
        self._shown_url = _without_credentials(self._url)
        self._longest_s = longest_s
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, headers=headers)

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        """The samples of `window_s` ago (None where there are none) and of now; ObservationError when it cannot be asked."""
        then_s = now_s - window_s
        try:
            async with asyncio.timeout(self._longest_s):
                earlier, newest = await asyncio.gather(self._scrape(then_s), self._scrape(now_s))
        except TimeoutError:
            raise ObservationError(
                f"Prometheus at {self._shown_url} did not answer within {self._longest_s:g} s"
            ) from None
        return (earlier if earlier.samples else None), newest

    async def _scrape(self, at_s: float) -> Scrape:
        result = await self._query(f"{SELECTOR}[{LOOKBACK_S}s]", at_s)
        try:
            samples = tuple(_samples(result))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise self._not_prometheus() from None
        return Scrape(at_s=at_s, samples=_still_exported(samples))

    async def _query(self, query: str, at_s: float) -> Any:
        try:
            async for attempt in stamina.retry_context(
                on=(httpx.TransportError, _Unavailable), attempts=ATTEMPTS, wait_max=1.0
            ):
                with attempt:
                    return await self._ask(query, at_s)
        except _Unavailable as error:
            raise ObservationError(f"Prometheus at {self._shown_url} {error}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ObservationError(
                f"Prometheus at {self._shown_url} cannot be reached: {type(error).__name__}"
            ) from None

    async def _ask(self, query: str, at_s: float) -> Any:
        response = await self._client.post(
            f"{self._url}/api/v1/query", data={"query": query, "time": f"{at_s:.3f}"}
        )
        if response.status_code >= 500 or response.status_code == 429:
            raise _Unavailable(f"answers {response.status_code}")
        if response.status_code in (401, 403):
            raise ObservationError(
                f"Prometheus at {self._shown_url} answers {response.status_code}: it wants another token, or one at all"
            )
        try:
            body = response.json()
            if body["status"] != "success":
                raise ObservationError(
                    f"Prometheus at {self._shown_url} answers {response.status_code}: {str(body['error'])[:200]}"
                )
            return body["data"]["result"]
        except (ValueError, KeyError, TypeError):
            raise self._not_prometheus() from None

    def _not_prometheus(self) -> ObservationError:
        return ObservationError(f"{self._shown_url} does not answer like Prometheus")

    async def aclose(self) -> None:
        await self._client.aclose()


def _samples(result: Any) -> Iterator[Sample]:
    """The newest raw sample of every series in a range vector."""
    for entry in result:
        labels = {str(label): str(text) for label, text in entry["metric"].items()}
        name = labels.pop("__name__").removeprefix("ray_")
        at_s, value = max(entry["values"], key=lambda pair: float(pair[0]))
        yield Sample(name=name, labels=labels, value=float(value), at_s=float(at_s))


def _still_exported(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Without the series that their own target's newest scrape lacked: they have ended, whereas all samples of a target
    that stopped answering stay, with their age."""
    newest: dict[tuple[str | None, str | None], float] = {}
    for sample in samples:
        target = sample.labels.get("job"), sample.labels.get("instance")
        newest[target] = max(newest.get(target, sample.at_s), sample.at_s)
    return tuple(
        sample
        for sample in samples
        if sample.at_s
        >= newest[sample.labels.get("job"), sample.labels.get("instance")] - SAME_SCRAPE_S
    )


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
