"""New tensors, under PyTorch's names."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from ... import dtypes, random
from ...errors import ArgumentError, ShapeError
from ...ops import creation, movement
from ...ops.composites import shaping
from ...ops.op import broadcast_shape
from ...tensors.tensor import Tensor as RanvierTensor
from . import devices
from . import tensor as t
from .sizes import sizes_of
from .tensor import Tensor


def tensor(
    data: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False
) -> Tensor:
    """A new tensor from numbers: integers int64, others float32; arrays keep their dtype."""
    devices.device(device)
    if isinstance(data, RanvierTensor):
        data = data.numpy()
    made = RanvierTensor(data, dtype)
    return _ready(made, None, device, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = "cpu") -> Tensor:
    """`data` itself when it is a tensor of this dtype, else a new tensor."""
    x = t.of(data) if isinstance(data, RanvierTensor) else tensor(data)
    return _ready(x, dtype, device, None)


def from_numpy(array: Any) -> Any:
    """A tensor on the memory of `array`."""
    return Tensor._wrap(array)


def zeros(
    *size: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False
) -> Tensor:
    """Zeros."""
    return full(sizes_of(size), 0, dtype or dtypes.float32, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False) -> Tensor:
    """Ones."""
    return full(sizes_of(size), 1, dtype or dtypes.float32, device, requires_grad)


empty = zeros


def full(
    size: Sequence[int],
    fill_value: float,
    dtype: Any = None,
    device: Any = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """One number everywhere."""
    kind = dtypes.as_array(fill_value).dtype if dtype is None else dtypes.as_dtype(dtype)
    return _ready(creation.full(tuple(size), fill_value, kind), None, device, requires_grad)


def zeros_like(x: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False) -> Any:
    """Zeros of the shape and dtype of x."""
    return full_like(x, 0, dtype, device, requires_grad)


def ones_like(x: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False) -> Any:
    """Ones of the shape and dtype of x."""
    return full_like(x, 1, dtype, device, requires_grad)


empty_like = zeros_like


def full_like(
    x: Any, fill_value: float, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False
) -> Any:
    """One number everywhere, in the shape and dtype of x."""
    return _ready(creation.full_like(x, fill_value, dtype), None, device, requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    return _ready(creation.eye(n, m), dtype, device, requires_grad)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    device: Any = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below end; `arange(n)` counts 0 to n - 1."""
    first, last = (0, start) if end is None else (start, end)
    first, last, step = (_plain("arange", v) for v in (first, last, step))
    if not all(map(math.isfinite, (first, last))) or (last - first) * step < 0:
        raise ArgumentError(
            f"arange: from {first} to {last} in steps of {step}; expected finite numbers and steps "
            "that lead from the first to the second"
        )
    if dtype is not None and dtypes.as_dtype(dtype).kind in "iu":
        first, last, step = int(first), int(last), int(step)  # before counting, as in PyTorch
    return _ready(creation.arange(first, last, step, dtype), None, device, requires_grad)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers at equal distances, both ends included."""
    first, last = (_plain("linspace", v) for v in (start, end))
    line = creation.linspace(first, last, steps, dtype)
    return _ready(line, None, device, requires_grad)


def _plain(name: str, number: Any) -> Any:
    """A Python number, or a tensor that holds one, as a Python number."""
    if not getattr(number, "shape", ()):
        return number.item() if isinstance(number, RanvierTensor) else number
    raise ShapeError(f"{name}: got a tensor of shape {number.shape}; expected one number")


def rand(
    *size: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False, **_: Any
) -> Tensor:
    """Numbers from 0 (included) to 1 (excluded)."""
    made = random.uniform(sizes_of(size), dtype=dtype or dtypes.float32)
    return _ready(made, None, device, requires_grad)


def randn(
    *size: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False, **_: Any
) -> Tensor:
    """Normally distributed numbers."""
    made = random.normal(sizes_of(size), dtype=dtype or dtypes.float32)
    return _ready(made, None, device, requires_grad)


def rand_like(
    x: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False
) -> Tensor:
    """`rand` in the shape of x."""
    return rand(x.shape, dtype=dtype or x.dtype, device=device, requires_grad=requires_grad)


def randn_like(
    x: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False
) -> Tensor:
    """`randn` in the shape of x."""
    return randn(x.shape, dtype=dtype or x.dtype, device=device, requires_grad=requires_grad)


def randint(
    low: Any,
    high: Any,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """Integers from low (included) to high (excluded); `randint(high, size)` starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    made = (generator or random).randint(low, high, tuple(size))
    return _ready(made, dtype, device, requires_grad)


def randperm(n: int, *, generator: Any = None) -> Tensor:
    """The numbers 0 to n - 1 in random order."""
    return t.of((generator or random).permutation(n))


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed numbers of this mean and standard deviation: numbers, with `size`, or
    tensors, one draw for each element.
    """
    given = [x for x in (mean, std) if isinstance(x, RanvierTensor)]
    if (size is None) != bool(given):
        raise ArgumentError("normal: give size= with numbers, and no size with tensors")
    if isinstance(std, RanvierTensor) and not std.is_traced and std.numpy().min(initial=0) < 0:
        raise ArgumentError(f"normal: std holds {std.numpy().min()}; expected 0 or more")
    kind = dtypes.as_dtype(dtype) if dtype is not None else given[0].dtype if given else None
    shape = broadcast_shape("normal", *[x.shape for x in given]) if given else tuple(size)
    plain = 1.0 if given else std  # numbers are looked at by `random.normal`
    made = (generator or random).normal(shape, 0.0, plain, kind or dtypes.float32)
    return _ready((made * std if given else made) + mean, None, device, requires_grad)


def cat(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors one after another along an axis; those of shape (0,) beside others are nothing."""
    _check_several("cat", tensors, dim)
    tensors = [t.of(x) for x in tensors]
    given = [x for x in tensors if x.shape != (0,)] or tensors
    out = movement.concat(given, dim)
    kind = functools.reduce(dtypes.promote, [x.dtype for x in tensors])
    return out if out.dtype == kind else out.astype(kind)


def stack(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors along a new axis."""
    _check_several("stack", tensors, dim)
    return t.of(shaping.stack(list(tensors), dim))


def _check_several(name: str, tensors: Any, dim: Any) -> None:
    if isinstance(dim, t.Tensor) or isinstance(tensors, t.Tensor):
        raise ArgumentError(f"torch.{name}: give the tensors as one list: torch.{name}([a, b])")


class Generator(random.Generator):
    """A source of random numbers of its own.

    >>> Generator().manual_seed(1).initial_seed()
    1
    """

    def __init__(self, device: Any = "cpu") -> None:
        devices.device(device)
        super().__init__()

    def manual_seed(self, seed: int) -> Generator:
        """Start again from `seed`."""
        self.seed(int(seed))
        return self

    def initial_seed(self) -> int:
        """The seed it began with."""
        return int(self.state.numpy()[0])


def manual_seed(seed: int) -> None:
    """The same draws from here on, in every run."""
    random.seed(int(seed))


def _ready(x: Any, dtype: Any, device: Any, requires_grad: bool | None) -> Any:
    """A Tensor of this layer; with a gradient if that is wanted."""
    devices.device(device)
    if dtype is not None:
        x = x.astype(dtype)
    x = t.of(x)
    if requires_grad:
        x.requires_grad = True
    return x
