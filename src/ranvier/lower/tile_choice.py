"""The choice of a tile: how many rows and vectors of the result stay in registers."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..base.processor import processor

# Registers for accumulators: AVX2 and NEON pairs leave 12 of 16, AVX-512 28 of 32.
ACCUMULATORS = {16: 8, 32: 12, 64: 28}
_OTHER_REGISTERS = 4  # registers that are no accumulators
_MIN_SHAPE_GAIN = (
    0.08  # what a further shape of tile must gain in a small product: each is code of its own
)
_L1_ELEMENTS = 4096  # elements that stay in the first cache


class Tile(NamedTuple):
    """rows x (vectors * lanes) of the result."""

    rows: int
    vectors: int
    lanes: int

    @property
    def columns(self) -> int:
        return self.vectors * self.lanes


def host_tile(m: int, n: int, k: int, itemsize: int) -> Tile:
    """The tile on this machine."""
    return tile_for(m, n, k, itemsize, processor().vector_bytes)


def tile_cost(m: int, n: int, k: int, itemsize: int) -> float:
    """The estimated cycles of the product on this machine."""
    width = processor().vector_bytes
    return _choose(m, n, k, max(width // max(itemsize, 4), 1), ACCUMULATORS.get(width, 12))[1]


def tile_for(m: int, n: int, k: int, itemsize: int, vector_bytes: int) -> Tile:
    """The tile for vectors of so many bytes."""
    lanes = max(vector_bytes // max(itemsize, 4), 1)
    return _choose(m, n, k, lanes, ACCUMULATORS.get(vector_bytes, 12))[0]


@lru_cache(maxsize=4096)
def _choose(m: int, n: int, k: int, lanes: int, registers: int) -> tuple[Tile, float]:
    """The tile with the lowest estimated time, in cycles, for an m x k by k x n product.

    An iteration of k takes the multiply-adds at two a cycle, but at least the four cycles of
    latency of one, and a little for the loads."""
    while lanes > 1 and lanes // 2 >= n:
        lanes //= 2
    best, best_cost = Tile(1, 1, lanes), float("inf")
    piece = _MIN_SHAPE_GAIN if m * n * k < 500_000 else 0.0
    for rows in range(1, min(m, 8) + 1):
        for vectors in range(1, 5):
            # NOTE: the vectors of y and one element of x need registers beside the accumulators.
            needed = max(rows * vectors, (rows + 1) * vectors + 1 - _OTHER_REGISTERS)
            if needed > registers or (vectors > 1 and (vectors - 1) * lanes >= n):
                continue
            cost, pieces = 0.0, 0
            for r, times_r in ((rows, m // rows), (m % rows, 1)):
                for v, times_v in _panels(n, vectors, lanes):
                    if r and v and times_r and times_v:
                        cycles = max(r * v / 2, 4.0, (r + v) * 0.55) + 0.1 * r + 0.25 * v
                        if (
                            k * v * lanes > _L1_ELEMENTS
                        ):  # the panel of y comes from the second cache
                            cycles += 0.5 * v
                        cost += times_r * times_v * (cycles * k + 12 + 2 * r * v)
                        pieces += 1
            cost *= 1 + piece * (pieces - 1)
            if cost < best_cost * (1 - 1e-9):
                best, best_cost = Tile(rows, vectors, lanes), cost
    return best, best_cost


def _panels(n: int, vectors: int, lanes: int) -> list[tuple[int, int]]:
    """(vectors, how many) of the full panels and of the last, narrower one."""
    columns = vectors * lanes
    rest = n % columns
    return [(vectors, n // columns), (-(-rest // lanes), 1 if rest else 0)]
