"""Normalization, transposed convolutions and other image layers: Keras' numbers, both engines,
finite differences, noise, errors. What only normalization has is in test_norm.py."""

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

CASES = json.loads((GOLDEN / "layers_image.json").read_text())["keras"]
VALUES = dict(np.load(GOLDEN / "layers_image.npz"))


def values(case: str, key: str) -> np.ndarray[Any, Any]:
    return VALUES[f"keras/{case}/{key}"]  # type: ignore[no-any-return]


def layer_of(case: str) -> Any:
    """The layer of a golden case, built."""
    layer = nn.LAYERS[CASES[case]["class"]].from_config(CASES[case]["config"])
    layer.ensure_built(values(case, "x").shape[1:])
    return layer


def function_of(case: str) -> tuple[Callable[..., Any], list[Any]]:
    """The layer of a golden case in training as a function of x and its weights, in float64."""
    layer, x = layer_of(case), values(case, "x")
    names = [name for name, t in layer.named_tensors().items() if t.requires_grad]
    layer.train()

    def function(x: Any, *weights: Any) -> Any:
        for name, w in zip(names, weights, strict=True):
            setattr(layer, name, w)
        out = layer.forward(x)
        assert out.shape == (len(x), *layer.output_shape(x.shape[1:]))
        return out

    return function, [x, *(values(case, f"weight_{i}") for i in range(len(names)))]


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_keras(case: str, engine: str) -> None:
    function, inputs = function_of(case)
    tensors = [ranvier.tensor(array) for array in inputs]
    upstream = ranvier.tensor(values(case, "upstream"))

    def run(*inputs: Any) -> Any:
        def weighed(*inputs: Any) -> Any:
            return ranvier.sum(function(*inputs) * upstream)

        gradients = ranvier.grad(weighed, tuple(range(len(inputs))))(*inputs)
        return function(*inputs), *gradients

    if engine != "eager":
        run = ranvier.compile(run, engine=engine)
    names = ["output", "gradient_x", *(f"gradient_{i}" for i in range(len(inputs) - 1))]
    # NOTE: TensorFlow's bilinear upsampling, and settings such as 0.1, are float32.
    rough = "relu" in case or case in ("elu", "upsampling2d_bilinear")
    rtol = 1e-5 if rough else 1e-9
    for name, value in zip(names, run(*tensors), strict=True):
        expected = values(case, name)
        atol = 1e-6 if rough else 1e-11
        np.testing.assert_allclose(value.numpy(), expected, rtol=rtol, atol=atol, err_msg=name)


