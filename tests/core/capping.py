"""One fleet, a cap, prices and needs that move, two advisors of which one may look at old news, and restarts (A4)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from test_decide import OBSERVED, OFFER, fleet, recommendation

from advisor.core.decide import Limits, Memory, decide
from advisor.core.guards import Bounds
from advisor.core.recommendation import Action, Decision, Recommendation
from advisor.core.replacement import Kind, limited, next_targets

INTERVAL_S = 15.0
BOUNDS = Bounds(min_replicas=1, max_replicas=12)
OTHER = "A100-SXM-80GB"


class CappingMachine(RuleBasedStateMachine):
    """The ledger is recomputed from what runs, starts and drains, of both types, at the price of the moment."""

    @initialize(
        cents=st.integers(50, 300), cap=st.integers(6, 30), need=st.integers(1, 12)
    )  # fmt: skip
    def begin(self, cents: int, cap: int, need: int) -> None:
        self.now_s = 0.0
        self.price, self.other_price = cents / 100, 1.5
        self.cap, self.need = float(cap), need
        self.ready, self.starting, self.leaving = 1, 0, 0
        self.other_ready, self.other_starting, self.other_leaving = 0, 0, 0
        self.memories = [Memory(), Memory()]
        self.old_news = self.news()
        self.moved = False  # price or cap did, and put what runs over the cap

    def billed(self) -> float:
        own = (self.ready + self.starting + self.leaving) * self.price
        other = self.other_ready + self.other_starting + self.other_leaving
        return own + other * self.other_price

    def news(self) -> tuple[Recommendation, int, float, float, bool]:
        """What an advisor reads: the recommendation at the price it knows, the replicas, what else is billed."""
        offer = replace(OFFER, usd_per_hour=self.price)
        asked = recommendation(self.need, feasible=self.need * self.price <= self.cap)
        assert asked.best is not None
        best = replace(asked.best, offer=offer, usd_per_hour=self.need * self.price)
        others = (self.other_ready + self.other_starting + self.other_leaving) * self.other_price
        besides = self.leaving * self.price + others
        settled = self.starting == 0
        return replace(asked, best=best), self.ready, besides, self.cap, settled

    def decided(self, who: int, news: tuple[Recommendation, int, float, float, bool]) -> Decision:
        asked, running, besides, cap, settled = news
        return decide(
            recommendation=asked,
            workload=OBSERVED,
            fleet=fleet(running, status="RUNNING" if settled else "DEPLOYING"),
            problems=[],
            limits=Limits(bounds=BOUNDS, cap_usd_per_hour=cap, other_usd_per_hour=besides),
            memory=self.memories[who],
            now_s=self.now_s,
        )

    def kinds(self) -> tuple[Kind, Kind]:
        """What runs, as an actuator reads it: nothing is asked of the other type."""
        own = Kind(
            needed=self.need,
            ready=self.ready,
            starting=self.starting,
            leaving=self.leaving,
            usd_per_hour=self.price,
        )
        other = Kind(
            needed=0,
            ready=self.other_ready,
            starting=self.other_starting,
            leaving=self.other_leaving,
            usd_per_hour=self.other_price,
        )
        return own, other

    def write(self, wanted: int, wanted_other: int) -> None:
        """The actuator: look again, keep to the limits, write both counts."""
        before = self.billed()
        own, other = self.kinds()
        now = limited(wanted, wanted_other, own, other, cap_usd_per_hour=self.cap)
        more = now.old - own.there
        stopped = min(self.starting, max(0, -more))
        self.starting += max(0, more) - stopped
        drained = max(0, -more) - stopped
        self.ready, self.leaving = self.ready - drained, self.leaving + drained
        more = now.new - other.there
        stopped = min(self.other_starting, max(0, -more))
        self.other_starting += max(0, more) - stopped
        drained = max(0, -more) - stopped
        self.other_ready -= drained
        self.other_leaving += drained
        assert self.billed() <= max(before, self.cap) + 1e-6, "an act of ours went over the cap"

    def act(self, who: int, decision: Decision) -> None:
        if decision.action is Action.SCALE:
            assert decision.target_replicas is not None
            assert 0 < decision.target_replicas <= BOUNDS.max_replicas
            self.write(decision.target_replicas, self.other_ready + self.other_starting)

    @rule()
    def first_advisor(self) -> None:
        news = self.news()
        self.act(0, self.decided(0, news))
        asked, running, besides, cap, settled = news
        if settled and asked.feasible and running != self.need:
            paid_for = int((cap - besides) / self.price + 1e-9)
            assert self.ready + self.starting <= max(paid_for, 1) or paid_for < 1, (
                "what the cap does not pay for goes at the first look"
            )

    @rule()
    def second_advisor_on_old_news(self) -> None:
        self.act(1, self.decided(1, self.old_news))

    @rule()
    def look(self) -> None:
        self.old_news = self.news()

    @rule(wanted=st.integers(1, 6))
    def the_other_type_takes_over(self, wanted: int) -> None:
        own, other = self.kinds()
        other = replace(other, needed=wanted)
        step = next_targets(own, other, cap_usd_per_hour=self.cap)
        self.write(step.old, step.new)

    @rule(who=st.sampled_from([0, 1]))
    def restart(self, who: int) -> None:
        self.memories[who] = Memory()

    @rule(seconds=st.sampled_from([15.0, 120.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.ready, self.starting = self.ready + self.starting, 0
        self.other_ready, self.other_starting = self.other_ready + self.other_starting, 0
        self.leaving = self.other_leaving = 0

    @rule(cents=st.integers(50, 500))
    def the_price_changes(self, cents: int) -> None:
        self.price = cents / 100
        self.moved = self.billed() > self.cap + 1e-9

    @rule(cap=st.integers(4, 30))
    def the_user_changes_the_cap(self, cap: int) -> None:
        self.cap = float(cap)
        self.moved = self.billed() > self.cap + 1e-9

    @rule(need=st.integers(1, 12))
    def the_load_changes(self, need: int) -> None:
        self.need = need

    @invariant()
    def the_cap_holds(self) -> None:
        if not hasattr(self, "cap"):
            return
        if self.billed() <= self.cap + 1e-6:
            self.moved = False
        assert self.moved or self.billed() <= self.cap + 1e-6
