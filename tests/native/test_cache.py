"""The cache of kernels: whole entries or none, never an error, never another machine's code."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier.base.config import switches
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.io.private import open_private
from ranvier.native import cache as entries_module
from ranvier.native import code_cache
from ranvier.native import object_code as build_module
from ranvier.native.code_cache import forget_code
from ranvier.ops.creation import input_node
from ranvier.runtime.call_glue import driver
from ranvier.runtime.executable import Executable

ON_POSIX = pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")


def sample(number: int = 1) -> Graph:
    x, y = input_node((7, 5), "float32", "x"), input_node((5, 3), "float32", "y")
    return Graph([x, y], [OPS["tanh"](x @ y) + number])


def result(number: int = 1) -> Any:
    """Build and run the sample as in a new process; its numbers."""
    forget_code()
    return Executable(sample(number)).run([np.ones((7, 5), "f4"), np.ones((5, 3), "f4")])[0]


EXPECTED = np.full((7, 3), np.tanh(5.0) + 1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setattr(switches, "cache", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The IR of everything that LLVM really compiled."""
    driver()  # made once in a process, whatever is forgotten
    seen: list[str] = []
    compile_object = build_module.compile_object

    def spy(text: str, *how: Any) -> build_module.Objects:
        seen.append(text)
        return compile_object(text, *how)

    monkeypatch.setattr(code_cache, "compile_object", spy)
    yield seen


def entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_the_second_time_nothing_is_compiled(folder: Path, built: list[str]) -> None:
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert len(built) == 1
    (entry,) = entries(folder)
    assert entry.suffix == ".bin"
    result(2)
    assert len(built) == 2 and len(entries(folder)) == 2


