"""Continuous batching as a curve: what each batch size costs, and which batch a load settles at.

An engine's steps carry one token for every running sequence and, within a budget of tokens, chunks of waiting prompts. In
a steady state each request consumes `isl` prompt tokens and `osl` decoded ones, so with a batch b the mean step carries
b x isl / osl prompt tokens; where the budget cannot hold that, prompts queue and the batch stops growing. The mean step is
then a mixture of plain steps and steps with a chunk, and Little's law (L = lambda W) ties batch, rate and latency:

    TPOT(b) = plain + f x (mixed - plain)      f: share of steps that carry a chunk
    TTFT(b) = own chunks + half a step + queue (M/D/1 in f)
    closed loop of C clients:  1 / rate = (TTFT + (osl - 1) TPOT) / C
    open loop:                 batch = rate x osl x TPOT

One vectorised pass over a grid of batches gives the whole curve; every load that lasts is then looked up on it, not solved
for (`loops.py`). What has no steady state is walked in closed form (`batches.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advisor.core.efficiency import Efficiencies, Reals
from advisor.core.step_time import StepCosts, step_time_s

Array = npt.NDArray[np.float64]
GRID = np.linspace(0.0, 1.0, 32)
MAX_QUEUE_SHARE = 0.985  # beyond it the steady state takes longer to reach than any run lasts
LEAST_CHUNK = 64.0
SPACED = 0.2  # share of the queue that requests of one length spare each other


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
