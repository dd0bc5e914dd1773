"""Prices refreshed from a server that speaks gpuhunt's protocol: a version and a zip for each provider."""

from __future__ import annotations

import csv
import gc
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest
from gpuhunt import AcceleratorVendor, CatalogItem
from gpuhunt._internal.storage import CATALOG_V2_FIELDS, item_to_row
from local_server import Answer, Local, Request, answering

from advisor import data
from advisor.adapters import price_sources
from advisor.adapters.price_sources import accelerator_of, fetch, offers_from
from advisor.core.objective import CapacityType
from advisor.errors import PriceSourceError

# gpuhunt does not close what urllib raises for a 404; the sockets are closed when those exceptions are collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TODAY = date(2026, 11, 24)
VERSION = "20261123-4711"


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    yield
    gc.collect()


def item(
    provider: str,
    instance: str,
    gpu: str | None,
    memory: float | None,
    *,
    count: int = 1,
    price: float = 2.0,
    spot: bool = False,
    location: str = "us-east-1",
    flags: list[str] | None = None,
    vendor: AcceleratorVendor = AcceleratorVendor.NVIDIA,
) -> CatalogItem:
    return CatalogItem(
        provider=provider,
        instance_name=instance,
        location=location,
        price=price,
        cpu=8,
        memory=64.0,
        gpu_count=count,
        gpu_name=gpu,
        gpu_memory=memory,
        spot=spot,
        disk_size=None,
        gpu_vendor=vendor if count else None,
        flags=flags or [],
    )


