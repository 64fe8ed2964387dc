"""Callbacks: their moments, and what each of them promises."""

from __future__ import annotations

import csv
import io
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Sequential
from ranvier.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from ranvier.errors import ArgumentError, StateError
from ranvier.nn import Dense
from ranvier.optim import SGD, Adam
from ranvier.optim.schedules import ExponentialDecay
from ranvier.train.callbacks import progress
from ranvier.train.callbacks.callback import handler
from ranvier.train.steps.step import Pace

X = np.linspace(-1, 1, 20, dtype=np.float32).reshape(-1, 1)
Y = 3 * X


def line(rate: Any = 0.1) -> Sequential:
    model = Sequential([Dense(1, use_bias=False, input_shape=(1,))])
    model.set_weights([np.zeros((1, 1))])
    model.compile(SGD(learning_rate=rate), "mse", engine="reference")
    return model


class Scripted(Callback):
    """Puts given numbers in place of the validation loss, and keeps each epoch's weight."""

    def __init__(self, values: list[float]) -> None:
        self.values = values
        self.weights: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["val_loss"] = self.values[epoch]
        self.weights.append(self.model.get_weights()[0].item())


def test_moments_come_in_their_order() -> None:
    seen: list[str] = []

    class Watch(Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            seen.append(f"begin {self.params['epochs']} {self.params['steps']}")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            seen.append(f"epoch {epoch}")

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            seen.append(f"batch {batch}")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(f"done {batch} {sorted(logs)}")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(f"end {epoch} {sorted(logs)}")

        def on_train_end(self, logs: Any = None) -> None:
            seen.append("over")

    line().fit(X, Y, 10, 1, 0, callbacks=[Watch()])
    batches = ["batch 0", "done 0 ['loss']", "batch 1", "done 1 ['loss']"]
    assert seen == ["begin 1 2", "epoch 0", *batches, "end 0 ['loss']", "over"]


MOMENTS = [name for name in vars(Callback) if name.startswith("on_")]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_may_be_an_attribute_of_one_object(moment: str) -> None:
    heard: list[Any] = []
    of_class = type("Heard", (Callback,), {moment: lambda self, *args: heard.append(args[:-1])})
    line().fit(X, Y, epochs=2, verbose=0, callbacks=of_class(), validation_data=(X, Y))
    expected, heard[:] = list(heard), []
    of_object = Callback()
    setattr(of_object, moment, lambda *args: heard.append(args[:-1]))
    line().fit(X, Y, epochs=2, verbose=0, callbacks=of_object, validation_data=(X, Y))
    assert heard == expected and (heard or moment == "on_progress")


def test_early_stopping_restores_the_best_weights_when_it_stops() -> None:
    script = Scripted([3.0, 2.0, 2.5, 2.5, 0.0])
    model = line()
    history = model.fit(X, Y, epochs=5, verbose=0, callbacks=[script, EarlyStopping(patience=2)])
    assert history.epoch == [0, 1, 2, 3]
    assert model.get_weights()[0].item() == script.weights[1]


def test_early_stopping_restores_the_best_weights_when_training_just_ends() -> None:
    script = Scripted([3.0, 1.0, 2.0])
    model = line()
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[script, EarlyStopping(patience=10)])
    assert model.get_weights()[0].item() == script.weights[1]


def test_early_stopping_restores_them_after_an_error_too() -> None:
    def fail(epoch: int, logs: Any) -> None:
        if epoch == 2:
            raise ValueError("my own mistake")

    script = Scripted([3.0, 1.0, 2.0])
    model = line()
    with pytest.raises(ValueError, match="my own mistake"):
        model.fit(
            X, Y, epochs=3, verbose=0,
            callbacks=[script, EarlyStopping(patience=9), LambdaCallback(on_epoch_end=fail)],
        )  # fmt: skip
    assert model.get_weights()[0].item() == script.weights[1]


