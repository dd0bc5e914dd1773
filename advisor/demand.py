"""How much came in every five minutes of the last days, over restarts of the advisor and changes of hardware.

A forecast by yesterday, or by last week, needs it; without the journal a restart would cost a day, or a week, of it. So
every hour, and when the loop ends, the slots that are new go into the journal, twelve in an entry. An entry that is
damaged is lost alone.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from advisor.core.forecast import NUM_SLOTS, SLOT_S, DayMemory, Slot

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry
    from advisor.diary import Diary
    from advisor.policy import AdvisorPolicy

logger = logging.getLogger("advisor")

DEMAND, SLOTS = "demand", "slots"  # a kind of entry, as the journal has it, and an action
SLOTS_IN_ENTRY = 12  # an hour
NUM_READ = 2 * NUM_SLOTS // SLOTS_IN_ENTRY


class Demand:
    """One model's slots, those of former runs first, and how many of them are not in the journal yet."""

    def __init__(self, *, model: str, diary: Diary) -> None:
        self._model, self._diary = model, diary
        entries = diary.read((DEMAND,), NUM_READ, model)
        self._slots: deque[Slot] = deque(_slots_of(entries), maxlen=NUM_SLOTS)
        self._num_new = 0
        self._looked = -1  # the slot of the last look

    def recall(self, policy: AdvisorPolicy) -> None:
        """Tell a policy that begins what came before it."""
        policy.recall(self._slots)

    def keep(self, policy: AdvisorPolicy, now_s: float) -> None:
        """Take over what has ended since the last call; into the journal where that is an hour's worth."""
        if int(now_s // SLOT_S) == self._looked:
            return
        self._looked = int(now_s // SLOT_S)
        while self._slots and self._slots[-1][0] > self._looked:  # a clock that was ahead
            self._slots.pop()
            self._num_new = max(0, self._num_new - 1)
        last = self._slots[-1][0] if self._slots else -1
        found = policy.demand(after=last, before_s=now_s)
        self._slots.extend(found)
        self._num_new = min(NUM_SLOTS, self._num_new + len(found))
        while self._num_new >= SLOTS_IN_ENTRY and self._write(SLOTS_IN_ENTRY):
            pass

    def write(self) -> None:
        """All that is new."""
        while self._num_new and self._write(min(self._num_new, SLOTS_IN_ENTRY)):
            pass

    def _write(self, count: int) -> bool:
        """The oldest that are new; what the journal does not take is tried again with what has come until then."""
        first = len(self._slots) - self._num_new
        part = list(islice(self._slots, first, first + count))
        detail = {"model": self._model, SLOTS: part}
        entry = self._diary.write(
            lambda memory: memory.remember(
                at_s=(part[-1][0] + 1) * SLOT_S, action=SLOTS, detail=detail, kind=DEMAND
            )
        )
        if entry is not None:
            self._num_new -= count
        return entry is not None


def _slots_of(entries: Sequence[Entry]) -> list[Slot]:
    """What the entries tell, in order, without those that tell nothing; of what is told twice the newest."""
    known: dict[int, Slot] = {}
    for entry in entries:
        try:
            slots = [
                (int(number), float(s), float(work)) for number, s, work in entry.detail[SLOTS]
            ]
            DayMemory().recall(slots)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            logger.warning(
                "journal: entry %s does not tell of demand, and is left out: %s", entry.id, error
            )
            continue
        known |= {slot[0]: slot for slot in slots}
    return sorted(known.values())
