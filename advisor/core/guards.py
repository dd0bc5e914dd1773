"""What no decision passes without: one rule, one function, each named after what it promises.

    A1  nothing is scaled down on readings that are missing, stale, future-dated or no numbers      problem_with
    A2  silent replicas count as fully busy on the way down and as idle on the way up               replicas_with_silent
    A3  min <= target <= max, a whole number                                                        clamp
    A4  what is billed, overlap while replacing included, stays under the cost cap                  affordable
    A5  a direction is changed at most once in five minutes                                         Direction
    A6  launches that fail are not answered by ever more launches                                   LaunchGuard
    A7  never more than the budget unavailable, replacement ready before removal                    replacement.py
    A8  an apply that made it worse is taken back, tried once more, then frozen                     rollback.py

A7 and A8 are state machines of their own beside this file. They judge what an actuator does, and none is there yet.

Prior art, read for what it was bitten by: Kubernetes' HPA (a metric missing while scaling down, 1.16 to 1.20), Karpenter
(runaway scale-up, NaN in a total), KEDA (null read as zero). Nothing here knows a clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeGuard, TypeVar

from advisor.core.capacity import ServiceObjective
from advisor.core.step import StepObservation

MAX_AGE_S = 60.0  # of the oldest reading; at least this, and four intervals
MAX_AGE_INTERVALS = 4.0
MAX_INTERVAL_S = 3600.0
ABSURD_REQUESTS_PER_S = 1e6
ABSURD_TOKENS_PER_REQUEST = 1e7
ABSURD_REPLICAS = 100_000
CHANGE_OF_DIRECTION_S = 300.0
LENGTHS_SETTLE_S = 900.0  # three of the longest stays that a policy allows for
SUNK = 0.9
N = TypeVar("N", int, float)
MAX_QUIET_S = 600.0
FORGET_REGRET_S = 4 * 3600.0
CAP_TOLERANCE = 1e-9
ROUNDING = 1e-9  # 0.875 x 8 is 7 replicas, however it was added up
BACKOFF_S = 60.0  # after a first failed launch; doubles
MAX_BACKOFF_S = 1800.0
MAX_DOUBLINGS = 16  # past the longest wait, and of thousands of failures no overflow
PROBE_AFTER_FAILURES = 2  # failed launches in a row from which one replica at a time is tried
FAILURES_FOR_ALARM = 2
FORGET_FAILURES_S = 3600.0


def problem_with(observation: StepObservation, *, last_now_s: float | None) -> str | None:
    """A1: why nothing may be concluded from these readings; None where they are sound."""
    if not _finite(observation.now_s) or not _finite(observation.interval_s):
        return "the time of the observation is no number"
    if not 0 < observation.interval_s <= MAX_INTERVAL_S:
        return f"an interval of {observation.interval_s:g} s is none to count over"
    if last_now_s is not None and observation.now_s <= last_now_s:
        return f"the observation is from {observation.now_s:g} s, not after {last_now_s:g} s"
    if not _finite(observation.age_s) or observation.age_s < 0:
        return f"a reading is {observation.age_s:g} s old, which dates it in the future"
    limit_s = max(MAX_AGE_S, MAX_AGE_INTERVALS * observation.interval_s)
    if observation.age_s > limit_s:
        return f"the oldest reading is {observation.age_s:.0f} s old, more than {limit_s:.0f} s"
    return _bad_count(observation) or _bad_optional(observation)


def _bad_count(observation: StepObservation) -> str | None:
    for name in ("replicas_running", "replicas_starting"):
        problem = _count_problem(name, getattr(observation, name))
        if problem is not None:
            return problem
    arrivals = observation.num_arrivals
    if arrivals is None:
        return "num_arrivals was not observed"
    if not _finite(arrivals) or arrivals < 0:
        return f"num_arrivals is {arrivals!r}, no count"
    if arrivals > ABSURD_REQUESTS_PER_S * observation.interval_s:
        return f"num_arrivals is {arrivals:g}, more than any endpoint takes"
    return None


def _count_problem(name: str, count: int | None) -> str | None:
    if count is None:
        return f"{name} is not known"
    return None if _is_count(count) else f"{name} is {count!r}, no number of replicas"


def _is_count(count: int | None) -> TypeGuard[int]:
    return _finite(count) and 0 <= count <= ABSURD_REPLICAS and count == int(count)


OPTIONAL_COUNTS = (
    "input_tokens", "output_tokens", "num_finished", "finished_input_tokens", "finished_output_tokens",
    "requests_running", "requests_waiting", "num_good", "ttft_p95_s", "tpot_p95_s", "e2e_p95_s",
)  # fmt: skip
SHARES = ("kv_cache_usage", "prefix_cache_hit_rate")


def _bad_optional(observation: StepObservation) -> str | None:
    """One lying reading makes the others of its scrape suspect too: hold on all."""
    for name in OPTIONAL_COUNTS:
        value = getattr(observation, name)
        if value is not None and (not _finite(value) or not 0 <= value < ABSURD_TOTAL):
            return f"{name} is {value!r}, no count"
    for name in SHARES:
        value = getattr(observation, name)
        if value is not None and (not _finite(value) or not 0 <= value <= 1.0 + 1e-6):
            return f"{name} is {value!r}, no share"
    good, finished = observation.num_good, observation.num_finished
    if good is not None and finished is not None and good > finished:
        return f"num_good is {good:g} of {finished:g} that finished"
    return _bad_tokens(observation)


ABSURD_TOTAL = 1e15


def _bad_tokens(observation: StepObservation) -> str | None:
    arrivals = observation.num_arrivals or 0.0
    tokens = observation.input_tokens
    if tokens is not None and tokens > ABSURD_TOKENS_PER_REQUEST * max(1.0, arrivals):
        return f"input_tokens is {tokens:g} for {arrivals:g} requests"
    return None


def _finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def replicas_with_silent(
    usages: Iterable[float], *, num_silent: int, target: float, tolerance: float = 0.1
) -> int:
    """A2: replicas for these usages (shares of what one carries), with silent ones counted against the direction.

    Where the answering ones ask for more, a silent one counts as idle; where they ask for fewer, as fully busy. Where
    that turns the direction round or brings it within the tolerance, nothing is to be done.
    """
    seen = list(usages)
    current = len(seen) + num_silent
    if not seen or target <= 0:
        return current
    ratio = sum(seen) / len(seen) / target
    assumed = max(1.0, target) if ratio < 1.0 else 0.0
    with_silent = (sum(seen) + assumed * num_silent) / current / target
    if abs(with_silent - 1.0) <= tolerance or (ratio < 1.0) != (with_silent < 1.0):
        return current
    return math.ceil(with_silent * current - ROUNDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the user allows, whatever anybody computes."""

    min_replicas: int = 1
    max_replicas: int = 64

    def clamp(self, wanted: float) -> int:
        """A3: a whole number between the bounds; what is no number is the lower one."""
        if not _finite(wanted):
            return self.min_replicas
        return int(min(max(math.ceil(wanted), self.min_replicas), self.max_replicas))


