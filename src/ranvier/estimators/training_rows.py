"""Rows as the compiled functions read them; sparse ones become dense a few batches at a time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..train.steps.predict import round_up
from ..train.steps.step import Step
from ..typing import Array
from .programs import Form, outputs_of

_BLOCK_BYTES = 32 << 20  # of sparse rows that are dense at once
_PREDICTED = 256  # rows of a batch whose outputs are computed
_FEW = 32  # rows to which a batch that holds all of them is rounded up


class TrainingRows:
    """The rows of a training: x (an array or a CSR matrix), y, and sample weights or None."""

    def __init__(self, x: Any, y: Array, weights: Array | None, form: Form) -> None:
        self.count = x.shape[0]
        self.dense = isinstance(x, np.ndarray)
        self.x = np.ascontiguousarray(x, form.kind) if self.dense else x
        self.form = form
        kind = np.dtype(np.int32) if form.output == "softmax" else form.kind
        self.y: Array = np.ascontiguousarray(y, kind)
        self.weights = None if weights is None else np.ascontiguousarray(weights, form.kind)
        self.others = [self.y] if self.weights is None else [self.y, self.weights]

    def program_batch(self, batch: int) -> int:
        """The rows that a batch of the program holds: one that holds all rows may have empty ones,
        so that trainings on about as many rows share a program.
        """
        return batch if batch < self.count else -(-self.count // _FEW) * _FEW

    def run(self, step: Step, order: Array | None) -> None:
        """One epoch over the rows in this order, or in their own.

        A call of native code takes about a tenth of a second, so that Ctrl-C is heard.
        """
        steps = -(-self.count // step.batch)
        if order is None:
            order = np.arange(self.count)
        order = np.resize(order, steps * step.batch)
        if not self.dense:
            self._run_blocks(step, order, steps)
            return
        rows = [self.x, *self.others]
        first = 0
        while first < steps:
            last = first + step.pace.steps(steps - first)
            began = time.perf_counter()
            step.run_batches(rows, order, first, last)
            step.pace.took(last - first, time.perf_counter() - began)
            first = last

    def _run_blocks(self, step: Step, order: Array, steps: int) -> None:
        row_bytes = self.x.shape[1] * self.form.kind.itemsize
        together = max(1, _BLOCK_BYTES // (row_bytes * step.batch))
        for first in range(0, steps, together):
            last = min(first + together, steps)
            real = min(last * step.batch, self.count) - first * step.batch
            chosen = order[first * step.batch : first * step.batch + real]
            rows = [dense(self.x[chosen], self.form), *[a[chosen] for a in self.others]]
            own = np.resize(np.arange(real), (last - first) * step.batch)
            step.run_batches(rows, own, 0, last - first)


def dense(x: Any, form: Form) -> Array:
    """Rows of a sparse matrix, or of an array, as an array of the network's dtype."""
    rows = x if isinstance(x, np.ndarray) else x.toarray()
    return np.ascontiguousarray(rows, form.kind)


def outputs(form: Form, x: Any, weights: list[Array]) -> Array:
    """The outputs of the network for the rows of x, an array or a sparse matrix."""
    rows: int = x.shape[0]
    program = outputs_of(form, round_up(rows, _PREDICTED))
    weights = [np.ascontiguousarray(w, form.kind) for w in weights]
    if isinstance(x, np.ndarray):
        return program(np.ascontiguousarray(x, form.kind), weights)
    block = max(_PREDICTED, _BLOCK_BYTES // (x.shape[1] * form.kind.itemsize))
    parts = [
        program(dense(x[first : first + block], form), weights) for first in range(0, rows, block)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
