"""Shared memory that a run leaves is unlinked with its last process; nobody else's ever is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import psutil
import pytest

from serve_apps import processes

# Ray kills Python's resource tracker with the process it cleans up for: so does this one, or it would clean up here.
MAKES_SHARED_MEMORY = """
import os, signal
from multiprocessing import get_context, resource_tracker
from multiprocessing.shared_memory import SharedMemory
memory, lock = SharedMemory(create=True, size=64), get_context("spawn").Lock()
os.kill(resource_tracker._resource_tracker._pid, signal.SIGKILL)
print(memory.name, "sem." + lock._semlock.name.lstrip("/"), flush=True)
signal.pause()
"""


@contextmanager
def maker(marker: str) -> Iterator[tuple[psutil.Process, set[Path]]]:
    """A process of a run, and the two files that it made."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKES_SHARED_MEMORY],
        env={**os.environ, processes.MARKER: marker}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    files = {processes.SHARED_MEMORY / name for name in process.stdout.readline().split()}
    try:
        yield psutil.Process(process.pid), files
    finally:
        process.kill()
        process.communicate()
        for file in files:
            file.unlink(missing_ok=True)


@pytest.fixture
def marker() -> str:
    return f"{os.getpid()}:test"


def test_a_runs_shared_memory_goes_with_its_last_process(marker: str) -> None:
    with maker(marker) as (process, files), maker("1:another") as (_, anothers):
        assert all(file.exists() for file in files | anothers)
        assert processes.shared_memory_of([process]) == files
        processes.remove_run(marker)
        assert not process.is_running()
        assert not any(file.exists() for file in files)
        assert all(file.exists() for file in anothers)


def test_what_a_living_process_still_uses_stays_until_it_has_ended(marker: str) -> None:
    with maker(marker) as (process, files):
        [shared] = [file for file in files if file.name.startswith("psm_")]
        memory = SharedMemory(name=shared.name)  # as a worker has the engine's
        try:
            processes.remove([process])
            assert {file for file in files if file.exists()} == {shared}
        finally:
            memory.close()
        processes.unlink_unused({shared})
        assert not shared.exists()
