"""Filters, feature maps, activations and embeddings show what is in the network."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn, plots
from ranvier.errors import RanvierError
from ranvier.plots.drawing import Dots, Pixels, Words
from ranvier.plots.models.layer_outputs import layer_outputs
from ranvier.plots.projection import principal_components

IMAGES = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype(np.float32)


def cnn(channels: int = 1) -> Any:
    ranvier.seed(0)
    return ranvier.Sequential([
        nn.Conv2D(5, 3, activation="relu", input_shape=(8, 8, channels), name="conv"),
        nn.Flatten(), nn.Dense(6, "relu", name="hidden"), nn.Dense(2, "softmax"),
    ])  # fmt: skip


def pictures(drawing: Any) -> list[Pixels]:
    return [m for m in drawing.marks if isinstance(m, Pixels)]


def test_outputs_of_layers_are_those_of_the_layers() -> None:
    model = cnn()
    outputs = {name: out for name, (_, out) in layer_outputs("test", model, IMAGES).items()}
    x: Any = ranvier.asarray(IMAGES)
    for layer in model.layers:
        x = layer(x)
        assert np.allclose(outputs[layer.name], x.numpy(), atol=1e-6), layer.name
    assert np.allclose(list(outputs.values())[-1], model.predict(IMAGES), atol=1e-6)


def test_filters_are_the_kernels() -> None:
    model = cnn()
    kernel = model.layers[0].kernel.numpy()
    drawing = plots.filters(model)
    assert len(pictures(drawing)) == 5
    for k, mark in enumerate(pictures(drawing)):
        share = np.abs(kernel[:, :, 0, k]) / np.abs(kernel).max()
        assert np.allclose(mark.colours[..., 3] / 255, share, atol=0.003)
    assert plots.filters(model, "conv").svg() == drawing.svg() == plots.filters(model, 0).svg()
    colours = pictures(plots.filters(cnn(3)))[0].colours
    assert (colours[..., 3] == 255).all()
    dense = ranvier.Sequential([nn.Dense(3, input_shape=(64,))])
    assert pictures(plots.filters(dense))[0].colours.shape == (8, 8, 4)


def test_feature_maps_are_the_channels() -> None:
    model = cnn()
    drawing = plots.feature_maps(model, "conv", IMAGES[1])
    output = model.layers[0](ranvier.asarray(IMAGES[1:2])).numpy()[0]
    first, *maps = pictures(drawing)
    assert first.colours.shape == (8, 8, 4) and len(maps) == 5
    for k, mark in enumerate(maps):
        share = np.abs(output[..., k]) / np.abs(output).max()
        assert np.allclose(mark.colours[..., 3] / 255, share, atol=0.003)
    assert plots.feature_maps(model, x=IMAGES[1:]).svg() == drawing.svg()


def test_images_of_every_form() -> None:
    grey = np.arange(12.0).reshape(3, 4)
    for x, count in (
        (grey, 1), (IMAGES, 3), (IMAGES[0], 1), (np.zeros((2, 4, 4)), 2),
        (ranvier.ones((5, 6, 3)), 1), (np.zeros((2, 5, 6, 3), np.uint8), 2),
    ):  # fmt: skip
        assert len(pictures(plots.image(x))) == count
    (mark,) = pictures(plots.image(grey))
    assert mark.colours[..., 0].tolist() == np.round(255 * grey / 11).tolist()
    named = plots.image(IMAGES, ["a", "b", "c"])
    assert [row[0] for row in named.rows] == ["a", "b", "c"]


def test_activations_count_zeros_and_dead_units() -> None:
    model = cnn()
    model.layers[2].bias = ranvier.tensor(np.array([-99.0, 0, 0, 0, 0, 0], np.float32))
    drawing = plots.activations(model, IMAGES)
    rows = {row[0]: row for row in drawing.rows}
    hidden = layer_outputs("test", model, IMAGES)["hidden"][1]
    dead = (hidden == 0).all(axis=0).mean()
    assert dead >= 1 / 6
    assert rows["hidden"][-1] == f"{100 * dead:.1f}".removesuffix(".0") + "%"
    only = plots.activations(model, IMAGES, layers=["hidden"])
    assert [row[0] for row in only.rows] == ["hidden"]


def test_principal_components_keep_the_distances_of_a_plane() -> None:
    random = np.random.default_rng(1)
    plane = random.normal(size=(30, 2)) @ random.normal(size=(2, 7)) + 5.0
    points, labels = principal_components(plane)
    assert np.allclose(
        np.linalg.norm(points[:, None] - points, axis=-1),
        np.linalg.norm(plane[:, None] - plane, axis=-1),
    )
    shares = [int(re.findall(r"\d+(?=%)", label)[0]) for label in labels]
    assert 99 <= sum(shares) <= 101
    assert np.allclose(principal_components(plane)[0], points)
    assert principal_components(np.arange(5.0)[:, None])[0].shape == (5, 2)


def test_embeddings_of_rows_layers_and_words() -> None:
    labels = ["cat", "dog"] * 10
    rows = np.random.default_rng(2).normal(size=(20, 4))
    drawing = plots.embeddings(rows, labels)
    dots = [m for m in drawing.marks if isinstance(m, Dots)]
    assert [d.role for d in dots] == ["s1", "s2"] and [len(d.points) for d in dots] == [10, 10]
    assert [row[:2] for row in drawing.rows] == [("cat", 10), ("dog", 10)]
    model = cnn()
    assert plots.embeddings(model, x=IMAGES).title == "Outputs of hidden in two dimensions"
    words = ranvier.Sequential([nn.Embedding(30, 4), nn.Flatten(), nn.Dense(1)])
    words.predict(np.zeros((1, 3), np.int32))
    named = plots.embeddings(words, [f"word{i}" for i in range(30)])
    assert "word7" in {m.text for m in named.marks if isinstance(m, Words)}


def test_bad_input() -> None:
    model = cnn()
    flat = ranvier.Sequential([nn.Dense(2, input_shape=(3,))])
    for call, says in (
        (lambda: plots.filters(flat), "no filters to show"),
        (lambda: plots.filters(model, "convv"), "did you mean 'conv'"),
        (lambda: plots.filters(model, 99), "layer=99"),
        (lambda: plots.filters(model, channel=3), "channel=3"),
        (lambda: plots.filters(3), "expected a model"),  # type: ignore[arg-type]
        (lambda: plots.feature_maps(model), "give an image"),
        (lambda: plots.feature_maps(model, "hidden", IMAGES), "gives no (rows, height"),
        (lambda: plots.image(np.ones(3)), "expected (rows, columns)"),
        (lambda: plots.image(IMAGES, ["a"]), "1 titles for 3 images"),
        (lambda: plots.activations(model, IMAGES, ["hiden"]), "did you mean 'hidden'"),
        (lambda: plots.embeddings([[1.0, 2.0]]), "two rows or more"),
        (lambda: plots.embeddings([[1.0], [np.nan]]), "NaN"),
        (lambda: plots.embeddings(np.eye(3), [1]), "1 labels for 3 rows"),
        (lambda: plots.embeddings(np.eye(3), method="umap"), "method"),
        (lambda: plots.embeddings(model), "no embedding layer"),
        (lambda: plots.embeddings(np.eye(3), layer="x"), "are for a model"),
    ):
        with pytest.raises(RanvierError, match=re.escape(says)):
            call()
