"""The methods of PyTorch's tensor that go along an axis: sums, extremes, order, softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import dtypes
from ...errors import ArgumentError, DTypeError
from ...ops import elementwise, gather, reduce
from ...ops.composites import functions as composite
from ...ops.composites import norms
from ...tensors import ordering
from ...tensors.tensor import Tensor as RanvierTensor
from .by_dim import Extreme, all_axes, by_dim


class Reductions(RanvierTensor):
    """Reductions under PyTorch's argument names."""

    __slots__ = ()

    @by_dim
    def sum(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        """The sum over `dim`."""
        return _cast(reduce.sum(_cast(self, dtype), all_axes(dim), keepdim), dtype)

    @by_dim
    def mean(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        """The mean over `dim`; of integers, which PyTorch refuses, it is float32."""
        if dtype is not None and dtypes.as_dtype(dtype).kind != "f":
            raise DTypeError(f"mean: dtype={dtype}; a mean is a float, cast it afterwards")
        return reduce.mean(_cast(self, dtype), all_axes(dim), keepdim)

    @by_dim
    def var(
        self,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        """The variance; by default divided by n - 1. `var(False)` means `unbiased=False`."""
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if correction is None:
            correction = float(unbiased)
        return reduce.var(self, all_axes(dim), keepdim, correction)

    @by_dim
    def std(
        self,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        """The standard deviation; by default divided by n - 1."""
        return elementwise.sqrt(self.var(dim, unbiased, keepdim, correction=correction))

    @by_dim
    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest; with a `dim` (values, indices); with a tensor the larger of both."""
        return _extreme(self, dim, keepdim, reduce.max, reduce.argmax, "maximum")

    @by_dim
    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest; with a `dim` (values, indices); with a tensor the smaller of both."""
        return _extreme(self, dim, keepdim, reduce.min, reduce.argmin, "minimum")

    @by_dim
    def amax(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest elements."""
        return reduce.max(self, all_axes(dim), keepdim)

    @by_dim
    def amin(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest elements."""
        return reduce.min(self, all_axes(dim), keepdim)

    @by_dim
    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Where the largest element stands."""
        return reduce.argmax(self, dim, keepdim)

    @by_dim
    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """Where the smallest element stands."""
        return reduce.argmin(self, dim, keepdim)

    @by_dim
    def prod(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        """The product over `dim`."""
        return _cast(reduce.prod(_cast(self, dtype), dim, keepdim), dtype)

    @by_dim
    def any(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Whether any element is true."""
        return reduce.any(self, dim, keepdim)

    @by_dim
    def all(self, dim: Any = None, keepdim: bool = False) -> Any:
        """Whether all elements are true."""
        return reduce.all(self, dim, keepdim)

    @by_dim
    def cumsum(self, dim: int, dtype: Any = None) -> Any:
        """Running sums along `dim`."""
        return _cast(reduce.cumulative_sum(_cast(self, dtype), dim), dtype)

    @by_dim
    def logsumexp(self, dim: Any, keepdim: bool = False) -> Any:
        """`log(sum(e ** x))` without overflow."""
        return composite.logsumexp(self, all_axes(dim), keepdim)

    @by_dim
    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        """`sum(|x| ** p) ** (1 / p)`; p may be inf, -inf, 0 and "fro", the root of all squares."""
        if isinstance(p, str) and p != "fro":
            raise ArgumentError(f"norm: p={p!r}; expected a number or 'fro'")
        order = 2 if p is None or p == "fro" else p
        if self.dtype.kind != "f" and dtype is None:
            raise DTypeError(f"norm: the tensor is {self.dtype}; expected floats: x.float()")
        return norms.vector_norm(_cast(self, dtype), all_axes(dim), keepdim, order)

    @by_dim
    def softmax(self, dim: Any = -1, dtype: Any = None) -> Any:
        """`e ** x / sum(e ** x)` over `dim`."""
        return composite.softmax(_cast(self, dtype), dim)

    @by_dim
    def log_softmax(self, dim: Any = -1, dtype: Any = None) -> Any:
        """The logarithm of `softmax`."""
        return composite.log_softmax(_cast(self, dtype), dim)

    @by_dim
    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
        """The k largest (or smallest) along `dim` in order, and where they stand.

        >>> from ranvier.compat import torch
        >>> torch.topk(torch.tensor([3.0, 9.0, 4.0]), 2)
        Extreme(values=tensor([9., 4.]), indices=tensor([1, 2]))
        """
        return _pair(self, *ordering.topk(self, k, dim, largest))

    @by_dim
    def sort(self, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
        """The elements in order along `dim`, and where they stood.

        >>> from ranvier.compat import torch
        >>> torch.sort(torch.tensor([3.0, 1.0, 2.0])).values
        tensor([1., 2., 3.])
        """
        order = self.argsort(dim, descending)
        return Extreme(gather.take_along_axis(self, order, axis=dim), order)

    @by_dim
    def argsort(self, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
        """Where the elements stand, in order along `dim`; equal ones stay in their order."""
        return type(self)._wrap(ordering.argsort(self.detach(), dim, descending).numpy())


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else x.astype(dtype)


def _pair(x: Any, values: Any, places: Any) -> Extreme:
    """Both as tensors of the class of x."""
    if not places.is_traced:
        places = type(x)._wrap(places.numpy())
    return Extreme(values, places)


def _extreme(
    x: Any, dim: Any, keepdim: bool, best: Any, place: Callable[..., Any], pair: str
) -> Any:
    if isinstance(dim, RanvierTensor):
        return getattr(x, pair)(dim)
    if dim is None:
        return best(x)
    return Extreme(best(x, dim, keepdim), place(x, dim, keepdim))
