"""A message in Slack on change, through an incoming webhook and Slack's own client.

Slack takes about one message a second and says how long to wait where that is too much. A short wait is waited out; a
longer one must not hold up the loop, which asks again at its next tick: until the time has come, nothing is sent.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.webhook.async_client import AsyncWebhookClient

from advisor.errors import NotificationError
from advisor.tick import Tick

TIMEOUT_S = 10
LONGEST_S = 20.0  # all attempts of one message together
LONGEST_WAITED_S = 5.0
DEFAULT_WAIT_S = 30.0  # where Slack says 429 and not for how long
MAX_HEADER, MAX_SECTION = 150, 3000  # Block Kit's limits, in characters

# Slack's client writes the URL, which is a secret, to a logger of no level or of DEBUG.
_silent = logging.getLogger(f"{__name__}.client")
_silent.setLevel(logging.CRITICAL)


class _ShortWaits(AsyncRateLimitErrorRetryHandler):
    """Waits out what Slack asks for, where that is short."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        asked = [v[0] for k, v in response.headers.items() if k.lower() == "retry-after"]
        return bool(asked) and asked[0].isdecimal() and int(asked[0]) <= LONGEST_WAITED_S


class SlackNotifier:
    """An advisor.loop.Notifier. The URL is the secret: it appears in no message, log or error."""

    name = "slack"

    def __init__(self, url: str) -> None:
        self._client = AsyncWebhookClient(
            url,
            timeout=TIMEOUT_S,
            logger=_silent,
            retry_handlers=[AsyncConnectionErrorRetryHandler(), _ShortWaits(max_retry_count=2)],
        )
        self._not_before_s = -math.inf
        self._told: dict[str, str] = {}  # the last headline of each model

    async def notify(self, tick: Tick) -> None:
        """One message; NotificationError when Slack did not take it."""
        left_s = self._not_before_s - time.monotonic()
        if left_s > 0:
            raise NotificationError(f"slack asked for silence, {left_s:.0f} s more of it")
        headline, blocks = message(tick, before=self._told.get(tick.model))
        try:
            async with asyncio.timeout(LONGEST_S):
                response = await self._client.send(text=escape(headline), blocks=blocks)
        except (ClientError, SlackClientError, OSError, ValueError) as error:
            raise NotificationError(f"slack: {type(error).__name__}") from None
        if response.status_code == 429:
            wait_s = _seconds(response.headers.get("Retry-After"))
            self._not_before_s = time.monotonic() + wait_s
            raise NotificationError(f"slack asks to wait {wait_s:.0f} s")
        if response.status_code != 200:
            raise NotificationError(f"slack answers {response.status_code} {response.body[:80]}")
        self._told[tick.model] = headline


def message(tick: Tick, *, before: str | None = None) -> tuple[str, list[dict[str, Any]]]:
    """The headline, also shown as the notification, and Block Kit blocks within Slack's limits."""
    headline = _cut(_headline(tick), MAX_HEADER)
    sections = [_facts(tick), "*Why*\n" + _bullets(_reasons(tick))]
    if tick.share is not None and (cut := tick.share.cut) is not None:
        sections.insert(1, f"*Cut*\n{cut.in_words()}")
    if before is not None and before != headline:
        sections.append(f"*Before*\n{before}")
    if tick.problems:
        sections.append("*Problems*\n" + _bullets(tick.problems))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": headline}}
    ]
    for section in sections:
        text = _cut(escape(section), MAX_SECTION)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    return headline, blocks


def _headline(tick: Tick) -> str:
    best = tick.recommendation.best if tick.recommendation else None
    if best is None:
        return f"{tick.model}: no recommendation"
    devices = f"{best.tp_degree} x {best.accelerator}" if best.tp_degree > 1 else best.accelerator
    replicas = "1 replica" if best.replicas == 1 else f"{best.replicas} replicas"
    return f"{tick.model}: {replicas} on {devices}, {best.mode.value}"


def _facts(tick: Tick) -> str:
    best = tick.recommendation.best if tick.recommendation else None
    if best is None:
        return tick.decision.reason or "nothing to say"
    return (
        f"${best.usd_per_hour:,.2f}/h, ${best.usd_per_month:,.0f}/month "
        f"(budget ${tick.budget.usd_per_month:,.0f}/month), "
        f"{best.offer.provider} {best.offer.instance_type}, {best.offer.capacity_type.value}\n"
        f"expected: TTFT {best.prediction.ttft_s * 1e3:.0f} ms, TPOT {best.prediction.tpot_s * 1e3:.1f} ms"
    )


def _reasons(tick: Tick) -> tuple[str, ...]:
    recommendation = tick.recommendation
    if recommendation is None:
        return (tick.decision.reason,)
    shortfall = (recommendation.shortfall,) if recommendation.shortfall else ()
    return *shortfall, *recommendation.reasons


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"• {line}" for line in lines) or "no reason given"


def escape(text: str) -> str:
    """The three characters that mean something in Slack's text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdecimal() else DEFAULT_WAIT_S
