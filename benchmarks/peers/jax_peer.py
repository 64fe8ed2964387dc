"""JAX: one jitted step with donated buffers, or the whole epoch (or fit) in one `lax.scan`; one
jitted forward for predictions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from workload import Conv, Dense, GlobalMean, MaxPool, Recurrent, Residual, Stem, Workload, glorot

from . import jax_gpt, jax_lstm

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}  # sigmoid and softmax live in the loss
OUTPUTS = {"sigmoid": jax.nn.sigmoid, "softmax": jax.nn.softmax}


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


def normed(weights, x, strides=1):
    """A convolution and batch normalization, by the statistics of the batch only."""
    kernel, gamma, beta = weights
    x = lax.conv_general_dilated(
        x, kernel, (strides, strides), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    mean, variance = jnp.mean(x, axis=(0, 1, 2)), jnp.var(x, axis=(0, 1, 2))
    scale = lax.rsqrt(variance + 0.001) * gamma
    return x * scale + (beta - mean * scale)


def residual(weights, x, strides):
    out = normed(weights[1], jax.nn.relu(normed(weights[0], x, strides)))
    return jax.nn.relu(out + (normed(weights[2], x, strides) if len(weights) > 2 else x))


def text_of(workload: Workload):
    """The file that holds the network of a workload on text."""
    return jax_lstm if isinstance(workload.layers[0], Recurrent) else jax_gpt


class Peer:
    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        self.workload, self.mode = workload, mode
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)
        if workload.job == "matmul":
            self.product = jax.jit(jnp.matmul)
            return
        if workload.has_text:
            parameters = text_of(workload).weights(workload.layers[0])
        else:
            parameters = jax.tree.map(jnp.asarray, glorot(workload, x.shape[1:]))
        if workload.job == "predict":
            self.parameters, self.rows = parameters, x[: workload.batch_size]
            self.forward = jax.jit(self._forward)
            return
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        slots = (jnp.zeros(()), zeros, jax.tree.map(jnp.copy, zeros))
        self.state = parameters, slots if workload.optimizer == "adam" else ()
        self.update = {"adam": adam, "sgd": sgd}[workload.optimizer]
        self.random = np.random.default_rng(0)
        self.run_step = jax.jit(self._step, donate_argnums=0)
        self.run_epoch = jax.jit(self._epoch, donate_argnums=0)
        self.run_fit = jax.jit(self._fit, donate_argnums=0)

    def _logits(self, parameters, x):
        if self.workload.has_text:
            return text_of(self.workload).logits(self.workload.layers[0], parameters, x)
        for weights, layer in zip(parameters, self.workload.layers, strict=True):
            if isinstance(layer, Dense):
                x = x @ weights[0] + weights[1]
            elif isinstance(layer, Conv):
                names = ("NHWC", "HWIO", "NHWC")
                x = lax.conv_general_dilated(
                    x, weights[0], (1, 1), "VALID", dimension_numbers=names
                )
                x = x + weights[1]
            elif isinstance(layer, MaxPool):
                window = (1, layer.size, layer.size, 1)
                x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
            elif isinstance(layer, Stem):
                x = jax.nn.relu(normed(weights[0], x))
            elif isinstance(layer, Residual):
                x = residual(weights, x, layer.strides)
            elif isinstance(layer, GlobalMean):
                x = jnp.mean(x, axis=(1, 2))
            else:
                x = x.reshape(len(x), -1)
            if getattr(layer, "activation", "") in ACTIVATIONS:
                x = ACTIVATIONS[layer.activation](x)
        return x

    def _loss(self, parameters, x, y):
        y = y.reshape(-1) if self.workload.has_text else y
        return LOSSES[self.workload.loss](self._logits(parameters, x), y)

    def _forward(self, parameters, x):
        last = OUTPUTS.get(self.workload.layers[-1].activation, lambda z: z)
        return last(self._logits(parameters, x))

    def predict(self) -> float:
        for _ in range(self.workload.calls):
            out = np.asarray(self.forward(self.parameters, self.rows))
        return float(out.mean())

    def matmul(self) -> float:
        for _ in range(self.workload.calls):
            out = self.product(self.x, self.y)
            out.block_until_ready()
        return float(out[0, 0])

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

    def train(self) -> float:
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
