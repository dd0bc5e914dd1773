"""Prompts and answers on workers of their own, as disaggregated serving has them; clients in a closed loop."""

from __future__ import annotations

import numpy as np

from advisor.core.efficiency import Efficiencies, Reals
from advisor.core.loops import FIRST_WAVE_SHARE
from advisor.core.scheduler import (
    GRID,
    MAX_QUEUE_SHARE,
    Engine,
    Shape,
    batch_limit,
    fill_s,
    look_up,
)
from advisor.core.served import Served, percentiles, served_of
from advisor.core.step_time import StepCosts, step_time_s


def disaggregated(
    costs: StepCosts,
    eff: Efficiencies,
    engine: Engine,
    shape: Shape,
    clients: Reals,
    *,
    prefillers: Reals,
    decoders: Reals,
) -> Served:
    """Prompts on `prefillers` workers, answers on `decoders`, each worker as `costs` says; a closed loop."""
    apart = Engine(
        max_seqs=engine.max_seqs,
        max_batched_tokens=engine.max_batched_tokens,
        kv_tokens=engine.kv_tokens,
        mixed=0.0,
    )
    batch = np.asarray(np.maximum(batch_limit(engine, shape), 1.0)) ** GRID
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 1.0)
    tpot = np.asarray(step_time_s(costs, eff, batch=batch, context=shape.context))
    own = np.asarray(fill_s(costs, eff, apart, shape, 1.0))
    rate = decoders * batch / (answer * tpot)
    busy = np.minimum(rate * own / prefillers, MAX_QUEUE_SHARE)
    queue = eff.wait * own * busy / (2 * (1 - busy))
    ttft = own + queue + eff.request_s + tpot
    clients_at = np.maximum.accumulate(rate * (ttft + answer * tpot), axis=-1)
    possible = np.minimum(rate, MAX_QUEUE_SHARE * prefillers / own)
    found = look_up(
        clients, clients_at, ttft + 0 * rate, tpot, possible, batch, own + 0 * rate, queue
    )
    ttft, tpot, rate, batch, own, queue = found
    waiting = np.maximum(0.0, clients / rate - ttft - answer * tpot)
    # All clients begin at once, and of the first wave each prompt waits for those before it.
    each = np.maximum(clients / prefillers, 1.0)
    first_wave = np.asarray(fill_s(costs, eff, apart, shape, each))
    ttft = ttft + FIRST_WAVE_SHARE * first_wave / 2
    ttfts = percentiles(
        ttft + waiting,
        np.sqrt(queue**2 + (0.3 * own) ** 2 + (0.5 * waiting) ** 2),
        floor=0.5 * own,
    )
    last_of_it = first_wave * (1.0 - 0.01 / FIRST_WAVE_SHARE)
    ttfts = np.concatenate([ttfts[..., :3], np.maximum(ttfts[..., 3:], last_of_it)], axis=-1)
    tpots = percentiles(tpot, 0.15 * tpot, floor=0.5 * tpot)
    return served_of(
        req_s=rate,
        ttft_mean=ttft + waiting,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=tpots,
        shape=shape,
        batch=batch,
    )
