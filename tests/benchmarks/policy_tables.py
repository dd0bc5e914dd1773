"""What rows of measured runs say: pairs of cost and attainment, and knobs chosen and frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from policy_grid import CHOOSING_FLEET, COLD_STARTS_S, FLEETS, VARIANTS

from advisor.backtest.policies import BASELINES, OURS, Baseline
from advisor.backtest.score import geomean

Pair = tuple[float, float]  # cost over the best of its case, attainment
Row = dict[str, Any]
Keep = Callable[[str, float, float, str, str], bool]  # trace, fleet, cold start, variant, draw
IN_HINDSIGHT = ("fixed", "clairvoyant")


def name_of(row: Row) -> str:
    return f"{row['case']}|{row['policy']}|{row['knob']}"


def parts_of(case: str) -> tuple[str, float, float, str, str]:
    trace, fleet, cold_start_s, variant, seed = case.split("|")
    return trace, float(fleet), float(cold_start_s), variant, seed


def usual(trace: str, fleet: float, cold_start_s: float, variant: str, seed: str) -> bool:
    """The grid itself: no variant, no tenant, the first draw."""
    return fleet > 0 and not variant and seed == "0"


def choosing(trace: str, fleet: float, cold_start_s: float, variant: str, seed: str) -> bool:
    return fleet == CHOOSING_FLEET and usual(trace, fleet, cold_start_s, variant, seed)


class Results:
    """Rows by case, policy and knob; costs over the cheapest run of the case that keeps the goal, whoever's it was.

    Tables are of the cases shown. Knobs are chosen on all there are, and stay what they are whatever part is looked at.
    """

    def __init__(self, rows: Iterable[Row], shown: set[str], goal: float = 0.99) -> None:
        self.goal, self.shown = goal, shown
        self.rows = {name_of(row): row for row in rows}
        self.best: dict[str, float] = {}
        for row in self.rows.values():
            if row["attainment"] >= goal:
                usd = min(row["usd"], self.best.get(row["case"], float("inf")))
                self.best[row["case"]] = usd

    def pair(self, row: Row) -> Pair | None:
        best = self.best.get(row["case"])
        return None if not best else (row["usd"] / best, row["attainment"])

    def of(self, keep: Keep, *, all_there: bool = False) -> dict[str, dict[str, dict[str, Pair]]]:
        """policy -> knob -> case -> pair, of the cases kept."""
        found: dict[str, dict[str, dict[str, Pair]]] = defaultdict(lambda: defaultdict(dict))
        for row in self.rows.values():
            pair = self.pair(row) if all_there or row["case"] in self.shown else None
            if pair is not None and keep(*parts_of(row["case"])):
                found[row["policy"]][row["knob"]][row["case"]] = pair
        return found


def mean_pair(pairs: Iterable[Pair]) -> Pair:
    """Geometric means of cost and of attainment."""
    ratios, shares = zip(*pairs, strict=True)
    return geomean(ratios), geomean([max(share, 1e-9) for share in shares])


# -- the one knob of a baseline


def tried(results: Results, policy: str) -> dict[float, Pair]:
    """Every value that was tried on all cells where knobs are chosen, with its mean pair."""
    by_knob = results.of(choosing, all_there=True)[policy]
    whole = max((len(pairs) for pairs in by_knob.values()), default=0)
    return {
        float(knob) if knob else BASELINES[policy].default: mean_pair(pairs.values())
        for knob, pairs in by_knob.items()
        if len(pairs) == whole
    }


def frozen(results: Results, policy: str) -> float | None:
    """The cheapest value whose mean attainment is at the goal; where none is, the one that misses least."""
    values = tried(results, policy)
    keeping = {knob: pair for knob, pair in values.items() if pair[1] >= results.goal}
    if keeping:
        return min(keeping, key=lambda knob: keeping[knob][0])
    return max(values, key=lambda knob: values[knob][1]) if values else None


def next_knobs(results: Results, baseline: Baseline, count: int) -> list[float]:
    """Half of them over the whole range; then, one by one, between the cheapest at the goal and its cheaper neighbour."""
    values = tried(results, baseline.name)
    coarse = [knob for knob in baseline.knobs((count + 1) // 2) if knob not in values]
    if coarse or len(values) > count:
        return coarse
    best = frozen(results, baseline.name)
    if best is None or values[best][1] < results.goal:
        return []
    order = sorted(values)
    at = order.index(best)
    beside = [order[index] for index in (at - 1, at + 1) if 0 <= index < len(order)]
    cheaper = [knob for knob in beside if values[knob][1] < results.goal]
    middle = [float(f"{np.sqrt(best * knob):.4g}") for knob in cheaper]
    return [knob for knob in middle if knob not in values]


def strengths(results: Results, policy: str, keep: Keep) -> dict[str, dict[str, Pair]]:
    """At its default; at the one knob chosen at five replicas; tuned on each case, where several values were tried."""
    by_knob = results.of(keep).get(policy, {})
    default = by_knob.get("", {})
    if policy in IN_HINDSIGHT:
        return {"in hindsight": default}
    found = {"default": default}
    knob = frozen(results, policy) if policy in BASELINES else None
    if knob is not None and len(by_knob) > 1:
        at_default = knob == BASELINES[policy].default
        found[f"frozen at {knob:g}"] = by_knob.get("" if at_default else f"{knob:g}", {})
        cases = {case for pairs in by_knob.values() for case in pairs}
        options = {case: [p[case] for p in by_knob.values() if case in p] for case in cases}
        if all(len(pairs) > 2 for pairs in options.values()):
            found["tuned in hindsight"] = {
                case: _tuned(pairs, results.goal) for case, pairs in options.items()
            }
    return {name: pairs for name, pairs in found.items() if pairs}


def _tuned(options: list[Pair], goal: float) -> Pair:
    keeping = [pair for pair in options if pair[1] >= goal]
    return min(keeping) if keeping else max(options, key=lambda pair: pair[1])


# -- tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A policy at one strength over the cases of a table; ours over the same cases, to compare like with like."""

    name: str
    cost: float
    attainment: float
    worst: float
    num_under: int
    num_cases: int
    ours: Pair | None

    def beats(self, attainment: float) -> bool:
        """Cheaper than ours with at least that attainment."""
        return self.ours is not None and self.cost < self.ours[0] and self.attainment >= attainment


