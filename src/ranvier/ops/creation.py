"""Values made from nothing: graph inputs, constants and counters."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError
from ..graph.node import OPS, Node, Shape, Spec
from .op import Op, apply, as_values, normal_axis, register


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
        shape = new_shape(shape)
        value = value.item() if isinstance(value, np.generic) else value
        dtype = dtypes.of_scalar(value, None) if dtype is None else dtypes.as_dtype(dtype)
        if not isinstance(value, bool | int | float):
            raise ArgumentError(f"full: the value must be a number, not {type(value).__name__}")
        return apply(self, value=value, shape=shape, dtype=dtype)

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        value, shape, dtype = params["value"], params["shape"], params["dtype"]
        check_sizes(self.name, shape)
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            if value != value or not limits.min <= value <= limits.max:
                raise DTypeError(
                    f"full: {value} is outside {dtype}, which holds {limits.min} to {limits.max}; "
                    "cast the tensor to a wider dtype first"
                )
        return Spec(shape, dtype)

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
        shape = new_shape(shape)
        axis = normal_axis(self.name, axis, len(shape))
        return apply(self, shape=shape, axis=axis, dtype=dtypes.as_dtype(dtype))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        check_sizes(self.name, params["shape"])
        if params["dtype"].kind == "b":
            raise DTypeError("iota: counts are numbers, not bool")
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
    several = shape if isinstance(shape, tuple | list | np.ndarray) else (shape,)
    try:
        return tuple(operator.index(n) for n in several)
    except TypeError:
        raise ShapeError(f"a shape is made of whole numbers; got {shape!r}") from None


def new_shape(shape: Any) -> Shape:
    """`as_shape` for a tensor that is made from nothing."""
    sizes = as_shape(shape)
    if any(n > _TOO_LARGE for n in sizes):
        raise ShapeError(
            f"a tensor of shape {sizes} cannot be made. If a size is the number of rows of a "
            "ranvier.Input (it prints as `rows`): that is not known before there are data. Make "
            "the tensor from the input, as in x[:, :1] * 0, or in the forward of a layer of your "
            "own, where x.shape[0] is known"
        )
    return sizes


_TOO_LARGE = 1 << 39  # elements along one axis; no memory holds them


def check_sizes(op: str, shape: Shape) -> None:
    """Refuse a shape with a negative size."""
    if any(n < 0 for n in shape):
        raise ShapeError(f"{op}: a size cannot be negative; got shape {shape}")


def input_node(shape: Shape, dtype: Any, name: str = "") -> Node:
    """A new graph input."""
    spec = Spec(tuple(shape), dtypes.as_dtype(dtype))
    return Node(input_op, (), spec._asdict(), spec, name=name)


def zeros(shape: Any, dtype: Any = dtypes.float32) -> Any:
    """A tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = dtypes.float32) -> Any:
    """A tensor of ones.

    >>> import ranvier
    >>> ranvier.ones((2, 1)).tolist()
    [[1.0], [1.0]]
    """
    return full(shape, 1, dtype)


def eye(rows: int, columns: int | None = None, k: int = 0, dtype: Any = dtypes.float32) -> Any:
    """A matrix with ones on diagonal k and zeros elsewhere.

    >>> import ranvier
    >>> ranvier.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    shape = (rows, rows if columns is None else columns)
    return OPS["astype"](OPS["equal"](iota(shape, 0) + k, iota(shape, 1)), dtype)


def arange(start: float, stop: float | None = None, step: float = 1, dtype: Any = None) -> Any:
    """start, start + step, ... below stop; `arange(n)` counts 0 to n - 1.

    >>> import ranvier
    >>> ranvier.arange(2, 8, 2)
    tensor([2, 4, 6])
    """
    start, stop = (0, start) if stop is None else (start, stop)
    if not all(isinstance(v, int | float | np.number) for v in (start, stop, step)) or not step:
        raise ArgumentError(f"arange: expected numbers and a step other than 0; got {step!r}")
    whole = all(isinstance(v, int | np.integer) for v in (start, stop, step))
    kind = dtypes.as_dtype(dtype or (dtypes.int64 if whole else dtypes.float32))
    size = max(0, math.ceil((stop - start) / step))
    # NOTE: counted in float64 or int64 and rounded once: far elements are as exact as near ones.
    count = iota((size,), 0, dtypes.int64 if whole else dtypes.float64)
    return OPS["astype"](count * step + start, kind)


def linspace(start: float, stop: float, num: int, dtype: Any = None, endpoint: bool = True) -> Any:
    """`num` numbers at equal distances from start to stop (which is the last with `endpoint`).

    >>> import ranvier
    >>> ranvier.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    if num < 0:
        raise ArgumentError(f"linspace: num must be 0 or more; got {num}")
    parts = num - 1 if endpoint else num
    count = iota((num,), 0, dtypes.float64)
    values = count * ((stop - start) / max(parts, 1)) + start
    if endpoint and num > 1:
        values = OPS["where"](OPS["equal"](count, num - 1), float(stop), values)
    return OPS["astype"](values, dtype or dtypes.float32)


def empty(shape: Any, dtype: Any = dtypes.float32) -> Any:
    """A tensor to be filled by `assign`; it holds zeros, so that a program that forgets is seen."""
    return full(shape, 0, dtype)


def full_like(x: Any, value: float, dtype: Any = None) -> Any:
    """One number everywhere, in the shape (and dtype) of x."""
    (x,) = as_values(x)
    kind = x.dtype if dtype is None else dtypes.as_dtype(dtype)
    return apply(full, like=x, value=value, shape=x.shape, dtype=kind)


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of the shape (and dtype) of x."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones of the shape (and dtype) of x."""
    return full_like(x, 1, dtype)


def empty_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of the shape (and dtype) of x, to be filled by `assign`."""
    return full_like(x, 0, dtype)


input_op = register(Input())
full = register(Full())
iota = register(Iota())
