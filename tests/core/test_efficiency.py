"""What was fitted stays inside the hardware, and what was not falls back to its parents."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from advisor import data
from advisor.core.efficiency import Keys, engine_keys, generation_of
from advisor.core.fitted import INTERVALS, TABLE
from advisor.core.interval import Distance, distance_of

SHARES = ("weight_mbu", "kv_mbu", "mfu", "expert_mfu", "expert_mbu", "link")
H100 = Keys(
    engine="vllm", era="vllm-new", vendor="NVIDIA", generation="hopper", accelerator="H100-SXM-80GB", kind="dense",
    wire="NVIDIA links", pair="vllm-new|hopper",
)  # fmt: skip


@pytest.mark.parametrize("accelerator", data.accelerators(), ids=lambda a: a.name)
def test_no_share_of_a_peak_is_above_one_on_any_accelerator(accelerator) -> None:  # type: ignore[no-untyped-def]
    for engine in ("vLLM", "SGLang", "TensorRT-LLM", "something else"):
        name, era = engine_keys(engine)
        keys = Keys(
            engine=name, era=era, vendor=accelerator.vendor, generation=generation_of(accelerator),
            accelerator=accelerator.name,
        )  # fmt: skip
        eff = TABLE.at(keys)
        assert all(0 < getattr(eff, share) <= 1 for share in SHARES)
        assert all(getattr(eff, field.name) > 0 for field in fields(eff))


def test_an_unknown_card_of_a_known_generation_is_its_generation() -> None:
    unknown = replace(H100, accelerator="H999")
    assert TABLE.at(unknown).mfu == pytest.approx(TABLE.at(H100).mfu, rel=0.15)


def test_nothing_known_is_the_base() -> None:
    bare = TABLE.at(Keys())
    assert bare.layer_s == pytest.approx(2.718281828 ** TABLE.base["layer_s"], rel=1e-6)


def test_the_farther_from_the_data_the_wider_the_interval() -> None:
    for group in ("throughput", "ttft", "tpot"):
        widths = []
        for distance in Distance:
            low, high = INTERVALS.around(1.0, group=group, load="any", distance=distance)
            assert low < 1 < high
            widths.append(high / low)
        assert widths == sorted(widths)


def test_distance_follows_what_was_measured() -> None:
    assert (
        distance_of(TABLE, replace(H100, accelerator="L40S-48GB", pair="vllm-new|ada"))
        is Distance.NEAR
    )
    assert distance_of(TABLE, Keys(era="vllm-new", vendor="Google")) is Distance.FAR


@pytest.mark.parametrize(
    ("engine", "version", "date", "era"),
    [
        ("vLLM", "0.6.1", "", "vllm-old"), ("vLLM", "0.11.0", "", "vllm-new"), ("vLLM", "", "2024", "vllm-old"),
        ("vLLM", "", "", "vllm-new"), ("vLLM (nm-vllm fork)", "0.5.0", "", "vllm-old"),
        ("TensorRT-LLM", "0.14.0", "", "trtllm-old"), ("TensorRT-LLM", "1.2.0rc1", "", "trtllm-new"),
        ("SGLang", "0.5.1", "", "sglang"), ("LMDeploy-TurboMind", "0.2.0", "", "lmdeploy"), ("own", "1", "", ""),
        ("vLLM", "nightly 2026-02", "20260214", "vllm-new"), ("vLLM", "0.10.0 (ROCm)", "", "vllm-new"),
    ],
)  # fmt: skip
def test_an_engine_is_known_by_name_and_age(
    engine: str, version: str, date: str, era: str
) -> None:
    assert engine_keys(engine, version, date)[1] == era


def test_a_laboratorys_run_tells_of_another_one_as_far_as_they_are_alike() -> None:
    unlike, alike, beside = (distance_of(TABLE, H100, nearest=near) for near in (0.1, 0.5, 0.9))
    assert (unlike, alike, beside) == (Distance.KNOWN, Distance.HOME, Distance.BESIDE)
