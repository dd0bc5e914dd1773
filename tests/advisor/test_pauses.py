"""What the journal keeps of pauses: little, per model, through kills and damage, and read back as it was."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rig import Rig

from advisor.adapters.journal import MEMORY, Journal, read_journal
from advisor.core.idle_gaps import MAX_RUNS, IdleGaps, IdleHistory
from advisor.core.workload import Workload, WorkloadSource
from advisor.diary import Diary
from advisor.errors import JournalError
from advisor.pauses import KEEP_EVERY_S, Pauses

START_S, MINUTE_S, DAY_S = 1_800_000_000.0, 60.0, 86_400.0
BUSY = Workload(requests_per_s=5.0, isl=512.0, osl=128.0, source=WorkloadSource.OBSERVED)
WRITER = """
import sys
from pathlib import Path
from advisor.adapters.journal import Journal
from advisor.diary import Diary
from advisor.pauses import Pauses
with Journal(Path(sys.argv[1])) as journal:
    pauses = Pauses(model="m", diary=Diary(journal))
    minute = 0
    while True:
        minute += 1
        pauses.add(at_s=1.8e9 + 60 * minute, interval_s=60.0, idle=minute % 20 != 0, requests_per_s=0.0)
        pauses.keep(1.8e9 + 60 * minute)
        print(minute, flush=True)
