"""The contest as a table to read and as JSON to compute with."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.backtest.contest import Contest, Outcome
from advisor.backtest.question import as_dict

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS = (
    "policy", "cost", "x best", "good", "5-min", "worst h", "TTFT p99", "TPOT p99", "$/Mtok", "launch/h", "turns",
    "mean", "max",
)  # fmt: skip
LEAST_NEEDED = ("turns", "launch/h", "max", "mean", "5-min", "worst h", "$/Mtok")


def show(contest: Contest, source: str, console: Console) -> None:
    """The header, one line a policy, and what has to be known to read them."""
    from advisor.tables import Cells, narrowed, rich_table

    problem = contest.problem
    trace, objective = problem.trace, problem.objective
    drawn = " (requests drawn again from measured rates)" if trace.reconstructed else ""
    console.print(
        f"[bold]{trace.name}[/bold]{drawn}: {len(trace):,} requests in {trace.duration_s / 3600:.1f} h · {source}"
    )
    console.print(
        f"{objective.told} · cold start "
        f"{problem.conditions.cold_start_s:g} s · ${problem.conditions.usd_per_hour:.2f} per replica and hour"
    )
    everything = Cells(
        columns=COLUMNS,
        rows=tuple(map(_cells, contest.outcomes)),
        right=COLUMNS[1:],
        dim=[i for i, one in enumerate(contest.outcomes) if not _keeps(contest, one)],
    )
    cells, gone = narrowed(everything, console.width, LEAST_NEEDED)
    console.print(rich_table(cells, console.width))
    if gone:
        console.print(f"No room for {', '.join(gone)}: a wider terminal, or --json, shows them.")
    for line in notes(contest):
        console.print(line, markup=False)  # a policy's error may hold brackets


def _keeps(contest: Contest, outcome: Outcome) -> bool:
    return outcome.attainment >= contest.problem.objective.goal


def notes(contest: Contest) -> list[str]:
    bound = float(np.mean(contest.lower_bounds_usd))
    best = float(np.mean([one.usd for one in contest.outcomes[0].scores]))
    lines = [
        f"clairvoyant: cheapest schedule found; no schedule costs less than ${bound:.2f}, {bound / best:.0%} of it"
        if contest.clairvoyant_keeps
        else "clairvoyant: no schedule that keeps the objective was found; more replicas may be needed (--max-replicas)",
    ]
    if any(not _keeps(contest, outcome) for outcome in contest.outcomes):
        lines.append("grey: under the objective, so its cost is no bargain")
    for outcome in contest.outcomes:
        lines += [
            f"{outcome.policy}: {name} ({count} times; held)"
            for name, count in outcome.faults.items()
        ]
    return lines


def _cells(outcome: Outcome) -> tuple[str, ...]:
    scores = outcome.scores
    name = outcome.policy if outcome.knob is None else f"{outcome.policy} ({outcome.knob:g})"
    usd = [one.usd for one in scores]
    return (
        name,
        f"${np.mean(usd):,.2f}" + (f" ±{np.std(usd):.2f}" if len(usd) > 1 else ""),
        "" if outcome.cost_ratio is None else f"{outcome.cost_ratio:.2f}",
        f"{outcome.attainment:.2%}",
        f"{np.mean([one.good_windows for one in scores]):.1%}",
        f"{min(one.worst_hour for one in scores):.1%}",
        _seconds([one.ttft_s for one in scores]),
        _seconds([one.tpot_s for one in scores]),
        _mean([one.usd_per_mtok for one in scores]),
        f"{np.mean([one.launches_per_hour for one in scores]):.2f}",
        f"{np.mean([one.num_reversals for one in scores]):.0f}",
        f"{np.mean([one.mean_replicas for one in scores]):.2f}",
        str(max(one.max_replicas for one in scores)),
    )


def _seconds(percentiles: list[dict[int, float] | None]) -> str:
    """The mean of the draws' p99."""
    known = [one[99] for one in percentiles if one is not None]
    if not known:
        return ""
    value = float(np.mean(known))
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.1f} s"


def _mean(values: list[float | None]) -> str:
    known = [one for one in values if one is not None]
    return f"{np.mean(known):.3f}" if known else ""


def as_json(contest: Contest, source: str) -> dict[str, Any]:
    return {
        **as_dict(contest.problem),
        "source": source,
        "lower_bound_usd": list(contest.lower_bounds_usd),
        "clairvoyant_keeps": contest.clairvoyant_keeps,
        "policies": [
            {
                "policy": outcome.policy,
                "knob": outcome.knob,
                "cost_over_clairvoyant": outcome.cost_ratio,
                "attainment": outcome.attainment,
                "faults": outcome.faults,
                "draws": [
                    {**asdict(one), "cost_over_clairvoyant": ratio}
                    for one, ratio in zip(outcome.scores, outcome.cost_ratios, strict=True)
                ],
            }
            for outcome in contest.outcomes
        ],
    }