def test_early_stopping_options() -> None:
    model = line()
    keep = EarlyStopping(patience=1, restore_best_weights=False)
    script = Scripted([1.0, 2.0, 3.0])
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[script, keep])
    assert model.get_weights()[0].item() == script.weights[1]  # where it stopped
    script = Scripted([1.0, 0.99, 0.98, 0.97])
    small = EarlyStopping(patience=2, min_delta=0.1)
    assert line().fit(X, Y, epochs=4, verbose=0, callbacks=[script, small]).epoch == [0, 1, 2]
    nan = Scripted([float("nan"), 1.0, 2.0, 3.0, 4.0])
    patient = EarlyStopping(patience=3)
    assert len(line().fit(X, Y, epochs=5, verbose=0, callbacks=[nan, patient]).epoch) == 5


def test_early_stopping_without_validation_watches_the_loss_and_says_so() -> None:
    with pytest.warns(UserWarning, match=r"watches 'loss' instead of 'val_loss'"):
        line().fit(X, Y, epochs=2, verbose=0, callbacks=[EarlyStopping(patience=5)])
    with pytest.raises(ArgumentError, match="did you mean 'val_loss'"):
        line().fit(
            X, Y, epochs=2, verbose=0, validation_split=0.2, callbacks=[EarlyStopping("val_los")]
        )


@pytest.mark.parametrize(
    ("monitor", "rising"),
    [("val_loss", False), ("val_accuracy", True), ("acc", True), ("auc", True), ("mae", False)],
)
def test_more_is_better_only_for_scores(monitor: str, rising: bool) -> None:
    assert EarlyStopping(monitor)._rising() is rising


def test_checkpoints_keep_the_best(tmp_path: Path) -> None:
    script = Scripted([3.0, 1.0, 2.0])
    model = line()
    path = tmp_path / "best-{epoch:02d}-{val_loss:.1f}.safetensors"
    keep = ModelCheckpoint(path, save_best_only=True)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[script, keep])
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["best-01-3.0.safetensors", "best-02-1.0.safetensors"]
    best = ranvier.load(tmp_path / names[1])
    assert best.get_weights()[0].item() == script.weights[1]
    with pytest.raises(ArgumentError, match="did you mean 'loss'"):
        model.fit(X, Y, verbose=0, callbacks=ModelCheckpoint(tmp_path / "{los}"))


def test_learning_rates_change_without_a_new_graph() -> None:
    model = line()
    rates = [0.1, 0.05, 0.025]
    halve = LearningRateScheduler(lambda epoch, rate: rates[epoch])
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[halve])
    assert history.history["learning_rate"] == rates
    assert model._steps is not None and len(model._steps.made("train")) == 1
    script = Scripted([1.0, 1.0, 1.0, 1.0, 1.0])
    plateau = ReduceLROnPlateau(factor=0.5, patience=2, min_lr=0.01)
    model.optimizer.learning_rate = 0.03
    history = model.fit(X, Y, epochs=5, verbose=0, callbacks=[script, plateau])
    assert history.history["learning_rate"] == [0.03, 0.03, 0.03, 0.015, 0.015]
    assert float(str(model.optimizer.learning_rate.numpy())) == 0.01


def test_two_masters_of_the_learning_rate_are_one_too_many() -> None:
    model = line(ExponentialDecay(0.1, 10, 0.9))
    with pytest.raises(StateError, match="use one of the two"):
        model.fit(X, Y, verbose=0, callbacks=LearningRateScheduler(lambda e, r: r))


def test_csv_logger(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    history = line().fit(X, Y, epochs=3, verbose=0, callbacks=[CSVLogger(path)])
    line().fit(X, Y, epochs=1, verbose=0, callbacks=[CSVLogger(path, append=True)])
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "0"]
    assert [float(row["loss"]) for row in rows[:3]] == history.history["loss"]


def noted(*arguments: Any) -> None:
    NOTED.append(arguments)


NOTED: list[tuple[Any, ...]] = []


@pytest.mark.parametrize("moment", LambdaCallback.MOMENTS)
def test_a_function_for_a_moment_is_held_and_not_put_on_the_object(moment: str) -> None:
    one: Any = pickle.loads(pickle.dumps(LambdaCallback(**{moment: noted})))
    assert one.functions == {moment: noted} and moment not in vars(one)
    one_number = "epoch" in moment or "batch" in moment or moment == "on_progress"
    arguments: tuple[Any, ...] = (1, {}) if one_number else ({},)
    NOTED.clear()
    getattr(one, moment)(*arguments)
    assert NOTED == [arguments]
    assert {m for m in LambdaCallback.MOMENTS if handler(one, m) is not None} == {moment}
    own: Any = LambdaCallback()
    assert handler(own, moment) is None
    setattr(own, moment, noted)
    assert handler(own, moment) is noted


