"""Several models in one loop: one budget caps them together, and every view says who is cut, to what, and at what price."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from recorder import key
from rig import START_S, Rig
from several import L4, PROVIDER, SLO, TICK_S, Several, usd

from advisor import data
from advisor.adapters.journal import Journal, read_journal
from advisor.adapters.slack import message
from advisor.advice import NUM_READ, Advice
from advisor.core.mode_in_use import PATIENCE_S
from advisor.core.objective import CapacityType
from advisor.core.recommendation import Action, Candidate
from advisor.diary import Diary
from advisor.tick import Tick
from advisor.web.api import create_api
from advisor.web.render import tick_json

SETTLED = 30  # rounds, after which patience has run out


def best(tick: Tick) -> Candidate:
    assert tick.recommendation is not None
    assert tick.recommendation.best is not None
    return tick.recommendation.best


def settled(rig: Several, rounds: int = SETTLED) -> dict[str, Tick]:
    return [rig.obeyed() for _ in range(rounds)][-1]


def test_wishes_that_fit_together_are_recommended_as_if_each_were_alone() -> None:
    ticks = Several({"chat": 2.5, "bulk": 1.5}, cap=6).round()
    assert {name: best(tick).replicas for name, tick in ticks.items()} == {"chat": 3, "bulk": 2}
    for tick in ticks.values():
        assert tick.share is not None
        assert tick.share.cut is None
        assert tick.recommendation is not None
        assert tick.recommendation.feasible
        assert (tick.decision.action, tick.decision.target_replicas) == (
            Action.SCALE,
            best(tick).replicas,
        )


def test_what_does_not_fit_is_cut_where_it_hurts_least_and_says_so() -> None:
    rig = Several({"chat": 4, "bulk": 4}, cap=6, entries={"chat": {"weight": 3}})
    ticks = rig.round()
    assert {name: best(tick).replicas for name, tick in ticks.items()} == {"chat": 4, "bulk": 2}
    chat, bulk = ticks["chat"], ticks["bulk"]
    assert chat.share is not None
    assert chat.share.cut is None
    assert bulk.share is not None
    assert bulk.share.cut is not None
    assert str(bulk.share.cut) == (
        f"bulk: 2 x {L4} for ${usd(2):.2f}/h instead of 4 x {L4} for ${usd(4):.2f}/h, 50.0% short instead of 0.0%"
    )
    assert bulk.recommendation is not None
    assert not bulk.recommendation.feasible
    told = f"{bulk.share.cut}; ${usd(2):.2f}/h more would give it back"
    assert told in bulk.recommendation.reasons[0]
    assert bulk.decision.reason == (
        f"its share pays for 2 replicas, 1 are running; cut by the shared budget: {told}"
    )
    assert (bulk.decision.action, bulk.decision.target_replicas) == (Action.SCALE, 2)
    rig.runs(chat=4, bulk=2)
    held = rig.round()["bulk"].decision
    assert held.action is Action.HOLD
    assert held.reason.startswith("2 replicas are what its share pays for; cut by")


def test_replicas_that_are_cut_are_recommended_at_the_latency_of_their_limit() -> None:
    alone = best(Several({"chat": 3.5, "bulk": 1}, cap=6).round()["chat"]).prediction
    tick = Several({"chat": 4, "bulk": 4}, cap=6, entries={"bulk": {"weight": 3}}).round()["chat"]
    cut = best(tick).prediction
    assert cut.tpot_s > alone.tpot_s
    assert cut.max_requests_per_s == alone.max_requests_per_s
    assert all(
        value <= 1.001 * slo.bound_s
        for value, slo in zip(cut.slo_values_s, tick.slos, strict=True)
    )


def test_a_cut_takes_replicas_away_at_once_and_gives_them_back_at_once() -> None:
    rig = Several({"chat": 1, "bulk": 4}, cap=6, entries={"chat": {"weight": 2}})
    settled(rig)
    assert rig.running() == {"chat": 1, "bulk": 4}
    rig.needs(chat=4)
    rig.obeyed()
    assert rig.running() == {"chat": 2, "bulk": 4}, "what the old split left over is there at once"
    settled(rig, int(PATIENCE_S / TICK_S) - 1)
    assert rig.running() == {"chat": 2, "bulk": 4}
    rig.obeyed()
    assert rig.running() == {"chat": 4, "bulk": 2}, "the better split, an hour later"
    rig.needs(chat=1)
    settled(rig)
    assert rig.running() == {"chat": 1, "bulk": 4}


def test_a_model_without_readings_keeps_its_share_and_the_others_share_the_rest() -> None:
    rig = Several({"chat": 3, "bulk": 2}, cap=6, entries={"bulk": {"weight": 9}})
    settled(rig)
    rig.needs(chat=None, bulk=6)
    for _ in range(260):  # more than an hour
        ticks = rig.obeyed()
    assert rig.running() == {"chat": 3, "bulk": 3}
    chat, bulk = ticks["chat"], ticks["bulk"]
    assert chat.share is not None
    assert chat.share.keeps
    assert chat.share.usd_per_hour == pytest.approx(usd(3))
    assert chat.decision.action is Action.HOLD
    assert bulk.share is not None
    assert bulk.share.cut is not None


def test_a_fleet_that_serve_does_not_tell_of_keeps_what_it_ran() -> None:
    rig = Several({"chat": 3, "bulk": 2}, cap=6)
    settled(rig)
    fleet, rig.serves["chat"].fleet = rig.serves["chat"].fleet, None
    rig.needs(chat=None, bulk=6)
    ticks = rig.round()
    assert best(ticks["bulk"]).replicas == 3
    rig.serves["chat"].fleet = fleet


def test_replicas_on_hardware_that_nobody_has_named_yet_are_paid_for_at_least() -> None:
    rig = Several({"chat": None, "bulk": 6}, cap=6, running=2)
    ticks = rig.round()
    assert best(ticks["bulk"]).replicas == 4
    assert ticks["chat"].share is not None
    assert ticks["chat"].share.usd_per_hour == pytest.approx(usd(2))


def test_replicas_of_another_degree_are_no_replicas_of_the_best() -> None:
    rig = Several({"chat": 3, "bulk": 1}, cap=6)
    fleet = rig.serves["chat"].fleet
    assert fleet is not None
    rig.serves["chat"].fleet = replace(fleet, devices_per_replica=2)
    decision = rig.round()["chat"].decision
    assert decision.action is Action.HOLD
    assert decision.reason.startswith(f"runs on 2 GPUs a replica; 3 x 1 {L4} would do for $")


def test_when_even_one_replica_of_each_is_too_much_nothing_is_done_and_all_say_so() -> None:
    rig = Several({"a": 1, "b": 1, "c": 1}, cap=2)
    for tick in rig.round().values():
        assert tick.decision.action is Action.HOLD
        assert "all models together" in tick.decision.reason
        assert tick.recommendation is not None
        assert not tick.recommendation.feasible


def test_before_anything_runs_expected_loads_share_the_budget_whatever_an_earlier_one_paid_for(
    tmp_path: Path,
) -> None:
    load = {"requests_per_s": 0.01, "isl": 510, "osl": 130}
    entries = {name: {"expected": load} for name in "ab"}

    def first_round(cap: float) -> dict[str, Tick]:
        with Journal(tmp_path / "journal.db") as journal:
            rig = Several({"a": None, "b": None}, cap=cap, entries=entries, memory=journal)
            for serve in rig.serves.values():
                serve.fleet = None
            return rig.round()

    for tick in first_round(1.5).values():
        assert tick.recommendation is not None
        assert "all models together" in str(tick.recommendation.shortfall)
    for tick in first_round(4).values():
        assert tick.recommendation is not None
        assert tick.recommendation.feasible


loads = st.none() | st.floats(0.0, 7.0)


@settings(max_examples=12)
@given(
    st.integers(3, 9),
    st.lists(
        st.tuples(loads, loads, st.sampled_from([TICK_S, TICK_S, 330.0, PATIENCE_S])),
        min_size=2,
        max_size=14,
    ),
)
def test_targets_never_cost_more_than_the_budget_over_any_loads_and_holes(
    cap: int, moments: list[tuple[float | None, float | None, float]]
) -> None:
    rig = Several({"chat": 1.0, "bulk": 1.0}, cap=cap, entries={"chat": {"weight": 2}})
    for chat, bulk, after_s in moments:
        before = rig.running()
        rig.needs(chat=chat, bulk=bulk)
        ticks = rig.obeyed(after_s)
        now = rig.running()
        assert sum(now.values()) <= cap
        for name, need in (("chat", chat), ("bulk", bulk)):
            if need is None:
                assert now[name] == before[name], "scaled on missing readings"
        shares = [tick.share for tick in ticks.values()]
        assert math.fsum(one.usd_per_hour for one in shares if one) <= usd(cap) * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_loads_that_waver_by_a_tenth_change_nothing_once_it_is_settled(seed: int) -> None:
    rng = random.Random(seed)
    rig = Several({"chat": 4.0, "bulk": 3.0}, cap=6)
    seen = []
    for _ in range(80):
        rig.needs(chat=4.0 * rng.uniform(0.9, 1.1), bulk=3.0 * rng.uniform(0.9, 1.1))
        rig.obeyed()
        seen.append(tuple(rig.running().values()))
    assert sum(a != b for a, b in pairwise(seen[SETTLED:])) == 0
    assert sum(seen[-1]) == 6


def plain(tick: Tick) -> dict[str, Any]:
    shown = tick_json(tick)
    return {name: value for name, value in shown.items() if name != "duration_s"}


def test_one_model_in_models_is_exactly_the_model_alone() -> None:
    one = Several({"m": 2.5}, cap=4)
    alone = Rig(
        None,
        budget=f"{usd(4) * (1 + 1e-9)}/hour",
        slo=SLO,
        accelerators=[L4],
        providers=[PROVIDER],
    )
    alone.metrics.device, alone.metrics.tpot_s = one.metrics["m"].device, None
    for need, replicas in ((2.5, 1), (2.6, 3), (6.0, 3), (0.5, 3), (0.5, 1)):
        one.needs(m=need)
        one.runs(m=replicas)
        alone.metrics.requests_per_s = one.metrics["m"].requests_per_s
        alone.serve.fleet = one.serves["m"].fleet
        assert plain(one.round()["m"]) == plain(alone.tick())


def test_the_split_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    needs = {"chat": 6, "bulk": 4}
    with Journal(file) as journal:
        rig = Several({"chat": 4, "bulk": 1}, cap=6, memory=journal)
        settled(rig)
        rig.needs(**needs)
        settled(rig)
        before = rig.running()
    assert before == {"chat": 4, "bulk": 2}
    with Journal(file) as journal:
        again = Several(needs, cap=6, memory=journal)
        again.now_s = rig.now_s + 600.0
        again.runs(**before)
        settled(again, 4)
        assert again.running() == before
        forgetful = Several(needs, cap=6)
        forgetful.runs(**before)
        settled(forgetful, 4)
        assert forgetful.running() == {"chat": 2, "bulk": 4}, "the journal was what kept it"
    kept = read_journal(file, kinds=["advice"], model="bulk")
    assert {entry.detail["model"] for entry in kept} == {"bulk"}
    assert kept[0].detail["share"]["given_usd_per_hour"] == pytest.approx(usd(2))


def test_one_model_that_writes_much_does_not_crowd_out_what_another_had(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as journal:
        settled(Several({"chat": 4, "bulk": 1}, cap=6, memory=journal), 2)
        for number in range(2 * NUM_READ):
            journal.advise(at_s=START_S + number, action="hold", detail={"model": "bulk"})
    with Journal(file) as journal:
        share = Advice(model="chat", diary=Diary(journal)).share
    assert share is not None
    assert share.given_usd_per_hour == pytest.approx(usd(4))


def test_a_restart_without_metrics_keeps_every_share(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        rig = Several({"chat": 4, "bulk": 1}, cap=6, memory=journal)
        settled(rig)
        again = Several({"chat": None, "bulk": 6}, cap=6, memory=journal)
        again.now_s = rig.now_s
        again.runs(**rig.running())
        ticks = again.obeyed()
    assert again.running() == {"chat": 4, "bulk": 2}
    assert ticks["chat"].share is not None
    assert ticks["chat"].share.usd_per_hour == pytest.approx(usd(4))


def test_every_view_tells_the_models_apart() -> None:
    rig = Several({"org/chat": 4, "bulk": 4}, cap=6, entries={"org/chat": {"weight": 3}})
    ticks = rig.round()
    cut = ticks["bulk"].share.cut if ticks["bulk"].share else None
    assert cut is not None
    app = create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    with TestClient(app) as client:
        assert client.get("/api/v1/tick").json()["model"] == "org/chat"
        shown = client.get("/api/v1/tick", params={"model": "bulk"}).json()
        assert shown["model"] == "bulk"
        assert shown["share"]["cut"]["given"]["key"] == f"2 x {L4}"
        answer = client.get("/api/v1/recommendation?model=bulk").json()
        assert answer["best"]["replicas"] == 2
        assert [one["model"] for one in client.get("/api/v1/history?model=bulk").json()] == [
            "bulk"
        ]
        listed = client.get("/api/v1/models").json()
        assert [(one["model"], one["recommended"]) for one in listed] == [
            ("org/chat", f"4 x {L4}, always-on"),
            ("bulk", f"2 x {L4}, always-on"),
        ]
        for path in ("tick", "recommendation", "history"):
            nobody = client.get(f"/api/v1/{path}?model=nobody")
            assert nobody.status_code == 404
            assert nobody.json()["detail"] == "no model 'nobody'; there are org/chat, bulk"
        assert client.get("/?model=nobody").status_code == 404
        first, second = client.get("/").text, client.get("/?model=bulk").text
        assert client.get("/api/v1/health").json() == {"ok": True, "ticks": 1, "problems": []}
    assert "2 models under one budget" in first
    assert "?model=bulk" in first
    assert "?model=org/chat" in second
    assert "cut: at least 50% short" in first
    assert str(cut) in second
    gauges = rig.recorder.gauges
    assert gauges[key("advisor_share_usd_per_hour", model="bulk")] == pytest.approx(usd(2))
    assert gauges[key("advisor_share_wish_usd_per_hour", model="bulk")] == pytest.approx(usd(4))
    assert gauges[key("advisor_share_shortfall_ratio", model="bulk")] == pytest.approx(0.5)
    assert gauges[key("advisor_share_shortfall_ratio", model="org/chat")] == 0.0
    said = "\n".join(block["text"]["text"] for block in message(ticks["bulk"])[1])
    assert said.startswith("bulk: 2 replicas")
    assert "*Cut*\ncut by the shared budget: bulk: 2 x" in said


def test_a_model_alone_has_the_whole_budget_and_is_never_cut() -> None:
    rig = Several({"chat": 4}, cap=3)
    tick = rig.round()["chat"]
    gauges = rig.recorder.gauges
    assert tick.share is None
    assert gauges[key("advisor_share_usd_per_hour", model="chat")] == pytest.approx(usd(3))
    assert gauges[key("advisor_share_wish_usd_per_hour", model="chat")] == pytest.approx(usd(4))
    assert gauges[key("advisor_share_shortfall_ratio", model="chat")] == 0.0


def test_a_model_without_metrics_makes_the_health_say_which() -> None:
    rig = Several({"chat": 1, "bulk": None}, cap=6)
    app = create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    with TestClient(app) as client:
        assert client.get("/api/v1/models").json()[1]["action"] is None
        assert "first round" in client.get("/").text
        rig.round()
        [problem] = client.get("/api/v1/health").json()["problems"]
    assert problem.startswith("bulk: no metrics of model 'bulk'")


def test_of_each_model_a_change_is_told_once_and_a_cut_is_a_change() -> None:
    rig = Several({"chat": 2, "bulk": 2}, cap=4)
    for _ in range(3):
        rig.round()
    assert [tick.model for tick in rig.told.ticks] == ["chat", "bulk"]
    rig.told.ticks.clear()
    rig.needs(bulk=3)
    rig.round()
    [tick] = rig.told.ticks
    assert tick.model == "bulk"
    assert tick.share is not None
    assert tick.share.cut is not None
    rig.told.broken = True
    rig.needs(bulk=2)
    rig.round()
    rig.told.broken = False
    rig.round()
    assert rig.told.ticks[-1].model == "bulk"


def test_models_on_other_machines_do_not_lend_theirs() -> None:
    rig = Several({"chat": 1, "bulk": 1}, cap=6)
    rig.metrics["bulk"].device = "gpu0 NVIDIA H100 80GB HBM3"
    ticks = rig.round()
    fleets = {name: tick.fleet.accelerators for name, tick in ticks.items() if tick.fleet}
    assert fleets == {"chat": (L4,), "bulk": ("H100-SXM-80GB",)}


def usd_per_hour_of_an_h100() -> float:
    return min(
        offer.usd_per_hour
        for offer in data.offers()
        if (offer.provider, offer.accelerator) == (PROVIDER, "H100-SXM-80GB")
        and offer.capacity_type is CapacityType.ON_DEMAND
    )


def test_what_runs_on_other_hardware_is_paid_for_until_it_is_gone() -> None:
    rig = Several({"chat": 1, "bulk": 8}, cap=10)
    rig.metrics["chat"].device = "gpu0 NVIDIA H100 80GB HBM3"
    ticks = rig.round()
    chat, bulk = ticks["chat"].share, ticks["bulk"].share
    assert chat is not None
    assert bulk is not None
    present = usd_per_hour_of_an_h100()
    assert chat.usd_per_hour >= present > usd(5)
    assert best(ticks["bulk"]).replicas == math.floor((usd(10) - present) / usd(1))
    assert best(ticks["chat"]).accelerator == L4
    assert chat.usd_per_hour + bulk.usd_per_hour == pytest.approx(usd(10))


def test_a_fleet_that_changes_is_not_counted_smaller_than_it_is() -> None:
    rig = Several({"chat": 1, "bulk": 6}, cap=6, running=3)
    chat = rig.serves["chat"].fleet
    assert chat is not None
    rig.serves["chat"].fleet = replace(chat, status="DEPLOYING")
    assert best(rig.round()["bulk"]).replicas == 3
