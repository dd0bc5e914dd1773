"""What the user asks for: a cap on spending, and bounds on latency at percentiles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

HOURS_PER_MONTH = 720  # 30 days, the convention of cloud price lists


class Latency(StrEnum):
    """The three latencies an objective may bound; design words: TTFT, TPOT, E2E."""

    TTFT = "ttft"
    TPOT = "tpot"
    E2E = "e2e"


class Mode(StrEnum):
    """How long hardware is kept: always, while there is traffic, while a queue holds work, for one job."""

    ALWAYS_ON = "always-on"
    SCALE_TO_ZERO = "scale-to-zero"
    ASYNC = "async"
    BATCH = "batch"


class CapacityType(StrEnum):
    """What the provider promises: until you stop it, until it is taken back, for a term."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"
    RESERVED = "reserved"


def what_it_does(operation: str) -> str:
    """In plain words, what the advisor does in a mode of operation; today the same in all three."""
    if operation == "advise":
        return "it recommends and changes nothing"
    return "it recommends and changes nothing, as advise does: acting on it is not built yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """One bound: `percentile` % of the requests have `latency` <= `bound_s`."""

    latency: Latency
    bound_s: float
    percentile: float

    def __str__(self) -> str:
        return f"{self.latency.upper()} p{self.percentile:g} <= {self.bound_s * 1e3:g} ms"


def said_twice(slos: Iterable[Slo]) -> str | None:
    """A latency at a percentile that has two bounds, as `TTFT p95`; nobody could tell which is meant."""
    seen = set()
    for slo in slos:
        bounded = f"{slo.latency.upper()} p{slo.percentile:g}"
        if bounded in seen:
            return bounded
        seen.add(bounded)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The cap that no recommendation exceeds, in dollars per hour over all replicas of the model."""

    usd_per_hour: float

    @property
    def usd_per_month(self) -> float:
        return self.usd_per_hour * HOURS_PER_MONTH
