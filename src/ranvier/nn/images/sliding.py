"""Sliding windows: what convolution and pooling layers share.

Images are channels last: (batch, height, width, channels), and series (batch, steps, channels).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...typing import Shape


def sizes(layer: str, argument: str, value: object, axes: int, least: int = 1) -> tuple[int, ...]:
    """An integer for every axis, from one number or from one for each.

    >>> sizes("conv2d", "strides", 2, axes=2)
    (2, 2)
    """
    values: tuple[Any, ...] = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    integers = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in values)
    if len(values) != axes or not integers or any(n < least for n in values):
        many = "" if axes == 1 else f" or {axes} of them"
        raise ArgumentError(
            f"{layer}: {argument}={value!r}; expected an integer of at least {least}{many}"
        )
    return tuple(int(n) for n in values)


def one_of(layer: str, argument: str, value: object, known: Sequence[str]) -> str:
    """`value` in lower case, if it is one of the `known` words."""
    if isinstance(value, str) and value.lower() in known:
        return value.lower()
    choice = " or ".join(map(repr, known))
    raise ArgumentError(f"{layer}: {argument}={value!r}; expected {choice}")


def channels_last(layer: str, data_format: str | None) -> str | None:
    """Keras' argument `data_format`; Ranvier's images are channels last."""
    if data_format not in (None, "channels_last"):
        raise ArgumentError(
            f"{layer}: data_format={data_format!r}; images are channels last here, (batch, height, "
            "width, channels): convert others once with ranvier.permute_dims(x, (0, 2, 3, 1))"
        )
    return data_format


def check_axes(layer: str, shape: Shape, axes: int) -> None:
    """ShapeError unless a row's `shape` is `axes` axes to slide over and then the channels."""
    if len(shape) == axes + 1:
        return
    expected = "(batch, height, width, channels)" if axes == 2 else "(batch, steps, channels)"
    if len(shape) == axes:
        fix = "A single channel is an axis too: x[..., None]"
    elif len(shape) == 1:
        fix = "Put Reshape before this layer to make each row an image or a series"
    else:
        fix = "Put the layer where its input has these axes"
    raise ShapeError(
        f"{layer}: got an input of shape {('batch', *shape)}; expected {expected}. {fix}".replace(
            "'batch'", "batch"
        )
    )


def output_sizes(
    layer: str, shape: Shape, window: Shape, strides: Shape, padding: str, dilation: Shape
) -> tuple[int, ...]:
    """How many positions the window takes along each axis of an image of `shape`.

    >>> output_sizes("conv2d", (28, 28), (3, 3), (2, 2), "valid", (1, 1))
    (13, 13)
    """
    lengths = []
    for n, k, s, d in zip(shape, window, strides, dilation, strict=True):
        reach = (k - 1) * d + 1
        if padding == "valid" and n < reach:
            raise ShapeError(
                f"{layer}: a window of {window} does not fit an image of {shape}: it spans {reach} "
                f"of {n} positions. Use padding='same' or a smaller window; images are "
                "channels last"
            )
        lengths.append((n - reach) // s + 1 if padding == "valid" else -(-n // s))
    return tuple(lengths)


def frame(shape: Shape, window: Shape, strides: Shape, padding: str) -> tuple[tuple[int, int], ...]:
    """Positions to add before and after each axis; of an odd number the larger part comes after.

    >>> frame((5, 6), (2, 2), (2, 2), "same")
    ((0, 1), (0, 0))
    """
    if padding == "valid":
        return ((0, 0),) * len(shape)
    edges = []
    for n, k, s in zip(shape, window, strides, strict=True):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        edges.append((total // 2, total - total // 2))
    return tuple(edges)


def padded_frame(
    layer: str,
    shape: Shape,
    window: Shape,
    strides: Shape,
    padding: Shape,
    partial: bool = False,
) -> tuple[tuple[int, int], ...]:
    """Positions to add before and after each axis, so many on both sides.

    With `partial` as many more at the end as a last window needs that begins inside the image or
    the positions before it.

    >>> padded_frame("max_pool2d", (5, 6), (3, 3), (2, 2), (1, 1))
    ((1, 1), (1, 1))
    >>> padded_frame("max_pool2d", (5, 6), (3, 3), (2, 2), (1, 1), partial=True)
    ((1, 1), (1, 2))
    """
    edges = []
    for n, k, s, p in zip(shape, window, strides, padding, strict=True):
        if n + 2 * p < k or 2 * p > k:
            raise ShapeError(
                f"{layer}: a window of {window} does not fit images of {shape} with padding "
                f"{padding}, which may be at most half of the window"
            )
        after = p
        if partial:
            count = -(-(n + 2 * p - k) // s) + 1
            count -= (count - 1) * s >= n + p
            after = max(p, (count - 1) * s + k - n - p)
        edges.append((p, after))
    return tuple(edges)
