"""How a model's traffic pauses, and what it was like when it came last, over restarts of the advisor.

Without it a restart would have an hour to count pauses anew before scale-to-zero has a price, and a week before it has the
one it had. So every ten minutes, and when the loop ends, the runs that are new since go into the journal, a line of a few
hundred bytes; a restart puts the lines of the last week together again. A line that is damaged is lost alone. The time
for which the advisor was away was seen by nobody: it ends a gap, and is neither idle nor busy.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from advisor.core.idle_gaps import REMEMBERED_S, IdleHistory, KeptRuns
from advisor.core.workload import Workload, WorkloadSource

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry
    from advisor.diary import Diary

logger = logging.getLogger("advisor")

MEMORY, RUNS = "memory", "idle-runs"  # a kind of entry, as the journal has it, and an action
KEEP_EVERY_S = 600.0  # as much as a kill may lose
RUNS_IN_ENTRY = 500  # of 100 bytes at most, in entries of 64 KiB at most
NUM_READ = 2 * round(REMEMBERED_S / KEEP_EVERY_S)


class Pauses:
    """One model's idle history, and the last load there was, as a former run left them and as this one goes on."""

    def __init__(self, *, model: str, diary: Diary) -> None:
        self._model, self._diary = model, diary
        entries = diary.read((MEMORY,), NUM_READ, model)
        self.history = IdleHistory.restored(_runs(entries))
        self.last_busy = next(_loads(entries[::-1]), None)
        self._kept_s: float | None = None
        self._seen_s = 0.0

    def add(
        self, *, at_s: float, interval_s: float, idle: bool, requests_per_s: float | None
    ) -> None:
        self.history.add(
            at_s=at_s, interval_s=interval_s, idle=idle, requests_per_s=requests_per_s
        )
        self._seen_s = at_s

    def keep(self, at_s: float) -> None:
        """Write what is new, where that is ten minutes ago."""
        if self._kept_s is None or at_s < self._kept_s:
            self._kept_s = at_s
        if at_s - self._kept_s >= KEEP_EVERY_S:
            self.write()
            self._kept_s = at_s

    def write(self) -> None:
        """Write what is new; what the journal does not take is tried again with what has come until then."""
        while (part := self.history.unkept(RUNS_IN_ENTRY)) is not None and self._write(part):
            self.history.kept(part)

    def _write(self, part: KeptRuns) -> bool:
        detail = _detail(self._model, part, self.last_busy)
        entry = self._diary.write(
            lambda memory: memory.remember(at_s=self._seen_s, action=RUNS, detail=detail)
        )
        return entry is not None


def _detail(model: str, part: KeptRuns, busy: Workload | None) -> Mapping[str, Any]:
    load = None if busy is None else [busy.requests_per_s, busy.isl, busy.osl]
    return {"model": model, "first": part.first, "runs": part.runs, "busy": load}


def _runs(entries: Sequence[Entry]) -> Iterator[KeptRuns]:
    """What the entries tell, oldest first, without those that tell nothing."""
    for entry in entries:
        try:
            runs = tuple(
                (end_s, seconds, idle, n) for end_s, seconds, idle, n in entry.detail["runs"]
            )
            yield KeptRuns(first=entry.detail["first"], runs=runs)
        except (KeyError, TypeError, ValueError) as error:
            logger.warning(
                "journal: entry %s does not tell how traffic paused, and is left out: %s",
                entry.id,
                error,
            )


def _loads(entries: Sequence[Entry]) -> Iterator[Workload]:
    for entry in entries:
        try:
            rate, isl, osl = entry.detail["busy"]
            if all(0 < value < math.inf for value in (rate, isl, osl)):
                yield Workload(
                    requests_per_s=float(rate),
                    isl=float(isl),
                    osl=float(osl),
                    source=WorkloadSource.OBSERVED,
                )
        except (KeyError, TypeError, ValueError):  # none then, or damaged
            continue
