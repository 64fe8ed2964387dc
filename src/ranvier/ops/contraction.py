"""Sums of products: the matrix product."""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..errors import DTypeError, ShapeError
from ..graph.node import Spec, Value
from ..graph.sizes import same
from ..typing import Array, ArrayLike, V
from .elementwise import astype
from .movement import broadcast_to, permute_dims, reshape
from .op import (
    Gradients,
    Mapped,
    Op,
    apply,
    as_values,
    broadcast_shape,
    for_members,
    register,
    same_dtype,
)


class MatMul(Op):
    """The matrix product `x @ y`, over leading batch axes if there are any.

    Shapes `(..., n, k) @ (..., k, m)` give `(..., n, m)`; a vector on the left is a row, on the
    right a column.

    >>> import ranvier
    >>> ranvier.matmul(ranvier.tensor([[1.0, 2.0]]), ranvier.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """

    name = "matmul"
    kind = "contraction"

    def __call__(self, x: V | ArrayLike, y: V | ArrayLike) -> V:
        x, y = same_dtype(*as_values(x, y))
        if x.dtype == dtypes.bool_:
            x, y = astype(x, dtypes.int64), astype(y, dtypes.int64)
        if not x.ndim or not y.ndim:
            raise ShapeError(
                f"matmul: {x.shape} @ {y.shape}: a number has no axis to sum over; use `*`"
            )
        row, column = x.ndim == 1, y.ndim == 1
        if row:
            x = reshape(x, (1, *x.shape))
        if column:
            y = reshape(y, (*y.shape, 1))
        _inner(x.shape, y.shape)
        if y.ndim == 2 and x.ndim > 2:
            flat = apply(self, reshape(x, (math.prod(x.shape[:-1]), x.shape[-1])), y)
            out = reshape(flat, (*x.shape[:-1], y.shape[-1]))
        else:
            batch = broadcast_shape(self.name, x.shape[:-2], y.shape[:-2])
            out = apply(
                self,
                broadcast_to(x, (*batch, *x.shape[-2:])),
                broadcast_to(y, (*batch, *y.shape[-2:])),
            )
        if row:
            out = reshape(out, (*out.shape[:-2], out.shape[-1]))
        if column:
            out = reshape(out, out.shape[:-1])
        return out

    def infer(self, x: Spec, y: Spec) -> Spec:
        _inner(x.shape, y.shape)
        if not same(x.shape[:-2], y.shape[:-2]):
            raise ShapeError(f"matmul: batch axes of {x.shape} and {y.shape} differ")
        if x.dtype != y.dtype:
            raise DTypeError(f"matmul: dtypes {x.dtype} and {y.dtype} differ")
        return Spec((*x.shape[:-1], y.shape[-1]), x.dtype)

    def reference(self, x: Array, y: Array) -> Array:
        if x.dtype == np.float16:
            return np.asarray(np.matmul(x.astype(np.float32), y.astype(np.float32)), np.float16)
        out: Array = np.matmul(x, y)
        return out

    def gradient(self, grad: Value, out: Value, x: Value, y: Value) -> Gradients:
        # (n, m) @ (m, k) -> (n, k);  (k, n) @ (n, m) -> (k, m)
        return matmul(grad, swap_last(y)), matmul(swap_last(x), grad)

    def vmap(self, members: int, mapped: Mapped, x: V, y: V) -> V:
        if not mapped[1] and y.ndim == 2:  # one product of all rows
            rows = reshape(x, (members * x.shape[1], x.shape[2]))
            return reshape(apply(self, rows, y), (members, x.shape[1], y.shape[1]))
        return apply(self, *for_members(members, mapped, x, y))


def _inner(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    if same(x[-1], y[-2]):
        return
    hint = ""
    if same(x[-1], y[-1]):
        hint = "; did you mean the transpose of the second?"
    elif same(x[-2], y[-2]):
        hint = "; did you mean the transpose of the first?"
    raise ShapeError(f"matmul: {x} @ {y}: inner sizes {x[-1]} and {y[-2]} differ{hint}")


def swap_last(x: V) -> V:
    """x with its last two axes exchanged."""
    return permute_dims(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


matmul = register(MatMul())
