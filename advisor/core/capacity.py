"""How much work one replica carries inside the objectives, and what share of the requests misses when it carries more.

Work is counted in tokens, not in requests: a request takes the engine for its prompt tokens once and for its answer's
tokens each, at the batch it shares. With `b` requests decoding, a step lasts base + b (per sequence + per KV token x
context); a share `u` of the time goes into prompts, so a token takes step / (1 - u), and Little's law ties rate and batch
(the same arithmetic as `perf.py`, on a replica given by its step times).

What an objective at 99 % costs above the fluid limit is queueing. The number decoding is close to Poisson, so its spread
falls with the square root of the fleet (square-root staffing: Halfin and Whitt, Operations Research 1981); prompts that
arrive while others are prefilled wait, as in M/G/1 with several servers (Sakasegawa, Ann. Inst. Statist. Math. 1977).
Both give the share of requests that miss as a smooth function of demand and replicas, which is what headroom is priced by.
Shape, not truth: `policy` corrects the belief by what the live fleet shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, ndtr

from advisor.core.replica_model import ReplicaModel

Floats = NDArray[np.float64]

# squared coefficient of variation of prompt lengths: 0.8 to 1.6 on the public traces
PREFILL_SCV = 1.0
LENGTH_QUANTILES = -np.log(1.0 - (np.arange(5) + 0.5) / 5)  # of an exponential around its mean
# of a Poisson's variance: what least-outstanding routing leaves, in a large fleet
UNEVEN_ROUTING = 0.3
LENGTH_SCV = 2.0  # of the KV a sequence holds
KV_FILL = 0.9  # of the KV cache; beyond it engines preempt
LONE_MARGIN = 1.02
RELAXED = 2.0  # times a lone request's TPOT: what is served where the objective cannot be met
STABLE_SHARE = 0.98  # of the fluid limit: closer to it a queue does not settle within the hour


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceObjective:
    """What a request must meet to be good, and the share of all requests that must be.

    TTFT <= `ttft_base_s` + `ttft_per_prefill` x the request's own unloaded prefill. Mean TPOT <= `tpot_s`; answers under
    `short_output_tokens` are judged by their end instead: E2E <= the TTFT bound + `tpot_s` x output tokens.
    """

    ttft_base_s: float = 2.0
    ttft_per_prefill: float = 3.0
    tpot_s: float = 0.1
    short_output_tokens: int = 30
    goal: float = 0.99

    @property
    def told(self) -> str:
        own = f" + {self.ttft_per_prefill:g} x own prefill" if self.ttft_per_prefill else ""
        return f"TTFT <= {self.ttft_base_s:g} s{own}, TPOT <= {self.tpot_s * 1e3:g} ms, for {self.goal:.1%} of all requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Mean lengths of the requests, in tokens; `context` is the mean over the sequences that decode at one moment."""

    input_tokens: float
    output_tokens: float
    context_tokens: float
    cached_share: float = 0.0  # of the prompt tokens, found in the prefix cache

    @property
    def prefilled_tokens(self) -> float:
        return self.input_tokens * (1.0 - self.cached_share)


def mix_of(*, input_tokens: float, output_tokens: float, cached_share: float = 0.0) -> Mix:
    """The mix where only mean lengths are known: long answers are met more often, so a sequence is a whole mean long."""
    return Mix(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        context_tokens=input_tokens + output_tokens,
        cached_share=cached_share,
    )


def scaled(belief: ReplicaModel, factor: float) -> ReplicaModel:
    """The belief with every time multiplied: what the live fleet corrects."""
    return replace(
        belief,
        step_base_s=belief.step_base_s * factor,
        step_per_seq_s=belief.step_per_seq_s * factor,
        step_per_kv_token_s=belief.step_per_kv_token_s * factor,
        step_per_prefill_token_s=belief.step_per_prefill_token_s * factor,
    )


def prefill_s(belief: ReplicaModel, tokens: float) -> float:
    """One prompt alone on the replica: its tokens, and the fixed part of each step it takes."""
    steps = max(1.0, tokens / belief.max_num_batched_tokens)
    return tokens * belief.step_per_prefill_token_s + steps * belief.step_base_s


