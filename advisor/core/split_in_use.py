"""How one cap is split among models over time: wishes that fit are granted at once, a cut goes elsewhere once in an hour.

While the wishes fit together, each is granted. Where they do not, the best split of the moment would move with every
ripple of the loads, and replicas with it. So there are two speeds, as in `mode_in_use.py`:

- at once: whoever needs less than its share gives the rest to those who are short, and nobody loses by it;
- by the hour: another split, in which one model loses what another gains, takes over when some split has been clearly
  better for an hour that was watched, or at once where it is better by a fifth of all requests, weighted.

A fifth is more than noise can feign: loads that waver by 10 % change what a share leaves short by at most 1 - 0.9 / 1.1 =
18 %, and so the difference of two splits. And at once, too, where the split in use no longer can be: the cap was lowered,
a price rose, a model came that has no share yet.

A model that keeps its share (`Claim.keeps`: no readings, say) has it set aside before the others are asked, and at least
what it runs. Pure: the time is an argument, what is remembered goes in and comes out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.core.claims import Claim
from advisor.core.mode_in_use import LONGEST_HOLE_S, PATIENCE_S
from advisor.core.shared_budget import SLACK, Allocation, ModelNeed, share_budget

CLEARLY_BETTER = 0.01  # of all weights
AT_ONCE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitInUse:
    """What each model was given last, and for how long another split has been watched being better."""

    given: Mapping[str, float] = field(default_factory=dict)  # dollars per hour
    better_for_s: float = 0.0
    looked_s: float | None = None  # when a better one was last seen

    def watched_s(self, now_s: float, longest_hole_s: float) -> float:
        """With the time since, unless nobody looked or nothing was better."""
        if self.looked_s is None or not 0 <= now_s - self.looked_s <= longest_hole_s:
            return self.better_for_s
        return self.better_for_s + now_s - self.looked_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What each model may cost from now on; `over_usd_per_hour` above 0 where even the least of each is over the cap."""

    usd_per_hour: Mapping[str, float]
    in_use: SplitInUse
    over_usd_per_hour: float = 0.0


def split(
    claims: Sequence[Claim],
    *,
    cap_usd_per_hour: float,
    in_use: SplitInUse,
    now_s: float,
    longest_hole_s: float = LONGEST_HOLE_S,
) -> Split:
    """The split to use from now on; the shares are never over the cap together, unless `over_usd_per_hour` says so."""
    kept = _kept([claim for claim in claims if _keeps(claim, in_use)], in_use, cap_usd_per_hour)
    asking = [claim for claim in claims if claim.name not in kept]
    left = cap_usd_per_hour - math.fsum(kept.values())
    shared = _shared([_need(claim) for claim in asking], left, in_use, now_s, longest_hole_s)
    if shared is None:
        least = math.fsum(min(o.usd_per_hour for o in _need(claim).options) for claim in asking)
        return Split(
            usd_per_hour=_kept(claims, in_use, cap_usd_per_hour),
            in_use=in_use,
            over_usd_per_hour=least - left,
        )
    found, after = shared
    given = {**kept, **{name: option.usd_per_hour for name, option in found.given.items()}}
    return Split(
        usd_per_hour=_with_rest(given, claims, cap_usd_per_hour),
        in_use=replace(after, given=given),
    )


def _keeps(claim: Claim, in_use: SplitInUse) -> bool:
    """Its share stays; where there is none and nothing runs, what it would need is the best that is known."""
    known = in_use.given.get(claim.name, 0.0) > 0 or claim.running_usd_per_hour > 0
    return not claim.options or (claim.keeps and known)


def _kept(
    claims: Sequence[Claim], in_use: SplitInUse, cap_usd_per_hour: float
) -> dict[str, float]:
    """What runs stays paid for; of what was given beyond that, as much as the cap holds beside it."""
    kept = {claim.name: claim.running_usd_per_hour for claim in claims}
    rest = max(0.0, cap_usd_per_hour - math.fsum(kept.values()))
    for name, runs in kept.items():
        more = min(rest, max(0.0, in_use.given.get(name, 0.0) - runs))
        kept[name] = runs + more
        rest -= more
    return kept


def _need(claim: Claim) -> ModelNeed:
    """Its options at what would be billed: what cannot be made smaller this round costs what runs at least."""
    least = 0.0 if claim.may_shrink else claim.running_usd_per_hour
    options = [
        replace(option, usd_per_hour=max(least, option.usd_per_hour)) for option in claim.options
    ]
    return ModelNeed(name=claim.name, options=options, weight=claim.weight, may_be_off=False)


def _shared(
    needs: Sequence[ModelNeed],
    left: float,
    in_use: SplitInUse,
    now_s: float,
    longest_hole_s: float,
) -> tuple[Allocation, SplitInUse] | None:
    """What each is given, and what is watched; None where nothing fits."""
    if not needs:
        return Allocation(), in_use
    if left < 0:
        return None
    wishes = {need.name: need.wish for need in needs}
    if math.fsum(wish.usd_per_hour for wish in wishes.values()) <= left * (1 + SLACK):
        return Allocation(given=wishes), SplitInUse()
    best = share_budget(needs, cap_usd_per_hour=left)
    if not best.feasible:
        return None
    present = _as_before(needs, left, in_use)
    if present is None:
        return best, SplitInUse()
    weights = math.fsum(need.weight for need in needs)
    gain = (present.weighted_shortfall - best.weighted_shortfall) / weights
    if gain <= CLEARLY_BETTER:
        return present, SplitInUse()
    watched_s = in_use.watched_s(now_s, longest_hole_s)
    if gain > AT_ONCE or watched_s >= PATIENCE_S:
        return best, SplitInUse()
    return present, SplitInUse(better_for_s=watched_s, looked_s=now_s)


def _as_before(needs: Sequence[ModelNeed], left: float, in_use: SplitInUse) -> Allocation | None:
    """The best split in which nobody has more short than with its present share; None where that cannot be."""
    narrowed = []
    for need in needs:
        share = in_use.given.get(need.name, 0.0) * (1 + SLACK)
        short = [option.shortfall for option in need.options if option.usd_per_hour <= share]
        if not short:
            return None
        no_worse = [option for option in need.options if option.shortfall <= min(short)]
        narrowed.append(replace(need, options=no_worse))
    found = share_budget(narrowed, cap_usd_per_hour=left)
    return found if found.feasible else None


def _with_rest(
    given: Mapping[str, float], claims: Sequence[Claim], cap_usd_per_hour: float
) -> dict[str, float]:
    """What nobody needs pays for patience, a fleet that would only be let go of for money; then for a change of hardware
    or mode, while which both are billed: of one model at a time."""
    shares = dict(given)
    rest = max(0.0, cap_usd_per_hour - math.fsum(shares.values()))
    for claim in claims:
        more = min(rest, max(0.0, claim.running_usd_per_hour - shares[claim.name]))
        shares[claim.name] += more
        rest -= more
    for claim in claims:
        if not (claim.may_shrink or claim.keeps) and claim.running_usd_per_hour > 0:
            shares[claim.name] += rest
            break
    return shares
