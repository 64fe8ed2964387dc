"""The tensor with PyTorch's methods and argument names (`dim=`, `keepdim=`)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes, random
from ...errors import ShapeError
from ...graph.node import OPS
from ...mode import no_grad
from ...ops import composite, elementwise, gather, movement, reduce, shaping
from ...ops.op import normal_axis
from ...tensor import Tensor as RanvierTensor
from ..names import missing
from .devices import CPU, Device, device
from .sizes import Sizes, sizes_of


class Extreme(NamedTuple):
    """What `x.max(dim)` gives."""

    values: Any
    indices: Any


def _numpy_names(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method take `axis=` and `keepdims=` too, as PyTorch does for NumPy's sake."""

    @functools.wraps(method)
    def both(self: Any, *args: Any, **options: Any) -> Any:
        for numpy, torch in (("axis", "dim"), ("keepdims", "keepdim")):
            if numpy in options:
                options[torch] = options.pop(numpy)
        if options.get("out", 0) is None:  # numpy.mean(tensor)
            del options["out"]
        return method(self, *args, **options)

    return both


class Tensor(RanvierTensor):
    """A tensor with PyTorch's methods.

    >>> x = Tensor([[1, 5], [7, 2]])
    >>> x.max(dim=1).indices, x.sum(dim=0, keepdim=True), x.size(0)
    (tensor([1, 0]), tensor([[8., 7.]]), 2)
    """

    __slots__ = ()

    def __init__(self, data: Any, dtype: Any = None, *args: Any, **options: Any) -> None:
        if dtype is None and isinstance(data, list | tuple):
            dtype = dtypes.float32
        super().__init__(data, dtype, *args, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing("Tensor", name, dir(type(self)))

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

    # -- reductions --------------------------------------------------------------------------------

    @_numpy_names
    def sum(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        """The sum over `dim`."""
        return reduce.sum(self if dtype is None else self.astype(dtype), dim, keepdim)

    @_numpy_names
    def mean(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        """The mean over `dim`."""
        return reduce.mean(self if dtype is None else self.astype(dtype), dim, keepdim)

    @_numpy_names
    def var(
        self,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        """The variance; by default divided by n - 1."""
        if isinstance(dim, bool):  # x.var(False)
            dim, unbiased = None, dim
        if correction is None:
            correction = float(unbiased)
        return reduce.var(self, dim, keepdim, correction)

    @_numpy_names
    def std(
        self,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        """The standard deviation; by default divided by n - 1."""
        return elementwise.sqrt(self.var(dim, unbiased, keepdim, correction=correction))

    @_numpy_names
    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest; with a `dim` (values, indices); with a tensor the larger of both."""
        return _extreme(self, dim, keepdim, reduce.max, reduce.argmax, elementwise.maximum)

    @_numpy_names
    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest; with a `dim` (values, indices); with a tensor the smaller of both."""
        return _extreme(self, dim, keepdim, reduce.min, reduce.argmin, elementwise.minimum)

    @_numpy_names
    def amax(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest elements."""
        return reduce.max(self, dim, keepdim)

    @_numpy_names
    def amin(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest elements."""
        return reduce.min(self, dim, keepdim)

    @_numpy_names
    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Where the largest element stands."""
        return reduce.argmax(self, dim, keepdim)

    @_numpy_names
    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Where the smallest element stands."""
        return reduce.argmin(self, dim, keepdim)

    @_numpy_names
    def prod(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The product over `dim`."""
        return reduce.prod(self, dim, keepdim)

    @_numpy_names
    def any(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Whether any element is true."""
        return reduce.any(self, dim, keepdim)

    @_numpy_names
    def all(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Whether all elements are true."""
        return reduce.all(self, dim, keepdim)

    @_numpy_names
    def cumsum(self, dim: int) -> Any:
        """Running sums along `dim`."""
        return reduce.cumulative_sum(self, dim)

    @_numpy_names
    def logsumexp(self, dim: Any, keepdim: bool = False) -> Any:
        """`log(sum(e ** x))` without overflow."""
        return composite.logsumexp(self, dim, keepdim)

    @_numpy_names
    def norm(self, p: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
        """`sum(|x| ** p) ** (1 / p)`."""
        if p == math.inf:
            return reduce.max(elementwise.abs(self), dim, keepdim)
        if p == 1:
            return reduce.sum(elementwise.abs(self), dim, keepdim)
        if p == 2:
            return elementwise.sqrt(reduce.sum(self * self, dim, keepdim))
        return reduce.sum(elementwise.abs(self) ** p, dim, keepdim) ** (1 / p)

    @_numpy_names
    def softmax(self, dim: Any = -1) -> Any:
        """`e ** x / sum(e ** x)` over `dim`."""
        return composite.softmax(self, dim)

    @_numpy_names
    def log_softmax(self, dim: Any = -1) -> Any:
        """The logarithm of `softmax`."""
        return composite.log_softmax(self, dim)

    # -- shapes ------------------------------------------------------------------------------------

    def squeeze(self, dim: int | None = None) -> Any:
        """Without axes of size 1; an axis `dim` of another size stays."""
        if dim is not None and self.shape[normal_axis("squeeze", dim, self.ndim)] != 1:
            return self
        return shaping.squeeze(self, dim)

    def unsqueeze(self, dim: int) -> Any:
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
        return shaping.swapaxes(self, dim0, dim1)

    def expand(self, *sizes: Any) -> Any:
        """Repeated along axes of size 1; -1 keeps a size."""
        wanted = sizes_of(sizes)
        kept = (1,) * (len(wanted) - self.ndim) + self.shape
        sizes = tuple(k if n == -1 else n for n, k in zip(wanted, kept, strict=True))
        return movement.broadcast_to(self, sizes)

    def repeat(self, *sizes: Any) -> Any:
        """The whole tensor repeated along each axis."""
        return shaping.tile(self, sizes_of(sizes))

    def split(self, split_size: int | list[int], dim: int = 0) -> tuple[Any, ...]:
        """Parts of `split_size` rows each (the last may be smaller), or of the sizes in a list."""
        length = self.shape[normal_axis("split", dim, self.ndim)]
        sizes = (
            split_size if isinstance(split_size, list) else [split_size] * (length // split_size)
        )
        ends = np.cumsum(sizes).tolist()
        return tuple(shaping.split(self, [end for end in ends if end < length], dim))

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
        """One element for each index along `dim`."""
        return gather.take_along_axis(self, index, axis=dim)

    def index_select(self, dim: int, index: Any) -> Any:
        """The slices at `index` along `dim`."""
        return gather.take(self, index, axis=dim)

    def masked_fill(self, mask: Any, value: Any) -> Any:
        """`value` where the mask is true."""
        return elementwise.where(mask, value, self)

    def where(self, condition: Any, other: Any) -> Any:
        """This tensor where the condition is true, elsewhere `other`."""
        return elementwise.where(condition, self, other)

    # -- arithmetic --------------------------------------------------------------------------------

    def add(self, other: Any, *, alpha: float = 1) -> Any:
        """`self + alpha * other`."""
        return self + (other if alpha == 1 else other * alpha)

    def sub(self, other: Any, *, alpha: float = 1) -> Any:
        """`self - alpha * other`."""
        return self - (other if alpha == 1 else other * alpha)

    def clamp(self, min: Any = None, max: Any = None) -> Any:
        """Kept between `min` and `max`."""
        return composite.clip(self, min, max)

    clip = clamp  # type: ignore[assignment]

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


def _extreme(x: Any, dim: Any, keepdim: bool, values: Any, places: Any, pair: Any) -> Any:
    if dim is None:
        return values(x)
    if isinstance(dim, RanvierTensor):
        return pair(x, dim)
    return Extreme(values(x, dim, keepdim), places(x, dim, keepdim))


# Methods that Ranvier has as functions, first those of the same name.
_NAMES = """
abs ceil cos erf exp expm1 floor isfinite log log1p logical_and logical_not logical_or logical_xor
maximum minimum round sign sin sqrt tanh trunc
"""
_SAME: dict[str, Callable[..., Any]] = {
    **{name: getattr(elementwise, name) for name in _NAMES.split()},
    "neg": elementwise.negative,
    "mul": elementwise.multiply,
    "div": elementwise.divide,
    "true_divide": elementwise.divide,
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
    "flip": lambda x, *dims: movement.flip(x, sizes_of(dims)),
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
