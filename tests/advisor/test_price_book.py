"""The user's own prices, the file of refreshed ones, and the commands that show and refresh the book."""

from __future__ import annotations

import gc
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from adapters.local_server import Answer, Local, Request, answering
from hypothesis import given
from hypothesis import strategies as st

from advisor import cli, data, price_cache
from advisor.core.objective import CapacityType
from advisor.core.pricing import OfferFilter, cheapest_offer, is_yours
from advisor.core.recommendation import Offer
from advisor.errors import ConfigError, PriceSourceError
from advisor.own_prices import Owned, load_own_prices, with_own
from advisor.price_book import load_price_book, refresh_prices

# gpuhunt does not close what urllib raises for a 404; the sockets are closed when those exceptions are collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TODAY = date(2026, 11, 24)
H100 = "H100-SXM-80GB"

LIST_PRICE = Offer(
    provider="aws",
    region="us-east-1",
    instance_type="p5.48xlarge",
    accelerator=H100,
    accelerator_count=8,
    capacity_type=CapacityType.ON_DEMAND,
    usd_per_hour=55.04,
    observed_on="2026-10-01",
    source="list",
)


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "my-prices.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    gc.collect()


def book_with(file: Path, *book: Offer) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
    return with_own(book, load_own_prices(file), today=TODAY, where=file.name)


# --- the user's own prices


def test_an_owned_machine_costs_its_purchase_over_its_months_and_its_power() -> None:
    machine = Owned(
        name="rack", accelerator=H100, count=8, purchase_usd=259_200, months=36, power_kw=8, usd_per_kwh=0.15,
        other_usd_per_month=720,
    )  # fmt: skip
    assert machine.usd_per_hour == pytest.approx(259_200 / 36 / 720 + 1 + 8 * 0.15)


def test_owned_machines_are_rentable_by_default_and_only_as_many_as_there_are(
    own: Callable[[str], Path],
) -> None:
    file = own(
        "owned: [{name: rack, accelerator: h100-sxm-80gb, count: 8, machines: 2, purchase_usd: 250000, months: 36}]"
    )
    offers, told = book_with(file, LIST_PRICE)
    (rack,) = [offer for offer in offers if is_yours(offer)]
    assert not told
    assert (rack.accelerator, rack.instances, rack.observed_on) == (H100, 2, "2026-11-24")
    allowed = [offer for offer in offers if OfferFilter().allows(offer)]
    assert cheapest_offer(allowed, tp_degree=8, replicas=2) is rack
    assert cheapest_offer(allowed, tp_degree=8, replicas=3) == LIST_PRICE


def test_a_negotiated_price_replaces_the_list_price(own: Callable[[str], Path]) -> None:
    file = own(
        "negotiated: [{provider: aws, region: us-east-1, instance_type: p5.48xlarge, usd_per_month: 21600}]"
    )
    offers, _ = book_with(file, LIST_PRICE)
    (agreed,) = offers
    assert (agreed.usd_per_hour, agreed.accelerator_count, agreed.source) == (30.0, 8, "yours")


def test_a_reservation_stands_beside_the_list_price_until_it_runs_out(
    own: Callable[[str], Path],
) -> None:
    reservation = (
        "reserved: [{{provider: aws, region: us-east-1, instance_type: p5.48xlarge, usd_per_hour: 30, "
        "instances: 4, until: {until}}}]"
    )
    offers, told = book_with(own(reservation.format(until="2026-11-24")), LIST_PRICE)
    assert [(o.capacity_type, o.instances) for o in offers] == [
        (CapacityType.ON_DEMAND, None),
        (CapacityType.RESERVED, 4),
    ]
    assert not told
    offers, told = book_with(own(reservation.format(until="2026-11-23")), LIST_PRICE)
    assert offers == (LIST_PRICE,)
    assert told == ("my-prices.yaml: reserved.0: ran out on 2026-11-23, left out",)


