"""Loads that end: one static batch, and all requests at once. Neither has a steady state.

A static batch is prefilled, then decoded. A burst fills the batch, replaces what finishes and drains, and is walked in
closed form over the ranks of its requests.
"""

from __future__ import annotations

import numpy as np

from advisor.core.efficiency import Efficiencies, Reals
from advisor.core.lengths import DEVIATES
from advisor.core.scheduler import (
    LEAST_CHUNK,
    Array,
    Engine,
    Shape,
    batch_limit,
    curve,
    fill_s,
    look_up,
)
from advisor.core.served import Served, served_of
from advisor.core.step_time import StepCosts, step_time_s

RANKS = (np.arange(40) + 0.5) / 40  # of a burst's requests, in order of their start
ANSWER_RANKS = (np.arange(16) + 0.5) / 16  # of a burst's answers, by length


def static_batch(
    costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape, count: Reals
) -> Served:
    """One batch, prefilled together and decoded together; in several rounds where the KV cache does not hold it."""
    together = np.minimum(count, np.maximum(1.0, engine.kv_tokens / (shape.isl + shape.osl)))
    rounds = count / together
    alone = Engine(
        max_seqs=count,
        max_batched_tokens=engine.max_batched_tokens,
        kv_tokens=engine.kv_tokens,
        mixed=0.0,
    )
    ttft = fill_s(
        costs, eff, alone, shape, together
    )  # measured inside the engine: no server in front
    tpot = step_time_s(costs, eff, batch=together, context=shape.context)
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 0.0)
    whole = rounds * (ttft + answer * tpot)
    waited = ttft + (rounds - 1.0) / 2 * (ttft + answer * tpot)
    flat = np.ones(len(DEVIATES))
    return Served(
        req_s=count / whole, ttft_mean_s=waited, ttft_s=waited * flat, tpot_mean_s=tpot, tpot_s=tpot * flat,
        e2e_mean_s=whole, e2e_s=whole * flat, batch=together,
    )  # fmt: skip


def burst(
    costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape, count: Reals
) -> Served:
    """`count` requests at once: fill the batch, replace what finishes, drain."""
    at = curve(costs, eff, engine, shape)
    limit = np.minimum(batch_limit(engine, shape), count)
    rate, tpot_full, batch = look_up(limit, at.clients, at.closed_rate, at.tpot_s, at.batch)
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 0.0)
    each_s = np.asarray(fill_s(costs, eff, engine, shape, limit)) / limit
    varied = np.clip(np.asarray(shape.osl_cv) / 0.5, 0.0, 1.0)  # 0: answers end together
    plain = step_time_s(costs, eff, batch=limit * (1.0 - 0.4 * varied), context=shape.context)
    budget = np.maximum(engine.max_batched_tokens - limit / 2, LEAST_CHUNK)
    chunk = np.minimum(budget, shape.prompt * limit)
    mixed = np.asarray(engine.mixed)
    order = RANKS * count
    wave = np.floor(order / limit)
    in_waves = wave * limit / rate + (order - wave * limit) * each_s
    # While the batch fills, hardly an answer ends: each has half of those steps to decode in, or none.
    ended = mixed * limit * limit * shape.prompt / chunk / 2 / np.maximum(answer, 1.0)
    one_by_one = limit * each_s + np.maximum(order - limit - ended, 0.0) / rate
    later = np.where(wave > 0, varied * one_by_one + (1.0 - varied) * in_waves, 0.0)
    ttft = np.maximum(order * each_s, later) + eff.request_s
    rest = np.where(order > count - limit, plain, np.where(count > limit * 1.5, tpot_full, plain))
    # A request that starts while the batch fills waits for the prompts behind it, or decodes in steps that carry them.
    filling = np.maximum(limit - order, 0.0) * each_s
    slow = np.maximum(each_s * chunk / shape.prompt, rest)
    tpots = []
    for factor in _length_factors(shape):
        own = np.maximum(answer * factor, 1.0)
        inside = np.minimum(filling / slow, own)
        riding = (inside * slow + (own - inside) * rest) / own
        waiting = filling / own + rest
        tpots.append(mixed * riding + (1.0 - mixed) * waiting)
    tpot = np.concatenate(tpots, axis=-1)
    longest = answer * (1.0 + np.asarray(shape.osl_cv))
    few = np.maximum(1.0, limit * (1.0 - 0.8 * varied))
    lone = step_time_s(costs, eff, batch=few, context=shape.context)
    last_start = np.maximum(ttft[..., -1:], count * each_s)
    whole = last_start + answer * plain + np.maximum(longest - answer, 0.0) * lone
    whole = np.maximum(whole, count / rate)  # the steady state allows no less
    ranks = (0.5, 0.9, 0.95, 0.99)
    return served_of(
        req_s=count / whole,
        ttft_mean=np.mean(ttft, axis=-1, keepdims=True),
        ttft=np.stack([np.quantile(ttft, r, axis=-1) for r in ranks], axis=-1),
        tpot_mean=np.mean(tpot, axis=-1, keepdims=True),
        tpot=np.stack([np.quantile(tpot, r, axis=-1) for r in ranks], axis=-1),
        shape=shape,
        batch=batch,
    )


def _length_factors(shape: Shape) -> list[Array]:
    """Answers' lengths over their mean, at evenly spaced ranks.

    Not a lognormal's: conversations have many answers of a few tokens, which wait for as many prompts as the others do and
    so have the longest times per token. Weibull's with that spread, an exponential where the spread is the mean.
    """
    cv = np.asarray(shape.osl_cv)
    if not np.any(cv > 0):
        return [np.ones_like(cv)]
    raw = [(-np.log1p(-rank)) ** cv for rank in ANSWER_RANKS]
    mean = sum(raw) / len(raw)
    return [factor / mean for factor in raw]
