"""Elementwise arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import dtypes
from ...errors import DTypeError
from ...graph.node import Value
from ...typing import Array, ArrayLike, V
from ..op import SPECIAL_FUNCTION, Gradients, as_values, register
from .base import Binary, Unary
from .builder import E, ElementBuilder
from .comparison import equal, greater, less, where
from .mathematics import log, round


class Add(Binary):
    """`x + y`.

    >>> import ranvier
    >>> ranvier.add(ranvier.tensor([1.0, 2.0]), 3.0)
    tensor([4., 5.])
    """

    name = "add"

    def reference(self, x: Array, y: Array) -> Array:
        return np.add(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return grad, grad

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.add(x, y)


class Subtract(Binary):
    """`x - y`."""

    name = "subtract"

    def reference(self, x: Array, y: Array) -> Array:
        return np.subtract(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return grad, -grad

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.sub(x, y)


class Multiply(Binary):
    """`x * y`, element by element."""

    name = "multiply"

    def reference(self, x: Array, y: Array) -> Array:
        return np.multiply(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return grad * y, grad * x

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.mul(x, y)


class Divide(Binary):
    """`x / y`; integers are divided as float32."""

    name = "divide"
    accepts = "float"
    cost = 4

    def reference(self, x: Array, y: Array) -> Array:
        return np.divide(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return grad / y, -grad * out / y

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.div(x, y)


class FloorDivide(Binary):
    """The largest integer that is at most `x / y`, as NumPy has it; an integer over 0 gives 0.

    NOTE: of floats not `floor(x / y)`, whose quotient may have been rounded up: 1.0 // 0.1 is 9.
    """

    name = "floor_divide"
    cost = 6

    def reference(self, x: Array, y: Array) -> Array:
        return np.floor_divide(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return None, None

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.floor_div(x, y)


class Remainder(Binary):
    """`x - y * floor(x / y)`: the remainder with the sign of y."""

    name = "remainder"
    cost = 6

    def reference(self, x: Array, y: Array) -> Array:
        return np.remainder(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return grad, -grad * round((x - out) / y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.remainder(x, y)


class Power(Binary):
    """`x ** y`; an exponent that is the Python number 2, 3 or 4 becomes multiplications.

    The gradient of `y` is NaN where x < 0, whose logarithm is no real number, and 0 where x = 0 and
    y >= 0; the gradient of `x` is 0 where y = 0.

    >>> import ranvier
    >>> ranvier.tensor([3.0, -2.0]) ** 2
    tensor([9., 4.])
    """

    name = "power"
    cost = SPECIAL_FUNCTION

    def __call__(self, x: V | ArrayLike, y: V | ArrayLike) -> V:
        if isinstance(y, int | float) and y in (2, 3, 4):
            (x,) = as_values(x)
            if x.dtype.kind == "f" or isinstance(y, int):
                square = multiply(x, x)
                return square if y == 2 else square * (x if y == 3 else square)
        if isinstance(y, int) and y < 0:
            (x,) = as_values(x)
            if x.dtype.kind != "f":
                raise DTypeError(
                    f"power: an integer ({x.dtype}) to the power {y} is a fraction; "
                    f"cast the base to a float, or write the exponent as {float(y)}"
                )
        return super().__call__(x, y)

    def reference(self, x: Array, y: Array) -> Array:
        if y.dtype.kind == "i" and np.any(y < 0):
            raise DTypeError(
                "power: integers to negative powers are fractions; cast the base to a float"
            )
        return np.power(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        by_x = where(equal(y, 0), 0, y * power(x, where(equal(y, 0), 1, y - 1)))
        zero = equal(x, 0)
        at_0 = where(less(y, 0), -out, 0.0)  # out is -inf for -0 to an odd power
        by_y = where(zero, at_0, out * log(where(zero, 1, x)))
        return grad * by_x, grad * by_y

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.pow(x, y)


class Maximum(Binary):
    """The larger of x and y; NaN where either is NaN.

    At a tie each gets half the gradient; where one is NaN both get all of it.
    """

    name = "maximum"

    def reference(self, x: Array, y: Array) -> Array:
        return np.maximum(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        half = grad * 0.5
        by_x = where(equal(x, y), half, where(less(x, y), 0, grad))
        return by_x, where(equal(x, y), half, where(greater(x, y), 0, grad))

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.maximum(x, y)


class Minimum(Binary):
    """The smaller of x and y; NaN where either is NaN.

    At a tie each gets half the gradient; where one is NaN both get all of it.
    """

    name = "minimum"

    def reference(self, x: Array, y: Array) -> Array:
        return np.minimum(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        half = grad * 0.5
        by_x = where(equal(x, y), half, where(greater(x, y), 0, grad))
        return by_x, where(equal(x, y), half, where(less(x, y), 0, grad))

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.minimum(x, y)


class Atan2(Binary):
    """The angle of the point (y, x): `atan2(x, y)` is the angle whose tangent is x / y."""

    name = "atan2"
    accepts = "float"
    cost = SPECIAL_FUNCTION

    def reference(self, x: Array, y: Array) -> Array:
        return np.arctan2(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        square = x * x + y * y
        return grad * y / square, -grad * x / square

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.atan2(x, y)


class Negative(Unary):
    """The number with the other sign: `-x`."""

    name = "negative"

    def reference(self, x: Array) -> Array:
        return np.negative(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (-grad,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.neg(x)


class Abs(Unary):
    """`|x|`; the gradient at 0 is 0."""

    name = "abs"

    def reference(self, x: Array) -> Array:
        return np.abs(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (grad * sign(x),)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.abs(x)


class Sign(Unary):
    """-1, 0 or 1; NaN stays NaN."""

    name = "sign"

    def reference(self, x: Array) -> Array:
        return np.sign(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (None,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        zero, one = m.const(0, x), m.const(1, x)
        positive = m.select(m.gt(x, zero), one, m.select(m.eq(x, zero), zero, x))
        if m.is_unsigned(x):
            return m.select(m.gt(x, zero), one, zero)
        return m.select(m.lt(x, zero), m.const(-1, x), positive)


class ShiftRight(Binary):
    """uint32 bits moved by `y` to the right (0 <= y < 32)."""

    name = "shift_right"

    def _check_dtype(self, dtype: np.dtype[Any]) -> None:
        if dtype != dtypes.uint32:
            raise DTypeError(f"shift_right: moves the bits of uint32, not of {dtype}")

    def reference(self, x: Array, y: Array) -> Array:
        return np.right_shift(x, y)

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return None, None

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.shift_right(x, y)


add = register(Add())
subtract = register(Subtract())
multiply = register(Multiply())
divide = register(Divide())
floor_divide = register(FloorDivide())
remainder = register(Remainder())
power = register(Power())
maximum = register(Maximum())
minimum = register(Minimum())
atan2 = register(Atan2())
negative = register(Negative())
abs = register(Abs())
sign = register(Sign())
shift_right = register(ShiftRight())
