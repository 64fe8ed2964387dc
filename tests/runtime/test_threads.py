"""Threads: the same bits for any number of them, from any thread, as often as one likes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import ranvier
from compiler.common import Array, check_run, threads
from compiler.random_graphs import build
from ranvier import config, nn
from ranvier.errors import GraphError
from ranvier.executors.reference import ReferenceExecutable
from ranvier.graph.batch_plan import BatchPlan
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.ops.creation import input_node
from ranvier.ops.op import apply
from ranvier.runtime import thread_pool as pool
from ranvier.runtime.executable import Executable
from ranvier.runtime.thread_choice import Choice

COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
}


def executables(graph: Graph, **how: Any) -> list[Executable]:
    """The graph for 1, 2 and 3 threads, all of which are used."""
    made = []
    for count in (1, 2, 3):
        with threads(count):
            made.append(Executable(graph, **how))
    return made


def bits(arrays: Sequence[Array]) -> list[bytes]:
    return [np.ascontiguousarray(a).tobytes() for a in arrays]


def same_bits_on_any_threads(data: st.DataObject) -> None:
    graph, arrays = build(lambda n: data.draw(st.integers(0, n - 1)))
    found = []
    for executable in executables(graph):
        copies = [np.array(a) for a in arrays]
        outputs = [executable.run(copies) for _ in range(3)]
        found.append([bits(x) for x in (*outputs, copies)])
    assert found[0] == found[1] == found[2], graph


@settings(max_examples=50, **COMMON)
@given(st.data())
def test_same_bits_on_any_number_of_threads(data: st.DataObject) -> None:
    same_bits_on_any_threads(data)


@pytest.mark.slow
@settings(max_examples=1500, **COMMON)
@given(st.data())
def test_same_bits_on_any_number_of_threads_for_many_graphs(data: st.DataObject) -> None:
    same_bits_on_any_threads(data)


# --- a small network, whose kernels are all shared ----------------------------------------------


def network(rows: int = 64) -> tuple[Graph, list[Array]]:
    """A step of training with two layers, written by hand."""
    x, y = input_node((rows, 20), "float32", "x"), input_node((rows, 1), "float32", "y")
    count = input_node((), "float32", "count")
    w, v = input_node((20, 33), "float32", "w"), input_node((33, 1), "float32", "v")
    seen, key = input_node((), "float64", "seen"), input_node((2,), "uint32", "key")
    iota = apply(OPS["iota"], like=x, shape=(rows, 1), axis=0, dtype=np.dtype("float32"))
    mask = OPS["astype"](OPS["less"](iota, count), "float32")
    h = OPS["tanh"](x @ w)
    error = (h @ v - y) * mask
    back = OPS["permute_dims"]
    slope = error * (2.0 / count)
    new_v = v - 0.1 * (back(h, (1, 0)) @ slope)
    inner = (slope @ back(v, (1, 0))) * (1 - h * h)
    new_w = w - 0.1 * (back(x, (1, 0)) @ inner)
    total = seen + OPS["astype"](OPS["sum"](error * error), "float64")
    updates = {w: new_w, v: new_v, seen: total, key: OPS["random_bits"](key, (2,))}
    graph = Graph([x, y, count, w, v, seen, key], [OPS["sum"](error * error) / count], updates)
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.standard_normal(n.shape) * 0.3).astype(n.dtype) for n in graph.inputs]
    arrays[2] = np.asarray(rows, np.float32)
    arrays[5] = np.zeros(())
    arrays[6] = np.array([1, 2], np.uint32)
    return graph, arrays


def trained(executable: Executable, arrays: Sequence[Array], steps: int) -> list[bytes]:
    copies = [a.copy() for a in arrays]
    for _ in range(steps):
        executable.run(copies)
    return bits(copies)


def test_the_kernels_are_shared() -> None:
    one, two, three = executables(network()[0])
    assert (one.threads, two.threads, three.threads) == (1, 2, 3)
    with threads(2):  # a compilation is made once more, for the threads there are now
        assert two.compilation().module.threaded
    with threads(1):
        assert not one.compilation().module.threaded


def test_many_runs_end_in_the_same_bits() -> None:
    graph, arrays = network()
    one, two, three = executables(graph)
    expected = trained(one, arrays, 200)
    for _ in range(3):
        assert trained(two, arrays, 200) == expected
        assert trained(three, arrays, 200) == expected
    check_run(two, graph, [a.copy() for a in arrays])


def test_from_several_python_threads_at_once() -> None:
    graph, arrays = network()
    made = executables(graph)
    expected = trained(made[0], arrays, 60)
    found: list[Any] = []

    def work(executable: Executable) -> None:
        found.append(trained(executable, arrays, 60))

    workers = [threading.Thread(target=work, args=(e,)) for e in (*made, made[1], made[2])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive(), "a run waits for ever"
    assert len(found) == 5
    assert all(one == expected for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_runs_too() -> None:
    """Threads do not come along through fork: the child must start its own."""
    code = """
