"""What a fit is worth, as tables: errors seen and held out, by metric, accelerator and source; and what intervals hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from advisor.calibrate import metrics
from advisor.calibrate.data import Measurements
from advisor.calibrate.fit import Observation
from advisor.calibrate.intervals import Spreads
from advisor.calibrate.validate import LEFT_OUT, percentage
from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Distance, Intervals
from advisor.core.load import Array, LoadKind

# What the measurements' own README reaches with simple physics, on rows kept apart: percent.
BASELINE = {"throughput": 17.0, "ttft": 32.0, "tpot": 46.0}
LIVE_BASELINE = 59.0
LIVE = (LoadKind.CLOSED, LoadKind.OPEN)


def print_read(measurements: Measurements) -> None:
    print(f"{len(measurements.observations)} rows to learn from; left out:")
    for reason, count in measurements.left_out.most_common():
        print(f"  {count:6d}  {reason}")


def _rows_by(
    observations: Sequence[Observation], key: Callable[[Observation], str]
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for i, observation in enumerate(observations):
        found[key(observation)].append(i)
    return dict(sorted(found.items()))


def group_medians(
    observations: Sequence[Observation], errors: Array, rows: Sequence[int]
) -> float:
    """The median over (source, accelerator) of each one's median error: every group counts once."""
    by_group: dict[tuple[str, str], list[float]] = defaultdict(list)
    for i in rows:
        by_group[observations[i].source, observations[i].case.keys.accelerator].append(errors[i])
    return float(np.median([percentage(np.array(found)) for found in by_group.values()]))


def print_errors(
    observations: Sequence[Observation], seen: Array, held_out: Mapping[str, Array]
) -> None:
    """Median absolute percentage errors."""
    names = list(held_out)
    print(
        "\nmedian absolute error in %, all rows (and the median of groups of source and accelerator)"
    )
    print(
        f"{'':34s}{'rows':>6s}{'seen':>14s}"
        + "".join(f"{'no ' + n:>18s}" for n in names)
        + f"{'baseline':>10s}"
    )

    def line(title: str, rows: Sequence[int], baseline: float | None = None) -> None:
        cells = [
            f"{percentage(errors[list(rows)]):7.1f} ({group_medians(observations, errors, rows):5.1f})"
            for errors in (seen, *(held_out[n] for n in names))
        ]
        shown = "" if baseline is None else f"{baseline:10.0f}"
        print(
            f"{title:34s}{len(rows):6d}{cells[0]:>14s}"
            + "".join(f"{c:>18s}" for c in cells[1:])
            + shown
        )

    for group, rows in _rows_by(observations, lambda o: metrics.group_of(o.metric)).items():
        line(group, rows, BASELINE.get(group))
    for kind, rows in _rows_by(observations, lambda o: o.case.load.kind).items():
        line(f"load: {kind}", rows)
    live = [i for i, o in enumerate(observations) if o.case.load.kind in LIVE]
    line("live serving (closed, open)", live, LIVE_BASELINE)
    keys: dict[str, Callable[[Observation], str]] = {
        "accelerator": LEFT_OUT["accelerator"],
        "source": lambda o: o.source,
        "era": lambda o: o.case.keys.era,
    }
    for title, key in keys.items():
        print(f"by {title}")
        named = [f"{key(o)} {metrics.group_of(o.metric)}" for o in observations]
        for name in sorted(set(named)):
            line(f"  {name}"[:34], [i for i, n in enumerate(named) if n == name])


def print_coverage(
    observations: Sequence[Observation],
    held_out: Mapping[str, Array],
    table: EfficiencyTable,
    spreads: Spreads,
) -> None:
    """How often the held-out truth lies inside the interval that such a case is given."""
    intervals = Intervals(spreads=spreads)
    print(
        "\nshare of held-out rows inside the 80 % interval (each distance's spreads on its own left-out groups)"
    )
    for name, errors in held_out.items():
        distance = Distance.KNOWN if name == "family" else Distance.NEAR
        cells = []
        for group, rows in _rows_by(observations, lambda o: metrics.group_of(o.metric)).items():
            inside = []
            for i in rows:
                low, high = intervals.around(
                    1.0, group=group, load=observations[i].case.load.kind, distance=distance
                )
                inside.append(low <= np.exp(-errors[i]) <= high)
            cells.append(f"{group} {100 * np.mean(inside):.0f} %")
        print(f"  no {name}: " + ", ".join(cells))
