"""Recording: one training step run on the reference executor, every number kept.

The step is the one that `fit` compiles, traced once more with an observer, so that the graph is the
same and it is known what its nodes mean. It runs on copies of all that it would change; then the
compiled step runs on copies too, and what both have made of the parameters is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...base.observer import observed
from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...tensors.tensor import Tensor
from ...tracing.trace import Traced, trace
from ...typing import Array
from ..fit.ready import ready
from ..intake.heads import Head
from ..intake.rows import Rows
from ..steps.step import Step
from .meaning import Call, Meaning, Update

if TYPE_CHECKING:
    from ..models.model import Model

_NOTHING = 1e-3  # of the largest number of all parameters: smaller ones are compared with this


class Recording:
    """One step with all its values.

    graph      the graph of the compiled step, before any pass
    values     the array of each of its nodes
    calls      the calls of layers, outermost first
    heads      the losses of the outputs; `losses` holds their nodes
    """

    def __init__(self, model: Model, rows: Rows) -> None:
        self.model, self.rows = model, rows
        steps = ready(model, rows)
        step = steps.get("train", rows.count, rows, model.engine)
        self.heads: Sequence[Head] = steps.sums.heads
        self.engine = step.engine
        self.meaning = Meaning()
        with observed(self.meaning):
            self.traced: Traced = trace(step.function, step.specs, step.names)[0]
        self.graph = self.traced.graph
        self.names = {id(t): name for name, t in model.named_tensors().items()}
        arguments = [*rows.arrays, np.asarray(rows.count, np.float32)]
        self.state = [np.array(t._array()) for t in self.traced.captured]
        self.values: dict[Node, Array] = self._evaluate([*arguments, *self.state])
        self.difference = self._compiled_difference(step, arguments)

    @property
    def calls(self) -> list[Call]:
        """The calls of layers, in the order in which they began."""
        return self.meaning.calls

    @property
    def updates(self) -> list[Update]:
        """The parameters that moved."""
        return self.meaning.updates

    @property
    def losses(self) -> list[dict[str, Node]]:
        """For each loss, its nodes by name."""
        return self.meaning.losses

    def _evaluate(self, arrays: Sequence[Array]) -> dict[Node, Array]:
        meaning, graph = self.meaning, self.graph
        more = [n for call in meaning.calls for n in (*call.notes.values(), *call.outputs)]
        more += meaning.grads.values()
        more += [node for _, node in meaning.outside.values()]
        more += [n for u in meaning.updates for n in (u.grad, u.new, *u.changed.values())]
        more += [u.weight for u in meaning.updates if u.weight is not None]
        more += [n for notes in meaning.losses for n in notes.values()]
        whole = Graph(graph.inputs, [*graph.outputs, *more], graph.updates)
        values: dict[Node, Array] = dict(zip(graph.inputs, arrays, strict=True))
        evaluate(whole, arrays, lambda node, value: values.update({node: value}))
        return values

    def _compiled_difference(self, step: Step, arguments: Sequence[Array]) -> float:
        """The largest difference between new parameters as the model's own engine computes them
        and as recorded, relative to the largest number of each.

        A parameter that is 0 but for rounding (a bias that a softmax takes away again) is compared
        with the others.
        """
        captured = step.traced.captured
        state = [np.array(t._array()) for t in captured]
        step.executable.run([*arguments, *state])
        compiled = {id(t): array for t, array in zip(captured, state, strict=True)}
        pairs = [(self.after(u.parameter), compiled[id(u.parameter)]) for u in self.updates]
        pairs = [(mine, other) for mine, other in pairs if mine.size]
        largest = [float(np.abs(mine).max()) for mine, _ in pairs]
        floor = max([_NOTHING * size for size in largest], default=0.0)
        return max(
            (
                float(np.abs(mine - other).max()) / max(size, floor, 1e-12)
                for (mine, other), size in zip(pairs, largest, strict=True)
            ),
            default=0.0,
        )

    # -- tensors from outside ----------------------------------------------------------------------

    def node_of(self, tensor: Tensor) -> Node | None:
        """The input of the graph that a tensor from outside is."""
        inputs = self.graph.inputs[len(self.graph.inputs) - len(self.traced.captured) :]
        for t, node in zip(self.traced.captured, inputs, strict=True):
            if t is tensor:
                return node
        return None

    def before(self, tensor: Tensor) -> Array:
        """The numbers of a tensor from outside before the step."""
        node = self.node_of(tensor)
        return tensor.numpy() if node is None else self.values[node]

    def after(self, tensor: Tensor) -> Array:
        """The numbers of a tensor from outside after the step."""
        node = self.node_of(tensor)
        if node is None:
            return tensor.numpy()
        return self.values[self.graph.updates.get(node, node)]

    def gradient_node(self, value: Node | Tensor) -> Node | None:
        """The node of the loss's gradient by a value or a tensor from outside; None: none flows."""
        if isinstance(value, Tensor):
            known = self.meaning.outside.get(id(value))
            return None if known is None else known[1]
        return self.meaning.grads.get(value)

    def gradient(self, value: Node | Tensor) -> Array | None:
        """The numbers of that gradient."""
        node = self.gradient_node(value)
        return None if node is None else self.values[node]
