"""`advisor backtest` as a person runs it: tables, JSON, plots, and one line for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from advisor.backtest.question import read_objective
from advisor.cli import cli, main

REPLICA = """\
step_base_s: 0.015
step_per_seq_s: 5.0e-4
step_per_kv_token_s: 1.0e-7
step_per_prefill_token_s: 1.0e-4
kv_capacity_tokens: 100000
max_num_seqs: 64
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An hour of traffic of two tenants, and a replica."""
    rng = np.random.default_rng(0)
    count = 7200
    columns = {
        "arrival_s": np.sort(rng.uniform(0, 3600, count)),
        "input_tokens": rng.integers(50, 1500, count),
        "output_tokens": rng.integers(5, 300, count),
        "model": np.where(rng.random(count) < 0.3, "small", "large"),
    }
    trace, replica = tmp_path / "hour.parquet", tmp_path / "replica.yaml"
    pq.write_table(pa.table(columns), trace)
    replica.write_text(REPLICA)
    return trace, replica


def run(*args: object) -> str:
    result = CliRunner().invoke(cli, ["backtest", *map(str, args)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: object
) -> str:
    """What it says on stderr; status 2."""
    monkeypatch.setattr(sys, "argv", ["advisor", "backtest", *map(str, args)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_every_policy_in_a_table_in_json_and_on_a_page(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    trace, replica = files
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    said = run(trace, "--replica-model", replica, "--slo", "ttft p99 2s", "--slo", "tpot p99 60ms",
               "--cold-start", "60s", "--price", 2.5, "--policy", "hpa", "--policy", "fixed", "--policy", "advisor",
               "--json", out, "--html", page)  # fmt: skip
    for word in ("clairvoyant", "hpa", "fixed", "advisor", "no schedule costs less than", "$2.50"):
        assert word in said
    body = json.loads(out.read_text())
    by_name = {one["policy"]: one for one in body["policies"]}
    assert set(by_name) == {"clairvoyant", "hpa", "fixed", "advisor"}
    assert by_name["clairvoyant"]["cost_over_clairvoyant"] == pytest.approx(1.0)
    for one in by_name.values():
        assert 0 <= one["attainment"] <= 1
        assert set(one["draws"][0]["by_tenant"]) == {"small", "large"}
        if one["attainment"] >= 0.99:
            assert one["cost_over_clairvoyant"] >= 1 - 1e-9
    assert body["lower_bound_usd"][0] < by_name["clairvoyant"]["draws"][0]["usd"]
    html = page.read_text()
    assert "plotly" in html
    assert 'src="http' not in html  # it needs no network


def test_more_draws_a_fleet_and_json_alone(files: tuple[Path, Path]) -> None:
    trace, replica = files
    args = ("--replica-model", replica, "--policy", "ray", "--seeds", 2, "--fleet", 0.2)
    body = json.loads(run(trace, *args, "--json", "-"))
    draws = body["policies"][1]["draws"]
    assert len(draws) == 2
    assert draws[0]["usd"] != draws[1]["usd"]
    assert body["num_requests"] < 7200


def test_a_tuned_baseline_costs_no_more_than_its_default_where_both_keep(
    files: tuple[Path, Path],
) -> None:
    trace, replica = files
    args = (trace, "--replica-model", replica, "--policy", "hpa", "--json", "-")
    plain, tuned = (json.loads(run(*args, *more))["policies"][1] for more in ((), ("--tune",)))
    assert tuned["policy"] == "hpa tuned"
    assert tuned["attainment"] >= 0.99
    assert tuned["draws"][0]["usd"] < plain["draws"][0]["usd"]


def test_a_ttft_of_ones_own_means_what_it_says_and_the_default_grows_with_the_prompt() -> None:
    assert read_objective(["ttft p99 1s"], None).ttft_per_prefill == 0.0
    assert read_objective(["ttft p99 1s"], 2.0).ttft_per_prefill == 2.0
    assert (
        read_objective([], None).ttft_per_prefill
        == read_objective(["tpot p99 50ms"], None).ttft_per_prefill
        > 0
    )


def test_a_request_that_no_replica_holds_is_left_out_and_named(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    trace, replica = files
    rows = pq.read_table(trace).to_pydict()
    rows["input_tokens"][3] = 2_000_000
    longer = tmp_path / "longer.parquet"
    pq.write_table(pa.table(rows), longer)
    args = ("--replica-model", replica, "--policy", "advisor", "--json", "-")
    whole, left = (
        CliRunner().invoke(cli, ["backtest", *map(str, (file, *args))]) for file in (trace, longer)
    )
    assert (
        "1 of 7,200 requests are longer than the 100,000 tokens that a replica holds, as the one in row 4"
        in left.stderr
    )
    bills = [json.loads(one.stdout)["policies"][1]["draws"][0]["usd"] for one in (whole, left)]
    assert bills[1] == pytest.approx(bills[0], rel=0.02)


def test_one_tenant_from_zero(files: tuple[Path, Path]) -> None:
    trace, replica = files
    body = json.loads(run(trace, "--replica-model", replica, "--policy", "keda", "--tenant", "small",
                          "--min-replicas", 0, "--initial-replicas", 0, "--json", "-"))  # fmt: skip
    assert 1800 < body["num_requests"] < 2500


def test_a_policy_from_outside_that_misbehaves_is_named_and_the_others_go_on(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, replica = files
    (tmp_path / "outside_policy.py").write_text(
        "class Broken:\n    def step(self, observation):\n        raise RuntimeError('no idea')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    said = run(
        trace, "--replica-model", replica, "--policy", "outside_policy:Broken", "--policy", "fixed"
    )
    assert "outside_policy:Broken: raises RuntimeError: no idea (359 times; held)" in said
    assert "fixed" in said


@pytest.mark.parametrize("answer", [-4, 1_000_000_000])
def test_a_policy_that_answers_no_number_of_replicas_is_named(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    trace, replica = files
    module = f"absurd_policy_{abs(answer)}"
    (tmp_path / f"{module}.py").write_text(
        "from advisor.core.step import StepDecision\n"
        "class Absurd:\n"
        "    def step(self, observation):\n"
        f"        return StepDecision(target_replicas={answer}, reason='')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    said = run(trace, "--replica-model", replica, "--policy", f"{module}:Absurd")
    assert f"{module}:Absurd: answers {answer} (359 times; held)" in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--policy", "best"), "--policy: best: known are all, advisor, fixed, ray"),
        (("--slo", "tpot p99 10ms"), "--slo: no number of replicas keeps it: 9"),
        (("--slo", "e2e p99 10s"), "--slo: e2e: a backtest judges ttft and tpot"),
        (("--slo", "ttft"), "--slo: 'ttft'"),
        (("--price", "-1"), "--price: -1"),
        (("--gpu", "L4"), "--replica-model says what a replica does: --model, --gpu"),
        (("--cold-start", "soon"), "--cold-start"),
        (("--tenant", "medium"), "--tenant: medium: not in"),
        (("--policy", "no_module_here:Policy"), "policy: no_module_here:Policy: No module named"),
        (("--belief", "nowhere.yaml"), "nowhere.yaml"),
        (("--prometheus", "http://127.0.0.1:9"), "TRACE or --prometheus: exactly one"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: tuple[str, ...],
    said: str,
) -> None:
    trace, replica = files
    error = mistake(monkeypatch, capsys, trace, "--replica-model", replica, *args)
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("step_base_s: 0.1\n", "kv_capacity_tokens: Field required"),
        (REPLICA.replace("0.015", "-1"), "step_base_s: Input should be greater than 0"),
        (REPLICA.replace("0.015", ".nan"), "step_base_s"),
        (REPLICA + "speed: 3\n", "speed: Extra inputs are not permitted"),
        (REPLICA.replace("64", "9000"), "max_num_batched_tokens: below max_num_seqs"),
        ("- 1\n", "a mapping is needed"),
        ("a: [\n", "line 2, column 1: not valid YAML"),
    ],
)
def test_a_wrong_replica_file_is_named_with_its_field(
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    said: str,
) -> None:
    trace, replica = files
    replica.write_text(text)
    error = mistake(monkeypatch, capsys, trace, "--replica-model", replica)
    assert error.startswith(f"error: {replica}: {said}")


def test_a_replica_is_needed(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = mistake(monkeypatch, capsys, files[0])
    assert "--replica-model, or --model together with --gpu" in error


def test_a_model_on_a_gpu_through_the_performance_model(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
        "torch_dtype": "bfloat16", "tie_word_embeddings": False, "max_position_embeddings": 131072,
    }))  # fmt: skip
    body = json.loads(
        run(
            files[0],
            "--model",
            tmp_path,
            "--gpu",
            "H100-SXM-80GB",
            "--policy",
            "fixed",
            "--json",
            "-",
        )
    )
    assert "1 x H100" in body["source"]
    assert 0.004 < body["replica_model"]["step_base_s"] < 0.02
    assert body["conditions"]["usd_per_hour"] > 0.5


def test_importing_the_command_line_stays_light() -> None:
    code = "import sys, advisor.cli; print([m for m in ('numba', 'numpy', 'pyarrow', 'plotly') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
