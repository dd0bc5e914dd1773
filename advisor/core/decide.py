"""What to do now, given what would be best and what is running. Anything missing or stale means hold.

This is the one place where a recommendation becomes an action. It never scales down on missing data, and it changes
nothing while Serve itself is still changing something.

Two speeds. Replicas follow every tick: up at once, down after patience. What disrupts, another GPU type, another number of
them in a replica or another mode, waits for its hour: it must save more than it costs (savings over disruption, as
Karpenter's consolidation has it), hold for a while, and fit under the cap while both fleets run. Given no `limits`, none of
the user's apply.

What was done is read off the fleet, never off what was decided: in `advise` nobody does anything, another advisor or a
person may, and a restart remembers nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from advisor.core import guards, pricing
from advisor.core.objective import Mode
from advisor.core.recommendation import (
    Action,
    Candidate,
    Decision,
    Fleet,
    Needed,
    Offer,
    Recommendation,
)
from advisor.core.workload import Workload, WorkloadSource

SETTLED = "RUNNING"
UNSEEN = "but no load was observed, and nothing goes unseen"
MIN_SAVING_SHARE = 0.1  # of the present price, for what disrupts
PAYBACK_S = 6 * 3600.0  # in which the saving must have paid for running both
COOL_DOWN_S = 3600.0  # between two disruptive changes
PATIENCE_S = 300.0  # for which fewer replicas must have been enough

ANY_BOUNDS = guards.Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the user allows a decision to do.

    The cap is the outermost: where it pays for fewer than `bounds` ask for, it wins. `other_usd_per_hour` is billed
    besides the fleet, as what is still draining or being replaced.
    """

    bounds: guards.Bounds = ANY_BOUNDS
    cap_usd_per_hour: float | None = None
    other_usd_per_hour: float = 0.0
    may_go_down: bool = True
    may_change_type: bool = True
    cold_start_s: float = 90.0


@dataclass(slots=True)
class Memory:
    """What decisions remember: the needs of the last minutes, and what was seen to happen to the fleet."""

    recent: guards.RecentNeed = field(
        default_factory=lambda: guards.RecentNeed(window_s=PATIENCE_S)
    )
    direction: guards.Direction = field(default_factory=guards.Direction)
    disrupted_s: float | None = None  # when the fleet was last seen on another type
    # accelerator, how many a replica, and mode that the last rounds preferred
    wanted: tuple[str, int, str] | None = None
    wanted_since_s: float = 0.0
    _replicas: int | None = None
    _accelerators: tuple[str, ...] = ()

    def saw(self, fleet: Fleet | None, now_s: float) -> None:
        """More or fewer replicas than last time, or another type. A fleet seen first counts as just scaled up."""
        if fleet is None or fleet.running_replicas is None:
            return
        before = self._replicas
        change = 1 if before is None else fleet.running_replicas - before
        self.direction.went(now_s=now_s, change=change)
        self._replicas = fleet.running_replicas
        if fleet.accelerators:  # empty: the metrics do not tell
            if self._accelerators and set(fleet.accelerators) != set(self._accelerators):
                self.disrupted_s = now_s
            self._accelerators = fleet.accelerators


def decide(
    *,
    recommendation: Recommendation | None,
    workload: Workload | None,
    fleet: Fleet | None,
    problems: Sequence[str],
    limits: Limits | None = None,
    memory: Memory | None = None,
    now_s: float | None = None,
    present_usd_per_hour: float | None = None,
    needed: Needed | None = None,
) -> Decision:
    """One decision; its reason is always a sentence a person can act on.

    `limits`, `memory` and `now_s` bring the user's bounds, patience and cool-downs; `present_usd_per_hour` is what the
    fleet costs now, against which a disruptive change must save. `needed` is what the scaling policy wants of what runs:
    the fleet follows it while something else that is recommended waits, or does not fit the budget.
    """
    decision = _wanted(recommendation, workload, fleet, problems, needed)
    if limits is None or memory is None or now_s is None:
        return decision
    memory.saw(fleet, now_s)
    if recommendation is None or recommendation.best is None or fleet is None or workload is None:
        return decision
    if problems or fleet.status != SETTLED or fleet.running_replicas is None:
        return decision
    running, seen = fleet.running_replicas, workload.source is WorkloadSource.OBSERVED
    if decision.action is Action.SCALE:
        most = affordable_replicas(recommendation.best, limits)
        scaled = _scaled(decision, running, most, limits, memory, now_s)
        fewer = scaled.target_replicas is not None and scaled.target_replicas < running
        return _hold(f"{scaled.reason}; {UNSEEN}") if fewer and not seen else scaled
    if decision.action is not Action.HOLD:
        prices = _prices_per_hour(present_usd_per_hour, running, needed)
        decision = _disrupted(decision, recommendation, limits, memory, now_s, prices)
    elif recommendation.feasible:
        if needed is None:  # no policy has patience for them, so they count as needed
            memory.recent.add(now_s=now_s, value=running)
        return decision
    if needed is None or needed.accelerator not in fleet.accelerators or not seen:
        return decision
    if decision.action is Action.HOLD:
        return _meanwhile(decision, needed, running, limits, memory, now_s)
    if needed.target != running:
        until = (
            f"until then the load needs {needed.target} of the replicas that run, not {running}"
        )
        return replace(decision, reason=f"{decision.reason}; {until}")
    return decision


