"""Data files that are too large for the package: located or downloaded, and verified.

A file is looked for in the folder of the switch `data` (environment RANVIER_DATA) and in the cache.
One that is in neither is downloaded into the cache, from one mirror after the other until the bytes
have the published hash. With the cache off nothing is downloaded.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ..base.config import cache_folder, switches
from ..errors import DataError, FileError
from ..io.writing import protect, write_whole


@dataclass(frozen=True)
class DataFile:
    """One file as published: its path in a data folder, bytes, hash, origin and mirrors."""

    path: str
    size: int
    sha256: str
    origin: str
    urls: tuple[str, ...] = ()


def folders() -> list[Path]:
    """Where data files are looked for, in this order."""
    chosen = [Path(switches.data).expanduser()] if switches.data else []
    cache = cache_folder("data")
    return chosen if cache is None else [*chosen, cache]


def read(*wanted: DataFile) -> list[bytes]:
    """The checked contents of the files, downloaded where need be.

    One error names all that are missing, and what each mirror answered.
    """
    tried: list[str] = []
    paths = {file: _path_of(file) or _download(file, tried) for file in wanted}
    missing = [file for file, path in paths.items() if path is None]
    if missing:
        _refuse_missing(missing, tried)
    return [_checked(file, path) for file, path in paths.items() if path is not None]


def read_packaged(name: str) -> bytes:
    """A file that travels in the package."""
    path = Path(__file__).parent / "files" / name
    protect(read_packaged, path)
    return path.read_bytes()


def _path_of(file: DataFile) -> Path | None:
    for folder in folders():
        if (folder / file.path).is_file():
            return folder / file.path
    return None


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _checked(file: DataFile, path: Path) -> bytes:
    protect(file, path)
    content = path.read_bytes()
    sha256 = _sha256(content)
    if sha256 != file.sha256:
        raise FileError(
            f"{path}: not the published file: {len(content):,} bytes with sha256 {sha256}, "
            f"expected {file.size:,} bytes with {file.sha256}. Delete it and fetch it again from "
            f"{file.origin}"
        )
    return content


# --- downloads ----------------------------------------------------------------------------------

_TIMEOUT_SECONDS = 15  # until a mirror that does not answer is given up


def _download(file: DataFile, tried: list[str]) -> Path | None:
    """Fetch the file into the cache; None if no mirror has it, with the reasons in `tried`."""
    cache = cache_folder("data")
    if cache is None:
        return None
    for url in file.urls:
        print(f"Downloading {file.path} ({file.size / 1e6:.1f} MB): {url}", file=sys.stderr)
        try:
            content = _get(url, file.size)
        except (OSError, ValueError) as problem:
            tried.append(f"  {url}: {getattr(problem, 'reason', None) or problem}")
            continue
        if _sha256(content) == file.sha256:
            return _keep(cache / file.path, content)
        tried.append(f"  {url}: {len(content):,} bytes that are not the published file")
    return None


def _get(url: str, size: int) -> bytes:
    """The content at `url`, and never more than one byte beyond `size`."""
    import urllib.request
    from http.client import HTTPException

    request = urllib.request.Request(url, headers={"User-Agent": "ranvier"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            return bytes(answer.read(size + 1))
    except HTTPException as problem:
        raise OSError(f"a broken answer, {problem!r}") from problem


def _keep(path: Path, content: bytes) -> Path:
    """Write the file whole or not at all, so that another process never reads a half."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as problem:
        raise FileError(
            f"{path} was downloaded but could not be written: {problem.strerror or problem}. "
            "Free some space, or name another folder: RANVIER_CACHE=FOLDER"
        ) from problem
    return path


def _refuse_missing(missing: list[DataFile], tried: list[str]) -> None:
    lines = [f"  {file.path}  ({file.size:,} bytes)  from {file.origin}" for file in missing]
    searched = [f"  {folder}" for folder in folders()] or ["  (no folder: the cache is off)"]
    asked = ["\nAsked:", *tried] if tried else []
    raise DataError(
        f"{len(missing)} data file{'s' * (len(missing) > 1)} not found:\n"
        + "\n".join(lines)
        + "\nLooked in:\n"
        + "\n".join(searched)
        + "\n".join(asked)
        + "\nPut them there under these names, or name the folder that has them: "
        + ("RANVIER_DATA=FOLDER or " if not switches.data else "")
        + "ranvier.config(data=FOLDER)"
    )
