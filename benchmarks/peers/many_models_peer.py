"""PyTorch and JAX in many_models.py: a loop over networks, and JAX' vmap over all of them.

python benchmarks/peers/many_models_peer.py WORKLOAD WAY ROUNDS
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import many_models
from many_models import Networks

LOOPED = 10  # networks of a loop that is scaled up


def torch_loop(work: Networks):
    import torch

    torch.set_num_threads(1)  # more are slower for networks of this size
    x, y = map(torch.from_numpy, many_models.data(work))
    count = min(work.members, LOOPED)

    def train() -> float:
        seconds = 0.0
        for seed in range(count):
            torch.manual_seed(seed)
            sizes = [work.inputs, *[work.width] * work.depth]
            layers = []
            for a, b in pairwise(sizes):
                layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
            model = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))
            optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
            loss_of = torch.nn.BCEWithLogitsLoss()
            began = time.perf_counter()
            for _ in range(work.epochs):
                order = torch.randperm(work.rows)
                for start in range(0, work.rows, work.batch):
                    rows = order[start : start + work.batch]
                    optimizer.zero_grad()
                    loss_of(model(x[rows]), y[rows]).backward()
                    optimizer.step()
            seconds += time.perf_counter() - began
        return seconds

    return train, count


def jax_fit(work: Networks):
    """A whole fit of one network as a function of its seed."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    x, y = map(jnp.asarray, many_models.data(work))
    sizes = [work.inputs, *[work.width] * work.depth, 1]
    steps = -(-work.rows // work.batch)

    def loss(parameters, rows, real):
        out = x[rows]
        for i, (w, b) in enumerate(parameters):
            out = out @ w + b
            out = jax.nn.relu(out) if i + 1 < len(parameters) else out
        target = y[rows]
        each = jnp.maximum(out, 0) - out * target + jnp.log1p(jnp.exp(-jnp.abs(out)))
        return jnp.sum(each[:, 0] * real) / jnp.sum(real)

    def fit(seed):
        key = jax.random.key(seed)
        parameters = []
        for a, b in pairwise(sizes):
            key, own = jax.random.split(key)
            limit = (6 / (a + b)) ** 0.5
            w = jax.random.uniform(own, (a, b), minval=-limit, maxval=limit)
            parameters.append((w, jnp.zeros(b)))
        zeros = jax.tree.map(jnp.zeros_like, parameters)

        def step(state, batch):
            rows, real = batch
            p, m, v, count = state
            g = jax.grad(loss)(p, rows, real)
            count = count + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            size = 0.001 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            p = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) + 1e-7), p, m, v)
            return (p, m, v, count), None

        def epoch(state, key):
            order = jax.random.permutation(key, work.rows)
            order = jnp.concatenate([order, order[: steps * work.batch - work.rows]])
            real = (jnp.arange(steps * work.batch) < work.rows).astype(jnp.float32)
            shape = (steps, work.batch)
            return lax.scan(step, state, (order.reshape(shape), real.reshape(shape)))

        state = (parameters, zeros, zeros, 0.0)
        (p, *_), _ = lax.scan(epoch, state, jax.random.split(key, work.epochs))
        return p

    return fit


def jax_loop(work: Networks):
    import jax

    fit = jax.jit(jax_fit(work))
    count = min(work.members, 100)

    def train() -> float:
        began = time.perf_counter()
        jax.block_until_ready([fit(seed) for seed in range(count)])
        return time.perf_counter() - began

    return train, count


def jax_vmap(work: Networks):
    import jax
    import jax.numpy as jnp

    fit = jax.jit(jax.vmap(jax_fit(work)))

    def train() -> float:
        began = time.perf_counter()
        jax.block_until_ready(fit(jnp.arange(work.members)))
        return time.perf_counter() - began

    return train, work.members


WAYS = {"torch loop": torch_loop, "jax loop": jax_loop, "jax vmap": jax_vmap}

if __name__ == "__main__":
    work = many_models.WORKLOADS[int(sys.argv[1])]
    ways = {sys.argv[2]: WAYS[sys.argv[2]](work)}
    print(json.dumps(many_models.measure(ways, work.members, int(sys.argv[3]))))
