"""What each way to keep hardware costs, in dollars an hour, from how the traffic pauses and what nobody waits for.

    always-on       R replicas, all the time
    scale-to-zero   R replicas while there is traffic and for `keep` after it; a start, billed, per gap that is longer
    async           the work at saturated throughput; a start per drain, and a drain as rarely as the deadline bears
    batch           the same in runs that nobody asks anything of while they work: spot capacity may do them

Scale-to-zero keeps for the time that costs least among those whose cold hits the objectives bear: an objective at the 95th
percentile tolerates 5 % of the requests late, less those that are late anyway. For a known distribution of gaps that time is
zero or the length of a gap that came (Karlin et al., Algorithmica 1994), so trying each of them is exact. A queue that
is emptied every T keeps a deadline D when T, the drain behind it, which takes no longer than T, a start and one answer fit
into it: 2 T + start + answer <= D.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from advisor.core.idle_gaps import IdleGaps
from advisor.core.objective import HOURS_PER_MONTH, Latency, Mode, Slo

DAY_S = 86_400.0
LONGEST_QUEUED_S = 60.0  # an end-to-end objective looser than this can be served from a queue
BREAK_EVEN_STEPS = 30  # of halving: a billionth of the share


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficClass:
    """Requests that are treated alike: how many come when, and what they may wait for. None is not known, never zero.

    `deadline_s` is for a whole answer that nobody waits for at the line. `rates_per_s`, in windows of `window_s`, are the
    demand over time; without them a queue is sized for the peak, or the mean where it may smooth over a day.
    """

    name: str = "all requests"
    peak_requests_per_s: float
    mean_requests_per_s: float | None = None  # gaps included
    gaps: IdleGaps | None = None
    slos: tuple[Slo, ...] = ()
    missed_share: float = 0.0  # of the requests, late for other reasons than a cold start
    deadline_s: float | None = None
    rates_per_s: tuple[float, ...] = ()
    window_s: float = 300.0
    payload_bytes: float = 0.0  # of the largest request that must be served
    processing_s: float = 0.0  # of the longest answer

    @property
    def mean_per_s(self) -> float | None:
        if self.mean_requests_per_s is not None or self.gaps is None:
            return self.mean_requests_per_s
        return self.gaps.requests_per_s

    @property
    def answer_within_s(self) -> float | None:
        """What a queue may take: the deadline, or the end-to-end objectives where there are no others."""
        bounds = [] if self.deadline_s is None else [self.deadline_s]
        bounds += [slo.bound_s for slo in self.slos]
        return None if self.interactive is not None else min(bounds, default=None)

    @property
    def interactive(self) -> Slo | None:
        """The objective that asks for an answer at once, where there is one."""
        quick = (
            s for s in self.slos if s.latency is not Latency.E2E or s.bound_s < LONGEST_QUEUED_S
        )
        return next(quick, None)

    @property
    def timed(self) -> tuple[Slo, ...]:
        """Every bound on when an answer begins or ends; the deadline is one that all requests keep."""
        bounds = tuple(slo for slo in self.slos if slo.latency is not Latency.TPOT)
        if self.deadline_s is None:
            return bounds
        return *bounds, Slo(latency=Latency.E2E, bound_s=self.deadline_s, percentile=100)

    def most_per_s(self, over_s: float) -> float | None:
        """The most that comes on average of any `over_s` seconds."""
        if self.rates_per_s:
            span = min(len(self.rates_per_s), max(1, math.floor(over_s / self.window_s)))
            sums = np.convolve(self.rates_per_s, np.ones(span), "valid")
            return float(sums.max()) / span
        if over_s >= DAY_S:
            return self.mean_per_s
        return max(self.peak_requests_per_s, self.mean_per_s or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What would serve it: `replicas` carry the peak inside the objectives, at `usd_per_hour` each while they run.

    Spot is priced only where it is known how often it is taken back.
    """

    usd_per_hour: float
    replicas: int
    saturated_requests_per_s: float  # of one replica when nobody waits
    cold_start_s: float
    drain_s: float = 0.0
    min_billed_s: float = 60.0
    spot_usd_per_hour: float | None = None
    spot_interruptions_per_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModePrice:
    """One mode: its mean dollars an hour, None where there are none; how they come about; what excludes it.

    `missing`: it is excluded only because something is not known.
    """

    mode: Mode
    usd_per_hour: float | None
    formula: str
    excluded: str | None = None
    missing: bool = False
    replicas: int | None = None  # while it runs
    keep_s: float | None = None  # after the last request
    starts_per_hour: float = 0.0
    cold_hit_share: float | None = None
    on_spot: bool = False

    @property
    def usd_per_month(self) -> float | None:
        return None if self.usd_per_hour is None else self.usd_per_hour * HOURS_PER_MONTH


