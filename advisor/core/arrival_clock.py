"""At which times traffic comes back: every hour, every day, every week at the same time, where it does.

A job that runs at the full hour, people who come at nine: the gap before is of any length, its end is on the clock. For each
part of the period this counts how often traffic was away as it began, and how often it came back in it. To have a replica
ready by then costs its start and the wait for whoever comes; it saves those who come the start. In between a replica is let
go, as in Serverless in the Wild (Shahrad et al., ATC 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MEMORY_S = 14 * 86_400.0


@dataclass(slots=True)
class ArrivalClock:
    """Parts of `part_s` of a period of `period_s`: how often traffic was away, came back, and how many came at once."""

    period_s: float
    part_s: float
    _away: NDArray[np.float64] = field(init=False)
    _back: NDArray[np.float64] = field(init=False)
    _requests: NDArray[np.float64] = field(init=False)
    _now: int | None = None
    _was_away: bool = False

    def __post_init__(self) -> None:
        parts = round(self.period_s / self.part_s)
        self._away, self._back, self._requests = np.zeros((3, parts))

    def part(self, at_s: float) -> int:
        return int(at_s // self.part_s) % len(self._away)

    def tick(self, *, now_s: float, away: bool) -> None:
        """At every look; as a part begins, whether traffic is away is written down."""
        part = self.part(now_s)
        if part == self._now:
            return
        self._now, self._was_away = part, away
        if away:
            kept = math.exp(-self.period_s / MEMORY_S)
            for counts in (self._away, self._back, self._requests):
                counts[part] *= kept
            self._away[part] += 1.0

    @property
    def expects(self) -> int | None:
        """The part to which a return now belongs; None where traffic was there as it began."""
        return self._now if self._was_away else None

    def came_back(self, *, part: int, requests: float) -> None:
        self._back[part] += 1.0
        self._requests[part] += requests

    def is_due(self, *, now_s: float, within_s: float, cold_start_s: float, hit_s: float) -> bool:
        """Whether to have a replica for what may come until then: in some part until then it pays."""
        parts = {self.part(now_s), self.part(now_s + within_s)}
        ahead_s = self.part_s
        while ahead_s < within_s:
            parts.add(self.part(now_s + ahead_s))
            ahead_s += self.part_s
        return any(self._pays(part, cold_start_s, hit_s) for part in parts)

    def _pays(self, part: int, cold_start_s: float, hit_s: float) -> bool:
        back = float(self._back[part])
        if back <= 0:
            return False
        chance = back / (float(self._away[part]) + 1.0)  # as if it had stayed away once more
        saved_s = chance * float(self._requests[part]) / back * hit_s
        wait_s = chance * self.part_s / 2
        in_vain_s = (1.0 - chance) * (cold_start_s + self.part_s)
        return saved_s > wait_s + in_vain_s