def test_a_subclass_of_lambda_callback_overrides_moments() -> None:
    class Own(LambdaCallback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(epoch)

    seen: list[int] = []
    NOTED.clear()
    callbacks = [Own(on_train_begin=noted), LambdaCallback(on_test_begin=noted)]
    line().fit(X, Y, epochs=2, verbose=0, callbacks=callbacks, validation_split=0.5)
    assert seen == [0, 1] and NOTED == [({},)] * 3


def test_unknown_moments_are_reported() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoc_end=print)


def test_a_history_draws_itself(tmp_path: Path) -> None:
    history = line().fit(X, Y, epochs=3, verbose=0, validation_split=0.2)
    drawing = history.plot()
    assert drawing.head == ("epoch", "training", "validation")
    assert [row[0] for row in drawing.rows] == [1, 2, 3]
    with pytest.raises(ArgumentError, match="did you mean 'loss'"):
        history.plot("lose")
    with pytest.raises(StateError, match="no epoch"):
        History().plot()
    history.plot(path=tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_text("utf-8") == drawing.svg()
    assert repr(history).startswith("History(3 epochs: loss=")


def test_lines_are_one_for_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    line().fit(X, Y, epochs=3, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [text.split(" - ")[0] for text in lines] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert all("loss: " in text for text in lines)
    line().fit(X, Y, epochs=3)
    assert len(capsys.readouterr().out.splitlines()) == 3
    line().fit(X, Y, epochs=3, verbose=0)
    assert capsys.readouterr().out == ""


class Terminal(io.StringIO):
    """Standard output of a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    line().fit(X, Y, epochs=3)
    assert "epoch 3/3" in screen.getvalue() and "loss:" in screen.getvalue()


def test_showing_stays_within_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    shown = progress.EpochLines(every=False)
    shown.model, shown.params = line(), {"epochs": 10_000}
    shown.on_train_begin()

    def slow_print(text: str) -> None:
        clock[0] += 0.01

    monkeypatch.setattr("builtins.print", slow_print)
    for epoch in range(1000):
        clock[0] += 0.01
        shown.on_epoch_end(epoch, {"loss": 1.0})
    assert shown.spent < 0.05 + 0.02 * clock[0] + 0.02


def test_a_stretch_takes_a_tenth_of_a_second() -> None:
    pace = Pace()
    assert pace.steps(1000) == 1
    pace.took(1, 0.001)
    assert pace.steps(1000) == 100
    assert pace.steps(30) == 30
    pace.took(100, 100.0)
    assert pace.steps(1000) == 1


def test_adam_keeps_its_pace_between_fits() -> None:
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile(Adam(), "mse", engine="reference")
    model.fit(X, Y, 10, 2, 0)
    model.fit(X, Y, 10, 1, 0)
    assert model.optimizer.iterations.item() == 6


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch: 0.1 / (epoch + 1),
        lambda epoch, rate: 0.1 / (epoch + 1),
        lambda epoch, rate=None: 0.1 / (epoch + 1) if rate else None,
        lambda *arguments: 0.1 / (arguments[0] + 1) if len(arguments) == 2 else None,
    ],
    ids=["one", "two", "two with a default", "any number"],
)
def test_a_schedule_takes_the_epoch_or_the_learning_rate_too(schedule: Any) -> None:
    history = line().fit(X, Y, epochs=2, verbose=0, callbacks=LearningRateScheduler(schedule))
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.05])


def test_a_method_named_like_a_moment_that_nothing_calls_is_warned_of() -> None:
    class Misspelt(Callback):
        def on_epoch_ends(self, epoch: int, logs: Any = None) -> None:
            raise AssertionError("nothing calls it")

    class Right(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def once(self) -> None: ...

    with pytest.warns(ranvier.errors.RanvierWarning, match="mean 'on_epoch_end'"):
        line().fit(X, Y, verbose=0, callbacks=Misspelt())
    right = Right()
    line().fit(X, Y, verbose=0, callbacks=right)
    assert right.epoch == 0
