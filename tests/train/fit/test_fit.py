"""fit, evaluate and predict against the same arithmetic in NumPy, and what must hold of every
training.
"""

from __future__ import annotations

import gc
import os
import signal
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import Model, Sequential, nn
from ranvier.callbacks import Callback, LambdaCallback
from ranvier.errors import ArgumentError, StateError
from ranvier.nn import Dense, Flatten
from ranvier.optim import SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5] + 0.3).astype(np.float32)


def line(engine: str | None = "reference", **options: Any) -> Sequential:
    model = Sequential([Dense(1, input_shape=(3,))])
    model.set_weights([np.full((3, 1), 0.1, np.float32), np.zeros(1, np.float32)])
    model.compile(SGD(learning_rate=0.1), "mse", engine=engine, **options)
    return model


def by_hand(
    order: list[np.ndarray], weight: np.ndarray, batch: int = 16
) -> tuple[np.ndarray, list[float]]:
    """The weights and the losses of each epoch of linear regression by SGD."""
    w, losses = np.array([0.1, 0.1, 0.1, 0.0]), []
    ones = np.c_[X, np.ones(len(X))].astype(np.float64)
    for rows in order:
        total = 0.0
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            far = ones[part] @ w - Y[part]
            total += float((weight[part] * far**2).sum())
            w = w - 0.1 * 2 * ones[part].T @ (weight[part] * far) / len(part)
        losses.append(total / len(rows))
    return w, losses


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_is_the_arithmetic_it_says(engine: str, weighted: bool) -> None:
    model = line(engine)
    weight = RNG.random(50) if weighted else np.ones(50)
    history = model.fit(X, Y, 16, 3, 0, shuffle=False, sample_weight=weight if weighted else None)
    w, losses = by_hand([np.arange(50)] * 3, weight)
    assert np.concatenate([a.ravel() for a in model.get_weights()]) == pytest.approx(w, rel=1e-4)
    assert history.history["loss"] == pytest.approx(losses, rel=1e-5)
    assert model.optimizer.iterations.item() == 3 * 4


@pytest.mark.parametrize("engine", ENGINES)
def test_shuffled_rows_are_each_seen_once(engine: str) -> None:
    ranvier.seed(0)  # what is seen of an order is the row in its last batch: 1 in 50 are alike
    seen: list[np.ndarray] = []
    model = Sequential([Dense(1, kernel_initializer="zeros", use_bias=False, input_shape=(50,))])
    model.compile(SGD(learning_rate=1.0), "half_squared_error", engine=engine)
    for _ in range(2):
        model.set_weights([np.zeros((50, 1))])
        model.fit(np.eye(50), np.arange(1, 51), batch_size=7, verbose=0)
        seen.append(model.get_weights()[0].ravel())
    expected = np.arange(1, 51)
    for w in seen:  # each row moves its own weight by y / rows in its batch: 7, or 1 in the last
        assert set(np.round(expected / w).astype(int)) == {7, 1}
        assert (np.round(expected / w) == 1).sum() == 1
    assert not np.array_equal(seen[0], seen[1])


@pytest.mark.parametrize("engine", ENGINES)
def test_same_seed_same_bits(engine: str) -> None:
    found = []
    for _ in range(2):
        ranvier.seed(3)
        model = Sequential([Dense(8, activation="tanh"), Dense(1)])
        model.compile("adam", "mse", ["mae"], engine=engine)
        history = model.fit(X, Y, 16, 4, 0, validation_split=0.2)
        found.append([*(w.tobytes() for w in model.get_weights()), history.history])
    assert found[0] == found[1]


