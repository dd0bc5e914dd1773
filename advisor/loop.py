"""The advisor's loop: observe, ask, decide, publish, sleep. It owns the Protocols of the outside and the only sleep."""

from __future__ import annotations

from typing import Protocol

from advisor.core.observation import Scrape
from advisor.core.recommendation import Fleet
from advisor.tick import Tick


class MetricsReader(Protocol):
    """Where samples come from: a Prometheus server, or Ray's own metric endpoints."""

    source: str

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        """The scrape of about `window_s` ago (None when there is none yet) and the newest; ObservationError if none."""


class FleetReader(Protocol):
    """What runs now, as Ray Serve reports it."""

    async def read(self) -> Fleet | None:
        """The model's deployment; None when Serve does not know it; ObservationError when Serve cannot be asked."""


class Notifier(Protocol):
    """Tells people of a change: Slack, a webhook."""

    name: str

    async def notify(self, tick: Tick) -> None:
        """Send one message; NotificationError when it was not taken."""
