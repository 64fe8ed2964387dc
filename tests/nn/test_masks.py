"""Masks of sequences through every op and every layer.

Two things are asked of each: the mask is the one worked out by hand (or by Keras), and it is true:
numbers at positions that a mask excludes change nothing at positions that the result's includes.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import losses, metrics, nn
from ranvier.errors import RanvierWarning
from ranvier.graph.node import OPS
from ranvier.nn.layer import LAYERS

KERAS = json.loads((GOLDEN / "masks.json").read_text())
RANDOM = np.random.default_rng(5)
BATCH, TIME, WIDTH = 2, 4, 6
MASK = np.array([[True, True, False, False], [True, True, True, False]])
OTHER = np.array([[True, False, True, False], [True, True, True, True]])
X = RANDOM.uniform(0.1, 0.9, (BATCH, TIME, WIDTH)).astype(np.float32)


def masked(x: Any = X, mask: Any = MASK) -> Any:
    t = ranvier.tensor(x)
    t.mask = ranvier.tensor(mask)
    return t


def disturbed(x: Any = X, mask: Any = MASK) -> Any:
    """The same with other numbers where the mask excludes them."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return masked(np.where(wide, x, 0.95).astype(x.dtype), mask)


def same_where_real(a: Any, b: Any, mask: Any) -> None:
    np.testing.assert_allclose(a.numpy()[mask], b.numpy()[mask], rtol=1e-5, atol=1e-6)


# --- ops ----------------------------------------------------------------------------------------

Y = ranvier.tensor(RANDOM.uniform(0.2, 0.8, X.shape).astype(np.float32))
W = ranvier.tensor(RANDOM.normal(size=(WIDTH, 3)).astype(np.float32))
FIRST = ranvier.tensor(np.zeros((BATCH, TIME, 1), np.int64))

# Ops of two inputs; those of the kind "elementwise" that are not here take one.
BINARY = {
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "maximum",
    "minimum", "atan2", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
}  # fmt: skip
LOGIC = {"logical_and", "logical_or", "logical_xor"}


def window(x: Any) -> Any:
    return OPS["sliding_window"](x.reshape((BATCH, TIME, 2, 3)), (2, 2), (1, 1))  # type: ignore[operator]


def loop(x: Any) -> Any:
    return ranvier.scan(lambda h, a: (h + a, h + a), x[:, 0] * 0, x.permute_dims((1, 0, 2)))[1]