"""


def opened(journal: Journal, model: str = "m") -> Pauses:
    return Pauses(model=model, diary=Diary(journal))


def watch(pauses: Pauses, minutes: range, busy_every: int = 20) -> None:
    """A busy minute in every so many, kept as the loop keeps it."""
    for minute in minutes:
        busy = minute % busy_every == 0
        at_s = START_S + minute * MINUTE_S
        rate = 5.0 if busy else 0.0
        pauses.add(at_s=at_s, interval_s=MINUTE_S, idle=not busy, requests_per_s=rate)
        pauses.last_busy = BUSY if busy else pauses.last_busy
        pauses.keep(at_s)


def gaps(history: IdleHistory) -> IdleGaps:
    found = history.gaps()
    assert found is not None
    return found


def spoil(path: Path, detail: object, number: int) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET detail = ? WHERE id = ?", (detail, number))
    db.close()


def test_a_week_is_read_back_as_it_was_for_a_few_bytes_a_minute(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        journal._db.execute("PRAGMA synchronous=OFF")  # the disk is not what is tested here
        pauses = opened(journal)
        watch(pauses, range(1, 7 * 24 * 60 + 1))
        pauses.write()
        began_s = time.perf_counter()
        again = opened(journal)
        took_s = time.perf_counter() - began_s
    assert gaps(again.history) == gaps(pauses.history)
    assert again.last_busy == BUSY
    assert took_s < 2.0, "a start is not held up"
    entries = read_journal(file, kinds=[MEMORY], limit=10_000)
    assert len(entries) <= 7 * DAY_S / KEEP_EVERY_S + 1
    assert file.stat().st_size < 1_000_000


def test_traffic_that_flickers_fills_the_memory_and_no_line_is_too_long(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        journal._db.execute("PRAGMA synchronous=OFF")
        pauses = opened(journal)
        for look in range(1, MAX_RUNS + 2000):
            at_s = START_S + look * 1.0123456789
            pauses.add(
                at_s=at_s, interval_s=1.0123456789, idle=look % 2 == 0, requests_per_s=1 / 3
            )
            pauses.keep(at_s)
        pauses.write()
        again = opened(journal)
    assert gaps(again.history) == gaps(pauses.history)


def test_every_model_reads_its_own_and_a_history_is_not_shown_them(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        ours, other = opened(journal), opened(journal, "other")
        watch(ours, range(1, 200))
        watch(other, range(1, 200), busy_every=7)
        ours.write()
        other.write()
        assert gaps(opened(journal).history) == gaps(ours.history)
        assert gaps(opened(journal, "other").history) == gaps(other.history)
        assert opened(journal, "third").history.gaps() is None
    assert read_journal(file) == []


@pytest.mark.parametrize(
    "detail",
    [
        "",
        "{",
        "null",
        "[]",
        b"\xff\x00\xfe",
        '{"model": "m"}',
        '{"model": "m", "first": 0, "runs": [], "busy": null}',
        '{"model": "m", "first": "0", "runs": [[1e9, 60, true, null]], "busy": null}',
        '{"model": "m", "first": 0, "runs": [[1e9, -60, true, null]], "busy": 7}',
        '{"model": "m", "first": 0, "runs": [[1e9, 60, "yes", NaN]], "busy": [1, 2]}',
        '{"model": "m", "first": 0, "runs": "1234", "busy": null}',
        '{"model": "m", "first": 0, "runs": [[{}, 60, true, null]], "busy": null}',
    ],
)
def test_a_damaged_line_is_left_out_with_a_warning_and_the_others_count(
    tmp_path: Path, detail: object, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        pauses = opened(journal)
        watch(pauses, range(1, 200), busy_every=3)
        pauses.write()
        numbers = [entry.id for entry in journal.newest_of((MEMORY,), 100)]
    whole = gaps(pauses.history)
    spoil(file, detail, numbers[5])
    with Journal(file) as journal, caplog.at_level(logging.WARNING):
        again = opened(journal)
        left = gaps(again.history)
        lost_s = whole.over_s - left.over_s
        assert 0 < lost_s <= 2 * KEEP_EVERY_S
        assert again.last_busy == BUSY
        watch(again, range(200, 260))
    assert f"entry {numbers[5]}" in caplog.text
    assert gaps(again.history).over_s == left.over_s + 60 * MINUTE_S


def test_what_was_written_survives_kill_minus_9(tmp_path: Path) -> None:
    rng = random.Random(11)
    file = tmp_path / "journal.db"
    for _ in range(4):
        for old in tmp_path.iterdir():
            old.unlink()
        last = rng.randint(120, 400)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            while int(writer.stdout.readline()) < last:
                pass
            writer.kill()
        with Journal(file) as journal:
            found = gaps(opened(journal).history)
        assert found.over_s >= (last - 10) * MINUTE_S, "ten minutes at most are lost"
        assert set(found.lengths_s[1:-1]) <= {19 * MINUTE_S}


class NoRoom:
    """A journal on a disk that is full for a while."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self.full = journal, True

    def remember(self, **what: Any) -> int:
        if self.full:
            raise JournalError("journal.db: database or disk is full")
        return self._journal.remember(**what)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        disk = NoRoom(journal)
        diary = Diary(disk)
        pauses = Pauses(model="m", diary=diary)
        watch(pauses, range(1, 100))
        assert diary.problem == "journal.db: database or disk is full"
        assert journal.latest() == []
        disk.full = False
        watch(pauses, range(100, 121))
        assert diary.problem is None
        found = gaps(opened(journal).history)
    assert found.over_s >= 110 * MINUTE_S


def test_a_loop_that_is_stopped_keeps_the_last_minutes_too(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        one = Rig(0.0, memory=journal, expected={"requests_per_s": 1, "isl": 512, "osl": 128})
        one.metrics.in_flight = 0.0
        for _ in range(3):
            one.tick()
        assert read_journal(file, kinds=[MEMORY]) == []
        stop = asyncio.Event()
        stop.set()
        asyncio.run(one.loop.run(stop))
    [entry] = read_journal(file, kinds=[MEMORY])
    [run] = entry.detail["runs"]
    assert run[1:3] == [45.0, True]


def test_without_a_journal_it_is_as_it_was() -> None:
    pauses = Pauses(model="m", diary=Diary(None))
    watch(pauses, range(1, 100))
    pauses.write()
    assert gaps(pauses.history).over_s == 99 * MINUTE_S
