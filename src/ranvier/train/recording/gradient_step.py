"""Gradients and outputs of layers for one batch, as one compiled graph beside the training step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...base.nested import leaves
from ...base.observer import Observer, observed
from ...errors import unknown_name
from ...graph.node import Node
from ...nn.basic.dropout import (
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from ...nn.layer import Layer
from ...ops.creation import full
from ...ops.op import apply
from ...tensors.tensor import Tensor
from ...tracing.body import BodyTrace
from ...typing import Array
from ..steps.step import Step
from ..steps.step_functions import augmented, forward, gradients

if TYPE_CHECKING:
    from ..callbacks.watcher import WatchedStep
    from ..models.model import Model

_NOISE = (Dropout, GaussianDropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D)
MOST = 1 << 16  # numbers of an output that are looked at: those of the first rows


class Seen(NamedTuple):
    """What a step has seen: the loss, gradients by parameter (by id), outputs by name."""

    loss: float
    gradients: dict[int, Array]
    outputs: dict[str, Array]


class GradientStep:
    """Loss, gradients and outputs of the batch of a training step, which changes nothing.

    `parameters` are those with a gradient, `names` those of the layers whose outputs are seen.
    """

    def __init__(
        self, model: Model, watched: WatchedStep, activations: bool | Collection[str]
    ) -> None:
        heads = model._steps.sums.heads if model._steps is not None else ()
        layout = watched.rows.layout
        self.owners: dict[int, str] = {}
        self.parameters: list[Tensor] = []
        self.names: list[str] = []

        def look(*arguments: Tensor) -> Any:
            if model.augment is not None:
                arguments = augmented(model.augment, layout, arguments)
            heard = _Outputs(activations)
            with observed(heard):
                batch = forward(model, heads, True, layout, arguments)
            parameters = model.parameters()
            scaled = model.optimizer.scale_loss(batch.loss)
            pairs = zip(parameters, gradients(scaled, parameters), strict=True)
            with_gradient = [(p, g) for p, g in pairs if g is not None]
            if scaled is not batch.loss:
                one = apply(full, like=scaled, value=1.0, shape=(), dtype=scaled.dtype)
                factor = model.optimizer.scale_loss(one)
                with_gradient = [(p, g / factor) for p, g in with_gradient]
            self.owners = heard.owners
            self.parameters = [p for p, _ in with_gradient]
            self.names = list(heard.outputs)
            return batch.loss, [g for _, g in with_gradient], list(heard.outputs.values())

        step = watched.step
        self.step = Step(look, step.specs, step.names, step.engine)
        self.step.executable  # noqa: B018  (is built)
        if not isinstance(activations, bool):
            for name in activations:
                if name not in self.names:
                    raise unknown_name("layer with outputs to record", name, self.names)
        changed = {id(t) for t in self.step.traced.changed}
        self._copied = [id(t) in changed for t in self.step.traced.captured]

    def holds(self, step: Step) -> bool:
        """Whether it is still what tracing it again would give, and for batches as `step` reads."""
        return self.step.holds() and list(self.step.specs) == list(step.specs)

    def run(self, watched: WatchedStep) -> Seen:
        """What the batch of a step that is about to run gives."""
        arguments = [a[watched.chosen] for a in watched.rows.arrays]
        state = [
            a.copy() if copied else a
            for a, copied in zip(self.step.state(), self._copied, strict=True)
        ]
        count = np.asarray(watched.real, np.float32)
        loss, *others = self.step.run([*arguments, count], state)
        slopes, outputs = others[: len(self.parameters)], others[len(self.parameters) :]
        return Seen(
            float(loss),
            {id(p): g for p, g in zip(self.parameters, slopes, strict=True)},
            dict(zip(self.names, outputs, strict=False)),
        )


class _Outputs(Observer):
    """Hears the outputs of layers that call no other layer, and whose tensors are whose.

    What only moves numbers (Flatten, Reshape) or adds noise (Dropout) has nothing of its own to
    show. Layers inside the body of a loop have other outputs at each step, and are left to the
    layer around the loop.
    """

    def __init__(self, wanted: bool | Collection[str]) -> None:
        self.outputs: dict[str, Tensor] = {}
        self.owners: dict[int, str] = {}  # of tensors, by id: the innermost layer that holds them
        self._wanted = wanted
        self._calls: Counter[str] = Counter()
        self._open: list[_Call] = []

    def enter(self, layer: object, inputs: Sequence[object]) -> None:
        assert isinstance(layer, Layer)
        in_body = any(_in_body(x) for x in leaves(list(inputs)))
        if self._open and not in_body:
            self._open[-1].calls_others = True
        if not in_body:
            names = layer.named_tensors() if self._open else {}  # the model's own come by path
            self.owners |= {id(t): f"{layer.name}.{path}" for path, t in names.items()}
        nodes = {id(n) for n in map(_node, leaves(list(inputs))) if n is not None}
        self._open.append(_Call(layer, nodes, in_body))

    def leave(self, layer: object, output: object) -> None:
        call = self._open.pop()
        if call.in_body or call.calls_others or isinstance(call.layer, _NOISE):
            return
        first = next((x for x in leaves(output) if isinstance(x, Tensor)), None)
        if first is None or first._node is None or first.dtype.kind != "f" or not first.shape:
            return
        self._calls[call.layer.name] += 1
        again = self._calls[call.layer.name]
        name = call.layer.name if again == 1 else f"{call.layer.name} (call {again})"
        wanted = self._wanted if isinstance(self._wanted, bool) else name in self._wanted
        if wanted and not _only_moved(first._node, call.inputs):
            row = max(1, first.size // max(first.shape[0], 1))
            self.outputs[name] = first[: max(1, min(first.shape[0], MOST // row))]


class _Call:
    """A call of a layer that is not over."""

    def __init__(self, layer: Layer, inputs: set[int], in_body: bool) -> None:
        self.layer, self.inputs, self.in_body = layer, inputs, in_body
        self.calls_others = False


def _node(value: object) -> Node | None:
    return value._node if isinstance(value, Tensor) else None


def _in_body(value: object) -> bool:
    return isinstance(value, Tensor) and isinstance(value._trace, BodyTrace)


def _only_moved(node: Node, inputs: set[int]) -> bool:
    """Whether `node` holds the numbers of an input, in another order."""
    while id(node) not in inputs:
        if node.op.kind != "movement" or not node.inputs:
            return False
        node = node.inputs[0]
    return True