# Of the other ops: calls on x (2, 4, 6), with the mask worked out by hand; None: it is lost.
CALLS: dict[str, list[tuple[Callable[[Any], Any], Any]]] = {
    "reshape": [
        (lambda x: x.reshape((2, 4, 2, 3)), MASK),
        (lambda x: x.reshape((8, 6)).reshape((2, 4, 6)), MASK),
        (lambda x: x.reshape((8, 6)).reshape((2, 4, 2, 3)), MASK),
        (lambda x: ranvier.expand_dims(x, -1), MASK),
        (lambda x: x.reshape((2, 24)), None),
        (lambda x: x.reshape((2, 2, 12)), None),
        (lambda x: ranvier.expand_dims(x, 1), MASK[:, None]),
        (lambda x: x.reshape((16, 3)).reshape((2, 4, 6)), MASK),
        (lambda x: x.reshape((16, 3))[::2].reshape((2, 4, 3)), MASK),
    ],
    "permute_dims": [
        (lambda x: x.permute_dims((1, 0, 2)), MASK.T),
        (lambda x: x.reshape((2, 4, 2, 3)).permute_dims((0, 1, 3, 2)), MASK),
        (lambda x: x.permute_dims((0, 2, 1)), None),
    ],
    "broadcast_to": [
        (lambda x: ranvier.broadcast_to(x[:, :, :1], (2, 4, 6)), MASK),
        (lambda x: ranvier.broadcast_to(x, (3, 2, 4, 6)), None),
        (lambda x: ranvier.broadcast_to(x[:, :1], (2, 4, 6)), None),
    ],
    "slice": [
        (lambda x: x[:, 1:], MASK[:, 1:]),
        (lambda x: x[1:], MASK[1:]),
        (lambda x: x[..., :2], MASK),
        (lambda x: x[:, ::2, 0], MASK[:, ::2]),
        (lambda x: x[:, -1:], None),
        (lambda x: x[:, -1], None),
    ],
    "pad": [
        (lambda x: ranvier.pad(x, ((0, 0), (0, 0), (1, 1))), MASK),
        (lambda x: ranvier.pad(x, ((0, 0), (1, 2), (0, 0))), np.pad(MASK, ((0, 0), (1, 2)))),
    ],
    "flip": [
        (lambda x: ranvier.flip(x, axis=1), MASK[:, ::-1]),
        (lambda x: ranvier.flip(x, axis=2), MASK),
    ],
    "concat": [
        (lambda x: ranvier.concat([x, x], axis=2), MASK),
        (lambda x: ranvier.concat([x, Y], axis=2), MASK),
        (lambda x: ranvier.concat([x, masked(X, OTHER)], axis=2), MASK & OTHER),
        (lambda x: ranvier.concat([x, Y], axis=1), np.hstack([MASK, np.ones_like(MASK)])),
        (lambda x: ranvier.concat([x, x], axis=0), np.vstack([MASK, MASK])),
        (lambda x: ranvier.stack([x, x], axis=-1), MASK),
    ],
    "sliding_window": [(window, None)],
    "check_index": [(lambda x: OPS["check_index"]((x * 3).astype("int64"), 9), MASK)],  # type: ignore[operator]
    "check_integral": [
        (lambda x: OPS["check_integral"](ranvier.floor(x), "label", "loss"), MASK),  # type: ignore[operator]
    ],
    "take": [
        (lambda x: ranvier.take(x, ranvier.tensor([2, 0]), axis=2), MASK),
        (lambda x: ranvier.take(x, ranvier.tensor([2, 0]), axis=1), MASK[:, [2, 0]]),
        (lambda x: ranvier.take(W, (x[..., 0] * 5).astype("int64"), axis=0), MASK),
        (lambda x: ranvier.take(x, ranvier.tensor([[2, 0]]), axis=1), None),
    ],
    "take_along_axis": [
        (lambda x: ranvier.take_along_axis(x, FIRST, axis=2), MASK),
        (lambda x: ranvier.take_along_axis(x[..., 0], FIRST[:, :2, 0], axis=1), MASK[:, [0, 0]]),
        (lambda x: ranvier.take_along_axis(x, FIRST[:, :1], axis=1), None),
    ],
    "scatter_add": [
        (lambda x: ranvier.scatter_add(x, ranvier.tensor([0]), Y[..., :1], axis=2), MASK),
        (lambda x: ranvier.scatter_add(x, ranvier.tensor([0]), Y[:, :1], axis=1), None),
        (lambda x: ranvier.scatter_add(Y, ranvier.tensor([0, 1, 2, 3]), x, axis=1), None),
    ],
    "scatter_add_along_axis": [
        (lambda x: OPS["scatter_add_along_axis"](x, FIRST, Y[..., :1], axis=2), MASK),  # type: ignore[operator]
    ],
    "cumulative_sum": [
        (lambda x: ranvier.cumulative_sum(x, axis=2), MASK),
        (lambda x: ranvier.cumulative_sum(x, axis=1), MASK),
    ],
    "matmul": [
        (lambda x: x @ W, MASK),
        (lambda x: x @ ranvier.broadcast_to(W, (2, 6, 3)), MASK),
        (lambda x: x @ masked(X, OTHER).permute_dims((0, 2, 1)), MASK),
        (lambda x: x.reshape((2, 4, 2, 3)) @ ranvier.ones((3, 5)), MASK),
        (lambda x: ranvier.ones((2, 4, 5, 2)) @ x.reshape((2, 4, 2, 3)), MASK),
        (lambda x: ranvier.einsum("btf,fu->btu", x, W), MASK),
        (lambda x: ranvier.ones((2, 3, 4)) @ x, None),
        (lambda x: x[..., 0] @ ranvier.ones((4, 3)), None),
    ],
    "convolution": [(lambda x: nn.Conv2D(2, 2)(ranvier.expand_dims(x, -1)), None)],
    "scan": [(loop, None)],
    **{
        name: [
            (lambda x, f=OPS[name]: f(x, axis=-1), MASK),  # type: ignore[misc]
            (lambda x, f=OPS[name]: f(x, axis=-1, keepdims=True), MASK),  # type: ignore[misc]
            (lambda x, f=OPS[name]: f(x, axis=1), None),  # type: ignore[misc]
            (lambda x, f=OPS[name]: f(x), None),  # type: ignore[misc]
        ]
        for name, op in OPS.items()
        if op.kind == "reduce"
    },
    # Functions of several ops.
    "functions": [
        (lambda x: x + 1, MASK),
        (lambda x: 1 - x, MASK),
        (lambda x: x + Y, MASK),
        (lambda x: Y * x, MASK),
        (lambda x: x + masked(X, OTHER), MASK & OTHER),
        (lambda x: x * x.mean(axis=1, keepdims=True), MASK),
        (ranvier.softmax, MASK),
        (ranvier.relu, MASK),
        (lambda x: ranvier.clip(x, 0, 1), MASK),
        (lambda x: ranvier.where(x > 0.5, x, 0.0), MASK),
        (lambda x: ranvier.var(x, axis=-1), MASK),
        (lambda x: x.astype("float64"), MASK),
        (lambda x: x.detach(), MASK),
        (lambda x: x.clone(), MASK),
        (lambda x: ranvier.tensor(x), MASK),
        (lambda x: ranvier.one_hot((x[..., 0] * 3).astype("int64"), 3), MASK),
        (lambda x: nn.activations.gelu(x), MASK),
    ],
}  # fmt: skip
WITHOUT_INPUT = {"input", "full", "iota", "random_bits"}


