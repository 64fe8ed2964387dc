"""The first NaN is found, named and undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import Model, Sequential
from ranvier.callbacks import Callback, TerminateOnNaN
from ranvier.errors import NonFiniteError
from ranvier.nn import Dense
from ranvier.optim import SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype(np.float32)
Y = X.sum(axis=1)


class Root(Model):
    """Takes the logarithm of its input: fine until a row is not positive."""

    def __init__(self) -> None:
        super().__init__()
        self.out = Dense(1, name="out")
        self.logs = Logarithm(name="logs")

    def forward(self, x: Any) -> Any:
        return self.out(self.logs(x))


class Logarithm(ranvier.nn.Layer):
    def forward(self, x: Any) -> Any:
        return ranvier.log(x)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_layer_the_operation_and_the_row_are_named(engine: str) -> None:
    x = np.abs(X) + 0.1
    x[37, 1] = -1.0
    model = Root()
    model.compile(Adam(), "mse", engine=engine)
    with pytest.raises(NonFiniteError) as caught:
        model.fit(x, Y, 16, 3, 0, shuffle=False)
    text = str(caught.value)
    assert "NaN first appeared in epoch 1, batch 3" in text
    assert "layer 'logs' (Logarithm), operation log" in text
    assert "rows 37 of x" in text
    assert "the logarithm of -1" in text
    # The two batches before it stay learnt, and the optimizer stands where they left it.
    other = Root()
    other.compile(Adam(), "mse", engine=engine)
    other.ensure_built((3,))
    assert model.optimizer.iterations.item() == 2
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_too_large_is_named_and_the_last_good_weights_stay(engine: str) -> None:
    ranvier.seed(0)
    model = Sequential([Dense(8, input_shape=(3,)), Dense(1)])
    model.compile(SGD(learning_rate=100.0), "mse", engine=engine)
    with pytest.raises(NonFiniteError) as caught:
        model.fit(X, Y, 16, 200, 0)
    text = str(caught.value)
    assert "values grew to" in text and "lower the learning rate 100" in text
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert np.isfinite(model.predict(X)).all() or "infinity" in text


@pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")
def test_weights_go_back_to_just_before_the_step() -> None:
    x = X.copy()
    good, bad = x[:48], x.copy()
    bad[50] = 1e30  # finite, but its square is not
    kept = []
    for rows in (good, bad):
        model = Sequential([Dense(1, input_shape=(3,), kernel_initializer="zeros")])
        model.compile(SGD(learning_rate=0.01), "mse", engine="reference")
        if rows is bad:
            with pytest.raises(NonFiniteError, match="rows 50 of x"):
                model.fit(rows, Y, 16, 1, 0, shuffle=False)
        else:
            model.fit(rows, Y[:48], 16, 1, 0, shuffle=False)
        kept.append(model.get_weights()[0])
    assert np.array_equal(kept[0], kept[1])


@pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")
def test_inputs_out_of_scale_are_the_likely_cause() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), Dense(1)])
    model.compile(SGD(learning_rate=0.1), "mse", engine="reference")
    with pytest.raises(NonFiniteError, match="scale the input, whose largest value is"):
        model.fit(X * 1e6, Y, 16, 50, 0)


def test_terminate_on_nan_ends_quietly() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), Dense(1)])
    model.compile(SGD(learning_rate=100.0), "mse", engine="reference")
    stop = TerminateOnNaN()
    history = model.fit(X, Y, 16, 200, 0, callbacks=[stop])
    assert len(history.epoch) < 200 and isinstance(stop.error, NonFiniteError)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_a_callback_that_breaks_the_weights_is_suspected() -> None:
    class Break(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                self.model.set_weights([w * np.nan for w in self.model.get_weights()])

    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", engine="reference")
    with pytest.raises(NonFiniteError, match="a callback must have changed"):
        model.fit(X, Y, 16, 5, 0, callbacks=[Break()])
    assert np.isfinite(model.get_weights()[0]).all()


def test_only_values_that_matter_are_blamed() -> None:
    class Choice(ranvier.nn.Layer):
        """log of negative numbers, never chosen."""

        def forward(self, x: Any) -> Any:
            return ranvier.where(x > 0, ranvier.log(x), 0.0)

    model = Sequential([Choice(), Dense(1)])
    model.compile(SGD(learning_rate=0.01), "mse", engine="reference")
    model.fit(X, Y, 16, 1, 0)  # its infinities and NaN go nowhere
    assert all(np.isfinite(w).all() for w in model.get_weights())


# --- the weights of the last good epoch ---------------------------------------------------------


class Starts(Callback):
    """The weights that each epoch began with."""

    def __init__(self) -> None:
        self.weights: list[list[bytes]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.weights.append([w.tobytes() for w in self.model.get_weights()])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("every", [0.0, 0.5, 1e9], ids=["copies", "usual", "one copy"])
@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")
def test_the_weights_that_the_epoch_began_with_are_kept(
    engine: str, every: float, watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranvier.train.fit.nonfinite._EVERY", every)

    def run(callbacks: Any) -> tuple[Any, NonFiniteError]:
        ranvier.seed(0)
        model = Sequential([Dense(8, input_shape=(3,)), Dense(1)])
        model.compile(SGD(learning_rate=0.6), "mse", engine=engine)
        with pytest.raises(NonFiniteError) as caught:
            model.fit(X, Y, 16, 200, 0, callbacks=callbacks)
        return model, caught.value

    starts = Starts()
    model, error = run([starts])
    if not watched:  # several epochs in one stretch
        model, error = run([])
    assert error.weights is not None
    assert [w.tobytes() for w in error.weights] == starts.weights[-1]
    assert f"those that epoch {len(starts.weights)} began with are kept in the error" in str(error)
    model.set_weights(error.weights)
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")
def test_a_quiet_end_keeps_them_too() -> None:
    ranvier.seed(0)
    model = Sequential([Dense(8, input_shape=(3,)), Dense(1)])
    model.compile(SGD(learning_rate=100.0), "mse")
    first = [w.copy() for w in model.get_weights()]
    quiet = TerminateOnNaN()
    model.fit(X, Y, 64, 200, 0, callbacks=[quiet])
    assert isinstance(quiet.error, NonFiniteError) and quiet.error.weights is not None
    assert len(quiet.error.weights) == len(first)
    assert all(np.isfinite(w).all() for w in quiet.error.weights)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("connected", [False, True])
def test_a_scaling_layer_is_advised_only_where_there_is_none(scaled: bool, connected: bool) -> None:
    x = X * 500
    layers: list[Any] = [Dense(8, "relu"), Dense(1)]
    if scaled:
        normalize = ranvier.nn.Normalize()
        normalize.adapt(x)
        layers.insert(0, normalize)
    model: Any = Sequential(layers)
    if connected:
        out = start = ranvier.Input((3,))
        for layer in layers:
            out = layer(out)
        model = Model(start, out)
    model.compile(SGD(1e6), "mse")
    with pytest.raises(NonFiniteError) as caught:
        model.fit(x, Y, epochs=20, verbose=0)
    text = str(caught.value)
    assert ("a Normalize layer does it" in text) == (not scaled)
    # A rate far above the usual one is the first suspect.
    assert "overflowed; clip" not in text
    if "a Normalize layer" in text:
        assert text.index("lower the learning rate") < text.index("a Normalize layer")
