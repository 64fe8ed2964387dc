"""JAX: one jitted step with donated buffers, or the whole epoch (or fit) in one `lax.scan`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from workload import Workload, glorot

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}  # sigmoid and softmax live in the loss


def binary_crossentropy(logits, y):
    return jnp.mean(jnp.maximum(logits, 0) - logits * y + jnp.log1p(jnp.exp(-jnp.abs(logits))))


def sparse_categorical_crossentropy(logits, y):
    chosen = jnp.take_along_axis(logits, y[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)


def mean_squared_error(prediction, y):
    return jnp.mean((prediction - y) ** 2)


LOSSES = {
    "binary_crossentropy": binary_crossentropy,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
    "mean_squared_error": mean_squared_error,
}


def sgd(parameters, gradients, state, rate):
    return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), state


def adam(parameters, gradients, state, rate):
    count, m, v = state
    count = count + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
    size = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    parameters = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) + 1e-7), parameters, m, v)
    return parameters, (count, m, v)


class Peer:
    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        self.workload, self.mode = workload, mode
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)
        parameters = jax.tree.map(jnp.asarray, glorot(workload, x.shape[1]))
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        slots = (jnp.zeros(()), zeros, jax.tree.map(jnp.copy, zeros))
        self.state = parameters, slots if workload.optimizer == "adam" else ()
        self.update = {"adam": adam, "sgd": sgd}[workload.optimizer]
        self.random = np.random.default_rng(0)
        self.run_step = jax.jit(self._step, donate_argnums=0)
        self.run_epoch = jax.jit(self._epoch, donate_argnums=0)
        self.run_fit = jax.jit(self._fit, donate_argnums=0)

    def _loss(self, parameters, x, y):
        for (kernel, bias), (_, activation) in zip(parameters, self.workload.layers, strict=True):
            x = ACTIVATIONS.get(activation, lambda z: z)(x @ kernel + bias)
        return LOSSES[self.workload.loss](x, y)

    def _step(self, state, x, y, rows):
        parameters, slots = state
        loss, gradients = jax.value_and_grad(self._loss)(parameters, x[rows], y[rows])
        return self.update(parameters, gradients, slots, self.workload.learning_rate), loss

    def _epoch(self, state, x, y, order):
        """The full batches in a scan, then the short one: no padding, no masks."""
        size = self.workload.batch_size
        whole = len(order) // size * size

        def step(state, rows):
            return self._step(state, x, y, rows)

        state, losses = lax.scan(step, state, order[:whole].reshape(-1, size))
        total = losses.sum() * size
        if whole < len(order):
            state, loss = step(state, order[whole:])
            total += loss * (len(order) - whole)
        return state, total / len(order)

    def _fit(self, state, x, y, orders):
        def epoch(state, order):
            return self._epoch(state, x, y, order)

        state, losses = lax.scan(epoch, state, orders)
        return state, losses[-1]

    def _order(self) -> np.ndarray:
        return self.random.permutation(len(self.x)).astype(np.int32)

    def fit(self) -> float:
        if self.mode == "fit":
            orders = np.stack([self._order() for _ in range(self.workload.epochs)])
            self.state, loss = self.run_fit(self.state, self.x, self.y, orders)
            return float(loss)
        for _ in range(self.workload.epochs):
            order = self._order()
            if self.mode == "scan":
                self.state, loss = self.run_epoch(self.state, self.x, self.y, order)
            else:
                loss = self._steps(order)
        return float(loss)

    def _steps(self, order: np.ndarray):
        size, losses, counts = self.workload.batch_size, [], []
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            self.state, loss = self.run_step(self.state, self.x, self.y, rows)
            losses.append(loss)
            counts.append(len(rows))
        return np.average(jax.device_get(losses), weights=counts)

    @staticmethod
    def versions() -> dict[str, str]:
        return {"jax": jax.__version__}
