"""What cannot have run has no speed; what was measured always has one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from advisor.calibrate.predict import Answer, predict_rows
from advisor.calibrate.refusals import counted
from advisor.calibrate.rows import read_rows
from advisor.cli import cli
from advisor.core.fitted import INTERVALS, TABLE

MEASURED = Path(__file__).resolve().parents[3] / "shared/data/measurements/calibration.csv.gz"
ROW = {
    "model_hf_id": "meta-llama/Llama-3.1-8B", "gpu": "H100-SXM-80GB", "gpu_count": "8", "tp": "8", "pp": "1",
    "engine": "vLLM", "isl": "1024", "osl": "256", "concurrency_or_batch": "32", "metric": "tpot_ms_mean",
    "scenario": "serving-maxconc",
}  # fmt: skip
LARGE = {"model_hf_id": "meta-llama/Llama-3.1-70B"}


def answer(**changes: str) -> Answer:
    return predict_rows([ROW | changes], table=TABLE, intervals=INTERVALS)[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tp": "3"}, "tp 3: vLLM does not start: 32 attention heads do not divide by 3"),
        ({"tp": "3", "engine": ""}, "tp 3: vLLM does not start: 32 attention heads do not divide by 3"),
        ({"tp": "3", "engine": "SGLang"}, "tp 3: 32 attention heads do not divide by 3"),
        ({"tp": "1", "pp": "40", "gpu_count": "40"}, "pp 40: vLLM does not start: 32 layers do not make 40 stages"),
        ({"isl": "-5"}, "isl -5: a length is at least 1"),
        ({"osl": "0"}, "osl 0: a length is at least 1"),
        ({"osl": "nan"}, "osl nan: a length is at least 1"),
        ({"concurrency_or_batch": "0"}, "concurrency_or_batch 0: a count is at least 1"),
        ({"request_rate": "nan"}, "request_rate nan: requests a second, above 0, are needed"),
        ({"request_rate": "-1"}, "request_rate -1: requests a second, above 0, are needed"),
        ({"request_rate": "inf"}, ""),
        ({"tp": "0"}, "tp 0: a count is at least 1"),
        ({"tp": "2.5"}, "tp 2.5: a whole number is needed"),
        ({"gpu_count": "8.5"}, "gpu_count 8.5: a whole number is needed"),
        ({"notes": "--enable-expert-parallel"}, "notes: vLLM does not start: expert parallelism needs"),
        ({"isl": "200000"}, "isl 200000: the model's context is 131072 tokens"),
        ({"isl": "200000", "engine": "SGLang"}, "isl 200000: the model's context is 131072 tokens"),
        ({"isl": "131000", "osl": "1000"}, "isl + osl 132000: the model's context is 131072 tokens, and vLLM takes"),
        ({"gpu_count": "1", "tp": "8"}, "tp 8: needs 8 devices, gpu_count is 1"),
        ({"gpu_count": "4", "tp": "4", "pp": "2"}, "tp 4 x pp 2: needs 8 devices, gpu_count is 4"),
        (LARGE | {"gpu_count": "1", "tp": "1"}, "gpu_count 1: 141.1 GB of weights on each device, which has"),
        ({"gpu": "L4", "tp": "1", "gpu_count": "1", "model_hf_id": "Qwen/Qwen3-14B"}, "GB of weights on each device"),
        (LARGE | {"gpu_count": "1", "tp": "1", "weight_dtype": "awq-int4"}, ""),
    ],
)  # fmt: skip
def test_what_cannot_run_is_unsupported_and_names_the_field(
    changes: dict[str, str], reason: str
) -> None:
    found = answer(**changes)
    assert reason in found.unsupported
    assert (found.predicted is None) == bool(reason)


def test_a_degree_that_a_row_does_not_state_is_no_mistake_of_it() -> None:
    """Eight cards and 28 heads: it may have been eight replicas."""
    other = {"model_hf_id": "Qwen/Qwen2.5-7B"}
    assert answer(**other, tp="").predicted is not None
    assert "28 attention heads" in answer(**other, tp="8").unsupported


def test_eight_cards_hold_what_one_does_not() -> None:
    assert answer(**LARGE).predicted is not None


def test_past_the_context_others_than_vllm_go_on_decoding() -> None:
    assert answer(isl="131000", osl="1000", engine="TensorRT-LLM").predicted is not None


@pytest.mark.parametrize("gpu", ["8xH100", "8 x H100", "H100 x8", "H100 x 8"])
def test_a_count_in_the_gpu_is_taken_where_there_is_no_other(gpu: str) -> None:
    found = answer(gpu=gpu, gpu_count="", tp="")
    assert "gpu_count 8, as gpu says" in found.assumed
    assert found.predicted == pytest.approx(answer(gpu="H100").predicted)


def test_two_counts_that_differ_say_which_was_taken() -> None:
    found = answer(gpu="8xH100", gpu_count="1", tp="1")
    assert "gpu says 8 devices, gpu_count 1: gpu_count taken" in found.assumed
    assert found.predicted == pytest.approx(answer(gpu="H100", gpu_count="1", tp="1").predicted)
    refused = answer(gpu="8xH100", gpu_count="1", tp="8").unsupported
    assert "tp 8: needs 8 devices, gpu_count is 1 (gpu says 8 devices" in refused


@pytest.mark.parametrize(
    "gpu", ["MI300X", "MAX1550-128GB", "RTX 4090", "H100-SXM-80GB", "GTX 970", "L40S", ""]
)
def test_a_name_with_an_x_is_no_count(gpu: str) -> None:
    row = {"gpu": gpu, "gpu_count": ""}
    assert counted(row) == (row, "")


@pytest.mark.skipif(
    not MEASURED.exists(), reason="the shared measurements are not beside this checkout"
)
def test_whatever_was_measured_is_answered() -> None:
    """Where an engine ran it, a rule that refuses it is wrong."""
    rows = read_rows(MEASURED)
    refused = {
        found.unsupported
        for found in predict_rows(rows, table=TABLE, intervals=INTERVALS)
        if found.unsupported
    }
    assert len(rows) > 9000
    assert refused == set()


def test_the_summary_says_in_which_row_first_counted_from_1(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    model = "meta-llama/Llama-3.1-8B"
    file.write_text(
        f"model_hf_id,gpu,tp,metric\n{model},H100,1,req_s\n{model},H100,3,req_s\n{model},H100,3,req_s\n"
    )
    said = (
        CliRunner().invoke(cli, ["predict", str(file), "--out", str(tmp_path / "out.csv")]).output
    )
    assert "1 of 3 rows predicted" in said
    assert "2 unsupported (first in row 2): tp 3: vLLM does not start" in said


def test_a_load_that_cannot_be_read_is_a_full_engine_and_says_so() -> None:
    said = answer(concurrency_or_batch="many").assumed
    assert "no load left, taken as a full engine" in said
    assert "no load left, taken as a full engine" not in answer(concurrency_or_batch="").assumed


def test_an_unknown_gpu_is_refused_with_the_names_near_it() -> None:
    assert "near names: H100-SXM-80GB" in answer(gpu="H100-SMX-80GB").unsupported
