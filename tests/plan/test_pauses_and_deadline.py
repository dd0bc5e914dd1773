"""`advisor plan --deadline`, `--idle-share`, `--mean-gap`: the mode in dollars, as a shell sees it, and who rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.config import load_config
from advisor.core.objective import Latency
from advisor.errors import ConfigError
from advisor.plan.pauses import read_pauses
from advisor.plan.request import Load

ROOT = Path(__file__).resolve().parents[2]
ASKED = ("plan", "Qwen/Qwen3-8B", "--budget", "5000/month", "--gpu", "H100-SXM-80GB")
NIGHTS = ("--idle-share", "60%", "--mean-gap", "2h")


def advisor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(*ASKED, *arguments)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


def planned(*arguments: str) -> dict[str, Any]:
    done = advisor("--rate", "3", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def said(plan: dict[str, Any], step: str, label: str) -> str:
    facts = next(one["facts"] for one in plan["report"]["steps"] if one["title"] == step)
    return str(next(fact["value"] for fact in facts if fact["label"] == label))


def priced(plan: dict[str, Any]) -> dict[str, float | None]:
    return {option["mode"]: option["usd_per_hour"] for option in plan["mode"]["options"]}


def test_a_deadline_prices_a_queue_and_the_cheapest_mode_wins() -> None:
    plan = planned("--deadline", "6h")
    prices = priced(plan)
    assert plan["deadline_s"] == 6 * 3600
    assert prices["async"] is not None
    assert prices["batch"] is not None
    assert prices["async"] < prices["always-on"]
    assert plan["mode"]["mode"] == plan["recommendation"]["best"]["mode"] == "async"
    assert "6h rules" in said(plan, "Inference option", "Deadline")
    assert not any("no objective" in line for line in plan["assumed"])
    assert any("3 requests/s all the time" in line for line in plan["assumed"])


def test_an_objective_of_who_waits_rules_over_a_deadline_and_says_so() -> None:
    plan = planned("--deadline", "6h", "--ttft-p95", "300ms")
    prices = priced(plan)
    assert prices["async"] is prices["batch"] is None
    assert "TTFT p95 <= 300 ms rules" in said(plan, "Inference option", "Deadline")


def test_the_tighter_of_two_bounds_on_the_whole_answer_rules() -> None:
    plan = planned("--deadline", "6h", "--e2e-p95", "10m")
    assert "10m is tighter and rules" in said(plan, "Inference option", "Deadline")
    assert (
        priced(plan)["async"] == priced(planned("--deadline", "10m", "--e2e-p95", "6h"))["async"]
    )


def test_a_deadline_that_leaves_no_time_for_a_start_names_both() -> None:
    plan = planned("--deadline", "80s")
    queue = next(option for option in plan["mode"]["options"] if option["mode"] == "async")
    assert "a deadline of 80 s leaves no time to wait for a start of 90 s" in queue["excluded"]


def test_a_deadline_below_a_minute_is_an_answer_at_once() -> None:
    plan = planned("--deadline", "30s")
    assert plan["recommendation"]["best"]["mode"] == "always-on"
    assert "is an answer at once" in said(plan, "Inference option", "Deadline")


def test_the_same_idle_share_pays_in_long_gaps_and_not_in_short_ones() -> None:
    long, short = planned(*NIGHTS), planned("--idle-share", "60%", "--mean-gap", "30s")
    assert long["mode"]["mode"] == "scale-to-zero"
    assert short["mode"]["mode"] == "always-on"
    assert long["gaps"]["idle_share"] == pytest.approx(0.6)
    assert long["gaps"]["mean_gap_s"] == pytest.approx(7200)
    assert not long["gaps"]["observed"]
    assert "taken as exponential" in long["mode"]["reason"]
    always = priced(long)["always-on"]
    zero = priced(long)["scale-to-zero"]
    assert always is not None
    assert zero is not None
    assert 0.4 * always < zero < always


def test_a_traces_gaps_are_the_observed_ones(tmp_path: Path) -> None:
    """Two equal halves: an hour of requests, an hour of nothing; an exponential of that mean would be another price."""
    arrivals = [block * 7200.0 + at for block in range(6) for at in range(0, 3601, 2)]
    file = tmp_path / "requests.csv"
    rows = "".join(f"{at},100,10\n" for at in arrivals)
    file.write_text(f"arrival_s,input_tokens,output_tokens\n{rows}")
    plan = planned("--trace", str(file))
    answer_s = plan["recommendation"]["best"]["prediction"]["e2e_s"]
    assert plan["gaps"]["observed"]
    assert plan["gaps"]["mean_gap_s"] == pytest.approx(3600 - answer_s)
    assert plan["mode"]["mode"] == "scale-to-zero"
    assert "taken as exponential" not in plan["mode"]["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--idle-share", "60%"], "--idle-share: needs --mean-gap"),
        (["--mean-gap", "20m"], "--mean-gap: needs --idle-share"),
        (["--idle-share", "100%", "--mean-gap", "20m"], "--idle-share: 100%: expected 0% to below 100%"),
        (["--idle-share", "-5%", "--mean-gap", "20m"], "--idle-share: a share of the time is needed"),
        (["--idle-share", "0%", "--mean-gap", "20m"], "--mean-gap: 20m: there are no gaps"),
        (["--idle-share", "60%", "--mean-gap", "soon"], "--mean-gap: a duration with its unit"),
        (["--idle-share", "60%", "--mean-gap", "90d"], "--mean-gap: 90d: expected 1s to 30d"),
        (["--idle-share", "60%", "--mean-gap", "20m", "--rate", "0.001"], "--mean-gap: gaps of 20m"),
        (["--deadline", "soon"], "--deadline: a duration with its unit"),
        (["--deadline", "0h"], "--deadline: must be above zero"),
        (["--deadline", "90d"], "--deadline: 90d: expected 1s to 30d"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_that_names_the_option(arguments: list[str], said: str) -> None:
    done = advisor(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_pauses_are_said_once_by_the_trace_or_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text("arrival_s,input_tokens,output_tokens\n0,9,9\n50,9,9\n100,9,9\n")
    done = advisor("--trace", str(file), *NIGHTS)
    assert done.returncode == 2
    assert "--idle-share: the trace says how traffic pauses" in done.stderr


@given(share=st.floats(0.01, 0.99), gap_s=st.floats(2, 1e6))
def test_pauses_said_are_pauses_planned_for(share: float, gap_s: float) -> None:
    load = Load(requests_per_s=1e5, isl=1, osl=1)
    found = read_pauses(load, f"{share * 100:.6f}%", f"{gap_s:.6f}s", []).gaps
    assert found is not None
    assert found.idle_share == pytest.approx(share, rel=1e-4)
    assert found.mean_s == pytest.approx(gap_s, rel=1e-6)
    assert found.requests_per_s == pytest.approx(1e5 * (1 - share), rel=1e-4)


@pytest.mark.parametrize(("text", "share"), [("60%", 0.6), ("60", 0.6), ("0.6", 0.6), ("1", 0.01)])
def test_a_share_without_its_percent_sign_is_said(text: str, share: float) -> None:
    assumed: list[str] = []
    load = read_pauses(Load(requests_per_s=1.0, isl=1, osl=1), text, "1h", assumed)
    assert load.gaps is not None
    assert load.gaps.idle_share == pytest.approx(share)
    assert any("has no %" in line for line in assumed) == ("%" not in text)


def test_gaps_that_leave_no_time_for_a_request_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--mean-gap: "):
        read_pauses(Load(requests_per_s=0.0, isl=1, osl=1), "50%", "1h", [])


def test_a_plan_that_meets_not_everything_ends_with_what_it_does_not_meet() -> None:
    asked = ("--rate", "2000", "--max-replicas", "4")
    shown = advisor(*asked).stdout
    assert "Recommended" not in shown
    assert "Chosen  " not in shown
    ending = " ".join(shown.rpartition("\n\n")[2].split())
    assert ending.startswith("Nearest, but it does not meet --max-replicas 4 (it needs ")
    assert "--budget $6.94/h" in ending
    plan = json.loads(advisor(*asked, "--json").stdout)
    assert not plan["feasible"]
    assert len(plan["misses"]) == 2
    assert plan["report"]["ending"] == ending


def test_a_missed_objective_is_in_the_ending_and_a_plan_that_meets_all_has_none() -> None:
    missed = planned("--ttft-p95", "0.1ms")
    assert "it does not meet the objectives (TTFT p95 is" in missed["report"]["ending"]
    met = planned()
    assert met["misses"] == []
    assert met["report"]["ending"] is None
    assert "left of it" in said(met, "Budget", "Recommended")


def test_each_command_on_the_modes_page_ends_in_the_mode_written_beside_it() -> None:
    page = (ROOT / "docs" / "modes.md").read_text()
    examples = re.findall(r"^    advisor (plan .*?) +# ([a-z-]+)$", page, flags=re.MULTILINE)
    assert len(examples) == 5
    for command, mode in examples:
        done = run(*command.split(), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["mode"]["mode"] == mode, command


def test_a_plan_with_a_deadline_is_written_as_an_objective_of_the_advisor(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    done = advisor("--rate", "3", "--deadline", "6h", *NIGHTS, "--mode", "scale-to-zero", "--write", str(file))  # fmt: skip
    assert done.returncode == 0, done.stderr
    [slo] = load_config(file).slos()
    assert (slo.latency, slo.bound_s) == (Latency.E2E, 6 * 3600)


def test_where_batch_costs_what_async_costs_that_is_what_the_head_says() -> None:
    plan = planned("--deadline", "6h", "--mode", "batch")
    prices = priced(plan)
    head = {fact["label"]: fact["value"] for fact in plan["report"]["header"]}
    assert prices["batch"] == pytest.approx(prices["async"])
    assert head["Inference option"].endswith(f"(both cost ${prices['batch']:.2f}/h)")


def test_an_option_that_saves_too_little_is_told_by_both_prices_and_the_share() -> None:
    plan = planned("--idle-share", "5%", "--mean-gap", "10h", "--mode", "scale-to-zero")
    prices = priced(plan)
    assert prices["scale-to-zero"] is not None
    assert prices["always-on"] is not None
    assert 0.9 * prices["always-on"] < prices["scale-to-zero"] < prices["always-on"]
    head = {fact["label"]: fact["value"] for fact in plan["report"]["header"]}
    assert head["Inference option"].endswith(
        f"(${prices['scale-to-zero']:.2f}/h instead of ${prices['always-on']:.2f}/h is less than the 10% for which "
        "always-on is worth leaving)"
    )


def test_an_objective_in_hours_is_told_in_seconds_not_in_milliseconds() -> None:
    facts = planned("--deadline", "6h")["report"]["steps"][3]["facts"]
    value = next(fact["value"] for fact in facts if fact["label"] == "Objectives")
    assert re.fullmatch(r"E2E p99 [0-9.]+s of 6h", value)


def test_a_plan_that_chose_a_queue_is_shown_before_the_error_that_it_is_no_config(
    tmp_path: Path,
) -> None:
    file, page = tmp_path / "config.yaml", tmp_path / "plan.html"
    done = advisor("--rate", "3", "--deadline", "6h", "--write", str(file), "--html", str(page))
    assert done.returncode == 2
    assert "1. Budget" in done.stdout
    assert f"written: {page}" in done.stdout.replace("\n", "")
    assert page.exists()
    assert not file.exists()
    assert done.stderr.startswith("error: --write: a task queue needs consumers")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_mode_that_cannot_be_written_is_refused_before_anything_is_planned() -> None:
    done = run("plan", "no/such-model", "--budget", "5/hour", "--mode", "batch", "--write", "x.yaml")  # fmt: skip
    assert done.stderr.startswith("error: --write: a batch job is no endpoint")
