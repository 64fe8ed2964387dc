"""A network as a graph from a point to an output, with the gradient of the output at that point.

The point is the network's input, or what a layer makes of it: the vectors of an embedding where
the input are numbers of tokens, the feature maps of a convolution for Grad-CAM. Both come from one
trace, cut in two:

    trace -> [input -> point] and [point -> output, gradient], each built by the executor
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

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
from ...typing import Array
from ..subject import Output, as_rows, chosen_outputs

_ROWS = 64  # that are differentiated together


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
    """

    def __init__(
        self,
        network: Callable[[Tensor], Any],
        x: Array,
        layer: str | None = None,
        logits: bool = False,
    ) -> None:
        self.rows = min(_ROWS, max(len(x), 1))
        traced, outputs = _traced(network, x, self.rows, logits)
        if x.dtype.kind != "f" and layer is None:
            if traced.lookups:
                layer = traced.lookups[0][0].name
            else:
                x = x.astype(np.float32)
                traced, outputs = _traced(network, x, self.rows, logits)
        self.x = x
        self.graph = traced.graph
        self.captured = [t._array() for t in traced.captured]
        self.point = self.graph.inputs[0] if layer is None else self.last_node(layer)
        if self.point.dtype.kind != "f":
            raise DTypeError(
                f"{layer or 'the input'} is {self.point.dtype}: integers have no gradient; name a "
                "layer that gives numbers with a point, such as layer='embedding'"
            )
        self._cut(outputs)

    def last_node(self, layer: str) -> Node:
        """The output of the layer of this name."""
        nodes = [n for n in self.graph.nodes if n.source is not None and n.source.layer is not None]
        made = [n for n in nodes if n.source.layer.name == layer]  # type: ignore[union-attr]
        if not made:
            known = dict.fromkeys(n.source.layer.name for n in nodes)  # type: ignore[union-attr]
            raise unknown_name("layer", layer, list(known))
        # A layer may end in what it makes of a mask; its output is what it computes.
        return next((n for n in reversed(made) if n.dtype.kind == "f"), made[-1])

    def _cut(self, output: Node) -> None:
        inputs = self.graph.inputs
        self._before = executor().build(Graph(inputs, [self.point]), ONCE)
        start = input_node(self.point.shape, self.point.dtype, "point")
        rest = [node for node in inputs if node is not self.point]
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
        self._used = [i for i, node in enumerate(inputs) if node is not self.point]
        graph = Graph([start, pick, *rest], [out, gradients[id(start)]])
        self._after = executor().build(graph, ONCE)

    def points(self) -> Array:
        """The points of all rows, (rows, ...)."""
        parts = []
        for first in range(0, len(self.x), self.rows):
            part = self.x[first : first + self.rows]
            (made,) = self._before.run([self._filled(part), *self.captured])
            parts.append(np.array(made[: len(part)]))
        return np.concatenate(parts)

    def __call__(self, points: Array, pick: Array, of: Array | None = None) -> tuple[Array, Array]:
        """Outputs (n, outputs) and the gradients, of the shape of the points, of pick . output.

        `of` are for each point the numbers of the rows of x it belongs to.
        """
        of = np.arange(len(points)) if of is None else of
        outs, grads = [], []
        for first in range(0, len(points), self.rows):
            some = slice(first, first + self.rows)
            arrays = [self._filled(self.x[of[some]]), *self.captured]
            rest = [arrays[i] for i in self._used]
            weights = self._filled(pick[some].astype(self.point.dtype))
            point = self._filled(points[some].astype(self.point.dtype))
            out, grad = self._after.run([point, weights, *rest])
            count = len(points[some])
            outs.append(np.array(out[:count], np.float64))
            grads.append(np.array(grad[:count], np.float64))
        return np.concatenate(outs), np.concatenate(grads)

    def _filled(self, part: Array) -> Array:
        """The rows, the last one repeated up to the number that the graph is built for."""
        fill = self.rows - len(part)
        return np.concatenate([part, np.repeat(part[-1:], fill, axis=0)]) if fill else part

    def picked(
        self, points: Array, output: Output, classes: Sequence[str]
    ) -> tuple[Array, Array, Array]:
        """Which output of each row is explained: (rows,) numbers, weights and the outputs."""
        if output == "all":
            raise ArgumentError("output='all': gradients are of one output; give its number")
        zeros = np.zeros((len(points), self.outputs))
        outs, _ = self(points, zeros)
        chosen = chosen_outputs(outs, output, classes)
        zeros[np.arange(len(points)), chosen] = 1.0
        return chosen, zeros, outs[np.arange(len(points)), chosen]


def _traced(
    network: Callable[[Tensor], Any], x: Array, rows: int, logits: bool
) -> tuple[Traced, Node]:
    """The trace of the network in use, and its output as (rows, outputs)."""

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
        traced, _ = trace(forward, [((rows, *x.shape[1:]), dtypes.as_dtype(x.dtype))], ["x"])
    return traced, traced.graph.outputs[0]
