"""PyTorch: data in memory, one gather an epoch, views as batches, fused optimiser."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from workload import Workload

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}  # sigmoid and softmax live in the loss
LOSSES = {
    "binary_crossentropy": nn.functional.binary_cross_entropy_with_logits,
    "sparse_categorical_crossentropy": nn.functional.cross_entropy,
    "mean_squared_error": nn.functional.mse_loss,
}
# Bytes. Larger data is gathered batch by batch, which stays in the cache and is faster.
GATHER_AT_ONCE = 32e6


class Peer:
    """Eager steps (mode "eager"), or one compiled function for the whole step (mode "compile")."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.workload = workload
        self.x = torch.from_numpy(x)
        self.y = torch.from_numpy(y.astype(np.int64) if y.dtype == np.int32 else y)
        self.model = self._model(x.shape[1])
        self.loss = LOSSES[workload.loss]
        self.optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[workload.optimizer](
            self.model.parameters(), lr=workload.learning_rate, fused=True
        )
        self.step = self._eager_step if mode == "eager" else self._compiled_step()

    def _model(self, inputs: int) -> nn.Sequential:
        modules: list[nn.Module] = []
        for units, activation in self.workload.layers:
            modules.append(nn.Linear(inputs, units))
            if activation in ACTIVATIONS:
                modules.append(ACTIVATIONS[activation]())
            inputs = units
        return nn.Sequential(*modules)

    def _eager_step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _compiled_step(self):
        """NOTE: compiling the forward alone is slower than eager; this is the better form."""
        parameters = {name: p.detach() for name, p in self.model.named_parameters()}
        m = {name: torch.zeros_like(p) for name, p in parameters.items()}
        v = {name: torch.zeros_like(p) for name, p in parameters.items()}
        count, rate = torch.zeros(()), self.workload.learning_rate
        adam = self.workload.optimizer == "adam"

        def loss_of(parameters: dict, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return self.loss(torch.func.functional_call(self.model, parameters, (x,)), y)

        def step(parameters: dict, m: dict, v: dict, x: torch.Tensor, y: torch.Tensor):
            gradients, loss = torch.func.grad_and_value(loss_of)(parameters, x, y)
            count.add_(1)
            size = rate * torch.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            for name, g in gradients.items():
                if adam:
                    m[name].mul_(0.9).add_(g, alpha=0.1)
                    v[name].mul_(0.999).addcmul_(g, g, value=0.001)
                    parameters[name].sub_(size * m[name] / (v[name].sqrt() + 1e-8))
                else:
                    parameters[name].sub_(g, alpha=rate)
            return loss

        compiled = torch.compile(step, dynamic=False)

        def run(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                return compiled(parameters, m, v, x, y)

        return run

    def _batches(self):
        order = torch.randperm(len(self.x))
        size = self.workload.batch_size
        if self.x.nbytes <= GATHER_AT_ONCE:
            return zip(self.x[order].split(size), self.y[order].split(size), strict=True)
        return ((self.x[rows], self.y[rows]) for rows in order.split(size))

    def fit(self) -> float:
        for _ in range(self.workload.epochs):
            total = torch.zeros(())
            for x, y in self._batches():
                total += self.step(x, y) * len(x)
        return total.item() / len(self.x)

    @staticmethod
    def versions() -> dict[str, str]:
        return {"torch": torch.__version__}
