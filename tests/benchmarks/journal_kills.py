"""Kill a process that writes the journal a thousand times, and count acknowledged records that were lost (goal: 0).

python tests/benchmarks/journal_kills.py [KILLS]
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from advisor.adapters.journal import Journal

sys.path.insert(0, str(Path(__file__).parents[1]))


def main(kills: int) -> None:
    from adapters.test_journal import kill_while_writing

    rng = random.Random(1)
    lost = acknowledged = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        for _ in range(kills):
            last = kill_while_writing(path, rng.randint(1, 80))
            with Journal(path) as journal:
                newest = journal.latest(1)[0].id
            lost += max(0, last - newest)
            acknowledged = last
    print(f"{kills} kills, {acknowledged} records acknowledged, {lost} lost")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
