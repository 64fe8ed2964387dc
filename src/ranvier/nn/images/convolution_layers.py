"""Convolution layers: the same small kernel at every position of an image or a series.

Channels last throughout. Along an axis of n positions, a window of k with dilation d and stride s
takes, with padding "valid", `(n - (k - 1) * d - 1) // s + 1` positions, and with "same"
`ceil(n / s)`: x is padded with zeros, and of an odd number the larger part comes at the end.
"""

from __future__ import annotations

import math
from typing import Unpack

from ...errors import ArgumentError, ShapeError
from ...ops.composites.shaping import expand_dims
from ...ops.movement import pad, reshape
from ...ops.reduce import sum
from ...ops.windows.convolution import conv2d
from ...ops.windows.sliding_window import sliding_window
from ...tensors.tensor import Tensor
from ...typing import Shape, ShapeLike
from .. import initializers, regularizers
from ..activations import ActivationLike
from ..basic.affine import Affine, Biased
from ..basic.dense import integer_argument
from ..constructor_options import UNBUILT, BiasOptions, KernelOptions
from ..initializers import InitializerLike
from ..layer import register_layer
from ..regularizers import RegularizerLike
from .sliding import channels_last, check_axes, frame, one_of, output_sizes, sizes


class Windowed(Biased):
    """Base: a kernel that slides over `axes` axes, then a bias and an activation."""

    axes = 2
    paddings: tuple[str, ...] = ("valid", "same")
    kernel_size: Shape
    strides: Shape
    dilation_rate: Shape
    padding: str

    def set_window(
        self,
        kernel_size: ShapeLike,
        strides: ShapeLike,
        padding: str,
        dilation_rate: ShapeLike,
        data_format: str | None,
    ) -> None:
        """Set size and movement of the window."""
        self.kernel_size = sizes(self.name, "kernel_size", kernel_size, self.axes)
        self.strides = sizes(self.name, "strides", strides, self.axes)
        self.padding = one_of(self.name, "padding", padding, self.paddings)
        self.dilation_rate = sizes(self.name, "dilation_rate", dilation_rate, self.axes)
        self.data_format = channels_last(self.name, data_format)

    def outputs(self, channels: int) -> int:
        """The number of output channels for `channels` of the input."""
        raise NotImplementedError

    def convolve(self, x: Tensor) -> Tensor:
        """The sums of products, before bias and activation."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        built = self.built_shape
        if built is not None and (x.ndim != self.axes + 2 or x.shape[-1] != built[-1]):
            check_axes(self.name, x.shape[1:], self.axes)
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape} with {x.shape[-1]} channels; it was "
                f"built for {built[-1]}. Channels stand along the last axis"
            )
        self.output_shape(x.shape[1:])
        return self.activated(self.convolve(x))

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self.name, input_shape, self.axes)
        settings = self.kernel_size, self.strides, self.padding, self.dilation_rate
        sizes = output_sizes(self.name, input_shape[:-1], *settings)
        return (*sizes, self.outputs(input_shape[-1]))


class _Convolution(Windowed, Affine):
    """Base of Conv1D and Conv2D."""

    def __init__(
        self,
        filters: int,
        kernel_size: ShapeLike,
        strides: ShapeLike = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: ShapeLike = 1,
        groups: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        **options: Unpack[KernelOptions],
    ) -> None:
        super().__init__(activation=activation, use_bias=use_bias, **options)
        self.filters = integer_argument(self.name, "filters", filters)
        self.set_window(kernel_size, strides, padding, dilation_rate, data_format)
        self.groups = integer_argument(self.name, "groups", groups)
        if self.filters % self.groups:
            raise ArgumentError(
                f"{self.name}: {filters} filters cannot be shared out among {groups} groups; "
                "filters must be a multiple of groups"
            )

    def build(self, input_shape: Shape) -> None:
        self.output_shape(input_shape)
        channels = input_shape[-1]
        if channels % self.groups:
            raise ShapeError(
                f"{self.name}: {channels} channels cannot be shared out among {self.groups} "
                "groups; channels must be a multiple of groups"
            )
        self.add_kernel((*self.kernel_size, channels // self.groups, self.filters))
        self.add_bias(self.filters)

    def outputs(self, channels: int) -> int:
        return self.filters


@register_layer
class Conv2D(_Convolution):
    """Every filter is a small image that is applied at every position of x: LeCun et al. 1989.

    `out[b, i, j, f] = activation(bias[f] + sum over r, c, k of
    x[b, i*stride + r*dilation, j*stride + c*dilation, k] * kernel[r, c, k, f])`

    Shapes: (batch, height, width, channels) -> (batch, rows, columns, filters); `kernel` is
    `(*kernel_size, channels / groups, filters)`, `bias` `(filters,)`.

    >>> import ranvier
    >>> layer = Conv2D(8, 3, activation="relu")
    >>> layer(ranvier.ones((2, 28, 28, 1))).shape, layer.kernel.shape
    ((2, 26, 26, 8), (3, 3, 1, 8))

    Args:
        filters: the number of output channels.
        kernel_size, strides, dilation_rate: an integer, or (height, width).
        padding: "valid", only whole windows, or "same", as many positions as `ceil(size / stride)`.
        groups: channels and filters in as many groups, each seeing only its own.
        activation: a name or function of `ranvier.nn.activations`; None: none.
        use_bias: whether there is a bias.
        data_format: None or "channels_last".
        options: kernel_initializer, by default glorot_uniform with the window's positions times
            the channels as fan_in, and bias_initializer; kernel_regularizer, bias_regularizer:
            "l1", "l2", `L2(0.001)`...: a term added to the loss; and those of every layer.
    """

    def convolve(self, x: Tensor) -> Tensor:
        settings = self.strides, self.padding, self.dilation_rate, self.groups
        return conv2d(x, self.kernel, *settings)


@register_layer
class Conv1D(_Convolution):
    """Every filter is a short series that is applied at every position of x.

    `out[b, i, f] = activation(bias[f] + sum over r and k of
    x[b, i*stride + r*dilation, k] * kernel[r, k, f])`

    Shapes: (batch, steps, channels) -> (batch, positions, filters); `kernel` is
    (kernel_size, channels / groups, filters). The arguments are those of `Conv2D`; padding
    "causal" puts all zeros before, so that a position sees only its past: van den Oord et al. 2016.

    >>> import ranvier
    >>> Conv1D(4, 3, padding="causal", dilation_rate=2)(ranvier.ones((2, 10, 3))).shape
    (2, 10, 4)
    """

    axes = 1
    paddings = ("valid", "same", "causal")
    keeps_mask = True  # where there are as many positions as before

    def convolve(self, x: Tensor) -> Tensor:
        padding = self.padding
        if padding == "causal":
            before = (self.kernel_size[0] - 1) * self.dilation_rate[0]
            x, padding = pad(x, ((0, 0), (before, 0), (0, 0))), "valid"
        out = conv2d(
            expand_dims(x, 1),
            expand_dims(self.kernel, 0),
            (1, *self.strides),
            padding,
            (1, *self.dilation_rate),
            self.groups,
        )
        return reshape(out, (out.shape[0], *out.shape[2:]))


@register_layer
class DepthwiseConv2D(Windowed):
    """Every channel has filters of its own and channels are not mixed.

    `out[b, i, j, k*m + q] = activation(bias + sum over r and c of
    x[b, i*stride + r*dilation, j*stride + c*dilation, k] * kernel[r, c, k, q])`, m being
    `depth_multiplier`.

    Shapes: (batch, height, width, channels) -> (batch, rows, columns, channels * m); `kernel` is
    `(*kernel_size, channels, m)`. The other arguments are those of `Conv2D`.

    >>> import ranvier
    >>> DepthwiseConv2D(3, depth_multiplier=2)(ranvier.ones((1, 8, 8, 5))).shape
    (1, 6, 6, 10)
    """

    def __init__(
        self,
        kernel_size: ShapeLike,
        strides: ShapeLike = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: ShapeLike = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        depthwise_regularizer: RegularizerLike = None,
        **options: Unpack[BiasOptions],
    ) -> None:
        super().__init__(activation=activation, use_bias=use_bias, **options)
        self.set_window(kernel_size, strides, padding, dilation_rate, data_format)
        self.depth_multiplier = integer_argument(self.name, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.kernel: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        filters = self.output_shape(input_shape)[-1]
        self.kernel = self.add_weight(
            (*self.kernel_size, input_shape[-1], self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            name="kernel",
        )
        self.add_bias(filters)

    def outputs(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def convolve(self, x: Tensor) -> Tensor:
        return depthwise(x, self.kernel, self.strides, self.padding, self.dilation_rate)


@register_layer
class SeparableConv2D(Windowed):
    """A depthwise convolution, then a 1 x 1 convolution that mixes the channels: Chollet 2017.

    Shapes: (batch, height, width, channels) -> (batch, rows, columns, filters);
    `depthwise_kernel` is `(*kernel_size, channels, depth_multiplier)`, `pointwise_kernel`
    (1, 1, channels * depth_multiplier, filters). The other arguments are those of `Conv2D`.

    >>> import ranvier
    >>> layer = SeparableConv2D(16, 3, padding="same")
    >>> layer(ranvier.ones((1, 8, 8, 4))).shape, layer.count_params()
    ((1, 8, 8, 16), 116)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: ShapeLike,
        strides: ShapeLike = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: ShapeLike = 1,
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        pointwise_initializer: InitializerLike = "glorot_uniform",
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        **options: Unpack[BiasOptions],
    ) -> None:
        super().__init__(activation=activation, use_bias=use_bias, **options)
        self.filters = integer_argument(self.name, "filters", filters)
        self.set_window(kernel_size, strides, padding, dilation_rate, data_format)
        self.depth_multiplier = integer_argument(self.name, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_kernel: Tensor = UNBUILT
        self.pointwise_kernel: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        self.output_shape(input_shape)
        channels = input_shape[-1]
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (1, 1, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            name="pointwise_kernel",
        )
        self.add_bias(self.filters)

    def outputs(self, channels: int) -> int:
        return self.filters

    def convolve(self, x: Tensor) -> Tensor:
        settings = self.strides, self.padding, self.dilation_rate
        return conv2d(depthwise(x, self.depthwise_kernel, *settings), self.pointwise_kernel)


def depthwise(x: Tensor, w: Tensor, strides: Shape, padding: str, dilation: Shape) -> Tensor:
    """Each channel of x with its own filters, w (rows, columns, channels, filters of each)."""
    rows, columns, channels, each = w.shape
    if math.prod(dilation) != 1:
        kernel = reshape(w, (rows, columns, 1, channels * each))
        return conv2d(x, kernel, strides, padding, dilation, groups=channels)
    # As a sum over windows it is twice as fast as a convolution of that many groups.
    window = rows, columns
    edge = frame(x.shape[1:3], window, strides, padding)
    if any(a or b for a, b in edge):
        x = pad(x, ((0, 0), *edge, (0, 0)))
    seen = sliding_window(x, window, strides)
    if each == 1:
        return sum(seen * reshape(w, (rows, columns, channels)), axis=(3, 4))
    out = sum(expand_dims(seen, -1) * w, axis=(3, 4))
    return reshape(out, (*out.shape[:3], channels * each))