def _meanwhile(
    waiting: Decision,
    needed: Needed,
    running: int,
    limits: Limits,
    memory: Memory,
    now_s: float,
) -> Decision:
    """What runs follows the load while what would be better waits: up as far as the cap pays for it, down with patience.

    What nobody rents out has no price, so no more of it comes; and the last replica is the mode's to let go.
    """
    target = max(1, needed.target)
    if running < 1 or target == running or (target > running and needed.offer is None):
        return waiting
    most = math.inf
    if needed.offer is not None:
        most = _affordable(
            needed.offer, needed.tp_degree, limits.cap_usd_per_hour, limits.other_usd_per_hour
        )
    wanted = Decision(
        action=Action.SCALE,
        target_replicas=target,
        reason=f"the load needs {target} of the replicas that run, not {running}",
    )
    scaled = _scaled(wanted, running, max(most, float(running)), limits, memory, now_s)
    if scaled.action is Action.HOLD:
        return waiting
    return replace(scaled, reason=f"{scaled.reason} ({needed.reason}); meanwhile {waiting.reason}")


def _wanted(
    recommendation: Recommendation | None,
    workload: Workload | None,
    fleet: Fleet | None,
    problems: Sequence[str],
    needed: Needed | None,
) -> Decision:
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
    if fleet.devices_per_replica not in (None, best.tp_degree):
        # So many replicas of another degree have another price, and carry another load.
        return Decision(
            action=Action.CHANGE_ACCELERATOR,
            reason=(
                f"runs on {fleet.devices_per_replica} GPUs a replica; {best.replicas} x {best.tp_degree} {best.accelerator} "
                f"would do for ${best.usd_per_hour:.2f}/h"
            ),
        )
    if needed is not None and best.quantization is not needed.quantization:
        return Decision(
            action=Action.CHANGE_ACCELERATOR,
            reason=(
                f"{best.replicas} x {best.accelerator} with weights in {best.quantization} would do for "
                f"${best.usd_per_hour:.2f}/h, and the fleet does not tell that it has them"
            ),
        )
    if best.mode is not Mode.ALWAYS_ON:
        return Decision(
            action=Action.SWITCH_MODE, reason=f"{best.mode} would cost ${best.usd_per_hour:.2f}/h"
        )
    return _counted(best, workload, fleet.running_replicas, needed)


def _counted(best: Candidate, workload: Workload, running: int, needed: Needed | None) -> Decision:
    """More or fewer of what runs: what is recommended or, unless money allows fewer, what the policy wants by now."""
    target = best.replicas
    if needed is not None and best.replicas >= needed.replicas:
        target = needed.target
    if target == running != best.replicas:
        return _hold(f"{best.replicas} replicas would do, but {running} stay for now")
    if target == running:
        return _hold(f"{running} replicas are what the load needs")
    if target < running and workload.source is not WorkloadSource.OBSERVED:
        return _hold(f"fewer replicas would do for the expected load; {UNSEEN}")
    return Decision(
        action=Action.SCALE,
        target_replicas=target,
        reason=f"the load needs {target} replicas, {running} are running",
    )


def affordable_replicas(best: Candidate, limits: Limits) -> float:
    """How many replicas the cap pays for, in whole instances: the last one is billed whole, however little is on it.

    Of a fleet with spot as many as are planned, and beyond them what the rest of the cap buys on demand.
    """
    spot, cap = best.spot, limits.cap_usd_per_hour
    if spot is None or cap is None:
        return _affordable(best.offer, best.tp_degree, cap, limits.other_usd_per_hour)
    billed = spot.billed_usd_per_hour + limits.other_usd_per_hour
    if billed <= cap:
        return best.replicas + _affordable(best.offer, best.tp_degree, cap, billed)
    return _affordable(best.offer, best.tp_degree, cap, limits.other_usd_per_hour)


