"""The tensor with PyTorch's methods and argument names (`dim=`, `keepdim=`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes, random
from ...errors import ArgumentError, DTypeError, ShapeError, StateError, unknown_name
from ...graph.node import OPS
from ...ops import creation, elementwise, gather, movement, reduce
from ...ops.composites import norms, rounding, shaping
from ...ops.op import normal_axes, normal_axis
from ...tensors import ordering
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor as RanvierTensor
from ...typing import Array, Axes, DTypeLike, TensorLike
from ..table import missing
from .by_dim import Extreme, all_axes, by_dim
from .size_and_device import CPU, Device, RowSizes, Sizes, device, sizes, sizes_of


class Tensor(RanvierTensor):
    """A tensor with PyTorch's methods. Sizes make zeros of that shape, a list float32 numbers.

    NOTE: of two bools PyTorch's sum is "or" and the product "and", and bools they stay: as integers
    they would choose rows where a mask is meant.

    >>> Tensor(2, 3).shape, Tensor([2, 3])
    ((2, 3), tensor([2., 3.]))
    >>> x = Tensor([[1, 5], [7, 2]])
    >>> x.max(dim=1).indices, x.sum(dim=0, keepdim=True), x.size(0)
    (tensor([1, 0]), tensor([[8., 7.]]), 2)
    """

    __slots__ = ()
    functions = "ranvier.compat.torch"

    # Methods that methods.py gives in place of Ranvier's, with PyTorch's arguments.
    all: Any
    any: Any
    argmax: Any
    argmin: Any
    prod: Any
    softmax: Any
    sum: Any

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

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """For NumPy; as in PyTorch only without a gradient, which an array would lose unsaid."""
        if self.requires_grad:
            raise StateError(
                "NumPy takes a tensor for an array, through which no gradient flows, and this one "
                "requires it; compute with functions of torch, or give x.detach() or x.item()"
            )
        return super().__array__(dtype, copy)

    # -- sizes and devices --

    @property
    def size(self) -> Sizes | RowSizes:  # type: ignore[override]
        return sizes(self.shape)

    @property
    def device(self) -> Device:
        """Always "cpu"."""
        return CPU

    @property
    def grad_fn(self) -> object:
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

    # -- operators --

    def __add__(self, other: TensorLike) -> Any:
        return (elementwise.logical_or if are_bools(self, other) else elementwise.add)(self, other)

    def __mul__(self, other: TensorLike) -> Any:
        op = elementwise.logical_and if are_bools(self, other) else elementwise.multiply
        return op(self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other: TensorLike) -> Any:
        if are_bools(self, other):
            raise DTypeError("`-` of two bools: write a ^ b, or a & ~b")
        return super().__sub__(other)

    def __neg__(self) -> Any:
        if self.dtype == dtypes.bool_:
            raise DTypeError("`-` of bools: write ~x")
        return super().__neg__()

    def div(self, other: TensorLike, *, rounding_mode: str | None = None) -> Any:
        """`self / other`; rounded by `rounding_mode`: "floor", or "trunc", towards 0."""
        if rounding_mode not in _DIVISIONS:
            raise unknown_name("rounding_mode", rounding_mode, ("floor", "trunc"))
        return _DIVISIONS[rounding_mode](self, other)

    # -- shapes --

    @by_dim
    def squeeze(self, dim: Axes = None) -> Any:
        """Without axes of size 1; an axis `dim` (one or several) of another size stays."""
        if dim is None:
            return shaping.squeeze(self)
        axes = normal_axes("squeeze", dim, self.ndim)
        return shaping.squeeze(self, [a for a in axes if self.shape[a] == 1])

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

    def flip(self, *axes: int | Sequence[int], dims: Axes = None) -> Any:
        """The elements of these axes in reverse order."""
        return movement.flip(self, sizes_of(axes if dims is None else (dims,)))

    def expand(self, *sizes: Any) -> Any:
        """Repeated along axes of size 1; -1 keeps a size."""
        wanted = sizes_of(sizes)
        kept = (1,) * (len(wanted) - self.ndim) + self.shape
        sizes = tuple(k if n == -1 else n for n, k in zip(wanted, kept, strict=True))
        return movement.broadcast_to(self, sizes)

    def split(self, split_size: int | list[int], dim: int = 0) -> tuple[Any, ...]:
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

    def gather(self, dim: int, index: TensorLike) -> Any:
        """One element for each index along `dim`; along other axes only as far as `index` goes."""
        indices = of(index)
        if not self.shape or not indices.shape:  # a single number has one axis, for PyTorch
            whole = self if self.shape else self.reshape(1)
            out = whole.gather(dim, indices if indices.shape else indices.reshape(1))
            return out.reshape(indices.shape)
        axis = normal_axis("gather", dim, self.ndim)
        if not indices.numel():
            return movement.narrow(self.reshape(-1), 0, 0, 0).reshape(indices.shape)
        others = [a for a in range(self.ndim) if a != axis]
        if indices.ndim != self.ndim or any(indices.shape[a] > self.shape[a] for a in others):
            raise ShapeError(
                f"gather: index {indices.shape} does not fit a tensor of {self.shape}; expected as "
                f"many axes, none but axis {axis} longer"
            )
        x: Any = self
        for a in others:
            if indices.shape[a] != x.shape[a]:
                x = movement.narrow(x, a, 0, indices.shape[a])
        return gather.take_along_axis(x, indices, axis=axis)

    def index_select(self, dim: int, index: TensorLike) -> Any:
        """The slices at `index`, a vector of numbers, along `dim`."""
        indices = of(index)
        if indices.ndim > 1:
            raise ShapeError(f"index_select: index has shape {indices.shape}; expected a vector")
        x = self if self.shape else self.reshape(1)
        out = gather.take(x, indices.reshape(-1), axis=dim)
        return out if self.shape else out.reshape(())

    def masked_fill(self, mask: TensorLike, value: TensorLike) -> Any:
        """`value`, one number, where the mask is true."""
        if (kind := getattr(mask, "dtype", dtypes.bool_)) != dtypes.bool_:
            raise DTypeError(f"masked_fill: the mask is {kind}; expected bools: mask.bool()")
        if shape := getattr(value, "shape", ()):
            raise ShapeError(f"masked_fill: the value has shape {shape}; expected one number")
        return elementwise.where(mask, of(value).astype(self.dtype), self)

    # -- along an axis --

    @by_dim
    def mean(self, dim: Axes = None, keepdim: bool = False, dtype: DTypeLike | None = None) -> Any:
        """The mean over `dim`; of integers, which PyTorch refuses, it is float32."""
        if dtype is not None and dtypes.as_dtype(dtype).kind != "f":
            raise DTypeError(f"mean: dtype={dtype}; a mean is a float, cast it afterwards")
        return reduce.mean(cast(self, dtype), all_axes(dim), keepdim)

    @by_dim
    def var(
        self,
        dim: Axes = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        """The variance; by default divided by n - 1. `var(False)` means `unbiased=False`."""
        return _spread(reduce.var, self, dim, unbiased, keepdim, correction)

    @by_dim
    def std(
        self,
        dim: Axes = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        """The standard deviation; by default divided by n - 1."""
        return _spread(reduce.std, self, dim, unbiased, keepdim, correction)

    @by_dim
    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest; with a `dim` (values, indices); with a tensor the larger of both."""
        if isinstance(dim, RanvierTensor):
            return self.maximum(dim)
        if dim is None:
            return reduce.max(self)
        return Extreme(reduce.max(self, dim, keepdim), reduce.argmax(self, dim, keepdim))

    @by_dim
    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest; with a `dim` (values, indices); with a tensor the smaller of both."""
        if isinstance(dim, RanvierTensor):
            return self.minimum(dim)
        if dim is None:
            return reduce.min(self)
        return Extreme(reduce.min(self, dim, keepdim), reduce.argmin(self, dim, keepdim))

    @by_dim
    def norm(
        self,
        p: float | str | None = 2,
        dim: Axes = None,
        keepdim: bool = False,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """`sum(|x| ** p) ** (1 / p)`; p may be inf, -inf, 0 and "fro", the root of all squares."""
        if isinstance(p, str) and p != "fro":
            raise ArgumentError(f"norm: p={p!r}; expected a number or 'fro'")
        if self.dtype.kind != "f" and dtype is None:
            raise DTypeError(f"norm: the tensor is {self.dtype}; expected floats: x.float()")
        order = 2 if p is None or isinstance(p, str) else p
        return norms.vector_norm(cast(self, dtype), all_axes(dim), keepdim, order)

    @by_dim
    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extreme:
        """The k largest (or smallest) along `dim` in order, and their indices.

        >>> Tensor([3.0, 9.0, 4.0]).topk(2)
        Extreme(values=tensor([9., 4.]), indices=tensor([1, 2]))
        """
        values, indices = ordering.topk(self, k, dim, largest)
        return Extreme(values, fresh(indices))

    @by_dim
    def sort(self, dim: int = -1, descending: bool = False, stable: bool = True) -> Extreme:
        """The elements in order along `dim`, and where they stood.

        >>> Tensor([3.0, 1.0, 2.0]).sort().values
        tensor([1., 2., 3.])
        """
        order = self.argsort(dim, descending)
        return Extreme(gather.take_along_axis(self, order, axis=dim), order)

    # -- in place --

    def normal_(self, mean: float = 0.0, std: float = 1.0) -> Any:
        """Fill with normally distributed numbers."""
        return self._in_place("normal_", self._replaced(random.normal(self.shape, mean, std)))

    def uniform_(self, low: float = 0.0, high: float = 1.0) -> Any:
        """Fill with numbers between `low` and `high`."""
        return self._in_place("uniform_", self._replaced(random.uniform(self.shape, low, high)))


def of(x: Any) -> Any:
    """A Ranvier tensor, or numbers, as a Tensor of this layer; the history stays."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, RanvierTensor):
        return Tensor._record(OPS["astype"], (x,), {"dtype": x.dtype})
    with no_grad():
        return Tensor(dtypes.as_array(x))


def fresh(x: RanvierTensor) -> Any:
    """The same of a tensor that nobody else holds, without a copy."""
    return of(x) if x.is_traced else Tensor._wrap(x.numpy())


def cast(x: RanvierTensor, dtype: DTypeLike | None) -> Any:
    """x, in another dtype unless that is None."""
    return x if dtype is None else x.astype(dtype)


def are_bools(x: Tensor, y: TensorLike) -> bool:
    return x.dtype == dtypes.bool_ and getattr(y, "dtype", type(y)) in (dtypes.bool_, bool)


def _spread(
    function: Callable[..., Any],
    x: Tensor,
    dim: Any,
    unbiased: bool,
    keepdim: bool,
    correction: float | None,
) -> Any:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = float(unbiased)
    return function(x, all_axes(dim), keepdim, correction)


_DIVISIONS: dict[str | None, Callable[..., Any]] = {
    None: elementwise.divide,
    "floor": elementwise.floor_divide,
    "trunc": rounding.truncate_divide,
}
