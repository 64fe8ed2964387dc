"""PyTorch: data in memory, one gather an epoch, views as batches, fused optimizer."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn
from workload import Conv, Dense, GlobalMean, MaxPool, Recurrent, Residual, Stem, Workload, kernels

from .torch_gpt import GPT

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}  # sigmoid and softmax live in the loss
OUTPUTS = {"sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(dim=1)}
LOSSES = {
    "binary_crossentropy": nn.functional.binary_cross_entropy_with_logits,
    "sparse_categorical_crossentropy": nn.functional.cross_entropy,
    "mean_squared_error": nn.functional.mse_loss,
}
# Bytes. Larger data is gathered batch by batch, which stays in the cache and is faster.
GATHER_AT_ONCE = 32e6


def normed(shape: tuple[int, ...], tracked: bool, strides: int = 1) -> nn.Sequential:
    """A convolution and batch normalization; without running statistics unless `tracked`."""
    size, _, inputs, outputs = shape
    conv = nn.Conv2d(inputs, outputs, size, strides, padding=size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs, track_running_stats=tracked))


class Block(nn.Module):
    """A residual block from the shapes of its kernels."""

    def __init__(self, shapes: list[tuple[int, ...]], tracked: bool, strides: int):
        super().__init__()
        self.first = normed(shapes[0], tracked, strides)
        self.second = normed(shapes[1], tracked)
        short = len(shapes) > 2
        self.shortcut = normed(shapes[2], tracked, strides) if short else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


class Letters(nn.Module):
    """A vector for each letter, an LSTM, and logits of the next letter."""

    def __init__(self, layer: Recurrent):
        super().__init__()
        self.letters = nn.Embedding(layer.vocabulary, layer.width)
        self.lstm = nn.LSTM(layer.width, layer.units, batch_first=True)
        self.last = nn.Linear(layer.units, layer.vocabulary)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits with the letters along axis 1, where PyTorch's cross-entropy wants them."""
        return self.last(self.lstm(self.letters(ids))[0]).transpose(1, 2)


class Peer:
    """Modes: "eager"; "last", eager with images channels last; "compile", one compiled function
    for the whole step or forward; "script", a traced and frozen forward."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.workload, self.mode = workload, mode
        if workload.job == "matmul":
            self.a, self.b = torch.from_numpy(x), torch.from_numpy(y)
            self.out = torch.empty(len(x), y.shape[1])
            return
        self.model = self._model(x.shape[1:])
        if workload.has_images:
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        if mode == "last":
            self.model = self.model.to(memory_format=torch.channels_last)
        if workload.job == "predict":
            self.rows = x[: workload.batch_size]
            self.forward = self._forward()
            return
        self.x = torch.from_numpy(x)
        if mode == "last":
            self.x = self.x.contiguous(memory_format=torch.channels_last)
        self.y = torch.from_numpy(y.astype(np.int64) if y.dtype == np.int32 else y)
        self.loss = LOSSES[workload.loss]
        self.optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[workload.optimizer](
            self.model.parameters(), lr=workload.learning_rate, fused=True
        )
        self.step = self._compiled_step() if mode == "compile" else self._eager_step

    def _model(self, row: tuple[int, ...]) -> nn.Module:
        if self.workload.has_text:
            layer = self.workload.layers[0]
            return Letters(layer) if isinstance(layer, Recurrent) else GPT(layer)
        modules: list[nn.Module] = []
        # NOTE: functional gradients cannot change running statistics; compiled it has none.
        tracked = self.mode != "compile"
        for layer, shapes in zip(self.workload.layers, kernels(self.workload, row), strict=True):
            if isinstance(layer, Stem):
                modules += [normed(shapes[0][0], tracked), nn.ReLU()]
                continue
            if isinstance(layer, Residual):
                modules.append(Block([shape for shape, _ in shapes], tracked, layer.strides))
                continue
            shape, _ = shapes
            if isinstance(layer, Dense):
                modules.append(nn.Linear(*shape))
            elif isinstance(layer, Conv):
                modules.append(nn.Conv2d(shape[2], layer.filters, layer.size))
            elif isinstance(layer, MaxPool):
                modules.append(nn.MaxPool2d(layer.size))
            elif isinstance(layer, GlobalMean):
                modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            else:
                modules.append(nn.Flatten())
            if getattr(layer, "activation", "") in ACTIVATIONS:
                modules.append(ACTIVATIONS[layer.activation]())
        return nn.Sequential(*modules)

    # -- training --

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

    def train(self) -> float:
        for _ in range(self.workload.epochs):
            total = torch.zeros(())
            for x, y in self._batches():
                total += self.step(x, y) * len(x)
        return total.item() / len(self.x)

    # -- use --

    def _forward(self):
        last = self.workload.layers[-1].activation
        model = nn.Sequential(*self.model, *([OUTPUTS[last]] if last in OUTPUTS else [])).eval()
        if self.mode == "compile":
            return torch.compile(model, dynamic=False)
        if self.mode == "script":
            warnings.simplefilter("ignore")  # it says that it will be replaced
            example = torch.from_numpy(self.rows)
            with torch.inference_mode():
                return torch.jit.optimize_for_inference(
                    torch.jit.freeze(torch.jit.trace(model, example))
                )
        return model

    def predict(self) -> float:
        with torch.inference_mode():
            for _ in range(self.workload.calls):
                x = torch.from_numpy(self.rows)
                if self.mode == "last":
                    x = x.contiguous(memory_format=torch.channels_last)
                out = self.forward(x).numpy()
        return float(out.mean())

    def matmul(self) -> float:
        for _ in range(self.workload.calls):
            torch.mm(self.a, self.b, out=self.out)
        return float(self.out[0, 0])

    @staticmethod
    def versions() -> dict[str, str]:
        return {"torch": torch.__version__}
