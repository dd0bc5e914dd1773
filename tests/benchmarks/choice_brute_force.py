"""The choice against brute force, at length: the law of tests/core/test_choice_on_random_catalogues.py on 100,000 cases.

Two processes, each with its own seed, draw random catalogues, loads, objectives and bounds; every answer must cost what
trying all of them costs, and never more than the cap. Prints the cases, the wrong answers and the time.

    PYTHONPATH=. python tests/benchmarks/choice_brute_force.py [CASES]
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))
import test_choice_on_random_catalogues as law

PROCESSES = 2
CASES_A_ROUND = 500  # a round is one seed: progress is printed after each


def round_of_cases(number: int, cases: int) -> tuple[int, str]:
    """(cases answered, the wrong one of this round or nothing)."""
    answered = 0

    @seed(number)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(**law.CASES)
    def check(**case: object) -> None:
        nonlocal answered
        answered += 1
        law.check_choice(**case)

    try:
        check()
    except Exception as error:  # whatever it is, it is what this looks for
        return answered, f"seed {number}: {type(error).__name__}: {error}"
    return answered, ""


def main(wanted: int) -> int:
    began = time.monotonic()
    sizes = [min(CASES_A_ROUND, wanted - done) for done in range(0, wanted, CASES_A_ROUND)]
    answered, wrong = 0, []
    with ProcessPoolExecutor(PROCESSES) as pool:
        rounds = [pool.submit(round_of_cases, number, size) for number, size in enumerate(sizes)]
        for finished in as_completed(rounds):
            count, mistake = finished.result()
            answered += count
            if mistake:
                wrong.append(mistake)
                print(mistake, flush=True)
            print(
                f"{answered:,} cases, {time.monotonic() - began:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    print(
        f"{answered:,} cases, {len(wrong)} wrong answers, {time.monotonic() - began:.0f} s, {PROCESSES} processes"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
