"""Layer-wise relevance propagation (Bach et al. 2015): an output shared out backwards, by layers.

    R_i = sum over outputs j of z_ij / (z_j + epsilon sign(z_j)) * R_j,   z_j = sum_i z_ij + bias_j

Each layer has a rule by its class (relevance_rules.py); one without is an error, not a guess. For a
layer that is linear in its input the sum above is x * (gradient of z, weighted by R / (z + epsilon
sign(z))). The whole way, forward and back, is one compiled graph, kept with the model (kept.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import dtypes, nn
from ...base.missing import spelled
from ...errors import ArgumentError, StateError
from ...executors import executor
from ...graph.batch_plan import ONCE
from ...graph.node import Node
from ...nn import activations
from ...nn.basic.affine import Biased
from ...nn.modes import training_mode
from ...nn.symbolic import LayerCall, ModelInput, layer_of
from ...ops.elementwise import astype
from ...tensors.mode import no_grad, no_trace
from ...tensors.tensor import Tensor
from ...tracing.trace import trace
from ...typing import Array
from ..result import Attribution
from ..subject import Output, chosen_outputs
from .differentiable import Explained, explained, filled, rows_together
from .kept import engine_of, kept
from .relevance_rules import Use, pre_activation, rule_for


@spelled
def layerwise_relevance(
    model: object,
    x: object,
    *,
    output: Output = None,
    epsilon: float = 1e-6,
    feature_names: Sequence[str] | None = None,
) -> Attribution:
    """Layer-wise relevance with the epsilon rule, from the output before a softmax or sigmoid.

    The values sum to that output but for what biases and `epsilon` take: `gap` says how much.

    >>> import ranvier
    >>> layer = ranvier.nn.Dense(1, use_bias=False, input_shape=(2,))
    >>> model = ranvier.Sequential([layer])
    >>> model.set_weights([np.array([[2.0], [-1.0]])])
    >>> layerwise_relevance(model, np.array([[3.0, 4.0]])).values.round(4)
    array([[ 6., -4.]])

    Args:
        model: a `Sequential`, a model connected from `ranvier.Input`, or an `ImageModel`.
        x, output: as of `saliency`.
        epsilon: larger ones keep small sums from counting much.
    """

    net = explained(model, x)
    network, wiring = net.network, _wiring(net)
    rows = net.x if net.x.dtype.kind != "u" else net.x.astype(np.float32)
    together = rows_together(rows, len(rows))
    kind = ("relevance", together, rows.shape[1:], rows.dtype, epsilon)
    way = kept(network, kind, lambda: _Way(net, wiring, together, rows, epsilon))
    zeros = np.zeros((len(rows), way.outputs))
    favoured = output is None and way.outputs > 2
    outputs = np.asarray(network.predict(rows), np.float64) if favoured else zeros  # type: ignore[attr-defined]
    chosen = chosen_outputs(outputs.reshape(len(rows), -1), output, net.classes)
    zeros[np.arange(len(rows)), chosen] = 1.0
    predicted, shares = way(rows, zeros)
    if shares.ndim == 4:
        shares = shares.sum(axis=-1)
    data, text = net.x, bool(net.tokens) or (net.x.dtype.kind in "iu" and way.looks_up)
    names = tuple(feature_names or ())
    if net.tokens:
        shares, data, names = shares[:, net.at], np.array([net.tokens], object), tuple(net.tokens)
    if not names and shares.ndim == 2:
        names = tuple(f"x{i}" for i in range(shares.shape[1]))
    return Attribution(
        f"layer-wise relevance (epsilon {epsilon:g})", shares, names, np.zeros(len(rows)),
        predicted[np.arange(len(rows)), chosen], data, None,
        tuple(net.classes[i] if i < len(net.classes) else str(i) for i in chosen), (),
        "text" if text else net.kind,
    )  # fmt: skip


def _wiring(net: Explained) -> Any:
    """How the layers of a network are connected."""
    from ...train.models.model import Model

    network = net.network
    if not isinstance(network, Model):
        raise ArgumentError(
            "layerwise_relevance: expected a ranvier.Model, to go through by layers"
        )
    try:
        wiring = network.wired()
    except AttributeError as problem:
        raise ArgumentError(
            f"layerwise_relevance: {network.name} has a forward of its own, so it cannot be gone "
            "through by layers; use integrated_gradients"
        ) from problem
    if len(wiring.inputs) != 1 or len(wiring.outputs) != 1:
        raise ArgumentError("layerwise_relevance: expected a model with one input and one output")
    return wiring


class _Way:
    """The graph of a network: rows, weights of the outputs -> outputs, relevance of the rows."""

    def __init__(
        self, net: Explained, wiring: Any, together: int, rows: Array, epsilon: float
    ) -> None:
        self.rows, self.looks_up = together, False
        size = int(np.prod(wiring.outputs[0].shape[1:]))

        def forward_and_back(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
            with no_grad():
                values = _values(wiring, x)
            last = wiring.outputs[0].node
            outputs = astype(_before_activation(last, values), dtypes.float32)
            start = outputs * weights.reshape(outputs.shape)
            back = _back(wiring, values, start, epsilon)
            return outputs.reshape(together, -1), back

        specs = [((together, *rows.shape[1:]), rows.dtype), ((together, size), dtypes.float32)]
        with no_trace(), training_mode(False):
            self._traced, _ = trace(forward_and_back, specs, ["x", "weights"])
        self.validity, self.outputs = self._traced.validity, size
        self.looks_up = bool(self._traced.lookups)
        self._run = executor(engine_of(net.network)).build(self._traced.graph, ONCE).run

    def __call__(self, rows: Array, weights: Array) -> tuple[Array, Array]:
        """The outputs, (rows, outputs), and the relevance of each input."""
        captured = [t._array() for t in self._traced.captured]
        outs, shares = [], []
        for first in range(0, len(rows), self.rows):
            some = slice(first, first + self.rows)
            parts = [filled(a[some], self.rows) for a in (rows, weights.astype(np.float32))]
            out, share = self._run([*parts, *captured])
            count = len(rows[some])
            outs.append(out[:count].astype(np.float64))
            shares.append(share[:count].astype(np.float64))
        return np.concatenate(outs), np.concatenate(shares)


def _values(wiring: Any, x: Tensor) -> dict[Node, Tensor]:
    """What every layer gives for the input."""
    values: dict[Node, Tensor] = {wiring.graph.inputs[0]: x}
    for node in wiring.nodes:
        if node in values:
            continue
        _check(node)
        values[node] = node.op.run([values[n] for n in node.inputs])
    return values


def _check(node: Node) -> None:
    if not isinstance(node.op, LayerCall) or isinstance(node.op, ModelInput):
        raise ArgumentError(
            f"layerwise_relevance: the model has an operation outside a layer, {node.op.name}; "
            "write it as a layer (ranvier.nn.Add, Concatenate), or use integrated_gradients"
        )
    if not _nested(node) and not isinstance(layer_of(node), nn.Softmax):
        rule_for(layer_of(node))


def _nested(node: Node) -> bool:
    from ...train.models.model import Model

    return isinstance(layer_of(node), Model)


def _before_activation(last: Node, values: dict[Node, Tensor]) -> Tensor:
    """The output of the last layer before its softmax or sigmoid."""
    layer = layer_of(last)
    if isinstance(layer, Biased) and layer.function is not activations.linear:
        return pre_activation(layer, values[last.inputs[0]])
    if isinstance(layer, nn.Activation | nn.Softmax):
        return values[last.inputs[0]]
    return values[last]


def _back(wiring: Any, values: dict[Node, Tensor], start: Tensor, epsilon: float) -> Tensor:
    """The relevance of the input."""
    relevance: dict[Node, Tensor] = {wiring.outputs[0].node: start}
    begin = wiring.graph.inputs[0]
    for node in reversed(wiring.nodes):
        if node is begin or node not in relevance:
            continue
        inputs = [values[n] for n in node.inputs]
        layer = layer_of(node)
        if isinstance(layer, nn.Softmax):
            parts = [relevance[node]]
        elif _nested(node):
            inner = layer.wired()
            parts = [_back(inner, _values(inner, inputs[0]), relevance[node], epsilon)]
        else:
            use = Use(layer, node.op.run, inputs)
            parts = rule_for(layer)(use, relevance[node], epsilon)
        for source, part in zip(node.inputs, parts, strict=True):
            relevance[source] = relevance[source] + part if source in relevance else part
    if begin not in relevance:
        raise StateError("layerwise_relevance: the output does not depend on the input")
    return relevance[begin]
