"""Writing to the disk: the one gate through which every file of the package goes.

    write_whole(path, data)     a file whole or not at all; whatever fails, what was there stays
    open_log(path, append)      a file that grows line by line
    check_output(path)          what both ask first; for commands, before the work begins

Nothing is written over a file that is being read (`protect`, `protected`), whatever its name: links
of both kinds are resolved. Nothing but a plain file is replaced. A file that is replaced keeps its
mode and, where the system lets it, its owner.

A file is written under another name in the same folder, its size checked, flushed to the disk and
renamed. That name stays behind only when the process dies on the way; the next save of the same
file removes it. A writer holds a lock on it, so that one that is at work is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import weakref
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import ArgumentError, FileError, warn
from .handles import Handles

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

FilePath = str | os.PathLike[str]

_NEW_FILE_FLAGS = os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_MAX_WRITE_BYTES = 1 << 30
_MAX_COMPARED_FILES = 100  # files of a source that are all compared; of more, those of that name

# What a suffix says of a file, so that none holds something else.
FORMATS = {
    **dict.fromkeys((".h5", ".hdf5"), "HDF5"),
    ".keras": "Keras",
    **dict.fromkeys((".pt", ".pth", ".tar"), "PyTorch"),
    ".ckpt": "checkpoint",
    **dict.fromkeys((".pb", ".tflite"), "TensorFlow"),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "pickle"),
    **dict.fromkeys((".npy", ".npz"), "NumPy"),
    **dict.fromkeys((".csv", ".tsv", ".parquet", ".xlsx"), "table"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".svg", ".pdf", ".gif", ".webp"), "picture"),
    **dict.fromkeys((".txt", ".md", ".html"), "text"),
    **dict.fromkeys((".zip", ".gz", ".xz", ".bz2", ".zst"), "archive"),
    ".py": "Python",
    ".ipynb": "Jupyter",
    ".onnx": "ONNX",
    ".gguf": "GGUF",
    ".json": "JSON",
    ".safetensors": "safetensors",
}


# --- what is being read -------------------------------------------------------------------------

_read_by_owner: weakref.WeakKeyDictionary[object, tuple[str, ...]] = weakref.WeakKeyDictionary()
_read_now: list[tuple[str, ...]] = []


def protect(owner: object, *paths: FilePath) -> None:
    """As long as `owner` lives, nothing is written over these files, which it reads."""
    known = _read_by_owner.get(owner, ())
    _read_by_owner[owner] = tuple(dict.fromkeys((*known, *map(os.path.abspath, paths))))


@contextlib.contextmanager
def protected(*paths: FilePath) -> Iterator[None]:
    """Inside, nothing is written over these files."""
    entry = tuple(os.path.abspath(path) for path in paths)
    _read_now.append(entry)
    try:
        yield
    finally:
        _read_now.remove(entry)


def _source_of(target: Path, about: os.stat_result) -> str | None:
    """The file that is being read and is this one, if there is one."""
    name = target.name.casefold()
    for paths in [*_read_now, *_read_by_owner.values()]:
        for path in paths:
            if len(paths) > _MAX_COMPARED_FILES and os.path.basename(path).casefold() != name:
                continue
            with contextlib.suppress(OSError):
                if os.path.samestat(os.stat(path), about):
                    return path
    return None


# --- what may be written ------------------------------------------------------------------------


def check_output(path: FilePath) -> Path:
    """Where a file of this name would be written; FileError where none may be."""
    try:
        target = Path(os.path.realpath(os.fspath(path)))
        about = os.stat(target)
    except FileNotFoundError:
        if target.parent.is_dir():
            return target
        raise FileError(
            f"{path}: the folder {target.parent} does not exist; make it first"
        ) from None
    except TypeError:
        raise no_path(path) from None
    except (OSError, ValueError) as problem:
        raise FileError(f"{path} cannot be written: {problem}") from problem
    if stat.S_ISDIR(about.st_mode):
        raise FileError(f"{path} is a folder; give the name of a file in it")
    if not stat.S_ISREG(about.st_mode):
        raise FileError(
            f"{path} is {kind_of(about.st_mode)}, which a file would replace; give the name of a "
            "plain file"
        )
    source = _source_of(target, about)
    if source is not None:
        same = "" if os.path.abspath(path) == source else f", the same file as {source},"
        raise FileError(
            f"{path}{same} is being read as data, and to write it would destroy it; give "
            "another name"
        )
    return target


def no_path(value: object) -> ArgumentError:
    """The error for what is given as the name of a file and is none."""
    return ArgumentError(f"expected the name of a file, got {value!r:.80}")


def kind_of(mode: int) -> str:
    """What there is if it is no plain file, in words."""
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def check_suffix(path: FilePath, right: str, foreign: Collection[str] = ()) -> None:
    """The suffix must not promise another format than `right`; one of `foreign` warns once."""
    if not isinstance(path, str | os.PathLike):
        raise no_path(path)
    suffix = Path(os.fspath(path)).suffix.lower()
    other = FORMATS.get(suffix)
    if other is None or suffix == right:
        return
    stem = Path(os.fspath(path)).with_suffix(right).name
    if suffix not in foreign:
        raise FileError(
            f"{path}: {suffix} is the suffix of {other} files, and this would be written as "
            f"{FORMATS[right]}; name it {stem}"
        )
    if suffix not in _warned_suffixes:
        _warned_suffixes.add(suffix)
        warn(
            f"{path} is written as {FORMATS[right]}, which Ranvier reads under any name, but no "
            f"program that reads {other} files; {stem} would say so"
        )


_warned_suffixes: set[str] = set()


def suffix_among(path: FilePath, suffixes: Sequence[str]) -> str:
    """The suffix of a file to write, which says its format: one of these, else ArgumentError.

    >>> suffix_among("Curve.SVG", (".html", ".svg"))
    '.svg'
    """
    suffix = Path(os.fspath(path)).suffix.lower()
    if suffix not in suffixes:
        raise ArgumentError(f"{path}: expected a name that ends in {', '.join(suffixes)}")
    return suffix


# --- whole files --------------------------------------------------------------------------------


def write_whole(path: FilePath, data: bytes | Iterable[bytes]) -> None:
    """Put `data` at `path` whole or not at all: whatever fails, the file that was there stays.

    Data in parts are written as they come; an error on the way to one of them leaves no file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(os.path.join(folder, "a"), b"all of it")
    ...     os.listdir(folder)
    ['a']
    """
    target = check_output(path)
    _remove_stale(target)
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    opened = Handles()
    try:
        _write_part(part, target, data, opened)
        opened.close()
        os.replace(part, target)
    except BaseException as problem:
        # NOTE: also when it comes between the making of the file and the next line.
        opened.close()
        with contextlib.suppress(OSError):
            part.unlink()
        if not isinstance(problem, OSError) or isinstance(problem, FileError):
            raise
        what = problem.strerror or str(problem)
        raise FileError(
            f"{path} could not be written ({what}); what was there before is unchanged. "
            "Free some space or choose another folder, and save again"
        ) from problem


def _write_part(part: Path, target: Path, data: bytes | Iterable[bytes], opened: Handles) -> None:
    """The data under the name `part`, with the mode that `target` has."""
    before = os.stat(target) if target.exists() else None
    handle = _locked(part, 0o666 if before is None else 0o600, opened)
    expected = 0
    for some in [data] if isinstance(data, bytes) else data:
        _write_all(handle, some)
        expected += len(some)
    if before is not None:
        _give_mode(handle, part, before)
    os.fsync(handle)
    size = os.fstat(handle).st_size
    if size != expected:
        raise OSError(f"only {size:,} of {expected:,} bytes were kept")


def _locked(part: Path, mode: int, opened: Handles) -> int:
    """A new file, locked, so that nobody takes it for one that was left behind."""
    while True:
        handle = opened.open(part, os.O_WRONLY | _NEW_FILE_FLAGS, mode)
        if fcntl is None:
            return handle
        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:  # somebody may have removed it before it was locked
            return handle
        opened.close()


def _give_mode(handle: int, part: Path, before: os.stat_result) -> None:
    """Mode and owner of the file that is replaced."""
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):
            os.fchown(handle, before.st_uid, before.st_gid)
    mode = stat.S_IMODE(before.st_mode)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, mode)
    else:
        os.chmod(part, mode)


def _write_all(handle: int, data: bytes) -> None:
    """Every byte of `data`: a write may take only a part, which is no error by itself."""
    left = memoryview(data)
    while left:
        done = os.write(handle, left[:_MAX_WRITE_BYTES])
        if done <= 0:
            raise OSError(f"the disk took only {len(data) - len(left):,} of {len(data):,} bytes")
        left = left[done:]


def _remove_stale(target: Path) -> None:
    """Remove what writers of this file left behind who died on the way."""
    form = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.part")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for name in [entry.name for entry in entries if form.fullmatch(entry.name)]:
            with contextlib.suppress(OSError):
                _remove_if_left(target.with_name(name))


def _remove_if_left(part: Path) -> None:
    if not stat.S_ISREG(os.lstat(part).st_mode):
        return
    if fcntl is None:
        part.unlink()  # refused while it is open
        return
    handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink()
    finally:
        os.close(handle)


# --- files that grow ----------------------------------------------------------------------------


class Log:
    """A text file that grows line by line; a line is there whole or not at all."""

    def __init__(self, path: FilePath, handle: int) -> None:
        self.path = path
        self._handle = handle

    def write(self, line: str) -> None:
        """Add a line; FileError where it cannot be written, with all lines before it kept."""
        before = self.size()
        try:
            _write_all(self._handle, line.encode())
        except OSError as problem:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, before)
            what = problem.strerror or str(problem)
            raise FileError(
                f"{self.path}: a line could not be written ({what}); those before it are kept. "
                "Free some space or choose another folder"
            ) from problem

    def size(self) -> int:
        """How many bytes are written."""
        return os.fstat(self._handle).st_size

    def cut(self, size: int) -> None:
        """Keep so many bytes."""
        os.ftruncate(self._handle, size)

    def close(self) -> None:
        """Close the file; what was written stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        self.close()


def open_log(path: FilePath, append: bool = False) -> Log:
    """A text file to which lines are added one by one; reset unless `append`."""
    target = check_output(path)
    how = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if append else os.O_TRUNC)
    try:
        return Log(path, os.open(target, how | _LOG_FILE_FLAGS, 0o666))
    except OSError as problem:
        what = problem.strerror or str(problem)
        raise FileError(f"{path} cannot be written ({what}); choose another folder") from problem


_LOG_FILE_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
