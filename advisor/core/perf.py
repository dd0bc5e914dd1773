"""What one replica does under a load: TTFT, TPOT, end-to-end, tokens/s, and the requests/s that keep every objective.

Three layers, each its own module: a roofline of one step (`step_time.py`), the efficiencies that engines reach of it
(`efficiency.py`, fitted on public measurements), the scheduler that turns steps into latencies (`scheduler.py`). Here
they are joined for a model, an accelerator and a degree of parallelism, under requests that come at random with lengths
that vary: percentiles come from the queue and the lengths, not from factors on a mean.

Every prediction has an 80 % interval and a basis: `fitted` where the engine was measured on hardware of that vendor,
`modelled` where it was not, `measured` once the running engine has corrected it (`correction.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from advisor.core import loops, scheduler, sizing
from advisor.core.correction import UNCORRECTED, Correction
from advisor.core.efficiency import (
    Efficiencies,
    Keys,
    Reals,
    engine_keys,
    keys_of,
)
from advisor.core.engine_memory import default_settings
from advisor.core.fitted import INTERVALS, TABLE
from advisor.core.hardware import Accelerator
from advisor.core.interval import Distance, distance_of
from advisor.core.lengths import CONVERSATION_CV, PERCENTILES, lognormal_factor
from advisor.core.load import Array, LoadKind
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Latency, Slo
from advisor.core.recommendation import Basis, Interval, Prediction
from advisor.core.replica_costs import Sharding, matrix_peak_flops_per_s, step_costs
from advisor.core.replica_model import ReplicaModel
from advisor.core.scheduler import Curve, Engine, Shape
from advisor.core.served import Served
from advisor.core.step_time import StepCosts, step_time_s

MAX_UTILIZATION = 0.95  # of the rate at which queues never drain
NUM_RATES = 40  # tried at once, twice, for the highest rate inside the objectives
OPEN_LOOP_REQUESTS = 1e9  # a deployment has no last request
# Where only means are known: a latency's spread over its mean, for percentiles. Of queues in open-loop runs with
# conversations' lengths (nm-vllm nightly, 22 runs on A10G): p90 over mean 2.1 for TTFT, 1.2 for TPOT.
MEAN_ONLY_CV = {Latency.TTFT: 1.0, Latency.TPOT: 0.25, Latency.E2E: 1.0}
_NORMAL = NormalDist()
_DEVIATES = [_NORMAL.inv_cdf(p / 100) for p in PERCENTILES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What of the engine and of the traffic is not the default. None: as the engine starts on that accelerator."""

    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    kv_tokens: int | None = None
    # whole experts on each device, as `--enable-expert-parallel` has it
    expert_parallel: bool = False
    prefix_hit_rate: float = 0.0  # share of prompt tokens found in the prefix cache
    isl_cv: float = CONVERSATION_CV  # standard deviation of lengths over their mean
    osl_cv: float = CONVERSATION_CV