def calls() -> dict[str, list[tuple[Callable[[Any], Any], Any]]]:
    """All calls by op, those of elements too."""
    found = dict(CALLS)
    for name, op in OPS.items():
        f: Any = op
        if op.kind != "elementwise":
            continue
        if name in BINARY:
            found[name] = [(lambda x, f=f: f(x, Y), MASK), (lambda x, f=f: f(0.5, x), MASK)]  # type: ignore[misc]
        elif name in LOGIC:
            found[name] = [(lambda x, f=f: f(x > 0.5, Y > 0.5), MASK)]  # type: ignore[misc]
        elif name == "logical_not":
            found[name] = [(lambda x, f=f: f(x > 0.5), MASK)]  # type: ignore[misc]
        elif name == "where":
            found[name] = [(lambda x, f=f: f(Y > 0.5, x, Y), MASK)]  # type: ignore[misc]
        elif name == "shift_right":
            found[name] = [(lambda x, f=f: f((x * 9).astype("uint32"), 1), MASK)]  # type: ignore[misc]
        elif name == "astype":
            found[name] = [(lambda x, f=f: f(x, np.float64), MASK)]  # type: ignore[misc]
        else:
            found[name] = [(f, MASK)]
    return found


def test_every_op_is_among_the_calls() -> None:
    assert set(calls()) - {"functions"} == set(OPS) - WITHOUT_INPUT


@pytest.mark.parametrize("name", sorted(calls()))
def test_masks_through_ops(name: str) -> None:
    for i, (call, expected) in enumerate(calls()[name]):
        out = call(masked())
        if expected is None:
            assert out.mask is None, (name, i)
            assert out.lost_mask is not None and "test_masks.py" in str(out.lost_mask), (name, i)
            continue
        assert out.mask is not None, (name, i, out.lost_mask)
        np.testing.assert_array_equal(out.mask.numpy(), expected, err_msg=f"{name} {i}")
        # Sums over the sequence see what comes before them, which here is real.
        if "mean" not in str(call) and not (name == "functions" and i == 5):
            same_where_real(out, call(disturbed()), expected)


