"""What the journal acknowledged is there after a kill and a full disk, and the file stays small and private."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.adapters.journal import INTENT, MEMORY, Journal, read_journal
from advisor.errors import JournalError

NUM_KILLS = 8  # a thousand run in tests/benchmarks/journal_kills.py
WRITER = """
import sys
from pathlib import Path
from advisor.adapters.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    while True:
        number = journal.intend(at_s=1.0, action="scale", detail={"target": 3})
        print(number, flush=True)
        print(journal.conclude(number, at_s=2.0, action="scale", detail={"ok": True}), flush=True)
"""
FILLER = """
import resource, sys
from pathlib import Path
from advisor.adapters.journal import Journal
from advisor.errors import JournalError
journal = Journal(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
written = 0
try:
    while True:
        written = journal.intend(at_s=1.0, action="scale", detail={"why": "x" * 1000})
except JournalError as error:
    print(written, error)
"""


def kill_while_writing(path: Path, after: int) -> int:
    """The last entry that the writer said was written, before it was killed at that line or a little later."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        last = 0
        for _ in range(after):
            last = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().splitlines()
    complete = [line for line in rest if line.strip()]
    return max([last, *(int(line) for line in complete[:-1])])


def test_what_was_acknowledged_survives_kill_minus_9(tmp_path: Path) -> None:
    rng = random.Random(7)
    path = tmp_path / "journal.db"
    for _ in range(NUM_KILLS):
        acknowledged = kill_while_writing(path, rng.randint(1, 60))
        with Journal(path) as journal:
            newest = journal.latest(1)[0].id
            count = len(journal.latest(100_000))
        assert newest >= acknowledged
        assert count == newest  # none lost in between


def test_a_full_disk_says_that_nothing_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filler = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)], capture_output=True, text=True, check=True
    )
    written, _, message = filler.stdout.partition(" ")
    assert "nothing is applied without a journal" in message
    assert read_journal(path, limit=1)[0].id >= int(written) > 0
    with Journal(path) as journal:  # with room again, it goes on
        assert journal.intend(at_s=3.0, action="scale", detail={}) > int(written)


def test_an_intent_without_outcome_is_found_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        first = journal.intend(at_s=1.0, action="scale", detail={"target": 2})
        journal.conclude(first, at_s=2.0, action="scale", detail={"ok": True})
        second = journal.intend(at_s=3.0, action="scale", detail={"target": 4})
        journal.advise(at_s=4.0, action="hold", detail={})
    with Journal(path) as journal:
        (left,) = journal.open_intents()
    assert (left.id, left.kind, left.detail) == (second, INTENT, {"target": 4})


def test_a_verdict_names_its_promise_and_kinds_are_read_apart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        first = journal.promise(at_s=1.0, action="promise", detail={"predicted": 1})
        journal.advise(at_s=2.0, action="hold", detail={})
        journal.judge(first, at_s=3.0, action="verdict", detail={"observed": 2})
        assert journal.open_intents() == []
    [verdict, promise] = read_journal(path, kinds=("promise", "verdict"))
    assert (verdict.kind, verdict.intent_id, promise.id) == ("verdict", first, first)
    assert [entry.kind for entry in read_journal(path)] == ["verdict", "advice", "promise"]
    assert [entry.kind for entry in read_journal(path, kinds=["advice"], limit=1)] == ["advice"]
    assert read_journal(path, kinds=[]) == []


@pytest.mark.parametrize("detail", ["", "{", "null", "[1]", b"\xff\xfe\x00", '{"model": "m\x00'])
def test_a_damaged_entry_loses_its_detail_and_no_other_entry(
    tmp_path: Path, detail: object, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        for model in ("m", "other", "m"):
            journal.intend(at_s=1.0, action="scale", detail={"model": model, "target": 2})
        journal._db.execute("UPDATE entries SET detail = ? WHERE id = 3", (detail,))
    with Journal(path) as journal:
        assert [entry.id for entry in journal.open_intents()] == [1, 2, 3], (
            "an intent is one still"
        )
        newest = journal.newest_of(["intent"], 10, "m")
    assert [(entry.id, entry.detail.get("target")) for entry in newest] == [(3, None), (1, 2)]
    assert [entry.detail for entry in read_journal(path, model="other")] == [
        {},
        {"model": "other", "target": 2},
    ], "whose the damaged one was nobody knows"
    assert f"{path}: entry 3 is damaged" in caplog.text


def test_what_is_remembered_for_a_restart_is_not_shown_to_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.remember(at_s=1.0, action="idle-runs", detail={"model": "m", "runs": [1]})
        journal.advise(at_s=2.0, action="hold", detail={"model": "m"})
    assert [entry.kind for entry in read_journal(path)] == ["advice"]
    [kept] = read_journal(path, kinds=[MEMORY], model="m")
    assert (kept.action, kept.detail["runs"]) == ("idle-runs", [1])


def test_it_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path, max_rows=100) as journal:
        journal._db.execute("PRAGMA synchronous=OFF")  # the disk is not what is tested here
        sizes = []
        for number in range(3000):
            journal.advise(at_s=float(number), action="hold", detail={"why": "y" * 200})
            sizes.append(path.stat().st_size)
        assert len(journal.latest(100_000)) <= 100 + 256
        assert journal.latest(1)[0].at_s == 2999.0
    assert sizes[-1] <= sizes[1500]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    before = os.umask(0)
    try:
        with Journal(path) as journal:
            journal.advise(at_s=1.0, action="hold", detail={})
            modes = [stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()]
    finally:
        os.umask(before)
    assert len(modes) == 3  # the database, its log and its index
    assert set(modes) == {0o600}


@pytest.mark.parametrize("detail", [{"x": float("nan")}, {"x": float("inf")}])
def test_what_is_no_json_is_not_written(tmp_path: Path, detail: dict[str, float]) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        with pytest.raises(ValueError, match="Out of range"):
            journal.advise(at_s=1.0, action="hold", detail=detail)
        assert journal.latest() == []


def test_a_file_that_is_no_journal_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("not a database, but long enough to be read as one" * 100)
    with pytest.raises(JournalError, match=r"journal\.db: "):
        Journal(path)
    with pytest.raises(JournalError, match="there is no folder"):
        Journal(tmp_path / "nowhere" / "journal.db")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(JournalError, match="is a directory"):
        Journal(tmp_path)
    with pytest.raises(JournalError, match="no such journal"):
        read_journal(tmp_path / "other.db")
