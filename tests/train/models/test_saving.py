"""Models go to files and come back the same, and nothing in a file is ever code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Model, Sequential
from ranvier.errors import FileError, ShapeError, StateError
from ranvier.io import files
from ranvier.nn import Activation, Dense, Flatten, Normalize, Reshape
from ranvier.optim import SGD, Adam
from ranvier.optim.schedules import ExponentialDecay

X = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def network(optimizer: Any = "adam") -> Sequential:
    grey = Normalize()
    grey.adapt(X)
    model = Sequential(
        [
            grey,
            Reshape((2, 3)),
            Flatten(),
            Dense(8, kernel_initializer="he_normal", kernel_regularizer="l2"),
            Activation("gelu"),
            Dense(1, activation="sigmoid", use_bias=False),
        ],
        name="small",
    )
    model.compile(optimizer, "binary_crossentropy", ["accuracy", "auc"], engine="reference")
    model.fit(X, Y, 16, 2, 0)
    return model


@pytest.mark.parametrize(
    "optimizer", ["adam", SGD(learning_rate=0.2), Adam(ExponentialDecay(0.01, 10, 0.5))]
)
def test_a_model_comes_back_whole_and_trains_on_to_the_same_bits(
    tmp_path: Path, optimizer: Any
) -> None:
    model = network(optimizer)
    checksum = model.save(tmp_path / "m.safetensors")
    assert files.read(tmp_path / "m.safetensors")[1]["checksum"] == checksum
    other = ranvier.load(tmp_path / "m.safetensors")
    assert type(other) is Sequential and other.name == "small"
    assert [type(layer) for layer in other.layers] == [type(layer) for layer in model.layers]
    assert np.array_equal(other.predict(X), model.predict(X))
    assert other.evaluate(X, Y) == model.evaluate(X, Y)
    for m in (model, other):
        ranvier.seed(5)
        m.fit(X, Y, 16, 2, 0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_text_classes_are_kept(tmp_path: Path) -> None:
    model = Sequential([Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", engine="reference")
    model.fit(X, np.where(Y == 1, "yes", "nö"), verbose=0)
    model.save(tmp_path / "m")
    assert set(ranvier.load(tmp_path / "m").predict_classes(X)) <= {"yes", "nö"}


def test_without_the_optimizer_and_without_compile(tmp_path: Path) -> None:
    model = network()
    model.save(tmp_path / "m", include_optimizer=False)
    other = ranvier.load(tmp_path / "m")
    assert other.optimizer.iterations.item() == 0
    plain = Sequential([Dense(2, input_shape=(6,))])
    plain.save(tmp_path / "p")
    assert np.array_equal(ranvier.load(tmp_path / "p").predict(X), plain.predict(X))


def test_a_loss_of_ones_own_is_left_out(tmp_path: Path) -> None:
    def cubed(y: Any, p: Any) -> Any:
        return ranvier.abs(p - y) ** 3

    model = Sequential([Dense(1, input_shape=(6,))])
    model.compile("sgd", cubed, engine="reference")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m")
    other = ranvier.load(tmp_path / "m")
    assert np.array_equal(other.get_weights()[0], model.get_weights()[0])
    with pytest.raises(StateError, match="compile"):
        other.fit(X, Y)


class Net(Model):
    def __init__(self) -> None:
        super().__init__()
        self.out = Dense(1)

    def forward(self, x: Any) -> Any:
        return self.out(x)


def test_a_subclass_saves_its_weights_only(tmp_path: Path) -> None:
    model = Net()
    model.compile("sgd", "mse", engine="reference")
    model.fit(X, Y, verbose=0)
    with pytest.raises(StateError, match=r"own class Net.*save_weights.*register_layer"):
        model.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []
    model.save_weights(tmp_path / "w")
    other = Net()
    with pytest.raises(StateError, match="not built"):
        other.load_weights(tmp_path / "w")
    other(X)
    other.load_weights(tmp_path / "w")
    assert np.array_equal(other.get_weights()[0], model.get_weights()[0])
    with pytest.raises(FileError, match="without an architecture"):
        ranvier.load(tmp_path / "w")


def test_a_registered_class_is_saved_whole(tmp_path: Path) -> None:
    from ranvier.nn.layer import LAYERS

    @ranvier.nn.register_layer
    class Doubled(Model):
        def __init__(self, units: int = 1) -> None:
            super().__init__()
            self.units = units
            self.out = Dense(units)

        def forward(self, x: Any) -> Any:
            return self.out(x) * 2.0

    try:
        model = Doubled(3)
        expected = model.predict(X)
        model.save(tmp_path / "m")
        assert np.array_equal(ranvier.load(tmp_path / "m").predict(X), expected)
    finally:
        del LAYERS["Doubled"]
    with pytest.raises(FileError, match="unknown layer 'Doubled'"):
        ranvier.load(tmp_path / "m")


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    Sequential([Dense(2, input_shape=(6,))]).save_weights(tmp_path / "w")
    other = Sequential([Dense(3, input_shape=(6,))])
    before = other.get_weights()
    with pytest.raises(ShapeError, match=r"0\.kernel has shape \(6, 2\) in the file, \(6, 3\)"):
        other.load_weights(tmp_path / "w")
    deeper = Sequential([Dense(2, input_shape=(6,)), Dense(1)])
    with pytest.raises(FileError, match=r"lacks 1\.bias, 1\.kernel"):
        deeper.load_weights(tmp_path / "w")
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))


def test_an_unbuilt_model_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="not built"):
        Sequential([Dense(1)]).save(tmp_path / "m")


def test_a_failed_save_leaves_the_file_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network()
    path = tmp_path / "m"
    model.save(path)
    before = model.predict(X)
    model.fit(X, Y, 16, 1, 0)
    monkeypatch.setattr(os, "write", lambda handle, data: len(data))  # says yes, keeps nothing
    with pytest.raises(FileError, match="what was there before is unchanged"):
        model.save(path)
    monkeypatch.undo()
    assert np.array_equal(ranvier.load(path).predict(X), before)


@pytest.mark.parametrize(
    "change",
    [
        {"class": "os.system"},
        {"class": "Dense"},
        {"config": {"layers": [{"class": "Dense", "config": {"units": -1}}]}},
        {"config": {"layers": [{"class": "Evil", "config": {}}]}},
        {"config": {}},
        {"input_shape": "abc"},
        {"training": None, "config": {"layers": []}},
    ],
)
def test_a_description_made_by_someone_else_is_refused(tmp_path: Path, change: Any) -> None:
    network().save(tmp_path / "m")
    arrays, about = files.read(tmp_path / "m")
    del about["checksum"]
    files.write(tmp_path / "m", arrays, {**about, **change})
    with pytest.raises(FileError):
        ranvier.load(tmp_path / "m")


def test_the_description_is_plain_json(tmp_path: Path) -> None:
    network().save(tmp_path / "m")
    _, about = files.read(tmp_path / "m")
    assert json.loads(json.dumps(about)) == about
    assert about["config"]["layers"][3]["config"]["units"] == 8
