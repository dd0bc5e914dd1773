"""Traces: what is right is read as it stands, what is wrong is one line that names file, column and row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.backtest import trace as module
from advisor.backtest.trace import TraceError, load_trace, make_trace, redraw, scale_rate


def write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


GOOD = {"arrival_s": [0.0, 1.5, 1.5], "input_tokens": [5, 6, 7], "output_tokens": [1, 2, 3]}


def test_parquet_and_csv_read_the_same(tmp_path: Path) -> None:
    one = load_trace(write(tmp_path / "t.parquet", **GOOD, model=["a", "b", "a"]))
    (tmp_path / "t.csv").write_text(
        "arrival_s,input_tokens,output_tokens,model\n0.0,5,1,a\n1.5,6,2,b\n1.5,7,3,a\n"
    )
    two = load_trace(tmp_path / "t.csv")
    for name in ("arrival_s", "input_tokens", "output_tokens", "tenants"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert one.tenant_names == two.tenant_names == ("a", "b")
    assert len(one.of_tenant(0)) == 2


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "arrival_s, input_tokens, output_tokens\n0.0, 5, 1\n1.5, 6, 2\n", encoding="utf-8-sig"
    )
    assert load_trace(file).output_tokens.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        ("arrival_s;input_tokens;output_tokens\n0;5;1\n", "separated by commas"),
        ("arrival_s,input_tokens,output_tokens\n0,5\n", "row 1: the row ends before it"),
    ],
)
def test_a_csv_that_is_none_says_why(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(TraceError, match=expected):
        load_trace(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("arrival_s", [0.0, 2.0, 1.0], "arrival_s: row 3: 1 arrives before the row above it"),
        ("arrival_s", [0.0, float("nan"), 1.0], "arrival_s: row 2: nan is not a finite number"),
        ("arrival_s", [-1.0, 0.0, 1.0], "arrival_s: row 1: -1 is negative"),
        ("arrival_s", [0.0, None, 1.0], "arrival_s: row 2: nan is not a finite number"),
        ("arrival_s", [0.0, 1.0, 1e9], "arrival_s: row 3: 1000000000 is above 9e+06"),
        ("input_tokens", [1, 2, -3], "input_tokens: row 3: -3 is negative"),
        ("output_tokens", [1.0, 2.5, 3.0], "output_tokens: row 2: 2.5 is not a whole number"),
        ("output_tokens", ["a", "b", "c"], "output_tokens: string is not a number"),
    ],
)
def test_a_wrong_value_is_named_with_file_column_and_row(
    tmp_path: Path, column: str, values: list[object], expected: str
) -> None:
    path = write(tmp_path / "bad.parquet", **{**GOOD, column: values})
    with pytest.raises(TraceError) as raised:
        load_trace(path)
    assert str(raised.value) == f"{path}: {expected}"


def test_a_missing_column_an_empty_file_and_no_parquet_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="output_tokens: no such column"):
        load_trace(write(tmp_path / "a.parquet", arrival_s=[0.0], input_tokens=[1]))
    empty = {name: pa.array([], pa.float64()) for name in GOOD}
    with pytest.raises(TraceError, match="holds no requests"):
        load_trace(write(tmp_path / "b.parquet", **empty))
    (tmp_path / "c.parquet").write_text("no")
    with pytest.raises(TraceError, match="not a parquet file"):
        load_trace(tmp_path / "c.parquet")
    with pytest.raises(TraceError, match="no such file"):
        load_trace(tmp_path / "d.parquet")
    (tmp_path / "e.csv").write_text("arrival_s,input_tokens,output_tokens\n0,x,1\n")
    with pytest.raises(TraceError, match="input_tokens: row 1: 'x' is not a number"):
        load_trace(tmp_path / "e.csv")


def test_a_long_trace_is_read_in_batches_and_order_is_checked_across_them(tmp_path: Path) -> None:
    count = 2 * module.BATCH_ROWS + 10
    columns = {
        "arrival_s": np.arange(count, dtype=np.float64),
        "input_tokens": np.ones(count, np.int32),
        "output_tokens": np.ones(count, np.int32),
    }
    seen: list[tuple[int, int]] = []
    path = write(tmp_path / "long.parquet", **columns)
    trace = load_trace(path, lambda rows, total: seen.append((rows, total)))
    assert len(trace) == count
    assert len(seen) >= 3
    assert seen[-1] == (count, count)
    columns["arrival_s"][module.BATCH_ROWS] = 0.5  # the first row of the second batch
    with pytest.raises(TraceError, match=f"row {module.BATCH_ROWS + 1}: 0.5 arrives before"):
        load_trace(write(tmp_path / "wrong.parquet", **columns))


@pytest.mark.parametrize("factor", [0.1, 0.9, 1.0, 2.5, 10.0])
def test_scaling_keeps_order_span_lengths_and_the_rate_asked_for(factor: float) -> None:
    rng = np.random.default_rng(0)
    arrival_s = np.sort(rng.uniform(0, 1e4, 20_000))
    trace = make_trace("t", arrival_s, rng.integers(1, 99, 20_000), np.full(20_000, 7))
    scaled = scale_rate(trace, factor, seed=1)
    assert len(scaled) == pytest.approx(factor * len(trace), rel=0.05)
    assert (np.diff(scaled.arrival_s) >= 0).all()
    assert scaled.arrival_s[0] >= 0
    assert scaled.arrival_s[-1] <= trace.duration_s
    assert scaled.input_tokens.mean() == pytest.approx(trace.input_tokens.mean(), rel=0.05)
    again = scale_rate(trace, factor, seed=1)
    assert (again.arrival_s == scaled.arrival_s).all()


def test_a_redrawn_trace_is_the_same_traffic_and_other_requests() -> None:
    rng = np.random.default_rng(0)
    arrival_s = np.sort(rng.uniform(0, 1e4, 20_000))
    trace = make_trace("t", arrival_s, rng.integers(1, 99, 20_000), np.full(20_000, 7))
    one, two = redraw(trace, seed=1), redraw(trace, seed=2)
    assert len(one) == pytest.approx(len(trace), rel=0.03)
    assert len(one) != len(two) or (one.arrival_s != two.arrival_s).any()
    hours = [np.histogram(each.arrival_s, 4, (0, 1e4))[0] for each in (trace, one)]
    assert hours[1] == pytest.approx(hours[0], rel=0.1)
