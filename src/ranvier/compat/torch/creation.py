"""New tensors, under PyTorch's names."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

from ... import dtypes, random
from ...errors import ArgumentError, ShapeError
from ...graph.sizes import is_unknown
from ...ops import creation, movement
from ...ops.composites import shaping
from ...ops.op import broadcast_shape
from ...tensors.tensor import Tensor as RanvierTensor
from ...typing import Array, DType, DTypeLike, ShapeLike, TensorLike
from ..table import described
from .size_and_device import device as checked_device
from .size_and_device import sizes_of
from .tensor import Tensor, cast, of


def tensor(
    data: TensorLike,
    dtype: DTypeLike | None = None,
    device: object = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """A new tensor from numbers: integers int64, others float32; arrays keep their dtype."""
    if isinstance(data, RanvierTensor):
        data = data.numpy()
    return _ready(RanvierTensor(data, dtype), device, requires_grad)


def as_tensor(data: TensorLike, dtype: DTypeLike | None = None, device: object = "cpu") -> Tensor:
    """`data` itself when it is a tensor of this dtype, else a new tensor."""
    x = of(data) if isinstance(data, RanvierTensor) else tensor(data)
    return _ready(cast(x, dtype), device, False)


def from_numpy(array: Array) -> Any:
    """A tensor on the memory of `array`."""
    return Tensor._wrap(array)


def FloatTensor(*data: Any) -> Tensor:
    """A float32 tensor from a list or an array, or zeros of these sizes."""
    return Tensor(*data).float()


def LongTensor(*data: Any) -> Tensor:
    """An int64 tensor from a list or an array, or zeros of these sizes."""
    if len(data) == 1 and not isinstance(data[0], int):
        return tensor(data[0], dtypes.int64)
    return Tensor(*data).long()


def cat(tensors: Sequence[TensorLike], dim: int = 0) -> Tensor:
    """Tensors one after another along an axis; those of shape (0,) beside others are nothing."""
    parts = _parts("cat", tensors, dim)
    out: Tensor = movement.concat([x for x in parts if x.shape != (0,)] or parts, dim)
    kind = functools.reduce(dtypes.promote, [x.dtype for x in parts])
    return out if out.dtype == kind else out.astype(kind)


def stack(tensors: Sequence[TensorLike], dim: int = 0) -> Tensor:
    """Tensors along a new axis."""
    out: Tensor = shaping.stack(_parts("stack", tensors, dim), dim)
    return out


def _parts(name: str, tensors: Any, dim: Any) -> list[Any]:
    if isinstance(dim, Tensor) or isinstance(tensors, Tensor):
        raise ArgumentError(f"torch.{name}: give the tensors as one list: torch.{name}([a, b])")
    return [of(x) for x in tensors]


def _count(start: Any, end: Any = None, step: Any = 1, *, dtype: DTypeLike | None) -> RanvierTensor:
    """start, start + step, ... below end; `arange(n)` counts 0 to n - 1."""
    bounds = (0, start) if end is None else (start, end)
    first, last, step = (_plain("arange", v) for v in (*bounds, step))
    known = not any(map(is_unknown, (first, last, step)))
    if known and (not all(map(math.isfinite, (first, last))) or (last - first) * step < 0):
        raise ArgumentError(
            f"arange: from {first} to {last} in steps of {step}; expected finite numbers and steps "
            "that lead from the first to the second"
        )
    if known and dtype is not None and dtypes.as_dtype(dtype).kind in "iu":
        first, last, step = int(first), int(last), int(step)  # before counting, as in PyTorch
    return creation.arange(first, last, step, dtype)


def _plain(name: str, number: Any) -> Any:
    """A Python number, or a tensor that holds one, as a Python number."""
    if not getattr(number, "shape", ()):
        return number.item() if isinstance(number, RanvierTensor) else number
    raise ShapeError(f"{name}: got a tensor of shape {number.shape}; expected one number")


def _randint(
    low: int,
    high: Any,
    size: ShapeLike | None = None,
    *,
    generator: random.Generator | None = None,
    dtype: DTypeLike | None,
) -> RanvierTensor:
    """Integers from low (included) to high (excluded); `randint(high, size)` starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    drawn: RanvierTensor = cast(_source(generator).randint(low, high, size), dtype)
    return drawn


def _normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: ShapeLike | None = None,
    *,
    generator: random.Generator | None = None,
    dtype: DTypeLike | None,
) -> Any:
    """Normally distributed numbers of this mean and standard deviation: numbers, with `size`, or
    tensors, one draw for each element.
    """
    tensors = [x for x in (mean, std) if isinstance(x, RanvierTensor)]
    if (size is None) != bool(tensors):
        raise ArgumentError("normal: give size= with numbers, and no size with tensors")
    if isinstance(std, RanvierTensor) and not std.is_traced and std.numpy().min(initial=0) < 0:
        raise ArgumentError(f"normal: std holds {std.numpy().min()}; expected 0 or more")
    if not tensors:
        return _source(generator).normal(size, 0.0, std, dtype) + mean
    shape = broadcast_shape("normal", *[x.shape for x in tensors])
    kind = tensors[0].dtype if dtype is None else dtype
    return _source(generator).normal(shape, dtype=kind) * std + mean