def zipped(provider: str, rows: list[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, CATALOG_V2_FIELDS)
    writer.writeheader()
    writer.writerows(rows)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{provider}.csv", text.getvalue())
    return content.getvalue()


@contextmanager
def catalogue(
    files: Mapping[str, list[CatalogItem]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Local]:
    """The catalogues of those providers; others are not there."""
    archives = {
        name: zipped(name, [item_to_row(i) for i in items]) for name, items in files.items()
    }
    with serving(archives, monkeypatch) as server:
        yield server


@contextmanager
def serving(archives: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    def answer(request: Request) -> Answer:
        _, root, provider, *rest = request.path.split("/")
        if root != "v3" or provider not in archives:
            return Answer(404)
        if rest == ["version"]:
            return Answer(body=f"{VERSION}\n")
        if rest == [VERSION, "catalog.zip"]:
            return Answer(body=archives[provider])
        return Answer(404)

    with answering(answer) as server:
        monkeypatch.setenv("GPUHUNT_CATALOG_URL", f"{server.url}/v3")
        monkeypatch.delenv("GPUHUNT_CATALOG_DIR", raising=False)
        yield server


# --- which card an item rents


@pytest.mark.parametrize(
    ("rented", "name"),
    [
        (item("aws", "p5.48xlarge", "H100", 80, count=8), "H100-SXM-80GB"),
        (item("aws", "p4d.24xlarge", "A100", 40, count=8), "A100-SXM-40GB"),
        (item("aws", "g5.xlarge", "A10G", 24), "A10G-24GB"),
        (item("aws", "g7e.2xlarge", "RTXPRO6000", 96), "RTXPRO6000-SERVER-96GB"),
        (item("azure", "Standard_NC24ads_A100_v4", "A100", 80), "A100-PCIE-80GB"),
        (item("azure", "Standard_ND96amsr_A100_v4", "A100", 80, count=8), "A100-SXM-80GB"),
        (item("azure", "Standard_NC40ads_H100_v5", "H100NVL", 94), "H100-NVL-94GB"),
        (item("gcp", "a2-ultragpu-1g", "A100", 80), "A100-SXM-80GB"),
        (item("gcp", "n1-standard-4", "T4", 16), "T4-16GB"),
        (item("oci", "BM.GPU.H100.8", "H100", 80, count=8), "H100-SXM-80GB"),
        (item("nebius", "gpu-h100-sxm 1gpu-16vcpu-200gb", "H100", 80), "H100-SXM-80GB"),
        (item("nebius", "gpu-h200-sxm 8gpu-128vcpu-1600gb", "H200", 141, count=8), "H200-SXM-141GB"),
        (item("lambdalabs", "gpu_1x_h100_pcie", "H100", 80), "H100-PCIE-80GB"),
        (item("lambdalabs", "gpu_8x_h100_sxm5", "H100", 80, count=8), "H100-SXM-80GB"),
        (item("lambdalabs", "gpu_8x_a100_80gb_sxm4", "A100", 80, count=8), "A100-SXM-80GB"),
        (item("lambdalabs", "gpu_1x_gh200", "GH200", 96), "GH200-96GB"),
        (item("runpod", "NVIDIA H100 80GB HBM3", "H100", 80), "H100-SXM-80GB"),
        (item("runpod", "NVIDIA H100 PCIe", "H100", 80), "H100-PCIE-80GB"),
        (item("runpod", "NVIDIA A100-SXM4-80GB", "A100", 80), "A100-SXM-80GB"),
        (item("runpod", "NVIDIA A100 80GB PCIe", "A100", 80), "A100-PCIE-80GB"),
        (
            item("runpod", "AMD Instinct MI300X OAM", "MI300X", 192, vendor=AcceleratorVendor.AMD),
            "MI300X-192GB",
        ),
        (item("verda", "1H100.80S.30V", "H100", 80), "H100-SXM-80GB"),
        (item("verda", "8A100.40S.176V", "A100", 40, count=8), "A100-SXM-40GB"),
        # What the item leaves open is left open.
        (item("lambdalabs", "gpu_8x_a100", "A100", 40, count=8), None),
        (item("cloudrift", "rtx-pro.1", "RTXPRO6000", 96), None),
        (item("verda", "1V100.6V", "V100", 16), None),
        (item("newcloud", "x1", "H100", 80), None),
        # A part of a card is not a card.
        (item("aws", "g6f.large", "L4", 3), None),
        (item("azure", "Standard_NV6ads_A10_v5", "A10", 4), None),
        (item("gcp", "g4-standard-6", "RTXPRO6000", 12), None),
        (item("gcp", "v5litepod-8", "v5litepod-8", 128, vendor=AcceleratorVendor.GOOGLE), None),
    ],
)  # fmt: skip
def test_an_item_is_the_one_card_that_its_cloud_documents_or_none(
    rented: CatalogItem, name: str | None
) -> None:
    found = accelerator_of(rented, data.accelerators())
    assert (found.name if found else None) == name


def test_every_family_names_a_card_of_the_catalogue() -> None:
    known = {accelerator.name for accelerator in data.accelerators()}
    assert {name for _, _, name in price_sources._FAMILIES} <= known


# --- a refresh


def test_a_refresh_brings_dated_offers_of_every_provider_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {
        "aws": [
            item("aws", "p5.48xlarge", "H100", 80, count=8, price=55.04),
            item("aws", "p5.48xlarge", "H100", 80, count=8, price=20.5, spot=True),
            item("aws", "m5.large", None, None, count=0, price=0.1),
        ],
        "lambdalabs": [item("lambdalabs", "gpu_8x_a100", "A100", 40, count=8, price=10.0)],
        "runpod": [
            item("runpod", "NVIDIA L4", "L4", 24, price=0.4, location="EU-RO-1"),
            item("runpod", "NVIDIA L4", "L4", 24, price=0.8, count=2, location="EU-RO-1"),
            item("runpod", "NVIDIA H100 80GB HBM3", "H100", 80, count=8, flags=["runpod-cluster"]),
        ],
    }
    with catalogue(files, monkeypatch) as server:
        found = fetch(data.accelerators(), today=TODAY)
    assert {request.path for request in server.requests} >= {
        "/v3/aws/version",
        f"/v3/aws/{VERSION}/catalog.zip",
    }
    rows = {(o.provider, o.instance_type, o.capacity_type): o for o in found.offers}
    spot = rows["aws", "p5.48xlarge", CapacityType.SPOT]
    assert (spot.usd_per_hour, spot.accelerator, spot.accelerator_count) == (
        20.5,
        "H100-SXM-80GB",
        8,
    )
    assert {o.observed_on for o in found.offers} == {
        "2026-11-23"
    }  # the catalogue's date, not ours
    assert {key[1] for key in rows if key[0] == "runpod"} == {"1x NVIDIA L4", "2x NVIDIA L4"}
    assert found.providers == ("aws", "lambda", "runpod")
    assert "gcp" in found.missing
    assert found.left_out == 1  # Lambda's A100 of unstated form


def test_zones_are_one_region_at_the_cheapest_price() -> None:
    zones = [
        item("gcp", "g2-standard-4", "L4", 24, price=0.9, location="us-central1-a"),
        item("gcp", "g2-standard-4", "L4", 24, price=0.7, location="us-central1-b"),
    ]
    offers, _ = offers_from(zones, data.accelerators(), {"gcp": TODAY})
    assert [(o.region, o.usd_per_hour) for o in offers] == [("us-central1", 0.7)]


def test_capacity_booked_for_dates_ahead_is_reserved() -> None:
    booked = item("gcp", "a3-highgpu-8g", "H100", 80, count=8, flags=["gcp-dws-calendar-mode"])
    offers, _ = offers_from([booked], data.accelerators(), {"gcp": TODAY})
    assert [o.capacity_type for o in offers] == [CapacityType.RESERVED]


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_a_price_that_is_none_is_left_out(price: float) -> None:
    offers, left_out = offers_from(
        [item("aws", "g6.xlarge", "L4", 24, price=price)], data.accelerators(), {"aws": TODAY}
    )
    assert (offers, left_out) == ((), 1)


@pytest.mark.parametrize(
    ("version", "seen_on"),
    [
        ("20261123-4711", date(2026, 11, 23)),
        ("2026-11-01", date(2026, 11, 1)),
        ("20991231-1", TODAY),  # nobody has seen tomorrow's prices
        ("20261350-1", TODAY),
        ("latest", TODAY),
    ],
)
def test_a_catalogue_is_as_old_as_its_version_says(version: str, seen_on: date) -> None:
    assert price_sources._date_of(version, TODAY) == seen_on


# --- servers that are down, or lie


def test_without_a_server_the_refusal_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUHUNT_CATALOG_URL", "http://127.0.0.1:9/v3")
    with pytest.raises(PriceSourceError, match="no price catalogue could be read") as raised:
        fetch(data.accelerators(), today=TODAY)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    "archive",
    [b"", b"not a zip", zipped("other", []), zipped("aws", [])[:-30]],
    ids=["empty", "text", "another provider's", "cut off"],
)
def test_a_broken_catalogue_is_a_provider_less_not_a_crash(
    archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = zipped("gcp", [item_to_row(item("gcp", "g2-standard-4", "L4", 24))])
    with serving({"aws": archive, "gcp": good}, monkeypatch):
        found = fetch(data.accelerators(), today=TODAY)
    assert found.providers == ("gcp",)
    assert "aws" in found.missing
    with serving({"aws": archive}, monkeypatch), pytest.raises(PriceSourceError):
        fetch(data.accelerators(), today=TODAY)


@pytest.mark.parametrize("page", ["<html>\nMaintenance </html>", "", "../../etc", "\x00"])
def test_a_page_where_the_version_should_be_is_a_provider_less(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: Request) -> Answer:
        return Answer(body=page) if request.path.endswith("/version") else Answer(404)

    with answering(answer) as server:
        monkeypatch.setenv("GPUHUNT_CATALOG_URL", server.url)
        with pytest.raises(PriceSourceError) as raised:
            fetch(data.accelerators(), today=TODAY)
    assert len(str(raised.value).splitlines()) == 1


def test_malformed_rows_are_left_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    good = item_to_row(item("aws", "g6.xlarge", "L4", 24, price=0.8))
    bad: list[Mapping[str, str]] = [{**good, "price": "cheap"}, {**good, "gpu_count": ""}]
    with serving({"aws": zipped("aws", [*bad, good])}, monkeypatch):
        found = fetch(data.accelerators(), today=TODAY)
    assert [o.usd_per_hour for o in found.offers] == [0.8]
    assert capfd.readouterr().err == ""
