"""Today's prices from a kept source: dstack's catalogue, through its own library gpuhunt (MPL-2.0).

gpuhunt publishes one zip a provider, refreshed hourly, readable without an account: AWS, Azure, GCP, OCI, Nebius,
RunPod, Lambda, Verda and CloudRift, on demand and spot, by region. We chose it over SkyPilot's catalogue because it is a
library with one flat item a row, and that one is a repository of 1.8 GB.

Its items name a GPU without its form factor, which is worth a factor of 1.5 to 2 in bandwidth. The instance family settles
it where the cloud documents the family; else the instance's own name where it says SXM, PCIe or NVL; else the row is left
out.
"""

from __future__ import annotations

import logging
import math
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from advisor.core.hardware import Accelerator, find
from advisor.core.objective import CapacityType
from advisor.core.recommendation import Offer
from advisor.errors import PriceSourceError, UnknownAcceleratorError

PROVIDERS = (
    "aws", "azure", "gcp", "oci", "nebius", "runpod", "lambdalabs", "verda", "cloudrift",
)  # fmt: skip
TIMEOUT_S = 30.0  # each connection; gpuhunt sets none
SOURCE = "gpuhunt catalogue"
_PROVIDERS = {"lambdalabs": "lambda"}  # what our snapshot calls them otherwise
# Rented otherwise than by the hour and the machine: multi-node clusters, and duplicates kept for old clients.
_OTHER_PRODUCTS = {"runpod-cluster", "gcp-g4-preview"}
_CALENDAR = "gcp-dws-calendar-mode"  # capacity booked for dates ahead

# Instance families whose cloud documents the card: (provider, beginning of the instance's name, accelerator).
_FAMILIES = (
    ("aws", r"g4dn\.", "T4-16GB"),
    ("aws", r"g5g\.", "T4G-16GB"),
    ("aws", r"g5\.", "A10G-24GB"),
    ("aws", r"gr?6\.", "L4-24GB"),
    ("aws", r"g6e\.", "L40S-48GB"),
    ("aws", r"g7e\.", "RTXPRO6000-SERVER-96GB"),
    ("aws", r"p3\.", "V100-SXM-16GB"),
    ("aws", r"p3dn\.", "V100-SXM-32GB"),
    ("aws", r"p4d\.", "A100-SXM-40GB"),
    ("aws", r"p4de\.", "A100-SXM-80GB"),
    ("aws", r"p5\.", "H100-SXM-80GB"),
    ("aws", r"p5en?\.", "H200-SXM-141GB"),
    ("aws", r"p6-b200\.", "B200-SXM-180GB"),
    ("aws", r"p6-b300\.", "B300-SXM-288GB"),
    ("gcp", r"a2-(highgpu|megagpu)-", "A100-SXM-40GB"),
    ("gcp", r"a2-ultragpu-", "A100-SXM-80GB"),
    ("gcp", r"a3-(highgpu|megagpu|edgegpu)-", "H100-SXM-80GB"),
    ("gcp", r"a3-ultragpu-", "H200-SXM-141GB"),
    ("gcp", r"a4-", "B200-SXM-180GB"),
    ("gcp", r"a4x-highgpu-", "GB200-186GB"),
    ("gcp", r"g2-", "L4-24GB"),
    ("gcp", r"g4-", "RTXPRO6000-SERVER-96GB"),
    ("azure", r"Standard_NC\d+ads_A100_v4", "A100-PCIE-80GB"),
    ("azure", r"Standard_ND\d+amsr_A100_v4", "A100-SXM-80GB"),
    ("azure", r"Standard_ND\d+asr(_A100)?_v4", "A100-SXM-40GB"),
    ("azure", r"Standard_NC\d+adi?s_H100_v5", "H100-NVL-94GB"),
    ("azure", r"Standard_ND\d+is[rf]?_H100_v5", "H100-SXM-80GB"),
    ("azure", r"Standard_ND\d+isr?_H200_v5", "H200-SXM-141GB"),
    ("oci", r"BM\.GPU4\.8", "A100-SXM-40GB"),
    ("oci", r"BM\.GPU\.A100-v2\.8", "A100-SXM-80GB"),
    ("oci", r"BM\.GPU\.H100\.8", "H100-SXM-80GB"),
    ("oci", r"BM\.GPU\.H200\.8", "H200-SXM-141GB"),
    ("verda", r"\d+H100\.80S", "H100-SXM-80GB"),  # gpuhunt takes only "H100 SXM5 80GB" there
    ("verda", r"\d+A100\.80?S?\.", "A100-SXM-80GB"),  # and only "A100 SXM4"
    ("verda", r"\d+A100\.40S\.", "A100-SXM-40GB"),
)
_FORM = re.compile(r"(?:^|[^a-z])(sxm|pcie|nvl)\d?(?:[^a-z]|$)", re.IGNORECASE)


