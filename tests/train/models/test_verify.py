"""verify agrees with a sound model and notices a planted mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines import ENGINES
from ranvier import Sequential, executors
from ranvier.executors.reference import ReferenceExecutable, ReferenceExecutor
from ranvier.nn import BatchNormalization, Dense, Dropout
from ranvier.ops.elementwise.mathematics import Tanh

X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def model(engine: str) -> Sequential:
    made = Sequential(
        [
            Dense(6, activation="tanh", kernel_regularizer="l2"),
            Dropout(0.3),
            Dense(1, activation="sigmoid"),
        ]
    )
    made.compile("adam", "binary_crossentropy", engine=engine)
    return made


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sound_model_agrees(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = model(engine)
    made.fit(X, Y, verbose=0)
    before = made.get_weights()
    report = made.verify(X, Y)
    assert report.ok
    names = ["0.kernel", "0.bias", "2.kernel", "2.bias"]
    expected = ["loss", "output", *[f"gradient of {name}" for name in names]]
    assert [line.name for line in report.lines] == expected
    assert "everything agrees" in capsys.readouterr().out
    for a, b in zip(before, made.get_weights(), strict=True):
        assert a.dtype == b.dtype and np.array_equal(a, b)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_that_is_rounding_only_is_no_difference(engine: str) -> None:
    """Batch normalization takes the bias before it away again."""
    made = Sequential([Dense(6), BatchNormalization(), Dense(1, activation="sigmoid")])
    made.compile("adam", "binary_crossentropy", engine=engine)
    report = made.verify(X * 100, Y, verbose=0)
    assert report.ok, str(report)


def test_a_wrong_gradient_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = Tanh.gradient

    def wrong(self: Any, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (real(self, grad, out, x)[0] * 1.001,)

    monkeypatch.setattr(Tanh, "gradient", wrong)
    report = model("reference").verify(X, Y, verbose=0)
    assert not report.ok
    assert [line.name for line in report.lines if not line.ok] == [
        "gradient of 0.kernel",
        "gradient of 0.bias",
    ]


def test_a_wrong_executor_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(ReferenceExecutable):
        def run(self, arrays: Any) -> list[Any]:
            return [a * 1.001 for a in super().run(arrays)]

    class WrongExecutor(ReferenceExecutor):
        def build(self, graph: Any, plan: Any) -> Wrong:
            return Wrong(graph, plan)

    monkeypatch.setitem(executors._ready, "compiled", WrongExecutor())
    report = model("compiled").verify(X, Y, verbose=0)
    assert not report.ok and "DIFFERS" in str(report)
