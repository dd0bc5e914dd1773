"""What a command says on stderr while it takes more than two seconds: what it does, and what was last done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 2.0  # shorter than this, a line would only flicker


@contextmanager
def progress(what: str, *, patience_s: float = PATIENCE_S) -> Iterator[Callable[[str], None]]:
    """A line once the work has taken `patience_s`; `tick(done)` renews it on a terminal. A pipe gets the line once."""
    import itertools
    import threading

    from rich.console import Console

    console = Console(stderr=True)
    status = console.status(what)
    shown = threading.Event()
    steps = itertools.count(1)

    def show() -> None:
        shown.set()
        if console.is_terminal:
            status.start()
        else:
            console.print(f"{what} ...")

    def tick(done: str) -> None:
        step = next(steps)
        if shown.is_set():
            status.update(f"{what}: step {step}, {done}")

    timer = threading.Timer(patience_s, show)
    timer.daemon = True
    timer.start()
    try:
        yield tick
    finally:
        timer.cancel()
        timer.join()
        status.stop()


def rows_read(rows: int, total: int) -> str:
    """Of a file that may not say how many it has: 0."""
    return f"{rows:,} of {total:,} rows" if total else f"{rows:,} rows"
