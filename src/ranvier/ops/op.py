"""What an op is, and how one is applied.

An op is one class with one instance. The instance is what the user calls: `ranvier.multiply(x, y)`.

    __call__    the user's signature: normalizes arguments, promotes, broadcasts, then applies
    infer       shape and dtype of the result from those of the inputs; raises when they do not fit
    reference   the NumPy meaning
    gradient    `gradient(grad, out, x, y)`, written in ops: one value (or None) per input
    vmap        the op for many members at once, written in ops (docs/how_it_works/vmap.md)
    scalar      elementwise ops: the expression of one element, over a small machine interface `m`

Lowering goes by `kind`, never by op: a new op is one class, and one row of the op table in the
tests.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias, TypeVar, cast

import numpy as np

from .. import dtypes
from ..base import arguments
from ..base.missing import refuse_misfit
from ..errors import DTypeError, ShapeError, UnknownSizeError
from ..graph.node import OPS, Spec, Value
from ..graph.row_count import RowCount
from ..graph.sizes import exceeds, is_unknown
from ..typing import Array, ArrayLike, Axes, DType, Shape, V

Gradients: TypeAlias = "tuple[Value | None, ...]"  # one for each input, None where none flows
Mapped: TypeAlias = "Sequence[bool]"  # one for each input: whether members have one each

KINDS = (
    "input",
    "creation",
    "elementwise",
    "reduce",
    "movement",
    "contraction",
    "window",
    "gather",
    "check",
    "random",
    "scan",
    "loop",
)


SPECIAL_FUNCTION = 12  # simple operations that a function such as exp takes, about


class Op(ABC):
    """One primitive operation.

    `cost` says how many simple operations one element of the result takes, about; the compiler
    decides by it what is computed twice rather than stored, and what threads share. `flop` is how
    many arithmetic operations are counted for it when work is measured.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    cost: ClassVar[int] = 1
    flop: ClassVar[int] = 1

    # NOTE: each op says how many inputs it has and which params, so here both are left open
    # (`Any`), which to a type checker means that any signature may stand for them.

    @abstractmethod
    def infer(self, *specs: Any, **params: Any) -> Spec:
        """Shape and dtype of the result from the Spec of each input."""

    @abstractmethod
    def reference(self, *arrays: Any, **params: Any) -> Array:
        """The NumPy meaning; the specification of every other executor."""

    @abstractmethod
    def gradient(self, grad: Value, out: Value, *inputs: Any, **params: Any) -> Gradients:
        """Gradients of the inputs from `grad`, the gradient of `out`."""

    @abstractmethod
    def vmap(self, members: int, mapped: Mapped, *inputs: Any, **params: Any) -> Any:
        """The op applied for `members` members at once.

        Inputs that are `mapped` (at least one is) have an axis of members in front; the others are
        the same for all. The result has the axis in front, and holds for each member what the op
        makes of its inputs alone.
        """

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        return apply(self, *as_values(*inputs), **params)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__call__" in vars(cls):
            cls.__call__ = _answered(vars(cls)["__call__"])  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # There is one op of a name, also among copies and pickles.
        return (_named, (self.name,)) if _named(self.name) is self else super().__reduce__()


def _answered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `__call__` that says, under the op's name, which arguments do not fit it."""

    @functools.wraps(function)
    def call(op: Op, *args: Any, **params: Any) -> Any:
        try:
            return function(op, *args, **params)
        except (TypeError, AttributeError) as error:
            refuse_misfit(error, op.name, function, (op, *args), params)
            raise

    return call


def _named(name: str) -> Op | None:
    """The op of this name."""
    return OPS.get(name)


_O = TypeVar("_O", bound=Op)


def register(op: _O) -> _O:
    """Enter `op` in the closed registry."""
    assert op.kind in KINDS and op.name not in OPS, op.name
    OPS[op.name] = op
    return op


# What V stands for where no input says it; `Any`, as this file stands before the Tensor's.
_default: list[type[Any]] = []


def set_default_value(kind: type[Value]) -> None:
    """Say which Value is made when an op has none among its inputs: the Tensor says itself."""
    _default[:] = [kind]


def apply(op: Op, *inputs: V, like: V | None = None, **params: Any) -> V:
    """Apply `op` to values; `like` decides Node or Tensor for an op without inputs.

    A Tensor of a subclass (compat/) beside plain ones makes a result of its own class.
    """
    if inputs:
        kind = type(inputs[0])
        for x in inputs[1:]:
            if type(x) is not kind and issubclass(type(x), kind):
                kind = type(x)
    else:
        kind = type(like) if like is not None else _default[0]
    return kind._record(op, inputs, params)


def as_values(
    *xs: V | ArrayLike, like: V | None = None, common: DType | None = None
) -> tuple[V, ...]:
    """Every x as a Value; Python scalars take the dtype of the Values and arrays beside them, and
    of `common`.
    """
    for x in xs:
        if isinstance(x, Value):
            like = x if like is None else like
            common = x.dtype if common is None else dtypes.promote(common, x.dtype)
        elif isinstance(x, np.ndarray) and x.dtype in dtypes.ALL:
            common = x.dtype if common is None else dtypes.promote(common, x.dtype)
    return tuple(x if isinstance(x, Value) else _as_value(x, like, common) for x in xs)


