"""Data files that are too large for the package: found in a folder, checked against their hash.

A file is looked for in the folder of the switch `data` (environment RANVIER_DATA) and in the cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..config import cache_folder, switches
from ..errors import DataError, FileError


@dataclass(frozen=True)
class DataFile:
    """One file as published: its place in a data folder, bytes, hash and origin."""

    path: str
    size: int
    sha256: str
    origin: str


def folders() -> list[Path]:
    """Where data files are looked for, in this order."""
    places = [Path(switches.data).expanduser()] if switches.data else []
    cache = cache_folder("data")
    return places if cache is None else [*places, cache]


def read(*wanted: DataFile) -> list[bytes]:
    """The checked contents of the files; one error that names all that are missing."""
    found = {file: _find(file) for file in wanted}
    missing = [file for file, path in found.items() if path is None]
    if missing:
        _refuse_missing(missing)
    return [_checked(file, path) for file, path in found.items() if path is not None]


def read_packaged(name: str) -> bytes:
    """A file that travels in the package."""
    return (Path(__file__).parent / "files" / name).read_bytes()


def _find(file: DataFile) -> Path | None:
    for folder in folders():
        if (folder / file.path).is_file():
            return folder / file.path
    return None


def _checked(file: DataFile, path: Path) -> bytes:
    import hashlib

    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != file.sha256:
        raise FileError(
            f"{path}: not the published file: {len(content):,} bytes with sha256 {sha256}, "
            f"expected {file.size:,} bytes with {file.sha256}. Delete it and fetch it again from "
            f"{file.origin}"
        )
    return content


def _refuse_missing(missing: list[DataFile]) -> None:
    lines = [f"  {file.path}  ({file.size:,} bytes)  from {file.origin}" for file in missing]
    places = [f"  {place}" for place in folders()] or ["  (no folder: the cache is off)"]
    raise DataError(
        f"{len(missing)} data file{'s' * (len(missing) > 1)} not found:\n"
        + "\n".join(lines)
        + "\nLooked in:\n"
        + "\n".join(places)
        + "\nPut them there under these names, or name the folder that has them: "
        + ("RANVIER_DATA=FOLDER or " if not switches.data else "")
        + "ranvier.config(data=FOLDER)"
    )
