"""Loads that last: clients in a closed loop, requests at a rate, more of them than can run.

Each is looked up on the curve of `scheduler.py`. A closed loop settles where its clients are all waiting or answered; an
open one where the batch carries its rate, with an M/G/1 queue for prompts, a queue for places near saturation, and beyond
it a backlog that grows until all have come.
"""

from __future__ import annotations

import numpy as np

from advisor.core.efficiency import Efficiencies, Reals
from advisor.core.scheduler import (
    MAX_QUEUE_SHARE,
    Array,
    Curve,
    Engine,
    Shape,
    batch_limit,
    curve,
    fill_s,
    lockstep,
    look_up,
)
from advisor.core.served import Served, percentiles, served_of
from advisor.core.step_time import StepCosts

# Clients whose answers are of one length end together and send their next prompts together. How often they do, or have
# drifted apart, no benchmark says, and the laboratories that can be told differ: half of the way.
WAVES = 0.5
LEAST_RATE = 1e-9  # requests/s of a replica that holds one sequence
FIRST_WAVE_SHARE = 0.1  # of a closed loop in which each client sends ten requests


def closed_loop(
    costs: StepCosts,
    eff: Efficiencies,
    engine: Engine,
    shape: Shape,
    clients: Reals,
    *,
    requests_each: float = 1.0 / FIRST_WAVE_SHARE,
) -> Served:
    """`clients` of which each sends its next request when it has the answer to the last."""
    at = curve(costs, eff, engine, shape)
    limit = np.minimum(clients, batch_limit(engine, shape))
    ttft, tpot, rate, batch, own, grows, queue, hit = look_up(
        limit,
        at.clients,
        at.ttft_s,
        at.tpot_s,
        at.closed_rate,
        at.batch,
        at.own_s,
        at.grows_s,
        at.queue_s,
        at.hit_s,
    )
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 0.0)
    running = np.minimum(limit, at.clients[..., -1:])
    rate = np.minimum(running / (ttft + answer * tpot), 1.05 * rate)
    fill = np.asarray(fill_s(costs, eff, engine, shape, np.asarray(limit)))
    (plain,) = look_up(limit, at.clients, at.decode_s)
    # In a wave the first token waits for half of all prompts, and the rest of the answer for none.
    shift = WAVES * np.asarray(lockstep(shape)) * np.maximum(fill / 2 - ttft, 0.0)
    shift = np.minimum(shift, answer * np.maximum(tpot - plain, 0.0))
    ttft, tpot = ttft + shift, tpot - shift / np.maximum(answer, 1.0)
    waiting = np.maximum(0.0, clients / rate - ttft - answer * tpot)
    mean = ttft + waiting
    spread = np.sqrt(
        queue**2
        + shift**2
        + (grows * np.asarray(shape.isl_cv)) ** 2
        + (0.35 * waiting) ** 2
        + (0.25 * own) ** 2
    )
    ttfts = percentiles(mean, spread, floor=_least_own(own, grows, shape))
    # All clients begin at once: the last of the first wave waits for everybody's prompt.
    start_share = min(1.0, 1.0 / requests_each)
    first_wave = fill * (1.0 - 0.01 / start_share)
    ttfts = np.concatenate([ttfts[..., :3], np.maximum(ttfts[..., 3:], first_wave)], axis=-1)
    slope = at_slope(at, batch)
    tpots = _tpot_percentiles(tpot, batch, slope, hit, rate, shape)
    return served_of(
        req_s=rate,
        ttft_mean=mean,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=tpots,
        shape=shape,
        batch=batch,
    )


def open_loop(
    costs: StepCosts,
    eff: Efficiencies,
    engine: Engine,
    shape: Shape,
    rate: Reals,
    *,
    requests: Reals,
) -> Served:
    """Requests at random (Poisson) times; where they come too fast, a queue grows until all have come."""
    return open_loop_on(curve(costs, eff, engine, shape), shape, rate, requests=requests)


def open_loop_on(at: Curve, shape: Shape, rate: Reals, *, requests: Reals) -> Served:
    """The same on a curve that is known."""
    answer = np.maximum(1.0, np.asarray(shape.osl) - 1.0)
    most = np.maximum(at.open_rate[..., -1:], LEAST_RATE)
    carried = np.minimum(rate, most)
    ttft, tpot, batch, own, grows, queue, hit = look_up(
        carried,
        at.open_rate,
        at.ttft_s + at.random_s,
        at.tpot_s,
        at.batch,
        at.own_s,
        at.grows_s,
        at.queue_s + at.random_s,
        at.hit_s,
    )
    # Near saturation the batch limit makes requests queue for a place as well (M/M/c's delay, one busy period long).
    load = np.minimum(carried / most, MAX_QUEUE_SHARE)
    place_s = load ** np.sqrt(2.0 * (at.batch[..., -1:] + 1.0)) / (most * (1.0 - load))
    backlog_s = requests * np.maximum(
        1.0 / most - 1.0 / np.maximum(rate, 1e-12), 0.0
    )  # of the last request
    mean = ttft + place_s + backlog_s / 2
    spread = np.sqrt(
        queue**2
        + place_s**2
        + (grows * np.asarray(shape.isl_cv)) ** 2
        + (0.25 * own) ** 2
        + (0.29 * backlog_s) ** 2
    )
    ttfts = percentiles(mean, spread, floor=_least_own(own, grows, shape))
    ranks = np.asarray((0.5, 0.9, 0.95, 0.99))
    ttfts = np.where(backlog_s > mean, backlog_s * ranks + ttft, ttfts)
    tpots = _tpot_percentiles(tpot, batch, at_slope(at, batch), hit, carried, shape)
    return served_of(
        req_s=carried,
        ttft_mean=mean,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=tpots,
        shape=shape,
        batch=1.0 + carried * answer * tpot,  # Little's law, exact between the curve's points too
    )


def saturated(costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape) -> Served:
    """Always more requests waiting than can run: the most tokens/s there are."""
    return closed_loop(costs, eff, engine, shape, 2.0 * np.asarray(batch_limit(engine, shape)))


def _tpot_percentiles(
    tpot: Reals, batch: Reals, slope: Reals, hit_s: Reals, rate: Reals, shape: Shape
) -> Array:
    """TPOT over requests: the batch fluctuates, and short answers meet many prompts or none."""
    osl = np.asarray(shape.osl)
    met = rate * osl * tpot  # prompts that arrive during an answer
    harmonic = 1.0 + np.asarray(shape.osl_cv) ** 2  # mean of 1/osl over 1/mean, lognormal
    from_prompts = np.sqrt(np.maximum(met, 0.0) * harmonic) * hit_s / np.maximum(osl, 1.0)
    from_batch = slope * np.sqrt(np.maximum(batch - 1.0, 0.0)) * 0.5
    return percentiles(
        tpot, np.sqrt(from_prompts**2 + from_batch**2), floor=0.5 * np.asarray(tpot)
    )


def _least_own(own: Reals, grows: Reals, shape: Shape) -> Array:
    """The prefill of the shortest prompts: what does not grow with the length; half of it where all are alike."""
    least: Array = np.where(np.asarray(shape.isl_cv) > 0, own - grows, 0.5 * np.asarray(own))
    return least


def at_slope(at: Curve, batch: Reals) -> Array:
    """How much longer a step is for one more sequence."""
    slopes = np.gradient(at.tpot_s, axis=-1) / np.maximum(np.gradient(at.batch, axis=-1), 1e-9)
    return look_up(batch, at.batch, slopes)[0]
