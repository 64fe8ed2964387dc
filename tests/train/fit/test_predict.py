"""predict: quick for what is known, and never at the price of a right answer or a clear error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from compiler.common import threads
from ranvier import nn
from ranvier.base.config import ENGINES, switches
from ranvier.errors import DataError, ShapeError
from ranvier.runtime import batched as by_rows
from ranvier.train.steps import predict as predicting

RNG = np.random.default_rng(0)
X = RNG.standard_normal((700, 6)).astype("f4")


def network(engine: str | None = None, last: Any = "sigmoid") -> Any:
    model = ranvier.Sequential(
        [nn.Dense(9, activation="tanh", input_shape=(6,)), nn.Dense(2, activation=last)]
    )
    model.compile("adam", "mse", engine=engine)
    return model


def expected(model: Any, x: Any) -> Any:
    """What the model says in eager mode."""
    with ranvier.no_grad():
        return model(np.asarray(x, np.float32), training=False).numpy()


def check(model: Any, x: Any = X[:1], **how: Any) -> Any:
    """Twice, so that the second call goes the quick way; each answer in memory of its own."""
    first, second = model.predict(x, **how), model.predict(x, **how)
    assert first.dtype == np.float32 and not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, expected(model, x), rtol=2e-6, atol=2e-6)
    return first


# --- right for every number of rows ---------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [1, 2, 7, 8, 255, 256, 257, 511, 512, 700])
def test_any_number_of_rows(engine: str, rows: int) -> None:
    model = network(engine)
    for batch in (256, 100, 1, None):
        check(model, X[:rows], batch_size=batch)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 30, 64, 65, 700])
def test_threads_give_the_same_bits(count: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads share batches, or each batch when there are few and its kernels are shared."""
    model = network()
    one = model.predict(X[:rows], batch_size=32)
    monkeypatch.setattr(by_rows, "_MIN_THREADED_NANOSECONDS", -1.0)
    monkeypatch.setattr(switches, "threads", count)
    np.testing.assert_array_equal(model.predict(X[:rows], batch_size=32), one)
    with threads(count):
        other = network()
        other(X[:1])
        other.set_weights(model.get_weights())
        for _ in range(3):
            np.testing.assert_array_equal(other.predict(X[:rows], batch_size=32), one)


def test_outputs_that_are_no_rows() -> None:
    class Mean(ranvier.Model):
        def forward(self, x: Any) -> Any:
            return ranvier.mean(x, axis=0)

    np.testing.assert_allclose(Mean().predict(X[:4])[:4], X[:4].mean(axis=0)[:4], rtol=1e-5)


def test_rows_of_other_shapes_and_dtypes() -> None:
    flat = ranvier.Sequential([nn.Flatten(input_shape=(2, 3)), nn.Dense(1)])
    check(flat, X.reshape(-1, 2, 3))
    bytes_ = RNG.integers(0, 256, (5, 6), dtype=np.uint8)
    check(network(), bytes_)
    check(ranvier.Sequential([nn.Activation("relu")]), X[:3, 0].reshape(3, 1))


# --- whatever holds the rows ----------------------------------------------------------------------


def off_by_one(x: Any) -> Any:
    """The same numbers where no float may begin."""
    raw = np.zeros(x.nbytes + 1, np.uint8)
    out = raw[1:].view(x.dtype).reshape(x.shape)
    out[...] = x
    return out


def read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


HOLDERS: dict[str, Any] = {
    "list": lambda x: x.tolist(),
    "float64": lambda x: x.astype("f8"),
    "float16": lambda x: x.astype("f2"),
    "tensor": ranvier.tensor,
    "columns": np.asfortranarray,
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "off by one": off_by_one,
    "read-only": read_only,
    "big-endian": lambda x: x.astype(">f4"),
    "a subclass": lambda x: x.view(np.recarray),
}


@pytest.mark.parametrize("primed", [False, True])
@pytest.mark.parametrize("holder", HOLDERS)
def test_rows_in_any_holder(holder: str, primed: bool) -> None:
    model, x = network(), X[:3].astype("f2").astype("f4")
    if primed:
        model.predict(x)
    right = expected(model, x)
    for _ in range(2):
        np.testing.assert_allclose(model.predict(HOLDERS[holder](x)), right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["i1", "i2", "u2", "i4", "u4", "i8", "u8", "longlong", ">i4", "?"])
def test_integers(kind: str) -> None:
    model = ranvier.Sequential([nn.Dense(2, input_shape=(6,))])
    x = RNG.integers(0, 2, (3, 6)).astype(kind)
    right = expected(model, x)
    model.predict(x.astype("f4"))
    for _ in range(2):
        np.testing.assert_allclose(model.predict(x), right, rtol=1e-5, atol=1e-6)