def always_on(traffic: TrafficClass, supply: Supply) -> ModePrice:
    return ModePrice(
        mode=Mode.ALWAYS_ON,
        usd_per_hour=supply.replicas * supply.usd_per_hour,
        formula=f"{_fleet(supply.replicas, supply.usd_per_hour)} all the time",
        replicas=supply.replicas,
    )


# --- scale to zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """The best time to keep the last replicas: the share of time they are paid for, and who meets a start."""

    keep_s: float
    paid_share: float
    starts_per_hour: float
    cold_hit_share: float | None  # None: the number of requests is not known


def scale_to_zero(traffic: TrafficClass, supply: Supply) -> ModePrice:
    gaps = traffic.gaps
    if gaps is None:
        return _unknown(
            Mode.SCALE_TO_ZERO,
            "how long traffic pauses is not known yet: it takes an hour of observation, or a trace",
        )
    unbearable = cold_wait_that_matters(traffic, supply)
    if unbearable is not None and traffic.mean_per_s is None and gaps.lengths_s:
        return _unknown(
            Mode.SCALE_TO_ZERO,
            f"the first request after a gap waits {supply.cold_start_s:g} s, and how many of all requests "
            "those are is not known",
        )
    kept = keeping(traffic, supply)
    assert kept is not None
    usd = supply.replicas * supply.usd_per_hour * kept.paid_share
    price = ModePrice(
        mode=Mode.SCALE_TO_ZERO,
        usd_per_hour=usd,
        formula=_keeping_formula(gaps, supply, kept),
        replicas=supply.replicas,
        keep_s=kept.keep_s,
        starts_per_hour=kept.starts_per_hour,
        cold_hit_share=kept.cold_hit_share,
    )
    if kept.starts_per_hour > 0 or unbearable is None:
        return price
    unbound = _keeping(gaps, traffic.mean_per_s, (), _terms(supply), 1.0)
    if unbound.starts_per_hour == 0:
        return price  # no gap is worth a start, whoever waits
    return replace(price, excluded=_too_many_hits(traffic, supply, unbearable, unbound))


def keeping(traffic: TrafficClass, supply: Supply, *, factor: float = 1.0) -> Keeping | None:
    """The best keeping time when every gap were `factor` times as long; None where the gaps are not known."""
    if traffic.gaps is None:
        return None
    return _keeping(traffic.gaps, traffic.mean_per_s, _bearable(traffic), _terms(supply), factor)


@dataclass(frozen=True, slots=True)
class _Terms:
    cold_start_s: float
    drain_s: float
    min_billed_s: float


def _terms(supply: Supply) -> _Terms:
    return _Terms(supply.cold_start_s, supply.drain_s, supply.min_billed_s)


def _bearable(traffic: TrafficClass) -> tuple[tuple[float, float], ...]:
    """(wait, share of requests that may wait longer) of each bound that a wait for a start can break."""
    return tuple((_wait_s(slo, traffic), _tolerated(slo, traffic)) for slo in traffic.timed)


def _wait_s(slo: Slo, traffic: TrafficClass) -> float:
    return max(0.0, slo.bound_s - (traffic.processing_s if slo.latency is Latency.E2E else 0.0))


def _tolerated(slo: Slo, traffic: TrafficClass) -> float:
    return max(0.0, (100.0 - slo.percentile) / 100.0 - traffic.missed_share)


def cold_wait_that_matters(traffic: TrafficClass, supply: Supply) -> Slo | None:
    """The bound that a request breaks when it waits for a whole cold start, where there is one."""
    broken = (slo for slo in traffic.timed if _wait_s(slo, traffic) < supply.cold_start_s)
    return next(broken, None)


