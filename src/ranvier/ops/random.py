"""Random bits from a counter: the same on every executor and for any number of threads.

Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
the bits of element i are a function of the key and of i alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..errors import DTypeError, ShapeError
from ..graph.node import Spec
from ..typing import Shape
from .creation import check_sizes, new_shape
from .op import Op, apply, register

_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_PARITY = 0x1BD11BDA


def threefry(m: Any, key0: Any, key1: Any, x0: Any, x1: Any) -> tuple[Any, Any]:
    """The 20 rounds, in the additions, rotations and exclusive-ors of the machine `m`."""
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

    def const(self, value: int, like: Any) -> Any:
        return np.uint32(value)

    def add(self, x: Any, y: Any) -> Any:
        return np.add(x, y, dtype=np.uint32)

    def bit_xor(self, x: Any, y: Any) -> Any:
        return np.bitwise_xor(x, y)

    def rotate_left(self, x: Any, r: int) -> Any:
        return np.bitwise_or(np.left_shift(x, np.uint32(r)), np.right_shift(x, np.uint32(32 - r)))


class RandomBits(Op):
    """uint32 random bits of the given shape from `key`, a uint32 tensor of shape (2,)."""

    name = "random_bits"
    kind = "random"
    cost = 40

    def __call__(self, key: Any, shape: Any) -> Any:
        return apply(self, key, shape=new_shape(shape))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        (key,) = specs
        check_sizes(self.name, params["shape"])
        if key.dtype != dtypes.uint32:
            raise DTypeError(f"random_bits: the key must be uint32, not {key.dtype}")
        if key.shape != (2,):
            raise ShapeError(f"random_bits: the key must have shape (2,), not {key.shape}")
        return Spec(params["shape"], dtypes.uint32)

    def reference(self, key: Any, *, shape: Shape) -> Any:
        size = int(np.prod(shape, dtype=np.int64))
        counter = np.arange(size, dtype=np.uint32)
        with np.errstate(over="ignore"):
            bits, _ = threefry(_NumPyMachine(), key[0], key[1], counter, np.zeros_like(counter))
        return bits.reshape(shape)

    def gradient(self, grad: Any, out: Any, key: Any, *, shape: Shape) -> tuple[Any, ...]:
        return (None,)

    def scalar(self, m: Any, key0: Any, key1: Any, index: Any) -> Any:
        """The bits of element `index` (row-major, uint32)."""
        return threefry(m, key0, key1, index, m.const(0, index))[0]


random_bits = register(RandomBits())
