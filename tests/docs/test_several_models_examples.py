"""The example of docs/several-models.md runs as it stands and prints what is written beneath it; the YAML is taken."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from advisor.config import SharedConfig, SharingConfig, parse_config

PAGE = Path(__file__).resolve().parents[2] / "docs" / "several-models.md"


def test_the_example_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGE.read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    [said] = re.findall(r"prints\n\n((?:    .*\n)+)", page)
    assert capsys.readouterr().out == textwrap.dedent(said)


def test_the_configuration_is_one(tmp_path: Path) -> None:
    [text] = re.findall(r"((?:    .*\n)*    models:\n(?:    .*\n)+)", PAGE.read_text())
    args = yaml.safe_load(textwrap.dedent(text))
    config = parse_config({**args, "journal": str(tmp_path / "journal.db")}, where="the page")
    assert [one.model for one in config.each()] == ["chat", "bulk"]
    assert config.weights() == {"chat": 3.0, "bulk": 1.0}


def test_every_field_of_the_configuration_is_in_one_column() -> None:
    [row] = re.findall(r"^\| `model`,.*$", PAGE.read_text(), flags=re.MULTILINE)
    each, shared = (set(re.findall(r"`(\w+)`", cell)) for cell in row.strip("|").split("|"))
    assert each == set(SharingConfig.model_fields)
    assert shared == set(SharedConfig.model_fields)
