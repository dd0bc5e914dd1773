"""How a run is judged: over all arrivals, at the client, together with the money; never one without the other.

A policy that drops work looks cheap and one that never scales down looks good, so every table prints the pair (cost over
the clairvoyant's, attainment). Requests that were rejected, lost or never finished count as missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.engine.state import FAILED
from advisor.backtest.fleet import Run

WINDOW_S = 300.0
WINDOW_GOAL = 0.95
HOUR_S = 3600.0
REVERSAL_S = 600.0
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Latency percentiles are of the requests that got so far; None where none did."""

    num_requests: int
    num_unfinished: int  # rejected, lost, or still waiting at the end
    attainment: float
    good_windows: (
        float  # share of the 5-minute windows with arrivals in which at least 95 % were good
    )
    worst_hour: float  # attainment of the worst hour by the clock of the trace
    by_tenant: dict[str, float]
    ttft_s: dict[int, float] | None
    tpot_s: dict[int, float] | None
    replica_hours: float
    usd: float
    usd_per_mtok: float | None  # input and output tokens of the good requests
    launches_per_hour: float
    num_failed_launches: int
    num_reversals: int  # changes of direction within ten minutes
    mean_replicas: float
    max_replicas: int


def score(run: Run) -> Score:
    trace = run.trace
    hours = max(trace.duration_s, 1.0) / HOUR_S
    tokens = (trace.input_tokens + trace.output_tokens)[run.good].sum()
    gaps = trace.output_tokens - 1
    decode_s = run.finish_s - trace.arrival_s - run.ttft_s
    return Score(
        num_requests=len(trace),
        num_unfinished=int(np.isnan(run.finish_s).sum()),
        attainment=run.attainment,
        good_windows=float((_by_window(run, WINDOW_S) >= WINDOW_GOAL).mean()),
        worst_hour=float(_by_window(run, HOUR_S).min()),
        by_tenant={
            name: float(run.good[trace.tenants == index].mean())
            for index, name in enumerate(trace.tenant_names)
            if (trace.tenants == index).any()
        },
        ttft_s=_percentiles(run.ttft_s),
        tpot_s=_percentiles(decode_s[gaps > 0] / gaps[gaps > 0]),
        replica_hours=run.replica_hours,
        usd=run.usd,
        usd_per_mtok=run.usd / (tokens / 1e6) if tokens else None,
        launches_per_hour=float((run.launched_s > 0).sum()) / hours,
        num_failed_launches=int((run.outcomes == FAILED).sum()),
        num_reversals=num_reversals(run.at_s, run.targets),
        mean_replicas=run.replica_hours / hours,
        max_replicas=int(run.running.max()),
    )


def _by_window(run: Run, window_s: float) -> NDArray[np.float64]:
    """Attainment of every window that has arrivals."""
    window = (run.trace.arrival_s // window_s).astype(np.int64)
    count = np.bincount(window)
    good = np.bincount(window, weights=run.good)
    return good[count > 0] / count[count > 0]


def _percentiles(values: NDArray[np.float64]) -> dict[int, float] | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    at = np.percentile(known, PERCENTILES, method="higher")
    return {percent: float(value) for percent, value in zip(PERCENTILES, at, strict=True)}


def num_reversals(
    at_s: NDArray[np.float64], targets: NDArray[np.int64], within_s: float = REVERSAL_S
) -> int:
    """How often the target turned round within ten minutes of its last change."""
    change = np.diff(targets)
    moved = np.flatnonzero(change)
    direction, when = np.sign(change[moved]), at_s[moved + 1]
    turned = (direction[1:] != direction[:-1]) & (np.diff(when) <= within_s)
    return int(turned.sum())


def geomean(ratios: Sequence[float]) -> float:
    return float(np.exp(np.log(np.asarray(ratios)).mean()))
