"""The values that recommend and decide speak in: candidate, prediction, recommendation, fleet, decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from advisor.core.objective import HOURS_PER_MONTH, CapacityType, Mode
from advisor.core.quantization import Quantization


class Basis(StrEnum):
    """Where a number comes from: a formula, a formula fitted on measurements, this engine's own measurements."""

    MODELLED = "modelled"
    FITTED = "fitted"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a number lies in 80 % of cases."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What one replica does under its share of the load: means over requests, seconds and per-second rates."""

    ttft_s: float
    tpot_s: float
    e2e_s: float
    batch: float  # requests decoded together at this load
    output_tokens_per_s: float
    max_requests_per_s: float  # the most one replica sustains inside every objective
    basis: Basis
    slo_values_s: tuple[
        float, ...
    ] = ()  # each objective's latency at its percentile, in their order
    ttft_interval_s: Interval | None = None
    tpot_interval_s: Interval | None = None
    max_requests_interval_per_s: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One line of the price book: what is rented where, for how much, as seen when and by whom."""

    provider: str
    region: str
    instance_type: str
    accelerator: str
    accelerator_count: int
    capacity_type: CapacityType
    usd_per_hour: float  # the whole instance
    observed_on: str  # ISO date
    source: str
    instances: int | None = None  # how many there are at most; None: as many as one pays for


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotShare:
    """The replicas of a fleet that run on spot, beside those on demand; dollars while all of it is kept on.

    `usd_per_hour` is expected, `effective_usd_per_hour` one spot replica's part of it: interruptions and what stands in are
    in. `billed_usd_per_hour` is the fleet as planned with all of it running.
    """

    replicas: int
    on_demand: int  # what is left when all the spot goes at once
    offer: Offer  # one machine for each replica
    effective_usd_per_hour: float
    usd_per_hour: float
    billed_usd_per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to serve the load: `replicas` replicas of `tp_degree` accelerators each, rented by `offer`, some perhaps on
    spot."""

    accelerator: str
    tp_degree: int
    replicas: int
    mode: Mode
    offer: Offer
    usd_per_hour: float  # all replicas, expected under `mode`
    prediction: Prediction
    reasons: tuple[str, ...]
    quantization: Quantization = Quantization.NONE  # how the weights are stored
    spot: SpotShare | None = None
    expert_parallel: bool = False  # whole experts on each GPU of a replica

    @property
    def spot_replicas(self) -> int:
        return 0 if self.spot is None else self.spot.replicas

    @property
    def usd_per_month(self) -> float:
        return self.usd_per_hour * HOURS_PER_MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An option turned down, and why: an (accelerator, TP degree) or, with both None, a mode."""

    accelerator: str | None
    tp_degree: int | None
    mode: Mode | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeInUse:
    """The mode that is in use, and for how long another one has been watched being better."""

    mode: Mode = Mode.ALWAYS_ON
    better: Mode | None = None
    better_for_s: float = 0.0
    looked_s: float | None = None  # when the better one was last compared


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPart:
    """One kind of instance in a mix: all its replicas, and the requests/s they sustain together."""

    accelerator: str
    tp_degree: int
    replicas: int
    requests_per_s: float
    offer: Offer
    instances: int
    quantization: Quantization = Quantization.NONE
    expert_parallel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Several kinds of instances for one model, cheaper together than any kind alone."""

    usd_per_hour: float  # expected under the recommendation's mode
    parts: tuple[MixPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What would be best. `best` is None only when nothing can be sized at all.

    When `feasible` is false, `best` is the cheapest that would meet the objectives regardless of the budget, else the
    fastest there is, and `shortfall` says by how much budget or objective is missed.
    """

    best: Candidate | None
    feasible: bool
    shortfall: str | None
    runners_up: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    reasons: tuple[str, ...]
    prices_from: str  # oldest and newest date of the offers compared, ISO
    mix: Mix | None = None  # where one is clearly cheaper than `best`
    mode_in_use: ModeInUse | None = None  # None: the mode was chosen for this moment, not followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What Serve runs now, as Serve reports it."""

    application: str
    deployment: str
    status: str  # Serve's own word: RUNNING, DEPLOYING, UNHEALTHY, ...
    target_replicas: int | None
    running_replicas: int | None
    accelerators: tuple[str, ...] = ()  # names seen on the nodes; empty on CPU
    devices_per_replica: int | None = None  # GPUs that Serve places a replica on; None on CPU
    data_path: str | None = None  # "direct-streaming" or "stock"
    spot_replicas: int | None = (
        None  # of those that run; None where not every node says what it is
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """How many replicas of what runs now the scaling policy needs, how many it wants there to be now, and why.

    `target` is more than `replicas` while some are not let go yet. `planned_per_s` is the demand planned for: the most of
    the last minutes of what was there, or what the forecast for the end of a cold start is exceeded by once in twenty.
    `offer` is what one more of them would be rented by; None where nobody rents it out.
    """

    accelerator: str
    tp_degree: int
    replicas: int
    target: int
    reason: str
    planned_per_s: float | None = None
    offer: Offer | None = None
    quantization: Quantization = Quantization.NONE  # of the weights that are taken to run

    def is_of(self, accelerator: str, tp_degree: int, quantization: Quantization) -> bool:
        runs = self.accelerator, self.tp_degree, self.quantization
        return runs == (accelerator, tp_degree, quantization)


class Action(StrEnum):
    HOLD = "hold"
    SCALE = "scale"
    SWITCH_MODE = "switch-mode"
    CHANGE_ACCELERATOR = "change-accelerator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What we would do now, and why. `target_replicas` is set for SCALE only."""

    action: Action
    reason: str
    target_replicas: int | None = None
