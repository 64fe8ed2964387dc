"""The small GPT in JAX: its first weights and its logits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from workload import Transformer


def weights(layer: Transformer) -> dict:
    random, width = np.random.default_rng(0), layer.width

    def normal(*shape: int) -> jax.Array:
        return jnp.asarray(0.02 * random.standard_normal(shape), jnp.float32)

    def block() -> dict:
        return {
            "before": jnp.ones(width),
            "attention": normal(width, 3 * width),
            "joining": normal(width, width),
            "between": jnp.ones(width),
            "wide": normal(width, 4 * width),
            "narrow": normal(4 * width, width),
        }

    return {
        "letters": normal(layer.vocabulary, width),
        "positions": normal(layer.context, width),
        "blocks": [block() for _ in range(layer.depth)],
        "last": jnp.ones(width),
    }


def _normalized(x, scale):
    mean = x.mean(axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(x.var(axis=-1, keepdims=True) + 1e-5) * scale


def logits(layer: Transformer, p: dict, ids: jax.Array) -> jax.Array:
    """(batch * time, vocabulary)."""
    batch, time = ids.shape
    x = p["letters"][ids] + p["positions"]
    for block in p["blocks"]:
        parts = jnp.split(_normalized(x, block["before"]) @ block["attention"], 3, axis=2)
        q, k, v = (part.reshape(batch, time, layer.heads, -1) for part in parts)
        out = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        x = x + out.reshape(x.shape) @ block["joining"]
        wide = jax.nn.gelu(_normalized(x, block["between"]) @ block["wide"], approximate=False)
        x = x + wide @ block["narrow"]
    out = _normalized(x, p["last"]) @ p["letters"].T
    return out.reshape(batch * time, -1)
