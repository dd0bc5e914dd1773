"""What a trace asks of a replica model, without searching: work over time, the least any schedule needs, what is in vain.

Work is replica-seconds. A request's own tokens cost what they cost; the fixed part of a step is shared by those in it, so
the work depends on how many share, and its least on how many can.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.conditions import Conditions
from advisor.backtest.simulator import follow
from advisor.backtest.trace import Trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

CELL_S = 30.0  # of curves over time


def arriving_work(
    trace: Trace, model: ReplicaModel, objective: ServiceObjective, cells: int
) -> NDArray[np.float64]:
    """Replica-seconds of work that arrive each second, at the fullest batch that keeps the objective."""
    batch = full_batch(model, objective, float((trace.input_tokens + trace.output_tokens).mean()))
    each_s = request_work_s(trace, model, np.full(len(trace), batch))
    cell = np.minimum((trace.arrival_s / CELL_S).astype(np.int64), cells - 1)
    return np.bincount(cell, weights=each_s, minlength=cells).astype(np.float64) / CELL_S


def full_batch(model: ReplicaModel, objective: ServiceObjective, context_tokens: float) -> float:
    """The sequences whose decode step alone takes the TPOT bound, within the engine's limits."""
    each_s = model.step_per_seq_s + model.step_per_kv_token_s * context_tokens
    room_s = objective.tpot_s - model.step_base_s
    limit = min(float(model.max_num_seqs), model.kv_capacity_tokens / context_tokens)
    return max(1.0, min(limit, room_s / each_s if each_s > 0 else limit))


def request_work_s(
    trace: Trace, model: ReplicaModel, batch: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Replica-seconds each request takes where `batch` requests share the fixed part of its steps."""
    isl, osl = trace.input_tokens.astype(np.float64), trace.output_tokens.astype(np.float64)
    read_tokens = (osl - 1) * isl + (osl - 1) * osl / 2
    return (
        model.step_per_prefill_token_s * isl
        + (model.step_per_seq_s + model.step_base_s / batch) * osl
        + model.step_per_kv_token_s * read_tokens
    )


def lower_bound_s(trace: Trace, model: ReplicaModel, objective: ServiceObjective) -> float:
    """Replica-seconds that every schedule needs which serves the goal's share of the requests well.

    A step's time is split among the good requests in it. Each pays for its own tokens, and of the fixed part at least one
    over the most good requests that can share its steps: the engine's limit, those that fit its mean TPOT (the mean of 1 / b
    is at least 1 over the mean of b), and those whose time from arrival to deadline meets its own. The dearest requests,
    as many as the goal lets go, are left out. Cold starts, idling and drains are not counted at all.
    """
    count = len(trace)
    if count == 0:
        return 0.0
    alone_s = model.step_per_prefill_token_s * trace.input_tokens + (
        model.step_base_s + model.step_per_seq_s
    ) * np.ceil(trace.input_tokens / model.max_num_batched_tokens)
    chunks = np.ceil(trace.input_tokens / model.max_num_batched_tokens)
    read = model.max_num_batched_tokens * chunks * (chunks - 1) / 2
    alone_s = alone_s + model.step_per_kv_token_s * read
    deadline_s = (
        objective.ttft_base_s
        + objective.ttft_per_prefill * alone_s
        + objective.tpot_s * trace.output_tokens
    )
    end_s = trace.arrival_s + deadline_s
    met = np.searchsorted(trace.arrival_s, end_s, side="right") - np.searchsorted(
        np.sort(end_s), trace.arrival_s, side="left"
    )
    sharing = np.minimum(np.maximum(met, 1), model.max_num_seqs).astype(np.float64)
    long = trace.output_tokens >= objective.short_output_tokens
    if model.step_per_seq_s > 0:
        by_tpot = max(1.0, (objective.tpot_s - model.step_base_s) / model.step_per_seq_s)
        # The first token comes with the prefill, outside the mean: it may be shared by more.
        shared = np.minimum(sharing, by_tpot)
        outputs = trace.output_tokens.astype(np.float64)
        mixed = outputs / ((outputs - 1) / shared + 1 / sharing)
        sharing = np.where(long, np.minimum(sharing, mixed), sharing)
    each_s = np.sort(request_work_s(trace, model, sharing))
    needed = math.ceil(objective.goal * count - 1e-9)
    return float(each_s[:needed].sum())


def fixed_in_hindsight(
    trace: Trace,
    model: ReplicaModel,
    conditions: Conditions,
    objective: ServiceObjective,
    *,
    seed: int = 0,
) -> int | None:
    """The fewest replicas that, kept all the time, keep the goal; None where the most allowed do not."""

    def keeps(replicas: int) -> bool:
        still = replace(conditions, initial_replicas=replicas)
        run = follow(trace, model, [], still, objective, seed=seed)
        return run.attainment >= objective.goal

    low, high = 0, 1
    while not keeps(high):
        if high >= conditions.max_replicas:
            return None
        low, high = high, min(2 * high, conditions.max_replicas)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(middle) else (middle, high)
    return high


def infeasible_reason(
    trace: Trace, model: ReplicaModel, objective: ServiceObjective
) -> str | None:
    """Why no number of replicas keeps the goal: even alone on one, too many requests miss; None where they do not."""
    outputs = trace.output_tokens
    long = outputs >= objective.short_output_tokens
    least_step_s = model.step_s(batch=1, kv_tokens=1)
    contexts = trace.input_tokens + outputs / 2
    tpot_s = model.step_s(batch=1, kv_tokens=0) + model.step_per_kv_token_s * contexts
    alone_s = model.step_per_prefill_token_s * trace.input_tokens + model.step_s(
        batch=1, kv_tokens=0
    )
    too_slow = long & (tpot_s > objective.tpot_s)
    short = ~long & (
        outputs * tpot_s + alone_s
        > objective.ttft_base_s + objective.ttft_per_prefill * alone_s + objective.tpot_s * outputs
    )
    too_long = trace.input_tokens + outputs > model.kv_capacity_tokens
    late = alone_s * max(0.0, 1 - objective.ttft_per_prefill) > objective.ttft_base_s
    for mask, why in (
        (too_slow | short, f"a step takes {least_step_s * 1e3:.3g} ms at least"),
        (late, "their own prefill takes longer than the TTFT bound"),
        (too_long, f"they do not fit into a KV cache of {model.kv_capacity_tokens} tokens"),
    ):
        if mask.mean() > 1 - objective.goal:
            return f"{mask.mean():.1%} of the requests miss even alone on a replica: {why}"
    return None
