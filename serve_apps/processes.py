"""The processes of one `make serve`: found by a marker that every descendant inherits, and removed to the last one.

`serve run` starts a Ray cluster of some twenty processes, HAProxy among them; killed, it leaves a few behind, which hold
ports and memory. Ray renames and regroups its workers, but their environment goes down the tree unchanged.

vLLM's engine and its worker talk through shared memory: two of multiprocessing's files in /dev/shm, beside a semaphore of
tqdm's. Python's resource tracker would unlink them, but it is a child of the replica, and Ray ends a replica's children
with SIGKILL (RAY_kill_child_processes_on_worker_exit). So it is done here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

MARKER = "LLM_ADVISOR_RUN"
GRACE_S = 10.0
SHARED_MEMORY = Path("/dev/shm")
MULTIPROCESSING_NAMES = ("psm_*", "sem.mp-*")


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
    """Ask the processes to end, kill those that do not within the grace, and unlink the shared memory they leave."""
    files = shared_memory_of(processes)
    for process in processes:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=GRACE_S)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=GRACE_S)
    unlink_unused(files)


def shared_memory_of(processes: Iterable[psutil.Process]) -> set[Path]:
    """The files of multiprocessing that the processes have mapped.

    Found by inode: a semaphore is mapped under a name that it had for a moment only.
    """
    mapped = {inode for process in processes for inode in _mapped_inodes(process)}
    files = [file for names in MULTIPROCESSING_NAMES for file in SHARED_MEMORY.glob(names)]
    return {file for file in files if _inode(file) in mapped}


def unlink_unused(files: set[Path]) -> None:
    """Unlink those of the files that no living process has mapped any more."""
    if files:
        for file in files - shared_memory_of(psutil.process_iter()):
            with contextlib.suppress(OSError):  # gone already, or another user's
                file.unlink()


def _mapped_inodes(process: psutil.Process) -> set[int]:
    try:
        maps = Path(f"/proc/{process.pid}/maps").read_text(errors="replace")
    except OSError:  # it has ended, or belongs to another user, or this is no Linux
        return set()
    lines = [line for line in maps.splitlines() if f" {SHARED_MEMORY}/" in line]
    return {int(line.split(maxsplit=5)[4]) for line in lines}


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None


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
