"""Reverse-mode differentiation (backpropagation).

`backpropagate` walks the history of a result from its end to its beginning and applies each op's
gradient rule. It knows nothing of numbers: given Tensors it computes (or traces) their gradients,
given Nodes it extends the graph. As rules are written in ops, what it returns can be differentiated
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from ..base.missing import answered
from ..base.observer import listening
from ..base.source import in_gradient_of
from ..errors import GraphError
from ..graph.graph import Graph
from ..graph.node import Node, Value
from ..typing import V
from .creation import full
from .op import apply

_EAGER = nullcontext()  # numbers have no source, so none is handed on


def backpropagate(
    result: V,
    grad: V,
    wanted: Iterable[V],
    needed: Callable[[V], bool] = lambda value: True,
) -> dict[int, V]:
    """Gradients of `result` (weighted by `grad`) with respect to the values in `wanted`.

    Returns {id of value: gradient}; a value that `result` does not depend on is absent. `needed`
    says which values a gradient has to flow through.
    """
    return pull_back([result], [grad], wanted, needed)


def pull_back(
    results: Sequence[V],
    reaching: Sequence[V],
    wanted: Iterable[V],
    needed: Callable[[V], bool] = lambda value: True,
) -> dict[int, V]:
    """`backpropagate` from several results at once, each with the gradient that reaches it."""
    wanted_ids = {id(v) for v in wanted}
    order = _history(results, needed)
    depends = set()
    for value in order:
        if id(value) in wanted_ids or any(id(x) in depends for x in value.inputs):
            depends.add(id(value))
    grads: dict[int, V] = {}
    for result, grad in zip(results, reaching, strict=True):
        if id(result) in depends:
            grads[id(result)] = grads[id(result)] + grad if id(result) in grads else grad
    # The elements of a loop's flat result that a gradient reaches, as (start, stop).
    reached: dict[int, list[tuple[int, int]]] = {id(r): [(0, r.size)] for r in results}
    gradients: dict[int, V] = {}
    observer = listening.observer
    for value in reversed(order):
        g = grads.pop(id(value), None)
        if g is None:
            continue
        if observer is not None:
            observer.gradient(value, g)
        if id(value) in wanted_ids:
            gradients[id(value)] = g
        if value.op is None or not any(id(x) in depends for x in value.inputs):
            continue
        params = dict(value.params)
        if value.op.kind == "loop":
            params["reached"] = reached[id(value)]
        source = value.made_at()
        with _EAGER if source is None else in_gradient_of(source):
            # Written in ops, a rule gives values of the kind it is given: V.
            parts: tuple[Any, ...] = value.op.gradient(g, *value.for_gradient(), **params)
        if len(parts) != len(value.inputs):
            raise GraphError(
                f"{value.op.name}: its gradient rule returned {len(parts)} values "
                f"for {len(value.inputs)} inputs"
            )
        for x, part in zip(value.inputs, parts, strict=True):
            if part is None or id(x) not in depends:
                continue
            if part.spec != x.spec:
                raise GraphError(
                    f"{value.op.name}: its gradient rule gave {part.spec} for an input of {x.spec}"
                )
            grads[id(x)] = grads[id(x)] + part if id(x) in grads else part
            if x.op is not None and x.op.kind == "loop":
                reached.setdefault(id(x), []).append(_elements(value, x))
    return gradients


def _elements(value: Value, x: Value) -> tuple[int, int]:
    """The elements of the flat x that `value` reads."""
    if value.op is not None and value.op.name == "slice":
        return value.params["start"][0], value.params["stop"][0]
    return 0, x.size


def _history(results: Iterable[V], needed: Callable[[V], bool]) -> list[V]:
    """Every needed value the results were made from, each after its inputs, without recursion."""
    order: list[V] = []
    seen: set[int] = set()
    stack: list[tuple[V, bool]] = [(result, False) for result in results]
    while stack:
        value, ready = stack.pop()
        if ready:
            order.append(value)
        elif id(value) not in seen:
            seen.add(id(value))
            stack.append((value, True))
            for x in value.inputs:
                if id(x) not in seen and needed(x):
                    stack.append((x, False))
    return order


@answered
def gradient(graph: Graph, wanted: Sequence[Node] | None = None) -> Graph:
    """The graph of the gradients of `graph`'s first output, a single number.

    Its inputs are those of `graph`; its outputs are the first output, then one gradient for each
    node in `wanted` (the float inputs by default).
    """
    loss = graph.outputs[0]
    if loss.size != 1:
        raise GraphError(f"gradient: the first output must be one number; it is {loss.spec}")
    chosen = [n for n in graph.inputs if n.dtype.kind == "f"] if wanted is None else list(wanted)
    one = apply(full, like=loss, value=1.0, shape=loss.shape, dtype=loss.dtype)
    gradients = backpropagate(loss, one, chosen)
    grads = [
        gradients[id(n)]
        if id(n) in gradients
        else apply(full, like=n, value=0.0, shape=n.shape, dtype=n.dtype)
        for n in chosen
    ]
    return Graph(graph.inputs, [loss, *grads])
