"""The calls of layers in a forward pass, and which of them each reads: seen while it is traced."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...base.observer import observed
from ...errors import RanvierError, StateError
from ...graph.graph import topological
from ...graph.node import Node
from ...nn.layer import Layer
from ...tensors.mode import no_grad
from ...tracing.trace import trace
from ...train.intake.arrange import inputs_of
from ...train.models.model import Model
from ...train.walkthrough.meaning import Call, Meaning
from ...typing import DataLike, DType, Shape


class Piece(NamedTuple):
    """A layer of a picture; `inputs` are positions of those that it reads."""

    name: str
    kind: str
    shape: str
    parameters: int
    inputs: tuple[int, ...] = ()


def pieces_of(model: Model, x: DataLike | None, inside: bool) -> list[Piece]:
    """The input, and each call of a layer of the model; with `inside` each innermost one."""
    calls, arguments = _traced(model, x)
    chosen = _innermost(calls) if inside else [call for call in calls if call.depth == 1]
    pieces = [
        Piece(node.name or f"input {i}", "InputLayer", _shape(node), 0)
        for i, node in enumerate(arguments)
    ]
    made: dict[Node, int | None] = {node: i for i, node in enumerate(arguments)}
    seen: set[int] = set()
    for call in chosen:
        inputs = {_origin(node, made, pieces) for node in call.inputs} - {None}
        layer = call.layer
        count = 0 if id(layer) in seen else layer.count_params()
        seen.add(id(layer))
        shape = ", ".join(map(_shape, call.outputs))
        for node in call.outputs:
            made.setdefault(node, len(pieces))
        sources = tuple(sorted(i for i in inputs if i is not None))
        pieces.append(Piece(layer.name, type(layer).__name__, shape, count, sources))
    return pieces


def _innermost(calls: list[Call]) -> list[Call]:
    """The calls that call no other ones, and those of layers that have parameters of their own
    beside those of the layers that they call: such a layer is one piece.
    """
    inner: dict[int, dict[int, Layer]] = {}
    for call in calls:
        inner.setdefault(id(call.parent), {})[id(call.layer)] = call.layer
    chosen: list[Call] = []
    whole: set[int] = set()  # calls that are pieces, and all inside them
    for call in calls:
        if id(call.parent) in whole:
            whole.add(id(call))
            continue
        called = inner.get(id(call), {})
        rest = call.layer.count_params() - sum(x.count_params() for x in called.values())
        if call.depth and (not called or rest > 0):
            whole.add(id(call))
            chosen.append(call)
    return chosen


def _origin(node: Node, made: dict[Node, int | None], pieces: list[Piece]) -> int | None:
    """The piece that a value comes from, through ops between layers. An op that puts two pieces
    together becomes one itself, as the sum of a residual connection. None: it is a constant.
    """
    for between in topological([node], known=made):
        sources = {made[x] for x in between.inputs} - {None}
        if len(sources) > 1:
            made[between] = len(pieces)
            inputs = tuple(sorted(i for i in sources if i is not None))
            name = between.op.name
            pieces.append(Piece(name, "op", _shape(between), 0, inputs))
        else:
            made[between] = next(iter(sources), None)
    return made[node]


def _shape(node: Node) -> str:
    return f"({', '.join(['rows', *map(str, node.shape[1:])])})"


def _traced(model: Model, x: DataLike | None) -> tuple[list[Call], list[Node]]:
    """The calls, and the nodes of the model's arguments."""
    specs: list[list[tuple[Shape, DType]]] = []
    if x is not None:
        _, arrays = inputs_of(model, x)
        specs.append([(a.shape, a.dtype) for a in arrays])
    elif model.built_shape is not None:
        shape = (2, *model.built_shape)
        specs += [[(shape, np.dtype(kind))] for kind in (np.float32, np.int32)]
    for attempt in specs:
        meaning = Meaning()
        try:
            names = ["x"] if len(attempt) == 1 else [f"x{i + 1}" for i in range(len(attempt))]
            with observed(meaning), no_grad():
                traced, _ = trace(model, attempt, names)
        except RanvierError:
            if attempt is specs[-1]:
                raise
            continue
        return meaning.calls, list(traced.graph.inputs[: len(attempt)])
    raise StateError(
        f"network: the shape of what {model.name} reads is not known; give some rows, "
        "network(model, x=rows), or call fit or predict first"
    )
