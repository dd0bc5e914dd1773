"""Continuous batching, compiled: what every replica of a fleet does between two looks of the policy.

A step decodes one token for each sequence that has its first one, and prefills waiting prompts, first come first served,
with the tokens that are left of its budget; a prompt enters when its whole answer fits into the KV cache. Until a sequence
ends or a prompt arrives, steps of a batch differ only in the KV tokens they read, one more for each sequence each time: the
time of m steps is a sum in closed form, and the simulator jumps over them. Time is counted in whole picoseconds (64 bits
hold 106 days), so a jump equals its steps exactly, and a run is the same on every machine.

Nothing here allocates: requests are links in arrays, sequences that decode lie in a heap by the step that ends them, and two
tournament trees give the next event of the fleet and the least loaded replica. At equal times an arrival comes before
the end of a step, so that the step after it can take it in.

One module, although a long one: numba keeps compiled code by the file it stands in, and would not see that a function
in another file has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

PS_PER_S = 10**12
NEVER = 2**62
NOBODY = -1
REJECTED = -2  # can never fit into the KV cache
LOST = -3  # its replica was taken while it answered

FREE, STARTING, RUNNING, DRAINING = range(4)
IDLE, DECODE, MIXED = range(3)

# Columns of `slots`: one row a replica.
(STATUS, KIND, STEPS, SINCE, END, INTERRUPT, DECODED, NUM_DECODING, CONTEXT, RESERVED, WAIT_HEAD, WAIT_TAIL,
 NUM_WAITING, PRE_HEAD, PRE_TAIL, PRE_DONE, NUM_PRE, PRE_TOKENS, PARTIAL, PARTIAL_DONE, OUTSTANDING, LAUNCHED,
 READY, FAILS, NOTIFIED) = range(25)  # fmt: skip
NUM_COLUMNS = 25

# Fields of `fleet`: what the replicas share.
(NEXT_ARRIVAL, HELD_HEAD, HELD_TAIL, NUM_HELD, RANDOM, NUM_RUNNING, NUM_FIRST, NUM_FINISHED, GENERATED, NUM_REJECTED,
 NUM_LOST, NUM_LIVES, NUM_FAILED, NUM_INTERRUPTED, PREFILLED, NUM_READY, EVENTS, TOTAL_BUSY) = range(18)  # fmt: skip
NUM_FIELDS = 18

# Fields of `params`: the replica's model in picoseconds, and the router's.
(BASE, PER_SEQ, PER_KV, PER_PREFILL, KV_CAPACITY, MAX_TOKENS, MAX_SEQS, TWO_CHOICES, ROUTER_LIMIT,
 NOTICE) = range(10)  # fmt: skip
NUM_PARAMS = 10

# Columns of `lives`, one row a replica that is gone or was cancelled.
LIFE_LAUNCHED, LIFE_READY, LIFE_ENDED, LIFE_OUTCOME = range(4)
ENDED, CANCELLED, FAILED, INTERRUPTED = range(4)


class State(NamedTuple):
    """Everything that a run changes, and the requests it serves; arrays only, as compiled code wants it."""

    params: Ints
    fleet: Ints
    slots: NDArray[Any]  # (replica, column)
    heap: NDArray[Any]  # (replica, sequence): the step that ends it, shifted, and the request
    events: Ints  # tournament tree over the slots: the next event
    loads: Ints  # tournament tree over the slots: outstanding requests of those that run
    running: Ints  # slots that run, the first fleet[NUM_RUNNING]
    lives: NDArray[Any]
    ready_s: Ints  # cold starts of the replicas that became ready, in order
    arrival: Ints
    input_tokens: Ints
    output_tokens: Ints
    first: Ints  # when its first token came
    finish: Ints  # when its last one came; NOBODY, REJECTED or LOST
    link: Ints  # the request behind it in its queue
    firsts: Ints  # requests in the order of their first token
    finishes: Ints  # requests in the order of their last one


REQUEST_BITS = 28
REQUEST_MASK = (1 << REQUEST_BITS) - 1


def compiled(function: F) -> F:
    """Compiled on the first call and kept on disk beside the module."""
    return cast(F, numba.njit(cache=True)(function))


def lean(function: F) -> F:
    """Compiled without reference counts, so it must not allocate: counting every view took 7/8 of the time."""
    without_counts: dict[str, Any] = {"_nrt": False}
    try:
        return cast(F, numba.njit(cache=True, **without_counts)(function))
    except KeyError:  # a numba without that option is slower, and right as well
        return compiled(function)


@lean
def _set_leaf(tree: Ints, slot: int, value: int) -> None:
    """A tournament tree: each node is the least of its two children, node 1 of all."""
    node = tree.size // 2 + slot
    tree[node] = value
    node >>= 1
    while node >= 1:
        least = min(tree[2 * node], tree[2 * node + 1])
        if tree[node] == least:
            break
        tree[node] = least
        node >>= 1


@lean
def _first_least(tree: Ints) -> int:
    """The lowest slot whose value is the least."""
    node = 1
    half = tree.size // 2
    while node < half:
        node *= 2
        if tree[node] > tree[node + 1]:
            node += 1
    return int(node - half)


@lean
def _push(heap: NDArray[Any], size: int, key: int) -> None:
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= key:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = key


@lean
def _pop(heap: NDArray[Any], size: int) -> int:
    """The least key of a heap that holds `size` of them; one fewer afterwards."""
    least = heap[0]
    size -= 1
    key = heap[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= key:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = key
    return int(least)


@lean
def _steps_ps(params: Ints, num_seqs: int, context: int, steps: int) -> int:
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
    while steps > 1 and _steps_ps(params, num_seqs, context, steps - 1) >= span:
        steps -= 1
    while _steps_ps(params, num_seqs, context, steps) < span:
        steps += 1
    return steps


@lean
def _schedule_event(state: State, slot: int) -> None:
    row = state.slots[slot]
    _set_leaf(state.events, slot, min(row[END], row[INTERRUPT]))


@lean
def _plan(state: State, slot: int, now: int) -> None:
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
        span = _steps_ps(params, seqs, row[CONTEXT] + read, 1) + params[PER_PREFILL] * chunks
        row[END] = now + span
    elif row[NUM_DECODING] > 0:
        row[KIND] = DECODE
        row[STEPS] = (state.heap[slot, 0] >> REQUEST_BITS) - row[DECODED]
        row[END] = now + _steps_ps(params, row[NUM_DECODING], row[CONTEXT], row[STEPS])
    else:
        row[KIND], row[STEPS], row[END] = IDLE, 0, NEVER
    _schedule_event(state, slot)


@lean
def _enqueue(state: State, slot: int, request: int, now: int, at_boundary: bool) -> None:
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
        _set_leaf(state.loads, slot, row[OUTSTANDING])
    if at_boundary:
        return
    if row[KIND] == IDLE:
        _plan(state, slot, now)
    elif row[KIND] == DECODE and row[NUM_WAITING] == 1:
        # Behind another that waits nothing changes: that one is held up by a sequence that has to end first.
        span = now - row[SINCE]
        steps = steps_until(state.params, row[NUM_DECODING], row[CONTEXT], span)
        if steps < row[STEPS]:
            row[STEPS] = steps
            row[END] = row[SINCE] + _steps_ps(state.params, row[NUM_DECODING], row[CONTEXT], steps)
            _schedule_event(state, slot)


@lean
def _random_below(state: State, bound: int) -> int:
    """The minimal standard generator (Park and Miller 1988): enough to pick between replicas."""
    state.fleet[RANDOM] = state.fleet[RANDOM] * 48271 % 2147483647
    return int(state.fleet[RANDOM] % bound)


@lean
def _choose(state: State) -> int:
    """The replica that gets the next request, NOBODY where none runs or all are at the router's limit."""
    count = state.fleet[NUM_RUNNING]
    if count == 0:
        return -1
    limit = state.params[ROUTER_LIMIT]
    if state.params[TWO_CHOICES] and count > 1:
        first = state.running[_random_below(state, count)]
        second = state.running[_random_below(state, count)]
        loads = state.slots[:, OUTSTANDING]
        better = second if loads[second] < loads[first] else first
        if loads[better] < limit:
            return int(better)
    if state.loads[1] >= limit:
        return -1
    return _first_least(state.loads)


