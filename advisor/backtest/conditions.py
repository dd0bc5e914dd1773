"""What a run holds fixed while policies are compared: the fleet's bounds and the cloud's manners."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFaults:
    """Shares of the looks at which the metrics are missing, or hold NaN, negative and absurd values."""

    missing: float = 0.0
    garbage: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The fleet and its cloud. A replica is billed from launch to its end, at least `min_billed_s`."""

    cold_start_s: float = 90.0
    cold_start_sigma: float = 0.0  # of a log-normal factor on it
    min_billed_s: float = 60.0
    launch_failure_rate: float = 0.0  # of launches, billed for the whole cold start
    interruptions_per_hour: float = 0.0  # of each spot replica
    interruption_notice_s: float = 30.0
    # the router: the better of two at random, else the least outstanding of all
    two_choices: bool = False
    # outstanding requests of a replica beyond which the router holds
    router_limit: int | None = None
    min_replicas: int = 0
    max_replicas: int = 64
    initial_replicas: int = 1
    metrics_delay_s: float = 0.0
    metric_faults: MetricFaults = MetricFaults()
    usd_per_hour: float = 1.0  # of one replica
