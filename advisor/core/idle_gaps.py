"""How long traffic pauses: the one distribution from which idle hardware is priced.

An idle share alone cannot be priced. 80 % of the time idle in two nights' gaps is a fortune saved; 80 % in gaps of a minute
is nothing, since hardware that takes 90 s to start must stay. So a decision asks for the gaps: observed ones where
there are some, or exponential ones where only their share and their mean are known (traffic that comes at random leaves
exponential gaps). Neither known is not zero, it is unknown.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

MIN_REMEMBERED_S = 3600.0  # an idle share over less says nothing about the day
REMEMBERED_S = 7 * 86_400.0
MAX_RUNS = 20_000  # of idle or busy time, remembered at most
NUM_QUANTILES = 200  # that stand for an exponential distribution
MAX_HOLE = 1.5  # intervals between two readings; more, and nobody knows what came between
OVERLAP_S = 1e-3  # by which two runs may seem to overlap: seconds since 1970 are no better than a microsecond


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRuns:
    """Runs of a history as they are kept over a restart: from number `first` on it had these, and none after them.

    Each is when it ended, the seconds of it that were seen, whether it was idle, and its requests (None: not counted).
    """

    first: int
    runs: tuple[tuple[float, float, bool, float | None], ...]

    def __post_init__(self) -> None:
        if not (isinstance(self.first, int) and self.first >= 0 and self.runs):
            raise ValueError(f"run {self.first!r} and the next {len(self.runs)} cannot be")
        before_s = -math.inf
        for end_s, seconds, idle, requests in self.runs:
            if not (0 < seconds <= REMEMBERED_S + OVERLAP_S and math.isfinite(end_s)):
                raise ValueError(f"a run of {seconds!r} s that ended at {end_s!r} cannot be")
            if end_s - seconds < before_s - OVERLAP_S:
                raise ValueError("a run began before the one before it ended")
            if not isinstance(idle, bool) or not (requests is None or 0 <= requests < math.inf):
                raise ValueError(f"idle is {idle!r}, with {requests!r} requests")
            before_s = end_s


@dataclass(slots=True)
class IdleHistory:
    """The runs of idle and of busy time of the last week, one entry each; bounded in time and in size.

    Runs are numbered, so that what changed since the last time can be kept in a few lines, and many such lines tell the
    whole again (`restored`), whichever of them are lost.
    """

    _runs: deque[_Run] = field(default_factory=lambda: deque(maxlen=MAX_RUNS))
    _next: int = 0  # number of the next run
    _changed: int = 0  # number of the first run that is new, or longer, since it was last kept

    @classmethod
    def restored(cls, kept: Iterable[KeptRuns]) -> IdleHistory:
        """What was kept, oldest first. The time until the next `add` was seen by nobody, and counts for nothing."""
        history = cls()
        for part in kept:
            history._drop_after(part)
            for number, (end_s, seconds, idle, requests) in enumerate(part.runs, part.first):
                run = _Run(
                    number=number, end_s=end_s, seconds=seconds, idle=idle, requests=requests
                )
                history._runs.append(run)
        history._next = history._changed = history._runs[-1].number + 1 if history._runs else 0
        return history

    def unkept(self, most: int) -> KeptRuns | None:
        """The oldest `most` of the runs that changed since they were kept; None where none did."""
        runs: deque[_Run] = deque(maxlen=most)
        for run in reversed(self._runs):
            if run.number < self._changed:
                break
            runs.appendleft(run)
        if not runs:
            return None
        told = ((run.end_s, run.seconds, run.idle, run.requests) for run in runs)
        return KeptRuns(first=runs[0].number, runs=tuple(told))

    def kept(self, part: KeptRuns) -> None:
        """These are where they survive."""
        self._changed = part.first + len(part.runs)

    def add(
        self, *, at_s: float, interval_s: float, idle: bool, requests_per_s: float | None = None
    ) -> None:
        """What the `interval_s` seconds before `at_s` were, as far as nothing has told of them."""
        self._set_clock_back(at_s)
        last = self._runs[-1] if self._runs else None
        seconds = interval_s if last is None else min(interval_s, at_s - last.end_s)
        if seconds <= 0:
            return
        counted = requests_per_s is not None and 0 <= requests_per_s < math.inf
        requests = (requests_per_s or 0.0) * seconds if counted else None
        goes_on = last is not None and at_s - last.end_s <= MAX_HOLE * interval_s
        if last is not None and goes_on and last.idle == idle:
            last.extend(at_s, seconds, requests)
            self._changed = min(self._changed, last.number)
        else:
            run = _Run(
                number=self._next, end_s=at_s, seconds=seconds, idle=idle, requests=requests
            )
            self._runs.append(run)
            self._next += 1
        self.forget(at_s)

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

    def forget(self, now_s: float) -> None:
        """What is older than a week."""
        before_s = now_s - REMEMBERED_S
        while self._runs and self._runs[0].end_s <= before_s:
            self._runs.popleft()
        if self._runs:
            self._runs[0].cut(before_s)

    def _set_clock_back(self, now_s: float) -> None:
        """What is dated after now was seen under a clock that was wrong: it is seen anew."""
        while self._runs and self._runs[-1].end_s > now_s:
            last = self._runs[-1]
            self._changed = min(self._changed, last.number)
            if last.end_s - last.seconds < now_s:
                last.end_at(now_s)
                return
            self._runs.pop()
            self._next = last.number

    def _drop_after(self, part: KeptRuns) -> None:
        """What a later line says anew, or contradicts where one between them was lost."""
        begins_s = part.runs[0][0] - part.runs[0][1] + OVERLAP_S
        while self._runs and (
            self._runs[-1].number >= part.first or self._runs[-1].end_s > begins_s
        ):
            self._runs.pop()


@dataclass(slots=True)
class _Run:
    number: int
    end_s: float
    seconds: float
    idle: bool
    requests: float | None

    def extend(self, end_s: float, seconds: float, requests: float | None) -> None:
        self.end_s, self.seconds = end_s, self.seconds + seconds
        unknown = requests is None or self.requests is None
        self.requests = None if unknown else (self.requests or 0.0) + (requests or 0.0)

    def cut(self, before_s: float) -> None:
        """Its beginning."""
        self._shorten(min(self.seconds, self.end_s - before_s))

    def end_at(self, end_s: float) -> None:
        self._shorten(self.seconds - (self.end_s - end_s))
        self.end_s = end_s

    def _shorten(self, kept_s: float) -> None:
        if self.requests is not None:
            self.requests *= kept_s / self.seconds
        self.seconds = kept_s
