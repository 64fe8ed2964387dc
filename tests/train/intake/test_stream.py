"""fit, evaluate and predict on streams: the same as from memory, read ahead, and never silent."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import nn
from ranvier.data import Stream, stream_arrays, stream_batches
from ranvier.errors import ArgumentError, DataError, NonFiniteError, ShapeError
from ranvier.train.fit import streaming as streams
from ranvier.train.fit.ready import ready


def rows(count: int = 203) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 5)).astype(np.float32)
    return x, (x[:, :1] * x[:, 1:2]).astype(np.float32)


def network(engine: str | None = None, **options: Any) -> Any:
    ranvier.seed(7)
    model = ranvier.Sequential([nn.Dense(6, activation="tanh"), nn.Dropout(0.1), nn.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], engine=engine, **options)
    return model


def same(a: Any, b: Any) -> bool:
    return all((p == q).all() for p, q in zip(a.get_weights(), b.get_weights(), strict=True))


X, Y = rows()


# --- the same as from memory --------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [203, 192, 20])
def test_unshuffled_it_is_the_same_training_bit_by_bit(engine: str, count: int) -> None:
    x, y = X[:count], Y[:count]
    memory, streamed = network(engine), network(engine)
    first = memory.fit(x, y, epochs=3, verbose=0, shuffle=False)
    for chunk_rows in (7, 64, 1000):
        streamed = network(engine)
        stream = stream_arrays(x, y, chunk_rows=chunk_rows, buffer_rows=70)
        second = streamed.fit(stream, epochs=3, verbose=0, shuffle=False)
        assert same(memory, streamed) and first.history == second.history, chunk_rows


def test_weights_of_rows_go_along() -> None:
    weight = np.linspace(0, 2, len(X)).astype(np.float32)
    stream = stream_arrays(X, Y, weight, chunk_rows=30)
    memory = network()
    memory.fit(X, Y, sample_weight=weight, verbose=0, shuffle=False)
    streamed = network()
    streamed.fit(stream, verbose=0, shuffle=False)
    assert same(memory, streamed)
    found, expected = streamed.evaluate(stream), memory.evaluate(X, Y, sample_weight=weight)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluate_and_predict(engine: str) -> None:
    model = network(engine)
    stream = stream_arrays(X, Y, chunk_rows=50)
    np.testing.assert_allclose(
        model.evaluate(stream, batch_size=32), model.evaluate(X, Y), rtol=1e-6
    )
    found = model.predict(stream_arrays(X, chunk_rows=50))
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-6)
    held = network(engine).fit(stream, verbose=0, validation_data=stream).history
    pair = network(engine).fit(stream, verbose=0, validation_data=(X, Y)).history
    np.testing.assert_allclose(held["val_mae"], pair["val_mae"], rtol=1e-5)


# --- the order ----------------------------------------------------------------------------------


class Noting(ranvier.callbacks.Callback):
    """Notes what it is told of batches."""

    def __init__(self) -> None:
        super().__init__()
        self.began: list[int] = []
        self.ended: list[int] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.began.append(batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ended.append(batch)


def blocks_of(stream: Stream, epochs: int, shuffle: bool = True) -> list[list[np.ndarray]]:
    """The batches of rows that training would see, epoch by epoch."""
    model = network()
    blocks = streams.Blocks(model, stream, shuffle)
    step = ready(model, blocks.first).get("train", 16, blocks.first, "reference")
    found: list[list[np.ndarray]] = [[]]
    for block in blocks.epochs(epochs, step):
        if block.rows is None:
            found.append([])
            continue
        for i in range(block.steps):
            chosen = block.order[i * 16 : (i + 1) * 16]
            found[-1].append(block.rows.arrays[1][chosen][: block.rows.count - i * 16, 0])
    return found[:-1]


def test_each_epoch_sees_every_row_once_in_another_order() -> None:
    y = np.arange(203, dtype=np.float32)[:, None]
    stream = stream_arrays(X, y, chunk_rows=10, buffer_rows=64)
    ranvier.seed(1)
    epochs = blocks_of(stream, 3)
    for batches in epochs:
        assert [len(b) for b in batches] == [16] * 12 + [11], "all whole but the last"
        assert sorted(np.concatenate(batches).tolist()) == list(range(203))
    orders = [np.concatenate(batches).tolist() for batches in epochs]
    assert len({tuple(order) for order in orders}) == 3
    ahead = np.diff(orders[0])
    assert (ahead == 1).mean() < 0.1, "rows that were neighbours are apart"


def test_a_seed_names_the_order() -> None:
    stream = stream_arrays(X, Y, chunk_rows=10, buffer_rows=64)
    one, two, other = network(), network(), network()
    for model, seed in ((one, 3), (two, 3), (other, 4)):
        ranvier.seed(seed)
        model.fit(stream, epochs=3, verbose=0)
    assert same(one, two) and not same(one, other)


def test_callbacks_count_the_batches_of_an_epoch() -> None:
    noting = Noting()
    stream = stream_arrays(X, Y, chunk_rows=10, buffer_rows=64)
    history = network().fit(stream, epochs=2, verbose=0, callbacks=noting)
    assert noting.began == noting.ended == [*range(7), *range(7)]
    assert history.epoch == [0, 1] and history.params["steps"] == 7


def test_stopping_early_ends_the_reading() -> None:
    class Stop(ranvier.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    history = network().fit(stream_arrays(X, Y), epochs=50, verbose=0, callbacks=Stop())
    assert history.epoch == [0]
    assert not [t for t in threading.enumerate() if t.name == "ranvier stream"]


# --- generators ---------------------------------------------------------------------------------


def batches() -> Iterator[Any]:
    for start in range(0, 203, 25):
        yield X[start : start + 25], Y[start : start + 25]


def test_batches_of_a_generator_keep_their_size_and_order() -> None:
    memory = network()
    memory.fit(X, Y, batch_size=25, epochs=2, verbose=0, shuffle=False)
    for made in (batches, list(batches())):
        streamed = network()
        streamed.fit(stream_batches(made), epochs=2, verbose=0)
        assert same(memory, streamed)
    network().fit(batches(), verbose=0)
    with pytest.raises(DataError, match="only once"):
        network().fit(batches(), epochs=2, verbose=0)


def test_endless_generators_give_so_many_batches() -> None:
    def endless() -> Iterator[Any]:
        for i in itertools.count():
            made.append(i)
            yield X[:10] + i, Y[:10]

    made: list[int] = []
    noting = Noting()
    network().fit(stream_batches(endless(), steps=3), epochs=2, verbose=0, callbacks=noting)
    assert noting.ended == [0, 1, 2, 0, 1, 2] and made == list(range(6))
    with pytest.raises(DataError, match="there are no batches"):
        network().fit(stream_batches(lambda: iter([]), steps=3), verbose=0)
    with pytest.raises(DataError, match="no rows; expected at least one"):
        network().fit(iter([]), verbose=0)


def test_reading_runs_while_training_does() -> None:
    def slow() -> Iterator[Any]:
        for _ in range(6):
            names.add(threading.current_thread().name)
            yield X, Y

    names: set[str] = set()
    network().fit(slow(), verbose=0)
    assert "ranvier stream" in names


def test_no_more_than_a_few_blocks_are_read_ahead() -> None:
    made = 0

    def items() -> Iterator[int]:
        nonlocal made
        for i in range(100):
            made = i + 1
            yield i

    with streams.Prefetch(items()) as ahead:
        assert next(ahead) == 0
        time.sleep(0.1)
        assert made <= 5


# --- what is wrong ------------------------------------------------------------------------------


def spoiled(number: int, change: Callable[[np.ndarray, np.ndarray], Any]) -> Iterator[Any]:
    for i in range(4):
        x, y = X[:32].copy(), Y[:32].copy()
        yield change(x, y) if i == number else (x, y)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda x, y: (np.where(x == x[3, 2], np.nan, x), y), DataError, "NaN in row 3, column 2"),
        (lambda x, y: (x[:, :4], y), DataError, r"rows are float32\[4\], float32\[1\], those of"),
        (lambda x, y: (x, y[:30]), DataError, "x has 32 rows but y has 30"),
        (lambda x, y: (x,), DataError, "it has no targets"),
        (lambda x, y: {"x": x}, DataError, "batch 2 is a dict with the keys x"),
        (lambda x, y: (x, y, y[:, 0], y), DataError, "batch 2 is 4 parts"),
    ],
)
def test_a_chunk_that_does_not_fit_is_named(change: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        network().fit(spoiled(2, change), verbose=0)
    if "batch" not in message:
        assert "in chunk 3 of the stream" in caught.value.__notes__
    assert not [t for t in threading.enumerate() if t.name == "ranvier stream"]


def test_labels_of_later_chunks_are_looked_at_too() -> None:
    model = ranvier.Sequential([nn.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.arange(200) % 3
    labels[150] = 3
    with pytest.raises(DataError, match="3"):
        model.fit(stream_arrays(X[:200], labels, chunk_rows=50), verbose=0, shuffle=False)


def test_an_error_of_the_generator_comes_out() -> None:
    def breaks() -> Iterator[Any]:
        yield X, Y
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        network().fit(breaks(), verbose=0)


def test_the_first_nan_is_located_in_the_stream() -> None:
    y = Y.copy()
    y[150:153] = 1e30
    model = network()
    stream = stream_arrays(X, y, chunk_rows=20, buffer_rows=64)
    with pytest.raises(NonFiniteError, match=r"epoch 1, batch 10, .* rows 6, 7, 8 of the batch"):
        model.fit(stream, batch_size=16, verbose=0, shuffle=False)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_arguments_that_do_not_go_with_streams() -> None:
    stream = stream_arrays(X, Y)
    for options, message in (
        ({"y": Y}, "x is a stream, so y"),
        ({"sample_weight": Y}, "x is a stream, so y"),
        ({"validation_split": 0.1}, "may be a stream too"),
        ({"class_weight": "balanced"}, "give {class: weight}"),
        ({"batch_size": None}, "of a stream say how many"),
    ):
        with pytest.raises(ArgumentError, match=message):
            network().fit(stream, verbose=0, **options)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="received rows of shape"):
        model = network()
        model.predict(X)
        model.fit(stream_arrays(X[:, :4], Y), verbose=0)
