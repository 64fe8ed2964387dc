"""Kernels with loops of their own kind, at sizes that are and are no multiple of a vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from compiler.common import check, evaluated, threads
from ranvier.compiler.stages import Compilation
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.ops.backpropagation import backpropagate
from ranvier.ops.composites.functions import log_softmax, softmax
from ranvier.ops.creation import input_node
from ranvier.ops.windows.sliding_window import max_pool2d
from ranvier.runtime.executable import Executable
from ranvier.typing import Shape

TRANSPOSES = [
    *[((100, 70), (1, 0), "float32"), ((65, 129), (1, 0), "int32")],
    *[((17, 300), (1, 0), "float64"), ((300, 17), (1, 0), "float32")],
    *[((30, 50, 20), (2, 1, 0), "float32"), ((3, 50, 60), (0, 2, 1), "float64")],
    ((33, 9, 40), (2, 0, 1), "float32"),
]


@pytest.mark.parametrize(("shape", "axes", "dtype"), TRANSPOSES)
def test_axes_that_are_exchanged(shape: Shape, axes: Shape, dtype: str) -> None:
    x = input_node(shape, dtype, "x")
    y = input_node(tuple(shape[a] for a in axes), dtype, "y")
    graph = Graph([x, y], [OPS["permute_dims"](x, axes) * 2 + y])
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-9, 9, node.shape).astype(dtype) for node in (x, y)]
    check(graph, arrays)
    with threads(3):
        check(graph, arrays)


LONG_REDUCTIONS = [
    *[((130, 24, 33), (0, 1)), ((4001, 70), (0,)), ((96, 3072), (0,)), ((70_000,), (0,))],
    *[((2048, 2, 17), (0, 1)), ((200, 400), (1,)), ((640, 5), (0,)), ((131, 20, 31), (0, 2))],
]


@pytest.mark.parametrize(("shape", "axes"), LONG_REDUCTIONS)
def test_long_reductions_are_the_same_on_any_number_of_threads(shape: Shape, axes: Shape) -> None:
    x = input_node(shape, "float32", "x")
    outputs = [OPS["sum"](x, axes), OPS["max"](x * x, axes), OPS["sum"](x * x, axes) * 2]
    graph = Graph([x], outputs)
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype("float32")]
    one = check(graph, arrays).run(arrays)
    with threads(3):
        three = check(graph, arrays).run(arrays)
    for a, b in zip(one, three, strict=True):
        assert a.tobytes() == b.tobytes()


def test_the_kernel_gradient_of_few_positions_is_shared_by_blocks() -> None:
    x, grad = input_node((6, 9, 10, 21), "float32", "x"), input_node((6, 7, 8, 70), "float32", "g")
    turned = OPS["permute_dims"](x, (3, 1, 2, 0))
    rows = OPS["convolution"](turned, OPS["permute_dims"](grad, (1, 2, 0, 3)))
    graph = Graph([x, grad], [OPS["permute_dims"](rows, (1, 2, 0, 3))])
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-4, 5, n.shape).astype("float32") for n in (x, grad)]
    one = check(graph, arrays).run(arrays)
    for count in (2, 5):
        with threads(count):
            many = check(graph, arrays).run(arrays)
        assert one[0].tobytes() == many[0].tobytes()


def norm(x: Any) -> Any:
    far = x - OPS["broadcast_to"](OPS["reshape"](mean(x), (*x.shape[:-1], 1)), x.shape)
    var = OPS["reshape"](mean(far * far), (*x.shape[:-1], 1))
    return far / OPS["broadcast_to"](OPS["sqrt"](var + 0.5), x.shape)


def mean(x: Any) -> Any:
    return OPS["sum"](x, (x.ndim - 1,)) / x.shape[-1]


def twice(x: Any) -> Any:
    return softmax(norm(x) * 2) + x


ROWS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "softmax": (softmax, 1),
    "log_softmax": (log_softmax, 1),
    "norm": (norm, 1),
    "mean": (lambda x: mean(x * x) * 3, 1),
    "norm, then softmax": (twice, 1),
    "softmax of rows in two axes": (lambda x: softmax(x, axis=(1, 2)), 1),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((17, 9, 10), "float32"), ((9, 3, 65), "float64"), ((8, 20, 8), "float32"),
     ((8, 2, 500), "float32")],
)  # fmt: skip
def test_rows(name: str, shape: Shape, dtype: str) -> None:
    make, kernels = ROWS[name]
    x = input_node(shape, dtype, "x")
    graph = Graph([x], [make(x)])
    assert len(Compilation(graph).kernels) == kernels
    arrays = [np.random.default_rng(0).standard_normal(shape).astype(dtype)]
    (one,) = Executable(graph).run(arrays)
    np.testing.assert_allclose(one, evaluated(graph, arrays)[0], rtol=1e-5, atol=1e-5)
    with threads(3):
        (three,) = Executable(graph).run(arrays)
    assert one.tobytes() == three.tobytes()


def test_a_row_that_reads_another_is_no_row() -> None:
    x = input_node((24, 24), "float32", "x")
    total = OPS["exp"](OPS["sum"](x, (1,)))
    across = OPS["exp"](x) / OPS["broadcast_to"](OPS["reshape"](total, (1, 24)), (24, 24))
    graph = Graph([x], [across, OPS["sum"](across, (1,))])
    check(graph, [np.random.default_rng(0).standard_normal((24, 24)).astype("f4")])


def test_infinities_and_nan_in_a_row() -> None:
    x = input_node((9, 40), "float32", "x")
    values = np.random.default_rng(0).standard_normal((9, 40)).astype("f4")
    values[1, 3], values[2, 39], values[4] = np.nan, np.inf, -np.inf
    check(Graph([x], [softmax(x), norm(x)]), [values])


@pytest.mark.parametrize("channels", [8, 17, 64])
def test_the_gradient_of_pooling_goes_once_through_memory(channels: int) -> None:
    x = input_node((3, 8, 10, channels), "float32", "x")
    grad = input_node((3, 4, 5, channels), "float32", "grad")
    cut = OPS["where"](OPS["less_equal"](x, 0), 0, x)
    by_x: Any = backpropagate(max_pool2d(cut), grad, [x])[id(x)]
    graph = Graph([x, grad], [by_x])
    assert [k.nest.kind for k in Compilation(graph).kernels] == ["rows", "map"]
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-3, 4, n.shape).astype("f4") for n in (x, grad)]
    check(graph, arrays)
    with threads(3):
        check(graph, arrays)


def kernel_gradient(dtype: str) -> Graph:
    x, grad = input_node((8, 40, 40, 8), dtype, "x"), input_node((8, 38, 38, 32), dtype, "g")
    turned = OPS["permute_dims"](x, (3, 1, 2, 0))
    return Graph([x, grad], [OPS["convolution"](turned, OPS["permute_dims"](grad, (1, 2, 0, 3)))])


def test_long_sums_of_float16_are_not_rounded_on_the_way() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype("f2") for s in ((8, 40, 40, 8), (8, 38, 38, 32))]
    (found,) = Executable(kernel_gradient("float16")).run(arrays)
    (sure,) = evaluated(kernel_gradient("float32"), [a.astype("f4") for a in arrays])
    np.testing.assert_allclose(found.astype("f4"), sure, rtol=1e-3, atol=0.05)
