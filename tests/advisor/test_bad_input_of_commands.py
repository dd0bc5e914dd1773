"""Bad input, as issue 5 lists it, through the command itself: status 2, one line that names the field, never a traceback."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.cli import main

LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 512, "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 128, "max_position_embeddings": 2048,
    "tie_word_embeddings": True, "torch_dtype": "bfloat16",
}  # fmt: skip
REPLICA = "step_base_s: 0.015\nkv_capacity_tokens: 100000\nmax_num_seqs: 64\n"
TRACE = "arrival_s,input_tokens,output_tokens\n" + "".join(f"{i},100,10\n" for i in range(600))
Refused = Callable[..., str]


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Status, stdout and stderr of a command, run in a folder with a model, a trace and a replica."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    for folder, text in {"llama": json.dumps(LLAMA), "empty": None}.items():
        Path(folder).mkdir()
        if text is not None:
            Path(folder, "config.json").write_text(text)
    Path("trace.csv").write_text(TRACE)
    Path("replica.yaml").write_text(REPLICA)
    Path("blank.csv").touch()
    Path("header.csv").write_text("model_hf_id,gpu,metric\n")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["advisor", *arguments])
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def refused(said: Callable[..., tuple[int, str, str]]) -> Refused:
    """What a mistake is answered with."""

    def run(*arguments: str) -> str:
        status, out, err = said(*arguments)
        assert status == 2, (out, err)
        assert out == ""
        assert err.startswith("error: ")
        assert err.count("\n") == 1, err
        assert err.rstrip("\n").isprintable()
        return err

    return run


# --- a config.json that is malformed, hostile or of an unknown type -----------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 200_000, "not valid JSON"),
        ('{"a":' * 50_000, "not valid JSON"),
        ("[]", "holds no object"),
        ("null", "holds no object"),
        ("{}", "'architectures' must be a list with one name"),
        (json.dumps({**LLAMA, "architectures": "LlamaForCausalLM"}), "'architectures' must be a list"),
        (json.dumps({**LLAMA, "architectures": ["Odd\x1b[31mForCausalLM"]}), r"architecture 'Odd\x1b[31mFor"),
        (json.dumps({**LLAMA, "hidden_size": "64"}), "field 'hidden_size' is '64', expected a whole number"),
        (json.dumps({**LLAMA, "hidden_size": 64.5}), "field 'hidden_size' is 64.5"),
        (json.dumps({**LLAMA, "hidden_size": -64}), "field 'hidden_size' is -64"),
        (json.dumps({**LLAMA, "hidden_size": float("nan")}), "field 'hidden_size' is nan"),
        (json.dumps(LLAMA).replace("64", "9" * 4000), "field 'hidden_size' is 99999"),
        (json.dumps(LLAMA).replace("64", "9" * 5000), "not valid JSON"),
        (json.dumps({**LLAMA, "num_hidden_layers": 10**8}), "expected at most 10000"),
        (json.dumps({**LLAMA, "vocab_size": 10**8, "hidden_size": 10**8}), "parameters"),
        (json.dumps({**LLAMA, "num_key_value_heads": 3}), "does not divide num_attention_heads"),
        (json.dumps({**LLAMA, "num_local_experts": 8}), "field 'num_local_experts' is 8, which this architecture"),
        (json.dumps({**LLAMA, "torch_dtype": "float7"}), "field 'torch_dtype' is 'float7'"),
        (json.dumps({**LLAMA, "quantization_config": {"quant_method": "magic"}}), "magic"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_config_that_cannot_be_sized_names_its_field(
    refused: Refused, text: str, says: str
) -> None:
    Path("bad").mkdir()
    Path("bad", "config.json").write_text(text)
    assert says in refused("size", "./bad")


def test_a_config_of_100_megabytes_is_not_read(refused: Refused) -> None:
    Path("bad").mkdir()
    with Path("bad", "config.json").open("wb") as stream:
        stream.truncate(100_000_000)
    assert "larger than 4000000 bytes" in refused("size", "./bad")


def test_a_plan_refuses_the_same(refused: Refused) -> None:
    Path("llama", "config.json").write_text("{")
    assert "not valid JSON" in refused("plan", "./llama", "--budget", "5/hour")
    assert "no config.json" in refused("plan", "./empty", "--budget", "5/hour")


# --- rates, lengths, budgets, units, names, files ------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "--budget: required"),
        ("--budget 5000/mnth", "--budget: no period 'mnth'"),
        ("--budget -5/month", "--budget: must be above zero"),
        ("--budget 0/month", "--budget: must be above zero"),
        ("--budget 9e99/month", "--budget: an amount with its period"),
        (f"--budget {'9' * 400}/month", "--budget: must be above zero and below a trillion"),
        ("--budget 5/hour --rate -1", "--rate: -1 requests/s, expected 0 to"),
        ("--budget 5/hour --rate nan", "--rate: nan"),
        ("--budget 5/hour --rate 1e300", "--rate: 1e+300"),
        ("--budget 5/hour --isl 0", "--isl: 0 tokens, expected 1 to"),
        ("--budget 5/hour --osl inf", "--osl: inf"),
        ("--budget 5/hour --ttft-p95 300sm", "--ttft-p95: no unit 'sm' of time"),
        ("--budget 5/hour --ttft-p95 -3ms", "--ttft-p95: must be above zero"),
        ("--budget 5/hour --ttft-p95 0ms", "--ttft-p95: must be above zero"),
        ("--budget 5/hour --tpot-p99 99999h", "--tpot-p99: 99999h: expected"),
        ("--budget 5/hour --slo ttft", "--slo: 'ttft': a latency, a percentile and a bound"),
        ("--budget 5/hour --slo ttft:p100:1s", "--slo: the percentile is 100, expected above 0"),
        ("--budget 5/hour --slo ttft:p95:1s --ttft-p95 2s", "--slo: TTFT p95 has two bounds"),
        ("--budget 5/hour --cold-start soon", "--cold-start: a duration with its unit"),
        (f"--budget 5/hour --cold-start {'9' * 400}s", "--cold-start: must be below thirty years"),
        ("--budget 5/hour --gpu H100-SMX", "near names: "),
        ("--budget 5/hour --gpu H100", "may be any of H100-NVL-94GB"),
        ("--budget 5/hour --provider lamda", "--provider: no 'lamda' in the price book; near names: lambda"),
        ("--budget 5/hour --region us-esat-1", "--region: no 'us-esat-1' in the price book; near names: us-east-1"),
        ("--budget 5/hour --quantization fp7", "--quantization: no 'fp7'; near names: fp8"),
        ("--budget 5/hour --prices nowhere.yaml", "nowhere.yaml: No such file"),
        ("--budget 5/hour --prices empty", "empty: Is a directory"),
        ("--budget 5/hour --trace nowhere.csv", "nowhere.csv: no such file"),
        ("--budget 5/hour --trace empty", "empty: is a directory"),
        ("--budget 5/hour --write empty", "empty: cannot be written: Is a directory"),
        ("--budget 5/hour --html nowhere/plan.html", "nowhere/plan.html: cannot be written: No such file"),
        ("--budget 5/hour --write both --html ./both", "--html and --write: both: one file cannot be both"),
        ("--budget 5/hour --mode batch --write job.yaml", "--write: a batch job is no endpoint"),
        ("--budget 5/hour --mode async --write job.yaml", "--write: a task queue needs consumers"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_a_plan_names_the_option_that_is_wrong(
    refused: Refused, arguments: str, says: str
) -> None:
    assert says in refused("plan", "./llama", *arguments.split())
    assert not Path("job.yaml").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("when,in,out\n1,2,3\n", "arrival_s"),
        ("arrival_s,input_tokens\n1,2\n", "output_tokens"),
        ("arrival_s,input_tokens,output_tokens\n", "it holds no requests"),
        ("arrival_s,input_tokens,output_tokens\n0,5,5\n", "too few to plan for"),
        ("arrival_s,input_tokens,output_tokens\n0,5,5\nx,5,5\n", "arrival_s"),
        (
            "arrival_s,input_tokens,output_tokens\n5,5,5\n0,5,5\n",
            "arrives before the row above it",
        ),
        ("arrival_s,input_tokens,output_tokens\n0,-5,5\n1,5,5\n", "input_tokens"),
        ("arrival_s,input_tokens,output_tokens\n0,5,1e30\n1,5,5\n", "output_tokens"),
        ("\x00\x01\x02", "arrival_s"),
    ],
)
def test_a_wrong_trace_names_file_and_column(refused: Refused, text: str, says: str) -> None:
    Path("bad.csv").write_text(text)
    error = refused("plan", "./llama", "--budget", "5/hour", "--trace", "bad.csv")
    assert "bad.csv" in error
    assert says in error


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("size ./llama --context 4096", "--context: 4096 tokens are more than ./llama takes: 2048"),
        ("size ./llama --gpu H101", "H101"),
        ("size ./llama --quantization fp9", "--quantization: 'fp9' is unknown; near names: fp8"),
        ("compare ./llama nowhere/at-all --rate 1", "nowhere/at-all"),
        ("compare L4 H101 --model ./llama", "H101"),
        ("compare L4-24GB ./llama", "L4-24GB is a GPU: say for which model with --model"),
        ("compare ./llama ./llama --slo ttft", "--slo: 'ttft'"),
        ("gpus H101", "near names"),
        ("gpus --vendor acme", "--vendor: no accelerators of 'acme'"),
        ("gpus --lint nowhere.csv", "nowhere.csv"),
        ("gpus --lint empty", "empty"),
        ("gpus --lint replica.yaml", "replica.yaml"),
        ("predict nowhere.csv", "nowhere.csv: cannot be read"),
        ("predict blank.csv", "blank.csv: no row to predict"),
        ("predict header.csv", "header.csv: no row to predict"),
        ("predict header.csv --json", "header.csv: no row to predict"),
        ("predict header.csv --out out.csv", "header.csv: no row to predict"),
        ("memory blank.csv", "blank.csv: column 'model_hf_id' is missing"),
        ("memory header.csv", "header.csv: no row stands below its header"),
        ("memory nowhere.csv", "nowhere.csv: cannot be read: No such file"),
        ("memory empty", "empty: cannot be read: Is a directory"),
        ("memory trace.csv", "trace.csv"),
        ("prices --gpu H101", "H101"),
        ("prices --provider lamda", "near names: lambda"),
        ("prices --prices trace.csv", "trace.csv"),
        ("prices api no-such-model", "no API price of 'no-such-model' is known"),
        ("prices api llama-3.1-8b --usd-per-hour 2", "--usd-per-hour and --requests-per-s: give both"),
        ("prices api llama-3.1-8b --usd-per-hour -2 --requests-per-s 1", "error: --usd-per-hour: -2, expected above zero"),
        ("prices api llama-3.1-8b --usd-per-hour 2 --requests-per-s 0", "error: --requests-per-s: 0, expected above zero"),
        ("prices api llama-3.1-8b --usd-per-hour 2 --requests-per-s 1 --isl 0 --osl 0", "error: --isl, --osl: a request"),
        ("compare ./llama", "b: required. The other model, or the other GPU: two are compared."),
        ("backtest", "TRACE or --prometheus: exactly one"),
        ("backtest trace.csv", "--replica-model, or --model together with --gpu"),
        ("backtest empty --replica-model replica.yaml", "empty: is a directory"),
        ("backtest trace.csv --replica-model empty", "empty: "),
        ("backtest trace.csv --replica-model replica.yaml --policy hpaa", "--policy: hpaa"),
        ("backtest trace.csv --replica-model replica.yaml --slo ttft", "--slo: 'ttft'"),
        ("backtest trace.csv --replica-model replica.yaml --price nan", "--price: nan"),
        ("backtest trace.csv --replica-model replica.yaml --json empty", "empty: cannot be written: Is a directory"),
        ("backtest trace.csv --replica-model replica.yaml --html no/x.html", "no/x.html: cannot be written: No such file"),
        ("backtest trace.csv --replica-model replica.yaml --min-replicas 5 --max-replicas 2", "--min-replicas: 5 is above"),
        ("backtest trace.csv --model ./llama --gpu L4-24GB --tp 7", "--tp: 2 attention heads do not divide by 7"),
        ("history nowhere.db", "nowhere.db"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_the_other_commands_name_what_is_wrong(
    refused: Refused, arguments: str, says: str
) -> None:
    assert says in refused(*arguments.split())


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ("plan ./llama --budget 5/hour --rate fast", "--rate"),
        ("plan ./llama --budget 5/hour --max-replicas 0", "--max-replicas"),
        ("plan ./llama --budget 5/hour --mode asinc", "--mode"),
        ("plan ./llama --budget 5/hour --ttft 300ms", "--ttft"),
        ("size ./llama --context -1", "--context"),
        ("prices --limit -1", "--limit"),
        ("prices --capacity stop", "--capacity"),
        ("prices api llama-3.1-8b --isl nan", "--isl"),
        ("backtest trace.csv --replica-model replica.yaml --tp 0", "--tp"),
        ("backtest trace.csv --replica-model replica.yaml --fleet 1e300", "--fleet"),
        ("backtest trace.csv --replica-model replica.yaml --ttft-per-prefill nan", "--ttft-per-prefill"),
        ("backtest trace.csv --replica-model replica.yaml --metrics-delay -1", "--metrics-delay"),
        ("backtest trace.csv --replica-model replica.yaml --missing-metrics nan", "--missing-metrics"),
    ],
)  # fmt: skip
def test_what_is_no_such_number_or_word_is_told_by_the_parser(
    said: Callable[..., tuple[int, str, str]], arguments: str, option: str
) -> None:
    status, out, err = said(*arguments.split())
    assert (status, out) == (2, "")
    assert option in err
    assert "Traceback" not in err


# --- what is no mistake: it is answered ---------------------------------------------------------------


def test_a_number_without_its_unit_is_taken_for_something_and_said(
    said: Callable[..., tuple[int, str, str]],
) -> None:
    arguments = "plan ./llama --budget 5000 --ttft-p95 300 --cold-start 90"
    status, out, err = said(*arguments.split(), "--json")
    assert status == 0, err
    assumed = " ".join(json.loads(out)["assumed"])
    for taken in ("5000/month", "300 ms", "90 s"):
        assert f"taken as {taken}" in assumed


def test_no_offer_at_all_is_an_answer_that_says_so(
    said: Callable[..., tuple[int, str, str]],
) -> None:
    status, out, err = said(
        "plan", "./llama", "--budget", "5/hour", "--provider", "aws", "--gpu", "MI300X-192GB"
    )
    assert status == 0, err
    assert "no offer among the allowed providers" in out
    status, out, _ = said("prices", "--gpu", "P4")
    assert status == 0
    assert out.splitlines()[-2].startswith("0 of ")


def test_a_csv_trace_is_backtested_and_its_files_are_whole(
    said: Callable[..., tuple[int, str, str]],
) -> None:
    arguments = "backtest trace.csv --replica-model replica.yaml --policy hpa --json out.json --html out.html"
    status, out, err = said(*arguments.split())
    assert status == 0, err
    assert "hpa" in out
    assert json.loads(Path("out.json").read_text())["num_requests"] == 600
    assert Path("out.html").read_text().rstrip().endswith("</html>")
    assert not list(Path().glob(".out*")), "nothing half written is left behind"


# --- how a command is typed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("plan m --rate 13/s", "--rate: '13/s': input should be a valid number, unable to parse string as a number. Req"),
        ("plan m --rate=13/s", "--rate: '13/s': input should be a valid number"),
        ("compare a b --isl many", "--isl: 'many': input should be a valid number"),
        ("plan m --max-replicas 0", "--max-replicas: '0': input should be greater than or equal to 1. At most so many"),
        ("plan m --mode never", "--mode: 'never' is not one of 'always-on', 'scale-to-zero', 'async', 'batch'"),
        ("run file.yaml --port 99999", "--port: '99999': input should be less than or equal to 65535"),
        ("history j.db --limit x", "--limit: 'x': input should be a valid integer"),
        ("plan", "model: required. A hub id"),
        ("plan m --rate", "'--rate' requires an argument"),
        ("plan m --ratee 3", "no such option: --ratee (Possible options: --rate,"),
        ("plan m n", "unexpected extra argument"),
        ("plann m", "no such command 'plann'. Did you mean 'plan'?"),
        ("prices refesh", "no such command 'refesh'"),
    ],
)  # fmt: skip
def test_a_slip_of_the_keyboard_is_one_line_that_names_the_option(
    refused: Refused, typed: str, says: str
) -> None:
    assert says in refused(*typed.split())


def test_the_command_alone_shows_its_help(said: Callable[..., tuple[int, str, str]]) -> None:
    _, out, err = said()
    assert "Usage: advisor" in out + err
    assert "error" not in out + err
    assert said("version")[0] == 0
    assert said("plan", "--help")[0] == 0


@pytest.mark.parametrize(
    ("name", "near"), [("amazon", "aws"), ("Amazon EC2", "aws"), ("google", "gcp"), ("Microsoft", "azure"), ("awss", "aws")]
)  # fmt: skip
def test_a_cloud_by_another_name_is_named(refused: Refused, name: str, near: str) -> None:
    for command in (["plan", "./llama", "--budget", "5/hour"], ["compare", "a", "b"]):
        assert f"near names: {near}" in refused(*command, "--provider", name)
    Path("own.yaml").write_text(f"discounts: {{'{name}': 20%}}")
    said = refused("plan", "./llama", "--budget", "5/hour", "--prices", "own.yaml")
    assert f"near names: {near}" in said


@pytest.mark.parametrize(
    ("at_once", "rate", "shown"),
    [("8", "", "x 8 "), ("", "3", "x 3/s "), ("8", "3", "x 3/s, 8 at most "), ("", "", "x - ")],
)
def test_predict_shows_the_load_that_a_row_states(
    said: Any, at_once: str, rate: str, shown: str
) -> None:
    Path("rows.csv").write_text(
        "model_hf_id,gpu,isl,osl,concurrency_or_batch,request_rate,metric\n"
        f"Qwen/Qwen3-8B,L40S-48GB,512,256,{at_once},{rate},tpot_ms_mean\n"
    )
    status, out, _ = said("predict", "rows.csv")
    assert status == 0
    assert f"512/256 {shown}" in out
