"""The mode that the loop recommends, over hours of traffic that pauses and of traffic that does not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rig import Rig

from advisor.adapters.journal import Journal, read_journal
from advisor.core.mode_in_use import PATIENCE_S
from advisor.core.objective import Mode
from advisor.core.recommendation import Action, Candidate, Fleet, Recommendation
from advisor.loop import Memory
from advisor.tick import Tick
from advisor.web.api import create_api

MINUTE_S, HOUR_S = 60.0, 3600.0
ON, ZERO = Mode.ALWAYS_ON, Mode.SCALE_TO_ZERO
LOAD = {"requests_per_s": 5, "isl": 512, "osl": 128}
PATIENT = [{"latency": "ttft", "at_most": "200s"}, {"latency": "tpot", "at_most": "50ms"}]


def rig(memory: Memory | None = None, **config: Any) -> Rig:
    """Looked at once a minute; an objective that bears a cold start."""
    asked = {"slo": PATIENT, "interval": "60s", "accelerators": ["H100-SXM-80GB"], **config}
    return Rig(5.0, memory=memory, **asked)


def minutes(one: Rig, count: int, *, busy: bool) -> list[Tick]:
    one.metrics.requests_per_s, one.metrics.in_flight = (5.0, 1.0) if busy else (0.0, 0.0)
    return [one.tick(MINUTE_S) for _ in range(count)]


def pausing(one: Rig, hours: int) -> list[Tick]:
    """Ten minutes of traffic at the beginning of every hour."""
    return [
        tick
        for _ in range(hours)
        for tick in (*minutes(one, 10, busy=True), *minutes(one, 50, busy=False))
    ]


def recommended(tick: Tick) -> Recommendation:
    assert tick.recommendation is not None
    return tick.recommendation


def best(tick: Tick) -> Candidate:
    found = recommended(tick).best
    assert found is not None
    return found


def better_for_s(tick: Tick) -> float:
    in_use = recommended(tick).mode_in_use
    assert in_use is not None
    return in_use.better_for_s


def changes(ticks: list[Tick]) -> list[tuple[float, Mode]]:
    """When which mode began to be recommended, the first tick's aside; seconds after it."""
    start_s = ticks[0].at_s
    return [
        (now.at_s - start_s, best(now).mode)
        for before, now in pairwise(ticks)
        if best(now).mode is not best(before).mode
    ]


def test_a_better_mode_is_recommended_after_an_hour_and_every_view_says_what_it_waits_for() -> (
    None
):
    one = rig()
    ticks = pausing(one, 3)
    [(at_s, mode)] = changes(ticks)
    assert mode is ZERO
    seen = next(tick for tick in ticks if recommended(tick).mode_in_use.better is ZERO)
    assert at_s == pytest.approx(seen.at_s - ticks[0].at_s + PATIENCE_S)
    assert at_s >= 2 * HOUR_S - 2 * MINUTE_S, "an hour to count the pauses, another to be sure"
    told = [best(tick).mode for tick in one.told.ticks]
    assert told == [ON, ZERO], "told of the first and of the change, and of nothing between"
    waiting = next(tick for tick in ticks if better_for_s(tick) == 600.0)
    assert best(waiting).mode is ON
    assert any("for 60 minutes on end, 10 so far" in why for why in recommended(waiting).reasons)
    app = create_api([waiting], one.config.shown(), lambda: ("stock", "faster"))
    with TestClient(app) as client:
        shown = client.get("/api/v1/recommendation").json()
        assert "scale-to-zero has been better" in client.get("/").text
    assert shown["mode_in_use"] == {
        "mode": "always-on", "better": "scale-to-zero", "better_for_s": 600.0, "looked_s": waiting.at_s,
    }  # fmt: skip


def test_a_mode_that_is_better_for_less_than_an_hour_is_never_recommended() -> None:
    one = rig()
    minutes(one, 60, busy=True)
    ticks = [*minutes(one, 13, busy=False), *minutes(one, 80, busy=True)]
    longest_s = max(better_for_s(tick) for tick in ticks)
    assert 1800.0 < longest_s < PATIENCE_S
    assert better_for_s(ticks[-1]) == 0.0
    assert changes(ticks) == []


def test_an_outage_of_the_metrics_counts_neither_for_nor_against() -> None:
    one = rig()
    ticks = pausing(one, 1)
    ticks += minutes(one, 30, busy=False)
    watched_s = better_for_s(ticks[-1])
    assert 1200.0 < watched_s < PATIENCE_S
    one.metrics.requests_per_s = None
    outage = [one.tick(MINUTE_S) for _ in range(180)]
    assert changes([ticks[-1], *outage]) == []
    [back, *later] = minutes(one, 60, busy=False)
    assert better_for_s(back) == watched_s
    [(at_s, mode)] = changes([back, *later])
    assert (at_s, mode) == (pytest.approx(PATIENCE_S - watched_s), ZERO)


