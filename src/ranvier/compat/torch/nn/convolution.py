"""`torch.nn`'s convolution and pooling layers: channels before height and width."""

from __future__ import annotations

import math
from typing import Any

from ....errors import ArgumentError
from ....nn.images.sliding import sizes
from ....nn.initializers import RandomUniform
from ..tensor import Tensor
from . import images
from .layers import as_module
from .module import Module


class _Conv(Module):
    """Base: a kernel (out_channels, in_channels / groups, *kernel_size) over `axes` axes.

    First values as in PyTorch: uniform within `1 / sqrt(fan_in)`.
    """

    axes = 2
    function: Any = None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        if padding_mode != "zeros":
            raise ArgumentError(f"{kind}: padding_mode={padding_mode!r}; only 'zeros' is there")
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"{kind}({in_channels}, {out_channels}): both must be multiples of groups={groups}"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = sizes(kind, "kernel_size", kernel_size, self.axes)
        self.stride = sizes(kind, "stride", stride, self.axes)
        self.padding = (
            padding
            if isinstance(padding, str)
            else sizes(kind, "padding", padding, self.axes, least=0)
        )
        self.dilation = sizes(kind, "dilation", dilation, self.axes)
        self.groups = groups
        shape = self.kernel_shape()
        limit = 1 / math.sqrt(math.prod(shape[1:]))
        first = RandomUniform(-limit, limit)
        self.weight = Tensor(first(shape), dtype, requires_grad=True)
        self.bias = Tensor(first((out_channels,)), dtype, requires_grad=True) if bias else None

    def kernel_shape(self) -> tuple[int, ...]:
        """The shape of the weight."""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def forward(self, x: Any) -> Any:
        """(batch, in_channels, ...) -> (batch, out_channels, ...)."""
        settings = self.stride, self.padding, self.dilation, self.groups
        return type(self).function(x, self.weight, self.bias, *settings)

    def extra_repr(self) -> str:
        """The sizes."""
        said = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        said += f", stride={self.stride}"
        nothing = (0,) * self.axes, (1,) * self.axes, 1
        for name, usual in zip(("padding", "dilation", "groups"), nothing, strict=True):
            if getattr(self, name) != usual:
                said += f", {name}={getattr(self, name)}"
        return said + (", bias=False" if self.bias is None else "")


class Conv2d(_Conv):
    """(batch, in_channels, height, width) -> (batch, out_channels, rows, columns).

    >>> Conv2d(1, 6, 5, padding=2)
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    """

    function = staticmethod(images.conv2d)


class Conv1d(_Conv):
    """(batch, in_channels, steps) -> (batch, out_channels, places)."""

    axes = 1
    function = staticmethod(images.conv1d)


class _ConvTranspose(_Conv):
    """Base: a kernel (in_channels, out_channels / groups, *kernel_size) over `axes` axes."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        moved = stride, padding, dilation, groups
        super().__init__(
            in_channels, out_channels, kernel_size, *moved, bias, padding_mode, device, dtype
        )
        kind = type(self).__name__
        self.output_padding = sizes(kind, "output_padding", output_padding, self.axes, least=0)

    def kernel_shape(self) -> tuple[int, ...]:
        """The shape of the weight."""
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, x: Any) -> Any:
        """(batch, in_channels, ...) -> (batch, out_channels, ...)."""
        settings = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return type(self).function(x, self.weight, self.bias, *settings)


class ConvTranspose2d(_ConvTranspose):
    """(batch, in_channels, height, width) -> (batch, out_channels, rows, columns).

    >>> ConvTranspose2d(16, 8, 4, stride=2, padding=1)
    ConvTranspose2d(16, 8, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    """

    function = staticmethod(images.conv_transpose2d)


class ConvTranspose1d(_ConvTranspose):
    """(batch, in_channels, steps) -> (batch, out_channels, places)."""

    axes = 1
    function = staticmethod(images.conv_transpose1d)


MaxPool2d = as_module(
    "MaxPool2d",
    images.max_pool2d,
    *("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"),
)
MaxPool1d = as_module(
    "MaxPool1d",
    images.max_pool1d,
    *("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"),
)
AvgPool2d = as_module(
    "AvgPool2d",
    images.avg_pool2d,
    *("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
)
AvgPool1d = as_module(
    "AvgPool1d",
    images.avg_pool1d,
    *("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
)
AdaptiveAvgPool2d = as_module("AdaptiveAvgPool2d", images.adaptive_avg_pool2d, "output_size")
AdaptiveAvgPool1d = as_module("AdaptiveAvgPool1d", images.adaptive_avg_pool1d, "output_size")
AdaptiveMaxPool2d = as_module("AdaptiveMaxPool2d", images.adaptive_max_pool2d, "output_size")
AdaptiveMaxPool1d = as_module("AdaptiveMaxPool1d", images.adaptive_max_pool1d, "output_size")
Upsample = as_module(
    "Upsample", images.interpolate, "size", "scale_factor", "mode", "align_corners"
)
