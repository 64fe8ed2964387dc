"""`torch.nn.init`: first values, written into a tensor; Ranvier's initializers compute them.

A weight is (outputs, inputs), so the fans are those of its transpose.
"""

from __future__ import annotations

import math
from typing import Any

from ....errors import ShapeError
from ....nn import initializers
from ....ops.creation import eye
from ...table import fill
from ..tensor import Tensor


def _fill(tensor: Tensor, initializer: Any) -> Any:
    return tensor.assign(initializer(tensor.shape[::-1]).T)


def _uniform(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Any:
    return _fill(tensor, initializers.RandomUniform(a, b))


def _within(tensor: Tensor, limit: float) -> Any:
    return _uniform(tensor, -limit, limit)


def _normal(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Any:
    return _fill(tensor, initializers.RandomNormal(mean, std))


def eye_(tensor: Tensor) -> Any:
    """1 on the diagonal, else 0."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: got a tensor of shape {tensor.shape}; expected two axes")
    rows, columns = tensor.shape
    return tensor.assign(eye(rows, columns))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What a following activation asks of the weights' deviation."""
    slope = 0.01 if param is None else param
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + slope**2))}
    return gains.get(nonlinearity, 1.0)


def _deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan_in, fan_out = initializers.fans(tensor.shape[::-1])
    fan = fan_out if mode == "fan_out" else fan_in
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


__all__, __getattr__ = fill(
    globals(),
    "torch.nn.init",
    constant_=lambda tensor, val: tensor.assign(val),
    kaiming_normal_=lambda tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu": _normal(
        tensor, 0.0, _deviation(tensor, a, mode, nonlinearity)
    ),
    kaiming_uniform_=lambda tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu": _within(
        tensor, math.sqrt(3) * _deviation(tensor, a, mode, nonlinearity)
    ),
    normal_=_normal,
    ones_=lambda tensor: tensor.assign(1),
    orthogonal_=lambda tensor, gain=1.0: _fill(tensor, initializers.Orthogonal(gain)),
    trunc_normal_=lambda tensor, mean=0.0, std=1.0, a=-2.0, b=2.0: tensor.assign(
        initializers.TruncatedNormal(mean, std, bounds=(a, b))(tensor.shape)
    ),
    uniform_=_uniform,
    xavier_normal_=lambda tensor, gain=1.0: _normal(
        tensor, 0.0, gain * math.sqrt(2 / sum(initializers.fans(tensor.shape)))
    ),
    xavier_uniform_=lambda tensor, gain=1.0: tensor.assign(
        _fill(tensor, initializers.GlorotUniform()) * gain
    ),
    zeros_=lambda tensor: tensor.assign(0),
)
