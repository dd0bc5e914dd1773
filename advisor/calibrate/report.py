"""What a fit is worth, as tables: errors seen and held out, by metric, accelerator and source; and what intervals hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.data import Measurements
from advisor.calibrate.intervals import Mask
from advisor.calibrate.observation import Observation
from advisor.calibrate.validate import HeldOut, group_of, percentage
from advisor.core.load import Array, LoadKind

# What the measurements' own README reaches with simple physics, on rows kept apart: percent.
BASELINE = {"throughput": 17.0, "ttft": 32.0, "tpot": 46.0, "live": 59.0}
LIVE = (LoadKind.CLOSED, LoadKind.OPEN)
Of = Callable[[Observation], bool]


def _is(*groups: str) -> Of:
    return lambda o: metrics.group_of(o.metric) in groups


def _throughput(*kinds: LoadKind) -> Of:
    return lambda o: metrics.group_of(o.metric) == "throughput" and o.case.load.kind in kinds


# The lines of the table: name, key of the baseline, which rows.
LINES: tuple[tuple[str, str, Of], ...] = (
    ("throughput", "throughput", _is("throughput")),
    ("  saturated", "throughput", _throughput(LoadKind.SATURATED)),
    ("  static batches", "", _throughput(LoadKind.STATIC)),
    ("  bursts, disaggregated", "", _throughput(LoadKind.BURST, LoadKind.SPLIT)),
    ("  closed and open loops", "", _throughput(*LIVE)),
    ("TPOT, mean and median", "tpot", _is("tpot")),
    ("TPOT, p90 to p99", "", _is("tpot-tail")),
    ("TTFT, mean and median", "ttft", _is("ttft")),
    ("TTFT, p90 to p99", "", _is("ttft-tail")),
    ("live: loops, all metrics", "live", lambda o: o.case.load.kind in LIVE),
)


def print_read(measurements: Measurements) -> None:
    print(f"{len(measurements.observations)} rows to learn from or score; left out:")
    for reason, count in measurements.left_out.most_common():
        print(f"  {count:6d}  {reason}")
    doubts = Counter(o.doubt for o in measurements.observations if o.doubt)
    print("scored, not learned from:")
    for reason, count in doubts.most_common():
        print(f"  {count:6d}  {reason}")


def group_medians(
    observations: Sequence[Observation], errors: Array, rows: Sequence[int]
) -> float:
    """The median over (source, accelerator) of each one's median error: every group counts once."""
    by_group: dict[tuple[str, str], list[float]] = defaultdict(list)
    for i in rows:
        by_group[observations[i].source, observations[i].case.keys.accelerator].append(errors[i])
    return float(np.median([percentage(np.array(found)) for found in by_group.values()]))


def print_errors(
    observations: Sequence[Observation], seen: Array, held_out: Mapping[str, HeldOut]
) -> None:
    """Median absolute percentage errors, with and without the rows in doubt."""
    print("\nmedian absolute error in % (and the median over groups of source and accelerator)")
    columns = {"seen": seen} | {f"no {kind}": h.errors for kind, h in held_out.items()}
    sure = [i for i, o in enumerate(observations) if not o.doubt]
    _print_lines("all rows", observations, columns, range(len(observations)))
    _print_lines("without those in doubt", observations, columns, sure)
    keys: tuple[tuple[str, Callable[[Observation], str]], ...] = (
        ("by accelerator", group_of("accelerator")),
        ("by source", lambda o: o.source),
        ("by engine's era", lambda o: o.case.keys.era),
    )
    for title, key in keys:
        named = [f"{key(o)} {metrics.group_of(o.metric)}" for o in observations]
        print(f"{title:34s}" + "".join(f"{name:>18s}" for name in columns) + "   bias no source")
        for name in sorted(set(named)):
            rows = [i for i, n in enumerate(named) if n == name]
            _print_line(f"  {name}"[:34], observations, columns, rows, "", bias=True)


def _print_lines(
    title: str,
    observations: Sequence[Observation],
    columns: Mapping[str, Array],
    rows: Sequence[int],
) -> None:
    header = "".join(f"{name:>18s}" for name in columns)
    print(f"{title:28s}{'rows':>6s}{header}{'baseline':>10s}")
    for name, baseline, wanted in LINES:
        mine = [i for i in rows if wanted(observations[i])]
        if mine:
            _print_line(f"{name:28s}{len(mine):6d}", observations, columns, mine, baseline)


def _print_line(
    title: str,
    observations: Sequence[Observation],
    columns: Mapping[str, Array],
    rows: Sequence[int],
    baseline: str,
    *,
    bias: bool = False,
) -> None:
    cells = "".join(
        f"{percentage(errors[list(rows)]):9.1f} ({group_medians(observations, errors, rows):6.1f})"
        for errors in columns.values()
    )
    end = f"{BASELINE[baseline]:10.0f}" if baseline else ""
    if bias:
        end = f"{np.median(list(columns.values())[-1][list(rows)]):+10.2f}{len(rows):6d}"
    print(f"{title:34s}{cells}{end}")


def print_coverage(observations: Sequence[Observation], inside: Mapping[str, Mask]) -> None:
    """How often the held-out truth lies inside the interval that was set on other groups."""
    print(
        "\nheld-out rows in % inside an 80 % interval set on other groups alone (mean of groups)"
    )
    print(f"{'':34s}" + "".join(f"{'no ' + kind:>18s}" for kind in inside))
    for name, _, wanted in LINES:
        mine = [i for i, o in enumerate(observations) if wanted(o) and not o.doubt]
        cells = "".join(f"{_shares(observations, found, mine):>18s}" for found in inside.values())
        if mine:
            print(f"{name:34s}{cells}")


def _shares(observations: Sequence[Observation], inside: Mask, rows: Sequence[int]) -> str:
    """Of rows, and the mean over groups of source and accelerator."""
    by_group: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for i in rows:
        by_group[observations[i].source, observations[i].case.keys.accelerator].append(inside[i])
    groups = np.mean([np.mean(found) for found in by_group.values()])
    return f"{100 * np.mean(inside[list(rows)]):.0f} ({100 * groups:.0f})"
