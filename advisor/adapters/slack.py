"""A message in Slack on change, through an incoming webhook and Slack's own client."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackRequestError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.webhook.async_client import AsyncWebhookClient

from advisor.errors import NotificationError
from advisor.tick import Tick

TIMEOUT_S = 10
MAX_HEADER, MAX_SECTION = 150, 3000  # Block Kit's limits, in characters


class SlackNotifier:
    """An advisor.loop.Notifier. The URL is the secret: it appears in no message, log or error."""

    name = "slack"

    def __init__(self, url: str) -> None:
        self._client = AsyncWebhookClient(
            url,
            timeout=TIMEOUT_S,
            retry_handlers=[
                AsyncConnectionErrorRetryHandler(),
                AsyncRateLimitErrorRetryHandler(max_retry_count=2),
            ],
        )

    async def notify(self, tick: Tick) -> None:
        """One message; NotificationError when Slack did not take it."""
        headline, blocks = message(tick)
        try:
            response = await self._client.send(text=headline, blocks=blocks)
        except (ClientError, SlackRequestError, OSError) as error:
            raise NotificationError(f"slack: {type(error).__name__}") from None
        if response.status_code != 200:
            raise NotificationError(f"slack answers {response.status_code} {response.body[:80]}")


def message(tick: Tick) -> tuple[str, list[dict[str, Any]]]:
    """The headline, also shown as the notification, and Block Kit blocks within Slack's limits."""
    recommendation = tick.recommendation
    best = recommendation.best if recommendation else None
    if recommendation is None or best is None:
        headline, facts, reasons = (
            f"{tick.model}: no recommendation",
            tick.decision.reason,
            list(tick.problems),
        )
    else:
        devices = (
            f"{best.tp_degree} x {best.accelerator}" if best.tp_degree > 1 else best.accelerator
        )
        headline = f"{tick.model}: {best.replicas} replica(s) on {devices}, {best.mode}"
        facts = (
            f"${best.usd_per_hour:.2f}/h, ${best.usd_per_month:,.0f}/month "
            f"(budget ${tick.budget.usd_per_month:,.0f}/month)\n"
            f"expected: TTFT {best.prediction.ttft_s * 1e3:.0f} ms, TPOT {best.prediction.tpot_s * 1e3:.1f} ms"
        )
        reasons = [
            *([recommendation.shortfall] if recommendation.shortfall else []),
            *recommendation.reasons,
        ]
    why = "\n".join(f"• {escape(reason)}" for reason in reasons) or "no reason given"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(headline, MAX_HEADER)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": _cut(escape(facts), MAX_SECTION)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": _cut(why, MAX_SECTION)}},
    ]
    return escape(headline), blocks


def escape(text: str) -> str:
    """The three characters that mean something in Slack's text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
