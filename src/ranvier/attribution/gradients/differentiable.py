"""A network as a graph from a point to an output, with the gradient of the output at that point.

The point is the network's input, or what a layer makes of it: the vectors of an embedding where
the input are numbers of tokens, the feature maps of a convolution for Grad-CAM. Both come from one
trace, cut in two:

    trace -> [input -> point] and [point -> output, gradient], each built by the executor

Both are kept with the model, for the next call (kept.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...errors import ArgumentError, DTypeError, ShapeError, StateError, unknown_name
from ...executors import executor
from ...graph.batch_plan import ONCE
from ...graph.graph import Graph, rebuild
from ...graph.node import Node
from ...nn.modes import training_mode
from ...ops.backpropagation import backpropagate
from ...ops.creation import input_node
from ...tensors.mode import no_trace
from ...tensors.tensor import Tensor
from ...tracing.trace import Traced, tensors_in, trace
from ...typing import Array, DType, DTypeLike, Shape
from ..subject import Output, as_rows, chosen_outputs
from .kept import engine_of, kept

_ROWS = (16, 1024)  # that are differentiated together, at least and at most
_MAX_ELEMENTS = 2**16  # of the rows that are differentiated together, where there are enough


@dataclass
class Explained:
    """A network and the rows to explain, as the gradient methods take them."""

    network: Callable[[Tensor], Any]
    x: Array
    kind: str = "table"
    classes: Sequence[str] = ()
    tokens: Sequence[str] = ()
    at: Array = field(default_factory=lambda: np.empty(0, np.int64))  # where the tokens stand


def explained(model: object, x: object) -> Explained:
    """The network of a model, and its input for raw rows, images or one text."""
    from ...tables.model import TableModel
    from ...tasks.images import ImageModel
    from ...tasks.texts import TextModel
    from ...train.models.model import Model
    from ..subject import TextSubject

    if isinstance(model, TableModel):
        raise ArgumentError(
            "a model of a table reads raw cells, which have no gradient; use shap_values, "
            "permutation_importance, partial_dependence or counterfactual"
        )
    if isinstance(model, TextModel):
        subject = TextSubject(model, x)
        ids = subject.encode(x).arrays["x"]
        at = np.flatnonzero(ids[0] != 0)
        return Explained(model.network, ids, "text", _classes(model.classes), subject.tokens, at)
    if isinstance(model, ImageModel):
        return Explained(model.network, model.pixels(x), "image", model.classes)
    if not callable(model):
        raise ArgumentError(
            f"expected a ranvier.Model or a function of tensors, got {type(model).__name__}"
        )
    rows = as_rows(x)
    kind = "image" if rows.ndim >= 3 else "table"
    known = model.classes if isinstance(model, Model) and model.classes is not None else ()
    return Explained(model, rows, kind, [str(c) for c in known])


def _classes(classes: Sequence[str]) -> Sequence[str]:
    return classes if len(classes) > 2 else classes[-1:]


class Differentiable:
    """The output of a network and its gradient at a point.

    `layer` names a layer whose output is the point; by default the input, or the first embedding
    where the input is integers. With `logits` the output is what a final softmax or sigmoid reads.
    `together` is how many points will be asked for.
    """

    def __init__(
        self,
        network: Callable[[Tensor], Any],
        x: Array,
        layer: str | None = None,
        logits: bool = False,
        together: int | None = None,
    ) -> None:
        rows = rows_together(x, len(x) if together is None else together)

        def cut_for(x: Array) -> _Cut:
            specs = ((rows, *x.shape[1:]), dtypes.as_dtype(x.dtype))
            kind = ("gradient", *specs, layer, logits)
            return kept(network, kind, lambda: _Cut(network, *specs, layer, logits))

        self._cut = cut_for(x)
        if self._cut.of_integers:
            x = x.astype(np.float32)
            self._cut = cut_for(x)
        self.x = x
        self.rows, self.outputs = rows, self._cut.outputs
        self._captured = [t._array() for t in self._cut.captured]

    def points(self) -> Array:
        """The points of all rows, (rows, ...)."""
        cut = self._cut
        if cut.before is None:
            return self.x
        parts = []
        for first in range(0, len(self.x), self.rows):
            part = self.x[first : first + self.rows]
            (made,) = cut.before.run([filled(part, self.rows), *self._captured])
            parts.append(made[: len(part)])
        return np.concatenate(parts)

    def __call__(self, points: Array, pick: Array, of: Array | None = None) -> tuple[Array, Array]:
        """Outputs (n, outputs) and the gradients, of the shape of the points, of pick . output.

        `of` are for each point the numbers of the rows of x it belongs to.
        """
        cut = self._cut
        of = np.arange(len(points)) if of is None else of
        dtype = cut.point.dtype
        outs = np.empty((len(points), self.outputs))
        grads = np.empty(points.shape)
        for first in range(0, len(points), self.rows):
            some = slice(first, first + self.rows)
            count = len(points[some])
            rest = [self._captured[i] for i in cut.used]
            if cut.reads_rows:
                rest = [filled(self.x[of[some]], self.rows), *rest]
            weights = filled(pick[some].astype(dtype), self.rows)
            point = filled(points[some].astype(dtype), self.rows)
            out, grad = cut.after.run([point, weights, *rest])
            outs[some], grads[some] = out[:count], grad[:count]
        return outs, grads

    def picked(self, points: Array, output: Output, classes: Sequence[str]) -> Picked:
        """Which output of each row is explained, and the gradient of it."""
        if output == "all":
            raise ArgumentError("output='all': gradients are of one output; give its number")
        outs = np.zeros((len(points), self.outputs))
        if output is None and self.outputs > 2:  # it is the favoured one
            outs, _ = self(points, outs)
        chosen = chosen_outputs(outs, output, classes)
        rows = np.arange(len(points))
        weights = np.zeros((len(points), self.outputs))
        weights[rows, chosen] = 1.0
        outs, grads = self(points, weights)
        return Picked(chosen, weights, outs[rows, chosen], grads)


class Picked(NamedTuple):
    """Of each row the output that is explained: its number, its weights among all outputs, what
    the model says, and the gradient.
    """

    chosen: Array
    weights: Array
    predicted: Array
    gradients: Array


class _Cut:
    """The two graphs of a network, built for a number of rows.

    before    input -> point; None: the point is the input
    after     point, weights of the outputs[, input], captured tensors in `used`
              -> outputs, gradient at the point
    """

    def __init__(
        self,
        network: Callable[[Tensor], Any],
        shape: Shape,
        dtype: DType,
        layer: str | None,
        logits: bool,
    ) -> None:
        traced, output = traced_output(network, shape, dtype, logits)
        self.validity, self.captured = traced.validity, traced.captured
        self.of_integers = dtype.kind != "f" and layer is None and not traced.lookups
        self.outputs = 0
        if self.of_integers:
            return  # the network computes with them as they are: it is cut with floats instead
        if dtype.kind != "f" and layer is None:
            layer = traced.lookups[0][0].name
        graph, engine = traced.graph, executor(engine_of(network))
        self.point = graph.inputs[0] if layer is None else _last_node(graph, layer)
        if self.point.dtype.kind != "f":
            raise DTypeError(
                f"{layer or 'the input'} is {self.point.dtype}: integers have no gradient; name a "
                "layer that gives numbers with a point, such as layer='embedding'"
            )
        start = input_node(self.point.shape, self.point.dtype, "point")
        rest = [node for node in graph.inputs if node is not self.point]
        after = Graph([self.point, *rest], [output])
        new: dict[Node, Node] = {self.point: start} | {node: node for node in rest}
        for node in after.nodes:
            if node not in new:
                new[node] = rebuild(node, tuple(new[x] for x in node.inputs))
        out = new[output]
        pick = input_node(out.shape, out.dtype, "weights of the outputs")
        gradients = backpropagate(out, pick, [start])
        if id(start) not in gradients:
            raise StateError("the output does not depend on this point, so it has no gradient")
        self.outputs = out.shape[1]
        self.reads_rows = self.point is not graph.inputs[0]
        self.used = [i for i, node in enumerate(graph.inputs[1:]) if node is not self.point]
        self.before = (
            engine.build(Graph(graph.inputs, [self.point]), ONCE) if self.reads_rows else None
        )
        whole = Graph([start, pick, *rest], [out, gradients[id(start)]])
        self.after = engine.build(whole, ONCE)


def _last_node(graph: Graph, layer: str) -> Node:
    """The output of the layer of this name."""
    nodes = [n for n in graph.nodes if n.source is not None and n.source.layer is not None]
    made = [n for n in nodes if n.source.layer.name == layer]  # type: ignore[union-attr]
    if not made:
        known = dict.fromkeys(n.source.layer.name for n in nodes)  # type: ignore[union-attr]
        raise unknown_name("layer", layer, list(known))
    # A layer may end in what it makes of a mask; its output is what it computes.
    return next((n for n in reversed(made) if n.dtype.kind == "f"), made[-1])


def filled(part: Array, rows: int) -> Array:
    """The rows, the last one repeated up to the number that a graph is built for."""
    fill = rows - len(part)
    return np.concatenate([part, np.repeat(part[-1:], fill, axis=0)]) if fill else part


def rows_together(x: Array, together: int) -> int:
    """How many rows are differentiated at once: a power of two, so that few graphs are built."""
    most = int(np.clip(_MAX_ELEMENTS // max(x[:1].size, 1), *_ROWS))
    return 1 << min(max(together - 1, 0).bit_length(), most.bit_length() - 1)


def traced_output(
    network: Callable[[Tensor], Any], shape: Shape, dtype: DTypeLike, logits: bool = False
) -> tuple[Traced, Node]:
    """The trace of the network in use, and its output as (rows, outputs)."""
    rows = shape[0]

    def forward(symbol: Tensor) -> Tensor:
        made = tensors_in(network(symbol))
        if len(made) != 1:
            raise ArgumentError(f"the network has {len(made)} outputs; expected one")
        out = made[0]
        if logits:
            if out.logits is None or out.logits[0] == "step":
                raise ArgumentError(
                    "logits=True: the network does not end in a softmax or sigmoid; its output is "
                    "explained as it is without logits=True"
                )
            out = out.logits[1]
        if not out.ndim or out.shape[0] != rows:
            raise ShapeError(f"the network gave {out.shape} for {rows} rows; expected (rows, ...)")
        return out.reshape(rows, -1)

    with no_trace(), training_mode(False):
        traced, _ = trace(forward, [(shape, dtype)], ["x"])
    return traced, traced.graph.outputs[0]
