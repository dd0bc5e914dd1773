"""What the journal keeps of the rounds, and what a restart reads back from it.

An entry is written when something is new: another choice, another action, readings gone or back, another mode in sight.
The same again is not kept again. The mode in use travels in every entry, with the time for which another has been watched
being better, so that a restart neither forgets the mode nor begins the hour anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from advisor.core.objective import Mode
from advisor.core.observation import Observation
from advisor.core.recommendation import Decision, Fleet, ModeInUse, Recommendation

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry
    from advisor.diary import Diary
    from advisor.tick import Tick

logger = logging.getLogger("advisor")

ADVICE = "advice"  # a kind of entry, as the journal has it
NUM_READ = 200  # entries: several models may write into one journal
WATCHED_STEP_S = 600.0  # of watching a better mode that a kill may lose


class Advice:
    """Writes what is new; `mode_in_use` is what a former run recommended last."""

    def __init__(self, *, model: str, diary: Diary) -> None:
        self._model, self._diary = model, diary
        self._written: tuple[object, ...] | None = None
        self.mode_in_use = self._restore(diary.read((ADVICE,), NUM_READ))

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
    ) -> None:
        watched = int(mode_in_use.better_for_s // WATCHED_STEP_S)
        said = (
            *(choice(recommendation), decision.action, decision.target_replicas, sound),
            *(mode_in_use.mode, mode_in_use.better, watched),
        )
        if said == self._written:
            return
        detail = remembered(self._model, recommendation, decision, observation, fleet)
        detail |= kept_mode(mode_in_use)
        entry = self._diary.write(
            lambda memory: memory.advise(at_s=at_s, action=decision.action.value, detail=detail)
        )
        if entry is not None:
            self._written = said

    def _restore(self, entries: list[Entry]) -> ModeInUse:
        for entry in reversed(entries):
            if entry.detail.get("model") != self._model:
                continue
            try:
                return mode_in_use_from(entry.detail)
            except (KeyError, TypeError, ValueError):  # of another version of this program
                continue
        return ModeInUse()


def kept_mode(in_use: ModeInUse) -> dict[str, Any]:
    kept: dict[str, Any] = {"mode_in_use": in_use.mode.value}
    if in_use.better is None:
        return kept
    watched = {"better_for_s": in_use.better_for_s, "looked_s": in_use.looked_s}
    return {**kept, "better_mode": in_use.better.value, **watched}


def mode_in_use_from(kept: Mapping[str, Any]) -> ModeInUse:
    in_use = ModeInUse(mode=Mode(kept["mode_in_use"]))
    if "better_mode" not in kept:
        return in_use
    return replace(
        in_use,
        better=Mode(kept["better_mode"]),
        better_for_s=float(kept["better_for_s"]),
        looked_s=float(kept["looked_s"]),
    )


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
        devices = f"{best.replicas} x {best.tp_degree} {best.accelerator}"
        advice = f"{devices}, {best.mode}, ${best.usd_per_hour:.2f}/h"
    return f"tick {tick.number}: {seen}; {advice}; {tick.decision.action}: {tick.decision.reason}"
