"""The ops that every Value has as methods, so that `ranvier.sum(x)` may be written `x.sum()`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

from .. import dtypes
from ..base.missing import no_attribute
from ..errors import ArgumentError, unknown_name
from ..graph.node import Value
from ..typing import ArrayLike, Axes, DTypeLike, ShapeLike
from . import contraction, elementwise, movement, reduce
from .composites import functions as composite
from .composites import shaping
from .op import apply, normal_axis


class Methods(Value):
    """Ops as methods."""

    __slots__ = ()

    @property
    def T(self) -> Self:
        """The transpose of a matrix (axes in reverse order)."""
        return self.permute_dims(tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Self:
        """The last two axes exchanged."""
        return shaping.matrix_transpose(self)

    def sum(self, axis: Axes = None, keepdims: bool = False, **numpy: None) -> Self:
        """See `ranvier.sum`."""
        _only_none("sum", numpy)
        return reduce.sum(self, axis, keepdims)

    def prod(self, axis: Axes = None, keepdims: bool = False) -> Self:
        """See `ranvier.prod`."""
        return reduce.prod(self, axis, keepdims)

    def mean(self, axis: Axes = None, keepdims: bool = False, **numpy: None) -> Self:
        """See `ranvier.mean`."""
        _only_none("mean", numpy)
        return reduce.mean(self, axis, keepdims)

    def var(self, axis: Axes = None, keepdims: bool = False, correction: float = 0.0) -> Self:
        """See `ranvier.var`."""
        return reduce.var(self, axis, keepdims, correction)

    def std(self, axis: Axes = None, keepdims: bool = False, correction: float = 0.0) -> Self:
        """See `ranvier.std`."""
        return reduce.std(self, axis, keepdims, correction)

    def max(self, axis: Axes = None, keepdims: bool = False, **numpy: None) -> Self:
        """See `ranvier.max`."""
        _only_none("max", numpy)
        return reduce.max(self, axis, keepdims)

    def min(self, axis: Axes = None, keepdims: bool = False, **numpy: None) -> Self:
        """See `ranvier.min`."""
        _only_none("min", numpy)
        return reduce.min(self, axis, keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Self:
        """See `ranvier.argmax`."""
        return reduce.argmax(self, axis, keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Self:
        """See `ranvier.argmin`."""
        return reduce.argmin(self, axis, keepdims)

    def any(self, axis: Axes = None, keepdims: bool = False) -> Self:
        """See `ranvier.any`."""
        return reduce.any(self, axis, keepdims)

    def all(self, axis: Axes = None, keepdims: bool = False) -> Self:
        """See `ranvier.all`."""
        return reduce.all(self, axis, keepdims)

    def reshape(self, *shape: ShapeLike) -> Self:
        """See `ranvier.reshape`."""
        return movement.reshape(self, _values_of(shape))

    view = reshape

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Self:
        """The axes from `start_dim` to `end_dim`, both included, as one."""
        if not self.ndim:
            return movement.reshape(self, (1,))
        first, last = (normal_axis("flatten", a, self.ndim) for a in (start_dim, end_dim))
        joined = math.prod(self.shape[first : last + 1])
        return movement.reshape(self, (*self.shape[:first], joined, *self.shape[last + 1 :]))

    def permute_dims(self, axes: Sequence[int]) -> Self:
        """See `ranvier.permute_dims`."""
        return movement.permute_dims(self, axes)

    def permute(self, *axes: ShapeLike) -> Self:
        """`permute_dims` under PyTorch's name."""
        return movement.permute_dims(self, _values_of(axes))

    def transpose(self, a: int = -2, b: int = -1) -> Self:
        """Axes a and b exchanged."""
        return shaping.swapaxes(self, a, b)

    def t(self) -> Self:
        """The transpose of a matrix."""
        return self.permute_dims(tuple(reversed(range(self.ndim))))

    def squeeze(self, axis: Axes = None) -> Self:
        """Without the axes of size 1 (or without `axis`)."""
        return shaping.squeeze(self, axis)

    def expand_dims(self, axis: ShapeLike) -> Self:
        """With a new axis of size 1 at `axis`."""
        return shaping.expand_dims(self, axis)

    unsqueeze = expand_dims

    def astype(self, dtype: DTypeLike) -> Self:
        """See `ranvier.astype`."""
        return elementwise.astype(self, dtype)

    def to(self, target: DTypeLike) -> Self:
        """In another dtype; device names such as `"cpu"` change nothing."""
        if not isinstance(target, str) or target in dtypes.BY_NAME:
            return self.astype(target)
        if target.partition(":")[0] in ("cuda", "gpu", "mps", "xpu"):
            raise ArgumentError(
                f"to({target!r}): Ranvier computes on the CPU; leave .to({target!r}) out"
            )
        if target != "cpu":
            raise unknown_name("device or dtype", target, ["cpu", *dtypes.BY_NAME])
        return self

    def cpu(self) -> Self:
        """The tensor itself: every tensor is in main memory."""
        return self

    @property
    def cuda(self) -> Any:
        """There is none: every tensor is in main memory."""
        raise no_attribute(self, "cuda")

    def clone(self) -> Self:
        """A copy through which gradients flow."""
        return apply(elementwise.astype, self, dtype=self.dtype)

    def matmul(self, other: Self | ArrayLike) -> Self:
        """See `ranvier.matmul`."""
        return contraction.matmul(self, other)

    def pow(self, exponent: Self | ArrayLike) -> Self:
        """`self ** exponent`."""
        return self**exponent

    def abs(self) -> Self:
        """See `ranvier.abs`."""
        return elementwise.abs(self)

    def exp(self) -> Self:
        """See `ranvier.exp`."""
        return elementwise.exp(self)

    def log(self) -> Self:
        """See `ranvier.log`."""
        return elementwise.log(self)

    def sqrt(self) -> Self:
        """See `ranvier.sqrt`."""
        return elementwise.sqrt(self)

    def sin(self) -> Self:
        """See `ranvier.sin`."""
        return elementwise.sin(self)

    def cos(self) -> Self:
        """See `ranvier.cos`."""
        return elementwise.cos(self)

    def tanh(self) -> Self:
        """See `ranvier.tanh`."""
        return elementwise.tanh(self)

    def sigmoid(self) -> Self:
        """See `ranvier.nn.activations.sigmoid`."""
        return composite.sigmoid(self)

    def relu(self) -> Self:
        """See `ranvier.relu`."""
        return composite.relu(self)

    def softmax(self, axis: Axes = -1) -> Self:
        """See `ranvier.softmax`."""
        return composite.softmax(self, axis)

    def clip(
        self, low: Self | ArrayLike | None = None, high: Self | ArrayLike | None = None
    ) -> Self:
        """See `ranvier.clip`."""
        return composite.clip(self, low, high)

    clamp = clip

    # NOTE: these stand last: below them `float`, `int` and `bool` no longer mean the builtins.

    def float(self) -> Self:
        """As float32."""
        return self.astype(dtypes.float32)

    def double(self) -> Self:
        """As float64."""
        return self.astype(dtypes.float64)

    def long(self) -> Self:
        """As int64."""
        return self.astype(dtypes.int64)

    def int(self) -> Self:
        """As int32."""
        return self.astype(dtypes.int32)

    def bool(self) -> Self:
        """As bool."""
        return self.astype(dtypes.bool_)


def _values_of(values: tuple[ShapeLike, ...]) -> list[Any]:
    """`x.reshape(2, 3)` may be written `x.reshape((2, 3))`; what they hold is checked later."""
    both = values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values
    return list(both)


def _only_none(name: str, arguments: Mapping[str, object]) -> None:
    """`numpy.mean(tensor)` calls `tensor.mean(axis=None, dtype=None, out=None)`."""
    for key, value in arguments.items():
        if key not in ("dtype", "out"):
            raise TypeError(f"{name}() got an unexpected keyword argument {key!r}")
        if value is not None:
            raise ArgumentError(f"{name}: {key}={value!r} is for arrays: give tensor.numpy()")
