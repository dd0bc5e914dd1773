"""How traffic pauses and how long an answer may wait, as a person says it: what makes other modes than always-on possible.

Pauses come from a trace, where each is known, or from their share of the time and their mean length, which stand for
exponential ones. A deadline is a bound on the whole answer: it is sized for as one, and it lets a queue hold requests where
no objective asks for an answer at once.
"""

from __future__ import annotations

import re
from dataclasses import replace

from advisor.core.idle_gaps import IdleGaps, assumed_gaps
from advisor.core.objective import Latency, Slo
from advisor.errors import ConfigError
from advisor.plan.request import Load, read_duration
from advisor.plan.shown import span

DEADLINE_PERCENTILE = 99.0
MIN_DEADLINE_S, MAX_S = 1.0, 30 * 86400.0  # outside, a unit was mistaken
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(%?)")


def read_deadline(text: str | None, assumed: list[str]) -> float | None:
    if text is None:
        return None
    return _within("--deadline", read_duration("--deadline", text, assumed))


def deadline_slo(deadline_s: float) -> Slo:
    """The deadline as what replicas are sized for, whichever mode is chosen."""
    return Slo(latency=Latency.E2E, bound_s=deadline_s, percentile=DEADLINE_PERCENTILE)


def read_pauses(
    load: Load, idle_share: str | None, mean_gap: str | None, assumed: list[str]
) -> Load:
    """The load with the pauses that were said; ConfigError where they cannot be, or one of the two is missing."""
    if idle_share is None and mean_gap is None:
        return load
    if load.from_trace:
        option = "--mean-gap" if idle_share is None else "--idle-share"
        raise ConfigError(f"{option}: the trace says how traffic pauses: leave out one of them")
    if idle_share is None:
        raise ConfigError(
            "--mean-gap: needs --idle-share, the share of the time that such gaps take, as 60%"
        )
    share = _read_share(idle_share, assumed)
    if share == 0:
        return _never_pausing(load, mean_gap)
    if mean_gap is None:
        raise ConfigError(
            "--idle-share: needs --mean-gap, how long a pause lasts on average, as 20m: in a long one a fleet can stop, in "
            "one shorter than its start it cannot"
        )
    gap_s = _within("--mean-gap", read_duration("--mean-gap", mean_gap, assumed))
    _check_busy(load.requests_per_s, share, gap_s)
    mean_per_s = load.requests_per_s * (1.0 - share)
    assumed.append(
        f"--idle-share: between its gaps traffic comes at the planned rate, {mean_per_s:.3g} requests/s on average"
    )
    gaps = assumed_gaps(idle_share=share, mean_gap_s=gap_s, requests_per_s=mean_per_s)
    return replace(load, gaps=gaps)


def steady(load: Load, assumed: list[str]) -> Load:
    """Where nobody said how traffic pauses: at the planned rate all the time, which prices a queue at its most."""
    if load.gaps is not None:
        return load
    assumed.append(
        f"--deadline: the load taken as {load.requests_per_s:g} requests/s all the time: --idle-share with --mean-gap, "
        "or --trace, says how it pauses"
    )
    return replace(load, gaps=_no_gaps(load.requests_per_s))


def _never_pausing(load: Load, mean_gap: str | None) -> Load:
    if mean_gap is not None:
        raise ConfigError(f"--mean-gap: {mean_gap}: there are no gaps where --idle-share is 0%")
    return replace(load, gaps=_no_gaps(load.requests_per_s))


def _no_gaps(requests_per_s: float) -> IdleGaps | None:
    return assumed_gaps(idle_share=0.0, mean_gap_s=None, requests_per_s=requests_per_s)


def _read_share(text: str, assumed: list[str]) -> float:
    """`60%` or `0.6`; a bare number from 1 on is a percentage, and said so."""
    match = _SHARE.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f"--idle-share: a share of the time is needed (60%, 0.6), got {text[:40]!r}"
        )
    value = float(match[1])
    if not match[2]:
        value = value * 100.0 if value < 1 else value
        assumed.append(f"--idle-share {text} has no %: taken as {value:g}%")
    if value >= 100:
        raise ConfigError(
            f"--idle-share: {text[:40]}: expected 0% to below 100%: who never asks needs no plan"
        )
    return value / 100.0


def _within(option: str, seconds: float) -> float:
    if not MIN_DEADLINE_S <= seconds <= MAX_S:
        raise ConfigError(f"{option}: {span(seconds)}: expected 1s to 30d")
    return seconds


def _check_busy(requests_per_s: float, share: float, gap_s: float) -> None:
    """Traffic that comes back brings a request at least, else that share, that gap and that rate cannot all be."""
    busy_s = gap_s * (1.0 - share) / share
    if requests_per_s * busy_s < 1.0:
        raise ConfigError(
            f"--mean-gap: gaps of {span(gap_s)} that are {share:.4g} of the time leave {span(busy_s)} of traffic between "
            f"them, in which {requests_per_s:g} requests/s are not one request"
        )
