"""The running sums of an epoch: loss * count and the states of the metrics add up in tensors of the
step's graph, so no number has to leave it between batches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...base.aligned import CACHE_LINE, aligned
from ...losses.loss import by_position
from ...ops.elementwise import astype
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ..intake.heads import Head

_LINE = CACHE_LINE // 8  # float64 in a cache line; each tensor begins on one of its own


class Batch(NamedTuple):
    """One traced batch: its loss, the losses of the heads, what the model gave, the targets."""

    loss: Tensor
    losses: list[Any]  # None where a head has none
    outputs: list[Tensor]
    targets: Sequence[Tensor]
    mask: Tensor  # 1 for real rows
    real: Tensor  # how many those are
    weight: Tensor  # `mask` times the sample weights


class Sums:
    """The running sums of an epoch, of the loss and for the metrics: float64, and all in one array,
    so that an executor can put them aside at the end of an epoch and begin the next one.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        self.heads = list(heads)
        self.metrics = [(h, m) for h in self.heads for m in h.metrics]
        # Of several outputs each has a sum for its loss too.
        self.named = [h for h in self.heads if h.name and h.loss is not None]
        sums = [() for _ in self.named]
        shapes = [(), *sums, *(t.shape for _, m in self.metrics for t in m.make_state())]
        starts, end = [], 0
        for shape in shapes:
            starts.append(end)
            end += -(-max(1, math.prod(shape)) // _LINE) * _LINE
        self.flat = aligned(np.zeros(end))
        self.ranges = list(zip(starts, shapes, strict=True))  # where each lies, and its shape
        self.tensors = [Tensor._wrap(a) for a in self._parts(self.flat)]
        tensors = iter(self.tensors)
        self.loss = next(tensors)
        self.loss.name = "loss_sum"
        self.losses = [next(tensors) for _ in self.named]
        self.states = [[next(tensors) for _ in m.make_state()] for _, m in self.metrics]
        for (_, m), states in zip(self.metrics, self.states, strict=True):
            for number, state in enumerate(states):
                state.name = f"{m.name}_sum{number or ''}"

    def _parts(self, flat: np.ndarray) -> list[np.ndarray]:
        """The sums in `flat`, each in its shape; they share its memory."""
        return [flat[at : at + math.prod(shape)].reshape(shape) for at, shape in self.ranges]

    def reset(self) -> None:
        """Back to the start of an epoch."""
        self.flat[:] = 0.0

    def add(self, batch: Batch) -> None:
        """One batch more (traced)."""
        with no_grad():
            self.loss.assign(self.loss + astype(batch.loss * batch.real, dtypes.float64))
            for head, total in zip(self.named, self.losses, strict=True):
                own = batch.losses[self.heads.index(head)]
                total.assign(total + astype(own * batch.real, dtypes.float64))
            states = iter(self.states)
            for head, target in zip(self.heads, batch.targets, strict=True):
                out = batch.outputs[head.output]
                rows = by_position(target, out, batch.mask)
                weighted = rows
                if any(metric.weighted for metric in head.metrics):
                    weighted = by_position(target, out, batch.weight)
                for metric in head.metrics:
                    state = next(states)
                    y, out, weight = weighted if metric.weighted else rows
                    for t, new in zip(state, metric.update(state, y, out, weight), strict=True):
                        t.assign(new)

    def kept(self, batch: Batch) -> list[Any]:
        """What metrics of whole sets keep of the rows of a batch, one metric after the other
        (traced).
        """
        parts: list[Any] = []
        with no_grad():
            for head, target in zip(self.heads, batch.targets, strict=True):
                for metric in head.metrics:
                    if metric.parts:
                        weight = batch.weight if metric.weighted else batch.mask
                        rows = by_position(target, batch.outputs[head.output], weight)
                        parts += metric.kept(*rows)
        return parts

    def results(self, rows: int, flat: np.ndarray | None = None) -> dict[str, float]:
        """Loss and metrics over the `rows` seen so far, from the sums or from a copy of them."""
        parts = iter(self._parts(self.flat if flat is None else flat))
        numbers = {"loss": float(next(parts)) / rows}
        for head in self.named:
            numbers[head.called("loss")] = float(next(parts)) / rows
        for (head, metric), state in zip(self.metrics, self.states, strict=True):
            numbers[head.called(metric.name)] = float(metric.result([next(parts) for _ in state]))
        return numbers

    def columns(self, rows: int, log: np.ndarray) -> dict[str, list[float]]:
        """`results` for every line of an epochs' log, name by name."""
        parts = iter(
            log[:, at : at + math.prod(shape)].reshape(-1, *shape) for at, shape in self.ranges
        )
        numbers = {"loss": (next(parts) / rows).tolist()}
        for head in self.named:
            numbers[head.called("loss")] = (next(parts) / rows).tolist()
        for (head, metric), state in zip(self.metrics, self.states, strict=True):
            numbers[head.called(metric.name)] = metric.results([next(parts) for _ in state])
        return numbers
