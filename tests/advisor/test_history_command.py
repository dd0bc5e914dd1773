"""`advisor history`: decisions, promises and verdicts in words, or as they were written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from advisor.adapters.journal import Journal
from advisor.cli import cli

CONDITIONS = {"accelerator": "L4-24GB", "tp_degree": 1, "replicas": 2, "requests_per_s": 3.0}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    file = tmp_path / "journal.db"
    with Journal(file) as kept:
        kept.advise(at_s=1.0, action="hold", detail={"reason": "no answer from node-1"})
        promise = kept.promise(
            at_s=2.0,
            action="promise",
            detail={"predicted": {"ttft_p95_s": 0.25}, "conditions": CONDITIONS},
        )
        kept.judge(
            promise,
            at_s=3.0,
            action="verdict",
            detail={
                "predicted": {"ttft_p95_s": 0.25, "usd_per_hour": 1.6},
                "observed": {"ttft_p95_s": 0.5},
                "not_comparable": None,
            },
        )
        other = kept.promise(
            at_s=4.0,
            action="promise",
            detail={"predicted": {}, "conditions": {**CONDITIONS, "requests_per_s": None}},
        )
        kept.judge(
            other,
            at_s=5.0,
            action="verdict",
            detail={"not_comparable": "3 replicas, promised for 2"},
        )
    return file


def run(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(cli, ["history", *arguments])
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_it_says_what_was_predicted_and_what_came(journal: Path) -> None:
    shown = run(str(journal))
    assert "reason no answer from node-1" in shown
    assert "2 replicas of L4-24GB at 3 requests/s: ttft_p95_s 0.25" in shown
    assert "ttft_p95_s 0.5, predicted 0.25" in shown
    assert "usd_per_hour" not in shown  # it was not observed
    assert "at unknown requests/s" in shown
    assert "not comparable: 3 replicas, promised for 2" in shown


def test_one_kind_and_json(journal: Path) -> None:
    result = CliRunner().invoke(cli, ["history", str(journal), "--kind", "verdict", "--json"])
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert [row["kind"] for row in rows] == ["verdict", "verdict"]
    assert rows[1]["detail"]["observed"] == {"ttft_p95_s": 0.5}
    assert rows[1]["at"] == "1970-01-01T00:00:03+00:00"
    assert rows[1]["intent_id"] == 2


def test_a_kind_that_is_none_is_named(journal: Path) -> None:
    result = CliRunner().invoke(cli, ["history", str(journal), "--kind", "verdicts"])
    assert result.exit_code != 0
    assert "--kind: no kind 'verdicts'; known are intent, outcome" in (
        result.output + str(result.exception)
    )


def test_of_several_models_one_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as kept:
        for number in range(3):
            kept.advise(at_s=number, action="hold", detail={"model": "bulk", "reason": "quiet"})
        kept.advise(at_s=3.0, action="scale", detail={"model": "org/chat", "reason": "busy"})
    shown = run(str(file), "--model", "bulk", "--limit", "2")
    assert shown.count("bulk") == 2
    assert "org/chat" not in shown
    assert "org/chat" in run(str(file))
    result = CliRunner().invoke(cli, ["history", str(file), "--model", "org/chat", "--json"])
    [row] = [json.loads(line) for line in result.output.splitlines()]
    assert row["detail"] == {"model": "org/chat", "reason": "busy"}


def test_no_number_is_longer_than_it_means(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with Journal(file) as kept:
        kept.advise(
            at_s=1.0,
            action="scale",
            detail={
                "usd_per_hour": 1.2345678901234567, "tokens": 123456.789, "replicas": 12, "sound": True,
                "taught": {"decode": 0.98765432, "over": [1.23456789, 2]},
            },
        )  # fmt: skip
    shown = run(str(file))
    assert "replicas 12; sound True; taught (decode 0.988, over [1.23, 2])" in shown
    assert "tokens 123,457; usd_per_hour 1.23" in shown
    raw = CliRunner().invoke(cli, ["history", str(file), "--json"]).output
    assert json.loads(raw)["detail"]["usd_per_hour"] == 1.2345678901234567
