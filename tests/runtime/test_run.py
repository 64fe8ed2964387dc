"""The call into machine code, and code that is known by its graph."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compiler.common import check_run
from ranvier.base.aligned import address
from ranvier.base.config import switches
from ranvier.codegen.call_glue_ir import FITS, OTHER, OVERLAP
from ranvier.compiler import stages, store
from ranvier.compiler.stages import Stage
from ranvier.errors import GraphError
from ranvier.graph.batch_plan import ONCE, BatchPlan
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.lower import cost_model as schedule
from ranvier.native import code_cache
from ranvier.native.code_cache import forget_code, key_of
from ranvier.ops.creation import input_node
from ranvier.ops.op import apply
from ranvier.runtime import call_glue as driving
from ranvier.runtime import executable as run
from ranvier.runtime.call_glue import driver, spec_of
from ranvier.runtime.executable import Executable
from runtime.test_threads import network

F4 = np.dtype("float32")

# --- the driver ---------------------------------------------------------------------------------


class Bound:
    """The driver's answers for arrays of these kinds."""

    def __init__(self, *kinds: Any, updated: tuple[int, ...] = (), free: int = 99) -> None:
        self.spec = spec_of([(shape, np.dtype(d)) for shape, d in kinds], updated, free)
        self.table = np.zeros(len(kinds), np.int64)

    def __call__(self, *objects: Any) -> int:
        found = driver()
        assert found is not None
        return found.bind(id(objects), address(self.spec), address(self.table))  # type: ignore[no-any-return]


def test_the_driver_works_here() -> None:
    assert driver() is not None


def test_what_fits_is_put_into_the_table() -> None:
    bound = Bound(((2, 3), "f4"), ((), "i8"), ((0, 4), "?"))
    arrays = np.zeros((2, 3), "f4"), np.zeros((), "i8"), np.zeros((0, 4), "?")
    assert bound(*arrays) == FITS
    assert bound.table.tolist() == [address(a) for a in arrays]


def test_what_does_not_fit_is_refused() -> None:
    bound = Bound(((2, 3), "f4"))
    raw = np.zeros(25, np.uint8)
    others = [
        np.zeros((3, 2), "f4"),
        np.zeros((2, 3, 1), "f4"),
        np.zeros(6, "f4"),
        np.zeros((), "f4"),
        np.zeros((2, 3), "i4"),
        np.zeros((2, 3), "f8"),
        np.zeros((2, 3), ">f4"),
        np.zeros((2, 4), "f4")[:, :3],
        np.zeros((3, 2), "f4").T,
        np.zeros((2, 3), "f4")[::-1],
        raw[1:].view("f4").reshape(2, 3),
        np.zeros((2, 3), "f4").view(np.recarray),
        np.float32(1),
        [[1.0] * 3] * 2,
        None,
        "text",
        bound,
    ]
    for other in others:
        assert bound(other) == OTHER, other
    assert bound.table.tolist() == [0]


def test_updated_arrays_must_be_writeable_and_apart() -> None:
    bound = Bound(((4,), "f4"), ((4,), "f4"), ((4,), "f4"), updated=(0,))
    memory = np.zeros(20, "f4")
    a, b, c = memory[:4], memory[4:8], memory[8:12]
    assert bound(a, b, b) == FITS
    assert bound(a, b, c) == FITS
    for arrays in [(a, a, c), (a, b, a), (a, memory[3:7], c), (memory[5:9], b, c)]:
        assert bound(*arrays) == OVERLAP
        assert bound(*arrays) == OVERLAP  # and not only the first time
    assert bound(a, b, c) == FITS
    fixed = np.zeros(4, "f4")
    fixed.flags.writeable = False
    assert bound(a, fixed, c) == FITS
    assert bound(fixed, b, c) == OTHER


def test_without_a_driver_everything_goes_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, arrays = network()
    expected = Executable(graph).run([a.copy() for a in arrays])
    monkeypatch.setattr(run, "driver", lambda: None)
    slow = Executable(graph)
    np.testing.assert_array_equal(slow.run([a.copy() for a in arrays])[0], expected[0])
    check_run(slow, graph, [a.copy() for a in arrays])
    with pytest.raises(GraphError, match="input 0 is float64"):
        slow.run([arrays[0].astype("f8"), *arrays[1:]])


def test_a_layout_of_objects_that_is_not_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert driving._reads_well(driver())  # type: ignore[arg-type]

    class Blind:
        def bind(self, *arguments: int) -> int:
            return FITS

    assert not driving._reads_well(Blind())  # type: ignore[arg-type]
    monkeypatch.setattr(driving, "_made", [])
    monkeypatch.setattr(driving, "_reads_well", lambda made: False)
    assert driving.driver() is None and driving.driver() is None