DEFAULT_SETTINGS = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A model on `tp_degree * pp_degree` accelerators, run by an engine."""

    spec: ModelSpec
    accelerator: Accelerator
    tp_degree: int
    pp_degree: int = 1
    engine: str = "vLLM"
    engine_version: str = ""
    settings: Settings = DEFAULT_SETTINGS
    correction: Correction = UNCORRECTED

    @property
    def keys(self) -> Keys:
        """Where it stands in the fitted table."""
        named = engine_keys(self.engine, self.engine_version)
        return keys_of(self.spec, self.accelerator, named, live=True)

    @property
    def distance(self) -> Distance:
        return distance_of(TABLE, self.keys)

    @property
    def basis(self) -> Basis:
        fitted = Basis.MODELLED if self.distance is Distance.FAR else Basis.FITTED
        return self.correction.basis or fitted

    def prefill_s(self, isl: float) -> float:
        """A lone prompt, with nothing else running."""
        parts = _parts(self)
        shape = Shape(isl=isl, osl=1.0)
        return float(scheduler.fill_s(parts.costs, parts.eff, parts.engine, shape, 1.0))

    def step_s(self, batch: float, context_tokens: float) -> float:
        """One decode step of `batch` requests with that mean context."""
        parts = _parts(self)
        return float(step_time_s(parts.costs, parts.eff, batch=batch, context=context_tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    costs: StepCosts
    eff: Efficiencies
    engine: Engine


@lru_cache(maxsize=8192)
def _parts(replica: Replica) -> _Parts:
    """What every question about a replica begins with."""
    settings, defaults = replica.settings, default_settings(replica.accelerator)
    kv_tokens = settings.kv_tokens
    if kv_tokens is None:
        kv_tokens = sizing.fit(
            replica.spec, replica.accelerator, replica.tp_degree, pp_degree=replica.pp_degree
        ).kv_tokens
    return _Parts(
        costs=step_costs(
            replica.spec,
            replica.accelerator,
            Sharding(
                tp=replica.tp_degree,
                pp=replica.pp_degree,
                expert_parallel=settings.expert_parallel,
            ),
        ),
        eff=_corrected(TABLE.at(replica.keys), replica.correction),
        engine=Engine(
            max_seqs=float(settings.max_num_seqs or defaults.max_num_seqs),
            max_batched_tokens=float(
                settings.max_num_batched_tokens or defaults.max_num_batched_tokens
            ),
            kv_tokens=float(kv_tokens),
        ),
    )


def _corrected(eff: Efficiencies, correction: Correction) -> Efficiencies:
    """Steps take `decode` times as long; what a prompt adds, which the matrix units bound, `prefill` times."""
    decode, prefill = correction.decode.ratio, correction.prefill.ratio
    return replace(
        eff, pace=eff.pace * decode, mfu=eff.mfu * decode / prefill, request_s=eff.request_s * prefill
    )  # fmt: skip


def _shape(replica: Replica, isl: float, osl: float) -> Shape:
    settings = replica.settings
    return Shape(
        isl=isl,
        osl=osl,
        isl_cv=settings.isl_cv,
        osl_cv=settings.osl_cv if osl > 1 else 0.0,
        cached=settings.prefix_hit_rate,
    )


@lru_cache(maxsize=8192)
def _curve(replica: Replica, isl: float, osl: float) -> Curve | None:
    """The replica over its batch sizes; None where it cannot hold one request or has no unit for the weights."""
    if matrix_peak_flops_per_s(replica.accelerator, replica.spec.dtype) is None:
        return None
    parts = _parts(replica)
    engine = replace(parts.engine, kv_tokens=_kv_tokens(replica, isl + osl))
    if engine.kv_tokens < isl + osl:
        return None
    return scheduler.curve(parts.costs, parts.eff, engine, _shape(replica, isl, osl))


def _kv_tokens(replica: Replica, context: float) -> float:
    """Tokens that the cache holds of requests of that length: windows save nothing while a request fits into them."""
    if replica.settings.kv_tokens is not None:
        return float(replica.settings.kv_tokens)
    room = sizing.fit(
        replica.spec,
        replica.accelerator,
        replica.tp_degree,
        pp_degree=replica.pp_degree,
        max_model_len=math.ceil(context),
    )
    return float(room.kv_tokens)


def _served(replica: Replica, at: Curve, isl: float, osl: float, rates: Reals) -> Served:
    """At each rate of a column."""
    shape = _shape(replica, isl, osl)
    return loops.open_loop_on(at, shape, rates, requests=OPEN_LOOP_REQUESTS)


def _most(at: Curve) -> float:
    return MAX_UTILIZATION * float(at.open_rate[..., -1])


def at_percentile(known: Array, percentile: float) -> Array:
    """A latency at any percentile from those at 50, 90, 95 and 99, along the last axis: linear in logarithm and deviate."""
    deviate = _NORMAL.inv_cdf(min(max(percentile, 0.1), 99.9) / 100)
    right = next((i for i, d in enumerate(_DEVIATES) if d >= deviate), len(_DEVIATES) - 1)
    right = max(1, right)
    d0, d1 = _DEVIATES[right - 1], _DEVIATES[right]
    low, high = np.log(known[..., right - 1]), np.log(known[..., right])
    values: Array = np.exp(low + (high - low) * (deviate - d0) / (d1 - d0))
    return values


def _values(served: Served, slo: Slo) -> Array:
    known = {Latency.TTFT: served.ttft_s, Latency.TPOT: served.tpot_s, Latency.E2E: served.e2e_s}
    return at_percentile(known[slo.latency], slo.percentile)


def misses(
    slos: Sequence[Slo],
    *,
    ttft_s: float,
    tpot_s: float,
    osl: float,
    slo_values_s: Sequence[float] = (),
) -> list[tuple[Slo, float]]:
    """The objectives missed, each with the value at its percentile: `slo_values_s`, or else estimated from the means."""
    means = {
        Latency.TTFT: ttft_s,
        Latency.TPOT: tpot_s,
        Latency.E2E: ttft_s + tpot_s * max(0.0, osl - 1),
    }
    values = list(slo_values_s) or [
        means[slo.latency] * percentile_factor(slo.latency, slo.percentile) for slo in slos
    ]
    return [(slo, v) for slo, v in zip(slos, values, strict=True) if v > slo.bound_s]


def percentile_factor(latency: Latency, percentile: float) -> float:
    """How far a percentile lies above the mean where nothing but the mean is known."""
    deviate = _NORMAL.inv_cdf(min(max(percentile, 0.1), 99.9) / 100)
    return lognormal_factor(MEAN_ONLY_CV[latency], deviate)


def latencies(
    replica: Replica, *, requests_per_s: float, isl: float, osl: float
) -> tuple[float, float, float] | None:
    """(TTFT, TPOT, batch) means in seconds at that rate; None where the replica cannot keep up."""
    at = _curve(replica, isl, osl)
    if at is None or requests_per_s > _most(at) * (1 + 1e-9):
        return None
    served = _served(replica, at, isl, osl, np.array([[requests_per_s]]))
    return (
        float(np.squeeze(served.ttft_mean_s)),
        float(np.squeeze(served.tpot_mean_s)),
        float(np.squeeze(served.batch)) - 1.0,
    )


def max_requests_per_s(replica: Replica, *, isl: float, osl: float, slos: Sequence[Slo]) -> float:
    """The highest rate one replica sustains inside every objective; 0.0 where even a lone request misses one."""
    at = _curve(replica, isl, osl)
    if at is None:
        return 0.0
    return _max_rate(replica, isl, osl, tuple(slos)) if slos else _most(at)


@lru_cache(maxsize=8192)
def _max_rate(replica: Replica, isl: float, osl: float, slos: tuple[Slo, ...]) -> float:
    """The first crossing of a bound, on a grid of rates and on a finer one; latencies rise with the rate."""
    at = _curve(replica, isl, osl)
    assert at is not None

    def last_inside(rates: Array) -> int:
        """Index of the last rate up to which every objective holds; -1 where the first misses already."""
        served = _served(replica, at, isl, osl, rates[:, None])
        missed = np.zeros(len(rates), dtype=bool)
        for slo in slos:
            missed |= np.squeeze(_values(served, slo)) > slo.bound_s
        return int(np.argmax(missed)) - 1 if missed.any() else len(rates) - 1

    rates = _most(at) * np.linspace(0.0, 1.0, NUM_RATES) ** 2
    i = last_inside(rates)
    if i < 0 or i == len(rates) - 1:
        return float(rates[i]) if i >= 0 else 0.0
    least = 1e-4 * rates[1]  # a lone request keeps the objectives: some rate above 0 does
    finer = (
        np.linspace(rates[i], rates[i + 1], NUM_RATES)
        if i
        else np.geomspace(least, rates[1], NUM_RATES)
    )
    return float(finer[max(0, last_inside(finer))])


def predict(
    replica: Replica, *, requests_per_s: float, isl: float, osl: float, slos: Sequence[Slo]
) -> Prediction | None:
    """What the replica does at that rate; None where it cannot keep up."""
    at = _curve(replica, isl, osl)
    if at is None or requests_per_s > _most(at) * (1 + 1e-9):
        return None
    served = _served(replica, at, isl, osl, np.array([[requests_per_s]]))
    ttft, tpot = float(np.squeeze(served.ttft_mean_s)), float(np.squeeze(served.tpot_mean_s))
    most = max_requests_per_s(replica, isl=isl, osl=osl, slos=slos)
    distance = replica.distance
    return Prediction(
        ttft_s=ttft,
        tpot_s=tpot,
        e2e_s=ttft + tpot * max(0.0, osl - 1),
        batch=float(np.squeeze(served.batch)) - 1.0,
        output_tokens_per_s=requests_per_s * osl,
        max_requests_per_s=most,
        basis=replica.basis,
        slo_values_s=tuple(float(np.squeeze(_values(served, slo))) for slo in slos),
        ttft_interval_s=_interval(replica, distance, ttft, "ttft", LoadKind.OPEN),
        tpot_interval_s=_interval(replica, distance, tpot, "tpot", LoadKind.OPEN),
        max_requests_interval_per_s=_interval(
            replica, distance, most, "throughput", LoadKind.OPEN
        ),
    )


def _interval(
    replica: Replica, distance: Distance, value: float, group: str, load: LoadKind
) -> Interval:
    """80 %: from held-out errors, or from the running engine once it is better known than those."""
    low, high = INTERVALS.around(value, group=group, load=load, distance=distance)
    if value <= 0 or replica.correction.basis is None:
        return Interval(low=low, high=high)
    estimate = replica.correction.prefill if group == "ttft" else replica.correction.decode
    half = math.exp(1.28 * estimate.spread)  # 80 % of a normal
    return Interval(low=max(low, value / half), high=min(high, value * half))


def to_replica_model(replica: Replica) -> ReplicaModel:
    """The same replica with step times linear in what a step touches, for policies and the simulator.

    Slopes are taken where serving happens: sequences from 1 to 64, a chunk of 2048 prompt tokens.
    """
    parts = _parts(replica)

    def step(batch: float, context: float, prefill: float = 0.0) -> float:
        return float(
            step_time_s(
                parts.costs, parts.eff, batch=batch, context=context, prefill=prefill, prefill_context=prefill / 2
            )
        )  # fmt: skip

    one, many = step(1.0, 0.0), step(64.0, 0.0)
    per_seq = max(0.0, (many - one) / 63.0)
    return ReplicaModel(
        step_base_s=max(1e-6, one - per_seq),
        step_per_seq_s=per_seq,
        step_per_kv_token_s=max(0.0, (step(64.0, 1024.0) - many) / (64.0 * 1024.0)),
        step_per_prefill_token_s=max(0.0, (step(1.0, 0.0, 2048.0) - one) / 2048.0),
        kv_capacity_tokens=max(0, int(parts.engine.kv_tokens)),
        max_num_batched_tokens=int(parts.engine.max_batched_tokens),
        max_num_seqs=int(parts.engine.max_seqs),
    )
