"""What a look at the fleet reads off the compiled state: gauges of the moment, latencies of an interval, who was served.

A request is good by what its client sees, on the bounds of `core.capacity.ServiceObjective`; its unloaded prefill is what
the prompt would take alone on an idle replica, chunk by chunk.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.engine.batching import steps_until
from advisor.backtest.engine.clock import run_until
from advisor.backtest.engine.compiled import compiled, lean
from advisor.backtest.engine.state import (
    BASE,
    CONTEXT,
    DECODE,
    FREE,
    GENERATED,
    KIND,
    KV_CAPACITY,
    MAX_TOKENS,
    NOBODY,
    NUM_DECODING,
    NUM_FINISHED,
    NUM_FIRST,
    NUM_HELD,
    NUM_PRE,
    NUM_WAITING,
    PARTIAL,
    PARTIAL_DONE,
    PER_KV,
    PER_PREFILL,
    PER_SEQ,
    RUNNING,
    SINCE,
    STARTING,
    STATUS,
    STEPS,
    Ints,
    State,
)

# What a client is promised, in picoseconds: TTFT, the multiple of the unloaded prefill that is added, TPOT, and below
# how many output tokens the end-to-end time is bounded instead.
TTFT_BOUND, PREFILL_PER_MILLE, TPOT_BOUND, SHORT_OUTPUT = range(4)


@lean
def gauges(state: State, now: int, out: NDArray[np.float64]) -> None:
    """Of `now`: running, starting, draining replicas; requests in engines, waiting; KV use; tokens generated so far."""
    out[:] = 0.0
    generated = state.fleet[GENERATED]
    used = 0.0
    for slot in range(state.slots.shape[0]):
        row = state.slots[slot]
        if row[STATUS] == FREE:
            continue
        if row[STATUS] == STARTING:
            out[1] += 1
            continue
        out[0 if row[STATUS] == RUNNING else 2] += 1
        tokens = row[CONTEXT]
        if row[KIND] == DECODE:
            steps = 0
            if now > row[SINCE]:
                steps = steps_until(
                    state.params, row[NUM_DECODING], row[CONTEXT], now - row[SINCE] + 1
                ) - 1  # fmt: skip
            steps = min(steps, row[STEPS])
            generated += steps * row[NUM_DECODING]
            tokens += steps * row[NUM_DECODING]
        if row[PARTIAL] != NOBODY:
            tokens += row[PARTIAL_DONE]
        out[3] += row[NUM_DECODING] + row[NUM_PRE]
        out[4] += row[NUM_WAITING]
        if row[STATUS] == RUNNING:
            used += tokens / state.params[KV_CAPACITY]
    out[4] += state.fleet[NUM_HELD]
    out[5] = used / out[0] if out[0] > 0 else np.nan
    out[6] = generated
    out[7] = state.fleet[NUM_HELD]


@lean
def advance(state: State, now: int, out: NDArray[np.float64]) -> None:
    """Run until `now` and read the gauges: one call from Python, since each costs as much as a hundred requests."""
    run_until(state, now)
    gauges(state, now, out)


@compiled
def interval(state: State, bounds: Ints, before: Ints, out: NDArray[np.float64]) -> None:
    """Since the counters stood at `before`: p95 of TTFT, TPOT and E2E, good requests, tokens in and out of the finished.

    TTFT is of the requests whose first token came in the interval, the rest of those that finished in it.
    """
    arrival, first, finish = state.arrival, state.first, state.finish
    starts = (before[NUM_FIRST], before[NUM_FINISHED])
    num_first = state.fleet[NUM_FIRST] - starts[0]
    num_finished = state.fleet[NUM_FINISHED] - starts[1]
    ttft = np.empty(num_first, np.int64)
    for index in range(num_first):
        request = state.firsts[starts[0] + index]
        ttft[index] = first[request] - arrival[request]
    tpot = np.empty(num_finished, np.int64)
    e2e = np.empty(num_finished, np.int64)
    good = num_tpot = inputs = outputs = 0
    for index in range(num_finished):
        request = state.finishes[starts[1] + index]
        e2e[index] = finish[request] - arrival[request]
        inputs += state.input_tokens[request]
        outputs += state.output_tokens[request]
        gaps = state.output_tokens[request] - 1
        if gaps > 0:
            tpot[num_tpot] = (finish[request] - first[request]) // gaps
            num_tpot += 1
        if is_good(state, request, bounds):
            good += 1
    out[0] = p95(ttft)
    out[1] = p95(tpot[:num_tpot])
    out[2] = p95(e2e)
    out[3], out[4], out[5] = good, inputs, outputs


@compiled
def p95(values: Ints) -> float:
    """The smallest value that at least 95 % do not exceed, in seconds; NaN of nothing."""
    if values.size == 0:
        return np.nan
    values.sort()
    return float(values[(values.size * 95 + 99) // 100 - 1]) / 1e12


@lean
def unloaded_prefill_ps(params: Ints, tokens: int) -> int:
    """The prompt alone on an idle replica, in as many chunks as the budget asks for."""
    budget = params[MAX_TOKENS]
    chunks = (tokens + budget - 1) // budget
    read = budget * (chunks * (chunks - 1) // 2)
    fixed = chunks * (params[BASE] + params[PER_SEQ])
    return int(fixed + params[PER_KV] * read + params[PER_PREFILL] * tokens)


@lean
def ttft_bound_ps(state: State, request: int, bounds: Ints) -> int:
    alone = unloaded_prefill_ps(state.params, state.input_tokens[request])
    return int(bounds[TTFT_BOUND] + bounds[PREFILL_PER_MILLE] * (alone // 1000))


@lean
def is_good(state: State, request: int, bounds: Ints) -> bool:
    """Whether a finished request kept what its client was promised."""
    arrival, first, finish = state.arrival[request], state.first[request], state.finish[request]
    ttft_ps = ttft_bound_ps(state, request, bounds)
    outputs = state.output_tokens[request]
    if first - arrival > ttft_ps:
        return False
    if outputs < bounds[SHORT_OUTPUT]:  # one stall would decide the mean of a few gaps
        return bool(finish - arrival <= ttft_ps + bounds[TPOT_BOUND] * outputs)
    return bool(finish - first <= bounds[TPOT_BOUND] * (outputs - 1))


@lean
def all_good(state: State, bounds: Ints, out: NDArray[np.bool_]) -> None:
    for request in range(state.arrival.size):
        out[request] = state.finish[request] >= 0 and is_good(state, request, bounds)