def test_wrong_arrays_are_named_whatever_ran_before() -> None:
    graph, arrays = network()
    executable = Executable(graph)
    for _ in range(2):
        executable.run([a.copy() for a in arrays])
        with pytest.raises(GraphError, match=r"input 0 is float32\[64, 19\]; the graph was built"):
            executable.run([arrays[0][:, :19], *arrays[1:]])
        with pytest.raises(GraphError, match="the graph has 7 inputs, not 6"):
            executable.run(arrays[:-1])
        with pytest.raises(GraphError, match="the graph has 7 inputs, not 8"):
            executable.run([*arrays, arrays[0]])


def test_several_threads_share_one_executable() -> None:
    x = input_node((40,), "float32", "x")
    executable = Executable(Graph([x], [OPS["exp"](x) * 2.0]))
    inputs = [np.full(40, i / 8, "f4") for i in range(8)]
    expected = [executable.run([a])[0] for a in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(500):
            if not np.array_equal(executable.run([inputs[i]])[0], expected[i]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not wrong


# --- code by graph ------------------------------------------------------------------------------


def sample(number: float = 1.0, shape: tuple[int, int] = (7, 5), name: str = "x") -> Graph:
    x, y = input_node(shape, "float32", name), input_node((5, 3), "float32", f"{name}.y")
    return Graph([x, y], [OPS["tanh"](x @ y) + number], {y: y * 0.5})


def result(executable: Executable) -> Any:
    return executable.run([np.ones((7, 5), "f4"), np.ones((5, 3), "f4")])[0]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Graph]]:
    """The graphs that are really written, with an empty cache that is in use."""
    monkeypatch.setattr(switches, "cache", str(tmp_path / "cache"))
    forget_code()
    seen: list[Graph] = []
    real = stages.Compilation

    def spy(graph: Graph, *how: Any) -> Any:
        seen.append(graph)
        return real(graph, *how)

    monkeypatch.setattr(stages, "Compilation", spy)
    yield seen


def test_graphs_that_are_alike_share_their_code(made: list[Graph]) -> None:
    first = Executable(sample())
    second = Executable(sample(name="another"))
    assert len(made) == 1 and first.built.cached is second.built.cached
    np.testing.assert_array_equal(result(first), result(second))
    assert not np.shares_memory(first._arena, second._arena)


def other_update() -> Graph:
    graph = sample()
    return Graph(graph.inputs, graph.outputs, {graph.inputs[1]: graph.inputs[1] * 0.25})


def wider() -> Graph:
    x, y = input_node((7, 5), "float64", "x"), input_node((5, 3), "float64", "y")
    return Graph([x, y], [OPS["tanh"](x @ y) + 1.0], {y: y * 0.5})


def crossed() -> Graph:
    """The same nodes, but read in another order."""
    x, y = input_node((4,), "float32", "x"), input_node((4,), "float32", "y")
    return Graph([x, y], [y - x])


OTHERS: dict[str, Any] = {
    "a number": lambda: sample(1.5),
    "minus zero": lambda: sample(-0.0),
    "zero": lambda: sample(0.0),
    "NaN": lambda: sample(float("nan")),
    "a hair more": lambda: sample(float(np.nextafter(1.0, 2.0))),
    "a shape": lambda: sample(shape=(8, 5)),
    "no update": lambda: Graph((graph := sample()).inputs, graph.outputs),
    "another update": other_update,
    "a dtype": wider,
    "an order": crossed,
}


def test_graphs_that_differ_have_code_of_their_own(made: list[Graph]) -> None:
    Executable(sample())
    for number, graph in enumerate(OTHERS.values(), 2):
        Executable(graph())
        assert len(made) == number
    x, y = input_node((4,), "float32", "x"), input_node((4,), "float32", "y")
    Executable(Graph([x, y], [x - y]))
    assert len(made) == len(OTHERS) + 2


def key(graph: Graph, plan: BatchPlan = ONCE) -> str:
    return key_of("graphs", store._parts(graph, plan))


