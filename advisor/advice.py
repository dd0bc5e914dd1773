"""What the journal keeps of the rounds, and what a restart reads back from it.

An entry is written when something is new: another choice, another action, readings gone or back, another mode in sight.
The same again is not kept again. The mode in use travels in every entry, and the share of a budget that several models
have together, both with the time for which another has been watched being better: a restart neither forgets them nor
begins the hour anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from advisor.core.claims import key_of
from advisor.core.objective import Mode
from advisor.core.observation import Observation
from advisor.core.recommendation import Decision, Fleet, ModeInUse, Recommendation
from advisor.core.split_in_use import SplitInUse

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry
    from advisor.diary import Diary
    from advisor.tick import Tick

logger = logging.getLogger("advisor")

ADVICE = "advice"  # a kind of entry, as the journal has it
NUM_READ = 200  # entries, for the newest that say something
WATCHED_STEP_S = 600.0  # of watching a better mode that a kill may lose


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptShare:
    """What a model had of a shared budget, what it ran, and how long another split had been watched being better."""

    at_s: float
    given_usd_per_hour: float
    running_usd_per_hour: float
    better_for_s: float
    looked_s: float | None


class Advice:
    """Writes what is new; `mode_in_use` and `share` are what a former run recommended last."""

    def __init__(self, *, model: str, diary: Diary) -> None:
        self._model, self._diary = model, diary
        self._written: tuple[object, ...] | None = None
        entries = diary.read((ADVICE,), NUM_READ, model)[::-1]
        self.mode_in_use = _newest(entries, mode_in_use_from) or ModeInUse()
        self.share = _newest(entries, share_from)

    def keep(
        self,
        *,
        at_s: float,
        recommendation: Recommendation | None,
        decision: Decision,
        observation: Observation,
        fleet: Fleet | None,
        mode_in_use: ModeInUse,
        sound: bool,
        share: KeptShare | None = None,
    ) -> None:
        watched = int(mode_in_use.better_for_s // WATCHED_STEP_S)
        said = (
            *(choice(recommendation), decision.action, decision.target_replicas, sound),
            *(mode_in_use.mode, mode_in_use.better, watched, _said_of(share)),
        )
        if said == self._written:
            return
        detail = remembered(self._model, recommendation, decision, observation, fleet)
        detail |= kept_mode(mode_in_use) | kept_share(share)
        entry = self._diary.write(
            lambda memory: memory.advise(at_s=at_s, action=decision.action.value, detail=detail)
        )
        if entry is not None:
            self._written = said


T = TypeVar("T")


def _newest(entries: Sequence[Entry], read: Callable[[Entry], T | None]) -> T | None:
    """What the newest entry says that says it."""
    for entry in entries:
        try:
            if (found := read(entry)) is not None:
                return found
        except (KeyError, TypeError, ValueError):  # of another version of this program
            continue
    return None


def kept_mode(in_use: ModeInUse) -> dict[str, Any]:
    kept: dict[str, Any] = {"mode_in_use": in_use.mode.value}
    if in_use.better is None:
        return kept
    watched = {"better_for_s": in_use.better_for_s, "looked_s": in_use.looked_s}
    return {**kept, "better_mode": in_use.better.value, **watched}


def mode_in_use_from(entry: Entry) -> ModeInUse:
    kept = entry.detail
    in_use = ModeInUse(mode=Mode(kept["mode_in_use"]))
    if "better_mode" not in kept:
        return in_use
    return replace(
        in_use,
        better=Mode(kept["better_mode"]),
        better_for_s=float(kept["better_for_s"]),
        looked_s=float(kept["looked_s"]),
    )


def kept_share(share: KeptShare | None) -> dict[str, Any]:
    return {} if share is None else {"share": asdict(share)}


def share_from(entry: Entry) -> KeptShare | None:
    kept = entry.detail.get("share")
    if kept is None:
        return None
    looked_s = kept["looked_s"]
    return KeptShare(
        at_s=entry.at_s,
        given_usd_per_hour=float(kept["given_usd_per_hour"]),
        running_usd_per_hour=float(kept["running_usd_per_hour"]),
        better_for_s=float(kept["better_for_s"]),
        looked_s=None if looked_s is None else float(looked_s),
    )


def split_from(shares: Mapping[str, KeptShare | None]) -> SplitInUse:
    """The split of a former run, as far as each model's newest share tells it."""
    kept = {name: share for name, share in shares.items() if share is not None}
    newest = max(kept.values(), key=lambda share: share.at_s, default=None)
    return SplitInUse(
        given={name: share.given_usd_per_hour for name, share in kept.items()},
        better_for_s=0.0 if newest is None else newest.better_for_s,
        looked_s=None if newest is None else newest.looked_s,
    )


def _said_of(share: KeptShare | None) -> tuple[object, ...]:
    """What of a share is new when it changes."""
    if share is None:
        return ()
    dollars = round(share.given_usd_per_hour, 4), round(share.running_usd_per_hour, 4)
    return *dollars, int(share.better_for_s // WATCHED_STEP_S)


def choice(recommendation: Recommendation | None) -> tuple[object, ...] | None:
    """What counts as a change of the recommendation: hardware, degree, replicas, those on spot, mode, feasibility; not its
    numbers."""
    if recommendation is None:
        return None
    best = recommendation.best
    if best is None:
        return (recommendation.feasible,)
    hardware = best.accelerator, best.tp_degree, best.replicas, best.spot_replicas
    return (recommendation.feasible, *hardware, best.mode)


def remembered(
    model: str,
    recommendation: Recommendation | None,
    decision: Decision,
    observation: Observation,
    fleet: Fleet | None,
) -> dict[str, Any]:
    """What the journal keeps of a round: what was seen, what would be best, at what price, and why."""
    best = recommendation.best if recommendation else None
    rate = observation.requests_per_s
    detail: dict[str, Any] = {
        "model": model,
        "reason": decision.reason,
        "requests_per_s": None if rate is None else rate.value,
        "running_replicas": None if fleet is None else fleet.running_replicas,
    }
    if best is not None:
        detail |= {
            "accelerator": best.accelerator,
            "tp_degree": best.tp_degree,
            "replicas": best.replicas,
            "mode": best.mode.value,
            "spot_replicas": best.spot_replicas,
            "usd_per_hour": best.usd_per_hour,
            "predicted_ttft_s": best.prediction.ttft_s,
            "predicted_tpot_s": best.prediction.tpot_s,
        }
    return detail


def summary(tick: Tick) -> str:
    """One line for the log."""
    rate = tick.observation.requests_per_s
    seen = "nothing observed" if rate is None else f"{rate.value:.2f} requests/s"
    best = tick.recommendation.best if tick.recommendation else None
    advice = "no recommendation"
    if best is not None:
        advice = f"{key_of(best)}, {best.mode}, ${best.usd_per_hour:.2f}/h"
    of = f" of {tick.model}" if tick.share is not None else ""
    return (
        f"tick {tick.number}{of}: {seen}; {advice}; {tick.decision.action}: {tick.decision.reason}"
    )
