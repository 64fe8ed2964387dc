"""The rows that networks of a training learn from and are scored on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...typing import Array
from ..scores import scores
from ..targets import Metric, Task
from .recipe import CLASS_TASKS

if TYPE_CHECKING:
    from .member import Job

QUARTILE_ROWS = 200_000  # at most, that scales and bins are measured on
SCORED_ROWS = 50_000  # of those held out, at most, that an epoch is scored on
EPOCH_STEPS = 200  # at most: of more rows each epoch takes the next part
MANY_ROWS = 100_000  # from here on batches grow


def batch_rows(rows: int) -> int:
    """Rows of a batch for so many training rows.

    >>> [batch_rows(n) for n in (40, 800, 3_000, 50_000, 300_000, 2_000_000)]
    [32, 32, 64, 256, 512, 1024]
    """
    if rows <= 2_000:
        return min(rows, 32)
    if rows <= MANY_ROWS:
        return 64 if rows <= 4_000 else 128 if rows <= 8_000 else 256
    return 512 if rows <= 500_000 else 1024


class TrainingRows:
    """The rows of a job that a network learns from, in batches, and those that it is scored on.

    `targets` are class indices, or numbers (rows, 1) minus `middle` over `deviation`, those of
    the rows to learn from. An epoch has `epoch_steps` batches of `batch` rows.
    """

    def __init__(self, job: Job, rows: Array, held: Array, seed: int) -> None:
        self.job, self.rows = job, rows
        self.generator = np.random.default_rng(seed)
        self.batch = min(job.batch_size or batch_rows(len(rows)), len(rows))
        self.epoch_steps = min(max(len(rows) // self.batch, 1), EPOCH_STEPS)
        self.scored = held
        if len(held) > SCORED_ROWS:
            self.scored = np.sort(self.generator.choice(held, SCORED_ROWS, replace=False))
        self._order = np.empty(0, np.int64)
        self._classes = job.task in CLASS_TASKS
        self.middle, self.deviation = 0.0, 1.0
        if self._classes:
            self.targets: Array = job.y.astype(np.int64)
            return
        own = job.y[rows].astype(np.float64)
        self.middle, self.deviation = float(own.mean()), float(own.std()) or 1.0
        self.targets = ((job.y - self.middle) / self.deviation).astype(np.float32)[:, None]

    def to_measure(self) -> dict[str, Array]:
        """The arrays that scales, bins and first weights are measured on."""
        rows = self.rows
        if len(rows) > QUARTILE_ROWS:
            rows = np.sort(self.generator.choice(rows, QUARTILE_ROWS, replace=False))
        return self.job.inputs(rows)

    def next(self, steps: int) -> Array:
        """Rows for so many steps, or fewer; all have come before one comes again."""
        if len(self._order) < self.batch:
            self._order = self.generator.permutation(self.rows)
        steps = min(steps, len(self._order) // self.batch)
        now, self._order = np.split(self._order, [steps * self.batch])
        return now

    def targets_of(self, rows: Array) -> Array:
        """The targets of these rows, once for each member that the network holds."""
        targets: Array = self.targets[rows]
        members = self.job.recipe.members
        return np.repeat(targets[:, None], members, axis=1) if members > 1 else targets

    def in_units(self, out: Array) -> Array:
        """What a network says, (rows, outputs), as probabilities or numbers of the target."""
        return out if self._classes else out[:, 0] * self.deviation + self.middle

    def error_of(self, out: Array) -> float:
        """The error of outputs for the rows that are scored."""
        return error_of(self.job.task, self.job.metric, self.job.y[self.scored], out)


def error_of(task: Task, metric: Metric, y: Array, out: Array) -> float:
    """What an epoch is chosen by: the smaller, the better.

    Of the area under the ROC curve it is the log-loss, which moves less by chance.
    """
    measured = scores(task, y, out)
    if task in CLASS_TASKS:
        return 1 - measured["accuracy"] if metric == "accuracy" else measured["log_loss"]
    return measured["mae"] if metric == "mae" else measured["rmse"]
