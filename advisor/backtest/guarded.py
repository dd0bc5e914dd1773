"""Somebody else's `step`, called so that the run goes on: it may raise, hang, or answer what is no number of replicas."""

from __future__ import annotations

import math
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from advisor.core.step import Policy, StepObservation

STEP_LIMIT_S = 5.0  # of wall clock for one step
MAX_HANGS = 3  # after which it is not asked again


class StepHangsError(Exception):
    """The step took longer than its limit: hold, and count it."""


class GuardedPolicy:
    """Answers None, and counts why, where the policy did not answer with a whole number of replicas."""

    def __init__(self, policy: Policy, *, limit_s: float = STEP_LIMIT_S) -> None:
        self._policy = policy
        self._limit_s = limit_s
        self.faults: Counter[str] = Counter()

    def target(self, observation: StepObservation) -> int | None:
        if self.faults["hangs"] >= MAX_HANGS:
            return None
        try:
            with _limited(self._limit_s):
                decision = self._policy.step(observation)
            return self._whole(decision.target_replicas)
        except StepHangsError:
            self.faults["hangs"] += 1
        except Exception as error:
            self.faults[f"raises {type(error).__name__}: {error}"[:120]] += 1
        return None

    def _whole(self, target: float) -> int | None:
        if isinstance(target, int | float) and math.isfinite(target) and target == int(target):
            return int(target)
        self.faults[f"answers {target!r}"[:120]] += 1
        return None


@contextmanager
def _limited(limit_s: float) -> Iterator[None]:
    """Raise inside the block when it takes too long. A signal does it, and those reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise StepHangsError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