def batch_limit(belief: ReplicaModel, mix: Mix) -> float:
    """Sequences that decode together: the engine's limit, or those whose KV fits once they are as long as they get.

    A sequence met at random has as much of its answer before it as behind it.
    """
    still_to_come = max(0.0, mix.context_tokens - mix.input_tokens)
    fitting = KV_FILL * belief.kv_capacity_tokens / max(1.0, mix.context_tokens + still_to_come)
    return max(1.0, min(float(belief.max_num_seqs), fitting))


def _per_sequence_s(belief: ReplicaModel, mix: Mix) -> float:
    return belief.step_per_seq_s + belief.step_per_kv_token_s * mix.context_tokens


def rate_at(belief: ReplicaModel, mix: Mix, batch: ArrayLike) -> Floats:
    """Requests/s that keep `batch` sequences decoding on one replica."""
    held = np.asarray(batch, dtype=np.float64)
    step_s = belief.step_base_s + _per_sequence_s(belief, mix) * np.maximum(1.0, held)
    prompt_s = mix.prefilled_tokens * belief.step_per_prefill_token_s
    return np.asarray(held / (mix.output_tokens * step_s + held * prompt_s))


def batch_at(belief: ReplicaModel, mix: Mix, rate: ArrayLike) -> Floats:
    """Sequences decoding on one replica at that rate; infinite where it cannot keep up."""
    share = np.asarray(rate, dtype=np.float64) * (
        mix.prefilled_tokens * belief.step_per_prefill_token_s
    )
    per_step = np.asarray(rate) * mix.output_tokens / np.maximum(1e-12, 1.0 - share)
    left = 1.0 - per_step * _per_sequence_s(belief, mix)
    kept = (share < 1.0) & (left > 0.0)
    return np.where(kept, per_step * belief.step_base_s / np.where(kept, left, 1.0), np.inf)


def fluid_rate(belief: ReplicaModel, mix: Mix, objective: ServiceObjective) -> float:
    """Requests/s of one replica in a fleet so large that queueing is nothing: tokens in time, batch and KV in bounds."""
    prompt_s = mix.prefilled_tokens * belief.step_per_prefill_token_s
    each_s = _per_sequence_s(belief, mix)
    # tpot = step / (1 - u) = bound, with u = rate x prompt and rate = batch (1 - u) / (osl x step) = batch / (osl x bound)
    room_s = objective.tpot_s - belief.step_base_s
    batch = room_s / (each_s + prompt_s / max(1.0, mix.output_tokens))
    batch = min(max(batch, 1.0), batch_limit(belief, mix))
    return float(rate_at(belief, mix, batch))


def attainable(belief: ReplicaModel, mix: Mix, objective: ServiceObjective) -> ServiceObjective:
    """The objective itself, or, where a lone request misses its TPOT, the tightest that a lightly loaded replica keeps."""
    alone_s = belief.step_base_s + _per_sequence_s(belief, mix)
    if objective.tpot_s > alone_s * LONE_MARGIN:
        return objective
    return replace(objective, tpot_s=alone_s * RELAXED)


def decode_s_per_request(belief: ReplicaModel, mix: Mix, objective: ServiceObjective) -> float:
    """A request's share of the replica's time that its prompt does not take."""
    prompt_s = mix.prefilled_tokens * belief.step_per_prefill_token_s
    return max(1e-9, 1.0 / fluid_rate(belief, mix, objective) - prompt_s)


def miss_share(
    belief: ReplicaModel,
    mix: Mix,
    objective: ServiceObjective,
    *,
    rate: ArrayLike,
    replicas: ArrayLike,
) -> Floats:
    """Share of the requests outside the objective, for rates and replica counts that broadcast.

    It rises with the rate and falls with the replicas, and goes on past 1 in overload, where every replica less lets the
    queue grow faster: a cost to compare by, not a probability there.
    """
    fleet = np.asarray(replicas, dtype=np.float64)
    each = np.asarray(rate, dtype=np.float64) / np.maximum(fleet, 1e-9)
    limit = batch_limit(belief, mix)
    most = float(rate_at(belief, mix, limit)) * STABLE_SHARE
    over = np.maximum(0.0, each / most - 1.0)
    carried = np.minimum(each, most)
    batch = np.minimum(batch_at(belief, mix, carried), limit)
    late = _tpot_miss(belief, mix, objective, carried, batch, fleet)
    waited = _ttft_miss(belief, mix, objective, carried, batch, fleet)
    crowded = _full_batch(limit, batch, fleet)
    missed = 1.0 - (1.0 - late) * (1.0 - waited) * (1.0 - crowded)
    return np.where(over > 0.0, 1.0 + over, missed)


