"""Compiled code stays inside its buffers, and reads nothing that nobody has written.

The programs run in processes of their own: one that leaves its buffers dies.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from campaign import Worker
from compiler.random_campaign import run_program
from guarded import guarded_empty, guarded_memory, room
from ranvier.compiler import stages
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.ops.creation import input_node
from ranvier.runtime.executable import Executable
from train.random_models import run_model

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="mprotect")


def outcome(run_case: Callable[[int], bool], seeds: range, threads: int = 1) -> Any:
    """(seed, what went wrong) of each case that failed."""
    worker = Worker(run_case, seeds, threads, guarded=True)
    while worker.look():
        worker.process.join(0.05)
    return worker.failures


PROGRAMS, MODELS, MORE = range(25), range(25, 28), range(28, 32)


def test_programs_models_and_loops_stay_inside() -> None:
    assert outcome(run_any, range(MORE.stop)) == []


def test_programs_on_two_threads_stay_inside() -> None:
    assert outcome(run_program, PROGRAMS, 2) == []


def run_any(seed: int) -> bool:
    """A program, a model, or what neither of them has: one process is started for all."""
    if seed in PROGRAMS:
        return run_program(seed)
    return run_model(seed - MODELS.start) if seed in MODELS else run_more(seed - MORE.start)


def run_more(seed: int) -> bool:
    """What no random program or model has: a scan on its own, rows through `predict`."""
    rng = np.random.default_rng(seed)
    steps, width = (int(n) for n in rng.integers(1, 20, 2))
    x = rng.normal(size=(steps, width)).astype("f")
    ids = rng.integers(0, width, (steps, 3))

    def body(state: Any, now: Any) -> Any:
        row, index = now
        return state + ranvier.take(row, index), ranvier.sum(state) * row

    def call(x: Any, ids: Any) -> Any:
        return ranvier.scan(body, ranvier.zeros((3,)), (x, ids))

    compiled = ranvier.compile(call)(ranvier.tensor(x), ranvier.tensor(ids))
    expected = call(ranvier.tensor(x), ranvier.tensor(ids))
    for found, wanted in zip(compiled, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), 1e-4, 1e-4)

    model = ranvier.Sequential([ranvier.nn.Dense(3, "tanh", input_shape=(width,))])
    model.compile("sgd", "mse")
    for rows in (1, 5, 33, 100):
        many = rng.normal(size=(rows, width)).astype("f")
        kernel, bias = model.get_weights()
        np.testing.assert_allclose(
            model.predict(many, 32), np.tanh(many @ kernel + bias), 1e-5, 1e-5
        )
    return False


# --- the guard itself ---------------------------------------------------------------------------


def a_buffer_planned_too_small(_: int) -> bool:
    plan: Any = vars(stages)["plan"]  # which may be one that guards memory
    with pytest.MonkeyPatch.context() as patch:
        smaller = lambda lives: plan([life._replace(size=life.size // 2) for life in lives])  # noqa: E731
        patch.setattr(stages, "plan", smaller)
        x = input_node((40, 40), "float32")
        inner = OPS["matmul"](OPS["matmul"](x, x), x)
        Executable(Graph([x], [inner])).run([np.ones((40, 40), "f")])
    return False


def an_input_that_is_too_short(_: int) -> bool:
    x = input_node((16,), "float32")
    executable = Executable(Graph([x], [OPS["exp"](x)]))
    short = room(60)[:4].view("f")
    array = np.lib.stride_tricks.as_strided(short, (16,))
    executable._table[0] = array.ctypes.data
    executable._table[1] = guarded_empty((16,), "f").ctypes.data
    executable._step(*executable._fixed, 0, 1, executable._rounds[0].ctypes.data)
    return False


@pytest.mark.parametrize("case", [a_buffer_planned_too_small, an_input_that_is_too_short])
def test_the_guard_ends_a_process(case: Callable[[int], bool]) -> None:
    assert outcome(case, range(1)) == [(0, f"the process died (exit code {-signal.SIGSEGV})")]


def test_what_nobody_has_written_is_seen() -> None:
    assert np.isnan(guarded_empty((3,), "f")).all()
    with guarded_memory():
        x = input_node((3,), "float32")
        executable = Executable(Graph([x], [OPS["exp"](x)]))
        executable._step = lambda *_: None  # type: ignore[assignment]
        executable._driver, executable._count = None, -1
        (out,) = executable.run([np.zeros(3, "f")])
    assert np.isnan(out).all()
