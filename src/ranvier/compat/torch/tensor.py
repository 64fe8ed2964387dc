"""The tensor with PyTorch's methods and argument names (`dim=`, `keepdim=`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import dtypes, random
from ...errors import ArgumentError, DTypeError, ShapeError, StateError
from ...graph.node import OPS
from ...ops import creation, elementwise, gather, movement
from ...ops.composites import functions as composite
from ...ops.composites import shaping
from ...ops.op import normal_axes, normal_axis
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor as RanvierTensor
from ...typing import ShapeLike
from ..table import missing
from .arithmetic import Arithmetic
from .by_dim import by_dim
from .devices import CPU, Device, device
from .sizes import Sizes, sizes_of


class Tensor(Arithmetic):
    """A tensor with PyTorch's methods. Sizes make zeros of that shape, a list float32 numbers.

    >>> Tensor(2, 3).shape, Tensor([2, 3])
    ((2, 3), tensor([2., 3.]))
    >>> x = Tensor([[1, 5], [7, 2]])
    >>> x.max(dim=1).indices, x.sum(dim=0, keepdim=True), x.size(0)
    (tensor([1, 0]), tensor([[8., 7.]]), 2)
    """

    __slots__ = ()
    functions = "ranvier.compat.torch"

    def __init__(self, data: Any = (), dtype: Any = None, *args: Any, **options: Any) -> None:
        if isinstance(data, int | np.integer) and not isinstance(data, bool):
            # NOTE: `torch.Tensor(2, 3)` names sizes; PyTorch leaves what is there in the memory.
            sizes = (data, *(() if dtype is None else (dtype,)), *args)
            data, dtype, args = creation.full(sizes, 0, dtypes.float32), None, ()
        elif isinstance(data, bool | float):
            raise ArgumentError(
                f"torch.Tensor({data!r}): expected sizes or a list; for one number write "
                f"torch.tensor({data!r})"
            )
        elif dtype is None and isinstance(data, list | tuple):
            dtype = dtypes.float32
        super().__init__(data, dtype, *args, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing("Tensor", name, dir(type(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """For NumPy; as in PyTorch only without a gradient, which an array would lose unsaid."""
        if self.requires_grad:
            raise StateError(
                "NumPy takes a tensor for an array, through which no gradient flows, and this one "
                "requires it; compute with functions of torch, or give x.detach() or x.item()"
            )
        return super().__array__(dtype, copy)

    # -- sizes and places --------------------------------------------------------------------------

    @property
    def size(self) -> Sizes:
        return Sizes(self.shape)

    def numel(self) -> int:
        """The number of elements."""
        return int(self.size)

    def dim(self) -> int:
        """The number of axes."""
        return self.ndim

    @property
    def device(self) -> Device:
        """Always "cpu"."""
        return CPU

    @property
    def grad_fn(self) -> Any:
        """The op that made this tensor, or None."""
        return self.op

    def to(self, *targets: Any, **options: Any) -> Any:
        """In another dtype, or that of another tensor; the device is always "cpu"."""
        out: Any = self
        for target in (*targets, *(options[k] for k in ("device", "dtype") if k in options)):
            if isinstance(target, RanvierTensor):
                out = out.astype(target.dtype)
            elif isinstance(target, str) and target not in dtypes.BY_NAME:
                device(target)
            elif not isinstance(target, bool | None):
                out = out.astype(target)
        return out

    # -- shapes ------------------------------------------------------------------------------------

    @by_dim
    def squeeze(self, dim: Any = None) -> Any:
        """Without axes of size 1; an axis `dim` (one or several) of another size stays."""
        if dim is None:
            return shaping.squeeze(self)
        axes = normal_axes("squeeze", dim, self.ndim)
        return shaping.squeeze(self, [a for a in axes if self.shape[a] == 1])

    def unsqueeze(self, dim: ShapeLike) -> Any:
        """With a new axis of size 1."""
        return shaping.expand_dims(self, dim)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Any:
        """The axes from `start_dim` to `end_dim`, both included, as one."""
        if not self.shape:
            return self.reshape(1)
        first, last = (normal_axis("flatten", a, self.ndim) for a in (start_dim, end_dim))
        joined = math.prod(self.shape[first : last + 1])
        return self.reshape(*self.shape[:first], joined, *self.shape[last + 1 :])

    def transpose(self, dim0: int, dim1: int) -> Any:  # type: ignore[override]
        """Two axes exchanged."""
        if not self.shape and {dim0, dim1} <= {0, -1}:
            return self
        return shaping.swapaxes(self, dim0, dim1)

    def t(self) -> Any:
        """The transpose of a matrix; a vector as it is."""
        if self.ndim > 2:
            raise ShapeError(
                f"t: shape {self.shape} is no matrix; write x.transpose(-2, -1), or x.mT"
            )
        return super().t()

    def flip(self, *axes: Any, dims: Any = None) -> Any:
        """The elements of these axes in reverse order."""
        return movement.flip(self, sizes_of(axes if dims is None else (dims,)))

    def expand(self, *sizes: Any) -> Any:
        """Repeated along axes of size 1; -1 keeps a size."""
        wanted = sizes_of(sizes)
        kept = (1,) * (len(wanted) - self.ndim) + self.shape
        sizes = tuple(k if n == -1 else n for n, k in zip(wanted, kept, strict=True))
        return movement.broadcast_to(self, sizes)

    def repeat(self, *sizes: Any) -> Any:
        """The whole tensor repeated along each axis."""
        return shaping.tile(self, sizes_of(sizes))

    def split(self, split_size: Any, dim: int = 0) -> tuple[Any, ...]:
        """Parts of `split_size` rows each (the last may be smaller), or of the sizes in a list."""
        axis = normal_axis("split", dim, self.ndim)
        length = self.shape[axis]
        if not isinstance(split_size, list | tuple):
            if split_size < 1 and (split_size < 0 or length):
                raise ArgumentError(f"split: parts of {split_size} rows; expected at least 1")
            cuts = list(range(split_size, length, split_size or 1))
            return tuple(shaping.split(self, cuts, axis))
        if sum(split_size) != length or min(split_size, default=0) < 0:
            raise ShapeError(
                f"split: sizes {list(split_size)} do not add up to {length}, the size of axis {dim}"
            )
        return tuple(shaping.split(self, np.cumsum(split_size)[:-1].tolist(), axis))

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Any, ...]:
        """At most `chunks` parts of equal size (the last may be smaller)."""
        length = self.shape[normal_axis("chunk", dim, self.ndim)]
        return self.split(-(-length // chunks), dim)

    def unbind(self, dim: int = 0) -> tuple[Any, ...]:
        """The slices along an axis."""
        return shaping.unstack(self, dim)

    def contiguous(self) -> Any:
        """The tensor itself."""
        return self

    def gather(self, dim: int, index: Any) -> Any:
        """One element for each index along `dim`; along other axes only as far as `index` goes."""
        places = of(index)
        if not self.shape or not places.shape:  # a single number has one axis, for PyTorch
            whole = self if self.shape else self.reshape(1)
            out = whole.gather(dim, places if places.shape else places.reshape(1))
            return out.reshape(places.shape)
        axis = normal_axis("gather", dim, self.ndim)
        if not places.numel():
            return movement.narrow(self.reshape(-1), 0, 0, 0).reshape(places.shape)
        others = [a for a in range(self.ndim) if a != axis]
        if places.ndim != self.ndim or any(places.shape[a] > self.shape[a] for a in others):
            raise ShapeError(
                f"gather: index {places.shape} does not fit a tensor of {self.shape}; expected as "
                f"many axes, none but axis {axis} longer"
            )
        x: Any = self
        for a in others:
            if places.shape[a] != x.shape[a]:
                x = movement.narrow(x, a, 0, places.shape[a])
        return gather.take_along_axis(x, places, axis=axis)

    def index_select(self, dim: int, index: Any) -> Any:
        """The slices at `index`, a vector of numbers, along `dim`."""
        places = of(index)
        if places.ndim > 1:
            raise ShapeError(f"index_select: index has shape {places.shape}; expected a vector")
        x = self if self.shape else self.reshape(1)
        out = gather.take(x, places.reshape(-1), axis=dim)
        return out if self.shape else out.reshape(())

    def masked_fill(self, mask: Any, value: Any) -> Any:
        """`value`, one number, where the mask is true."""
        if getattr(mask, "dtype", dtypes.bool_) != dtypes.bool_:
            raise DTypeError(f"masked_fill: the mask is {mask.dtype}; expected bools: mask.bool()")
        if getattr(value, "shape", ()):
            raise ShapeError(f"masked_fill: the value has shape {value.shape}; expected one number")
        return elementwise.where(mask, of(value).astype(self.dtype), self)

    def where(self, condition: Any, other: Any) -> Any:
        """This tensor where the condition is true, elsewhere `other`."""
        return elementwise.where(condition, self, other)

    # -- arithmetic --------------------------------------------------------------------------------

    def dot(self, other: Any) -> Any:
        """The sum of the products of two vectors."""
        if self.ndim != 1 or other.ndim != 1:
            raise ShapeError(f"dot: expected two vectors, got {self.shape} and {other.shape}")
        return composite.vecdot(self, other)

    def normal_(self, mean: float = 0.0, std: float = 1.0) -> Any:
        """Fill with normally distributed numbers."""
        new = random.normal(self.shape, mean, std)
        return self._in_place("normal_", self._replaced(new))

    def uniform_(self, low: float = 0.0, high: float = 1.0) -> Any:
        """Fill with numbers between `low` and `high`."""
        new = random.uniform(self.shape, low, high)
        return self._in_place("uniform_", self._replaced(new))


# Methods that Ranvier has as functions, first those of the same name.
_NAMES = """
abs ceil cos erf exp expm1 floor isfinite log log1p logical_and logical_not logical_or logical_xor
sign sin sqrt tanh trunc
"""
_SAME: dict[str, Callable[..., Any]] = {
    **{name: getattr(elementwise, name) for name in _NAMES.split()},
    "remainder": elementwise.remainder,
    "floor_divide": elementwise.floor_divide,
    "eq": elementwise.equal,
    "ne": elementwise.not_equal,
    "lt": elementwise.less,
    "le": elementwise.less_equal,
    "gt": elementwise.greater,
    "ge": elementwise.greater_equal,
    "mm": lambda x, y: x @ y,
    "bmm": lambda x, y: x @ y,
    "mv": lambda x, y: x @ y,
    "square": composite.square,
    "reciprocal": composite.reciprocal,
    "rsqrt": composite.rsqrt,
    "tan": composite.tan,
    "sinh": composite.sinh,
    "cosh": composite.cosh,
    "isnan": composite.isnan,
    "isinf": composite.isinf,
    "sigmoid": composite.sigmoid,
    "relu": composite.relu,
    "outer": composite.outer,
    "tril": lambda x, diagonal=0: shaping.tril(x, diagonal),
    "triu": lambda x, diagonal=0: shaping.triu(x, diagonal),
    "roll": lambda x, shifts, dims=None: shaping.roll(x, shifts, dims),
    "view_as": lambda x, other: x.reshape(other.shape),
    "reshape_as": lambda x, other: x.reshape(other.shape),
    "expand_as": lambda x, other: x.expand(other.shape),
    "type_as": lambda x, other: x.astype(other.dtype),
    "half": lambda x: x.astype(dtypes.float16),
    "ravel": lambda x: x.reshape(-1),
}


def _method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = function.__doc__
    return method


for _name, _function in _SAME.items():
    setattr(Tensor, _name, _method(_name, _function))


# Methods that PyTorch also has in place, under the name with a "_".
_IN_PLACE = """
abs ceil clamp clip cos cosh div erf exp expm1 floor floor_divide log log1p masked_fill neg pow
reciprocal relu remainder round rsqrt sigmoid sign sin sinh sqrt square tan tanh tril triu
true_divide trunc
"""


def _in_place_method(name: str) -> Callable[..., Any]:
    function = getattr(Tensor, name)

    def method(self: Any, *args: Any, **options: Any) -> Any:
        return self._in_place(f"{name}_", function(self, *args, **options))

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"`{name}` in place."
    return method


for _name in _IN_PLACE.split():
    setattr(Tensor, f"{_name}_", _in_place_method(_name))


def of(x: Any) -> Any:
    """A Ranvier tensor, or numbers, as a Tensor of this layer; the history stays."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, RanvierTensor):
        return Tensor._record(OPS["astype"], (x,), {"dtype": x.dtype})
    with no_grad():
        return Tensor(dtypes.as_array(x))
