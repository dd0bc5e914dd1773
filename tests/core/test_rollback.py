"""A8: back to the last good within two intervals, one retry, then frozen and told."""

from __future__ import annotations

import pytest
from applying import INTERVAL_S, ApplyingMachine
from hypothesis import settings

from advisor.core.rollback import (
    FORGET_FAILURE_S,
    GOOD_INTERVALS,
    NUM_FAILURES,
    RETRY_AFTER_S,
    TAKE_INTERVALS,
    Deployed,
    Health,
    Order,
    Rollback,
    Stage,
)

TestApplying = ApplyingMachine.TestCase
TestApplying.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

L4, H100 = Deployed(kind="L4", replicas=4), Deployed(kind="H100", replicas=1)
FINE, WORSE, UNKNOWN = Health(miss_share=0.0), Health(miss_share=0.2), Health(miss_share=None)
CRASHING = Health(miss_share=None, crash_looping=True)
NOTHING = Order()


class Rig:
    """Applies, and lets intervals pass."""

    def __init__(self, good: Deployed = L4) -> None:
        self.now_s, self.rollback = 0.0, Rollback(last_good=good)

    def apply(self, target: Deployed, before: Health = FINE) -> None:
        self.rollback.applied(target, before=before, now_s=self.now_s)

    def see(self, running: Deployed | None, health: Health = FINE) -> Order:
        self.now_s += INTERVAL_S
        return self.rollback.see(running, health, now_s=self.now_s)


def test_worse_service_is_taken_back_at_the_second_interval() -> None:
    rig = Rig()
    rig.apply(H100)
    assert rig.see(H100, WORSE) == NOTHING
    order = rig.see(H100, WORSE)
    assert (order.target, order.notify) == (L4, None)
    assert order.reason == "back to 4 x L4 from 1 x H100: 20.0% of the requests miss"
    assert rig.rollback.stage is Stage.BACK


def test_a_crash_loop_is_taken_back_at_once() -> None:
    rig = Rig()
    rig.apply(H100)
    assert rig.see(H100, CRASHING).target == L4


def test_one_worse_interval_between_good_ones_is_no_reason() -> None:
    rig = Rig()
    rig.apply(H100)
    for health in (WORSE, FINE, WORSE, FINE):
        assert rig.see(H100, health) == NOTHING


def test_what_was_not_observed_is_neither_good_nor_bad() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, WORSE)
    for _ in range(GOOD_INTERVALS):
        assert rig.see(H100, UNKNOWN) == NOTHING
        assert rig.see(None, WORSE) == NOTHING
    assert rig.rollback.stage is Stage.TRIAL
    assert rig.see(H100, WORSE).target == L4


def test_going_back_is_ordered_until_it_is_seen_and_nothing_else_is_applied() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, CRASHING)
    assert rig.see(H100, FINE) == Order(target=L4, reason="1 x H100 is not 4 x L4 yet")
    assert rig.see(H100, FINE).target == L4
    refusal = rig.rollback.refusal(Deployed(kind="T4", replicas=2), rig.now_s)
    assert refusal == "going back to 4 x L4"
    assert rig.see(L4) == NOTHING
    assert rig.rollback.stage is Stage.GOOD
    assert rig.rollback.refusal(Deployed(kind="T4", replicas=2), rig.now_s) is None


def test_it_is_tried_once_more_and_then_everything_is_frozen_and_told() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, CRASHING)
    failed_s = rig.now_s
    rig.see(L4)
    assert rig.rollback.refusal(H100, failed_s + 25.0) == "1 x H100 was taken back 25 s ago"
    assert rig.rollback.refusal(H100, failed_s + RETRY_AFTER_S - 0.1) is not None
    assert rig.rollback.refusal(H100, failed_s + RETRY_AFTER_S) is None
    rig.now_s = failed_s + RETRY_AFTER_S
    rig.apply(H100)
    why = "back to 4 x L4 from 1 x H100: its replicas die as they start"
    assert rig.see(H100, CRASHING) == Order(target=L4, reason=why, notify=f"frozen, {why}, twice")
    assert rig.see(L4) == NOTHING
    frozen = rig.rollback.refusal(L4, rig.now_s + 1e6)
    assert frozen == "frozen: 1 x H100 failed twice: its replicas die as they start"
    with pytest.raises(ValueError, match="applied against: frozen"):
        rig.apply(L4)
    rig.rollback.thaw()
    assert rig.see(L4) == NOTHING
    assert rig.rollback.stage is Stage.GOOD
    rig.apply(H100)
    assert rig.see(H100, CRASHING).notify is None  # counted afresh


def test_a_thaw_does_not_make_good_what_still_runs() -> None:
    rig = Rig()
    for _ in range(2):
        rig.apply(H100)
        rig.see(H100, CRASHING)
        rig.now_s += RETRY_AFTER_S
        if rig.rollback.stage is Stage.BACK:
            rig.see(L4)
    rig.rollback.thaw()
    assert rig.see(H100).target == L4
    assert rig.rollback.last_good == L4


def test_what_was_just_taken_back_cannot_be_applied() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, WORSE)
    rig.see(H100, WORSE)
    rig.see(L4)
    assert rig.rollback.refusal(H100, rig.now_s) == "1 x H100 was taken back 15 s ago"
    with pytest.raises(ValueError, match="applied against: 1 x H100 was taken back 15 s ago"):
        rig.apply(H100)


def test_frozen_still_goes_back() -> None:
    rig = Rig()
    for _ in range(2):
        rig.apply(H100)
        rig.see(H100, CRASHING)
        rig.now_s += RETRY_AFTER_S
        stage = rig.rollback.stage
        assert rig.see(H100).target == L4
        rig.see(L4)
    assert stage is rig.rollback.stage is Stage.FROZEN
    assert rig.see(H100).target == L4


