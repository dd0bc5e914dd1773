"""How the engine is compiled, and how long what was compiled holds.

Numba keeps machine code on disk beside a module, and takes it for stale when that one file has changed. But it draws
callees and constants from other files into a function: so here code is stale as soon as any file of this folder changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _contents() -> bytes:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()


STAMP = _contents()


def compiled(function: F) -> F:
    """Compiled on the first call and kept on disk beside the module."""
    return cast(F, _kept(numba.njit(function)))


def lean(function: F) -> F:
    """Compiled without reference counts, so it must not allocate: counting every view took 7/8 of the time."""
    without_counts: dict[str, Any] = {"_nrt": False}
    try:
        return cast(F, _kept(numba.njit(**without_counts)(function)))
    except KeyError:  # a numba without that option is slower, and right as well
        return compiled(function)


def _kept(dispatcher: Any) -> Any:
    """Kept on disk under the stamp of the whole folder; not at all where numba has no place for a stamp of ours."""
    dispatcher.enable_caching()
    file: Any = getattr(dispatcher._cache, "_cache_file", None)
    if not hasattr(file, "_source_stamp"):
        return numba.njit(**dispatcher.targetoptions)(dispatcher.py_func)
    file._source_stamp = STAMP
    return dispatcher
