"""Passes: the same shapes, dtypes and values before and after, and nothing left to do then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compiler.common import assert_same, evaluated
from compiler.random_graphs import build
from ranvier.graph.check import check
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS, Node
from ranvier.ops.creation import input_node
from ranvier.ops.op import apply
from ranvier.passes.fuse import fuse
from ranvier.passes.graph_passes import PASSES, prepare, separate
from ranvier.passes.relu_masks import masks
from ranvier.passes.simplify import simplify

COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
}
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 3.0, np.inf, -np.inf, np.nan, 1e30, 1e-40], "f4")


def keeps_values(transform: Callable[[Graph], Graph], graph: Graph, arrays: Any) -> Graph:
    """Assert that the transform keeps inputs, specs and values; returns the new graph."""
    new = check(transform(graph), transform.__name__)
    assert new.inputs == graph.inputs
    assert [n.spec for n in new.outputs] == [n.spec for n in graph.outputs]
    assert set(new.updates) <= set(graph.updates)  # one that changes nothing may go
    outputs, count = evaluated(graph, arrays), len(graph.outputs)
    after = evaluated(new, arrays)
    by_target = dict(zip(new.updates, after[count:], strict=True))
    values = [by_target.get(t, arrays[graph.inputs.index(t)]) for t in graph.updates]
    assert_same(graph, arrays, [*after[:count], *values], outputs)
    return new


def text(graph: Graph) -> str:
    return str(graph)


def passes_keep_values(data: st.DataObject) -> None:
    graph, arrays = build(lambda n: data.draw(st.integers(0, n - 1)), most=24)
    for name, _, transform in PASSES:
        before = text(graph)
        new = keeps_values(transform, graph, arrays)
        assert text(graph) == before, f"{name} changed the graph it was given"
        assert text(transform(graph)) == text(new), f"{name} gives two graphs for one"
        assert text(transform(new)) == text(new), f"{name} finds more to do in what it made"
        graph = new
    assert all(n.op.kind not in ("input", "creation") for n in graph.results)
    assert len(set(graph.results)) == len(graph.results)


@settings(max_examples=100, **COMMON)
@given(st.data())
def test_passes_keep_values(data: st.DataObject) -> None:
    passes_keep_values(data)


@pytest.mark.slow
@settings(max_examples=5000, **COMMON)
@given(st.data())
def test_passes_keep_values_of_many_graphs(data: st.DataObject) -> None:
    passes_keep_values(data)


# --- every rule, on numbers that are not harmless -----------------------------------------------


def number(value: Any, x: Node) -> Node:
    return apply(OPS["full"], like=x, value=value, shape=x.shape, dtype=x.dtype)  # type: ignore[no-any-return]


CONSTANTS = (0, -0.0, 1, -1, 2, 0.5, 4, 3, 2.0**-99, 2.0**120, np.inf, -np.inf, np.nan)
BINARY = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "remainder")


@pytest.mark.parametrize("name", [*BINARY, "floor_divide", "atan2"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_constants_beside_every_float(name: str, dtype: str) -> None:
    x = input_node(SPECIAL.shape, dtype, "x")
    outputs = []
    for value in CONSTANTS:
        outputs += [OPS[name](x, number(value, x)), OPS[name](number(value, x), x)]
        outputs.append(OPS[name](number(value, x), number(3, x)))
    with np.errstate(over="ignore"):
        arrays = [SPECIAL.astype(dtype)]
    keeps_values(simplify, Graph([x], outputs), arrays)


@pytest.mark.parametrize("name", [*BINARY[:3], *BINARY[5:], "floor_divide"])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_constants_beside_every_integer(name: str, dtype: str) -> None:
    info = np.iinfo(dtype)
    values = np.array([info.min, info.max, 0, 1, 2, 3, info.max - 1], dtype)
    x = input_node(values.shape, dtype, "x")
    constants = (0, 1, 2, 4, info.max, info.min)
    outputs = [OPS[name](x, number(v, x)) for v in constants]
    outputs += [OPS[name](number(v, x), x) for v in constants]
    outputs += [OPS[name](number(v, x), number(info.max, x)) for v in constants]
    keeps_values(simplify, Graph([x], outputs), [values])


def fewer(outputs: list[Node], x: Node, names: set[str]) -> None:
    """Assert that simplify leaves ops of these names only, and the values as they are."""
    rng = np.random.default_rng(0)
    graph = Graph([x], outputs)
    new = keeps_values(simplify, graph, [rng.standard_normal(x.shape).astype(x.dtype)])
    assert {n.op.name for n in new.nodes} <= names | {"input"}, new


def test_what_simplify_takes_away() -> None:
    x = input_node((4, 6), "float32", "x")
    transpose = OPS["permute_dims"]
    fewer([transpose(transpose(x, (1, 0)), (1, 0))], x, set())
    fewer([OPS["reshape"](OPS["reshape"](x, (24,)), (4, 6))], x, set())
    fewer([OPS["reshape"](OPS["reshape"](x, (24,)), (2, 12))], x, {"reshape"})
    everywhere = apply(OPS["full"], like=x, value=True, shape=x.shape, dtype=np.dtype(bool))
    fewer(
        [x * 1, x / 1, x - 0.0, x + -0.0, OPS["negative"](-x), OPS["power"](x, number(1, x))],
        x,
        set(),
    )
    fewer([OPS["detach"](x), OPS["where"](everywhere, x, x + 1)], x, set())
    fewer([x / 4], x, {"full", "broadcast_to", "multiply"})
    fewer([x + -x], x, {"subtract"})
    sums = [OPS["sum"](x, 0), OPS["sum"](x, 0)]
    assert len(simplify(Graph([x], sums)).nodes) == 2
    constant = OPS["exp"](number(1, x)) + OPS["sqrt"](number(2, x))
    fewer([constant], x, {"full"})


def test_nothing_is_left_for_a_second_time() -> None:
    x = input_node((6, 1, 4), "float32", "x")
    y = OPS["sum"](OPS["reshape"](OPS["reshape"](x, (1, 24)), (24, 1)), 1)
    y = OPS["reshape"](OPS["sum"](OPS["reshape"](y, (4, 6, 1)), 2), (6, 1, 4))
    new = simplify(Graph([x], [y]))
    assert text(simplify(new)) == text(new)


def test_what_simplify_leaves() -> None:
    """Each of these would be wrong for some number."""
    x = input_node((4,), "float32", "x")
    kept = [x * 0, x - x, x / x, x + 0.0, 0.0 - x, x / 3, OPS["equal"](x, x), 0 / x]
    new = simplify(Graph([x], kept))
    left = {n.op.name for n in new.outputs}
    assert left == {"multiply", "subtract", "divide", "add", "equal"}
    assert len(set(new.outputs)) == len(kept)


def test_long_chains_need_no_recursion() -> None:
    x = input_node((2,), "float32", "x")
    y = x
    for _ in range(5000):
        y = y * 1 + 1
    assert len(prepare(Graph([x], [y])).nodes) > 5000


def test_separate_gives_every_result_its_own_node() -> None:
    x, y = input_node((3, 3), "float32", "x"), input_node((3, 3), "float32", "y")
    z = x + y
    turned = OPS["permute_dims"](x, (1, 0))
    graph = Graph([x, y], [x, x, z, z, turned, number(1, x)], {x: y, y: z})
    new = keeps_values(separate, graph, [np.eye(3, dtype="f4"), np.ones((3, 3), "f4")])
    assert len(set(new.results)) == 8
    assert not set(new.results) & {x, y, turned}
    assert separate(Graph([x], [], {x: x})).updates == {}


def test_the_gradient_of_relu_asks_for_its_result() -> None:
    x, grad = input_node((11,), "float32", "x"), input_node((11,), "float32", "grad")
    z = x + x
    zero = number(0, z)
    question = OPS["less_equal"](z, zero)
    relu = OPS["where"](question, zero, z)
    graph = Graph([x, grad], [relu, OPS["where"](question, zero, grad)])
    new = keeps_values(masks, graph, [SPECIAL, np.arange(11, dtype="f4") + 1])
    asked = new.outputs[1].inputs[0]
    assert asked.op.name == "less_equal" and asked.inputs[0] is new.outputs[0]
    leaky = Graph([x], [OPS["where"](OPS["less_equal"](x, zero), x * 0.1, x)])
    assert masks(leaky) is leaky


def test_sums_join_those_that_read_the_same_though_others_came_first() -> None:
    """The pairs of batch normalization: in the second pass over x they wait for the first."""
    x, g = (input_node((64, 48), "float32", name) for name in "xg")
    first = [OPS["sum"](x, 0), OPS["sum"](x * x, 0)]
    scale = OPS["broadcast_to"](OPS["sqrt"](first[0] * first[1]), x.shape)
    second = [OPS["sum"](g * scale, 0), OPS["sum"](g * x * scale, 0)]
    groups = fuse(prepare(Graph([x, g], second))).groups
    reductions = [group for group in groups if group.kind == "reduce"]
    assert [len(group.anchors) for group in reductions] == [2, 2]


@pytest.mark.parametrize(
    ("start", "stop", "part"), [(0, 1, "x"), (1, 3, "y"), (3, 4, "y"), (5, 7, "z"), (0, 2, None)]
)
def test_a_slice_of_joined_parts_reads_the_part_alone(
    start: int, stop: int, part: str | None
) -> None:
    parts = [
        input_node((3, n), np.dtype("f4"), name)
        for name, n in zip("xyz", (1, 3, 3), strict=True)
    ]  # fmt: skip
    x = apply(OPS["concat"], *parts, axis=1)
    out = apply(OPS["slice"], x, start=(0, start), stop=(3, stop), step=(1, 1))
    arrays = [np.random.default_rng(0).random(n.shape, np.float32) for n in parts]
    new = keeps_values(simplify, Graph(parts, [apply(OPS["exp"], out)]), arrays)
    read = {x.name for n in new.nodes for x in n.inputs if x.op.kind == "input"}
    assert read == ({part} if part else {"x", "y", "z"})
    assert ("concat" in {n.op.name for n in new.nodes}) == (part is None)
