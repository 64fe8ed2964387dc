"""Elementwise ops: each result element depends on the elements at the same index.

By the time a primitive is applied its operands have one shape and one dtype; `__call__` inserts the
casts and broadcasts. `scalar(m, ...)` writes one element in terms of a builder `m` (builder.py), so
that the compiler never needs to know the op.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ... import dtypes
from ...errors import DTypeError, ShapeError
from ...graph.node import OPERATORS, OPS, Spec
from ...typing import ArrayLike, DType, V
from ..op import Mapped, apply, as_float, as_values, broadcast, for_members, same_dtype
from .builder import ElementOp


class Elementwise(ElementOp):
    """Base of all elementwise ops."""

    kind = "elementwise"
    # What the op takes: "number" (bools count as int64), "float" (integers become float32), "bool"
    # (others are compared with 0) or "any".
    accepts: ClassVar[str] = "number"
    result: ClassVar[str] = "same"  # dtype of the result: "same" as the operands, or "bool"

    def _accepted(self, x: V) -> V:
        """x in a dtype that the op takes."""
        if self.accepts == "float":
            return as_float(x)
        if self.accepts == "bool":
            return as_bool(x)
        if self.accepts == "number" and x.dtype == dtypes.bool_:
            return as_integers(x)
        return x

    def infer(self, *specs: Any, **params: Any) -> Spec:
        first: Spec = specs[0]
        for other in specs[1:]:
            if other.shape != first.shape:
                raise ShapeError(f"{self.name}: shapes {first.shape} and {other.shape} differ")
            if other.dtype != first.dtype:
                raise DTypeError(f"{self.name}: dtypes {first.dtype} and {other.dtype} differ")
        self._check_dtype(first.dtype)
        return Spec(first.shape, dtypes.bool_ if self.result == "bool" else first.dtype)

    def vmap(self, members: int, mapped: Mapped, *inputs: V, **params: Any) -> V:
        out: V = apply(self, *for_members(members, mapped, *inputs), **params)
        return out

    def _check_dtype(self, dtype: DType) -> None:
        fits = {"float": dtype.kind == "f", "number": dtype.kind != "b", "bool": dtype.kind == "b"}
        if not fits.get(self.accepts, True):
            raise DTypeError(
                f"{self.name}: dtype {dtype} is not a {self.accepts}; cast it with astype first"
            )


class Unary(Elementwise):
    """Base of elementwise ops of one operand."""

    def __call__(self, x: V | ArrayLike) -> V:
        (value,) = as_values(x)
        return apply(self, self._accepted(value))


class Binary(Elementwise):
    """Base of elementwise ops of two operands."""

    def __call__(self, x: V | ArrayLike, y: V | ArrayLike) -> V:
        x, y = same_dtype(*as_values(x, y))
        return apply(self, *broadcast(self.name, self._accepted(x), self._accepted(y)))


def as_bool(x: V) -> V:
    """x itself when it is bool, else where it differs from 0."""
    return x if x.dtype == dtypes.bool_ else OPERATORS["not_equal"](x, 0)


def as_integers(x: V) -> V:
    """x as int64."""
    return apply(OPS["astype"], x, dtype=dtypes.int64)