def _short_share(mix: Mix, objective: ServiceObjective) -> float:
    """Of the requests, those too short for a TPOT: lengths taken as exponential around their mean."""
    return float(1.0 - np.exp(-objective.short_output_tokens / max(1.0, mix.output_tokens)))


def _tpot_miss(
    belief: ReplicaModel,
    mix: Mix,
    objective: ServiceObjective,
    rate: Floats,
    batch: Floats,
    fleet: Floats,
) -> Floats:
    """The chance that the prompts prefilled while an answer of L tokens is due take more than L x (bound - step).

    A compound Poisson sum, taken as a gamma variable of its mean and variance, over exponential lengths L: the shorter the
    answer, the fewer prompts it takes to miss. The batch's own spread is added to the variance.
    """
    prompt_s = mix.prefilled_tokens * belief.step_per_prefill_token_s
    each_s = _per_sequence_s(belief, mix)
    step_s = belief.step_base_s + each_s * np.maximum(1.0, batch)
    left = np.maximum(1e-3, 1.0 - rate * prompt_s)
    crowding = (1.0 + each_s * batch / belief.step_base_s) / left
    of_step = each_s**2 * crowding * batch / np.maximum(1.0, fleet)
    uneven = UNEVEN_ROUTING + (1.0 - UNEVEN_ROUTING) / np.maximum(1.0, fleet)
    missed = np.zeros(np.broadcast(rate, fleet).shape)
    for share in LENGTH_QUANTILES:
        tokens = objective.short_output_tokens + mix.output_tokens * share
        prompts_s = np.maximum(1e-12, rate * tokens * objective.tpot_s * prompt_s)
        variance = uneven * prompts_s * prompt_s * (1.0 + PREFILL_SCV) + tokens**2 * of_step
        room_s = np.maximum(0.0, tokens * (objective.tpot_s - step_s))
        scale = prompts_s / np.maximum(variance, 1e-18)
        missed += gammaincc(prompts_s * scale, room_s * scale) / len(LENGTH_QUANTILES)
    return np.asarray((1.0 - _short_share(mix, objective)) * missed)


def _ttft_miss(
    belief: ReplicaModel,
    mix: Mix,
    objective: ServiceObjective,
    rate: Floats,
    batch: Floats,
    fleet: Floats,
) -> Floats:
    prompt_s = prefill_s(belief, mix.prefilled_tokens)
    step_s = belief.step_base_s + _per_sequence_s(belief, mix) * batch
    slack_s = objective.ttft_base_s + (objective.ttft_per_prefill - 1.0) * prompt_s / 2 - step_s
    # A chunk of prompt shares its step with the batch that decodes: prompts take longer by that step's share.
    chunk = max(1.0, min(belief.max_num_batched_tokens, 4 * mix.prefilled_tokens))
    stretch = 1.0 + (step_s - belief.step_base_s) / (
        belief.step_per_prefill_token_s * chunk + belief.step_base_s
    )
    busy = np.minimum(
        0.999, rate * mix.prefilled_tokens * belief.step_per_prefill_token_s * stretch
    )
    pooled = _pooled(batch, fleet)
    waits = busy ** (np.sqrt(2.0 * (pooled + 1.0)) - 1.0)
    mean_s = prompt_s * stretch * (1.0 + PREFILL_SCV) / 2 / (1.0 - busy) / np.sqrt(pooled)
    return np.asarray(waits * np.exp(-np.maximum(0.0, slack_s) / mean_s))


def _pooled(batch: Floats, fleet: Floats) -> Floats:
    """Replicas that act as one queue for prompts: routing sees requests, so long decodes hide where prompts wait."""
    return np.asarray(1.0 + (np.maximum(1.0, fleet) - 1.0) / (1.0 + batch))


def _full_batch(limit: float, batch: Floats, fleet: Floats) -> Floats:
    """Chance that a batch is full: requests then wait for a seat, whatever the step time."""
    spread = np.sqrt((1.0 + LENGTH_SCV) * batch / np.maximum(1.0, fleet)) + 1e-9
    return np.asarray(ndtr((batch - limit) / spread))
