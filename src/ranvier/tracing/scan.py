"""`scan`: a function run for one slice after the other of the first axis of tensors, as one loop.

The function is traced once, whether `scan` is called eagerly or inside a compiled function. Tensors
from outside that it uses become inputs of the loop, the same at every iteration; what it computes
of these alone is computed once, before the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..base.missing import spelled
from ..base.nested import map_leaves
from ..errors import ArgumentError, DTypeError, ShapeError
from ..graph.graph import Graph, rebuild
from ..graph.node import Node
from ..graph.row_count import RowCount
from ..ops.creation import input_node
from ..ops.loops.scan_gradient import worth_saving
from ..ops.loops.scan_op import run_scan
from ..ops.op import apply, as_values
from ..tensors.mode import active_trace, is_grad_enabled, state
from ..tensors.tensor import Tensor
from ..typing import Shape
from .body import BodyTrace
from .trace import replace_tensors, tensors_in


@spelled
def scan(
    function: Callable[[Any, Any], tuple[Any, Any]],
    carry: object,
    xs: object = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """Run `carry, y = function(carry, x)` for each slice x of `xs` along axis 0, in order.

    Into each call goes the carry that the call before returned; into the first one, `carry`.

    `carry`, `xs` and y may be tensors, or tuples, lists or dicts of them (or None); all xs have the
    same number of slices. Returns the last carry and the ys of all iterations stacked along axis 0.
    With `reverse` the last x comes first; each y stands where its x stood. Without `xs` give
    `length`. As `jax.lax.scan`. The carries and ys must be of one dtype.

    >>> import ranvier
    >>> def running(total, x):
    ...     total = total + x
    ...     return total, total * total
    >>> scan(running, ranvier.tensor(0.0), ranvier.tensor([1.0, 2.0, 3.0]))
    (tensor(6.), tensor([ 1.,  9., 36.]))
    """
    carry, xs = _as_tensors(carry), _as_tensors(xs)
    first, moving = tensors_in(carry), tensors_in(xs)
    length = _length(moving, length)
    body = _Body(function, carry, xs)
    graph, constants = body.hoist()
    results = len(graph.outputs)
    history = is_grad_enabled() and any(t._requires_grad for t in (*first, *moving, *constants))
    if history and graph.outputs and graph.outputs[0].dtype.kind == "f":
        saved = worth_saving(graph, len(first), len(moving))
        graph = Graph(graph.inputs, [*graph.outputs, *saved])
    if not graph.outputs:
        return carry, body.y
    layout, flat = run_scan(graph, first, moving, constants, length, reverse)
    last = iter([layout.final(flat, i) for i in range(len(first))])
    ys = iter([layout.y(flat, j) for j in range(results - len(first))])
    return replace_tensors(carry, last), replace_tensors(body.y, ys)


def _as_tensors(value: object) -> Any:
    """`value` with its arrays and numbers as tensors."""
    return map_leaves(lambda v: None if v is None else as_values(v)[0], value)


def _length(xs: Sequence[Tensor], length: int | None) -> int:
    """How many iterations there are."""
    for x in xs:
        if not x.ndim:
            raise ShapeError("scan: an x is a single number; it has no first axis to go along")
    sizes = {x.shape[0] for x in xs} | ({length} if length is not None else set())
    if not sizes:
        raise ArgumentError("scan: give xs, or length, the number of iterations")
    if len(sizes) > 1:
        sizes_text = ", ".join(str(x.shape) for x in xs) or "none"
        raise ShapeError(
            f"scan: xs of shapes {sizes_text} and length {length} do not agree on the number of "
            "iterations"
        )
    (iterations,) = sizes
    if not isinstance(iterations, int | RowCount) or iterations < 0:
        raise ArgumentError(f"scan: length must be an integer, 0 or more; got {iterations!r}")
    return iterations


class _Body:
    """The traced function: its graph and the tensors from outside that it uses."""

    def __init__(self, function: Callable[..., Any], carry: object, xs: object) -> None:
        around = state.trace
        first, moving = tensors_in(carry), tensors_in(xs)
        self.first = len(first) + len(moving)
        trace = BodyTrace(
            around,
            "scan",
            "a loop cannot keep it. Make it a carry and assign the result after the scan",
        )

        def argument(t: Tensor, shape: Shape, name: str) -> Tensor:
            return trace.argument(shape, t.dtype, name, t._requires_grad, type(t))

        symbols = [argument(t, t.shape, f"carry{i}") for i, t in enumerate(first)]
        symbols += [argument(t, t.shape[1:], f"x{i}") for i, t in enumerate(moving)]
        fresh = iter(symbols)
        with active_trace(trace):
            returned = function(replace_tensors(carry, fresh), replace_tensors(xs, fresh))
            if not isinstance(returned, tuple) or len(returned) != 2:
                raise ArgumentError(
                    "scan: the function must return two things, the new carry and y (None if "
                    f"there is none); it returned {type(returned).__name__}"
                )
            new, self.y = _as_tensors(returned[0]), _as_tensors(returned[1])
            after, ys = tensors_in(new), tensors_in(self.y)
            _same_carries(first, after)
            results = [trace.node_of(t) for t in (*after, *ys)]
        for t, before in trace.grads.values():
            t._grad = before
        self.outside: list[Any] = [t for t, _ in trace.captured.values()]
        inputs = [*trace.inputs, *[n for _, n in trace.captured.values()]]
        self.graph = Graph(inputs, results)

    def hoist(self) -> tuple[Graph, list[Tensor]]:
        """The graph without what depends on constants alone, and its constants, with that computed.

        Views and numbers stay: they cost nothing in the loop. A view that a contraction reads is
        computed before it, so that it is a tensor of its own there.
        """
        first = self.graph.inputs[: self.first]
        outside = dict(zip(self.graph.inputs[self.first :], self.outside, strict=True))
        readers = self.graph.consumers()
        fixed, plain = set(outside), set[Node]()
        stand_ins: dict[Node, Node] = {}

        def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
            if all(x in plain for x in node.inputs):
                plain.add(node)
            elif all(x in plain or x in fixed for x in node.inputs):
                fixed.add(node)
                product = any(r.op.kind == "contraction" for r in readers[node])
                if node.op.kind != "movement" or product:
                    new = input_node(node.shape, node.dtype, node.name)
                    stand_ins[new] = node
                    return new
            return rebuild(node, inputs)

        body = self.graph.rewrite(rule)
        used = [n for n in body.nodes if n in outside or n in stand_ins]
        computed = dict(outside)
        constants = [_computed(stand_ins.get(n, n), computed) for n in used]
        return Graph([*first, *used], body.outputs), constants


def _computed(node: Node, values: dict[Node, Tensor]) -> Tensor:
    """The value of a node of constants, computed outside the loop."""
    like = next(iter(values.values()))
    for n in Graph((), [node]).nodes:
        if n not in values:
            values[n] = apply(n.op, *[values[x] for x in n.inputs], like=like, **n.params)
    return values[node]


def _same_carries(before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    if len(before) != len(after):
        raise ArgumentError(
            f"scan: the carry holds {len(before)} tensors, the function returned {len(after)}"
        )
    for i, (x, y) in enumerate(zip(before, after, strict=True)):
        if x.shape != y.shape:
            raise ShapeError(
                f"scan: carry {i} has shape {x.shape}, the function returned {y.shape} for it"
            )
        if x.dtype != y.dtype:
            raise DTypeError(
                f"scan: carry {i} is {x.dtype}, the function returned {y.dtype} for it; "
                "cast it with ranvier.astype"
            )
