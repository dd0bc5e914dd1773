"""The mode as a decision in dollars: what each costs, which may serve, and when to change."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.core.idle_gaps import IdleGaps, assumed_gaps, observed_gaps
from advisor.core.inference_options import MB, SAGEMAKER_LIMITS
from advisor.core.mode import (
    MIN_SAVING_SHARE,
    ModeChoice,
    Supply,
    TrafficClass,
    choose_mode,
    choose_modes,
)
from advisor.core.objective import Latency, Mode, Slo
from advisor.core.queue_costs import batch_run

FAST = Slo(latency=Latency.TTFT, bound_s=0.3, percentile=95)
STRICT = Slo(latency=Latency.TTFT, bound_s=0.3, percentile=100)
PATIENT = Slo(latency=Latency.TTFT, bound_s=200, percentile=95)
STREAM = Slo(latency=Latency.TPOT, bound_s=0.05, percentile=99)
OVERNIGHT = Slo(latency=Latency.E2E, bound_s=8 * 3600, percentile=99)
H100 = Supply(usd_per_hour=2.5, replicas=1, saturated_requests_per_s=20.0, cold_start_s=90.0)
NIGHTS = observed_gaps([8 * 3600.0] * 7, over_s=7 * 86_400.0, num_requests=70_000)
CHAT = TrafficClass(name="chat", peak_requests_per_s=1.0, gaps=NIGHTS, slos=(FAST,))
BULK = TrafficClass(
    name="bulk", peak_requests_per_s=60.0, mean_requests_per_s=6.0, deadline_s=6 * 3600.0
)


@st.composite
def gap_sets(draw: st.DrawFn) -> IdleGaps:
    lengths = draw(st.lists(st.floats(1, 40_000), max_size=12))
    busy_s = draw(st.floats(60, 200_000))
    requests = draw(st.none() | st.floats(len(lengths) + 1, 1e6))
    return observed_gaps(lengths, over_s=sum(lengths) + busy_s, num_requests=requests)


traffics = st.builds(
    TrafficClass,
    peak_requests_per_s=st.floats(0, 100),
    mean_requests_per_s=st.none() | st.floats(0, 50),
    gaps=st.none() | gap_sets(),
    slos=st.lists(st.sampled_from([FAST, STRICT, PATIENT, STREAM, OVERNIGHT]), max_size=2).map(
        tuple
    ),
    missed_share=st.sampled_from([0.0, 0.01, 0.05]),
    deadline_s=st.none() | st.floats(1, 200_000),
    processing_s=st.floats(0, 100),
)
supplies = st.builds(
    Supply,
    usd_per_hour=st.floats(0.1, 50),
    replicas=st.integers(1, 20),
    saturated_requests_per_s=st.floats(0.1, 50),
    cold_start_s=st.floats(0, 1000),
    drain_s=st.floats(0, 60),
    min_billed_s=st.sampled_from([0.0, 60.0, 3600.0]),
    spot_usd_per_hour=st.none() | st.floats(0.05, 50),
    spot_interruptions_per_hour=st.none() | st.floats(0, 1),
    spot_available_share=st.floats(0, 1),
    lost_s=st.floats(0, 300),
)


def cost(traffic: TrafficClass, supply: Supply, mode: Mode) -> float:
    option = choose_mode(traffic, supply).option(mode)
    return float("inf") if option.excluded or option.usd_per_hour is None else option.usd_per_hour


def against(found: ModeChoice, mode: Mode) -> str:
    return next(entry.reason for entry in found.rejected if entry.mode is mode)


# --- the choice


@given(traffic=traffics, supply=supplies)
def test_every_mode_is_chosen_or_rejected_once_with_a_reason(
    traffic: TrafficClass, supply: Supply
) -> None:
    found = choose_mode(traffic, supply)
    named = [found.mode, *(entry.mode for entry in found.rejected)]
    assert sorted(mode for mode in named if mode) == sorted(Mode)
    assert all(entry.reason for entry in found.rejected)
    assert found.reason.startswith("$")
    assert found.feasible
    assert 0 <= found.cost_share <= 1


@given(traffic=traffics, supply=supplies)
def test_the_cheapest_that_nothing_excludes_is_chosen_where_it_saves_enough(
    traffic: TrafficClass, supply: Supply
) -> None:
    found = choose_mode(traffic, supply)
    able = [
        option.usd_per_hour
        for option in found.options
        if option.excluded is None and option.usd_per_hour is not None
    ]
    full = supply.replicas * supply.usd_per_hour
    least = min(able)
    expected = least if least <= full * (1 - MIN_SAVING_SHARE) else full
    assert found.usd_per_hour == expected


@given(traffic=traffics, supply=supplies)
def test_no_chosen_mode_breaks_an_objective_or_is_priced_from_what_is_not_known(
    traffic: TrafficClass, supply: Supply
) -> None:
    found = choose_mode(traffic, supply)
    chosen = found.option(found.mode)
    assert chosen.excluded is None
    if found.mode is Mode.SCALE_TO_ZERO:
        assert traffic.gaps is not None
        if traffic.deadline_s is not None and chosen.starts_per_hour > 0 < supply.cold_start_s:
            assert traffic.deadline_s >= supply.cold_start_s + traffic.processing_s - 1e-9
        for slo in traffic.slos:
            if slo.latency is Latency.TTFT and slo.bound_s < supply.cold_start_s:
                assert chosen.cold_hit_share is not None
                tolerated = (100 - slo.percentile) / 100 - traffic.missed_share
                released = chosen.starts_per_hour * traffic.gaps.over_s / 3600
                assert traffic.mean_per_s is not None
                first_ones = released / (traffic.mean_per_s * traffic.gaps.over_s)
                assert min(1.0, first_ones) <= max(0.0, tolerated) + 1e-9
    if found.mode in (Mode.ASYNC, Mode.BATCH):
        assert traffic.mean_per_s is not None
        assert traffic.answer_within_s is not None
        assert chosen.every_s is not None
        waits_s = chosen.every_s + supply.cold_start_s + traffic.processing_s
        assert waits_s <= traffic.answer_within_s * (1 + 1e-9)
        assert not any(slo.latency is not Latency.E2E for slo in traffic.slos)


# --- scale to zero, against brute force and in its laws


@settings(max_examples=300)
@given(gaps=gap_sets(), supply=supplies, slo=st.sampled_from([FAST, STRICT, PATIENT]))
def test_the_keeping_time_is_the_best_that_brute_force_finds(
    gaps: IdleGaps, supply: Supply, slo: Slo
) -> None:
    traffic = TrafficClass(peak_requests_per_s=1.0, gaps=gaps, slos=(slo,))
    found = choose_mode(traffic, supply).option(Mode.SCALE_TO_ZERO)
    if found.usd_per_hour is None:
        assert gaps.num_requests is None
        return
    least = supply.replicas * supply.usd_per_hour  # keeping for ever
    for keep_s in (0.0, *gaps.lengths_s):
        paid_s, released = gaps.over_s - sum(gaps.lengths_s), 0
        for gap_s in gaps.lengths_s:
            if gap_s > keep_s:
                released += 1
                on_s = keep_s + supply.drain_s + supply.cold_start_s
                stay_s = on_s + (gaps.mean_busy_s or 0.0)
                paid_s += on_s + max(0.0, supply.min_billed_s - stay_s)
            else:
                paid_s += gap_s
        if slo.bound_s < supply.cold_start_s and released:
            assert gaps.num_requests is not None
            busy_s = gaps.over_s - sum(gaps.lengths_s)
            late = 1 + gaps.num_requests / busy_s * (supply.cold_start_s - slo.bound_s)
            late = min(late, max(1.0, gaps.num_requests / len(gaps.lengths_s)))
            if released * late / gaps.num_requests > (100 - slo.percentile) / 100 + 1e-12:
                continue
        least = min(least, paid_s / gaps.over_s * supply.replicas * supply.usd_per_hour)
    assert found.usd_per_hour == pytest.approx(least, rel=1e-9, abs=1e-9)


@given(
    shares=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)),
    per_hour=st.floats(0.01, 20),
    supply=supplies,
)
def test_longer_gaps_never_make_scale_to_zero_dearer(
    shares: tuple[float, float], per_hour: float, supply: Supply
) -> None:
    costs = []
    for share in sorted(shares):
        gaps = assumed_gaps(idle_share=share, mean_gap_s=share * 3600 / per_hour)
        costs.append(
            cost(TrafficClass(peak_requests_per_s=1, gaps=gaps), supply, Mode.SCALE_TO_ZERO)
        )
    assert costs[1] <= costs[0] * (1 + 1e-9)


@given(traffic=traffics, supply=supplies, factor=st.floats(1, 10))
def test_a_higher_price_raises_every_mode_alike_and_changes_no_choice(
    traffic: TrafficClass, supply: Supply, factor: float
) -> None:
    spot = None if supply.spot_usd_per_hour is None else supply.spot_usd_per_hour * factor
    dear = replace(supply, usd_per_hour=supply.usd_per_hour * factor, spot_usd_per_hour=spot)
    before, after = choose_mode(traffic, supply), choose_mode(traffic, dear)
    for cheap, dearer in zip(before.options, after.options, strict=True):
        assert (cheap.usd_per_hour is None) == (dearer.usd_per_hour is None)
        if cheap.usd_per_hour is not None and dearer.usd_per_hour is not None:
            assert dearer.usd_per_hour == pytest.approx(factor * cheap.usd_per_hour)
    assert before.break_even_idle_share == after.break_even_idle_share


@given(traffic=traffics, supply=supplies, longer_s=st.floats(0, 1000), mode=st.sampled_from(Mode))
def test_a_longer_cold_start_never_costs_less(
    traffic: TrafficClass, supply: Supply, longer_s: float, mode: Mode
) -> None:
    supply = replace(supply, min_billed_s=0.0)
    slower = replace(supply, cold_start_s=supply.cold_start_s + longer_s)
    assert cost(traffic, slower, mode) >= cost(traffic, supply, mode) * (1 - 1e-9)


@given(traffic=traffics, supply=supplies, more_s=st.floats(0, 100_000))
def test_a_later_deadline_never_costs_more(
    traffic: TrafficClass, supply: Supply, more_s: float
) -> None:
    assume(traffic.deadline_s is not None)
    assert traffic.deadline_s is not None
    later = replace(traffic, deadline_s=traffic.deadline_s + more_s)
    # A start that is billed for an hour may come at a worse moment in a longer drain: not this law's matter.
    supply = replace(supply, min_billed_s=0.0)
    for mode in (Mode.ASYNC, Mode.BATCH):
        assert cost(later, supply, mode) <= cost(traffic, supply, mode) * (1 + 1e-9)


# --- the break-even idle share


@given(share=st.floats(0.01, 0.99), per_hour=st.floats(0.01, 20), supply=supplies)
def test_scale_to_zero_is_chosen_exactly_from_the_break_even_idle_share_on(
    share: float, per_hour: float, supply: Supply
) -> None:
    gaps = assumed_gaps(idle_share=share, mean_gap_s=share * 3600 / per_hour)
    traffic = TrafficClass(peak_requests_per_s=1.0, gaps=gaps)
    found = choose_mode(traffic, replace(supply, min_billed_s=0.0))
    even = found.break_even_idle_share
    assume(even is None or abs(even - share) > 1e-6)
    assert (found.mode is Mode.SCALE_TO_ZERO) == (even is not None and share > even)


def test_the_break_even_is_the_start_and_the_saving_where_gaps_are_alike() -> None:
    """One gap every two hours, all alike: 90 s of start and 10 % of 7200 s must fit into it."""
    gaps = observed_gaps([3600.0] * 12, over_s=86_400.0, num_requests=10_000)
    found = choose_mode(replace(CHAT, gaps=gaps), H100)
    assert found.break_even_idle_share == pytest.approx((90 + 720) / 7200)
    assert found.mode is Mode.SCALE_TO_ZERO
    assert found.usd_per_hour == pytest.approx(2.5 * (0.5 + 90 / 7200))
    assert "scale-to-zero pays from 11% on: 0.5 gaps an hour of 3600 s" in found.reason


# --- the reasons


def test_the_reasons_are_in_dollars() -> None:
    found = choose_mode(CHAT, H100)
    assert found.mode is Mode.SCALE_TO_ZERO
    assert found.reason.startswith("$1.67/h ($1,202 a month): 1 x $2.50/h x 66.8%: idle 33%")
    assert "always-on would cost $0.83/h more" in found.reason
    assert against(found, Mode.ALWAYS_ON).startswith(
        "$2.50/h ($1,800 a month), $0.83/h more than scale-to-zero"
    )
    assert str(FAST) in against(found, Mode.ASYNC)
    assert str(FAST) in against(found, Mode.BATCH)


@pytest.mark.parametrize("slo", [FAST, PATIENT, OVERNIGHT])
def test_gaps_that_nobody_counted_stay_always_on(slo: Slo) -> None:
    found = choose_mode(TrafficClass(peak_requests_per_s=1.0, slos=(slo,)), H100)
    assert found.mode is Mode.ALWAYS_ON
    assert found.cost_share == 1.0
    assert "not known" in found.reason
    assert "not known" in against(found, Mode.SCALE_TO_ZERO)


def test_an_objective_bears_the_cold_hits_that_its_percentile_leaves_and_no_more() -> None:
    """Seven gaps of 10,000 s between 500 requests: 1.4 % of them come first, a cold start holds up more."""
    few = observed_gaps([10_000.0] * 7, over_s=100_000.0, num_requests=500)
    chat = replace(CHAT, gaps=few)
    late = 7 * (1 + 500 / 30_000 * (90 - 0.3)) / 500
    assert 0.03 < late < 0.04
    assert choose_mode(chat, H100).mode is Mode.SCALE_TO_ZERO  # 5 % may be late
    most = replace(chat, missed_share=0.05 - late - 1e-9)
    assert choose_mode(most, H100).mode is Mode.SCALE_TO_ZERO
    over = choose_mode(replace(chat, missed_share=0.05 - late + 1e-9), H100)
    assert over.mode is Mode.ALWAYS_ON
    assert "wait up to 90 s" in against(over, Mode.SCALE_TO_ZERO)
    assert "late anyway" in against(over, Mode.SCALE_TO_ZERO)
    assert choose_mode(replace(chat, slos=(STRICT,)), H100).mode is Mode.ALWAYS_ON


# --- queues


def test_a_queue_needs_the_mean_where_an_endpoint_needs_the_peak() -> None:
    """60 requests/s at the peak, 6 on average: five always on, and with a day to smooth over a third of one."""
    fleet = replace(H100, replicas=5)
    day = replace(BULK, deadline_s=3 * 86_400.0)
    found = choose_mode(day, fleet)
    assert found.mode is Mode.ASYNC
    queue = found.option(Mode.ASYNC)
    assert queue.replicas == 1
    every_s = (3 * 86_400 - 90) / (1 + 6 / 20)
    assert queue.usd_per_hour == pytest.approx(2.5 * (6 / 20 + 90 / every_s))
    hours = replace(BULK, rates_per_s=(60.0, *[0.0] * 9) * 30, window_s=3600.0)
    found = choose_mode(hours, fleet).option(Mode.ASYNC)
    assert found.replicas == 1
    assert found.every_s == 6 * 3600 - 90 - 3 * 3600  # 60/s for an hour are three of one replica
    assert (
        choose_mode(BULK, fleet).option(Mode.ASYNC).replicas == 3
    )  # the peak, where no curve is known


def test_a_batch_job_takes_spot_and_a_queue_does_not() -> None:
    spot = replace(H100, replicas=5, spot_usd_per_hour=1.0, spot_interruptions_per_hour=0.1)
    found = choose_mode(BULK, spot)
    assert found.mode is Mode.BATCH
    assert found.option(Mode.BATCH).on_spot
    assert "of spot" in found.reason
    unknown = replace(spot, spot_interruptions_per_hour=None)
    assert not choose_mode(BULK, unknown).option(Mode.BATCH).on_spot


def test_spot_costs_its_price_its_lost_work_and_who_stands_in_by_hand() -> None:
    """6 requests/s of 20 are 0.3 hours of work an hour; at the peak three replicas on demand, four on spot."""
    spot = replace(
        H100,
        replicas=5,
        spot_usd_per_hour=1.0,
        spot_interruptions_per_hour=0.5,
        spot_available_share=0.8,
        lost_s=30.0,
    )
    found = choose_mode(BULK, spot).option(Mode.BATCH)
    longer = math.exp(0.5 * (90 + 30) / 3600)
    replicas = math.ceil(3 * longer)
    every_s = (6 * 3600 - 90) / (1 + 3 * longer / replicas)
    hour_of_work, hour_billed = 0.8 * 1.0 * longer + 0.2 * 2.5, 0.8 * 1.0 + 0.2 * 2.5
    expected = 0.3 * hour_of_work + replicas * 90 / every_s * hour_billed
    assert (found.replicas, found.on_spot) == (replicas, True)
    assert found.usd_per_hour == pytest.approx(expected)
    assert (
        "$1.00/h on spot, taken back 0.5 times an hour, each a start and 30 s of work lost: 1.7% more time"
        in (found.formula)
    )
    assert "for the 20% of the time without any, on demand at $2.50/h" in found.formula


def test_the_time_that_interruptions_undo_is_what_random_lives_lose() -> None:
    """A hundred thousand lives: start, work, and the last of it done again."""
    rng = np.random.default_rng(5)
    taken, start_s, lost_s = 2.0, 90.0, 45.0
    lives_s = rng.exponential(3600 / taken, 100_000)
    kept_s = np.maximum(0.0, lives_s - start_s - lost_s).sum()
    supply = replace(H100, spot_usd_per_hour=1.0, spot_interruptions_per_hour=taken, lost_s=lost_s)
    run = batch_run(20.0 * 3600 * 1000, within_s=2000 * 3600.0, supply=supply)
    assert run is not None
    assert run.on_spot
    assert (run.seconds - start_s) / (1000 * 3600) == pytest.approx(
        lives_s.sum() / kept_s, rel=0.01
    )


@given(traffic=traffics, supply=supplies)
def test_spot_that_may_be_had_never_makes_a_batch_job_dearer_and_touches_no_other_mode(
    traffic: TrafficClass, supply: Supply
) -> None:
    without = replace(supply, spot_usd_per_hour=None)
    assert cost(traffic, supply, Mode.BATCH) <= cost(traffic, without, Mode.BATCH)
    for mode in (Mode.ALWAYS_ON, Mode.SCALE_TO_ZERO, Mode.ASYNC):
        found, plain = (choose_mode(traffic, one).option(mode) for one in (supply, without))
        assert found == plain
    batch = choose_mode(traffic, supply).option(Mode.BATCH)
    if batch.on_spot:
        assert batch.replicas is not None
        assert batch.replicas <= max(supply.replicas, batch_alone(traffic, without))


def batch_alone(traffic: TrafficClass, supply: Supply) -> int:
    return choose_mode(traffic, supply).option(Mode.BATCH).replicas or 0


@given(
    traffic=traffics,
    supply=supplies,
    spot_share=st.floats(0.05, 0.95),
    interruptions_per_hour=st.floats(0, 3),
    worse=st.sampled_from(
        ["spot_usd_per_hour", "spot_interruptions_per_hour", "lost_s", "spot_available_share"]
    ),
    factor=st.floats(1, 20),
)
def test_worse_spot_never_makes_a_batch_job_cheaper(
    traffic: TrafficClass,
    supply: Supply,
    spot_share: float,
    interruptions_per_hour: float,
    worse: str,
    factor: float,
) -> None:
    """Dearer, taken back more often, with more in hand, or to be had less often."""
    supply = replace(
        supply,
        min_billed_s=0.0,
        spot_usd_per_hour=spot_share * supply.usd_per_hour,
        spot_interruptions_per_hour=interruptions_per_hour,
    )
    before = getattr(supply, worse)
    value = before / factor if worse == "spot_available_share" else before * factor
    assume(
        worse != "spot_usd_per_hour" or value < supply.usd_per_hour
    )  # else nobody would take it
    assert cost(traffic, replace(supply, **{worse: value}), Mode.BATCH) >= cost(
        traffic, supply, Mode.BATCH
    ) * (1 - 1e-9)


def test_a_drain_that_finds_nothing_starts_nothing() -> None:
    """Two nights of eight hours, drained every 10,755 s: seven tenths of each are drains that find nothing."""
    nights = observed_gaps([8 * 3600.0] * 2, over_s=2 * 86_400.0, num_requests=6 * 2 * 86_400.0)
    without = choose_mode(BULK, H100).option(Mode.ASYNC)
    found = choose_mode(replace(BULK, gaps=nights), H100).option(Mode.ASYNC)
    every_s = (6 * 3600 - 90) / 2
    empty = (8 * 3600 - every_s) / 86_400
    assert found.starts_per_hour == pytest.approx(without.starts_per_hour * (1 - empty))
    assert found.usd_per_hour == pytest.approx(2.5 * (0.3 + 3 * 90 / every_s * (1 - empty)))
    assert f"{empty:.0%} of them empty" in found.formula


def test_a_deadline_shorter_than_a_start_and_an_answer_leaves_no_queue() -> None:
    soon = replace(BULK, deadline_s=95.0, processing_s=5.0)
    assert "leaves no time" in against(choose_mode(soon, H100), Mode.ASYNC)
    assert choose_mode(replace(soon, deadline_s=96.0), H100).option(Mode.ASYNC).excluded is None


@given(num=st.floats(1, 1e6), within_s=st.floats(1, 1e6), supply=supplies)
def test_a_batch_run_is_done_in_time_with_as_few_replicas_as_do(
    num: float, within_s: float, supply: Supply
) -> None:
    run = batch_run(num, within_s=within_s, supply=supply)
    if run is None:
        assert within_s <= supply.cold_start_s
        return
    assert run.seconds <= within_s * (1 + 1e-6)
    fewer = run.replicas - 1
    if fewer:
        late_s = supply.cold_start_s + (run.seconds - supply.cold_start_s) * run.replicas / fewer
        assert late_s >= within_s * (1 - 1e-6)


# --- limits of a platform, classes, and change


def test_a_platforms_limits_exclude_with_their_number() -> None:
    large = replace(CHAT, payload_bytes=5 * MB)
    found = choose_mode(large, H100, limits=SAGEMAKER_LIMITS)
    assert found.mode is Mode.ALWAYS_ON
    assert against(found, Mode.SCALE_TO_ZERO) == "a request of 5 MB is over its 4 MB"
    many = replace(CHAT, peak_requests_per_s=51.0, processing_s=4.0)
    found = choose_mode(many, H100, limits=SAGEMAKER_LIMITS)
    assert against(found, Mode.SCALE_TO_ZERO) == "204 requests at once are over its 200"
    nothing = choose_mode(replace(large, payload_bytes=7 * MB), H100, limits=SAGEMAKER_LIMITS)
    assert not nothing.feasible
    assert nothing.mode is Mode.ALWAYS_ON


def test_each_class_of_traffic_gets_its_own_mode() -> None:
    found = choose_modes([(CHAT, H100), (BULK, replace(H100, replicas=5))])
    assert {name: choice.mode for name, choice in found.items()} == {
        "chat": Mode.SCALE_TO_ZERO,
        "bulk": Mode.ASYNC,
    }


def test_a_mode_that_is_asked_for_is_taken_and_the_merits_are_told() -> None:
    found = choose_mode(CHAT, H100, asked=Mode.ALWAYS_ON)
    assert found.mode is Mode.ALWAYS_ON
    assert "on its merits it would be scale-to-zero" in found.reason


def at_idle(share: float) -> TrafficClass:
    return TrafficClass(
        peak_requests_per_s=1.0,
        gaps=assumed_gaps(idle_share=share, mean_gap_s=7200.0 * share),
        slos=(PATIENT,),
    )


def test_between_the_two_break_evens_nothing_changes() -> None:
    """From always-on, scale-to-zero must save a tenth; back, it must cost a tenth more than always-on would."""
    for share in (0.02, 0.06, 0.10):
        on = choose_mode(at_idle(share), H100, present=Mode.ALWAYS_ON)
        off = choose_mode(at_idle(share), H100, present=Mode.SCALE_TO_ZERO)
        assert (on.mode, off.mode) == (Mode.ALWAYS_ON, Mode.SCALE_TO_ZERO)
    assert choose_mode(at_idle(0.5), H100, present=Mode.ALWAYS_ON).mode is Mode.SCALE_TO_ZERO


@pytest.mark.parametrize(
    "change",
    [
        {"peak_requests_per_s": -1.0},
        {"missed_share": 2.0},
        {"deadline_s": 0.0},
        {"processing_s": -1.0},
    ],
)
def test_absurd_traffic_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="chat"):
        choose_mode(replace(CHAT, **change), H100)


@pytest.mark.parametrize(
    "change", [{"replicas": 0}, {"usd_per_hour": -1.0}, {"cold_start_s": -1.0}]
)
def test_an_absurd_supply_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="suppl"):
        choose_mode(CHAT, replace(H100, **change))
