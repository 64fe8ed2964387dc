"""`torch.nn.init`: first values, written into a tensor; Ranvier's initializers compute them.

A weight is (outputs, inputs), so the fans are those of its transpose.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .... import random
from ....errors import ArgumentError, ShapeError
from ....nn import initializers
from ...table import missing, module_getattr


def _fill(tensor: Any, initializer: Any) -> Any:
    values = initializer(tensor.shape[::-1])
    return tensor.assign(values.T)


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0) -> Any:
    """Between a and b."""
    return _fill(tensor, initializers.RandomUniform(a, b))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    """Normally distributed."""
    return _fill(tensor, initializers.RandomNormal(mean, std))


def constant_(tensor: Any, val: float) -> Any:
    """One number everywhere."""
    return tensor.assign(val)


def zeros_(tensor: Any) -> Any:
    """0 everywhere."""
    return tensor.assign(0)


def ones_(tensor: Any) -> Any:
    """1 everywhere."""
    return tensor.assign(1)


def xavier_uniform_(tensor: Any, gain: float = 1.0) -> Any:
    """Uniform within `gain * sqrt(6 / (fan_in + fan_out))`: Glorot & Bengio 2010."""
    return tensor.assign(_fill(tensor, initializers.GlorotUniform()) * gain)


def xavier_normal_(tensor: Any, gain: float = 1.0) -> Any:
    """Normal with variance `gain ** 2 * 2 / (fan_in + fan_out)`, not cut off."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(initializers.fans(tensor.shape))))


def kaiming_uniform_(
    tensor: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Any:
    """Uniform within `gain * sqrt(3 / fan)`: He et al. 2015."""
    limit = math.sqrt(3) * _deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -limit, limit)


def kaiming_normal_(
    tensor: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Any:
    """Normal with variance `gain ** 2 / fan`, not cut off: He et al. 2015."""
    return normal_(tensor, 0.0, _deviation(tensor, a, mode, nonlinearity))


def trunc_normal_(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Any:
    """Normally distributed, draws outside of a to b drawn again."""
    if not a < b or (b < mean - 4 * std or a > mean + 4 * std):
        raise ArgumentError(
            f"trunc_normal_: a={a}, b={b} for mean {mean} and std {std}; expected a < b, both "
            "within four standard deviations of the mean"
        )
    host = random.generator.host()
    values = host.normal(mean, std, tensor.shape)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = host.normal(mean, std, int(outside.sum()))
    return tensor.assign(values)


def orthogonal_(tensor: Any, gain: float = 1.0) -> Any:
    """`gain` times a matrix with orthonormal rows or columns: Saxe et al. 2014."""
    return _fill(tensor, initializers.Orthogonal(gain))


def eye_(tensor: Any) -> Any:
    """1 on the diagonal, else 0."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: got a tensor of shape {tensor.shape}; expected two axes")
    return tensor.assign(np.eye(*tensor.shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What a following activation asks of the weights' deviation."""
    if nonlinearity == "tanh":
        return 5 / 3
    if nonlinearity == "relu":
        return math.sqrt(2)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    return 1.0


def _deviation(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    fan_in, fan_out = initializers.fans(tensor.shape[::-1])
    fan = fan_out if mode == "fan_out" else fan_in
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


__getattr__ = module_getattr("torch.nn.init", globals(), missing)
