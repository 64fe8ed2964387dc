"""`torch.nn`'s convolution layers: channels before height and width."""

from __future__ import annotations

import math
from typing import Any

from ....errors import ArgumentError
from ....nn.images.sliding import sizes
from ....typing import DTypeLike, Shape, ShapeLike
from . import functional as F
from .layers import Weighted, uniform


class Conv2d(Weighted):
    """(batch, in_channels, height, width) -> (batch, out_channels, rows, columns).

    The kernel is (out_channels, in_channels / groups, *kernel_size). First values as in PyTorch:
    uniform within `1 / sqrt(fan_in)`.

    >>> Conv2d(1, 6, 5, padding=2)
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    """

    function = staticmethod(F.conv2d)
    passed = "weight bias stride padding dilation groups"
    axes = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: ShapeLike,
        stride: ShapeLike = 1,
        padding: Any = 0,
        dilation: ShapeLike = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        kind = type(self).__name__
        if padding_mode != "zeros":
            raise ArgumentError(f"{kind}: padding_mode={padding_mode!r}; only 'zeros' is there")
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"{kind}({in_channels}, {out_channels}): both must be multiples of groups={groups}"
            )
        kernel_size = sizes(kind, "kernel_size", kernel_size, self.axes)
        stride = sizes(kind, "stride", stride, self.axes)
        dilation = sizes(kind, "dilation", dilation, self.axes)
        if not isinstance(padding, str):
            padding = sizes(kind, "padding", padding, self.axes, least=0)
        self.keep(locals(), "kind", "padding_mode")
        shape = self.kernel_shape(in_channels, out_channels, groups) + kernel_size
        first = uniform(math.prod(shape[1:]))
        self.weights(first, dtype, weight=shape, bias=(out_channels,) if bias else None)

    def kernel_shape(self, inputs: int, outputs: int, groups: int) -> Shape:
        """The first two sizes of the weight."""
        return (outputs, inputs // groups)

    def extra_repr(self) -> str:
        """The sizes."""
        line = "{0.in_channels}, {0.out_channels}, kernel_size={0.kernel_size}, stride={0.stride}"
        usual = {"padding": (0,) * self.axes, "dilation": (1,) * self.axes, "groups": 1}
        others = [f", {k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        return line.format(self) + "".join(others) + (", bias=False" if self.bias is None else "")


class Conv1d(Conv2d):
    """(batch, in_channels, steps) -> (batch, out_channels, positions)."""

    function = staticmethod(F.conv1d)
    axes = 1


class ConvTranspose2d(Conv2d):
    """(batch, in_channels, height, width) -> (batch, out_channels, rows, columns).

    The kernel is (in_channels, out_channels / groups, *kernel_size).

    >>> ConvTranspose2d(16, 8, 4, stride=2, padding=1)
    ConvTranspose2d(16, 8, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    """

    function = staticmethod(F.conv_transpose2d)
    passed = "weight bias stride padding output_padding groups dilation"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: ShapeLike,
        stride: ShapeLike = 1,
        padding: Any = 0,
        output_padding: ShapeLike = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: ShapeLike = 1,
        padding_mode: str = "zeros",
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        settings = stride, padding, dilation, groups, bias, padding_mode, device, dtype
        super().__init__(in_channels, out_channels, kernel_size, *settings)
        kind = type(self).__name__
        self.output_padding = sizes(kind, "output_padding", output_padding, self.axes, least=0)

    def kernel_shape(self, inputs: int, outputs: int, groups: int) -> Shape:
        """The first two sizes of the weight."""
        return (inputs, outputs // groups)


class ConvTranspose1d(ConvTranspose2d):
    """(batch, in_channels, steps) -> (batch, out_channels, positions)."""

    function = staticmethod(F.conv_transpose1d)
    axes = 1
