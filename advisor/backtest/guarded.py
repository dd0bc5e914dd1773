"""Somebody else's `step`, called so that the run goes on: it may raise, hang, or answer what is no number of replicas."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from types import FrameType
from typing import Any

from advisor.core.guards import ABSURD_REPLICAS
from advisor.core.step import Policy, StepDecision, StepObservation

STEP_LIMIT_S = 5.0  # of wall clock for one step
MAX_HANGS = 3  # after which it is not asked again
MAX_KINDS = 10  # of faults that are told apart


class StepHangsError(BaseException):
    """The step took longer than its limit: hold, and count it. No Exception, which a step may well swallow."""


class GuardedPolicy:
    """Answers None, and counts why, where the policy did not answer with a whole number of replicas."""

    def __init__(self, policy: Policy, *, limit_s: float = STEP_LIMIT_S) -> None:
        self._policy = policy
        self._limit_s = limit_s
        self.timed = False  # while a signal may end a step: see `interruptible`
        self.faults: Counter[str] = Counter()

    def target(self, observation: StepObservation) -> int | None:
        if self.faults["hangs"] >= MAX_HANGS:
            return None
        try:
            return self._whole(self._within_limit(observation))
        except StepHangsError:
            self.faults["hangs"] += 1
        except (Exception, SystemExit) as error:
            self._count(f"raises {type(error).__name__}", f": {error}")
        return None

    def _count(self, what: str, more: str) -> None:
        """Told apart by what was said, until there are many: a message that names the time is another every time."""
        said = " ".join(f"{what}{more}".split())[:120]
        many = said not in self.faults and len(self.faults) >= MAX_KINDS
        self.faults[f"{what}, otherwise" if many else said] += 1

    def _within_limit(self, observation: StepObservation) -> StepDecision:
        if not self.timed:
            return self._policy.step(observation)
        signal.setitimer(signal.ITIMER_REAL, self._limit_s)
        try:
            return self._policy.step(observation)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)

    def _whole(self, decision: Any) -> int | None:
        if not hasattr(decision, "target_replicas"):
            self._count("answers", f" {decision!r}, no StepDecision")
            return None
        target = decision.target_replicas
        if isinstance(target, Real):
            number = float(target)
            if number.is_integer() and 0 <= number <= ABSURD_REPLICAS:
                return int(number)
        self._count("answers", f" {target!r}")
        return None


@contextmanager
def interruptible(policy: GuardedPolicy) -> Iterator[None]:
    """While this lasts, a step that takes too long is cut off. A signal does it, and those reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise StepHangsError

    before = signal.signal(signal.SIGALRM, ring)
    policy.timed = True
    try:
        yield
    finally:
        policy.timed = False
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
