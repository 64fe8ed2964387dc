"""Greedy layer-wise pre-training: each layer first learns what its input is like, without labels.

Deep networks of sigmoids hardly train from small random weights, because the gradient shrinks in
every layer on its way back. Hinton, Osindero & Teh 2006 and Bengio et al. 2007 train the layers one
after another, each on the output of the one before, and only then all together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import random
from ...base.missing import Spelled, spelled
from ...data.named_columns import ColumnNames
from ...errors import ArgumentError, unknown_name
from ...nn import Dense
from ...nn.activations import softplus
from ...ops.composites.functions import sigmoid
from ...ops.contraction import matmul
from ...ops.elementwise import astype, detach
from ...ops.reduce import mean, sum
from ...optim import SGD, Adam
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile
from ...train.intake.arrange import arranged
from ...train.models.sequential import Sequential
from ...typing import Array, DataLike
from ..batches import as_rows, descend, epochs

METHODS = ("rbm", "autoencoder")


class RestrictedBoltzmannMachine(Spelled):
    """Smolensky 1986, trained by contrastive divergence (Hinton 2002).

    Visible units v of 0 to 1 and `hidden` units h of 0 or 1, with the energy
    `E(v, h) = -v a - h b - v W h`. So

        p(h = 1 | v) = sigmoid(v W + b),   p(v = 1 | h) = sigmoid(h W^T + a)
        F(v) = -v a - sum_j log(1 + exp(v W + b)_j)          free energy: p(v) ~ exp(-F(v))

    CD-k lowers F of the data and raises it after `k` steps of Gibbs sampling from there: the
    gradient of `mean F(v_0) - mean F(v_k)`, with v_k held fixed.

    >>> machine = RestrictedBoltzmannMachine(hidden=3)
    >>> errors = machine.fit(np.eye(4), count=2)
    >>> machine.transform(np.eye(4)).shape
    (4, 3)
    """

    def __init__(
        self, hidden: int, learning_rate: float = 0.1, momentum: float = 0.5, k: int = 1
    ) -> None:
        self.hidden, self.k = hidden, k
        self.rule = SGD(learning_rate, momentum=momentum, weight_decay=0.0002)
        self.W: Any = None
        self.a: Any = None
        self.b: Any = None
        self.column_names = ColumnNames()
        self._step = compile(self._diverge)

    @spelled
    def build(self, visible: int) -> None:
        """First weights: normal with deviation 0.01 (Hinton 2010, "A practical guide")."""
        chance = random.generator.host()
        w = chance.normal(0.0, 0.01, (visible, self.hidden)).astype(np.float32)
        self.W = Tensor(w, requires_grad=True, name="W")
        self.a = Tensor(np.zeros(visible, np.float32), requires_grad=True, name="a")
        self.b = Tensor(np.zeros(self.hidden, np.float32), requires_grad=True, name="b")

    @spelled
    def fit(self, v: DataLike, count: int = 10, batch_size: int = 64) -> list[float]:
        """Train for `count` epochs; returns the reconstruction error of each."""
        v = as_rows(v, self.column_names, learn=True)
        if v.min() < 0 or v.max() > 1:
            raise ArgumentError(
                f"RestrictedBoltzmannMachine: visible values run from {v.min():g} to {v.max():g}; "
                "expected 0 to 1: divide pixels by 255, say"
            )
        if self.W is None:
            self.build(v.shape[1])
        return [float(error) for error in epochs(self._step, v, batch_size, count)]

    def chances(self, v: Tensor) -> Any:
        """p(h = 1 | v)."""
        return sigmoid(matmul(v, self.W) + self.b)

    @spelled
    def gibbs(self, v: Tensor, steps: int = 1) -> Any:
        """v after `steps` rounds: draw h given v, then take p(v = 1 | h)."""
        for _ in range(steps):
            h = astype(random.bernoulli(self.chances(v)), v.dtype)
            v = sigmoid(matmul(h, self.W.T) + self.a)
        return v

    def free_energy(self, v: Tensor) -> Any:
        """F of each row."""
        return -matmul(v, self.a) - sum(softplus(matmul(v, self.W) + self.b), axis=-1)

    def transform(self, v: DataLike) -> Array:
        """p(h = 1 | v) of each row, as an array."""
        return self.chances(Tensor(as_rows(v, self.column_names))).numpy()  # type: ignore[no-any-return]

    def reconstruction_error(self, v: DataLike) -> float:
        """The mean squared difference between rows and what is left after a round trip."""
        v = Tensor(as_rows(v, self.column_names))
        return mean((v - sigmoid(matmul(self.chances(v), self.W.T) + self.a)) ** 2).item()  # type: ignore[no-any-return]

    def _diverge(self, v: Any) -> Any:
        after = detach(self.gibbs(v, self.k))
        loss = mean(self.free_energy(v)) - mean(self.free_energy(after))
        descend(self.rule, loss, [self.W, self.a, self.b])
        return mean((v - after) ** 2)


@spelled
def pretrain(
    model: Sequential,
    x: DataLike,
    method: str = "rbm",
    epochs: int = 10,
    batch_size: int = 64,
    learning_rate: float | None = None,
) -> list[list[float]]:
    """Fill the hidden Dense layers of a built `model` by what its input x is like.

    Args:
        method: "rbm", a restricted Boltzmann machine for each layer, for inputs of 0 to 1 and
            layers with the activation sigmoid; or "autoencoder", a layer that is to give its input
            back through a layer of the same activation (Bengio et al. 2007).
        epochs: over x, for each layer.

    The last Dense layer is left to training with labels. Returns the errors of reconstruction,
    epoch by epoch, of each layer.
    """
    if method not in METHODS:
        raise unknown_name("method of pretrain", method, METHODS)
    dense = [layer for layer in model.layers if isinstance(layer, Dense)][:-1]
    h = as_rows(arranged(model, x, learn=True))
    errors = []
    for layer in model.layers:
        if layer in dense:
            learn = _by_machine if method == "rbm" else _by_autoencoder
            errors.append(learn(layer, h, epochs, batch_size, learning_rate))
        h = np.concatenate([layer(part).numpy() for part in np.array_split(h, -(-len(h) // 4096))])
    return errors


def _by_machine(
    layer: Dense, x: Array, count: int, batch_size: int, rate: float | None
) -> list[float]:
    if layer.activation != "sigmoid":
        raise ArgumentError(
            f"pretrain: {layer.name!r} has the activation {layer.activation!r}; a Boltzmann "
            "machine makes layers of sigmoids; use method='autoencoder' for others"
        )
    machine = RestrictedBoltzmannMachine(layer.units, 0.1 if rate is None else rate)
    errors = machine.fit(x, count, batch_size)
    _fill(layer, machine.W, machine.b)
    return errors


def _by_autoencoder(
    layer: Dense, x: Array, count: int, batch_size: int, rate: float | None
) -> list[float]:
    bounded = bool(x.min() >= 0 and x.max() <= 1)
    twin = Dense(layer.units, layer.activation, use_bias=layer.bias is not None)
    back = Dense(x.shape[1], "sigmoid" if bounded else "linear")
    pair = Sequential([twin, back])
    loss = "binary_crossentropy" if bounded else "mean_squared_error"
    pair.compile(Adam(0.001 if rate is None else rate), loss, ["mse"])
    history = pair.fit(x, x, batch_size, count, verbose=0).history
    _fill(layer, twin.kernel, twin.bias)
    return history["mse"]


def _fill(layer: Dense, kernel: Tensor, bias: Tensor | None) -> None:
    layer.kernel.assign(kernel)
    if layer.bias is not None and bias is not None:
        layer.bias.assign(bias)
