"""Starts of replicas as two counts tell them: how many run, and how many are wanted besides."""

from __future__ import annotations

import math
from collections import deque

MAX_START_S = 1800.0  # what takes longer waits for a machine, and is no cold start


class Starts:
    """How long replicas take from being wanted to running, told by two counts alone: those wanted first run first."""

    def __init__(self) -> None:
        self._wanted_s: deque[float] = deque()
        self._told_s = -math.inf
        self._running: int | None = None

    def add(self, now_s: float, running: int | None, starting: int | None) -> tuple[float, ...]:
        """The seconds of each start that ended since the last call."""
        if running is None or starting is None:
            self._wanted_s.clear()
            self._running = None
            return ()
        if self._running is None:  # since when those want to be there, nobody saw
            self._wanted_s.extend([-math.inf] * starting)
        more = 0 if self._running is None else max(0, running - self._running)
        ended = tuple(
            now_s - self._wanted_s.popleft() for _ in range(min(more, len(self._wanted_s)))
        )
        while len(self._wanted_s) > starting:  # given up
            self._wanted_s.pop()
        self._wanted_s.extend([now_s] * (starting - len(self._wanted_s)))
        self._running = running
        return tuple(start_s for start_s in ended if start_s <= MAX_START_S)

    def late(self, now_s: float, after_s: float) -> int:
        """Those that have not come within `after_s`; told again after as long, while they do not."""
        late = sum(after_s < now_s - wanted_s < math.inf for wanted_s in self._wanted_s)
        if late == 0 or now_s - self._told_s < after_s:
            return 0
        self._told_s = now_s
        return late
