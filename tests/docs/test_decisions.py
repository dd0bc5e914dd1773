"""The examples of docs/decisions.md run as they stand, and give what is written beside them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from advisor.config import parse_config
from advisor.core.spot_fleet import SpotUse

PAGE = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"


def examples(begins: str) -> list[str]:
    """Indented blocks that begin like this."""
    blocks = re.findall(r"(?:^(?:    .*|)\n)+", PAGE.read_text(), flags=re.MULTILINE)
    code = [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks]
    return [block.strip() + "\n" for block in code if block.strip().startswith(begins)]


def test_the_examples_give_what_they_say() -> None:
    names: dict[str, Any] = {}
    found = examples("from advisor")
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


def test_the_configurations_of_spot_are_taken_as_they_stand() -> None:
    budget = {"budget": "5/hour", "model": "m", "slo": [{"latency": "ttft", "at_most": "1s"}]}
    short, long = (
        parse_config({**budget, **yaml.safe_load(example)}, where=str(PAGE)).constraints().spot
        for example in examples("spot:")
    )
    assert short == SpotUse(), "the defaults are those of the core"
    assert long is not None
    assert None not in (long.interruptions_per_hour, long.available_share)
