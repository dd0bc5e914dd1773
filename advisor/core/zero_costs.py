"""Scale to zero, in dollars: how long to keep the last replicas, what is paid for, and who meets a start.

They are kept for the time that costs least among those whose cold hits the objectives bear: an objective at the 95th
percentile tolerates 5 % of the requests late, less those that are late anyway. For a known distribution of gaps that time is
zero or the length of a gap that came (Karlin et al., Algorithmica 1994), so trying each of them is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from advisor.core.idle_gaps import IdleGaps
from advisor.core.mode_costs import ModePrice, Supply, TrafficClass, fleet_words, unknown
from advisor.core.objective import Latency, Mode, Slo

BREAK_EVEN_STEPS = 30  # of halving: a billionth of the share


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
        return unknown(
            Mode.SCALE_TO_ZERO,
            "how long traffic pauses is not known yet: it takes an hour of observation, or a trace",
        )
    unbearable = cold_wait_that_matters(traffic, supply)
    if unbearable is not None and traffic.mean_per_s is None and gaps.lengths_s:
        return unknown(
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


# --- words


def _keeping_formula(gaps: IdleGaps, supply: Supply, kept: Keeping) -> str:
    fleet = fleet_words(supply.replicas, supply.usd_per_hour)
    return (
        f"{fleet} x {kept.paid_share:.1%}: idle {gaps.idle_share:.0%} of the time in {gaps.per_hour:.3g} gaps an hour, kept "
        f"for {kept.keep_s:.0f} s, started {kept.starts_per_hour:.3g} times an hour ({supply.cold_start_s:g} s, billed)"
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
