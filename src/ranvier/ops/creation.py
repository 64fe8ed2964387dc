"""Values made from nothing: graph inputs, constants and counters."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..graph.node import Node, Shape, Spec
from .op import Op, apply, register


class Input(Op):
    """A value given to the graph from outside."""

    name = "input"
    kind = "input"

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return Spec(params["shape"], params["dtype"])

    def reference(self, *arrays: Any, **params: Any) -> Any:
        raise NotImplementedError("an input is given, not computed")

    def gradient(self, grad: Any, out: Any, *inputs: Any, **params: Any) -> tuple[Any, ...]:
        return ()


class Full(Op):
    """A tensor that holds one number everywhere.

    >>> import ranvier
    >>> ranvier.full((2,), 3.0)
    tensor([3., 3.])
    """

    name = "full"
    kind = "creation"

    def __call__(self, shape: Any, value: float, dtype: Any = None) -> Any:
        shape = as_shape(shape)
        dtype = dtypes.of_scalar(value, None) if dtype is None else dtypes.as_dtype(dtype)
        return apply(self, value=value, shape=shape, dtype=dtype)

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return Spec(params["shape"], params["dtype"])

    def reference(self, *, value: Any, shape: Shape, dtype: Any) -> Any:
        return np.full(shape, value, dtype)

    def gradient(self, grad: Any, out: Any, **params: Any) -> tuple[Any, ...]:
        return ()


class Iota(Op):
    """Counts 0, 1, 2, ... along one axis: element [..., i, ...] is i.

    >>> import ranvier
    >>> ranvier.iota((2, 3), axis=1)
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """

    name = "iota"
    kind = "creation"

    def __call__(self, shape: Any, axis: int = 0, dtype: Any = dtypes.int64) -> Any:
        return apply(self, shape=as_shape(shape), axis=axis, dtype=dtypes.as_dtype(dtype))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return Spec(params["shape"], params["dtype"])

    def reference(self, *, shape: Shape, axis: int, dtype: Any) -> Any:
        line = np.arange(shape[axis], dtype=dtype)
        return np.broadcast_to(
            line.reshape([-1 if a == axis else 1 for a in range(len(shape))]), shape
        )

    def gradient(self, grad: Any, out: Any, **params: Any) -> tuple[Any, ...]:
        return ()


def as_shape(shape: Any) -> Shape:
    """A whole number or several as a tuple of plain ints."""
    if isinstance(shape, int | np.integer):
        return (int(shape),)
    return tuple(int(n) for n in shape)


def input_node(shape: Shape, dtype: Any, name: str = "") -> Node:
    """A new graph input."""
    params = {"shape": tuple(shape), "dtype": dtypes.as_dtype(dtype)}
    return Node(input_op, (), params, Spec(**params), name=name)


def zeros_like(x: Any) -> Any:
    """Zeros of the shape and dtype of x."""
    return apply(full, like=x, value=0, shape=x.shape, dtype=x.dtype)


def ones_like(x: Any) -> Any:
    """Ones of the shape and dtype of x."""
    return apply(full, like=x, value=1, shape=x.shape, dtype=x.dtype)


input_op = register(Input())
full = register(Full())
iota = register(Iota())