@pytest.mark.parametrize("case", [c for c in CASES if c.startswith("batch")])
def test_moving_statistics_are_those_of_keras(case: str) -> None:
    layer = layer_of(case)
    trained = [t for t in layer.state_tensors() if t.requires_grad]
    for i, t in enumerate(trained):
        t.assign(values(case, f"weight_{i}"))
    x = values(case, "x").astype(np.float32)
    layer(x, training=True)
    for i, t in enumerate([layer.moving_mean, layer.moving_variance]):
        np.testing.assert_allclose(t.numpy(), values(case, f"state_{i}"), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(layer(x).numpy(), values(case, "used"), rtol=1e-4, atol=1e-5)


CHECKED = [c for c in CASES if not c.startswith("transposed2d") or c.endswith(("3_2", "2_3"))]


@pytest.mark.parametrize("case", CHECKED)
def test_gradients_against_finite_differences(case: str) -> None:
    function, inputs = function_of(case)
    x = inputs[0][: 1 + case.startswith("batch")]
    # Not at the kink of an activation.
    assert ranvier.gradcheck(function, [x + np.where(abs(x) < 0.01, 0.02, 0.0), *inputs[1:]])


@pytest.mark.parametrize("case", CASES)
def test_configurations_make_equal_layers(case: str) -> None:
    layer = nn.LAYERS[CASES[case]["class"]].from_config(CASES[case]["config"])
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    assert again.output_shape(values(case, "x").shape[1:]) == values(case, "output").shape[1:]


def test_a_transposed_convolution_is_the_gradient_of_a_convolution() -> None:
    random = np.random.default_rng(0)
    for n, k, stride, dilation in ((9, 3, 2, 1), (11, 2, 3, 2), (12, 3, 2, 2), (8, 2, 4, 3)):
        x = ranvier.tensor(random.normal(size=(2, n, n, 3)))
        w = ranvier.tensor(random.normal(size=(k, k, 3, 4)))
        out = ranvier.conv2d(x, w, stride, "valid", dilation)
        layer = nn.Conv2DTranspose(3, k, stride, dilation_rate=dilation, use_bias=False)
        layer.ensure_built(out.shape[1:])
        layer.kernel = w
        spread = layer.forward(out).numpy()
        gradient = ranvier.grad(
            lambda x, w=w, s=stride, d=dilation: (
                ranvier.sum(ranvier.square(ranvier.conv2d(x, w, s, "valid", d))) * 0.5
            )
        )(x).numpy()
        rows, columns = (
            min(a, b) for a, b in zip(spread.shape[1:3], gradient.shape[1:3], strict=True)
        )
        np.testing.assert_allclose(
            spread[:, :rows, :columns], gradient[:, :rows, :columns], rtol=1e-10, atol=1e-12
        )


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Dropout(0.3, seed=1),
        lambda: nn.SpatialDropout2D(0.3, seed=1),
        lambda: nn.GaussianDropout(0.3, seed=1),
        lambda: nn.GaussianNoise(0.3, seed=1),
        lambda: nn.AlphaDropout(0.3, seed=1),
    ],
)
def test_noise_keeps_the_mean_and_is_absent_in_use(make: Any) -> None:
    layer = make()
    # AlphaDropout keeps mean 0 and variance 1, the others any mean.
    x = np.random.default_rng(0).normal(size=(40, 8, 8, 100)).astype(np.float32)
    np.testing.assert_array_equal(layer(x).numpy(), x)
    out = layer(x, training=True).numpy()
    assert abs(out - x).max() > 0.1 and abs(out.mean() - x.mean()) < 0.02
    variance = {"AlphaDropout": 1.0, "GaussianNoise": 1.09}.get(type(layer).__name__, 1 / 0.7)
    assert abs(out.var() - variance) < 0.06
    config = layer.get_config()
    np.testing.assert_array_equal(type(layer)(**config)(x, training=True).numpy(), out)


