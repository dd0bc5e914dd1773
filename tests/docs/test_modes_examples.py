"""The examples of docs/modes.md run as they stand, and print what is written beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "modes.md"


def test_the_examples_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGE.read_text()
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(compile(code, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    quoted = " ".join(
        line.removeprefix("> ") for line in page.splitlines() if line.startswith("> ")
    )
    assert printed[0] == quoted
    said = re.findall(r"`((?:chat|bulk) [a-z-]+ \$[0-9.]+/h)`", page)
    assert printed[-2:] == said