def _as_value(x: ArrayLike, like: V | None, common: DType | None) -> V:
    if isinstance(x, bool | int | float | np.bool_ | np.integer | np.floating):
        dtype = dtypes.of_scalar(_plain(x), common)
        return apply(OPS["full"], like=like, value=_plain(x), shape=(), dtype=dtype)
    if is_unknown(x):
        dtype = dtypes.of_scalar(1 if isinstance(x, RowCount) else 1.0, common)
        return apply(OPS["full"], like=like, value=x, shape=(), dtype=dtype)
    if _default:
        value: V = _default[0](x)
        return value
    raise DTypeError(f"expected a tensor, an array or a number; got {type(x).__name__}")


def _plain(x: bool | float | np.generic) -> bool | float:
    """A NumPy or Python scalar as a plain Python one."""
    return x.item() if isinstance(x, np.generic) else x


def broadcast_shape(op: str, *shapes: Shape) -> Shape:
    """The common shape under NumPy's broadcasting rule.

    >>> broadcast_shape("add", (3, 1), (4,))
    (3, 4)
    """
    ndim = max((len(s) for s in shapes), default=0)
    result = []
    for axis in range(-ndim, 0):
        sizes = {s[axis] for s in shapes if len(s) >= -axis} - {1}
        if len(sizes) > 1:
            shapes_text = " and ".join(str(s) for s in shapes)
            raise ShapeError(
                f"{op}: shapes {shapes_text} do not fit: axis {axis} has sizes "
                f"{' and '.join(str(n) for n in sorted(sizes, key=_known_first))}. Sizes must "
                "be equal or 1; use reshape, expand_dims or a transpose to line the axes up"
            )
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def _known_first(size: int) -> float:
    return math.inf if is_unknown(size) else size


def broadcast(op: str, *xs: V) -> tuple[V, ...]:
    """Every x broadcast to the common shape."""
    first = xs[0].shape
    try:
        for x in xs:
            if x.shape != first:
                break
        else:
            return xs
    except UnknownSizeError:
        pass  # of the number of rows and another size
    shape = broadcast_shape(op, *[x.shape for x in xs])
    broadcast_to = OPS["broadcast_to"]
    try:
        return tuple(x if x.shape == shape else broadcast_to(x, shape) for x in xs)
    except UnknownSizeError:
        return tuple([broadcast_to(x, shape) for x in xs])  # x itself where it has the shape


def for_members(members: int, mapped: Mapped, *xs: V) -> tuple[V, ...]:
    """Every x with the axis of members in front, repeated where it is the same for all."""
    repeat = OPS["broadcast_to"]
    return tuple(
        x if own else apply(repeat, x, shape=(members, *x.shape))
        for x, own in zip(xs, mapped, strict=True)
    )


def same_dtype(*xs: V) -> tuple[V, ...]:
    """Every x cast to the promoted dtype."""
    dtype = xs[0].dtype
    for x in xs[1:]:
        dtype = dtypes.promote(dtype, x.dtype)
    astype = OPS["astype"]
    return tuple(x if x.dtype == dtype else astype(x, dtype) for x in xs)


def as_float(x: V) -> V:
    """x itself when it is a float, else cast to float32."""
    return x if x.dtype.kind == "f" else OPS["astype"](x, dtypes.float32)


def as_integer(op: str, name: str, value: object, least: int | None = None) -> int:
    """The argument `name` as a plain int, or a size made from the number of rows."""
    if isinstance(value, RowCount) and (least is None or not exceeds(least, value)):
        return value  # type: ignore[return-value]
    return arguments.as_integer(op, name, value, least)


def number(op: str, name: str, value: object) -> float:
    """The argument `name` as a plain, finite Python number, or one that is not known yet."""
    return cast(float, value) if is_unknown(value) else arguments.number(op, name, value)


def as_tuple(value: object) -> tuple[Any, ...]:
    """Several things as a tuple; one thing alone in a tuple."""
    if isinstance(value, tuple | list | range) or (isinstance(value, np.ndarray) and value.ndim):
        return tuple(value)
    return (value,)


def normal_axis(op: str, axis: int, ndim: int) -> int:
    """A possibly negative axis as a non-negative one."""
    if isinstance(axis, bool):
        raise ShapeError(f"{op}: axis {axis} is a bool; expected the number of an axis")
    if not isinstance(axis, int | np.integer) or not -ndim <= axis < ndim:
        expected = f"expected {-ndim} to {ndim - 1}" if ndim else "it has none"
        raise ShapeError(
            f"{op}: axis {axis!r} is not an axis of a tensor with {ndim} dimensions ({expected})"
        )
    return int(axis) % ndim


def normal_axes(op: str, axis: Axes, ndim: int) -> Shape:
    """`axis` (None, a number or several) as a sorted tuple of non-negative axes."""
    if axis is None:
        return tuple(range(ndim))
    axes = sorted(normal_axis(op, a, ndim) for a in as_tuple(axis))
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{op}: axis {axis!r} names an axis twice")
    return tuple(axes)
