"""A deployment under an advisor that applies things, some of which are bad for it (A8)."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from advisor.core.rollback import (
    GOOD_INTERVALS,
    RETRY_AFTER_S,
    Deployed,
    Health,
    Order,
    Rollback,
    Stage,
)

INTERVAL_S = 15.0
FINE = Health(miss_share=0.0)
KINDS = ("L4", "H100", "T4")
deployments = st.builds(Deployed, kind=st.sampled_from(KINDS), replicas=st.integers(1, 4))


class ApplyingMachine(RuleBasedStateMachine):
    """The world knows which deployments are bad; the machine under test finds out. An actuator obeys at once or is slow."""

    @initialize(first=deployments, crashing=st.sets(deployments, max_size=6), slow=st.booleans())
    def begin(self, first: Deployed, crashing: set[Deployed], slow: bool) -> None:
        self.now_s = 0.0
        self.running = self.declared = first
        self.good = {first}
        self.bad = crashing - {first}
        self.rollback = Rollback(last_good=first)
        self.slow = slow
        self.bad_intervals = 0
        self.failures: dict[Deployed, int] = {}
        self.told: list[str] = []

    def health(self) -> Health:
        bad = self.running in self.bad
        return Health(miss_share=0.5 if bad else 0.0, crash_looping=bad)

    def obey(self, order: Order) -> None:
        if order.notify is not None:
            self.told.append(order.notify)
        if order.target is not None:
            assert order.reason
            self.declared = order.target
            if not self.slow:
                self.running = self.declared

    @precondition(lambda self: self.rollback.stage in (Stage.GOOD, Stage.TRIAL))
    @rule(asked=deployments)
    def apply(self, asked: Deployed) -> None:
        if self.rollback.refusal(asked, self.now_s) is not None:
            return
        self.rollback.applied(asked, before=self.health(), now_s=self.now_s)
        self.running = self.declared = asked

    @rule(known=st.booleans())
    def an_interval(self, known: bool) -> None:
        self.now_s += INTERVAL_S
        was = self.running
        stage = self.rollback.stage
        health = self.health() if known else Health(miss_share=None)
        order = self.rollback.see(self.running, health, now_s=self.now_s)
        if stage is Stage.TRIAL and order.target is not None:
            assert was in self.bad, "what was good was taken back"
            assert order.target == self.rollback.last_good
            self.failures[was] = self.failures.get(was, 0) + 1
        self.bad_intervals = (
            self.bad_intervals + 1 if was in self.bad and known and order.target is None else 0
        )
        self.obey(order)

    @rule()
    def the_actuator_catches_up(self) -> None:
        self.running = self.declared

    @rule()
    def serve_cannot_be_asked(self) -> None:
        self.now_s += INTERVAL_S
        assert self.rollback.see(None, FINE, now_s=self.now_s) == Order()

    @rule()
    def time_passes(self) -> None:
        self.now_s += RETRY_AFTER_S

    @precondition(lambda self: self.rollback.stage is Stage.FROZEN)
    @rule()
    def a_person_thaws_it(self) -> None:
        assert self.told
        self.rollback.thaw()
        self.failures.clear()

    @invariant()
    def laws(self) -> None:
        if not hasattr(self, "rollback"):
            return
        assert self.rollback.last_good not in self.bad, "the last good is one that was seen good"
        assert self.bad_intervals <= 1, "a bad one is ordered back within two intervals"
        assert all(count <= 2 for count in self.failures.values()), "one retry"
        if any(count == 2 for count in self.failures.values()):
            assert self.rollback.stage is Stage.FROZEN
            assert self.told

    def teardown(self) -> None:
        if not hasattr(self, "rollback"):
            return
        self.slow = False
        for _ in range(GOOD_INTERVALS + 2):
            self.an_interval(True)
        assert self.running not in self.bad, "left alone, it ends on something good"
