"""The fleet's clock: arrivals and the ends of steps, each in its turn, up to a moment.

At equal times an arrival comes before the end of a step, so that the step after it can take it in.
"""

from __future__ import annotations

from advisor.backtest.engine.batching import end_prefill, finish, plan
from advisor.backtest.engine.compiled import lean
from advisor.backtest.engine.lives import become_ready, end_life, interrupt
from advisor.backtest.engine.routing import arrive, release_held
from advisor.backtest.engine.state import (
    CONTEXT,
    DECODED,
    DRAINING,
    END,
    ENDED,
    EVENTS,
    GENERATED,
    INTERRUPT,
    INTERRUPTED,
    KIND,
    MIXED,
    NEXT_ARRIVAL,
    NOTIFIED,
    NUM_DECODING,
    NUM_HELD,
    OUTSTANDING,
    REQUEST_BITS,
    REQUEST_MASK,
    RUNNING,
    SINCE,
    STARTING,
    STATUS,
    STEPS,
    TOTAL_BUSY,
    State,
)
from advisor.backtest.engine.trees import first_least, pop, set_leaf


@lean
def end_steps(state: State, slot: int, now: int) -> None:
    """The planned steps are done: tokens come out, sequences end, prompts get their first token."""
    row, fleet, heap = state.slots[slot], state.fleet, state.heap[slot]
    steps, decoding = row[STEPS], row[NUM_DECODING]
    row[DECODED] += steps
    row[CONTEXT] += decoding * steps
    fleet[TOTAL_BUSY] += (now - row[SINCE]) // 1000
    fleet[GENERATED] += decoding * steps
    before = row[OUTSTANDING]
    while row[NUM_DECODING] > 0 and heap[0] >> REQUEST_BITS <= row[DECODED]:
        request = pop(heap, row[NUM_DECODING]) & REQUEST_MASK
        row[NUM_DECODING] -= 1
        row[CONTEXT] -= state.input_tokens[request] + state.output_tokens[request]
        finish(state, slot, request, now)
    if row[KIND] == MIXED:
        end_prefill(state, slot, now)
    if row[OUTSTANDING] < before and row[STATUS] == RUNNING:
        set_leaf(state.loads, slot, row[OUTSTANDING])
        if fleet[NUM_HELD] > 0:
            release_held(state, now, slot)
    if row[OUTSTANDING] == 0 and row[STATUS] == DRAINING:
        end_life(state, slot, now, INTERRUPTED if row[NOTIFIED] else ENDED)
    else:
        plan(state, slot, now)


@lean
def run_until(state: State, until: int) -> None:
    """Everything that happens up to and at `until`."""
    fleet, arrival = state.fleet, state.arrival
    num_requests = arrival.size
    upcoming = fleet[NEXT_ARRIVAL]
    events = 0
    while True:
        event = state.events[1]
        if upcoming < num_requests and arrival[upcoming] <= event:
            if arrival[upcoming] > until:
                break
            fleet[NEXT_ARRIVAL] = upcoming + 1
            arrive(state, upcoming, arrival[upcoming])
            upcoming += 1
            continue
        if event > until:
            break
        events += 1
        slot = first_least(state.events)
        row = state.slots[slot]
        if row[INTERRUPT] <= row[END]:
            interrupt(state, slot, event)
        elif row[STATUS] == STARTING:
            become_ready(state, slot, event)
        else:
            end_steps(state, slot, event)
    fleet[EVENTS] += events
