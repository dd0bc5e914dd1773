"""A JSON POST on change, signed as Standard Webhooks has it: a receiver verifies it with any of that project's libraries.

The message's id stays the same over every attempt, so that a receiver can drop a repetition; the timestamp, which is
signed too, is that of the attempt, for receivers refuse what is older than five minutes.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import stamina
from standardwebhooks import Webhook

from advisor.errors import ConfigError, NotificationError
from advisor.tick import Tick

TIMEOUT_S = 4.0
ATTEMPTS = 3
LONGEST_S = 6.0  # no new attempt after this: the loop waits for us
EVENT = "advisor.recommendation.changed"


class _Refused(Exception):
    """An answer that another attempt may turn into a success."""


class _Hidden(logging.Filter):
    """Keeps lines with the URL, which often holds a token, out of httpx's log."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def filter(self, record: logging.LogRecord) -> bool:
        return self._url not in record.getMessage()


class WebhookNotifier:
    """An advisor.loop.Notifier. The secret signs; without one the POST is unsigned."""

    name = "webhook"

    def __init__(
        self, url: str, secret: str | None, payload: Callable[[Tick], dict[str, Any]]
    ) -> None:
        self._url = url
        self._signer = Webhook(secret) if secret else None
        self._payload = payload
        self._is_gone = False
        try:
            shown = httpx.URL(url)
        except httpx.InvalidURL:
            shown = httpx.URL("")
        if shown.scheme not in ("http", "https") or not shown.host:
            raise ConfigError("notify.webhook.url: an http:// or https:// address is needed")
        logging.getLogger("httpx").addFilter(_Hidden(str(shown)))

    async def notify(self, tick: Tick) -> None:
        """One message, its id the same over the attempts; NotificationError when none was taken."""
        if self._is_gone:
            raise NotificationError("webhook: the receiver said 410, gone: nothing more is sent")
        happened = datetime.fromtimestamp(tick.at_s, UTC).isoformat()
        body = json.dumps({"type": EVENT, "timestamp": happened, "data": self._payload(tick)})
        message_id = (
            f"msg_{uuid.uuid5(uuid.NAMESPACE_URL, f'{tick.model}/{tick.number}/{tick.at_s}').hex}"
        )
        try:
            async for attempt in stamina.retry_context(
                on=(httpx.TransportError, _Refused), attempts=ATTEMPTS, timeout=LONGEST_S
            ):
                with attempt:
                    await self._post(body, message_id)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotificationError(f"webhook: {type(error).__name__}") from None
        except _Refused as error:
            raise NotificationError(f"webhook: {error}") from None

    async def _post(self, body: str, message_id: str) -> None:
        headers = {"Content-Type": "application/json", **self._signature(body, message_id)}
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            response = await client.post(self._url, content=body, headers=headers)
        status = response.status_code
        if response.is_success:
            return
        if status == 429 or status >= 500:
            raise _Refused(f"the receiver answers {status}")
        self._is_gone = status == 410
        raise NotificationError(f"webhook: the receiver answers {status}")

    def _signature(self, body: str, message_id: str) -> dict[str, str]:
        at = datetime.now(UTC)
        headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp()))}
        if self._signer is not None:
            headers["webhook-signature"] = self._signer.sign(message_id, at, body)
        return headers
