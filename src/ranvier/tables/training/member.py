"""One network of a training: its rows, its epochs, and the best of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ... import nn
from ...losses import Loss, MeanSquaredError, SparseCategoricalCrossentropy
from ...train.models.model import Model
from ...typing import Array
from ..scores import scores
from ..targets import Metric, Task
from .recipe import (
    CLASS_TASKS,
    Recipe,
    averaged,
    default_network,
    default_optimizer,
    schedules_of,
)

QUARTILE_ROWS = 200_000  # at most, that scales and bins are measured on
FIRST_WEIGHT_ROWS = 4_096  # at most, that first weights are taken from
SCORED_ROWS = 50_000  # of those held out, at most, that an epoch is scored on
SEGMENT_SECONDS = 0.4  # between two looks at the clock
SAFE_SHARE = 0.95  # of the time left that a plan may fill
LEAST_STEPS = 2_500  # of the longest plan, as long as it has not more than MOST_EPOCHS
MOST_EPOCHS = 256
EPOCH_STEPS = 200  # at most: of more rows each epoch takes the next part
MANY_ROWS = 100_000  # from here on batches grow

Arrays = Mapping[str, Array]


class Clock:
    """Seconds since a training began, and until it must end."""

    def __init__(self, budget: float) -> None:
        self.began, self.budget = time.perf_counter(), budget

    def passed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began

    def left(self) -> float:
        """Seconds until the end."""
        return self.budget - self.passed()


@dataclass
class Job:
    """What the networks of a training share: the rows, the task, the clock.

    `interrupted` says whether Ctrl-C was pressed; `told` is called after each epoch.
    """

    arrays: Arrays
    y: Array
    weights: Array | None
    task: Task
    metric: Metric
    outputs: int
    levels: Sequence[int]
    recipe: Recipe
    clock: Clock
    interrupted: Callable[[], bool]
    told: Callable[[Member, Run], None]
    batch_size: int | None = None
    epochs: int | None = None

    def inputs(self, rows: Array) -> dict[str, Array]:
        """The arrays of these rows."""
        return {name: a[rows] for name, a in self.arrays.items()}


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


@dataclass
class Run:
    """Epochs of one plan, and the best of them.

    `scores` are those of the held-out rows after each epoch: errors, the smaller the better.
    """

    epochs: int
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best: float = math.inf
    best_epoch: int = 0
    weights: list[Array] | None = None


class Member:
    """One network, the rows that it learns from and those that it is scored on."""

    def __init__(self, job: Job, rows: Array, held: Array, seed: int, name: str) -> None:
        self.job, self.rows, self.held, self.name = job, rows, held, name
        self.generator = np.random.default_rng(seed)
        self.batch = min(job.batch_size or batch_rows(len(rows)), len(rows))
        self.epoch_steps = min(max(len(rows) // self.batch, 1), EPOCH_STEPS)
        self.scored = held
        if len(held) > SCORED_ROWS:
            self.scored = np.sort(self.generator.choice(held, SCORED_ROWS, replace=False))
        self.run = Run(0)  # the best
        self._order = np.empty(0, np.int64)
        self._steps, self._seconds, self._compiled = 0, 0.0, False
        began = job.clock.passed()
        self._scale_targets()
        self._build()
        self.seconds_to_begin = job.clock.passed() - began

    @property
    def _classes(self) -> bool:
        return self.job.task in CLASS_TASKS

    def _scale_targets(self) -> None:
        y = self.job.y
        self.middle, self.deviation = 0.0, 1.0
        if self._classes:
            self.targets: Array = y.astype(np.int64)
            return
        own = y[self.rows].astype(np.float64)
        self.middle, self.deviation = float(own.mean()), float(own.std()) or 1.0
        self.targets = ((y - self.middle) / self.deviation).astype(np.float32)[:, None]

    def _build(self) -> None:
        job = self.job
        shapes = {name: a.shape[1:] for name, a in job.arrays.items()}
        self.trained = default_network(
            shapes, job.outputs, job.task, job.levels, job.recipe, self.name
        )
        rows = self.rows
        if len(rows) > QUARTILE_ROWS:
            rows = np.sort(self.generator.choice(rows, QUARTILE_ROWS, replace=False))
        self.trained.adapt(job.inputs(rows), rows=FIRST_WEIGHT_ROWS)
        self.network: Model = averaged(self.trained, job.task)
        if not self._classes:
            self._range().measure(self.targets[self.rows])
        self.optimizer = default_optimizer(job.recipe)
        self.schedules = schedules_of(self.trained, self.optimizer)
        loss: Loss = MeanSquaredError()
        if self._classes:
            loss = SparseCategoricalCrossentropy(label_smoothing=job.recipe.label_smoothing)
        self.trained.compile(self.optimizer, loss)
        self._first_weights = self.trained.get_weights()

    def _range(self) -> nn.OutputRange:
        bounds = self.network.get_layer("range")
        assert isinstance(bounds, nn.OutputRange)
        return bounds

    # -- training ----------------------------------------------------------------------------------

    def search(self) -> None:
        """Longer and longer plans, each from the beginning, as long as they score better.

        How long a network can learn before it knows its rows by heart differs a hundredfold from
        table to table, and a short plan that came to its end is better than a long one cut off.
        """
        if self.job.epochs is not None:
            self.train(self.job.epochs)
            return
        longest = max(self.job.recipe.epochs, math.ceil(LEAST_STEPS / self.epoch_steps))
        longest = min(longest, MOST_EPOCHS)
        for epochs in sorted({max(longest // 9, 1), max(longest // 3, 1), longest}):
            if self.run.epochs and self._possible() < 1.5 * self.run.epochs:
                break
            run = self.train(epochs)
            if run.best > self.run.best or self.over():
                break

    def train(self, epochs: int) -> Run:
        """So many epochs from the beginning, or fewer if the time is short."""
        run = Run(max(min(epochs, math.floor(self._possible())), 1))
        self._start_again(run.epochs)
        inputs, left = self.job.inputs(self.scored), self.epoch_steps
        losses: list[tuple[int, float]] = []
        while len(run.scores) < run.epochs and not (run.losses and self.over()):
            began = self.job.clock.passed()
            now = self._next_rows(min(self._segment(), left))
            losses.append((len(now), self._fit(now)))
            left -= len(now) // self.batch
            if not left or self.over():
                run.losses.append(_mean(losses))
                self._score(run, inputs)
                self.job.told(self, run)
                left, losses = self.epoch_steps, []
            if self._compiled:  # the first steps, which compile, do not count
                self._steps += len(now) // self.batch
                self._seconds += self.job.clock.passed() - began
                self._shorten(run, 1 - left / self.epoch_steps)
            else:
                self.seconds_to_begin += self.job.clock.passed() - began
            self._compiled = True
        if run.best <= self.run.best:
            self.run = run
        return run

    def over(self) -> bool:
        """Whether there is no time left, or Ctrl-C was pressed."""
        return self.job.interrupted() or self.job.clock.left() <= 0

    @property
    def rows_per_second(self) -> float:
        """Rows learned from, scores included."""
        return self._steps * self.batch / max(self._seconds, 1e-9)

    def seconds_of(self, epochs: float) -> float:
        """About how long another network of so many epochs takes."""
        steps = epochs * self.epoch_steps
        return self.seconds_to_begin + steps * self._seconds / max(self._steps, 1) / SAFE_SHARE

    def _possible(self) -> float:
        """Epochs for which there is time; as far as is known."""
        if not self._steps:
            return float(MOST_EPOCHS)
        steps = self.job.clock.left() * SAFE_SHARE * self._steps / self._seconds
        return steps / self.epoch_steps

    def _segment(self) -> int:
        """Steps until the next look at the clock."""
        return max(1, int(SEGMENT_SECONDS * self._steps / self._seconds)) if self._steps else 8

    def _start_again(self, epochs: int) -> None:
        """First weights, no memory of earlier steps, curves that end after so many epochs."""
        self.trained.set_weights(self._first_weights)
        self.optimizer.iterations.assign(0)
        for _, slots in self.optimizer.memory:
            for t in slots.values():
                t.assign(np.zeros(t.shape))
        self._stretch(epochs)

    def _stretch(self, epochs: int) -> None:
        for schedule in self.schedules:
            schedule.total_steps = epochs * self.epoch_steps

    def _shorten(self, run: Run, part: float) -> None:
        """A plan that fits into the time, if the one at hand does not."""
        done = len(run.scores)
        epochs = max(math.floor(done + part + self._possible()), done, 1)
        if epochs < run.epochs:
            run.epochs = epochs
            self._stretch(epochs)

    def _next_rows(self, steps: int) -> Array:
        """Rows for so many steps; all have come before one comes again."""
        if len(self._order) < self.batch:
            self._order = self.generator.permutation(self.rows)
        steps = min(steps, len(self._order) // self.batch)
        now, self._order = np.split(self._order, [steps * self.batch])
        return now

    def _fit(self, rows: Array) -> float:
        """Steps over these rows, in this order; the mean loss."""
        job = self.job
        targets: Array = self.targets[rows]
        if job.recipe.members > 1:
            targets = np.repeat(targets[:, None], job.recipe.members, axis=1)
        history = self.trained.fit(
            job.inputs(rows), targets, batch_size=self.batch, epochs=1, shuffle=False, verbose=0,
            sample_weight=None if job.weights is None else job.weights[rows],
        )  # fmt: skip
        return float(history.history["loss"][-1])

    def _score(self, run: Run, inputs: Arrays) -> None:
        """The error on the held-out rows; the last of the best epochs is kept."""
        error = error_of(
            self.job.task, self.job.metric, self.job.y[self.scored], self._outputs(inputs)
        )
        run.scores.append(error)
        if error <= run.best or run.weights is None:
            run.best, run.best_epoch = error, len(run.scores)
            run.weights = self.trained.get_weights()

    def _outputs(self, inputs: Arrays) -> Array:
        """Probabilities, or numbers in units of the target."""
        out = np.asarray(self.network.predict(dict(inputs), batch_size=1024), np.float64)
        return out if self._classes else out[:, 0] * self.deviation + self.middle

    # -- the end -----------------------------------------------------------------------------------

    def finish(self) -> None:
        """The network at its best epoch, with outputs in units of the target; `held_out` is what
        it says of the held-out rows.
        """
        assert self.run.weights is not None
        self.trained.set_weights(self.run.weights)
        self.held_out = self._outputs(self.job.inputs(self.held))
        if self._classes:
            return
        last, bounds = self.trained.get_layer("output"), self._range()
        last.kernel.assign(last.kernel.numpy() * np.float32(self.deviation))
        last.bias.assign(last.bias.numpy() * np.float32(self.deviation) + self.middle)
        for t in (bounds.low, bounds.high):
            t.assign(t.numpy() * self.deviation + self.middle)


def _mean(losses: Sequence[tuple[int, float]]) -> float:
    return sum(n * loss for n, loss in losses) / sum(n for n, _ in losses)


def error_of(task: Task, metric: Metric, y: Array, out: Array) -> float:
    """What an epoch is chosen by: the smaller, the better.

    Of the area under the ROC curve it is the log-loss, which moves less by chance.
    """
    measured = scores(task, y, out)
    if task in CLASS_TASKS:
        return 1 - measured["accuracy"] if metric == "accuracy" else measured["log_loss"]
    return measured["mae"] if metric == "mae" else measured["rmse"]
