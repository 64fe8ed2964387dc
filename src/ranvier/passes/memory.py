"""Memory: one offset in the arena for every buffer that lives inside the graph.

Needs to know when each buffer is first written and last read (as kernel numbers) and how large it
is; leaves an offset for each. Buffers that never live together share memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..base.aligned import CACHE_LINE


class Life(NamedTuple):
    """A buffer's first and last kernel, and its size in bytes."""

    first: int
    last: int
    size: int


def plan(lives: Sequence[Life]) -> tuple[list[int], int]:
    """The offset of each buffer, and the size of the arena, in bytes.

    >>> plan([Life(0, 1, 100), Life(1, 2, 64), Life(2, 3, 100)])
    ([0, 128, 0], 192)
    """
    offsets = [0] * len(lives)
    allocated: list[int] = []
    top = 0
    # Large buffers first: small ones then fill the gaps.
    for i in sorted(range(len(lives)), key=lambda i: (-lives[i].size, lives[i].first)):
        life = lives[i]
        taken = sorted(
            (offsets[j], offsets[j] + _aligned(lives[j].size))
            for j in allocated
            if lives[j].first <= life.last and life.first <= lives[j].last
        )
        at = 0
        for begin, end in taken:
            if at + _aligned(life.size) <= begin:
                break
            at = max(at, end)
        offsets[i] = at
        allocated.append(i)
        top = max(top, at + _aligned(life.size))
    return offsets, top


def _aligned(size: int) -> int:
    return max(CACHE_LINE, -(-size // CACHE_LINE) * CACHE_LINE)
