"""Other threads, callbacks and signal handlers on a model in training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Sequential
from ranvier.callbacks import LambdaCallback
from ranvier.errors import StateError
from ranvier.nn import Dense
from ranvier.train.steps.concurrency import in_training

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 16)).astype("f")
Y = X @ RNG.normal(size=(16, 8)).astype("f")


def twins(engine: str | None = None) -> Any:
    """Two equal halves, which stay equal to the bit as long as both have taken the same steps."""
    x = ranvier.Input(shape=(16,))
    halves = [Dense(8, name="left"), Dense(8, name="right")]
    out = ranvier.nn.Concatenate()([half(x) for half in halves])
    model = ranvier.Model(inputs=x, outputs=out)
    halves[1].set_weights(halves[0].get_weights())
    model.compile("adam", "mse", engine=engine)
    return model


def beside(model: Any, use: Callable[[], Any], answers: int) -> list[Any]:
    """What `use` gives in another thread while the model is in training: so many answers at least,
    and two that differ.
    """
    found: list[Any] = []
    begun = threading.Event()

    def work() -> None:
        begun.wait(60)
        try:
            while len(found) < answers or len({np.asarray(one).tobytes() for one in found}) < 2:
                found.append(use())
        except BaseException as error:
            found.append(error)
        model.stop_training = True

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    watch = LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.set())
    model.fit(X, np.hstack([Y, Y]), batch_size=30, epochs=10**7, verbose=0, callbacks=[watch])
    worker.join(60)
    assert not worker.is_alive()
    return found


@pytest.mark.parametrize("rows", [1, 300])
def test_predict_beside_fit_sees_whole_steps(rows: int) -> None:
    model = twins()
    found = beside(model, lambda: model.predict(X[:rows]), 40)
    assert all(isinstance(out, np.ndarray) for out in found), found[-1]
    for out in found:
        np.testing.assert_array_equal(out[:, :8], out[:, 8:])
    np.testing.assert_allclose(model.predict(X), model(X).numpy(), rtol=1e-4, atol=1e-5)


def test_predict_beside_fit_on_the_reference_engine_and_in_batches() -> None:
    model = twins("reference")
    for out in beside(model, lambda: model.predict(X, batch_size=64), 3):
        np.testing.assert_array_equal(out[:, :8], out[:, 8:])


def test_evaluate_beside_fit() -> None:
    model = twins()
    found = beside(model, lambda: model.evaluate(X, np.hstack([Y, Y])), 5)
    assert all(isinstance(loss, float) for loss in found), found[-1]


def test_the_training_is_the_same_with_somebody_beside() -> None:
    def trained(asked: bool) -> list[bytes]:
        ranvier.seed(0)
        model = Sequential([Dense(8, input_shape=(16,)), ranvier.nn.Dropout(0.5), Dense(8)])
        model.compile("adam", "mse")
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                model.predict(X)

        worker = threading.Thread(target=work)
        if asked:
            worker.start()
        model.fit(X, Y, epochs=30, verbose=0)
        over.set()
        if asked:
            worker.join(60)
        return [w.tobytes() for w in model.get_weights()]

    assert trained(True) == trained(False)


def test_a_callback_may_predict_and_wait_for_a_thread_that_predicts() -> None:
    model = twins()
    seen: list[Any] = []

    def ask(epoch: int, logs: Any) -> None:
        worker = threading.Thread(target=lambda: seen.append(model.predict(X)))
        worker.start()
        worker.join(60)
        assert not worker.is_alive()
        np.testing.assert_array_equal(seen[-1], model.predict(X))

    watch = LambdaCallback(on_epoch_end=ask)
    model.fit(X, np.hstack([Y, Y]), epochs=3, verbose=0, callbacks=[watch])
    assert len(seen) == 3
    assert len({out.tobytes() for out in seen}) == 3


@pytest.mark.parametrize("call", ["fit", "train_on_batch"])
def test_a_training_within_a_training_is_refused(call: str) -> None:
    model = Sequential([Dense(8, input_shape=(16,), name="line")])
    model.compile("adam", "mse")

    def again(*given: Any) -> None:
        getattr(model, call)(X, Y)

    watch = LambdaCallback(on_epoch_end=again)
    with pytest.raises(StateError, match="in training already: fit or train_on_batch was called"):
        model.fit(X, Y, verbose=0, callbacks=[watch])
    assert not in_training(model)
    model.fit(X, Y, verbose=0)
    model.train_on_batch(X, Y)


def quickly(model: Any) -> Any:
    """What `predict` answers without a closer look."""
    return model._uses.last(X[:1], 256)


def test_quick_predict_comes_back_after_fit() -> None:
    model = Sequential([Dense(8, input_shape=(16,))])
    model.compile("adam", "mse")
    model.predict(X[:1])
    model.predict(X[:1])
    assert quickly(model) is not None
    model.fit(X, Y, epochs=2, verbose=0)
    assert quickly(model) is None
    after = model.predict(X[:1])
    np.testing.assert_array_equal(quickly(model), after)
