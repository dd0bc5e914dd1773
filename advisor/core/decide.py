"""What to do now, given what would be best and what is running. Anything missing or stale means hold.

This is the one place where a recommendation becomes an action. It never scales down on missing data, and it changes
nothing while Serve itself is still changing something.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core.objective import Mode
from advisor.core.recommendation import Action, Decision, Fleet, Recommendation
from advisor.core.workload import Workload, WorkloadSource

SETTLED = "RUNNING"


def decide(
    *,
    recommendation: Recommendation | None,
    workload: Workload | None,
    fleet: Fleet | None,
    problems: Sequence[str],
) -> Decision:
    """One decision; its reason is always a sentence a person can act on."""
    if problems:
        return _hold(problems[0])
    if recommendation is None or workload is None:
        return _hold("no traffic has been observed yet and none is expected by the config")
    best = recommendation.best
    if best is None or not recommendation.feasible:
        return _hold(f"nothing meets objectives and budget: {recommendation.shortfall}")
    if fleet is None:
        return _hold("Serve does not report the model's deployment")
    if fleet.status != SETTLED or fleet.running_replicas is None:
        return _hold(f"Serve is still changing something: the application is {fleet.status}")
    if best.accelerator not in fleet.accelerators:
        running = ", ".join(fleet.accelerators) or "no accelerator that is known"
        return Decision(
            action=Action.CHANGE_ACCELERATOR,
            reason=f"runs on {running}; {best.replicas} x {best.accelerator} would do for ${best.usd_per_hour:.2f}/h",
        )
    if best.mode is not Mode.ALWAYS_ON:
        return Decision(
            action=Action.SWITCH_MODE, reason=f"{best.mode} would cost ${best.usd_per_hour:.2f}/h"
        )
    if best.replicas == fleet.running_replicas:
        return _hold(f"{best.replicas} replicas are what the load needs")
    if best.replicas < fleet.running_replicas and workload.source is not WorkloadSource.OBSERVED:
        return _hold("fewer replicas would do for the expected load, but none was observed")
    return Decision(
        action=Action.SCALE,
        target_replicas=best.replicas,
        reason=f"the load needs {best.replicas} replicas, {fleet.running_replicas} are running",
    )


def _hold(reason: str) -> Decision:
    return Decision(action=Action.HOLD, reason=reason)
