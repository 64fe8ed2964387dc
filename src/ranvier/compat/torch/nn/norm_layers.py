"""`torch.nn`'s normalization layers: a `weight` of ones and a `bias` of zeros, or None for each."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import ArgumentError, ShapeError
from ....nn.initializers import Ones, Zeros
from ....tensors.mode import no_grad
from ....typing import DTypeLike, ShapeLike
from ..size_and_device import sizes_of
from ..tensor import Tensor
from . import norm
from .layers import Weighted


class _BatchNorm(Weighted):
    """Base of BatchNorm1d and BatchNorm2d."""

    takes = (
        "num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, "
        "device=None, dtype=None"
    )
    function = staticmethod(norm.batch_norm)
    axes: tuple[int, ...] = ()  # how many axes an input may have
    expected = ""
    line = (
        "{0.num_features}, eps={0.eps}, momentum={0.momentum}, affine={0.affine}, "
        "track_running_stats={0.track_running_stats}"
    )

    def begin(self, dtype: DTypeLike | None = None) -> None:
        _scale(self, self.num_features, self.affine, self.affine, dtype)
        self.running_mean = self.running_var = self.num_batches_tracked = None
        if self.track_running_stats:
            kind = dtype or np.float32
            self.register_buffer("running_mean", Tensor(np.zeros(self.num_features), kind))
            self.register_buffer("running_var", Tensor(np.ones(self.num_features), kind))
            self.register_buffer("num_batches_tracked", Tensor(np.array(0), np.int64))

    def forward(self, x: Tensor) -> Any:
        """Of the shape of x."""
        if x.ndim not in self.axes or x.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: got an input of shape {tuple(x.shape)}; expected "
                f"{self.expected} with {self.num_features} channels"
            )
        momentum: Any = self.momentum
        if self.training and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.assign(self.num_batches_tracked + 1)
                if momentum is None:
                    momentum = 1.0 / self.num_batches_tracked.astype(x.dtype)
        by_batch = self.training or not self.track_running_stats
        statistics = self.running_mean, self.running_var
        return norm.batch_norm(x, *statistics, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Mean 0 and variance 1 over the batch: (batch, features) or (batch, channels, steps).

    >>> BatchNorm1d(4)
    BatchNorm1d(4, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    """

    axes = (2, 3)
    expected = "(batch, features) or (batch, channels, steps)"


class BatchNorm2d(_BatchNorm):
    """Mean 0 and variance 1 over the batch: (batch, channels, height, width)."""

    axes = (4,)
    expected = "(batch, channels, height, width)"


class LayerNorm(Weighted):
    """Mean 0 and variance 1 over the last axes, of sizes `normalized_shape`.

    >>> LayerNorm(8)
    LayerNorm((8,), eps=1e-05, elementwise_affine=True)
    """

    takes = (
        "normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None"
    )
    function = staticmethod(norm.layer_norm)
    passed = "normalized_shape weight bias eps"
    normalized_shape: Any
    line = "{0.normalized_shape}, eps={0.eps}, elementwise_affine={0.elementwise_affine}"

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        self.normalized_shape = sizes_of((self.normalized_shape,))
        affine = self.elementwise_affine
        _scale(self, self.normalized_shape, affine, affine and bias, dtype)


class RMSNorm(Weighted):
    """A mean square of 1 over the last axes, of sizes `normalized_shape`."""

    takes = "normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None"
    function = staticmethod(norm.rms_norm)
    passed = "normalized_shape weight eps"
    normalized_shape: Any
    line = LayerNorm.line

    def begin(self, dtype: DTypeLike | None = None) -> None:
        self.normalized_shape = sizes_of((self.normalized_shape,))
        _scale(self, self.normalized_shape, self.elementwise_affine, False, dtype)


class GroupNorm(Weighted):
    """Mean 0 and variance 1 over each group of channels of each row: (batch, channels, ...)."""

    takes = "num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None"
    function = staticmethod(norm.group_norm)
    passed = "num_groups weight bias eps"
    line = "{0.num_groups}, {0.num_channels}, eps={0.eps}, affine={0.affine}"

    def begin(self, dtype: DTypeLike | None = None) -> None:
        if self.num_groups < 1 or self.num_channels % self.num_groups:
            raise ArgumentError(
                f"GroupNorm({self.num_groups}, {self.num_channels}): num_channels must be a "
                "multiple of num_groups"
            )
        _scale(self, self.num_channels, self.affine, self.affine, dtype)


class InstanceNorm1d(Weighted):
    """Mean 0 and variance 1 over each channel of each row: (batch, channels, steps)."""

    takes = (
        "num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, "
        "device=None, dtype=None"
    )
    function = staticmethod(norm.instance_norm)
    passed = "running_mean running_var weight bias use_input_stats momentum eps"
    line = "{0.num_features}, eps={0.eps}, affine={0.affine}"
    running_mean, running_var, use_input_stats = None, None, True

    def begin(self, dtype: DTypeLike | None = None) -> None:
        if self.track_running_stats:
            raise ArgumentError(
                f"{type(self).__name__}: track_running_stats=True is not in Ranvier; without it "
                "training and use do the same"
            )
        _scale(self, self.num_features, self.affine, self.affine, dtype)


class InstanceNorm2d(InstanceNorm1d):
    """Mean 0 and variance 1 over each channel of each row: (batch, channels, height, width)."""


def _scale(
    module: Weighted, shape: ShapeLike, weight: bool, bias: bool, dtype: DTypeLike | None
) -> None:
    kind = dtype or np.float32
    module.weights(Ones(), kind, weight=shape if weight else None)
    module.weights(Zeros(), kind, bias=shape if bias else None)
