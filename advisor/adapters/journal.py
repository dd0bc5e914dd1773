"""What was decided and what became of it, in one SQLite file that survives a kill and a full disk.

An intent is written before anything is done and its outcome after; a restart finds the intents without one and looks
again before it acts. WAL with `synchronous=FULL` syncs the log at every commit (https://sqlite.org/pragma.html#pragma_synchronous),
so what `append` returned from is on the disk; a torn write at the end of the log is dropped whole. A disk that is full
raises `JournalError`: who cannot remember must not act, so the loop advises only until writing works again.

The file stays bounded: rows beyond the newest `max_rows` are deleted, and their pages used again. Mode 0600.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from advisor.errors import JournalError

logger = logging.getLogger("advisor")

MAX_ROWS = 100_000
TRIM_EVERY = 256  # appends
BUSY_TIMEOUT_S = 5.0
MAX_DETAIL_BYTES = 64 * 1024
INTENT, OUTCOME, ADVICE, PROMISE, VERDICT = "intent", "outcome", "advice", "promise", "verdict"
KINDS = (INTENT, OUTCOME, ADVICE, PROMISE, VERDICT)
MEMORY = "memory"  # for a restart to go on from; of no interest to a reader, so not among KINDS
SQLITE = b"SQLite format 3\x00"  # how its files begin: https://sqlite.org/fileformat.html
# Whose a damaged detail is nobody knows: it may be anybody's. Asked for its model it would fail the whole query.
OF_MODEL = """CASE WHEN NOT json_valid(detail) THEN 1 WHEN json_type(detail) <> 'object' THEN 1
ELSE json_extract(detail, '$.model') = ? END"""
SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_s REAL NOT NULL,
    kind TEXT NOT NULL,
    intent_id INTEGER,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_by_intent ON entries (intent_id) WHERE intent_id IS NOT NULL;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: an intent or a promise, the outcome or the verdict of one (`intent_id`), or an advice that nobody carried
    out."""

    id: int
    at_s: float
    kind: str
    intent_id: int | None
    action: str
    detail: Mapping[str, Any]


def why_not_kept(path: Path) -> str | None:
    """Why no journal can be at this path, found without writing. Folders are never made: a misspelt one would be."""
    try:
        if path.is_dir():
            return "is a directory"
        if not path.parent.is_dir():
            return f"there is no folder {path.parent}"
        if not path.exists():
            may = os.access(path.parent, os.W_OK | os.X_OK)
            return None if may else f"{path.parent} may not be written"
        if not os.access(path, os.R_OK | os.W_OK):
            return "may not be written"
        return None if path.is_file() and _is_sqlite(path) else "is something else, no journal"
    except OSError as error:
        return f"{error.strerror}"


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) in (b"", SQLITE)