def test_in_place_changes_keep_masks() -> None:
    x = masked()
    x += 1.0
    x *= 2.0
    np.testing.assert_array_equal(x.mask.numpy(), MASK)
    w = ranvier.tensor(np.ones(WIDTH, np.float32), requires_grad=True)
    y = masked() * 1.0
    y.mul_(w)
    np.testing.assert_array_equal(y.mask.numpy(), MASK)


# --- layers -------------------------------------------------------------------------------------


def layer_of(name: str) -> Any:
    case = KERAS[name]
    return getattr(nn, case["class"])(**case["settings"])


@pytest.mark.parametrize("name", sorted(KERAS))
def test_layers_keep_the_masks_that_keras_keeps(name: str) -> None:
    xs = [masked() for _ in range(KERAS[name]["inputs"])]
    layer = layer_of(name)
    out = layer(xs if len(xs) > 1 else xs[0])
    expected = KERAS[name]["mask"]
    if name == "Masking":
        assert out.mask.numpy().all()
        return
    assert (out.mask is None) == (expected is None), out.mask
    if expected is not None:
        np.testing.assert_array_equal(out.mask.numpy(), np.array(expected, bool))


# Every layer of the registry: one for sequences, or the reason why masks do not concern it.
SEQUENCE_LAYERS: dict[str, Callable[[], Any]] = {
    "Activation": lambda: nn.Activation("softmax"),
    "Add": nn.Add,
    "AdditiveAttention": nn.AdditiveAttention,
    "AlphaDropout": lambda: nn.AlphaDropout(0.5),
    "Attention": nn.Attention,
    "Average": nn.Average,
    "BatchNormalization": nn.BatchNormalization,
    "Bidirectional": lambda: nn.Bidirectional(nn.GRU(3, return_sequences=True)),
    "Concatenate": nn.Concatenate,
    "Dense": lambda: nn.Dense(3, activation="tanh"),
    "Dot": lambda: nn.Dot(axes=(2, 2)),
    "Dropout": lambda: nn.Dropout(0.5),
    "ELU": nn.ELU,
    "GRU": lambda: nn.GRU(3, return_sequences=True),
    "GaussianDropout": lambda: nn.GaussianDropout(0.5),
    "GaussianNoise": lambda: nn.GaussianNoise(0.5),
    "GroupedQueryAttention": lambda: nn.GroupedQueryAttention(4, 4, 2),
    "LSTM": lambda: nn.LSTM(3, return_sequences=True),
    "LayerNormalization": nn.LayerNormalization,
    "LeakyReLU": nn.LeakyReLU,
    "Maximum": nn.Maximum,
    "Minimum": nn.Minimum,
    "MultiHeadAttention": lambda: nn.MultiHeadAttention(2, 3),
    "Multiply": nn.Multiply,
    "NTPDense": lambda: nn.NTPDense(3),
    "Normalize": nn.Normalize,
    "OutputRange": nn.OutputRange,
    "PReLU": nn.PReLU,
    "ParametricActivation": nn.ParametricActivation,
    "PositionEmbedding": lambda: nn.PositionEmbedding(TIME),
    "RMSNormalization": nn.RMSNormalization,
    "RNN": lambda: nn.RNN(nn.GRUCell(3), return_sequences=True),
    "ReLU": lambda: nn.ReLU(6.0, 0.1, 0.2),
    "Rescaling": lambda: nn.Rescaling(2.0),
    "Reshape": lambda: nn.Reshape((TIME, 2, 3)),
    "RobustScale": nn.RobustScale,
    "RotaryEmbedding": nn.RotaryEmbedding,
    "Scale": nn.Scale,
    "Sequential": lambda: ranvier.Sequential([nn.Dense(3), nn.Activation("tanh")]),
    "UnitMask": lambda: nn.UnitMask(2),
    "SimpleRNN": lambda: nn.SimpleRNN(3, return_sequences=True),
    "SinePositionEncoding": nn.SinePositionEncoding,
    "Softmax": nn.Softmax,
    "SpatialDropout1D": lambda: nn.SpatialDropout1D(0.5),
    "Subtract": nn.Subtract,
    "TimeDistributed": lambda: nn.TimeDistributed(nn.Dense(3)),
    "TransformerEncoder": lambda: nn.TransformerEncoder(12, 2),
    "TransformerDecoder": lambda: nn.TransformerDecoder(12, 2),
}
TWO_INPUTS = {
    "Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract",
    "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention",
}  # fmt: skip