def test_rows_from_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    check(network(), np.load(tmp_path / "x.npy", mmap_mode="r"))


def test_frames() -> None:
    pandas = pytest.importorskip("pandas")
    model, frame = network(), pandas.DataFrame(X[:4], columns=list("abcdef"))
    np.testing.assert_array_equal(model.predict(frame), model.predict(X[:4]))
    frame.loc[2, "b"] = np.nan
    with pytest.raises(DataError, match=r"x: NaN in row 2, column 1 \('b'\)"):
        model.predict(frame)


# --- what is wrong is said, on the quick way too --------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("rows", "row"), [(1, 0), (5, 4), (700, 0), (700, 300), (700, 699)])
def test_no_row_that_is_not_finite_passes(engine: str, bad: float, rows: int, row: int) -> None:
    model, x = network(engine), X[:rows].copy()
    check(model, x)
    for column in range(6):
        x[row, column] = bad
        what = "NaN" if np.isnan(bad) else "infinity"
        with pytest.raises(DataError, match=f"x: {what} in row {row}, column {column}"):
            model.predict(x)
        x[row, column] = 3.0e38
        model.predict(x)
        x[row, column] = 0.0
    check(model, x)


def test_numbers_that_float32_cannot_hold() -> None:
    model, x = network(), X[:2].astype("f8")
    for _ in range(2):
        check(model, x)
        x[1, 3] = 1e39
        with pytest.raises(DataError, match="too large for float32"):
            model.predict(x)
        x[1, 3] = np.nan
        with pytest.raises(DataError, match="x: NaN in row 1, column 3"):
            model.predict(x)
        x[1, 3] = 0.0


def test_not_finite_in_a_row_of_any_width() -> None:
    for width in (1, 3, 31, 32, 33, 64, 100):
        model = ranvier.Sequential([nn.Dense(1, input_shape=(width,))])
        x = np.full((1, width), -3.0e38, np.float32)
        model.predict(x)
        for column in range(width):
            y = x.copy()
            y[0, column] = np.nan
            with pytest.raises(DataError, match=f"column {column}"):
                model.predict(y)


@pytest.mark.parametrize("engine", ENGINES)
def test_wrong_rows_are_reported_the_same_way_every_time(engine: str) -> None:
    model = network(engine)
    wrong: list[tuple[Any, type[Exception], str]] = [
        (X[:1, :5], ShapeError, "expected rows of shape .6,.: 6 features"),
        (X[0], ShapeError, "expected rows of shape .6,."),
        (X[:1].reshape(1, 2, 3), ShapeError, "Reshape x"),
        (X[:0], DataError, "no rows"),
        (np.float32(1), DataError, "expected rows"),
        ("text", DataError, "text"),
        (None, DataError, "None"),
        ([[1.0] * 6, [1.0] * 5], DataError, "equal length"),
        (X[:1].astype("c8"), DataError, "complex"),
    ]
    for _ in range(2):
        for x, kind, message in wrong:
            with pytest.raises(kind, match=message):
                model.predict(x)
        check(model)


# --- what changed is seen at once -----------------------------------------------------------------


def test_new_weights_are_seen() -> None:
    model = network()
    before = check(model)
    model.set_weights([w + 0.5 for w in model.get_weights()])
    second = check(model)
    model.fit(X, X[:, :2], epochs=1, verbose=0)
    third = check(model)
    model.layers[0].bias.assign(np.ones(9))
    fourth = check(model)
    model.layers[1].kernel.numpy()[...] = 0
    fifth = check(model)
    found = [before, second, third, fourth, fifth]
    assert all(not np.array_equal(a, b) for i, a in enumerate(found) for b in found[:i])


def test_a_weight_that_gets_other_memory_is_seen() -> None:
    model = network()
    check(model)
    model.layers[0].bias._data.flags.writeable = False
    model.layers[0].bias.assign(np.ones(9))
    check(model)
    model.layers[0].kernel = ranvier.tensor(np.ones((6, 9), "f4"), requires_grad=True)
    check(model)
    # One number, and equal to what was there before; then it changes.
    single = ranvier.Sequential([nn.Dense(1, input_shape=(6,))])
    check(single)
    single.layers[0].bias = ranvier.tensor([0.0], requires_grad=True)
    check(single)
    single.layers[0].bias.assign([2.0])
    check(single)


def test_another_layer_is_seen() -> None:
    model = network()
    before = check(model)
    model.layers[1] = nn.Dense(2, input_shape=(9,))
    assert not np.array_equal(check(model), before)
    model.add(nn.Activation("relu"))
    check(model)
    model.pop()
    check(model)
    model.layers[0].use_bias = False
    model.layers[0].bias = None
    check(model)
    del model.layers[1:]
    assert check(model).shape == (1, 9)


