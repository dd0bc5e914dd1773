"""Loads that last: clients in a closed loop, requests at a rate, more of them than can run.

Each is looked up on the curve of `scheduler.py`. A closed loop settles where its clients are all waiting or answered; an
open one where the batch carries its rate, with an M/G/1 queue for prompts, a queue for places near saturation, and beyond
it a backlog that grows until all have come. Either says how long a first token takes and what that varies with; from there
percentiles are the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from advisor.core.efficiency import Efficiencies, Reals
from advisor.core.lengths import PERCENTILES
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

RANKS = np.array([p / 100 for p in PERCENTILES])
LEAST_RATE = 1e-9  # requests/s of a replica that holds one sequence
FIRST_WAVE_SHARE = 0.1  # of a closed loop in which each client sends ten requests


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """The point of a curve at which a load settles; a column each."""

    ttft_s: Array
    tpot_s: Array
    batch: Array
    own_s: Array
    grows_s: Array
    queue_s: Array
    decode_s: Array
    hit_s: Array
    closed_rate: Array
    slope_s: Array  # what one more sequence adds to a step

    @classmethod
    def where(cls, at: Curve, reached: Array, target: Reals) -> _Settled:
        """Where that quantity of the curve reaches the target."""
        ttft, tpot, batch, own, grows, queue, decode, hit, rate = look_up(
            target,
            reached,
            at.ttft_s,
            at.tpot_s,
            at.batch,
            at.own_s,
            at.grows_s,
            at.queue_s,
            at.decode_s,
            at.hit_s,
            at.closed_rate,
        )
        return cls(
            ttft_s=ttft,
            tpot_s=tpot,
            batch=batch,
            own_s=own,
            grows_s=grows,
            queue_s=queue,
            decode_s=decode,
            hit_s=hit,
            closed_rate=rate,
            slope_s=_slope_s(at, batch),
        )


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
    here = _Settled.where(at, at.clients, limit)
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 0.0)
    running = np.minimum(limit, at.clients[..., -1:])
    rate = np.minimum(running / (here.ttft_s + answer * here.tpot_s), 1.05 * here.closed_rate)
    fill = np.asarray(fill_s(costs, eff, engine, shape, np.asarray(limit)))
    shift = _shift_s(here, shape, limit, fill)
    ttft, tpot = here.ttft_s + shift, here.tpot_s - shift / np.maximum(answer, 1.0)
    waiting = np.maximum(0.0, clients / rate - ttft - answer * tpot)
    mean = ttft + waiting
    ttfts = _ttft_percentiles(mean, here, shape, (here.queue_s, 0.35 * waiting))
    # In a wave one waits for none to all of the others, evenly.
    ttfts = ttfts + shift * (2.0 * RANKS - 1.0)
    # All clients begin at once: the last of the first wave waits for everybody's prompt.
    start_share = min(1.0, 1.0 / requests_each)
    first_wave = fill * (1.0 - 0.01 / start_share)
    ttfts = np.concatenate([ttfts[..., :3], np.maximum(ttfts[..., 3:], first_wave)], axis=-1)
    return served_of(
        req_s=rate,
        ttft_mean=mean,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=_tpot_percentiles(tpot, here, rate, shape),
        shape=shape,
        batch=here.batch,
    )


def _shift_s(here: _Settled, shape: Shape, clients: Reals, fill_s: Array) -> Array:
    """What a wave moves from an answer's rest to its first token: of N prompts it waits for 1 to N, the rest for none.

    Clients whose answers are of one length end together and send their next prompts together. That they do not drift apart
    is what 72 runs of one laboratory tell (8 x H200, prompts of 1,024 to 32,768 tokens, 4 to 64 clients).
    """
    waits = np.maximum(fill_s * (1.0 + 1.0 / clients) / 2 - here.ttft_s, 0.0)
    others = (np.asarray(shape.osl) - 1.0) * np.maximum(here.tpot_s - here.decode_s, 0.0)
    shift: Array = np.clip(np.asarray(lockstep(shape)) * waits, 0.0, others)
    return shift


def open_loop(
    costs: StepCosts,
    eff: Efficiencies,
    engine: Engine,
    shape: Shape,
    rate: Reals,
    *,
    requests: Reals,
) -> Served:
    """Requests at random (Poisson) times, so not in step however alike they are; where they come too fast, a queue grows
    until all have come."""
    at = curve(costs, eff, engine, replace(shape, in_step=0.0))
    return open_loop_on(at, shape, rate, requests=requests)


def open_loop_on(at: Curve, shape: Shape, rate: Reals, *, requests: Reals) -> Served:
    """The same on a curve that is known."""
    answer = np.maximum(1.0, np.asarray(shape.osl) - 1.0)
    most = np.maximum(at.open_rate[..., -1:], LEAST_RATE)
    carried = np.minimum(rate, most)
    at_random = replace(at, ttft_s=at.ttft_s + at.random_s, queue_s=at.queue_s + at.random_s)
    here = _Settled.where(at_random, at.open_rate, carried)
    # Near saturation the batch limit makes requests queue for a place as well (M/M/c's delay, one busy period long).
    load = np.minimum(carried / most, MAX_QUEUE_SHARE)
    place_s = load ** np.sqrt(2.0 * (at.batch[..., -1:] + 1.0)) / (most * (1.0 - load))
    # of the last request
    backlog_s = requests * np.maximum(1.0 / most - 1.0 / np.maximum(rate, 1e-12), 0.0)
    mean = here.ttft_s + place_s + backlog_s / 2
    ttfts = _ttft_percentiles(mean, here, shape, (here.queue_s, place_s, 0.29 * backlog_s))
    ttfts = np.where(backlog_s > mean, backlog_s * RANKS + here.ttft_s, ttfts)
    return served_of(
        req_s=carried,
        ttft_mean=mean,
        ttft=ttfts,
        tpot_mean=here.tpot_s,
        tpot=_tpot_percentiles(here.tpot_s, here, carried, shape),
        shape=shape,
        # Little's law, exact between the curve's points too
        batch=1.0 + carried * answer * here.tpot_s,
    )


def saturated(costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape) -> Served:
    """Always more requests waiting than can run: the most tokens/s there are."""
    return closed_loop(costs, eff, engine, shape, 2.0 * np.asarray(batch_limit(engine, shape)))


def _ttft_percentiles(
    mean: Array, here: _Settled, shape: Shape, waits: tuple[Array, ...]
) -> Array:
    """TTFT over requests: each waits differently, and their prompts differ in length; independently.

    At least it is the prefill of the shortest prompts: what does not grow with the length; half of it where all are alike.
    """
    isl_cv = np.asarray(shape.isl_cv)
    varies = (*waits, here.grows_s * isl_cv, 0.25 * here.own_s)
    least = np.where(isl_cv > 0, here.own_s - here.grows_s, 0.5 * here.own_s)
    return percentiles(mean, np.sqrt(sum(one**2 for one in varies)), floor=least)


def _tpot_percentiles(tpot: Array, here: _Settled, rate: Reals, shape: Shape) -> Array:
    """TPOT over requests: the batch fluctuates, and short answers meet many prompts or none."""
    osl = np.asarray(shape.osl)
    met = rate * osl * tpot  # prompts that arrive during an answer
    harmonic = 1.0 + np.asarray(shape.osl_cv) ** 2  # mean of 1/osl over 1/mean, lognormal
    from_prompts = np.sqrt(np.maximum(met, 0.0) * harmonic) * here.hit_s / np.maximum(osl, 1.0)
    from_batch = here.slope_s * np.sqrt(np.maximum(here.batch - 1.0, 0.0)) * 0.5
    return percentiles(tpot, np.sqrt(from_prompts**2 + from_batch**2), floor=0.5 * tpot)


def _slope_s(at: Curve, batch: Reals) -> Array:
    """How much longer a step is for one more sequence."""
    slopes = np.gradient(at.tpot_s, axis=-1) / np.maximum(np.gradient(at.batch, axis=-1), 1e-9)
    return look_up(batch, at.batch, slopes)[0]
