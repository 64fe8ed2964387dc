"""What it costs that compiled code looks at every index: three kernels and steps, with and without.

    python benchmarks/index_checks.py

Without: interval arithmetic is made to say that all indices are inside, so that no guard is put
before the gather. Both forms run alternately in one process; the best of many rounds counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

import ranvier
from ranvier.base.config import switches
from ranvier.graph.graph import Graph
from ranvier.passes import checks
from ranvier.runtime.executable import Executable
from ranvier.tracing.trace import trace

_ROUNDS, _SECONDS = 40, 0.02

Array = np.ndarray[Any, Any]


def embedding(table: Any, ids: Any) -> Any:
    """The vectors of 64 x 128 ids."""
    return ranvier.take(table, ids)


def cross_entropy(w: Any, x: Any, labels: Any) -> Any:
    """Loss and gradient of a linear classifier of 784 numbers, a batch of 128."""
    loss = ranvier.losses.SparseCategoricalCrossentropy(from_logits=True)
    return ranvier.grad(lambda w: loss(labels, x @ w))(w)


def million(x: Any, indices: Any) -> Any:
    """1e6 numbers at random positions of 1e6."""
    return ranvier.take(x, indices)


def cases() -> dict[str, tuple[Callable[..., Any], list[Array]]]:
    """Functions with their arguments."""
    rng = np.random.default_rng(0)
    floats = [rng.random(shape, np.float32) for shape in ((10_000, 64), (784, 10), (128, 784))]
    return {
        "embedding 64 x 128 of 10,000 x 64": (
            embedding,
            [floats[0], rng.integers(0, 10_000, (64, 128))],
        ),
        "sparse cross-entropy, 784-10, batch 128": (
            cross_entropy,
            [floats[1], floats[2], rng.integers(0, 10, 128)],
        ),
        "take of 1e6 from 1e6": (
            million,
            [rng.random(1_000_000, np.float32), rng.integers(0, 1_000_000, 1_000_000)],
        ),
    }


def unguarded(graph: Graph) -> Executable:
    """The graph built as if all indices were known to be inside."""
    bounds = dict.fromkeys((*graph.inputs, *graph.nodes), (0, 0))
    with mock.patch.object(checks, "bounds", lambda _: bounds):
        return Executable(graph)


def seconds(run: Callable[[], object], repeats: int) -> float:
    """The time of one run."""
    began = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - began) / repeats


def main() -> None:
    """Print a line for each case."""
    switches.cache = "off"
    switches.check = True  # NOTE: so that no code comes from memory
    for name, (function, arrays) in cases().items():
        graph = trace(function, [(a.shape, a.dtype) for a in arrays])[0].graph
        forms = [Executable(graph), unguarded(graph)]
        runs = [lambda e=e: e.run(arrays) for e in forms]  # type: ignore[misc]  # noqa: B023
        repeats = max(1, int(_SECONDS / seconds(runs[0], 3)))
        best = [min(times) for times in zip(*_rounds(runs, repeats), strict=True)]
        print(
            f"{name}: {best[0] * 1e6:.1f} us with checks, {best[1] * 1e6:.1f} without, "
            f"{best[0] / best[1] - 1:+.1%}"
        )


def _rounds(runs: list[Callable[[], object]], repeats: int) -> list[list[float]]:
    return [[seconds(run, repeats) for run in runs] for _ in range(_ROUNDS)]


if __name__ == "__main__":
    main()
