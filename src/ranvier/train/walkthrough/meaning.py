"""What the nodes of a traced step mean: heard by an observer while the step is traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...base.nested import leaves
from ...base.observer import Observer
from ...graph.node import Node
from ...nn.layer import Layer
from ...tensors.tensor import Tensor
from ...tracing.body import BodyTrace


@dataclass(eq=False)
class Call:
    """One call of a layer: what went in, what came out, and what its formula calls by a symbol.

    `inner` holds notes about nodes inside the body of a loop, which has other values at each step.
    """

    layer: Layer
    inputs: list[Node]
    parent: Call | None
    outputs: list[Node] = field(default_factory=list)
    notes: dict[str, Node] = field(default_factory=dict)
    inner: dict[str, Node] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many calls are around it: 0 for that of the model."""
        return 0 if self.parent is None else self.parent.depth + 1


@dataclass(eq=False)
class Update:
    """One parameter moved by the optimizer's rule, as nodes.

    `weight` and `grad` are what the rule was given: the parameter and its gradient as weight decay
    and clipping have left them.
    """

    parameter: Tensor
    weight: Node | None  # None: the parameter itself
    grad: Node
    new: Node
    changed: dict[str, Node]


class Meaning(Observer):
    """Hears the calls of layers, their notes, gradients and updates, as nodes of the trace."""

    def __init__(self) -> None:
        self.calls: list[Call] = []  # in the order in which they began
        self.losses: list[dict[str, Node]] = []  # of each head: "losses" of the rows, "loss"
        self.grads: dict[Node, Node] = {}  # of values inside the trace
        self.outside: dict[int, tuple[Tensor, Node]] = {}  # of tensors from outside, by id
        self.updates: list[Update] = []
        self._open: list[Call] = []

    def enter(self, layer: object, inputs: Sequence[object]) -> None:
        assert isinstance(layer, Layer)
        nodes = [n for n in map(_node, leaves(list(inputs))) if n is not None]
        call = Call(layer, nodes, self._open[-1] if self._open else None)
        self._open.append(call)
        if not any(_in_body(x) for x in leaves(list(inputs))):
            self.calls.append(call)

    def leave(self, layer: object, output: object) -> None:
        call = self._open.pop()
        call.outputs = [n for n in map(_node, leaves(output)) if n is not None]

    def note(self, symbol: str, value: object) -> None:
        node = _node(value)
        if node is None:
            return
        if not self._open:
            if symbol == "losses":
                self.losses.append({})
            if self.losses:
                self.losses[-1][symbol] = node
            return
        call = self._open[-1]
        (call.inner if _in_body(value) else call.notes)[symbol] = node

    def gradient(self, value: object, grad: object) -> None:
        node = _node(grad)
        if node is None or not isinstance(value, Tensor):
            return  # of a body, whose nodes have no value of their own
        if value._node is not None:
            self.grads[value._node] = node
        else:
            self.outside[id(value)] = value, node

    def update(
        self,
        parameter: object,
        weight: object,
        grad: object,
        new: object,
        changed: Mapping[str, object],
    ) -> None:
        moved, by = _node(new), _node(grad)
        assert isinstance(parameter, Tensor) and moved is not None and by is not None
        slots = {name: n for name, t in changed.items() if (n := _node(t)) is not None}
        self.updates.append(Update(parameter, _node(weight), by, moved, slots))


def _node(value: object) -> Node | None:
    """The node that a traced tensor stands for now."""
    return value._node if isinstance(value, Tensor) else None


def _in_body(value: object) -> bool:
    return isinstance(value, Tensor) and isinstance(value._trace, BodyTrace)
