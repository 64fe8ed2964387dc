"""Attention, Transformer blocks and positions: Keras' numbers, finite differences, masks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import nn
from ranvier.errors import ArgumentError, ShapeError

CASES = json.loads((GOLDEN / "attention.json").read_text())
VALUES = np.load(GOLDEN / "attention.npz")
RANDOM = np.random.default_rng(0)


def parts(case: str, name: str) -> list[Any]:
    """The golden arrays `name`_0, `name`_1, ... of a case."""
    found: list[Any] = []
    while f"{case}/{name}_{len(found)}" in VALUES:
        found.append(VALUES[f"{case}/{name}_{len(found)}"])
    return found


def function_of(case: str) -> tuple[Callable[..., Any], list[Any], list[Any]]:
    """The layer of a case as a function of its inputs and weights, and these in float64."""
    layer: Any = nn.LAYERS[CASES[case]["class"]].from_config(CASES[case]["config"])
    options = dict(CASES[case]["call"])
    mask_of_positions, asked = options.pop("places", None), options.pop("asked", None)
    inputs, weights = parts(case, "input"), parts(case, "weight")
    layer(*(x.astype(np.float32) for x in inputs))
    names = list(layer.named_tensors())
    assert [layer.named_tensors()[n].shape for n in names] == [w.shape for w in weights]

    def function(*given: Any) -> Any:
        for name, w in zip(names, given[len(inputs) :], strict=True):
            setattr(layer, name, w)
        query, value, *key = given[: len(inputs)]
        if asked is not None:
            query = query * 1.0
            query.mask = ranvier.tensor(asked)
        if mask_of_positions is not None:
            value = value * 1.0
            value.mask = ranvier.tensor(mask_of_positions)
        return layer(query, value, *key, **options)

    return function, inputs, weights


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_keras(case: str, engine: str) -> None:
    function, inputs, weights = function_of(case)
    upstream = ranvier.tensor(VALUES[f"{case}/upstream"])

    def run(*given: Any) -> Any:
        def weighed(*given: Any) -> Any:
            return ranvier.sum(function(*given) * upstream)

        return function(*given), *ranvier.grad(weighed, tuple(range(len(given))))(*given)

    if engine != "eager":
        run = ranvier.compile(run, engine=engine)
    given = [ranvier.tensor(a) for a in (*inputs, *weights)]
    out, *gradients = (t.numpy() for t in run(*given))
    # NOTE: Keras on PyTorch attends in float32, whatever its inputs are.
    near: Any = {"rtol": 2e-5, "atol": 1e-5}
    asked = CASES[case]["call"].get("asked", ...)  # what the other positions see has no meaning
    np.testing.assert_allclose(out[asked], VALUES[f"{case}/output"][asked], **near)
    expected = parts(case, "gradient") + parts(case, "weight_gradient")
    for i, (g, right) in enumerate(zip(gradients, expected, strict=True)):
        np.testing.assert_allclose(g, right, **near, err_msg=str(i))


@pytest.mark.parametrize("case", ["dot_scale", "concat", "additive", "heads_causal"])
def test_gradients_against_finite_differences(case: str) -> None:
    function, inputs, weights = function_of(case)
    # Of the inputs one row is enough; a mask has two.
    rows = inputs if "places" in CASES[case]["call"] else [x[:1] for x in inputs]
    assert ranvier.gradcheck(function, [*rows, *weights])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", ["plain", "bools", "added", "causal"])
def test_products_are_those_of_pytorch(case: str, engine: str) -> None:
    name = f"torch/product/{case}"
    mask = VALUES.get(f"{name}/mask")
    scale = 0.3 if case == "added" else None

    def product(q: Any, k: Any, v: Any) -> Any:
        return nn.scaled_dot_product_attention(q, k, v, mask, case == "causal", scale)

    def run(*given: Any) -> Any:
        weighed = lambda *given: ranvier.sum(product(*given) * VALUES[f"{name}/upstream"])  # noqa: E731
        return product(*given), *ranvier.grad(weighed, (0, 1, 2))(*given)

    given = [ranvier.tensor(a) for a in parts(name, "input")]
    out, *gradients = ranvier.compile(run, engine=engine)(*given)
    np.testing.assert_allclose(out.numpy(), VALUES[f"{name}/output"], rtol=1e-9, atol=1e-12)
    for g, expected in zip(gradients, parts(name, "gradient"), strict=True):
        np.testing.assert_allclose(g.numpy(), expected, rtol=1e-9, atol=1e-12)


def test_the_weights_of_attention_sum_to_one_and_are_handed_out() -> None:
    x = RANDOM.normal(size=(2, 5, 8)).astype(np.float32)
    for layer in (nn.Attention(), nn.AdditiveAttention(), nn.MultiHeadAttention(2, 4)):
        out, weights = layer(x, x, return_attention_scores=True, use_causal_mask=True)
        assert out.shape == x.shape
        np.testing.assert_allclose(weights.numpy().sum(-1), 1, rtol=1e-6)
        assert not np.triu(weights.numpy(), 1).any()


def test_a_position_that_attends_to_nothing_gives_numbers() -> None:
    x = ranvier.tensor(RANDOM.normal(size=(1, 3, 4)), "float32", requires_grad=True)
    none = ranvier.tensor(np.zeros((3, 3), bool))
    out = nn.scaled_dot_product_attention(x, x, x, none)
    ranvier.sum(out).backward()
    assert np.isfinite(out.numpy()).all() and np.isfinite(x.grad.numpy()).all()  # type: ignore[union-attr]


def blocks() -> list[Any]:
    """Attention layers and blocks, each looking at its own sequence."""
    return [
        nn.MultiHeadAttention(2, 4),
        nn.GroupedQueryAttention(4, 4, 2),
        nn.TransformerEncoder(16, 2),
        nn.TransformerEncoder(16, 2, normalize_first=True, activation="gelu"),
        nn.TransformerDecoder(16, 2, normalize_first=True, use_bias=False),
    ]


@pytest.mark.parametrize("number", range(5))
def test_what_a_mask_excludes_changes_nothing(number: int) -> None:
    layer, x = blocks()[number], RANDOM.normal(size=(2, 6, 8)).astype(np.float32)
    mask = np.array([[True] * 4 + [False] * 2, [True] * 3 + [False] * 3])

    def run(x: Any) -> Any:
        given = ranvier.tensor(x)
        given.mask = ranvier.tensor(mask)
        out = layer(given)
        assert out.mask is given.mask
        return out.numpy()

    out = run(x)
    other = x.copy()
    other[0, 4:] = other[0, [5, 4]]  # masked positions change order
    other[1, 3:] = 100.0
    np.testing.assert_allclose(run(other)[mask], out[mask], rtol=2e-5, atol=1e-6)
    # Without what fills it up, a row gives the same.
    np.testing.assert_allclose(layer(x[:1, :4]).numpy()[0], out[0, :4], rtol=2e-5, atol=1e-6)


def test_a_causal_block_does_not_look_ahead() -> None:
    layer, x = nn.TransformerDecoder(16, 2), RANDOM.normal(size=(1, 6, 8)).astype(np.float32)
    out, other = layer(x).numpy(), x.copy()
    other[:, 4:] += 1
    assert np.array_equal(layer(other).numpy()[:, :4], out[:, :4])
    assert not np.allclose(layer(other).numpy()[:, 4:], out[:, 4:])


def test_padding_masks_count_as_masks() -> None:
    x = RANDOM.normal(size=(2, 4, 8)).astype(np.float32)
    encoded = RANDOM.normal(size=(2, 3, 6)).astype(np.float32)
    mask_of_positions = np.array([[True, True, True], [True, False, False]])
    layer = nn.TransformerDecoder(16, 2)
    out = layer(x, encoded, encoder_padding_mask=mask_of_positions).numpy()
    short = layer(x[1:], encoded[1:, :1]).numpy()
    np.testing.assert_allclose(out[1:], short, rtol=2e-5, atol=1e-6)
    masked = ranvier.tensor(encoded)
    masked.mask = ranvier.tensor(mask_of_positions)
    np.testing.assert_allclose(layer(x, masked).numpy(), out, rtol=1e-6)
    first = nn.TransformerEncoder(16, 2)
    own = np.array([[True] * 4, [True, True, False, False]])
    out = first(x, padding_mask=own, attention_mask=np.tril(np.ones((4, 4), bool))).numpy()
    np.testing.assert_allclose(
        out[1, :2], first(x[1:, :2], attention_mask=np.tril(np.ones((2, 2), bool))).numpy()[0],
        rtol=2e-5, atol=1e-6,
    )  # fmt: skip


def test_layers_train_and_are_saved(tmp_path: Path) -> None:
    x = RANDOM.integers(1, 9, (64, 6))
    y = (x == 3).any(axis=1).astype(np.float32)[:, None]
    made = []
    for engine in ("compiled", "reference"):
        ranvier.seed(0)
        model = ranvier.Sequential(
            [
                nn.TokenAndPositionEmbedding(9, 6, 8, mask_zero=True, input_shape=(6,)),
                nn.TransformerEncoder(16, 2, dropout=0.1),
                nn.GroupedQueryAttention(4, 2, 1),
                nn.GlobalMaxPooling1D(),
                nn.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile("adam", "binary_crossentropy", engine=engine)
        made.append(model.fit(x, y, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(made[0], made[1], rtol=1e-5)
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    assert np.array_equal(again.predict(x), model.predict(x))
    for layer in [*blocks(), nn.Attention(), nn.AdditiveAttention(), nn.RotaryEmbedding()]:
        config = json.loads(json.dumps(layer.get_config()))
        assert json.loads(json.dumps(type(layer).from_config(config).get_config())) == config


def test_rotary_products_depend_on_distance_only() -> None:
    rotate = nn.RotaryEmbedding()
    a, b = (np.tile(RANDOM.normal(size=(1, 1, 6)).astype(np.float32), (1, 9, 1)) for _ in range(2))
    q, k = rotate(a).numpy()[0], rotate(b).numpy()[0]
    scores = q @ k.T
    for apart in range(-8, 9):
        diagonal = np.diagonal(scores, apart)
        np.testing.assert_allclose(diagonal, diagonal[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(rotate(a, start_index=3).numpy()[0, :4], q[3:7], rtol=1e-6)


def test_dropout_of_attention_keeps_the_mean() -> None:
    ranvier.seed(0)
    v = ranvier.ones((4, 8, 200, 1))
    q = ranvier.zeros((4, 8, 200, 2))
    out = nn.scaled_dot_product_attention(q, q, v, dropout=0.5).numpy()
    assert abs(out.mean() - 1) < 0.01 and out.std() > 0.01


@pytest.mark.parametrize("layer", [nn.MultiHeadAttention(2, 4), nn.TransformerEncoder(16, 2)])
def test_dropout_in_a_layer_is_noise_around_what_it_gives_in_use(layer: Any) -> None:
    """The mean over many draws: exact for attention, whose last step is linear in the weights."""
    ranvier.seed(3)
    layer = type(layer).from_config({**layer.get_config(), "dropout": 0.3})
    x = np.tile(RANDOM.normal(size=(1, 5, 8)), (2000, 1, 1)).astype(np.float32)
    used = layer(x[:1], training=False).numpy()[0]
    assert np.array_equal(layer(x[:1], training=False).numpy()[0], used)
    drawn = layer(x, training=True).numpy()
    assert (drawn.std(axis=0) > 0.01).all()
    away = abs(drawn.mean(axis=0) - used) * np.sqrt(len(x)) / drawn.std(axis=0)
    if isinstance(layer, nn.MultiHeadAttention):
        assert away.max() < 4.5  # deviations of the mean, of 40 numbers
    else:
        assert abs(drawn.mean(axis=0) - used).max() < 0.5 * abs(used).max()
    again = layer(x, training=True).numpy()
    assert not np.array_equal(again, drawn)


def test_the_share_of_weights_that_dropout_sets_to_zero() -> None:
    ranvier.seed(4)
    layer = nn.MultiHeadAttention(1, 4, dropout=0.3, use_bias=False)
    # Values and output are the identity: out[t] shows the weights p[t, s] of the positions s.
    x = np.tile(np.eye(4, dtype=np.float32), (3000, 1, 1))
    layer(x[:1])
    eye = np.eye(4, dtype=np.float32)
    layer.query_kernel.assign(np.zeros((4, 1, 4)))
    layer.value_kernel.assign(eye[:, None])
    layer.output_kernel.assign(eye[None])
    out = layer(x, training=True).numpy()
    kept = out > 0
    np.testing.assert_allclose(out[kept], 0.25 / 0.7, rtol=1e-5)
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.3 * 0.7 / kept.size)


def test_masks_of_a_call_are_as_good_as_those_of_the_inputs() -> None:
    x, other = (RANDOM.normal(size=(2, n, 8)).astype(np.float32) for n in (4, 3))
    asked = np.array([[True] * 4, [True, True, False, False]])
    mask_of_positions = np.array([[True, True, True], [True, False, False]])
    layer = nn.MultiHeadAttention(2, 4)
    out, weights = layer(
        x, other, query_mask=asked, value_mask=mask_of_positions, return_attention_scores=True
    )
    carrying = ranvier.tensor(x), ranvier.tensor(other)
    for t, mask in zip(carrying, (asked, mask_of_positions), strict=True):
        t.mask = ranvier.tensor(mask)
    given = layer(*carrying)
    np.testing.assert_allclose(given.numpy(), out.numpy(), rtol=1e-6)
    assert given.mask is carrying[0].mask
    short = layer(x[1:, :2], other[1:, :1]).numpy()
    np.testing.assert_allclose(out.numpy()[1:, :2], short, rtol=2e-5, atol=1e-6)
    # A position of the query that is masked sees nothing: the mean of all.
    np.testing.assert_allclose(weights.numpy()[1, :, 2:], 1 / 3, rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_sine_positions_are_those_of_the_paper(engine: str) -> None:
    mask_of_positions, features, wavelength = 7, 6, 50.0
    layer = nn.SinePositionEncoding(max_wavelength=wavelength)
    run = ranvier.compile(lambda x: layer(x, start_index=2), engine=engine)
    out = run(ranvier.zeros((3, mask_of_positions, features))).numpy()
    for t in range(mask_of_positions):
        for i in range(features // 2):
            angle = (t + 2) / wavelength ** (2 * i / features)
            for row in out:
                assert abs(row[t, 2 * i] - np.sin(angle)) < 1e-6
                assert abs(row[t, 2 * i + 1] - np.cos(angle)) < 1e-6


def test_errors() -> None:
    x = ranvier.zeros((2, 5, 8))
    with pytest.raises(ArgumentError, match="num_heads=3; choose a divisor of 8"):
        nn.TransformerEncoder(16, 3)(x)
    with pytest.raises(ArgumentError, match="not a multiple of num_key_value_heads=2"):
        nn.GroupedQueryAttention(4, 3, 2)
    with pytest.raises(ShapeError, match=r"expected \(batch, T, depth\)"):
        nn.MultiHeadAttention(2, 4)(x, ranvier.zeros((3, 5, 8)))
    with pytest.raises(ArgumentError, match="score_mode"):
        nn.Attention(score_mode="cosine")
    with pytest.raises(ShapeError, match="a sequence of 5 positions; there are vectors for 4"):
        nn.PositionEmbedding(4)(x)
    with pytest.raises(ShapeError, match="even number of features"):
        nn.RotaryEmbedding()(ranvier.zeros((1, 2, 3)))
    with pytest.raises(ShapeError, match=r"expected q \(\.\.\., T, depth\)"):
        nn.scaled_dot_product_attention(x, x, ranvier.zeros((2, 4, 8)))
