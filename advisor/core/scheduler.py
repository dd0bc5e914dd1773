"""Continuous batching as a curve: what each batch size costs, and which batch a load settles at.

An engine's steps carry one token for every running sequence and, within a budget of tokens, chunks of waiting prompts. In
a steady state each request consumes `isl` prompt tokens and `osl` decoded ones, so with a batch b the mean step carries
b x isl / osl prompt tokens; where the budget cannot hold that, prompts queue and the batch stops growing. The mean step is
then a mixture of plain steps and steps with a chunk, and Little's law (L = lambda W) ties batch, rate and latency:

    TPOT(b) = plain + f x (mixed - plain)      f: share of steps that carry a chunk
    TTFT(b) = own chunks + half a step + queue (M/D/1 in f)
    closed loop of C clients:  1 / rate = (TTFT + (osl - 1) TPOT) / C
    open loop:                 batch = rate x osl x TPOT

One vectorised pass over a grid of batches gives the whole curve; every load is then looked up on it, not solved for. A
burst, all requests at once, has no steady state: it fills, drains wave by wave, and is walked in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advisor.core.efficiency import Efficiencies, Reals
from advisor.core.lengths import DEVIATES
from advisor.core.step_time import StepCosts, step_time_s

Array = npt.NDArray[np.float64]
GRID = np.linspace(0.0, 1.0, 32)
RANKS = (np.arange(40) + 0.5) / 40  # of a burst's requests, in order of their start
ANSWER_RANKS = (np.arange(16) + 0.5) / 16  # of a burst's answers, by length
MAX_QUEUE_SHARE = 0.985  # beyond it the steady state takes longer to reach than any run lasts
LEAST_CHUNK = 64.0
SPACED = 0.2  # share of the queue that requests of one length spare each other
# Clients whose answers are of one length end together and send their next prompts together. How often they do, or have
# drifted apart, no benchmark says, and the laboratories that can be told differ: half of the way.
WAVES = 0.5
FIRST_WAVE_SHARE = 0.1  # of a closed loop in which each client sends ten requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine's limits on a step. `mixed` 1: chunks ride on decode steps; 0: prompts get steps of their own."""

    max_seqs: Reals
    max_batched_tokens: Reals
    kv_tokens: Reals
    mixed: Reals = 1.0
    reserve: Reals = 0.5  # share of the answer that a sequence holds KV cache for, on average


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Lengths of the requests: means, spreads, and the share of prompt tokens that a prefix cache answers."""

    isl: Reals
    osl: Reals
    isl_cv: Reals = 0.0
    osl_cv: Reals = 0.0
    cached: Reals = 0.0
    # 0 where answers of one length drift apart: drafts are accepted or not by chance
    in_step: Reals = 1.0

    @property
    def prompt(self) -> Reals:
        """Tokens that are really prefilled."""
        left: Reals = np.maximum(1.0, self.isl * (1.0 - self.cached))
        return left

    @property
    def context(self) -> Reals:
        """Mean context while decoding; of the tokens decoded at one time the long answers have more than their share."""
        return self.isl + self.osl * (1.0 + self.osl_cv * self.osl_cv) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One replica over the batch, from a lone request to its limit; the last axis is the batch."""

    batch: Array
    tpot_s: Array
    ttft_s: Array  # without waiting for a free sequence
    own_s: Array  # of that, its own prefill
    grows_s: Array  # of that, what is in proportion to the prompt's length
    queue_s: Array  # of that, other prompts
    random_s: Array  # what is added to it where requests come at random
    decode_s: Array  # a step without prompts
    hit_s: Array  # what one prompt adds to the steps of the others
    clients: Array  # a closed loop of so many settles here
    closed_rate: Array
    open_rate: Array


def batch_limit(engine: Engine, shape: Shape) -> Reals:
    """Sequences that run together at most: the engine's limit, or as many as the KV cache holds.

    Of those that run at one time the long answers have more than their share.
    """
    held = shape.isl + engine.reserve * shape.osl * (1.0 + np.asarray(shape.osl_cv) ** 2)
    limit: Reals = np.maximum(1.0, np.minimum(engine.max_seqs, engine.kv_tokens / held))
    return limit


def _of_prompt(shape: Shape) -> Reals:
    """Mean context of a prompt's token: half the prompt, and all of the cached prefix."""
    half: Reals = shape.isl * (0.5 + 0.5 * np.asarray(shape.cached))
    return half


