"""A JSON POST on change, signed as Standard Webhooks has it: a receiver verifies it with any of that project's libraries."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import stamina
from standardwebhooks import Webhook

from advisor.errors import NotificationError
from advisor.tick import Tick

TIMEOUT_S = 5.0
ATTEMPTS = 3
EVENT = "advisor.recommendation.changed"


class _Refused(Exception):
    """An answer that another attempt may turn into a success."""


class WebhookNotifier:
    """An advisor.loop.Notifier. The secret signs; without one the POST is unsigned."""

    name = "webhook"

    def __init__(
        self, url: str, secret: str | None, payload: Callable[[Tick], dict[str, Any]]
    ) -> None:
        self._url = url
        self._signer = Webhook(secret) if secret else None
        self._payload = payload

    async def notify(self, tick: Tick) -> None:
        """One message, its id the same over the attempts; NotificationError when none was taken."""
        at = datetime.fromtimestamp(tick.at_s, UTC)
        body = json.dumps(
            {"type": EVENT, "timestamp": at.isoformat(), "data": self._payload(tick)}
        )
        message_id = (
            f"msg_{uuid.uuid5(uuid.NAMESPACE_URL, f'{tick.model}/{tick.number}/{tick.at_s}').hex}"
        )
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
        }
        if self._signer is not None:
            headers["webhook-signature"] = self._signer.sign(message_id, at, body)
        try:
            async for attempt in stamina.retry_context(
                on=(httpx.TransportError, _Refused), attempts=ATTEMPTS
            ):
                with attempt:
                    await self._post(body, headers)
        except httpx.TransportError as error:
            raise NotificationError(f"webhook: {type(error).__name__}") from None
        except _Refused as error:
            raise NotificationError(f"webhook: {error}") from None

    async def _post(self, body: str, headers: dict[str, str]) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            response = await client.post(self._url, content=body, headers=headers)
        if response.is_success:
            return
        if response.status_code == 429 or response.status_code >= 500:
            raise _Refused(f"the receiver answers {response.status_code}")
        raise NotificationError(f"webhook: the receiver answers {response.status_code}")
