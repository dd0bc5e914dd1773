"""Nothing is done on missing data, nothing while Serve is changing, and never against the budget."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.decide import Limits, Memory, affordable_replicas, decide
from advisor.core.guards import Bounds
from advisor.core.objective import CapacityType, Mode
from advisor.core.quantization import Quantization
from advisor.core.recommendation import (
    Action,
    Basis,
    Candidate,
    Decision,
    Fleet,
    ModeInUse,
    Needed,
    Offer,
    Prediction,
    Recommendation,
    SpotShare,
)
from advisor.core.workload import Workload, WorkloadSource

OFFER = Offer(
    provider="aws",
    region="us-east-1",
    instance_type="g6.xlarge",
    accelerator="L4-24GB",
    accelerator_count=1,
    capacity_type=CapacityType.ON_DEMAND,
    usd_per_hour=0.8,
    observed_on="2026-07-20",
    source="test",
)
PREDICTION = Prediction(
    ttft_s=0.1,
    tpot_s=0.02,
    e2e_s=2.0,
    batch=4.0,
    output_tokens_per_s=100.0,
    max_requests_per_s=2.0,
    basis=Basis.MODELLED,
)
OBSERVED = Workload(requests_per_s=1.0, isl=100, osl=100, source=WorkloadSource.OBSERVED)
EXPECTED = replace(OBSERVED, source=WorkloadSource.EXPECTED)


def recommendation(
    replicas: int = 2, *, feasible: bool = True, mode: Mode = Mode.ALWAYS_ON
) -> Recommendation:
    best = Candidate(
        accelerator="L4-24GB",
        tp_degree=1,
        replicas=replicas,
        mode=mode,
        offer=OFFER,
        usd_per_hour=0.8 * replicas,
        prediction=PREDICTION,
        reasons=(),
    )
    return Recommendation(
        best=best,
        feasible=feasible,
        shortfall=None if feasible else "costs $1.60/h, $0.60/h over the budget of $1.00/h",
        runners_up=(),
        rejected=(),
        reasons=(),
        prices_from="2026-07-20",
    )


def fleet(
    running: int | None = 2, *, status: str = "RUNNING", accelerator: str = "L4-24GB"
) -> Fleet:
    return Fleet(
        application="llm",
        deployment="LLMServer",
        status=status,
        target_replicas=running,
        running_replicas=running,
        accelerators=(accelerator,),
    )


fleets = st.none() | st.builds(
    fleet,
    st.none() | st.integers(0, 50),
    status=st.sampled_from(["RUNNING", "DEPLOYING", "UNHEALTHY", "DELETING"]),
    accelerator=st.sampled_from(["L4-24GB", "T4-16GB"]),
)
recommendations = st.none() | st.builds(
    recommendation,
    st.integers(1, 50),
    feasible=st.booleans(),
    mode=st.sampled_from(list(Mode)),
)
workloads = st.sampled_from([None, OBSERVED, EXPECTED])
problems = st.lists(st.sampled_from(["no answer from node-1", "reading is 300 s old"]), max_size=2)


@given(
    recommendation=recommendations, workload=workloads, fleet=fleets, problems=problems
)  # fmt: skip
def test_never_scales_down_on_missing_data(
    recommendation: Recommendation | None,
    workload: Workload | None,
    fleet: Fleet | None,
    problems: list[str],
) -> None:
    decision = decide(
        recommendation=recommendation, workload=workload, fleet=fleet, problems=problems
    )
    assert decision.reason
    if problems or workload is None or recommendation is None or fleet is None:
        assert decision.action is Action.HOLD
    if decision.action is Action.SCALE:
        assert fleet is not None
        assert fleet.status == "RUNNING"
        assert fleet.running_replicas is not None
        assert decision.target_replicas is not None
        if decision.target_replicas < fleet.running_replicas:
            assert workload is OBSERVED
    else:
        assert decision.target_replicas is None


@given(recommendation=recommendations, fleet=fleets)
def test_an_infeasible_recommendation_is_never_acted_on(
    recommendation: Recommendation | None, fleet: Fleet | None
) -> None:
    decision = decide(
        recommendation=recommendation, workload=OBSERVED, fleet=fleet, problems=[]
    )  # fmt: skip
    if recommendation is None or not recommendation.feasible:
        assert decision.action is Action.HOLD


def test_missing_data_is_named_in_the_reason() -> None:
    found = decide(
        recommendation=recommendation(1),
        workload=OBSERVED,
        fleet=fleet(5),
        problems=["no answer from node-1"],
    )
    assert found.reason == "no answer from node-1"


@pytest.mark.parametrize(("running", "wanted"), [(1, 3), (5, 3)])
def test_other_replicas_on_the_same_hardware_are_a_scaling(running: int, wanted: int) -> None:
    found = decide(
        recommendation=recommendation(wanted), workload=OBSERVED, fleet=fleet(running), problems=[]
    )
    assert (found.action, found.target_replicas) == (Action.SCALE, wanted)


def test_what_runs_already_is_held() -> None:
    found = decide(
        recommendation=recommendation(2), workload=OBSERVED, fleet=fleet(2), problems=[]
    )
    assert found.action is Action.HOLD


def test_an_expected_load_scales_up_but_not_down() -> None:
    up = decide(recommendation=recommendation(3), workload=EXPECTED, fleet=fleet(2), problems=[])
    down = decide(recommendation=recommendation(1), workload=EXPECTED, fleet=fleet(2), problems=[])
    assert up.action is Action.SCALE
    assert down.action is Action.HOLD


def test_other_hardware_is_a_change_of_accelerator() -> None:
    found = decide(
        recommendation=recommendation(),
        workload=OBSERVED,
        fleet=fleet(accelerator="A100-SXM-80GB"),
        problems=[],
    )
    assert found.action is Action.CHANGE_ACCELERATOR
    assert "A100-SXM-80GB" in found.reason
    assert "L4-24GB" in found.reason


@pytest.mark.parametrize("running", [1, 2, 3])
def test_replicas_of_another_degree_are_never_counted_as_those_that_are_meant(
    running: int,
) -> None:
    """On two GPUs a replica, two are not the two of one GPU each that would do: that is another fleet."""
    pairs = replace(fleet(running), devices_per_replica=2)
    found = decide(recommendation=recommendation(2), workload=OBSERVED, fleet=pairs, problems=())
    assert found.action is Action.CHANGE_ACCELERATOR
    assert found.target_replicas is None
    assert "runs on 2 GPUs a replica; 2 x 1 L4-24GB would do" in found.reason


def test_another_mode_on_the_same_hardware_is_a_switch() -> None:
    found = decide(
        recommendation=recommendation(mode=Mode.SCALE_TO_ZERO),
        workload=OBSERVED,
        fleet=fleet(),
        problems=[],
    )
    assert found.action is Action.SWITCH_MODE


@pytest.mark.parametrize("status", ["DEPLOYING", "UNHEALTHY", "DELETING"])
def test_nothing_is_changed_while_serve_is_changing(status: str) -> None:
    found = decide(
        recommendation=recommendation(9),
        workload=OBSERVED,
        fleet=fleet(2, status=status),
        problems=[],
    )
    assert found.action is Action.HOLD
    assert status in found.reason


LIMITS = Limits(bounds=Bounds(min_replicas=1, max_replicas=10), cap_usd_per_hour=6.4)


def decide_at(now_s: float, memory: Memory, best: int, running: int, **more: object) -> Decision:
    settings = {"limits": LIMITS, "present_usd_per_hour": 0.8 * running, **more}
    return decide(
        recommendation=recommendation(best),
        workload=OBSERVED,
        fleet=fleet(running),
        problems=[],
        memory=memory,
        now_s=now_s,
        **settings,  # type: ignore[arg-type]
    )


def test_up_is_at_once_and_inside_bounds_and_cap() -> None:
    assert decide_at(0.0, Memory(), 5, 2).target_replicas == 5
    assert decide_at(0.0, Memory(), 50, 2).target_replicas == 8  # $6.40/h pay for eight
    loose = Limits(bounds=Bounds(min_replicas=1, max_replicas=10))
    assert decide_at(0.0, Memory(), 50, 2, limits=loose).target_replicas == 10


def test_down_waits_for_patience_and_keeps_what_the_last_minutes_needed() -> None:
    memory = Memory()
    assert decide_at(0.0, memory, 6, 4).target_replicas == 6
    assert decide_at(60.0, memory, 2, 6).action is Action.HOLD  # two are seen to have come
    assert "minutes ago" in decide_at(359.0, memory, 4, 6).reason
    assert decide_at(360.0, memory, 2, 6).target_replicas == 4
    assert decide_at(660.0, memory, 2, 4).target_replicas == 2


def test_a_fleet_seen_for_the_first_time_is_not_scaled_down_at_once() -> None:
    memory = Memory()  # as after a restart: who knows what was done a minute ago
    assert decide_at(0.0, memory, 2, 6).action is Action.HOLD
    assert decide_at(299.0, memory, 2, 6).action is Action.HOLD
    assert decide_at(300.0, memory, 2, 6).target_replicas == 2


def test_down_is_refused_where_the_user_refuses_it() -> None:
    only_up = replace(LIMITS, may_go_down=False)
    assert decide_at(0.0, Memory(), 1, 4, limits=only_up).action is Action.HOLD
    assert decide_at(0.0, Memory(), 5, 4, limits=only_up).target_replicas == 5


def change_type(
    now_s: float,
    memory: Memory,
    present: float | None,
    *,
    on: str = "A100-SXM-80GB",
    **more: object,
) -> Decision:
    return decide(
        recommendation=recommendation(2),
        workload=OBSERVED,
        fleet=fleet(2, accelerator=on),
        problems=[],
        limits=replace(LIMITS, **more),  # type: ignore[arg-type]
        memory=memory,
        now_s=now_s,
        present_usd_per_hour=present,
    )


def test_another_type_must_be_wanted_for_an_hour() -> None:
    memory = Memory()
    assert "for 60 minutes" in change_type(0.0, memory, 4.0).reason
    assert change_type(3599.0, memory, 4.0).action is Action.HOLD
    assert change_type(3600.0, memory, 4.0).action is Action.CHANGE_ACCELERATOR
    # Nobody did anything about it: it stays advised.
    assert change_type(3615.0, memory, 4.0).action is Action.CHANGE_ACCELERATOR


def test_after_a_change_of_type_was_seen_the_next_one_waits() -> None:
    memory = Memory()
    change_type(0.0, memory, 4.0)
    change_type(3000.0, memory, 4.0, on="H100-SXM-80GB")  # somebody changed it
    assert "too recent" in change_type(6599.0, memory, 4.0, on="H100-SXM-80GB").reason
    assert change_type(6600.0, memory, 4.0, on="H100-SXM-80GB").action is Action.CHANGE_ACCELERATOR


def test_devices_that_the_metrics_do_not_tell_are_no_change_of_type() -> None:
    memory = Memory()
    change_type(0.0, memory, 4.0)
    memory.saw(replace(fleet(2), accelerators=()), 100.0)
    memory.saw(None, 110.0)
    change_type(120.0, memory, 4.0)
    assert memory.disrupted_s is None
    memory.saw(fleet(2, accelerator="T4-16GB"), 130.0)
    assert memory.disrupted_s == 130.0


@pytest.mark.parametrize(
    ("present", "more", "why"),
    [
        (1.7, {}, "saves only"),
        (1.6 / 0.89, {}, "CHANGE"),
        (4.9, {}, "over the cap"),
        (4.8, {}, "CHANGE"),
        (None, {}, "not known"),
        (4.0, {"may_change_type": False}, "not allowed"),
        (1.8, {"cold_start_s": 3000.0}, "pay for running both"),
        (math.nan, {}, "no number"),
        (math.inf, {}, "no number"),
        (4.0, {"cap_usd_per_hour": math.nan}, "over the cap"),
        (4.8, {"other_usd_per_hour": 0.1}, "over the cap"),
        (4.0, {"bounds": Bounds(min_replicas=3, max_replicas=9)}, "out of bounds"),
        (4.0, {"bounds": Bounds(min_replicas=2, max_replicas=2)}, "CHANGE"),
        (4.0, {"cap_usd_per_hour": None}, "CHANGE"),
        (3.2, {"cold_start_s": 21600.0}, "CHANGE"),
    ],
)
def test_a_disruptive_change_must_pay_and_fit(
    present: float | None, more: dict[str, object], why: str
) -> None:
    memory = Memory()
    change_type(0.0, memory, present, **more)
    found = change_type(4000.0, memory, present, **more)
    if why == "CHANGE":
        assert found.action is Action.CHANGE_ACCELERATOR
    else:
        assert found.action is Action.HOLD
        assert why in found.reason


def test_the_cap_counts_whole_instances() -> None:
    two = replace(OFFER, accelerator_count=2, usd_per_hour=2.0)
    asked = recommendation(9)
    assert asked.best is not None
    asked = replace(asked, best=replace(asked.best, offer=two))
    for cap, most in [(3.9, 2), (4.0, 4), (6.5, 6)]:
        found = decide(
            recommendation=asked,
            workload=OBSERVED,
            fleet=fleet(1),
            problems=[],
            limits=replace(LIMITS, cap_usd_per_hour=cap),
            memory=Memory(),
            now_s=0.0,
        )
        assert found.target_replicas == most


def test_what_else_is_billed_counts_under_the_cap() -> None:
    draining = replace(LIMITS, other_usd_per_hour=3.2)
    assert decide_at(0.0, Memory(), 9, 2, limits=draining).target_replicas == 4


def test_a_lower_cap_is_kept_at_once_whatever_patience_says() -> None:
    memory = Memory()
    assert decide_at(0.0, memory, 8, 8).action is Action.HOLD
    dearer = replace(LIMITS, cap_usd_per_hour=3.2)
    found = decide_at(15.0, memory, 3, 8, limits=dearer)
    assert found.target_replicas == 4  # what it pays for; one more may go when patience ends
    assert "the cap of $3.20/h pays for 4 of 8 replicas" in found.reason


def test_unseen_not_even_the_cap_takes_anything_away() -> None:
    for wanted, running, target in [(9, 6, None), (9, 3, 4), (6, 6, None)]:
        found = decide(
            recommendation=recommendation(wanted),
            workload=EXPECTED,
            fleet=fleet(running),
            problems=[],
            limits=replace(LIMITS, cap_usd_per_hour=3.2),
            memory=Memory(),
            now_s=0.0,
        )
        assert found.target_replicas == target
        if (wanted, running) == (9, 6):
            assert found.action is Action.HOLD
            assert found.reason == (
                "the cap of $3.20/h pays for 4 of 6 replicas; but no load was observed, and nothing goes unseen"
            )


def test_the_cap_wins_over_the_lower_bound_and_the_bounds_over_patience() -> None:
    least = Limits(bounds=Bounds(min_replicas=5, max_replicas=9), cap_usd_per_hour=2.4)
    assert decide_at(0.0, Memory(), 1, 8, limits=least).target_replicas == 3
    most = Limits(bounds=Bounds(min_replicas=1, max_replicas=6))
    assert decide_at(0.0, Memory(), 4, 8, limits=most).target_replicas == 6


@pytest.mark.parametrize("usd_per_hour", [math.nan, math.inf, 6.5])
@pytest.mark.parametrize("running", [1, 2, 9])
def test_a_price_that_is_no_number_or_moved_turns_nothing_off(
    usd_per_hour: float, running: int
) -> None:
    asked = recommendation(5)
    assert asked.best is not None
    odd = replace(OFFER, usd_per_hour=usd_per_hour)
    found = decide(
        recommendation=replace(asked, best=replace(asked.best, offer=odd)),
        workload=OBSERVED,
        fleet=fleet(running),
        problems=[],
        limits=LIMITS,
        memory=Memory(),
        now_s=0.0,
    )
    assert found.action is Action.HOLD
    assert "pays for none" in found.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"recommendation": None},
            "no traffic has been observed yet and none is expected by the config",
        ),
        (
            {"workload": None},
            "no traffic has been observed yet and none is expected by the config",
        ),
        (
            {"recommendation": recommendation(2, feasible=False)},
            "nothing meets objectives and budget: costs $1.60/h, $0.60/h over the budget of $1.00/h",
        ),
        (
            {"recommendation": replace(recommendation(2), best=None)},
            "nothing meets objectives and budget: None",
        ),
        ({"fleet": None}, "Serve does not report the model's deployment"),
        (
            {"fleet": fleet(2, status="UPDATING")},
            "Serve is still changing something: the application is UPDATING",
        ),
        (
            {"fleet": fleet(None)},
            "Serve is still changing something: the application is RUNNING",
        ),
        ({"fleet": fleet(5)}, "5 replicas are what the load needs"),
        (
            {"fleet": fleet(6), "workload": EXPECTED},
            "fewer replicas would do for the expected load; but no load was observed, and nothing goes unseen",
        ),
        ({"fleet": fleet(3)}, "the load needs 5 replicas, 3 are running"),
        (
            {"fleet": replace(fleet(3), accelerators=())},
            "runs on no accelerator that is known; 5 x L4-24GB would do for $4.00/h",
        ),
        (
            {"fleet": replace(fleet(3), accelerators=("T4-16GB", "A10-24GB"))},
            "runs on T4-16GB, A10-24GB; 5 x L4-24GB would do for $4.00/h",
        ),
        (
            {"recommendation": recommendation(5, mode=Mode.SCALE_TO_ZERO)},
            "scale-to-zero would cost $4.00/h",
        ),
    ],
)
def test_each_decision_says_why(change: dict[str, object], reason: str) -> None:
    asked: dict[str, object] = {
        "recommendation": recommendation(5),
        "workload": OBSERVED,
        "fleet": fleet(5),
        "problems": [],
        **change,
    }
    assert decide(**asked).reason == reason  # type: ignore[arg-type]


@pytest.mark.parametrize("left_out", ["limits", "memory", "now_s"])
def test_without_all_of_limits_memory_and_time_none_of_them_holds(left_out: str) -> None:
    more: dict[str, object] = {"limits": LIMITS, "memory": Memory(), "now_s": 0.0, left_out: None}
    found = decide(
        recommendation=recommendation(50),
        workload=OBSERVED,
        fleet=fleet(2),
        problems=[],
        **more,  # type: ignore[arg-type]
    )
    assert found.target_replicas == 50


def test_what_holds_a_scaling_back_is_told() -> None:
    assert decide_at(0.0, Memory(), 50, 8).reason == (
        "8 replicas are what bounds and the last minutes allow"
    )
    only_up = replace(LIMITS, may_go_down=False)
    assert decide_at(0.0, Memory(), 3, 8, limits=only_up).reason == (
        "3 replicas would do, but scaling down is not allowed"
    )
    assert decide_at(0.0, Memory(), 3, 8).reason == (
        "fewer than 8 replicas would do, but some came, or were first seen, minutes ago"
    )
    memory = Memory()
    decide_at(0.0, memory, 8, 8)
    decide_at(290.0, memory, 9, 8)
    assert decide_at(400.0, memory, 3, 8).reason == (
        "8 replicas are what bounds and the last minutes allow"
    )
    assert decide_at(700.0, memory, 3, 8).reason == "the load needs 3 replicas, 8 are running"
    none = replace(LIMITS, cap_usd_per_hour=0.7)
    assert decide_at(0.0, Memory(), 3, 8, limits=none).reason == (
        "the load needs 3 replicas, 8 are running, but the cap pays for none at this price"
    )


def test_what_holds_a_change_of_type_back_is_told() -> None:
    began = "runs on A100-SXM-80GB; 2 x L4-24GB would do for $1.60/h"
    memory = Memory()

    def reason(present: float | None, now_s: float = 0.0, **more: object) -> str:
        return change_type(now_s, memory, present, **more).reason

    assert reason(4.0, may_change_type=False) == f"{began}, but changing it is not allowed"
    few = Bounds(min_replicas=1, max_replicas=1)
    assert reason(4.0, bounds=few) == f"{began}, but 2 replicas are out of bounds"
    assert reason(None) == f"{began}, but what the fleet costs now is not known"
    assert reason(math.nan) == f"{began}, but its price is no number"
    assert reason(5.0) == (
        f"{began}, but both fleets together cost $6.60/h, over the cap of $6.40/h"
    )
    assert reason(1.7) == f"{began}, but it saves only $0.10/h of $1.70/h"
    assert reason(1.8, cold_start_s=3000.0) == (
        f"{began}, but it takes more than 6 h to pay for running both"
    )
    assert reason(4.0) == f"{began}; it must be so for 60 minutes"
    assert reason(4.0, 3600.0) == began


@pytest.mark.parametrize(
    ("now_s", "action"), [(15_399.0, Action.HOLD), (15_400.0, Action.CHANGE_ACCELERATOR)]
)
def test_another_wish_starts_the_hour_again(now_s: float, action: Action) -> None:
    memory = Memory()
    change_type(10_000.0, memory, 4.0)
    asked = recommendation(2)
    assert asked.best is not None
    other = replace(asked, best=replace(asked.best, accelerator="T4-16GB"))
    for at_s in (11_800.0, now_s):
        found = decide(
            recommendation=other,
            workload=OBSERVED,
            fleet=fleet(2, accelerator="A100-SXM-80GB"),
            problems=[],
            limits=LIMITS,
            memory=memory,
            now_s=at_s,
            present_usd_per_hour=4.0,
        )
    assert found.action is action


def test_another_mode_is_another_wish_and_a_tenth_is_enough() -> None:
    memory = Memory()
    asked = recommendation(2, mode=Mode.SCALE_TO_ZERO)
    assert asked.best is not None
    mode = replace(asked, best=replace(asked.best, usd_per_hour=9.0))
    batch = recommendation(2, mode=Mode.BATCH)
    for at_s, wish, action in [
        (10_000.0, batch, Action.HOLD),
        (11_000.0, mode, Action.HOLD),
        (14_599.0, mode, Action.HOLD),
        (14_600.0, mode, Action.SWITCH_MODE),
    ]:
        found = decide(
            recommendation=wish,
            workload=OBSERVED,
            fleet=fleet(2),
            problems=[],
            limits=Limits(),
            memory=memory,
            now_s=at_s,
            present_usd_per_hour=10.0,
        )
        assert found.action is action


def test_a_mode_that_was_followed_has_waited_and_another_type_has_not() -> None:
    asked = recommendation(2, mode=Mode.SCALE_TO_ZERO)
    assert asked.best is not None
    cheap = replace(asked, best=replace(asked.best, usd_per_hour=5.0), mode_in_use=ModeInUse())
    for running, action in [(None, Action.SWITCH_MODE), ("A100-SXM-80GB", Action.HOLD)]:
        found = decide(
            recommendation=cheap,
            workload=OBSERVED,
            fleet=fleet(2) if running is None else fleet(2, accelerator=running),
            problems=[],
            limits=Limits(),
            memory=Memory(),
            now_s=10_000.0,
            present_usd_per_hour=10.0,
        )
        assert found.action is action


def test_the_cap_pays_for_the_spot_that_is_planned_and_beyond_it_on_demand() -> None:
    planned = recommendation(6).best
    assert planned is not None
    share = SpotShare(
        replicas=4,
        on_demand=2,
        offer=replace(OFFER, capacity_type=CapacityType.SPOT, usd_per_hour=0.2),
        effective_usd_per_hour=0.3,
        usd_per_hour=2.8,
        billed_usd_per_hour=2.4,
    )
    best = replace(planned, spot=share, usd_per_hour=2.8)
    for cap, other, most in [
        (2.3, 0.0, 2),  # of the plan nothing is left but what may be bought on demand
        (2.4, 0.0, 6),
        (2.4, 0.1, 2),
        (3.1, 0.0, 6),
        (3.2, 0.0, 7),
        (None, 0.0, math.inf),
    ]:
        limits = Limits(cap_usd_per_hour=cap, other_usd_per_hour=other)
        assert affordable_replicas(best, limits) == most


def test_a_replica_that_needs_more_than_half_an_instance_has_it_alone() -> None:
    three = replace(OFFER, accelerator_count=3, usd_per_hour=2.0)
    asked = recommendation(9)
    assert asked.best is not None
    best = replace(asked.best, offer=three, tp_degree=2)
    assert affordable_replicas(best, LIMITS) == 3
    assert affordable_replicas(replace(best, tp_degree=1), LIMITS) == 9
    assert affordable_replicas(best, replace(LIMITS, other_usd_per_hour=2.5)) == 1
    assert affordable_replicas(best, replace(LIMITS, cap_usd_per_hour=None)) == math.inf


def test_a_need_that_nobody_met_and_is_over_adds_nothing() -> None:
    memory = Memory()
    decide_at(0.0, memory, 6, 6)
    assert decide_at(290.0, memory, 8, 6).target_replicas == 8
    assert decide_at(310.0, memory, 4, 6).action is Action.HOLD


def test_a_cap_that_pays_for_one_keeps_one() -> None:
    one = replace(LIMITS, cap_usd_per_hour=0.8)
    found = decide_at(0.0, Memory(), 1, 3, limits=one)
    assert (found.action, found.target_replicas) == (Action.SCALE, 1)
    memory = Memory()
    decide_at(0.0, memory, 8, 8)
    found = decide_at(400.0, memory, 4, 8)  # the cap pays for eight: patience decided, not the cap
    assert (found.target_replicas, found.reason) == (
        4,
        "the load needs 4 replicas, 8 are running",
    )


def needed(
    target: int, *, replicas: int | None = None, accelerator: str = "L4-24GB", priced: bool = True
) -> Needed:
    return Needed(
        accelerator=accelerator,
        tp_degree=1,
        replicas=target if replicas is None else replicas,
        target=target,
        reason="12 requests/s in 105 s",
        offer=OFFER if priced else None,
    )


def decided(wanted: Needed | None, running: int, **changes: object) -> Decision:
    """With two L4s recommended, an hour after this fleet was first seen."""
    given: dict[str, object] = {
        "recommendation": recommendation(2),
        "fleet": fleet(running),
        "limits": Limits(),
        "problems": (),
        **changes,
    }
    memory = Memory()
    decision = Decision(action=Action.HOLD, reason="")
    for now_s in (0.0, 3600.0):
        decision = decide(workload=OBSERVED, memory=memory, now_s=now_s, needed=wanted, **given)  # type: ignore[arg-type]
    return decision


def test_of_what_runs_as_many_are_wanted_as_the_policy_says() -> None:
    assert decided(needed(5, replicas=2), running=3).target_replicas == 5
    assert decided(needed(2, replicas=2), running=3).target_replicas == 2
    stays = decided(needed(3, replicas=2), running=3)
    assert stays.action is Action.HOLD
    assert stays.reason == "2 replicas would do, but 3 stay for now"


def test_what_money_cut_is_not_given_back_by_the_policy() -> None:
    assert decided(needed(5), running=3).target_replicas == 2


@pytest.mark.parametrize(
    "better",
    [recommendation(2), recommendation(2, feasible=False)],
    ids=["other type", "too dear"],
)
def test_what_runs_follows_the_load_while_something_else_is_recommended(
    better: Recommendation,
) -> None:
    other = fleet(2, accelerator="T4-16GB")
    more = decided(needed(4, accelerator="T4-16GB"), 2, recommendation=better, fleet=other)
    assert (more.action, more.target_replicas) == (Action.SCALE, 4)
    assert "meanwhile" in more.reason
    assert decided(None, 2, recommendation=better, fleet=other).action is Action.HOLD


def test_what_runs_and_is_not_recommended_grows_only_as_far_as_the_cap_pays() -> None:
    other, cap = fleet(2, accelerator="T4-16GB"), Limits(cap_usd_per_hour=3 * 0.8)
    wanted = needed(9, accelerator="T4-16GB")
    assert decided(wanted, 2, fleet=other, limits=cap).target_replicas == 3
    unpriced = needed(9, accelerator="T4-16GB", priced=False)
    assert decided(unpriced, 2, fleet=other, limits=cap).action is Action.HOLD


@given(
    recommendation=recommendations,
    workload=workloads,
    fleet=fleets,
    problems=problems,
    target=st.integers(0, 60),
    replicas=st.integers(0, 60),
    cap=st.none() | st.floats(0, 40),
    at_s=st.sampled_from([0.0, 100.0, 3600.0]),
)
def test_the_policy_breaks_no_guard(
    recommendation: Recommendation | None,
    workload: Workload | None,
    fleet: Fleet | None,
    problems: list[str],
    target: int,
    replicas: int,
    cap: float | None,
    at_s: float,
) -> None:
    limits, memory = (
        Limits(bounds=Bounds(min_replicas=1, max_replicas=40), cap_usd_per_hour=cap),
        Memory(),
    )
    for now_s in (0.0, at_s):
        decision = decide(
            recommendation=recommendation,
            workload=workload,
            fleet=fleet,
            problems=problems,
            limits=limits,
            memory=memory,
            now_s=now_s,
            needed=needed(target, replicas=replicas),
        )
    if decision.target_replicas is None:
        return
    assert fleet is not None
    assert fleet.running_replicas is not None
    assert not problems
    assert 1 <= decision.target_replicas <= 40
    if decision.target_replicas > fleet.running_replicas and cap is not None:
        assert decision.target_replicas * OFFER.usd_per_hour <= cap + 1e-6
    if decision.target_replicas < fleet.running_replicas:
        assert workload is OBSERVED


def test_fewer_must_have_been_enough_for_five_minutes_also_where_as_many_as_run_were_needed() -> (
    None
):
    memory = Memory()

    def at(now_s: float, wanted: int) -> Decision:
        return decide(
            recommendation=recommendation(wanted),
            workload=OBSERVED,
            fleet=fleet(3),
            problems=(),
            limits=Limits(),
            memory=memory,
            now_s=now_s,
        )

    for now_s in range(0, 900, 15):
        assert at(now_s, 3).action is Action.HOLD
    assert at(900.0, 2).action is Action.HOLD
    assert at(1100.0, 2).action is Action.HOLD
    assert at(1200.0, 2).target_replicas == 2


def test_what_is_needed_of_hardware_that_is_not_seen_moves_nothing() -> None:
    unseen = Fleet(
        application="llm", deployment="LLMServer:m", status="RUNNING", target_replicas=4,
        running_replicas=4, accelerators=(), devices_per_replica=1,
    )  # fmt: skip
    for target in (1, 9):
        assert decided(needed(target), 4, fleet=unseen).action is not Action.SCALE


def test_a_change_that_nobody_makes_does_not_hide_what_the_load_needs_meanwhile() -> None:
    other = fleet(4, accelerator="T4-16GB")
    change = decided(needed(6, accelerator="T4-16GB"), 4, fleet=other, present_usd_per_hour=9.0)
    assert change.action is Action.CHANGE_ACCELERATOR
    assert "until then the load needs 6 of the replicas that run, not 4" in change.reason


def test_a_fleet_is_not_shrunk_to_the_count_of_weights_that_it_may_not_have() -> None:
    found = recommendation(2)
    assert found.best is not None
    found = replace(found, best=replace(found.best, quantization=Quantization.FP8))
    stays: dict[str, object] = {
        "recommendation": found,
        "present_usd_per_hour": 3.2,
        "limits": Limits(may_change_type=False),
    }
    held = decided(needed(4), 4, **stays)
    assert held.action is Action.HOLD
    more = decided(needed(6), 4, **stays)
    assert (more.action, more.target_replicas) == (Action.SCALE, 6)


def changed(running: int, wanted: Needed | None, present_usd_per_hour: float) -> Decision:
    """Two L4s at $1.60/h recommended to a fleet of T4s, wanted for hours."""
    memory, decision = Memory(), Decision(action=Action.HOLD, reason="")
    for now_s in (0.0, 3600.0, 7200.0):
        decision = decide(
            recommendation=recommendation(2),
            workload=OBSERVED,
            fleet=fleet(running, accelerator="T4-16GB"),
            problems=(),
            limits=Limits(),
            memory=memory,
            now_s=now_s,
            present_usd_per_hour=present_usd_per_hour,
            needed=wanted,
        )
    return decision


def test_a_change_is_weighed_against_what_the_load_needs_of_what_runs() -> None:
    """At $0.80/h a replica: three that are needed where one runs cost $2.40/h, one that is enough where six run $0.80/h."""
    too_few, too_many = (needed(count, accelerator="T4-16GB") for count in (3, 1))
    assert changed(1, too_few, 0.8).action is Action.CHANGE_ACCELERATOR
    assert changed(1, None, 0.8).action is Action.HOLD
    kept = changed(6, too_many, 4.8)
    assert kept.action is Action.SCALE
    assert "the load needs $0.80/h of what runs, which is less" in kept.reason
    assert changed(6, None, 4.8).action is Action.CHANGE_ACCELERATOR
