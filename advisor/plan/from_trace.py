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
from numpy.typing import NDArray

from advisor.backtest.trace import TENANT, Progress, Trace, load_trace
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
    max_context_tokens: int | None = None,
    progress: Progress | None = None,
) -> Load:
    """The trace's load, where the person did not say otherwise. ConfigError or TraceError name what is wrong with it.

    Requests longer than the model's context, which vLLM does not take, are no part of it.
    """
    try:
        trace = load_trace(file, progress)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--trace: {file}: needs {error.name}: pip install {error.name}, or give a CSV"
        ) from None
    if max_context_tokens is not None and (isl is None or osl is None):
        trace = _that_fit(trace, file, max_context_tokens, assumed)
    if len(trace) < 2:
        raise ConfigError(f"--trace: {file}: {len(trace)} requests: too few to plan for")
    if rate is None and trace.duration_s < LEAST_S:
        raise ConfigError(
            f"--trace: {file}: its {len(trace):,} requests come within {trace.duration_s:.0f} s, which is no rate: say with "
            "--rate how many a second must be served (of a batch: its requests over the seconds there are)"
        )
    busiest, pause_s = busiest_per_s(trace), max(cold_start_s, LEAST_GAP_S)
    found = Load(
        requests_per_s=busiest if rate is None else rate,
        isl=float(np.mean(trace.input_tokens)) if isl is None else isl,
        osl=max(1.0, float(np.mean(trace.output_tokens))) if osl is None else osl,
        gaps=_gaps(
            trace, longer_than_s=pause_s, rate_factor=1.0 if rate is None else rate / busiest
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
    if found.gaps is not None and (merged := _merged(trace, found.gaps, pause_s)):
        assumed.append(merged)
    return found


def _that_fit(trace: Trace, file: Path, most: int, assumed: list[str]) -> Trace:
    """The trace without the requests that the model cannot serve, which would bend the means."""
    tokens = trace.input_tokens + trace.output_tokens
    too_long = tokens > most
    count = int(np.count_nonzero(too_long))
    if count == 0:
        return trace
    first = int(np.argmax(too_long))
    row = f"row {first + 1}: {tokens[first]:,}"
    if len(trace) - count < 2:
        raise ConfigError(
            f"--trace: {file}: {count:,} of {len(trace):,} requests are longer than the model's context of {most:,} tokens "
            f"({row}): give a trace of this model, or --isl and --osl"
        )
    assumed.append(
        f"--trace: {count:,} of {len(trace):,} requests are longer than the model's context of {most:,} tokens "
        f"({'' if count == 1 else 'first '}{row}): left out of the load"
    )
    return trace.select(~too_long)


def _merged(trace: Trace, gaps: IdleGaps, pause_s: float) -> str:
    """What it means that several tenants' requests are planned for as one endpoint's; nothing where there is one."""
    alone = [_idle_share(arrival_s, trace.duration_s, pause_s) for arrival_s in _by_tenant(trace)]
    if len(alone) < 2:
        return ""
    return (
        f"--trace: {len(alone)} tenants (column {TENANT}) merged into one load, which pauses only where all do: idle "
        f"{gaps.idle_share:.0%} of the time, each alone {min(alone):.0%} to {max(alone):.0%}; an endpoint for each is a "
        "plan for each one's requests"
    )


def _by_tenant(trace: Trace) -> list[NDArray[np.float64]]:
    """The arrivals of each tenant that asked for anything."""
    order = np.argsort(trace.tenants, kind="stable")
    starts = np.flatnonzero(np.diff(trace.tenants[order])) + 1
    return np.split(trace.arrival_s[order], starts)


def _idle_share(arrival_s: NDArray[np.float64], until_s: float, pause_s: float) -> float:
    """The share of the trace that lies in pauses longer than that, before the first and after the last request too."""
    pauses = np.diff(np.concatenate(([0.0], arrival_s, [until_s])))
    return float(pauses[pauses > pause_s].sum()) / max(until_s, 1.0)


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
    seen = gaps_of_arrivals(trace.arrival_s.tolist(), serve_s=0.0, longer_than_s=longer_than_s)
    return replace(seen, num_requests=len(trace) * rate_factor)


def _counts(trace: Trace, window_s: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Arrivals in each whole window; at least one window."""
    num_windows = max(1, int(trace.duration_s // window_s))
    windows = (trace.arrival_s // window_s).astype(np.int64)
    return np.bincount(windows[windows < num_windows], minlength=num_windows)
