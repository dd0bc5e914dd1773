"""The router: the replica that gets a request, and what waits for one while none runs or all are at their limit."""

from __future__ import annotations

from advisor.backtest.engine.batching import enqueue
from advisor.backtest.engine.compiled import lean
from advisor.backtest.engine.state import (
    HELD_HEAD,
    HELD_TAIL,
    KV_CAPACITY,
    NUM_HELD,
    NUM_REJECTED,
    NUM_RUNNING,
    OUTSTANDING,
    RANDOM,
    REJECTED,
    ROUTER_LIMIT,
    TWO_CHOICES,
    State,
)
from advisor.backtest.engine.trees import first_least


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
    return first_least(state.loads)


@lean
def arrive(state: State, request: int, now: int) -> None:
    if state.input_tokens[request] + state.output_tokens[request] > state.params[KV_CAPACITY]:
        state.finish[request] = REJECTED
        state.fleet[NUM_REJECTED] += 1
        return
    slot = _choose(state) if state.fleet[NUM_HELD] == 0 else -1
    if slot >= 0:
        enqueue(state, slot, request, now, False)
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
def release_held(state: State, now: int, at_boundary: int) -> None:
    """Hand out what the router holds, first come first served."""
    fleet = state.fleet
    while fleet[NUM_HELD] > 0:
        slot = _choose(state)
        if slot < 0:
            return
        request = fleet[HELD_HEAD]
        fleet[HELD_HEAD] = state.link[request]
        fleet[NUM_HELD] -= 1
        enqueue(state, slot, request, now, slot == at_boundary)


@lean
def route_again(state: State, request: int, count: int, now: int) -> None:
    for _ in range(count):
        behind = state.link[request]
        arrive(state, request, now)
        request = behind
