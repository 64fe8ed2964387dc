"""Operands brought into another order once, and read by every product that needs them."""

from __future__ import annotations

import numpy as np

from compiler.common import check
from ranvier.compiler.stages import Compilation
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.ops.creation import input_node


def _copies_of(graph: Graph, name: str) -> int:
    """Kernels that copy an input."""
    kernels = [k for k in Compilation(graph).kernels if k.nest.kind == "map"]
    return sum([b.name for b in k.reads()] == [name] for k in kernels)


def test_two_products_share_a_packed_operand() -> None:
    x, y = input_node((90, 64), "float32", "x"), input_node((80, 64), "float32", "y")
    w = input_node((100, 64), "float32", "w")
    turned = OPS["permute_dims"](w, (1, 0))
    one, two = OPS["matmul"](x, turned), OPS["matmul"](y, turned)
    alone = _copies_of(Graph([x, y, w], [one]), "in2")
    assert alone and alone == _copies_of(Graph([x, y, w], [one, two]), "in2")
    rng = np.random.default_rng(0)
    check(Graph([x, y, w], [one, two]), [rng.normal(size=n.shape).astype("f4") for n in (x, y, w)])


def test_what_has_been_overwritten_is_copied_again() -> None:
    x, w = input_node((90, 64), "float32", "x"), input_node((100, 64), "float32", "w")
    later = OPS["multiply"](w, w)
    one, two = (OPS["matmul"](x, OPS["permute_dims"](v, (1, 0))) for v in (w, later))
    graph = Graph([x, w], [one, two], {w: later})
    rng = np.random.default_rng(0)
    check(graph, [rng.normal(size=n.shape).astype("f4") for n in (x, w)])
    assert _copies_of(graph, "in1") > _copies_of(Graph([x, w], [one]), "in1")
