"""What a walkthrough records are the numbers of `.grad` and of the compiled step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from layer_table import TAKES
from ranvier import nn, optim
from ranvier.train.intake.arrange import Learning, rows_of
from ranvier.train.walkthrough.record import Recording
from train.walkthrough.step_models import Case

FEW = ["Dense", "Conv2D", "LSTM", "BatchNormalization", "MultiHeadAttention", "Dropout"]
CONSTANT = {"RandomBrightness", "Subtract"}  # whose output here is the same whatever weights are
# Batch normalization of one moment is a difference of sums: its last digits differ by executor.
TOLERANCE: Any = {"rtol": 2e-4, "atol": 2e-6}

pytestmark = pytest.mark.filterwarnings("ignore:.*has mean 0 and deviation 1")


def same_as_grad_and_fit(name: str, engine: str) -> None:
    case = Case(name, engine)
    recording = case.recorded()
    for p, grad in zip(case.model.parameters(), case.eager_gradients(), strict=True):
        recorded = recording.gradient(p)
        assert (recorded is None) is (grad is None)
        if recorded is not None:
            np.testing.assert_allclose(recorded, grad, **TOLERANCE)
    assert recording.difference < 1e-4
    tensors = case.model.state_tensors()
    after = [recording.after(t).copy() for t in tensors]
    if name not in CONSTANT:
        assert any((a != t.numpy()).any() for a, t in zip(after, tensors, strict=True))
    for recorded, fitted in zip(after, case.fitted(), strict=True):
        np.testing.assert_allclose(recorded, fitted, **TOLERANCE)


@pytest.mark.parametrize("name", TAKES)
def test_numbers_are_those_of_backward_and_of_the_step(name: str) -> None:
    same_as_grad_and_fit(name, "reference")


@pytest.mark.parametrize("name", FEW)
def test_numbers_are_those_of_the_compiled_step(name: str) -> None:
    same_as_grad_and_fit(name, "compiled")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(TAKES) - set(FEW)))
def test_numbers_of_every_layer_are_those_of_the_compiled_step(name: str) -> None:
    same_as_grad_and_fit(name, "compiled")


@pytest.mark.parametrize("name", ["Dense", "Dropout", "BatchNormalization", "GRU"])
def test_recording_changes_nothing_and_has_the_graph_of_fit(name: str) -> None:
    case = Case(name)
    ranvier.seed(5)
    before: list[Any] = [t.numpy().copy() for t in case.model.state_tensors()]
    drawn = ranvier.random.normal((3,)).numpy()
    recording = case.recorded()
    assert case.model.optimizer.iterations.item() == 0
    for t, array in zip(case.model.state_tensors(), before, strict=True):
        np.testing.assert_array_equal(t.numpy(), array)
    ranvier.seed(5)
    np.testing.assert_array_equal(ranvier.random.normal((3,)).numpy(), drawn)
    (step,) = case.model._steps.made("train")
    assert str(recording.graph) == str(step.traced.graph)


def test_the_worked_example() -> None:
    model: Any = ranvier.Sequential([nn.Dense(1, use_bias=False, input_shape=(1,))])
    model.set_weights([np.array([[5.0]], np.float32)])
    model.compile(optim.SGD(0.1), "half_squared_error")
    with Learning(model):
        rows = rows_of(model, [[2.0]], [6.0], learn=True)
    recording = Recording(model, rows)
    (call,) = [c for c in recording.calls if c.depth == 1]
    assert recording.values[call.notes["z"]].tolist() == [[10.0]]
    assert recording.values[recording.losses[0]["loss"]] == 8.0
    (kernel,) = model.parameters()
    assert recording.gradient(kernel).tolist() == [[8.0]]  # type: ignore[union-attr]
    assert recording.after(kernel).tolist() == [[np.float32(4.2)]]
