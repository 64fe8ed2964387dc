"""What a network sees: filters of its layers, and feature maps of an image."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...base.missing import spelled
from ...base.quantities import number_text
from ...errors import ArgumentError, ShapeError
from ...nn.basic.affine import Affine
from ...nn.layer import Layer
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...typing import Array, ArrayLike, DataLike
from ..drawing import Box, Drawing, Pixels, Words, shortened
from ..pixels import picture, signed
from .layer_outputs import layer_named, layer_outputs

_MOST_PICTURES = 64
_WIDTH = 560.0
_GAP = 8.0
_SMALLEST = 40.0


@spelled
def filters(
    model: Model, layer: str | int | Layer | None = None, channel: int | None = None
) -> Drawing:
    """The filters of a layer as pictures: blue above 0, orange below, the darker the larger.

    Of a convolution each filter is one picture, in colours where it reads red, green and blue; of a
    dense layer that reads an image, the weights of each unit as an image.

    Args:
        layer: by name or index; by default the first one that has filters to show.
        channel: of the input; by default the mean over the channels.

    Raises ArgumentError for a layer without such weights.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges")])
    >>> drawing = filters(model)
    >>> drawing.title, len(drawing.rows)
    ('Filters of edges', 4)
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"filters: expected a model, got a {type(model).__name__}")
    chosen = layer_named("filters", model, layer)
    layers = [x for x in model.sublayers() if x is not model] if chosen is None else [chosen]
    for one in layers:
        kernel = _kernel(one)
        if kernel is not None:
            return _filters(one.name, kernel, channel)
    which = f"the layer {chosen.name!r} ({type(chosen).__name__})" if chosen else model.name
    raise ArgumentError(
        f"filters: {which} has no filters to show: expected a convolution, or a dense layer whose "
        "inputs are the pixels of a square image, and built"
    )