def _affordable(offer: Offer, tp_degree: int, cap: float | None, already: float) -> float:
    each = max(1, offer.accelerator_count // tp_degree)
    return each * guards.affordable(
        usd_per_hour=offer.usd_per_hour, cap_usd_per_hour=cap, already_usd_per_hour=already
    )


def _scaled(
    decision: Decision,
    running: int,
    most: float,
    limits: Limits,
    memory: Memory,
    now_s: float,
) -> Decision:
    """The target inside bounds and `most`, what the cap pays for; down only where patience, direction and the user agree, or
    the cap asks."""
    assert decision.target_replicas is not None
    if (
        most < 1
    ):  # a price that is no number, or one that moved: no reason to turn the endpoint off
        return _hold(f"{decision.reason}, but the cap pays for none at this price")
    target = int(min(limits.bounds.clamp(decision.target_replicas), most))
    needed = memory.recent.add(now_s=now_s, value=target)
    reason = decision.reason
    if target < running:
        if not limits.may_go_down:
            return _hold(f"{target} replicas would do, but scaling down is not allowed")
        quiet = memory.direction.may_go_down(now_s)
        allowed = needed if quiet else running
        target = int(min(limits.bounds.clamp(allowed), running, most))
        if target == running and not quiet:
            return _hold(
                f"fewer than {running} replicas would do, but some came, or were first seen, minutes ago"
            )
        if running > most:
            reason = f"the cap of ${limits.cap_usd_per_hour:.2f}/h pays for {most:.0f} of {running} replicas"
    if target == running:
        return _hold(f"{running} replicas are what bounds and the last minutes allow")
    return Decision(action=Action.SCALE, target_replicas=target, reason=reason)


def _disrupted(
    decision: Decision,
    recommendation: Recommendation,
    limits: Limits,
    memory: Memory,
    now_s: float,
    prices: tuple[float, float] | None,
) -> Decision:
    """A change of type or mode: allowed, affordable while both run, worth its cost, and wanted for long enough.

    `prices` are what the fleet costs an hour as it is, and with as many replicas as the load needs of it. A mode that was
    followed (`core/mode_in_use.py`) has waited its hour before it was recommended.
    """
    best = recommendation.best
    assert best is not None
    wanted = (best.accelerator, best.tp_degree, str(best.mode))
    if memory.wanted != wanted:
        memory.wanted, memory.wanted_since_s = wanted, now_s
    if not limits.may_change_type:
        return _hold(f"{decision.reason}, but changing it is not allowed")
    if limits.bounds.clamp(best.replicas) != best.replicas:
        return _hold(f"{decision.reason}, but {best.replicas} replicas are out of bounds")
    if prices is None:
        return _hold(f"{decision.reason}, but what the fleet costs now is not known")
    problem = _not_worth_it(best.usd_per_hour, *prices, limits)
    if problem is not None:
        return _hold(f"{decision.reason}, but {problem}")
    waited = decision.action is Action.SWITCH_MODE and recommendation.mode_in_use is not None
    if not waited and now_s - memory.wanted_since_s < COOL_DOWN_S:
        return _hold(f"{decision.reason}; it must be so for {COOL_DOWN_S / 60:.0f} minutes")
    if memory.disrupted_s is not None and now_s - memory.disrupted_s < COOL_DOWN_S:
        return _hold(f"{decision.reason}; the last such change is too recent")
    return decision


def _prices_per_hour(
    present: float | None, running: int, needed: Needed | None
) -> tuple[float, float] | None:
    """What the fleet costs as it is, and what would be paid without a change: with the replicas it lacks, and without those
    it can spare. None where nobody knows."""
    if present is None:
        return None
    if needed is None or needed.offer is None or running < 1:
        return present, present
    now, then = (
        pricing.fleet_usd_per_hour(needed.offer, tp_degree=needed.tp_degree, replicas=count)
        for count in (running, max(1, needed.replicas))
    )
    return present, max(0.0, present + then - now)


def _not_worth_it(new: float, present: float, needed: float, limits: Limits) -> str | None:
    """Why a change from one price per hour to another does not pay; both are billed while the new one starts. What it saves
    is counted from what the load `needed` of the old one costs."""
    both = new + present + limits.other_usd_per_hour
    if not math.isfinite(both):
        return "its price is no number"
    if limits.cap_usd_per_hour is not None and not both <= limits.cap_usd_per_hour:
        return (
            f"both fleets together cost ${both:.2f}/h, over the cap of "
            f"${limits.cap_usd_per_hour:.2f}/h"
        )
    saving = needed - new
    if saving < 0:
        return f"the load needs ${needed:.2f}/h of what runs, which is less"
    if saving < MIN_SAVING_SHARE * needed:
        return f"it saves only ${saving:.2f}/h of ${needed:.2f}/h"
    if saving * PAYBACK_S < new * limits.cold_start_s:
        return f"it takes more than {PAYBACK_S / 3600:.0f} h to pay for running both"
    return None


def _hold(reason: str) -> Decision:
    return Decision(action=Action.HOLD, reason=reason)