def _chunk_s(
    costs: StepCosts, eff: Efficiencies, shape: Shape, batch: Reals, chunk: Reals
) -> Reals:
    """A step that decodes the batch and prefills a chunk."""
    return step_time_s(
        costs, eff, batch=batch, context=shape.context, prefill=chunk, prefill_context=_of_prompt(shape)
    )  # fmt: skip


def lockstep(shape: Shape) -> Reals:
    """1 where answers are of one length: requests that start together end together, and their successors too."""
    share: Reals = shape.in_step * (1.0 - np.clip(np.asarray(shape.osl_cv) / 0.5, 0.0, 1.0))
    return share


def curve(costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape) -> Curve:
    """The replica over its batch sizes, under a steady mixture of prompts and decoding."""
    prompt, answer = shape.prompt, np.maximum(1.0, np.asarray(shape.osl) - 1.0)
    together = np.asarray(lockstep(shape))
    budget_end = (engine.max_batched_tokens * answer + prompt) / (answer + prompt)
    end = np.maximum(1.0, np.minimum(batch_limit(engine, shape), budget_end))
    batch = np.asarray(end) ** GRID
    budget = np.maximum(engine.max_batched_tokens - batch, LEAST_CHUNK)
    # Requests prefilled by one step: those that came together, where all answers are equally long.
    group = 1.0 + together * (np.clip(budget / prompt, 1.0, batch) - 1.0)
    wanted = (batch - group) * prompt / answer  # prompt tokens that the others bring, per step
    own_chunk = np.minimum(prompt * group, budget)
    chunk = np.minimum(budget, np.maximum(own_chunk, wanted))
    share = np.minimum(wanted / chunk, 1.0)
    decode_s = np.asarray(step_time_s(costs, eff, batch=batch, context=shape.context))
    mixed = np.asarray(engine.mixed)
    riding_s = _chunk_s(costs, eff, shape, batch, chunk)
    alone_s = _chunk_s(costs, eff, shape, 0.0 * batch, chunk)
    mixed_s = mixed * riding_s + (1.0 - mixed) * (decode_s + alone_s)
    tpot_s = decode_s + share * (mixed_s - decode_s)
    others = np.maximum(batch - group, 0.0) * mixed
    chunk_s = np.asarray(_chunk_s(costs, eff, shape, others, own_chunk))
    own_s = np.maximum(prompt / budget, 1.0) * chunk_s
    # Of a prompt that one step holds half as long would save this; reading the weights, and the experts, it would not.
    half_s = np.asarray(_chunk_s(costs, eff, shape, others, own_chunk / 2))
    grows_s = np.where(prompt < budget, 2.0 * (chunk_s - half_s), own_s - decode_s)
    busy = np.minimum(share * mixed_s / tpot_s, MAX_QUEUE_SHARE)
    spread = 1.0 + np.asarray(shape.isl_cv) ** 2
    random_s = eff.wait * spread * own_s * busy / (2.0 * (1.0 - busy))
    # Of a closed loop no more prompts than there are clients can wait; equal answers space their successors a little.
    queue_s = np.minimum(random_s, own_s * np.maximum(batch - group, 0.0) / group / 2) * (
        1.0 - SPACED * together
    )
    base_s = own_s + decode_s * np.maximum(1.0 - group / batch, 0.0) / 2 + eff.request_s
    decoding = answer * tpot_s
    cycle = base_s + queue_s + decoding
    return Curve(
        batch=batch,
        tpot_s=tpot_s,
        ttft_s=base_s + queue_s,
        random_s=random_s - queue_s,
        own_s=own_s,
        grows_s=np.clip(grows_s, 0.1 * own_s, own_s),
        queue_s=queue_s,
        decode_s=decode_s,
        hit_s=(mixed_s - decode_s) * prompt / chunk,
        clients=_rising(1.0 + (batch - 1.0) * cycle / decoding),
        closed_rate=_rising(1.0 / cycle + (batch - 1.0) / decoding),
        open_rate=_rising((batch - 1.0) / decoding),
    )


def _rising(values: Array) -> Array:
    """Near saturation a larger batch may serve a little less; a scheduler would then keep to the smaller one."""
    highest: Array = np.maximum.accumulate(values, axis=-1)
    return highest


