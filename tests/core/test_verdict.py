"""Predictions are judged when due, under their own conditions, by what was observed and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.verdict import (
    EVERY_S,
    GRACE_S,
    NUM_VERDICTS,
    SIMILAR_LOAD,
    Conditions,
    Promise,
    Standing,
    Verdict,
    Verdicts,
    why_not_comparable,
)

UNDER = Conditions(
    accelerator="L4-24GB", tp_degree=1, replicas=2, requests_per_s=3.0, isl=500.0, osl=100.0
)


def promise(at_s: float, tpot_s: float = 0.02, **more: object) -> Promise:
    return Promise(
        at_s=at_s,
        due_s=at_s + 60.0,
        predicted={"tpot_p95_s": tpot_s, "ttft_p95_s": 0.5},
        **more,  # type: ignore[arg-type]
    )


def test_a_promise_is_judged_once_when_it_is_due() -> None:
    verdicts = Verdicts()
    verdicts.promise(promise(0.0))
    assert verdicts.observe(now_s=59.0, observed={"tpot_p95_s": 0.03}) == []
    (found,) = verdicts.observe(now_s=60.0, observed={"tpot_p95_s": 0.03, "ttft_p95_s": None})
    assert found.judged_s == 60.0
    assert found.observed == {"tpot_p95_s": 0.03}
    assert found.log_ratio("tpot_p95_s") == pytest.approx(math.log(1.5))
    assert found.log_ratio("ttft_p95_s") is None
    assert found.log_ratio("e2e_p95_s") is None
    assert verdicts.observe(now_s=61.0, observed={"tpot_p95_s": 0.03}) == []


def test_where_nothing_was_observed_the_promise_stays_open_for_an_hour() -> None:
    verdicts = Verdicts()
    verdicts.promise(promise(0.0))
    assert verdicts.observe(now_s=60.0 + GRACE_S - 1.0, observed={"tpot_p95_s": None}) == []
    (late,) = verdicts.observe(now_s=60.0 + GRACE_S, observed={})
    assert late.not_comparable == "nothing was observed"
    assert late.judged_s == 60.0 + GRACE_S
    assert verdicts.summary("tpot_p95_s") is None
    verdicts.promise(promise(5000.0))
    assert len(verdicts.observe(now_s=5100.0, observed={"tpot_p95_s": 0.02})) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"accelerator": "T4-16GB"}, "runs on T4-16GB, promised for L4-24GB"),
        ({"accelerator": None}, "runs on what is not known, promised for L4-24GB"),
        ({"tp_degree": 2}, "2 devices a replica, promised for 1"),
        ({"replicas": 3}, "3 replicas, promised for 2"),
        ({"requests_per_s": 3.0 * SIMILAR_LOAD}, None),
        ({"requests_per_s": 3.0 / SIMILAR_LOAD}, None),
        ({"requests_per_s": 3.7}, "requests_per_s is 3.7, promised for 3"),
        ({"requests_per_s": 2.4}, "requests_per_s is 2.4, promised for 3"),
        ({"requests_per_s": None}, "requests_per_s was not observed"),
        ({"isl": 601.0}, "isl is 601, promised for 500"),
        ({"osl": 80.0}, "osl is 80, promised for 100"),
        ({"osl": math.nan}, "osl is nan, promised for 100"),
    ],
)
def test_only_what_was_promised_for_is_compared(
    change: dict[str, float], reason: str | None
) -> None:
    assert why_not_comparable(UNDER, replace(UNDER, **change)) == reason


def test_what_was_not_promised_is_not_asked_for() -> None:
    assert why_not_comparable(Conditions(), UNDER) is None
    assert why_not_comparable(Conditions(), Conditions()) is None


def test_a_rate_that_was_not_promised_leaves_the_lengths_to_be_compared() -> None:
    lengths = replace(UNDER, requests_per_s=None)
    assert why_not_comparable(lengths, replace(UNDER, isl=900.0)) == (
        "isl is 900, promised for 500"
    )


def test_what_is_not_comparable_has_no_error_whatever_was_seen() -> None:
    seen = {"tpot_p95_s": 0.02, "e2e_p95_s": 1.0}
    verdict = Verdict(promise=promise(0.0), judged_s=60.0, observed=seen)
    assert verdict.log_ratio("tpot_p95_s") == pytest.approx(0.0)
    assert verdict.log_ratio("e2e_p95_s") is None  # not promised
    assert replace(verdict, not_comparable="of late").log_ratio("tpot_p95_s") is None


def test_a_promise_waits_for_its_conditions_and_then_gives_up_with_the_reason() -> None:
    verdicts = Verdicts()
    seen = {"tpot_p95_s": 0.02}
    verdicts.promise(promise(0.0, conditions=UNDER))
    elsewhere = replace(UNDER, replicas=1)
    assert verdicts.observe(now_s=100.0, observed=seen, came=elsewhere) == []
    assert verdicts.standing().num_open == 1
    (found,) = verdicts.observe(now_s=60.0 + GRACE_S, observed=seen, came=elsewhere)
    assert found.not_comparable == "1 replicas, promised for 2"
    assert found.observed == {}
    assert found.log_ratio("tpot_p95_s") is None
    assert verdicts.standing() == Standing(num_not_comparable=1, last=found)


def test_readings_from_before_the_change_judge_nothing() -> None:
    verdicts = Verdicts()
    seen = {"tpot_p95_s": 0.02}
    verdicts.promise(promise(0.0, conditions=UNDER))
    verdicts.observe(now_s=50.0, observed=seen, came=replace(UNDER, replicas=1), window_s=60.0)
    assert verdicts.observe(now_s=65.0, observed=seen, came=UNDER, window_s=60.0) == []
    assert verdicts.observe(now_s=124.0, observed=seen, came=UNDER, window_s=60.0) == []
    assert len(verdicts.observe(now_s=125.0, observed=seen, came=UNDER, window_s=60.0)) == 1
    verdicts.promise(promise(200.0, conditions=replace(UNDER, replicas=3)))
    verdicts.observe(now_s=210.0, observed=seen, came=UNDER, window_s=60.0)
    changed = replace(UNDER, replicas=3)
    (late,) = verdicts.observe(now_s=260.0 + GRACE_S, observed=seen, came=changed, window_s=60.0)
    assert late.not_comparable == "the deployment had only just changed"


def test_another_load_is_no_change_of_the_deployment() -> None:
    verdicts = Verdicts()
    verdicts.promise(promise(0.0, conditions=UNDER))
    verdicts.observe(now_s=0.0, observed={}, came=UNDER, window_s=60.0)
    busier = replace(UNDER, requests_per_s=3.3)
    assert verdicts.observe(now_s=60.0, observed={"tpot_p95_s": 0.02}, came=busier, window_s=60.0)


def test_the_same_deployment_is_promised_for_once_in_ten_minutes() -> None:
    verdicts = Verdicts()
    assert verdicts.wants(UNDER, 0.0)
    verdicts.promise(promise(0.0, conditions=UNDER))
    assert not verdicts.wants(UNDER, 0.0)
    for at_s, replicas in [(0.0, 7), (10.0, 8)]:
        verdicts.promise(promise(at_s, conditions=replace(UNDER, replicas=replicas)))
    assert not verdicts.wants(UNDER, 20.0), "promises for others do not make it news"
    assert not verdicts.wants(replace(UNDER, requests_per_s=9.0), EVERY_S - 1.0)
    assert verdicts.wants(replace(UNDER, replicas=3), 1.0)
    assert verdicts.wants(UNDER, EVERY_S)
    assert verdicts.wants(UNDER, -1.0), "a clock that was set back does not silence it"
    verdicts.promise(promise(2 * EVERY_S, conditions=replace(UNDER, replicas=3)))
    assert len(verdicts._promised_s) == 1, "old ones are forgotten"


def test_a_promise_that_silences_nothing_any_more_is_forgotten() -> None:
    verdicts = Verdicts()
    verdicts.promise(promise(0.0, conditions=UNDER))
    verdicts.promise(promise(EVERY_S, conditions=replace(UNDER, replicas=3)))
    assert len(verdicts._promised_s) == 1


@given(ratio=st.floats(0.1, 10.0), count=st.integers(1, 40))
def test_a_constant_error_is_found_with_no_spread(ratio: float, count: int) -> None:
    verdicts = Verdicts()
    for number in range(count):
        tpot_s = 0.02 * (1 + number % 3)
        verdicts.promise(promise(number * 100.0, tpot_s=tpot_s))
        verdicts.observe(now_s=number * 100.0 + 60.0, observed={"tpot_p95_s": tpot_s * ratio})
    (summary,) = verdicts.standing().errors
    assert (summary.name, summary.count) == ("tpot_p95_s", count)
    assert summary.median_ratio == pytest.approx(ratio)
    assert summary.spread == pytest.approx(1.0)


def test_the_spread_is_the_median_distance_as_a_factor() -> None:
    verdicts = Verdicts()
    for number, ratio in enumerate([0.5, 1.0, 1.0, 2.0, 4.0]):
        verdicts.promise(promise(number * 100.0))
        verdicts.observe(now_s=number * 100.0 + 60.0, observed={"tpot_p95_s": 0.02 * ratio})
    summary = verdicts.summary("tpot_p95_s")
    assert summary is not None
    assert summary.median_ratio == pytest.approx(1.0)
    assert summary.spread == pytest.approx(2.0)


@pytest.mark.parametrize("odd", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_latency_counts_for_nothing(odd: float) -> None:
    verdicts = Verdicts()
    for number in range(10):
        verdicts.promise(promise(number * 100.0))
        verdicts.observe(now_s=number * 100.0 + 60.0, observed={"tpot_p95_s": odd})
        verdicts.promise(promise(number * 100.0 + 1.0, tpot_s=odd))
        verdicts.observe(now_s=number * 100.0 + 61.0, observed={"tpot_p95_s": 0.02})
    assert verdicts.summary("tpot_p95_s") is None
    assert verdicts.standing().num_comparable == 20


def test_after_a_restart_it_goes_on_where_it_was() -> None:
    judged = Verdict(promise=promise(0.0), judged_s=60.0, observed={"tpot_p95_s": 0.04})
    verdicts = Verdicts()
    verdicts.restore([promise(500.0, conditions=UNDER)], [judged])
    assert not verdicts.wants(UNDER, 600.0)
    assert verdicts.wants(UNDER, 1100.0)
    assert not verdicts.wants(Conditions(), 500.0)
    standing = verdicts.standing()
    assert (standing.num_open, standing.num_comparable, standing.last) == (1, 1, judged)
    assert len(verdicts.observe(now_s=560.0, observed={"tpot_p95_s": 0.02}, came=UNDER)) == 1


def test_what_is_remembered_is_bounded() -> None:
    verdicts = Verdicts()
    verdicts.observe(now_s=0.0, observed={})
    for number in range(3 * NUM_VERDICTS):
        verdicts.promise(promise(float(number)))
    assert verdicts.standing().num_open == NUM_VERDICTS
    verdicts.observe(now_s=1e6, observed={"tpot_p95_s": 0.02})
    verdicts.promise(promise(2e6))
    verdicts.observe(now_s=2e6 + 60.0, observed={"tpot_p95_s": 0.02})
    assert verdicts.standing().num_comparable == NUM_VERDICTS
