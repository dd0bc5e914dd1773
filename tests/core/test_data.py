"""The shipped tables themselves: sources, dates, units, and the traps that must not be in them."""

from __future__ import annotations

import csv
from datetime import date
from importlib.resources import files

import pytest

from advisor import data

FOLDER = files("advisor.data")
COMPILED_ON = date(2026, 11, 24)


def rows(name: str) -> list[dict[str, str]]:
    with FOLDER.joinpath(name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_every_accelerator_has_one_row_with_its_source() -> None:
    table = rows("gpus.csv")
    assert len(table) == 70
    assert len({row["name"] for row in table}) == len(table)
    assert all(row["source"] for row in table)


def test_numbers_of_accelerators_are_in_base_units() -> None:
    for accelerator in data.accelerators():
        assert 8e9 <= accelerator.memory_bytes <= 400e9, accelerator.name
        assert 1e11 <= accelerator.memory_bandwidth_bytes_per_s <= 1e13, accelerator.name
        for peak in (accelerator.bf16_flops_per_s, accelerator.fp8_flops_per_s):
            assert peak is None or 1e13 <= peak <= 1e16, accelerator.name


@pytest.mark.parametrize(
    ("name", "bf16_flops_per_s", "memory_bandwidth_bytes_per_s"),
    [
        ("A100-SXM-80GB", 312e12, 2039e9),
        ("H100-SXM-80GB", 989.4e12, 3350e9),
        ("A10G-24GB", 70e12, 600e9),  # not the A10's 125
        ("L40S-48GB", 362.05e12, 864e9),  # dense, not the 733 of sparse
        ("RTXPRO6000-SERVER-96GB", 467.8e12, 1597e9),  # not the workstation's 1792
        ("MI300X-192GB", 1307.4e12, 5300e9),
    ],
)
def test_peaks_are_dense_and_of_the_right_card(
    name: str, bf16_flops_per_s: float, memory_bandwidth_bytes_per_s: float
) -> None:
    found = next(accelerator for accelerator in data.accelerators() if accelerator.name == name)
    assert found.bf16_flops_per_s == bf16_flops_per_s
    assert found.memory_bandwidth_bytes_per_s == memory_bandwidth_bytes_per_s


def test_fp8_never_has_less_than_bf16() -> None:
    for accelerator in data.accelerators():
        if accelerator.fp8_flops_per_s and accelerator.bf16_flops_per_s:
            assert accelerator.fp8_flops_per_s >= accelerator.bf16_flops_per_s, accelerator.name


def test_every_price_has_date_source_and_a_licence_to_share_it() -> None:
    for row in rows("prices.csv"):
        assert date(2024, 1, 1) <= date.fromisoformat(row["observed_on"]) <= COMPILED_ON
        assert row["source"]
        assert row["source_licence"] in {"Apache-2.0", "CC-BY-4.0", "MIT", "MPL-2.0"}


def test_no_price_is_of_something_else_than_a_machine_by_the_hour() -> None:
    traps = ("machine extra", "serverless", "median offer", "mod)", "prototyping", "per GPU")
    for row in rows("prices.csv"):
        assert not any(trap in row["instance_type"] for trap in traps), row
        assert not row["accelerator"].startswith(("TPU", "TRAINIUM", "INFERENTIA")), row


def test_every_offer_is_of_a_known_accelerator_and_there_once() -> None:
    known = {accelerator.name for accelerator in data.accelerators()}
    keys = []
    for offer in data.offers():
        assert offer.accelerator in known
        keys.append(
            (
                offer.provider,
                offer.region,
                offer.instance_type,
                offer.accelerator,
                offer.capacity_type,
            )
        )
    assert len(set(keys)) == len(keys)


def test_an_accelerator_costs_between_5_cents_and_30_dollars_an_hour() -> None:
    for offer in data.offers():
        each = offer.usd_per_hour / offer.accelerator_count
        assert 0.05 <= each <= 30, offer


def test_the_source_that_asks_for_credit_gets_it() -> None:
    readme = FOLDER.joinpath("README.md").read_text(encoding="utf-8")
    assert "https://gpurentalprices.com" in readme
    assert "CC BY 4.0" in readme


def test_the_catalogue_goes_from_p4_to_b300_and_beyond_nvidia() -> None:
    names = {accelerator.name.split("-")[0] for accelerator in data.accelerators()}
    assert names >= {
        "P4", "P40", "V100", "T4", "L4", "A10G", "A30", "A40", "A100", "L40S", "H100", "H200", "B200", "B300", "RTX4090",
        "MI250", "MI300X", "MI355X", "GAUDI2", "GAUDI3", "TPU", "INFERENTIA2", "TRAINIUM2",
    }  # fmt: skip


def test_every_accelerator_has_an_interconnect_and_a_launch() -> None:
    for accelerator in data.accelerators():
        assert accelerator.interconnect, accelerator.name
        assert accelerator.island_size is not None
        assert accelerator.island_size >= 1
        year, month = map(int, accelerator.released.split("-"))
        assert 2016 <= year <= COMPILED_ON.year
        assert 1 <= month <= 12
        assert accelerator.tdp_w is None or 30 <= accelerator.tdp_w <= 1500


def test_rays_names_are_those_that_ray_has() -> None:
    named = {a.name: a.ray_accelerator_type for a in data.accelerators() if a.ray_accelerator_type}
    assert named["L4-24GB"] == "L4"
    assert named["MI300X-192GB"] == "AMD-Instinct-MI300X-OAM"
    assert named["A100-SXM-80GB"] == "A100-80G"


def test_api_prices_are_from_sources_that_may_be_shared() -> None:
    for row in rows("api_prices.csv"):
        assert row["source"].startswith(("genai-prices", "litellm")), row
