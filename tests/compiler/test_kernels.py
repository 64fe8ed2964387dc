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
