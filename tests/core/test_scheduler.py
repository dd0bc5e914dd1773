"""Steps obey the roofline and the scheduler obeys Little: the laws that hold whatever was fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import batches, loops, scheduler
from advisor.core.efficiency import Efficiencies
from advisor.core.load import Load, LoadKind, serve, stack
from advisor.core.scheduler import Engine, Shape
from advisor.core.step_time import EXPERT_TILE, StepCosts, busiest, step_time_s

# Llama-3.1-8B in 16 bits on an H100, in round numbers.
COSTS = StepCosts(
    dense_bytes=15e9, expert_bytes=0.0, expert_hit=0.0, linear_flops=14e9, logits_flops=1e9, attention_flops=5.2e5,
    kv_bytes=131072.0, window_bytes=0.0, window=1e12, state_bytes=0.0, peak_flops_per_s=989e12,
    attention_peak_flops_per_s=989e12, bytes_per_s=3.35e12, link_bytes_per_s=450e9, hops=0.0, sent_bytes=0.0, layers=32.0,
)  # fmt: skip
EFF = Efficiencies(
    weight_mbu=0.8, expert_mbu=0.8, kv_mbu=0.7, mfu=0.5, expert_mfu=0.5, half_tokens=30.0, link=0.5, hop_s=1e-5,
    layer_s=2e-5, step_s=1e-3, seq_s=1e-5, request_s=0.01, wait=1.0, pace=1.0,
)  # fmt: skip
ENGINE = Engine(max_seqs=256.0, max_batched_tokens=8192.0, kv_tokens=400_000.0)
isls, osls = st.floats(16, 8000), st.floats(16, 2000)
shapes = st.builds(Shape, isl=isls, osl=osls, osl_cv=st.sampled_from([0.0, 1.0]))
engines = st.sampled_from(
    [ENGINE, replace(ENGINE, mixed=0.0), replace(ENGINE, kv_tokens=30_000.0)]
)


@given(batch=st.floats(1, 500), context=st.floats(1, 8000), prefill=st.floats(0, 8000))
def test_no_step_beats_the_hardware(batch: float, context: float, prefill: float) -> None:
    perfect = replace(EFF, weight_mbu=1.0, kv_mbu=1.0, mfu=1.0, pace=0.01)
    step = float(
        step_time_s(
            COSTS, perfect, batch=batch, context=context, prefill=prefill, prefill_context=1.0
        )
    )
    assert step >= COSTS.dense_bytes / COSTS.bytes_per_s
    assert step >= COSTS.linear_flops * (batch + prefill) / COSTS.peak_flops_per_s * (1 - 1e-9)


@given(batch=st.floats(1, 500), more=st.floats(0, 500), context=st.floats(1, 8000))
def test_a_larger_batch_takes_longer_and_less_per_sequence(
    batch: float, more: float, context: float
) -> None:
    small = float(step_time_s(COSTS, EFF, batch=batch, context=context))
    large = float(step_time_s(COSTS, EFF, batch=batch + more, context=context))
    assert large >= small
    assert large / (batch + more) <= small / batch * (1 + 1e-9)


def test_a_sparse_model_reads_the_experts_that_are_hit() -> None:
    sparse = replace(COSTS, dense_bytes=2e9, expert_bytes=60e9, expert_hit=8 / 128)
    one, many = (float(step_time_s(sparse, EFF, batch=b, context=0.0)) for b in (1.0, 256.0))
    assert many - one > 0.8 * 60e9 * (1 - 8 / 128) / (COSTS.bytes_per_s * 0.8)


def test_few_tokens_pay_for_the_experts_that_they_hit_alone() -> None:
    sparse = replace(
        COSTS, dense_bytes=2e9, expert_bytes=60e9, expert_hit=4 / 128, expert_flops=8e9
    )
    plain = replace(sparse, expert_flops=0.0)
    one, reading = (float(step_time_s(c, EFF, batch=1.0, context=0.0)) for c in (sparse, plain))
    # One token, padded to a tile in each of its experts; not a tile in every expert there is.
    assert one - reading <= (EXPERT_TILE + 1) * 8e9 / (COSTS.peak_flops_per_s * 0.5 * 0.5)


@given(batch=st.floats(1, 500), ranks=st.sampled_from([2.0, 4.0, 8.0]))
def test_ranks_of_data_parallel_attention_share_the_work_of_experts_and_save_none(
    batch: float, ranks: float
) -> None:
    alone = replace(COSTS, expert_bytes=60e9, expert_hit=8 / 128, expert_flops=8e9)
    spread = replace(
        alone, expert_bytes=60e9 / ranks, expert_flops=8e9 / ranks, split=ranks, expert_split=ranks
    )
    one = float(step_time_s(alone, EFF, batch=batch, context=0.0))
    many = float(step_time_s(spread, EFF, batch=ranks * batch, context=0.0))
    assert many >= one * (1 - 1e-9) - 60e9 * (1 - 1 / ranks) / (0.64 * COSTS.bytes_per_s)
    assert many >= ranks * batch * 8e9 / ranks / COSTS.peak_flops_per_s


@given(shape=shapes, clients=st.floats(1, 200))
def test_the_median_answer_is_no_later_than_the_mean_one_where_lengths_are_skewed(
    shape: Shape, clients: float
) -> None:
    served = loops.closed_loop(COSTS, EFF, ENGINE, replace(shape, osl_cv=1.0), clients)
    assert (np.diff(served.e2e_s, axis=-1) >= -1e-12).all()
    assert float(np.squeeze(served.e2e_s[..., 0])) <= float(np.squeeze(served.e2e_mean_s)) * (
        1 + 1e-9
    )


def test_a_window_bounds_what_attention_reads() -> None:
    sliding = replace(COSTS, kv_bytes=0.0, window_bytes=131072.0, window=128.0)
    near, far = (float(step_time_s(sliding, EFF, batch=64.0, context=c)) for c in (128.0, 8000.0))
    assert near == far


@given(shape=shapes, engine=engines, clients=st.floats(1, 400))
def test_a_closed_loop_obeys_littles_law(shape: Shape, engine: Engine, clients: float) -> None:
    served = loops.closed_loop(COSTS, EFF, engine, shape, clients)
    inside = served.req_s * (served.ttft_mean_s + (shape.osl - 1) * served.tpot_mean_s)
    # Read between 32 points; where equally long answers march in step the curve has a kink.
    assert float(np.squeeze(inside)) == pytest.approx(clients, rel=0.1)


@given(shape=shapes, engine=engines, clients=st.floats(1, 200), more=st.floats(0, 200))
def test_more_clients_hardly_lower_the_throughput_where_answers_differ_in_length(
    shape: Shape, engine: Engine, clients: float, more: float
) -> None:
    shape = replace(shape, osl_cv=1.0)
    few = loops.closed_loop(COSTS, EFF, engine, shape, clients).req_s
    many = loops.closed_loop(COSTS, EFF, engine, shape, clients + more).req_s
    assert float(np.squeeze(many)) >= float(np.squeeze(few)) * (1 - 0.1)


@given(shape=shapes, engine=engines, count=st.floats(1, 2000))
def test_a_burst_drains_no_faster_than_the_saturated_engine(
    shape: Shape, engine: Engine, count: float
) -> None:
    at = scheduler.curve(COSTS, EFF, engine, shape)
    burst = batches.burst(COSTS, EFF, engine, shape, count)
    assert float(np.squeeze(burst.req_s)) <= float(at.closed_rate.max()) * (1 + 1e-6)


@given(shape=shapes, count=st.floats(1, 1000))
def test_percentiles_rise(shape: Shape, count: float) -> None:
    burst = batches.burst(COSTS, EFF, ENGINE, shape, count)
    for known in (burst.ttft_s, burst.tpot_s, burst.e2e_s):
        assert (np.diff(known, axis=-1) >= -1e-12).all()


@given(shape=shapes, count=st.integers(1, 256))
def test_a_static_batch_takes_its_prefill_and_its_steps(shape: Shape, count: int) -> None:
    roomy = replace(ENGINE, kv_tokens=1e12)
    served = batches.static_batch(COSTS, EFF, roomy, shape, float(count))
    whole = served.ttft_mean_s + (shape.osl - 1) * served.tpot_mean_s
    assert float(np.squeeze(served.e2e_mean_s)) == pytest.approx(float(np.squeeze(whole)))


@given(isl=isls, osl=osls, load=st.floats(0.05, 0.9))
def test_requests_at_random_times_are_not_in_step_however_alike_they_are(
    isl: float, osl: float, load: float
) -> None:
    """Lengths that vary a little are served like lengths that do not."""
    alike, nearly = (Shape(isl=isl, osl=osl, osl_cv=cv) for cv in (0.0, 0.02))
    most = float(
        scheduler.curve(COSTS, EFF, ENGINE, replace(alike, in_step=0.0)).open_rate[..., -1]
    )
    found = [
        loops.open_loop(COSTS, EFF, ENGINE, shape, load * most, requests=1000.0)
        for shape in (alike, nearly)
    ]
    assert found[0].ttft_mean_s == pytest.approx(found[1].ttft_mean_s, rel=0.02)


def test_too_many_requests_per_s_queue_until_all_have_come() -> None:
    shape = Shape(isl=500.0, osl=200.0, isl_cv=1.0, osl_cv=1.0)
    calm = loops.open_loop(COSTS, EFF, ENGINE, shape, 1.0, requests=1000.0)
    flood = loops.open_loop(COSTS, EFF, ENGINE, shape, 1000.0, requests=1000.0)
    assert float(np.squeeze(flood.ttft_mean_s)) > 20 * float(np.squeeze(calm.ttft_mean_s))
    assert float(np.squeeze(flood.req_s)) < 1000.0


@pytest.mark.parametrize("kind", list(LoadKind))
def test_columns_give_what_single_cases_give(kind: LoadKind) -> None:
    shapes = [Shape(isl=i, osl=o) for i, o in ((128.0, 128.0), (2000.0, 50.0), (64.0, 1000.0))]
    loads = [Load(kind=kind, amount=a) for a in (1.0, 16.0, 100.0)]

    def throughput(of: slice) -> np.ndarray:
        count = len(shapes[of])
        served = serve(
            kind, loads[of], stack([COSTS] * count), stack([EFF] * count), stack([ENGINE] * count), stack(shapes[of])
        )  # fmt: skip
        return np.squeeze(served.req_s, axis=-1)

    together = throughput(slice(0, 3))
    for i in range(3):
        assert throughput(slice(i, i + 1))[0] == pytest.approx(together[i], rel=1e-9)


@given(ranks=st.integers(1, 64), items=st.floats(1, 1e6))
def test_the_busiest_rank_has_its_share_at_least_and_all_of_it_at_most(
    ranks: int, items: float
) -> None:
    most = float(busiest(float(ranks), items))
    assert 1.0 <= most <= ranks
    assert float(busiest(float(ranks), 2 * items)) <= most


def test_the_busiest_rank_is_about_what_dealing_at_random_gives() -> None:
    draw = np.random.default_rng(1)
    for ranks, items in ((4, 400), (8, 512), (8, 8192)):
        dealt = draw.multinomial(items, [1 / ranks] * ranks, size=2000).max(axis=1).mean()
        assert float(busiest(float(ranks), items)) == pytest.approx(
            dealt / (items / ranks), rel=0.1
        )


@given(batch=st.floats(1, 500), prefill=st.floats(0, 8000))
def test_whole_experts_are_waited_for_and_even_out_over_many_tokens(
    batch: float, prefill: float
) -> None:
    experts = replace(
        COSTS, expert_bytes=10e9, expert_hit=8 / 128, experts=128.0, expert_flops=4e9
    )
    whole = replace(experts, expert_ranks=8.0)

    def ratio(tokens: float) -> float:
        took = [
            float(
                step_time_s(
                    c, EFF, batch=batch, context=500.0, prefill=tokens, prefill_context=1.0
                )
            )
            for c in (whole, experts)
        ]
        return took[0] / took[1]

    assert 1.0 <= ratio(prefill) < 8.0
    assert ratio(1e6) < 1.05


def test_a_burst_of_drifting_answers_has_short_ones_that_wait_longest_per_token() -> None:
    apart = replace(
        ENGINE, mixed=0.0
    )  # prompts first: whoever has its first token waits for the rest of them
    served = batches.burst(
        COSTS,
        EFF,
        apart,
        Shape(isl=217.0, osl=200.0, isl_cv=1.0, osl_cv=1.0),
        np.array([[1000.0]]),
    )
    assert served.tpot_s[0, 3] > 3 * served.tpot_s[0, 0]


def test_drafts_let_answers_drift_apart() -> None:
    alike = Shape(isl=8192.0, osl=128.0)
    drafted = replace(alike, in_step=0.0)
    assert float(scheduler.lockstep(alike)) == 1.0
    assert float(scheduler.lockstep(drafted)) == 0.0


@given(isl=isls, osl=osls, osl_cv=st.floats(0.1, 2.0))
def test_answers_of_different_lengths_leave_room_for_fewer_at_a_time(
    isl: float, osl: float, osl_cv: float
) -> None:
    """Of those that run at one time the long ones have more than their share."""
    tight = replace(ENGINE, max_seqs=1e6)
    alike, varied = Shape(isl=isl, osl=osl), Shape(isl=isl, osl=osl, osl_cv=osl_cv)
    assert scheduler.batch_limit(tight, varied) < scheduler.batch_limit(tight, alike)


@given(isl=st.floats(2000, 16000), clients=st.integers(2, 16))
def test_of_a_wave_of_prompts_one_waits_for_none_to_all(isl: float, clients: int) -> None:
    """Equal answers end together, and their successors come together: first tokens are spread evenly where each prompt
    fills steps of its own, and all wait for all where one step takes them."""
    shape = Shape(isl=isl, osl=400.0)
    every = float(scheduler.fill_s(COSTS, EFF, ENGINE, shape, float(clients)))
    served = loops.closed_loop(COSTS, EFF, ENGINE, shape, np.array([[float(clients)]]))
    alone = loops.closed_loop(COSTS, EFF, ENGINE, shape, np.array([[1.0]]))
    mean, (p50, *_) = float(np.squeeze(served.ttft_mean_s)), np.squeeze(served.ttft_s)
    assert p50 <= mean * (1 + 1e-9)
    one = float(np.squeeze(alone.ttft_mean_s))
    share = (1 + 1 / clients) / 2 if isl >= ENGINE.max_batched_tokens else 1.0
    assert one <= mean <= every * share + one


def test_a_burst_of_varied_answers_fills_its_batch_before_it_replaces_what_ended() -> None:
    shape = Shape(isl=1000.0, osl=400.0, osl_cv=1.0)
    served = batches.burst(COSTS, EFF, ENGINE, shape, np.array([[1000.0]]))
    filled = float(scheduler.fill_s(COSTS, EFF, ENGINE, shape, 256.0))
    assert served.ttft_s[0, 0] > filled  # the 500th of 1000, where 256 run at a time
    assert served.ttft_s[0, 0] < filled + 1000 / float(np.squeeze(served.req_s))