def test_all_that_code_depends_on_is_in_its_key(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = sample()
    plans = [ONCE, BatchPlan((0,), 7), BatchPlan((0,), 7, 1), BatchPlan((1,), 7)]
    keys = {key(graph, plan) for plan in plans}
    assert len(keys) == 4
    for module, name, value in [
        (switches, "threads", 17),
        (schedule, "MIN_SHARED_NANOSECONDS", -1.0),
        (store, "_sources", lambda: "?"),
        (code_cache, "host", lambda: "?"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            keys.add(key(graph))
    assert len(keys) == 8
    assert key(sample()) in keys


def test_what_is_on_disk_is_not_written_again(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    graph, arrays = network()
    how: dict[str, Any] = {"plan": BatchPlan((0, 1), 64, 2)}
    first = Executable(graph, **how)
    forget_code()
    second = Executable(graph, **how)
    assert len(made) == 1 and first.built.cached is not second.built.cached
    assert first.built.facts == second.built.facts
    order = np.arange(64)
    found = []
    for executable in (first, second):
        copies = [a.copy() for a in arrays]
        executable.run_batches(copies, {0: arrays[0], 1: arrays[1]}, order, 0, 1, 64)
        found.append([*executable.run(copies), *copies])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
    entries = list((tmp_path / "cache" / "graphs").iterdir())
    assert len(entries) == 1 and entries[0].suffix == ".bin"


DAMAGE: dict[str, Any] = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-1],
    "a bit of the facts": lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    "a bit of the code": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "something else": lambda data: b"not an entry",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_a_miss(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: str
) -> None:
    expected = result(Executable(sample()))
    (entry,) = (tmp_path / "cache" / "graphs").iterdir()
    entry.write_bytes(DAMAGE[damage](entry.read_bytes()))
    forget_code()
    np.testing.assert_array_equal(result(Executable(sample())), expected)
    assert len(made) == 2
    forget_code()
    Executable(sample())
    assert len(made) == 2


def test_with_the_cache_off_code_is_still_shared(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "cache", "off")
    Executable(sample())
    Executable(sample())
    assert len(made) == 1


@pytest.mark.parametrize("check", [False, True])
def test_checking_changes_neither_the_way_nor_the_key(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    """The tests are answered from the cache of users, and the other way round."""
    checked: list[str] = []
    row = Stage("noted", "", "", lambda g, _: g, lambda g, name: checked.append(name))
    monkeypatch.setattr(stages, "STAGES", [row, *stages.STAGES])
    monkeypatch.setattr(switches, "check", check)
    first = Executable(sample())
    assert checked == ["noted"] * check
    monkeypatch.setattr(switches, "check", not check)
    assert Executable(sample()).built.cached is first.built.cached
    forget_code()
    Executable(sample())
    assert len(made) == 1


def test_code_that_nothing_uses_goes_at_last(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_cache, "_MAX_IDLE_ENTRIES", 3)
    kept = [weakref.ref(Executable(sample(float(i))).built.cached) for i in range(6)]
    gc.collect()
    assert [k() is not None for k in kept] == [False] * 3 + [True] * 3


def test_what_was_built_can_be_looked_at_afterwards(
    made: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Executable(sample())
    second = Executable(sample())
    assert str(first.graph) == str(second.graph)
    assert first.compilation().module.text == second.compilation().module.text
    assert str(second.compilation(keep=True).kernels) == str(first.compilation().kernels)


WARM = """
import sys
import numpy as np, ranvier
model = ranvier.Sequential([ranvier.nn.Dense(3, input_shape=(4,)), ranvier.nn.Dense(1)])
model.compile("adam", "mse")
x = np.ones((40, 4), np.float32)
model.fit(x, x[:, 0], epochs=2, verbose=0)
model.predict(x)
print(*sorted(m for m in sys.modules if m in ("ranvier.codegen.module", "ranvier.lower.lower")))
"""


def test_a_warm_process_neither_lowers_nor_writes(tmp_path: Path) -> None:
    environment = {**os.environ, "RANVIER_CHECK": "0", "RANVIER_CACHE": str(tmp_path)}
    modules = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", WARM], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0 and not done.stderr, done.stderr
        modules.append(done.stdout.split())
    assert modules == [["ranvier.codegen.module", "ranvier.lower.lower"], []]


MODELS = """
import gc
import numpy as np, ranvier
def megabytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
x = np.random.default_rng(0).standard_normal((64, 10)).astype("f4")
def one(number):
    width = 3 + number % 5
    model = ranvier.Sequential([
        ranvier.nn.Dense(width, activation="relu", input_shape=(10,)), ranvier.nn.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, x[:, 0], epochs=2, verbose=0)
    model.predict(x[:1])
for number in range(30):
    one(number)
before = megabytes()
for number in range(COUNT):
    one(number)
print(megabytes() - before)
"""


def grown(count: int, tmp_path: Path) -> float:
    environment = {**os.environ, "RANVIER_CHECK": "0", "RANVIER_CACHE": str(tmp_path)}
    code = MODELS.replace("COUNT", str(count))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@ON_LINUX
def test_one_model_after_the_other_leaves_memory_flat(tmp_path: Path) -> None:
    assert grown(60, tmp_path) < 4.0


@ON_LINUX
@pytest.mark.slow
def test_ten_thousand_models_leave_memory_flat(tmp_path: Path) -> None:
    assert grown(10_000, tmp_path) < 8.0


def test_inputs_of_odd_kinds_of_one_dtype() -> None:
    """NumPy has several objects for one integer dtype."""
    x = input_node((3,), "int64", "x")
    executable = Executable(Graph([x], [apply(OPS["add"], x, x)]))
    for kind in ("l", "q"):
        np.testing.assert_array_equal(executable.run([np.arange(3).astype(kind)])[0], [0, 2, 4])