def look_up(at: Reals, xs: Array, *ys: Array) -> tuple[Array, ...]:
    """Each of `ys` where the rising `xs` reach `at`, row by row; the ends hold beyond them.

    `at` is a column with a row for each curve, or of any length for a single curve.
    """
    target = np.atleast_1d(np.asarray(at, dtype=float))
    if xs.ndim == 1 or xs.shape[0] == 1:
        row, wanted = xs.reshape(-1), target.reshape(-1)
        return tuple(np.interp(wanted, row, y.reshape(-1))[:, None] for y in ys)
    target = np.broadcast_to(target, (*xs.shape[:-1], 1))
    last = xs.shape[-1] - 1
    right = np.clip((xs < target).sum(axis=-1, keepdims=True), 1, last)
    x0, x1 = np.take_along_axis(xs, right - 1, -1), np.take_along_axis(xs, right, -1)
    part = np.clip((target - x0) / np.maximum(x1 - x0, 1e-12), 0.0, 1.0)
    found = []
    for y in ys:
        y0, y1 = np.take_along_axis(y, right - 1, -1), np.take_along_axis(y, right, -1)
        found.append(y0 + part * (y1 - y0))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a load sees: means, and percentiles (50, 90, 95, 99) along the last axis."""

    req_s: Reals
    ttft_mean_s: Reals
    ttft_s: Array
    tpot_mean_s: Reals
    tpot_s: Array
    e2e_mean_s: Reals
    e2e_s: Array
    batch: Reals


def _percentiles(mean: Reals, spread_s: Reals, *, floor: Reals = 0.0) -> Array:
    """Percentiles of a latency with that mean and standard deviation above a floor, as a shifted lognormal."""
    above = np.maximum(np.asarray(mean) - floor, 1e-9)
    sigma2 = np.log1p((np.asarray(spread_s) / above) ** 2)
    deviates = np.asarray(DEVIATES)
    values: Array = floor + above * np.exp(np.sqrt(sigma2) * deviates - sigma2 / 2)
    return values


def _answer_lengths(shape: Shape) -> Array:
    """Percentiles of the answer's length."""
    sigma2 = np.log1p(np.asarray(shape.osl_cv) ** 2)
    factors: Array = np.asarray(shape.osl) * np.exp(
        np.sqrt(sigma2) * np.asarray(DEVIATES) - sigma2 / 2
    )
    return factors


def _served(
    *,
    req_s: Reals,
    ttft_mean: Reals,
    ttft: Array,
    tpot_mean: Reals,
    tpot: Array,
    shape: Shape,
    batch: Reals,
) -> Served:
    answer = np.maximum(np.asarray(shape.osl) - 1.0, 0.0)
    mean = ttft_mean + tpot_mean * answer
    by_length = tpot_mean * (np.maximum(_answer_lengths(shape) - 1.0, 0.0) - answer)
    by_wait = ttft - ttft_mean
    # Length and wait are independent: their deviations from the mean add as squares.
    squares = by_length * np.abs(by_length) + by_wait * np.abs(by_wait)
    return Served(
        req_s=req_s, ttft_mean_s=ttft_mean, ttft_s=ttft, tpot_mean_s=tpot_mean, tpot_s=tpot, e2e_mean_s=mean,
        e2e_s=mean + np.sign(squares) * np.sqrt(np.abs(squares)), batch=batch,
    )  # fmt: skip


def _tpot_percentiles(
    tpot: Reals, batch: Reals, slope: Reals, hit_s: Reals, rate: Reals, shape: Shape
) -> Array:
    """TPOT over requests: the batch fluctuates, and short answers meet many prompts or none."""
    osl = np.asarray(shape.osl)
    met = rate * osl * tpot  # prompts that arrive during an answer
    harmonic = 1.0 + np.asarray(shape.osl_cv) ** 2  # mean of 1/osl over 1/mean, lognormal
    from_prompts = np.sqrt(np.maximum(met, 0.0) * harmonic) * hit_s / np.maximum(osl, 1.0)
    from_batch = slope * np.sqrt(np.maximum(batch - 1.0, 0.0)) * 0.5
    return _percentiles(
        tpot, np.sqrt(from_prompts**2 + from_batch**2), floor=0.5 * np.asarray(tpot)
    )