@lru_cache(maxsize=256)
def _keeping(
    gaps: IdleGaps,
    mean_per_s: float | None,
    bearable: tuple[tuple[float, float], ...],
    terms: _Terms,
    factor: float,
) -> Keeping:
    """Every keeping time that can be best, the one of them that is cheapest and borne by all objectives."""
    lengths = np.asarray(gaps.lengths_s, dtype=float) * factor
    keeps = np.concatenate(([0.0], lengths))
    released = len(lengths) - np.searchsorted(lengths, keeps, side="right")
    saved_s = _saved_s(lengths, keeps, released, gaps, terms)
    hits, borne = _hits(gaps, mean_per_s, bearable, terms, released)
    best = int(np.argmax(np.where(borne, saved_s, -np.inf)))
    return Keeping(
        keep_s=float(keeps[best]),
        paid_share=max(0.0, 1.0 - float(saved_s[best]) / gaps.over_s),
        starts_per_hour=float(released[best]) / gaps.over_s * 3600.0,
        cold_hit_share=None if hits is None else float(hits[best]),
    )


def _saved_s(
    lengths: NDArray[np.float64],
    keeps: NDArray[np.float64],
    released: NDArray[np.int64],
    gaps: IdleGaps,
    terms: _Terms,
) -> NDArray[np.float64]:
    """Seconds of one replica that are not paid for: a gap's rest, less drain, start, and what a short stay is billed."""
    beyond = np.concatenate(([0.0], np.cumsum(lengths[::-1])))[released]
    busy_s = gaps.mean_busy_s or 0.0
    short_s = max(0.0, terms.min_billed_s - terms.cold_start_s - busy_s - terms.drain_s)
    each = keeps + terms.drain_s + terms.cold_start_s + np.maximum(0.0, short_s - keeps)
    return np.asarray(beyond - released * each)


