"""The load to plan for, out of a trace: its busiest five minutes, its mean lengths, its pauses.

Planning for the mean would miss the objective half of the day; planning for the single worst minute pays for it all day.
The 99th percentile of five-minute rates is what a fixed fleet must carry to hold a 99 % objective; autoscaling then pays
for less than that. Its pauses are the gaps between arrivals, each as long as it was: how long a request stays in work is
taken off where the hardware is known.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.backtest.trace import Progress, Trace, load_trace
from advisor.core.idle_gaps import IdleGaps, gaps_of_arrivals
from advisor.errors import ConfigError
from advisor.plan.request import Load, check_load

WINDOW_S = 300.0
LEAST_GAP_S = 10.0  # nothing starts faster, so no shorter pause can be used
PERCENTILE = 99.0
LEAST_S = 60.0  # a shorter trace is a burst or a batch: its count over its seconds would be planned for forever


def load_of_trace(
    file: Path,
    *,
    rate: float | None,
    isl: float | None,
    osl: float | None,
    cold_start_s: float,
    assumed: list[str],
    progress: Progress | None = None,
) -> Load:
    """The trace's load, where the person did not say otherwise. ConfigError or TraceError name what is wrong with it."""
    try:
        trace = load_trace(file, progress)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--trace: {file}: needs {error.name}: pip install {error.name}, or give a CSV"
        ) from None
    if len(trace) < 2:
        raise ConfigError(f"--trace: {file}: {len(trace)} requests: too few to plan for")
    if rate is None and trace.duration_s < LEAST_S:
        raise ConfigError(
            f"--trace: {file}: its {len(trace):,} requests come within {trace.duration_s:.0f} s, which is no rate: say with "
            "--rate how many a second must be served (of a batch: its requests over the seconds there are)"
        )
    busiest = busiest_per_s(trace)
    found = Load(
        requests_per_s=busiest if rate is None else rate,
        isl=float(np.mean(trace.input_tokens)) if isl is None else isl,
        osl=max(1.0, float(np.mean(trace.output_tokens))) if osl is None else osl,
        gaps=_gaps(
            trace, longer_than_s=cold_start_s, rate_factor=1.0 if rate is None else rate / busiest
        ),
        from_trace=True,
        source=f"{file.name}, {len(trace):,} requests in {trace.duration_s / 3600:.1f} h",
    )
    check_load(found)
    if rate is None:
        assumed.append(
            f"--trace: the load is the p{PERCENTILE:g} of {WINDOW_S / 60:.0f}-minute rates, {busiest:.2f} requests/s "
            f"(on average {len(trace) / max(trace.duration_s, 1.0):.2f})"
        )
    return found


def busiest_per_s(trace: Trace) -> float:
    """The 99th percentile of the rates of all five-minute windows, in requests/s; a shorter trace is one window."""
    if trace.duration_s < WINDOW_S:
        return len(trace) / max(trace.duration_s, 1.0)
    return float(np.percentile(_counts(trace, WINDOW_S), PERCENTILE)) / WINDOW_S


def _gaps(trace: Trace, *, longer_than_s: float, rate_factor: float) -> IdleGaps | None:
    """Its pauses of which a start leaves something, and its requests at the rate that is planned for.

    None of a burst, which does not say what comes after it.
    """
    if trace.duration_s < LEAST_S:
        return None
    seen = gaps_of_arrivals(
        trace.arrival_s.tolist(), serve_s=0.0, longer_than_s=max(longer_than_s, LEAST_GAP_S)
    )
    return replace(seen, num_requests=len(trace) * rate_factor)


def _counts(trace: Trace, window_s: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Arrivals in each whole window; at least one window."""
    num_windows = max(1, int(trace.duration_s // window_s))
    windows = (trace.arrival_s // window_s).astype(np.int64)
    return np.bincount(windows[windows < num_windows], minlength=num_windows)