# The mask ends here; sequences become rows, or other positions.
CONSUMING: dict[str, Callable[[], Any]] = {
    "GlobalAveragePooling1D": nn.GlobalAveragePooling1D,
    "GlobalMaxPooling1D": nn.GlobalMaxPooling1D,
}
MIXING: dict[str, Callable[[], Any]] = {
    "AdaptiveAveragePooling1D": lambda: nn.AdaptiveAveragePooling1D(2),
    "AdaptiveMaxPooling1D": lambda: nn.AdaptiveMaxPooling1D(2),
    "AveragePooling1D": lambda: nn.AveragePooling1D(2),
    "Conv1DTranspose": lambda: nn.Conv1DTranspose(3, 2),
    "Flatten": nn.Flatten,
    "MaxPooling1D": lambda: nn.MaxPooling1D(2),
    "Permute": lambda: nn.Permute((2, 1)),
    "UpSampling1D": lambda: nn.UpSampling1D(2),
}
OTHERS = {
    "makes masks": {"Embedding", "Masking", "TokenAndPositionEmbedding"},
    "positions in, positions out, borders see padding": {"Conv1D", "_Causal"},
    "moves a mask along": {"Cropping1D", "ZeroPadding1D"},
    "of images": {
        "AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D", "AveragePooling2D", "CenterCrop",
        "Conv2D", "Conv2DTranspose", "Cropping2D", "DepthwiseConv2D", "GlobalAveragePooling2D",
        "GlobalMaxPooling2D", "MaxPooling2D", "RandomBrightness", "RandomContrast", "RandomCrop",
        "RandomErasing", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom",
        "ResidualBlock", "Resizing", "SeparableConv2D", "SpatialDropout2D", "UpSampling2D",
        "ZeroPadding2D",
    },
    "statistics over all positions": {"GroupNormalization"},
    "of rows or ids": {
        "Ahead", "GRUCell", "InputLayer", "LSTMCell", "LeakyIntegrateAndFire", "LevelDropout",
        "MemberDense", "MemberScale", "PeriodicEmbedding", "PiecewiseLinearEmbedding",
        "RepeatVector", "SimpleRNNCell", "StackedRNNCells",
    },
    "models": {
        "Autoencoder", "GPT", "MLPForecaster", "MatrixFactorization", "Model", "NeuralRecommender",
        "Seq2Seq", "TextCNN", "VariationalAutoencoder",
    },
}  # fmt: skip


def test_every_layer_is_among_the_cases() -> None:
    ours = {name for name, cls in LAYERS.items() if cls.__module__.startswith("ranvier.")}
    listed = set(SEQUENCE_LAYERS) | set(CONSUMING) | set(MIXING) | set().union(*OTHERS.values())
    assert ours == listed


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", sorted(SEQUENCE_LAYERS))
def test_masks_through_layers(name: str, training: bool) -> None:
    ranvier.seed(0)
    layer = SEQUENCE_LAYERS[name]()
    if name == "Normalize":
        layer.adapt(X)

    def run(x: Any) -> Any:
        ranvier.seed(4)
        return layer([x, x] if name in TWO_INPUTS else x, training=training)

    a, b = run(masked()), run(disturbed())
    assert a.mask is not None, a.lost_mask
    np.testing.assert_array_equal(a.mask.numpy(), MASK)
    if name == "Dot":  # of each position with each: columns of excluded ones differ
        a, b = (ranvier.where(ranvier.tensor(MASK[:, None]), t, 0.0) for t in (a, b))
    same_where_real(a, b, MASK)


