"""The advisor's loop: observe, ask, decide, publish, sleep. It owns the Protocols of the outside and the only sleep.

Nothing outside can end it: a reader that fails makes the round a hold that says so, with the last recommendation still
shown; a notifier that fails is asked again at the next tick.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from advisor.advice import Advice, choice, summary
from advisor.config import AdvisorConfig
from advisor.core import guards, perf
from advisor.core.decide import SETTLED, Limits, decide
from advisor.core.decide import Memory as DecisionMemory
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import Accelerator, find
from advisor.core.idle_gaps import IdleHistory
from advisor.core.learning import Learned, accelerators_of, window_of
from advisor.core.mode_in_use import ModeInUse, ModeWatch
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import what_it_does
from advisor.core.observation import Observation, Scrape
from advisor.core.observe import observe
from advisor.core.recommend import recommend
from advisor.core.recommendation import Fleet, Offer, Recommendation
from advisor.core.workload import Workload, WorkloadSource, rounded, workload_of
from advisor.diary import Diary
from advisor.errors import NotificationError, ObservationError
from advisor.judge import Judge, Round, usd_per_hour_now
from advisor.metrics import NOTIFICATIONS, Exporter, Publisher
from advisor.tick import Tick

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry

logger = logging.getLogger("advisor")

MAX_AGE_INTERVALS = 4.0  # readings older than this many intervals are stale
MIN_MAX_AGE_S = 60.0  # Ray's agents report every 10 s, Prometheus scrapes every 15 s or so
REMEMBERED_TICKS = 240


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

    def newest_of(self, kinds: Sequence[str], limit: int) -> list[Entry]:
        """The newest entries of some kinds, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a recommendation is chosen from."""

    spec: ModelSpec
    accelerators: Sequence[Accelerator]
    offers: Sequence[Offer]
    variants: Sequence[ModelSpec] = ()  # the same with other weights, which may be recommended too


class AdvisorLoop:
    """Makes one `Tick` a round. State between rounds: the idle history, the last recommendation and the mode in use, what
    was learned, unsent messages."""

    def __init__(
        self,
        *,
        config: AdvisorConfig,
        catalogue: Catalogue,
        metrics_reader: MetricsReader,
        fleet_reader: FleetReader,
        notifiers: Sequence[Notifier],
        exporter: Exporter,
        memory: Memory | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._catalogue = catalogue
        self._metrics_reader = metrics_reader
        self._fleet_reader = fleet_reader
        self._exporter = exporter
        self._diary = Diary(memory)
        self._advice = Advice(model=config.model, diary=self._diary)
        self._mode_in_use = self._advice.mode_in_use
        self._judge = Judge(
            model=config.model,
            spec=catalogue.spec,
            accelerators=catalogue.accelerators,
            slos=config.slos(),
            window_s=config.window,
            diary=self._diary,
        )
        self._offers = OfferIndex(catalogue.offers, config.constraints().offers)
        self._limits = limits_of(config)
        self._max_age_s = max(MIN_MAX_AGE_S, MAX_AGE_INTERVALS * config.interval)
        self._decisions = DecisionMemory()
        self._publisher = Publisher(exporter)
        self._now = now
        self._idle = IdleHistory()
        self._last_busy: Workload | None = None
        self._number = 0
        self._last: Recommendation | None = None
        self._learned = self._judge.restored
        self._unsent: dict[str, tuple[Notifier, Tick]] = {}
        self._notifiers = tuple(notifiers)
        self.ticks: deque[Tick] = deque(maxlen=REMEMBERED_TICKS)

    async def run(
        self, stop: asyncio.Event, on_tick: Callable[[Tick], None] | None = None
    ) -> None:
        """Tick at every interval until `stop` is set, and hand every tick to `on_tick`."""
        if self._config.operation != "advise":
            operation = self._config.operation
            logger.warning("operation is %s: %s", operation, what_it_does(operation))
        while not stop.is_set():
            began_s = time.monotonic()
            tick = await self.tick()
            if on_tick is not None:
                on_tick(tick)
            left_s = max(0.0, self._config.interval - (time.monotonic() - began_s))
            try:
                await asyncio.wait_for(stop.wait(), timeout=left_s)
            except TimeoutError:
                continue

    async def tick(self) -> Tick:
        """One round; it raises only for a bug."""
        began_s = time.perf_counter()
        at_s = self._now()
        problems: list[str] = []
        observation = await self._observe(at_s, problems)
        fleet = self._with_devices(await self._read_fleet(problems), observation)
        self._learned = self._learn(observation, fleet)
        workload = self._workload(observation, problems)
        recommendation = await self._recommend(workload, at_s)
        self._mode_in_use = self._followed(recommendation)
        fleet_usd_per_hour = usd_per_hour_now(fleet, self._offers)
        decision = decide(
            recommendation=recommendation,
            workload=workload,
            fleet=fleet,
            problems=problems,
            limits=self._limits,
            memory=self._decisions,
            now_s=at_s,
            present_usd_per_hour=fleet_usd_per_hour,
        )
        verdicts = self._judge.look(
            Round(
                at_s=at_s,
                observation=observation,
                fleet=fleet,
                workload=workload,
                recommendation=recommendation,
                learned=self._learned,
                fleet_usd_per_hour=fleet_usd_per_hour,
                sound=not problems,
            )
        )
        self._advice.keep(
            at_s=at_s,
            recommendation=recommendation,
            decision=decision,
            observation=observation,
            fleet=fleet,
            mode_in_use=self._mode_in_use,
            sound=not problems,
        )
        self._number += 1
        tick = Tick(
            number=self._number,
            at_s=at_s,
            duration_s=time.perf_counter() - began_s,
            model=self._config.model,
            operation=self._config.operation,
            budget=self._config.budget,
            slos=self._config.slos(),
            observation=observation,
            workload=workload,
            fleet=fleet,
            recommendation=recommendation,
            learned=self._learned,
            decision=decision,
            problems=tuple(problems),
            changed=recommendation is not None and choice(recommendation) != choice(self._last),
            verdicts=verdicts,
            journal_problem=self._diary.problem,
        )
        self._last = recommendation
        self.ticks.append(tick)
        self._publisher.publish(tick)
        logger.info(summary(tick))
        await self._notify(tick)
        return tick

    async def _observe(self, at_s: float, problems: list[str]) -> Observation:
        source = self._metrics_reader.source
        try:
            then, now = await self._metrics_reader.read(now_s=at_s, window_s=self._config.window)
        except ObservationError as error:
            problems.append(str(error))
            return Observation(at_s=at_s, source=source)
        return observe(then=then, now=now, model=self._config.model, source=source)

    async def _read_fleet(self, problems: list[str]) -> Fleet | None:
        try:
            return await self._fleet_reader.read()
        except ObservationError as error:
            problems.append(str(error))
            return None

    def _with_devices(self, fleet: Fleet | None, observation: Observation) -> Fleet | None:
        """What Serve does not tell of the fleet and the nodes do: on which accelerators it runs."""
        if fleet is None:
            return None
        names = accelerators_of(observation.devices, self._catalogue.accelerators)
        return replace(fleet, accelerators=names)

    def _learn(self, observation: Observation, fleet: Fleet | None) -> Learned:
        """What this round adds; nothing where the fleet is changing, mixed, or on no accelerator that is known."""
        if fleet is None or fleet.status != SETTLED or len(fleet.accelerators) != 1:
            return self._learned
        if not fleet.running_replicas or observation.silent_targets:
            return self._learned
        replica = perf.Replica(
            spec=self._catalogue.spec,
            accelerator=find(fleet.accelerators[0], self._catalogue.accelerators),
            tp_degree=fleet.devices_per_replica or 1,
        )
        window = window_of(observation, replica, num_replicas=fleet.running_replicas)
        if window is None:
            return self._learned
        return self._learned.after(fleet.accelerators[0], window)

    def _workload(self, observation: Observation, problems: list[str]) -> Workload | None:
        max_age_s = self._max_age_s
        rate = observation.requests_per_s
        if rate is not None and rate.age_s > max_age_s:
            problems.append(
                f"the newest reading is {rate.age_s:.0f} s old, more than {max_age_s:.0f} s"
            )
        elif rate is not None:
            in_flight = observation.requests_in_flight
            busy = rate.value > 0 or (in_flight is not None and in_flight.value > 0)
            self._idle.add(
                at_s=observation.at_s,
                interval_s=self._config.interval,
                idle=not busy,
                requests_per_s=rate.value,
            )
        elif observation.num_replicas_seen is None and not problems:
            problems.append(
                f"no metrics of model {self._config.model!r}: no replica has reported yet"
            )
        if observation.silent_targets:
            problems.append(f"no answer from {', '.join(observation.silent_targets)}")
        workload = workload_of(
            observation,
            expected=self._config.expected_workload(),
            idle_share=self._idle.idle_share(),
            idle_gaps=self._idle.gaps(),
            max_age_s=max_age_s,
            last_busy=self._last_busy,
        )
        if (
            workload is not None
            and workload.requests_per_s > 0
            and workload.source is WorkloadSource.OBSERVED
        ):
            self._last_busy = workload
        return workload

    async def _recommend(self, workload: Workload | None, at_s: float) -> Recommendation | None:
        """A new recommendation where the load is known, else the last one."""
        if workload is None:
            return self._last
        return await asyncio.to_thread(
            recommend,
            spec=self._catalogue.spec,
            variants=self._catalogue.variants,
            workload=rounded(workload),
            learned=self._learned,
            slos=self._config.slos(),
            budget=self._config.budget,
            offers=self._catalogue.offers,
            accelerators=self._catalogue.accelerators,
            constraints=self._config.constraints(),
            today=datetime.fromtimestamp(at_s, UTC).date(),
            watch=ModeWatch(in_use=self._mode_in_use, now_s=at_s, longest_hole_s=self._max_age_s),
        )

    def _followed(self, recommendation: Recommendation | None) -> ModeInUse:
        """The mode that this round recommends, and what is watched; nothing new where nothing could be recommended."""
        after = None if recommendation is None else recommendation.mode_in_use
        return self._mode_in_use if after is None else after

    async def _notify(self, tick: Tick) -> None:
        """Tell of a change once; what was not taken is tried again, and gives way to a newer change."""
        if tick.changed:
            self._unsent = {notifier.name: (notifier, tick) for notifier in self._notifiers}
        for name, (notifier, unsent) in list(self._unsent.items()):
            outcome = "sent"
            try:
                await notifier.notify(unsent)
                del self._unsent[name]
            except NotificationError as error:
                outcome = "failed"
                logger.warning("%s", error)
            labels = {"model": tick.model, "notifier": name, "outcome": outcome}
            self._exporter.add(NOTIFICATIONS, 1, labels)


def limits_of(config: AdvisorConfig) -> Limits:
    """What the configuration allows a decision to do."""
    most = guards.ABSURD_REPLICAS if config.max_replicas is None else config.max_replicas
    return Limits(
        bounds=guards.Bounds(min_replicas=1, max_replicas=most),
        cap_usd_per_hour=config.budget.usd_per_hour,
        cold_start_s=config.cold_start,
    )
