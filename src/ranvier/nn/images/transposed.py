"""Transposed convolution layers: to more positions, where a convolution goes to fewer.

Channels last. Along an axis of n positions, a window of k with dilation d reaches over
`K = (k - 1) * d + 1` positions, and with stride s the result has

    padding    output_padding   positions
    "valid"    None             (n - 1) * s + max(K, s)
    "valid"    p                (n - 1) * s + K + p
    "same"     None             n * s
    "same"     p                (n - 1) * s + K % 2 + p
"""

from __future__ import annotations

from typing import Unpack

from ...ops.composites.shaping import expand_dims
from ...ops.movement import reshape
from ...ops.windows.convolution import conv_transpose
from ...tensors.tensor import Tensor
from ...typing import Shape, ShapeLike
from ..activations import ActivationLike
from ..basic.affine import Affine
from ..basic.dense import integer_argument
from ..constructor_options import KernelOptions
from ..layer import register_layer
from .convolution_layers import Windowed
from .sliding import check_axes, sizes


class _Transposed(Windowed, Affine):
    """Base of Conv1DTranspose and Conv2DTranspose."""

    def __init__(
        self,
        filters: int,
        kernel_size: ShapeLike,
        strides: ShapeLike = 1,
        padding: str = "valid",
        output_padding: ShapeLike | None = None,
        data_format: str | None = None,
        dilation_rate: ShapeLike = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        **options: Unpack[KernelOptions],
    ) -> None:
        super().__init__(activation=activation, use_bias=use_bias, **options)
        self.filters = integer_argument(self.name, "filters", filters)
        self.set_window(kernel_size, strides, padding, dilation_rate, data_format)
        if output_padding is not None:
            output_padding = sizes(self.name, "output_padding", output_padding, self.axes, least=0)
        self.output_padding = output_padding

    def build(self, input_shape: Shape) -> None:
        check_axes(self.name, input_shape, self.axes)
        self.add_kernel((*self.kernel_size, self.filters, input_shape[-1]))
        self.add_bias(self.filters)

    def _output_ranges(self, shape: Shape) -> list[tuple[int, int]]:
        """For each axis of `shape`, the first of the positions that the windows reach and that the
        result has, and how many it has from there on."""
        more = self.output_padding or (None,) * self.axes
        windows = zip(shape, self.kernel_size, self.strides, self.dilation_rate, more, strict=True)
        return [_output_range(n, (k - 1) * d + 1, s, p, self.padding) for n, k, s, d, p in windows]

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self.name, input_shape, self.axes)
        return (*(n for _, n in self._output_ranges(input_shape[:-1])), self.filters)


def _output_range(
    n: int, reach: int, stride: int, more: int | None, padding: str
) -> tuple[int, int]:
    """(positions cropped at the start, positions of the result): Keras' rules.

    >>> _output_range(4, reach=3, stride=2, more=None, padding="same")
    (0, 8)
    """
    if padding == "valid":
        rest = max(reach, stride) if more is None else reach + more
        return 0, (n - 1) * stride + rest
    total = reach + stride - 2 if more is None else reach + reach % 2 - 2 + more
    start = reach - 1 - min(total // 2 + total % 2, reach - 1)
    return start, (n - 1) * stride - reach + 2 + total


@register_layer
class Conv2DTranspose(_Transposed):
    """Every position of x adds its filter to the result: Zeiler et al. 2010, "Deconvolution".

    `out[b, u, v, f] = activation(bias[f] + sum over all i, r with i*stride + r*dilation = u, and
    so for columns j, c, v, and over k, of x[b, i, j, k] * kernel[r, c, f, k])`

    It is the gradient of a `Conv2D` for its input. With padding "same" the edges are cropped, so
    that `size * stride` positions are left.

    Shapes: (batch, height, width, channels) -> (batch, rows, columns, filters); `kernel` is
    `(*kernel_size, filters, channels)`, `bias` `(filters,)`.

    >>> import ranvier
    >>> Conv2DTranspose(8, 3, strides=2, padding="same")(ranvier.ones((2, 7, 7, 16))).shape
    (2, 14, 14, 8)

    Args:
        filters: the number of output channels.
        kernel_size, strides, dilation_rate: an integer, or (height, width).
        padding: "valid", all that the windows reach, or "same".
        output_padding: further positions at the end, which no window reaches; see the table above.
        activation, use_bias, data_format, options: those of `Conv2D`.
    """

    def convolve(self, x: Tensor) -> Tensor:
        start, size = zip(*self._output_ranges(x.shape[1:3]), strict=True)
        return conv_transpose(x, self.kernel, self.strides, self.dilation_rate, 1, start, size)


@register_layer
class Conv1DTranspose(_Transposed):
    """Every step of x adds its filter to the result, `strides` steps apart.

    `out[b, u, f] = activation(bias[f] + sum over all i, r with i*stride + r*dilation = u, and
    over k, of x[b, i, k] * kernel[r, f, k])`

    Shapes: (batch, steps, channels) -> (batch, positions, filters); `kernel` is
    (kernel_size, filters, channels). The arguments are those of `Conv2DTranspose`.

    >>> import ranvier
    >>> Conv1DTranspose(4, 3, strides=2)(ranvier.ones((2, 10, 3))).shape
    (2, 21, 4)
    """

    axes = 1

    def convolve(self, x: Tensor) -> Tensor:
        ((start, size),) = self._output_ranges(x.shape[1:2])
        kernel = expand_dims(self.kernel, 0)
        strides, dilation = (1, *self.strides), (1, *self.dilation_rate)
        out = conv_transpose(expand_dims(x, 1), kernel, strides, dilation, 1, (0, start), (1, size))
        return reshape(out, (out.shape[0], *out.shape[2:]))