def _source(generator: random.Generator | None) -> Any:
    return generator or random


def multinomial(
    input: TensorLike,
    num_samples: int,
    replacement: bool = False,
    generator: random.Generator | None = None,
) -> Tensor:
    """Indices drawn with chances in proportion to the weights `input`, (n,) or (rows, n).

    int64; without `replacement` none twice. Weights that are negative, NaN or all 0 are refused.
    """
    weights = of(input)
    if weights.ndim not in (1, 2) or weights.dtype.kind != "f":
        raise ShapeError(
            f"multinomial: got {weights.dtype} of shape {weights.shape}; expected floats, weights "
            "of shape (n,) or (rows, n)"
        )
    return of(_source(generator).categorical(weights, num_samples, replacement))  # type: ignore


class Generator(random.Generator):
    """A source of random numbers of its own.

    >>> Generator().manual_seed(1).initial_seed()
    1
    """

    def __init__(self, device: object = "cpu") -> None:
        checked_device(device)
        super().__init__()

    def manual_seed(self, seed: int) -> Generator:
        """Start again from `seed`."""
        self.seed(int(seed))
        return self

    def initial_seed(self) -> int:
        """The seed it began with."""
        return int(self.state.numpy()[0])


def _ready(x: Any, device: object, requires_grad: bool) -> Tensor:
    """A Tensor of this layer; with a gradient if that is wanted."""
    checked_device(device)
    made: Tensor = of(x)
    if requires_grad:
        made.requires_grad = True
    return made


_OPTIONS = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
    for name, default in (("dtype", None), ("device", "cpu"), ("requires_grad", False))
]


def _making(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """`make`, which takes `dtype`, with the options `device` and `requires_grad` too."""
    described(name, make, __name__)

    def made(
        *args: Any,
        dtype: DTypeLike | None = None,
        device: object = "cpu",
        requires_grad: bool = False,
        **options: Any,
    ) -> Any:
        return _ready(make(*args, dtype=dtype, **options), device, requires_grad)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = make.__doc__
    takes = [p for p in inspect.signature(make).parameters.values() if p.name != "dtype"]
    vars(made)["__signature__"] = inspect.Signature([*takes, *_OPTIONS])
    return made


def _float(dtype: DTypeLike | None) -> DType:
    return dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)


# Each takes dtype=, device= and requires_grad= too.
_MAKERS: dict[str, Any] = {
    "arange": _count,
    "empty": lambda *size, dtype: creation.full(sizes_of(size), 0, _float(dtype)),
    "empty_like": lambda input, *, dtype: creation.full_like(input, 0, dtype),
    "eye": lambda n, m=None, *, dtype: creation.eye(n, m, dtype=dtype),
    "full": lambda size, fill_value, *, dtype: creation.full(
        size, fill_value, dtypes.as_array(fill_value).dtype if dtype is None else dtype
    ),
    "full_like": lambda input, fill_value, *, dtype: creation.full_like(input, fill_value, dtype),
    "linspace": lambda start, end, steps, *, dtype: creation.linspace(
        _plain("linspace", start), _plain("linspace", end), steps, dtype
    ),
    "normal": _normal,
    "ones": lambda *size, dtype: creation.full(sizes_of(size), 1, _float(dtype)),
    "ones_like": lambda input, *, dtype: creation.full_like(input, 1, dtype),
    "rand": lambda *size, generator=None, dtype: _source(generator).uniform(
        sizes_of(size), dtype=dtype
    ),
    "rand_like": lambda input, *, dtype: random.uniform(input.shape, dtype=dtype or input.dtype),
    "randint": _randint,
    "randn": lambda *size, generator=None, dtype: _source(generator).normal(
        sizes_of(size), dtype=dtype
    ),
    "randn_like": lambda input, *, dtype: random.normal(input.shape, dtype=dtype or input.dtype),
    "randperm": lambda n, *, generator=None, dtype: cast(_source(generator).permutation(n), dtype),
    "zeros": lambda *size, dtype: creation.full(sizes_of(size), 0, _float(dtype)),
    "zeros_like": lambda input, *, dtype: creation.full_like(input, 0, dtype),
}
MAKERS = {name: _making(name, make) for name, make in _MAKERS.items()}

Tensor.multinomial = multinomial  # type: ignore[attr-defined]
