"""`python -m advisor.calibrate`: fit, cross-validate, print the errors, write advisor/data/efficiencies.json."""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path

from advisor.calibrate import data, report
from advisor.calibrate.fit import Fitted, fit
from advisor.calibrate.intervals import Spreads, spreads_of
from advisor.calibrate.validate import LEFT_OUT, errors_of, leave_out

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
    fitted = fit(observations, rounds=ROUNDS)
    table = fitted.table()
    seen = errors_of(table, observations)
    held_out = {
        name: leave_out(observations, group_of, table).errors
        for name, group_of in LEFT_OUT.items()
    }
    spreads = spreads_of(observations, held_out)
    report.print_errors(observations, seen, held_out)
    report.print_coverage(observations, held_out, table, spreads)
    if not options.dry_run:
        target = Path(str(files("advisor.data").joinpath("efficiencies.json")))
        target.write_text(as_json(fitted, spreads, len(observations)), encoding="utf-8")
        print(f"\nwritten: {target.name}, {target.stat().st_size / 1e3:.0f} kB")


def as_json(fitted: Fitted, spreads: Spreads, count: int) -> str:
    table = fitted.table()
    effects = {
        quantity: {
            level: {key: round(value, 4) for key, value in known.items()}
            for level, known in levels.items()
        }
        for quantity, levels in table.effects.items()
    }
    content = {
        "about": f"fitted on {count} rows of public measurements; factors are logarithms, see advisor/core/efficiency.py",
        "base": {quantity: round(value, 4) for quantity, value in table.base.items()},
        "effects": effects,
        "intervals": spreads,
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    main()
