"""What a run holds fixed while policies are compared: the promise to the client, the fleet's bounds, the cloud's manners."""

from __future__ import annotations

from dataclasses import dataclass

GOAL = 0.99  # share of all arrivals that must be good


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What makes one request good, as its client measures it: router queue and cold start included.

    TTFT at most `ttft_s` plus `ttft_per_prefill` times its own prefill on an idle replica; mean TPOT at most `tpot_s`,
    or, for an answer of fewer than `short_output_tokens`, where one stall decides the mean, the end-to-end time that the
    two bounds add up to.
    """

    ttft_s: float
    tpot_s: float
    ttft_per_prefill: float = 2.0
    short_output_tokens: int = 30
    goal: float = GOAL


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
    two_choices: bool = (
        False  # the router: the better of two at random, else the least outstanding of all
    )
    router_limit: int | None = (
        None  # outstanding requests of a replica beyond which the router holds
    )
    min_replicas: int = 0
    max_replicas: int = 64
    initial_replicas: int = 1
    metrics_delay_s: float = 0.0
    metric_faults: MetricFaults = MetricFaults()
    usd_per_hour: float = 1.0  # of one replica
