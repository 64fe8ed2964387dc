"""Values and derivatives of the activations, from PyTorch in float64. See README.md."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from common import keras_in_float64, write_arrays

ACTIVATIONS = {
    "linear": lambda x: x * 1.0,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "leaky_relu_0.3": lambda x: F.leaky_relu(x, 0.3),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    # NOTE: F.softplus becomes x above 20, which is too coarse for float64.
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "softsign": F.softsign,
    "hard_sigmoid": F.hardsigmoid,
    "relu6": F.relu6,
    "mish": lambda x: x * torch.tanh(torch.logaddexp(x, torch.zeros_like(x))),
    "hard_silu": F.hardswish,
    "hard_tanh": F.hardtanh,
    "log_sigmoid": F.logsigmoid,
    "exponential": torch.exp,
    "celu": F.celu,
}
BY_ROWS = {
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "log_softmax": lambda x: torch.log_softmax(x, dim=-1),
}
KERAS_NAMES = {
    "leaky_relu": None,
    "leaky_relu_0.3": None,
    "gelu": None,
    "gelu_tanh": None,
    "hard_tanh": "hard_tanh",
}


def points() -> np.ndarray:
    """60 points: symmetric magnitudes from 1e-8 to 100, zero, and random ones near it."""
    small = np.array([1e-8, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.9])
    usual = np.array([1.5, 2, 2.5, 3.5, 5, 7, 10])
    large = np.array([15, 20, 25, 40, 80, 100])
    random = np.random.default_rng(0).normal(size=19) * 2
    return np.sort(np.concatenate([[0], small, usual, large, -small, -usual, -large, random]))


def value_and_gradient(function, x: np.ndarray, upstream: np.ndarray):
    """`function(x)` and the gradient of sum(upstream * function(x))."""
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = function(leaf)
    value.backward(torch.tensor(upstream))
    return value.detach().numpy(), leaf.grad.numpy()


def check_against_keras(name: str, x: np.ndarray, value: np.ndarray) -> None:
    """The two libraries must mean the same function by the same name."""
    keras = keras_in_float64()
    keras_name = KERAS_NAMES.get(name, name)
    if keras_name is None:
        return
    theirs = getattr(keras.activations, keras_name)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(theirs, value, rtol=1e-7, atol=1e-8, err_msg=name)


def main() -> None:
    x = points()
    assert x.shape == (60,) and math.isclose(x.max(), 100)
    random = np.random.default_rng(1)
    arrays = {"x": x, "rows": random.permutation(x).reshape(6, 10)}
    arrays["upstream"] = random.normal(size=(6, 10))
    for name, function in ACTIVATIONS.items():
        value, gradient = value_and_gradient(function, x, np.ones_like(x))
        check_against_keras(name, x, value)
        arrays[f"{name}/value"], arrays[f"{name}/gradient"] = value, gradient
    for name, function in BY_ROWS.items():
        value, gradient = value_and_gradient(function, arrays["rows"], arrays["upstream"])
        check_against_keras(name, arrays["rows"], value)
        arrays[f"{name}/value"], arrays[f"{name}/gradient"] = value, gradient
    write_arrays("activations", arrays)


if __name__ == "__main__":
    main()
