"""The folder of compiled code: nobody else may have a hand in it, on any part of the way there."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ranvier.base.config import switches
from ranvier.io import private
from ranvier.io.private import UnsafeError, open_private, private_folder

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")
AS_ROOT = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="gives files to another user"
)
STRANGER = 54321


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to try things in, and another one for what stands in."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(private, "_warned", set())
    (tmp_path / "home").mkdir()
    monkeypatch.setattr(switches, "cache", str(tmp_path / "home" / "cache"))
    return tmp_path / "home"


def refused(path: Path) -> str:
    with pytest.raises(UnsafeError) as caught:
        open_private(path)
    return str(caught.value)


def test_it_is_made_private_with_the_folders_above_it(home: Path) -> None:
    before = os.umask(0)
    try:
        open_private(home / "a" / "b").close()
    finally:
        os.umask(before)
    for path in (home / "a", home / "a" / "b"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_files_come_back_and_no_handle_stays_open(home: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(3):
        with private_folder("kernels") as folder:
            assert folder is not None
            folder.write("x", b"code")
            assert folder.read("x", 4) == b"code" and folder.read("x", 3) is None
            assert folder.read("missing", 4) is None
            assert [(file.name, file.size) for file in folder.files()] == [("x", 4)]
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write(home: Path, mode: int) -> None:
    (home / "c").mkdir()
    (home / "c").chmod(mode)
    assert "others may write into" in refused(home / "c")


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("mode", [0o777, 0o757, 0o722])
def test_a_folder_above_it_that_others_can_write(home: Path, depth: int, mode: int) -> None:
    way = home / "a" / "b" / "c"
    way.mkdir(parents=True, mode=0o700)
    above = [home, home / "a", home / "a" / "b"][depth]
    above.chmod(mode)
    message = refused(way)
    assert "on the way to it" in message and str(above) in message
    above.chmod(mode | stat.S_ISVTX)  # as /tmp has it: nobody replaces what is another's
    open_private(way).close()
    above.chmod(0o700)
    open_private(way).close()


@AS_ROOT
def test_what_belongs_to_somebody_else(home: Path) -> None:
    way = home / "a" / "b"
    way.mkdir(parents=True, mode=0o700)
    for path, message in ((way, "belongs to another user"), (way.parent, "on the way to it")):
        os.chown(path, STRANGER, STRANGER)
        assert message in refused(way)
        os.chown(path, 0, 0)
    open_private(way).close()
    (home / "link").symlink_to(way)
    open_private(home / "link").close()
    os.chown(home / "link", STRANGER, STRANGER, follow_symlinks=False)
    assert "the link" in refused(home / "link")


def test_links_on_the_way_are_followed_and_looked_at(home: Path) -> None:
    real = home / "real" / "inner"
    real.mkdir(parents=True, mode=0o700)
    (home / "absolute").symlink_to(home / "real")
    (home / "relative").symlink_to("absolute/../absolute")
    open_private(home / "relative" / "inner").close()
    (home / "real").chmod(0o777)
    assert str(home / "real") in refused(home / "relative" / "inner")
    (home / "circle").symlink_to("circle")
    with pytest.raises(OSError):
        open_private(home / "circle" / "x")


def planted(folder: Path, kind: str) -> Path:
    """Something in the place of the entry "x" that is not this user's own plain file."""
    path = folder / "x"
    other = folder.parent / "elsewhere"
    other.write_bytes(b"code")
    if kind == "link":
        path.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"code")
        path.chmod(0o666 if kind == "writable" else 0o620)
    return path


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "writable", "group"])
def test_a_file_that_is_not_plainly_ones_own_is_not_read(home: Path, kind: str) -> None:
    (home / "c").mkdir(mode=0o700)
    planted(home / "c", kind)
    folder = open_private(home / "c")
    assert folder.read("x", 100) is None
    folder.write("x", b"mine")
    assert folder.read("x", 100) == (None if kind == "folder" else b"mine")
    folder.close()
    assert (home / "elsewhere").read_bytes() == b"code"


@AS_ROOT
def test_a_file_of_somebody_else_is_not_read(home: Path) -> None:
    (home / "c").mkdir(mode=0o700)
    (home / "c" / "x").write_bytes(b"code")
    os.chown(home / "c" / "x", STRANGER, STRANGER)
    folder = open_private(home / "c")
    assert folder.read("x", 100) is None
    folder.close()


def test_what_was_opened_is_used_though_the_path_leads_elsewhere(home: Path) -> None:
    (home / "c").mkdir(mode=0o700)
    folder = open_private(home / "c")
    folder.write("x", b"mine")
    (home / "c").rename(home / "moved")
    (home / "c").mkdir()
    (home / "c" / "x").write_bytes(b"foreign")
    assert folder.read("x", 100) == b"mine"
    folder.write("y", b"mine too")
    assert sorted(os.listdir(home / "c")) == ["x"]
    assert sorted(os.listdir(home / "moved")) == ["x", "y"]
    folder.close()


def test_a_folder_swapped_between_two_looks_is_looked_at_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is put in its place while the way is walked, what is opened last is checked."""
    way = home / "a" / "b"
    way.mkdir(parents=True, mode=0o700)
    bad = home / "bad"
    (bad / "b").mkdir(parents=True)
    bad.chmod(0o777)
    opened = os.open
    swapped: list[str] = []

    def swap(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "a" and not swapped:
            swapped.append(path)
            (home / "a").rename(home / "before")
            (home / "a").symlink_to(bad)
        return opened(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swap)
    assert str(bad) in refused(way)
    assert swapped


def test_the_stand_in_is_reported_once_and_is_private(home: Path) -> None:
    home.chmod(0o777)
    message = r"is not used: others may write into .*RANVIER_CACHE"
    with pytest.warns(UserWarning, match=message) as seen, private_folder("kernels") as folder:
        assert folder is not None and folder.path.parent.parent == home.parent / "temporary"
        folder.write("x", b"code")
    assert [w.filename for w in seen] == [__file__]  # and not contextlib's
    with private_folder("kernels") as folder:  # said already: a warning would be an error here
        assert folder is not None and folder.read("x", 4) == b"code"
    assert list(home.iterdir()) == []
    shutil.rmtree(home.parent / "temporary")
    (home.parent / "temporary").mkdir()
    (home.parent / "temporary").chmod(0o777)
    with private_folder("kernels") as folder:
        assert folder is None


def test_a_cache_that_cannot_be_made_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "cache").write_text("a file")
    with private_folder("kernels") as folder:
        assert folder is None
    monkeypatch.setattr(switches, "cache", "off")
    with private_folder("kernels") as folder:
        assert folder is None


@pytest.fixture(autouse=True)
def modes_back(tmp_path: Path) -> Iterator[None]:
    """So that the folder can be removed after the test."""
    yield
    for path in (tmp_path / "home", tmp_path / "temporary"):
        if path.exists():
            path.chmod(0o700)
