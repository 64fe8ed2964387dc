"""A private folder, opened once: what lies in it is run as code, so nobody else may change it.

Every folder on the way is opened from the one before it, and what was opened is looked at, never a
path a second time: it must belong to root or to this user, and others may write into it only where
the sticky bit keeps them from replacing what is not theirs. A symbolic link counts if root or this
user made it. The files are opened from the folder in the same way.

Windows has neither such modes nor folders to open from; there the folder lies in the user's own
profile, and links are refused.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..base.config import switches
from ..errors import warn

_MAX_LINKS = 40  # on one path, as in the kernel
_ON_POSIX = hasattr(os, "getuid") and {os.open, os.stat, os.unlink, os.rename, os.mkdir} <= (
    os.supports_dir_fd
)
_BINARY_FLAG = getattr(os, "O_BINARY", 0)
_NO_LINK_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_DIRECTORY_FLAGS = getattr(os, "O_DIRECTORY", 0) | _NO_LINK_FLAGS
_TRAVERSE_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | _DIRECTORY_FLAGS
_READ_FLAGS = os.O_RDONLY | (os.O_NONBLOCK | _NO_LINK_FLAGS if _ON_POSIX else _BINARY_FLAG)


class UnsafeError(Exception):
    """Why others could change what lies in a folder."""


class Known(NamedTuple):
    """A file of a folder: name, bytes, and the time when it was last used."""

    name: str
    size: int
    used: float


class Folder:
    """An open folder; its files are reached from it, whatever becomes of its path.

    `handle` is None on Windows, where they are reached by the path.
    """

    def __init__(self, path: Path, handle: int | None) -> None:
        self.path = path
        self._handle = handle

    def read(self, name: str, limit: int) -> bytes | None:
        """What a file of this user's own holds; None if it is missing, foreign or too large."""
        if self._handle is None and (self.path / name).is_symlink():
            return None
        try:
            handle = os.open(self._at(name), _READ_FLAGS, dir_fd=self._handle)
        except OSError:
            return None
        try:
            about = os.fstat(handle)
            if not _own_file(about) or not 0 < about.st_size <= limit:
                return None
            with os.fdopen(os.dup(handle), "rb") as file:
                data = file.read(about.st_size + 1)
            with contextlib.suppress(OSError):
                os.utime(handle if os.utime in os.supports_fd else self._at(name))
        except OSError:
            return None
        finally:
            os.close(handle)
        return data if len(data) == about.st_size else None

    def write(self, name: str, data: bytes) -> None:
        """Put a file there whole or not at all; a folder that cannot be written is no error."""
        part = f"{os.urandom(8).hex()}.part"
        try:
            handle = os.open(
                self._at(part),
                os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK_FLAGS | _BINARY_FLAG,
                0o600,
                dir_fd=self._handle,
            )
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                size = os.fstat(handle).st_size
            if size == len(data):
                self._rename(part, name)
                return
        except OSError:
            pass
        except BaseException:
            self.remove(part)
            raise
        self.remove(part)

    def remove(self, name: str) -> bool:
        """Remove a file; whether it went."""
        try:
            os.unlink(self._at(name), dir_fd=self._handle)
        except OSError:
            return False
        return True

    def files(self) -> list[Known]:
        """The files in the folder."""
        known: list[Known] = []
        with contextlib.suppress(OSError), os.scandir(self._directory()) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                known.append(Known(entry.name, about.st_size, about.st_mtime))
        return known

    def close(self) -> None:
        """Let the folder go."""
        if self._handle is not None:
            os.close(self._handle)

    def _rename(self, part: str, name: str) -> None:
        if self._handle is None:
            os.replace(self._at(part), self._at(name))
        else:
            os.replace(part, name, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def _at(self, name: str) -> str:
        return name if self._handle is not None else str(self.path / name)

    def _directory(self) -> int | str:
        return str(self.path) if self._handle is None else self._handle


@contextlib.contextmanager
def private_folder(part: str) -> Iterator[Folder | None]:
    """The folder `part` of the cache, open; None when the cache is off or cannot be used.

    Where others could change it, which is warned of once, a folder of the user's own among the
    temporary files is used instead.
    """
    folder = _open_folder(part)
    try:
        yield folder
    finally:
        if folder is not None:
            folder.close()


def _open_folder(part: str) -> Folder | None:
    if switches.cache == "off":
        return None
    chosen = Path(switches.cache)
    try:
        return open_private(chosen / part)
    except OSError:
        return None
    except UnsafeError as problem:
        why = problem
    other = _fallback_folder()
    try:
        folder = open_private(other / part)
    except (OSError, UnsafeError):
        folder = None
    _warn_once(chosen, why, None if folder is None else other)
    return folder


def _fallback_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"ranvier-{os.getuid()}"


_warned: set[Path] = set()


def _warn_once(chosen: Path, why: UnsafeError, other: Path | None) -> None:
    if chosen in _warned:
        return
    _warned.add(chosen)
    kept = "kept in memory only" if other is None else f"kept in {other}"
    warn(
        f"the cache {chosen} is not used: {why}, so others could put code of theirs there, which "
        f"would be run; compiled code is {kept}. Take that right away (chmod go-w), or name "
        "another folder: RANVIER_CACHE=FOLDER"
    )


# --- opening ------------------------------------------------------------------------------------


def open_private(path: Path) -> Folder:
    """The folder at `path`, made when missing; UnsafeError when others could change it."""
    if not _ON_POSIX:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Folder(path, None)
    handle = _open_by_steps(path.absolute())
    try:
        about = os.fstat(handle)
        if about.st_uid != os.getuid():
            raise UnsafeError(f"{path} belongs to another user")
        if about.st_mode & 0o022:
            raise UnsafeError(f"others may write into {path}")
    except BaseException:
        os.close(handle)
        raise
    return Folder(path, handle)


def _open_by_steps(path: Path) -> int:
    """A handle of the folder, each one on the way opened from the one before and looked at."""
    left = list(reversed(path.parts[1:]))
    at = Path(path.anchor)
    handle = os.open(at, _TRAVERSE_FLAGS)
    links = 0
    try:
        while left:
            _check_ancestor(at, os.fstat(handle))
            name = left.pop()
            try:
                inner = _open_inner(name, handle, last=not left)
            except OSError as problem:
                if problem.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                    raise
                links += 1
                target = _link(at / name, name, handle)
                if links > _MAX_LINKS:
                    raise
                left += [part for part in reversed(target.parts) if part != target.anchor]
                if not target.is_absolute():
                    continue
                inner, at = os.open(target.anchor, _TRAVERSE_FLAGS), Path(target.anchor)
            else:
                at /= name
            os.close(handle)
            handle = inner
    except BaseException:
        os.close(handle)
        raise
    return handle


def _open_inner(name: str, outer: int, last: bool) -> int:
    """A folder inside another one; made, private, if it is not there."""
    how = os.O_RDONLY | _DIRECTORY_FLAGS if last else _TRAVERSE_FLAGS
    try:
        return os.open(name, how, dir_fd=outer)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=outer)
        return os.open(name, how, dir_fd=outer)


def _link(path: Path, name: str, outer: int) -> Path:
    """Where a symbolic link leads that root or this user made."""
    about = os.stat(name, dir_fd=outer, follow_symlinks=False)
    if not stat.S_ISLNK(about.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(path))
    if about.st_uid not in (0, os.getuid()):
        raise UnsafeError(f"the link {path} belongs to another user")
    return Path(os.readlink(name, dir_fd=outer))


def _check_ancestor(path: Path, about: os.stat_result) -> None:
    """A folder on the way: of root's or this user's, and others cannot replace what is in it."""
    own = os.getuid()
    if about.st_uid not in (0, own):
        raise UnsafeError(f"{path}, on the way to it, belongs to another user")
    writers = about.st_mode & 0o022
    if about.st_gid == own == os.getgid():
        writers &= 0o002  # a group of the user's own, as many systems give each user one
    if writers and not about.st_mode & stat.S_ISVTX:
        raise UnsafeError(f"others may write into {path}, on the way to it")


def _own_file(about: os.stat_result) -> bool:
    """Whether an open file is a plain one of this user's own, which nobody else may write."""
    if not stat.S_ISREG(about.st_mode):
        return False
    return not _ON_POSIX or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
