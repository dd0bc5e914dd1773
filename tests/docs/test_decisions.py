"""The examples of docs/decisions.md run as they stand, and give what is written beside them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"


def examples() -> list[str]:
    """Indented blocks that are Python."""
    blocks = re.findall(r"(?:^(?:    .*|)\n)+", PAGE.read_text(), flags=re.MULTILINE)
    code = [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks]
    return [block.strip() + "\n" for block in code if block.strip().startswith("from advisor")]


def test_the_examples_give_what_they_say() -> None:
    names: dict[str, Any] = {}
    found = examples()
    assert len(found) == 3
    for example in found:
        exec(compile(example, str(PAGE), "exec"), names)
    step = names["next_targets"](names["old"], names["new"], cap_usd_per_hour=7.0)
    assert (step.old, step.new) == (4, 1)
    assert round(names["effective_usd_per_hour"](names["zones"][0], names["terms"]), 2) == 1.14
    mix = names["cheapest_spot_mix"](names["zones"], names["terms"], needed=4, floor=3)
    assert (mix.on_demand, mix.spot) == (0, (3, 3))
    assert names["found"].given["chat"].key == "2 x H100"
    assert str(names["found"].cuts[0]).startswith("batch: off for $0.00/h instead of 1 x A100")
