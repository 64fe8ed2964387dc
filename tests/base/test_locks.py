"""Locks: a forked child finds them free, whatever other threads were doing, and a signal handler
never waits for what it interrupted.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from paths import SRC
from ranvier.base.locks import ProcessLock
from syntax import parsed

KINDS = {
    "Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier", "Queue",
    "LifoQueue", "PriorityQueue", "SimpleQueue", "ThreadPoolExecutor", "ProcessPoolExecutor",
}  # fmt: skip

# Classes that make locks elsewhere than in `renew`, each with its reason.
ELSEWHERE = {
    ("base.locks", "ProcessLock"): "the locks themselves",
    ("runtime.thread_pool", "_Door"): "the pool forgets its doors in a child",
    ("train.fit.streaming", "Prefetch"): "part of one call of fit, which no child goes on with",
}  # fmt: skip


def made(tree: ast.AST, around: tuple[str, ...] = ()) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line of each lock made, and the classes and functions around it."""
    for node in ast.iter_child_nodes(tree):
        inside = around
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*around, node.name)
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in KINDS:
                yield node.lineno, around
        # `functools.cached_property` has a lock before Python 3.12.
        if "cached_property" in (getattr(node, "name", ""), getattr(node, "attr", "")):
            yield getattr(node, "lineno", 0), around
        yield from made(node, inside)


def offences(files: dict[str, str]) -> list[str]:
    """Locks that a child would find as another thread left them."""
    found = []
    for name, text in files.items():
        for line, around in made(parsed(text)):
            if around and around[-1] == "renew":
                continue
            if around and (name, around[0]) in ELSEWHERE:
                continue
            found.append(f"{name}, line {line}")
    return found


def sources() -> dict[str, str]:
    return {
        ".".join(path.relative_to(SRC).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in SRC.rglob("*.py")
    }


def test_every_lock_is_new_in_a_child() -> None:
    assert offences(sources()) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import threading\n_lock = threading.Lock()",
        "from threading import RLock\nclass A:\n    lock = RLock()",
        "class A:\n    def __init__(self):\n        self.lock = threading.Condition()",
        "import queue\ndef f(q=queue.Queue()): ...",
        "from functools import cached_property",
        "import functools\nclass A:\n    @functools.cached_property\n    def f(self): ...",
    ],
)
def test_a_planted_lock_is_caught(planted: str) -> None:
    assert len(offences({"planted": planted})) == 1


def test_exceptions_named_above_still_exist() -> None:
    files = sources()
    for name, owner in ELSEWHERE:
        assert any(around[:1] == (owner,) for _, around in made(parsed(files[name]))), owner


def test_the_owner_may_take_it_again_and_others_wait() -> None:
    lock = ProcessLock()
    seen = []
    with lock:
        with lock:
            other = threading.Thread(target=lambda: seen.append(lock.acquire(0.0)))
            other.start()
            other.join()
        assert seen == [False]
    assert lock.acquire(0.0)
    lock.release()


# --- in a process of its own --------------------------------------------------------------------

_HEAD = """
import os, signal, threading, time
import numpy as np
import ranvier
from ranvier.nn import Dense

def model(units):
    made = ranvier.Sequential([Dense(units, "tanh", input_shape=(8,)), Dense(units, "tanh"), Dense(1)])
    made.compile("adam", "mse")
    return made

x = np.random.default_rng(0).normal(size=(512, 8)).astype("f")
y = x[:, :1]
"""  # noqa: E501