class Journal:
    """Appends and reads entries; every method that writes raises JournalError where the disk does not take it."""

    def __init__(self, path: Path, *, max_rows: int = MAX_ROWS) -> None:
        self._path, self._max_rows, self._appended = path, max_rows, 0
        if (problem := why_not_kept(path)) is not None:
            raise JournalError(f"{path}: {problem}")
        try:
            # Created before SQLite opens it: SQLite gives the log and the shared memory beside it the same mode.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            # A damaged cell is its entry's matter: by default one makes all of them unreadable.
            self._db.text_factory = lambda read: read.decode(errors="replace")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path}: {error}: nothing is applied without a journal") from None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def intend(self, *, at_s: float, action: str, detail: Mapping[str, Any]) -> int:
        """Say what will be done, before it is; the number that its outcome names."""
        return self._append(at_s, INTENT, None, action, detail)

    def conclude(
        self, intent_id: int, *, at_s: float, action: str, detail: Mapping[str, Any]
    ) -> int:
        """Say what became of an intent."""
        return self._append(at_s, OUTCOME, intent_id, action, detail)

    def advise(self, *, at_s: float, action: str, detail: Mapping[str, Any]) -> int:
        """Remember a decision that nobody carried out."""
        return self._append(at_s, ADVICE, None, action, detail)

    def promise(self, *, at_s: float, action: str, detail: Mapping[str, Any]) -> int:
        """What a recommendation predicts; the number that its verdict names."""
        return self._append(at_s, PROMISE, None, action, detail)

    def judge(
        self, promise_id: int, *, at_s: float, action: str, detail: Mapping[str, Any]
    ) -> int:
        """What came of a promise."""
        return self._append(at_s, VERDICT, promise_id, action, detail)

    def remember(
        self, *, at_s: float, action: str, detail: Mapping[str, Any], kind: str = MEMORY
    ) -> int:
        """Keep what was seen, for a restart to go on from."""
        return self._append(at_s, kind, None, action, detail)

    def open_intents(self) -> list[Entry]:
        """Intents without an outcome, oldest first: a crash came between, look at what is before acting."""
        return self._select(
            "WHERE kind = 'intent' AND id NOT IN (SELECT intent_id FROM entries WHERE intent_id IS NOT NULL) ORDER BY id"
        )

    def latest(self, limit: int = 50) -> list[Entry]:
        """The newest entries, newest first."""
        return self._select("ORDER BY id DESC LIMIT ?", limit)

    def newest_of(self, kinds: Sequence[str], limit: int, model: str | None = None) -> list[Entry]:
        """The newest entries of some kinds, of all models or of one, newest first."""
        marks = ", ".join("?" for _ in kinds)
        whose = "" if model is None else f"AND {OF_MODEL}"
        asked = kinds if model is None else (*kinds, model)
        return self._select(
            f"WHERE kind IN ({marks}) {whose} ORDER BY id DESC LIMIT ?", *asked, limit
        )

    def _append(
        self, at_s: float, kind: str, intent_id: int | None, action: str, detail: Mapping[str, Any]
    ) -> int:
        text = json.dumps(detail, allow_nan=False, sort_keys=True)
        if len(text) > MAX_DETAIL_BYTES:
            raise JournalError(
                f"{self._path}: a detail of {len(text)} bytes is over {MAX_DETAIL_BYTES}"
            )
        try:
            cursor = self._db.execute(
                "INSERT INTO entries (at_s, kind, intent_id, action, detail) VALUES (?, ?, ?, ?, ?)",
                (at_s, kind, intent_id, action, text),
            )
            self._appended += 1
            if self._appended % TRIM_EVERY == 1:
                self._trim()
        except sqlite3.Error as error:
            raise JournalError(
                f"{self._path}: {error}: nothing is applied without a journal"
            ) from None
        return int(cursor.lastrowid or 0)

    def _trim(self) -> None:
        self._db.execute(
            "DELETE FROM entries WHERE id <= (SELECT MAX(id) FROM entries) - ?", (self._max_rows,)
        )

    def _select(self, rest: str, *arguments: object) -> list[Entry]:
        try:
            rows = self._db.execute(
                f"SELECT id, at_s, kind, intent_id, action, detail FROM entries {rest}", arguments
            ).fetchall()
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}") from None
        return [self._entry(*row) for row in rows]

    def _entry(
        self, number: int, at_s: float, kind: str, intent_id: int | None, action: str, text: str
    ) -> Entry:
        """A damaged one comes back without its detail, for an intent is one whatever is left of it."""
        try:
            detail = json.loads(text)
        except (TypeError, ValueError):
            detail = None
        if not isinstance(detail, dict):
            logger.warning("%s: entry %s is damaged, its detail is lost", self._path, number)
            detail = {}
        return Entry(
            id=number, at_s=at_s, kind=kind, intent_id=intent_id, action=action, detail=detail
        )


def read_journal(
    path: Path, *, limit: int = 50, kinds: Sequence[str] = KINDS, model: str | None = None
) -> list[Entry]:
    """The newest entries of a journal that somebody else may be writing; JournalError where there is none."""
    if not path.is_file():
        raise JournalError(f"{path}: no such journal")
    with Journal(path) as journal:
        return journal.newest_of(kinds, limit, model)
