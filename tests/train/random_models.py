"""Random models by the thousand, three training steps: both engines end at the same numbers.

    python tests/train/random_models.py --first 0 --count 5000 --processes 2

Model number s is made from the seed s alone: layers, loss, metrics, optimizer, schedule, weights of
rows, dtype and data; see `campaign.py` for what is printed. Both engines train it from the same
weights, then history, all weights and, of every fourth, `evaluate` and `predict` are compared:

    float32    within 1e-4 of the larger number and 1e-5
    float64    within 1e-9 and 1e-10

An optimizer that divides by the size of a gradient makes much of the last bit where a gradient is
nearly 0. So numbers further apart than that may be no further than ten times the largest distance
that the reference itself moves when the weights it begins with are moved by four units in the last
place.

A metric that counts (accuracy, precision, recall, auc) jumps where the decision about a row is a
tie: two logits, or a probability and its cut, closer than predictions may differ. Where only such
metrics are further apart, the reference counts those rows, and a metric may differ by what they
can change and no more.
"""

from __future__ import annotations

import random
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import ranvier
from campaign import main
from ranvier import nn, optim
from ranvier.errors import RanvierError
from ranvier.metrics.classification import THRESHOLDS
from ranvier.metrics.metric import MeanOfRows, mean_of_row

Shape = tuple[int, ...]
Array = np.ndarray[Any, Any]

TOLERANCE = {"float32": (1e-4, 1e-5), "float64": (1e-9, 1e-10)}  # of the larger number, and at all
STEPS = 3
COUNTING = ("accuracy", "precision", "recall", "auc")  # metrics that jump at a tie
_SHAKES = 16
_ACTIVATIONS = (
    None, "relu", "tanh", "sigmoid", "elu", "gelu", "selu", "softplus", "silu", "softsign",
    "softmax",
)  # fmt: skip
_OPTIMIZERS = (
    "SGD", "Momentum", "Nesterov", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad",
    "Adadelta",
)  # fmt: skip


