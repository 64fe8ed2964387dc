"""A model around each layer of the layer table, and what its training step gives by other ways."""

from __future__ import annotations

from typing import Any

import numpy as np

import ranvier
from layer_table import TAKES
from ranvier import nn, optim
from ranvier.nn.modes import training_mode
from ranvier.train.intake.arrange import Learning, rows_of
from ranvier.train.walkthrough.record import Recording

SEED = 3


class OneInput(ranvier.Model):
    """One number for each row out of whatever the layer gives."""

    def __init__(self, layer: nn.Layer) -> None:
        super().__init__()
        self.layer = layer
        self.scale = self.add_weight((), "ones", name="scale")

    def forward(self, x: Any) -> Any:
        return self.summed(self.layer(x))

    def summed(self, out: Any) -> Any:
        out = out[0] if isinstance(out, list | tuple) else out
        flat = ranvier.reshape(out, (out.shape[0], -1))
        return ranvier.mean(ranvier.tanh(flat * self.scale), axis=1, keepdims=True)


class TwoInputs(OneInput):
    def forward(self, x: Any, other: Any) -> Any:  # type: ignore[override]
        return self.summed(self.layer([x, other]))


class Case:
    """A layer of the table in a model, its rows, and a step of training by each way."""

    def __init__(self, name: str, engine: str = "reference") -> None:
        x, make = TAKES[name]
        parts = x if isinstance(x, list) else [x]
        self.xs = [np.asarray(a, a.dtype if a.dtype.kind == "i" else np.float32) for a in parts]
        self.x: Any = self.xs if isinstance(x, list) else self.xs[0]
        self.y = np.ones((len(self.xs[0]), 1), np.float32)
        self.model: Any = (TwoInputs if isinstance(x, list) else OneInput)(make())
        self.model.compile(optim.SGD(0.01), "mse", engine=engine)
        with training_mode(False):
            self.model(*self.xs)

    def recorded(self) -> Recording:
        ranvier.seed(SEED)
        with Learning(self.model):
            return Recording(self.model, rows_of(self.model, self.x, self.y, learn=True))

    def eager_gradients(self) -> list[Any]:
        """`.grad` of each parameter after `.backward()` on the same rows; None: none reaches it."""
        before = self.model.get_weights()
        ranvier.seed(SEED)
        with training_mode(True):
            loss = self.model.loss(self.y, self.model(*self.xs))
        loss.backward()
        self.model.set_weights(before)  # moving statistics have moved
        grads = [p.grad for p in self.model.parameters()]
        for p in self.model.parameters():
            p.grad = None
        return [None if g is None else g.numpy() for g in grads]

    def fitted(self) -> list[Any]:
        """All tensors of the model after a fit of one step."""
        ranvier.seed(SEED)
        rows = len(self.y)
        self.model.fit(self.x, self.y, batch_size=rows, epochs=1, shuffle=False, verbose=0)
        return [t.numpy() for t in self.model.state_tensors()]
