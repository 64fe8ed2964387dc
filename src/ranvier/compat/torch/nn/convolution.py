"""`torch.nn`'s convolution layers: channels before height and width."""

from __future__ import annotations

import math

from ....errors import ArgumentError
from ....nn.images.sliding import sizes
from ....typing import DTypeLike, Shape
from . import functional as F
from .layers import Weighted, uniform


class Conv2d(Weighted):
    """(batch, in_channels, height, width) -> (batch, out_channels, rows, columns).

    The kernel is (out_channels, in_channels / groups, *kernel_size). First values as in PyTorch:
    uniform within `1 / sqrt(fan_in)`.

    >>> Conv2d(1, 6, 5, padding=2)
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    """

    takes = (
        "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, "
        "bias=True, padding_mode='zeros', device=None, dtype=None"
    )
    function = staticmethod(F.conv2d)
    passed = "weight bias stride padding dilation groups"
    axes = 2

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        kind, inputs, outputs, groups = type(self).__name__, *self._channels()
        if self.padding_mode != "zeros":
            raise ArgumentError(
                f"{kind}: padding_mode={self.padding_mode!r}; only 'zeros' is there"
            )
        if groups < 1 or inputs % groups or outputs % groups:
            raise ArgumentError(
                f"{kind}({inputs}, {outputs}): both must be multiples of groups={groups}"
            )
        for name in ("kernel_size", "stride", "dilation", "padding", "output_padding"):
            value = getattr(self, name, None) if name in self.signature.parameters else None
            if value is not None and not (name == "padding" and isinstance(value, str)):
                least = 0 if name.endswith("padding") else 1
                setattr(self, name, sizes(kind, name, value, self.axes, least=least))
        shape = (*self.kernel_shape(), *self.kernel_size)
        first = uniform(math.prod(shape[1:]))
        self.weights(first, dtype, weight=shape, bias=(outputs,) if bias else None)

    def _channels(self) -> tuple[int, int, int]:
        return self.in_channels, self.out_channels, self.groups

    def kernel_shape(self) -> Shape:
        """The first two sizes of the weight."""
        return (self.out_channels, self.in_channels // self.groups)

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

    takes = (
        "in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, "
        "bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None"
    )
    function = staticmethod(F.conv_transpose2d)
    passed = "weight bias stride padding output_padding groups dilation"

    def kernel_shape(self) -> Shape:
        """The first two sizes of the weight."""
        return (self.in_channels, self.out_channels // self.groups)


class ConvTranspose1d(ConvTranspose2d):
    """(batch, in_channels, steps) -> (batch, out_channels, positions)."""

    function = staticmethod(F.conv_transpose1d)
    axes = 1