@lean
def _arrive(state: State, request: int, now: int) -> None:
    if state.input_tokens[request] + state.output_tokens[request] > state.params[KV_CAPACITY]:
        state.finish[request] = REJECTED
        state.fleet[NUM_REJECTED] += 1
        return
    slot = _choose(state) if state.fleet[NUM_HELD] == 0 else -1
    if slot >= 0:
        _enqueue(state, slot, request, now, False)
    else:
        _hold(state, request)


@lean
def _hold(state: State, request: int) -> None:
    """Keep it in the router until a replica can take it."""
    fleet = state.fleet
    if fleet[NUM_HELD] == 0:
        fleet[HELD_HEAD] = request
    else:
        state.link[fleet[HELD_TAIL]] = request
    fleet[HELD_TAIL] = request
    fleet[NUM_HELD] += 1


@lean
def _release_held(state: State, now: int, at_boundary: int) -> None:
    """Hand out what the router holds, first come first served."""
    fleet = state.fleet
    while fleet[NUM_HELD] > 0:
        slot = _choose(state)
        if slot < 0:
            return
        request = fleet[HELD_HEAD]
        fleet[HELD_HEAD] = state.link[request]
        fleet[NUM_HELD] -= 1
        _enqueue(state, slot, request, now, slot == at_boundary)


