"""Values made from nothing: graph inputs, constants and counters."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .. import dtypes
from ..base.arguments import flag
from ..base.missing import answered
from ..errors import ArgumentError, DTypeError, ShapeError, UnknownSizeError
from ..graph.node import OPERATORS, OPS, Node, Spec, Value
from ..graph.row_count import RowCount
from ..graph.sizes import is_unknown, negative
from ..typing import Array, ArrayLike, DType, DTypeLike, Shape, ShapeLike, V
from .op import (
    Gradients,
    Mapped,
    Op,
    apply,
    as_integer,
    as_values,
    normal_axis,
    number,
    register,
)

if TYPE_CHECKING:
    from ..tensors.tensor import Tensor


class Creation(Op):
    """Base of ops without inputs."""

    def vmap(self, members: int, mapped: Mapped, *inputs: Value, **params: Any) -> Value:
        raise NotImplementedError(f"{self.name}: it has no inputs, so it is the same for all")


class Input(Creation):
    """A value that the graph gets from outside."""

    name = "input"
    kind = "input"
    cost = 0

    def infer(self, *, shape: Shape, dtype: DType) -> Spec:
        return Spec(shape, dtype)

    def reference(self, *, shape: Shape, dtype: DType) -> Array:
        raise NotImplementedError("an input is given, not computed")

    def gradient(self, grad: Value, out: Value, *, shape: Shape, dtype: DType) -> Gradients:
        return ()


class Full(Creation):
    """A tensor that holds one number everywhere.

    >>> import ranvier
    >>> ranvier.full((2,), 3.0)
    tensor([3., 3.])
    """

    name = "full"
    kind = "creation"
    cost = 0

    def __call__(
        self,
        shape: ShapeLike,
        value: float,
        dtype: DTypeLike | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        shape = as_shape(shape)
        value = _plain("full", value)
        kind = dtypes.of_scalar(value, None) if dtype is None else dtypes.as_dtype(dtype)
        return as_leaf(apply(self, value=value, shape=shape, dtype=kind), requires_grad)

    def infer(self, *, value: float, shape: Shape, dtype: DType) -> Spec:
        check_sizes(self.name, shape)
        if dtype.kind in "iu" and not is_unknown(value):
            limits = np.iinfo(dtype)
            if value != value or not limits.min <= value <= limits.max:
                raise DTypeError(
                    f"full: {value} is outside {dtype}, which holds {limits.min} to {limits.max}; "
                    "cast the tensor to a wider dtype first"
                )
            if value != int(value):
                raise DTypeError(
                    f"full: {value} is no integer, which {dtype} holds; give dtype='float32', "
                    "or round the value"
                )
        return Spec(shape, dtype)

    def reference(self, *, value: float, shape: Shape, dtype: DType) -> Array:
        return np.full(shape, value, dtype)

    def gradient(
        self, grad: Value, out: Value, *, value: float, shape: Shape, dtype: DType
    ) -> Gradients:
        return ()


class Iota(Creation):
    """Counts 0, 1, 2, ... along one axis: element [..., i, ...] is i.

    >>> import ranvier
    >>> ranvier.iota((2, 3), axis=1)
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """

    name = "iota"
    kind = "creation"
    cost = 0

    def __call__(self, shape: ShapeLike, axis: int = 0, dtype: DTypeLike | None = None) -> Tensor:
        shape = as_shape(shape)
        axis = normal_axis(self.name, axis, len(shape))
        kind = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
        return apply(self, shape=shape, axis=axis, dtype=kind)

    def infer(self, *, shape: Shape, axis: int, dtype: DType) -> Spec:
        check_sizes(self.name, shape)
        if dtype.kind == "b":
            raise DTypeError("iota: counts are numbers, not bool")
        return Spec(shape, dtype)

    def reference(self, *, shape: Shape, axis: int, dtype: DType) -> Array:
        line = np.arange(shape[axis], dtype=dtype)
        return np.broadcast_to(
            line.reshape([-1 if a == axis else 1 for a in range(len(shape))]), shape
        )

    def gradient(
        self, grad: Value, out: Value, *, shape: Shape, axis: int, dtype: DType
    ) -> Gradients:
        return ()


def as_shape(shape: ShapeLike) -> Shape:
    """An integer, or several, as a tuple of plain ints."""
    lengths = shape if isinstance(shape, tuple | list | np.ndarray) else (shape,)
    try:
        if not any(isinstance(n, bool) for n in lengths):
            return tuple(operator.index(n) for n in lengths)
    except UnknownSizeError:
        return tuple(n if is_unknown(n) else operator.index(n) for n in lengths)
    except TypeError:
        pass
    raise ShapeError(f"a shape is made of integers; got {shape!r}")


def check_sizes(op: str, shape: Shape) -> None:
    """Refuse a shape with a negative size."""
    if negative(shape):
        raise ShapeError(f"{op}: a size cannot be negative; got shape {shape}")


def input_node(shape: Shape, dtype: DTypeLike, name: str = "") -> Node:
    """A new graph input."""
    spec = Spec(tuple(shape), dtypes.as_dtype(dtype))
    return Node(input_op, (), spec._asdict(), spec, name=name)


def _floats(dtype: DTypeLike | None) -> DType:
    """The dtype meant; float32 where none is given."""
    return dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)


def _cast(x: V, dtype: DType) -> V:
    return x if x.dtype == dtype else apply(OPS["astype"], x, dtype=dtype)


def as_leaf(x: V, requires_grad: bool) -> V:
    """x itself, as a leaf whose gradient is wanted if `requires_grad`."""
    if flag("tensor", "requires_grad", requires_grad):
        x.requires_grad = True  # type: ignore[attr-defined]
    return x


def _plain(op: str, value: object) -> bool | int | float:
    """The value of `full` as a Python number."""
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, bool | int | float) and not is_unknown(value):
        raise ArgumentError(f"{op}: the value must be a number, not {type(value).__name__}")
    return value


@answered
def zeros(shape: ShapeLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros, float32 by default; with `requires_grad` its gradient is computed, as
    with every function here that makes one.

    >>> import ranvier
    >>> ranvier.zeros((2,), requires_grad=True)
    tensor([0., 0.], requires_grad=True)
    """
    return full(shape, 0, _floats(dtype), requires_grad)


