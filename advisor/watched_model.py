"""One model as the loop watches it: `look` finds out what is and what would be best, `settle` decides within a share.

Between the two, where several models have one budget, the loop shares it out: each is looked at freely first, as if the
whole were its own. Of a model that is alone `settle` needs no share.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from advisor.advice import Advice, KeptShare, choice
from advisor.budget_part import BudgetPart, Settled, with_cut
from advisor.config import AdvisorConfig
from advisor.core import guards, perf
from advisor.core.decide import SETTLED, Limits, decide
from advisor.core.decide import Memory as DecisionMemory
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import find
from advisor.core.learning import Learned, accelerators_of, window_of
from advisor.core.mode_in_use import ModeInUse, ModeWatch
from advisor.core.objective import CapacityType
from advisor.core.observation import Observation, Scrape
from advisor.core.observe import observe
from advisor.core.recommend import recommend
from advisor.core.recommendation import Decision, Fleet, Needed, Recommendation
from advisor.core.split_in_use import Split
from advisor.core.workload import Workload, WorkloadSource, rounded, workload_of
from advisor.diary import Diary
from advisor.errors import ObservationError
from advisor.judge import Judge, Round, usd_per_hour_now
from advisor.look import Catalogue, Look, Scraped
from advisor.pauses import Pauses
from advisor.scaling import Scaling
from advisor.tick import Tick

if TYPE_CHECKING:
    from advisor.loop import FleetReader

MAX_AGE_INTERVALS = 4.0  # readings older than this many intervals are stale
# That the scaling policy looks back at the most: a mean of five minutes hides a burst.
QUICK_S = 60.0
MIN_MAX_AGE_S = 60.0  # Ray's agents report every 10 s, Prometheus scrapes every 15 s or so


class WatchedModel:
    """State between rounds: how traffic pauses, the last recommendation and the mode in use, what was learned."""

    def __init__(
        self,
        *,
        config: AdvisorConfig,
        catalogue: Catalogue,
        fleet_reader: FleetReader,
        diary: Diary,
        weight: float = 1.0,
    ) -> None:
        self._config = config
        self._catalogue = catalogue
        self._fleet_reader = fleet_reader
        self._diary = diary
        self._advice = Advice(model=config.model, diary=diary)
        self._mode_in_use = self._advice.mode_in_use
        self._judge = Judge(
            model=config.model,
            spec=catalogue.spec,
            accelerators=catalogue.accelerators,
            slos=config.slos(),
            window_s=config.window,
            diary=diary,
        )
        self._offers = OfferIndex(catalogue.offers, config.constraints().offers)
        # Of what runs, spot may be a part whether or not it may be recommended.
        self._spot_offers = OfferIndex(
            catalogue.offers,
            replace(config.constraints().offers, capacity_types=(CapacityType.SPOT,)),
        )
        self._scaling = Scaling(
            config=config, catalogue=catalogue, offers=self._offers, diary=diary
        )
        self._limits = limits_of(config)
        self.max_age_s = max(MIN_MAX_AGE_S, MAX_AGE_INTERVALS * config.interval)
        self._decisions = DecisionMemory()
        self._pauses = Pauses(model=config.model, diary=diary)
        self._scrapes: deque[Scrape] = deque()  # of the last `QUICK_S`, where the window is longer
        self._learned = self._judge.restored
        self._last: Recommendation | None = None
        self._told: tuple[object, ...] | None = None
        self._part = BudgetPart(
            config=config,
            weight=weight,
            catalogue=catalogue,
            offers=self._offers,
            kept=self._advice.share,
        )

    @property
    def name(self) -> str:
        return self._config.model

    @property
    def kept_share(self) -> KeptShare | None:
        """What a former run gave this model."""
        return self._advice.share

    async def look(self, scraped: Scraped, number: int) -> Look:
        """Observe and recommend; it raises only for a bug."""
        began_s = time.perf_counter()
        problems: list[str] = []
        observation = self._observe(scraped, problems)
        fleet = self._with_devices(await self._read_fleet(problems), observation)
        self._learned = self._learn(observation, fleet)
        workload = self._workload(observation, problems)
        quick = self._quick(observation, scraped.now)
        needed = self._scaling.look(quick, fleet, self._learned, sound=not problems)
        if workload is not None and needed is not None:
            workload = replace(workload, planned_per_s=needed.planned_per_s)
        recommendation = await self._recommend(workload, needed, scraped.at_s)
        self._mode_in_use = self._followed(recommendation)
        self._last = recommendation
        claim = self._part.claim(recommendation, workload, fleet, problems, scraped.at_s)
        return Look(
            number=number,
            at_s=scraped.at_s,
            took_s=scraped.took_s + time.perf_counter() - began_s,
            observation=observation,
            fleet=fleet,
            fleet_usd_per_hour=usd_per_hour_now(fleet, self._offers, self._spot_offers),
            workload=workload,
            recommendation=recommendation,
            mode_in_use=self._mode_in_use,
            learned=self._learned,
            problems=tuple(problems),
            claim=claim,
            needed=needed,
        )

    def settle(self, look: Look, split: Split | None = None) -> Tick:
        """Decide, judge and keep what was decided; `split` where several models have one budget."""
        began_s = time.perf_counter()
        settled = self._part.within(look, split)
        recommendation = settled.recommendation
        decision = self._decide(look, settled)
        verdicts = self._judge.look(
            Round(
                at_s=look.at_s,
                observation=look.observation,
                fleet=look.fleet,
                workload=look.workload,
                recommendation=recommendation,
                learned=look.learned,
                fleet_usd_per_hour=look.fleet_usd_per_hour,
                sound=not look.problems,
            )
        )
        self._advice.keep(
            at_s=look.at_s,
            recommendation=recommendation,
            decision=decision,
            observation=look.observation,
            fleet=look.fleet,
            mode_in_use=look.mode_in_use,
            sound=not look.problems,
            share=None if split is None else self._part.to_keep(look, split),
        )
        self._pauses.keep(look.at_s)
        before, self._told = self._told, _told(settled)
        return Tick(
            number=look.number,
            at_s=look.at_s,
            duration_s=look.took_s + time.perf_counter() - began_s,
            model=self._config.model,
            operation=self._config.operation,
            budget=self._config.budget,
            slos=self._config.slos(),
            observation=look.observation,
            workload=look.workload,
            fleet=look.fleet,
            recommendation=recommendation,
            learned=look.learned,
            decision=decision,
            problems=look.problems,
            changed=recommendation is not None and self._told != before,
            verdicts=verdicts,
            journal_problem=self._diary.problem,
            share=settled.share,
            needed=look.needed,
        )

    def close(self) -> None:
        """Keep what is not kept yet: the loop has ended."""
        self._pauses.write()
        self._scaling.close()

    def _observe(self, scraped: Scraped, problems: list[str]) -> Observation:
        if scraped.now is None:
            problems.append(scraped.problem or "nothing was read")
            return Observation(at_s=scraped.at_s, source=scraped.source)
        return observe(
            then=scraped.then, now=scraped.now, model=self._config.model, source=scraped.source
        )

    def _quick(self, observation: Observation, now: Scrape | None) -> Observation:
        """The last minute of a longer window; the whole of it where that minute does not tell of every replica."""
        if now is None or self._config.window <= QUICK_S:
            return observation
        self._scrapes.append(now)
        while len(self._scrapes) > 1 and self._scrapes[1].at_s <= now.at_s - QUICK_S:
            self._scrapes.popleft()
        then = self._scrapes[0]
        if not QUICK_S <= now.at_s - then.at_s < self._config.window:
            return observation
        quick = observe(then=then, now=now, model=self._config.model, source=observation.source)
        partial = quick.requests_per_s is None or quick.silent_targets
        return observation if partial else quick

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
        max_age_s = self.max_age_s
        rate = observation.requests_per_s
        if rate is not None and rate.age_s > max_age_s:
            problems.append(
                f"the newest reading is {rate.age_s:.0f} s old, more than {max_age_s:.0f} s"
            )
        elif rate is not None:
            in_flight = observation.requests_in_flight
            busy = rate.value > 0 or (in_flight is not None and in_flight.value > 0)
            self._pauses.add(
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
        history = self._pauses.history
        history.forget(observation.at_s)
        workload = workload_of(
            observation,
            expected=self._config.expected_workload(),
            idle_share=history.idle_share(),
            idle_gaps=history.gaps(),
            max_age_s=max_age_s,
            last_busy=self._pauses.last_busy,
        )
        if (
            workload is not None
            and workload.requests_per_s > 0
            and workload.source is WorkloadSource.OBSERVED
        ):
            self._pauses.last_busy = workload
        return workload

    async def _recommend(
        self, workload: Workload | None, needed: Needed | None, at_s: float
    ) -> Recommendation | None:
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
            watch=ModeWatch(in_use=self._mode_in_use, now_s=at_s, longest_hole_s=self.max_age_s),
            needed=needed,
        )

    def _followed(self, recommendation: Recommendation | None) -> ModeInUse:
        """The mode that this round recommends, and what is watched; nothing new where nothing could be recommended."""
        after = None if recommendation is None else recommendation.mode_in_use
        return self._mode_in_use if after is None else after

    def _decide(self, look: Look, settled: Settled) -> Decision:
        """What to do within the share. A cut is carried out like any other need: what is left of it is what is needed."""
        recommendation, cut = settled.recommendation, settled.cut
        if recommendation is not None and cut is not None:
            recommendation = replace(recommendation, feasible=True, shortfall=None)
        decision = decide(
            recommendation=recommendation,
            workload=look.workload,
            fleet=look.fleet,
            problems=look.problems,
            limits=replace(self._limits, cap_usd_per_hour=settled.cap_usd_per_hour),
            memory=self._decisions,
            now_s=look.at_s,
            present_usd_per_hour=look.fleet_usd_per_hour,
            needed=look.needed,
        )
        best = None if recommendation is None else recommendation.best
        return decision if cut is None else with_cut(decision, cut, look, best)


def _told(settled: Settled) -> tuple[object, ...]:
    """What people are told of once it changes."""
    return choice(settled.recommendation), settled.cut is not None


def limits_of(config: AdvisorConfig) -> Limits:
    """What the configuration allows a decision to do."""
    most = guards.ABSURD_REPLICAS if config.max_replicas is None else config.max_replicas
    return Limits(
        bounds=guards.Bounds(min_replicas=1, max_replicas=most),
        cap_usd_per_hour=config.budget.usd_per_hour,
        cold_start_s=config.cold_start,
    )
