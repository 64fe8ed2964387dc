"""Random numbers: the same seed gives the same numbers, eager or compiled, on any thread count.

A generator is a seed and a count of draws, two uint32 numbers in one tensor. A draw takes both as
the key of Threefry-2x32 (ops/counter_rng.py) and moves the count on by `assign`, so inside a
compiled function the generator is state like any other: each call continues where the last one
ended.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes
from .base.arguments import as_integer
from .base.missing import Spelled, answered, module_getattr
from .base.sizes import room_for
from .errors import ArgumentError, ShapeError, TraceError
from .executors.philox import numpy_random, philox
from .ops import elementwise as e
from .ops.composites.shaping import moveaxis
from .ops.counter_rng import random_bits
from .ops.creation import as_leaf, as_shape, iota
from .ops.movement import narrow, reshape
from .ops.op import apply
from .ops.reduce import argmax
from .tensors.mode import no_grad, state
from .tensors.ordering import topk
from .tensors.tensor import Tensor
from .typing import Array, DType, DTypeLike, Shape, ShapeLike, TensorLike


class Generator(Spelled):
    """A source of random numbers.

    >>> a, b = Generator(1), Generator(1)
    >>> a.uniform((3,)).tolist() == b.uniform((3,)).tolist()
    True
    >>> a.uniform((3,)).tolist() == b.normal((3,)).tolist()
    False
    """

    def __init__(self, seed: int | None = None) -> None:
        # (seed, draws so far); write it to go back to an earlier point.
        self.state = Tensor(np.zeros(2, np.uint32), name="random state")
        self.seed(int.from_bytes(os.urandom(4), "little") if seed is None else seed)

    def __reduce__(self) -> str | tuple[Any, ...]:
        # The one that `ranvier.seed` sets is the same in copies and pickles.
        return "generator" if self is generator else (_copied, (self.state.numpy(),))

    def __repr__(self) -> str:
        if self.state._data is None or state.trace is not None:
            return "Generator(<traced>)"
        seed, draws = self.state.tolist()
        return f"Generator(seed={seed}, draws={draws})"

    @answered
    def seed(self, seed: int) -> None:
        """Start again from `seed`, an integer; those beyond 32 bits are hashed to 32."""
        seed = as_integer("seed", "seed", seed, 0)
        number, rest = seed & 0xFFFFFFFF, seed >> 32
        while rest:
            number, rest = (number * 0x9E3779B1 + (rest & 0xFFFFFFFF)) & 0xFFFFFFFF, rest >> 32
        self.state.assign(Tensor(np.array([number, 0], np.uint32)))

    @answered
    def bits(self, shape: ShapeLike) -> Tensor:
        """uint32 random bits."""
        with no_grad():
            bits = random_bits(self.state, as_shape(shape))
            step = apply(iota, like=self.state, shape=(2,), axis=0, dtype=dtypes.uint32)
            self.state.assign(self.state + step)
        return bits

    @answered
    def uniform(
        self,
        shape: ShapeLike = (),
        low: float = 0.0,
        high: float = 1.0,
        dtype: DTypeLike | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Numbers from low (included) to high (excluded), each as likely as the other; with
        `requires_grad` the tensor is a leaf whose gradient is computed.

        >>> Generator(0).uniform((2,), requires_grad=True).requires_grad
        True
        """
        dtype = _float("uniform", dtype)
        if isinstance(low, int | float) and isinstance(high, int | float) and not low <= high:
            raise ArgumentError(f"uniform: low={low} must not be above high={high}")
        out = self._unit(as_shape(shape), dtype)
        if low != 0 or high != 1:
            out = out * (high - low) + low
        return as_leaf(out, requires_grad)

    def _unit(self, shape: Shape, dtype: DType) -> Tensor:
        """Multiples of 2 ** -digits in [0, 1), with as many binary digits as the dtype holds."""
        if dtype == dtypes.float64:
            bits = self.bits((2, *shape))
            high, low = (
                e.astype(e.shift_right(reshape(narrow(bits, 0, i, i + 1), shape), by), dtype)
                for i, by in ((0, 5), (1, 6))
            )
            return (high * 2.0**26 + low) * 2.0**-53
        digits = 24 if dtype == dtypes.float32 else 11
        counted = e.astype(e.shift_right(self.bits(shape), 32 - digits), dtype)
        return counted * 2.0**-digits

    @answered
    def normal(
        self,
        shape: ShapeLike = (),
        mean: float = 0.0,
        std: float = 1.0,
        dtype: DTypeLike | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Normally distributed numbers (Box and Muller, 1958)."""
        dtype = _float("normal", dtype)
        if isinstance(std, int | float) and not std >= 0:
            raise ArgumentError(f"normal: std={std}; a standard deviation is 0 or more")
        wide = dtypes.float32 if dtype == dtypes.float16 else dtype
        pair = self._unit((2, *as_shape(shape)), wide)
        u, v = (reshape(narrow(pair, 0, i, i + 1), as_shape(shape)) for i in (0, 1))
        # NOTE: 1 - u lies in (0, 1], so the logarithm is finite.
        out = e.sqrt(-2.0 * e.log(1.0 - u)) * e.cos((2.0 * math.pi) * v)
        if (mean, std) != (0, 1):
            out = out * std + mean
        return as_leaf(e.astype(out, dtype), requires_grad)

    @answered
    def bernoulli(self, p: TensorLike, shape: ShapeLike | None = None) -> Tensor:
        """True with probability p, else False."""
        if isinstance(p, int | float) and not 0 <= p <= 1:
            raise ArgumentError(f"bernoulli: p is a probability, 0 to 1; got {p}")
        if shape is None:
            shape = p.shape if isinstance(p, Tensor | np.ndarray) else ()
        return e.less(self.uniform(shape), p)

    @answered
    def randint(
        self, low: int, high: int, shape: ShapeLike = (), dtype: DTypeLike | None = None
    ) -> Tensor:
        """Integers from low (included) to high (excluded), int64 by default."""
        dtype = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
        low, high = as_integer("randint", "low", low), as_integer("randint", "high", high)
        span = high - low
        if not 0 < span < 2**31:
            raise ArgumentError(
                f"randint: high must be above low by less than 2**31; got {low}, {high}"
            )
        # The upper half of a 64-bit product: even to 1 part in 2**32 / span.
        wide = e.astype(self.bits(shape), dtypes.int64) * span
        return e.astype(e.floor_divide(wide, 2**32) + low, dtype)

    @answered
    def categorical(self, weights: TensorLike, count: int = 1, replacement: bool = True) -> Tensor:
        """Positions drawn with chances in proportion to `weights`, (..., choices) floats: int64 of
        shape (..., count). Without `replacement` no position is drawn twice.

        Errors: ArgumentError for weights that are negative, infinite, NaN or all 0, and for more
        draws without replacement than there are weights above 0. Inside a compiled function, where
        weights are not known yet, they are not looked at.

        >>> Generator(0).categorical([0.0, 1.0, 0.0], 3)
        tensor([1, 1, 1])
        """
        weights = weights if isinstance(weights, Tensor) else Tensor(weights)
        if weights.ndim < 1 or weights.dtype.kind != "f":
            raise ShapeError(
                f"categorical: weights are {weights.dtype} of shape {weights.shape}; expected "
                "floats of shape (n,) or (rows, n)"
            )
        _check_weights(weights, count, replacement)
        with no_grad():
            wide = e.astype(weights, dtypes.float64)

            def arrivals(draws: int) -> Tensor:
                # The first to arrive of exponential waiting times is a draw by their rates.
                waited = -e.log(1.0 - self._unit((draws, *weights.shape), dtypes.float64))
                return wide / e.maximum(waited, 2.0**-54)

            if not replacement:
                return topk(arrivals(1)[0], count)[1]
            return moveaxis(argmax(arrivals(count), -1), 0, -1)

    def host(self) -> np.random.Generator:
        """A NumPy generator seeded by one draw of this one, for work outside graphs."""
        made: np.random.Generator = numpy_random().Generator(philox(self.host_key("host")))
        return made

    def host_key(self, what: str = "host") -> int:
        """The 64-bit key of what `host` would give; one draw."""
        if state.trace is not None:
            raise TraceError(
                f"{what}: inside a compiled function there are no numbers yet; call it outside and "
                "pass the result as an argument"
            )
        seed, draws = self.state._array().tolist()
        self.state._write_element(1, (draws + 1) & 0xFFFFFFFF)
        return int(seed | draws << 32)

    @answered
    def permutation(self, n: int) -> Tensor:
        """The numbers 0 to n - 1 in random order."""
        n = as_integer("permutation", "n", n, 0)
        # NOTE: an argsort of raw bits, because NumPy promises the bits for ever, shuffles not.
        source = philox(self.host_key("permutation"))
        with room_for("permutation", (n,), dtypes.int64):
            bits = source.random_raw(n)
        return Tensor(np.argsort(bits, kind="stable"), dtypes.int64)

    @answered
    def rand(self, *shape: ShapeLike, requires_grad: bool = False) -> Tensor:
        """`uniform` with the sizes as arguments."""
        return self.uniform(_sizes(shape), requires_grad=requires_grad)

    @answered
    def randn(self, *shape: ShapeLike, requires_grad: bool = False) -> Tensor:
        """`normal` with the sizes as arguments."""
        return self.normal(_sizes(shape), requires_grad=requires_grad)


def _copied(numbers: Array) -> Generator:
    """A generator at this point of its draws."""
    made = Generator(0)
    made.state.assign(numbers)
    return made


def _check_weights(weights: Tensor, count: int, replacement: bool) -> None:
    """Refuse weights that are none, and draws that cannot be made."""
    choices = weights.shape[-1]
    as_integer("categorical", "count", count, 1)
    if not choices or (not replacement and count > choices):
        raise ArgumentError(
            f"categorical: {count} draws {'with' if replacement else 'without'} replacement "
            f"from {choices} weights"
        )
    if state.trace is not None:
        return
    rows = weights.numpy().reshape(-1, choices)
    wrong = rows[~((rows >= 0) & (rows < math.inf))]
    if wrong.size:
        raise ArgumentError(
            f"categorical: a weight is {wrong[0]}; weights are finite numbers, 0 or more. Of "
            "logits take softmax first"
        )
    above = np.count_nonzero(rows, axis=-1)
    least = 1 if replacement else count
    if rows.size and above.min() < least:
        row = int(above.argmin())
        raise ArgumentError(
            f"categorical: row {row} has {above[row]} weights above 0; {count} draws "
            f"{'with' if replacement else 'without'} replacement need {least}"
        )


def _float(what: str, dtype: DTypeLike | None) -> DType:
    dtype = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
    if dtype.kind != "f":
        raise ArgumentError(f"{what}: the dtype must be a float, not {dtype}")
    return dtype


def _sizes(shape: tuple[ShapeLike, ...]) -> Any:
    return shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape


# The generator behind `ranvier.seed` and the functions below.
generator = Generator()

seed = generator.seed
uniform = generator.uniform
normal = generator.normal
bernoulli = generator.bernoulli
randint = generator.randint
categorical = generator.categorical
permutation = generator.permutation
rand = generator.rand
randn = generator.randn

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
