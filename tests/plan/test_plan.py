"""`advisor plan` as a shell sees it: reasons, a config that can be served, one line for every mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor.config import load_config

ROOT = Path(__file__).resolve().parents[2]
LLAMA_8B = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "max_position_embeddings": 131072,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "llama-8b"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA_8B))
    return str(folder)


def advisor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


def planned(*arguments: str) -> dict[str, Any]:
    done = advisor("plan", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_rivals_example_needs_one_h100_and_says_why_not_the_others(llama: str) -> None:
    """13.35 requests/s of 512 in, 256 out: a rival answers 4 x H100 at $18/h, where one measured H100 does 40."""
    plan = planned(
        llama, "--budget", "5000/month", "--rate", "13.35", "--isl", "512", "--osl", "256",
        "--ttft-p95", "300ms", "--tpot-p95", "30ms", "--accelerator", "H100-SXM-80GB",
    )  # fmt: skip
    best = plan["recommendation"]["best"]
    assert (best["accelerator"], best["replicas"], best["tp_degree"]) == ("H100-SXM-80GB", 1, 1)
    assert best["usd_per_hour"] < 18.0
    assert plan["assumed"] == []
    reasons = {r["accelerator"]: r["reason"] for r in plan["recommendation"]["rejected"]}
    assert reasons["L4-24GB"] == "not among the accelerators allowed"


def test_the_eight_steps_come_in_their_order_under_the_three_things_one_must_know(
    llama: str,
) -> None:
    report = planned(llama, "--budget", "5000/month")["report"]
    assert [fact["label"] for fact in report["header"]] == [
        "Model size",
        "Hardware",
        "Inference option",
        "Prices",
    ]
    assert [step["title"] for step in report["steps"]] == [
        "Budget", "Model size", "FLOPs", "Hardware", "Inference option", "Prices", "Service", "Deploy, compress",
    ]  # fmt: skip


def test_what_no_budget_allows_names_the_cheapest_that_would_do_and_the_miss(llama: str) -> None:
    plan = planned(llama, "--budget", "50/month", "--rate", "100")
    assert not plan["feasible"]
    best = plan["recommendation"]["best"]
    miss = re.search(r"costs \$([\d.]+)/h, \$([\d.]+)/h over", plan["shortfall"])
    assert miss is not None
    assert float(miss[1]) == pytest.approx(best["usd_per_hour"], abs=0.01)
    assert float(miss[2]) == pytest.approx(best["usd_per_hour"] - 50 / 720, abs=0.02)


def test_other_weights_are_compared_but_served_only_where_allowed(llama: str) -> None:
    plain = planned(llama, "--budget", "5000/month", "--rate", "5")
    assert plain["recommendation"]["best"]["quantization"] == "none"
    compress = json.dumps(plain["report"]["steps"][-1])
    assert "fp8" in compress
    assert "quality not measured" in compress
    allowed = planned(llama, "--budget", "5000/month", "--rate", "5", "--quantization", "fp8")
    costs = [p["recommendation"]["best"]["usd_per_hour"] for p in (allowed, plain)]
    assert costs[0] <= costs[1]


def test_a_written_config_is_one_the_advisor_takes(llama: str, tmp_path: Path) -> None:
    file, page = tmp_path / "config.yaml", tmp_path / "plan.html"
    done = advisor(
        "plan", llama, "--budget", "5000/month", "--rate", "3", "--write", str(file), "--html", str(page),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    config = load_config(file)
    assert config.budget.usd_per_month == pytest.approx(5000)
    assert config.expected is not None
    assert config.expected.requests_per_s == 3
    engine = yaml.safe_load(file.read_text())["applications"][0]["args"]["llm_configs"][0][
        "engine_kwargs"
    ]
    assert engine["max_model_len"] == -1, (
        "vLLM refuses to start where the model's own limit does not fit"
    )
    assert engine["max_num_seqs"] >= 256
    html = page.read_text()
    assert html.count('class="plotly-graph-div"') == 4
    for shown in (
        "TTFT p95 of one replica",
        "TPOT p95 of one replica",
        "objective: 500 ms",
        "ms, p95",
    ):
        assert shown in html, "what is drawn is what the objective bounds"
    assert not re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="', html), (
        "nothing is asked of the network"
    )


def test_a_batch_plan_ends_with_a_jobs_settings_and_an_async_plan_says_what_is_missing(
    llama: str,
) -> None:
    def last_step(mode: str) -> dict[str, str]:
        step = planned(llama, "--budget", "5000/month", "--mode", mode)["report"]["steps"][-1]
        return {fact["label"]: fact["value"] for fact in step["facts"]}

    batch, queue = last_step("batch"), last_step("async")
    assert batch["Job"].startswith("vLLMEngineProcessorConfig(model_source=")
    assert "--write" not in batch["Config"]
    assert "Job" not in queue
    assert queue["Config"].startswith("none: a task queue needs consumers")


def test_a_prediction_says_where_it_lies_in_80_percent_of_cases(llama: str) -> None:
    plan = planned(llama, "--budget", "5000/month", "--rate", "3")
    facts = {fact["label"]: fact["value"] for fact in plan["report"]["steps"][3]["facts"]}
    for label in ("TTFT", "TPOT", "One replica"):
        assert "80 % of cases: " in facts[label]
    assert facts["Objectives"].count(" of ") == 2


def test_a_formula_stands_beside_each_number_that_is_explained(llama: str) -> None:
    said = advisor("plan", llama, "--budget", "5000/month", "--explain").stdout
    assert "2 x layers x KV heads x head dim x bytes" in said
    assert "2 x active parameters" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--budget: required"),
        (["--budget", "lots"], "--budget: an amount with its period"),
        (["--budget", "1/hour", "--rate", "-3"], "--rate: -3 requests/s"),
        (["--budget", "1/hour", "--isl", "0"], "--isl: 0 tokens"),
        (["--budget", "1/hour", "--gpu", "H100-SMX"], "--gpu: "),
        (["--budget", "1/hour", "--provider", "lamda"], "near names: lambda"),
        (["--budget", "1/hour", "--quantization", "fp7"], "--quantization: no 'fp7'; near names: fp8"),
        (["--budget", "1/hour", "--ttft-p95", "fast"], "--ttft-p95: a duration with its unit"),
        (["--budget", "1/hour", "--trace", "nowhere.parquet"], "nowhere.parquet: no such file"),
        (["--budget", "1/hour", "--write", "nowhere/else.yaml"], "nowhere/else.yaml: cannot be written: No such file"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_option(
    llama: str, arguments: list[str], said: str
) -> None:
    done = advisor("plan", llama, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = advisor("plan", str(tmp_path / "nowhere"), "--budget", "1/hour")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_two_gpus_are_compared_by_the_load_from_which_each_is_cheaper(llama: str) -> None:
    done = advisor(
        "compare", "L4-24GB", "H100-SXM-80GB", "--model", llama, "--slo", "tpot p95 150ms", "--slo", "ttft p95 2s",
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    crossings = json.loads(done.stdout)["crossings"]
    assert crossings[0]["cheaper"] == "L4-24GB", "one small card is the cheaper one at a trickle"
    assert crossings[-1]["cheaper"] == "H100-SXM-80GB", "a full large one is cheaper by the token"
    rates = [crossing["requests_per_s"] for crossing in crossings]
    assert rates == sorted(rates)


def header(*arguments: str) -> dict[str, str]:
    report = planned(*arguments, "--budget", "5000/month")["report"]
    return {fact["label"]: fact["value"] for fact in report["header"]}


def test_the_head_says_how_old_the_price_is_that_the_plan_rests_on(llama: str) -> None:
    plan = planned(llama, "--budget", "5000/month", "--rate", "3")
    seen = plan["recommendation"]["best"]["offer"]["observed_on"]
    days = (datetime.now(UTC).date() - date.fromisoformat(seen)).days
    said = {fact["label"]: fact["value"] for fact in plan["report"]["header"]}["Prices"]
    assert f"seen {seen}, {days} days ago" in said
    assert ("prices refresh" in said) == (days > 90)


SAY_ALWAYS_ON = ", as asked; the numbers say always-on"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "always-on"),
        (("--mode", "always-on"), "always-on, as asked, and the numbers say so too"),
        (
            ("--mode", "async"),
            f"async{SAY_ALWAYS_ON} (async: TTFT p95 <= 500 ms asks for an answer",
        ),
        (
            ("--mode", "scale-to-zero"),
            f"scale-to-zero{SAY_ALWAYS_ON} (scale-to-zero: how long traffic",
        ),
    ],
)
def test_the_head_says_where_the_numbers_would_choose_another_option_and_why(
    llama: str, arguments: tuple[str, ...], said: str
) -> None:
    assert header(llama, *arguments)["Inference option"].startswith(said)


def test_a_dearer_option_that_was_asked_for_is_told_by_its_price(llama: str) -> None:
    arguments = ("--deadline", "6h", "--rate", "3", "--idle-share", "90%", "--mean-gap", "20h")
    plan = planned(llama, "--budget", "5000/month", "--mode", "always-on", *arguments)
    said = {fact["label"]: fact["value"] for fact in plan["report"]["header"]}["Inference option"]
    assert re.search(r"\(\$[0-9.]+/h instead of \$[0-9.]+/h\)$", said)


MIXTURE = (
    "Qwen/Qwen3-235B-A22B-FP8"  # experts 1536 wide in blocks of 128: 8 slices cut through one
)


def test_experts_that_do_not_split_are_served_whole_and_the_config_says_so(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    plan = planned(
        MIXTURE, "--budget", "60000/month", "--rate", "13", "--gpu", "H100-SXM-80GB", "--write", str(file)
    )  # fmt: skip
    best = plan["recommendation"]["best"]
    assert (best["tp_degree"], best["expert_parallel"]) == (8, True)
    facts = {fact["label"]: fact["value"] for fact in plan["report"]["steps"][3]["facts"]}
    assert facts["Chosen"] == "1 replica of 8 x H100-SXM-80GB (expert-parallel)"
    assert "in slices vLLM does not start" in facts["Experts"]
    text = file.read_text()
    engine = yaml.safe_load(text)["applications"][0]["args"]["llm_configs"][0]["engine_kwargs"]
    assert engine["tensor_parallel_size"] == 8
    assert engine["enable_expert_parallel"] is True
    assert text.startswith("# 1 replica of 8 x H100-SXM-80GB (expert-parallel) on ")
    assert advisor("check", str(file)).returncode == 0


def test_where_slices_do_as_well_the_plan_stays_with_them_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    plan = planned(
        "mistralai/Mixtral-8x7B-v0.1", "--budget", "60000/month", "--rate", "13", "--gpu", "A100-SXM-80GB",
        "--write", str(file),
    )  # fmt: skip
    assert plan["recommendation"]["best"]["expert_parallel"] is False
    facts = {fact["label"]: fact["value"] for fact in plan["report"]["steps"][3]["facts"]}
    assert facts["Experts"].startswith("in slices: whole ones on each of ")
    assert "enable_expert_parallel" not in file.read_text()


def test_spot_says_that_its_list_price_leaves_interruptions_out(llama: str) -> None:
    plan = planned(llama, "--budget", "5000/month", "--rate", "3", "--gpu", "A100-SXM-40GB", "--spot")  # fmt: skip
    assert plan["recommendation"]["best"]["offer"]["capacity_type"] == "spot"
    assert any("spot taken at its list price" in line for line in plan["assumed"])
    spot = next(fact for fact in plan["report"]["steps"][6]["facts"] if fact["label"] == "Spot")
    with_interruptions = re.search(r"standing in, \$([0-9.]+)/h", spot["value"])
    assert with_interruptions is not None
    assert float(with_interruptions[1]) > plan["recommendation"]["best"]["usd_per_hour"]


def test_plan_size_and_compare_name_the_context_of_a_tokens_flops_and_agree_at_it(
    llama: str,
) -> None:
    """512 in, 256 out: half of the answer stands behind a decoded token on average."""
    plan = planned(llama, "--budget", "5000/month")
    decoded = plan["report"]["steps"][2]["facts"][0]["value"]
    size = json.loads(advisor("size", llama, "--context", "640", "--json").stdout)
    figures = {figure["key"]: figure for figure in size["figures"]}
    at_640 = figures["flops_per_token_at_context"]
    assert at_640["label"] == "FLOP per token after 640"
    assert decoded.startswith(f"{at_640['amount'] / 1e9:.1f} GFLOP after 640 tokens")
    compared = advisor("compare", "L4-24GB", "L40S-48GB", "--model", llama, "--isl", "640")
    assert re.search(rf"GFLOP per token after 640 +{at_640['amount'] / 1e9:.1f} ", compared.stdout)


@pytest.mark.parametrize("gpu", ["H100-SXM-80GB", "L4-24GB", "MI300X-192GB"])
def test_plan_and_backtest_say_one_basis_of_one_card(llama: str, gpu: str) -> None:
    from advisor.backtest.question import believe

    plan = planned(llama, "--budget", "50000/month", "--gpu", gpu, "--slo", "ttft p95 9s")
    basis = plan["recommendation"]["best"]["prediction"]["basis"]
    assert believe(None, llama, gpu, None, 1.0).source.endswith(f", {basis}")


def test_who_cannot_serve_the_load_is_told_from_who_costs_the_same(llama: str) -> None:
    unable = advisor(
        "compare", "T4-16GB", "H100-SXM-80GB", "--model", "Qwen/Qwen3-235B-A22B"
    ).stdout
    said = " ".join(unable.split())
    assert "T4-16GB does not serve this load: 470.2 GB of weights" in said
    assert "H100-SXM-80GB is the only one that does, so there is no price to compare" in said
    assert "Neither is cheaper" not in said
    same = advisor("compare", "L40S-48GB", "L40S-48GB", "--model", llama).stdout
    assert "both cost the same from 0.01 to 1000 requests/s" in " ".join(same.split())


def test_a_plan_that_nothing_meets_draws_no_price_of_a_token(llama: str, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    done = advisor(
        "plan", llama, "--budget", "5000/month", "--ttft-p95", "1ms", "--html", str(page)
    )
    assert done.returncode == 0, done.stderr
    html = page.read_text()
    assert "million output tokens" not in html
    assert html.count('class="plotly-graph-div"') == 3
