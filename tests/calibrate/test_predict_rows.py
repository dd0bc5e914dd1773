"""Any row gets a prediction with its interval or a reason, and what it measured is never looked at."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from advisor.calibrate import metrics
from advisor.calibrate.names import accelerator_of, cached_accelerator_of, spec_of
from advisor.calibrate.predict import Answer, predict_rows
from advisor.calibrate.rows import ReadRow, Unsupported, read_case
from advisor.cli import cli
from advisor.core.fitted import INTERVALS, TABLE
from advisor.core.recommendation import Basis

ROOT = Path(__file__).resolve().parents[2]
ROW = {
    "model_hf_id": "meta-llama/Llama-3.1-8B", "gpu": "H100-SXM-80GB", "gpu_count": "1", "tp": "1", "pp": "1",
    "engine": "vLLM", "engine_version": "0.11.0", "weight_dtype": "bf16", "kv_dtype": "", "isl": "1024", "osl": "256",
    "concurrency_or_batch": "32", "request_rate": "", "metric": "tpot_ms_mean", "scenario": "serving-maxconc",
    "date": "2025", "notes": "",
}  # fmt: skip
odd = st.sampled_from(
    ["", "abc", "-1", "0", "nan", "inf", "1e300", "1e-300", "17", "2048.5", "1,024", "٣"]
)


def answers(*rows: dict[str, str]) -> list[Answer]:
    return predict_rows(rows, table=TABLE, intervals=INTERVALS)


def predicted(**changes: str) -> float:
    answer = answers(ROW | changes)[0]
    assert answer.predicted is not None, answer.unsupported
    return answer.predicted


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_every_metric_is_predicted_inside_its_interval(metric: str) -> None:
    answer = answers(ROW | {"metric": metric})[0]
    assert answer.low is not None
    assert answer.predicted is not None
    assert answer.high is not None
    assert 0 < answer.low <= answer.predicted <= answer.high
    assert answer.basis is Basis.FITTED


def test_what_was_measured_is_never_read() -> None:
    assert predicted(value="1") == predicted(value="1e9") == predicted()


@settings(max_examples=150)
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "isl": odd, "osl": odd, "concurrency_or_batch": odd, "request_rate": odd, "gpu_count": odd, "tp": odd, "pp": odd,
            "engine": st.sampled_from(["", "vLLM", "SGLang", "???", "llama.cpp"]), "engine_version": odd, "date": odd,
            "weight_dtype": st.sampled_from(["", "fp8", "awq-int4", "nvfp4", "mxfp4", "fp13"]),
            "gpu": st.sampled_from(["T4", "H100", "TPU v5e", "L40S", "MI300X", "P4", "B200", "", "toaster"]),
            "scenario": st.sampled_from([
                "", "static-batch", "serving-burst", "serving-disaggregated-1P3D", "serving-disaggregated-0P0D", "?",
            ]),
            "notes": st.sampled_from([
                "KV cache memory: ... GiB", "KV cache memory: 1.2.3 GiB", "KV cache memory: 0 GiB", "max_num_seqs=0",
                "max_num_seqs=99999999999999999999", "n_prompts=0", "SPECULATIVE, --ep-size 9, data parallel",
            ]),
            "metric": st.sampled_from([*metrics.METRICS, "", "tok/s"]),
        },
    )
)  # fmt: skip
def test_no_row_is_too_odd_for_a_prediction_or_a_reason(changes: dict[str, str]) -> None:
    answer = answers(ROW | changes)[0]
    if answer.unsupported:
        assert answer.predicted is None
        return
    assert answer.low is not None
    assert answer.predicted is not None
    assert answer.high is not None
    assert 0 < answer.low <= answer.predicted <= answer.high


def test_a_row_of_two_columns_gets_what_can_be_said() -> None:
    lean = {"model_hf_id": ROW["model_hf_id"], "gpu": "L4", "metric": "req_s"}
    answer = answers(lean)[0]
    assert answer.predicted is not None
    assert answer.assumed


def test_what_is_assumed_widens_the_interval() -> None:
    known, vague = answers(ROW, ROW | {"isl": "", "osl": ""})
    assert known.high is not None
    assert known.low is not None
    assert vague.high is not None
    assert vague.low is not None
    assert vague.high / vague.low > known.high / known.low


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("isl", "1k"),
        ("osl", "many"),
        ("concurrency_or_batch", "all"),
        ("request_rate", "10 req/s"),
    ],
)
def test_a_cell_that_is_no_such_number_is_named(column: str, cell: str) -> None:
    assert (
        f"{column} {cell!r} is no such number, left out"
        in answers(ROW | {column: cell})[0].assumed
    )


def test_two_names_of_one_measurement_agree() -> None:
    static = {"scenario": "static-batch", "osl": "1024"}
    tokens = 32 * (1024 + 1024)
    e2e_s = predicted(metric="batch_e2e_s", **static)
    assert predicted(metric="total_tok_s", **static) == pytest.approx(tokens / e2e_s)


def test_a_known_laboratory_keeps_its_habits_and_a_stranger_has_none() -> None:
    static = {"scenario": "static-batch", "metric": "batch_e2e_s"}
    ours = predicted(**static)
    assert predicted(source_id="argonne-llm-inference-bench", **static) != ours
    assert predicted(source_id="somebody-else", **static) == ours


def test_eight_cards_of_one_replica_are_faster_than_one() -> None:
    assert predicted(tp="8", gpu_count="8") < predicted()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("H100", "H100-SXM-80GB"), ("NVIDIA H100 80GB HBM3", "H100-SXM-80GB"), ("8xH100", "H100-SXM-80GB"),
        ("A10G", "A10G-24GB"), ("L40S", "L40S-48GB"), ("MI300X", "MI300X-192GB"), ("A100-80GB", "A100-SXM-80GB"),
        ("Tesla T4", "T4-16GB"), ("NVIDIA A100-SXM4-80GB", "A100-SXM-80GB"), ("MAX1550-128GB", "MAX1550-128GB"),
    ],
)  # fmt: skip
def test_names_as_benchmarks_write_them(written: str, meant: str) -> None:
    found = accelerator_of(written)
    assert not isinstance(found, Unsupported)
    assert found.name == meant


def test_the_command_writes_the_same_rows_with_more_columns(tmp_path: Path) -> None:
    table, out = tmp_path / "rows.csv.gz", tmp_path / "out.csv"
    with gzip.open(table, "wt", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=[*ROW, "id"])
        writer.writeheader()
        writer.writerows([ROW | {"id": "a"}, ROW | {"id": "b", "gpu": "toaster"}])
    done = CliRunner().invoke(cli, ["predict", str(table), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "1 of 2 rows predicted" in done.output
    with out.open(newline="") as stream:
        first, second = list(csv.DictReader(stream))
    assert (first["id"], second["id"]) == ("a", "b")
    assert float(first["low"]) < float(first["predicted"]) < float(first["high"])
    assert "toaster" in second["unsupported"]


MIXED = [
    ROW,
    ROW | {"gpu": "toaster", "metric": "output_tok_s_per_gpu"},
    ROW | {"metric": "output_tok_s_total"},
]


def printed(folder: Path, columns: int | None) -> str:
    """The table in a terminal of so many columns, or in a pipe."""
    table = folder / "rows.csv"
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(ROW))
        writer.writeheader()
        writer.writerows(MIXED)
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    if columns is not None:
        env["COLUMNS"] = str(columns)
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "predict", str(table)],
        capture_output=True, text=True, check=True, cwd=ROOT, env=env,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("columns", [60, 80, 100, None])
def test_in_any_width_every_number_is_whole_and_what_is_missing_is_named(
    tmp_path: Path, columns: int | None
) -> None:
    text = printed(tmp_path, columns)
    assert "…" not in text
    words = text.split()
    for row, answer in zip(MIXED, answers(*MIXED), strict=True):
        assert row["metric"] in words
        for value in (answer.predicted, answer.low, answer.high):
            assert value is None or f"{value:.6g}" in words
    shown, _, gone = text.partition("No room for ")
    for name in ("model", "gpu", "load", "basis", "why not"):
        assert (name in shown.splitlines()[1]) != (name in gone.partition(":")[0])
    if columns is None:
        assert gone == ""
    else:
        assert max(map(len, shown.splitlines())) <= columns
        assert gone


def test_json_is_one_object_a_row(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("model_hf_id,gpu,metric\nmeta-llama/Llama-3.1-8B,L4,req_s\n")
    done = CliRunner().invoke(cli, ["predict", str(table), "--json"])
    assert json.loads(done.stdout)["predicted"] > 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"a,b\n1,2\n", "metric"), (b"metric,b\nreq_s,2\n", "model_hf_id"), (b"\x1f\x8bbroken", "cannot be read")],
)  # fmt: skip
def test_a_file_of_something_else_is_refused_by_name(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    table = tmp_path / ("rows.csv.gz" if content.startswith(b"\x1f") else "rows.csv")
    table.write_bytes(content)
    done = CliRunner().invoke(cli, ["predict", str(table)])
    assert complaint in str(done.exception)
    assert table.name in str(done.exception)


@pytest.mark.parametrize(
    ("isl", "osl", "spread"),
    [
        ("217.4", "201.5", 1.0), ("214.1", "199.8", 1.0), ("216.0", "196.3", 1.0), ("128", "128", 0.0),
        ("1998.2", "98.4", 0.0), ("1019.5", "1022.4", 0.0), ("857", "64", 0.0),
    ],
)  # fmt: skip
def test_averages_over_conversations_are_told_from_lengths_that_somebody_typed(
    isl: str, osl: str, spread: float
) -> None:
    read = read_case(
        ROW | {"isl": isl, "osl": osl}, spec_of=spec_of, accelerator_of=cached_accelerator_of
    )
    assert isinstance(read, ReadRow)
    assert read.case.shape.osl_cv == spread
