"""Layered drawing of a directed graph without cycles (Sugiyama, Tagawa and Toda 1981).

In four steps: each node gets a rank below all that it reads; edges over more than one rank are
cut into pieces by invisible nodes; the nodes of a rank are put in an order with few crossings, by
the mean position of their neighbours, downwards and upwards in alternation; then each moves as
close to the mean of its neighbours as the others of its rank allow.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..drawing import Point

_SWEEPS = 20  # over the ranks, for the orders and again for the positions
_STRAIGHT = 6.0  # how much more a long edge wants to be straight than a short one
_LIGHT = 0.02  # how much the edge of a light node pulls
_EDGE_WIDTH = 10.0  # the room of an edge that passes a rank

Edge = tuple[int, int]


class Layout(NamedTuple):
    """Where everything lies, in pixels from the top left corner.

    centers: of the boxes. routes: of each edge the points from the lower side of the box where it
    begins to the upper side of that where it ends: pairs of points, between which it is bent.
    """

    centers: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def ranks_of(count: int, edges: Sequence[Edge]) -> list[int]:
    """The row of each node: below all its inputs, and as close above its first use as they allow.

    >>> ranks_of(4, [(0, 1), (1, 2), (3, 2)])
    [0, 1, 2, 1]
    """
    sources: list[list[int]] = [[] for _ in range(count)]
    users: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        sources[end].append(start)
        users[start].append(end)
    waiting = [len(below) for below in sources]
    ready = [node for node in range(count) if not waiting[node]]
    ranks = [0] * count
    for node in ready:  # grows while it is walked
        ranks[node] = max((ranks[x] + 1 for x in sources[node]), default=0)
        for user in users[node]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    for node in reversed(ready):
        if users[node]:
            ranks[node] = min(ranks[user] for user in users[node]) - 1
    return ranks


def layered(
    widths: Sequence[float],
    heights: Sequence[float],
    edges: Sequence[Edge],
    gap: tuple[float, float] = (16.0, 26.0),
    light: Container[int] = (),
) -> Layout:
    """The layout of nodes of these sizes; `gap` is between the boxes of a rank, and between ranks.

    Edges are (start, end) and form no cycle. `light` nodes go where the others leave room.

    >>> layered([40, 40], [20, 20], [(0, 1)]).centers
    [(20.0, 10.0), (20.0, 56.0)]
    """
    return _Layering(list(widths), list(heights), list(edges), gap, light).layout()


class _Layering:
    """The nodes and the pieces of edges: `wide` their widths, `above` and `below` neighbours."""

    def __init__(
        self,
        widths: list[float],
        heights: list[float],
        edges: list[Edge],
        gap: tuple[float, float],
        light: Container[int],
    ) -> None:
        self.count, self.edges, self.gap, self.heights = len(widths), edges, gap, heights
        self.light = light
        ranks = ranks_of(self.count, edges)
        self.rank = list(ranks)
        self.wide = list(widths)
        self.above: list[list[int]] = [[] for _ in widths]
        self.below: list[list[int]] = [[] for _ in widths]
        self.chains: list[list[int]] = []  # of each edge the nodes that it passes
        for start, end in edges:
            chain = [start]
            for rank in range(ranks[start] + 1, ranks[end]):
                chain.append(len(self.wide))
                self.wide.append(_EDGE_WIDTH)
                self.rank.append(rank)
                self.above.append([])
                self.below.append([])
            chain.append(end)
            for a, b in pairwise(chain):
                self.below[a].append(b)
                self.above[b].append(a)
            self.chains.append(chain)
        self.rows: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        self._begin()

    def _begin(self) -> None:
        """The first order: as a walk along the edges meets the nodes."""
        seen: set[int] = set()
        stack = [node for node in reversed(range(self.count)) if not self.above[node]]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            self.rows[self.rank[node]].append(node)
            stack.extend(reversed(self.below[node]))

    def layout(self) -> Layout:
        self._order()
        x = self._positions()
        tops, bottoms = self._levels()
        low = min((x[n] - self.wide[n] / 2 for n in range(len(x))), default=0.0)
        x = [value - low for value in x]
        middle = [(a + b) / 2 for a, b in zip(tops, bottoms, strict=True)]
        centers = [(x[n], middle[self.rank[n]]) for n in range(self.count)]
        routes = []
        for chain in self.chains:
            first, last = chain[0], chain[-1]
            points = [(x[first], centers[first][1] + self.heights[first] / 2)]
            for node in chain[1:-1]:
                rank = self.rank[node]
                points += [(x[node], tops[rank]), (x[node], bottoms[rank])]
            points.append((x[last], centers[last][1] - self.heights[last] / 2))
            routes.append(points)
        width = max((x[n] + self.wide[n] / 2 for n in range(len(x))), default=0.0)
        return Layout(centers, routes, width, bottoms[-1] if bottoms else 0.0)

    # --- orders ---

    def _order(self) -> None:
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            down = sweep % 2 == 0
            rows = self.rows[1:] if down else self.rows[-2::-1]
            for row in rows:
                self._sort(row, self.above if down else self.below)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def _sort(self, row: list[int], neighbours: list[list[int]]) -> None:
        """By the mean position of the neighbours; what has none keeps its index."""
        position = {n: i for other in self.rows for i, n in enumerate(other)}
        own = {n: i for i, n in enumerate(row)}

        def wanted(node: int) -> tuple[float, int]:
            others = neighbours[node]
            if not others:
                return float(own[node]), own[node]
            return sum(position[x] for x in others) / len(others), own[node]

        row.sort(key=wanted)

    def _crossings(self) -> int:
        total = 0
        for upper, lower in pairwise(self.rows):
            position = {n: i for i, n in enumerate(lower)}
            passed: list[int] = []
            for node in upper:
                ends = sorted(position[x] for x in self.below[node])
                total += sum(len(passed) - bisect_right(passed, end) for end in ends)
                for end in ends:
                    insort(passed, end)
        return total

    # --- positions ---

    def _positions(self) -> list[float]:
        x = [0.0] * len(self.wide)
        for row in self.rows:
            offset = 0.0
            for node in row:
                x[node] = offset + self.wide[node] / 2
                offset += self.wide[node] + self.gap[0]
            for node in row:
                x[node] -= (offset - self.gap[0]) / 2
        for sweep in range(_SWEEPS):
            for row in self.rows if sweep % 2 == 0 else self.rows[::-1]:
                self._move(row, x, sweep)
        return x

    def _move(self, row: list[int], x: list[float], sweep: int) -> None:
        """Each node as close to its neighbours as the order and the widths allow.

        The positions with the smallest sum of weighted squares are those of an isotonic
        regression, found by pooling neighbours that would overlap.
        """
        offset, before = 0.0, 0.0
        pools: list[list[float]] = []  # weight, weighted sum, number of nodes
        offsets = []
        for i, node in enumerate(row):
            if i:
                offset += (before + self.wide[node]) / 2 + self.gap[0]
            before = self.wide[node]
            offsets.append(offset)
            pull = [(x[n], self._weight(node, n)) for n in self._pulling(node, sweep)]
            pull = pull or [(x[node], 0.1)]
            weight = sum(w for _, w in pull)
            pools.append([weight, sum(v * w for v, w in pull) - weight * offset, 1])
            while len(pools) > 1 and pools[-2][1] / pools[-2][0] > pools[-1][1] / pools[-1][0]:
                last = pools.pop()
                pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
        index = 0
        for weight, total, count in pools:
            for _ in range(int(count)):
                x[row[index]] = total / weight + offsets[index]
                index += 1

    def _pulling(self, node: int, sweep: int) -> list[int]:
        """The neighbours that a node follows: those above, those below, at the end all of them;
        light ones only where there are no others.
        """
        sides = (self.above[node], self.below[node])
        heavy = [[n for n in side if n not in self.light] for side in sides]
        first, second = heavy if any(heavy) else sides
        if sweep >= _SWEEPS - 2:
            return first + second
        return (first or second) if sweep % 2 == 0 else (second or first)

    def _weight(self, a: int, b: int) -> float:
        if a in self.light or b in self.light:
            return _LIGHT
        inner = (a >= self.count) + (b >= self.count)
        return (1.0, 2.0, _STRAIGHT)[inner]

    def _levels(self) -> tuple[list[float], list[float]]:
        """The upper and lower edge of each rank."""
        tops, bottoms = [], []
        y = 0.0
        for row in self.rows:
            high = max((self.heights[n] for n in row if n < self.count), default=0.0)
            tops.append(y)
            bottoms.append(y + high)
            y += high + self.gap[1]
        return tops, bottoms
