"""Ranvier: `Sequential`, `compile`, `fit`, `predict`, as a user writes it."""

from __future__ import annotations

import numpy as np
from workload import Conv, Dense, GlobalMean, MaxPool, Recurrent, Residual, Stem, Workload

import ranvier
from ranvier import losses, models, nn, optim


class Peer:
    """Modes: "" the public API; "function", the model itself as one compiled function."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        ranvier.config(threads=threads)
        ranvier.seed(0)
        self.workload, self.x, self.y = workload, x, y
        if workload.job == "matmul":
            self.product = ranvier.compile(ranvier.matmul)
            self.x, self.y = ranvier.tensor(x), ranvier.tensor(y)
            return
        loss = workload.loss
        if workload.has_text:
            self.model = self._of_text(workload.layers[0])
            loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        else:
            made = [self._layer(layer) for layer in workload.layers]
            self.model = ranvier.Sequential([one for layers in made for one in layers])
        optimizer = {"adam": optim.Adam, "sgd": optim.SGD}[workload.optimizer]
        self.model.compile(optimizer=optimizer(learning_rate=workload.learning_rate), loss=loss)
        if workload.job == "predict":
            self.rows = x[: workload.batch_size]
            self.model(self.rows)
            self.forward = self.model.predict
            if mode == "function":
                compiled = ranvier.compile(self.model)
                self.forward = lambda rows: compiled(rows).numpy()

    @staticmethod
    def _of_text(layer):
        if isinstance(layer, Recurrent):
            return ranvier.Sequential(
                [
                    nn.Embedding(layer.vocabulary, layer.width),
                    nn.LSTM(layer.units, return_sequences=True),
                    nn.Dense(layer.vocabulary),
                ]
            )
        sizes = layer.depth, layer.heads, layer.width, layer.context
        return models.gpt(layer.vocabulary, *sizes)

    @staticmethod
    def _layer(layer):
        if isinstance(layer, Dense):
            return [nn.Dense(layer.units, activation=layer.activation)]
        if isinstance(layer, Conv):
            return [nn.Conv2D(layer.filters, layer.size, activation=layer.activation)]
        if isinstance(layer, Stem):
            conv = nn.Conv2D(layer.filters, 3, padding="same", use_bias=False)
            return [conv, nn.BatchNormalization(), nn.Activation("relu")]
        if isinstance(layer, Residual):
            return [models.ResidualBlock(layer.filters, layer.strides)]
        if isinstance(layer, GlobalMean):
            return [nn.GlobalAveragePooling2D()]
        return [nn.MaxPooling2D(layer.size) if isinstance(layer, MaxPool) else nn.Flatten()]

    def train(self) -> float:
        history = self.model.fit(
            self.x,
            self.y,
            epochs=self.workload.epochs,
            batch_size=self.workload.batch_size,
            verbose=0,
        )
        return history.history["loss"][-1]

    def predict(self) -> float:
        for _ in range(self.workload.calls):
            out = self.forward(self.rows)
        return float(out.mean())

    def matmul(self) -> float:
        for _ in range(self.workload.calls):
            out = self.product(self.x, self.y)
        return float(out[0, 0].item())

    @staticmethod
    def versions() -> dict[str, str]:
        return {"ranvier": ranvier.__version__}
