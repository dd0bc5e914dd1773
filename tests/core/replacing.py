"""A fleet that is being replaced while replicas die, loads and prices change and a second advisor acts on old news (A7)."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from advisor.core.replacement import Kind, Targets, limited, next_targets

NUM_STEPS_TO_FINISH = 200


class Replicas:
    """What Serve runs of one kind: it stops those first that are not ready, and what it stops drains for a while."""

    def __init__(self, ready: int, usd_per_hour: float) -> None:
        self.ready, self.starting, self.leaving = ready, 0, 0
        self.usd_per_hour = usd_per_hour

    def seen(self, needed: int) -> Kind:
        return Kind(
            needed=needed,
            ready=self.ready,
            starting=self.starting,
            leaving=self.leaving,
            usd_per_hour=self.usd_per_hour,
        )

    def set_target(self, target: int) -> None:
        there = self.ready + self.starting
        if target >= there:
            self.starting += target - there
            return
        stopped = min(self.starting, there - target)
        self.starting -= stopped
        drained = there - target - stopped
        self.ready -= drained
        self.leaving += drained


class ReplacingMachine(RuleBasedStateMachine):
    """Every write goes through `limited` on fresh counts, as an actuator must do it; views may be old."""

    @initialize(
        needed=st.tuples(st.integers(1, 6), st.integers(1, 6)),
        prices=st.tuples(st.sampled_from([1.0, 2.0, 3.5]), st.sampled_from([0.5, 1.0, 4.0])),
        room=st.integers(0, 8),
        budget=st.integers(0, 2),
    )
    def begin(
        self, needed: tuple[int, int], prices: tuple[float, float], room: int, budget: int
    ) -> None:
        self.needed_old, self.needed_new = needed
        self.old, self.new = Replicas(needed[0], prices[0]), Replicas(0, prices[1])
        fleets = needed[0] * prices[0], needed[1] * prices[1]
        self.cap = max(fleets) + room
        self.budget = budget
        self.stale = self.views()
        self.cut = False  # the cap was lowered below what runs, by somebody else

    def views(self) -> tuple[Kind, Kind]:
        return self.old.seen(self.needed_old), self.new.seen(self.needed_new)

    def billed(self) -> float:
        return sum(kind.billed_usd_per_hour for kind in self.views())

    def ask(self, old: Kind, new: Kind) -> Targets:
        return next_targets(old, new, max_unavailable=self.budget, cap_usd_per_hour=self.cap)

    def write(self, wanted: Targets) -> None:
        """What the actuator does: look again, keep to the limits, then write both counts at once."""
        old, new = self.views()
        before = self.served(), self.billed()
        now = limited(
            wanted.old,
            wanted.new,
            old,
            new,
            max_unavailable=self.budget,
            cap_usd_per_hour=self.cap,
        )
        self.old.set_target(now.old)
        self.new.set_target(now.new)
        allowed = min(1.0, before[0]) - self.budget / self.needed_old
        assert self.served() >= allowed - 1e-9 or self.served() >= 1 - 1e-9
        if self.served() < before[0] - 1e-9:
            spare = (self.old.ready + self.budget) / self.needed_old
            assert spare + self.new.ready / self.needed_new >= 1 - 1e-9, "beyond the budget"
        assert self.billed() <= max(self.cap, before[1]) + 1e-9, "over the cap"

    def served(self) -> float:
        return self.old.ready / self.needed_old + self.new.ready / self.needed_new

    @rule()
    def first_advisor(self) -> None:
        self.write(self.ask(*self.views()))

    @rule()
    def second_advisor_on_old_news(self) -> None:
        self.write(self.ask(*self.stale))

    @rule(wanted=st.tuples(st.integers(0, 9), st.integers(0, 9)))
    def somebody_asks_for_anything(self, wanted: tuple[int, int]) -> None:
        self.write(Targets(old=wanted[0], new=wanted[1], reason="a person"))

    @rule()
    def look(self) -> None:
        self.stale = self.views()

    @rule(count=st.integers(1, 3))
    def become_ready(self, count: int) -> None:
        for replicas in (self.old, self.new):
            ready = min(count, replicas.starting)
            replicas.starting -= ready
            replicas.ready += ready

    @rule()
    def have_left(self) -> None:
        self.old.leaving = self.new.leaving = 0

    @precondition(lambda self: self.old.ready + self.new.ready > 0)
    @rule(new=st.booleans())
    def one_dies_and_serve_starts_it_again(self, new: bool) -> None:
        replicas = self.new if new and self.new.ready else self.old
        if replicas.ready:
            replicas.ready -= 1
            replicas.starting += 1

    @rule(needed=st.tuples(st.integers(1, 6), st.integers(1, 6)))
    def the_load_changes(self, needed: tuple[int, int]) -> None:
        self.needed_old, self.needed_new = needed

    @rule(factor=st.sampled_from([0.5, 1.5, 2.0]))
    def the_price_changes(self, factor: float) -> None:
        self.new.usd_per_hour = min(8.0, self.new.usd_per_hour * factor)
        self.cut = self.billed() > self.cap

    @invariant()
    def the_cap_holds(self) -> None:
        if not hasattr(self, "cap"):
            return
        if self.billed() <= self.cap + 1e-9:
            self.cut = False
        assert self.cut or self.billed() <= self.cap + 1e-9

    def teardown(self) -> None:
        """Left alone, with money for both, a replacement comes to its end."""
        if not hasattr(self, "cap"):
            return
        self.cap = 1000.0
        for _ in range(NUM_STEPS_TO_FINISH):
            self.write(self.ask(*self.views()))
            self.become_ready(1)
            self.have_left()
        assert (self.old.ready, self.new.ready) == (0, self.needed_new)
