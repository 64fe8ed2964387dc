"""The callback that looks at a training while it runs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import ranvier
from diagnosis.clean import IN_PACKAGE, prepared
from diagnosis.planted import rings
from ranvier.callbacks import Diagnose, EarlyStopping
from ranvier.diagnosis import Finding
from ranvier.diagnosis.live import of_curves
from ranvier.errors import ArgumentError
from ranvier.nn import Dense
from ranvier.nn.initializers import Constant


def kinds(curves: dict[str, list[float]]) -> list[str]:
    return [finding.name for finding in of_curves(curves)]


def test_curves_alone_tell_what_goes_wrong() -> None:
    falling = np.exp(-np.arange(30) / 10)
    assert kinds({"loss": falling.tolist()}) == []
    assert kinds({"loss": [1.0, 0.5, 0.9, 0.4, 0.8, 0.3, 0.7]}) == ["learning rate too high"]
    assert kinds({"loss": (1 - 1e-4 * np.arange(30)).tolist()}) == ["learning rate too low"]
    held = np.abs(np.arange(30) - 12) / 20 + 0.5
    curves = {"loss": falling.tolist(), "val_loss": held.tolist()}
    (finding,) = of_curves(curves)
    assert finding.name == "overfitting" and finding.evidence["best epoch"] == 13


def test_each_kind_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    x, x_held, y, y_held = rings()
    ranvier.seed(0)
    off = Constant(-9.0)
    model = ranvier.Sequential([Dense(8, "relu", bias_initializer=off), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    watch = Diagnose(x, y)
    model.fit(x, y, epochs=9, verbose=0, callbacks=watch, validation_data=(x_held, y_held))
    printed = capsys.readouterr().out
    assert printed.count("dead units") == 1 and "epoch 1: problem: dead units" in printed
    assert [f.name for f in watch.findings] == ["dead units"] and watch.seconds > 0
    model.fit(x, y, epochs=1, verbose=0, callbacks=watch)
    assert capsys.readouterr().out.count("dead units") == 1, "a new training begins again"


def test_it_looks_inside_after_the_epochs_1_2_4_and_so_on(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def inside(self: Diagnose) -> list[Finding]:
        looked.append(len(self.curves["loss"]))
        return []

    monkeypatch.setattr(Diagnose, "_inside", inside)
    x, _, y, _ = rings()
    model = ranvier.Sequential([Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(x, y, epochs=20, verbose=0, callbacks=Diagnose(x, y))
    assert looked == [1, 2, 4, 8, 16]


def test_it_changes_nothing() -> None:
    x, _, y, _ = rings()
    weights = []
    for callbacks in ([], [Diagnose(x, y, verbose=0)]):
        ranvier.seed(5)
        model = ranvier.Sequential([Dense(8, "relu"), ranvier.nn.Dropout(0.2), Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, epochs=5, verbose=0, callbacks=callbacks)
        weights.append(np.concatenate([w.reshape(-1) for w in model.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])


@pytest.mark.parametrize("name", IN_PACKAGE)
def test_it_is_silent_over_a_clean_training(name: str) -> None:
    model, x, y, held = prepared(name, 0)
    watch = Diagnose(x, y, held)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(
            x, y, epochs=60, verbose=0, validation_data=held,
            callbacks=[watch, EarlyStopping(patience=10)],
        )  # fmt: skip
    assert watch.findings == []


def test_rows_come_with_their_targets() -> None:
    with pytest.raises(ArgumentError, match="x and y"):
        Diagnose([[1.0]])
