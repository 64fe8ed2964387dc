"""Convolution and pooling layers: Keras' numbers, finite differences, both engines, errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import nn
from ranvier.errors import ArgumentError, ShapeError

CASES = json.loads((GOLDEN / "convolution.json").read_text())["keras"]
VALUES = np.load(GOLDEN / "convolution.npz")


def function_of(case: str) -> tuple[Callable[..., Any], list[Any]]:
    """The layer of a golden case as a function of x and its weights, and these in float64."""
    x = VALUES[f"{case}/x"]
    layer = nn.LAYERS[CASES[case]["class"]].from_config(CASES[case]["config"])
    layer.ensure_built(x.shape[1:])
    names = list(layer.named_tensors())

    def function(x: Any, *weights: Any) -> Any:
        for name, w in zip(names, weights, strict=True):
            setattr(layer, name, w)
        out = layer.forward(x)
        assert out.shape == (len(x), *layer.output_shape(x.shape[1:]))
        return out

    return function, [x, *(VALUES[f"{case}/weight_{i}"] for i in range(len(names)))]


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_keras(case: str, engine: str) -> None:
    function, inputs = function_of(case)
    tensors = [ranvier.tensor(array) for array in inputs]
    upstream = ranvier.tensor(VALUES[f"{case}/upstream"])

    def run(*inputs: Any) -> Any:
        def weighed(*inputs: Any) -> Any:
            return ranvier.sum(function(*inputs) * upstream)

        gradients = ranvier.grad(weighed, tuple(range(len(inputs))))(*inputs)
        return function(*inputs), *gradients

    if engine != "eager":
        run = ranvier.compile(run, engine=engine)
    names = ["output", "gradient_x", *(f"gradient_{i}" for i in range(len(inputs) - 1))]
    for name, value in zip(names, run(*tensors), strict=True):
        expected = VALUES[f"{case}/{name}"]
        # NOTE: Keras on PyTorch takes a mean in float32, whatever its inputs are.
        rtol = 2e-6 if case.startswith("global_average") else 1e-9
        np.testing.assert_allclose(value.numpy(), expected, rtol=rtol, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_gradients_against_finite_differences(case: str) -> None:
    function, inputs = function_of(case)
    # Half of the image is enough, and less than half of the time.
    assert ranvier.gradcheck(function, [inputs[0][:1], *inputs[1:]])


@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        ((3, 2, 2, 3), {"stride": 2, "padding": "same"}),
        ((1, 1, 2, 2), {"stride": (3, 2)}),
        ((2, 3, 1, 2), {"stride": (1, 3), "dilation": (2, 2), "groups": 2}),
        ((2, 2, 2, 2), {"stride": (4, 2), "dilation": (3, 4), "padding": (2, 1)}),
    ],
)
def test_second_gradients(kernel: tuple[int, ...], options: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    inputs = [random.normal(size=(1, 6, 7, 2)), random.normal(size=kernel)]
    assert ranvier.gradcheck(lambda x, w: ranvier.conv2d(x, w, **options), inputs, order=2)


@pytest.mark.parametrize("case", CASES)
def test_configurations_make_equal_layers(case: str) -> None:
    layer = nn.LAYERS[CASES[case]["class"]].from_config(CASES[case]["config"])
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    assert again.output_shape(VALUES[f"{case}/x"].shape[1:]) == VALUES[f"{case}/output"].shape[1:]


def test_names_and_counts() -> None:
    layer = nn.Conv2D(8, (3, 2), input_shape=(28, 28, 1))
    layer.ensure_built((28, 28, 1))
    assert layer.name.startswith("conv2d")
    assert nn.MaxPooling2D().name.startswith("max_pooling2d")
    assert list(layer.named_tensors()) == ["kernel", "bias"]
    assert layer.count_params() == 8 * (3 * 2 + 1)
    assert len(nn.Conv2D(2, 1, kernel_regularizer="l2", input_shape=(3, 3, 1)).penalties()) == 0
    separable = nn.SeparableConv2D(4, 3, depthwise_regularizer="l2", pointwise_regularizer="l1")
    separable.ensure_built((8, 8, 2))
    assert len(separable.penalties()) == 2


def test_the_first_values_fit_the_window() -> None:
    ranvier.seed(0)
    layer = nn.Conv2D(64, 3)
    layer.ensure_built((8, 8, 32))
    limit = (6 / (9 * (32 + 64))) ** 0.5
    assert 0.99 * limit < abs(layer.kernel.numpy()).max() <= limit


def test_padding_counts_for_nothing() -> None:
    x = -np.ones((1, 3, 3, 1), np.float32)
    for pool in (nn.MaxPooling2D, nn.AveragePooling2D):
        np.testing.assert_array_equal(pool(2, padding="same")(x).numpy(), -np.ones((1, 2, 2, 1)))
    whole = nn.MaxPooling2D(2, padding="same")(ranvier.tensor(x).astype("int32"))
    np.testing.assert_array_equal(whole.numpy(), -np.ones((1, 2, 2, 1)))
    nothing = nn.MaxPooling2D(2, padding="same")(np.full((1, 3, 3, 1), np.nan, np.float32))
    assert np.isnan(nothing.numpy()).all()


def test_the_mean_at_uneven_edges() -> None:
    x = np.random.default_rng(0).normal(size=(1, 6, 5, 2))
    out = nn.AveragePooling2D((3, 2), 2, padding="same")(ranvier.tensor(x)).numpy()
    rows, columns = ((0, 3), (2, 5), (4, 6)), ((0, 2), (2, 4), (4, 5))
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            expected = x[:, top:bottom, left:right].mean(axis=(1, 2))
            np.testing.assert_allclose(out[:, i, j], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: nn.Conv2D(4, 3, name="c"), (2, 28, 28), r"c: .*\(batch, 28, 28\).*x\[..., None\]"),
        (lambda: nn.Conv2D(4, 3, name="c"), (2, 784), r"c: .*Put Reshape before"),
        (lambda: nn.Conv2D(4, 3, name="c"), (2, 1, 28, 28), r"c: a window of \(3, 3\) .*last"),
        (lambda: nn.Conv2D(4, 3, groups=2, name="c"), (2, 5, 5, 3), "c: 3 channels .* 2 groups"),
        (lambda: nn.Conv1D(4, 3, name="c"), (2, 5), r"c: .*expected \(batch, steps, channels\)"),
        (lambda: nn.MaxPooling2D(5, name="p"), (2, 4, 4, 1), "p: a window of .* 5 of 4 positions"),
        (lambda: nn.AveragePooling1D(name="p"), (2, 4, 4, 1), "p: got an input of shape"),
        (lambda: nn.GlobalMaxPooling2D(name="p"), (2, 4), "p: got an input of shape"),
        (lambda: nn.ZeroPadding2D(name="z"), (2, 4, 4), "z: got an input of shape"),
    ],
)
def test_shape_errors_name_the_layer(make: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        make()(np.zeros(shape, np.float32))


def test_another_number_of_channels_is_reported() -> None:
    layer = nn.Conv2D(4, 3, name="c")
    layer(np.zeros((1, 5, 5, 3), np.float32))
    with pytest.raises(ShapeError, match="c: .* with 1 channels; it was built for 3"):
        layer(np.zeros((1, 5, 5, 1), np.float32))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2D(0, 3), "filters=0"),
        (lambda: nn.Conv2D(4, 0), "kernel_size=0; expected an integer of at least 1 or 2 of"),
        (lambda: nn.Conv2D(4, (3, 3, 3)), r"kernel_size=\(3, 3, 3\)"),
        (lambda: nn.Conv2D(4, 3, strides=1.5), r"strides=1.5"),  # type: ignore[arg-type]
        (lambda: nn.Conv2D(4, 3, padding="some"), "padding='some'; expected 'valid' or 'same'"),
        (lambda: nn.Conv2D(4, 3, padding="causal"), "expected 'valid' or 'same'"),
        (lambda: nn.Conv2D(4, 3, groups=3), "4 filters cannot be shared out among 3 groups"),
        (lambda: nn.Conv2D(4, 3, data_format="channels_first"), "channels last .*permute_dims"),
        (lambda: nn.MaxPooling2D(-1), "pool_size=-1"),
        (lambda: nn.ZeroPadding2D((1, 2, 3)), "padding="),
    ],
)
def test_wrong_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_learns_where_the_bright_spot_is(engine: str) -> None:
    ranvier.seed(0)
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 120)
    x = random.normal(0, 0.3, (120, 8, 8, 1)).astype(np.float32)
    for image, label in zip(x, y, strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[row + 1 : row + 3, column + 1 : column + 3] += 2
    model = ranvier.Sequential(
        [
            nn.Conv2D(6, 3, padding="same", activation="relu"),
            nn.MaxPooling2D(2),
            nn.Flatten(),
            nn.Dense(4, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], engine=engine)
    model.optimizer.learning_rate = 0.02
    history = model.fit(x, y, epochs=8, batch_size=32, verbose=0)
    assert history.history["accuracy"][-1] > 0.95
