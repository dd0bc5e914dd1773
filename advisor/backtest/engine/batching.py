"""One replica's continuous batching: which prompts enter a step, how long steps take, and what a step leaves behind.

Until a sequence ends or a prompt arrives, steps of a batch differ only in the KV tokens they read, one more for each
sequence each time: the time of m steps is a sum in closed form, and a replica jumps over them.
"""

from __future__ import annotations

import numpy as np

from advisor.backtest.engine.compiled import lean
from advisor.backtest.engine.state import (
    BASE,
    CONTEXT,
    DECODE,
    DECODED,
    END,
    GENERATED,
    IDLE,
    INTERRUPT,
    KIND,
    KV_CAPACITY,
    MAX_SEQS,
    MAX_TOKENS,
    MIXED,
    NEVER,
    NOBODY,
    NUM_DECODING,
    NUM_FINISHED,
    NUM_FIRST,
    NUM_PRE,
    NUM_WAITING,
    OUTSTANDING,
    PARTIAL,
    PARTIAL_DONE,
    PER_KV,
    PER_PREFILL,
    PER_SEQ,
    PRE_DONE,
    PRE_HEAD,
    PRE_TAIL,
    PRE_TOKENS,
    PREFILLED,
    REQUEST_BITS,
    RESERVED,
    RUNNING,
    SINCE,
    STATUS,
    STEPS,
    WAIT_HEAD,
    WAIT_TAIL,
    Ints,
    State,
)
from advisor.backtest.engine.trees import push, set_leaf


