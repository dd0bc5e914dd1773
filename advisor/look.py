"""What a round finds out of one model, frozen, before anything is decided; and what it is found out from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.core.claims import Claim
from advisor.core.hardware import Accelerator
from advisor.core.learning import Learned
from advisor.core.model_spec import ModelSpec
from advisor.core.observation import Observation, Scrape
from advisor.core.recommendation import Fleet, ModeInUse, Needed, Offer, Recommendation
from advisor.core.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a recommendation is chosen from."""

    spec: ModelSpec
    accelerators: Sequence[Accelerator]
    offers: Sequence[Offer]
    variants: Sequence[ModelSpec] = ()  # the same with other weights, which may be recommended too


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraped:
    """What the metrics reader gave in a round, for all models; or why it gave nothing."""

    at_s: float
    source: str
    took_s: float
    then: Scrape | None = None
    now: Scrape | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is, and what would be best for this model if the whole budget were its own."""

    number: int
    at_s: float
    took_s: float
    observation: Observation
    fleet: Fleet | None
    fleet_usd_per_hour: float | None
    workload: Workload | None
    recommendation: Recommendation | None
    mode_in_use: ModeInUse
    learned: Learned
    problems: tuple[str, ...]
    claim: Claim
    needed: Needed | None = None  # of what runs
