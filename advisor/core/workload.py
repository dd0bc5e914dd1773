"""From an observation to the load a replica count must carry. What was not observed stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from advisor.core.observation import Observation


class WorkloadSource(StrEnum):
    OBSERVED = "observed"
    EXPECTED = "expected"  # declared by the user; stands in until traffic is observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Arrivals per second and mean lengths in tokens; `idle_share` is the part of the remembered time without traffic."""

    requests_per_s: float
    isl: float
    osl: float
    source: WorkloadSource
    idle_share: float | None = None

    @property
    def output_tokens_per_s(self) -> float:
        return self.requests_per_s * self.osl


def workload_of(
    observation: Observation,
    *,
    expected: Workload | None,
    idle_share: float | None,
    max_age_s: float,
) -> Workload | None:
    """The observed load where rate and lengths are known and fresh; else the user's; else None.

    A fresh rate of zero is a load of zero: its lengths come from the user's expectation, else 1 token each.
    """
    rate = observation.requests_per_s
    if rate is None or rate.age_s > max_age_s:
        return expected
    isl, osl = observation.mean_isl, observation.mean_osl
    if isl is not None and osl is not None and isl.value >= 1 and osl.value >= 1:
        lengths = isl.value, osl.value
    elif expected is not None:
        lengths = expected.isl, expected.osl
    elif rate.value == 0:
        lengths = 1.0, 1.0
    else:
        return None
    return Workload(
        requests_per_s=rate.value,
        isl=lengths[0],
        osl=lengths[1],
        source=WorkloadSource.OBSERVED,
        idle_share=idle_share,
    )
