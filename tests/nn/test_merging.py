"""Layers that merge several values: Keras' numbers, masks, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import Input, Model, nn
from ranvier.errors import ArgumentError, RanvierError, ShapeError

STORED = np.load(GOLDEN / "functional.npz")
A, B = (STORED[f"merge/{k}"].astype(np.float32) for k in "ab")

LAYERS: list[Any] = [
    nn.Add(), nn.Subtract(), nn.Multiply(), nn.Average(), nn.Maximum(), nn.Minimum(),
    nn.Concatenate(), nn.Concatenate(axis=1), nn.Dot(axes=2), nn.Dot(axes=(1, 1)),
    nn.Dot(axes=-1, normalize=True),
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_merging_layers_compute_keras_numbers(engine: str) -> None:
    a, b = Input((3, 2)), Input((3, 2))
    model = Model([a, b], [layer([a, b]) for layer in LAYERS])
    model.compile("sgd", engine=engine)
    for i, (layer, out) in enumerate(zip(LAYERS, model.predict([A, B]), strict=True)):
        np.testing.assert_allclose(out, STORED[f"merge/{i}"], atol=1e-5, err_msg=layer.name)
        np.testing.assert_allclose(layer(A, B).numpy(), out, atol=1e-6)
        assert layer.output_shape([(3, 2), (3, 2)]) == out.shape[1:]
        again = type(layer).from_config(layer.get_config())
        np.testing.assert_allclose(again([A, B]).numpy(), out, atol=1e-6)


def test_functions_are_the_layers() -> None:
    pairs: list[tuple[Any, Any]] = [
        (nn.add, nn.Add()), (nn.subtract, nn.Subtract()), (nn.multiply, nn.Multiply()),
        (nn.average, nn.Average()), (nn.maximum, nn.Maximum()), (nn.minimum, nn.Minimum()),
        (nn.concatenate, nn.Concatenate()),
    ]  # fmt: skip
    for function, layer in pairs:
        np.testing.assert_array_equal(function([A, B]).numpy(), layer([A, B]).numpy())
    np.testing.assert_array_equal(nn.dot([A, B], axes=2).numpy(), nn.Dot(axes=2)([A, B]).numpy())


def test_more_than_two_and_sizes_of_one() -> None:
    np.testing.assert_allclose(nn.Add()([A, A, A]).numpy(), 3 * A, rtol=1e-6)
    np.testing.assert_allclose(nn.Average()([A, A, A]).numpy(), A, rtol=1e-6)
    # As in Keras, a row with fewer axes gets new ones in front.
    line = A[:, 0]
    np.testing.assert_allclose(nn.Add()([A, line]).numpy(), A + line[:, None], rtol=1e-6)
    assert nn.Dot(axes=1)([line, line]).shape == (4, 1)


def test_gradients_are_right() -> None:
    a, b = (ranvier.tensor(STORED[f"merge/{k}"], requires_grad=True) for k in "ab")
    for layer in LAYERS:
        assert ranvier.gradcheck(lambda x, y, layer=layer: layer(x, y), [a, b])


def masked(x: Any, rows: list[list[int]]) -> Any:
    t = ranvier.tensor(x)
    t.mask = ranvier.tensor(np.array(rows, bool))
    return t


def test_masks_are_combined() -> None:
    x, y = masked(A[:2], [[1, 1, 0], [1, 0, 0]]), masked(B[:2], [[1, 1, 1], [0, 0, 1]])
    plain = ranvier.tensor(B[:2])
    both = [[True, True, False], [False, False, False]]
    for layer in (nn.Add(), nn.Concatenate()):
        assert layer([x, y]).mask.tolist() == both
        assert layer([x, plain]).mask.tolist() == x.mask.tolist()
        assert layer([plain, plain]).mask is None
    along = nn.Concatenate(axis=1)([x, plain]).mask.tolist()
    assert along == [[True, True, False, True, True, True], [True, False, False, True, True, True]]
    assert nn.Dot(axes=2)([x, y]).mask.tolist() == x.mask.tolist()
    assert nn.Dot(axes=1)([x, y]).mask is None


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: nn.Add()([A]), ArgumentError, "at least 2 inputs, got 1"),
        (lambda: nn.Subtract()([A, A, A]), ArgumentError, "expected 2 inputs"),
        (lambda: nn.Add()([A, A[:, :2]]), ShapeError, "sizes must be equal or 1"),
        (lambda: nn.Concatenate()([A, A[:, :2]]), ShapeError, "cannot be joined along axis -1"),
        (lambda: nn.Concatenate(axis=0), ArgumentError, "rows of the batch"),
        (lambda: nn.Dot(axes=0), ArgumentError, "never 0"),
        (lambda: nn.Dot(axes=(1, 2))([A, A]), ShapeError, "sizes 3 and 2"),
        (lambda: nn.Dot(axes=5)([A, A]), RanvierError, "axis 5"),
    ],
)
def test_mistakes_are_reported(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_weighted_mean(engine: str) -> None:
    a, b = Input((3, 2)), Input((3, 2))
    layer = nn.Average(weights=(0.85, 0.15))
    model = Model([a, b], layer([a, b]))
    model.compile("sgd", engine=engine)
    expected = 0.85 * A + 0.15 * B
    np.testing.assert_allclose(model.predict([A, B]), expected, rtol=1e-5)
    again = nn.Average.from_config(layer.get_config())
    np.testing.assert_allclose(again([A, B]).numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(nn.Average(weights=(0, 2))([A, B]).numpy(), B)
    with pytest.raises(ArgumentError, match="3 inputs for 2 weights"):
        layer([A, A, A])
    for wrong in ((0.0, 0.0), (2.0, -1.0), ()):
        with pytest.raises(ArgumentError, match="one number for each input"):
            nn.Average(weights=wrong)
