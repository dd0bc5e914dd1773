"""The advisor's loop: observe, ask, share the budget out, decide, publish, sleep. It owns the Protocols of the outside and
the only sleep.

Nothing outside can end it: a reader that fails makes the round a hold that says so, with the last recommendation still
shown; a notifier that fails is asked again at the next tick.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from advisor.advice import split_from, summary
from advisor.config import Config
from advisor.core.objective import what_it_does
from advisor.core.observation import Scrape
from advisor.core.recommendation import Fleet
from advisor.core.split_in_use import Split, split
from advisor.diary import Diary
from advisor.errors import NotificationError, ObservationError
from advisor.look import Catalogue, Look, Scraped
from advisor.metrics import NOTIFICATIONS, Exporter, Publisher
from advisor.tick import Tick
from advisor.watched_model import WatchedModel

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry

logger = logging.getLogger("advisor")

REMEMBERED_TICKS = 240  # of each model


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


class Memory(Protocol):
    """Where decisions are kept: a journal on disk."""

    def advise(self, *, at_s: float, action: str, detail: Mapping[str, Any]) -> int:
        """Remember a decision that nobody carried out; JournalError when it cannot be."""

    def promise(self, *, at_s: float, action: str, detail: Mapping[str, Any]) -> int:
        """Remember what a recommendation predicts."""

    def judge(
        self, promise_id: int, *, at_s: float, action: str, detail: Mapping[str, Any]
    ) -> int:
        """Remember what came of a promise."""

    def remember(
        self, *, at_s: float, action: str, detail: Mapping[str, Any], kind: str = ...
    ) -> int:
        """Remember what was seen, for a restart to go on from."""

    def newest_of(self, kinds: Sequence[str], limit: int, model: str | None = None) -> list[Entry]:
        """The newest entries of some kinds, of all models or of one, newest first."""


class AdvisorLoop:
    """Makes one `Tick` a round for every model. State between rounds: how the budget is split, and unsent messages."""

    def __init__(
        self,
        *,
        config: Config,
        catalogues: Mapping[str, Catalogue],
        fleet_readers: Mapping[str, FleetReader],
        metrics_reader: MetricsReader,
        notifiers: Sequence[Notifier],
        exporter: Exporter,
        memory: Memory | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._metrics_reader = metrics_reader
        diary = Diary(memory)
        self._models = tuple(
            WatchedModel(
                config=one,
                catalogue=catalogues[one.model],
                fleet_reader=fleet_readers[one.model],
                diary=diary,
                weight=config.weights()[one.model],
            )
            for one in config.each()
        )
        self._split = split_from({model.name: model.kept_share for model in self._models})
        self._publishers = {model.name: Publisher(exporter) for model in self._models}
        self._notices = _Notices(notifiers, exporter)
        self._now = now
        self._number = 0
        self.ticks: deque[Tick] = deque(maxlen=REMEMBERED_TICKS * len(self._models))

    async def run(
        self, stop: asyncio.Event, on_tick: Callable[[Tick], None] | None = None
    ) -> None:
        """A round at every interval until `stop` is set; every tick is handed to `on_tick`."""
        if self._config.operation != "advise":
            operation = self._config.operation
            logger.warning("operation is %s: %s", operation, what_it_does(operation))
        try:
            while not stop.is_set():
                await self._one_interval(stop, on_tick)
        finally:
            for model in self._models:
                model.close()

    async def _one_interval(
        self, stop: asyncio.Event, on_tick: Callable[[Tick], None] | None
    ) -> None:
        began_s = time.monotonic()
        for tick in await self.round():
            if on_tick is not None:
                on_tick(tick)
        left_s = max(0.0, self._config.interval - (time.monotonic() - began_s))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=left_s)

    async def round(self) -> tuple[Tick, ...]:
        """One round, a tick for each model; it raises only for a bug."""
        self._number += 1
        scraped = await self._scrape(self._now())
        looks = [await model.look(scraped, self._number) for model in self._models]
        shares = await self._shares(looks, scraped.at_s)
        ticks = tuple(
            model.settle(look, shares) for model, look in zip(self._models, looks, strict=True)
        )
        for tick in ticks:
            self.ticks.append(tick)
            self._publishers[tick.model].publish(tick)
            logger.info(summary(tick))
        for tick in ticks:
            await self._notices.tell(tick)
        return ticks

    async def _scrape(self, at_s: float) -> Scraped:
        """One reading for all models: Ray's page is a megabyte a node."""
        began_s, then, now, problem = time.perf_counter(), None, None, None
        try:
            then, now = await self._metrics_reader.read(now_s=at_s, window_s=self._config.window)
        except ObservationError as error:
            problem = str(error)
        return Scraped(
            at_s=at_s,
            source=self._metrics_reader.source,
            took_s=time.perf_counter() - began_s,
            then=then,
            now=now,
            problem=problem,
        )

    async def _shares(self, looks: Sequence[Look], now_s: float) -> Split | None:
        """How the budget is split this round; None where there is one model, whose it is."""
        if len(looks) == 1:
            return None
        found = await asyncio.to_thread(
            split,
            [look.claim for look in looks],
            cap_usd_per_hour=self._config.budget.usd_per_hour,
            in_use=self._split,
            now_s=now_s,
            longest_hole_s=self._models[0].max_age_s,
        )
        self._split = found.in_use
        return found


class _Notices:
    """Tells of a change once; what was not taken is tried again, and gives way to a newer change of the same model."""

    def __init__(self, notifiers: Sequence[Notifier], exporter: Exporter) -> None:
        self._notifiers, self._exporter = tuple(notifiers), exporter
        self._unsent: dict[tuple[str, str], Tick] = {}

    async def tell(self, tick: Tick) -> None:
        for notifier in self._notifiers:
            key = notifier.name, tick.model
            if tick.changed:
                self._unsent[key] = tick
            if key not in self._unsent:
                continue
            outcome = "sent"
            try:
                await notifier.notify(self._unsent[key])
                del self._unsent[key]
            except NotificationError as error:
                outcome = "failed"
                logger.warning("%s", error)
            labels = {"model": tick.model, "notifier": notifier.name, "outcome": outcome}
            self._exporter.add(NOTIFICATIONS, 1, labels)
