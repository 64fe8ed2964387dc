"""Two small networks trained in PyTorch float64: loss, gradients and weights. See README.md."""

from itertools import pairwise

import numpy as np
import torch
from common import write_arrays

STEPS, BATCHES = 20, 4
LEARNING_RATE = 0.01

NETWORKS = {
    "tanh_softmax": ((8, 16, 3), (torch.tanh,), 12),
    "relu_sigmoid": ((10, 10, 10, 1), (torch.relu, torch.relu), 32),
}


def make_weights(sizes: tuple[int, ...], random: np.random.Generator) -> dict[str, np.ndarray]:
    weights = {}
    for i, (inputs, units) in enumerate(pairwise(sizes)):
        weights[f"kernel_{i}"] = random.normal(size=(inputs, units)) / np.sqrt(inputs)
        weights[f"bias_{i}"] = random.normal(size=units) * 0.1
    return weights


def logits_of(weights: dict, activations: tuple, x: torch.Tensor) -> torch.Tensor:
    for i in range(len(activations) + 1):
        x = x @ weights[f"kernel_{i}"] + weights[f"bias_{i}"]
        x = activations[i](x) if i < len(activations) else x
    return x


def output_and_loss(logits: torch.Tensor, y: torch.Tensor):
    if logits.shape[1] == 1:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y)
        return torch.sigmoid(logits), loss
    return torch.softmax(logits, dim=1), torch.nn.functional.cross_entropy(logits, y)


def train(sizes: tuple[int, ...], activations: tuple, rows: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    initial = make_weights(sizes, random)
    x = random.normal(size=(BATCHES, rows, sizes[0]))
    if sizes[-1] == 1:
        y = (x.sum(axis=2, keepdims=True) > 0).astype(np.float64)
    else:
        y = x[:, :, : sizes[-1]].argmax(axis=2)
    weights = {name: torch.tensor(v, requires_grad=True) for name, v in initial.items()}
    optimizer = torch.optim.Adam(weights.values(), lr=LEARNING_RATE)
    made = {"x": x, "y": y} | {f"initial/{name}": value for name, value in initial.items()}
    losses = []
    for step in range(STEPS):
        batch = step % BATCHES
        logits = logits_of(weights, activations, torch.tensor(x[batch]))
        output, loss = output_and_loss(logits, torch.tensor(y[batch]))
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            made["output"] = output.detach().numpy()
            made |= {f"gradient/{name}": w.grad.numpy().copy() for name, w in weights.items()}
        optimizer.step()
    assert losses[-1] < losses[0]
    made |= {f"final/{name}": w.detach().numpy() for name, w in weights.items()}
    return made | {"losses": np.array(losses)}


def main() -> None:
    arrays = {}
    for network, settings in NETWORKS.items():
        arrays |= {f"{network}/{key}": value for key, value in train(*settings).items()}
    write_arrays("networks", arrays)


if __name__ == "__main__":
    main()