@answered
def ones(shape: ShapeLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones, float32 by default.

    >>> import ranvier
    >>> ranvier.ones((2, 1)).tolist()
    [[1.0], [1.0]]
    """
    return full(shape, 1, _floats(dtype), requires_grad)


@answered
def eye(
    rows: int,
    columns: int | None = None,
    k: int = 0,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A matrix with ones on diagonal k and zeros elsewhere, float32 by default.

    >>> import ranvier
    >>> ranvier.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    shape = (rows, rows if columns is None else columns)
    k = as_integer("eye", "k", k)
    diagonal = OPERATORS["equal"](iota(shape, 0) + k, iota(shape, 1))
    return as_leaf(_cast(diagonal, _floats(dtype)), requires_grad)


@answered
def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below stop; `arange(n)` counts 0 to n - 1.

    >>> import ranvier
    >>> ranvier.arange(2, 8, 2)
    tensor([2, 4, 6])
    """
    start, stop = (0, start) if stop is None else (start, stop)
    arguments = (("start", start), ("stop", stop), ("step", step))
    start, stop, step = (number("arange", name, value) for name, value in arguments)
    if not step:
        raise ArgumentError("arange: step=0; expected a number other than 0")
    exact = all(isinstance(v, int | RowCount) for v in (start, stop, step))
    kind = dtypes.int64 if exact else dtypes.float32
    if dtype is not None:
        kind = dtypes.as_dtype(dtype)
    steps = -((start - stop) // step) if exact else math.ceil((stop - start) / step)
    size = cast(int, max(0, steps))
    # NOTE: counted in float64 or int64 and rounded once: far elements are as exact as near ones.
    count = iota((size,), 0, dtypes.int64 if exact else dtypes.float64)
    return as_leaf(_cast(count * step + start, kind), requires_grad)


@answered
def linspace(
    start: float,
    stop: float,
    num: int,
    dtype: DTypeLike | None = None,
    endpoint: bool = True,
    requires_grad: bool = False,
) -> Tensor:
    """`num` numbers at equal distances from start to stop (which is the last with `endpoint`).

    >>> import ranvier
    >>> ranvier.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    num = as_integer("linspace", "num", num, 0)
    start, stop = number("linspace", "start", start), number("linspace", "stop", stop)
    parts = num - 1 if flag("linspace", "endpoint", endpoint) else num
    count = iota((num,), 0, dtypes.float64)
    values = count * ((stop - start) / max(parts, 1)) + start
    if endpoint and num > 1:
        values = OPERATORS["where"](OPERATORS["equal"](count, num - 1), float(stop), values)
    return as_leaf(_cast(values, _floats(dtype)), requires_grad)


@answered
def empty(shape: ShapeLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor to be filled by `assign`; it holds zeros, so that a program that forgets is seen."""
    return full(shape, 0, _floats(dtype), requires_grad)


@answered
def full_like(
    x: V | ArrayLike, value: float, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> V:
    """One number everywhere, in the shape (and dtype) of x."""
    (x,) = as_values(x)
    kind = x.dtype if dtype is None else dtypes.as_dtype(dtype)
    out = apply(full, like=x, value=_plain("full_like", value), shape=x.shape, dtype=kind)
    return as_leaf(out, requires_grad)


@answered
def zeros_like(x: V | ArrayLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> V:
    """Zeros of the shape (and dtype) of x."""
    return full_like(x, 0, dtype, requires_grad)


@answered
def ones_like(x: V | ArrayLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> V:
    """Ones of the shape (and dtype) of x."""
    return full_like(x, 1, dtype, requires_grad)


@answered
def empty_like(x: V | ArrayLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> V:
    """Zeros of the shape (and dtype) of x, to be filled by `assign`."""
    return full_like(x, 0, dtype, requires_grad)


input_op = register(Input())
full = register(Full())
iota = register(Iota())
