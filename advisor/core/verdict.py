"""Was the advice right? Each recommendation keeps what it predicted, later ticks record what came.

The error is on a logarithmic scale, observed over predicted, so that half and double weigh the same; its median and
spread say how far predictions are off and whether the same way, and the median is what a correction multiplies by.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

NUM_VERDICTS = 500
MIN_VERDICTS = 5  # before a correction is offered
CORRECTION_BOUNDS = (0.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What was predicted at `at_s`, by name (`ttft_s`, `tpot_s`, `usd_per_hour`, ...), to be judged from `due_s` on."""

    at_s: float
    due_s: float
    predicted: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A promise beside what came; only what was both predicted and observed."""

    promise: Promise
    judged_s: float
    observed: Mapping[str, float]

    def log_ratio(self, name: str) -> float | None:
        """log(observed / predicted); None where one of them is missing or is not positive."""
        predicted, observed = self.promise.predicted.get(name), self.observed.get(name)
        if predicted is None or observed is None or not predicted > 0 or not observed > 0:
            return None
        ratio = math.log(observed / predicted)
        return ratio if math.isfinite(ratio) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSummary:
    """Of `count` verdicts: the median of observed over predicted, and the median distance from it as a factor."""

    name: str
    count: int
    median_ratio: float
    spread: float

    @property
    def correction(self) -> float:
        """What to multiply predictions by; 1 while there are too few."""
        low, high = CORRECTION_BOUNDS
        return 1.0 if self.count < MIN_VERDICTS else min(high, max(low, self.median_ratio))


@dataclass(slots=True)
class Verdicts:
    """Open promises and the newest verdicts, both bounded."""

    _open: deque[Promise] = field(default_factory=lambda: deque(maxlen=NUM_VERDICTS))
    _judged: deque[Verdict] = field(default_factory=lambda: deque(maxlen=NUM_VERDICTS))

    def promise(self, promise: Promise) -> None:
        self._open.append(promise)

    def observe(self, *, now_s: float, observed: Mapping[str, float | None]) -> list[Verdict]:
        """Judge what is due. Where nothing was observed a promise stays open: missing is not wrong."""
        known = {name: value for name, value in observed.items() if value is not None}
        due = [promise for promise in self._open if promise.due_s <= now_s]
        if not known or not due:
            return []
        found = [Verdict(promise=promise, judged_s=now_s, observed=known) for promise in due]
        self._open = deque((p for p in self._open if p.due_s > now_s), maxlen=NUM_VERDICTS)
        self._judged.extend(found)
        return found

    def summary(self, name: str) -> ErrorSummary | None:
        """None before anything of that name was judged."""
        logs = [log for verdict in self._judged if (log := verdict.log_ratio(name)) is not None]
        if not logs:
            return None
        middle = median(logs)
        return ErrorSummary(
            name=name,
            count=len(logs),
            median_ratio=math.exp(middle),
            spread=math.exp(median(abs(log - middle) for log in logs)),
        )
