"""The rules of each baseline, as policies.md states them and their sources have them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.backtest.policies import BASELINES, PolicyError, build, load_policy
from advisor.backtest.policies.llm import KalmanTrend
from advisor.backtest.policies.setting import Setting, capacity
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import Policy, StepDecision, StepObservation

MODEL = ReplicaModel(
    step_base_s=0.0075,
    step_per_seq_s=3e-5,
    step_per_kv_token_s=5.6e-8,
    step_per_prefill_token_s=3.5e-5,
    kv_capacity_tokens=430_000,
)
SETTING = Setting(
    belief=MODEL,
    objective=ServiceObjective(ttft_base_s=2.0, tpot_s=0.05),
    cold_start_s=90.0,
    min_replicas=0,
    max_replicas=100,
)


def seen(now_s: float, running: int, starting: int = 0, **values: Any) -> StepObservation:
    known = {
        "num_arrivals": 0.0,
        "requests_running": 0.0,
        "requests_waiting": 0.0,
        "kv_cache_usage": 0.0,
        "interval_s": 10.0,
    }
    return StepObservation(
        now_s=now_s, replicas_running=running, replicas_starting=starting, **{**known, **values}
    )


def targets(policy: Policy, observations: Iterable[StepObservation]) -> list[int]:
    return [policy.step(one).target_replicas for one in observations]


def test_ray_goes_up_after_30_s_and_down_after_600_s_straight_to_what_is_wanted() -> None:
    policy = build("ray", SETTING)  # two ongoing requests each
    up = targets(policy, (seen(now, 1, requests_running=20.0) for now in range(10, 60, 10)))
    assert up == [1, 1, 1, 10, 1]
    policy = build("ray", SETTING)
    down = targets(policy, (seen(now, 10, requests_running=4.0) for now in range(10, 640, 10)))
    assert down[:60] == [10] * 60
    assert down[60] == 2


def test_ray_reaches_zero_only_from_one_and_leaves_it_at_once() -> None:
    policy = build("ray", SETTING)
    down = targets(policy, (seen(now, 4) for now in range(10, 640, 10)))
    assert min(down) == 1
    assert build("ray", SETTING).step(seen(10, 0, requests_waiting=1.0)).target_replicas == 1


def test_hpa_grows_by_four_or_doubles_and_shrinks_to_the_highest_of_300_s() -> None:
    policy = build("hpa", SETTING, 10)
    assert policy.step(seen(15, 1, requests_running=1000.0)).target_replicas == 5
    assert policy.step(seen(30, 20, requests_running=1000.0)).target_replicas == 40
    policy = build("hpa", SETTING, 10)
    policy.step(seen(15, 8, requests_running=80.0))
    assert policy.step(seen(30, 8, requests_running=10.0)).target_replicas == 8
    assert policy.step(seen(30 + 301, 8, requests_running=10.0)).target_replicas == 1


@given(st.floats(0.91, 1.09))
def test_hpa_leaves_a_tenth_alone(ratio: float) -> None:
    policy = build("hpa", SETTING, 10)
    assert policy.step(seen(15, 10, requests_running=100 * ratio)).target_replicas == 10


def test_hpa_counts_starting_pods_as_idle_upwards_and_at_target_downwards() -> None:
    up = build("hpa", SETTING, 10).step(seen(15, 1, starting=4, requests_running=50.0))
    assert up.target_replicas == 5  # 50 over 10, the four that start are among them
    policy = build("hpa", SETTING, 10)
    assert policy.step(seen(15, 1, starting=4, requests_running=10.0)).target_replicas == 5


def test_keda_counts_what_waits_and_goes_to_zero_after_its_cooldown() -> None:
    policy = build("keda", SETTING, 2)
    assert policy.step(seen(15, 0, requests_waiting=1.0)).target_replicas == 1
    assert policy.step(seen(30, 1, requests_waiting=9.0)).target_replicas == 5
    assert policy.step(seen(45, 5, requests_waiting=0.0)).target_replicas == 5
    assert policy.step(seen(30 + 299, 5)).target_replicas > 0
    assert policy.step(seen(30 + 300, 5)).target_replicas == 0


def test_knative_panics_at_twice_and_never_shrinks_in_a_panic() -> None:
    policy = build("knative", SETTING, 10)  # seven each
    calm = targets(policy, (seen(now, 1, requests_running=6.0) for now in range(2, 62, 2)))
    assert set(calm) == {1}
    panic = targets(policy, (seen(now, 1, requests_running=140.0) for now in (62, 64, 66)))
    assert panic[-1] == 20
    after = targets(policy, (seen(now, 20, requests_running=0.0) for now in range(68, 120, 2)))
    assert set(after) == {20}


def test_knative_reaches_zero_after_60_s_and_30_s() -> None:
    policy = build("knative", SETTING, 10)
    policy.step(seen(2, 1, requests_running=1.0))
    looks = list(range(4, 120, 2))
    found = targets(policy, (seen(now, 1) for now in looks))
    assert looks[found.index(0)] == pytest.approx(2 + 60 + 30, abs=4)


def test_skyserve_goes_up_after_300_s_and_down_after_1200_s() -> None:
    target_qps = 0.7 * capacity(SETTING, 1000, 200).requests_per_s
    busy = {"num_arrivals": 20 * 3.5 * target_qps, "interval_s": 20.0}
    looks = list(range(20, 700, 20))
    up = targets(build("skyserve", SETTING), (seen(now, 1, **busy) for now in looks))
    assert looks[next(i for i, one in enumerate(up) if one > 1)] == pytest.approx(300, abs=60)
    assert max(up) == 4
    looks = list(range(20, 1400, 20))
    down = targets(build("skyserve", SETTING), (seen(now, 4) for now in looks))
    assert looks[next(i for i, one in enumerate(down) if one < 4)] == pytest.approx(1220, abs=20)


def traffic(rate_per_s: float, interval_s: float = 180.0) -> dict[str, float]:
    count = rate_per_s * interval_s
    return {
        "interval_s": interval_s, "num_arrivals": count, "num_finished": count,
        "finished_input_tokens": 1000 * count, "finished_output_tokens": 200 * count,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["dynamo-last", "dynamo-kalman"])
def test_dynamo_divides_by_the_engine_moves_by_eight_and_waits_for_the_pending(name: str) -> None:
    one = capacity(SETTING, 1000, 200).requests_per_s
    assert build(name, SETTING).step(seen(180, 3, **traffic(4.5 * one))).target_replicas == 5
    assert build(name, SETTING).step(seen(180, 3, **traffic(50 * one))).target_replicas == 11
    assert build(name, SETTING).step(seen(180, 30, **traffic(1.0))).target_replicas == 22
    pending = seen(180, 3, starting=1, **traffic(50 * one))
    assert build(name, SETTING).step(pending).target_replicas == 4


def test_dynamo_adds_one_when_over_the_slo_and_takes_one_where_the_rest_could_carry_it() -> None:
    policy = build("dynamo-load", SETTING)
    full = {"requests_running": 2 * 256.0, "kv_cache_usage": 0.95, "requests_waiting": 200.0}
    assert policy.step(seen(5, 2, **full)).target_replicas == 3
    assert policy.step(seen(10, 2, requests_running=2.0)).target_replicas == 1
    assert policy.step(seen(15, 1, requests_running=0.0)).target_replicas == 1


def test_a_kalman_trend_follows_a_ramp_ahead_of_its_last_value() -> None:
    predictor = KalmanTrend()
    predicted = [predictor.next(100 + 10 * step) for step in range(60)]
    assert predicted[-1] == pytest.approx(100 + 10 * 60, rel=0.01)


def test_wva_moves_by_one_and_is_frozen_while_anything_starts() -> None:
    policy = build("wva", SETTING)
    assert policy.step(seen(30, 4, kv_cache_usage=0.75)).target_replicas == 5
    assert policy.step(seen(60, 4, requests_waiting=12.0)).target_replicas == 5
    assert policy.step(seen(90, 4, starting=1, kv_cache_usage=0.75)).target_replicas == 5
    assert policy.step(seen(120, 4, kv_cache_usage=0.3)).target_replicas == 3
    assert policy.step(seen(150, 4, kv_cache_usage=0.6)).target_replicas == 4


def test_aibrix_doubles_at_most_and_halves_at_most() -> None:
    assert build("aibrix", SETTING, 0.2).step(seen(10, 4, kv_cache_usage=0.9)).target_replicas == 8
    assert (
        build("aibrix", SETTING, 0.5).step(seen(10, 4, kv_cache_usage=0.01)).target_replicas == 2
    )
    assert (
        build("aibrix", SETTING, 0.5).step(seen(10, 4, kv_cache_usage=0.52)).target_replicas == 4
    )


def test_naive_is_ready_for_what_yesterday_had_at_this_time() -> None:
    policy = build("naive", SETTING)
    one = capacity(SETTING, 1000, 200).requests_per_s
    found: dict[float, int] = {}
    for step in range(1, 2 * 2880):
        now_s = step * 30.0
        busy = 36_000 <= now_s % 86_400 < 40_000
        rate = (4.0 if busy else 0.5) * one
        found[now_s] = policy.step(seen(now_s, 5, **traffic(rate, 30.0))).target_replicas
    assert found[36_000.0 - 60] == 1  # the first day knows of nothing
    assert found[86_400.0 + 36_000 - 60] == 5  # four, and the headroom


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "fixed"])
def test_what_was_not_observed_is_not_zero(name: str) -> None:
    blind = StepObservation(
        now_s=100.0, interval_s=10.0, num_arrivals=None, replicas_running=5, replicas_starting=0
    )
    assert build(name, SETTING).step(blind).target_replicas == 5


@given(
    name=st.sampled_from(sorted(BASELINES)),
    running=st.integers(0, 100),
    starting=st.integers(0, 20),
    load=st.floats(0, 1e5),
    kv=st.floats(0, 1),
)
def test_every_answer_is_a_whole_number_inside_the_bounds(
    name: str, running: int, starting: int, load: float, kv: float
) -> None:
    policy = build(name, SETTING)
    busy = {
        "requests_running": load, "requests_waiting": load / 3, "kv_cache_usage": kv, **traffic(load / 60)
    }  # fmt: skip
    for now in (20.0, 400.0, 800.0):
        answer = policy.step(seen(now, running, starting, **busy)).target_replicas
        assert isinstance(answer, int)
        assert 0 <= answer <= max(100, running + starting + 1)


def test_capacity_keeps_the_objective_and_falls_with_longer_requests() -> None:
    short, long = capacity(SETTING, 500, 100), capacity(SETTING, 2000, 400)
    assert short.requests_per_s > long.requests_per_s > 0
    step_s = MODEL.step_s(batch=long.batch, kv_tokens=long.batch * 2200)
    share = long.requests_per_s * 2000 * MODEL.step_per_prefill_token_s
    assert step_s / (1 - share) <= SETTING.objective.tpot_s * (1 + 1e-6)
    assert math.isclose(long.batch, long.requests_per_s * 400 * step_s / (1 - share), rel_tol=1e-6)


class Outsider:
    """Somebody else's, with one of our keyword arguments."""

    def __init__(self, *, max_replicas: int) -> None:
        self.most = max_replicas

    def step(self, observation: StepObservation) -> StepDecision:
        return StepDecision(target_replicas=self.most, reason="all of them")


class Plain:
    def step(self, observation: StepObservation) -> StepDecision:
        return StepDecision(target_replicas=1, reason="one")


class Greedy:
    def __init__(self, secret: str) -> None: ...


class Stepless: ...


def test_a_policy_of_somebody_elses_gets_the_arguments_its_signature_names() -> None:
    here = "test_policies"
    assert load_policy(f"{here}:Outsider", SETTING).step(seen(1, 1)).target_replicas == 100
    assert load_policy(f"{here}:Plain", SETTING).step(seen(1, 1)).target_replicas == 1
    ours = load_policy("advisor.policy:AdvisorPolicy", SETTING)
    assert ours.step(seen(10, 2)).target_replicas >= 0


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("no_such_module_here:Policy", "No module named"),
        ("test_policies:Missing", "has no attribute"),
        ("test_policies:Greedy", "missing 1 required"),
        ("test_policies:Stepless", "has no step"),
    ],
)
def test_a_policy_that_cannot_be_built_is_one_error(path: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why) as raised:
        load_policy(path, SETTING)
    assert path in str(raised.value)
