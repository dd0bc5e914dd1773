"""The built-in reader: Ray's own metric endpoints, found through its service discovery. No Prometheus server needed.

Ray's page is about a megabyte a node, nearly all of it of no use here, so lines are sorted out by their first bytes and
only the rest is parsed. A few past scrapes are kept, so that the one of a window ago is at hand.

Ray writes the same list of targets to a file in its session's folder, which serves where the dashboard does not answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from advisor.adapters.ray_auth import bearer_headers, token_hint
from advisor.core.observation import Sample, Scrape
from advisor.core.series import NAMES
from advisor.errors import ObservationError

PREFIX = "ray_"
WANTED = re.compile(
    rb"^(?:ray_)?(?:" + "|".join(sorted(NAMES)).encode() + rb")[{ ][^\n]*$", re.MULTILINE
)
TIMEOUT_S = 5.0
MAX_REMEMBERED = 128
MAX_CONCURRENT = 16
DISCOVERY_FILE = Path("/tmp/ray/session_latest/prom_metrics_service_discovery.json")


class RayMetricsReader:
    """An advisor.loop.MetricsReader over `{dashboard_url}/api/prometheus/sd` and the targets it names."""

    source = "ray"

    def __init__(self, dashboard_url: str, discovery_file: Path = DISCOVERY_FILE) -> None:
        self._dashboard_url = dashboard_url.rstrip("/")
        self._discovery_file = discovery_file
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._past: deque[Scrape] = deque(maxlen=MAX_REMEMBERED)

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        """The scrape nearest to `window_s` ago (None at first) and a new one; ObservationError when nothing answers."""
        targets = await self._targets()
        scraped = await asyncio.gather(*[self._scrape(target, now_s) for target in targets])
        silent = tuple(t for t, samples in zip(targets, scraped, strict=True) if samples is None)
        if len(silent) == len(targets):
            raise ObservationError(f"none of Ray's {len(targets)} metric endpoints answers")
        now = Scrape(
            at_s=now_s,
            samples=tuple(s for samples in scraped for s in samples or ()),
            silent=silent,
        )
        while self._past and not now_s - 2 * window_s <= self._past[0].at_s < now_s:
            self._past.popleft()  # too old or, after the clock was set back, not past at all
        then = min(self._past, key=lambda past: abs(now_s - window_s - past.at_s), default=None)
        self._past.append(now)
        return then, now

    async def _targets(self) -> list[str]:
        try:
            found = await self._ask_dashboard()
        except ObservationError as error:
            try:
                found = _addresses(
                    json.loads(await asyncio.to_thread(self._discovery_file.read_text))
                )
            except (OSError, ValueError):
                raise error from None
        if not found:
            raise ObservationError(f"{self._dashboard_url}: Ray names no metric endpoint")
        return found

    async def _ask_dashboard(self) -> list[str]:
        url = f"{self._dashboard_url}/api/prometheus/sd"
        try:
            response = await self._client.get(url, headers=bearer_headers())
            response.raise_for_status()
            return _addresses(response.json())
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise ObservationError(f"{url} answers {status}{token_hint(status)}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ObservationError(f"{url} cannot be reached: {type(error).__name__}") from None
        except ValueError:
            raise ObservationError(f"{url} does not answer like Ray's service discovery") from None

    async def _scrape(self, target: str, now_s: float) -> list[Sample] | None:
        """The target's samples; None where it does not answer, or answers with something else."""
        try:
            async with self._slots:
                response = await self._client.get(f"http://{target}/metrics")
            if response.status_code != 200:
                return None
            return parse(response.content, at_s=now_s, target=target)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return None

    async def aclose(self) -> None:
        await self._client.aclose()


def _addresses(groups: Any) -> list[str]:
    """The targets of Prometheus' discovery format, each once; ValueError for anything else."""
    try:
        return list(dict.fromkeys(str(target) for group in groups for target in group["targets"]))
    except (KeyError, TypeError) as error:
        raise ValueError("not a list of target groups") from error


def parse(page: bytes, *, at_s: float, target: str) -> list[Sample]:
    """The wanted samples of one metric page, Ray's prefix taken off; ValueError for a page that cannot be trusted.

    `instance` is the target, as a Prometheus server would label it.
    """
    text = b"\n".join(WANTED.findall(page)).decode() + "\n"
    return [
        Sample(
            name=sample.name.removeprefix(PREFIX),
            labels={**sample.labels, "instance": target},
            value=sample.value,
            at_s=at_s,
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
