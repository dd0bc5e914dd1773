"""From launch to bill: a replica starts, becomes ready or fails, drains, is interrupted, and is gone."""

from __future__ import annotations

from advisor.backtest.engine.batching import schedule_event
from advisor.backtest.engine.compiled import lean
from advisor.backtest.engine.routing import release_held, route_again
from advisor.backtest.engine.state import (
    CANCELLED,
    DRAINING,
    END,
    ENDED,
    FAILED,
    FAILS,
    FREE,
    IDLE,
    INTERRUPT,
    INTERRUPTED,
    KIND,
    LAUNCHED,
    LIFE_ENDED,
    LIFE_LAUNCHED,
    LIFE_OUTCOME,
    LIFE_READY,
    LOST,
    NEVER,
    NOBODY,
    NOTICE,
    NOTIFIED,
    NUM_DECODING,
    NUM_FAILED,
    NUM_INTERRUPTED,
    NUM_LIVES,
    NUM_LOST,
    NUM_PRE,
    NUM_READY,
    NUM_RUNNING,
    NUM_WAITING,
    OUTSTANDING,
    PARTIAL,
    PRE_HEAD,
    READY,
    REQUEST_MASK,
    RUNNING,
    STARTING,
    STATUS,
    WAIT_HEAD,
    State,
)
from advisor.backtest.engine.trees import set_leaf


@lean
def end_life(state: State, slot: int, now: int, outcome: int) -> None:
    """The replica is gone: its bill is written, its slot is free."""
    row, fleet = state.slots[slot], state.fleet
    life = state.lives[fleet[NUM_LIVES]]
    life[LIFE_LAUNCHED], life[LIFE_READY] = row[LAUNCHED], row[READY]
    life[LIFE_ENDED], life[LIFE_OUTCOME] = now, outcome
    fleet[NUM_LIVES] += 1
    row[STATUS] = FREE
    row[END] = row[INTERRUPT] = NEVER
    row[KIND] = IDLE
    row[OUTSTANDING] = 0
    schedule_event(state, slot)


@lean
def stop_routing(state: State, slot: int) -> None:
    fleet = state.fleet
    for index in range(fleet[NUM_RUNNING]):
        if state.running[index] == slot:
            fleet[NUM_RUNNING] -= 1
            state.running[index] = state.running[fleet[NUM_RUNNING]]
            break
    set_leaf(state.loads, slot, NEVER)


@lean
def drain(state: State, slot: int, now: int, outcome: int) -> None:
    """No more requests for it; it ends with the last one it has."""
    stop_routing(state, slot)
    state.slots[slot, STATUS] = DRAINING
    if state.slots[slot, OUTSTANDING] == 0:
        end_life(state, slot, now, outcome)


@lean
def become_ready(state: State, slot: int, now: int) -> None:
    row, fleet = state.slots[slot], state.fleet
    if row[FAILS]:
        fleet[NUM_FAILED] += 1
        end_life(state, slot, now, FAILED)
        return
    row[STATUS] = RUNNING
    row[END] = NEVER
    if fleet[NUM_READY] < state.ready_s.size:  # nobody reads them where a schedule is followed
        state.ready_s[fleet[NUM_READY]] = now - row[LAUNCHED]
        fleet[NUM_READY] += 1
    state.running[fleet[NUM_RUNNING]] = slot
    fleet[NUM_RUNNING] += 1
    set_leaf(state.loads, slot, 0)
    schedule_event(state, slot)
    release_held(state, now, -1)


@lean
def interrupt(state: State, slot: int, now: int) -> None:
    """A spot replica is told to go, later it is gone: streams break, what had no token yet is routed again."""
    row, fleet = state.slots[slot], state.fleet
    if not row[NOTIFIED]:
        fleet[NUM_INTERRUPTED] += 1
    if not row[NOTIFIED] and row[STATUS] != STARTING and state.params[NOTICE] > 0:
        row[NOTIFIED] = 1
        row[INTERRUPT] = now + state.params[NOTICE]
        schedule_event(state, slot)
        if row[STATUS] == RUNNING:
            drain(state, slot, now, INTERRUPTED)
        return
    if row[STATUS] == RUNNING:
        stop_routing(state, slot)
    for index in range(row[NUM_DECODING]):
        state.finish[state.heap[slot, index] & REQUEST_MASK] = LOST
        fleet[NUM_LOST] += 1
    pre, num_pre = row[PRE_HEAD], row[NUM_PRE]
    waiting, num_waiting = row[WAIT_HEAD], row[NUM_WAITING]
    end_life(state, slot, now, INTERRUPTED)
    route_again(state, pre, num_pre, now)
    route_again(state, waiting, num_waiting, now)


@lean
def launch(state: State, now: int, ready: int, fails: bool, interrupt: int) -> bool:
    """Start a replica in the lowest free slot; false where there is none."""
    slots = state.slots
    for slot in range(slots.shape[0]):
        if slots[slot, STATUS] == FREE:
            row = slots[slot]
            row[:] = 0
            row[STATUS], row[KIND] = STARTING, IDLE
            row[LAUNCHED], row[READY], row[END] = now, ready, ready
            row[INTERRUPT] = interrupt
            row[FAILS] = 1 if fails else 0
            row[PARTIAL] = row[PRE_HEAD] = NOBODY
            if ready <= now and not fails:
                become_ready(state, slot, now)
            else:
                schedule_event(state, slot)
            return True
    return False


@lean
def remove(state: State, now: int, count: int) -> None:
    """Take `count` replicas away: the youngest that start, then those with the fewest requests, which drain."""
    slots = state.slots
    for _ in range(count):
        best, best_key = -1, NEVER
        for slot in range(slots.shape[0]):
            row = slots[slot]
            if row[STATUS] == STARTING:
                key = -NEVER - row[LAUNCHED] // 1000
            elif row[STATUS] == RUNNING:
                key = row[OUTSTANDING]
            else:
                continue
            if key < best_key or (key == best_key and slot > best):
                best, best_key = slot, key
        if best < 0:
            return
        if slots[best, STATUS] == STARTING:
            end_life(state, best, now, CANCELLED)
        else:
            drain(state, best, now, ENDED)
