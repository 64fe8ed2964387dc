"""Pooling layers: the maximum or the mean of each window.

Channels last. Along an axis of n positions, a window of k with stride s takes, with padding
"valid", `(n - k) // s + 1` positions, with "same" `ceil(n / s)`, and with p positions of padding on
both sides `(n + 2 p - k) // s + 1`. Positions beyond the edge are ignored: they are never the
maximum and not part of the mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, Unpack

import numpy as np

from ...ops.composites.shaping import expand_dims
from ...ops.elementwise.arithmetic import maximum
from ...ops.elementwise.comparison import astype, equal, where
from ...ops.movement import concat, narrow, pad, reshape
from ...ops.reduce import max, mean, sum
from ...ops.windows.sliding_window import sliding_window
from ...tensors.tensor import Tensor
from ...typing import Shape, ShapeLike
from ..constructor_options import LayerOptions
from ..layer import Layer, register_layer
from .sliding import (
    channels_last,
    check_axes,
    frame,
    one_of,
    output_sizes,
    padded_frame,
    sizes,
)

Edge: TypeAlias = tuple[tuple[int, int], ...]  # positions before and after each axis
Reduction: TypeAlias = Callable[..., Tensor]  # (x, axis, keepdims)


class _Pooling(Layer):
    """Base of the layers that reduce each window of an image or a series."""

    axes = 2

    def __init__(
        self,
        pool_size: ShapeLike = 2,
        strides: ShapeLike | None = None,
        padding: str | ShapeLike = "valid",
        data_format: str | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.pool_size = sizes(self.name, "pool_size", pool_size, self.axes)
        moved = self.pool_size if strides is None else strides
        self.strides = sizes(self.name, "strides", moved, self.axes)
        self.padding: str | Shape
        if isinstance(padding, str):
            self.padding = one_of(self.name, "padding", padding, ("valid", "same"))
        else:
            self.padding = sizes(self.name, "padding", padding, self.axes, least=0)
        self.data_format = channels_last(self.name, data_format)

    def reduce(self, x: Tensor, window: Shape, strides: Shape, edge: Edge) -> Tensor:
        """(batch, height, width, channels) -> (batch, rows, columns, channels)."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        self.output_shape(x.shape[1:])
        edge = self._edge(x.shape[1:-1])
        if self.axes == 2:
            return self.reduce(x, self.pool_size, self.strides, edge)
        window, strides = (1, *self.pool_size), (1, *self.strides)
        out = self.reduce(expand_dims(x, 1), window, strides, ((0, 0), *edge))
        return reshape(out, (out.shape[0], *out.shape[2:]))

    def _edge(self, shape: Shape) -> Edge:
        settings = shape, self.pool_size, self.strides
        if isinstance(self.padding, str):
            return frame(*settings, self.padding)
        return padded_frame(self.name, *settings, self.padding)

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self.name, input_shape, self.axes)
        shape, padding = input_shape[:-1], self.padding
        if not isinstance(padding, str):
            shape = tuple(n + a + b for n, (a, b) in zip(shape, self._edge(shape), strict=True))
            padding = "valid"
        settings = self.pool_size, self.strides, padding, (1,) * self.axes
        return (*output_sizes(self.name, shape, *settings), input_shape[-1])


class _Max(_Pooling):
    def reduce(self, x: Tensor, window: Shape, strides: Shape, edge: Edge) -> Tensor:
        return largest(x, window, strides, edge)


class _Average(_Pooling):
    in_float32 = True

    def reduce(self, x: Tensor, window: Shape, strides: Shape, edge: Edge) -> Tensor:
        return average(x, window, strides, edge)


def largest(x: Tensor, window: Shape, strides: Shape, edge: Edge) -> Tensor:
    """The maximum of each window of x, with so many positions before and after each axis."""
    if any(a or b for a, b in edge):
        inside = np.pad(np.ones((*x.shape[1:3], 1), bool), (*edge, (0, 0)))
        least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        x = where(inside, pad(x, ((0, 0), *edge, (0, 0))), least)
    return max(sliding_window(x, window, strides), axis=(3, 4))