def test_a_callback_at_every_batch_changes_no_bit() -> None:
    plain, watched = line(), line()
    batches: list[int] = []
    ranvier.seed(0)
    plain.fit(X, Y, 16, 2, 0)
    ranvier.seed(0)
    watch = LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    watched.fit(X, Y, 16, 2, 0, callbacks=watch)
    assert batches == [0, 1, 2, 3] * 2
    for a, b in zip(plain.get_weights(), watched.get_weights(), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluate_and_predict_do_not_depend_on_the_batch_size(engine: str) -> None:
    model = line(engine, metrics=["mae", "r2"])
    out = X @ np.full(3, 0.1)
    expected = [float(((out - Y) ** 2).mean()), float(abs(out - Y).mean())]
    for batch in (1, 16, 50, 256, None):
        assert model.evaluate(X, Y, batch)[:2] == pytest.approx(expected, rel=1e-5)
        assert model.predict(X, batch)[:, 0] == pytest.approx(out, abs=1e-6)
    named = model.evaluate(X, Y, return_dict=True)
    assert list(named) == ["loss", "mae", "r2"]


def test_validation_takes_the_last_rows_and_its_history_is_that_of_evaluate() -> None:
    model = line(metrics=["mae"])
    history = model.fit(X, Y, 16, 2, 0, validation_split=0.2, shuffle=False)
    last = model.evaluate(X[40:], Y[40:])
    assert [history.history["val_loss"][-1], history.history["val_mae"][-1]] == last
    other = line(metrics=["mae"])
    again = other.fit(X[:40], Y[:40], 16, 2, 0, validation_data=(X[40:], Y[40:]), shuffle=False)
    assert again.history == history.history


def test_no_graph_is_built_twice_for_layers_that_differ_in_use() -> None:
    model = ranvier.Sequential([nn.Dense(4, input_shape=(3,)), nn.Dropout(0.5), nn.Dense(1)])
    model.compile("sgd", "mse")
    for mode in (model.train, model.eval, model.train):
        mode()
        model.fit(X, Y, 16, 1, 0)
        model.evaluate(X, Y)
    assert _graphs(model) == {"train": 1, "test": 1}


def test_no_graph_is_built_twice() -> None:
    model = line()
    for _ in range(3):
        model.fit(X, Y, 16, 2, 0, validation_split=0.2)
        model.optimizer.learning_rate = 0.01
        model.fit(X[:45], Y[:45], 16, 1, 0)
    assert _graphs(model) == {"train": 1, "test": 1}
    for rows in range(1, 30):
        model.predict(X[:rows])
    assert model._uses is not None
    assert len(model._uses.steps) == 6  # 1, 2, 4, 8, 16, 32
    model.fit(X, Y, 25, 1, 0)
    assert _graphs(model)["train"] == 2


def _graphs(model: Model) -> dict[str, int]:
    assert model._steps is not None
    return {kind: len(model._steps.made(kind)) for kind in ("train", "test")}


def test_frozen_layers_stay() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0]) and not np.array_equal(before[2], after[2])


def test_batches_larger_than_the_data() -> None:
    one, all_rows = line(), line()
    one.fit(X, Y, 1000, 1, 0, shuffle=False)
    all_rows.fit(X, Y, None, 1, 0, shuffle=False)
    assert np.array_equal(one.get_weights()[0], all_rows.get_weights()[0])


def test_train_on_batch_is_one_step() -> None:
    model, other = line(), line()
    loss = model.train_on_batch(X, Y)
    other.fit(X, Y, 50, 1, 0)
    assert loss == pytest.approx(float(((X @ np.full(3, 0.1) - Y) ** 2).mean()), rel=1e-5)
    assert model.get_weights()[0] == pytest.approx(other.get_weights()[0])
    model.train_on_batch(X[:7], Y[:7])
    assert _graphs(model) == {"train": 1, "test": 0}
    assert model.test_on_batch(X, Y) == model.evaluate(X, Y)


