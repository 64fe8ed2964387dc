"""Entries of the cache on disk: each a file, whole or not there, and not more than fit a limit.

An entry is the SHA-256 of the rest, then the rest. Reading one marks it as used. After some writes
a folder that has grown beyond the limit loses the entries that were not used for longest. Any
number of processes may do all of this at once: a file that is gone is a miss.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_LIMIT = 256 << 20  # bytes of a folder
_LEFT = 0.75  # of them, after the oldest entries went
_EVERY = 16  # writes of a process between two looks at the folder
_STALE = 3600.0  # seconds after which a file that was never finished goes too

_writes = itertools.count()


def read_entry(path: Path) -> bytes | None:
    """What an entry holds, or None when it is missing or damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)
    digest, code = data[:32], data[32:]
    return code if code and hashlib.sha256(code).digest() == digest else None


def write_entry(path: Path, code: bytes) -> None:
    """Write an entry whole or not at all; a cache that cannot be written is no error."""
    data = hashlib.sha256(code).digest() + code
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if os.path.getsize(name) == len(data):
            os.replace(name, path)
            name = None
    except OSError:
        pass
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)
    if next(_writes) % _EVERY == 0:
        trim(path.parent)


def trim(folder: Path) -> None:
    """Remove what was not used for longest, if the folder holds more than the limit."""
    found = []
    try:
        with os.scandir(folder) as files:
            for file in files:
                about = file.stat()
                found.append((about.st_mtime, about.st_size, file.path))
    except OSError:
        return
    total = sum(size for _, size, _ in found)
    most = _LIMIT * _LEFT if total > _LIMIT else _LIMIT
    now = time.time()
    for used, size, name in sorted(found):
        abandoned = name.endswith(".part") and used < now - _STALE
        if total > most or abandoned:
            try:
                os.unlink(name)
                total -= size
            except OSError:
                continue
