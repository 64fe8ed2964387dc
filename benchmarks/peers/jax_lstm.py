"""The LSTM on letters in JAX: its first weights and its logits, the loop as `lax.scan`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from workload import Recurrent


def weights(layer: Recurrent) -> dict:
    random = np.random.default_rng(0)
    limit = 1 / np.sqrt(layer.units)

    def uniform(*shape: int):
        return jnp.asarray(random.uniform(-limit, limit, shape), jnp.float32)

    return {
        "letters": jnp.asarray(random.normal(size=(layer.vocabulary, layer.width)), jnp.float32),
        "x": uniform(layer.width, 4 * layer.units),
        "h": uniform(layer.units, 4 * layer.units),
        "bias": uniform(4 * layer.units),
        "last": uniform(layer.units, layer.vocabulary),
        "last_bias": uniform(layer.vocabulary),
    }


def logits(layer: Recurrent, parameters: dict, ids):
    x = jnp.swapaxes(parameters["letters"][ids], 0, 1) @ parameters["x"] + parameters["bias"]

    def step(carry, z):
        h, c = carry
        i, f, g, o = jnp.split(z + h @ parameters["h"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((ids.shape[0], layer.units))
    _, out = jax.lax.scan(step, (zeros, zeros), x)
    out = jnp.swapaxes(out, 0, 1) @ parameters["last"] + parameters["last_bias"]
    return out.reshape(-1, layer.vocabulary)