@lean
def _end_life(state: State, slot: int, now: int, outcome: int) -> None:
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
    _schedule_event(state, slot)


@lean
def _stop_routing(state: State, slot: int) -> None:
    fleet = state.fleet
    for index in range(fleet[NUM_RUNNING]):
        if state.running[index] == slot:
            fleet[NUM_RUNNING] -= 1
            state.running[index] = state.running[fleet[NUM_RUNNING]]
            break
    _set_leaf(state.loads, slot, NEVER)


@lean
def _drain(state: State, slot: int, now: int, outcome: int) -> None:
    """No more requests for it; it ends with the last one it has."""
    _stop_routing(state, slot)
    state.slots[slot, STATUS] = DRAINING
    if state.slots[slot, OUTSTANDING] == 0:
        _end_life(state, slot, now, outcome)


@lean
def _become_ready(state: State, slot: int, now: int) -> None:
    row, fleet = state.slots[slot], state.fleet
    if row[FAILS]:
        fleet[NUM_FAILED] += 1
        _end_life(state, slot, now, FAILED)
        return
    row[STATUS] = RUNNING
    row[END] = NEVER
    if fleet[NUM_READY] < state.ready_s.size:  # nobody reads them where a schedule is followed
        state.ready_s[fleet[NUM_READY]] = now - row[LAUNCHED]
        fleet[NUM_READY] += 1
    state.running[fleet[NUM_RUNNING]] = slot
    fleet[NUM_RUNNING] += 1
    _set_leaf(state.loads, slot, 0)
    _schedule_event(state, slot)
    _release_held(state, now, -1)


@lean
def _finish(state: State, slot: int, request: int, now: int) -> None:
    row, fleet = state.slots[slot], state.fleet
    state.finish[request] = now
    state.finishes[fleet[NUM_FINISHED]] = request
    fleet[NUM_FINISHED] += 1
    row[RESERVED] -= state.input_tokens[request] + state.output_tokens[request]
    row[OUTSTANDING] -= 1


