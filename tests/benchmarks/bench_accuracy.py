"""How wrong the performance model is, with whole accelerators, families and sources left out; and how long it takes.

    python tests/benchmarks/bench_accuracy.py

The table is `python -m advisor.calibrate --dry-run`; below it stand the times of one prediction and of 10,000 rows.
"""

from __future__ import annotations

import sys
import time

from advisor import data
from advisor.calibrate import __main__ as calibrate
from advisor.calibrate.data import MEASUREMENTS
from advisor.calibrate.habits import shipped
from advisor.calibrate.predict import predict_rows
from advisor.calibrate.rows import read_rows
from advisor.core import perf
from advisor.core.fitted import INTERVALS, TABLE
from advisor.core.objective import Latency, Slo
from advisor.data.models import spec_of

ROUNDS = 200
SLOS = (
    Slo(latency=Latency.TTFT, bound_s=0.3, percentile=95),
    Slo(latency=Latency.TPOT, bound_s=0.03, percentile=95),
)


def time_one() -> None:
    """A prediction for lengths not asked before, and for a load on a replica that is known."""
    spec = spec_of("meta-llama/Llama-3.1-8B")
    assert spec is not None
    accelerator = next(a for a in data.accelerators() if a.name == "H100-SXM-80GB")
    replica = perf.Replica(spec=spec, accelerator=accelerator, tp_degree=1)
    for title, isl_step, slos in (
        ("new lengths", 1.0, ()),
        ("new lengths, two objectives", 1.0, SLOS),
        ("known", 0.0, SLOS),
    ):
        begun = time.perf_counter()
        for i in range(ROUNDS):
            perf.predict(
                replica, requests_per_s=1 + i / 100, isl=300 + i * isl_step, osl=200, slos=slos
            )
        print(f"one prediction, {title}: {1e3 * (time.perf_counter() - begun) / ROUNDS:.2f} ms")


def time_rows() -> None:
    rows = read_rows(MEASUREMENTS)
    rows = (rows * 2)[:10_000]
    begun = time.perf_counter()
    answers = predict_rows(rows, table=TABLE, intervals=INTERVALS, habits=shipped())
    found = sum(answer.predicted is not None for answer in answers)
    print(f"{len(rows)} rows, {found} predicted: {time.perf_counter() - begun:.1f} s")


def main() -> None:
    time_one()
    if not MEASUREMENTS.is_file():
        raise SystemExit(f"{MEASUREMENTS} is absent: nothing to score on")
    time_rows()
    sys.argv = [sys.argv[0], "--dry-run"]
    calibrate.main()


if __name__ == "__main__":
    main()
