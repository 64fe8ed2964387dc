"""Random bits from a counter: the same on every executor and for any number of threads.

Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
the bits of element i are a function of the key and of i alone.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..errors import DTypeError, ShapeError
from ..graph.node import Spec, Value
from ..typing import Array, Shape, ShapeLike, V
from .creation import as_shape, check_sizes
from .elementwise.builder import BitBuilder, E, ElementBuilder, ElementOp
from .op import Gradients, Mapped, apply, register

_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_PARITY = 0x1BD11BDA


def threefry(m: BitBuilder[E], key0: E, key1: E, x0: E, x1: E) -> tuple[E, E]:
    """The 20 rounds, in the additions, rotations and exclusive-ors of the builder `m`."""
    keys = (key0, key1, m.bit_xor(m.bit_xor(key0, key1), m.const(_PARITY, key0)))
    x0, x1 = m.add(x0, keys[0]), m.add(x1, keys[1])
    for group in range(5):
        for r in _ROTATIONS[:4] if group % 2 == 0 else _ROTATIONS[4:]:
            x0 = m.add(x0, x1)
            x1 = m.bit_xor(m.rotate_left(x1, r), x0)
        x0 = m.add(x0, keys[(group + 1) % 3])
        x1 = m.add(x1, m.add(keys[(group + 2) % 3], m.const(group + 1, key0)))
    return x0, x1


class _NumPyMachine:
    """The four operations of `threefry` on uint32 arrays."""

    def const(self, value: int, like: Array) -> Array:
        return np.asarray(value, np.uint32)

    def add(self, x: Array, y: Array) -> Array:
        return np.add(x, y, dtype=np.uint32)

    def bit_xor(self, x: Array, y: Array) -> Array:
        return np.bitwise_xor(x, y)

    def rotate_left(self, x: Array, r: int) -> Array:
        return np.bitwise_or(np.left_shift(x, np.uint32(r)), np.right_shift(x, np.uint32(32 - r)))


class RandomBits(ElementOp):
    """uint32 random bits of the given shape from `key`, a uint32 tensor of shape (2,).

    A key with axes in front, (..., 2), is many keys: for each of them bits of its own.
    """

    name = "random_bits"
    kind = "random"
    cost = 40

    def __call__(self, key: V, shape: ShapeLike) -> V:
        return apply(self, key, shape=as_shape(shape))

    def infer(self, key: Spec, *, shape: Shape) -> Spec:
        check_sizes(self.name, shape)
        if key.dtype != dtypes.uint32:
            raise DTypeError(f"random_bits: the key must be uint32, not {key.dtype}")
        if not key.shape or key.shape[-1] != 2:
            raise ShapeError(
                f"random_bits: the key must have shape (2,), or (..., 2) for many keys, not "
                f"{key.shape}"
            )
        return Spec((*key.shape[:-1], *shape), dtypes.uint32)

    def reference(self, key: Array, *, shape: Shape) -> Array:
        size = int(np.prod(shape, dtype=np.int64))
        counter = np.arange(size, dtype=np.uint32)
        words = key[..., 0, np.newaxis], key[..., 1, np.newaxis]
        with np.errstate(over="ignore"):
            zeros = np.zeros_like(counter)
            bits: Array = threefry(_NumPyMachine(), *words, counter, zeros)[0]
        return bits.reshape((*key.shape[:-1], *shape))

    def gradient(self, grad: Value, out: Value, key: Value, *, shape: Shape) -> Gradients:
        return (None,)

    def vmap(self, members: int, mapped: Mapped, key: V, *, shape: Shape) -> V:
        return apply(self, key, shape=shape)

    def scalar(self, m: ElementBuilder[E], key0: E, key1: E, index: E) -> E:
        """The bits of element `index` (row-major, uint32)."""
        return threefry(m, key0, key1, index, m.const(0, index))[0]


random_bits = register(RandomBits())