def _hits(
    gaps: IdleGaps,
    mean_per_s: float | None,
    bearable: tuple[tuple[float, float], ...],
    terms: _Terms,
    released: NDArray[np.int64],
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """The share of requests that meet a start, by keeping time; and whether every objective bears those it breaks."""
    starts_matter = [one for one in bearable if one[0] < terms.cold_start_s]
    if not mean_per_s:
        return None, np.asarray((released == 0) | (not starts_matter))
    requests = max(mean_per_s * gaps.over_s, 1e-9)
    busy_s = max(gaps.over_s - sum(gaps.lengths_s), 1e-9)
    while_busy_per_s = requests / busy_s
    most = requests / max(1, len(gaps.lengths_s))  # of one busy time

    def share(wait_s: float) -> NDArray[np.float64]:
        late = min(max(1.0, most), 1.0 + while_busy_per_s * max(0.0, terms.cold_start_s - wait_s))
        return np.asarray(np.minimum(1.0, released * late / requests))

    borne = np.ones(len(released), dtype=bool)
    for wait_s, tolerated in starts_matter:
        borne &= share(wait_s) <= tolerated
    return share(0.0), borne | (released == 0)


def break_even_idle_share(
    traffic: TrafficClass, supply: Supply, *, min_saving_share: float
) -> float | None:
    """Where scale-to-zero begins to save that share of always-on, as many gaps coming, each shorter or longer than now.

    None: at no share, or the gaps are not known.
    """
    gaps = traffic.gaps
    if gaps is None or not gaps.lengths_s:
        return None
    return _break_even(
        gaps, traffic.mean_per_s, _bearable(traffic), _terms(supply), min_saving_share
    )


@lru_cache(maxsize=256)
def _break_even(
    gaps: IdleGaps,
    mean_per_s: float | None,
    bearable: tuple[tuple[float, float], ...],
    terms: _Terms,
    min_saving_share: float,
) -> float | None:
    def pays(factor: float) -> bool:
        kept = _keeping.__wrapped__(gaps, mean_per_s, bearable, terms, factor)
        return kept.paid_share <= 1.0 - min_saving_share

    low, high = 0.0, 1.0 / gaps.idle_share
    if not pays(high):
        return None
    for _ in range(BREAK_EVEN_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if pays(middle) else (middle, high)
    return gaps.idle_share * high


# --- queues


def queued(mode: Mode, traffic: TrafficClass, supply: Supply) -> ModePrice:
    """Async or batch: the work at saturated throughput, in drains as rare as the deadline bears."""
    within_s, mean = traffic.answer_within_s, traffic.mean_per_s
    if traffic.interactive is not None:
        why = {
            Mode.ASYNC: "asks for an answer at once, a queue gives it later",
            Mode.BATCH: "asks for an endpoint, a batch job has none",
        }[mode]
        return _impossible(mode, f"{traffic.interactive} {why}")
    if within_s is None:
        return _impossible(mode, "no deadline says how long an answer may take")
    every_s = (within_s - supply.cold_start_s - traffic.processing_s) / 2
    if every_s <= 0:
        return _impossible(
            mode,
            f"a deadline of {within_s:g} s leaves no time to wait for a start of {supply.cold_start_s:g} s and an answer "
            f"of {traffic.processing_s:g} s",
        )
    most = traffic.most_per_s(every_s)
    if mean is None or most is None:
        return _unknown(mode, "the mean rate is not known, gaps included")
    return _drained(mode, mean, most, every_s, supply)


def _drained(mode: Mode, mean: float, most: float, every_s: float, supply: Supply) -> ModePrice:
    usd, on_spot = _usd_per_hour(mode, supply)
    replicas = max(1, math.ceil(most / supply.saturated_requests_per_s - 1e-9))
    work = mean / supply.saturated_requests_per_s
    run_s = every_s * work / replicas
    idle_s = supply.cold_start_s + supply.drain_s
    start_s = idle_s + max(0.0, supply.min_billed_s - idle_s - run_s)
    paid = min(float(replicas), work + replicas * start_s / every_s)
    per_hour = 3600.0 / every_s if paid < replicas else 0.0
    return ModePrice(
        mode=mode,
        usd_per_hour=paid * usd,
        formula=(
            f"{_fleet(replicas, usd)}{' of spot' if on_spot else ''} x ({work / replicas:.1%} at work at "
            f"{supply.saturated_requests_per_s:.4g} requests/s each + a start of {start_s:g} s every {every_s:.0f} s)"
        ),
        replicas=replicas,
        starts_per_hour=per_hour,
        on_spot=on_spot,
    )


def _usd_per_hour(mode: Mode, supply: Supply) -> tuple[float, bool]:
    """A batch job may run on spot: what is taken back starts again."""
    spot, taken = supply.spot_usd_per_hour, supply.spot_interruptions_per_hour
    if mode is not Mode.BATCH or spot is None or taken is None:
        return supply.usd_per_hour, False
    with_restarts = spot * (1.0 + taken * supply.cold_start_s / 3600.0)
    return min((with_restarts, True), (supply.usd_per_hour, False))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRun:
    """One job over inputs that are all there: so many replicas, for so long, done in time or not at all."""

    replicas: int
    seconds: float  # from launch to the last answer
    usd: float


def batch_run(num_requests: float, *, within_s: float, supply: Supply) -> BatchRun | None:
    """The fewest replicas that are done in time, which is also the cheapest; None: the deadline leaves no time to work."""
    working_s = within_s - supply.cold_start_s
    if working_s <= 0:
        return None
    work_s = num_requests / supply.saturated_requests_per_s
    replicas = max(1, math.ceil(work_s / working_s - 1e-9))
    seconds = supply.cold_start_s + work_s / replicas
    billed_s = max(supply.min_billed_s, seconds + supply.drain_s)
    usd, _ = _usd_per_hour(Mode.BATCH, supply)
    return BatchRun(replicas=replicas, seconds=seconds, usd=replicas * billed_s / 3600.0 * usd)


# --- words


def _unknown(mode: Mode, why: str) -> ModePrice:
    return replace(_impossible(mode, why), missing=True)


def _impossible(mode: Mode, why: str) -> ModePrice:
    return ModePrice(mode=mode, usd_per_hour=None, formula="", excluded=why)


def _fleet(replicas: int, usd_per_hour: float) -> str:
    return f"{replicas} x ${usd_per_hour:.2f}/h"


def _keeping_formula(gaps: IdleGaps, supply: Supply, kept: Keeping) -> str:
    return (
        f"{_fleet(supply.replicas, supply.usd_per_hour)} x {kept.paid_share:.1%}: idle {gaps.idle_share:.0%} of the time in "
        f"{gaps.per_hour:.3g} gaps an hour, kept for {kept.keep_s:.0f} s, started {kept.starts_per_hour:.3g} times an hour "
        f"({supply.cold_start_s:g} s, billed)"
    )


def _too_many_hits(traffic: TrafficClass, supply: Supply, slo: Slo, unbound: Keeping) -> str:
    tolerated = _tolerated(slo, traffic)
    anyway = f" beside {traffic.missed_share:.1%} late anyway" if traffic.missed_share else ""
    met = "" if unbound.cold_hit_share is None else f"{unbound.cold_hit_share:.2%} of "
    usd = supply.replicas * supply.usd_per_hour * unbound.paid_share
    return (
        f"{met}the requests would wait up to {supply.cold_start_s:g} s for a start at ${usd:.2f}/h, and no keep-alive that "
        f"lets go makes them few enough: {slo} bears {tolerated:.2%} late{anyway}"
    )
