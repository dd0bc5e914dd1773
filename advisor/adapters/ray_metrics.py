"""The built-in reader: Ray's own metric endpoints, found through its service discovery. No Prometheus server needed.

Ray's page is about a megabyte a node, nearly all of it of no use here, so lines are sorted out by their first bytes and
only the rest is parsed. A few past scrapes are kept, so that the one of a window ago is at hand.
"""

from __future__ import annotations

import asyncio
from collections import deque

import httpx
from prometheus_client.parser import text_string_to_metric_families

from advisor.adapters.ray_auth import bearer_headers
from advisor.core.observation import Sample, Scrape
from advisor.core.observe import METRIC_NAMES
from advisor.errors import ObservationError

PREFIX = "ray_"
WANTED = tuple(f"{PREFIX}{name}".encode() for name in METRIC_NAMES)
TIMEOUT_S = 5.0
MAX_REMEMBERED = 128


class RayMetricsReader:
    """An advisor.loop.MetricsReader over `{dashboard_url}/api/prometheus/sd` and the targets it names."""

    source = "ray"

    def __init__(self, dashboard_url: str) -> None:
        self._dashboard_url = dashboard_url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)
        self._past: deque[Scrape] = deque(maxlen=MAX_REMEMBERED)

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        """The scrape nearest to `window_s` ago (None at first) and a new one; ObservationError when nothing answers."""
        headers = bearer_headers()
        targets = await self._targets(headers)
        pages = await asyncio.gather(*[self._page(target, headers) for target in targets])
        silent = tuple(target for target, page in zip(targets, pages, strict=True) if page is None)
        if len(silent) == len(targets):
            raise ObservationError(f"none of Ray's {len(targets)} metric endpoints answers")
        samples = [sample for page in pages if page is not None for sample in parse(page, now_s)]
        now = Scrape(at_s=now_s, samples=tuple(samples), silent=silent)
        while self._past and self._past[0].at_s < now_s - 2 * window_s:
            self._past.popleft()
        then = min(self._past, key=lambda past: abs(now_s - window_s - past.at_s), default=None)
        self._past.append(now)
        return then, now

    async def _targets(self, headers: dict[str, str]) -> list[str]:
        url = f"{self._dashboard_url}/api/prometheus/sd"
        try:
            response = await self._client.get(url, headers=headers)
            response.raise_for_status()
            found = [target for group in response.json() for target in group["targets"]]
        except httpx.HTTPStatusError as error:
            raise ObservationError(
                f"{url}: {error.response.status_code}{_hint(error.response.status_code)}"
            ) from None
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ObservationError(
                f"{url}: no service discovery: {type(error).__name__}"
            ) from None
        if not found:
            raise ObservationError(f"{url}: Ray names no metric endpoint")
        return found

    async def _page(self, target: str, headers: dict[str, str]) -> bytes | None:
        try:
            response = await self._client.get(f"http://{target}/metrics", headers=headers)
            return response.content if response.status_code == 200 else None
        except httpx.HTTPError:
            return None

    async def aclose(self) -> None:
        await self._client.aclose()


def parse(page: bytes, at_s: float) -> list[Sample]:
    """The wanted samples of one metric page, Ray's prefix taken off."""
    lines = [line for line in page.split(b"\n") if line.startswith(WANTED)]
    text = b"\n".join(lines).decode(errors="replace") + "\n"
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError:
        return []
    return [
        Sample(
            name=sample.name.removeprefix(PREFIX),
            labels=sample.labels,
            value=sample.value,
            at_s=at_s,
        )
        for family in families
        for sample in family.samples
    ]


def _hint(status: int) -> str:
    return (
        ": Ray wants a token (RAY_AUTH_TOKEN, or ~/.ray/auth_token)"
        if status in (401, 403)
        else ""
    )