class Item(Protocol):
    """What we read of gpuhunt's CatalogItem: memory in GiB a GPU, dollars per hour of the instance."""

    provider: str
    instance_name: str
    location: str
    price: float
    gpu_count: int
    gpu_name: str | None
    gpu_memory: float | None
    spot: bool
    flags: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh brought: offers, of which providers, and how many GPU rows do not say which card they rent."""

    offers: tuple[Offer, ...]
    providers: tuple[str, ...]
    missing: tuple[str, ...]  # providers whose catalogue could not be read
    left_out: int


def fetch(accelerators: Sequence[Accelerator], *, today: date) -> Refreshed:
    """The catalogue of today; PriceSourceError in one line when no provider's could be read."""
    import gpuhunt

    catalog = gpuhunt.Catalog(balance_resources=False, auto_reload=False)
    with _quiet_and_bounded():
        try:
            catalog.load()
        except gpuhunt.GPUHuntError as error:
            reason = str(error.__cause__ or error).splitlines()[0][:160]
            raise PriceSourceError(f"no price catalogue could be read ({reason})") from None
        loaded = sorted(catalog.catalog)
        items = catalog.query(provider=loaded, min_gpu_count=1)
    seen_on = {name: _date_of(catalog.catalog[name].version, today) for name in loaded}
    offers, left_out = offers_from(items, accelerators, seen_on)
    return Refreshed(
        offers=offers,
        providers=tuple(_PROVIDERS.get(name, name) for name in loaded),
        missing=tuple(_PROVIDERS.get(n, n) for n in PROVIDERS if n not in loaded),
        left_out=left_out,
    )


@contextmanager
def _quiet_and_bounded() -> Iterator[None]:
    """gpuhunt logs tracebacks and waits without end: neither is for a command's user."""
    logger, timeout = logging.getLogger("gpuhunt"), socket.getdefaulttimeout()
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(timeout)
        logger.setLevel(level)


def _date_of(version: str, today: date) -> date:
    """A catalogue's version begins with its date; one that does not was read today."""
    match = re.match(r"(20\d\d)-?(\d\d)-?(\d\d)", version)
    try:
        return min(today, date(*map(int, match.groups()))) if match else today
    except ValueError:
        return today


def offers_from(
    items: Iterable[Item], accelerators: Sequence[Accelerator], seen_on: dict[str, date]
) -> tuple[tuple[Offer, ...], int]:
    """Our offers of gpuhunt's items, the cheapest zone of each region; and how many GPU rows could not be placed."""
    cheapest: dict[tuple[str, str, str, CapacityType], Offer] = {}
    left_out = 0
    for item in items:
        if item.gpu_count < 1 or _OTHER_PRODUCTS.intersection(item.flags):
            continue
        accelerator = accelerator_of(item, accelerators)
        if accelerator is None or not 0 < item.price < math.inf:
            left_out += 1
            continue
        offer = _offer(item, accelerator, seen_on[item.provider])
        key = offer.provider, offer.region, offer.instance_type, offer.capacity_type
        if key not in cheapest or offer.usd_per_hour < cheapest[key].usd_per_hour:
            cheapest[key] = offer
    return tuple(cheapest.values()), left_out


def _offer(item: Item, accelerator: Accelerator, seen_on: date) -> Offer:
    capacity_type = CapacityType.SPOT if item.spot else CapacityType.ON_DEMAND
    return Offer(
        provider=_PROVIDERS.get(item.provider, item.provider),
        region=_region(item),
        instance_type=_instance_type(item),
        accelerator=accelerator.name,
        accelerator_count=item.gpu_count,
        capacity_type=CapacityType.RESERVED if _CALENDAR in item.flags else capacity_type,
        usd_per_hour=item.price,
        observed_on=seen_on.isoformat(),
        source=SOURCE,
    )


def _region(item: Item) -> str:
    """GCP prices by region and lists by zone."""
    return re.sub(r"-[a-z]$", "", item.location) if item.provider == "gcp" else item.location


def _instance_type(item: Item) -> str:
    """The name, and the number of GPUs where one name is rented with several: RunPod, and GCP's N1 with GPUs attached."""
    if item.provider == "runpod":
        return f"{item.gpu_count}x {item.instance_name}"
    if item.provider == "gcp" and item.instance_name.startswith("n1-"):
        return f"{item.instance_name} + {item.gpu_count}x {item.gpu_name}"
    return item.instance_name


def accelerator_of(item: Item, accelerators: Sequence[Accelerator]) -> Accelerator | None:
    """The one card that the item can be; None where it may be several, is unknown, or a fraction of one."""
    for provider, family, name in _FAMILIES:
        if item.provider == provider and re.match(family, item.instance_name):
            return _if_whole(find(name, accelerators), item)
    named = f"dstack:{item.gpu_name}".upper()
    possible = [a for a in accelerators if named in {alias.upper() for alias in a.aliases}]
    form = _FORM.search(item.instance_name)
    if form is not None:
        possible = [a for a in possible if f"-{form[1].upper()}-" in a.name] or possible
    if len(possible) > 1:
        possible = _called(item.instance_name, possible)
    whole = [a for a in possible if _if_whole(a, item) is not None]
    return whole[0] if len(whole) == 1 else None


def _called(instance_name: str, possible: list[Accelerator]) -> list[Accelerator]:
    """RunPod's instances are named as nvidia-smi names the card, which tells "80GB HBM3" (SXM) from PCIe."""
    try:
        return [find(instance_name, possible)]
    except UnknownAcceleratorError:
        return possible


def _if_whole(accelerator: Accelerator, item: Item) -> Accelerator | None:
    """None where the item has another memory: a fraction of the card, or another card. GB and GiB are 7 % apart."""
    if item.gpu_memory is None:
        return accelerator
    ratio = item.gpu_memory * 2**30 / accelerator.memory_bytes
    return accelerator if 0.9 <= ratio <= 1.15 else None
