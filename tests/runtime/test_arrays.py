"""Arrays as they come: strided, read-only, shared between inputs, overlapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from compiler.common import check, check_run
from ranvier.errors import GraphError
from ranvier.executors.reference import ReferenceExecutable
from ranvier.graph import interpret
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS, Node
from ranvier.ops.creation import input_node
from ranvier.ops.movement import narrow
from ranvier.ops.op import apply
from ranvier.runtime.executable import Executable


def vectors(count: int, size: int = 12) -> list[Node]:
    return [input_node((size,), "float32", name) for name in "abcd"[:count]]


def numbers(*shape: int) -> Any:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


LAYOUTS: dict[str, Callable[[], Any]] = {
    "transposed": lambda: numbers(6, 4).T,
    "every second": lambda: numbers(4, 12)[:, ::2],
    "backwards": lambda: numbers(4, 6)[::-1],
    "a column": lambda: numbers(4, 7)[:, :6],
    "one row many times": lambda: np.broadcast_to(numbers(1, 6), (4, 6)),
    "fortran": lambda: np.asfortranarray(numbers(4, 6)),
    "off the boundary": lambda: (
        np.frombuffer(b"x" * 97, np.uint8)[1:].view(np.float32).reshape(4, 6)
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_can_be_read(layout: str) -> None:
    x, y = input_node((4, 6), "float32"), input_node((6, 5), "float32")
    check(Graph([x, y], [x @ y, x + 1]), [LAYOUTS[layout](), numbers(6, 5)], runs=2)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name[:3] not in ("one", "off")])
def test_any_layout_can_be_updated(layout: str) -> None:
    x, y = input_node((4, 6), "float32"), input_node((6, 4), "float32")
    graph = Graph([x, y], [OPS["sum"](x)], {x: x + OPS["permute_dims"](y, (1, 0))})
    whole = LAYOUTS[layout]()
    check(graph, [whole, numbers(6, 4)], runs=3)


def test_what_is_beside_an_updated_view_stays() -> None:
    (a,) = vectors(1, 5)
    whole = numbers(10)
    Executable(Graph([a], [], {a: a * 0})).run([whole[::2]])
    np.testing.assert_array_equal(whole, [0, 1, 0, 3, 0, 5, 0, 7, 0, 9])


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_read_only_array_is_read_and_not_updated(engine: str) -> None:
    (a,) = vectors(1)
    x = numbers(12)
    x.setflags(write=False)
    for graph, refused in ((Graph([a], [a + 1]), False), (Graph([a], [], {a: a + 1}), True)):
        run = Executable(graph).run if engine == "compiled" else ReferenceExecutable(graph).run
        if refused:
            with pytest.raises(ValueError, match="read-only"):
                run([x])
        else:
            run([x])
        np.testing.assert_array_equal(x, numbers(12))


def test_one_array_as_two_inputs() -> None:
    a, b = vectors(2)
    graph = Graph([a, b], [a * 2 + b], {a: a + OPS["flip"](b)})
    x = numbers(12)
    check(graph, [x, x], runs=2)


def test_one_array_as_two_inputs_and_then_as_one() -> None:
    a, b = vectors(2)
    graph = Graph([a, b], [], {a: a + OPS["flip"](b)})
    x, y = numbers(12), numbers(12) * 3
    executable = Executable(graph)
    for arrays in ([x, x], [x, y], [y, y], [y, x], [x, x]):
        check_run(executable, graph, arrays)


def test_an_input_that_overlaps_an_updated_one() -> None:
    a, b = vectors(2)
    graph = Graph([a, b], [], {a: a + b})
    whole = numbers(20)
    check(graph, [whole[2:14], whole[:12]], runs=2)
    check(graph, [whole[:12], whole[2:14]], runs=2)


def test_one_array_as_two_updated_inputs() -> None:
    """As in the reference all is read before anything is written, and the last write stays."""
    a, b = vectors(2)
    graph = Graph([a, b], [a - b], {a: a + 1, b: b * 2})
    x, y = numbers(12), numbers(12)
    expected = interpret.run(graph, [x, x])
    found = Executable(graph).run([y, y])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(y, x)


def test_updated_inputs_that_overlap() -> None:
    a, b = vectors(2)
    graph = Graph([a, b], [], {a: a + 1, b: b * 2})
    x, y = numbers(20), numbers(20)
    interpret.run(graph, [x[:12], x[6:18]])
    Executable(graph).run([y[:12], y[6:18]])
    np.testing.assert_array_equal(y, x)


def test_a_number_of_numpy_is_an_array_without_axes() -> None:
    x = input_node((), "float32")
    executable = Executable(Graph([x], [x + 1]))
    for n in range(50):
        assert executable.run([np.float32(n)])[0] == n + 1


def test_wrong_arrays_are_refused() -> None:
    a, b = vectors(2)
    executable = Executable(Graph([a, b], [a + b]))
    x = numbers(12)
    for wrong in ([x], [x, x, x], [x, x[:11]], [x, x.astype(np.float64)], [x, x.reshape(3, 4)]):
        with pytest.raises(GraphError):
            executable.run(wrong)
    swapped = x.astype(x.dtype.newbyteorder())
    with pytest.raises(GraphError):
        executable.run([x, swapped])
    np.testing.assert_array_equal(executable.run([x, x])[0], 2 * x)


def test_outputs_are_new_arrays_every_time() -> None:
    (a,) = vectors(1)
    executable = Executable(Graph([a], [a, a + 1, a]))
    x = numbers(12)
    first = executable.run([x])
    second = executable.run([x])
    for i, one in enumerate([*first, *second]):
        assert one.flags.writeable and one.flags.c_contiguous
        for other in [*first, *second][i + 1 :]:
            assert not np.shares_memory(one, other)
        assert not np.shares_memory(one, x)


# --- updates in place ---------------------------------------------------------------------------


def square(name: str) -> Node:
    return input_node((9, 9), "float32", name)


def turned(x: Node) -> Node:
    return OPS["permute_dims"](x, (1, 0))  # type: ignore[no-any-return]


a, b, c = square("a"), square("b"), square("c")
row = input_node((9,), "float32", "row")
one = input_node((), "float32", "one")
first = {"start": (0, 0), "stop": (1, 9), "step": (1, 1)}
UPDATES: dict[str, Graph] = {
    "swap": Graph([a, b], [], {a: b, b: a}),
    "three in a circle": Graph([a, b, c], [a + b], {a: b, b: c, c: a}),
    "swap and change": Graph([a, b], [], {a: b + 1, b: a * 2}),
    "turned": Graph([a], [a + 1], {a: turned(a)}),
    "turned and itself": Graph([a], [], {a: a + turned(a)}),
    "each other, turned": Graph([a, b], [], {a: a - turned(b), b: b + turned(a)}),
    "flipped": Graph([a], [], {a: OPS["flip"](a)}),
    "its first row everywhere": Graph(
        [a], [], {a: a + OPS["broadcast_to"](Node._record(OPS["slice"], (a,), first), (9, 9))}
    ),
    "less its sum": Graph([a], [OPS["sum"](a)], {a: a - OPS["sum"](a)}),
    "less the mean of each row": Graph([a], [], {a: a - OPS["sum"](a, 1, True) / 9.0}),
    "a product with itself": Graph([a], [], {a: a @ a}),
    "a step of descent": Graph([a, b], [b @ a], {a: a - turned(b) @ (b @ a) * 0.01}),
    "read by several": Graph([a, b], [a @ b, OPS["sum"](a, 0), turned(a)], {a: a - b, b: b + a}),
    "running sum": Graph([a], [], {a: OPS["cumulative_sum"](a, 0)}),
    "added up in places": Graph(
        [a], [], {a: OPS["scatter_add"](a, OPS["argmax"](a, 1), turned(a), 0)}
    ),
    "shifted": Graph([row], [], {row: OPS["concat"]([narrow(row, 0, 1, 9), narrow(row, 0, 0, 1)])}),
    "a number and who reads it": Graph([one, row], [one * row], {one: one + 1, row: row * one}),
    "a number from what reads it": Graph(
        [one, row], [], {one: OPS["sum"](row * one), row: row + one}
    ),
    "the same value twice": Graph([a, b], [a + b], {a: a + b, b: a + b}),
    "a constant": Graph(
        [a], [a], {a: apply(OPS["full"], like=a, value=2, shape=(9, 9), dtype=a.dtype)}
    ),
    "itself": Graph([a, b], [a], {a: a, b: b + a}),
    "only one of two": Graph([a, b], [], {b: turned(a) @ b}),
}


@pytest.mark.parametrize("name", UPDATES)
def test_updates_happen_after_all_reading(name: str) -> None:
    graph = UPDATES[name]
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.integers(-4, 5, x.shape), np.float32) for x in graph.inputs]
    check(graph, arrays, runs=3)