def average(x: Tensor, window: Shape, strides: Shape, edge: Edge) -> Tensor:
    """The mean of each window of x over its positions inside the image."""
    if not any(a or b for a, b in edge):
        return mean(sliding_window(x, window, strides), axis=(3, 4))
    sides = zip(x.shape[1:3], window, strides, edge, strict=True)
    share = (1 / np.outer(*(_counts(*side) for side in sides)))[:, :, None].astype(x.dtype)
    x = pad(x, ((0, 0), *edge, (0, 0)))
    return sum(sliding_window(x, window, strides), axis=(3, 4)) * share


def _counts(n: int, k: int, s: int, edge: tuple[int, int]) -> np.ndarray[Any, Any]:
    """How many of its k positions each window has inside an axis of size n.

    >>> _counts(5, 3, 2, (1, 1))
    array([2, 3, 2])
    """
    first = np.arange((n + edge[0] + edge[1] - k) // s + 1) * s - edge[0]
    return np.minimum(first + k, n) - np.maximum(first, 0)


@register_layer
class MaxPooling2D(_Max):
    """The maximum of each window, channel by channel.

    Shapes: (batch, height, width, channels) -> (batch, rows, columns, channels).

    >>> import ranvier
    >>> x = ranvier.reshape(ranvier.arange(16, dtype="float32"), (1, 4, 4, 1))
    >>> MaxPooling2D(2)(x).numpy()[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)

    Args:
        pool_size: the window: an integer, or (height, width).
        strides: from one window to the next; None: as large as the window.
        padding: "valid", only whole windows; "same", as many positions as `ceil(size / stride)`;
            or how many positions beyond the edge belong to the windows on both sides, a number or
            (rows, columns), at most half of the window. PyTorch's `padding`.
        data_format: None or "channels_last".
        options: those of every layer: name, input_shape, trainable.
    """


@register_layer
class MaxPooling1D(_Max):
    """The maximum of each window: (batch, steps, channels) -> (batch, positions, channels).

    The arguments are those of `MaxPooling2D`.

    >>> MaxPooling1D(2)([[[1.0], [5.0], [2.0], [3.0]]])
    tensor([[[5.],
            [3.]]])
    """

    axes = 1


@register_layer
class AveragePooling2D(_Average):
    """The mean of each window, channel by channel.

    Shapes: (batch, height, width, channels) -> (batch, rows, columns, channels). The arguments
    are those of `MaxPooling2D`.

    >>> import ranvier
    >>> x = ranvier.reshape(ranvier.arange(9, dtype="float32"), (1, 3, 3, 1))
    >>> AveragePooling2D(2, padding="same")(x).numpy()[0, :, :, 0]
    array([[2. , 3.5],
           [6.5, 8. ]], dtype=float32)
    """


@register_layer
class AveragePooling1D(_Average):
    """The mean of each window: (batch, steps, channels) -> (batch, positions, channels).

    The arguments are those of `MaxPooling2D`.

    >>> AveragePooling1D(2)([[[1.0], [5.0], [2.0], [3.0]]])
    tensor([[[3. ],
            [2.5]]])
    """

    axes = 1


class _Global(Layer):
    """Base of the layers that reduce a whole image or series."""

    axes = 2
    keeps_mask = False

    def __init__(
        self,
        data_format: str | None = None,
        keepdims: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.data_format = channels_last(self.name, data_format)
        self.keepdims = keepdims

    def reduce(self, x: Tensor, axis: Shape) -> Tensor:
        """x without the axes in `axis`, or with size 1 along them."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        check_axes(self.name, x.shape[1:], self.axes)
        return self.reduce(x, tuple(range(1, self.axes + 1)))

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self.name, input_shape, self.axes)
        return ((1,) * self.axes if self.keepdims else ()) + input_shape[-1:]


class _GlobalMax(_Global):
    def reduce(self, x: Tensor, axis: Shape) -> Tensor:
        return max(x, axis=axis, keepdims=self.keepdims)


class _GlobalAverage(_Global):
    in_float32 = True

    def reduce(self, x: Tensor, axis: Shape) -> Tensor:
        return mean(x, axis=axis, keepdims=self.keepdims)


@register_layer
class GlobalMaxPooling2D(_GlobalMax):
    """The maximum of each channel: (batch, height, width, channels) -> (batch, channels).

    With keepdims (batch, 1, 1, channels).

    >>> import ranvier
    >>> GlobalMaxPooling2D()(ranvier.ones((2, 4, 4, 3))).shape
    (2, 3)
    """


@register_layer
class GlobalMaxPooling1D(_GlobalMax):
    """The maximum of each channel: (batch, steps, channels) -> (batch, channels).

    Steps that the mask excludes do not count; a row without any other gives 0.
    """

    axes = 1

    def forward(self, x: Tensor) -> Tensor:
        if x.mask is None:
            return super().forward(x)
        top = super().forward(where(expand_dims(x.mask, -1), x, -np.inf))
        return where(equal(top, -np.inf), 0, top)


@register_layer
class GlobalAveragePooling2D(_GlobalAverage):
    """The mean of each channel: (batch, height, width, channels) -> (batch, channels).

    With keepdims (batch, 1, 1, channels). Lin et al. 2013, "Network in Network".

    >>> import ranvier
    >>> GlobalAveragePooling2D(keepdims=True)(ranvier.ones((2, 4, 4, 3))).shape
    (2, 1, 1, 3)
    """


@register_layer
class GlobalAveragePooling1D(_GlobalAverage):
    """The mean of each channel: (batch, steps, channels) -> (batch, channels).

    It is the mean over the steps that the mask includes; 0 for a row without any.
    """

    axes = 1

    def forward(self, x: Tensor) -> Tensor:
        if x.mask is None:
            return super().forward(x)
        check_axes(self.name, x.shape[1:], self.axes)
        inside = expand_dims(astype(x.mask, x.dtype), -1)
        steps = maximum(sum(inside, axis=1, keepdims=self.keepdims), 1)
        return sum(x * inside, axis=1, keepdims=self.keepdims) / steps


class _Adaptive(Layer):
    """Base of the layers that reduce an image or a series to a given number of positions."""

    axes = 2
    reduce: Reduction

    def __init__(
        self,
        output_size: ShapeLike,
        data_format: str | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.output_size = sizes(self.name, "output_size", output_size, self.axes)
        self.data_format = channels_last(self.name, data_format)

    def forward(self, x: Tensor) -> Tensor:
        check_axes(self.name, x.shape[1:], self.axes)
        return adaptive(x, self.output_size, type(self).reduce)

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self.name, input_shape, self.axes)
        return (*self.output_size, input_shape[-1])


def adaptive(x: Tensor, size: Shape, reduction: Reduction) -> Tensor:
    """The axes after the batch axis reduced to `size`, by `mean` or `max`.

    Of n positions, window i of m goes from `floor(i * n / m)` to `ceil((i + 1) * n / m)`.
    """
    for axis, m in enumerate(size, 1):
        n = x.shape[axis]
        if n % m == 0:
            parts = reshape(x, (*x.shape[:axis], m, n // m, *x.shape[axis + 1 :]))
            x = reduction(parts, axis=axis + 1)
        else:
            ends = ((i * n // m, -(-(i + 1) * n // m)) for i in range(m))
            x = concat(
                [reduction(narrow(x, axis, *e), axis=axis, keepdims=True) for e in ends], axis
            )
    return x


@register_layer
class AdaptiveAveragePooling2D(_Adaptive):
    """Means of windows as large as needed for `output_size` positions.

    Shapes: (batch, height, width, channels) -> `(batch, *output_size, channels)`. Where the
    size does not divide, windows overlap by a position.

    >>> import ranvier
    >>> AdaptiveAveragePooling2D((2, 3))(ranvier.ones((1, 7, 7, 4))).shape
    (1, 2, 3, 4)
    """

    in_float32 = True
    reduce = staticmethod(mean)


@register_layer
class AdaptiveAveragePooling1D(_Adaptive):
    """Means: (batch, steps, channels) -> (batch, output_size, channels)."""

    in_float32 = True
    axes = 1
    reduce = staticmethod(mean)


@register_layer
class AdaptiveMaxPooling2D(_Adaptive):
    """Maxima of windows as in `AdaptiveAveragePooling2D`."""

    reduce = staticmethod(max)


@register_layer
class AdaptiveMaxPooling1D(_Adaptive):
    """Maxima: (batch, steps, channels) -> (batch, output_size, channels)."""

    axes = 1
    reduce = staticmethod(max)
