"""Reading from the disk: plain files with something in them, looked at once they are open.

    open_plain(path)     the open file
    check_input(path)    the same question, for a library that opens files itself

A pipe would be waited for, a device never ends, and of what the system shows under /proc nobody
knows the size; none of them could be read a second time, as streams of data are.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from ..errors import FileError
from .writing import FilePath, kind_of, no_path


def open_plain(path: FilePath) -> BufferedReader:
    """The file at `path`, open; FileError where there is none, or nothing in it.

    >>> open_plain(os.devnull)
    Traceback (most recent call last):
    ranvier.errors.FileError: /dev/null could not be read: it is a device; expected a plain file...
    """
    try:
        handle = os.open(os.fspath(path), _FLAGS)
    except TypeError:
        raise no_path(path) from None
    except (OSError, ValueError) as problem:
        raise _unreadable(path, problem) from None
    try:
        _check(path, os.fstat(handle))
        return open(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def check_input(path: FilePath) -> Path:
    """The path of a plain file with something in it; FileError where it is none."""
    try:
        _check(path, os.stat(os.fspath(path)))
    except FileError:
        raise
    except TypeError:
        raise no_path(path) from None
    except (OSError, ValueError) as problem:
        raise _unreadable(path, problem) from None
    return Path(path)


# NOTE: without O_NONBLOCK a pipe would be waited for before it could be looked at.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def _check(path: FilePath, about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise FileError(
            f"{path} could not be read: it is {kind_of(about.st_mode)}; expected a plain file. "
            "Give the name of one, or write into one what comes out of this"
        )
    if not about.st_size:
        raise FileError(f"{path} could not be read: it is empty (0 bytes)")


def _unreadable(path: FilePath, problem: Exception) -> FileError:
    if isinstance(problem, FileNotFoundError):
        return FileError(f"{path} does not exist (looked in {Path(path).parent.resolve()})")
    if isinstance(problem, OSError) and stat.S_ISSOCK(_mode(path)):
        return FileError(f"{path} could not be read: it is a socket; expected a plain file")
    return FileError(f"{path} could not be read: {getattr(problem, 'strerror', None) or problem}")


def _mode(path: FilePath) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0
