"""`python -m advisor.calibrate`: fit, cross-validate, print the errors, write advisor/core/fitted.py and
advisor/data/habits.csv.gz."""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib.resources import files
from pathlib import Path

from advisor.calibrate import data, habits, report
from advisor.calibrate.fit import Fitted, fit
from advisor.calibrate.intervals import Spreads, asked_shares, coverage_at, nested, spreads_of
from advisor.calibrate.sample import thin
from advisor.calibrate.validate import KINDS, as_run, errors_of, leave_out
from advisor.files import write_bytes, write_text

ROUNDS = 25


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m advisor.calibrate", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=data.MEASUREMENTS)
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    if not options.file.is_file():
        raise SystemExit(f"{options.file}: no such file; it holds the measurements to fit on")
    measurements = data.load(options.file)
    observations = measurements.observations
    report.print_read(measurements)
    _progress("all rows")
    fitted = fit(thin(observations), rounds=ROUNDS)
    print(f"{len(fitted.theta)} factors, most of them near 1")
    held_out = {kind: leave_out(observations, kind, _progress) for kind in KINDS}
    runs, errors = [as_run(o) for o in observations], errors_of(fitted.table(), observations)
    known = habits.learn(runs, errors)
    report.print_errors(observations, errors - known.of(runs)[0], held_out)
    others = nested(observations, held_out)
    shares = asked_shares(observations, held_out, others)
    report.print_coverage(observations, coverage_at(observations, held_out, others, shares))
    if not options.dry_run:
        spreads = spreads_of(observations, held_out, shares)
        target = Path(str(files("advisor.core").joinpath("fitted.py")))
        write_text(target, as_module(fitted, spreads, len(observations)))
        remembered = Path(str(files("advisor.data").joinpath(habits.FILE)))
        write_bytes(remembered, habits.as_file(known))
        for written in (target, remembered):
            print(f"\nwritten: {written.name}, {written.stat().st_size / 1e3:.0f} kB")


def _progress(line: str) -> None:
    """To stderr, so that the tables can be kept: a fit takes seconds, all of them minutes."""
    print(f"{time.strftime('%H:%M:%S')} fitting: {line}", file=sys.stderr, flush=True)


MODULE = '''"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, {about}.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {base}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {effects}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {spreads}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
'''


def as_module(fitted: Fitted, spreads: Spreads, count: int) -> str:
    table = fitted.table()
    effects = {
        quantity: {
            level: {key: round(value, 4) for key, value in known.items()}
            for level, known in levels.items()
        }
        for quantity, levels in table.effects.items()
    }

    def literal(content: object) -> str:
        return json.dumps(content, indent=4, sort_keys=True)

    return MODULE.format(
        about=f"from {count} public measurements",
        base=literal({quantity: round(value, 4) for quantity, value in table.base.items()}),
        effects=literal(effects),
        spreads=literal(spreads).replace("[", "(").replace("]", ")"),
    )


if __name__ == "__main__":
    main()
