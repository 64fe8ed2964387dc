"""The first NaN in loops of one's own is named, nothing has moved; outside nothing is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.errors import NonFiniteError
from ranvier.tracing.compiled import CompiledFunction

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 3)).astype(np.float32)
X[5] = 0


class Planted(nn.Layer):
    """A layer of the user's own, with a mistake."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__(name="planted")
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def norm(x: Any) -> Any:
    return ranvier.sqrt(ranvier.sum(x * x, axis=1, keepdims=True))


def overflowing(x: Any) -> Any:
    return ranvier.exp(abs(x) * 1e4)


def loop(function: Any, compiled: bool = False, rate: float = 0.01, momentum: float = 0.9) -> Any:
    """(model, optimizer, a step on rows) in PyTorch's way."""
    ranvier.seed(0)
    model = ranvier.Sequential([
        nn.Dense(3, use_bias=False), Planted(function), nn.Dense(1, name="end")
    ])  # fmt: skip
    model.build((3,))
    optimizer = ranvier.optim.SGD(model.parameters(), lr=rate, momentum=momentum)

    def step(x: Any) -> Any:
        optimizer.zero_grad()
        loss = ((model(x) - 1.0) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, optimizer, ranvier.compile(step) if compiled else step


FORWARD, BACKWARD = "in the forward pass, in layer 'planted' (Planted)", "in its gradient"
CASES = {
    "logarithm": (lambda x: ranvier.log(x), FORWARD, "operation log", "the logarithm of -"),
    "division": (lambda x: 1 / (x * 0), FORWARD, "operation divide", "a division by 0"),
    "exponential": (overflowing, FORWARD, "operation exp", "in float32 that of 88.7"),
    "norm": (norm, BACKWARD, "rows 5 of the batch", "the gradient of a square root"),
    "power": (lambda x: abs(x) ** 0.5, BACKWARD, "rows 5 of the batch", "a negative exponent"),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_op_layer_row_and_cause_are_named_and_nothing_has_moved(name: str, compiled: bool) -> None:
    function, *texts = CASES[name]
    model, optimizer, step = loop(function, compiled)
    good = ranvier.tensor(X[:5] + 10.0 if name in ("norm", "power") else X)
    with ranvier.detect_anomaly():
        if name in ("norm", "power"):
            step(good)
        before = [w.copy() for w in model.get_weights()]
        with pytest.raises(NonFiniteError) as caught:
            step(ranvier.tensor(X))
    for text in texts:
        assert text in str(caught.value), str(caught.value)
    assert "test_anomaly.py:" in str(caught.value)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert all(p.grad is None or np.isfinite(p.grad.numpy()).all() for p in model.parameters())


def test_an_update_that_overflows_is_undone_with_its_slots() -> None:
    model, optimizer, step = loop(ranvier.relu, rate=1e38)
    optimizer.learning_rate = 0.01
    with ranvier.detect_anomaly():
        step(ranvier.tensor(X))
        optimizer.learning_rate = 3e38
        before = [t.numpy().copy() for t in optimizer.named_tensors(model.parameters()).values()]
        weights = [w.copy() for w in model.get_weights()]
        with pytest.raises(NonFiniteError, match=r"optimizer\.step\(\).*state are those from"):
            for _ in range(5):
                step(ranvier.tensor(X * 1e3))
    after = [t.numpy() for t in optimizer.named_tensors(model.parameters()).values()]
    for a, b in zip([*before, *weights], [*after, *model.get_weights()], strict=True):
        np.testing.assert_array_equal(a, b)


def test_data_that_is_not_finite_is_named_as_such() -> None:
    x = X.copy()
    x[3, 1] = np.nan
    _, _, step = loop(ranvier.relu)
    with ranvier.detect_anomaly(), pytest.raises(NonFiniteError, match=r"\[3, 1\] came from"):
        step(ranvier.tensor(x))


def test_what_goes_nowhere_is_not_blamed() -> None:
    """Infinite logarithms of zeros, which `where` leaves out in the forward pass."""

    def chosen(x: Any) -> Any:
        return x + ranvier.where(x < 9e9, 1.0, ranvier.log(x.detach() * 0))

    _, _, step = loop(chosen)
    with ranvier.detect_anomaly():
        assert np.isfinite(step(ranvier.tensor(X)).item())


def test_train_on_batch_is_undone_and_named() -> None:
    model = ranvier.Sequential([Planted(ranvier.log), nn.Dense(1)])
    model.compile("adam", "mse", engine="reference")
    with ranvier.detect_anomaly():
        first = model.train_on_batch(abs(X) + 1, X[:, 0])
        before = [w.copy() for w in model.get_weights()]
        with pytest.raises(NonFiniteError, match="operation log .* rows 5 of x"):
            model.train_on_batch(abs(X), X[:, 0])
    assert np.isfinite(first) and model.optimizer.iterations.item() == 1
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_a_sound_training_is_the_same_and_outside_nothing_is_changed() -> None:
    methods = (
        vars(ranvier.Tensor)["_record"], ranvier.Tensor.backward, ranvier.optim.SGD.step,
        ranvier.Model.train_on_batch, CompiledFunction.__call__,
    )  # fmt: skip
    ends = []
    for checked in (False, True):
        model, _, step = loop(ranvier.tanh)
        if checked:
            with ranvier.detect_anomaly():
                losses = [step(ranvier.tensor(X)).item() for _ in range(4)]
        else:
            losses = [step(ranvier.tensor(X)).item() for _ in range(4)]
        ends.append((losses, [w.tobytes() for w in model.get_weights()]))
    assert ends[0] == ends[1]
    with pytest.raises(ZeroDivisionError), ranvier.detect_anomaly():
        1 / 0  # noqa: B018
    assert methods == (
        vars(ranvier.Tensor)["_record"], ranvier.Tensor.backward, ranvier.optim.SGD.step,
        ranvier.Model.train_on_batch, CompiledFunction.__call__,
    )  # fmt: skip
