"""Entries of the cache on disk: machine code with what has to be known of it, each one file.

    entry    = MARK, SHA-256 of (MARK, name, contents), contents
    contents = number of sections, their lengths, the sections: facts as JSON, then object code
    facts    = {"host": the processor, "symbols": the functions in it, ...those of the graph}

The checksum binds an entry to its name, which stands for everything that the code depends on. What
an entry says is looked at before any of it is used (object_files.py for the code), and whatever is
off is a miss: the code is made again. Reading an entry marks it as used. After some writes a folder
that has grown beyond the limit loses the entries that were not used for longest. Any number of
processes may do all of this at once: a file that is gone is a miss.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..io.private import Folder, private_folder
from .object_files import are_sound

MARK = b"RANVIER\x02"  # the last byte counts the forms that entries have had
_DIGEST_BYTES = 32
_MAX_SECTIONS = 1 << 16
_MAX_BYTES = 256 << 20  # of a folder
_SHARE_LEFT = 0.75  # of them, after the oldest entries went
_WRITES_BETWEEN_TRIMS = 16
_STALE_SECONDS = 3600.0  # after which a file that was never finished goes too

_writes = itertools.count()


class Entry(NamedTuple):
    """Object code, and the facts of it."""

    facts: dict[str, Any]
    objects: tuple[bytes, ...]


def read_entry(part: str, key: str, host: Sequence[object], symbols: Sequence[str]) -> Entry | None:
    """The entry of this key in the folder `part`; None when it is missing or anything is off.

    It must be made for this `host` and hold the functions `symbols`.
    """
    with private_folder(part) as folder:
        data = None if folder is None else folder.read(_file(key), _MAX_BYTES)
    if data is None:
        return None
    sections = _opened(key, data)
    if sections is None or len(sections) < 2:
        return None
    facts = _facts(sections[0])
    wanted = {"host": _plain(host), "symbols": list(symbols)}
    if facts is None or any(facts.pop(k, None) != v for k, v in wanted.items()):
        return None
    objects = tuple(sections[1:])
    return Entry(facts, objects) if are_sound(objects, symbols) else None


def write_entry(
    part: str,
    key: str,
    host: Sequence[object],
    symbols: Sequence[str],
    objects: Sequence[bytes],
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry whole or not at all; a cache that cannot be written is no error."""
    about = {**(facts or {}), "host": _plain(host), "symbols": list(symbols)}
    data = sealed(key, [json.dumps(about).encode(), *objects])
    with private_folder(part) as folder:
        if folder is not None:
            folder.write(_file(key), data)
            if next(_writes) % _WRITES_BETWEEN_TRIMS == 0:
                trim(folder)


def sealed(key: str, sections: Sequence[bytes]) -> bytes:
    """The bytes of an entry with these sections."""
    lengths = struct.pack(f"<{len(sections) + 1}Q", len(sections), *map(len, sections))
    contents = b"".join([lengths, *sections])
    return MARK + _digest(key, contents) + contents


def _opened(key: str, data: bytes) -> list[bytes] | None:
    """The sections of an entry; None when it is damaged, or another one's."""
    head = len(MARK) + _DIGEST_BYTES
    contents = memoryview(data)[head:]
    if data[: len(MARK)] != MARK or data[len(MARK) : head] != _digest(key, contents):
        return None
    if len(contents) < 8:
        return None
    (count,) = struct.unpack_from("<Q", contents)
    at = 8 * (count + 1)
    if count > _MAX_SECTIONS or at > len(contents):
        return None
    sections = []
    for length in struct.unpack_from(f"<{count}Q", contents, 8):
        if length > len(contents) - at:
            return None
        sections.append(bytes(contents[at : at + length]))
        at += length
    return sections if at == len(contents) else None


def _digest(key: str, contents: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(MARK + key.encode() + b"\n")
    digest.update(contents)
    return digest.digest()


def _facts(text: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _plain(host: Sequence[object]) -> list[str]:
    return [str(value) for value in host]


def _file(key: str) -> str:
    return f"{key[:40]}.bin"


def trim(folder: Folder) -> None:
    """Remove what was not used for longest, if the folder holds more than the limit."""
    files = folder.files()
    total = sum(file.size for file in files)
    most = _MAX_BYTES * _SHARE_LEFT if total > _MAX_BYTES else _MAX_BYTES
    now = time.time()
    for file in sorted(files, key=lambda file: (file.used, file.size, file.name)):
        abandoned = file.name.endswith(".part") and file.used < now - _STALE_SECONDS
        if (total > most or abandoned) and folder.remove(file.name):
            total -= file.size
