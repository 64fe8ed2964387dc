"""Elementwise ops that compare, choose and convert."""

from __future__ import annotations

import numpy as np

from ... import dtypes
from ...errors import DTypeError, ShapeError
from ...graph.node import Spec, Value
from ...typing import Array, ArrayLike, DType, DTypeLike, V
from ..op import Gradients, apply, as_values, broadcast, register, same_dtype
from .base import Binary, Elementwise, Unary, as_bool
from .builder import E, ElementBuilder


class _Comparison(Binary):
    """Base of comparisons: bool result, no gradient."""

    accepts = "any"
    result = "bool"

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        return None, None


class Equal(_Comparison):
    """True where x = y."""

    name = "equal"

    def reference(self, x: Array, y: Array) -> Array:
        return np.equal(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.eq(x, y)


class NotEqual(_Comparison):
    """True where x differs from y (NaN differs from all)."""

    name = "not_equal"

    def reference(self, x: Array, y: Array) -> Array:
        return np.not_equal(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.ne(x, y)


class Less(_Comparison):
    """True where x < y."""

    name = "less"

    def reference(self, x: Array, y: Array) -> Array:
        return np.less(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.lt(x, y)


class LessEqual(_Comparison):
    """True where x <= y."""

    name = "less_equal"

    def reference(self, x: Array, y: Array) -> Array:
        return np.less_equal(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.le(x, y)


class Greater(_Comparison):
    """True where x > y."""

    name = "greater"

    def reference(self, x: Array, y: Array) -> Array:
        return np.greater(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.gt(x, y)


class GreaterEqual(_Comparison):
    """True where x >= y."""

    name = "greater_equal"

    def reference(self, x: Array, y: Array) -> Array:
        return np.greater_equal(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.ge(x, y)


class LogicalAnd(_Comparison):
    """True where both are true."""

    name = "logical_and"
    accepts = "bool"

    def reference(self, x: Array, y: Array) -> Array:
        return np.logical_and(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.bit_and(x, y)


class LogicalOr(_Comparison):
    """True where at least one is true."""

    name = "logical_or"
    accepts = "bool"

    def reference(self, x: Array, y: Array) -> Array:
        return np.logical_or(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.bit_or(x, y)


class LogicalXor(_Comparison):
    """True where exactly one is true."""

    name = "logical_xor"
    accepts = "bool"

    def reference(self, x: Array, y: Array) -> Array:
        return np.logical_xor(x, y)

    def scalar(self, m: ElementBuilder[E], x: E, y: E) -> E:
        return m.bit_xor(x, y)


class LogicalNot(Unary):
    """True where x is false."""

    name = "logical_not"
    accepts = "bool"
    result = "bool"

    def reference(self, x: Array) -> Array:
        return np.logical_not(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (None,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.bit_xor(x, m.const(True, x))


class IsFinite(Unary):
    """True where x is neither NaN nor infinite."""

    name = "isfinite"
    accepts = "float"
    result = "bool"

    def reference(self, x: Array) -> Array:
        return np.isfinite(x)

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (None,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return m.lt(m.abs(x), m.const(float("inf"), x))


class Where(Elementwise):
    """x where `condition` is true, else y.

    >>> import ranvier
    >>> ranvier.where(ranvier.tensor([True, False]), 1.0, ranvier.tensor([5.0, 6.0]))
    tensor([1., 6.])
    """

    name = "where"
    accepts = "any"

    def __call__(self, condition: V | ArrayLike, x: V | ArrayLike, y: V | ArrayLike) -> V:
        (condition,) = as_values(condition)
        x, y = as_values(x, y, like=condition)
        return apply(self, *broadcast(self.name, as_bool(condition), *same_dtype(x, y)))

    def infer(self, condition: Spec, x: Spec, y: Spec) -> Spec:
        if condition.dtype != dtypes.bool_:
            raise DTypeError(f"where: the condition must be bool, not {condition.dtype}")
        if condition.shape != x.shape:
            raise ShapeError(f"where: condition {condition.shape} and values {x.shape} differ")
        return super().infer(x, y)

    def reference(self, condition: Array, x: Array, y: Array) -> Array:
        return np.where(condition, x, y)

    def gradient(self, grad: Value, out: Value, condition: Value, x: Value, y: Value) -> Gradients:
        return None, where(condition, grad, 0), where(condition, 0, grad)

    def scalar(self, m: ElementBuilder[E], condition: E, x: E, y: E) -> E:
        return m.select(condition, x, y)


class AsType(Elementwise):
    """x in another dtype; floats become integers towards 0."""

    name = "astype"
    flop = 0
    accepts = "any"

    def __call__(self, x: V | ArrayLike, dtype: DTypeLike) -> V:
        (x,) = as_values(x)
        dtype = dtypes.as_dtype(dtype)
        return x if x.dtype == dtype else apply(self, x, dtype=dtype)

    def infer(self, x: Spec, *, dtype: DType) -> Spec:
        return Spec(x.shape, dtype)

    def reference(self, x: Array, *, dtype: DType) -> Array:
        with np.errstate(invalid="ignore", over="ignore"):
            return x.astype(dtype)

    def gradient(self, grad: Value, out: Value, x: Value, *, dtype: DType) -> Gradients:
        if dtype.kind != "f" or x.dtype.kind != "f":
            return (None,)
        return (astype(grad, x.dtype),)

    def scalar(self, m: ElementBuilder[E], x: E, *, dtype: DType) -> E:
        return m.cast(x, dtype)


class Detach(Unary):
    """x itself, through which no gradient flows."""

    name = "detach"
    flop = 0
    accepts = "any"

    def reference(self, x: Array) -> Array:
        return x

    def gradient(self, grad: Value, out: Value, x: Value) -> Gradients:
        return (None,)

    def scalar(self, m: ElementBuilder[E], x: E) -> E:
        return x


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
isfinite = register(IsFinite())
where = register(Where())
astype = register(AsType())
detach = register(Detach())
