"""The processes of one `make serve`: found by a marker that every descendant inherits, and removed to the last one.

`serve run` starts a Ray cluster of some twenty processes, HAProxy among them; killed, it leaves a few behind, which hold
ports and memory. Ray renames and regroups its workers, but their environment goes down the tree unchanged.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import psutil

MARKER = "LLM_ADVISOR_RUN"
GRACE_S = 10.0


def new_marker() -> str:
    """Names this run by its launcher: the pid and, since pids come again, the time it started."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def of_run(marker: str) -> list[psutil.Process]:
    """Every process of the run, the children of a marked one that hide their environment included."""
    return [process for process, run in _marked() if run == marker]


def leftovers() -> dict[str, list[psutil.Process]]:
    """Processes whose launcher is gone, by run."""
    found: dict[str, list[psutil.Process]] = {}
    for process, run in _marked():
        if not _is_alive(run):
            found.setdefault(run, []).append(process)
    return found


def remove_run(marker: str) -> None:
    """End every process of the run; again, for what a dying one still started."""
    for _ in range(3):
        if not (left := of_run(marker)):
            return
        remove(left)


def running() -> list[int]:
    """Pids of the launchers that are alive, this one left out."""
    runs = {run for _, run in _marked() if _is_alive(run)} - {new_marker()}
    return sorted(int(run.partition(":")[0]) for run in runs)


def remove(processes: list[psutil.Process]) -> None:
    """Ask the processes to end, and kill those that do not within the grace."""
    for process in processes:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=GRACE_S)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=GRACE_S)


def _marked() -> list[tuple[psutil.Process, str]]:
    found: dict[int, tuple[psutil.Process, str]] = {}
    for process in psutil.process_iter():
        try:
            run = process.environ().get(MARKER)
            if not run:
                continue
            found[process.pid] = process, run
            for child in process.children(recursive=True):
                found.setdefault(child.pid, (child, run))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    found.pop(os.getpid(), None)
    return list(found.values())


def _is_alive(run: str) -> bool:
    pid, _, started = run.partition(":")
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == started
    except (psutil.NoSuchProcess, ValueError):
        return False


def _quietly(act: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        act()
