"""I1: the four inference options under a platform's limits, every limit at its boundary and one beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.idle_gaps import observed_gaps
from advisor.core.inference_options import GB, MB, SAGEMAKER_LIMITS, SAGEMAKER_NAME, Limits
from advisor.core.mode import ModeChoice, Supply, TrafficClass, choose_mode
from advisor.core.objective import Mode

REAL_TIME, SERVERLESS, ASYNC, BATCH = Mode
FLEET = Supply(usd_per_hour=4.5, replicas=1, saturated_requests_per_s=40.0, cold_start_s=90.0)
# Small, fast, patient, often idle: nothing is excluded.
EASY = TrafficClass(
    peak_requests_per_s=0.05,
    gaps=observed_gaps([9 * 3600.0], over_s=36_000.0, num_requests=100),
    payload_bytes=1000,
    processing_s=1.0,
    deadline_s=86_400.0,
)


def choose(**changes: float) -> ModeChoice:
    return choose_mode(replace(EASY, **changes), FLEET, limits=SAGEMAKER_LIMITS)


def able(choice: ModeChoice) -> set[Mode]:
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
    assert able(choose(payload_bytes=payload_bytes)) == modes


@pytest.mark.parametrize(
    ("processing_s", "modes"),
    [
        (59, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (60, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (61, {ASYNC, BATCH}),
        (3599, {ASYNC, BATCH}),
        (3600, {ASYNC, BATCH}),
        (3601, {BATCH}),
        (80_000, {BATCH}),
    ],
)
def test_the_time_of_a_request_excludes_what_its_limit_says(
    processing_s: float, modes: set[Mode]
) -> None:
    assert able(choose(processing_s=processing_s)) == modes


@pytest.mark.parametrize(
    ("at_once", "modes"),
    [
        (199, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (200, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
        (201, {REAL_TIME, ASYNC, BATCH}),
    ],
)
def test_requests_at_once_exclude_what_their_limit_says(at_once: float, modes: set[Mode]) -> None:
    assert able(choose(peak_requests_per_s=at_once)) == modes


# A start takes 90 s and the answer one: scale-to-zero may need 91 s, a queue has to wait for something besides.
@pytest.mark.parametrize(
    ("deadline_s", "modes"),
    [
        (1, {REAL_TIME}),
        (90, {REAL_TIME}),
        (91, {REAL_TIME, SERVERLESS}),
        (92, {REAL_TIME, SERVERLESS, ASYNC, BATCH}),
    ],
)
def test_an_answer_that_must_come_soon_excludes_what_waits(
    deadline_s: float, modes: set[Mode]
) -> None:
    assert able(choose(deadline_s=deadline_s)) == modes


def test_a_limit_names_itself_and_what_is_over_it() -> None:
    choice = choose(payload_bytes=6 * MB + 1, processing_s=3601)
    assert choice.mode is BATCH
    assert choice.option(REAL_TIME).excluded == "a request of 6,291,457 bytes is over its 6 MB"
    assert choice.option(SERVERLESS).excluded == "a request of 6,291,457 bytes is over its 4 MB"
    assert choice.option(ASYNC).excluded == "3601 s of processing are over its 3600 s"


def test_nothing_left_is_an_answer() -> None:
    soon = replace(EASY, payload_bytes=2 * GB, deadline_s=60.0)
    choice = choose_mode(soon, FLEET, limits=SAGEMAKER_LIMITS)
    assert not choice.feasible
    assert all(option.excluded for option in choice.options)


def test_limits_are_the_users_to_change() -> None:
    wider = {**SAGEMAKER_LIMITS, REAL_TIME: Limits(payload_bytes=25 * MB)}
    large = replace(EASY, payload_bytes=20 * MB, processing_s=300)
    assert REAL_TIME in able(choose_mode(large, FLEET, limits=wider))
    assert REAL_TIME not in able(choose_mode(large, FLEET, limits=SAGEMAKER_LIMITS))
    assert able(choose_mode(large, FLEET)) == set(Mode)


def test_the_cost_of_all_four_side_by_side() -> None:
    """4.50 $/h; idle 90 % in one gap of nine hours; 0.01 of 40 requests/s, drained once a day."""
    choice = choose()
    every_s = (86_400 - 91) / (1 + EASY.peak_requests_per_s / 40)
    queue = 4.5 * (100 / 36_000 / 40 + 90 / every_s)
    hourly = [option.usd_per_hour for option in choice.options]
    assert hourly == pytest.approx([4.5, 4.5 * (0.1 + 90 / 36_000), queue, queue])
    assert choice.mode is ASYNC
    assert choice.options[0].usd_per_month == 3240
    assert [SAGEMAKER_NAME[option.mode] for option in choice.options] == [
        "real-time",
        "serverless",
        "asynchronous",
        "batch transform",
    ]
