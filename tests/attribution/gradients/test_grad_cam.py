"""Grad-CAM: by hand, and where it looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.attribution import grad_cam
from ranvier.errors import RanvierError

rng = np.random.default_rng(0)


def network() -> Any:
    ranvier.seed(0)
    return ranvier.Sequential([
        nn.Conv2D(3, 3, activation="relu", input_shape=(7, 7, 1), name="first"),
        nn.Conv2D(4, 3, activation="relu", name="second"),
        nn.GlobalAveragePooling2D(), nn.Dense(2),
    ])  # fmt: skip


def test_behind_a_mean_it_is_the_class_activation_map() -> None:
    """With global pooling and one dense layer, Grad-CAM is CAM (Zhou et al. 2016)."""
    model, x = network(), rng.normal(size=(2, 7, 7, 1)).astype(np.float32)
    a = grad_cam(model, x, output=1)
    maps = ranvier.Sequential(model.layers[:2]).predict(x)
    kernel = model.layers[-1].kernel.numpy()[:, 1]
    expected = np.maximum(maps @ kernel, 0) / 9  # each of 3 x 3 positions has a ninth
    np.testing.assert_allclose(a.values, expected, atol=1e-5)
    first = grad_cam(model, x, layer="first")
    assert first.values.shape == (2, 5, 5) and (first.values >= 0).all()


def test_it_looks_where_the_pattern_is() -> None:
    model = network()
    for layer in model.layers[:2]:
        layer.set_weights([np.abs(w) for w in layer.get_weights()])
    model.layers[-1].set_weights([np.array([[-1.0, 1.0]] * 4), np.zeros(2)])
    x = np.zeros((1, 7, 7, 1), np.float32)
    x[0, 1, 1] = 1.0
    cam = grad_cam(model, x, output=1).values[0]
    assert cam.shape == (3, 3) and cam[0, 0] > 0 and cam[2, 2] == 0


def test_errors_say_what_to_do() -> None:
    dense = ranvier.Sequential([nn.Dense(2, input_shape=(3,), name="only")])
    with pytest.raises(RanvierError, match="no convolution"):
        grad_cam(dense, np.ones((1, 3)))
    with pytest.raises(RanvierError, match="feature maps"):
        grad_cam(dense, np.ones((1, 3)), layer="only")