def _least_own(own: Reals, grows: Reals, shape: Shape) -> Array:
    """The prefill of the shortest prompts: what does not grow with the length; half of it where all are alike."""
    least: Array = np.where(np.asarray(shape.isl_cv) > 0, own - grows, 0.5 * np.asarray(own))
    return least


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
    ttfts = _percentiles(mean, spread, floor=_least_own(own, grows, shape))
    # All clients begin at once: the last of the first wave waits for everybody's prompt.
    start_share = min(1.0, 1.0 / requests_each)
    first_wave = fill * (1.0 - 0.01 / start_share)
    ttfts = np.concatenate([ttfts[..., :3], np.maximum(ttfts[..., 3:], first_wave)], axis=-1)
    slope = at_slope(at, batch)
    tpots = _tpot_percentiles(tpot, batch, slope, hit, rate, shape)
    return _served(
        req_s=rate,
        ttft_mean=mean,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=tpots,
        shape=shape,
        batch=batch,
    )


def at_slope(at: Curve, batch: Reals) -> Array:
    """How much longer a step is for one more sequence."""
    slopes = np.gradient(at.tpot_s, axis=-1) / np.maximum(np.gradient(at.batch, axis=-1), 1e-9)
    return look_up(batch, at.batch, slopes)[0]


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
    most = at.open_rate[..., -1:]
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
    ttfts = _percentiles(mean, spread, floor=_least_own(own, grows, shape))
    ranks = np.asarray((0.5, 0.9, 0.95, 0.99))
    ttfts = np.where(backlog_s > mean, backlog_s * ranks + ttft, ttfts)
    tpots = _tpot_percentiles(tpot, batch, at_slope(at, batch), hit, carried, shape)
    return _served(
        req_s=carried,
        ttft_mean=mean,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=tpots,
        shape=shape,
        batch=1.0 + carried * answer * tpot,  # Little's law, exact between the curve's points too
    )


def fill_s(
    costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape, count: Reals
) -> Reals:
    """Seconds to prefill `count` prompts that are all there, while those already prefilled decode."""
    prompt = shape.prompt
    running = np.minimum(count, engine.max_batched_tokens / 2) / 2 * np.asarray(engine.mixed)
    budget = np.maximum(engine.max_batched_tokens - running, LEAST_CHUNK)
    tokens = prompt * count
    chunk = np.minimum(tokens, budget)
    steps = np.maximum(tokens / chunk, 1.0)
    step = step_time_s(
        costs,
        eff,
        batch=np.where(steps > 1.0, running, 0.0),
        context=shape.isl,
        prefill=chunk,
        prefill_context=_of_prompt(shape),
    )
    total: Reals = steps * step
    return total


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


def saturated(costs: StepCosts, eff: Efficiencies, engine: Engine, shape: Shape) -> Served:
    """Always more requests waiting than can run: the most tokens/s there are."""
    return closed_loop(costs, eff, engine, shape, 2.0 * np.asarray(batch_limit(engine, shape)))


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
    order = RANKS * count
    wave = np.floor(order / limit)
    in_waves = wave * limit / rate + (order - wave * limit) * each_s
    one_by_one = np.maximum(order - limit, 0.0) / rate + each_s
    later = varied * one_by_one + (1.0 - varied) * in_waves
    ttft = np.maximum(order * each_s, later) + eff.request_s
    plain = step_time_s(costs, eff, batch=limit * (1.0 - 0.4 * varied), context=shape.context)
    rest = np.where(order > count - limit, plain, np.where(count > limit * 1.5, tpot_full, plain))
    # A request that starts while the batch fills waits for the prompts behind it, or decodes in steps that carry them.
    filling = np.maximum(limit - order, 0.0) * each_s
    budget = np.maximum(engine.max_batched_tokens - limit / 2, LEAST_CHUNK)
    chunk = np.minimum(budget, shape.prompt * limit)
    slow = np.maximum(each_s * chunk / shape.prompt, rest)
    mixed = np.asarray(engine.mixed)
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
    return _served(
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
    ttfts = _percentiles(
        ttft + waiting,
        np.sqrt(queue**2 + (0.3 * own) ** 2 + (0.5 * waiting) ** 2),
        floor=0.5 * own,
    )
    last_of_it = first_wave * (1.0 - 0.01 / FIRST_WAVE_SHARE)
    ttfts = np.concatenate([ttfts[..., :3], np.maximum(ttfts[..., 3:], last_of_it)], axis=-1)
    tpots = _percentiles(tpot, 0.15 * tpot, floor=0.5 * tpot)
    return _served(
        req_s=rate,
        ttft_mean=ttft + waiting,
        ttft=ttfts,
        tpot_mean=tpot,
        tpot=tpots,
        shape=shape,
        batch=batch,
    )