def test_a_thaw_before_it_was_seen_back_does_not_end_the_going_back() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, CRASHING)
    rig.rollback.thaw()
    assert rig.rollback.stage is Stage.BACK


def test_a_failure_is_forgotten_after_a_day() -> None:
    for wait_s, told in [(FORGET_FAILURE_S - INTERVAL_S, True), (FORGET_FAILURE_S, False)]:
        rig = Rig()
        rig.apply(H100)
        rig.see(H100, CRASHING)
        rig.see(L4)
        rig.now_s = wait_s - 1.0 if told else wait_s
        rig.apply(H100)
        assert (rig.see(H100, CRASHING).notify is not None) is told


def test_some_good_intervals_make_it_the_last_good_and_forgive_a_failure() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, CRASHING)
    rig.see(L4)
    rig.now_s += RETRY_AFTER_S
    rig.apply(H100)
    for _ in range(GOOD_INTERVALS - 1):
        rig.see(H100)
    assert (rig.rollback.stage, rig.rollback.last_good) == (Stage.TRIAL, L4)
    rig.see(H100)
    assert (rig.rollback.stage, rig.rollback.last_good) == (Stage.GOOD, H100)
    rig.apply(L4)
    rig.see(L4, CRASHING)
    rig.see(H100)
    rig.apply(H100)
    assert rig.see(H100, CRASHING).notify is None


@pytest.mark.parametrize(
    ("before", "after", "back"),
    [
        (0.0, 0.02, False),
        (0.0, 0.021, True),
        (None, 0.021, True),
        (0.10, 0.12, False),
        (0.10, 0.121, True),
        (0.50, 0.30, False),
    ],
)
def test_worse_is_worse_than_before(before: float | None, after: float, back: bool) -> None:
    rig = Rig()
    rig.apply(H100, before=Health(miss_share=before))
    rig.see(H100, Health(miss_share=after))
    assert (rig.see(H100, Health(miss_share=after)).target == L4) is back


@pytest.mark.parametrize(
    ("target", "back"),
    [
        (Deployed(kind="L4", replicas=5), False),
        (Deployed(kind="L4", replicas=4), False),
        (Deployed(kind="L4", replicas=3), True),
        (Deployed(kind="H100", replicas=9), True),
    ],
)
def test_misses_while_replicas_are_added_come_from_the_load(target: Deployed, back: bool) -> None:
    rig = Rig()
    rig.apply(target)
    rig.see(target, WORSE)
    assert (rig.see(target, WORSE).target == L4) is back


def test_replicas_that_died_before_are_not_blamed_on_the_change() -> None:
    rig = Rig()
    rig.apply(H100, before=CRASHING)
    assert rig.see(H100, CRASHING) == NOTHING


def test_a_second_apply_during_a_trial_is_judged_by_what_was_before_the_first() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, WORSE)
    more = Deployed(kind="H100", replicas=2)
    rig.apply(more, before=WORSE)
    assert rig.see(more, WORSE).target == L4  # the second bad interval, whatever was applied


def test_the_next_trial_starts_afresh() -> None:
    rig = Rig()
    rig.apply(H100)
    rig.see(H100, WORSE)
    for _ in range(GOOD_INTERVALS):
        rig.see(H100)
    rig.apply(L4)
    assert rig.see(L4, WORSE) == NOTHING
    for _ in range(GOOD_INTERVALS - 1):
        rig.see(L4)
    assert rig.rollback.stage is Stage.TRIAL


def test_good_intervals_are_counted_from_the_last_bad_one() -> None:
    rig = Rig()
    rig.apply(H100)
    for _ in range(GOOD_INTERVALS - 1):
        rig.see(H100)
    rig.see(H100, WORSE)
    for _ in range(GOOD_INTERVALS - 1):
        rig.see(H100)
    assert rig.rollback.stage is Stage.TRIAL
    rig.see(H100)
    assert rig.rollback.stage is Stage.GOOD


def test_what_is_never_deployed_has_failed() -> None:
    rig = Rig()
    rig.apply(H100)
    for _ in range(TAKE_INTERVALS - 1):
        assert rig.see(L4) == NOTHING
    order = rig.see(L4)
    assert order.target == L4
    assert "not deployed within 4 intervals" in order.reason
    rig.see(L4)
    assert rig.rollback.refusal(H100, rig.now_s) == "1 x H100 was taken back 15 s ago"
    rig.now_s += RETRY_AFTER_S
    rig.apply(H100)
    assert rig.see(L4) == NOTHING  # counted afresh


def test_what_somebody_else_deploys_is_theirs() -> None:
    theirs = Deployed(kind="A100", replicas=2)
    rig = Rig()
    assert rig.see(theirs, CRASHING) == NOTHING
    assert rig.rollback.last_good == theirs
    rig.apply(H100)
    other = Deployed(kind="A100", replicas=3)
    assert rig.see(other, CRASHING) == NOTHING
    assert (rig.rollback.stage, rig.rollback.last_good) == (Stage.GOOD, other)


def test_what_is_remembered_is_bounded() -> None:
    rig = Rig()
    for replicas in range(1, NUM_FAILURES + 3):
        target = Deployed(kind="T4", replicas=replicas)
        rig.apply(target)
        rig.see(target, CRASHING)
        rig.see(L4)
    assert len(rig.rollback._failed_s) == NUM_FAILURES
    oldest, newest = (Deployed(kind="T4", replicas=count) for count in (1, NUM_FAILURES + 2))
    assert oldest not in rig.rollback._failed_s
    assert rig.rollback.refusal(newest, rig.now_s) is not None