def test_entries_that_cannot_be_read_are_of_another_version_and_skipped(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        kept = {"model": "m", "mode_in_use": "scale-to-zero"}
        journal.advise(at_s=1.0, action="hold", detail=kept)
        for odd in ({}, {"mode_in_use": "sometimes"}, {**kept, "better_mode": "batch"}):
            journal.advise(at_s=2.0, action="hold", detail={"model": "m", **odd})
        one = rig(memory=journal, expected=LOAD)
        one.metrics.requests_per_s = None
        assert best(one.tick()).mode is ZERO


def restarted(journal: Journal, before: Rig, down_s: float) -> Rig:
    one = rig(memory=journal)
    one.now_s = before.now_s + down_s
    return one


def test_the_mode_in_use_survives_a_restart_that_forgot_how_traffic_pauses(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        one = rig(memory=journal)
        assert best(pausing(one, 3)[-1]).mode is ZERO
        journal._db.execute("DELETE FROM entries WHERE kind = 'memory'")  # as older versions' are
        again = restarted(journal, one, 2 * HOUR_S)
        ticks = pausing(again, 2)
    assert {best(tick).mode for tick in ticks} == {ZERO}
    first, last = ticks[0], ticks[-1]
    assert any("kept while how long traffic pauses" in why for why in recommended(first).reasons)
    assert best(first).usd_per_hour == pytest.approx(best(first).offer.usd_per_hour), "no discount"
    assert best(last).usd_per_hour < 0.9 * best(last).offer.usd_per_hour


def test_how_traffic_pauses_survives_a_restart_so_its_price_is_known_at_once(
    tmp_path: Path,
) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        one = rig(memory=journal)
        before = pausing(one, 3)[-1]
        again = restarted(journal, one, 2 * HOUR_S)
        [after] = minutes(again, 1, busy=False)
        forgot = restarted(journal, one, 9 * 24 * HOUR_S)
        [late] = minutes(forgot, 1, busy=False)
    assert best(before).mode is best(after).mode is ZERO
    assert best(after).usd_per_hour == pytest.approx(best(before).usd_per_hour, rel=0.1), (
        "of three hours, the ten minutes since the last line are lost"
    )
    assert not any("kept while" in why for why in recommended(after).reasons)
    assert after.workload is not None
    assert (after.workload.isl, after.workload.osl) == (512.0, 128.0), "not of one token each"
    assert late.workload is not None
    assert late.workload.idle_gaps is None, "what is older than a week says nothing of today"


def test_what_was_watched_survives_a_restart_and_the_time_between_is_not_watched(
    tmp_path: Path,
) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        one = rig(memory=journal)
        pausing(one, 1)
        watched_s = better_for_s(minutes(one, 30, busy=False)[-1])
    assert 1200.0 < watched_s < PATIENCE_S
    with Journal(
        file
    ) as journal:  # what was not closed cleanly reads the same: every entry is synced
        again = restarted(journal, one, 5 * HOUR_S)
        ticks = pausing(again, 2)
    assert watched_s - better_for_s(ticks[0]) < 600.0, "ten minutes at most are lost"
    assert {best(tick).mode for tick in ticks[:30]} == {ON}
    [(at_s, mode)] = changes(ticks)
    assert mode is ZERO
    assert at_s == pytest.approx(PATIENCE_S - better_for_s(ticks[0]), abs=2 * MINUTE_S)
    kept = [entry.detail for entry in read_journal(file, kinds=["advice"], limit=500)]
    steps = {one["better_for_s"] for one in kept if one.get("better_mode") == "scale-to-zero"}
    assert len(steps) >= 3, "it is written down while it is watched"


def test_another_models_mode_is_not_ours(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        one = rig(memory=journal)
        pausing(one, 3)
        other = rig(memory=journal, model="other", expected=LOAD)
        other.metrics.requests_per_s = None
        assert best(other.tick()).mode is ON
        ours = rig(memory=journal, expected=LOAD)
        ours.metrics.requests_per_s = None
        assert best(ours.tick()).mode is ZERO


def test_a_mode_that_has_waited_its_hour_is_decided_in_the_same_round() -> None:
    one = rig()
    one.serve.fleet = Fleet(
        application="llm",
        deployment="LLMServer:m",
        status="RUNNING",
        target_replicas=1,
        running_replicas=1,
        devices_per_replica=1,
    )
    pausing(one, 1)
    assert best(minutes(one, 45, busy=False)[-1]).mode is ON
    one.metrics.device = "gpu0 NVIDIA H100 80GB HBM3"  # before, nobody could tell what it runs on
    ticks = minutes(one, 20, busy=False)
    changed = next(tick for tick in ticks if best(tick).mode is ZERO)
    assert changed.decision.action is Action.SWITCH_MODE
    assert all(t.decision.action is not Action.SWITCH_MODE for t in ticks[: ticks.index(changed)])
