"""Graphs for any number of rows: of every op and every layer, against those traced for so many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from layer_table import TAKES
from op_table import TABLE
from ranvier.errors import GraphError, RanvierError, ShapeError, UnknownSizeError
from ranvier.graph.check import check
from ranvier.graph.graph import Graph
from ranvier.graph.interpret import evaluate
from ranvier.graph.row_count import ROWS
from ranvier.graph.with_rows import has_rows, instantiate
from ranvier.nn.modes import training_mode
from ranvier.tracing.trace import Traced, trace

COUNTS = (1, 2, 7)

# Ops whose rows of the table have sizes of their own in the call: the same with the rows in them.
WITH_SIZES: dict[str, list[Callable[[Any], Any]]] = {
    "full": [lambda x: ranvier.full(x.shape, 2.0), lambda x: x + x.shape[0]],
    "iota": [lambda x: ranvier.iota((2, x.shape[0]), axis=1), lambda x: ranvier.arange(x.shape[0])],
    "reshape": [lambda x: ranvier.reshape(x, (-1,)), lambda x: ranvier.reshape(x, (1, -1, 3, 1))],
    "broadcast_to": [lambda x: ranvier.broadcast_to(x[:1], x.shape)],
    "slice": [
        lambda x: x[1:], lambda x: x[:-1], lambda x: x[-2::-1], lambda x: x[-1], lambda x: x[:1],
        lambda x: ranvier.reshape(x, (-1,))[1::3], lambda x: ranvier.reshape(x, (-1,))[::-3],
    ],
    "flip": [lambda x: x[::-1]],
    "random_bits": [lambda x: ranvier.random.bernoulli(0.5, x.shape)],
}  # fmt: skip


def at(arrays: list[Any], size: int, rows: Any) -> list[Any]:
    """What `trace` takes: the first axis of each array that has this size for so many rows."""
    return [
        ((rows, *a.shape[1:]) if a.ndim and a.shape[0] == size else a.shape, a.dtype.name)
        for a in arrays
    ]


def compared(traced: Traced, fixed: Traced, rows: int, rng: Any) -> None:
    """The graph for any rows at so many is the one traced for them: in specs and in values."""
    for graph in (traced.graph, instantiate(traced.graph, rows), fixed.graph):
        check(graph)
    graph = instantiate(traced.graph, rows)
    assert not has_rows(graph)
    for ours, theirs in ((graph.inputs, fixed.graph.inputs), (graph.results, fixed.graph.results)):
        assert [n.spec for n in ours] == [n.spec for n in theirs]
    if rows > 1:  # for 1 row there may be steps less, such as repeating it once
        assert str(graph) == str(fixed.graph)
    inputs = [sample(n, rng) for n in graph.inputs]
    try:
        expected = evaluate(fixed.graph, inputs)
    except RanvierError as error:  # such as an index outside of random rows
        with pytest.raises(type(error)):
            evaluate(graph, inputs)
        return
    for one, other in zip(evaluate(graph, inputs), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def sample(node: Any, rng: Any) -> Any:
    if node.dtype.kind == "f":
        return rng.normal(size=node.shape).astype(node.dtype)
    return rng.integers(0, 2, node.shape).astype(node.dtype)


@pytest.mark.parametrize("name", TABLE)
def test_every_op_takes_any_number_of_rows(name: str) -> None:
    row, rng, tried = TABLE[name], np.random.default_rng(0), 0
    for shapes in row.shapes:
        size = next((s[0] for s in shapes if s and s[0] >= 2), None)
        arrays = row.arrays(shapes, row.dtypes[0])
        try:
            fixed = [trace(row.call, at(arrays, size or 0, n))[0] for n in COUNTS]
        except RanvierError:  # sizes that do not fit other rows
            continue
        if size is not None:
            traced = trace(row.call, at(arrays, size, ROWS))[0]
            for n, one in zip(COUNTS, fixed, strict=True):
                compared(traced, one, n, rng)
            tried += 1
    for call in WITH_SIZES.get(name, []):
        traced = trace(call, [((ROWS, 3), "float32")])[0]
        for n in COUNTS:
            compared(traced, trace(call, [((n, 3), "float32")])[0], n, rng)
        assert name in {n.op.name for n in traced.graph.nodes}
        tried += 1
    assert tried


def layer_case(name: str) -> tuple[Any, list[Any]]:
    """A layer of the table as a function of its inputs, and arrays of 4 rows that it takes."""
    x, make = TAKES[name]
    layer, alone = make(), not isinstance(x, list)
    arrays = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in ([x] if alone else x)]

    def call(*tensors: Any) -> Any:
        return layer(tensors[0] if alone else list(tensors))

    call(*map(ranvier.tensor, arrays))
    return call, arrays


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", TAKES)
def test_every_layer_takes_any_number_of_rows(name: str, training: bool) -> None:
    call, arrays = layer_case(name)
    with training_mode(training):
        traced = trace(call, at(arrays, 4, ROWS))[0]
        assert has_rows(traced.graph)
        for n in COUNTS:
            fixed = trace(call, at(arrays, 4, n))[0]
            compared(traced, fixed, n, np.random.default_rng(n))


@pytest.mark.parametrize("name", TAKES)
def test_every_layer_has_gradients_for_any_number_of_rows(name: str) -> None:
    call, arrays = layer_case(name)
    weight = ranvier.tensor(2.0, requires_grad=True)

    def gradient(*tensors: Any) -> Any:
        out = call(*tensors)
        outs = out if isinstance(out, list | tuple) else [out]
        sum(ranvier.sum(o * o * weight) for o in outs).backward()  # type: ignore[union-attr]
        return [t.grad for t in (weight, *tensors) if t.grad is not None]

    floats = [a.dtype.kind == "f" for a in arrays]
    with training_mode(True):
        traced = trace(gradient, at(arrays, 4, ROWS), requires_grad=floats)[0]
        fixed = trace(gradient, at(arrays, 4, 3), requires_grad=floats)[0]
    compared(traced, fixed, 3, np.random.default_rng(3))


def test_inputs_without_rows_stay_the_same() -> None:
    w = ranvier.ones((3, 2))
    traced = trace(lambda x, y: x @ w + y, [((ROWS, 3), "float32"), ((2,), "float32")], ["x", "y"])
    graph = traced[0].graph
    assert (
        str(graph).splitlines()[0] == "graph(x: float32[rows,3], y: float32[2], in2: float32[3,2]):"
    )
    several = instantiate(graph, 5)
    assert several.inputs[1:] == graph.inputs[1:] and several.inputs[0].shape == (5, 3)
    assert instantiate(several, 9).nodes == several.nodes


def test_updates_and_loops_are_instantiated() -> None:
    total = ranvier.zeros((3,))

    def step(x: Any) -> Any:
        total.assign(total + ranvier.sum(x, axis=0))
        return ranvier.scan(lambda c, row: (c + row, c), ranvier.zeros_like(x[:, 0]), x.T)[1]

    traced = trace(step, [((ROWS, 3), "float32")])[0]
    graph = instantiate(traced.graph, 4)
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    ys, new = evaluate(check(graph), [x, np.ones(3, np.float32)])
    np.testing.assert_array_equal(ys, (np.cumsum(x, axis=1) - x).T)
    np.testing.assert_array_equal(new, 1 + x.sum(axis=0))


def test_too_few_rows_are_refused() -> None:
    traced = trace(lambda x: x[3:6] + x[-2], [((ROWS, 2), "float32")])[0]
    assert instantiate(traced.graph, 6).outputs[0].shape == (3, 2)
    with pytest.raises(ShapeError, match="for 5 rows: slice: 3:6:1 does not fit an axis of size 5"):
        instantiate(traced.graph, 5)


def test_python_that_asks_for_the_rows_is_told_so() -> None:
    with pytest.raises(UnknownSizeError, match="so `rows > 3` has no answer"):
        trace(lambda x: x if x.shape[0] > 3 else -x, [((ROWS, 2), "float32")])


def test_the_checker_sees_a_wrong_number_of_rows() -> None:
    graph = trace(lambda x: -x[1:], [((ROWS, 2), "float32")])[0].graph
    (out,) = graph.outputs
    wrong = type(out)(out.op, out.inputs, {}, out.spec._replace(shape=(ROWS, 2)))
    match = r"negative has float32\[rows,2\], its rule says float32\[rows - 1"
    with pytest.raises(GraphError, match=match):
        check(Graph(graph.inputs, [wrong]))
