"""A8: what was applied and made it worse is taken back, tried once more, and then frozen.

    good ── applied ──> on trial ── some good intervals ──> good, and the new last good
                            └── crash loop, or objectives missed more than before ──> going back ── seen back ──> good

A crash loop is answered at the first interval that shows it, worse service at the second in a row, so the order to go back
comes within two intervals. It is repeated until the last good deployment is seen again. What failed once may be tried once
more after a while; when it fails again everything is frozen until a person thaws it, and that is told.

Only a change that can hurt is blamed for a missed objective: more replicas of the same kind never are, since misses while
adding replicas come from the load that asked for them. What somebody else deployed is theirs, and becomes the last good.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum

BAD_INTERVALS = 2  # of worse service, in a row
GOOD_INTERVALS = 8  # until what is on trial is the new last good
TAKE_INTERVALS = 4  # until what was applied must be seen
RETRY_AFTER_S = 600.0
FORGET_FAILURE_S = 86_400.0
WORSE_BY = 0.02  # of all requests, beyond what missed before
ALLOWED_MISS = 0.01
NUM_FAILURES = 64  # remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What Serve is told to run: `kind` is all that is no count (accelerator, mode, engine settings)."""

    kind: str
    replicas: int

    def __str__(self) -> str:
        return f"{self.replicas} x {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How it does: the share of requests outside their objectives (None: not observed), and whether replicas die at once."""

    miss_share: float | None
    crash_looping: bool = False


class Stage(StrEnum):
    GOOD = "good"
    TRIAL = "trial"
    BACK = "going-back"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What must be deployed now (None: leave it as it is), why, and what people must be told."""

    target: Deployed | None = None
    reason: str = ""
    notify: str | None = None


NOTHING = Order()


@dataclass(slots=True)
class Rollback:
    """Told of every apply and asked at every interval; it has no clock but `now_s`."""

    last_good: Deployed
    stage: Stage = Stage.GOOD
    _target: Deployed | None = None
    _before: Health = field(default_factory=lambda: Health(miss_share=None))
    _bad: int = 0
    _good: int = 0
    _unseen: int = 0
    _why_frozen: str = ""
    _failed_s: OrderedDict[Deployed, float] = field(default_factory=OrderedDict)

    def refusal(self, target: Deployed, now_s: float) -> str | None:
        """Why this may not be applied now; None where it may."""
        if self.stage is Stage.FROZEN:
            return f"frozen: {self._why_frozen}"
        if self.stage is Stage.BACK:
            return f"going back to {self.last_good}"
        failed_s = self._failed_s.get(target)
        if failed_s is not None and now_s - failed_s < RETRY_AFTER_S:
            return f"{target} was taken back {now_s - failed_s:.0f} s ago"
        return None

    def applied(self, target: Deployed, *, before: Health, now_s: float) -> None:
        """An actuator was told so; a further apply during a trial is judged by what was before the first."""
        if self.refusal(target, now_s) is not None:
            raise ValueError(f"{target} was applied against: {self.refusal(target, now_s)}")
        if self.stage is Stage.GOOD:
            self._before, self._bad = before, 0
        self.stage, self._target, self._good, self._unseen = Stage.TRIAL, target, 0, 0

    def thaw(self) -> None:
        """A person looked at it: everything may be tried again, once the last good is seen to run."""
        self._failed_s.clear()
        if self.stage is Stage.FROZEN:
            self.stage = Stage.BACK

    def see(self, running: Deployed | None, health: Health, *, now_s: float) -> Order:
        """One interval: what Serve is told to run now (None: it cannot be asked) and how it does."""
        if running is None:
            return NOTHING
        if self.stage is Stage.GOOD:
            self.last_good = running
            return NOTHING
        if self.stage is Stage.TRIAL:
            return self._on_trial(running, health, now_s)
        if running != self.last_good:
            return Order(target=self.last_good, reason=f"{running} is not {self.last_good} yet")
        if self.stage is Stage.BACK:
            self.stage = Stage.GOOD
        return NOTHING

    def _on_trial(self, running: Deployed, health: Health, now_s: float) -> Order:
        assert self._target is not None
        if running not in (self._target, self.last_good):
            # somebody else's, and theirs to judge
            self.stage, self.last_good = (Stage.GOOD, running)
            return NOTHING
        if running != self._target:
            self._unseen += 1
            if self._unseen >= TAKE_INTERVALS:
                return self._fail(f"it was not deployed within {TAKE_INTERVALS} intervals", now_s)
            return NOTHING
        if health.crash_looping and not self._before.crash_looping:
            return self._fail("its replicas die as they start", now_s)
        if health.miss_share is None:
            return NOTHING  # not observed is neither good nor bad
        if self._worse(health.miss_share):
            self._bad, self._good = self._bad + 1, 0
            if self._bad >= BAD_INTERVALS:
                return self._fail(f"{health.miss_share:.1%} of the requests miss", now_s)
            return NOTHING
        self._bad, self._good = 0, self._good + 1
        if self._good >= GOOD_INTERVALS:
            self.stage, self.last_good = Stage.GOOD, running
            self._failed_s.pop(running, None)
        return NOTHING

    def _worse(self, miss_share: float) -> bool:
        assert self._target is not None
        can_hurt = (
            self._target.kind != self.last_good.kind
            or self._target.replicas < self.last_good.replicas
        )
        before = self._before.miss_share or 0.0
        return can_hurt and miss_share > max(ALLOWED_MISS, before + WORSE_BY)

    def _fail(self, why: str, now_s: float) -> Order:
        target = self._target
        assert target is not None
        failed_s = self._failed_s.pop(target, None)
        again = failed_s is not None and now_s - failed_s < FORGET_FAILURE_S
        self._failed_s[target] = now_s
        while len(self._failed_s) > NUM_FAILURES:
            self._failed_s.popitem(last=False)
        reason = f"back to {self.last_good} from {target}: {why}"
        if not again:
            self.stage = Stage.BACK
            return Order(target=self.last_good, reason=reason)
        self.stage, self._why_frozen = Stage.FROZEN, f"{target} failed twice: {why}"
        return Order(target=self.last_good, reason=reason, notify=f"frozen, {reason}, twice")
