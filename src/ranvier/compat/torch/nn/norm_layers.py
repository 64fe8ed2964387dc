"""`torch.nn`'s normalisation layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import ArgumentError, ShapeError
from ....tensors.mode import no_grad
from ..tensor import Tensor
from . import norm
from .module import Module


class _Scaled(Module):
    """Base: a `weight` of ones and a `bias` of zeros of a `shape`, or None for each."""

    def __init__(self, shape: Any, weight: bool, bias: bool, dtype: Any) -> None:
        super().__init__()
        kind = dtype or np.float32
        self.weight = Tensor(np.ones(shape), kind, requires_grad=True) if weight else None
        self.bias = Tensor(np.zeros(shape), kind, requires_grad=True) if bias else None


class _BatchNorm(_Scaled):
    """Base of BatchNorm1d and BatchNorm2d."""

    axes: tuple[int, ...] = ()  # how many axes an input may have
    expected = ""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_features, affine, affine, dtype)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.running_mean = self.running_var = self.num_batches_tracked = None
        if track_running_stats:
            kind = dtype or np.float32
            self.register_buffer("running_mean", Tensor(np.zeros(num_features), kind))
            self.register_buffer("running_var", Tensor(np.ones(num_features), kind))
            self.register_buffer("num_batches_tracked", Tensor(np.array(0), np.int64))

    def forward(self, x: Any) -> Any:
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

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )


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


class LayerNorm(_Scaled):
    """Mean 0 and variance 1 over the last axes, of sizes `normalized_shape`.

    >>> LayerNorm(8)
    LayerNorm((8,), eps=1e-05, elementwise_affine=True)
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = norm.sizes_of(normalized_shape)
        super().__init__(
            self.normalized_shape, elementwise_affine, elementwise_affine and bias, dtype
        )
        self.eps, self.elementwise_affine = eps, elementwise_affine

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return norm.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class RMSNorm(_Scaled):
    """A mean square of 1 over the last axes, of sizes `normalized_shape`."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = norm.sizes_of(normalized_shape)
        super().__init__(self.normalized_shape, elementwise_affine, False, dtype)
        self.eps, self.elementwise_affine = eps, elementwise_affine

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return norm.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(_Scaled):
    """Mean 0 and variance 1 over each group of channels of each row: (batch, channels, ...)."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm({num_groups}, {num_channels}): num_channels must be a multiple of "
                "num_groups"
            )
        super().__init__(num_channels, affine, affine, dtype)
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return norm.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class _InstanceNorm(_Scaled):
    """Base of InstanceNorm1d and InstanceNorm2d."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if track_running_stats:
            raise ArgumentError(
                f"{type(self).__name__}: track_running_stats=True is not in Ranvier; without it "
                "training and use do the same"
            )
        super().__init__(num_features, affine, affine, dtype)
        self.num_features, self.eps, self.affine = num_features, eps, affine

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return norm.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.num_features}, eps={self.eps}, affine={self.affine}"


class InstanceNorm1d(_InstanceNorm):
    """Mean 0 and variance 1 over each channel of each row: (batch, channels, steps)."""


class InstanceNorm2d(_InstanceNorm):
    """Mean 0 and variance 1 over each channel of each row: (batch, channels, height, width)."""