def test_draws_of_dropout_are_shared_along_axes_of_size_1() -> None:
    x = np.ones((4, 6, 5), np.float32)
    out = nn.Dropout(0.5, noise_shape=(None, 1, None), seed=0)(x, training=True).numpy()
    assert (out == out[:, :1]).all() and 0 < (out == 0).mean() < 1
    series = nn.SpatialDropout1D(0.5, seed=0)(x, training=True).numpy()
    np.testing.assert_array_equal(series, out)
    with pytest.raises(ShapeError, match=r"d: noise_shape=\(4, 2, 5\) does not fit"):
        nn.Dropout(0.5, noise_shape=(4, 2, 5), name="d")(x, training=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_decoder_learns(engine: str) -> None:
    ranvier.seed(0)
    codes = np.random.default_rng(0).normal(size=(64, 6)).astype(np.float32)
    images = np.zeros((64, 8, 8, 1), np.float32)
    images[:, 2:6, 2:6, 0] = codes[:, :1, None]
    model = ranvier.Sequential(
        [
            nn.Dense(16, activation="relu", input_shape=(6,)),
            nn.Reshape((2, 2, 4)),
            nn.BatchNormalization(),
            nn.Conv2DTranspose(6, 3, 2, padding="same", activation="relu"),
            nn.UpSampling2D(2, interpolation="bilinear"),
            nn.ZeroPadding2D(1),
            nn.Conv2D(1, 3),
        ]
    )
    model.compile(ranvier.optim.Adam(0.03), "mean_squared_error", engine=engine)
    losses = model.fit(codes, images, epochs=6, batch_size=24, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: nn.Conv2DTranspose(4, 3, name="t"), (2, 8, 8), r"t: .*x\[..., None\]"),
        (lambda: nn.UpSampling2D(name="u"), (2, 8), "u: got an input of shape"),
        (lambda: nn.Cropping1D((2, 3), name="c"), (2, 5, 1), "c: cropping .* leaves nothing"),
        (lambda: nn.Permute((2, 1), name="p"), (2, 5), r"p: dims=\(2, 1\)"),
        (lambda: nn.RepeatVector(2, name="r"), (2, 5, 1), "r: got rows of shape"),
        (lambda: nn.PReLU(shared_axes=3, name="p"), (2, 5), r"p: shared_axes=\(3,\)"),
        (lambda: nn.AdaptiveMaxPooling2D(2, name="a"), (2, 5), "a: got an input of shape"),
    ],
)
def test_shape_errors_name_the_layer(make: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        make()(np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2DTranspose(4, 3, output_padding=-1), "output_padding=-1"),
        (lambda: nn.UpSampling2D(0), "size=0"),
        (lambda: nn.UpSampling2D(2, interpolation="cubic"), "'nearest' or 'bilinear'"),
        (lambda: nn.ZeroPadding1D((1, 2, 3)), "padding="),
        (lambda: nn.GaussianNoise(-1.0), "stddev=-1.0"),
        (lambda: nn.ReLU(max_value=-1.0), "max_value=-1.0"),
        (lambda: nn.Permute((0, 1)), r"dims=\(0, 1\)"),
        (lambda: nn.RepeatVector(0), "n=0"),
    ],
)
def test_wrong_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("pool", [2, 3, (3, 2)])
@pytest.mark.parametrize("stride", [1, 2, (2, 3)])
@pytest.mark.parametrize("padding", [0, 1, (1, 0)])
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_pooling_with_so_many_positions_of_padding(
    kind: str, pool: Any, stride: Any, padding: Any
) -> None:
    x = np.random.default_rng(3).normal(size=(2, 6, 7, 3)).astype(np.float32)
    layer = getattr(nn, f"{kind}Pooling2D")(pool, stride, padding)
    (k, m), (s, t), (p, q) = ((v, v) if isinstance(v, int) else v for v in (pool, stride, padding))
    wide = np.pad(x, ((0, 0), (p, p), (q, q), (0, 0)), constant_values=np.nan)
    reduce = np.nanmax if kind == "Max" else np.nanmean
    expected = np.array(
        [
            [
                reduce(wide[:, i : i + k, j : j + m], axis=(1, 2))
                for j in range(0, wide.shape[2] - m + 1, t)
            ]
            for i in range(0, wide.shape[1] - k + 1, s)
        ]
    ).transpose(2, 0, 1, 3)
    np.testing.assert_allclose(layer(x).numpy(), expected, 1e-5)
    assert layer.output_shape((6, 7, 3)) == expected.shape[1:]
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    np.testing.assert_array_equal(again(x).numpy(), layer(x).numpy())
    if isinstance(pool, int) and isinstance(stride, int) and isinstance(padding, int):
        series = getattr(nn, f"{kind}Pooling1D")(pool, stride, padding)(x[:, 0])
        rows = getattr(nn, f"{kind}Pooling2D")((1, pool), (1, stride), (0, padding))(x[:, :1])
        np.testing.assert_array_equal(series.numpy(), rows.numpy()[:, 0])


def test_padding_of_pooling_that_does_not_fit() -> None:
    for padding, message in (
        (2, "at most half of the window"),
        (-1, "at least 0"),
        ("all", "'same'"),
    ):
        with pytest.raises((ArgumentError, ShapeError), match=message):
            nn.MaxPooling2D(2, padding=padding)(np.zeros((1, 4, 4, 1), np.float32))
