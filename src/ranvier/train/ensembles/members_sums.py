"""The running sums of all members: a line for each, in the order of the sums of one."""

from __future__ import annotations

import numpy as np

from ...base.aligned import aligned
from ...typing import Array
from ..steps.sums import Sums


class MembersSums:
    """The sums of `one` member for `members` of them, float64 and all in one array."""

    def __init__(self, one: Sums, members: int) -> None:
        self.one = one
        self.flat = aligned(np.zeros((members, len(one.flat))))
        # Where each tensor of the sums of one begins in a line.
        self.offsets = {
            id(t): at for (at, _), t in zip(one.ranges, one.tensors, strict=True)
        }  # fmt: skip

    def reset(self) -> None:
        """Back to the start of an epoch."""
        self.flat[:] = 0.0

    def results(self, rows: int, flat: Array | None = None) -> dict[str, list[float]]:
        """Loss and metrics over the `rows` seen so far, of each member."""
        return self.one.columns(rows, self.flat if flat is None else flat)
