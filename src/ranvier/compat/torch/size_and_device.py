"""Sizes and devices as PyTorch says them; there is one device, the CPU."""

from __future__ import annotations

import math
from typing import Any

from ...errors import ArgumentError
from ...graph.row_count import RowCount
from ...graph.sizes import is_unknown
from ...typing import Shape


class Sizes(int):
    """The number of elements, as Ranvier has it; called, the shape or one size of it, as PyTorch
    has it: `x.size(0)`.
    """

    shape: Shape

    def __new__(cls, shape: Shape) -> Sizes:
        self = super().__new__(cls, math.prod(shape))
        self.shape = shape
        return self

    def __call__(self, dim: int | None = None) -> Shape | int:
        return self.shape if dim is None else self.shape[dim]


class RowSizes(RowCount):
    """The same of a shape with a number of rows that is not known."""

    __slots__ = ("shape",)

    def __init__(self, size: RowCount, shape: Shape) -> None:
        super().__init__(size.coefficients)
        self.shape = shape

    def __call__(self, dim: int | None = None) -> Shape | int:
        return self.shape if dim is None else self.shape[dim]


def sizes(shape: Shape) -> Sizes | RowSizes:
    """The number of elements of a shape, to be called."""
    size: object = math.prod(shape)
    return RowSizes(size, shape) if isinstance(size, RowCount) else Sizes(shape)


def sizes_of(sizes: tuple[Any, ...]) -> Shape:
    """Sizes given one by one or as one tuple."""
    is_tuple = len(sizes) == 1 and isinstance(sizes[0], tuple | list)
    return tuple(n if is_unknown(n) else int(n) for n in (sizes[0] if is_tuple else sizes))


class Device(str):
    """The name of a device; all tensors are in main memory, on the "cpu"."""

    @property
    def type(self) -> str:
        """ "cpu"."""
        return str(self)


CPU = Device("cpu")


def device(name: object = "cpu", index: int | None = None) -> Device:
    """`torch.device`: "cpu"; there is no other."""
    if str(name).partition(":")[0] != "cpu":
        raise ArgumentError(f"torch.device({name!r}): Ranvier computes on the CPU; use 'cpu'")
    return CPU
