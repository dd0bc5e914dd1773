"""Whether to keep hardware on: always, only while there is traffic, or behind a queue.

Scale-to-zero saves the idle time and pays a cold start after every gap: it is worth it when the idle share is above
what the cold starts cost, and only where the objective allows the first request after a gap to wait for one. Async and
batch answer later by design, so an objective on the first token rules them out.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.core.objective import Latency, Mode, Slo
from advisor.core.recommendation import Rejected
from advisor.core.workload import Workload

MIN_REMEMBERED_S = 3600.0  # an idle share over less says nothing about the day
REMEMBERED_S = 7 * 86400.0
BREAK_EVEN_IDLE_SHARE = (
    0.5  # below it, gaps are short against cold start and drain and little is saved
)
LONGEST_QUEUED_S = 60.0  # an end-to-end objective looser than this can be served from a queue


@dataclass(slots=True)
class IdleHistory:
    """How much of the remembered time had no traffic; bounded in time and, at one entry a tick, in size."""

    _intervals: deque[tuple[float, float, bool]] = field(
        default_factory=lambda: deque(maxlen=100_000)
    )

    def add(self, *, at_s: float, interval_s: float, idle: bool) -> None:
        self._intervals.append((at_s, interval_s, idle))
        while self._intervals and self._intervals[0][0] < at_s - REMEMBERED_S:
            self._intervals.popleft()

    def idle_share(self) -> float | None:
        """None until an hour is remembered: not observed is not idle."""
        total_s = sum(interval_s for _, interval_s, _ in self._intervals)
        if total_s < MIN_REMEMBERED_S:
            return None
        return sum(interval_s for _, interval_s, idle in self._intervals if idle) / total_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChoice:
    mode: Mode
    reason: str
    rejected: tuple[Rejected, ...]
    cost_share: float  # of the always-on price


def choose_mode(workload: Workload, slos: Sequence[Slo], *, cold_start_s: float) -> ModeChoice:
    """The cheapest mode that the objectives allow, with the reason against each other one."""
    interactive = [
        slo for slo in slos if slo.latency is not Latency.E2E or slo.bound_s < LONGEST_QUEUED_S
    ]
    against: dict[Mode, str] = {}
    if interactive:
        against[Mode.ASYNC] = (
            f"{interactive[0]} asks for an answer at once, a queue gives it later"
        )
        against[Mode.BATCH] = f"{interactive[0]} asks for an endpoint, a batch job has none"
    else:
        against[Mode.ASYNC] = (
            "needs a queue in front of the model, which this endpoint does not have"
        )
        against[Mode.BATCH] = "requests arrive one by one, a batch job needs them all at its start"
    idle = workload.idle_share
    first_waits = [
        slo for slo in slos if slo.latency is not Latency.TPOT and slo.bound_s < cold_start_s
    ]
    if idle is None:
        against[Mode.SCALE_TO_ZERO] = (
            "the idle share is not known yet: it takes an hour of observation"
        )
    elif idle < BREAK_EVEN_IDLE_SHARE:
        against[Mode.SCALE_TO_ZERO] = (
            f"idle {idle:.0%} of the time, under the break-even of {BREAK_EVEN_IDLE_SHARE:.0%}"
        )
    elif first_waits:
        against[Mode.SCALE_TO_ZERO] = (
            f"idle {idle:.0%} of the time, but the first request after a gap would wait {cold_start_s:g} s: "
            f"{first_waits[0]} does not allow it"
        )
    if Mode.SCALE_TO_ZERO in against:
        mode, reason, share = Mode.ALWAYS_ON, against[Mode.SCALE_TO_ZERO], 1.0
    else:
        assert idle is not None
        against[Mode.ALWAYS_ON] = f"idle {idle:.0%} of the time, which would be paid for"
        mode, reason, share = (
            Mode.SCALE_TO_ZERO,
            f"idle {idle:.0%} of the time is not paid for",
            1.0 - idle,
        )
    rejected = tuple(
        Rejected(accelerator=None, tp_degree=None, mode=other, reason=why)
        for other, why in against.items()
    )
    return ModeChoice(mode=mode, reason=reason, rejected=rejected, cost_share=share)


MIN_GAP_COLD_STARTS = (
    0.25  # a gap shorter than this share of a cold start is no gap: nobody would switch off in it
)
NUM_GAPS = 512
GAP_MEMORY = 0.995  # weight of a gap against the one after it
COLD_HIT_COST_S = (
    240.0  # seconds of a replica that one request's wait for a cold start is worth, to begin with
)
COLD_HIT_COST_BOUNDS = (0.05, 40.0)
COLD_HIT_COST_POWER = 1.5
COLD_HIT_PRIOR_REQUESTS = 300.0
COLD_HIT_MEMORY_S = 3 * 86_400.0
MIN_GAPS = 5
START_SAVING_SHARE, STOP_SAVING_SHARE = 0.15, 0.10
LONGEST_KEEP_S = 6 * 3600.0


@dataclass(slots=True)
class KeepAlive:
    """How long to keep the last replica after the last request, from the gaps that came and what ended them.

    After every gap longer than the keep-alive, the requests of one cold start wait. Keeping for K costs min(gap, K) of a
    replica's time for each gap, and for each gap beyond K the requests that a cold start would keep waiting, at a price
    that follows their share, as headroom follows misses. The best K lies at a gap that came: the ski-rental problem with
    a known distribution (Karlin et al., Algorithmica 1994), learned for this endpoint.
    """

    cold_hit_budget: float = 0.02
    scales_to_zero: bool = True  # for now: whether it saves enough to be worth its cold starts
    _gaps: deque[tuple[float, float, float]] = field(
        default_factory=lambda: deque(maxlen=NUM_GAPS)
    )
    _ending: tuple[float, float, float] | None = None  # gap, when it ended, requests since
    _idle_since_s: float | None = None
    _requests: float = 0.0
    _hits: float = 0.0
    _keep_s: float | None = None
    _seconds: float = 0.0  # since the last gap was recorded

    def add(
        self,
        *,
        now_s: float,
        interval_s: float,
        arrivals: float,
        busy: bool,
        cold: bool,
        cold_start_s: float,
    ) -> None:
        """`cold`: no replica was ready, so what arrived waits for one."""
        kept = math.exp(-interval_s / COLD_HIT_MEMORY_S)
        self._seconds += interval_s
        self._requests = self._requests * kept + arrivals
        self._hits = self._hits * kept + (arrivals if cold else 0.0)
        if self._ending is not None:
            gap_s, ended_s, waiting = self._ending
            self._ending = gap_s, ended_s, waiting + arrivals
            if now_s - ended_s >= cold_start_s:
                self._gaps.append((gap_s, max(1.0, self._ending[2]), self._seconds))
                self._ending, self._keep_s, self._seconds = None, None, 0.0
        if arrivals > 0 or busy:
            self._end_gap(now_s, interval_s, arrivals, cold_start_s)
        elif self._idle_since_s is None:
            self._idle_since_s = now_s - interval_s

    def _end_gap(
        self, now_s: float, interval_s: float, arrivals: float, cold_start_s: float
    ) -> None:
        began_s, self._idle_since_s = self._idle_since_s, None
        if began_s is None or self._ending is not None or arrivals <= 0:
            return
        gap_s = now_s - interval_s / 2 - began_s
        if gap_s >= max(MIN_GAP_COLD_STARTS * cold_start_s, interval_s):
            self._ending = gap_s, now_s, arrivals

    def idle_s(self, now_s: float) -> float:
        return 0.0 if self._idle_since_s is None else now_s - self._idle_since_s

    def hit_cost_s(self) -> float:
        aim = 0.7 * self.cold_hit_budget
        share = (self._hits + COLD_HIT_PRIOR_REQUESTS * aim) / (
            self._requests + COLD_HIT_PRIOR_REQUESTS
        )
        low, high = COLD_HIT_COST_BOUNDS
        return COLD_HIT_COST_S * min(high, max(low, math.pow(share / aim, COLD_HIT_COST_POWER)))

    def keep_s(self, *, cold_start_s: float, interval_s: float) -> float:
        """Seconds of idleness after which the last replica goes."""
        if self._keep_s is None:
            self._keep_s = self._best(cold_start_s, interval_s)
        return self._keep_s

    def _best(self, cold_start_s: float, interval_s: float) -> float:
        prior = [(gap, 5.0, 2 * gap) for gap in (2 * cold_start_s, 600.0, 3600.0, 8 * 3600.0)]
        recorded = [*prior, *self._gaps]
        gaps, hits, spans = np.array(recorded).T
        weights = GAP_MEMORY ** np.arange(len(recorded) - 1, -1, -1)
        keeps = np.unique(
            np.minimum(LONGEST_KEEP_S, np.concatenate(([0.0], gaps + 1.5 * interval_s)))
        )
        kept = np.minimum(gaps[:, None], keeps[None, :])
        cold = gaps[:, None] > keeps[None, :]
        cost = weights @ (kept + cold * (self.hit_cost_s() * hits[:, None]))
        best = int(np.argmin(cost))
        self._choose_mode(float(weights @ gaps - cost[best]) / float(weights @ spans))
        return float(keeps[best]) if self.scales_to_zero else math.inf

    def _choose_mode(self, share: float) -> None:
        """Scale to zero while it saves a tenth of the time seen, from 15 % on: between the two, stay (I3: no flapping)."""
        if len(self._gaps) < MIN_GAPS:
            return
        if share < STOP_SAVING_SHARE:
            self.scales_to_zero = False
        elif share > START_SAVING_SHARE:
            self.scales_to_zero = True
