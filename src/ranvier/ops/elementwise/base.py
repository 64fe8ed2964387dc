"""Elementwise ops: each result element depends on the elements at the same index.

By the time a primitive is applied its operands have one shape and one dtype; `__call__` inserts the
casts and broadcasts. `scalar(m, ...)` writes one element in terms of the arithmetic `m`
(codegen/arithmetic.py), so that the compiler never needs to know the op.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ... import dtypes
from ...errors import DTypeError, ShapeError
from ...graph.node import OPS, Spec
from ..op import Op, apply, as_float, as_values, broadcast, same_dtype


class Elementwise(Op):
    """Base of all elementwise ops."""

    kind = "elementwise"
    # What the op takes: "number" (bools count as int64), "float" (integers become float32), "bool"
    # (others are compared with 0) or "any".
    accepts: ClassVar[str] = "number"
    result: ClassVar[str] = "same"  # dtype of the result: "same" as the operands, or "bool"

    def __call__(self, *inputs: Any) -> Any:
        xs = same_dtype(*as_values(*inputs))
        if self.accepts == "float":
            xs = tuple(as_float(x) for x in xs)
        elif self.accepts == "bool":
            xs = tuple(as_bool(x) for x in xs)
        elif self.accepts == "number" and xs[0].dtype == dtypes.bool_:
            xs = tuple(OPS["astype"](x, dtypes.int64) for x in xs)
        return apply(self, *broadcast(self.name, *xs))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        first = specs[0]
        for other in specs[1:]:
            if other.shape != first.shape:
                raise ShapeError(f"{self.name}: shapes {first.shape} and {other.shape} differ")
            if other.dtype != first.dtype:
                raise DTypeError(f"{self.name}: dtypes {first.dtype} and {other.dtype} differ")
        self._check_dtype(first.dtype)
        return Spec(first.shape, dtypes.bool_ if self.result == "bool" else first.dtype)

    def _check_dtype(self, dtype: np.dtype[Any]) -> None:
        fits = {"float": dtype.kind == "f", "number": dtype.kind != "b", "bool": dtype.kind == "b"}
        if not fits.get(self.accepts, True):
            raise DTypeError(
                f"{self.name}: dtype {dtype} is not a {self.accepts}; cast it with astype first"
            )

    def scalar(self, m: Any, *xs: Any, **params: Any) -> Any:
        """One element of the result, written in the operations of the machine `m`."""
        raise NotImplementedError(self.name)


def as_bool(x: Any) -> Any:
    """x itself when it is bool, else where it differs from 0."""
    return x if x.dtype == dtypes.bool_ else OPS["not_equal"](x, 0)
