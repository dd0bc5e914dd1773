"""How long traffic pauses: the one distribution from which idle hardware is priced.

An idle share alone cannot be priced. 80 % of the time idle in two nights' gaps is a fortune saved; 80 % in gaps of a minute
is nothing, since hardware that takes 90 s to start must stay. So a decision asks for the gaps: observed ones where
there are some, or exponential ones where only their share and their mean are known (traffic that comes at random leaves
exponential gaps). Neither known is not zero, it is unknown.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

MIN_REMEMBERED_S = 3600.0  # an idle share over less says nothing about the day
REMEMBERED_S = 7 * 86_400.0
MAX_RUNS = 20_000  # of idle or busy time, remembered at most
NUM_QUANTILES = 200  # that stand for an exponential distribution
MAX_HOLE = 1.5  # intervals between two readings; more, and nobody knows what came between


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleGaps:
    """The gaps, shortest first, in `over_s` seconds of traffic with `num_requests` requests (None: not counted).

    `observed` false: drawn from a share and a mean.
    """

    lengths_s: tuple[float, ...]
    over_s: float
    num_requests: float | None = None
    observed: bool = True

    def __post_init__(self) -> None:
        if not (self.over_s > 0 and math.isfinite(self.over_s)):
            raise ValueError(f"gaps were seen over {self.over_s!r} s, expected a time above zero")
        if any(not length > 0 for length in self.lengths_s):
            raise ValueError("a gap is longer than nothing")
        if sum(self.lengths_s) > self.over_s * (1 + 1e-9):
            raise ValueError("the gaps are longer together than the time they were seen in")
        if self.num_requests is not None and not self.num_requests >= 0:
            raise ValueError(f"{self.num_requests!r} requests are no number of requests")

    @property
    def idle_share(self) -> float:
        return min(1.0, sum(self.lengths_s) / self.over_s)

    @property
    def per_hour(self) -> float:
        return len(self.lengths_s) / self.over_s * 3600.0

    @property
    def mean_s(self) -> float | None:
        return sum(self.lengths_s) / len(self.lengths_s) if self.lengths_s else None

    @property
    def mean_busy_s(self) -> float | None:
        """Of the time from one gap to the next."""
        if not self.lengths_s:
            return None
        return max(0.0, self.over_s - sum(self.lengths_s)) / len(self.lengths_s)

    @property
    def requests_per_s(self) -> float | None:
        return None if self.num_requests is None else self.num_requests / self.over_s

    def times(self, factor: float) -> IdleGaps:
        """As many gaps in as much time, each `factor` times as long; the busy time gives or takes what that needs."""
        return IdleGaps(
            lengths_s=tuple(length * factor for length in self.lengths_s),
            over_s=self.over_s,
            num_requests=self.num_requests,
            observed=False,
        )


def observed_gaps(
    lengths_s: Sequence[float], *, over_s: float, num_requests: float | None = None
) -> IdleGaps:
    return IdleGaps(lengths_s=tuple(sorted(lengths_s)), over_s=over_s, num_requests=num_requests)


def assumed_gaps(
    *, idle_share: float | None, mean_gap_s: float | None, requests_per_s: float | None = None
) -> IdleGaps | None:
    """Exponential gaps of that share of the time and that mean; None where either is unknown."""
    if idle_share is None or (mean_gap_s is None and idle_share > 0):
        return None
    if not 0 <= idle_share <= 1:
        raise ValueError(f"an idle share is between 0 and 1, got {idle_share}")
    if idle_share == 0 or mean_gap_s is None:
        over_s = 3600.0
        lengths: tuple[float, ...] = ()
    else:
        if not (mean_gap_s > 0 and math.isfinite(mean_gap_s)):
            raise ValueError(f"a mean gap is longer than nothing, got {mean_gap_s!r}")
        lengths = _exponential(mean_gap_s)
        over_s = sum(lengths) / idle_share
    num_requests = None if requests_per_s is None else requests_per_s * over_s
    return IdleGaps(lengths_s=lengths, over_s=over_s, num_requests=num_requests, observed=False)


def gaps_of_arrivals(
    arrival_s: Sequence[float], *, serve_s: float, longer_than_s: float = 0.0
) -> IdleGaps:
    """The gaps of a recorded trace whose requests are in work for `serve_s` each; shorter ones are nobody's chance."""
    if len(arrival_s) < 2:
        raise ValueError("gaps need two requests at least")
    at_s = np.asarray(arrival_s, dtype=float)
    between = np.diff(at_s) - serve_s
    long_ones = between[between > max(0.0, longer_than_s)]
    over_s = max(float(at_s[-1] - at_s[0]), 1.0)
    return observed_gaps(long_ones.tolist(), over_s=over_s, num_requests=float(len(at_s)))


def _exponential(mean_s: float) -> tuple[float, ...]:
    """The middles of equal shares of the distribution, brought to its mean exactly."""
    raw = [-math.log(1.0 - (i + 0.5) / NUM_QUANTILES) for i in range(NUM_QUANTILES)]
    scale = mean_s * NUM_QUANTILES / sum(raw)
    return tuple(one * scale for one in raw)


@dataclass(slots=True)
class IdleHistory:
    """The runs of idle and of busy time of the last week, one entry each; bounded in time and in size."""

    _runs: deque[_Run] = field(default_factory=lambda: deque(maxlen=MAX_RUNS))

    def add(
        self, *, at_s: float, interval_s: float, idle: bool, requests_per_s: float | None = None
    ) -> None:
        """What the `interval_s` seconds before `at_s` were."""
        last = self._runs[-1] if self._runs else None
        requests = None if requests_per_s is None else requests_per_s * interval_s
        goes_on = last is not None and at_s - last.end_s <= MAX_HOLE * interval_s
        if last is not None and goes_on and last.idle == idle:
            last.extend(at_s, interval_s, requests)
        else:
            self._runs.append(_Run(end_s=at_s, seconds=interval_s, idle=idle, requests=requests))
        self._forget(at_s - REMEMBERED_S)

    def idle_share(self) -> float | None:
        """None until an hour is remembered: not observed is not idle."""
        total_s = sum(run.seconds for run in self._runs)
        if total_s < MIN_REMEMBERED_S:
            return None
        return sum(run.seconds for run in self._runs if run.idle) / total_s

    def gaps(self) -> IdleGaps | None:
        """The gaps remembered, the one that is not over among them; None until an hour is remembered."""
        total_s = sum(run.seconds for run in self._runs)
        if total_s < MIN_REMEMBERED_S:
            return None
        counted = [run.requests for run in self._runs if run.requests is not None]
        return observed_gaps(
            [run.seconds for run in self._runs if run.idle],
            over_s=total_s,
            num_requests=sum(counted) if len(counted) == len(self._runs) else None,
        )

    def _forget(self, before_s: float) -> None:
        while self._runs and self._runs[0].end_s < before_s:
            self._runs.popleft()
        if self._runs:
            self._runs[0].cut(before_s)


@dataclass(slots=True)
class _Run:
    end_s: float
    seconds: float
    idle: bool
    requests: float | None

    def extend(self, end_s: float, seconds: float, requests: float | None) -> None:
        self.end_s, self.seconds = end_s, self.seconds + seconds
        unknown = requests is None or self.requests is None
        self.requests = None if unknown else (self.requests or 0.0) + (requests or 0.0)

    def cut(self, before_s: float) -> None:
        kept_s = self.end_s - before_s
        if self.seconds > kept_s > 0:
            if self.requests is not None:
                self.requests *= kept_s / self.seconds
            self.seconds = kept_s
