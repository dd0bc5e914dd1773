"""A7: to replace what serves, or let some of it go, without anybody noticing.

Two kinds of replicas share the load. What is ready of each carries its part, `ready / needed`, and the parts must add up
to one: a replica may be taken away when that leaves one, less the disruption budget (Kubernetes calls it
`maxUnavailable`). So a replacement is ready before what it replaces goes. A new one may start when the cost cap pays for it
beside everything that is billed, what is still draining included.

The answer is two target counts, never "one more" or "one less": said twice, by two advisors or after a restart, they mean
the same. `limited` holds for any wish, from whoever it comes; ask it on fresh counts immediately before acting. When fewer
are asked for, those that are not ready are stopped first: so does Ray Serve 2.60 (`_get_replicas_to_stop`).
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core import guards


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Replicas of one kind: `needed` of them alone would carry the load; `leaving` ones are billed and serve nothing new."""

    needed: int
    ready: int
    starting: int = 0
    leaving: int = 0
    usd_per_hour: float = 0.0  # one of them

    @property
    def there(self) -> int:
        return self.ready + self.starting

    @property
    def billed_usd_per_hour(self) -> float:
        return (self.there + self.leaving) * self.usd_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """How many of each there should be, starting ones included, and why."""

    old: int
    new: int
    reason: str


def next_targets(
    old: Kind, new: Kind, *, max_unavailable: int = 0, cap_usd_per_hour: float | None = None
) -> Targets:
    """The next step from `old` to `new`; ask again when something has become ready, has left, or has died.

    The budget is spent only where the cap leaves no room to start anything first.
    """
    over_cap = not _billed_within(old, new, cap_usd_per_hour)
    wanted_new = min(new.needed, new.ready) if over_cap else new.needed
    found = limited(0, wanted_new, old, new, cap_usd_per_hour=cap_usd_per_hour)
    moves = (found.old, found.new) != (old.there, new.there)
    if moves or new.starting or old.leaving or new.leaving or new.ready >= new.needed:
        return found
    if max_unavailable:
        found = limited(
            0,
            wanted_new,
            old,
            new,
            max_unavailable=max_unavailable,
            cap_usd_per_hour=cap_usd_per_hour,
        )
        if found.old < old.there:
            return found
    return Targets(old=old.there, new=new.there, reason=_stuck(old, new, cap_usd_per_hour))


def limited(
    wanted_old: int,
    wanted_new: int,
    old: Kind,
    new: Kind,
    *,
    max_unavailable: int = 0,
    cap_usd_per_hour: float | None = None,
) -> Targets:
    """What of a wish may be done now: down as far as enough stays ready, up as far as the cap pays.

    `max_unavailable` counts replicas of the old kind.
    """
    least_old = _least(old, new, ready_of_other=min(new.ready, wanted_new), spare=max_unavailable)
    target_old = max(wanted_old, least_old)
    left_old = min(old.ready, target_old)
    # The budget is the old kind's; what of it `left_old` has used is gone.
    least_new = _least(new, old, ready_of_other=left_old + max_unavailable, spare=0)
    target_new = max(wanted_new, least_new)
    started_new = _started(new, target_new, cap_usd_per_hour, _billed(old, new))
    spent = started_new * new.usd_per_hour
    started_old = _started(old, target_old, cap_usd_per_hour, _billed(old, new) + spent)
    return Targets(
        old=min(target_old, old.there + started_old),
        new=min(target_new, new.there + started_new),
        reason=f"{old.ready} of {old.needed} old and {new.ready} of {new.needed} new replicas are ready",
    )


def _least(kind: Kind, other: Kind, *, ready_of_other: int, spare: int) -> int:
    """How many of a kind have to stay beside so many ready ones of the other; all of them where that is not enough."""
    if other.needed == 0 or kind.needed == 0:
        return 0
    missing = kind.needed * (other.needed - ready_of_other)
    return min(kind.there, max(0, -(-missing // other.needed) - spare))


def _started(kind: Kind, target: int, cap_usd_per_hour: float | None, billed: float) -> int:
    """How many more may start."""
    more = max(0, target - kind.there)
    paid_for = guards.affordable(
        usd_per_hour=kind.usd_per_hour,
        cap_usd_per_hour=cap_usd_per_hour,
        already_usd_per_hour=billed,
    )
    return int(min(more, paid_for))


def _billed(old: Kind, new: Kind) -> float:
    return old.billed_usd_per_hour + new.billed_usd_per_hour


def _billed_within(old: Kind, new: Kind, cap_usd_per_hour: float | None) -> bool:
    return cap_usd_per_hour is None or _billed(old, new) <= cap_usd_per_hour * (1 + 1e-9)


def _stuck(old: Kind, new: Kind, cap_usd_per_hour: float | None) -> str:
    short = _billed(old, new) + new.usd_per_hour - (cap_usd_per_hour or 0.0)
    return (
        f"nothing can start before something goes: one more replica is ${short:.2f}/h over the cap; "
        f"allow that to be unavailable, or more money while both run"
    )
