"""`advisor size` and `advisor memory`, and where a model's config comes from."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.adapters.hub import load_model, load_model_spec
from advisor.errors import UnsupportedModelError
from advisor.memory_rows import PREDICTED, answer

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 512, "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 128, "max_position_embeddings": 2048,
    "tie_word_embeddings": True, "torch_dtype": "bfloat16",
}  # fmt: skip


def advisor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(TINY))
    return tmp_path


# --- where a config comes from ------------------------------------------------------------------------


def test_a_folder_wins_over_the_table_and_says_where_it_is(folder: Path) -> None:
    loaded = load_model(str(folder))
    assert loaded.spec.total_params == 106_816
    assert loaded.origin == str(folder / "config.json")


def test_the_table_answers_without_a_network_and_names_its_source() -> None:
    loaded = load_model("meta-llama/Llama-3.1-8B-Instruct", offline=True)
    assert loaded.spec.total_params == 8_030_261_248
    assert "shipped table" in loaded.origin


def test_a_rule_that_led_to_the_model_is_said() -> None:
    loaded = load_model("Qwen/Qwen3-14B-AWQ", offline=True)
    assert "Qwen/Qwen3-14B-AWQ taken as Qwen/Qwen3-14B in awq-int4" in loaded.origin


def test_an_unknown_model_without_a_network_has_near_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hub's address is a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(
            "huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{probe.getsockname()[1]}"
        )
    with pytest.raises(UnsupportedModelError, match="near names: Qwen/Qwen3-8B") as raised:
        load_model_spec("Qwen/Qwen3-9B")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "not valid JSON"), ("[]", "no object"), ("\ufffe", "not valid JSON"), ("[" * 100_000, "not valid JSON"),
     ("NaN", "no object"), ('{"architectures": ["LlamaForCausalLM"]}', "hidden_size")],
)  # fmt: skip
def test_a_broken_config_is_one_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "config.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(UnsupportedModelError, match=problem):
        load_model_spec(str(tmp_path))


def test_a_huge_config_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b" " * 5_000_000)
    with pytest.raises(UnsupportedModelError, match="larger than"):
        load_model_spec(str(tmp_path))


# --- advisor size -------------------------------------------------------------------------------------


def test_size_prints_base_units_as_json() -> None:
    done = advisor(
        "size", "meta-llama/Llama-3.1-8B", "--gpu", "L4-24GB", "--context", "4096", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    amounts = {figure["key"]: figure["amount"] for figure in report["figures"]}
    assert amounts["total_params"] == 8_030_261_248
    assert amounts["kv_bytes_per_token"] == 131_072
    assert amounts["kv_bytes_of_context"] == 4096 * 131_072
    assert [place["accelerator"] for place in report["places"]] == ["L4-24GB"]
    assert report["places"][0]["tp_degree"] == 1
    assert {weights["quantization"] for weights in report["weights"]} >= {
        "none",
        "fp8",
        "awq-int4",
    }
    assert all(figure["formula"] and figure["source"] for figure in report["figures"])


def test_size_explains_every_figure_with_formula_and_source(folder: Path) -> None:
    done = advisor("size", str(folder), "--explain")
    assert done.returncode == 0, done.stderr
    assert "106,816" in done.stdout
    assert "6 N D" in done.stdout
    assert "arXiv" in done.stdout


def test_size_of_one_quantisation_is_of_the_model_stored_so() -> None:
    arguments = ("size", "Qwen/Qwen3-32B", "--gpu", "L40S-48GB", "--json")
    plain, awq = (
        json.loads(advisor(*arguments, *more).stdout)["places"][0]["tp_degree"]
        for more in ((), ("--quantization", "awq"))
    )
    assert (plain, awq) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("Qwen/Qwen3-9B", "--offline"), "near names"),
        (("Qwen/Qwen3-8B", "--gpu", "H101"), "H101"),
        (("Qwen/Qwen3-8B", "--quantization", "fp9"), "fp8"),
        (("openai/gpt-oss-20b", "--quantization", "fp8"), "mxfp4"),
        (("microsoft/phi-2", "--context", "100000"), "--context"),
        (("./nowhere",), "config.json"),
    ],
)
def test_a_mistake_is_one_line_with_status_2(arguments: tuple[str, ...], named: str) -> None:
    done = advisor("size", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


# --- advisor memory -----------------------------------------------------------------------------------

ROW = {"model_hf_id": "Qwen/Qwen2.5-7B-Instruct", "gpu": "H100-80GB", "tp": "2", "pp": "1", "max_model_len": "8192",
       "gpu_memory_utilization": "0.95", "vllm_version": "v0.19.0"}  # fmt: skip


def test_a_start_up_is_predicted_with_its_interval() -> None:
    cells = answer(ROW)
    assert cells["unsupported"] == ""
    assert float(cells["predicted_weight_memory_gib"]) == pytest.approx(7.12, rel=0.01)
    tokens, low, high = (
        int(cells[k]) for k in ("predicted_kv_cache_tokens", "kv_tokens_low", "kv_tokens_high")
    )
    assert low < tokens < high
    assert low < 2_390_592 < high
    assert cells["basis"].startswith("fitted")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("H100", "H100-SXM-80GB"), ("8xH100", "H100-SXM-80GB"), ("A100-80GB", "A100-SXM-80GB"), ("L40S", "L40S-48GB")],
)  # fmt: skip
def test_a_gpu_is_read_as_predict_reads_it(written: str, meant: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(
        "model_hf_id,gpu,gpu_count,tp,metric\n"
        + "".join(f"Qwen/Qwen3-8B,{name},1,1,req_s\n" for name in (written, meant))
    )
    memory = list(csv.DictReader(io.StringIO(advisor("memory", str(file)).stdout)))
    speed = [
        json.loads(line) for line in advisor("predict", str(file), "--json").stdout.splitlines()
    ]
    for rows, column in ((memory, "predicted_kv_cache_tokens"), (speed, "predicted")):
        asked, named = (row[column] for row in rows)
        assert asked
        assert asked == named


def test_what_was_measured_is_not_read() -> None:
    measured = {
        **ROW,
        "weight_memory_gib": "1",
        "kv_cache_tokens": "1",
        "cuda_graph_memory_gib": "x",
    }
    assert answer(measured) == answer(ROW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_hf_id": ""}, "model_hf_id"),
        ({"model_hf_id": "nobody/knows-7B"}, "near names"),
        ({"model_hf_id": "A" * 5000}, "AAAA"),
        ({"gpu": ""}, "gpu"),
        ({"gpu": "H101"}, "H101"),
        ({"tp": "0"}, "tp"),
        ({"tp": "two"}, "tp"),
        ({"tp": "1.5"}, "tp"),
        ({"tp": "8"}, "28 attention heads"),
        ({"tp": "nan"}, "tp"),
        ({"pp": "99"}, "28 layers"),
        ({"gpu_memory_utilization": "95"}, "gpu_memory_utilization"),
        ({"gpu_memory_utilization": "nan"}, "gpu_memory_utilization"),
        ({"max_model_len": "-1"}, "max_model_len"),
        ({"max_model_len": "200000"}, "max_model_len 200000 is beyond the model's context of"),
        ({"quantization": "fp9"}, "quantization"),
        ({"dtype": "int3"}, "dtype"),
        ({"kv_cache_dtype": "int2"}, "kv_cache_dtype"),
        ({"gpu": "T4-16GB", "tp": "1", "dtype": "float32"}, "no memory is left"),
    ],
)
def test_a_row_that_cannot_be_answered_says_why(change: dict[str, str], reason: str) -> None:
    cells = answer({**ROW, **change})
    assert reason in cells["unsupported"]
    assert "\n" not in cells["unsupported"]


def test_the_file_comes_back_row_by_row_with_the_predictions_beside(tmp_path: Path) -> None:
    file, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    lines = [
        "model_hf_id,gpu,tp,note",
        'Qwen/Qwen3-8B,L4-24GB,1,"a, b"',
        ",,,",
        "nobody/knows,H100-80GB,x,",
        "short",
    ]
    file.write_text("\n".join(lines))
    done = advisor("memory", str(file), "--out", str(out))
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert said[0] == f"{out}: written, 1 of 4 rows predicted"
    assert [line.partition(":")[0] for line in said[1:]] == [
        f"  1 unsupported (row {row})" for row in (2, 3, 4)
    ]
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["model_hf_id"] for row in rows] == ["Qwen/Qwen3-8B", "", "nobody/knows", "short"]
    assert rows[0]["note"] == "a, b"
    assert int(rows[0]["predicted_kv_cache_tokens"]) > 0
    assert [bool(row["unsupported"]) for row in rows] == [False, True, True, True]
    assert set(PREDICTED) <= set(rows[0])


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"a,b\n1,2\n", "model_hf_id"), (b"", "model_hf_id"), (b"\xff\xfe\x00", "UTF-8")],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, content: bytes, named: str) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    done = advisor("memory", str(file))
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert advisor("memory", str(tmp_path / "absent.csv")).returncode == 2


def test_experts_that_do_not_split_fit_where_whole_ones_do() -> None:
    """236 GB over eight A100 of 40 GB: in slices 4 is the most, and that holds it not."""
    arguments = ("size", "Qwen/Qwen3-235B-A22B-FP8", "--gpu", "A100-SXM-40GB")
    (place,) = json.loads(advisor(*arguments, "--json").stdout)["places"]
    assert (place["tp_degree"], place["expert_parallel"]) == (8, True)
    assert place["kv_tokens"] > 8192
    shown = advisor(*arguments).stdout
    assert "8 EP" in shown
    assert "EP: only with whole experts on each GPU" in shown
