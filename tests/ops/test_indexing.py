"""Indexing means what NumPy means, eager, compiled and in gradients."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ranvier
from engines import ENGINES
from ranvier.errors import DTypeError, ShapeError, StateError, TraceError

SHAPE = (3, 4, 5, 2)
X = np.arange(120.0).reshape(SHAPE)
MASK = X[:, :, 0, 0] % 3 == 0
KEYS: list[Any] = [
    0, -1, (1, 2), slice(None, None, -1), (..., 0), (None, 1, ..., None),
    (slice(2, 0, -1), slice(1, None, 2)), [0, 2], ([0, 1], [1, 2]), (0, slice(None), [1, 2]),
    (slice(None), [0, 1], slice(None), [0, 1]), (slice(None), [[0], [1]], [1, -2]),
    (0, [1], None, [2]), slice(5, 1), [], (slice(None, None, -2), ..., [1, 0]), np.array(1),
    (1, ..., np.array([0, -1])), (2, 3, 4, 1), (slice(-2, None), slice(None, -1)), ...,
]  # fmt: skip
MASKS: list[Any] = [X > 50, MASK, (slice(None), np.array([True, False, True, True])), (MASK, 0)]
INDICES = [i for i, key in enumerate(KEYS)]


@pytest.mark.parametrize("key", KEYS + MASKS, ids=repr)
def test_reads_as_numpy(key: Any) -> None:
    np.testing.assert_array_equal(ranvier.tensor(X)[key].numpy(), X[key], strict=True)


@pytest.mark.parametrize("key", KEYS + MASKS, ids=repr)
def test_writes_as_numpy(key: Any) -> None:
    for value in (7.0, np.random.default_rng(0).normal(size=X[key].shape)):
        ours, theirs = ranvier.tensor(X), X.copy()
        ours[key] = value
        theirs[key] = value
        np.testing.assert_array_equal(ours.numpy(), theirs)


@pytest.mark.parametrize("engine", ENGINES)
def test_reads_and_writes_when_compiled(engine: str) -> None:
    def f(x: Any) -> Any:
        out = [x[key] for key in KEYS + MASKS if X[key].size]
        y = x * 1
        y[1:, ::2] = -1.0
        y[[0, 0], [1, 1]] = ranvier.reshape(ranvier.arange(20.0, dtype="float64"), (2, 5, 2))
        return [*out, y]

    eager = f(ranvier.tensor(X))
    for a, b in zip(eager, ranvier.compile(f, engine=engine)(X), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), strict=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_positions_may_be_tensors_when_compiled(engine: str) -> None:
    def f(x: Any, i: Any, j: Any) -> Any:
        y = x * 1
        y[i, j] = ranvier.arange(3.0, dtype="float64")
        return x[i], x[i, j], x[:, j], x[i, ..., 0], y

    x, i, j = X[:, :, 0, 0], np.array([0, 2, 0]), np.array([1, -1, 1])
    got = ranvier.compile(f, engine=engine)(x, i, j)
    y = x.copy()
    y[i, j] = np.arange(3.0)
    for a, b in zip(got, (x[i], x[i, j], x[:, j], x[i, ..., 0], y), strict=True):
        np.testing.assert_array_equal(a.numpy(), b)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_basic_key_reads_as_numpy(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    x = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    np.testing.assert_array_equal(ranvier.tensor(x)[key].numpy(), x[key], strict=True)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_integer_arrays_read_as_numpy(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    x = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    result = hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)
    key = data.draw(hnp.integer_array_indices(shape, result_shape=result))
    np.testing.assert_array_equal(ranvier.tensor(x)[key].numpy(), x[key], strict=True)


@pytest.mark.parametrize("key", [KEYS[i] for i in (0, 3, 6, 9, 10, 11)] + MASKS[:2], ids=repr)
def test_gradients(key: Any) -> None:
    x = np.random.default_rng(0).normal(size=SHAPE)
    gradient = ranvier.grad(lambda x: ranvier.sum(x[key] ** 2))(x).numpy()
    expected = np.zeros(SHAPE)
    np.add.at(expected, key, 2 * x[key])
    np.testing.assert_allclose(gradient, expected)


def test_a_position_chosen_twice_gets_both_gradients() -> None:
    gradient = ranvier.grad(lambda x: ranvier.sum(x[[0, 0, 1]]))(ranvier.zeros(3))
    assert gradient.tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("key", "kind", "text"),
    [
        (3, ShapeError, "index 3 is outside axis 0 of size 3"),
        ((0, -5), ShapeError, "index -5 is outside axis 1 of size 4"),
        ((None, 0, [4]), ShapeError, "index 4 is outside axis 2 of size 4"),
        ((0, 0, 0, 0, 0), ShapeError, "5 indices for a tensor of shape"),
        ((..., ...), ShapeError, "may stand only once"),
        (slice(None, None, 0), ShapeError, "step of a slice cannot be 0"),
        (1.5, DTypeError, "expected numbers, slices"),
        ("a", DTypeError, "expected numbers, slices"),
        (True, DTypeError, "single bool"),
        (slice(0, 1.5), DTypeError, "integers"),
    ],
)
def test_errors(key: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        ranvier.tensor(X)[key]


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="bool"):
        ranvier.tensor(X)[np.ones((2, 4), bool)]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_a_mask_without_axes_takes_all_or_nothing_along_a_new_axis(shape: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape, dtype=int), dtype="f").reshape(shape)
    for wanted in (np.array(True), np.array(False)):
        mask = ranvier.tensor(wanted)
        for found in (
            ranvier.tensor(x)[mask],
            ranvier.tensor(x)[wanted],
            ranvier.compile(lambda x: x[wanted] + 0)(x),  # noqa: B023
        ):
            np.testing.assert_array_equal(found.numpy(), x[wanted], strict=True)
        if shape:
            found = ranvier.tensor(x)[..., mask]
            np.testing.assert_array_equal(found.numpy(), x[..., wanted], strict=True)
            found = ranvier.tensor(x)[mask, :1]
            np.testing.assert_array_equal(found.numpy(), x[wanted, :1], strict=True)


def test_a_mask_made_inside_a_compiled_function_is_refused_with_a_way_out() -> None:
    with pytest.raises(TraceError, match=r"Use ranvier.where\(mask"):
        ranvier.compile(lambda x: x[x > 0], engine="reference")(X)


def test_a_mask_may_be_filled_inside_a_compiled_function() -> None:
    def f(x: Any) -> Any:
        x = x * 1
        x[x > 50] = 0.0
        return x

    got = ranvier.compile(f, engine="reference")(X)
    np.testing.assert_array_equal(got.numpy(), np.where(X > 50, 0, X))


def test_writing_keeps_history() -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(StateError, match="a leaf that requires a gradient cannot be changed"):
        w[0] = 1.0
    with ranvier.no_grad():
        w[0] = 5.0
    assert w.tolist() == [5.0, 2.0] and w.requires_grad
    y = w * 3.0
    y[0] = w[1] * 4.0
    y.sum().backward()
    assert y.tolist() == [8.0, 6.0] and w.grad is not None and w.grad.tolist() == [0.0, 7.0]
    with pytest.raises(ShapeError, match=r"the value has shape \(3,\), the chosen elements \(2,\)"):
        ranvier.zeros((2, 2))[0] = ranvier.ones(3)