def test_a_committed_discount_lowers_on_demand_prices_and_leaves_their_dates(
    own: Callable[[str], Path],
) -> None:
    spot = replace(LIST_PRICE, capacity_type=CapacityType.SPOT, usd_per_hour=20.0)
    (plain, same), _ = book_with(own("discounts: {aws: 25%}"), LIST_PRICE, spot)
    assert plain.usd_per_hour == pytest.approx(41.28)
    assert plain.observed_on == LIST_PRICE.observed_on
    assert plain.source == "yours: 25 % off list"
    assert same is spot


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("owned: [{name: a, accelerator: H100, count: 8, purchase_usd: 1, months: 3}]", "owned.0.accelerator: .*say which"),
        ("owned: [{name: a, accelerator: L4, count: 8, purchase_usd: 1}]", "owned.0.months: required"),
        ("owned: [{name: a, accelerator: L4, count: 8, purchase_usd: -1, months: 3}]", "owned.0.purchase_usd: "),
        ("owned: [{name: a, accelerator: L4, count: 8, purchase_usd: .nan, months: 3}]", "owned.0.purchase_usd: "),
        ("owned: [{name: a, accelerator: L4, count: 0, purchase_usd: 1, months: 3}]", "owned.0.count: "),
        ("owned: [{name: a, accelerator: L4, count: 1, purchase_usd: 0, months: 3}]", "owned.0: purchase_usd"),
        ("owned: [{name: a, accelerator: L4, count: 1, purchase_usd: 1, months: 3, power_kw: 1}]", "usd_per_kwh: required"),
        ("owned: [{name: a, accelerator: L4, count: 1, purchase_usd: 1, month: 3}]", "did you mean months?"),
        ("reserved: [{provider: a, region: b, instance_type: c}]", "one of usd_per_hour and usd_per_month"),
        ("reserved: [{provider: a, region: b, instance_type: c, usd_per_hour: 1, usd_per_month: 1}]", "one of"),
        ("reserved: [{provider: a, region: b, instance_type: c, usd_per_hour: 1, until: soon}]", "reserved.0.until: "),
        ("discounts: {aws: 0.12}", "discounts.aws: write 0.12% or 12%"),
        ("discounts: {aws: 120%}", "discounts.aws: must be from 0% to below 100%"),
        ("discounts: {aws: much}", "discounts.aws: a discount in percent"),
        ("discount: {aws: 10%}", "discount: unknown field; did you mean discounts?"),
        ("- 1", "must be a mapping"),
        ("owned: [", "not valid YAML"),
        ("a: &a [*a]", "not valid YAML|unknown field"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_file_and_field(
    text: str, says: str, own: Callable[[str], Path]
) -> None:
    file = own(text)
    with pytest.raises(ConfigError, match=says) as raised:
        load_own_prices(file)
    assert all(line.startswith(f"{file}: ") for line in str(raised.value).splitlines())


def test_mistakes_that_only_the_book_shows_name_file_and_field_too(
    own: Callable[[str], Path],
) -> None:
    with pytest.raises(ConfigError, match=r"discounts\.awz: no such provider.*aws"):
        book_with(own("discounts: {awz: 10%}"), LIST_PRICE)
    unknown = "negotiated: [{provider: aws, region: r, instance_type: p9, usd_per_hour: 1}]"
    with pytest.raises(ConfigError, match=r"negotiated\.0\.accelerator: required"):
        book_with(own(unknown), LIST_PRICE)


def test_what_is_no_readable_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.yaml", "binary", "."):
        with pytest.raises(ConfigError) as raised:
            load_own_prices(tmp_path / name)
        assert len(str(raised.value).splitlines()) == 1


# --- the file of refreshed prices


texts = st.text(min_size=1, max_size=20).filter(lambda text: "\r" not in text and "\0" not in text)


@given(
    st.lists(
        st.builds(
            Offer,
            provider=texts,
            region=texts,
            instance_type=texts,
            accelerator=st.just(H100),
            accelerator_count=st.integers(1, 16),
            capacity_type=st.sampled_from(list(CapacityType)),
            usd_per_hour=st.floats(1e-3, 1e5),
            observed_on=st.dates(date(2020, 1, 1), TODAY).map(date.isoformat),
            source=texts,
            instances=st.none(),
        ),
        max_size=5,
    )
)
def test_what_is_kept_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, offers: list[Offer]
) -> None:
    file = tmp_path_factory.mktemp("cache") / "deep" / "prices.csv"
    price_cache.write(file, offers)
    assert list(price_cache.read(file)) == offers
    assert [path.name for path in file.parent.iterdir()] == ["prices.csv"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    price_cache.write(file, [LIST_PRICE])

    def offers() -> list[Offer]:
        return [LIST_PRICE, None]  # type: ignore[list-item]

    with pytest.raises(AttributeError):
        price_cache.write(file, offers())
    assert price_cache.read(file) == (LIST_PRICE,)
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PriceSourceError, match="cannot be written"):
        price_cache.write(tmp_path / "file" / "prices.csv", [LIST_PRICE])


