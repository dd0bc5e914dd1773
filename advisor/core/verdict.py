"""Was the advice right? Each recommendation keeps what it predicted, later ticks record what came.

A prediction holds under conditions: these devices, so many replicas, about this load. Only where they were met is what came
a verdict on it; else the promise is closed as not comparable, with the reason, and counts for nothing.

The error is on a logarithmic scale, observed over predicted, so that half and double weigh the same; its median and
spread say how far predictions are off and whether the same way.

It is shown and multiplies nothing. The windows that a verdict rests on have already moved the live correction
(`learning.py`), and predictions are made with that: what is left here is what the correction did not mend. Fed back, one
error would count twice.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

NUM_VERDICTS = 500
EVERY_S = 600.0  # between two promises for the same deployment
GRACE_S = 3600.0  # that a promise waits for its conditions once it is due
SIMILAR_LOAD = 1.2  # factor that rate and lengths may be off by


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What runs, and under which load. None was not observed, or is several things at once."""

    accelerator: str | None = None
    tp_degree: int | None = None
    replicas: int | None = None
    requests_per_s: float | None = None
    isl: float | None = None
    osl: float | None = None

    @property
    def deployment(self) -> tuple[str | None, int | None, int | None]:
        return self.accelerator, self.tp_degree, self.replicas


ANY = Conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What was predicted at `at_s`, by name (`ttft_p95_s`, `usd_per_hour`, ...), to be judged from `due_s` on.

    `entry` is its number in the journal.
    """

    at_s: float
    due_s: float
    predicted: Mapping[str, float]
    conditions: Conditions = ANY
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A promise beside what came; `not_comparable` says why nothing can be concluded."""

    promise: Promise
    judged_s: float
    observed: Mapping[str, float]
    not_comparable: str | None = None

    def log_ratio(self, name: str) -> float | None:
        """log(observed / predicted); None where one of them is missing or is no positive number."""
        predicted, observed = self.promise.predicted.get(name), self.observed.get(name)
        if self.not_comparable is not None or predicted is None or observed is None:
            return None
        if not 0 < predicted < math.inf or not 0 < observed < math.inf:
            return None
        return math.log(observed) - math.log(predicted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSummary:
    """Of `count` verdicts: the median of observed over predicted, and the median distance from it as a factor."""

    name: str
    count: int
    median_ratio: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How predictions have done so far, as every view shows it."""

    num_open: int = 0
    num_comparable: int = 0
    num_not_comparable: int = 0
    last: Verdict | None = None
    errors: tuple[ErrorSummary, ...] = ()


NOTHING_JUDGED = Standing()


def why_not_comparable(promised: Conditions, came: Conditions) -> str | None:
    """The first condition that was not met; what was not promised is not asked for."""
    parts = {
        "runs on {came}, promised for {promised}": (promised.accelerator, came.accelerator),
        "{came} devices a replica, promised for {promised}": (promised.tp_degree, came.tp_degree),
        "{came} replicas, promised for {promised}": (promised.replicas, came.replicas),
    }
    for text, (wanted, found) in parts.items():
        if wanted is not None and found != wanted:
            return text.format(
                came="what is not known" if found is None else found, promised=wanted
            )
    for name in ("requests_per_s", "isl", "osl"):
        wanted_load, load = getattr(promised, name), getattr(came, name)
        if wanted_load is None:
            continue
        if load is None:
            return f"{name} was not observed"
        if not wanted_load / SIMILAR_LOAD <= load <= wanted_load * SIMILAR_LOAD:
            return f"{name} is {load:.3g}, promised for {wanted_load:.3g}"
    return None


@dataclass(slots=True)
class Verdicts:
    """Open promises and the newest verdicts, both bounded."""

    _open: deque[Promise] = field(default_factory=lambda: deque(maxlen=NUM_VERDICTS))
    _judged: deque[Verdict] = field(default_factory=lambda: deque(maxlen=NUM_VERDICTS))
    _promised_s: dict[object, float] = field(default_factory=dict)
    _came: Conditions | None = None
    _since_s: float = 0.0

    def restore(self, promises: Iterable[Promise], verdicts: Iterable[Verdict]) -> None:
        """What was there before a restart, oldest first."""
        self._open.extend(promises)
        self._judged.extend(verdicts)
        for promise in [*(verdict.promise for verdict in self._judged), *self._open]:
            self._promised_s[promise.conditions.deployment] = promise.at_s

    def wants(self, conditions: Conditions, now_s: float) -> bool:
        """Whether a promise for this deployment would be news: none was made for a while."""
        last_s = self._promised_s.get(conditions.deployment)
        return last_s is None or not now_s - EVERY_S < last_s <= now_s

    def promise(self, promise: Promise) -> None:
        self._open.append(promise)
        recent = {
            key: at_s
            for key, at_s in self._promised_s.items()
            if promise.at_s - EVERY_S < at_s <= promise.at_s
        }
        self._promised_s = {**recent, promise.conditions.deployment: promise.at_s}

    def observe(
        self,
        *,
        now_s: float,
        observed: Mapping[str, float | None],
        came: Conditions = ANY,
        window_s: float = 0.0,
    ) -> list[Verdict]:
        """Judge what is due; readings cover the `window_s` before `now_s`, in which nothing may have changed.

        Where nothing was observed, or the conditions were not met, a promise stays open for a while: missing is not
        wrong.
        """
        if self._came is None or came.deployment != self._came.deployment:
            self._since_s = now_s
        self._came = came
        steady = now_s - self._since_s >= window_s
        known = {name: value for name, value in observed.items() if value is not None}
        found: list[Verdict] = []
        left: list[Promise] = []
        for promise in self._open:
            verdict = _judge(promise, came, known, steady=steady, now_s=now_s)
            if verdict is None:
                left.append(promise)
            else:
                found.append(verdict)
        self._open = deque(left, maxlen=NUM_VERDICTS)
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

    def standing(self) -> Standing:
        names = sorted({name for verdict in self._judged for name in verdict.promise.predicted})
        errors = [self.summary(name) for name in names]
        unlike = sum(verdict.not_comparable is not None for verdict in self._judged)
        return Standing(
            num_open=len(self._open),
            num_comparable=len(self._judged) - unlike,
            num_not_comparable=unlike,
            last=self._judged[-1] if self._judged else None,
            errors=tuple(error for error in errors if error is not None),
        )


def _judge(
    promise: Promise, came: Conditions, known: Mapping[str, float], *, steady: bool, now_s: float
) -> Verdict | None:
    """The verdict, or None while there may still be a better one."""
    if promise.due_s > now_s:
        return None
    reason = why_not_comparable(promise.conditions, came)
    if not known:
        reason = "nothing was observed"
    elif reason is None and not steady:
        reason = "the deployment had only just changed"
    if reason is None:
        return Verdict(promise=promise, judged_s=now_s, observed=known)
    if now_s < promise.due_s + GRACE_S:
        return None
    return Verdict(promise=promise, judged_s=now_s, observed={}, not_comparable=reason)
