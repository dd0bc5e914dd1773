"""The prediction in docs/plan.md is what its command prints, and its job is the plan's: a refit has to bring them along."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from advisor.cli import cli

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "plan.md").read_text()
LABELS = ("TTFT", "TPOT", "Objectives", "One replica")


def printed(*more: str) -> str:
    command = re.search(r"^ {4}advisor (plan Qwen.*)$", PAGE, flags=re.MULTILINE)
    assert command is not None
    done = CliRunner().invoke(
        cli, [*shlex.split(command[1]), "--gpu", "H100-SXM", *more], env={"COLUMNS": "200"}
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_prediction_on_the_page_is_the_commands_own() -> None:
    said = {" ".join(line.split()) for line in printed().splitlines()}
    shown = [
        " ".join(line.split()) for line in PAGE.splitlines() if line.strip().startswith(LABELS)
    ]
    assert len(shown) == len(LABELS)
    assert set(shown) <= said, (
        "put in what `advisor plan ... --gpu H100-SXM` of docs/plan.md says now"
    )


def test_the_job_on_the_page_has_the_plans_settings() -> None:
    said = " ".join(printed("--mode", "batch").split()).replace("'", '"')
    kwargs = re.search(r"engine_kwargs=(\{[^}]*\})", PAGE)
    assert kwargs is not None
    assert f"engine_kwargs={kwargs[1]}, concurrency=(1, 1), accelerator_type=" in said