@lean
def _end_steps(state: State, slot: int, now: int) -> None:
    """The planned steps are done: tokens come out, sequences end, prompts get their first token."""
    row, fleet, heap = state.slots[slot], state.fleet, state.heap[slot]
    steps, decoding = row[STEPS], row[NUM_DECODING]
    row[DECODED] += steps
    row[CONTEXT] += decoding * steps
    fleet[TOTAL_BUSY] += (now - row[SINCE]) // 1000
    fleet[GENERATED] += decoding * steps
    before = row[OUTSTANDING]
    while row[NUM_DECODING] > 0 and heap[0] >> REQUEST_BITS <= row[DECODED]:
        request = _pop(heap, row[NUM_DECODING]) & REQUEST_MASK
        row[NUM_DECODING] -= 1
        row[CONTEXT] -= state.input_tokens[request] + state.output_tokens[request]
        _finish(state, slot, request, now)
    if row[KIND] == MIXED:
        _end_prefill(state, slot, now)
    if row[OUTSTANDING] < before and row[STATUS] == RUNNING:
        _set_leaf(state.loads, slot, row[OUTSTANDING])
        if fleet[NUM_HELD] > 0:
            _release_held(state, now, slot)
    if row[OUTSTANDING] == 0 and row[STATUS] == DRAINING:
        _end_life(state, slot, now, INTERRUPTED if row[NOTIFIED] else ENDED)
    else:
        _plan(state, slot, now)


@lean
def _end_prefill(state: State, slot: int, now: int) -> None:
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
            _finish(state, slot, request, now)
        else:
            key = (row[DECODED] + more) << REQUEST_BITS | request
            _push(state.heap[slot], row[NUM_DECODING], key)
            row[NUM_DECODING] += 1
            row[CONTEXT] += state.input_tokens[request] + 1
        request = behind


@lean
def _interrupt(state: State, slot: int, now: int) -> None:
    """A spot replica is told to go, later it is gone: streams break, what had no token yet is routed again."""
    row, fleet = state.slots[slot], state.fleet
    if not row[NOTIFIED]:
        fleet[NUM_INTERRUPTED] += 1
    if not row[NOTIFIED] and row[STATUS] != STARTING and state.params[NOTICE] > 0:
        row[NOTIFIED] = 1
        row[INTERRUPT] = now + state.params[NOTICE]
        _schedule_event(state, slot)
        if row[STATUS] == RUNNING:
            _drain(state, slot, now, INTERRUPTED)
        return
    if row[STATUS] == RUNNING:
        _stop_routing(state, slot)
    for index in range(row[NUM_DECODING]):
        state.finish[state.heap[slot, index] & REQUEST_MASK] = LOST
        fleet[NUM_LOST] += 1
    pre, num_pre = row[PRE_HEAD], row[NUM_PRE]
    waiting, num_waiting = row[WAIT_HEAD], row[NUM_WAITING]
    _end_life(state, slot, now, INTERRUPTED)
    _route_again(state, pre, num_pre, now)
    _route_again(state, waiting, num_waiting, now)


@lean
def _route_again(state: State, request: int, count: int, now: int) -> None:
    for _ in range(count):
        behind = state.link[request]
        _arrive(state, request, now)
        request = behind


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
            _arrive(state, upcoming, arrival[upcoming])
            upcoming += 1
            continue
        if event > until:
            break
        events += 1
        slot = _first_least(state.events)
        row = state.slots[slot]
        if row[INTERRUPT] <= row[END]:
            _interrupt(state, slot, event)
        elif row[STATUS] == STARTING:
            _become_ready(state, slot, event)
        else:
            _end_steps(state, slot, event)
    fleet[EVENTS] += events


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
                _become_ready(state, slot, now)
            else:
                _schedule_event(state, slot)
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
            _end_life(state, best, now, CANCELLED)
        else:
            _drain(state, best, now, ENDED)
