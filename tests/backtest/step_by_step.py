"""The same fleet, written to be obviously right and nothing else: one token at a time, lists, no jumps, no heaps.

Times are whole picoseconds here as well, so the compiled simulator has to agree to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import GRACE_S, to_ps
from advisor.backtest.simulator import Change
from advisor.backtest.trace import Trace
from advisor.core.replica_model import ReplicaModel


@dataclass
class Request:
    number: int
    arrival: int
    input_tokens: int
    output_tokens: int
    prefilled: int = 0
    generated: int = 0
    first: int | None = None
    finish: int | None = None


@dataclass
class Replica:
    launched: int
    ready: int
    status: str = "starting"
    waiting: list[Request] = field(default_factory=list)
    running: list[Request] = field(default_factory=list)
    chunks: dict[int, int] = field(default_factory=dict)  # prompt tokens of the step under way
    step_ends: int | None = None

    @property
    def outstanding(self) -> int:
        return len(self.waiting) + len(self.running)


class StepByStep:
    def __init__(
        self, trace: Trace, model: ReplicaModel, conditions: Conditions, seed: int = 0
    ) -> None:
        self.model, self.conditions = model, conditions
        rows = zip(trace.arrival_s, trace.input_tokens, trace.output_tokens, strict=True)
        self.requests = [
            Request(number, round(at * 10**12), int(tokens_in), int(tokens_out))
            for number, (at, tokens_in, tokens_out) in enumerate(rows)
        ]
        self.arriving = list(self.requests)
        self.slots: list[Replica | None] = [None] * (2 * conditions.max_replicas + 16)
        self.routed: list[Replica] = []
        self.held: list[Request] = []
        self.lives: list[tuple[int, int]] = []
        self.random = 1 + seed * 7919 % 2147483646
        for _ in range(conditions.initial_replicas):
            self.launch(0, 0)

    # -- the cloud

    def launch(self, now: int, ready: int) -> None:
        slot = self.slots.index(None)
        replica = Replica(now, ready)
        self.slots[slot] = replica
        if ready <= now:
            self.become_ready(replica, now)

    def become_ready(self, replica: Replica, now: int) -> None:
        replica.status = "running"
        self.routed.append(replica)
        self.release_held(now)

    def stop_routing(self, replica: Replica) -> None:
        index = next(i for i, one in enumerate(self.routed) if one is replica)
        self.routed[index] = self.routed[-1]
        self.routed.pop()

    def end(self, replica: Replica, now: int) -> None:
        slot = next(i for i, one in enumerate(self.slots) if one is replica)
        self.slots[slot] = None
        self.lives.append((replica.launched, now))

    def remove_one(self, now: int) -> None:
        starting = [one for one in self.slots if one and one.status == "starting"]
        running = [one for one in self.slots if one and one.status == "running"]
        if starting:
            youngest = max(one.launched // 1000 for one in starting)
            self.end([one for one in starting if one.launched // 1000 == youngest][-1], now)
        elif running:
            least = min(one.outstanding for one in running)
            gone = [one for one in running if one.outstanding == least][-1]
            self.stop_routing(gone)
            gone.status = "draining"
            if gone.outstanding == 0:
                self.end(gone, now)

    def set_target(self, now: int, target: int) -> None:
        present = sum(1 for one in self.slots if one and one.status != "draining")
        wanted = min(max(target, self.conditions.min_replicas), self.conditions.max_replicas)
        for _ in range(wanted - present):
            self.launch(now, now + to_ps(self.conditions.cold_start_s))
        for _ in range(present - wanted):
            self.remove_one(now)

    # -- the router

    def draw(self, bound: int) -> int:
        self.random = self.random * 48271 % 2147483647
        return self.random % bound

    def choose(self) -> Replica | None:
        if not self.routed:
            return None
        limit = self.conditions.router_limit or 2**40
        if self.conditions.two_choices and len(self.routed) > 1:
            one = self.routed[self.draw(len(self.routed))]
            two = self.routed[self.draw(len(self.routed))]
            better = two if two.outstanding < one.outstanding else one
            if better.outstanding < limit:
                return better
        candidates = [one for one in self.slots if one and one.status == "running"]
        best = min(candidates, key=lambda one: one.outstanding)
        return best if best.outstanding < limit else None

    def arrive(self, request: Request, now: int) -> None:
        needed = request.input_tokens + request.output_tokens
        if needed > self.model.kv_capacity_tokens:
            return
        replica = None if self.held else self.choose()
        if replica is None:
            self.held.append(request)
        else:
            self.give(replica, request, now)

    def release_held(self, now: int, at_boundary: Replica | None = None) -> None:
        while self.held and (replica := self.choose()) is not None:
            request = self.held.pop(0)
            if replica is at_boundary:
                replica.waiting.append(request)
            else:
                self.give(replica, request, now)

    def give(self, replica: Replica, request: Request, now: int) -> None:
        replica.waiting.append(request)
        if replica.step_ends is None:
            self.plan(replica, now)

    # -- the engine

    def plan(self, replica: Replica, now: int) -> None:
        model = self.model
        decoding = [one for one in replica.running if one.generated > 0]
        budget = model.max_num_batched_tokens - len(decoding)
        replica.chunks = {}
        for one in replica.running:
            if one.generated == 0:
                replica.chunks[one.number] = min(budget, one.input_tokens - one.prefilled)
                budget -= replica.chunks[one.number]
        while replica.waiting and budget > 0 and len(replica.running) < model.max_num_seqs:
            one = replica.waiting[0]
            reserved = sum(each.input_tokens + each.output_tokens for each in replica.running)
            if reserved + one.input_tokens + one.output_tokens > model.kv_capacity_tokens:
                break
            replica.running.append(replica.waiting.pop(0))
            replica.chunks[one.number] = min(budget, one.input_tokens)
            budget -= replica.chunks[one.number]
        if not replica.running:
            replica.step_ends = None
            return
        read = sum(one.prefilled + one.generated for one in replica.running)
        replica.step_ends = (
            now
            + to_ps(model.step_base_s)
            + to_ps(model.step_per_seq_s) * len(replica.running)
            + to_ps(model.step_per_kv_token_s) * read
            + to_ps(model.step_per_prefill_token_s) * sum(replica.chunks.values())
        )

    def end_step(self, replica: Replica, now: int) -> None:
        before = replica.outstanding
        for one in replica.running:
            if one.number in replica.chunks:
                one.prefilled += replica.chunks[one.number]
            if one.prefilled == one.input_tokens:
                one.generated += 1
                if one.generated == 1:
                    one.first = now
                if one.generated == one.output_tokens:
                    one.finish = now
        replica.running = [one for one in replica.running if one.finish is None]
        if replica.outstanding < before and replica.status == "running":
            self.release_held(now, at_boundary=replica)
        if replica.outstanding == 0 and replica.status == "draining":
            self.end(replica, now)
        else:
            self.plan(replica, now)

    # -- the clock

    def next_event(self) -> tuple[int, Replica] | None:
        events = []
        for replica in self.slots:
            if replica and replica.status == "starting":
                events.append((replica.ready, replica))
            elif replica and replica.step_ends is not None:
                events.append((replica.step_ends, replica))
        return min(events, key=lambda event: event[0]) if events else None

    def run_until(self, until: int) -> None:
        while True:
            event = self.next_event()
            if self.arriving and (event is None or self.arriving[0].arrival <= event[0]):
                if self.arriving[0].arrival > until:
                    return
                request = self.arriving.pop(0)
                self.arrive(request, request.arrival)
            elif event is not None and event[0] <= until:
                now, replica = event
                if replica.status == "starting":
                    self.become_ready(replica, now)
                else:
                    self.end_step(replica, now)
            else:
                return

    def follow(self, schedule: list[Change], end_s: float) -> None:
        for change in schedule:
            if change.at_s > end_s:
                break
            self.run_until(to_ps(change.at_s))
            self.set_target(to_ps(change.at_s), change.target)
        now_s, until_s = end_s, end_s + GRACE_S
        self.run_until(to_ps(now_s))
        while (
            self.held
            and now_s < until_s
            and any(one and one.status != "draining" for one in self.slots)
        ):
            now_s += 1.0
            self.run_until(to_ps(now_s))
        while any(one and one.status != "draining" for one in self.slots):
            self.remove_one(to_ps(now_s))
        self.run_until(to_ps(now_s + 86_400))
