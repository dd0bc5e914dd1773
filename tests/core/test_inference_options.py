"""I1: the four inference options, every limit at its boundary and one beside it, and what each costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.inference_options import (
    GB,
    MB,
    SAGEMAKER_LIMITS,
    Choice,
    Hardware,
    Job,
    Limits,
    break_even_idle_share,
    choose_option,
)
from advisor.core.objective import Mode

REAL_TIME, SERVERLESS, ASYNC, BATCH = Mode
FLEET = Hardware(usd_per_hour=4.5, max_requests_per_s=40.0, cold_start_s=90.0)
# Small, fast, patient, often idle, and all there at the start: nothing is excluded.
EASY = Job(
    payload_bytes=1000, processing_s=1.0, requests_per_s=0.5, idle_share=0.9, gaps_per_hour=0.1, inputs_known=True
)  # fmt: skip


def able(choice: Choice) -> set[Mode]:
    return {option.mode for option in choice.options if option.excluded is None}


@pytest.mark.parametrize(
    ("payload_bytes", "modes"),
    [
        (0, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (4 * MB - 1, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (4 * MB, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (4 * MB + 1, {REAL_TIME, ASYNC, BATCH}),
        (6 * MB - 1, {REAL_TIME, ASYNC, BATCH}),
        (6 * MB, {REAL_TIME, ASYNC, BATCH}),
        (6 * MB + 1, {ASYNC, BATCH}),
        (1 * GB - 1, {ASYNC, BATCH}),
        (1 * GB, {ASYNC, BATCH}),
        (1 * GB + 1, {BATCH}),
        (100 * GB, {BATCH}),
    ],
)
def test_the_size_of_a_request_excludes_what_its_limit_says(
    payload_bytes: float, modes: set[Mode]
) -> None:
    assert able(choose_option(replace(EASY, payload_bytes=payload_bytes), FLEET)) == modes


@pytest.mark.parametrize(
    ("processing_s", "modes"),
    [
        (59, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (60, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (61, {ASYNC, BATCH}),
        (3599, {ASYNC, BATCH}),
        (3600, {ASYNC, BATCH}),
        (3601, {BATCH}),
        (86_400, {BATCH}),
    ],
)
def test_the_time_of_a_request_excludes_what_its_limit_says(
    processing_s: float, modes: set[Mode]
) -> None:
    assert able(choose_option(replace(EASY, processing_s=processing_s), FLEET)) == modes


# At a fleet that starts in 90 s, is kept for no longer, and drains and starts jobs every hour and day.
@pytest.mark.parametrize(
    ("max_answer_s", "modes"),
    [
        (1, {REAL_TIME}),
        (90, {REAL_TIME}),
        (91, {REAL_TIME, SERVERLESS}),
        (3600 + 90, {REAL_TIME, SERVERLESS}),
        (3600 + 91, {REAL_TIME, SERVERLESS, ASYNC}),
        (86_400 + 90, {REAL_TIME, SERVERLESS, ASYNC}),
        (86_400 + 91, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
    ],
)
def test_an_answer_that_must_come_soon_excludes_what_waits(
    max_answer_s: float, modes: set[Mode]
) -> None:
    assert able(choose_option(replace(EASY, max_answer_s=max_answer_s), FLEET)) == modes


def test_inputs_that_come_one_by_one_are_no_batch_job() -> None:
    choice = choose_option(replace(EASY, inputs_known=False), FLEET)
    assert able(choice) == {REAL_TIME, SERVERLESS, ASYNC}
    assert "one by one" in (choice.option(BATCH).excluded or "")


def test_an_idle_share_that_is_not_known_never_scales_to_zero() -> None:
    choice = choose_option(replace(EASY, idle_share=None), FLEET)
    assert SERVERLESS not in able(choice)


def test_a_limit_names_itself_and_what_is_over_it() -> None:
    choice = choose_option(replace(EASY, payload_bytes=6 * MB + 1, processing_s=3601), FLEET)
    assert choice.mode is BATCH
    assert choice.option(REAL_TIME).excluded == "a request of 6,291,457 bytes is over its 6 MB"
    assert choice.option(SERVERLESS).excluded == "a request of 6,291,457 bytes is over its 4 MB"
    assert choice.option(ASYNC).excluded == "3601 s of processing are over its 3600 s"


def test_nothing_left_is_an_answer() -> None:
    choice = choose_option(replace(EASY, payload_bytes=2 * GB, inputs_known=False), FLEET)
    assert choice.mode is None
    assert all(option.excluded for option in choice.options)
    overload = choose_option(replace(EASY, requests_per_s=40.5), FLEET)
    assert overload.mode is None
    assert "40 that the fleet sustains" in (overload.option(REAL_TIME).excluded or "")


def test_limits_are_the_users_to_change() -> None:
    wider = {**SAGEMAKER_LIMITS, REAL_TIME: Limits(payload_bytes=25 * MB)}
    job = replace(EASY, payload_bytes=20 * MB, processing_s=300)
    assert REAL_TIME in able(choose_option(job, FLEET, limits=wider))
    assert REAL_TIME not in able(choose_option(job, FLEET))


# --- cost


def test_the_cost_of_all_four_side_by_side() -> None:
    """4.50 $/h; idle 90 %, a gap every ten hours; 0.5 of 40 requests/s."""
    choice = choose_option(EASY, FLEET)
    hourly = [option.usd_per_hour for option in choice.options]
    assert hourly == pytest.approx(
        [4.5, 4.5 * (0.1 + 0.1 * 390 / 3600), 4.5 * (0.0125 + 0.025), 4.5 * (0.0125 + 90 / 86_400)]
    )
    assert choice.mode is BATCH
    assert choice.options[0].usd_per_month == 3240
    assert [option.name for option in choice.options] == [
        "real-time",
        "serverless",
        "asynchronous",
        "batch transform",
    ]


def test_traffic_that_never_stops_stays_always_on() -> None:
    busy = replace(EASY, idle_share=0.0, gaps_per_hour=0.0, requests_per_s=39.9, max_answer_s=120)
    choice = choose_option(busy, FLEET)
    assert choice.mode is REAL_TIME
    assert "simpler" in choice.reason


jobs = st.builds(
    Job,
    payload_bytes=st.floats(0, 2 * GB),
    processing_s=st.floats(0, 4000),
    requests_per_s=st.floats(0, 50),
    max_answer_s=st.none() | st.floats(0, 100_000),
    idle_share=st.none() | st.floats(0, 1),
    gaps_per_hour=st.floats(0, 30),
    inputs_known=st.booleans(),
)
fleets = st.builds(
    Hardware,
    usd_per_hour=st.floats(0.1, 500),
    max_requests_per_s=st.floats(0.1, 100),
    cold_start_s=st.floats(0, 900),
    idle_timeout_s=st.floats(0, 1800),
    drain_every_s=st.floats(60, 86_400),
    job_every_s=st.floats(3600, 604_800),
)


@given(jobs, fleets)
def test_the_choice_is_the_cheapest_that_nothing_excludes(job: Job, fleet: Hardware) -> None:
    choice = choose_option(job, fleet)
    left = [option for option in choice.options if option.excluded is None]
    assert (choice.mode is None) == (not left)
    if choice.mode is not None:
        chosen = choice.option(choice.mode)
        assert chosen in left
        assert chosen.usd_per_hour == min(option.usd_per_hour for option in left)
    assert [option.mode for option in choice.options] == list(Mode)


@given(jobs, fleets)
def test_no_option_costs_more_than_being_always_on(job: Job, fleet: Hardware) -> None:
    for option in choose_option(job, fleet).options:
        assert 0 <= option.usd_per_hour <= fleet.usd_per_hour


@given(jobs, fleets, st.floats(0, 1), st.floats(0, 1))
def test_more_idle_time_never_costs_more(job: Job, fleet: Hardware, a: float, b: float) -> None:
    less, more = sorted((a, b))
    costs = [
        choose_option(replace(job, idle_share=share), fleet).option(SERVERLESS).usd_per_hour
        for share in (less, more)
    ]
    assert costs[1] <= costs[0] * (1 + 1e-12)


@given(jobs, fleets)
def test_looser_limits_never_exclude_more(job: Job, fleet: Hardware) -> None:
    wide = dict.fromkeys(Mode, Limits())
    assert able(choose_option(job, fleet)) <= able(choose_option(job, fleet, limits=wide))


@given(jobs, fleets)
def test_scale_to_zero_is_cheaper_exactly_above_the_break_even_idle_share(
    job: Job, fleet: Hardware
) -> None:
    share = break_even_idle_share(job, fleet)
    for idle, cheaper in ((share + 1e-6, True), (share - 1e-6, False)):
        if 0 <= idle <= 1:
            cost = choose_option(replace(job, idle_share=idle), fleet).option(SERVERLESS)
            assert (cost.usd_per_hour < fleet.usd_per_hour) is cheaper


@pytest.mark.parametrize(
    "wrong",
    [
        {"payload_bytes": -1},
        {"processing_s": float("nan")},
        {"requests_per_s": -0.1},
        {"idle_share": 1.5},
    ],
)
def test_absurd_input_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"not negative|between 0 and 1"):
        choose_option(replace(EASY, **wrong), FLEET)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="above zero"):
        choose_option(EASY, replace(FLEET, usd_per_hour=0))
