"""Normalization layers: what they count, what they keep, finite differences, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import nn, optim
from ranvier.errors import ArgumentError, ShapeError
from ranvier.nn.basic.normalization import batch_moments
from ranvier.nn.modes import filled_batch

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(3.0, 2.0, (20, 4, 4, 3)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, 20)


def network(engine: str, **options: Any) -> ranvier.Sequential:
    """A small network with a batch normalization as its second layer."""
    ranvier.seed(0)
    layers = [
        nn.Conv2D(5, 3, padding="same", use_bias=False, input_shape=(4, 4, 3)),
        nn.BatchNormalization(momentum=0.9, **options),
        nn.Activation("relu"),
        nn.Flatten(),
        nn.Dense(3, activation="softmax"),
    ]
    model = ranvier.Sequential(layers)
    model.compile(optim.SGD(0.05), "sparse_categorical_crossentropy", engine=engine)
    return model


@pytest.mark.parametrize("engine", ENGINES)
def test_a_short_last_batch_counts_like_a_small_one(engine: str) -> None:
    whole, parts = network(engine), network(engine)
    whole.fit(ROWS, LABELS, batch_size=16, epochs=1, shuffle=False, verbose=0)
    parts.fit(ROWS[:16], LABELS[:16], batch_size=16, epochs=1, shuffle=False, verbose=0)
    parts.fit(ROWS[16:], LABELS[16:], batch_size=4, epochs=1, shuffle=False, verbose=0)
    for ours, theirs in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-6)


def test_engines_agree() -> None:
    trained = []
    for engine in ("compiled", "reference"):
        model = network(engine)
        model.fit(ROWS, LABELS, batch_size=8, epochs=2, shuffle=False, verbose=0)
        trained.append([*model.get_weights(), model.predict(ROWS)])
    for ours, theirs in zip(*trained, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_moving_statistics_follow_the_batch() -> None:
    layer = nn.BatchNormalization(momentum=0.9)
    x = ROWS[:8]
    out = layer(x, training=True).numpy()
    assert abs(out.mean(axis=(0, 1, 2))).max() < 1e-5
    np.testing.assert_allclose(out.var(axis=(0, 1, 2)), 1.0, atol=1e-3)
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.9 + 0.1 * variance, rtol=1e-5)
    used = layer(x).numpy()
    expected = (x - 0.1 * mean) / np.sqrt(0.9 + 0.1 * variance + 0.001)
    np.testing.assert_allclose(used, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frozen_layer_uses_what_it_has_learned(engine: str) -> None:
    model = network(engine, trainable=False)
    model.fit(ROWS, LABELS, batch_size=8, epochs=1, verbose=0)
    _, gamma, beta, mean, variance = model.get_weights()[:5]
    for array, expected in ((gamma, 1), (beta, 0), (mean, 0), (variance, 1)):
        np.testing.assert_array_equal(array, expected)


def test_only_real_rows_and_positions_count() -> None:
    x = RANDOM.normal(size=(4, 5, 3)).astype(np.float32)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
    layer = nn.BatchNormalization(momentum=0.0)
    given = ranvier.tensor(x)
    given.mask = ranvier.tensor(mask)
    with filled_batch(ranvier.tensor(np.array([1, 1, 1, 0], np.float32))):
        out = layer(given, training=True)
    seen = x[:3][mask[:3]]
    np.testing.assert_allclose(layer.moving_mean.numpy(), seen.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), seen.var(axis=0), rtol=1e-4)
    assert out.mask is given.mask


def test_a_far_mean_costs_no_digits() -> None:
    x = (1e4 + RANDOM.normal(size=(64, 6, 6, 2))).astype(np.float32)
    out = nn.BatchNormalization(epsilon=0.0)(x, training=True).numpy()
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(axis=(0, 1, 2))) / exact.std(axis=(0, 1, 2))
    np.testing.assert_allclose(out, exact, atol=2e-3)


NORMS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "batch": (lambda: nn.BatchNormalization(), (3, 2, 2, 4)),
    "batch_axis_1": (lambda: nn.BatchNormalization(axis=1, scale=False), (3, 2, 3)),
    "batch_rows": (lambda: nn.BatchNormalization(center=False), (5, 3)),
    "layer": (lambda: nn.LayerNormalization(), (2, 3, 4)),
    "layer_axes": (lambda: nn.LayerNormalization(axis=(1, 3)), (2, 3, 2, 4)),
    "group": (lambda: nn.GroupNormalization(2), (2, 3, 2, 4)),
    "group_axis_1": (lambda: nn.GroupNormalization(2, axis=1), (2, 4, 3)),
    "instance": (lambda: nn.GroupNormalization(-1), (2, 3, 2, 4)),
    "rms": (lambda: nn.RMSNormalization(), (2, 3, 4)),
}


@pytest.mark.parametrize("case", NORMS)
def test_gradients_against_finite_differences(case: str) -> None:
    make, shape = NORMS[case]
    layer = make()
    layer.ensure_built(shape[1:])
    layer.train()
    weights = {n: t for n, t in layer.named_tensors().items() if t.requires_grad}

    def function(x: Any, *values: Any) -> Any:
        for name, value in zip(weights, values, strict=True):
            setattr(layer, name, value)
        return layer.forward(x)

    random = np.random.default_rng(1)
    values = [random.normal(1.0, 0.3, t.shape) for t in weights.values()]
    assert ranvier.gradcheck(function, [random.normal(size=shape), *values])


@pytest.mark.parametrize("case", NORMS)
def test_second_gradients(case: str) -> None:
    make, shape = NORMS[case]
    layer = make()
    layer.ensure_built(shape[1:])
    layer.train()
    upstream = ranvier.tensor(np.random.default_rng(3).normal(size=shape))

    def first(x: Any) -> Any:
        return ranvier.grad(lambda x: ranvier.sum(layer.forward(x) * upstream))(x)

    assert ranvier.gradcheck(first, [np.random.default_rng(2).normal(size=shape)])


@pytest.mark.parametrize("case", NORMS)
def test_configurations_make_equal_layers(case: str) -> None:
    layer = NORMS[case][0]()
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_half_precision_stays_in_range() -> None:
    x = ranvier.tensor((300 * RANDOM.normal(size=(8, 4))).astype(np.float16))
    for layer in (nn.LayerNormalization(), nn.RMSNormalization()):
        out = layer(x)
        assert out.dtype == ranvier.float16 and np.isfinite(out.numpy()).all()


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (
            lambda: nn.BatchNormalization(axis=3, name="n"),
            (2, 3),
            "n: axis=3 does not fit .* 2 axes",
        ),
        (lambda: nn.LayerNormalization(axis=0, name="n"), (2, 3), "n: axis=0 does not fit"),
        (lambda: nn.GroupNormalization(4, name="n"), (2, 6), "n: 6 channels .* 4 groups"),
    ],
)
def test_shape_errors_name_the_layer(make: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        make()(np.zeros(shape, np.float32))


def test_another_number_of_channels_is_reported() -> None:
    for make in (nn.BatchNormalization, nn.LayerNormalization, nn.RMSNormalization):
        layer = make(name="n")
        layer(np.zeros((2, 3), np.float32))
        with pytest.raises(ShapeError, match=r"n: got an input of shape \(2, 1\)"):
            layer(np.zeros((2, 1), np.float32))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.BatchNormalization(momentum=2), "momentum=2"),
        (lambda: nn.BatchNormalization(axis=(1, 2)), r"axis=\(1, 2\); expected one axis"),
        (lambda: nn.LayerNormalization(epsilon=-1), "epsilon=-1"),
        (lambda: nn.GroupNormalization(0), "groups=0"),
    ],
)
def test_wrong_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_the_variance_of_a_sample_divides_by_one_less() -> None:
    x = np.random.default_rng(5).normal(3.0, 2.0, (7, 4)).astype(np.float32)
    moments = batch_moments(ranvier.tensor(x), [0])
    np.testing.assert_allclose(moments.of_sample().numpy()[0], x.var(0, ddof=1), 1e-5)
    weight = ranvier.tensor([[1.0]] * 5 + [[0.0]] * 2)
    some = batch_moments(ranvier.tensor(x), [0], weight)
    np.testing.assert_allclose(some.of_sample().numpy()[0], x[:5].var(0, ddof=1), 1e-5)
    assert (batch_moments(ranvier.tensor(x[:1]), [0]).of_sample().numpy() == 0).all()