def run(code: str, **environment: str) -> None:
    """Run it in another process, with two threads for each graph and no cache."""
    settings = {"RANVIER_CACHE": "off", "RANVIER_CHECK": "0", "RANVIER_THREADS": "2", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _HEAD + code],
        env={**os.environ, "PYTHONPATH": str(SRC.parent), **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout


# What each child does, with an alarm that ends it where it waits for ever.
_CHILDREN = """
def children(number, work):
    for i in range(number):
        time.sleep(0.01 * i)
        child = os.fork()
        if not child:
            try:
                signal.alarm(60)
                work(i)
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0, (i, status)
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@forks
@pytest.mark.parametrize(("delay", "count"), [("0.05", "1"), ("0.2", "4")])
def test_forks_while_a_thread_imports_and_compiles(delay: str, count: str) -> None:
    code = """
stop = []

def compiles():
    n = 3
    while not stop:
        n += 1
        model(n).fit(x, y, epochs=1, verbose=0)

def work(i):
    model(3).fit(x, y, epochs=1, verbose=0)

threading.Thread(target=compiles, daemon=True).start()
time.sleep(DELAY)
children(COUNT, work)
os._exit(0)
"""
    run(_CHILDREN + code.replace("DELAY", delay).replace("COUNT", count))


@forks
def test_forks_while_a_thread_fits() -> None:
    code = """
net = model(256)
net.fit(x, y, batch_size=256, epochs=1, verbose=0)
net.predict(x)
net.evaluate(x, y)

def work(i):
    assert np.isfinite(net.predict(x)).all()
    assert net.evaluate(x, y) >= 0
    net.fit(x, y, batch_size=256, epochs=2, verbose=0)

def fits():
    net.fit(x, y, batch_size=256, epochs=100_000, verbose=0)

threading.Thread(target=fits, daemon=True).start()
time.sleep(0.2)
children(4, work)
os._exit(0)
"""
    run(_CHILDREN + code)


@forks
def test_forks_by_the_thread_that_has_the_lock() -> None:
    code = """
from ranvier.nn.walk import standing
with standing:
    children(2, lambda i: model(5).fit(x, y, verbose=0))
with standing:
    child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    run(_CHILDREN + code)


@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="no timers here")
def test_a_signal_handler_that_trains_or_predicts_never_waits_for_ever() -> None:
    code = """
net, other = model(256), model(200)
for one in (net, other):
    one.fit(x, y, batch_size=256, epochs=1, verbose=0)
    one.predict(x)
answers = []

def handler(number, frame):
    for use in (
        lambda: net.predict(x),
        lambda: other.predict(x),
        lambda: net.evaluate(x, y),
        lambda: net.fit(x, y, batch_size=256, verbose=0),
        lambda: net.train_on_batch(x, y),
        lambda: other.fit(x, y, batch_size=256, verbose=0),
    ):
        try:
            use()
            answers.append("done")
        except ranvier.errors.StateError as error:
            answers.append(str(error))
    if len(answers) >= 36:
        net.stop_training = True
    else:
        signal.setitimer(signal.ITIMER_REAL, 0.003)

signal.signal(signal.SIGALRM, handler)
threading.Timer(60, lambda: os._exit(9)).start()
signal.setitimer(signal.ITIMER_REAL, 0.003)
net.fit(x, y, batch_size=256, epochs=10**8, verbose=0)
assert answers[0::6].count("done") >= 5, answers[0::6]
assert answers[5::6].count("done") >= 5, answers[5::6]
for said in answers[3::6] + answers[4::6]:
    assert "in training already" in said, said
os._exit(0)
"""
    run(code)


def test_a_fork_does_not_wait_for_a_thread_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    from ranvier.base import locks

    lock, taken, done = ProcessLock(), threading.Event(), threading.Event()
    monkeypatch.setattr(locks, "_PATIENCE", 0.05)
    monkeypatch.setattr(locks, "_locks", [lock])

    def hold() -> None:
        with lock:
            taken.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(20)
    began = time.monotonic()
    locks._before()
    assert time.monotonic() - began < 10
    locks._after_in_parent()
    done.set()
    thread.join()
    assert lock.acquire(1.0)
    lock.release()


# Sends a signal before the import number `k` of a first training, in a child for each k.
_IMPORTS = """
import contextlib, io, pickle, sys

class Alarm:
    def __init__(self, at):
        self.at, self.names = at, []

    def find_spec(self, name, path=None, target=None):
        self.names.append(name)
        if len(self.names) == self.at:
            signal.raise_signal(signal.SIGUSR1)

said = []

def handler(number, frame):
    try:
        other = model(3)
        other.fit(x, y, epochs=1, verbose=0)
        other.predict(x)
        said.append("done")
    except ranvier.errors.StateError as error:
        said.append(str(error))
    except BaseException as error:
        said.append(f"raw {type(error).__name__}: {error}")

def child(at):
    read, write = os.pipe()
    if not os.fork():
        signal.alarm(60)
        alarm = Alarm(at)
        sys.meta_path.insert(0, alarm)
        with contextlib.redirect_stdout(io.StringIO()):
            made = model(2)
            made.fit(x, y, epochs=1, verbose=1)
            made.predict(x)
        os.write(write, pickle.dumps((alarm.names, said)))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        out = pickle.loads(answer.read())
    os.wait()
    return out

signal.signal(signal.SIGUSR1, handler)
names, _ = child(0)
assert len(names) > 60, names
found = {names.index(name) + 1 for name in FIRST if name in names}
for at in sorted(found | set(range(1, len(names) + 1, STEP))):
    _, (answer,) = child(at)
    clear = answer == "done" or "signal handler has interrupted the import of" in answer
    assert clear and "raw" not in answer, (names[at - 1], answer)
"""
# One module inside each import that training begins.
_FIRST = [
    "numpy.random.mtrand",
    "ranvier.compiler.store",
    "llvmlite.binding.ffi",
    "ranvier.codegen.gemm",
]


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
@pytest.mark.parametrize("step", [1000, pytest.param(1, marks=pytest.mark.slow)])
def test_a_signal_handler_that_trains_during_imports_is_told_so(step: int) -> None:
    run(f"FIRST, STEP = {_FIRST}, {step}" + _IMPORTS)