def test_layers_in_lists_and_dicts_are_seen() -> None:
    class Net(ranvier.Model):
        def __init__(self) -> None:
            super().__init__()
            self.parts = {"a": [nn.Dense(4, input_shape=(6,))], "b": []}
            self.scales = [ranvier.tensor(2.0)]
            self.shift = 1.0

        def forward(self, x: Any) -> Any:
            for layer in [*self.parts["a"], *self.parts["b"]]:
                x = layer(x)
            return x * self.scales[0] + self.shift

    model = Net()
    check(model)
    model.parts["b"].append(nn.Dense(3))
    check(model)
    model.scales[0] = ranvier.tensor(2.0)
    check(model)
    model.scales[0].assign(5.0)
    check(model)
    model.shift = 3.0
    check(model)


def test_the_engine_is_seen() -> None:
    model = network()
    check(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switches, "engine", "reference")
        check(model)
        assert model._uses.engine == "reference"
    check(model)
    assert model._uses.engine == "compiled"
    model.engine = "reference"
    check(model)
    assert model._uses.engine == "reference"


def test_layers_behave_as_in_use_and_nothing_is_built_again() -> None:
    model = ranvier.Sequential([nn.Dense(9, input_shape=(6,)), nn.Dropout(0.5), nn.Dense(1)])
    for mode in (model.eval, model.train, model.eval):
        mode()
        check(model)
        uses: Any = model._uses
        steps = dict(uses.steps)
        check(model)
        assert (id(model._uses), uses.steps) == (id(uses), steps)


def test_what_is_known_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network()
    model.predict(X[:1])
    model.predict(X[:3])
    monkeypatch.setattr(predicting, "inputs_of", None)
    for rows in (1, 3, 1, 1):
        model.predict(X[:rows])
    model.stop_training = True
    model.predict(X[:1].copy())


# --- several threads ------------------------------------------------------------------------------


def at_once(work: Any, count: int) -> None:
    """Do it on several threads; raise what one of them raised."""
    problems: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as problem:
            problems.append(problem)

    workers = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert not worker.is_alive()
    if problems:
        raise problems[0]


@pytest.fixture
def often() -> Iterator[None]:
    """Threads alternate as often as they can."""
    import sys

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("sharing", [False, True])
def test_several_threads_at_once(
    often: None, sharing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sharing:
        monkeypatch.setattr(by_rows, "_MIN_THREADED_NANOSECONDS", -1.0)
        monkeypatch.setattr(switches, "threads", 2)
    model = network()  # NOTE: the first call too comes from all of them
    parts = [X[:1], X[1:2], X[2:9], X[9:10], X, X[:300]]

    def work(number: int) -> None:
        x = parts[number]
        first = model.predict(x)
        np.testing.assert_allclose(first, expected(model, x), rtol=2e-6, atol=2e-6)
        for _ in range(300):
            np.testing.assert_array_equal(model.predict(x), first)

    at_once(work, len(parts))


def test_predict_while_another_thread_trains(often: None) -> None:
    model = network()
    model.fit(X, X[:, :2], epochs=1, verbose=0)

    def work(number: int) -> None:
        if number == 0:
            for _ in range(5):
                model.fit(X, X[:, :2], epochs=2, verbose=0)
        for _ in range(200):
            out = model.predict(X[:3])
            assert out.shape == (3, 2) and ((out >= 0) & (out <= 1)).all()

    at_once(work, 3)
    check(model)


def test_sequences_of_other_lengths() -> None:
    ranvier.seed(0)
    layers = [ranvier.nn.Embedding(9, 4, mask_zero=True), ranvier.nn.LSTM(3), ranvier.nn.Dense(1)]
    model = ranvier.Sequential(layers)
    model.compile("sgd", "mean_squared_error")
    model.fit(np.array([[1, 2, 0], [3, 0, 0]]), np.zeros(2), verbose=0)
    short, long = model.predict([[4, 8]]), model.predict([[4, 8, 0, 0, 0]])
    np.testing.assert_allclose(short, long, rtol=1e-5)
    model.fit(np.array([[1, 2, 0, 5]]), np.zeros(1), verbose=0)
    dense = ranvier.Sequential([ranvier.nn.Dense(1)])
    dense.compile("sgd", "mean_squared_error")
    dense.fit(np.zeros((2, 3)), np.zeros(2), verbose=0)
    with pytest.raises(ShapeError, match=r"expected rows of shape \(3,\)"):
        dense.predict(np.zeros((2, 4)))
