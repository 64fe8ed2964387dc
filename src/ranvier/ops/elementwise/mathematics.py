"""Elementwise mathematical functions."""

from __future__ import annotations

import math

import numpy as np

from ...graph.node import Value
from ...typing import Array, ArrayLike, V
from ..op import SPECIAL_FUNCTION, Gradients, as_values, register
from .base import Elementwise, Unary, as_integers
from .builder import E, ElementBuilder


class Exp(Unary):
    """`e ** x`."""

    name = "exp"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.exp(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * out,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.exp(x)


class Expm1(Unary):
    """`e ** x - 1`, exact near 0."""

    name = "expm1"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.expm1(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * exp(x),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.expm1(x)


class Log(Unary):
    """The natural logarithm."""

    name = "log"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.log(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad / x,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.log(x)


class Log1p(Unary):
    """`log(1 + x)`, exact near 0."""

    name = "log1p"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.log1p(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad / (1 + x),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.log1p(x)


class Sqrt(Unary):
    """The square root."""

    name = "sqrt"
    accepts = "float"
    cost = 4

    def reference(self, x: Array) -> Array:
        return np.sqrt(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * 0.5 / out,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.sqrt(x)


class Sin(Unary):
    """The sine of x radians."""

    name = "sin"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.sin(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * cos(x),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.sin(x)


class Cos(Unary):
    """The cosine of x radians."""

    name = "cos"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.cos(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (-grad * sin(x),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.cos(x)


class Tanh(Unary):
    """The hyperbolic tangent."""

    name = "tanh"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        return np.tanh(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * (1 - out * out),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.tanh(x)


class Sigmoid(Unary):
    """`1 / (1 + e ** -x)`, without overflow.

    >>> import ranvier
    >>> ranvier.sigmoid(ranvier.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0. , 0.5, 1. ])
    """

    name = "sigmoid"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        # NOTE: e ** -|x| never overflows; the two branches are the same function.
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1 / (1 + small), small / (1 + small)).astype(x.dtype)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * out * (1 - out),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.sigmoid(x)


class Erf(Unary):
    """The error function, `2 / sqrt(pi) * integral of e ** -t**2 from 0 to x`."""

    name = "erf"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array) -> Array:
        out = [math.erf(v) for v in x.ravel().tolist()]
        return np.array(out, x.dtype).reshape(x.shape)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * (1.1283791670955126 * exp(-(x * x))),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.erf(x)


class _Rounding(Elementwise):
    """Piecewise constant functions; integers pass unchanged, bools become integers."""

    accepts = "float"

    def __call__(self, x: V | ArrayLike) -> V:
        (x,) = as_values(x)
        if x.dtype.kind == "b":
            return as_integers(x)
        return x if x.dtype.kind in "iu" else super().__call__(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (None,)


class Floor(_Rounding):
    """The largest integer not above x."""

    name = "floor"

    def reference(self, x: Array) -> Array:
        return np.floor(x)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.floor(x)


class Ceil(_Rounding):
    """The smallest integer not below x."""

    name = "ceil"

    def reference(self, x: Array) -> Array:
        return np.ceil(x)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.ceil(x)


class Round(_Rounding):
    """The nearest integer; halves go to the even one."""

    name = "round"

    def reference(self, x: Array) -> Array:
        return np.rint(x)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.round(x)


class Trunc(_Rounding):
    """The whole part of x, towards 0."""

    name = "trunc"

    def reference(self, x: Array) -> Array:
        return np.trunc(x)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.trunc(x)


exp = register(Exp())
expm1 = register(Expm1())
log = register(Log())
log1p = register(Log1p())
sqrt = register(Sqrt())
sin = register(Sin())
cos = register(Cos())
tanh = register(Tanh())
sigmoid = register(Sigmoid())
erf = register(Erf())
floor = register(Floor())
ceil = register(Ceil())
round = register(Round())
trunc = register(Trunc())
