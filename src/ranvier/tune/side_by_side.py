"""Trials of one form, trained side by side by one compiled step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..errors import RanvierWarning
from ..losses import Loss, MeanSquaredError, SparseCategoricalCrossentropy
from ..tables.training.member import FIRST_WEIGHT_ROWS, SEGMENT_SECONDS, Job
from ..tables.training.recipe import CLASS_TASKS
from ..tables.training.training_rows import TrainingRows
from ..train.ensembles.ensemble import Ensemble, ensemble
from ..typing import Array
from .space import Setting
from .trial_network import put_in, trial_network, trial_optimizer

_SCORED_AT_ONCE = 1024

# The errors of an epoch, of each trial by its position -> the positions of those that go on.
AfterEpoch = Callable[[int, Mapping[int, float]], Sequence[int]]


class SideBySide:
    """Trials of one form: they see the same batches, begin with the same weights, and are scored
    after each epoch on the same rows.
    """

    def __init__(
        self, job: Job, rows: Array, held: Array, seed: int, settings: Sequence[Setting]
    ) -> None:
        self.job, self.settings = job, settings
        self.data = TrainingRows(job, rows, held, seed)
        self._outputs_range = -math.inf, math.inf
        if job.task not in CLASS_TASKS:
            targets = self.data.targets[rows]
            self._outputs_range = float(targets.min()), float(targets.max())
        self._steps, self._seconds, self._compiled = 0, 0.0, False
        self._scoring, self._scored = 0.0, False
        self._build(seed)

    def _build(self, seed: int) -> None:
        job, form = self.job, self.settings[0].form
        shapes = {name: a.shape[1:] for name, a in job.arrays.items()}
        count = len(self.settings)
        self._running = ensemble(
            lambda: trial_network(shapes, job.outputs, job.task, job.levels, form),
            count,
            seeds=[seed] * count,
        )
        models = list(self._running.members)
        models[0].adapt(self.data.to_measure(), rows=FIRST_WEIGHT_ROWS)
        first_weights = models[0].get_weights()
        optimizers, self._curves = [], []
        for model, setting in zip(models, self.settings, strict=True):
            model.set_weights(first_weights)
            put_in(model, setting)
            optimizer, curves = trial_optimizer(model, form)
            optimizers.append(optimizer)
            self._curves += curves
        loss: Loss = MeanSquaredError()
        if job.task in CLASS_TASKS:
            loss = SparseCategoricalCrossentropy(label_smoothing=form.label_smoothing)
        self._running.compile(optimizers, loss)

    @property
    def seconds(self) -> float:
        """What learning and scores took, without what compiling takes."""
        return self._seconds + self._scoring

    @property
    def seconds_per_epoch(self) -> float:
        """Of one trial, without what compiling takes; 0 as long as it is not known."""
        return self._seconds / max(self._steps, 1) * self.data.epoch_steps

    def train(
        self, epochs: int, after_epoch: AfterEpoch, planned: Callable[[float], int] | None = None
    ) -> bool:
        """So many epochs; False where Ctrl-C or the end of the time came first.

        `planned` says how many, once it is known how many seconds a trial takes for one.
        """
        self._stretch(epochs)
        done, going_on = 0, list(range(len(self.settings)))
        inputs = self.job.inputs(self.data.scored)
        while done < epochs and going_on:
            if not self._epoch(len(going_on)):
                return False
            done += 1
            began = self.job.clock.passed()
            errors = dict(zip(going_on, self._errors(inputs), strict=True))
            if self._scored:  # the first score compiles
                self._scoring += self.job.clock.passed() - began
            self._scored = True
            if planned is not None and self._steps:
                epochs = max(planned(self.seconds_per_epoch), done)
                planned = None
                self._stretch(epochs)
            kept = list(after_epoch(done, errors))
            if kept != going_on and kept:
                self._running = self._running.part([going_on.index(i) for i in kept])
            going_on = kept
        return True

    def _stretch(self, epochs: int) -> None:
        for curve in self._curves:
            curve.total_steps = epochs * self.data.epoch_steps

    def _over(self) -> bool:
        return self.job.interrupted() or self.job.clock.left() <= 0

    def _epoch(self, trials: int) -> bool:
        """An epoch in stretches, between which the clock is looked at; whether it was finished."""
        left = self.data.epoch_steps
        while left:
            if self._over():
                return False
            began = self.job.clock.passed()
            rows = self.data.next(min(self._stretch_steps(trials), left))
            steps = len(rows) // self.data.batch
            self._fit(self._running, rows)
            left -= steps
            if self._compiled:  # the first steps, which compile, do not count
                self._steps += steps * trials
                self._seconds += self.job.clock.passed() - began
            self._compiled = True
        return not self._over()

    def _stretch_steps(self, trials: int) -> int:
        """Steps until the next look at the clock."""
        if not self._steps:
            return 8
        return max(1, int(SEGMENT_SECONDS * self._steps / self._seconds / trials))

    def _fit(self, running: Ensemble, rows: Array) -> None:
        with warnings.catch_warnings():
            # A trial whose loss is no number is told by its error.
            warnings.simplefilter("ignore", RanvierWarning)
            running.fit(
                self.job.inputs(rows), self.data.targets_of(rows), batch_size=self.data.batch,
                epochs=1, shuffle=False, verbose=0,
                sample_weight=None if self.job.weights is None else self.job.weights[rows],
            )  # fmt: skip

    def _errors(self, inputs: Mapping[str, Array]) -> list[float]:
        """The error of each running trial on the rows held out."""
        each = self._running.predict_members(dict(inputs), batch_size=_SCORED_AT_ONCE)
        errors = []
        for of_trial in each:
            out = np.asarray(of_trial, np.float64)
            out = out.mean(axis=1) if out.ndim == 3 else out
            if not np.isfinite(out).all():
                errors.append(math.inf)
                continue
            errors.append(
                self.data.error_of(self.data.in_units(np.clip(out, *self._outputs_range)))
            )
        return errors
