"""Data under Keras' and PyTorch's names: windows, folders of images, loaders, given to `fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.compat import torch
from ranvier.compat.tensorflow import keras
from ranvier.compat.torch.utils.data import DataLoader, TensorDataset
from ranvier.errors import ArgumentError


def network() -> Any:
    ranvier.seed(2)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def test_windows_are_cut_as_keras_does() -> None:
    data = np.arange(20.0, dtype=np.float32)
    made = keras.utils.timeseries_dataset_from_array(
        data, data * 10, sequence_length=3, sequence_stride=2, sampling_rate=2, batch_size=4
    )
    found = [(x.tolist(), y.tolist()) for x, y in made]
    assert found[0][0] == [[0, 2, 4], [2, 4, 6], [4, 6, 8], [6, 8, 10]]
    assert found[0][1] == [0, 20, 40, 60]
    assert sum(len(y) for _, y in found) == 8 and len(made) == 2
    part = keras.utils.timeseries_dataset_from_array(data, None, 3, start_index=5, end_index=10)
    assert next(iter(part)).tolist() == [[5, 6, 7], [6, 7, 8], [7, 8, 9]]
    with pytest.raises(ArgumentError, match="reaches over 21 points; there are 20"):
        keras.utils.timeseries_dataset_from_array(data, None, 21)


def test_keras_windows_can_be_fitted() -> None:
    data = np.sin(np.arange(300, dtype=np.float32) / 5)[:, None]
    made = keras.preprocessing.timeseries_dataset_from_array(
        data[:-8], data[8:], 8, batch_size=32, shuffle=True, seed=1
    )
    model = network()
    losses = model.fit(made, epochs=30, verbose=0, validation_data=made).history["val_loss"]
    assert losses[-1] < 0.1 < losses[0]
    assert len(model.predict(made)) == made.rows == 285


def test_a_folder_of_images_under_keras_names(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for i in range(20):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        image.fromarray(np.full((5, 5, 3), i, np.uint8)).save(folder / f"{i}.png")
    load = keras.utils.image_dataset_from_directory
    made = load(tmp_path, image_size=(5, 5), batch_size=8, label_mode="categorical", seed=1)
    assert made.class_names == ["a", "b"] and len(made) == 3
    batches = list(made)
    assert [tuple(x.shape) for x, _ in batches] == [(8, 5, 5, 3), (8, 5, 5, 3), (4, 5, 5, 3)]
    assert batches[0][1].shape == (8, 2) and len(list(made.take(1))) == 1
    seen = sorted(int(v) for x, _ in batches for v in x.numpy()[:, 0, 0, 0])
    assert seen == list(range(20))
    parts = [
        load(tmp_path, image_size=(5, 5), seed=3, validation_split=0.25, subset=name)
        for name in ("training", "validation")
    ]
    assert [p.rows for p in parts] == [15, 5]
    both = [int(v) for p in parts for x, _ in p for v in x.numpy()[:, 0, 0, 0]]
    assert sorted(both) == list(range(20))
    model = network()
    model.fit(load(tmp_path, label_mode="binary", image_size=(5, 5)).prefetch(2), verbose=0)
    with pytest.raises(ArgumentError, match="give a seed"):
        load(tmp_path, validation_split=0.2, subset="training")
    with pytest.raises(ArgumentError, match="unknown label_mode"):
        load(tmp_path, label_mode="float")


def test_a_loader_of_torch_is_a_stream() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    data = TensorDataset(torch.tensor(x), torch.tensor(x[:, :1]))
    found = []
    for _ in range(2):
        model = ranvier.Sequential([nn.Dropout(0.2), nn.Dense(1)])
        model.ensure_built((4,))
        ranvier.seed(1)
        model.set_weights([np.ones((4, 1)), np.zeros(1)])
        model.compile("sgd", "mse")
        model.fit(DataLoader(data, batch_size=16, shuffle=True), epochs=5, verbose=0)
        found.append(model.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_steps_per_epoch_of_a_generator() -> None:
    def endless() -> Any:
        while True:
            yield np.ones((4, 3), np.float32), np.zeros((4, 1), np.float32)

    history = network().fit(
        endless(), steps_per_epoch=5, epochs=2, verbose=0,
        validation_data=endless(), validation_steps=2,
    )  # fmt: skip
    assert history.params["steps"] in (0, 5) and len(history.history["val_loss"]) == 2


def test_other_names() -> None:
    assert keras.preprocessing.sequence.pad_sequences([[1], [2, 3]]).tolist() == [[0, 1], [2, 3]]
    vectorize = keras.layers.TextVectorization(output_sequence_length=2)
    vectorize.adapt(["a b"])
    assert vectorize("b c").tolist() == [2, 1]
    assert hasattr(keras.datasets.california_housing, "load_data")