def _kernel(layer: Layer) -> Array | None:
    """The weights as (rows, columns, channels, filters)."""
    if not isinstance(layer, Affine) or not layer.built:
        return None
    kernel: Array = layer.kernel.numpy()
    if kernel.ndim == 4 and min(kernel.shape[:2]) > 1:
        return kernel
    if kernel.ndim == 2:
        for channels in (1, 3):
            side = math.isqrt(kernel.shape[0] // channels)
            if side >= 4 and side * side * channels == kernel.shape[0]:
                return kernel.reshape(side, side, channels, kernel.shape[1])
    return None


def _filters(name: str, kernel: Array, channel: int | None) -> Drawing:
    channels, count = kernel.shape[2], kernel.shape[3]
    if channel is not None and not -channels <= channel < channels:
        raise ArgumentError(f"filters: channel={channel}; {name} reads {channels} channels")
    colours = channels == 3 and channel is None
    if colours:
        about = "Each picture is a filter in the colours that it answers to."
        pictures = [picture(kernel[..., k]) for k in range(count)]
    else:
        chosen = kernel.mean(axis=2) if channel is None else kernel[:, :, channel]
        largest = float(np.abs(chosen).max(initial=0.0))
        of = "" if channels == 1 else (
            f" of channel {channel}" if channel is not None else f", mean of {channels} channels"
        )  # fmt: skip
        about = (
            f"Each picture is a filter{of}: blue weights are above 0, orange ones below, the "
            f"darkest are {number_text(largest)}."
        )
        pictures = [signed(chosen[..., k], largest) for k in range(count)]
    drawing = tiles(f"Filters of {name}", about, pictures, [f"{k}" for k in range(count)])
    drawing.head = ("filter", "lowest", "mean", "highest")
    drawing.rows = [(k, *_spread(kernel[..., k])) for k in range(count)]
    return drawing


@spelled
def feature_maps(
    model: Model, layer: str | int | Layer | None = None, x: DataLike | None = None
) -> Drawing:
    """What the channels of a layer make of an image: one picture for each, beside the image.

    Args:
        layer: by name or index; by default the first one whose output is an image of channels.
        x: the image, (rows, columns, channels), or several of which the first is taken.

    Raises ArgumentError for a layer whose output is no image.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges")])
    >>> len(feature_maps(model, "edges", ranvier.ones((8, 8, 1))).rows)
    4
    """
    if x is None:
        raise ArgumentError("feature_maps: give an image, feature_maps(model, layer, x)")
    if not isinstance(model, Model):
        raise ArgumentError(f"feature_maps: expected a model, got a {type(model).__name__}")
    chosen = layer_named("feature_maps", model, layer)
    image = np.asarray(x)
    shape = model.built_shape
    if shape is not None and image.shape == tuple(shape):
        image = image[None]
    outputs = layer_outputs("feature_maps", model, image[:1])
    for name, (one, output) in outputs.items():
        if output.ndim == 4 and min(output.shape[1:3]) > 1 and (chosen is None or one is chosen):
            return _maps(name, image[0], output[0])
    which = "no layer" if chosen is None else f"the layer {chosen.name!r}"
    raise ArgumentError(
        f"feature_maps: {which} gives no (rows, height, width, channels); layers: "
        + ", ".join(f"{n} {tuple(o.shape[1:])}" for n, (_, o) in outputs.items())
    )


@spelled
def image(x: ArrayLike, titles: Sequence[str] | None = None) -> Drawing:
    """Arrays as pictures: (rows, columns) of grey, (rows, columns, 3) of red, green and blue, or
    many of them along a first axis, as a batch is. Numbers are stretched from black to white.

    Raises ShapeError for what is no image.

    >>> drawing = image(np.zeros((5, 8, 8)))
    >>> len(drawing.rows)
    5
    """
    array = x.numpy() if isinstance(x, Tensor) else np.asarray(x)
    colours = array.ndim > 2 and array.shape[-1] in (1, 3)
    batch = array if array.ndim == 3 + colours else array[None]
    if batch.ndim != 3 + colours or not batch.size or batch.dtype.kind not in "fiub":
        raise ShapeError(
            f"image: shape {array.shape} of {array.dtype}; expected (rows, columns), (rows, "
            "columns, 3), or several of them along a first axis"
        )
    whole = batch[..., 0] if colours and batch.shape[-1] == 1 else batch
    names = [str(i) for i in range(len(whole))] if titles is None else list(map(str, titles))
    if len(names) != len(whole):
        raise ShapeError(f"image: {len(names)} titles for {len(whole)} images")
    drawing = tiles("Images" if len(whole) > 1 else "Image", "Each picture is one image.",
                    [picture(one) for one in whole], names)  # fmt: skip
    drawing.head = ("image", "lowest", "mean", "highest")
    drawing.rows = [(name, *_spread(one)) for name, one in zip(names, whole, strict=True)]
    return drawing


def _maps(name: str, image: Array, output: Array) -> Drawing:
    largest = float(np.abs(output).max(initial=0.0))
    pictures = [signed(output[..., k], largest) for k in range(output.shape[-1])]
    captions = [f"{k}" for k in range(len(pictures))]
    if image.ndim == 2 or (image.ndim == 3 and image.shape[-1] in (1, 3)):
        grey = image if image.ndim == 2 else image[..., 0]
        first = picture(image if image.ndim == 3 and image.shape[-1] == 3 else grey)
        pictures, captions = [first, *pictures], ["image", *captions]
    drawing = tiles(
        f"Feature maps of {name}",
        "First the image, then what each channel of the layer makes of it: blue is above 0, orange "
        f"below, the darkest is {number_text(largest)}.",
        pictures, captions,
    )  # fmt: skip
    drawing.head = ("channel", "lowest", "mean", "highest")
    drawing.rows = [(k, *_spread(output[..., k])) for k in range(output.shape[-1])]
    return drawing


def tiles(title: str, about: str, pictures: Sequence[Array], captions: Sequence[str]) -> Drawing:
    """Pictures of pixels beside and below each other, each with its caption."""
    shown = list(pictures)[:_MOST_PICTURES]
    if len(shown) < len(pictures):
        about += f" The first {len(shown)} of {len(pictures)} are shown."
    columns = min(len(shown), max(4, math.ceil(math.sqrt(2 * len(shown)))))
    side = max(_SMALLEST, min(120.0, (_WIDTH - _GAP) / columns - _GAP))
    columns = min(columns, int((_WIDTH - _GAP) // (side + _GAP)))
    lines = math.ceil(len(shown) / columns)
    drawing = Drawing(title, about, _GAP + columns * (side + _GAP), 4 + lines * (side + 22))
    for i, (pixels, caption) in enumerate(zip(shown, captions, strict=False)):
        x = _GAP + i % columns * (side + _GAP)
        y = 18 + i // columns * (side + 22)
        high, wide = pixels.shape[:2]
        scale = side / max(high, wide)
        width, height = wide * scale, high * scale
        left = x + (side - width) / 2
        drawing.add(
            Words(x + side / 2, y - 4, shortened(caption, side, 10.5), size=10.5, anchor="middle"),
            Box(left, y, width, height, "grid", 0.35),
            Pixels(left, y, width, height, pixels, tip=caption),
        )
    return drawing


def _spread(values: Array) -> tuple[str, str, str]:
    low, middle, high = float(values.min()), float(values.mean()), float(values.max())
    return number_text(low), number_text(middle), number_text(high)