def affordable(
    *, usd_per_hour: float, cap_usd_per_hour: float | None, already_usd_per_hour: float = 0.0
) -> float:
    """A4: how many of them the cap pays for beside what else is billed now (another type while it is being replaced).

    A price that is no number affords nothing: one NaN in a sum would make the whole of it free.
    """
    if cap_usd_per_hour is None:
        return math.inf
    if not all(_finite(usd) for usd in (usd_per_hour, cap_usd_per_hour, already_usd_per_hour)):
        return 0
    if usd_per_hour <= 0:
        return math.inf if already_usd_per_hour <= cap_usd_per_hour else 0
    left = cap_usd_per_hour - already_usd_per_hour
    return max(0, math.floor(left / usd_per_hour + CAP_TOLERANCE))


@dataclass(slots=True)
class Direction:
    """A5: up at once; down only when no replica was added for a while, longer after every time that was regretted.

    A replica missed again within five minutes of letting it go was let go too soon: the wait doubles, and is halved again
    for every hour without such a regret.
    """

    quiet_s: float = CHANGE_OF_DIRECTION_S
    _last_up_s: float = -math.inf
    _last_down_s: float = -math.inf
    _regret_s: float = -math.inf

    def may_go_down(self, now_s: float) -> bool:
        if self.quiet_s > CHANGE_OF_DIRECTION_S and now_s - self._regret_s >= FORGET_REGRET_S:
            self.quiet_s, self._regret_s = self.quiet_s / 2, now_s
        return now_s - self._last_up_s >= self.quiet_s

    def went(self, *, now_s: float, change: int) -> None:
        if change > 0:
            if now_s - self._last_down_s < CHANGE_OF_DIRECTION_S:
                self.quiet_s, self._regret_s = min(MAX_QUIET_S, 2 * self.quiet_s), now_s
                self._last_down_s = -math.inf  # one regret for one descent
            self._last_up_s = max(self._last_up_s, now_s)
        elif change < 0:
            self._last_down_s = now_s


