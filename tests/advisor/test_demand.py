"""Demand over restarts: what was forecast by yesterday still is, little is written, and damage is lost alone."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from live_policy import replica_on

from advisor.adapters.journal import Journal
from advisor.core.forecast import DAY_S, NUM_SLOTS, SLOT_S
from advisor.core.step import StepObservation
from advisor.demand import DEMAND, Demand
from advisor.diary import Diary
from advisor.policy import AdvisorPolicy

START_S = 1_800_000_000.0


def policy() -> AdvisorPolicy:
    return AdvisorPolicy(replica_model=replica_on("L4-24GB"), expected_output_tokens=100.0)


def day(
    one: AdvisorPolicy,
    demand: Demand,
    seconds: float,
    *,
    start_s: float = START_S,
    every_s: float = 60.0,
) -> float:
    """Ten requests a step, and a hundred in every eighth hour; when it ended."""
    now_s = start_s
    while now_s < start_s + seconds:
        now_s += every_s
        rush = int((now_s - 1) // 3600) % 8 == 0
        arrivals = 100.0 if rush else 10.0
        one.step(
            StepObservation(
                now_s=now_s,
                interval_s=every_s,
                num_arrivals=arrivals,
                replicas_running=1,
                replicas_starting=0,
                input_tokens=arrivals * 200,
            )
        )
        demand.keep(one, now_s)
    return now_s


def test_a_restart_knows_what_the_run_before_it_knew(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        first, kept = policy(), Demand(model="m", diary=Diary(journal))
        end_s = day(first, kept, 1.5 * DAY_S)
        kept.write()
        second = policy()
        Demand(model="m", diary=Diary(journal)).recall(second)
        before = first.demand(after=-1, before_s=end_s)
        assert len(before) == pytest.approx(1.5 * DAY_S / SLOT_S, abs=1)
        assert second.demand(after=-1, before_s=end_s) == before
        other = policy()
        Demand(model="other", diary=Diary(journal)).recall(other)
        assert other.demand(after=-1, before_s=end_s) == []


def test_what_a_step_of_an_hour_saw_is_recalled_too(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        one, demand = policy(), Demand(model="m", diary=Diary(journal))
        end_s = day(one, demand, 6 * 3600, every_s=3600.0)
        end_s = day(one, demand, 1200, start_s=end_s)
        demand.write()
        again = policy()
        Demand(model="m", diary=Diary(journal)).recall(again)
    before = one.demand(after=-1, before_s=end_s)
    assert any(seconds >= 3600 for _, seconds, _ in before)
    assert again.demand(after=-1, before_s=end_s) == before


def test_a_clock_that_was_ahead_keeps_nothing_from_being_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        ahead = Demand(model="m", diary=Diary(journal))
        day(policy(), ahead, 3600, start_s=START_S + 30 * DAY_S)
        ahead.write()
        demand = Demand(model="m", diary=Diary(journal))
        end_s = day(policy(), demand, 3600)
        demand.write()
        again = policy()
        Demand(model="m", diary=Diary(journal)).recall(again)
    numbers = [number for number, _, _ in again.demand(after=-1, before_s=end_s)]
    assert len(numbers) >= 11


def test_a_kill_loses_an_hour_at_most_and_an_hour_is_one_entry(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        end_s = day(policy(), Demand(model="m", diary=Diary(journal)), 6.5 * 3600)
        entries = journal.newest_of((DEMAND,), 100, "m")
        assert len(entries) == 6
        again = policy()
        Demand(model="m", diary=Diary(journal)).recall(again)
        [*_, newest] = again.demand(after=-1, before_s=end_s)
        assert end_s - newest[0] * SLOT_S <= 3600 + SLOT_S


def test_a_second_run_keeps_what_is_new_and_nothing_twice(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        one = Demand(model="m", diary=Diary(journal))
        end_s = day(policy(), one, 2 * 3600)
        one.write()
        second, two = policy(), Demand(model="m", diary=Diary(journal))
        two.recall(second)
        day(second, two, 2 * 3600, start_s=end_s)
        two.write()
        slots = [
            slot
            for entry in journal.newest_of((DEMAND,), 100, "m")
            for slot in entry.detail["slots"]
        ]
        numbers = [number for number, _, _ in slots]
        assert len(numbers) == len(set(numbers)) == pytest.approx(4 * 3600 / SLOT_S, abs=2)


@pytest.mark.parametrize(
    "detail",
    [
        '{"model": "m"}',
        '{"model": "m", "slots": [[1]]}',
        '{"model": "m", "slots": [[1, 300, -5]]}',
        '{"model": "m", "slots": [[1, 0, 5]]}',
        '{"model": "m", "slots": [[1e400, 300, 5]]}',
        '{"model": "m", "slots": [["x", 300, 5]]}',
        '{"model": "m", "slots": 7}',
    ],
)
def test_a_damaged_entry_is_lost_alone(
    tmp_path: Path, detail: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        end_s = day(policy(), Demand(model="m", diary=Diary(journal)), 3 * 3600)
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE entries SET detail = ? WHERE id = (SELECT min(id) FROM entries)", (detail,)
        )
    database.close()
    with Journal(path) as journal, caplog.at_level(logging.WARNING):
        again = policy()
        Demand(model="m", diary=Diary(journal)).recall(again)
    assert len(again.demand(after=-1, before_s=end_s)) == 2 * 3600 / SLOT_S
    assert "does not tell of demand" in caplog.text


def test_eight_days_are_remembered_and_no_more(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        one, demand = policy(), Demand(model="m", diary=Diary(journal))
        end_s = day(one, demand, 9 * DAY_S, every_s=300.0)
        demand.write()
        again = policy()
        Demand(model="m", diary=Diary(journal)).recall(again)
    assert NUM_SLOTS - 1 <= len(again.demand(after=-1, before_s=end_s)) <= NUM_SLOTS


def test_a_clock_that_was_ahead_leaves_nothing_to_keep_that_is_gone(tmp_path: Path) -> None:
    """What was seen under it and not kept yet is forgotten, and the end of the loop keeps what is left."""
    with Journal(tmp_path / "journal.db") as journal:
        one, demand = policy(), Demand(model="m", diary=Diary(journal))
        day(one, demand, 40 * 60, start_s=START_S + DAY_S)
        demand.keep(one, START_S)
        demand.write()
        assert journal.newest_of((DEMAND,), 100, "m") == []