import os, sys, signal
sys.path[:0] = PATHS
from runtime.test_threads import network, executables, trained
from compiler.common import threads
graph, arrays = network()
two = executables(graph)[1]
expected = trained(two, arrays, 5)
child = os.fork()
if not child:
    signal.alarm(20)
    os._exit(0 if trained(two, arrays, 5) == expected else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert trained(two, arrays, 5) == expected
"""
    done = subprocess.run(
        [sys.executable, "-c", code.replace("PATHS", repr(sys.path))],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_ctrl_c_while_threads_run_leaves_the_next_run_whole() -> None:
    graph, arrays = network()
    two = executables(graph)[1]
    expected = trained(two, arrays, 3)
    first = [True]

    def interrupted(*arguments: Any) -> None:
        two._step(*arguments)
        if first[0] and threading.current_thread() is threading.main_thread():
            first[0] = False
            raise KeyboardInterrupt

    with two._lock, pytest.raises(KeyboardInterrupt):
        objects = [*[a.copy() for a in arrays], np.empty((), np.float32)]
        two._bind(objects)
        two._call(interrupted, (), two.threads)
    assert trained(two, arrays, 3) == expected


def test_config_says_how_many_threads() -> None:
    before = config()["threads"]
    try:
        config(threads=1)
        assert Executable(network(4096)[0]).threads == 1
    finally:
        config(threads=before)


def test_small_graphs_stay_on_one_thread() -> None:
    before = config()["threads"]
    try:
        config(threads=2)
        assert Executable(network(32)[0]).threads == 1
    finally:
        config(threads=before)


# --- batches ------------------------------------------------------------------------------------


def batches(
    executable: Any, arrays: Sequence[Array], rows: int, batch: int, parts: Sequence[int]
) -> list[Array]:
    """Two epochs over `rows` rows in stretches that end at `parts`; the updated arrays."""
    rng = np.random.default_rng(1)
    data = {
        0: rng.standard_normal((rows, 20)).astype("f4"),
        1: rng.standard_normal((rows, 1)).astype("f4"),
    }
    copies = [a.copy() for a in arrays]
    for epoch in range(2):
        order = np.random.default_rng(epoch).permutation(rows).astype(np.int64)
        order = np.concatenate([order, order[: -rows % batch]])
        for first, last in zip([0, *parts], [*parts, len(order) // batch], strict=True):
            executable.run_batches(copies, data, order, first, last, rows)
    return copies[3:]


HOW: dict[str, Any] = {"plan": BatchPlan((0, 1), 64, 2)}


@pytest.mark.parametrize("rows", [64, 65, 127, 200])
def test_batches_as_the_reference_and_on_any_threads(rows: int) -> None:
    graph, arrays = network()
    expected = batches(ReferenceExecutable(graph, **HOW), arrays, rows, 64, [])
    found = [batches(e, arrays, rows, 64, []) for e in executables(graph, **HOW)]
    assert bits(found[0]) == bits(found[1]) == bits(found[2])
    for x, y in zip(found[0], expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


def test_stretches_do_not_matter() -> None:
    graph, arrays = network()
    for executable in executables(graph, **HOW):
        whole = batches(executable, arrays, 300, 64, [])
        assert bits(whole) == bits(batches(executable, arrays, 300, 64, [1, 2, 4]))
        assert bits(whole) == bits(batches(executable, arrays, 300, 64, [0, 3, 3]))


def test_rows_that_fill_up_the_last_batch_change_nothing() -> None:
    graph, arrays = network()
    rng = np.random.default_rng(2)
    data = {0: rng.standard_normal((70, 20)).astype("f4"), 1: np.ones((70, 1), "f4")}
    order = np.arange(70, dtype=np.int64)
    found = []
    for fill in (0, 69):
        copies = [a.copy() for a in arrays]
        padded = np.concatenate([order, np.full(58, fill)])
        Executable(graph, **HOW).run_batches(copies, data, padded, 0, 2, 70)
        found.append(bits(copies[3:]))
    assert found[0] == found[1]


def test_batches_of_other_streams_are_refused() -> None:
    graph, arrays = network()
    executable = Executable(graph, **HOW)
    with pytest.raises(GraphError, match="other streams"):
        executable.run_batches(arrays, {0: arrays[0]}, np.arange(64), 0, 1, 64)


def test_runs_and_batches_alternate() -> None:
    graph, arrays = network()
    both, one = executables(graph, **HOW)[1], ReferenceExecutable(graph, **HOW)
    out: list[Array]
    results = []
    for executable in (both, one):
        copies = [a.copy() for a in arrays]
        data = {0: arrays[0][:, ::-1].copy(), 1: arrays[1].copy()}
        out = []
        for _ in range(3):
            out += executable.run(copies)
            executable.run_batches(copies, data, np.arange(64), 0, 1, 64)
        results.append([*out, *copies])
    for x, y in zip(*results, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


def test_the_pool_grows_once() -> None:
    graph, arrays = network()
    for executable in executables(graph):
        executable.run([a.copy() for a in arrays])
    before = len(pool._pool.doors)
    for executable in executables(graph):
        executable.run([a.copy() for a in arrays])
    assert len(pool._pool.doors) == before


def test_one_thread_where_several_are_slower() -> None:
    choice = Choice(2)
    costs = {1: 0.001, 2: 0.003}
    used = []
    for _ in range(110):
        threads = choice.threads()
        used.append(threads)
        choice.took(threads, 1, costs[threads])
    assert used[:4] == [2, 2, 1, 1]  # the first call of each only wakes it up
    assert used[10:].count(2) == 4  # looked at again now and then
    costs[2] = 0.0005
    for _ in range(60):
        threads = choice.threads()
        choice.took(threads, 1, costs[threads])
    assert choice.threads() == 2


# --- loops that one thread runs alone -----------------------------------------------------------

RECURRENT: dict[str, Callable[[], list[Any]]] = {
    "both directions": lambda: [nn.Bidirectional(nn.GRU(3, return_sequences=True)), nn.Dense(2)],
    "both, stacked": lambda: [
        nn.PReLU(),
        nn.GRU(3, return_sequences=True),
        nn.Bidirectional(nn.LSTM(3, return_sequences=True)),
        nn.Dense(2),
    ],
    "backwards": lambda: [nn.GRU(3, return_sequences=True, go_backwards=True), nn.Dense(2)],
}


@pytest.mark.parametrize("name", RECURRENT)
def test_what_follows_a_loop_waits_for_all_its_iterations(name: str) -> None:
    """A loop that thread 0 runs alone works on other windows in every iteration; the kernels
    behind it, which all threads share, may write where the last of them lie."""
    model = ranvier.Sequential(RECURRENT[name]())
    x = np.random.default_rng(0).normal(size=(64, 3, 6)).astype("f4")
    model.compile("sgd", "mse", engine="reference")
    expected = model.predict(x, 1)
    with threads(2):
        model.compile("sgd", "mse", engine="compiled")
        for _ in range(20):
            np.testing.assert_allclose(model.predict(x, 1), expected, atol=1e-5)