@dataclass(slots=True)
class RecentMost(Generic[N]):
    """The largest value of the last `window_s`."""

    window_s: float
    _values: deque[tuple[float, N]] = field(default_factory=deque)  # no older one is less

    def add(self, *, now_s: float, value: N) -> N:
        while self._values and self._values[-1][1] <= value:
            self._values.pop()
        self._values.append((now_s, value))
        while self._values[0][0] < now_s - self.window_s:
            self._values.popleft()
        return self._values[0][1]


# Of needs: what may be let go is only what was not needed all that time.
RecentNeed = RecentMost[int]


@dataclass(slots=True)
class SinkingCapacity:
    """What one replica is believed to carry, and whether that sinks.

    Long answers end late. So of a fleet that was just taken over, or of a load that just changed, only short ones are known
    at first, and a replica seems to carry more than it does.
    """

    sinks: bool = False  # by more than noise, from its highest of the last minutes
    _recent: RecentMost[float] = field(
        default_factory=lambda: RecentMost(window_s=LENGTHS_SETTLE_S)
    )

    def add(self, *, now_s: float, carried: float) -> None:
        self.sinks = carried < SUNK * self._recent.add(now_s=now_s, value=carried)


@dataclass(slots=True)
class LaunchGuard:
    """A6: after launches that failed, wait twice as long each time, and then try with one replica, not with many."""

    _failures: int = 0  # in a row
    _last_failure_s: float = -math.inf

    def saw(self, *, now_s: float, failed: int, ready: int) -> None:
        if ready > 0 or now_s - self._last_failure_s > FORGET_FAILURES_S:
            self._failures = 0
        if failed > 0:
            self._failures += failed
            self._last_failure_s = now_s

    @property
    def alarm(self) -> bool:
        return self._failures >= FAILURES_FOR_ALARM

    def wait_s(self, now_s: float) -> float:
        """Seconds until a launch may be tried again."""
        if self._failures < PROBE_AFTER_FAILURES:
            return 0.0
        doublings = min(MAX_DOUBLINGS, self._failures - PROBE_AFTER_FAILURES)
        backoff_s = min(MAX_BACKOFF_S, BACKOFF_S * 2.0**doublings)
        return max(0.0, self._last_failure_s + backoff_s - now_s)

    def allowed(self, *, now_s: float, have: int, starting: int, target: int) -> int:
        """The target, or what is there, or one more to try."""
        if target <= have or self._failures < PROBE_AFTER_FAILURES:
            return target
        if self.wait_s(now_s) > 0 or starting > 0:
            return have
        return have + 1


def misses(
    observation: StepObservation, objective: ServiceObjective, *, ttft_s: float = math.inf
) -> float | None:
    """Requests of those that finished that missed; from 95th percentiles where they are not counted; else None.

    `ttft_s` is the bound on a TTFT with a long prompt's own prefill in it.
    """
    finished = observation.num_finished
    if finished is None:
        return None
    if observation.num_good is not None:
        return max(0.0, finished - observation.num_good)
    if observation.tpot_p95_s is None:
        return None
    late = observation.ttft_p95_s is not None and observation.ttft_p95_s > ttft_s
    return 0.1 * finished if late or observation.tpot_p95_s > objective.tpot_s else 0.0


def present(observation: StepObservation) -> int | None:
    """Running and starting replicas, as far as they are numbers; None where the running ones are not."""
    running, starting = observation.replicas_running, observation.replicas_starting
    if not (_is_count(running) and _is_count(starting)):
        return None
    return int(running) + int(starting)
