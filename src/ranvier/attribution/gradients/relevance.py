"""Layer-wise relevance propagation (Bach et al. 2015): an output shared out backwards, by layers.

    R_i = sum over outputs j of z_ij / (z_j + epsilon sign(z_j)) * R_j,   z_j = sum_i z_ij + bias_j

Each layer has a rule by its class; one without is an error, not a guess. For a layer that is
linear in its input the sum above is x * (gradient of z, weighted by R / (z + epsilon sign(z))).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ... import nn
from ...base.missing import spelled
from ...errors import ArgumentError, StateError
from ...graph.node import Node
from ...nn import activations
from ...nn.basic.affine import Biased
from ...nn.images.convolution_layers import Windowed
from ...nn.layer import Layer
from ...nn.modes import training_mode
from ...nn.symbolic import LayerCall, ModelInput, layer_of
from ...ops.elementwise import where
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ...tracing.transforms import vjp
from ..result import Attribution
from ..subject import Output, chosen_outputs
from .differentiable import explained

Rule: TypeAlias = Callable[[Any, Sequence[Tensor], Tensor, float], list[Tensor]]


# --- rules --------------------------------------------------------------------------------------


def _linear(f: Callable[..., Tensor], inputs: Sequence[Tensor], r: Tensor, epsilon: float) -> Any:
    """The epsilon rule for a function that is linear in its inputs, but for a bias."""
    out, pull = vjp(f, *inputs)
    step = where(out >= 0, epsilon, -epsilon)
    shares = pull(r / (out.detach() + step))
    return [x * share for x, share in zip(inputs, shares, strict=True)]


def _affine(layer: Any, inputs: Sequence[Tensor], r: Tensor, epsilon: float) -> list[Tensor]:
    """Dense and convolution layers: the sums before the activation, which passes relevance on."""
    return list(_linear(lambda x: pre_activation(layer, x), inputs, r, epsilon))


def pre_activation(layer: Any, x: Tensor) -> Tensor:
    """What a dense or convolution layer computes before its activation."""
    sums = layer.convolve(x) if isinstance(layer, Windowed) else layer.sums(x)
    return sums if layer.bias is None else sums + layer.bias


def _applied(layer: Any, inputs: Sequence[Tensor], r: Tensor, epsilon: float) -> list[Tensor]:
    """Sums, means and the largest of several: the epsilon rule on the layer itself."""
    return list(_linear(layer, inputs, r, epsilon))


def _moved(layer: Any, inputs: Sequence[Tensor], r: Tensor, epsilon: float) -> list[Tensor]:
    """Layers that only move numbers: relevance moves back."""
    _, pull = vjp(layer, *inputs)
    return list(pull(r))


def _passed(layer: Any, inputs: Sequence[Tensor], r: Tensor, epsilon: float) -> list[Tensor]:
    """Activations, noise, scaling of the input: each number keeps its relevance."""
    return [r]


# By class; of a layer the first that it belongs to counts.
RULES: dict[type[Layer], Rule] = {
    nn.Dense: _affine,
    nn.Conv2D: _affine,
    nn.Conv1D: _affine,
    nn.DepthwiseConv2D: _affine,
    nn.AveragePooling2D: _applied,
    nn.AveragePooling1D: _applied,
    nn.GlobalAveragePooling2D: _applied,
    nn.GlobalAveragePooling1D: _applied,
    nn.MaxPooling2D: _applied,
    nn.MaxPooling1D: _applied,
    nn.GlobalMaxPooling2D: _applied,
    nn.GlobalMaxPooling1D: _applied,
    nn.BatchNormalization: _applied,
    nn.Add: _applied,
    nn.Average: _applied,
    nn.Subtract: _applied,
    nn.Flatten: _moved,
    nn.Reshape: _moved,
    nn.Permute: _moved,
    nn.Concatenate: _moved,
    nn.ZeroPadding2D: _moved,
    nn.ZeroPadding1D: _moved,
    nn.Cropping2D: _moved,
    nn.Cropping1D: _moved,
    nn.Activation: _passed,
    nn.ReLU: _passed,
    nn.LeakyReLU: _passed,
    nn.PReLU: _passed,
    nn.ELU: _passed,
    nn.Dropout: _passed,
    nn.SpatialDropout1D: _passed,
    nn.SpatialDropout2D: _passed,
    nn.GaussianNoise: _passed,
    nn.GaussianDropout: _passed,
    nn.Normalize: _passed,
    nn.Rescaling: _passed,
}


def rule_for(layer: Layer) -> Rule:
    """The rule of a layer; an ArgumentError for one without."""
    for cls in type(layer).__mro__:
        if cls in RULES and type(layer).forward is cls.forward:
            return RULES[cls]
    known = ", ".join(cls.__name__ for cls in RULES)
    raise ArgumentError(
        f"layerwise_relevance: {layer.name} ({type(layer).__name__}) has no rule to share out "
        f"relevance by; there are rules for {known}. Use integrated_gradients instead, which is "
        "for every layer"
    )


# --- the way back -------------------------------------------------------------------------------


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
    from ...train.models.model import Model

    net = explained(model, x)
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
    rows = net.x if net.x.dtype.kind != "u" else net.x.astype(np.float32)
    with no_grad(), training_mode(False):
        values = _values(wiring, Tensor(rows))
        last = wiring.outputs[0].node
        predicted = _before_activation(last, values)
    outputs = np.asarray(predicted.numpy(), np.float64).reshape(len(rows), -1)
    final = np.asarray(values[last].numpy(), np.float64).reshape(len(rows), -1)
    chosen = chosen_outputs(final, output, net.classes)
    weights = np.zeros_like(outputs)
    weights[np.arange(len(rows)), chosen] = 1.0
    start = Tensor((outputs * weights).reshape(predicted.shape).astype(np.float32))
    with training_mode(False):
        relevance = _back(wiring, values, start, epsilon)
    shares = relevance.numpy().astype(np.float64)
    if shares.ndim == 4:
        shares = shares.sum(axis=-1)
    names = tuple(feature_names or ()) or (
        tuple(f"x{i}" for i in range(shares.shape[1])) if shares.ndim == 2 else ()
    )
    picked = outputs[np.arange(len(rows)), chosen]
    return Attribution(
        f"layer-wise relevance (epsilon {epsilon:g})", shares, names, np.zeros(len(rows)), picked,
        net.x, None,
        tuple(net.classes[i] if i < len(net.classes) else str(i) for i in chosen), (), net.kind,
    )  # fmt: skip


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
            parts = rule_for(layer)(layer, inputs, relevance[node], epsilon)
        for source, part in zip(node.inputs, parts, strict=True):
            relevance[source] = relevance[source] + part if source in relevance else part
    if begin not in relevance:
        raise StateError("layerwise_relevance: the output does not depend on the input")
    return relevance[begin]
