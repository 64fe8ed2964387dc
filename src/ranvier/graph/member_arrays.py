"""Models of one form that one graph serves: whose arrays it runs on, and over which rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..typing import Array


@dataclass
class MembersArrays:
    """The arrays that a graph reads and changes, of each member.

    `arrays[m]` are those of member m, in the order of the graph's inputs behind the rows and their
    count; `addresses` (members, inputs) of uint64 says where they lie.
    """

    arrays: Sequence[Sequence[Array]]
    addresses: Array

    def __len__(self) -> int:
        return len(self.addresses)

    def part(self, count: int) -> MembersArrays:
        """The first `count` members."""
        return self if count == len(self) else MembersArrays(self.arrays, self.addresses[:count])


@dataclass
class MembersRows:
    """The rows of a stretch of steps.

    `streams` are the rows of all members, or where they stand in `own`, (members, rows, ...), those
    of each. The order in which a member sees them is `order`, or it is drawn with the member's key,
    from number `drawn` on, for `epochs` epochs of `width` rows each, `total` of which are real.
    """

    streams: Sequence[Array]
    own: frozenset[int]
    total: int
    width: int
    epochs: int
    order: Array | None = None
    keys: Array | None = None
    drawn: int = 0

    def order_of(self, member: int, draw: Callable[[int, int, int, Array], None]) -> Array:
        """The order of one member; `draw` is that of the executor."""
        if self.keys is None:
            assert self.order is not None
            return self.order
        out = np.empty((self.epochs, self.width), np.int64)
        draw(int(self.keys[member]), self.drawn, self.total, out)
        return out.reshape(-1)

    def of(self, member: int) -> list[Array]:
        """The rows of one member."""
        return [a[member] if i in self.own else a for i, a in enumerate(self.streams)]