@lean
def steps_ps(params: Ints, num_seqs: int, context: int, steps: int) -> int:
    """Picoseconds of `steps` decode steps, the first of which reads `context` KV tokens."""
    first = params[BASE] + params[PER_SEQ] * num_seqs + params[PER_KV] * context
    return int(steps * first + params[PER_KV] * num_seqs * (steps * (steps - 1) // 2))


@lean
def steps_until(params: Ints, num_seqs: int, context: int, span: int) -> int:
    """The fewest decode steps, at least one, that take `span` picoseconds or longer."""
    first = float(params[BASE] + params[PER_SEQ] * num_seqs + params[PER_KV] * context)
    growth = float(params[PER_KV] * num_seqs)
    linear = first - growth / 2
    steps = int(2 * span / (linear + np.sqrt(linear * linear + 2 * growth * span)))
    steps = max(1, steps)
    while steps > 1 and steps_ps(params, num_seqs, context, steps - 1) >= span:
        steps -= 1
    while steps_ps(params, num_seqs, context, steps) < span:
        steps += 1
    return steps


@lean
def schedule_event(state: State, slot: int) -> None:
    row = state.slots[slot]
    set_leaf(state.events, slot, min(row[END], row[INTERRUPT]))


@lean
def plan(state: State, slot: int, now: int) -> None:
    """At a boundary: take prompts in, then a step with prefill, or a jump to the next end of a sequence, or rest."""
    row, params, link = state.slots[slot], state.params, state.link
    budget = params[MAX_TOKENS] - row[NUM_DECODING]
    chunks = num_pre = read = 0
    row[PRE_HEAD] = NOBODY
    partial = row[PARTIAL]
    if partial != NOBODY:
        chunk = min(budget, state.input_tokens[partial] - row[PARTIAL_DONE])
        read += row[PARTIAL_DONE]
        row[PRE_HEAD] = row[PRE_TAIL] = partial
        row[PRE_DONE] = row[PARTIAL_DONE] + chunk
        budget -= chunk
        chunks += chunk
        num_pre = 1
    while row[NUM_WAITING] > 0 and budget > 0 and row[NUM_DECODING] + num_pre < params[MAX_SEQS]:
        request = row[WAIT_HEAD]
        tokens = state.input_tokens[request]
        needed = tokens + state.output_tokens[request]
        if row[RESERVED] + needed > params[KV_CAPACITY]:
            break
        row[RESERVED] += needed
        row[WAIT_HEAD] = link[request]
        row[NUM_WAITING] -= 1
        if num_pre == 0:
            row[PRE_HEAD] = request
        else:
            link[row[PRE_TAIL]] = request
        row[PRE_TAIL] = request
        chunk = min(budget, tokens)
        row[PRE_DONE] = chunk
        budget -= chunk
        chunks += chunk
        num_pre += 1
    row[SINCE] = now
    row[NUM_PRE] = num_pre
    row[PRE_TOKENS] = chunks
    if num_pre > 0:
        seqs = row[NUM_DECODING] + num_pre
        row[KIND], row[STEPS] = MIXED, 1
        span = steps_ps(params, seqs, row[CONTEXT] + read, 1) + params[PER_PREFILL] * chunks
        row[END] = now + span
    elif row[NUM_DECODING] > 0:
        row[KIND] = DECODE
        row[STEPS] = (state.heap[slot, 0] >> REQUEST_BITS) - row[DECODED]
        row[END] = now + steps_ps(params, row[NUM_DECODING], row[CONTEXT], row[STEPS])
    else:
        row[KIND], row[STEPS], row[END] = IDLE, 0, NEVER
    schedule_event(state, slot)


@lean
def finish(state: State, slot: int, request: int, now: int) -> None:
    row, fleet = state.slots[slot], state.fleet
    state.finish[request] = now
    state.finishes[fleet[NUM_FINISHED]] = request
    fleet[NUM_FINISHED] += 1
    row[RESERVED] -= state.input_tokens[request] + state.output_tokens[request]
    row[OUTSTANDING] -= 1


@lean
def end_prefill(state: State, slot: int, now: int) -> None:
    row, fleet = state.slots[slot], state.fleet
    fleet[PREFILLED] += row[PRE_TOKENS]
    row[PARTIAL] = NOBODY
    request = row[PRE_HEAD]
    for index in range(row[NUM_PRE]):
        behind = state.link[request]
        last = index == row[NUM_PRE] - 1
        if last and row[PRE_DONE] < state.input_tokens[request]:
            row[PARTIAL], row[PARTIAL_DONE] = request, row[PRE_DONE]
            return
        state.first[request] = now
        state.firsts[fleet[NUM_FIRST]] = request
        fleet[NUM_FIRST] += 1
        fleet[GENERATED] += 1
        more = state.output_tokens[request] - 1
        if more == 0:
            finish(state, slot, request, now)
        else:
            key = (row[DECODED] + more) << REQUEST_BITS | request
            push(state.heap[slot], row[NUM_DECODING], key)
            row[NUM_DECODING] += 1
            row[CONTEXT] += state.input_tokens[request] + 1
        request = behind


@lean
def enqueue(state: State, slot: int, request: int, now: int, at_boundary: bool) -> None:
    """Give a request to a replica: an idle one starts at once, a jump is cut at the next end of a step."""
    row = state.slots[slot]
    if row[NUM_WAITING] == 0:
        row[WAIT_HEAD] = request
    else:
        state.link[row[WAIT_TAIL]] = request
    row[WAIT_TAIL] = request
    row[NUM_WAITING] += 1
    row[OUTSTANDING] += 1
    if row[STATUS] == RUNNING:
        set_leaf(state.loads, slot, row[OUTSTANDING])
    if at_boundary:
        return
    if row[KIND] == IDLE:
        plan(state, slot, now)
    elif row[KIND] == DECODE and row[NUM_WAITING] == 1:
        # Behind another that waits nothing changes: that one is held up by a sequence that has to end first.
        span = now - row[SINCE]
        steps = steps_until(state.params, row[NUM_DECODING], row[CONTEXT], span)
        if steps < row[STEPS]:
            row[STEPS] = steps
            row[END] = row[SINCE] + steps_ps(state.params, row[NUM_DECODING], row[CONTEXT], steps)
            schedule_event(state, slot)