@pytest.mark.parametrize("name", sorted(CONSUMING))
def test_layers_that_pass_over_masked_positions(name: str) -> None:
    a, b = CONSUMING[name]()(masked()), CONSUMING[name]()(disturbed())
    assert a.mask is None and a.lost_mask is None
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(MIXING))
def test_layers_that_mix_positions_say_where(name: str) -> None:
    out = MIXING[name]()(masked())
    assert out.mask is None
    assert out.lost_mask is not None and np.prod(out.lost_mask.shape) == MASK.size


def test_layers_that_move_positions_move_masks() -> None:
    assert nn.Cropping1D((1, 0))(masked()).mask.tolist() == MASK[:, 1:].tolist()
    assert nn.ZeroPadding1D(1)(masked()).mask.tolist() == np.pad(MASK, ((0, 0), (1, 1))).tolist()
    assert nn.Conv1D(3, 3, padding="causal")(masked()).mask.tolist() == MASK.tolist()
    assert nn.Conv1D(3, 3)(masked()).mask is None


def test_states_of_a_recurrent_layer_leave_the_sequence_its_mask() -> None:
    out, *states = nn.LSTM(4, return_sequences=True, return_state=True)(masked())
    assert out.mask.tolist() == MASK.tolist()
    assert [s.mask for s in states] == [s.lost_mask for s in states] == [None, None]
    both = nn.Bidirectional(nn.GRU(4, return_sequences=True), merge_mode=None)(masked())
    assert [t.mask.tolist() for t in both] == [MASK.tolist()] * 2


def test_sequences_of_sequences() -> None:
    """Words of characters: the inner layer sees the mask of the characters."""
    ids = np.array([[[1, 2, 0], [3, 0, 0]], [[1, 2, 3], [2, 2, 0]]])
    vectors = nn.Embedding(5, 6, mask_zero=True)(ids)
    words = nn.TimeDistributed(nn.LSTM(4))
    out = words(vectors)
    noise = ranvier.where(ranvier.tensor(ids[..., None] > 0), vectors, 9.0)
    noise.mask = vectors.mask
    np.testing.assert_allclose(words(noise).numpy(), out.numpy(), rtol=1e-6)


class Scaled(nn.Layer):
    """A layer of a user, with nothing said of masks."""

    def forward(self, x: Any) -> Any:
        return ranvier.tanh(x * 2.0) + 1.0


class Reversed(nn.Layer):
    def forward(self, x: Any) -> Any:
        return x[:, ::-1]


def test_layers_of_users_follow_their_ops() -> None:
    assert Scaled()(masked()).mask.tolist() == MASK.tolist()
    assert Reversed()(masked()).mask.tolist() == MASK[:, ::-1].tolist()


# --- models -------------------------------------------------------------------------------------

IDS = np.array([[3, 1, 0, 0, 0], [2, 4, 1, 0, 0], [1, 1, 2, 3, 4]], np.int32)
LABELS = np.array([[1, 2, 2, 2, 2], [0, 1, 2, 0, 0], [2, 1, 0, 1, 2]])


class Subclass(ranvier.Model):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(5, 4, mask_zero=True), nn.Dense(3, "softmax")

    def forward(self, ids: Any) -> Any:
        return self.out(mixed(self.words(ids)))


def mixed(x: Any) -> Any:
    """Operators and functions on the way."""
    return ranvier.concat([ranvier.tanh(x) * 2.0, x + x.mean(axis=-1, keepdims=True)], axis=2)


