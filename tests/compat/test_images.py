"""Convolutions and pooling under the names of PyTorch and Keras."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import ranvier
import ranvier.compat.tensorflow as tf
import ranvier.compat.torch as torch
from compat.snippets import run
from engines import ENGINES
from paths import GOLDEN
from ranvier.compat.torch import nn, optim
from ranvier.compat.torch.nn import functional as F
from ranvier.errors import ArgumentError, ShapeError

CASES = json.loads((GOLDEN / "convolution.json").read_text())["torch"]
VALUES = np.load(GOLDEN / "convolution.npz")


@pytest.mark.parametrize("case", CASES)
def test_functions_are_those_of_pytorch(case: str) -> None:
    values = {k.split("/")[2]: VALUES[k] for k in VALUES if k.startswith(f"torch/{case}/")}
    inputs = [
        torch.tensor(values[f"input_{i}"], requires_grad=True)
        for i in range(2)
        if f"input_{i}" in values
    ]
    out = getattr(F, CASES[case]["function"])(*inputs, **CASES[case]["options"])
    (out * torch.tensor(values["upstream"])).sum().backward()
    np.testing.assert_allclose(out.numpy(), values["output"], rtol=1e-9, atol=1e-12)
    for i, x in enumerate(inputs):
        assert x.grad is not None
        np.testing.assert_allclose(x.grad.numpy(), values[f"gradient_{i}"], rtol=1e-9, atol=1e-12)


def lenet() -> Any:
    """The network of the golden values, with their first weights."""
    model = nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2, dtype=torch.float64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, dtype=torch.float64),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1),
        nn.Flatten(),
        nn.Linear(8 * 4 * 4, 10, dtype=torch.float64),
    )
    first = "lenet/initial/"
    model.load_state_dict({k[len(first) :]: VALUES[k] for k in VALUES if k.startswith(first)})
    return model


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
def test_a_lenet_trains_as_in_pytorch(engine: str) -> None:
    model = lenet()
    x, y = torch.tensor(VALUES["lenet/x"]), torch.tensor(VALUES["lenet/y"])
    np.testing.assert_allclose(model(x).detach().numpy(), VALUES["lenet/output"], rtol=1e-9)
    F.cross_entropy(model(x), y).backward()
    for name, p in model.named_parameters():
        expected = VALUES[f"lenet/gradient/{name}"]
        np.testing.assert_allclose(p.grad.numpy(), expected, rtol=1e-9, atol=1e-12, err_msg=name)

    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    train = step if engine == "eager" else ranvier.compile(step, engine=engine)
    losses = [train(x, y).item() for _ in range(10)]
    # The optimizer's own numbers, as its rate, are float32.
    np.testing.assert_allclose(losses, VALUES["lenet/losses"], rtol=1e-6)
    for name, p in model.named_parameters():
        expected = VALUES[f"lenet/final/{name}"]
        np.testing.assert_allclose(p.detach().numpy(), expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_keras_and_pytorch_layers_agree() -> None:
    random = np.random.default_rng(0)
    weight = random.normal(size=(6, 4, 3, 3)).astype(np.float32)
    x = random.normal(size=(2, 4, 9, 8)).astype(np.float32)
    ours = nn.Conv2d(4, 6, 3, stride=2, bias=False)
    ours.load_state_dict({"weight": weight})
    theirs = tf.keras.layers.Conv2D(6, 3, strides=2, use_bias=False)
    images = x.transpose(0, 2, 3, 1)
    theirs(images)
    theirs.set_weights([weight.transpose(2, 3, 1, 0)])
    found = ours(torch.tensor(x)).detach().numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found, theirs(images).numpy(), rtol=1e-5, atol=1e-6)


def test_a_keras_tutorial() -> None:
    found = run(
        """
        import numpy as np
        from tensorflow.keras import layers, models
        model = models.Sequential([
            layers.Input(shape=(12, 12, 1)),
            layers.Conv2D(4, (3, 3), activation="relu", padding="same"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(8, kernel_size=3, strides=(2, 2), activation="relu"),
            layers.MaxPool2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ])
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        x = np.random.rand(8, 12, 12, 1)
        history = model.fit(x, np.arange(8), epochs=1, verbose=0)
        shapes = [layer.name for layer in model.layers if "conv" in layer.name]
        """
    )
    assert len(found["history"].history["loss"]) == 1
    assert all(name.startswith("conv2d") for name in found["shapes"])


def test_repr_and_first_values_are_pytorch_s() -> None:
    layer = nn.Conv2d(3, 8, (3, 5), padding=1, groups=1, bias=False)
    message = "Conv2d(3, 8, kernel_size=(3, 5), stride=(1, 1), padding=(1, 1), bias=False)"
    assert repr(layer) == message
    assert layer.weight.shape == (8, 3, 3, 5)
    assert abs(layer.weight.detach().numpy()).max() <= 1 / 45**0.5
    assert nn.Conv1d(2, 4, 3)(torch.ones(1, 2, 9)).shape == (1, 4, 7)
    assert nn.AdaptiveAvgPool2d(1)(torch.ones(2, 3, 5, 7)).shape == (2, 3, 1, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Conv2d(1, 2, 3)(torch.ones(5, 5)), ShapeError, "expected .*channels, height"),
        (lambda: nn.Conv2d(3, 2, 3)(torch.ones(1, 5, 5, 3)), ShapeError, "5 channels"),
        (lambda: nn.MaxPool2d(4)(torch.ones(1, 1, 3, 3)), ShapeError, "does not fit images"),
        (lambda: nn.MaxPool2d(2, padding=2)(torch.ones(1, 1, 3, 3)), ShapeError, "half of the"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ArgumentError, "multiples of groups=2"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="reflect"), ArgumentError, "padding_mode"),
        (lambda: nn.MaxPool2d(2, dilation=2)(torch.ones(1, 1, 3, 3)), ArgumentError, "dilation"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
