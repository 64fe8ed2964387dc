"""One training step on some rows with every number kept: activations, gradients, updates.

The step is that of `fit`, traced once more with an observer that hears what its nodes mean
(train/walkthrough/meaning.py) and run by the reference executor on copies; nothing is changed. It
differs in two things: nothing is added to the sums of an epoch, and the gradient of the inputs is
computed too, by which a recurrent layer shows what reaches the beginning of a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.locks import computed_once
from ..base.observer import observed
from ..graph.graph import Graph
from ..graph.interpret import evaluate
from ..graph.node import Node
from ..nn.layer import Layer
from ..tensors.tensor import Tensor
from ..tracing.trace import trace
from ..train.intake.heads import Head
from ..train.intake.rows import Rows
from ..train.steps.step_functions import forward, gradients
from ..train.walkthrough.elements import relu_of
from ..train.walkthrough.meaning import Call, Meaning
from ..typing import Array

if TYPE_CHECKING:
    from ..train.models.model import Model

MOST_NUMBERS = 2**25  # kept at once: 128 MiB of float32
FEWEST_ROWS = 16
_FLOATS = "f"


@dataclass(frozen=True)
class Units:
    """The outputs of an activation: of a hidden layer, or of the last one.

    kind        "relu", "sigmoid", "tanh" or "softmax"
    values      (rows, ..., units)
    is_last     whether they are an output of the model
    """

    layer: str
    kind: str
    values: Array
    is_last: bool


@dataclass(frozen=True)
class Moved:
    """A parameter in this step: before it, its gradient, and after it."""

    name: str
    layer: str
    before: Array
    gradient: Array
    after: Array


class Probe:
    """One step of a model on these rows, or on as many as fit into `MOST_NUMBERS`."""

    def __init__(self, model: Model, heads: Sequence[Head], rows: Rows) -> None:
        self.model, self.heads = model, heads
        self._trace(rows.part(0, min(rows.count, FEWEST_ROWS)))
        per_row = sum(node.size for node in self.graph.nodes) // self.rows.count + 1
        count = min(rows.count, max(FEWEST_ROWS, MOST_NUMBERS // per_row))
        if count != self.rows.count:
            at = np.linspace(0, rows.count - 1, count).astype(np.int64)
            self._trace(rows.taken(at))
        wanted = [n for call in self.meaning.calls for n in (*call.inputs, *call.outputs)]
        wanted += self.meaning.grads.values()
        for moved in self.meaning.updates:
            wanted += [moved.grad, moved.new]
        self._units = list(self._activations())
        wanted += [node for _, _, node in self._units]
        self.values: dict[Node, Array] = {}
        self._evaluate([*self.graph.outputs, *wanted])

    # -- the step ----------------------------------------------------------------------------------

    def _trace(self, rows: Rows) -> None:
        self.rows = rows
        model, heads, layout = self.model, self.heads, rows.layout

        def step(*arguments: Tensor) -> Any:
            batch = forward(model, heads, True, layout, arguments)
            parameters = model.parameters()
            inputs = [x for x in arguments[: layout.inputs] if x.requires_grad]
            scaled = model.optimizer.scale_loss(batch.loss)
            pulled = gradients(scaled, [*parameters, *inputs])
            model.optimizer.apply(zip(parameters, pulled[: len(parameters)], strict=True))
            return batch.loss

        arrays = rows.arrays
        specs: list[Any] = [(a.shape, a.dtype) for a in arrays] + [((), np.dtype("float32"))]
        floats = [a.dtype.kind == _FLOATS for a in arrays[: layout.inputs]]
        self.meaning = Meaning()
        with observed(self.meaning):
            self.traced = trace(step, specs, [*rows.names, "count"], floats)[0]
        self.graph = self.traced.graph

    def _arrays(self) -> list[Array]:
        count = np.asarray(self.rows.count, np.float32)
        state = [np.array(t._array()) for t in self.traced.captured]
        return [*self.rows.arrays, count, *state]

    def _evaluate(self, wanted: Iterable[Node]) -> None:
        keep = set(wanted)
        graph = Graph(self.graph.inputs, [*self.graph.outputs, *keep], self.graph.updates)

        def kept(node: Node, value: Array) -> None:
            if node in keep:
                self.values[node] = value

        results = evaluate(graph, self._arrays(), kept)
        self.loss = float(results[0])
        self._after = dict(zip(graph.updates, results[len(graph.outputs) :], strict=True))

    def losses_along(self, scales: Sequence[float]) -> Array:
        """The loss on these rows after so many times the step that the optimizer takes now.

        Dropout and the like draw the same numbers each time.
        """
        ends = [n for n in self.graph.inputs if n in self._after]
        arrays = self._arrays()
        moving = {id(p.parameter) for p in self.meaning.updates}
        first = len(arrays) - len(self.traced.captured)
        forward_only = Graph(self.graph.inputs, self.graph.outputs[:1], {})
        losses = []
        for scale in scales:
            at = list(arrays)
            for i, t in enumerate(self.traced.captured, first):
                node = self.graph.inputs[i]
                if node in ends and id(t) in moving:
                    at[i] = (arrays[i] + scale * (self._after[node] - arrays[i])).astype(
                        arrays[i].dtype
                    )
            losses.append(float(evaluate(forward_only, at)[0]))
        return np.asarray(losses)

    # -- what layers gave --------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """The calls of layers that hold no others, in their order."""
        around = {id(call.parent) for call in self.meaning.calls}
        return [call for call in self.meaning.calls if id(call) not in around]

    @computed_once
    def _weighted(self) -> set[Node]:
        """The values of the forward pass that something trained has gone into."""
        trained = {id(t) for t in self.model.parameters()}
        first = len(self.graph.inputs) - len(self.traced.captured)
        weights = zip(self.graph.inputs[first:], self.traced.captured, strict=True)
        reached = {node for node, t in weights if id(t) in trained}
        for node in self.graph.nodes:
            if any(x in reached for x in node.inputs):
                reached.add(node)
        return reached

    def is_weighted(self, node: Node) -> bool:
        """Whether a value depends on something that is trained."""
        return node in self._weighted

    def _activations(self) -> Iterable[tuple[str, str, Node]]:
        """(layer, kind, node) of every activation of the forward pass."""
        owner: dict[Node, Layer] = {}
        for call in self.meaning.calls:  # those inside come later and win
            owner |= dict.fromkeys([*call.outputs, *call.notes.values()], call.layer)
        seen: set[Node] = set()
        for call in self.meaning.calls:
            for out in (*call.outputs, *call.inputs):
                for node in self._unmoved(out):
                    kind = _kind_of(node)
                    if kind and node not in seen:
                        seen.add(node)
                        layer = owner.get(node) or owner.get(node.inputs[-1]) or call.layer
                        yield layer.name, kind, node

    def _unmoved(self, node: Node) -> Iterable[Node]:
        yield node
        while node.op.name in ("reshape", "astype", "permute_dims"):
            node = node.inputs[0]
            yield node

    @property
    def units(self) -> list[Units]:
        """The activations of all layers."""
        last = {
            n for call in self.meaning.calls[:1] for out in call.outputs for n in self._unmoved(out)
        }
        return [
            Units(layer, kind, self.values[node], node in last) for layer, kind, node in self._units
        ]

    @property
    def moved(self) -> list[Moved]:
        """Every parameter that has a gradient."""
        names = {id(t): name for name, t in self.model.named_tensors().items()}
        layers = {
            id(t): layer.name for layer in self.model.sublayers() for t in layer.state_tensors()
        }
        made = []
        for u in self.meaning.updates:
            node = self._input_of(u.parameter)
            before = np.asarray(u.parameter.numpy())
            after = before if node is None else self._after.get(node, before)
            name = names.get(id(u.parameter), "")
            layer = layers.get(id(u.parameter), "")
            made.append(Moved(name, layer, before, self.values[u.grad], after))
        return made

    def _input_of(self, tensor: Tensor) -> Node | None:
        inputs = self.graph.inputs[len(self.graph.inputs) - len(self.traced.captured) :]
        for t, node in zip(self.traced.captured, inputs, strict=True):
            if t is tensor:
                return node
        return None

    def gradient(self, node: Node) -> Array | None:
        """The gradient of the loss by a value of the forward pass; None: none flows."""
        grad = self.meaning.grads.get(node)
        return None if grad is None else self.values[grad]


def _kind_of(node: Node) -> str:
    """The activation that a node is the result of; "" for none."""
    if relu_of(node) is not None:
        return "relu"
    if node.op.name in ("sigmoid", "tanh"):
        return node.op.name
    if node.op.name == "divide":
        top, bottom = node.inputs
        while bottom.op.name in ("reshape", "broadcast_to"):
            bottom = bottom.inputs[0]
        if bottom.op.name == "sum" and bottom.inputs[0] is top and top.op.name == "exp":
            return "softmax"
    return ""
