"""Rows kept for metrics that look at all of them at once, such as the exact AUC."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...typing import Array
from .sums import Sums

MAX_KEPT_ROWS = 50_000_000  # of a metric: 12 bytes each; beyond it the sums have to do


class Kept:
    """What the test step has given of each batch, for the metrics of these sums."""

    def __init__(self, sums: Sums) -> None:
        self._owners = [(head, metric) for head, metric in sums.metrics if metric.parts]
        self._batches: list[list[Array]] = []
        self._rows = 0

    @property
    def wanted(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self._owners)

    def add(self, outputs: Sequence[Array]) -> None:
        """The outputs of one more batch."""
        self._rows += len(outputs[0])
        if self._rows <= MAX_KEPT_ROWS:
            self._batches.append([np.array(part) for part in outputs])
        else:
            self._batches.clear()

    def results(self) -> dict[str, float]:
        """The numbers by name; none when there were too many rows."""
        if not self._batches:
            return {}
        columns = iter([np.concatenate(parts) for parts in zip(*self._batches, strict=True)])
        return {
            head.called(metric.name): metric.whole([next(columns) for _ in range(metric.parts)])
            for head, metric in self._owners
        }
