"""Normalization layers: activations with mean 0 and variance 1, and then a scale and an offset.

They differ in what mean and variance are taken over, here for images (batch, height, width,
channels):

    BatchNormalization   batch, height and width: one mean for each channel
    LayerNormalization   channels: one mean for each position of each row
    GroupNormalization   height, width and a group of channels: one mean for each group of each row
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from ...base.observer import note
from ...errors import ArgumentError, ShapeError
from ...ops.composites.shaping import moveaxis
from ...ops.elementwise import astype
from ...ops.movement import reshape
from ...ops.op import as_tuple
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ...typing import Shape
from .. import initializers, regularizers
from ..constructor_options import UNBUILT, LayerOptions, NormalizationOptions, ScaleOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer
from ..regularizers import RegularizerLike
from .dense import integer_argument
from .normalization import (
    as_float32,
    batch_moments,
    normalized,
    root_mean_squared,
    row_weights,
    standardized,
    standardized_groups,
)


def row_axes(layer: str, axis: int | Sequence[int], ndim: int) -> tuple[int, ...]:
    """One or more axes of `ndim`, the first of which is the batch, counted from 0.

    >>> row_axes("layer_normalization", -1, ndim=4)
    (3,)
    """
    axes = as_tuple(axis)
    numbers = all(isinstance(a, int | np.integer) and not isinstance(a, bool) for a in axes)
    positions = tuple(sorted(int(a + ndim if a < 0 else a) for a in axes)) if numbers else ()
    if not positions or not all(0 < a < ndim for a in positions) or len(set(positions)) < len(axes):
        raise ShapeError(
            f"{layer}: axis={axis!r} does not fit inputs of {ndim} axes, the batch among them; "
            "expected axes of a row, -1 or 1 and above"
        )
    return positions


def check_along(layer: Layer, x: Tensor, axes: Shape) -> None:
    """ShapeError unless x has the sizes that `layer` was built for along `axes`."""
    built = layer.built_shape
    if built is None:
        return
    if x.ndim != len(built) + 1 or any(x.shape[a] != built[a - 1] for a in axes):
        sizes = tuple(built[a - 1] for a in axes)
        raise ShapeError(
            f"{layer.name}: got an input of shape {x.shape}; it was built for rows of {built}, and "
            f"holds a number for each of {sizes} positions along axis {axes}"
        )


def aligned(x: Tensor, vector: Tensor, axes: Shape) -> Tensor:
    """`vector`, which lies along `axes` of x, with an axis of size 1 for every other one."""
    if axes == tuple(range(axes[0], x.ndim)):
        return vector
    return reshape(vector, tuple(n if a in axes else 1 for a, n in enumerate(x.shape)))


class _Scaled(Layer):
    """Base: normalization, then `* gamma + beta` along `axis`."""

    in_float32 = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: InitializerLike = "zeros",
        gamma_initializer: InitializerLike = "ones",
        beta_regularizer: RegularizerLike = None,
        gamma_regularizer: RegularizerLike = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.axis = axis
        if not epsilon >= 0:
            raise ArgumentError(f"{self.name}: epsilon={epsilon!r}; expected a number, 0 or more")
        self.epsilon = epsilon
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.gamma: Tensor | None = None
        self.beta: Tensor | None = None

    def build(self, input_shape: Shape) -> None:
        axes = self.axes_of(len(input_shape) + 1)
        shape = tuple(input_shape[a - 1] for a in axes)
        if self.scale:
            rule = self.gamma_regularizer
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, regularizer=rule, name="gamma"
            )
        if self.center:
            rule = self.beta_regularizer
            self.beta = self.add_weight(shape, self.beta_initializer, regularizer=rule, name="beta")

    def axes_of(self, ndim: int) -> tuple[int, ...]:
        """The axes that have a gamma and beta of their own, counted from 0 with the batch axis."""
        return row_axes(self.name, self.axis, ndim)

    def check(self, x: Tensor) -> None:
        """ShapeError unless x is as the layer was built for along `axis`."""
        check_along(self, x, self.axes_of(len(self.built_shape or ()) + 1))

    def along(self, x: Tensor, vector: Tensor) -> Tensor:
        """A weight such as gamma with an axis of size 1 for every other axis of x."""
        return aligned(x, vector, self.axes_of(x.ndim))

    def scaled(self, x: Tensor) -> Tensor:
        """`x * gamma + beta`."""
        if self.gamma is not None:
            x = x * self.along(x, self.gamma)
        return x if self.beta is None else x + self.along(x, self.beta)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class BatchNormalization(_Scaled):
    """Each channel with mean 0 and variance 1 over the batch: Ioffe & Szegedy 2015.

        out = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    In training mean and variance are those of the batch, and the moving ones follow them:
    `moving = momentum * moving + (1 - momentum) * batch`. In use, and in a layer with
    `trainable=False`, they are the moving ones. Rows that only fill up a last short batch, and
    positions of a sequence that its mask leaves out, count for nothing.

    Shapes: any, kept; `gamma`, `beta`, `moving_mean` and `moving_variance` are (channels,).

    >>> layer = BatchNormalization()
    >>> layer([[1.0, 10.0], [3.0, 30.0]], training=True)
    tensor([[-0.9995, -1.    ],
            [ 0.9995,  1.    ]], requires_grad=True)

    Args:
        axis: the axis of the channels.
        momentum: how slowly the moving statistics follow. (PyTorch's momentum is 1 - this.)
        epsilon: added to the variance.
        center, scale: whether there is a beta, and a gamma.
        options: beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, and
            those of every layer.
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        moving_mean_initializer: InitializerLike = "zeros",
        moving_variance_initializer: InitializerLike = "ones",
        **options: Unpack[ScaleOptions],
    ) -> None:
        super().__init__(axis, epsilon, center, scale, **options)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"{self.name}: axis={axis!r}; expected one axis, an integer")
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"{self.name}: momentum={momentum!r}; expected a fraction, 0 to 1")
        self.momentum = momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.moving_mean: Tensor = UNBUILT
        self.moving_variance: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        (axis,) = self.axes_of(len(input_shape) + 1)
        shape = (input_shape[axis - 1],)
        self.moving_mean = self.add_weight(
            shape, self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def forward(self, x: Tensor) -> Tensor:
        self.check(x)
        dtype, mask = x.dtype, x.mask
        x = as_float32(x)
        if self.training and self.trainable:
            (axis,) = self.axes_of(x.ndim)
            axes = [a for a in range(x.ndim) if a != axis]
            start, x, middle, variance, _ = batch_moments(x, axes, row_weights(x, mask))
            of_batch = middle + start
            note("mean", of_batch)
            self._update_moving(of_batch, variance)
        else:
            middle = self.along(x, self.moving_mean)
            variance = self.along(x, self.moving_variance)
            note("mean", middle)
        note("variance", variance)
        scales = [None if v is None else self.along(x, v) for v in (self.gamma, self.beta)]
        return astype(normalized(x, middle, variance, self.epsilon, *scales), dtype)

    def _update_moving(self, middle: Tensor, variance: Tensor) -> None:
        """Update the moving statistics by those of this batch."""
        with no_grad():
            for moving, new in ((self.moving_mean, middle), (self.moving_variance, variance)):
                new = astype(reshape(new, moving.shape), moving.dtype)
                moving.assign(moving * self.momentum + new * (1 - self.momentum))


@register_layer
class LayerNormalization(_Scaled):
    """Each row, or each position of it, with mean 0 and variance 1 over its features.

    Ba, Kiros and Hinton 2016.

        out = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    Shapes: any, kept; `gamma` and `beta` have the sizes along `axis`.

    >>> LayerNormalization()([[1.0, 2.0, 3.0]]).numpy().round(2)
    array([[-1.22,  0.  ,  1.22]], dtype=float32)

    Args:
        axis: the axis or axes of the features.
        epsilon: added to the variance.
        center, scale: whether there is a beta, and a gamma.
        options: beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, and
            those of every layer.
    """

    def forward(self, x: Tensor) -> Tensor:
        self.check(x)
        out = standardized(as_float32(x), self.axes_of(x.ndim), self.epsilon)
        return astype(self.scaled(out), x.dtype)


@register_layer
class GroupNormalization(_Scaled):
    """Groups of channels with mean 0 and variance 1 over each row: Wu & He 2018.

        out = (x - mean) / sqrt(variance + epsilon) * gamma + beta

    with mean and variance over all positions of the row and the channels of one group. One group is
    layer normalization of a whole row; `groups=-1`, every channel for itself, is instance
    normalization (Ulyanov et al. 2016).

    Shapes: any, kept; `gamma` and `beta` are (channels,).

    >>> import ranvier
    >>> GroupNormalization(groups=2)(ranvier.ones((2, 8, 8, 6))).shape
    (2, 8, 8, 6)

    Args:
        groups: how many; the channels must be a multiple of it. -1: as many as channels.
        axis: the axis of the channels.
        epsilon, center, scale, options: those of `LayerNormalization`.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        **options: Unpack[NormalizationOptions],
    ) -> None:
        super().__init__(axis, epsilon, **options)
        self.groups = groups if groups == -1 else integer_argument(self.name, "groups", groups)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        (axis,) = self.axes_of(len(input_shape) + 1)
        channels = input_shape[axis - 1]
        if self.groups != -1 and channels % self.groups:
            raise ShapeError(
                f"{self.name}: {channels} channels cannot be shared out among {self.groups} "
                "groups; channels must be a multiple of groups"
            )

    def forward(self, x: Tensor) -> Tensor:
        self.check(x)
        (axis,) = self.axes_of(x.ndim)
        groups = x.shape[axis] if self.groups == -1 else self.groups
        out = standardized_groups(moveaxis(as_float32(x), axis, -1), groups, self.epsilon)
        return astype(self.scaled(moveaxis(out, -1, axis)), x.dtype)


@register_layer
class RMSNormalization(Layer):
    """Each row, or each position of it, with a mean square of 1: Zhang & Sennrich 2019.

        out = x / sqrt(mean(x ** 2) + epsilon) * scale

    Shapes: any, kept; `scale` has the size along `axis`.

    >>> RMSNormalization()([[3.0, 4.0]]).numpy().round(2)
    array([[0.85, 1.13]], dtype=float32)
    """

    in_float32 = True

    def __init__(
        self, axis: int = -1, epsilon: float = 1e-6, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.axis, self.epsilon = axis, epsilon
        self.scale: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        axes = row_axes(self.name, self.axis, len(input_shape) + 1)
        sizes = tuple(input_shape[a - 1] for a in axes)
        self.scale = self.add_weight(sizes, "ones", name="scale")

    def forward(self, x: Tensor) -> Tensor:
        axes = row_axes(self.name, self.axis, x.ndim)
        check_along(self, x, axes)
        out = root_mean_squared(as_float32(x), axes, self.epsilon) * aligned(x, self.scale, axes)
        return astype(out, x.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
