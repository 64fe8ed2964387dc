"""Sorting, the k largest, and draws by weight: every dtype, every edge, eager and compiled."""

from __future__ import annotations

import numpy as np
import pytest

import ranvier
from ranvier.errors import ArgumentError, ShapeError
from ranvier.tensors import ordering

inf, nan = np.inf, np.nan
ROWS = {
    "float32": [
        [1, -inf, -inf, 2],
        [nan, inf, nan, -inf],
        [0.0, -0.0, 3, 3],
        [-inf] * 4,
        [nan] * 4,
    ],
    "float16": [[nan] * 4],
    "float64": [[1e300, -inf, 2, 2], [nan, -1, -1, 0]],
    "int64": [[2**53 + 1, 2**53, -(2**63), 2**63 - 1], [-(2**63)] * 4, [5, 5, 1, 1]],
    "int32": [[-(2**31), 2**31 - 1, 0, 0]],
    "uint8": [[0, 255, 0, 255], [0, 0, 0, 0]],
    "bool": [[True, False, True, False], [False] * 4],
}


def by_hand(row: list[float], descending: bool) -> list[int]:
    """Positions in order by Python's stable sort; NaN is the largest."""

    def key(i: int) -> tuple[bool, float]:
        return (row[i] != row[i], 0 if row[i] != row[i] else row[i])

    if not descending:
        return sorted(range(len(row)), key=key)
    backwards = list(range(len(row)))[::-1]
    return sorted(backwards, key=key)[::-1]


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("dtype", list(ROWS))
def test_topk_and_sort(dtype: str, largest: bool) -> None:
    x = ranvier.tensor(np.array(ROWS[dtype], dtype))
    order = np.array([by_hand(row, largest) for row in x.tolist()])
    np.testing.assert_array_equal(ordering.argsort(x, 1, largest).numpy(), order)
    expected = np.take_along_axis(x.numpy(), order, 1)
    np.testing.assert_array_equal(ordering.sort(x, -1, largest).numpy(), expected)
    compiled = ranvier.compile(ordering.topk)
    for k in range(5):
        for topk in (ordering.topk, compiled):
            values, indices = topk(x, k, -1, largest)
            assert values.dtype == x.dtype and indices.dtype == np.int64
            np.testing.assert_array_equal(indices.numpy(), order[:, :k])
            np.testing.assert_array_equal(values.numpy(), expected[:, :k])
    turned, _ = ordering.topk(ranvier.permute_dims(x, (1, 0)), 2, 0, largest)
    np.testing.assert_array_equal(turned.numpy(), expected[:, :2].T)


@pytest.mark.parametrize("k", [-1, 4, 1.0, True])
def test_topk_refuses(k: int) -> None:
    with pytest.raises(ArgumentError, match="topk: k="):
        ordering.topk([1.0, 2.0, 3.0], k)


def test_topk_passes_gradients_to_the_chosen() -> None:
    gradient = ranvier.grad(lambda x: ranvier.sum(ordering.topk(x, 2)[0] * ranvier.arange(1, 3)))
    assert gradient(ranvier.tensor([1.0, 3.0, 2.0])).tolist() == [0.0, 1.0, 2.0]


def test_draws_without_replacement_are_never_doubled() -> None:
    """Weights of 0 are never drawn, however many draws there are."""
    random = ranvier.random.Generator(0)
    weights = np.tile([0.0, 1.0, 1e-30, 5.0, 0.0, 1e30], (2000, 1))
    drawn = random.categorical(ranvier.tensor(weights), 4, replacement=False).numpy()
    assert {tuple(sorted(row)) for row in drawn} == {(1, 2, 3, 5)}
    drawn = random.categorical(ranvier.tensor(weights), 3).numpy()
    assert set(drawn.ravel()) <= {1, 2, 3, 5}


@pytest.mark.parametrize("replacement", [True, False])
def test_draws_follow_the_weights(replacement: bool) -> None:
    share = np.array([0.1, 0.0, 0.6, 0.3])
    weights = ranvier.tensor(np.tile(share * 7, (40_000, 1)))
    drawn = ranvier.random.Generator(1).categorical(weights, 2, replacement).numpy()
    first = np.bincount(drawn[:, 0], minlength=4) / len(drawn)
    np.testing.assert_allclose(first, share, atol=0.012)  # five standard errors
    second = np.bincount(drawn[drawn[:, 0] == 2, 1], minlength=4)
    left = share * ([1, 1, 1, 1] if replacement else [1, 1, 0, 1])
    np.testing.assert_allclose(second / second.sum(), left / left.sum(), atol=0.016)


@pytest.mark.parametrize(
    ("weights", "count", "replacement", "message"),
    [
        ([0.5, -0.1], 1, True, "a weight is -0.1"),
        ([0.5, nan], 1, True, "a weight is nan"),
        ([0.5, inf], 1, True, "a weight is inf"),
        ([0.0, 0.0], 1, True, "row 0 has 0 weights above 0"),
        ([[1.0, 1.0], [0.0, 1.0]], 2, False, "row 1 has 1 weights above 0"),
        ([1.0, 1.0], 3, False, "3 draws without replacement from 2"),
        ([1.0, 1.0], 0, True, "count=0; expected an integer of at least 1"),
        (np.zeros((2, 0)), 1, True, "from 0 weights"),
    ],
)
def test_weights_that_are_none(
    weights: list[float], count: int, replacement: bool, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        ranvier.random.categorical(ranvier.tensor(weights, "float64"), count, replacement)


def test_weights_of_a_wrong_kind() -> None:
    for wrong in (ranvier.tensor([1, 2]), ranvier.tensor(1.0)):
        with pytest.raises(ShapeError, match="categorical: weights are"):
            ranvier.random.categorical(wrong)


@pytest.mark.parametrize(
    "call", [lambda r: r.normal((2,), 0.0, -1.0), lambda r: r.uniform((2,), 3, 1)]
)
def test_draws_from_nothing_are_refused(call: object) -> None:
    with pytest.raises(ArgumentError, match="std=-1|low=3"):
        call(ranvier.random)  # type: ignore[operator]
