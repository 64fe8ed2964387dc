"""Checkpoints: a training that was killed goes on to the same bits."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Sequential
from ranvier.base.config import switches
from ranvier.callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from ranvier.errors import ArgumentError, FileError, NonFiniteError, RanvierWarning, StateError
from ranvier.io.packing import pack, unpack
from ranvier.nn import Dense
from train.fit import runs


@pytest.fixture(autouse=True)
def kept_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same few graphs are met again and again here; others check their passes."""
    monkeypatch.setattr(switches, "check", False)


ALL = [*runs.CONFIGURATIONS, "stream"]


class Killed(Exception):
    pass


class Kill(Callback):
    """Ends the training after so many batches."""

    resumes = False

    def __init__(self, after: int) -> None:
        self.after = after

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.after -= 1
        if not self.after:
            raise Killed


@pytest.mark.parametrize("name", ALL)
def test_killed_by_an_error_and_resumed(name: str, tmp_path: Path) -> None:
    expected = runs.train(name)
    chance = np.random.default_rng(len(name))
    for save_freq in (1, 4, "epoch"):
        path, kills = tmp_path / f"{save_freq}.ckpt", 0
        while True:
            try:
                ended = runs.train(name, path, save_freq, [Kill(int(chance.integers(5, 40)))])
                break
            except Killed:
                kills += 1
        assert ended == expected, (save_freq, kills)
        assert runs.train(name, path, save_freq) == expected, "from the end of the training"
        assert kills > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_killed_by_the_system_and_resumed() -> None:
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
import ranvier
ranvier.config(threads=1)
from train.fit import runs
found = runs.campaign(2, 3, ["dropout", "early_stopping"])
for about in found.values():
    assert about["same"] and about["files left"] in ([], ["result"]), found
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_two_hundred_kills() -> None:
    done = subprocess.run(
        [sys.executable, str(Path(runs.__file__)), "--kills", "200", "--seed", "0"],
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


# --- what is said -------------------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(60, 4)).astype("f")
Y = X[:, :1]


def line(units: int = 1, rate: float = 0.01, loss: str = "mse") -> Any:
    model = Sequential([Dense(units, input_shape=(4,), name="line")])
    model.compile(ranvier.optim.Adam(rate), loss)
    return model


def fit(model: Any, path: Any, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "x": X, "y": Y, "batch_size": 16, "epochs": 2, "verbose": 0,
        "callbacks": [Checkpoint(path)], "resume": path,
    }  # fmt: skip
    return model.fit(**{**given, **changes})


def test_it_says_whether_it_begins_or_goes_on(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "run.ckpt"
    fit(line(), path, verbose=2)
    assert f"{path} does not exist; training begins with epoch 1" in capsys.readouterr().out
    history = fit(line(), path, verbose=2, epochs=4)
    message = capsys.readouterr().out
    assert f"{path}; on with epoch 3, batch 1" in message and "Epoch 4/4" in message
    assert "Epoch 2/4" not in message
    assert history.epoch == [0, 1, 2, 3]
    assert len(history.history["loss"]) == 4


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        (
            {"units": 2},
            {"y": np.hstack([Y, Y])},
            "the model's weights differ: .*4, 1.* there, .*4, 2.* here",
        ),
        ({}, {"x": X + 1}, r"the data \(x, y, weights, validation data\) differs\. "),
        ({}, {"y": Y + 1}, r"the data"),
        ({}, {"validation_split": 0.2}, "the data"),
        ({}, {"sample_weight": np.ones(60)}, "the data"),
        ({}, {"batch_size": 8}, "batch_size differs: 16 there, 8 here"),
        ({"loss": "mae"}, {}, "the training step .layers' options, loss, metrics"),
        ({}, {"more": [EarlyStopping("loss")]}, "the callbacks differ: 0 there, 1 here"),
    ],
)
def test_another_training_is_an_error(
    model: dict[str, Any], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.ckpt"
    fit(line(), path)
    more = changes.pop("more", [])
    with pytest.raises(StateError, match=message):
        fit(line(**model), path, callbacks=[Checkpoint(path), *more], **changes)


def test_the_learning_rate_is_that_of_the_checkpoint(tmp_path: Path) -> None:
    fit(line(rate=0.5), tmp_path / "run.ckpt")
    model = line(rate=0.1)
    fit(model, tmp_path / "run.ckpt", epochs=3)
    assert model.optimizer.learning_rate.item() == 0.5


def test_files_of_another_kind(tmp_path: Path) -> None:
    model = line()
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(FileError, match="holds a model, not a training in progress"):
        fit(model, tmp_path / "model.safetensors", callbacks=[])
    path = tmp_path / "run.ckpt"
    fit(model, path)
    with pytest.raises(FileError, match="holds weights without an architecture"):
        ranvier.load(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(FileError, match="damaged: its checksum"):
        fit(model, path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FileError, match="damaged"):
        fit(model, path)


def test_arguments(tmp_path: Path) -> None:
    for wrong in (0, -1, "batch", 1.5, True):
        with pytest.raises(ArgumentError, match="expected 'epoch', or after how many batches"):
            Checkpoint(tmp_path / "run.ckpt", save_freq=wrong)  # type: ignore[arg-type]
    with pytest.raises(FileError, match=r"\.h5 is the suffix of HDF5 files"):
        Checkpoint(tmp_path / "run.h5")

    def batches() -> Any:
        while True:
            yield X, Y

    with pytest.raises(ArgumentError, match="a generator or loader decides itself"):
        line().fit(batches(), epochs=1, verbose=0, callbacks=[Checkpoint(tmp_path / "run.ckpt")])


# --- details ------------------------------------------------------------------------------------


def test_a_log_has_each_epoch_once(tmp_path: Path) -> None:
    log, path = tmp_path / "log.csv", tmp_path / "run.ckpt"

    def run(kill: int) -> None:
        watch = [CSVLogger(log), Kill(kill), Checkpoint(path, 3)]
        fit(line(), path, epochs=5, callbacks=watch)

    with pytest.raises(Killed):
        run(11)
    with pytest.raises(Killed):
        run(6)
    run(1000)
    with open(log, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ["epoch", "0", "1", "2", "3", "4"]


def test_callbacks_of_the_user_go_on(tmp_path: Path) -> None:
    class Counts(Callback):
        def __init__(self, start: int) -> None:
            self.start = start
            self.seen = {"batches": start}
            self.worst = -float("inf")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen["batches"] += 1
            self.worst = max(self.worst, logs["loss"])

    path = tmp_path / "run.ckpt"
    first, second, whole = Counts(10), Counts(5), Counts(10)
    with pytest.raises(Killed):
        fit(line(), path, callbacks=[first, Checkpoint(path, 1), Kill(3)])
    fit(line(), path, callbacks=[second, Checkpoint(path, 1)])
    ranvier.seed(0)
    assert second.seen == {"batches": 10 + 8} and second.start == 5
    assert second.worst >= first.worst > 0 and whole.worst < 0


def test_the_best_model_on_disk_stays_the_best(tmp_path: Path) -> None:
    path, scores = tmp_path / "run.ckpt", [3.0, 1.0, 2.0, 0.5]
    saved: list[int] = []

    class Scores(Callback):
        resumes = False

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["score"] = scores[epoch]

    class Best(ModelCheckpoint):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            before = self.best
            super().on_epoch_end(epoch, logs)
            if self.best != before:
                saved.append(epoch)

    for epochs in (2, 4):
        best = Best(tmp_path / "best.safetensors", "score", save_best_only=True, mode="min")
        fit(line(), path, epochs=epochs, callbacks=[Scores(), best, Checkpoint(path)])
    assert saved == [0, 1, 3]


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="no signals here")
@pytest.mark.usefixtures("ctrl_c_works")
def test_ctrl_c_writes_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"

    def press(batch: int, logs: Any) -> None:
        if batch == 2:
            signal.raise_signal(signal.SIGINT)

    ranvier.seed(1)
    whole = line()
    expected = whole.fit(X, Y, batch_size=16, epochs=3, verbose=0)
    ranvier.seed(1)
    watch = LambdaCallback(on_train_batch_begin=press)
    watch.resumes = False
    history = fit(line(), path, epochs=3, callbacks=[watch, Checkpoint(path)])
    assert history.interrupted and not history.epoch
    resumed = line()
    history = fit(resumed, path, epochs=3)
    assert history.history == expected.history
    assert [w.tolist() for w in resumed.get_weights()] == [w.tolist() for w in whole.get_weights()]


def test_a_failed_training_keeps_its_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    model = line(rate=1e30)
    with pytest.raises(NonFiniteError):
        fit(model, path, epochs=50, callbacks=[Checkpoint(path, 1)])
    assert not path.exists() or all(
        np.isfinite(a).all() for n, a in ranvier.io.files.read(path)[0].items() if "model" in n
    )
    assert [p.name for p in tmp_path.iterdir()] in ([], ["run.ckpt"])


ODD: tuple[Any, ...] = (
    *(5, -1, None, True, "x", [], [1], {"a": 1}, (1,)),
    *(np.ones(3), [np.ones(3)], float("nan"), 1 << 70),
)


def test_values_of_the_wrong_kind_in_a_checkpoint(tmp_path: Path) -> None:
    """Every value of the state as every other kind: it is refused, or training goes on."""
    from ranvier.io import files

    x = np.arange(20, dtype=np.float32).reshape(10, 2) / 20
    path = tmp_path / "run.ckpt"
    ranvier.seed(0)
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("adam", "mse")

    def train(epochs: int) -> None:
        watching = [
            EarlyStopping("loss", patience=9),
            ReduceLROnPlateau("loss"),
            ModelCheckpoint(tmp_path / "best", "loss", save_best_only=True),
            CSVLogger(tmp_path / "log.csv"),
            Checkpoint(path),
        ]
        model.fit(x, x[:, 0], 5, epochs, callbacks=watching, verbose=0, resume=path)

    train(1)
    arrays, about = files.read(path)
    del about["checksum"]
    state = unpack(about["state"], arrays)
    refused = 0
    for keys in _keys(state):
        for odd in ODD:
            held = {k: v for k, v in arrays.items() if not k.startswith("state")}
            packed = pack(_with(state, keys, odd), "state", held)
            files.write(path, held, {**about, "state": packed}, suffix=".ckpt")
            try:
                train(2)
            except FileError:
                refused += 1
    assert refused > 300


COUNTS = (-1, 1 << 70, 10**6, 1.0, "1", None, True, [1])


@pytest.mark.parametrize("kind", ["arrays", "stream"])
def test_a_position_that_is_none(kind: str, tmp_path: Path) -> None:
    """Each part of a checkpoint too large, below 0, of another type or missing: a FileError, and
    the model stays as it was."""
    from ranvier.io import files

    x = np.arange(40, dtype=np.float32).reshape(20, 2) / 40
    path, before = tmp_path / "run.ckpt", tmp_path / "before.ckpt"
    ranvier.seed(0)
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("adam", "mse", engine="reference")

    def train(epochs: int, *more: Callback) -> Any:
        rows = x if kind == "arrays" else ranvier.data.stream_arrays(x, x[:, 0], buffer_rows=8)
        y = x[:, 0] if kind == "arrays" else None
        watching = [EarlyStopping("loss", patience=9), Checkpoint(path, save_freq=3), *more]
        return model.fit(rows, y, 5, epochs, callbacks=watching, verbose=0, resume=path)

    with pytest.raises(Killed):
        train(4, Kill(11))  # the last checkpoint: batch 2 of 4 of the third epoch
    arrays, about = files.read(path)
    del about["checksum"]
    state = unpack(about["state"], arrays)
    assert state["position"]["batches"] == 1 and state["position"]["done"] == 9
    os.replace(path, before)

    def attempt(changed: Any) -> None:
        held = {k: v for k, v in arrays.items() if not k.startswith("state")}
        packed = pack(changed, "state", held)
        files.write(path, held, {**about, "state": packed}, suffix=".ckpt")
        train(4)

    def refused(changed: Any, what: object) -> None:
        weights = model.get_weights()
        with pytest.raises(FileError):
            attempt(changed)
            pytest.fail(f"{what} is accepted")
        if kind == "arrays" and "position" in str(what):
            for a, b in zip(model.get_weights(), weights, strict=True):
                np.testing.assert_array_equal(a, b)

    for name in ("epoch", "batches", "done"):
        for count in COUNTS:
            if (kind, name, count) != ("stream", "done", 10**6):  # nobody knows how many
                refused(_with(state, ("position", name), count), ("position", name, count))
    refused(_with(state, ("position", "batches"), 5), "position: batch 6 of 4")
    if kind == "arrays":
        refused(_with(state, ("position", "done"), 10), "position: a batch too many")
        refused(_with(state, ("position", "order", 1), 7), "an order between two epochs")
    for epochs in ([0], [1, 2], [0, 1, 2], [1, 0], [0, 0], [-1, 0], [0.0, 1.0], ["0", "1"]):
        refused(_with(state, ("history", 0), epochs), ("history", epochs))
    for values in ([1.0] * 3, [None, 1.0], "text", [[1.0], 2.0]):
        refused(_with(state, ("history", 1, "loss"), values), ("history of loss", values))
    for name in ("wait", "stopped_epoch"):
        for count in (-1, 1.5, 1 << 70, "1", None, True):
            refused(_with(state, ("callbacks", 0, name), count), (name, count))
    for keys in _keys(state):
        if len(keys) == 1 or (len(keys) == 2 and keys[0] not in ("callbacks", "history")):
            refused(_without(state, keys), ("missing", keys))
    os.replace(before, path)
    assert len(train(4).epoch) == 4


def _without(value: Any, keys: tuple[Any, ...]) -> Any:
    """A copy without what is there."""
    copied = value.copy()
    if len(keys) == 1:
        del copied[keys[0]]
    else:
        copied[keys[0]] = _without(value[keys[0]], keys[1:])
    return copied


def _keys(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (key,)
        if isinstance(part, dict | list):
            yield from ((key, *rest) for rest in _keys(part))


def _with(value: Any, keys: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value there."""
    copied = value.copy()
    copied[keys[0]] = new if len(keys) == 1 else _with(value[keys[0]], keys[1:], new)
    return copied


def test_packing_keeps_every_bit() -> None:
    value = {
        "a": [1, True, None, "x", float("nan"), -float("inf"), -0.0], "b": (np.float32(0.1),),
        3: [0.1, float("nan"), 1e300], "w": [np.arange(3, dtype="i2"), np.zeros((0, 2))], "e": {},
    }  # fmt: skip
    arrays: dict[str, Any] = {}
    again = unpack(pack(value, "state", arrays), arrays)
    assert repr(again) == repr(value)
    assert again["w"][0].dtype == np.int16 and type(again["b"][0]) is np.float32


def test_a_file_that_nothing_writes_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    for callbacks in ([], [Checkpoint(tmp_path / "other.ckpt")]):
        with pytest.warns(RanvierWarning, match="no callback of this training writes it"):
            fit(line(), path, callbacks=callbacks)
    assert not path.exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(line(), path)  # with a Checkpoint
        fit(line(), os.path.relpath(path), callbacks=[], epochs=9)  # it is there
