"""Subnormal numbers count as 0 while a stretch of batches runs, and only there."""

from __future__ import annotations

import numpy as np

from ranvier import Tensor
from ranvier.graph.batch_plan import BatchPlan
from ranvier.ops.reduce import sum
from ranvier.runtime.executable import Executable
from ranvier.tracing.trace import trace

SMALL = np.float32(1e-38) * np.float32(0.1)


def test_a_stretch_takes_subnormal_numbers_as_zero() -> None:
    kept = Tensor(np.full(40, SMALL))

    def step(x: Tensor) -> None:
        kept.assign(kept * 0.5 + sum(x) * 0.0)

    traced = trace(step, [((4,), np.float32)])[0]
    executable = Executable(traced.graph, BatchPlan((0,), 4))
    x = np.zeros(4, np.float32)
    alone = np.full(40, SMALL)
    executable.run([x, alone])
    np.testing.assert_array_equal(alone, np.full(40, SMALL * np.float32(0.5)))
    stretch = np.full(40, SMALL)
    executable.run_batches([x, stretch], {0: x}, np.arange(4), 0, 1, 4)
    np.testing.assert_array_equal(stretch, np.zeros(40, np.float32))
    assert (np.full(3, SMALL) * np.float32(0.5) > 0).all()  # the thread's mode is back
