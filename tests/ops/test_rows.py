"""What rows that fill up a batch can reach: every op, applied row by row and across rows.

Each line of the table is a function of x (rows, 3) and `real`, which is 1 for the rows that count.
What the flow says of it is compared with what it should say, and with the numbers: those of 4 rows,
and of the same 4 with any others behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier as rv
from ranvier.graph.interpret import evaluate
from ranvier.graph.node import OPS
from ranvier.graph.row_count import ROWS
from ranvier.graph.with_rows import instantiate
from ranvier.ops.check_index import FRACTION_REFUSALS, check_index, check_integral
from ranvier.ops.rows import RowFlow
from ranvier.ops.windows.sliding_window import sliding_window
from ranvier.random import Generator
from ranvier.tracing.trace import trace
from ranvier.train.steps.step_functions import row_mask

RNG = np.random.default_rng(0)
KINDS = ("by row", "unmoved", "in front", "mixed")

Function = Callable[[Any, Any], Any]
TABLE: list[tuple[str, Function]] = []


def says(kind: str, *functions: Function) -> None:
    """What the flow has to say of these functions."""
    assert kind in KINDS
    TABLE.extend((kind, f) for f in functions)


def whole(x: Any) -> Any:
    """x as integers from 0 to 2."""
    return rv.astype(rv.abs(x), "int64") % 3


def recurrent(x: Any, start: Any, reverse: bool = False) -> Any:
    """Running sums over axis 1 by a loop: all of them, (3, rows), and the last, (rows,)."""
    return rv.scan(
        lambda carry, now: (carry * 0.5 + now, carry + now),
        start,
        rv.permute_dims(x, (1, 0)),
        reverse=reverse,
    )


def flat(x: Any) -> Any:
    return rv.reshape(x, (-1,))


def at(x: Any) -> Any:
    """The number of each row, (rows, 1)."""
    return rv.iota((x.shape[0], 1), axis=0)


def images(x: Any) -> Any:
    return rv.reshape(rv.concat([x] * 12, axis=1), (-1, 6, 6, 1))


def by_time(x: Any) -> Any:
    """Time by rows, flattened for a product, and back."""
    flat = rv.reshape(rv.permute_dims(x, (1, 0)), (-1, 1)) @ W[:1] + W[0]
    return rv.permute_dims(rv.reshape(flat, (3, -1, 5)), (1, 0, 2))


W = rv.tensor(RNG.normal(size=(3, 5)).astype("f4"))
FILTERS = rv.tensor(RNG.normal(size=(2, 2, 1, 2)).astype("f4"))
IDS = rv.tensor([2, 0])


def _elementwise(op: Any) -> list[Function]:
    """An op of one, two or three tensors, with operands that it takes."""
    bools = op.name.startswith("logical") or op.name == "where"
    if op.name == "shift_right":
        return [
            lambda x, real: op(rv.astype(whole(x), "uint32"), rv.astype(whole(x) + 1, "uint32"))
        ]
    count = op.reference.__code__.co_argcount - 1
    first = (lambda x: x > 0) if bools else (lambda x: x)
    rest = (lambda x: x < 0.5) if op.name.startswith("logical") else (lambda x: x * 0.5 + 1)
    return [lambda x, real: op(first(x), *[rest(x) for _ in range(count - 1)])]


for _op in OPS.values():
    if _op.kind == "elementwise" and _op.name != "astype":
        says("by row", *_elementwise(_op))
says(
    "by row",
    lambda x, real: rv.astype(x, "float64"),
    lambda x, real: x @ W + W[0, 0] * rv.arange(5),
    lambda x, real: x @ rv.permute_dims(W, (1, 0))[:3, :3] - rv.full((3,), 2.0),
    lambda x, real: rv.softmax(x, axis=1) + rv.max(x, axis=1, keepdims=True),
    lambda x, real: rv.prod(x, axis=1) + rv.min(x, axis=1) + rv.sum(x, axis=1),
    lambda x, real: rv.argmax(x, axis=1) + rv.argmin(x, axis=-1),
    lambda x, real: rv.cumulative_sum(x, axis=1),
    lambda x, real: rv.cumulative_sum(x, axis=0),  # of the rows before
    lambda x, real: rv.flip(x, 1),
    lambda x, real: rv.pad(x, ((0, 0), (1, 2))),
    lambda x, real: rv.pad(x[:-1], ((1, 0), (0, 0))),  # the row before
    lambda x, real: rv.concat([x, x * 2], axis=1)[:, ::2],
    lambda x, real: rv.reshape(rv.reshape(x, (-1,)), (-1, 3)),
    lambda x, real: rv.permute_dims(rv.permute_dims(x, (1, 0)), (1, 0)),
    lambda x, real: rv.iota((x.shape[0], 2), axis=1) + rv.iota((x.shape[0], 2), axis=0),
    lambda x, real: rv.zeros((x.shape[0], 4)),
    lambda x, real: rv.convolution(images(x), FILTERS),
    lambda x, real: rv.max(sliding_window(images(x), 2), axis=(3, 4)),
    lambda x, real: rv.take(W, whole(x)),
    lambda x, real: rv.take(x, IDS, axis=1),
    lambda x, real: rv.take_along_axis(x, whole(x), axis=1),
    lambda x, real: rv.scatter_add_along_axis(x, whole(x), x, axis=1),
    lambda x, real: rv.scatter_add(x, IDS, x[:, :2], axis=1),
    lambda x, real: check_index(whole(x), 3),
    lambda x, real: check_integral(rv.floor(x), next(iter(FRACTION_REFUSALS)), "me"),
    lambda x, real: Generator(0).uniform((x.shape[0], 2)),
    lambda x, real: recurrent(x, rv.zeros((x.shape[0],)))[0],
    lambda x, real: rv.permute_dims(recurrent(x, x[:, 0], reverse=True)[1], (1, 0)),
    lambda x, real: x[:, :1] * x[0],  # the first row is there whatever comes behind
    lambda x, real: x - rv.sum(x * real[:, None], axis=0) / rv.sum(real),
    lambda x, real: rv.where(real[:, None] > 0, x, 0.0) @ W,
    lambda x, real: by_time(x),
    lambda x, real: rv.matmul(x[:, None, :], x[:, :, None]),
    lambda x, real: x[rv.arange(x.shape[0]), whole(x)[:, 0]],
    lambda x, real: rv.take(flat(x), at(x) * 3 + whole(x)),
    lambda x, real: rv.take(flat(x), at(x) * 3 + rv.clip(rv.astype(x * 9, "int32"), 0, 2)),
    lambda x, real: rv.take(flat(x), at(x) * 3 + rv.argmax(x, axis=1)[:, None]),
    lambda x, real: rv.take(flat(x), at(x) * 3 + Generator(0).randint(0, 3, (x.shape[0], 2))),
    lambda x, real: rv.take(flat(x), at(x) * 3 + rv.minimum(rv.maximum(whole(x) - 9, 0), 2)),
    lambda x, real: rv.take(flat(x), at(x) * 3 + rv.astype(x > 0, "int64") * 2),
)  # fmt: skip
says(
    "unmoved",
    lambda x, real: rv.sum(x * real[:, None], axis=0),
    lambda x, real: rv.sum(rv.where(real > 0, x[:, 0], 0.0)),
    lambda x, real: rv.permute_dims(x, (1, 0)) @ (x * real[:, None]),
    lambda x, real: (x * real[:, None]).reshape((-1,)) @ x.reshape((-1,)),
    lambda x, real: rv.scatter_add(rv.zeros(3), whole(x)[:, 0], real),
    lambda x, real: rv.scatter_add_along_axis(
        rv.zeros((1, 3)), rv.permute_dims(whole(x)[:, :1], (1, 0)), real[None], axis=1
    ),
    lambda x, real: x[0] + W[0, :3],
    lambda x, real: rv.sum(rv.tanh(x * real[:, None]) / 2, axis=(0, 1)),
)
says(
    "in front",
    lambda x, real: x[1:],
    lambda x, real: rv.pad(x, ((1, 0), (0, 0))),
    lambda x, real: rv.concat([W[:, :3], x]),
    lambda x, real: flat(x),
    lambda x, real: rv.take(flat(x), rv.iota((3 * x.shape[0],))),
    lambda x, real: rv.permute_dims(x, (1, 0)),
    lambda x, real: recurrent(x, x[:, 0])[1],
)
says(
    "mixed",
    lambda x, real: x - rv.mean(x, axis=0, keepdims=True),
    lambda x, real: x / x.shape[0],
    lambda x, real: x * float(3) + rv.mean(real),
    lambda x, real: rv.softmax(x, axis=0),
    lambda x, real: rv.max(x, axis=0),
    lambda x, real: rv.min(x),
    lambda x, real: rv.prod(x * real[:, None], axis=0),
    lambda x, real: rv.argmax(x, axis=0),
    lambda x, real: rv.argmin(x[:, 0] * real),
    lambda x, real: rv.sum(x),
    lambda x, real: rv.flip(x, 0),
    lambda x, real: rv.cumulative_sum(rv.flip(x, 0), axis=0),
    lambda x, real: x + x[-1:],
    lambda x, real: x - x[-1],
    lambda x, real: rv.concat([x, x]),
    lambda x, real: rv.concat([x[1:], x[:1]]),
    lambda x, real: rv.pad(x, ((0, 1), (0, 0)))[1:],
    lambda x, real: x @ rv.permute_dims(x, (1, 0)),
    lambda x, real: rv.permute_dims(x, (1, 0)) @ x,
    lambda x, real: rv.reshape(rv.permute_dims(x, (1, 0)), (-1, 3)),
    lambda x, real: rv.take(x, whole(x)[:, 0] % 1, axis=0),
    lambda x, real: rv.take(x, IDS - 2, axis=0),
    lambda x, real: rv.take(flat(x), rv.maximum(at(x) * 3 + whole(x) - 1, 0)),  # the row before
    lambda x, real: rv.take(flat(x), rv.minimum(at(x) * 3 + whole(x), 11)),
    lambda x, real: rv.take(flat(x), rv.clip(at(x) * 3 + whole(x), 0, 11)),
    lambda x, real: rv.take(flat(x), at(x) * 2 + rv.iota((2,))),
    lambda x, real: rv.take(flat(x), rv.flip(at(x), 0) * 3 + whole(x)),
    lambda x, real: rv.take(flat(x), at(x) * 3 - whole(x)),
    lambda x, real: rv.take(flat(x), at(x) * 3 + rv.astype(x, "int64") * 0),
    lambda x, real: rv.take_along_axis(x, whole(x) % 1, axis=0),
    lambda x, real: rv.scatter_add(rv.zeros(3), whole(x)[:, 0], x[:, 0]),
    lambda x, real: rv.scatter_add(x, whole(x)[:, 0] % 1, x),
    lambda x, real: rv.scatter_add_along_axis(x, whole(x) % 1, x, axis=0),
    lambda x, real: rv.sum(recurrent(x, x[:, 0])[1], axis=1),
    lambda x, real: rv.scan(lambda c, row: (c + row, c), rv.zeros(3), x)[1],
    lambda x, real: recurrent(x, x[:, 0] - rv.mean(x[:, 0]))[0],
    lambda x, real: rv.convolution(rv.reshape(x, (1, -1, 3, 1)), FILTERS[:1]),
    lambda x, real: sliding_window(rv.reshape(x, (1, -1, 3, 1)), 1),
    lambda x, real: x + rv.std(x, axis=0),
    lambda x, real: check_index(rv.iota((x.shape[0],), axis=0) + whole(x)[:, 0], x.shape[0]),
)


def traced(f: Function) -> Any:
    def of_rows(x: Any, count: Any) -> Any:
        return f(x, row_mask(count, x.shape[0]))

    return trace(of_rows, [((ROWS, 3), "float32"), ((), "float32")], ["x", "count"])[0]


def judged(graph: Any) -> str:
    flow = RowFlow(graph, graph.inputs[:1], graph.inputs[1])
    (out,) = graph.outputs
    if flow.by_row(out):
        return "by row"
    if flow.unmoved(out):
        return "unmoved"
    return "in front" if flow.is_known(out) else "mixed"


NAMES = [f"{f.__code__.co_firstlineno}-{i}" for i, (_, f) in enumerate(TABLE)]


@pytest.mark.parametrize(("kind", "function"), TABLE, ids=NAMES)
def test_what_the_flow_says_is_so(kind: str, function: Function) -> None:
    graph = traced(function).graph
    assert judged(graph) == kind
    flow = RowFlow(graph, graph.inputs[:1], graph.inputs[1])
    assert (flow.mixing is not None) == (kind == "mixed")


@pytest.mark.parametrize(
    "function", [f for kind, f in TABLE if kind != "mixed"],
    ids=[name for name, (kind, _) in zip(NAMES, TABLE, strict=True) if kind != "mixed"],
)  # fmt: skip
@pytest.mark.parametrize("behind", [1, 4])
def test_rows_behind_reach_nothing(function: Function, behind: int) -> None:
    """The numbers of 4 rows, and of the same with others behind."""
    found = traced(function)
    count, rows = np.float32(4), RNG.normal(size=(4, 3)).astype("f4")
    more = np.concatenate([rows, 50 * RNG.normal(size=(behind, 3)).astype("f4")])
    state = [t._array().copy() for t in found.captured]
    with np.errstate(all="ignore"):
        few, many = (
            evaluate(instantiate(found.graph, len(x)), [x, count, *state])[0] for x in (rows, more)
        )
    assert few.ndim == many.ndim
    front = many[tuple(slice(n) for n in few.shape)]
    np.testing.assert_allclose(front, few, rtol=1e-6, atol=1e-6)


def test_the_table_has_every_op() -> None:
    nodes = {n.op.name for _, f in TABLE for n in traced(f).graph.nodes}
    assert OPS.keys() - nodes == {"input"} - nodes


def test_an_op_without_a_rule_mixes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(OPS["tanh"]), "kind", "new")
    assert judged(traced(lambda x, real: rv.tanh(x)).graph) == "mixed"


def test_several_inputs_that_lie_in_another_order() -> None:
    """Rows by time beside time by rows, flattened: what is added up are other rows."""

    def crossed(x: rv.Tensor, y: rv.Tensor) -> rv.Tensor:
        by_time = rv.reshape(rv.permute_dims(y, (1, 0)), (-1,))
        return rv.reshape(x, (-1,)) + by_time

    graph = trace(crossed, [((ROWS, 3), "float32")] * 2, ["x", "y"])[0].graph
    flow = RowFlow(graph, graph.inputs)
    assert flow.mixing is not None and flow.mixing.op.name == "add"
