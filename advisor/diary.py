"""The journal as the loop uses it: a disk that is full is logged and shown, and ends no round."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.errors import JournalError

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry
    from advisor.loop import Memory

logger = logging.getLogger("advisor")


class Diary:
    """`problem` says why the last entry was not taken; None while writing works, or where no journal is kept."""

    def __init__(self, memory: Memory | None) -> None:
        self._memory = memory
        self.problem: str | None = None

    def write(self, append: Callable[[Memory], int]) -> int | None:
        """The entry's number; None where there is none."""
        if self._memory is None:
            return None
        try:
            entry = append(self._memory)
        except JournalError as error:
            self.problem = str(error)
            logger.warning("%s", error)
            return None
        self.problem = None
        return entry

    def read(self, kinds: tuple[str, ...], limit: int, model: str) -> list[Entry]:
        """A model's newest entries of these kinds, oldest first; none where the journal cannot be read."""
        if self._memory is None:
            return []
        try:
            return self._memory.newest_of(kinds, limit, model)[::-1]
        except JournalError as error:
            self.problem = str(error)
            logger.warning("%s", error)
            return []
