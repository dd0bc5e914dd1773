"""Tables of the policy benchmark for a terminal and for docs/log.md, and in one sentence who beats whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from policy_tables import (
    IN_HINDSIGHT,
    Line,
    Pair,
    Results,
    choosing,
    lines_of,
    mean_pair,
    sections,
    tried,
    usual,
)

from advisor.backtest.policies import BASELINES, OURS


def verdict(results: Results) -> str:
    """Which baselines are, on the geometric mean of the grid, cheaper than ours and at the goal, or no worse than ours."""
    lines = [
        line for line in lines_of(results, usual) if not line.name.startswith((OURS, "clair"))
    ]
    compared = [line for line in lines if line.ours is not None and "tuned" not in line.name]
    kept = [line for line in compared if line.attainment >= results.goal]
    said = [
        f"Of {len(compared)} baselines at defaults or with one frozen knob, cheaper than {OURS} and at the goal: "
        + _listed(line for line in compared if line.beats(results.goal)),
        f"cheaper and with no less attainment than {OURS}: "
        + _listed(line for line in compared if line.ours and line.beats(line.ours[1])),
        "at the goal at all: " + _listed(kept),
    ]
    return "; ".join([*said, _values(results)]) + "."


def _listed(lines: Iterable[Line]) -> str:
    shown = [
        f"{line.name} at {line.cost:.2f}" + (f" ({OURS} {line.ours[0]:.2f})" if line.ours else "")
        for line in lines
    ]
    return ", ".join(shown) or "none"


def _values(results: Results) -> str:
    """The same of every value of a knob that was tried where knobs are chosen."""
    pairs = list(results.of(choosing, all_there=True).get(OURS, {}).get("", {}).values())
    if not pairs:
        return "no value of a knob was compared"
    cost, attainment = mean_pair(pairs)
    least = min(attainment, results.goal)
    values = [
        (name, knob, pair)
        for name in BASELINES
        if name not in IN_HINDSIGHT
        for knob, pair in tried(results, name).items()
    ]
    beating = [f"{n} at {k:g}" for n, k, pair in values if pair[0] < cost and pair[1] >= least]
    return (
        f"of {len(values)} values of knobs tried at five replicas, cheaper than {OURS} ({cost:.2f}, {attainment:.2%}) and "
        f"at {least:.2%} or more: " + (", ".join(beating) or "none")
    )


def report(results: Results) -> None:
    for title, lines in sections(results):
        print(f"\n{title}")
        print(f"{'policy':38} {'x best':>7} {'mean':>7} {'worst':>7}  under goal")
        for line in lines:
            print(
                f"{line.name:38} {line.cost:7.3f} {line.attainment:7.2%} {line.worst:7.2%}  "
                f"{line.num_under} of {line.num_cases}"
            )
    print(f"\n{verdict(results)}")
    _print_spread(results)
    _print_cases(results)


def write_log(file: Path, results: Results, command: str) -> None:
    """The tables in Markdown: a paragraph that says what was run, and each table under its title."""
    cpu_s = sum(row["cpu_s"] for row in results.rows.values())  # all runs that there are
    cells = sorted(results.shown & results.best.keys())
    said = [
        f"**Policies.** `{command}`: {len(cells)} cases, {len(results.rows)} runs, {cpu_s / 60:.0f} CPU minutes; "
        "cost over the cheapest schedule found and attainment over all arrivals (geometric means); "
        f"goal {results.goal:.0%}. {verdict(results)}"
    ]
    for title, lines in sections(results):
        said += ["", f"{title[0].upper()}{title[1:]}:", ""]
        said += ["| policy | x best | % | worst % | under the goal |", "|---|---|---|---|---|"]
        said += [
            f"| {line.name} | {line.cost:.2f} | {line.attainment * 100:.2f} | {line.worst * 100:.2f} | "
            f"{line.num_under} of {line.num_cases} |"
            for line in lines
        ]
    said += ["", "Ours by case:", "", "| trace, fleet, cold start | x best | % |", "|---|---|---|"]
    for case in cells:
        row = results.rows.get(f"{case}|{OURS}|")
        pair = results.pair(row) if row else None
        if pair is not None:
            name = ", ".join(part for part in case.split("|") if part and part != "0")
            said.append(f"| {name} | {pair[0]:.2f} | {pair[1] * 100:.2f} |")
    file.write_text("\n".join(said) + "\n", encoding="utf-8")


def _print_spread(results: Results) -> None:
    """Ours over the draws: mean and standard deviation of the cost ratio, by case."""
    by_cell: dict[str, list[Pair]] = defaultdict(list)
    for row in results.rows.values():
        pair = results.pair(row)
        if row["policy"] == OURS and pair is not None and row["case"] in results.shown:
            by_cell[row["case"].rpartition("|")[0]].append(pair)
    several = {cell: pairs for cell, pairs in by_cell.items() if len(pairs) > 1}
    if several:
        print(f"\n{OURS} over the draws{'':48} x best            attainment")
    for cell, pairs in sorted(several.items()):
        ratios, shares = (np.asarray(column) for column in zip(*pairs, strict=True))
        print(
            f"{cell:64} {ratios.mean():6.3f} ±{ratios.std():.3f} {shares.mean():8.2%} (least {shares.min():.2%})"
        )


def _print_cases(results: Results) -> None:
    title = "case (trace|fleet|cold start|variant|draw)"
    print(f"\n{title:62} {'best $':>9} {'bound':>6}  {OURS}")
    for case in sorted(results.shown & results.best.keys()):
        best, ours = results.best[case], results.rows.get(f"{case}|{OURS}|")
        clairvoyant = results.rows.get(f"{case}|clairvoyant|", {})
        bound = clairvoyant.get("lower_bound_usd", 0.0) / best
        pair = results.pair(ours) if ours else None
        said = "" if pair is None or ours is None else (
            f"{pair[0]:6.3f} {pair[1]:7.2%} cold {ours['cold_hits']:.2%} {ours['launches_per_hour']:.2f} launches/h"
            f" {ours['reversals']} turns"
        )  # fmt: skip
        print(f"{case:62} {best:9.2f} {bound:6.1%}  {said}")
