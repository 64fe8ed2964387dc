"""Losses and their gradients, from Keras in float64. See README.md for the conventions."""

from functools import partial

import numpy as np
import torch
from common import keras_in_float64, write_arrays

keras = keras_in_float64()
losses = keras.losses
random = np.random.default_rng(0)
ROWS, CLASSES = 8, 4

WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0, 1.5, 1.0, 0.25, 3.0])


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# NOTE: Keras computes these two in float32 even when all else is float64; check_hinges compares.
def hinge(target: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    return torch.clamp(1 - target * prediction, min=0).mean(dim=-1)


def squared_hinge(target: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    return (torch.clamp(1 - target * prediction, min=0) ** 2).mean(dim=-1)


def cases() -> dict:
    """Name -> (row loss, target, prediction)."""
    real, near = random.normal(size=(2, ROWS, 3)) * 2
    signs = np.sign(random.normal(size=(ROWS, 3)))
    counts = random.poisson(3, size=(ROWS, 3)).astype(float)
    rates = random.uniform(0.1, 6, size=(ROWS, 3))
    logits = random.normal(size=(ROWS, CLASSES)) * 2
    large = random.permutation(np.linspace(-100, 100, ROWS * CLASSES)).reshape(ROWS, CLASSES)
    labels = random.integers(0, CLASSES, size=ROWS)
    one_hot = np.eye(CLASSES)[labels]
    soft = softmax(random.normal(size=(ROWS, CLASSES)))
    yes = random.integers(0, 2, size=(ROWS, 1)).astype(float)
    yes_logits = random.normal(size=(ROWS, 1)) * 2
    yes_large = np.array([-100, -60, -20, -1, 1, 20, 60, 100.0]).reshape(ROWS, 1)
    p, q = 1 / (1 + np.exp(-yes_logits)), softmax(logits)
    binary, categorical = losses.binary_crossentropy, losses.categorical_crossentropy
    sparse = losses.sparse_categorical_crossentropy
    return {
        "mean_squared_error": (losses.mean_squared_error, real, near),
        "mean_absolute_error": (losses.mean_absolute_error, real, near),
        "huber": (partial(losses.huber, delta=1.0), real, near),
        "huber_0.5": (partial(losses.huber, delta=0.5), real, near),
        "log_cosh": (losses.log_cosh, real, near),
        "poisson": (losses.poisson, counts, rates),
        "hinge": (hinge, signs, near),
        "squared_hinge": (squared_hinge, signs, near),
        "kl_divergence": (losses.kl_divergence, soft, q),
        "binary_crossentropy": (binary, yes, p),
        "binary_crossentropy_smooth": (partial(binary, label_smoothing=0.1), yes, p),
        "binary_crossentropy_logits": (partial(binary, from_logits=True), yes, yes_logits),
        "binary_crossentropy_logits_large": (partial(binary, from_logits=True), yes, yes_large),
        "categorical_crossentropy": (categorical, one_hot, q),
        "categorical_crossentropy_smooth": (
            partial(categorical, from_logits=True, label_smoothing=0.1),
            one_hot,
            logits,
        ),
        "categorical_crossentropy_logits": (
            partial(categorical, from_logits=True),
            soft,
            logits,
        ),
        "sparse_categorical_crossentropy": (sparse, labels, q),
        "sparse_categorical_crossentropy_logits": (
            partial(sparse, from_logits=True),
            labels,
            logits,
        ),
        "sparse_categorical_crossentropy_logits_large": (
            partial(sparse, from_logits=True),
            labels,
            large,
        ),
    }


def measure(row_loss, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray):
    """Rows, mean of weighted rows, and its gradient with respect to the prediction."""
    leaf = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    rows = row_loss(torch.tensor(target), leaf)
    value = (rows * torch.tensor(weights)).mean()
    value.backward()
    return rows.detach().numpy(), value.detach().numpy(), leaf.grad.numpy()


def plain_crossentropy(target: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """-sum(target * log p), without Keras' division by the sum of p."""
    if target.ndim == 1:
        target = torch.nn.functional.one_hot(target, p.shape[-1])
    return -(target * torch.log(p)).sum(dim=-1)


def main() -> None:
    arrays = {"weights": WEIGHTS}
    for name, (row_loss, target, prediction) in cases().items():
        rows, value, gradient = measure(row_loss, target, prediction, np.ones(ROWS))
        _, weighted, weighted_gradient = measure(row_loss, target, prediction, WEIGHTS)
        if name in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
            arrays[f"{name}/gradient_keras"] = gradient
            plain, _, gradient = measure(plain_crossentropy, target, prediction, np.ones(ROWS))
            *_, weighted_gradient = measure(plain_crossentropy, target, prediction, WEIGHTS)
            np.testing.assert_allclose(plain, rows, rtol=1e-9)
        arrays |= {
            f"{name}/target": target,
            f"{name}/prediction": prediction,
            f"{name}/rows": rows,
            f"{name}/value": value,
            f"{name}/gradient": gradient,
            f"{name}/weighted_value": weighted,
            f"{name}/weighted_gradient": weighted_gradient,
        }
        assert all(np.isfinite(arrays[key]).all() for key in arrays if key.startswith(name)), name
    check_reduction(arrays)
    check_hinges(arrays)
    write_arrays("losses", arrays)


def check_reduction(arrays: dict) -> None:
    """Keras' own reduction of the loss objects must be the one README.md states."""
    loss = losses.MeanSquaredError()
    name = "mean_squared_error"
    inputs = arrays[f"{name}/target"], arrays[f"{name}/prediction"]
    np.testing.assert_allclose(loss(*inputs).numpy(), arrays[f"{name}/value"])
    weighted = loss(*inputs, sample_weight=WEIGHTS).numpy()
    np.testing.assert_allclose(weighted, arrays[f"{name}/weighted_value"])


def check_hinges(arrays: dict) -> None:
    for name in ("hinge", "squared_hinge"):
        inputs = arrays[f"{name}/target"], arrays[f"{name}/prediction"]
        theirs = getattr(losses, name)(*inputs).numpy()
        np.testing.assert_allclose(theirs, arrays[f"{name}/rows"], rtol=1e-6)


if __name__ == "__main__":
    main()
