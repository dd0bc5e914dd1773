"""The mode that is in use over time: another one is followed once it was better for an hour on end.

`choose_mode` says which mode is best now, against the present one. Followed at once, it would flap with every quiet half
hour. So the better one is watched: only time in which somebody looked counts, neither an outage of the metrics nor a
restart, and a moment in which it was not better starts the hour again. Two cases need no watching: a present mode that
breaks an objective, or has become impossible, is left at once; and where the price of the present mode or of the watched
one is not known just now, everything stays as it is, for nothing speaks for a change or against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.core.mode import ModeChoice
from advisor.core.recommendation import ModeInUse

__all__ = ["LONGEST_HOLE_S", "PATIENCE_S", "ModeInUse", "ModeWatch", "followed"]

PATIENCE_S = 3600.0
LONGEST_HOLE_S = 60.0  # between two looks; after more, what came between was not watched


def followed(
    in_use: ModeInUse,
    choice: ModeChoice,
    *,
    now_s: float,
    longest_hole_s: float = LONGEST_HOLE_S,
    patience_s: float = PATIENCE_S,
) -> ModeInUse:
    """What to use from now on. The choice was made with the mode in use as `present`."""
    better, present = choice.mode, choice.option(in_use.mode)
    if present.missing or (better is in_use.mode and _watched_is_missing(in_use, choice)):
        return replace(in_use, looked_s=now_s)
    if better is in_use.mode:
        return ModeInUse(mode=in_use.mode)
    if present.excluded is not None:
        return ModeInUse(mode=better)
    better_for_s = _watched_s(in_use, now_s, longest_hole_s) if better is in_use.better else 0.0
    if better_for_s >= patience_s:
        return ModeInUse(mode=better)
    return ModeInUse(mode=in_use.mode, better=better, better_for_s=better_for_s, looked_s=now_s)


def _watched_is_missing(in_use: ModeInUse, choice: ModeChoice) -> bool:
    return in_use.better is not None and choice.option(in_use.better).missing


def _watched_s(in_use: ModeInUse, now_s: float, longest_hole_s: float) -> float:
    since_s = 0.0 if in_use.looked_s is None else now_s - in_use.looked_s
    return in_use.better_for_s + (since_s if 0 <= since_s <= longest_hole_s else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeWatch:
    """One look at the mode: what was in use before it, and when it is."""

    in_use: ModeInUse
    now_s: float
    longest_hole_s: float = LONGEST_HOLE_S

    def after(self, choice: ModeChoice) -> ModeInUse:
        return followed(self.in_use, choice, now_s=self.now_s, longest_hole_s=self.longest_hole_s)

    def shown(self, choice: ModeChoice) -> ModeChoice:
        """The choice with the mode that is followed; where that is not the best one now, the reason says why."""
        after = self.after(choice)
        if after.mode is choice.mode:
            return choice
        present = choice.option(after.mode)
        why = (
            f"kept while {present.excluded}"
            if present.missing
            else f"kept until {choice.mode} has been better for {PATIENCE_S / 60:.0f} minutes on end, "
            f"{after.better_for_s / 60:.0f} so far: {choice.mode} would be {choice.reason}"
        )
        return replace(choice, mode=after.mode, reason=why)