def test_subclass_with_its_own_forward() -> None:
    class Net(Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = Dense(8, activation="tanh")
            self.out = Dense(1)

        def forward(self, x: Any) -> Any:
            return self.out(self.hidden(x)) + x[:, :1]

    model = Net()
    model.compile("adam", "mse", engine="reference")
    history = model.fit(X, Y, 16, 5, 0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.predict(X).shape == (50, 1)
    assert model.count_params() == 3 * 8 + 8 + 8 + 1


def test_penalties_are_part_of_the_loss() -> None:
    model = Sequential([Dense(1, kernel_regularizer="l2", input_shape=(3,))])
    model.set_weights([np.full((3, 1), 2.0), np.zeros(1)])
    model.compile("sgd", "mse", engine="reference")
    plain = float((((X @ np.full(3, 2.0)) - Y) ** 2).mean())
    assert model.evaluate(X, Y) == pytest.approx(plain + 0.01 * 12, rel=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_images_of_bytes_are_read_as_they_are(engine: str) -> None:
    (x, y), _ = ranvier.data.load_digits()
    model = Sequential([Flatten(), Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], engine=engine)
    history = model.fit(x[:300], y[:300], 32, 20, 0)
    assert history.history["accuracy"][-1] > 0.5
    assert model.predict(x[:5]) == pytest.approx(model.predict(x[:5].astype(float)), abs=1e-5)


def test_text_labels_come_back_as_text() -> None:
    names = np.where(X[:, 0] > 0, "yes", "no")
    binary = Sequential([Dense(1, activation="sigmoid", input_shape=(3,))])
    binary.compile(SGD(learning_rate=1.0), "binary_crossentropy", ["accuracy"], engine="reference")
    binary.fit(X, names, epochs=30, verbose=0)
    assert binary.classes is not None and binary.classes.tolist() == ["no", "yes"]
    assert (binary.predict_classes(X) == names).mean() > 0.9
    for loss in ("sparse_categorical_crossentropy", "categorical_crossentropy"):
        model = Sequential([Dense(3, activation="softmax", input_shape=(3,))])
        model.compile("adam", loss, ["accuracy"], engine="reference")
        three = [["ant", "bee", "cow"][int(v)] for v in np.argmax(X, axis=1)]
        model.fit(X, three, epochs=2, verbose=0, class_weight={"ant": 2.0})
        assert set(model.predict_classes(X)) <= {"ant", "bee", "cow"}


def test_class_weight_multiplies_the_rows_of_a_class() -> None:
    labels = (X[:, 0] > 0).astype(int)
    results = []
    for how in (
        {"class_weight": {0: 1.0, 1: 3.0}},
        {"sample_weight": np.where(labels == 1, 3.0, 1.0)},
    ):
        model = Sequential([Dense(1, activation="sigmoid", kernel_initializer="zeros")])
        model.compile("sgd", "binary_crossentropy", engine="reference")
        model.fit(X, labels, verbose=0, shuffle=False, **how)
        results.append(model.get_weights()[0])
    assert np.array_equal(results[0], results[1])


def test_tables_go_straight_in() -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    for library in (pandas, polars):
        model = line()
        table = library.DataFrame({name: X[:, i] for i, name in enumerate("abc")})
        model.fit(table, library.Series(Y.tolist()), 16, 1, 0, shuffle=False)
        assert model.predict(table).shape == (50, 1)


class Interrupt(Callback):
    """Presses Ctrl-C in the second epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="signals work otherwise there")
@pytest.mark.usefixtures("ctrl_c_works")
def test_ctrl_c_ends_cleanly(capsys: pytest.CaptureFixture[str]) -> None:
    model = line()
    history = model.fit(X, Y, 16, 10, 0, callbacks=[Interrupt()])
    assert history.interrupted and history.epoch == [0]
    assert "Interrupted" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert np.isfinite(model.get_weights()[0]).all()
    assert not model.fit(X, Y, 16, 1, 0).interrupted


@pytest.mark.usefixtures("ctrl_c_works")
def test_a_training_that_is_over_at_once_leaves_ctrl_c_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    real = signal.signal

    def spy(*given: Any) -> Any:
        asked.append(given)
        return real(*given)

    monkeypatch.setattr(signal, "signal", spy)
    model = line()
    model.fit(X, Y, 16, 2, 0)
    assert len(asked) == 2  # how long it takes is not known yet
    model.fit(X, Y, 16, 2, 0)
    assert len(asked) == 2
    model.fit(X, Y, 16, 2, 0, callbacks=[Callback()])
    assert len(asked) == 4


def test_initial_epoch_continues_the_count() -> None:
    model = line()
    assert model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]


def test_memory_stays_flat_over_many_trainings() -> None:
    def train() -> None:
        model = line()
        model.fit(X, Y, 16, 1, 0)

    for _ in range(3):
        train()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        train()
    gc.collect()
    assert len(gc.get_objects()) < before + 200


def test_summary_counts_the_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    model = Sequential([Dense(4, input_shape=(3,), name="first"), Dense(2, name="second")])
    model.summary()
    text = capsys.readouterr().out
    assert "first (Dense)" in text and "(rows, 4)" in text and "26 parameters" in text


SETTINGS = {
    "optimizer": "adam", "loss": "mae", "metrics": ["mae"], "weighted_metrics": ["mae"],
    "loss_weights": 2.0, "engine": "reference",
}  # fmt: skip


@pytest.mark.parametrize("attribute", SETTINGS)
@pytest.mark.parametrize("moment", ["on_epoch_end", "on_train_batch_end"])
def test_what_compile_settles_cannot_change_while_fit_runs(attribute: str, moment: str) -> None:
    model = line()

    def change(*_: Any) -> None:
        setattr(model, attribute, SETTINGS[attribute])

    before = model.optimizer
    with pytest.raises(StateError, match=f"{attribute} was set while fit runs"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[LambdaCallback(**{moment: change})])
    assert model.optimizer is before
    setattr(model, attribute, SETTINGS[attribute])  # takes effect at the next fit
    model.fit(X, Y, epochs=2, verbose=0)


def test_an_optimizer_set_by_name_is_one() -> None:
    model = line()
    model.optimizer = "adam"
    assert isinstance(model.optimizer, Adam)
    model.optimizer.learning_rate = 0.5
    model.fit(X, Y, epochs=2, verbose=0)
    assert int(model.optimizer.iterations.numpy()) > 0
    with pytest.raises(ArgumentError, match="did you mean 'adam'"):
        model.optimizer = "adma"
