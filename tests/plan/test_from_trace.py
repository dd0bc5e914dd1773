"""The load to plan for, out of a trace: never below its mean, idle as counted, and no rate out of a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.backtest.trace import Trace, make_trace
from advisor.errors import ConfigError
from advisor.plan.from_trace import busiest_per_s, load_of_trace
from advisor.plan.request import Load


def trace_of(arrivals_s: list[float]) -> Trace:
    tokens = np.full(len(arrivals_s), 100)
    return make_trace("t", np.sort(np.array(arrivals_s)), tokens, tokens)


arrivals = st.lists(st.floats(0, 7200), min_size=2, max_size=300)


@settings(database=None)
@given(first=arrivals)
def test_what_is_counted_is_bounded(first: list[float]) -> None:
    trace = trace_of(first)
    assert 0 <= busiest_per_s(trace) <= len(trace)


@settings(database=None)
@given(per_minute=st.integers(1, 50), minutes=st.integers(10, 120))
def test_steady_traffic_is_planned_at_its_rate(per_minute: int, minutes: int) -> None:
    trace = trace_of(list(np.arange(per_minute * minutes) * 60.0 / per_minute))
    assert busiest_per_s(trace) == pytest.approx(per_minute / 60, rel=0.35)
    assert busiest_per_s(trace) >= 0.999 * (len(trace) - 1) / (minutes * 60)


def csv_of(arrivals_s: list[float], folder: Path) -> Path:
    file = folder / "requests.csv"
    rows = "".join(f"{at},100,10\n" for at in arrivals_s)
    file.write_text(f"arrival_s,input_tokens,output_tokens\n{rows}")
    return file


def test_a_batch_has_no_rate_unless_it_is_said(tmp_path: Path) -> None:
    file = csv_of([0.0] * 1000, tmp_path)
    with pytest.raises(ConfigError, match="1,000 requests come within 0 s"):
        load_of_trace(file, rate=None, isl=None, osl=None, cold_start_s=90, assumed=[])
    load = load_of_trace(file, rate=0.5, isl=None, osl=None, cold_start_s=90, assumed=[])
    assert (load.requests_per_s, load.isl, load.osl) == (0.5, 100, 10)
    assert load.gaps is None, "a burst does not say what comes after it"


def test_what_was_said_wins_and_what_was_taken_is_said(tmp_path: Path) -> None:
    file = csv_of([float(second) for second in range(1200)], tmp_path)
    assumed: list[str] = []
    load = load_of_trace(file, rate=None, isl=7.0, osl=None, cold_start_s=90, assumed=assumed)
    assert load.requests_per_s == pytest.approx(1.0, rel=0.01)
    assert (load.isl, load.osl) == (7.0, 10)
    assert "p99 of 5-minute rates" in assumed[0]


@settings(database=None)
@given(pauses_s=st.lists(st.floats(91, 7200), min_size=1, max_size=20))
def test_a_traces_pauses_are_those_that_were_seen_each_as_long_as_it_was(
    pauses_s: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    arrivals_s = [0.0]
    for pause_s in pauses_s:
        arrivals_s += [arrivals_s[-1] + pause_s, arrivals_s[-1] + pause_s + 30.0]
    file = csv_of(arrivals_s, tmp_path_factory.mktemp("trace"))
    load = load_of_trace(file, rate=None, isl=None, osl=None, cold_start_s=90, assumed=[])
    assert load.gaps is not None
    assert load.gaps.observed
    assert load.gaps.lengths_s == pytest.approx(sorted(pauses_s))
    assert load.gaps.idle_share == pytest.approx(sum(pauses_s) / arrivals_s[-1])
    assert load.gaps.num_requests == len(arrivals_s)


def test_a_rate_that_was_said_scales_the_mean_and_leaves_the_pauses(tmp_path: Path) -> None:
    file = csv_of([*np.arange(0, 1800, 10.0), 3600.0], tmp_path)

    def load(rate: float | None) -> Load:
        return load_of_trace(file, rate=rate, isl=None, osl=None, cold_start_s=90, assumed=[])

    own = load(None)
    double = load(2 * own.requests_per_s)
    assert own.gaps is not None
    assert double.gaps is not None
    assert own.gaps.idle_share == pytest.approx(0.5, abs=0.01)
    assert double.gaps.lengths_s == own.gaps.lengths_s
    assert double.gaps.requests_per_s == pytest.approx(2 * (own.gaps.requests_per_s or 0))


@settings(database=None)
@given(longer=st.sets(st.integers(0, 999), max_size=997), tokens=st.integers(4001, 2_000_000))
def test_requests_longer_than_the_models_context_bend_nothing(
    longer: set[int], tokens: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever their length, and however many: the load is that of the others, and who was left out is said."""
    file = tmp_path_factory.mktemp("trace") / "requests.csv"
    rows = "".join(f"{at},{tokens if at in longer else 100},10\n" for at in range(1000))
    file.write_text(f"arrival_s,input_tokens,output_tokens\n{rows}")
    assumed: list[str] = []
    load = load_of_trace(
        file, rate=1.0, isl=None, osl=None, cold_start_s=90, assumed=assumed, max_context_tokens=4000
    )  # fmt: skip
    assert (load.isl, load.osl) == (100, 10)
    assert len(assumed) == bool(longer)
    if longer:
        assert f"{len(longer)} of 1,000 requests are longer" in assumed[0]
        assert f"row {min(longer) + 1}: {tokens + 10:,}" in assumed[0]


def test_a_trace_of_which_nothing_fits_the_model_is_refused(tmp_path: Path) -> None:
    file = csv_of([float(second) for second in range(1200)], tmp_path)
    with pytest.raises(
        ConfigError, match=r"1,200 of 1,200 requests .* context of 50 tokens \(row 1: 110\)"
    ):
        load_of_trace(
            file, rate=None, isl=None, osl=None, cold_start_s=90, assumed=[], max_context_tokens=50
        )  # fmt: skip


def test_merged_tenants_are_counted_and_idle_less_together_than_each_alone(tmp_path: Path) -> None:
    """Two that take turns by the half hour are never idle together."""
    file = tmp_path / "requests.csv"
    rows = "".join(f"{at},100,10,{'ab'[at // 1800 % 2]}\n" for at in range(0, 7200, 5))
    file.write_text(f"arrival_s,input_tokens,output_tokens,model\n{rows}")
    assumed: list[str] = []
    load_of_trace(file, rate=1.0, isl=None, osl=None, cold_start_s=90, assumed=assumed)
    assert "2 tenants (column model) merged into one load" in assumed[0]
    assert "idle 0% of the time, each alone 50% to 50%" in assumed[0]
