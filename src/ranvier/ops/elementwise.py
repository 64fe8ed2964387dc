"""Elementwise ops: each result element depends on the elements at the same place.

By the time a primitive is applied its operands have one shape and one dtype; `__call__` inserts the casts and
broadcasts. `scalar(m, ...)` writes one element in terms of a machine `m` (compiler/math.py), so that the compiler
never needs to know the op.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import dtypes
from ..errors import DTypeError, ShapeError
from ..graph.node import Spec
from .op import Op, apply, as_float, as_values, broadcast, register, same_dtype


class Elementwise(Op):
    """Base of all elementwise ops."""

    kind = "elementwise"
    accepts: ClassVar[str] = "number"  # "number", "float" (integers become float32), "bool" or "any"
    result: ClassVar[str] = "same"  # dtype of the result: "same" as the operands, or "bool"

    def __call__(self, *inputs: Any) -> Any:
        xs = same_dtype(*as_values(*inputs))
        if self.accepts == "float":
            xs = tuple(as_float(x) for x in xs)
        elif self.accepts == "bool":
            xs = tuple(x if x.dtype == dtypes.bool_ else not_equal(x, 0) for x in xs)
        return apply(self, *broadcast(self.name, *xs))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        first = specs[0]
        for other in specs[1:]:
            if other.shape != first.shape:
                raise ShapeError(f"{self.name}: shapes {first.shape} and {other.shape} differ")
            if other.dtype != first.dtype:
                raise DTypeError(f"{self.name}: dtypes {first.dtype} and {other.dtype} differ")
        if (self.accepts == "float" and first.dtype.kind != "f") or (
            self.accepts == "number" and first.dtype == dtypes.bool_
        ):
            raise DTypeError(
                f"{self.name}: dtype {first.dtype} is not a {self.accepts}; cast it with astype first"
            )
        return Spec(first.shape, dtypes.bool_ if self.result == "bool" else first.dtype)

    def scalar(self, m: Any, *xs: Any, **params: Any) -> Any:
        """One element of the result, written in the operations of the machine `m`."""
        raise NotImplementedError(self.name)


class _NumberCall(Elementwise):
    """Arithmetic in which bools count as integers."""

    def __call__(self, *inputs: Any) -> Any:
        xs = same_dtype(*as_values(*inputs))
        if xs[0].dtype == dtypes.bool_:
            xs = tuple(astype(x, dtypes.int64) for x in xs)
        return apply(self, *broadcast(self.name, *xs))


class Add(_NumberCall):
    """`x + y`.

    >>> import ranvier
    >>> ranvier.add(ranvier.tensor([1.0, 2.0]), 3.0)
    tensor([4., 5.])
    """

    name = "add"

    def reference(self, x: Any, y: Any) -> Any:
        return np.add(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return grad, grad

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.add(x, y)


class Subtract(_NumberCall):
    """`x - y`."""

    name = "subtract"

    def reference(self, x: Any, y: Any) -> Any:
        return np.subtract(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return grad, -grad

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.sub(x, y)


class Multiply(_NumberCall):
    """`x * y`, element by element."""

    name = "multiply"

    def reference(self, x: Any, y: Any) -> Any:
        return np.multiply(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return grad * y, grad * x

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.mul(x, y)


class Divide(Elementwise):
    """`x / y`; integers are divided as float32."""

    name = "divide"
    accepts = "float"

    def reference(self, x: Any, y: Any) -> Any:
        return np.divide(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return grad / y, -grad * out / y

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.div(x, y)


class FloorDivide(_NumberCall):
    """`floor(x / y)`; an integer divided by 0 gives 0, as NumPy does."""

    name = "floor_divide"

    def reference(self, x: Any, y: Any) -> Any:
        return np.floor_divide(x, y) if x.dtype.kind != "f" else np.floor(np.divide(x, y))

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return None, None

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.floor(m.div(x, y)) if m.is_float(x) else m.floor_div(x, y)


class Remainder(_NumberCall):
    """`x - y * floor(x / y)`: the remainder with the sign of y."""

    name = "remainder"

    def reference(self, x: Any, y: Any) -> Any:
        return np.remainder(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return grad, -grad * floor(x / y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.remainder(x, y)


class Power(_NumberCall):
    """`x ** y`.

    The gradient of `y` is 0 where x <= 0, and the gradient of `x` is 0 where y = 0.
    """

    name = "power"

    def reference(self, x: Any, y: Any) -> Any:
        return np.power(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        by_x = where(equal(y, 0), 0, y * power(x, where(equal(y, 0), 1, y - 1)))
        by_y = where(greater(x, 0), out * log(where(greater(x, 0), x, 1)), 0)
        return grad * by_x, grad * by_y

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.pow(x, y)


class Maximum(_NumberCall):
    """The larger of x and y; NaN where either is NaN. At a tie each gets half the gradient."""

    name = "maximum"

    def reference(self, x: Any, y: Any) -> Any:
        return np.maximum(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        share = where(equal(x, y), 0.5, astype(greater(x, y), grad.dtype))
        return grad * share, grad * (1 - share)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.maximum(x, y)


class Minimum(_NumberCall):
    """The smaller of x and y; NaN where either is NaN. At a tie each gets half the gradient."""

    name = "minimum"

    def reference(self, x: Any, y: Any) -> Any:
        return np.minimum(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        share = where(equal(x, y), 0.5, astype(less(x, y), grad.dtype))
        return grad * share, grad * (1 - share)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.minimum(x, y)


class Atan2(Elementwise):
    """The angle of the point (y, x): `atan2(x, y)` is the angle whose tangent is x / y."""

    name = "atan2"
    accepts = "float"

    def reference(self, x: Any, y: Any) -> Any:
        return np.arctan2(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        square = x * x + y * y
        return grad * y / square, -grad * x / square

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.atan2(x, y)


class Negative(_NumberCall):
    """`-x`."""

    name = "negative"

    def reference(self, x: Any) -> Any:
        return np.negative(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (-grad,)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.neg(x)


class Abs(_NumberCall):
    """`|x|`; the gradient at 0 is 0."""

    name = "abs"

    def reference(self, x: Any) -> Any:
        return np.abs(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * sign(x),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.abs(x)


class Sign(_NumberCall):
    """-1, 0 or 1; NaN stays NaN."""

    name = "sign"

    def reference(self, x: Any) -> Any:
        return np.sign(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (None,)

    def scalar(self, m: Any, x: Any) -> Any:
        zero, one = m.const(0, x), m.const(1, x)
        positive = m.select(m.gt(x, zero), one, m.select(m.eq(x, zero), zero, x))
        if m.is_unsigned(x):
            return m.select(m.gt(x, zero), one, zero)
        return m.select(m.lt(x, zero), m.const(-1, x), positive)


class Exp(Elementwise):
    """`e ** x`."""

    name = "exp"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.exp(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * out,)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.exp(x)


class Expm1(Elementwise):
    """`e ** x - 1`, exact near 0."""

    name = "expm1"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.expm1(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * exp(x),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.expm1(x)


class Log(Elementwise):
    """The natural logarithm."""

    name = "log"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.log(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad / x,)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.log(x)


class Log1p(Elementwise):
    """`log(1 + x)`, exact near 0."""

    name = "log1p"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.log1p(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad / (1 + x),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.log1p(x)


class Sqrt(Elementwise):
    """The square root."""

    name = "sqrt"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.sqrt(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * 0.5 / out,)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.sqrt(x)


class Sin(Elementwise):
    """The sine of x radians."""

    name = "sin"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.sin(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * cos(x),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.sin(x)


class Cos(Elementwise):
    """The cosine of x radians."""

    name = "cos"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.cos(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (-grad * sin(x),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.cos(x)


class Tanh(Elementwise):
    """The hyperbolic tangent."""

    name = "tanh"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        return np.tanh(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * (1 - out * out),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.tanh(x)


class Sigmoid(Elementwise):
    """`1 / (1 + e ** -x)`, without overflow.

    >>> import ranvier
    >>> ranvier.sigmoid(ranvier.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0. , 0.5, 1. ])
    """

    name = "sigmoid"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        # NOTE: e ** -|x| never overflows; the two branches are the same function.
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1 / (1 + small), small / (1 + small)).astype(x.dtype)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * out * (1 - out),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.sigmoid(x)


class Erf(Elementwise):
    """The error function, `2 / sqrt(pi) * integral of e ** -t**2 from 0 to x`."""

    name = "erf"
    accepts = "float"

    def reference(self, x: Any) -> Any:
        import math

        out = [math.erf(v) for v in np.asarray(x, np.float64).ravel()]
        return np.array(out, x.dtype).reshape(x.shape)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * (1.1283791670955126 * exp(-(x * x))),)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.erf(x)


class _Rounding(_NumberCall):
    """Piecewise constant functions; integers pass unchanged."""

    def __call__(self, x: Any) -> Any:
        (x,) = as_values(x)
        return apply(self, x) if x.dtype.kind == "f" else x

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (None,)


class Floor(_Rounding):
    """The largest whole number not above x."""

    name = "floor"

    def reference(self, x: Any) -> Any:
        return np.floor(x)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.floor(x)


class Ceil(_Rounding):
    """The smallest whole number not below x."""

    name = "ceil"

    def reference(self, x: Any) -> Any:
        return np.ceil(x)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.ceil(x)


class Round(_Rounding):
    """The nearest whole number; halves go to the even one."""

    name = "round"

    def reference(self, x: Any) -> Any:
        return np.rint(x)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.round(x)


class Trunc(_Rounding):
    """The whole part of x, towards 0."""

    name = "trunc"

    def reference(self, x: Any) -> Any:
        return np.trunc(x)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.trunc(x)


class _Comparison(Elementwise):
    """Base of comparisons: bool result, no gradient."""

    accepts = "any"
    result = "bool"

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return None, None


class Equal(_Comparison):
    """True where x = y."""

    name = "equal"

    def reference(self, x: Any, y: Any) -> Any:
        return np.equal(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.eq(x, y)


class NotEqual(_Comparison):
    """True where x differs from y (NaN differs from all)."""

    name = "not_equal"

    def reference(self, x: Any, y: Any) -> Any:
        return np.not_equal(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.ne(x, y)


class Less(_Comparison):
    """True where x < y."""

    name = "less"

    def reference(self, x: Any, y: Any) -> Any:
        return np.less(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.lt(x, y)


class LessEqual(_Comparison):
    """True where x <= y."""

    name = "less_equal"

    def reference(self, x: Any, y: Any) -> Any:
        return np.less_equal(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.le(x, y)


class Greater(_Comparison):
    """True where x > y."""

    name = "greater"

    def reference(self, x: Any, y: Any) -> Any:
        return np.greater(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.gt(x, y)


class GreaterEqual(_Comparison):
    """True where x >= y."""

    name = "greater_equal"

    def reference(self, x: Any, y: Any) -> Any:
        return np.greater_equal(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.ge(x, y)


class LogicalAnd(_Comparison):
    """True where both are true."""

    name = "logical_and"
    accepts = "bool"

    def reference(self, x: Any, y: Any) -> Any:
        return np.logical_and(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.bit_and(x, y)


class LogicalOr(_Comparison):
    """True where at least one is true."""

    name = "logical_or"
    accepts = "bool"

    def reference(self, x: Any, y: Any) -> Any:
        return np.logical_or(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.bit_or(x, y)


class LogicalXor(_Comparison):
    """True where exactly one is true."""

    name = "logical_xor"
    accepts = "bool"

    def reference(self, x: Any, y: Any) -> Any:
        return np.logical_xor(x, y)

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.bit_xor(x, y)


class LogicalNot(Elementwise):
    """True where x is false."""

    name = "logical_not"
    accepts = "bool"
    result = "bool"

    def reference(self, x: Any) -> Any:
        return np.logical_not(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (None,)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.bit_xor(x, m.const(True, x))


class ShiftRight(Elementwise):
    """uint32 bits moved `y` places to the right (0 <= y < 32)."""

    name = "shift_right"

    def reference(self, x: Any, y: Any) -> Any:
        return np.right_shift(x, y)

    def gradient(self, grad: Any, out: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return None, None

    def scalar(self, m: Any, x: Any, y: Any) -> Any:
        return m.shift_right(x, y)


class IsFinite(Elementwise):
    """True where x is neither NaN nor infinite."""

    name = "isfinite"
    accepts = "float"
    result = "bool"

    def reference(self, x: Any) -> Any:
        return np.isfinite(x)

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (None,)

    def scalar(self, m: Any, x: Any) -> Any:
        return m.lt(m.abs(x), m.const(float("inf"), x))


class Where(Elementwise):
    """x where `condition` is true, else y.

    >>> import ranvier
    >>> ranvier.where(ranvier.tensor([True, False]), 1.0, ranvier.tensor([5.0, 6.0]))
    tensor([1., 6.])
    """

    name = "where"
    accepts = "any"

    def __call__(self, condition: Any, x: Any, y: Any) -> Any:
        (condition,) = as_values(condition)
        x, y = as_values(x, y, like=condition)
        if condition.dtype != dtypes.bool_:
            condition = not_equal(condition, 0)
        return apply(self, *broadcast(self.name, condition, *same_dtype(x, y)))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        condition, x, y = specs
        if condition.dtype != dtypes.bool_:
            raise DTypeError(f"where: the condition must be bool, not {condition.dtype}")
        if condition.shape != x.shape:
            raise ShapeError(f"where: condition {condition.shape} and values {x.shape} differ")
        return super().infer(x, y)

    def reference(self, condition: Any, x: Any, y: Any) -> Any:
        return np.where(condition, x, y)

    def gradient(self, grad: Any, out: Any, condition: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return None, where(condition, grad, 0), where(condition, 0, grad)

    def scalar(self, m: Any, condition: Any, x: Any, y: Any) -> Any:
        return m.select(condition, x, y)


class AsType(Elementwise):
    """x in another dtype; floats become integers towards 0."""

    name = "astype"
    accepts = "any"

    def __call__(self, x: Any, dtype: Any) -> Any:
        (x,) = as_values(x)
        dtype = dtypes.as_dtype(dtype)
        return x if x.dtype == dtype else apply(self, x, dtype=dtype)

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return Spec(specs[0].shape, params["dtype"])

    def reference(self, x: Any, *, dtype: Any) -> Any:
        with np.errstate(invalid="ignore", over="ignore"):
            return x.astype(dtype)

    def gradient(self, grad: Any, out: Any, x: Any, *, dtype: Any) -> tuple[Any, ...]:
        if dtype.kind != "f" or x.dtype.kind != "f":
            return (None,)
        return (astype(grad, x.dtype),)

    def scalar(self, m: Any, x: Any, *, dtype: Any) -> Any:
        return m.cast(x, dtype)


class Detach(Elementwise):
    """x itself, through which no gradient flows."""

    name = "detach"
    accepts = "any"

    def reference(self, x: Any) -> Any:
        return x

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (None,)

    def scalar(self, m: Any, x: Any) -> Any:
        return x


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
equal = register(Equal())
not_equal = register(NotEqual())
less = register(Less())
less_equal = register(LessEqual())
greater = register(Greater())
greater_equal = register(GreaterEqual())
logical_and = register(LogicalAnd())
logical_or = register(LogicalOr())
logical_xor = register(LogicalXor())
logical_not = register(LogicalNot())
shift_right = register(ShiftRight())
isfinite = register(IsFinite())
where = register(Where())
astype = register(AsType())
detach = register(Detach())
