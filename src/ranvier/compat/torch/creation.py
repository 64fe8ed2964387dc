"""New tensors, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import dtypes, random
from ...ops import creation, movement, shaping
from ...tensor import Tensor as RanvierTensor
from . import devices
from . import tensor as t
from .sizes import sizes_of
from .tensor import Tensor


def tensor(
    data: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False
) -> Tensor:
    """A new tensor from numbers: whole numbers int64, others float32; arrays keep their dtype."""
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


def zeros_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape and dtype of x."""
    return _ready(creation.full_like(x, 0, dtype), None, "cpu", requires_grad)


def ones_like(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape and dtype of x."""
    return _ready(creation.full_like(x, 1, dtype), None, "cpu", requires_grad)


def full_like(x: Any, fill_value: float, dtype: Any = None) -> Tensor:
    """One number everywhere, in the shape and dtype of x."""
    return _ready(creation.full_like(x, fill_value, dtype), None, "cpu", False)


def eye(n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    return _ready(creation.eye(n, m), dtype, "cpu", requires_grad)


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
    return _ready(creation.arange(start, end, step, dtype), None, device, requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal distances, both ends included."""
    return _ready(creation.linspace(start, end, steps, dtype), None, "cpu", requires_grad)


def rand(
    *size: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False, **_: Any
) -> Tensor:
    """Numbers from 0 (included) to 1 (excluded)."""
    return _ready(random.uniform(sizes_of(size)), dtype, device, requires_grad)


def randn(
    *size: Any, dtype: Any = None, device: Any = "cpu", requires_grad: bool = False, **_: Any
) -> Tensor:
    """Normally distributed numbers."""
    return _ready(random.normal(sizes_of(size)), dtype, device, requires_grad)


def rand_like(x: Any) -> Tensor:
    """`rand` in the shape of x."""
    return rand(x.shape, dtype=x.dtype)


def randn_like(x: Any) -> Tensor:
    """`randn` in the shape of x."""
    return randn(x.shape, dtype=x.dtype)


def randint(low: Any, high: Any, size: Any = None, *, dtype: Any = None) -> Tensor:
    """Whole numbers from low (included) to high (excluded); `randint(high, size)` starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    return _ready(random.randint(low, high, tuple(size)), dtype, "cpu", False)


def randperm(n: int, *, generator: Any = None) -> Tensor:
    """The numbers 0 to n - 1 in random order."""
    return t.of((generator or random).permutation(n))


def normal(mean: float, std: float, size: Any) -> Tensor:
    """Normally distributed numbers of this mean and standard deviation."""
    return t.of(random.normal(tuple(size), mean, std))


def cat(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors one after another along an axis."""
    return t.of(movement.concat(list(tensors), dim))


def stack(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors along a new axis."""
    return t.of(shaping.stack(list(tensors), dim))


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