def lines_of(results: Results, keep: Keep) -> list[Line]:
    found = results.of(keep)
    ours = found.get(OURS, {}).get("", {})
    lines = []
    for policy in found:
        for strength, pairs in strengths(results, policy, keep).items():
            cost, attainment = mean_pair(pairs.values())
            shares = [share for _, share in pairs.values()]
            shared = [ours[case] for case in pairs if case in ours]
            lines.append(
                Line(
                    name=f"{policy}, {strength}",
                    cost=cost,
                    attainment=attainment,
                    worst=min(shares),
                    num_under=sum(share < results.goal for share in shares),
                    num_cases=len(shares),
                    ours=mean_pair(shared) if len(shared) == len(pairs) else None,
                )
            )
    return sorted(lines, key=lambda line: line.cost)


def sections(results: Results) -> list[tuple[str, list[Line]]]:
    """Title and lines of each table that has any."""
    keeps: list[tuple[str, Keep]] = [("all traces, fleets and cold starts, first draw", usual)]
    for cold in sorted(COLD_STARTS_S):
        keeps.append((f"cold start {cold:g} s", lambda *c, cold=cold: usual(*c) and c[2] == cold))
    for fleet in sorted(FLEETS):
        title = f"about {fleet:g} replicas at the peak"
        keeps.append((title, lambda *c, fleet=fleet: usual(*c) and c[1] == fleet))
    for variant in VARIANTS:
        title = f"{variant} (five replicas, 90 s)"
        keeps.append((title, lambda *c, variant=variant: c[3] == variant))
    keeps.append(("idle tenants, from zero", lambda *c: c[1] == 0))
    found = [(title, lines_of(results, keep)) for title, keep in keeps]
    return [(title, lines) for title, lines in found if lines]
