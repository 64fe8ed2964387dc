"""One network of a training: its rows, its epochs, and the best of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ... import nn
from ...losses import Loss, MeanSquaredError, SparseCategoricalCrossentropy
from ...train.models.model import Model
from ...typing import Array
from ..targets import Metric, Task
from .encoded_rows import Arrays
from .recipe import (
    CLASS_TASKS,
    Recipe,
    averaged,
    default_network,
    default_optimizer,
    schedules_of,
)
from .training_rows import TrainingRows

FIRST_WEIGHT_ROWS = 1_024  # at most, that first weights are taken from
SCORED_AT_ONCE = 1024
SEGMENT_SECONDS = 0.4  # between two looks at the clock
SAFE_SHARE = 0.95  # of the time left that a plan may fill
LEAST_STEPS = 2_500  # of the longest plan, as long as it has not more than MOST_EPOCHS
MOST_EPOCHS = 256


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
        self.data = TrainingRows(job, rows, held, seed)
        self.run = Run(0)  # the best
        self._steps, self._seconds, self._compiled = 0, 0.0, False
        began = job.clock.passed()
        self._build()
        # NOTE: the first score compiles; among the seconds of an epoch it would shorten the plan.
        self._outputs(job.inputs(self.data.scored[:SCORED_AT_ONCE]))
        self.seconds_to_begin = job.clock.passed() - began

    @property
    def _classes(self) -> bool:
        return self.job.task in CLASS_TASKS

    def _build(self) -> None:
        job = self.job
        shapes = {name: a.shape[1:] for name, a in job.arrays.items()}
        self.trained = default_network(
            shapes, job.outputs, job.task, job.levels, job.recipe, self.name
        )
        self.trained.adapt(self.data.to_measure(), rows=FIRST_WEIGHT_ROWS)
        self.network: Model = averaged(self.trained, job.task)
        if not self._classes:
            self._range().measure(self.data.targets[self.rows])
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
        longest = longest_plan(self.job.recipe, self.data.epoch_steps)
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
        inputs, left = self.job.inputs(self.data.scored), self.data.epoch_steps
        losses: list[tuple[int, float]] = []
        while len(run.scores) < run.epochs and not (run.losses and self.over()):
            began = self.job.clock.passed()
            now = self.data.next(min(self._segment(), left))
            losses.append((len(now), self._fit(now)))
            left -= len(now) // self.data.batch
            if not left or self.over():
                run.losses.append(_mean(losses))
                self._score(run, inputs)
                self.job.told(self, run)
                left, losses = self.data.epoch_steps, []
            if self._compiled:  # the first steps, which compile, do not count
                self._steps += len(now) // self.data.batch
                self._seconds += self.job.clock.passed() - began
                self._shorten(run, 1 - left / self.data.epoch_steps)
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
    def timed_rows(self) -> int:
        """Rows learned from in `timed_seconds`, scores included; 0 where all steps compiled."""
        return self._steps * self.data.batch

    @property
    def timed_seconds(self) -> float:
        """What the rows took that `timed_rows` counts."""
        return self._seconds

    def seconds_of(self, epochs: float) -> float:
        """About how long another network of so many epochs takes."""
        steps = epochs * self.data.epoch_steps
        return self.seconds_to_begin + steps * self._seconds / max(self._steps, 1) / SAFE_SHARE

    def _possible(self) -> float:
        """Epochs for which there is time; as far as is known."""
        if not self._steps:
            return float(MOST_EPOCHS)
        steps = self.job.clock.left() * SAFE_SHARE * self._steps / self._seconds
        return steps / self.data.epoch_steps

    def _segment(self) -> int:
        """Steps until the next look at the clock."""
        return max(1, int(SEGMENT_SECONDS * self._steps / self._seconds)) if self._steps else 8

    def _start_again(self, epochs: int) -> None:
        """First weights, no memory of earlier steps, curves that end after so many epochs."""
        start_again(self.trained, self._first_weights)
        self._stretch(epochs)

    def _stretch(self, epochs: int) -> None:
        for schedule in self.schedules:
            schedule.total_steps = epochs * self.data.epoch_steps

    def _shorten(self, run: Run, part: float) -> None:
        """A plan that fits into the time, if the one at hand does not."""
        done = len(run.scores)
        epochs = max(math.floor(done + part + self._possible()), done, 1)
        if epochs < run.epochs:
            run.epochs = epochs
            self._stretch(epochs)

    def _fit(self, rows: Array) -> float:
        """Steps over these rows, in this order; the mean loss."""
        job = self.job
        history = self.trained.fit(
            job.inputs(rows), self.data.targets_of(rows), batch_size=self.data.batch, epochs=1,
            shuffle=False, verbose=0,
            sample_weight=None if job.weights is None else job.weights[rows],
        )  # fmt: skip
        return float(history.history["loss"][-1])

    def _score(self, run: Run, inputs: Arrays) -> None:
        """The error on the held-out rows; the last of the best epochs is kept."""
        error = self.data.error_of(self._outputs(inputs))
        run.scores.append(error)
        if error <= run.best or run.weights is None:
            run.best, run.best_epoch = error, len(run.scores)
            run.weights = self.trained.get_weights()

    def _outputs(self, inputs: Arrays) -> Array:
        """Probabilities, or numbers in units of the target."""
        out = np.asarray(self.network.predict(dict(inputs), batch_size=SCORED_AT_ONCE), np.float64)
        return self.data.in_units(out)

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
        last.kernel.assign(last.kernel.numpy() * np.float32(self.data.deviation))
        last.bias.assign(last.bias.numpy() * np.float32(self.data.deviation) + self.data.middle)
        for t in (bounds.low, bounds.high):
            t.assign(t.numpy() * self.data.deviation + self.data.middle)


def _mean(losses: Sequence[tuple[int, float]]) -> float:
    return sum(n * loss for n, loss in losses) / sum(n for n, _ in losses)


def start_again(model: Model, weights: list[Array]) -> None:
    """These weights, and an Adam without memory of earlier steps; what is compiled stays."""
    model.set_weights(weights)
    model.optimizer.iterations.assign(0)
    for _, slots in model.optimizer.memory:
        for t in slots.values():
            t.assign(np.zeros(t.shape))


def longest_plan(recipe: Recipe, epoch_steps: int) -> int:
    """The most epochs of so many steps that a plan has."""
    return min(max(recipe.epochs, math.ceil(LEAST_STEPS / epoch_steps)), MOST_EPOCHS)
