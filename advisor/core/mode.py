"""Whether to keep hardware on: always, only while there is traffic, or behind a queue.

Scale-to-zero saves the idle time and pays a cold start after every gap: it is worth it when the idle share is above
what the cold starts cost, and only where the objective allows the first request after a gap to wait for one. Async and
batch answer later by design, so an objective on the first token rules them out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

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
