"""Chains of thousands of ops: traced, printed, differentiated, simplified and compiled alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.compiler.stages import Compilation
from ranvier.tracing.trace import trace

MANY = 5000


def logistic(x: Any, ops: int) -> Any:
    """Two ops at a time, each of which the gradient needs."""
    for _ in range(ops // 2):
        x = x * (1.5 - x)
    return x


def doubled(x: Any, ops: int) -> Any:
    """Each op reads the last one twice: twice as many ways through the graph every time."""
    for i in range(ops):
        x = x + x if i % 2 else x * 0.5
    return x


def moved(x: Any, ops: int) -> Any:
    """Views of views, which no rule makes one."""
    for i in range(ops // 2):
        x = ranvier.flip(ranvier.reshape(x, (5, 4) if i % 2 else (4, 5)), 0)
    return ranvier.reshape(x, (20,))


def chosen(x: Any, ops: int) -> Any:
    """Comparisons and choices."""
    for i in range(ops // 2):
        x = ranvier.where(x > 0.001 * i, x, x)
        x = ranvier.maximum(x, 0.0001 * i)
    return x


CHAINS = [logistic, doubled, moved, chosen]
X = np.linspace(0.1, 0.9, 20, dtype=np.float32)


def check_chain(chain: Callable[[Any, int], Any], ops: int) -> None:
    """Value and gradient on both engines."""

    def both(x: Any) -> Any:
        weights = ranvier.arange(20.0)
        out = chain(x, ops)
        return out, ranvier.grad(lambda x: ranvier.sum(chain(x, ops) * weights))(x)

    found = [ranvier.compile(both, engine=engine)(X) for engine in ("compiled", "reference")]
    for compiled, reference in zip(*found, strict=True):
        assert np.isfinite(reference.numpy()).all()
        np.testing.assert_allclose(compiled.numpy(), reference.numpy(), rtol=1e-4, atol=1e-30)


@pytest.mark.parametrize("chain", CHAINS)
def test_values_and_gradients_on_both_engines(chain: Callable[[Any, int], Any]) -> None:
    check_chain(chain, 600)


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS)
def test_values_and_gradients_of_many_ops(chain: Callable[[Any, int], Any]) -> None:
    check_chain(chain, MANY)


def test_printed() -> None:
    graph = trace(lambda x: logistic(x, MANY), [((20,), "float32")])[0].graph
    assert str(graph).count("\n") > MANY
    kernels = Compilation(graph).kernels
    assert 10 < len(kernels) < MANY / 50
    assert all(str(kernel) for kernel in kernels)