class Choices:
    """Random choices, small in words."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)

    def of(self, options: Sequence[Any]) -> Any:
        return options[self._source.randrange(len(options))]

    def size(self, last: int = 9) -> int:
        return 1 + self._source.randrange(last)

    def now_and_then(self, share: float) -> bool:
        return self._source.random() < share


# --- layers -------------------------------------------------------------------------------------


def _of_rows(c: Choices, shape: Shape) -> Any:
    """A layer for rows of any shape."""
    steady = (
        lambda: nn.Dense(c.size(), c.of(_ACTIVATIONS), use_bias=c.now_and_then(0.7),
            kernel_regularizer=c.of((None, "l2", "l1"))),
        lambda: nn.Activation(c.of(_ACTIVATIONS[1:])),
        lambda: nn.Dropout(c.of((0.0, 0.2, 0.5)), seed=c.size()),
        lambda: nn.GaussianNoise(0.1, seed=c.size()),
        lambda: nn.GaussianDropout(0.2, seed=c.size()),
        lambda: nn.AlphaDropout(0.2, seed=c.size()),
        lambda: nn.BatchNormalization(momentum=c.of((0.9, 0.5)), scale=c.now_and_then(0.5)),
        lambda: nn.LayerNormalization(),
        lambda: nn.RMSNormalization(),
        lambda: nn.GroupNormalization(shape[-1]),
        lambda: nn.PReLU(),
        lambda: nn.LeakyReLU(),
        lambda: nn.ELU(),
        lambda: nn.Rescaling(0.5, 0.1),
    )  # fmt: skip
    return c.of(steady)()


def _of_vectors(c: Choices, shape: Shape) -> Any:
    if c.now_and_then(0.2):
        return c.of((nn.RepeatVector(c.size(4)), nn.Reshape((-1, 1)), nn.Reshape((1, -1))))
    return _of_rows(c, shape)


def _of_sequences(c: Choices, shape: Shape) -> Any:
    time = shape[0]
    kernel = min(time, c.size(3))
    several = c.now_and_then(0.6)
    padding = c.of(("valid", "same", "causal"))
    pooling = c.of((nn.MaxPooling1D, nn.AveragePooling1D))
    whole = c.of((nn.GlobalAveragePooling1D, nn.GlobalMaxPooling1D, nn.Flatten))
    heads = c.of((1, 2))
    options: tuple[Callable[[], Any], ...] = (
        lambda: nn.Conv1D(c.size(), kernel, padding=padding, activation=c.of(_ACTIVATIONS)),
        lambda: nn.Conv1D(c.size(), kernel, strides=2, padding="same"),
        lambda: nn.Conv1DTranspose(c.size(4), kernel, strides=c.size(2)),
        lambda: pooling(kernel, padding=c.of(("valid", "same"))),
        lambda: c.of((nn.LSTM, nn.GRU, nn.SimpleRNN))(
            c.size(5), return_sequences=several, go_backwards=c.now_and_then(0.2)),
        lambda: nn.Bidirectional(nn.GRU(c.size(3), return_sequences=several)),
        lambda: nn.TransformerEncoder(num_heads=heads, intermediate_dim=c.size()),
        lambda: nn.TimeDistributed(nn.Dense(c.size(), c.of(_ACTIVATIONS))),
        lambda: nn.SpatialDropout1D(0.3, seed=1),
        lambda: nn.PositionEmbedding(time),
        lambda: nn.SinePositionEncoding(),
        lambda: nn.ZeroPadding1D(c.size(2)),
        lambda: nn.UpSampling1D(2),
        lambda: nn.Permute((2, 1)),
        lambda: whole(),
    )  # fmt: skip
    return c.of(options)() if c.now_and_then(0.7) else _of_rows(c, shape)


def _of_images(c: Choices, shape: Shape) -> Any:
    kernel = min(*shape[:2], c.size(3))
    padding = c.of(("valid", "same"))
    pooling = c.of((nn.MaxPooling2D, nn.AveragePooling2D))
    whole = c.of((nn.GlobalAveragePooling2D, nn.GlobalMaxPooling2D, nn.Flatten))
    options: tuple[Callable[[], Any], ...] = (
        lambda: nn.Conv2D(c.size(5), kernel, padding=padding, activation=c.of(_ACTIVATIONS)),
        lambda: nn.Conv2D(c.size(5), kernel, strides=2, padding="same", use_bias=False),
        lambda: nn.Conv2D(c.size(3), kernel, dilation_rate=2, padding="same"),
        lambda: nn.Conv2D(2 * shape[-1], kernel, groups=shape[-1], padding="same"),
        lambda: nn.Conv2DTranspose(c.size(4), kernel, strides=c.size(2), padding=padding),
        lambda: nn.DepthwiseConv2D(kernel, padding=padding),
        lambda: nn.SeparableConv2D(c.size(5), kernel, padding=padding),
        lambda: pooling(kernel, strides=c.of((None, 1)), padding=padding),
        lambda: nn.AdaptiveAveragePooling2D(c.size(3)),
        lambda: nn.AdaptiveMaxPooling2D(c.size(3)),
        lambda: nn.SpatialDropout2D(0.3, seed=1),
        lambda: nn.RandomFlip(seed=2),
        lambda: nn.UpSampling2D(2),
        lambda: nn.ZeroPadding2D(c.size(2)),
        lambda: nn.Reshape((-1, shape[-1])),
        lambda: whole(),
    )
    return c.of(options)() if c.now_and_then(0.75) else _of_rows(c, shape)


_LAYERS = {1: _of_vectors, 2: _of_sequences, 3: _of_images}
_MAX_NUMBERS = 600  # of a row, between layers


def _layers(c: Choices) -> tuple[list[Any], Shape, int | None]:
    """Layers down to a vector, the shape of a row, and how many ids there are if it holds those."""
    kind = c.of(("vector", "vector", "sequence", "image", "ids"))
    ids = None
    layers: list[Any] = []
    if kind == "ids":
        row: Shape = (c.size(7),)
        ids, width = 2 + c.size(20), c.of((2, 4, 6))
        layers.append(nn.Embedding(ids, width, mask_zero=c.now_and_then(0.4)))
        shape: Shape = (*row, width)
    else:
        sizes = {"vector": (c.size(12),), "sequence": (c.size(7), c.of((2, 4, 6))),
            "image": (c.size(8), c.size(8), c.size(3))}  # fmt: skip
        row = shape = sizes[kind]
    for _ in range(c.size(5)):
        layer = _LAYERS[len(shape)](c, shape)
        after = tuple(layer.output_shape(shape))
        if 0 < np.prod(after) <= _MAX_NUMBERS and len(after) in _LAYERS:
            layers.append(layer)
            shape = after
    if len(shape) > 1:
        layers.append(nn.Flatten())
    return layers, row, ids


# --- heads, optimizers, data --------------------------------------------------------------------


class Case:
    """A model's description, and the data it is trained on; every `build` gives the same model."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        c = Choices(seed)
        rng = np.random.default_rng(seed)
        self.dtype = c.of(("float32", "float64"))
        self.batch = c.of((1, 2, 3, 4, 7, 8))
        rows = STEPS * self.batch - c.of((0, 0, self.batch // 2))
        _, row, ids = _layers(Choices(seed))
        self.x: Array = rng.integers(0, ids, (rows, *row)) if ids else rng.normal(size=(rows, *row))
        if not ids:
            self.x = self.x.astype(self.dtype)
        self.head = c.of(("regression", "regression", "binary", "categorical", "sparse"))
        self.outputs = c.size(4) if self.head == "regression" else 1 + c.size(4)
        self.logits = c.now_and_then(0.5)
        self._target(c, rng, rows)
        weights = rng.random(rows).astype(self.dtype) if c.now_and_then(0.3) else None
        self.fitting: dict[str, Any] = {"sample_weight": weights, "shuffle": c.now_and_then(0.5)}
        self.optimizer = c.of(_OPTIMIZERS)
        self.rate = c.of((1e-3, 1e-2, 0.1))
        self.clip = c.of(({}, {}, {"clipnorm": 1.0}, {"clipvalue": 0.1}, {"global_clipnorm": 1.0}))
        self.decay = c.of(({}, {}, {"weight_decay": 0.01}))
        self.scheduled = c.now_and_then(0.3)

    def _target(self, c: Choices, rng: np.random.Generator, rows: int) -> None:
        if self.head == "regression":
            self.loss = c.of(("mse", "mae", "huber", "log_cosh", "half_squared_error"))
            self.metrics = c.of(([], ["mae"], ["rmse", "r2"]))
            self.y = rng.normal(size=(rows, self.outputs)).astype(self.dtype)
        elif self.head == "binary":
            self.outputs = 1
            self.loss = "binary_crossentropy"
            self.metrics = c.of(([], ["accuracy"], ["precision", "recall"], ["auc"]))
            self.y = rng.integers(0, 2, rows).astype(self.dtype)
        else:
            labels = rng.integers(0, self.outputs, rows)
            sparse = self.head == "sparse"
            self.loss = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
            self.metrics = c.of(([], ["accuracy"]))
            self.y = labels if sparse else np.eye(self.outputs, dtype=self.dtype)[labels]

    def build(self, engine: str, ties: bool = False) -> Any:
        """The model, compiled for an engine; with `ties` it counts those, too."""
        ranvier.seed(self.seed)
        layers, row, _ = _layers(Choices(self.seed))
        last = {"regression": None, "binary": "sigmoid"}.get(self.head, "softmax")
        loss: Any = self.loss
        if self.logits and last is not None:
            last = None
            loss = ranvier.losses.get({"class": type(ranvier.losses.get(loss)).__name__,
                "config": {"from_logits": True}})  # fmt: skip
        model = ranvier.Sequential([*layers, nn.Dense(self.outputs, last)])
        model.ensure_built(row)
        rate: Any = self.rate
        if self.scheduled:
            rate = optim.ExponentialDecay(rate, decay_steps=2, decay_rate=0.5)
        options = {**self.clip, **self.decay}
        made = getattr(optim, self.optimizer)(learning_rate=rate, **options)
        counts = [Ties(name, self.dtype) for name in TIES] if ties else []
        model.compile(made, loss, [*self.metrics, *counts], engine=engine)
        return model

    def train(self, engine: str, shake: int | None = None, ties: bool = False) -> dict[str, Array]:
        """What there is to compare after the steps; `shake` moves the weights before them."""
        ranvier.set_dtype_policy(self.dtype)
        try:
            model = self.build(engine, ties)
            if shake is not None:
                _shake(model, shake)
            ranvier.seed(self.seed + 1)
            history = model.fit(self.x, self.y, self.batch, 1, verbose=0, **self.fitting)
            found = {f"history {k}": np.array(v) for k, v in history.history.items()}
            if self.seed % 4 == 0:  # the graphs of these take as long as that of the step
                tested = model.evaluate(self.x, self.y, self.batch, return_dict=True)
                found |= {f"evaluate {k}": np.array(v) for k, v in tested.items()}
                found["predict"] = model.predict(self.x, self.batch)
            found |= {name: np.array(t.numpy()) for name, t in model.named_tensors().items()}
        finally:
            ranvier.set_dtype_policy("float32")
        return found


# --- ties ---------------------------------------------------------------------------------------

TIES = ("ties", "cut_ties", "firm")


class Ties(MeanOfRows):
    """The share of rows with a decision that rounding may change.

    `ties`: two largest outputs, or a probability and the cut, that are nearly equal; `cut_ties`:
    a probability near one of the thresholds of auc; `firm`: those that are clearly above the cut.
    """

    fits = ("binary", "one_hot", "labels", "real")

    def __init__(self, what: str, dtype: str) -> None:
        super().__init__(what)
        self.tolerance = TOLERANCE[dtype]

    def row(self, y: Any, p: Any) -> Any:
        part, least = self.tolerance
        slack = 2 * (part * ranvier.max(ranvier.abs(p)) + least)
        if p.ndim > 1 and p.shape[-1] > 1:
            near = p >= ranvier.max(p, axis=-1, keepdims=True) - slack
            found = ranvier.sum(ranvier.astype(near, "int64"), axis=-1) > 1
        elif self.name == "firm":
            found = p - self.cut > slack
        elif self.name == "cut_ties":
            share = (p if self.cut else ranvier.sigmoid(p)) * (THRESHOLDS - 1)
            found = ranvier.abs(share - ranvier.round(share)) <= slack * (THRESHOLDS - 1)
        else:
            found = ranvier.abs(p - self.cut) <= slack
        return mean_of_row(ranvier.astype(found, p.dtype))


def _turned(case: Case, counted: dict[str, Array], key: str) -> float:
    """How far rows that are tied may move a metric that counts."""
    when, metric = key.split(" ", 1)
    rows = len(case.x)
    ties, cut_ties, firm = (rows * float(np.max(counted[f"{when} {name}"])) for name in TIES)
    positives = float(case.y.sum())
    if metric == "accuracy":
        return ties / rows
    if metric == "precision":
        return ties / max(firm + ties, 1)
    if metric == "recall":
        return ties / max(positives, 1)
    if metric == "auc":
        if when == "evaluate":  # exact there: every pair counts, whatever the thresholds
            p = np.sort(counted["predict"].ravel())
            part, least = TOLERANCE[case.dtype]
            near = np.diff(p) <= 2 * (part * np.abs(p).max() + least)
            cut_ties = float((np.append(near, False) | np.append(False, near)).sum())
        return cut_ties / max(min(positives, rows - positives), 1)
    return 0.0


def _shake(model: Any, number: int) -> None:
    """Move every weight by up to four units in the last place."""
    rng = np.random.default_rng(number)
    for t in model.parameters():
        moved = t.numpy() * (1 + 4 * np.finfo(t.dtype).eps * rng.choice([-1.0, 1.0], t.shape))
        t.assign(moved.astype(t.dtype))


def run_model(seed: int) -> bool:
    """Train model `seed` on both engines; whether both refuse it with the same words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            case = Case(seed)
        except RanvierError:
            return True  # layers that do not fit one another
        compiled, reference = (_outcome(case, engine) for engine in ("compiled", "reference"))
        if isinstance(compiled, str) or isinstance(reference, str):
            assert compiled == reference, f"compiled: {compiled}, the reference: {reference}"
            return True
        _compare(case, compiled, reference)
    return False


def _outcome(case: Case, engine: str) -> dict[str, Array] | str:
    try:
        return case.train(engine)
    except RanvierError as refusal:
        # Layers without a name of their own are numbered through.
        return re.sub(r"_\d+", "", f"{type(refusal).__name__}: {refusal}")


def _compare(case: Case, found: dict[str, Array], expected: dict[str, Array]) -> None:
    assert found.keys() == expected.keys(), (found.keys(), expected.keys())
    part, least = TOLERANCE[case.dtype]
    allowed = {k: part * np.abs(v).max(initial=0) + least for k, v in expected.items()}
    distances = {k: _distance(found[k], expected[k]) for k in expected}
    if all(distances[k] <= allowed[k] for k in expected):
        return
    for number in range(_SHAKES):  # a network may jump for one of them and stay for three others
        shaken = case.train("reference", number)
        for k in expected:
            allowed[k] = np.fmax(allowed[k], 10 * _distance(shaken[k], expected[k]))
        if all(distances[k] <= allowed[k] for k in expected):
            return
    far = {k: (distances[k], allowed[k]) for k in expected if not distances[k] <= allowed[k]}
    if far and all(k.split(" ")[-1] in COUNTING for k in far):
        counted = case.train("reference", ties=True)
        most = {k: allowed[k] + _turned(case, counted, k) for k in far}
        far = {k: (distances[k], most[k]) for k in far if not distances[k] <= most[k]}
    if far:
        k, (distance, most) = max(far.items(), key=lambda pair: pair[1][0] / pair[1][1])
        raise AssertionError(f"{len(far)} differ: {k} by {distance:.3g}, of {most:.3g} at most")


def _distance(found: Array, expected: Array) -> float:
    """The largest distance of two elements; infinite where only one of them is finite."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    with np.errstate(all="ignore"):
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        apart = np.where(same, 0, np.abs(found.astype(float) - expected.astype(float)))
    return float(np.where(np.isnan(apart), np.inf, apart).max(initial=0))


if __name__ == "__main__":
    sys.exit(main("Random models on both engines.", "models", run_model))
