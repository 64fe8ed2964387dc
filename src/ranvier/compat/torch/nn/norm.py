"""Normalization of `torch.nn.functional`: channels along axis 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import ShapeError
from ....nn.basic import normalization
from ....ops.composites.shaping import moveaxis
from ....ops.movement import reshape
from ....tensors.mode import no_grad
from ....tensors.tensor import Tensor as RanvierTensor
from ....typing import Shape, ShapeLike, TensorLike
from ..size_and_device import sizes_of
from ..tensor import Tensor, of


def batch_norm(
    input: TensorLike,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Any:
    """`(x - mean) / sqrt(var + eps) * weight + bias` for each channel (batch, channels, ...).

    In training mean and variance are those of the batch, and the running ones follow them:
    `running = (1 - momentum) * running + momentum * batch`, the variance divided by n - 1.
    """
    x = of(input)
    if training:
        axes = [a for a in range(x.ndim) if a != 1]
        moments = normalization.batch_moments(x, axes, normalization.row_weights(x, None))
        start, x, mean, variance, _ = moments
        if running_mean is not None:
            _update(running_mean, mean + start, momentum)
            _update(running_var, moments.of_sample(), momentum)
    else:
        mean, variance = _by_channel(x, running_mean), _by_channel(x, running_var)
    scales = [v if v is None else _by_channel(x, v) for v in (weight, bias)]
    return normalization.normalized(x, mean, variance, eps, *scales)


def _update(running: Any, new: RanvierTensor, momentum: float | Tensor) -> None:
    with no_grad():
        running.assign(running * (1 - momentum) + reshape(new, running.shape) * momentum)


def _by_channel(x: RanvierTensor, vector: Any) -> Any:
    """A vector along axis 1 of x."""
    return reshape(vector, (vector.shape[0],) + (1,) * (x.ndim - 2))


def _scaled(x: RanvierTensor, weight: Tensor | None, bias: Tensor | None) -> Any:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _last_axes(name: str, x: Tensor, normalized_shape: ShapeLike) -> Shape:
    """The last axes of x, which must have the sizes `normalized_shape`."""
    shape = sizes_of((normalized_shape,))
    if tuple(x.shape[-len(shape) :]) != shape:
        raise ShapeError(
            f"{name}: got an input of shape {tuple(x.shape)}; its last sizes must be "
            f"normalized_shape={shape}"
        )
    return tuple(range(-len(shape), 0))


def layer_norm(
    input: TensorLike,
    normalized_shape: ShapeLike,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Any:
    """Mean 0 and variance 1 over the last axes, then `* weight + bias`."""
    x = of(input)
    axes = _last_axes("layer_norm", x, normalized_shape)
    return _scaled(normalization.standardized(x, axes, eps), weight, bias)


def rms_norm(
    input: TensorLike,
    normalized_shape: ShapeLike,
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Any:
    """A mean square of 1 over the last axes, then `* weight`."""
    x = of(input)
    epsilon = float(np.finfo(x.dtype).eps) if eps is None else eps
    axes = _last_axes("rms_norm", x, normalized_shape)
    return _scaled(normalization.root_mean_squared(x, axes, epsilon), weight, None)


def group_norm(
    input: TensorLike,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Any:
    """Mean 0 and variance 1 over each of `num_groups` groups of channels of each row."""
    x = of(input)
    if x.ndim < 2:
        raise ShapeError(f"group_norm: got shape {x.shape}; expected (batch, channels, ...)")
    if x.shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: {x.shape[1]} channels cannot be shared out among {num_groups} groups; "
            "channels must be a multiple of num_groups"
        )
    out = normalization.standardized_groups(moveaxis(x, 1, -1), num_groups, eps)
    vectors = [v if v is None else _by_channel(x, v) for v in (weight, bias)]
    return _scaled(moveaxis(out, -1, 1), *vectors)


def instance_norm(
    input: TensorLike,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Mean 0 and variance 1 over each channel of each row."""
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    return group_norm(input, of(input).shape[1], weight, bias, eps)
