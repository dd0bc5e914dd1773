"""A policy drives a simulated fleet: look at the past, decide, launch or drain, and let the clock run to the next look.

The compiled half (engine/) serves requests between two looks; this half is the cloud and the control loop. A policy
sees sums over the interval before and gauges of the moment, late by the metrics' delay, as a metrics server would tell;
only the counts of replicas are always fresh, since somebody who runs a fleet knows them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import GRACE_S, Fleet, Run, SimulationError
from advisor.backtest.guarded import STEP_LIMIT_S, GuardedPolicy, interruptible
from advisor.backtest.trace import Trace
from advisor.backtest.watch import Watch
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import Policy

DEFAULT_INTERVAL_S = 10.0  # between two steps of a policy that does not say
MIN_INTERVAL_S = 0.1
Progress = Callable[[float], None]  # seconds of the trace that have passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From `at_s` on the fleet is wanted to be `target` replicas: one line of a schedule."""

    at_s: float
    target: int


def simulate(
    trace: Trace,
    model: ReplicaModel,
    policy: Policy,
    conditions: Conditions,
    objective: ServiceObjective,
    *,
    seed: int = 0,
    step_limit_s: float = STEP_LIMIT_S,
    progress: Progress | None = None,
) -> Run:
    """The trace served by a fleet that `policy` scales."""
    fleet = Fleet(trace, model, conditions, objective, seed)
    guarded = GuardedPolicy(policy, limit_s=step_limit_s)
    interval_s = interval_of(policy)
    watch = Watch(fleet, interval_s)
    with interruptible(guarded):
        end_s = _steps(fleet, guarded, watch, interval_s, progress)
    return fleet.finish(end_s, dict(guarded.faults))


def interval_of(policy: Policy) -> float:
    """Seconds between two steps, as the policy says; SimulationError where that is no time."""
    given = getattr(policy, "interval_s", DEFAULT_INTERVAL_S)
    if isinstance(given, Real) and MIN_INTERVAL_S <= float(given) < math.inf:
        return float(given)
    raise SimulationError(
        f"{type(policy).__name__}.interval_s: {given!r}: seconds between two steps, at least {MIN_INTERVAL_S:g}"
    )


def _steps(
    fleet: Fleet,
    guarded: GuardedPolicy,
    watch: Watch,
    interval_s: float,
    progress: Progress | None,
) -> float:
    """One look after the other until the trace is over and the router holds nobody; answers with when that was."""
    last_s, count = fleet.trace.duration_s, 0
    while True:
        count += 1
        now_s = count * interval_s
        if now_s > last_s:
            before_s = max(last_s, now_s - interval_s)
            fleet.run_until(before_s)
            if not fleet.holds or now_s >= last_s + GRACE_S:
                return before_s
        fleet.run_until(now_s)
        fleet.set_target(now_s, guarded.target(watch.look(now_s)))
        if progress is not None and count % 256 == 0:
            progress(now_s)


def follow(
    trace: Trace,
    model: ReplicaModel,
    schedule: Sequence[Change],
    conditions: Conditions,
    objective: ServiceObjective,
    *,
    seed: int = 0,
) -> Run:
    """The trace served by a fleet whose size is a schedule known beforehand."""
    fleet = Fleet(trace, model, conditions, objective, seed)
    for change in schedule:
        if change.at_s > trace.duration_s:
            break
        fleet.run_until(change.at_s)
        fleet.set_target(change.at_s, change.target)
    return fleet.finish(trace.duration_s, {})