@pytest.mark.parametrize(
    "content", ["provider\naws\n", "\0\0", "provider,usd_per_hour\naws,cheap\n"]
)
def test_a_damaged_file_is_told_and_the_shipped_prices_stay(content: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(content)
    book = load_price_book(today=TODAY, cache=file)
    assert set(book.offers) == set(data.offers())
    assert any(str(file) in warning for warning in book.warnings)


def test_refreshed_prices_are_in_the_book_and_newer_ones_win(tmp_path: Path) -> None:
    shipped = data.offers()[0]
    dearer = replace(shipped, usd_per_hour=shipped.usd_per_hour * 2, observed_on="2026-11-23")
    older = replace(data.offers()[1], usd_per_hour=0.01, observed_on="2020-01-01")
    price_cache.write(tmp_path / "prices.csv", [dearer, older])
    book = load_price_book(today=TODAY, cache=tmp_path / "prices.csv")
    assert dearer in book.offers
    assert shipped not in book.offers
    assert older not in book.offers
    assert book.dates is not None
    assert book.dates[1] == "2026-11-23"


def test_a_book_of_old_prices_says_so() -> None:
    book = load_price_book(today=date(2030, 1, 1))
    assert len(book.stale(date(2030, 1, 1))) == len(book.offers)
    assert "advisor prices refresh" in book.warnings[-1]
    newest = max(offer.observed_on for offer in data.offers())
    fresh = load_price_book(today=date.fromisoformat(newest))
    assert len(fresh.stale(date.fromisoformat(newest))) < len(fresh.offers)


# --- a refresh from a folder, as gpuhunt allows


HEADER = (
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,cpu_arch,"
    "provider_data\n"
)


def served(files: dict[str, str]) -> AbstractContextManager[Local]:
    def answer(request: Request) -> Answer:
        provider, *rest = request.path.removeprefix("/").split("/")
        if provider not in files:
            return Answer(404)
        if rest == ["version"]:
            return Answer(body="20261123-1")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(f"{provider}.csv", HEADER + files[provider])
        return Answer(body=content.getvalue())

    return answering(answer)


P5 = "p5.48xlarge,us-east-1,{price},192,2048,8,H100,80,False,,nvidia,,x86,{{}}\n"
G2 = "g2-standard-4,us-central1-a,0.7,4,16,1,L4,24,False,,nvidia,,x86,{}\n"


def test_a_provider_that_does_not_answer_keeps_its_earlier_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with served({"aws": P5.format(price=50.0), "gcp": G2}) as server:
        monkeypatch.setenv("GPUHUNT_CATALOG_URL", server.url)
        first = refresh_prices(data.accelerators(), today=TODAY)
    assert (first.offers, first.kept, first.providers) == (2, 0, ("aws", "gcp"))
    with served({"aws": P5.format(price=60.0)}) as server:
        monkeypatch.setenv("GPUHUNT_CATALOG_URL", server.url)
        second = refresh_prices(data.accelerators(), today=TODAY)
    assert (second.offers, second.kept) == (1, 1)
    kept = {o.instance_type: o.usd_per_hour for o in price_cache.read(second.file)}
    assert kept == {"p5.48xlarge": 60.0, "g2-standard-4": 0.7}
    assert any(
        o.usd_per_hour == 60.0 and o.region == "us-east-1"
        for o in load_price_book(today=TODAY).offers
    )


def test_the_command_refreshes_and_then_lists_what_it_brought(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served({"aws": P5.format(price=50.25)}) as server:
        monkeypatch.setenv("GPUHUNT_CATALOG_URL", server.url)
        assert run(monkeypatch, "prices", "refresh") == 0
    said = capsys.readouterr().out
    assert "1 offers of aws" in said
    assert "not reached: " in said
    assert run(monkeypatch, "prices", "--gpu", "h100", "--provider", "aws", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    (found,) = [row for row in listed if row["observed_on"] == "2026-11-23"]
    assert found["usd_per_accelerator_hour"] == pytest.approx(50.25 / 8)
    assert found["usd_per_month"] == pytest.approx(50.25 * 720)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["advisor", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_offline_a_refresh_says_so_in_one_line_and_leaves_what_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    price_cache.write(price_cache.cache_file(), [LIST_PRICE])
    before = price_cache.cache_file().read_bytes()
    monkeypatch.setenv("GPUHUNT_CATALOG_URL", "http://127.0.0.1:9")
    assert run(monkeypatch, "prices", "refresh") == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert "nothing changed, the prices in use are of" in said.err
    assert price_cache.cache_file().read_bytes() == before
    assert os.listdir(price_cache.cache_file().parent) == ["prices.csv"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--provider", "awz"], "near names: aws"),
        (["--region", "us-east-11"], "near names: us-east-1"),
        (["--gpu", "H1000"], "near names: "),
        (["--prices", "/nowhere.yaml"], "/nowhere.yaml: No such file"),
    ],
)
def test_what_does_not_exist_is_answered_with_near_names(
    arguments: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "prices", *arguments) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


def test_the_table_shows_month_date_and_age(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "prices", "--gpu", "H100-NVL-94GB", "--limit", "3") == 0
    said = capsys.readouterr().out
    assert "$/GPU-h" in said
    assert "$/month" in said
    assert "2026-" in said
    assert "a month has 720 hours" in said


# --- advisor prices api


def test_api_prices_of_a_model_come_with_the_break_even(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replica = ["--usd-per-hour", "2.5", "--requests-per-s", "20", "--isl", "512", "--osl", "256"]
    assert run(monkeypatch, "prices", "api", "meta-llama/Llama-3.1-8B-Instruct", *replica) == 0
    shown = capsys.readouterr().out
    assert run(monkeypatch, "prices", "api", "llama-3.1-8b", "--json", *replica) == 0
    hosts = json.loads(capsys.readouterr().out)
    assert len(hosts) >= 5
    assert all(host["provider"] in shown for host in hosts)
    reasons = [host["break_even"]["reason"] for host in hosts]
    # The cheapest host is cheaper than a full replica at this price.
    assert reasons[0].startswith("never")
    assert "requests a month on" in reasons[-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["llama-9.9-8b"], "near names: "),
        (["llama-3.1-8b", "--usd-per-hour", "2"], "give both"),
        (["llama-3.1-8b", "--usd-per-hour", "-2", "--requests-per-s", "1"], "above zero"),
    ],
)
def test_api_prices_refuse_in_one_line(
    arguments: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "prices", "api", *arguments) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


# --- advisor gpus


def test_gpus_lists_all_and_shows_one_with_its_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "gpus", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == len(data.accelerators())
    assert run(monkeypatch, "gpus", "l40s", "--json") == 0
    one = json.loads(capsys.readouterr().out)
    assert (one["name"], one["bf16_flops_per_s"]) == ("L40S-48GB", 362.05e12)
    assert one["source"]
    assert run(monkeypatch, "gpus", "--vendor", "amd") == 0
    assert "MI300X-192GB" in capsys.readouterr().out


def test_gpus_lints_somebodys_table_in_the_units_people_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "gpus.csv"
    table.write_text(
        "name,bf16_tflops,bandwidth_gb_per_s,remark\nA10G,125,600,x\nL4,121,300,y,z\n"
    )
    assert run(monkeypatch, "gpus", "--lint", str(table)) == 1
    said = capsys.readouterr().out
    assert "row 1 (A10G): bf16_dense_flops_per_s: 125 TFLOP/s, we have 70" in said
    assert "A10-24GB has that" in said
    table.write_text("name,bf16_tflops\nA10G,70\n")
    assert run(monkeypatch, "gpus", "--lint", str(table)) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["H100"], "H100-NVL-94GB, H100-PCIE-80GB, H100-SXM-80GB"),
        (["--lint", "/nowhere.csv"], "/nowhere.csv: No such file"),
        (["--vendor", "NVIDA"], "known are AMD"),
    ],
)
def test_gpus_refuses_in_one_line(
    arguments: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "gpus", *arguments) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


def test_a_file_that_is_no_table_of_gpus_is_refused(tmp_path: Path) -> None:
    from advisor.adapters.gpu_table import read_gpu_table

    for name, content in {
        "a.csv": b"",
        "b.csv": b"x,y\n1,2\n",
        "c.csv": b"\xff\xfe\x00\x01",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=name):
            read_gpu_table(tmp_path / name)
