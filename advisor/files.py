"""Files a command writes for the person: whole or not at all, and a mistake is one line that names the file.

The content goes into a new file beside the target, which then takes its place at once: a full disk or a kill leaves what was
there. What is no regular file (a pipe, /dev/stdout) cannot be replaced and is written to directly.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from advisor.errors import ConfigError

_READABLE = 0o666  # less the umask, as for any file a program writes


def check_writable(file: Path) -> None:
    """ConfigError for a folder, or a file in no folder: said before the work of minutes that would be lost."""
    if file.is_dir() or not file.resolve().parent.is_dir():
        number = errno.EISDIR if file.is_dir() else errno.ENOENT
        raise ConfigError(f"{file}: cannot be written: {os.strerror(number)}")


def write_text(file: Path, text: str) -> None:
    """Replace the file's content, in UTF-8; ConfigError when that cannot be."""
    write_bytes(file, text.encode("utf-8"))


def write_bytes(file: Path, content: bytes) -> None:
    """The same for what is no text, such as a compressed table."""
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(content)  # a folder says so itself
        else:
            _replace(file.resolve(), content)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from None


def _replace(file: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:50]}-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.chmod(name, file.stat().st_mode & 0o777 if file.exists() else _READABLE & ~_umask())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now
