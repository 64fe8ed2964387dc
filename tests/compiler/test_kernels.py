"""Kernels with loops of their own kind, at sizes that are and are no multiple of a vector."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.common import check, threads
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS, Shape
from ranvier.ops.creation import input_node

TURNS = [
    *[((100, 70), (1, 0)), ((65, 129), (1, 0)), ((17, 300), (1, 0)), ((300, 17), (1, 0))],
    *[((30, 50, 60), (2, 1, 0)), ((3, 50, 60), (0, 2, 1)), ((33, 9, 40), (2, 0, 1))],
]


@pytest.mark.parametrize(("shape", "axes"), TURNS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_axes_that_change_places(shape: Shape, axes: Shape, dtype: str) -> None:
    x = input_node(shape, dtype, "x")
    y = input_node(tuple(shape[a] for a in axes), dtype, "y")
    graph = Graph([x, y], [OPS["permute_dims"](x, axes) * 2 + y])
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-9, 9, node.shape).astype(dtype) for node in (x, y)]
    check(graph, arrays)
    with threads(3):
        check(graph, arrays)


FOLDS = [
    *[((130, 24, 33), (0, 1)), ((4001, 70), (0,)), ((96, 3072), (0,)), ((70_000,), (0,))],
    *[((2048, 2, 17), (0, 1)), ((200, 400), (1,)), ((640, 5), (0,)), ((131, 20, 31), (0, 2))],
]


@pytest.mark.parametrize(("shape", "axes"), FOLDS)
def test_long_folds_are_the_same_on_any_number_of_threads(shape: Shape, axes: Shape) -> None:
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


def test_the_kernel_gradient_of_few_places_is_shared_by_blocks() -> None:
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
