"""The laws of observing: what was not seen is unknown, what is gone is named, what is garbage is no number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import metrics
from advisor.core import series
from advisor.core.observation import LatencyReading, Observation, Reading, Sample, Scrape
from advisor.core.observe import observe

MODEL = "org/tiny"
THEN_S, NOW_S = 1000.0, 1060.0


def sample(
    name: str, value: float, *, worker: str = "w1", at_s: float = NOW_S, **labels: str
) -> Sample:
    whose = {"model_name": MODEL, "engine": "0"} if name.startswith("vllm_") else {"model": MODEL}
    return Sample(
        name=name, labels={"WorkerId": worker, **whose, **labels}, value=value, at_s=at_s
    )


def requests(value: float, **labels: Any) -> Sample:
    return sample(series.REQUESTS, value, **{"outcome": "ok", **labels})


def alive(worker: str = "w1", value: float = 0, at_s: float = NOW_S) -> Sample:
    return sample(series.IN_FLIGHT, value, worker=worker, at_s=at_s)


def histogram(name: str, counts: dict[str, float], **labels: Any) -> list[Sample]:
    return [sample(name, count, le=le, **labels) for le, count in counts.items()]


def look(then: Iterable[Sample] | None, now: Iterable[Sample], **scrape: Any) -> Observation:
    """Observe two lists of samples; those of `then` are dated back."""
    earlier = None
    if then is not None:
        past = (
            Sample(name=s.name, labels=s.labels, value=s.value, at_s=min(s.at_s, THEN_S))
            for s in then
        )
        earlier = Scrape(at_s=THEN_S, samples=tuple(past))
    newest = Scrape(at_s=NOW_S, samples=tuple(now), **scrape)
    return observe(then=earlier, now=newest, model=MODEL, source="test")


def value(reading: Reading | None) -> float:
    assert reading is not None
    return reading.value


def test_client_series_are_named_as_the_metric_table_names_them() -> None:
    exported = {m.name for m in metrics.ALL_METRICS} | {
        f"{m.name}_bucket" for m in metrics.ALL_METRICS if m.kind is metrics.Kind.HISTOGRAM
    }
    assert {name for name in series.NAMES if name.startswith("advisor_")} <= exported


def test_rate_is_the_increase_over_the_window() -> None:
    seen = look([requests(100)], [requests(160)])
    assert value(seen.requests_per_s) == 1.0
    assert seen.window_s == 60


def test_a_counter_absent_a_window_ago_started_at_zero() -> None:
    seen = look([alive()], [alive(), requests(30)])
    assert value(seen.requests_per_s) == 0.5


def test_a_counter_that_fell_counts_from_zero() -> None:
    assert value(look([requests(1000)], [requests(30)]).requests_per_s) == 0.5


def test_no_rate_without_an_earlier_scrape() -> None:
    seen = look(None, [requests(1000), alive(value=3)])
    assert seen.requests_per_s is None
    assert value(seen.requests_in_flight) == 3


def test_no_requests_and_a_living_replica_are_a_rate_of_zero() -> None:
    seen = look([alive()], [alive()])
    assert value(seen.requests_per_s) == 0
    assert seen.silent_targets == ()


def test_nothing_at_all_is_not_zero() -> None:
    seen = look([], [])
    assert seen.requests_per_s is None
    assert seen.num_replicas_seen is None


def test_frozen_counters_of_a_dead_replica_are_not_a_rate_of_zero() -> None:
    seen = look([requests(500)], [requests(500)])
    assert seen.requests_per_s is None


def test_an_idle_engine_proves_zero_and_a_working_one_without_client_metrics_does_not() -> None:
    idle = [sample(series.RUNNING, 0), sample(series.FLOPS, 5.0)]
    assert value(look(idle, idle).requests_per_s) == 0
    working = [sample(series.RUNNING, 0), sample(series.FLOPS, 9.0)]
    assert look(idle, working).requests_per_s is None
    assert look(idle, [sample(series.RUNNING, 2), idle[1]]).requests_per_s is None


def test_another_models_series_do_not_count() -> None:
    other = Sample(
        name=series.REQUESTS, labels={"WorkerId": "w1", "model": "other"}, value=600, at_s=NOW_S
    )
    assert value(look([alive()], [alive(), other]).requests_per_s) == 0


def test_failures_are_errors_and_lengths_are_those_of_answered_requests() -> None:
    then = [
        *(requests(10, outcome=outcome) for outcome in ("ok", "error", "cancelled")),
        sample(series.INPUT_TOKENS, 1000),
        sample(series.OUTPUT_TOKENS, 500),
    ]
    now = [
        requests(30),
        requests(22, outcome="error"),
        requests(16, outcome="cancelled"),
        sample(series.INPUT_TOKENS, 3000),
        sample(series.OUTPUT_TOKENS, 740),
    ]
    seen = look(then, now)
    assert value(seen.requests_per_s) == pytest.approx(38 / 60)
    assert value(seen.failed_requests_per_s) == pytest.approx(12 / 60)
    assert value(seen.mean_isl) == 100
    assert value(seen.mean_osl) == 12
    assert value(seen.input_tokens_per_s) == pytest.approx(2000 / 60)


def test_lengths_are_unknown_without_answered_requests() -> None:
    seen = look([requests(5), alive()], [requests(5), alive()])
    assert seen.mean_isl is None
    assert seen.mean_osl is None


# --- what is gone -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what_is_left",
    [
        [],
        [requests(math.nan, worker="w2"), alive("w2")],
        [requests(-1, worker="w2"), alive("w2")],
        [requests(90, worker="w2", at_s=NOW_S + 5), alive("w2")],
        [requests(50, worker="w2", at_s=THEN_S), alive("w2", at_s=THEN_S)],
        [alive("w2")],
        [requests(50, worker="w2")],
    ],
    ids=["gone", "nan", "negative", "from the future", "stale", "counter lost", "gauge lost"],
)
def test_a_replica_that_tells_less_than_before_is_silent(what_is_left: list[Sample]) -> None:
    then = [requests(50), alive(), requests(50, worker="w2"), alive("w2")]
    seen = look(then, [requests(80), alive(), *what_is_left])
    assert seen.silent_targets == ("replica w2",)
    assert seen.num_replicas_seen == 1


def test_silent_targets_of_the_scrape_are_kept() -> None:
    assert look([alive()], [alive()], silent=("10.0.0.2:8080",)).silent_targets == (
        "10.0.0.2:8080",
    )


def test_a_baseline_that_could_not_be_read_is_not_zero() -> None:
    seen = look([requests(math.nan), alive()], [requests(1e6), alive()])
    assert value(seen.requests_per_s) == 0
    then = Scrape(at_s=THEN_S, samples=(), silent=("node:1",))
    back = Scrape(at_s=NOW_S, samples=(requests(1e6, instance="node:1"), alive()))
    assert value(observe(then=then, now=back, model=MODEL, source="t").requests_per_s) == 0


def test_age_is_that_of_the_replica_heard_of_longest_ago() -> None:
    now = [requests(80, at_s=NOW_S - 2), requests(70, worker="w2", at_s=NOW_S - 31)]
    seen = look([requests(50), requests(50, worker="w2")], now)
    assert seen.age_s == 31


def test_a_worker_scraped_by_two_jobs_counts_once() -> None:
    def twice(amount: float) -> list[Sample]:
        return [
            requests(amount, job="ray", instance="a:1"),
            requests(amount, job="copy", instance="b:2"),
        ]

    assert value(look(twice(0), twice(60)).requests_per_s) == 1.0


def test_replicas_are_the_engines_on_either_data_path() -> None:
    both = [alive("w1"), alive("w2"), sample(series.RUNNING, 1, worker="w1")]
    assert look(both, both).num_replicas_seen == 2
    stock = [alive("ingress"), *(sample(series.RUNNING, 1, worker=f"w{i}") for i in range(3))]
    assert look(stock, stock).num_replicas_seen == 3
    idle_stock = [alive("ingress"), sample(series.FLOPS, 7, worker="w1")]
    assert look(idle_stock, idle_stock).num_replicas_seen is None


# --- the engine, the node, the proxy ------------------------------------------------------------------------------------


def test_engine_readings_are_sums_means_and_increases() -> None:
    then = [
        alive("w1"),
        alive("w2"),
        *(sample(name, 0, worker=w) for name in series.ENGINE_COUNTS for w in ("w1", "w2")),
    ]
    now = [
        alive("w1"),
        alive("w2"),
        *(sample(series.WAITING, 3, worker=w) for w in ("w1", "w2")),
        sample(series.KV_CACHE_USAGE, 0.2, worker="w1"),
        sample(series.KV_CACHE_USAGE, 0.6, worker="w2"),
    ]
    for worker in ("w1", "w2"):
        now += [
            sample(series.PREFIX_QUERIES, 200, worker=worker),
            sample(series.PREFIX_HITS, 50, worker=worker),
            sample(series.FLOPS, 6e13, worker=worker),
            sample(series.READ_BYTES, 4e12, worker=worker),
            sample(series.WRITE_BYTES, 2e12, worker=worker),
        ]
    seen = look(then, now)
    assert value(seen.requests_waiting) == 6
    assert value(seen.kv_cache_usage) == pytest.approx(0.4)
    assert value(seen.prefix_cache_hit_rate) == 0.25
    assert value(seen.flops_per_s_per_device) == pytest.approx(1e12)
    assert value(seen.bytes_per_s_per_device) == pytest.approx(1e11)


def test_a_ratio_above_one_is_garbage() -> None:
    node = Sample(name=series.NODE_UTILIZATION, labels={"node": "a"}, value=0.5, at_s=NOW_S)
    wild = Sample(name=series.NODE_UTILIZATION, labels={"node": "b"}, value=87.0, at_s=NOW_S)
    assert value(look(None, [node, wild]).node_utilization) == 0.5
    assert look(None, [sample(series.KV_CACHE_USAGE, 3)]).kv_cache_usage is None


def test_router_wait_is_read_in_seconds() -> None:
    def waits(count: float) -> list[Sample]:
        return [
            Sample(name=series.ROUTER_WAIT_MS, labels={"le": le}, value=n, at_s=NOW_S)
            for le, n in (("1.0", 0.0), ("3.0", count), ("+Inf", count))
        ]

    seen = look([alive(), *waits(0)], [alive(), *waits(10)])
    assert value(seen.wait_before_replica_s) == pytest.approx(2e-3)


# --- histograms ---------------------------------------------------------------------------------------------------------


def test_percentiles_are_those_of_the_window() -> None:
    then = histogram(series.TTFT, {"0.1": 100, "0.2": 100, "+Inf": 100})
    now = histogram(series.TTFT, {"0.1": 100, "0.2": 110, "+Inf": 110})
    ttft = look(then, now).ttft
    assert ttft is not None
    assert ttft.p50_s == pytest.approx(0.15)
    assert ttft.num_requests == 10


def test_a_histogram_that_restarted_counts_from_zero_as_a_whole() -> None:
    then = histogram(series.TTFT, {"0.1": 5, "0.2": 90, "+Inf": 100})
    now = histogram(series.TTFT, {"0.1": 20, "0.2": 30, "+Inf": 30})
    ttft = look(then, now).ttft
    assert ttft is not None
    assert ttft.buckets == ((0.1, 20), (0.2, 30), (math.inf, 30))


@pytest.mark.parametrize(
    "now",
    [
        {"0.1": 10.0, "0.2": 20.0},
        {"0.1": 10.0, "0.2": 5.0, "+Inf": 20.0},
        {"0.1": 10.0, "wide": 10.0, "+Inf": 20.0},
        {"0.1": 0.0, "0.2": 0.0, "+Inf": 0.0},
    ],
    ids=["no +Inf", "not cumulative", "bad bound", "no requests"],
)
def test_a_histogram_that_is_not_whole_gives_no_percentile(now: dict[str, float]) -> None:
    then = histogram(series.TTFT, {"0.1": 0, "0.2": 0, "+Inf": 0})
    assert look(then, histogram(series.TTFT, now)).ttft is None


def test_an_unreadable_bucket_leaves_a_coarser_histogram_and_names_its_replica() -> None:
    then = histogram(series.TTFT, {"0.1": 0, "0.2": 0, "+Inf": 0})
    now = histogram(series.TTFT, {"0.1": 10, "0.2": math.nan, "+Inf": 20})
    seen = look(then, now)
    assert seen.ttft is not None
    assert seen.ttft.buckets == ((0.1, 10), (math.inf, 20))
    assert seen.silent_targets == ("replica w1",)


# --- properties -----------------------------------------------------------------------------------------------------------

any_float = st.floats(allow_nan=True, allow_infinity=True)
any_sample = st.builds(
    Sample,
    name=st.sampled_from([*sorted(series.NAMES), "unrelated"]),
    labels=st.fixed_dictionaries(
        {},
        optional={
            "model": st.sampled_from([MODEL, "other"]),
            "model_name": st.sampled_from([MODEL, "other"]),
            "WorkerId": st.sampled_from(["w1", "w2", ""]),
            "instance": st.sampled_from(["a:1", "b:2"]),
            "outcome": st.sampled_from(["ok", "error", "?"]),
            "le": st.sampled_from(["0.1", "1", "+Inf", "-1", "NaN", "x"]),
        },
    ),
    value=st.one_of(any_float, st.floats(0, 1e6)),
    at_s=st.one_of(any_float, st.sampled_from([THEN_S, NOW_S, NOW_S - 1, NOW_S + 1])),
)
any_samples = st.lists(any_sample, max_size=40).map(tuple)


def numbers(seen: Observation) -> list[float]:
    found = []
    for field in fields(seen):
        one = getattr(seen, field.name)
        if isinstance(one, Reading):
            found += [one.value, one.age_s]
        elif isinstance(one, LatencyReading):
            found += [one.p50_s, one.p95_s, one.p99_s, one.num_requests, one.age_s]
    return found


@given(st.one_of(st.none(), any_samples), any_samples)
def test_garbage_never_becomes_a_number(
    then: tuple[Sample, ...] | None, now: tuple[Sample, ...]
) -> None:
    earlier = None if then is None else Scrape(at_s=THEN_S, samples=then)
    seen = observe(then=earlier, now=Scrape(at_s=NOW_S, samples=now), model=MODEL, source="t")
    assert all(math.isfinite(number) and number >= 0 for number in numbers(seen))


counts = st.integers(0, 10**9).map(float)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=8))
def test_a_restart_never_gives_a_negative_rate(values: list[tuple[float, float]]) -> None:
    then = [requests(before, worker=f"w{i}") for i, (before, _) in enumerate(values)]
    now = [requests(after, worker=f"w{i}") for i, (_, after) in enumerate(values)]
    seen = look([*then, alive("w0")], [*now, alive("w0")])
    assert value(seen.requests_per_s) >= 0


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=8))
def test_a_rate_is_the_same_however_the_replicas_share_it(
    grown: list[tuple[float, float]],
) -> None:
    """Starts and increases over many workers, against all of it in one."""
    split = look(
        [alive(), *(requests(start, worker=f"w{i}") for i, (start, _) in enumerate(grown))],
        [alive(), *(requests(a + b, worker=f"w{i}") for i, (a, b) in enumerate(grown))],
    )
    start, increase = (sum(part) for part in zip(*grown, strict=True))
    whole = look([alive(), requests(start)], [alive(), requests(start + increase)])
    assert value(split.requests_per_s) == pytest.approx(value(whole.requests_per_s))


@given(st.data())
def test_whoever_falls_silent_is_named(data: st.DataObject) -> None:
    """K of N replicas vanish in whatever way: all K are named, and no other."""
    num = data.draw(st.integers(1, 6))
    gone = data.draw(st.sets(st.integers(0, num - 1)))
    then, now = [], []
    for i in range(num):
        who = f"w{i}"
        then += [requests(100, worker=who), alive(who)]
        if i not in gone:
            now += [requests(100 + data.draw(st.integers(0, 50)), worker=who), alive(who)]
            continue
        bad = data.draw(st.sampled_from([math.nan, math.inf, -5.0]))
        now += data.draw(
            st.sampled_from(
                [
                    [],
                    [alive(who)],
                    [requests(100, worker=who)],
                    [requests(bad, worker=who), alive(who)],
                    [requests(100, worker=who, at_s=THEN_S - 1), alive(who, at_s=THEN_S - 1)],
                ]
            )
        )
    seen = look(then, now)
    assert set(seen.silent_targets) == {f"replica w{i}" for i in gone}


def node(worker: str, device: str, busy: float = 0.5) -> Sample:
    labels = {"WorkerId": worker, "node": "n", "device": device}
    return Sample(name=series.NODE_UTILIZATION, labels=labels, value=busy, at_s=NOW_S)


def test_a_models_devices_are_those_that_its_own_replicas_see() -> None:
    other = Sample(
        name=series.IN_FLIGHT, labels={"WorkerId": "w2", "model": "other"}, value=1, at_s=NOW_S
    )
    nodes = [node("w1", "gpu0 NVIDIA L4", 0.2), node("w2", "gpu0 NVIDIA H100 80GB HBM3", 0.8)]
    seen = look(None, [alive("w1"), other, *nodes])
    assert seen.devices == ("NVIDIA L4",)
    assert value(seen.node_utilization) == pytest.approx(0.2)


def test_while_no_replica_tells_of_more_than_its_node_all_nodes_count() -> None:
    nodes = [node("w1", "gpu0 NVIDIA L4", 0.2), node("w2", "gpu0 NVIDIA L4", 0.8)]
    seen = look(None, nodes)
    assert seen.devices == ("NVIDIA L4",)
    assert value(seen.node_utilization) == pytest.approx(0.5)
    ingress = look(None, [alive("the ingress"), *nodes])  # the stock path, before the engines tell
    assert ingress.devices == ("NVIDIA L4",)


def test_a_model_without_replicas_does_not_take_anothers_node_for_its_own() -> None:
    other = Sample(
        name=series.RUNNING, labels={"WorkerId": "w2", "model_name": "other"}, value=1, at_s=NOW_S
    )
    seen = look(None, [other, node("w2", "gpu0 NVIDIA L4")])
    assert seen.devices == ()
    assert seen.node_utilization is None
