"""The loop over readers that give what the test says: it holds on what is missing, tells once, and never dies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from recorder import key
from rig import Rig

from advisor.adapters.journal import Entry, Journal, read_journal
from advisor.advice import summary
from advisor.core.recommendation import Action, Fleet
from advisor.errors import JournalError
from advisor.loop import Memory
from advisor.tick import Tick
from advisor.web.api import create_api


def test_traffic_becomes_a_recommendation_within_the_budget() -> None:
    rig = Rig(5.0)
    tick = rig.tick()
    assert tick.workload is not None
    assert tick.workload.requests_per_s == pytest.approx(5.0)
    assert (tick.workload.isl, tick.workload.osl) == (pytest.approx(512), pytest.approx(128))
    assert tick.recommendation is not None
    assert tick.recommendation.feasible
    assert tick.recommendation.best is not None
    assert tick.recommendation.best.usd_per_hour <= rig.config.budget.usd_per_hour


def test_a_change_is_told_once() -> None:
    rig = Rig(5.0)
    assert [rig.tick().changed for _ in range(3)] == [True, False, False]
    assert len(rig.told.ticks) == 1


def test_much_more_load_is_a_change_that_costs_more() -> None:
    rig = Rig(1.0)
    before = rig.tick().recommendation
    rig.metrics.requests_per_s = 400.0
    after = rig.tick().recommendation
    assert before is not None
    assert after is not None
    assert before.best is not None
    assert after.best is not None
    assert after.best.usd_per_hour > before.best.usd_per_hour
    assert len(rig.told.ticks) == 2


def test_a_message_that_was_not_taken_is_sent_at_the_next_tick() -> None:
    rig = Rig(5.0)
    rig.told.broken = True
    rig.tick()
    assert rig.told.ticks == []
    rig.told.broken = False
    rig.tick()
    assert [tick.number for tick in rig.told.ticks] == [1]
    assert (
        rig.recorder.counters[
            key("advisor_notifications_total", model="m", notifier="told", outcome="failed")
        ]
        == 1
    )


def test_without_metrics_it_holds_and_keeps_showing_the_last_recommendation() -> None:
    rig = Rig(5.0)
    known = rig.tick().recommendation
    rig.metrics.requests_per_s = None
    tick = rig.tick()
    assert tick.decision.action is Action.HOLD
    assert tick.decision.reason == "the metrics are gone"
    assert tick.recommendation == known
    assert not tick.changed


def test_without_traffic_or_expectation_there_is_no_recommendation() -> None:
    assert Rig(None).tick().recommendation is None


def test_an_expected_load_stands_in_until_traffic_is_observed() -> None:
    tick = Rig(None, expected={"requests_per_s": 2, "isl": 100, "osl": 100}).tick()
    assert tick.workload is not None
    assert tick.workload.source == "expected"
    assert tick.recommendation is not None


def test_what_is_not_known_any_more_leaves_the_metrics() -> None:
    rig = Rig(5.0)
    rig.tick()
    observed = key("advisor_observed_requests_per_second", model="m")
    assert rig.recorder.gauges[observed] == pytest.approx(5.0)
    rig.metrics.requests_per_s = None
    rig.tick()
    assert observed not in rig.recorder.gauges


def test_all_views_show_the_same_tick() -> None:
    rig = Rig(5.0)
    tick = rig.tick()
    assert tick.recommendation is not None
    best = tick.recommendation.best
    assert best is not None
    app = create_api(rig.loop.ticks, rig.config.shown(), lambda: ("direct-streaming", "slower"))
    with TestClient(app) as client:
        shown = client.get("/api/v1/tick").json()
        page = client.get("/").text
        assert client.get("/api/v1/health").json()["ok"]
        assert client.get("/api/v1/history?limit=5").json() == [
            {name: value for name, value in shown.items() if name != "data_path"}
        ]
        assert set(client.get("/api/v1/openapi.json").json()["paths"]) >= {
            "/api/v1/tick",
            "/api/v1/recommendation",
        }
    assert shown["recommendation"]["best"]["usd_per_hour"] == best.usd_per_hour
    assert (
        rig.recorder.gauges[key("advisor_recommended_usd_per_hour", model="m")]
        == best.usd_per_hour
    )
    assert best.accelerator in page
    assert f"${best.usd_per_hour:,.2f}/h" in page
    assert best.accelerator in summary(tick)


def test_before_the_first_round_the_views_say_so() -> None:
    rig = Rig(5.0)
    with TestClient(
        create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    ) as client:
        assert client.get("/api/v1/tick").status_code == 503
        assert "first round" in client.get("/").text


def test_the_page_escapes_what_comes_from_outside() -> None:
    rig = Rig(None)
    rig.serve.fleet = Fleet(
        application="<script>alert(1)</script>",
        deployment="d",
        status="RUNNING",
        target_replicas=1,
        running_replicas=1,
    )
    rig.tick()
    with TestClient(
        create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    ) as client:
        assert "<script" not in client.get("/").text


def on_an_h100(tpot_s: float, rounds: int = 12) -> tuple[Rig, Tick]:
    """A rig whose one replica runs on an H100 with that median TPOT."""
    rig = Rig(2.0)
    rig.metrics.device, rig.metrics.tpot_s = "gpu0 NVIDIA H100 80GB HBM3", tpot_s
    rig.serve.fleet = replace(rig.serve.fleet, running_replicas=1, devices_per_replica=1)
    ticks = [rig.tick() for _ in range(rounds)]
    return rig, ticks[-1]


def test_the_running_engine_teaches_its_own_accelerator_most_and_the_others_some() -> None:
    _, fast = on_an_h100(0.005)
    rig, slow = on_an_h100(0.050)
    assert slow.fleet is not None
    assert slow.fleet.accelerators == ("H100-SXM-80GB",)
    own = [tick.learned.of("H100-SXM-80GB").decode.ratio for tick in (fast, slow)]
    other = [tick.learned.of("L4-24GB").decode.ratio for tick in (fast, slow)]
    assert own[1] / own[0] == pytest.approx(10.0, rel=0.25), "ten times slower is learnt as such"
    assert 1.0 < other[1] / other[0] < own[1] / own[0]
    learnt = key(
        "advisor_learned_time_ratio", model="m", accelerator="H100-SXM-80GB", part="decode"
    )
    assert rig.recorder.gauges[learnt] == pytest.approx(own[1])


def test_a_slower_engine_asks_for_more_or_dearer_hardware() -> None:
    costs = []
    for tpot_s in (0.005, 0.040):
        _, tick = on_an_h100(tpot_s)
        assert tick.recommendation is not None
        assert tick.recommendation.best is not None
        costs.append(tick.recommendation.best.usd_per_hour)
    assert costs[0] <= costs[1]


def test_nothing_is_learnt_without_a_known_device_or_while_serve_changes() -> None:
    rig = Rig(2.0)
    assert [rig.tick().learned for _ in range(3)][-1].corrections == {}
    rig.metrics.device = "gpu0 NVIDIA H100 80GB HBM3"
    rig.serve.fleet = replace(rig.serve.fleet, status="DEPLOYING")
    assert rig.tick().learned.corrections == {}


def test_the_journal_keeps_each_new_decision_once(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        rig = Rig(5.0, memory=journal)
        for _ in range(3):
            rig.tick()
        assert len(read_journal(file, kinds=["advice"])) == 1
        rig.metrics.requests_per_s = None
        tick = rig.tick()
    [newest, first] = read_journal(file, kinds=["advice"])
    assert (newest.action, first.kind) == (tick.decision.action.value, "advice")
    assert first.detail["accelerator"]
    assert first.detail["usd_per_hour"] > 0


class FullDisk:
    def advise(self, **_: Any) -> int:
        raise JournalError("journal.db: database or disk is full")

    def promise(self, **_: Any) -> int:
        raise JournalError("journal.db: database or disk is full")

    def judge(self, *_: Any, **__: Any) -> int:
        raise JournalError("journal.db: database or disk is full")

    def remember(self, **_: Any) -> int:
        raise JournalError("journal.db: database or disk is full")

    def newest_of(self, *_: Any) -> list[Entry]:
        raise JournalError("journal.db: disk I/O error")


def test_a_full_disk_does_not_end_the_loop_and_is_shown() -> None:
    rig = Rig(5.0, memory=FullDisk())
    assert rig.tick().number == 1
    tick = rig.tick()
    assert tick.number == 2
    assert tick.journal_problem == "journal.db: database or disk is full"
    with TestClient(
        create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    ) as client:
        assert "nothing would be applied: journal.db" in client.get("/").text


def as_advised(memory: Memory | None = None) -> Rig:
    """A rig whose fleet runs what is recommended for it."""
    rig = Rig(2.0, memory=memory, accelerators=["H100-SXM-80GB"])
    rig.metrics.device = "gpu0 NVIDIA H100 80GB HBM3"
    best = rig.tick().recommendation
    assert best is not None
    assert best.best is not None
    rig.serve.fleet = replace(
        rig.serve.fleet, running_replicas=best.best.replicas, devices_per_replica=1
    )
    return rig


def test_what_was_predicted_is_judged_by_what_came_and_shown_everywhere() -> None:
    rig = as_advised()
    for _ in range(12):
        tick = rig.tick()
    standing = tick.verdicts
    assert standing.num_comparable >= 1
    assert standing.last is not None
    ratios = {error.name: error.median_ratio for error in standing.errors}
    assert ratios["requests_per_s"] == pytest.approx(1.0)
    assert ratios["usd_per_hour"] == pytest.approx(1.0)
    predicted = standing.last.promise.predicted["tpot_p95_s"]
    observed = standing.last.observed["tpot_p95_s"]
    assert ratios["tpot_p95_s"] == pytest.approx(observed / predicted)
    assert observed == pytest.approx(0.011, rel=0.02)
    assert {"tpot_p50_s", "ttft_p50_s", "ttft_p95_s"} <= set(standing.last.promise.predicted)
    shown = key("advisor_prediction_error_ratio", model="m", quantity="tpot_p95_s")
    assert rig.recorder.gauges[shown] == pytest.approx(observed / predicted)
    app = create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    with TestClient(app) as client:
        api = client.get("/api/v1/tick").json()["verdicts"]
        page = client.get("/").text
    assert api["num_comparable"] == standing.num_comparable
    assert api["last"]["observed"]["tpot_p95_s"] == observed
    assert "Was it right?" in page
    assert "tpot_p95_s" in page


def test_another_fleet_than_the_recommended_one_judges_nothing() -> None:
    rig = as_advised()
    rig.serve.fleet = replace(rig.serve.fleet, running_replicas=7)
    for _ in range(12):
        tick = rig.tick()
    assert tick.verdicts.num_open >= 1
    rig.now_s += 7200.0
    tick = rig.tick()
    assert tick.verdicts.num_comparable == 0
    assert tick.verdicts.last is not None
    assert tick.verdicts.last.not_comparable == "7 replicas, promised for 1"


def test_missing_metrics_judge_nothing() -> None:
    rig = as_advised()
    rig.metrics.requests_per_s = None
    for _ in range(12):
        tick = rig.tick()
    assert tick.verdicts.num_comparable == 0


def test_verdicts_and_what_was_learned_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        before = as_advised(journal)
        for _ in range(12):
            last = before.tick()
    with Journal(file) as journal:
        after = Rig(None, memory=journal, accelerators=["H100-SXM-80GB"])
        tick = after.tick()
    assert tick.verdicts.errors == last.verdicts.errors
    assert tick.verdicts.num_comparable == last.verdicts.num_comparable
    assert set(tick.learned.corrections) == {"H100-SXM-80GB"}
    kinds = [entry.kind for entry in read_journal(file)]
    assert kinds.count("verdict") == last.verdicts.num_comparable
    assert kinds.count("promise") >= kinds.count("verdict")


def test_another_models_promises_are_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        rig = as_advised(journal)
        for _ in range(12):
            rig.tick()
    with Journal(file) as journal:
        other = Rig(None, memory=journal, model="other")
        assert other.tick().verdicts.num_comparable == 0


def test_entries_of_another_version_are_skipped(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        number = journal.promise(at_s=1.0, action="promise", detail={"model": "m"})
        journal.judge(number, at_s=2.0, action="verdict", detail={"model": "m"})
        assert Rig(5.0, memory=journal).tick().number == 1


def test_a_recommended_change_waits_its_hour_before_it_is_a_decision() -> None:
    rig = as_advised()
    rig.metrics.device = "gpu0 NVIDIA B200"
    rig.serve.fleet = replace(rig.serve.fleet, running_replicas=1, target_replicas=1)
    first = rig.tick()
    assert first.decision.action is Action.HOLD
    assert "must be so for 60 minutes" in first.decision.reason
    rig.now_s += 3600.0
    assert rig.tick().decision.action is Action.CHANGE_ACCELERATOR
    assert rig.tick().decision.action is Action.CHANGE_ACCELERATOR  # nobody did it yet


def test_what_fewer_of_the_same_would_save_speaks_for_no_change() -> None:
    """Twelve A100s where one would do cost eight times an H100; the one costs less."""
    rig = as_advised()
    rig.metrics.device = "gpu0 NVIDIA A100-SXM4-80GB"
    rig.serve.fleet = replace(rig.serve.fleet, running_replicas=12, target_replicas=12)
    for _ in range(3):
        tick = rig.tick(after_s=1800.0)
        assert tick.decision.action is not Action.CHANGE_ACCELERATOR
    assert "of what runs, which is less" in tick.decision.reason


def test_spot_is_seen_by_every_view_and_told_and_its_price_is_no_promise(tmp_path: Path) -> None:
    asked = {"interruptions_per_hour": 0.05, "available_share": 0.95}
    only = {"providers": ["gcp"], "accelerators": ["L4-24GB"], "expected": None}
    with Journal(tmp_path / "journal.db") as journal:
        rig = Rig(30.0, memory=journal, spot=asked, **only)
        tick = rig.tick()
    assert tick.recommendation is not None
    best = tick.recommendation.best
    assert best is not None
    assert best.spot is not None
    assert best.usd_per_hour < Rig(30.0, **only).tick().recommendation.best.usd_per_hour
    gauge = key("advisor_recommended_spot_replicas", model="m")
    assert rig.recorder.gauges[gauge] == best.spot.replicas > 0
    with TestClient(
        create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    ) as client:
        shown = client.get("/api/v1/recommendation").json()["best"]["spot"]
        page = client.get("/").text
    assert (shown["replicas"], shown["on_demand"]) == (best.spot.replicas, best.spot.on_demand)
    assert shown["offer"]["capacity_type"] == "spot"
    assert f"{best.spot.replicas} of them on spot (gcp " in page
    entries = read_journal(tmp_path / "journal.db")
    kept = {entry.kind: entry.detail for entry in entries}
    assert kept["advice"]["spot_replicas"] == best.spot.replicas
    assert "usd_per_hour" not in kept["promise"]["predicted"]


def test_without_spot_nothing_is_on_it() -> None:
    rig = Rig(30.0)
    rig.tick()
    assert rig.recorder.gauges[key("advisor_recommended_spot_replicas", model="m")] == 0


def test_a_pause_keeps_the_lengths_that_were_seen() -> None:
    rig = Rig(5.0)
    rig.tick()
    rig.metrics.requests_per_s = 0.0
    paused = [rig.tick() for _ in range(3)][-1].workload
    assert paused is not None
    assert (paused.requests_per_s, paused.isl, paused.osl) == (0, 512, 128)


def test_before_any_load_the_lengths_of_a_pause_are_what_the_user_expects() -> None:
    rig = Rig(0.0, expected={"requests_per_s": 5, "isl": 300, "osl": 40})
    workload = rig.tick().workload
    assert workload is not None
    assert (workload.requests_per_s, workload.isl, workload.osl) == (0, 300, 40)
