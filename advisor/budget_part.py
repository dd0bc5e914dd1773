"""A model's part in a budget that it may share: what it asks for, and what its recommendation becomes within its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.advice import KeptShare
from advisor.config import AdvisorConfig
from advisor.core import guards, perf
from advisor.core.builds import settings_of
from advisor.core.claims import (
    Claim,
    Way,
    best_within,
    can_be_cut,
    key_of,
    may_shrink,
    most_usd_per_hour,
    ways_of,
)
from advisor.core.decide import PATIENCE_S
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import find
from advisor.core.recommendation import Action, Candidate, Decision, Fleet, Recommendation
from advisor.core.shared_budget import SLACK, Cut, ModelOption, Share, cut_to
from advisor.core.split_in_use import Split
from advisor.core.workload import Workload, rounded
from advisor.judge import usd_per_hour_now
from advisor.look import Catalogue, Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A recommendation within what the model may cost; `share` where the budget is not its own."""

    recommendation: Recommendation | None
    cap_usd_per_hour: float
    share: Share | None = None

    @property
    def cut(self) -> Cut | None:
        return None if self.share is None else self.share.cut


class BudgetPart:
    """State between rounds: what was needed in the last minutes, what ran when that was known last, the last cut."""

    def __init__(
        self,
        *,
        config: AdvisorConfig,
        weight: float,
        catalogue: Catalogue,
        offers: OfferIndex,
        kept: KeptShare | None,
    ) -> None:
        self._config, self._weight = config, weight
        self._catalogue, self._offers = catalogue, offers
        self._needs = _Needs()
        self._running_usd_per_hour = 0.0 if kept is None else kept.running_usd_per_hour
        self._accelerators: tuple[str, ...] = ()  # that the fleet was last seen on
        self._shown: Recommendation | None = None
        self._cut: Cut | None = None

    @property
    def name(self) -> str:
        return self._config.model

    def claim(
        self,
        recommendation: Recommendation | None,
        workload: Workload | None,
        fleet: Fleet | None,
        problems: Sequence[str],
        now_s: float,
    ) -> Claim:
        """What the model brings to the sharing."""
        self._running_usd_per_hour = self._billed_usd_per_hour(fleet)
        nothing_new = Claim(
            name=self.name,
            weight=self._weight,
            running_usd_per_hour=self._running_usd_per_hour,
            keeps=True,
        )
        if recommendation is None or workload is None:
            return nothing_new
        if not can_be_cut(recommendation, self._config.max_replicas):
            return nothing_new
        ways = ways_of(
            recommendation,
            workload.counted_per_s,
            self._offers,
            at_least=0 if problems else self._needs.add(recommendation, fleet, now_s),
            accelerators=() if fleet is None else fleet.accelerators,
        )
        return replace(
            nothing_new,
            options=tuple(way.option for way in ways),
            keeps=bool(problems),
            may_shrink=not problems and may_shrink(recommendation, workload, fleet),
        )

    def _billed_usd_per_hour(self, fleet: Fleet | None) -> float:
        """What runs or is starting; as far as it was known last where it is not known now."""
        if fleet is None:
            return self._running_usd_per_hour
        self._accelerators = fleet.accelerators or self._accelerators
        replicas = max(fleet.running_replicas or 0, fleet.target_replicas or 0)
        if fleet.running_replicas is not None and replicas == 0:
            return 0.0
        there = replace(fleet, running_replicas=replicas, accelerators=self._accelerators)
        known = usd_per_hour_now(there, self._offers)
        return self._running_usd_per_hour or self._at_least(there) if known is None else known

    def _at_least(self, fleet: Fleet) -> float:
        """What GPUs cost at the least that nobody has told the name of yet; 0 where there are none."""
        if fleet.devices_per_replica is None:
            return 0.0
        allowed = self._config.accelerators
        prices = [
            usd_per_hour_now(replace(fleet, accelerators=(one.name,)), self._offers)
            for one in self._catalogue.accelerators
            if allowed is None or one.name in allowed
        ]
        return min((price for price in prices if price is not None), default=0.0)

    def within(self, look: Look, split: Split | None) -> Settled:
        """The free recommendation where the share pays for it, else the best that it pays for."""
        if split is None:
            return Settled(
                recommendation=look.recommendation,
                cap_usd_per_hour=self._config.budget.usd_per_hour,
            )
        cap = split.usd_per_hour[self.name]
        recommendation, wish, cut = self._settled(look, split, cap)
        self._shown, self._cut = recommendation, cut
        share = Share(
            usd_per_hour=cap,
            wish=wish,
            cut=cut,
            keeps=look.claim.keeps,
            better_split_for_s=split.in_use.better_for_s,
        )
        return Settled(recommendation=recommendation, share=share, cap_usd_per_hour=cap)

    def _settled(
        self, look: Look, split: Split, cap: float
    ) -> tuple[Recommendation | None, ModelOption | None, Cut | None]:
        """What to recommend, what it would be alone, and what was cut."""
        free = look.recommendation
        if free is None or look.workload is None:  # nothing new: what was said stays said
            return self._shown or free, None, self._cut
        if split.over_usd_per_hour > 0 and (cap == 0 or not look.claim.keeps):
            return replace(free, feasible=False, shortfall=self._too_dear(split)), None, None
        if free.best is None or not can_be_cut(free, self._config.max_replicas):
            return free, None, None
        wish = ModelOption(key=key_of(free.best), usd_per_hour=most_usd_per_hour(free.best))
        if wish.usd_per_hour <= cap * (1 + SLACK):
            return free, wish, None
        recommendation, cut = self._cheaper(free, look, cap, wish)
        return recommendation, wish, cut

    def _too_dear(self, split: Split) -> str:
        return (
            f"the least that each model needs is ${split.over_usd_per_hour:.2f}/h over the budget of "
            f"${self._config.budget.usd_per_hour:.2f}/h, all models together"
        )

    def _cheaper(
        self, free: Recommendation, look: Look, cap: float, wish: ModelOption
    ) -> tuple[Recommendation, Cut | None]:
        assert look.workload is not None
        accelerators = () if look.fleet is None else look.fleet.accelerators
        ways = ways_of(free, look.workload.counted_per_s, self._offers, accelerators=accelerators)
        way = best_within(ways, cap)
        if way is None:
            shortfall = f"its share of ${cap:.2f}/h pays for no replica"
            return replace(free, feasible=False, shortfall=shortfall), None
        cut = cut_to(self.name, wish=wish, given=way.option, weight=self._weight)
        if cut is None:
            return replace(free, best=way.candidate), None
        told = cut.in_words()
        best = self._at_its_limit(way, look)
        return replace(
            free,
            best=best,
            feasible=False,
            shortfall=told,
            reasons=(told, *free.reasons),
            mix=None,
        ), cut

    def _at_its_limit(self, way: Way, look: Look) -> Candidate:
        """With the latencies of replicas that carry as much as the objectives allow: the load is more."""
        best, workload = way.candidate, look.workload
        assert workload is not None
        workload = rounded(workload)
        specs = (self._catalogue.spec, *self._catalogue.variants)
        predicted = perf.predict(
            perf.Replica(
                spec=next(spec for spec in specs if spec.quantization is best.quantization),
                accelerator=find(best.accelerator, self._catalogue.accelerators),
                tp_degree=best.tp_degree,
                settings=settings_of(expert_parallel=best.expert_parallel),
                correction=look.learned.of(best.accelerator),
            ),
            requests_per_s=best.prediction.max_requests_per_s,
            isl=workload.isl,
            osl=workload.osl,
            slos=self._config.slos(),
        )
        return best if predicted is None else replace(best, prediction=predicted)

    def to_keep(self, look: Look, split: Split) -> KeptShare:
        return KeptShare(
            at_s=look.at_s,
            given_usd_per_hour=split.in_use.given.get(self.name, 0.0),
            running_usd_per_hour=look.claim.running_usd_per_hour,
            better_for_s=split.in_use.better_for_s,
            looked_s=split.in_use.looked_s,
        )


