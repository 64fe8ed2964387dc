"""SHAP values from shap, gradients and integrated gradients from PyTorch. See README.md.

All are of one network in float64, tanh(x w1 + b1) w2 + b2 with three outputs.
"""

import numpy as np
import shap
import torch
from common import write_arrays

FEATURES, WIDTH, OUTPUTS, BACKGROUND, ROWS = 7, 9, 3, 12, 3
random = np.random.default_rng(0)
w1 = random.normal(size=(FEATURES, WIDTH))
b1, b2 = random.normal(size=WIDTH), random.normal(size=OUTPUTS)
w2 = random.normal(size=(WIDTH, OUTPUTS))
background = random.normal(size=(BACKGROUND, FEATURES))
x = random.normal(size=(ROWS, FEATURES))
x[0, 2] = background[0, 2]


def network(rows: np.ndarray) -> np.ndarray:
    return np.tanh(rows @ w1 + b1) @ w2 + b2


exact = shap.ExactExplainer(network, shap.maskers.Independent(background, max_samples=BACKGROUND))(
    x
)
kernel = shap.KernelExplainer(network, background).shap_values(x, nsamples=2**FEATURES, silent=True)

steps = 2000


def torch_network(rows: torch.Tensor) -> torch.Tensor:
    hidden = torch.tanh(rows @ torch.tensor(w1) + torch.tensor(b1))
    return hidden @ torch.tensor(w2) + torch.tensor(b2)


def gradients(rows: np.ndarray, output: int) -> np.ndarray:
    leaf = torch.tensor(rows, requires_grad=True)
    torch_network(leaf)[:, output].sum().backward()
    return leaf.grad.numpy()


middle = (np.arange(steps) + 0.5) / steps
integrated = np.stack([row * gradients(middle[:, None] * row, 1).mean(axis=0) for row in x])
write_arrays(
    "attribution",
    {
        "w1": w1, "b1": b1, "w2": w2, "b2": b2, "background": background, "x": x,
        "outputs": network(x),
        "exact/values": exact.values, "exact/base": exact.base_values,
        "kernel/values": kernel,
        "gradient": np.stack([gradients(x, k) for k in range(OUTPUTS)]),
        "integrated": integrated,
    },
)  # fmt: skip
