"""Layered drawing: ranks, few crossings, and nothing upon anything else."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from ranvier.plots.networks.layering import Layout, layered, ranks_of

SIZE = (40.0, 20.0)


def crossings(layout: Layout) -> int:
    """Pairs of edges that cross, by the straight pieces of their routes."""
    pieces = [
        (a, b) for route in layout.routes for a, b in pairwise(route)
        if a[1] != b[1]
    ]  # fmt: skip
    count = 0
    for i, (a, b) in enumerate(pieces):
        for c, d in pieces[:i]:
            same_rows = a[1] == c[1] and b[1] == d[1]
            count += same_rows and (a[0] - c[0]) * (b[0] - d[0]) < -1e-6
    return count


def drawn(count: int, edges: list[tuple[int, int]]) -> Layout:
    return layered([SIZE[0]] * count, [SIZE[1]] * count, edges)


def check_apart(layout: Layout) -> None:
    for i, (x, y) in enumerate(layout.centers):
        assert SIZE[0] / 2 - 1e-6 <= x <= layout.width - SIZE[0] / 2 + 1e-6
        assert SIZE[1] / 2 - 1e-6 <= y <= layout.height - SIZE[1] / 2 + 1e-6
        for a, b in layout.centers[:i]:
            assert abs(x - a) >= SIZE[0] or abs(y - b) >= SIZE[1]


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs(seed: int) -> None:
    chance = random.Random(seed)
    count = 30
    edges = [(a, b) for b in range(count) for a in range(b) if chance.random() < 0.08]
    layout = drawn(count, edges)
    check_apart(layout)
    for (a, b), route in zip(edges, layout.routes, strict=True):
        assert layout.centers[a][1] < layout.centers[b][1]
        assert route[0] == (layout.centers[a][0], layout.centers[a][1] + SIZE[1] / 2)
        assert route[-1] == (layout.centers[b][0], layout.centers[b][1] - SIZE[1] / 2)
        for node, (x, y) in enumerate(layout.centers):  # no line runs through a box
            for (x0, y0), (_, y1) in zip(route[1:-1:2], route[2:-1:2], strict=False):
                assert node in (a, b) or y0 > y or y1 < y or abs(x0 - x) >= SIZE[0] / 2


def test_a_chain_is_straight() -> None:
    layout = drawn(20, [(i, i + 1) for i in range(19)])
    assert len({round(x, 6) for x, _ in layout.centers}) == 1


@pytest.mark.parametrize(
    ("count", "edges"),
    [
        (7, [(0, 3), (0, 4), (1, 5), (2, 6), (3, 5), (4, 6)]),
        (8, [(0, 4), (1, 5), (2, 6), (3, 7), (0, 7), (3, 4)]),  # a ring
        (15, [((i - 1) // 2, i) for i in range(1, 15)]),  # a tree
        (9, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5), (5, 6), (6, 7), (7, 8), (4, 8)]),
    ],
)
def test_what_can_be_drawn_without_crossings_is(count: int, edges: list[tuple[int, int]]) -> None:
    layout = drawn(count, edges)
    check_apart(layout)
    if count != 8:
        assert crossings(layout) == 0
    else:
        assert crossings(layout) <= 1


def test_few_crossings_of_a_shuffled_tree() -> None:
    chance = random.Random(0)
    order = list(range(31))
    chance.shuffle(order)
    edges = [(order[(i - 1) // 2], order[i]) for i in range(1, 31)]
    assert crossings(drawn(31, edges)) == 0


def test_ranks_are_close_to_the_first_use() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)]  # 4 and 5 are needed only at the end
    assert ranks_of(6, edges) == [0, 1, 2, 3, 1, 2]
    assert ranks_of(0, []) == []
    assert layered([], [], []).centers == []