class _Needs:
    """The most replicas needed in the last minutes on the accelerator that is best; at the first look all that run."""

    def __init__(self) -> None:
        self._accelerator: str | None = None
        self._recent = guards.RecentNeed(window_s=PATIENCE_S)

    def add(self, recommendation: Recommendation, fleet: Fleet | None, now_s: float) -> int:
        best = recommendation.best
        assert best is not None
        need = best.replicas
        if best.accelerator != self._accelerator:
            if self._accelerator is None:
                need = max(need, _running_on(best.accelerator, fleet))
            self._accelerator = best.accelerator
            self._recent = guards.RecentNeed(window_s=PATIENCE_S)
        return self._recent.add(now_s=now_s, value=need)


def _running_on(accelerator: str, fleet: Fleet | None) -> int:
    if fleet is None or fleet.accelerators != (accelerator,):
        return 0
    return fleet.running_replicas or 0


def with_cut(decision: Decision, cut: Cut, look: Look, best: Candidate | None) -> Decision:
    """The decision, and why it is about fewer replicas than the load needs."""
    reason = decision.reason
    running = None if look.fleet is None else look.fleet.running_replicas
    if decision.action is Action.SCALE:
        reason = f"its share pays for {decision.target_replicas} replicas, {running} are running"
    elif best is not None and best.replicas == running and not look.problems:
        reason = f"{running} replicas are what its share pays for"
    return replace(decision, reason=f"{reason}; {cut.in_words()}")
