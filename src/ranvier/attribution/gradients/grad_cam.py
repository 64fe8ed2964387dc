"""Grad-CAM (Selvaraju et al. 2017): which parts of a feature map speak for an output."""

from __future__ import annotations

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError
from ..result import Attribution
from ..subject import Output
from .differentiable import Differentiable, explained


@spelled
def grad_cam(
    model: object,
    x: object,
    *,
    layer: str | None = None,
    output: Output = None,
    logits: bool = False,
) -> Attribution:
    """The feature maps of a convolution, each weighted by its mean gradient; what is below 0 is 0.

        cam = relu(sum over channels c of (mean over positions of d output / d A_c) * A_c)

    The values are (rows, height, width) of the layer, coarser than the image; a plot lays them over
    it. `layer` is by default the last one whose output has feature maps.

    >>> import ranvier
    >>> from ranvier.nn import Conv2D, Dense, GlobalAveragePooling2D
    >>> model = ranvier.Sequential([
    ...     Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)), GlobalAveragePooling2D(),
    ...     Dense(2)])
    >>> grad_cam(model, np.ones((1, 8, 8, 1))).values.shape
    (1, 6, 6)
    """
    net = explained(model, x)
    f = Differentiable(net.network, net.x, layer or last_maps(net.network, net.x), logits)
    points = f.points()
    if points.ndim < 3:
        raise ArgumentError(
            f"grad_cam: the output of {layer!r} has the shape {points.shape[1:]} for a row; "
            "expected feature maps, (height, width, channels), as convolutions make them"
        )
    chosen, _, predicted, grads = f.picked(points, output, net.classes)
    inner = tuple(range(1, points.ndim - 1))
    weights = grads.mean(axis=inner, keepdims=True)
    cam = np.maximum((weights * points).sum(axis=-1), 0.0)
    names = tuple(net.classes[i] if i < len(net.classes) else str(i) for i in chosen)
    return Attribution(
        "Grad-CAM",
        cam,
        (),
        None,
        predicted,
        net.x,
        None,
        names,
        (),
        "image" if cam.ndim == 3 else "text",
    )


def last_maps(network: object, x: np.ndarray) -> str:
    """The name of the last convolution, or of the last layer of it with feature maps."""
    from ...nn.images.convolution_layers import Windowed
    from ...nn.layer import Layer
    from ...nn.walk import walk

    layers = walk(network).inside if isinstance(network, Layer) else []
    windowed = [layer for layer in layers if isinstance(layer, Windowed)]
    if not windowed:
        raise ArgumentError(
            "grad_cam: the network has no convolution; name a layer with feature maps by layer="
        )
    return windowed[-1].name
