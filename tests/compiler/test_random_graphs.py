"""Random graphs: the compiled executor and the reference agree, whatever the graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compiler.common import Array, check, same_outcome
from compiler.random_campaign import run_program
from compiler.random_graphs import build
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS, Node
from ranvier.ops.creation import input_node

COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
}
QUICK = settings(max_examples=120, **COMMON)
LONG = settings(max_examples=5000, **COMMON)


def random_graph(data: st.DataObject) -> tuple[Graph, list[Array]]:
    return build(lambda n: data.draw(st.integers(0, n - 1)), outside=True)


def compiled_is_reference(data: st.DataObject) -> None:
    graph, arrays = random_graph(data)
    same_outcome(graph, arrays, runs=2)


@QUICK
@given(st.data())
def test_compiled_is_reference(data: st.DataObject) -> None:
    compiled_is_reference(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_compiled_is_reference_on_many_graphs(data: st.DataObject) -> None:
    compiled_is_reference(data)


def test_programs_with_indices_beyond_the_edges() -> None:
    """Some are refused, by all three alike; random_campaign.py runs as many as are wanted."""
    refused = sum(run_program(seed) for seed in range(40, 100))
    assert refused > 0


# --- matrix products ----------------------------------------------------------------------------

EDGES = st.one_of(
    st.sampled_from(
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 64, 65)
    ),
    st.integers(1, 70),
)


def swapped(x: Node) -> Node:
    return OPS["permute_dims"](x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))  # type: ignore[no-any-return]


def operand(
    draw: Any, name: str, batch: tuple[int, ...], shape: tuple[int, int], dtype: str
) -> Any:
    """An input and the view of it, of the given shape, that the product reads."""
    choice = draw(st.integers(0, 6))
    rows, columns = shape
    if choice == 1:
        x = input_node((*batch, columns, rows), dtype, name)
        return x, swapped(x)
    if choice == 2:
        x = input_node((*batch, rows, 2 * columns), dtype, name)
        ends = {"start": (0,) * x.ndim, "stop": x.shape, "step": (*[1] * (x.ndim - 1), 2)}
        return x, type(x)._record(OPS["slice"], (x,), ends)
    if choice == 3:
        x = input_node((*batch, rows, columns), dtype, name)
        return x, OPS["flip"](x, draw(st.integers(0, x.ndim - 1)))
    if choice == 4:
        x = input_node((rows, columns), dtype, name)
        return x, OPS["broadcast_to"](x, (*batch, rows, columns))
    if choice == 5:
        x = input_node((*batch, 1, columns), dtype, name)
        return x, OPS["broadcast_to"](x, (*batch, rows, columns))
    if choice == 6:
        x = input_node((math.prod(batch) * rows * columns,), dtype, name)
        return x, OPS["reshape"](x, (*batch, rows, columns))
    x = input_node((*batch, rows, columns), dtype, name)
    return x, x


def epilogue(draw: Any, out: Node, bias: Node) -> Node:
    choice = draw(st.integers(0, 4))
    if choice == 0:
        return out
    if choice == 1:
        return OPS["maximum"](out + bias, 0)  # type: ignore[no-any-return]
    if choice == 2:
        return OPS["tanh"](out + bias) if out.dtype.kind == "f" else out - bias  # type: ignore[no-any-return]
    if choice == 3:
        return OPS["sum"](out * bias, axis=draw(st.integers(0, out.ndim - 1)))  # type: ignore[no-any-return]
    return OPS["where"](out > bias, out * out, bias)  # type: ignore[no-any-return]


def product_is_reference(data: st.DataObject) -> None:
    draw = data.draw
    batch = draw(st.sampled_from(((), (), (2,), (3, 2), (1,))))
    m, k, n = draw(EDGES), draw(st.one_of(EDGES, st.just(0))), draw(EDGES)
    dtype = draw(
        st.sampled_from(("float32",) * 5 + ("float64", "float16", "int64", "int32", "uint8"))
    )
    x, left = operand(draw, "x", batch, (m, k), dtype)
    y, right = operand(draw, "y", batch, (k, n), dtype)
    bias = input_node(draw(st.sampled_from(((n,), (m, 1), (), (m, n)))), dtype, "bias")
    out = OPS["matmul"](left, right)
    outputs = [epilogue(draw, out, bias)]
    if draw(st.booleans()):
        outputs.append(out)
    updates = {}
    if bias.shape == out.shape and draw(st.booleans()):
        updates[bias] = bias - out
    if y.shape == out.shape and draw(st.booleans()):
        updates[y] = out
    graph = Graph([x, y, bias], outputs, updates)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    arrays = [np.asarray(rng.integers(0, 9, i.shape) / 4).astype(dtype) for i in graph.inputs]
    if dtype[0] == "f" and draw(st.booleans()):
        arrays = [np.asarray(rng.standard_normal(a.shape)).astype(dtype) for a in arrays]
        if arrays[0].size and draw(st.booleans()):
            arrays[0].flat[0] = draw(st.sampled_from((np.nan, np.inf)))
    check(graph, arrays)


@QUICK
@given(st.data())
def test_products_of_every_size_and_layout(data: st.DataObject) -> None:
    product_is_reference(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_products_of_every_size_and_layout(data: st.DataObject) -> None:
    product_is_reference(data)


def test_a_divisor_that_may_be_zero_hangs_on_the_last_bit() -> None:
    """x - exp(x), where exp(x) comes from a run before: 0 or one unit in the last place."""
    assert run_program(2049243) is False


# --- graphs that once went wrong ----------------------------------------------------------------


def test_two_products_added() -> None:
    x, a, b = (input_node((6, 6), "float32", name) for name in "xab")
    graph = Graph([x, a, b], [OPS["tanh"](x @ a + x @ b)])
    check(graph, [np.full((6, 6), 0.25, np.float32)] * 3)


@pytest.mark.parametrize("name", ["argmax", "argmin", "cumulative_sum"])
@pytest.mark.parametrize("shape", [(1,), (40, 1), (1, 40), (1, 1)])
def test_one_element_along_the_axis(name: str, shape: tuple[int, ...]) -> None:
    x = input_node(shape, "float32", "x")
    check(Graph([x], [OPS[name](x, axis) for axis in range(x.ndim)]), [np.ones(shape, "f4")])


def test_sums_of_two_lengths_that_meet_in_numbers() -> None:
    """Both updates are loops over nothing, but the sums in them are not over the same axis."""
    x, y = input_node((5,), "float32", "x"), input_node((9,), "float32", "y")
    s, t = input_node((), "float32", "s"), input_node((), "float32", "t")
    total = s - OPS["sum"](x) + (t - OPS["sum"](y))
    updates = {s: s - OPS["sum"](x), t: t - OPS["sum"](y)}
    arrays = [np.ones(5, "f4"), np.ones(9, "f4"), np.zeros((), "f4"), np.zeros((), "f4")]
    check(Graph([x, y, s, t], [total], updates), arrays, runs=2)


def test_positions_in_a_sum_of_the_same_nest() -> None:
    x, i = input_node((9,), "float32", "x"), input_node((), "int64", "i")
    total = OPS["sum"](x)
    chosen = OPS["take"](OPS["reshape"](total, (1,)), i)
    arrays = [np.ones(9, "f4"), np.zeros((), "i8")]
    check(Graph([x, i], [chosen, total * 2, chosen + total]), arrays)


@pytest.mark.parametrize("shape", [(1,), (8,), (40,), (3, 8)])
def test_products_of_float16_are_rounded_once(shape: tuple[int, ...]) -> None:
    x, y = input_node((*shape, 2), "float16", "x"), input_node((2, 1), "float16", "y")
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(n.shape).astype("f2") for n in (x, y)]
    arrays[1][:] = [[1.001], [-1.0]]
    arrays[0][..., 1] = arrays[0][..., 0]
    check(Graph([x, y], [x @ y]), arrays)


def test_float64_becomes_float16_with_one_rounding() -> None:
    """Just above and below the middle of two float16, where float32 says it is the middle."""
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    middle = (halves[:-1] + halves[1:]) / 2
    values = np.concatenate([halves, middle, middle * (1 + 1e-12), middle * (1 - 1e-12)])
    odd = np.array([65519.9999, 65520.0, 1e300, np.inf, np.nan, 1e-300, 2.0**-25, 2.0001**-25])
    values = np.concatenate([values, odd])
    values = np.concatenate([values, -values])
    x = input_node(values.shape, "float64", "x")
    check(Graph([x], [OPS["astype"](x, "float16")]), [values])


@pytest.mark.parametrize("source", ["int32", "int64", "uint8", "uint32", "bool", "float32"])
@pytest.mark.parametrize("target", ["float16", "float32", "float64"])
def test_large_integers_become_floats(source: str, target: str) -> None:
    if source == "bool":
        values = np.array([True, False])
    elif source == "float32":
        values = np.arange(-70000, 70000, 7).astype(np.float32) / 8
    else:
        info = np.iinfo(source)
        powers = [(1 << n) + d for n in range(info.bits - 1) for d in (-1, 0, 1, 3)]
        chosen = [info.min, info.max, *[p for p in powers if info.min <= p <= info.max]]
        values = np.array(chosen, source)
    x = input_node(values.shape, source, "x")
    check(Graph([x], [OPS["astype"](x, target)]), [values])