DAMAGE = {
    "empty": lambda data: b"",
    "only a checksum": lambda data: data[:32],
    "cut short": lambda data: data[:-1],
    "cut in the checksum": lambda data: data[:20],
    "one bit of the code": lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    "one bit of the checksum": lambda data: bytes([data[0] ^ 128]) + data[1:],
    "more behind": lambda data: data + b"x",
    "something else": lambda data: b"not a kernel",
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_rebuilt(folder: Path, built: list[str], damage: str) -> None:
    result()
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    entry.write_bytes(DAMAGE[damage](whole))
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert len(built) == 2
    assert entry.read_bytes() == whole
    result()
    assert len(built) == 2


def test_a_folder_instead_of_an_entry(folder: Path, built: list[str]) -> None:
    result()
    (entry,) = entries(folder)
    entry.unlink()
    entry.mkdir()
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert entries(folder) == [entry]


# --- attacks in between -------------------------------------------------------------------------


def swapped(a: Path, b: Path) -> None:
    aside = a.with_suffix(".aside")
    a.rename(aside)
    b.rename(a)
    aside.rename(b)


def linked(path: Path, target: Path) -> None:
    path.rename(path.with_name(f"{path.name}{random.randrange(1 << 60)}"))
    path.symlink_to(target)


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


# What is done to two entries of a folder, or to the folder.
ATTACKS: list[Callable[[random.Random, Path, Path], Any]] = [
    lambda rng, a, b: os.truncate(a, rng.randrange(a.stat().st_size)),
    lambda rng, a, b: swapped(a, b),
    lambda rng, a, b: a.chmod(rng.choice([0, 0o644, 0o666, 0o777])),
    lambda rng, a, b: a.parent.chmod(rng.choice([0o700, 0o500, 0o777, 0])),
    lambda rng, a, b: shutil.rmtree(a.parent),
    lambda rng, a, b: shutil.rmtree(a.parents[1]),
    lambda rng, a, b: linked(a.parent, a.parents[2]),
    lambda rng, a, b: linked(a.parents[1], a.parents[2]),
    lambda rng, a, b: replaced(a, os.mkfifo),
    lambda rng, a, b: linked(a, Path("/dev/zero")),
    lambda rng, a, b: replaced(a, Path.mkdir),
]


@ON_POSIX
@pytest.mark.filterwarnings("ignore:the cache")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_to_the_folder_in_between(
    folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Before any call of the system somebody may have been there: numbers stay right."""
    rng, calls, attacks = random.Random(seed), 0, 0

    def between(call: Callable[..., Any]) -> Callable[..., Any]:
        def attacked(*arguments: Any, **options: Any) -> Any:
            nonlocal calls, attacks
            calls += 1
            if rng.random() < 0.3:
                attacks += 1
                with monkeypatch.context() as patch, contextlib.suppress(OSError, ValueError):
                    for name, real in REAL.items():
                        patch.setattr(os, name, real)
                    pair = [*entries(folder), folder / "none"]
                    rng.choice(ATTACKS)(rng, rng.choice(pair), rng.choice(pair))
            return call(*arguments, **options)

        return attacked

    result()
    with monkeypatch.context() as patch:
        for name, real in REAL.items():
            patch.setattr(os, name, between(real))
        for number in [1, 2, 3] * 8:
            np.testing.assert_allclose(result(number), EXPECTED + number - 1, rtol=1e-6)
    assert calls > 24 and attacks > 8


REAL = {name: getattr(os, name) for name in ("open", "replace", "mkdir", "unlink", "readlink")}


def raises(error: BaseException) -> Any:
    def function(*arguments: Any, **options: Any) -> None:
        raise error

    return function


def test_a_write_that_fails_leaves_nothing(
    folder: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", raises(OSError(28, "No space left on device")))
        np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert entries(folder) == []
    for wrong in (OSError(5, "Input/output error"), KeyboardInterrupt()):
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", raises(wrong))
            with contextlib.suppress(KeyboardInterrupt):
                result()
        assert entries(folder) == []
    result()
    assert len(entries(folder)) == 1


def test_off_keeps_nothing(
    tmp_path: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "cache", "off")
    monkeypatch.chdir(tmp_path)
    result()
    result()
    assert len(built) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_instead_of_the_folder(
    tmp_path: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setattr(switches, "cache", str(tmp_path / "cache"))
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert len(built) == 1


@ON_POSIX
def test_a_folder_that_cannot_be_written(folder: Path, built: list[str]) -> None:
    result()
    folder.chmod(0o500)
    try:
        np.testing.assert_allclose(result(3), EXPECTED + 2, rtol=1e-6)
        np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
        assert len(built) == 2
    finally:
        folder.chmod(0o700)


@ON_POSIX
def test_the_folder_is_private(folder: Path) -> None:
    before = os.umask(0)
    try:
        result()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (entry,) = entries(folder)
    assert stat.S_IMODE(entry.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("field", ["name", "features", "llvm"])
def test_another_machine_has_entries_of_its_own(
    folder: Path, built: list[str], monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    result()
    code_cache.code_of_text("graphs", built[0], ("step",))
    host = build_module.host()
    other = host._replace(**{field: getattr(host, field) + "?"})
    text = built[0]
    with monkeypatch.context() as patch:
        patch.setitem(build_module._ready, "host", other)
        patch.setattr(code_cache, "load", lambda code: code)
        code_cache.code_of_text("graphs", text, ("step",))
    assert len(built) == 3 and len(entries(folder)) == 3


def test_the_name_of_the_host_says_how_code_is_made() -> None:
    """LLVM's version and this package's own part in it are in every key."""
    import llvmlite

    version = build_module.host().llvm.split("/")
    assert version[0] == llvmlite.__version__
    assert len(version) == 3 and all(version)


# --- a graph has one text, whenever and wherever it is compiled ----------------------------------

TEXTS = """
import sys, hashlib
sys.path[:0] = PATHS
import random
from compiler.random_graphs import build
from runtime.test_arrays import UPDATES
from runtime.test_threads import network
from compiler.common import threads
from ranvier.runtime.executable import Executable
from ranvier.native import code_cache
class Stop(Exception): pass
def stop(text, *how): print(hashlib.sha256(text.encode()).hexdigest()); raise Stop
code_cache.compile_object = stop
def show(graph):
    for count in (1, 2):
        with threads(count):
            try: Executable(graph)
            except Stop: pass
for name, graph in UPDATES.items(): show(graph)
show(network()[0])
for seed in range(60):
    r = random.Random(seed)
    show(build(lambda n: r.randrange(n))[0])
"""


def in_new_process(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.replace("PATHS", repr(sys.path))],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_every_process_writes_the_same_code() -> None:
    """Nothing in it may hang on the order of a set, which is another one in every process."""
    first = in_new_process(TEXTS, PYTHONHASHSEED="1")
    assert len(first.split()) > 100
    assert (
        in_new_process(
            "import math, decimal\npad = [object() for _ in range(999)]" + TEXTS, PYTHONHASHSEED="2"
        )
        == first
    )


# --- several processes at once ------------------------------------------------------------------

WORK = """
import sys
sys.path[:0] = PATHS
from native.test_cache import result
for attempt in range(3):
    for number in range(6):
        assert abs(float(result(number)[0, 0]) - number - 0.9999092) < 1e-5
"""


def test_processes_share_one_cache(folder: Path) -> None:
    environment = {**os.environ, "RANVIER_CACHE": str(folder.parent)}
    code = WORK.replace("PATHS", repr(sys.path))
    workers = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for worker in workers:
        _, message = worker.communicate(timeout=120)
        assert worker.returncode == 0, message.decode()
    found = entries(folder)
    assert len(found) == 6 and all(e.suffix == ".bin" for e in found)
    for entry in found:
        data = entry.read_bytes()
        assert entries_module.MARK == data[:8] and len(data) > 1000


def test_a_folder_keeps_to_its_limit_by_dropping_what_was_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries_module, "_MAX_BYTES", 1000)
    tmp_path.chmod(0o700)
    folder = open_private(tmp_path)
    paths = [tmp_path / f"{i}.bin" for i in range(10)]
    for i, path in enumerate(paths):
        folder.write(path.name, bytes(92))
        os.utime(path, (i, i))
    assert folder.read(paths[0].name, 1000) == bytes(92)  # used: now the youngest
    entries_module.trim(folder)
    assert len(entries(tmp_path)) == 10
    monkeypatch.setattr(entries_module, "_MAX_BYTES", 800)
    abandoned = tmp_path / "x.part"
    abandoned.write_bytes(b"")
    os.utime(abandoned, (0, 0))
    entries_module.trim(folder)
    folder.close()
    assert sorted(tmp_path.iterdir()) == sorted([paths[0], *paths[5:]])