def functional() -> Any:
    ids = ranvier.Input((5,), dtype="int32")
    words = nn.Embedding(5, 4, mask_zero=True)(ids)
    return ranvier.Model(ids, nn.Dense(3, "softmax")(mixed(words)))


class Mixed(nn.Layer):
    def forward(self, x: Any) -> Any:
        return mixed(x)


def sequential() -> Any:
    words = nn.Embedding(5, 4, mask_zero=True, input_length=5)
    return ranvier.Sequential([words, Mixed(), nn.Dense(3, "softmax")])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", [Subclass, functional, sequential])
def test_loss_and_metrics_leave_padding_out(make: Any, engine: str) -> None:
    ranvier.seed(2)
    model = make()
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"], engine=engine)
    p, real = model.predict(IDS), IDS > 0
    each = -np.log(np.take_along_axis(p, LABELS[..., None], -1)[..., 0])
    expected = [each[real].mean(), (p.argmax(-1) == LABELS)[real].mean()]
    np.testing.assert_allclose(model.evaluate(IDS, LABELS), expected, rtol=1e-5)
    out = model(ranvier.tensor(IDS))
    assert out.mask.tolist() == real.tolist()
    # Outside of a model too.
    loss = losses.get("sparse_categorical_crossentropy")
    assert loss(LABELS, out).item() == pytest.approx(expected[0], rel=1e-5)
    assert metrics.get("accuracy")(LABELS, out) == pytest.approx(expected[1])
    weight = np.array([1.0, 2.0, 3.0], np.float32)
    expected[0] = (each * real * weight[:, None]).sum() / real.sum()
    assert loss(LABELS, out, weight).item() == pytest.approx(expected[0], rel=1e-5)


def test_seq2seq_does_not_count_padding() -> None:
    source = np.array([[1, 2, 3, 0], [4, 1, 0, 0]], np.int32)
    target = np.array([[1, 3, 2, 4, 0, 0, 0], [1, 2, 0, 0, 0, 0, 0]], np.int32)
    seen, y = target[:, :-1], target[:, 1:]
    ranvier.seed(0)
    model = ranvier.models.seq2seq(6, 5, units=4)
    model.compile("sgd", model.loss, ["accuracy"], engine="reference")
    z = model.predict([source, seen]).astype(np.float64)
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    each, real = -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0]), seen > 0
    expected = [each[real].mean(), (p.argmax(-1) == y)[real].mean()]
    np.testing.assert_allclose(model.evaluate([source, seen], y), expected, rtol=1e-5)
    # More padding changes nothing.
    longer, weights = np.pad(target, ((0, 0), (0, 3))), model.get_weights()
    model = ranvier.models.seq2seq(6, 5, units=4)
    model.predict([source, longer[:, :-1]])
    model.set_weights(weights)
    found = model.evaluate([source, longer[:, :-1]], longer[:, 1:])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


class Mixer(ranvier.Model):
    """Mixes positions: what is padding afterwards cannot be said."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(5, 4, mask_zero=True), nn.Dense(3, "softmax")
        self.across = nn.Dense(5)

    def forward(self, ids: Any) -> Any:
        x = self.words(ids).permute_dims((0, 2, 1))
        return self.out(self.across(x).permute_dims((0, 2, 1)))


def test_a_mask_that_a_loss_needs_is_missed_once() -> None:
    model = Mixer()
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model.fit(IDS, LABELS, verbose=0)
        model.evaluate(IDS, LABELS)
    assert [w.category for w in warned] == [RanvierWarning]
    text = str(warned[0].message)
    assert "lost the mask of its sequences at permute_dims at" in text
    assert "test_masks.py" in text
    # A class for the whole sequence needs no mask.
    x = ranvier.Input((5,), dtype="int32")
    pooled = nn.Dense(3, "softmax")(ranvier.mean(nn.Embedding(5, 4, mask_zero=True)(x), axis=1))
    whole = ranvier.Model(x, pooled)
    whole.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    whole.fit(IDS, LABELS[:, 0], verbose=0)
