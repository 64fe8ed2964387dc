"""The running sums of all members: those of one, with the axis of members in front."""

from __future__ import annotations

import math

import numpy as np

from ...base.aligned import CACHE_LINE, aligned
from ...typing import Array
from ..steps.sums import Sums

_LINE = CACHE_LINE // 8  # float64 in a cache line; each array begins on one of its own


class MembersSums:
    """The sums of `one` member for `members` of them, float64 and all in one array."""

    def __init__(self, one: Sums, members: int) -> None:
        self.one, self.members = one, members
        starts, end = [], 0
        for _, shape in one.ranges:
            starts.append(end)
            end += -(-members * max(1, math.prod(shape)) // _LINE) * _LINE
        self.flat = aligned(np.zeros(end))
        # Where the numbers of each member lie, in the order of the sums of one.
        self._index = np.zeros((members, len(one.flat)), np.int64)
        self.arrays: dict[int, Array] = {}
        for start, (at, shape), t in zip(starts, one.ranges, one.tensors, strict=True):
            size = math.prod(shape)
            self.arrays[id(t)] = self.flat[start : start + members * size].reshape(members, *shape)
            offsets = start + np.arange(members * size).reshape(members, size)
            self._index[:, at : at + size] = offsets

    def reset(self) -> None:
        """Back to the start of an epoch."""
        self.flat[:] = 0.0

    def results(self, rows: int, flat: Array | None = None) -> dict[str, list[float]]:
        """Loss and metrics over the `rows` seen so far, of each member."""
        numbers = (self.flat if flat is None else flat)[self._index]
        return self.one.columns(rows, numbers)
