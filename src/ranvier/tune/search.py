"""The search: batches of trials asked for, trained side by side, and told of, until the time is
over.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..base.quantities import seconds_text
from ..io.writing import FilePath
from ..tables.fitting import Prepared
from ..tables.training.member import Clock, Job, longest_plan
from ..tables.training.recipe import CLASS_TASKS, Recipe
from ..tables.training.training_rows import batch_rows
from ..train.fit.loop import CtrlC
from .side_by_side import SideBySide
from .space import Space
from .study import Asked, Study

SIDE_BY_SIDE = 4  # trials of one form
_WANTED = 16  # trials in the time of a search, if their plans are no longer than that allows
_SHORTER = 0.75  # of a plan is run on average, as some trials are stopped early
_LEAST_EPOCHS = 4
_LOOKS = (1 / 3, 2 / 3)  # parts of a plan after which trials may be stopped
_MOST_EARLY = 3  # batches in a row without a complete trial, before the search gives up

Told = Callable[[str], None]


def space_of(prepared: Prepared) -> Space:
    """What is searched for a table."""
    numbers = prepared.rows.arrays.get("numbers", np.empty((0, 0)))
    return Space(
        numbers=numbers.shape[1],
        categories=len(prepared.encoder.levels),
        classes=prepared.plan.task in CLASS_TASKS,
        batch=min(batch_rows(prepared.rows.learned), prepared.rows.learned),
    )


def open_study(prepared: Prepared, storage: FilePath | None, seed: int) -> Study:
    """The study of a table, in a file if one is named; what is in the file is gone on with."""
    hashed = hashlib.blake2b(digest_size=8)
    parts = prepared.rows.to_learn, prepared.rows.held_out
    for arrays, _ in parts:
        for name in sorted(arrays):
            hashed.update(np.ascontiguousarray(arrays[name]).data)
    for _, y in parts:
        hashed.update(np.ascontiguousarray(y).data)
    plan = prepared.plan
    about = {
        "target": plan.target,
        "task": plan.task,
        "metric": plan.metric,
        "seed": seed,
        "rows": hashed.hexdigest(),
    }
    return Study(space_of(prepared), about, storage, seed)


class Search:
    """Trials until there are enough, or the time is over, or Ctrl-C is pressed."""

    def __init__(
        self,
        prepared: Prepared,
        study: Study,
        *,
        budget: float,
        trials: int | None,
        epochs: int | None,
        seed: int,
        told: Told,
        shown: bool,
    ) -> None:
        self.prepared, self.study, self.seed = prepared, study, seed
        self.clock, self.trials, self._asked_epochs = Clock(budget), trials, epochs
        self._told, self._shown = told, shown and sys.stderr.isatty()
        self.interrupted = False
        plan = prepared.plan
        self._outputs = len(plan.classes) if plan.task in CLASS_TASKS else 1
        self._batch_seconds: list[float] = []
        self.seconds_to_begin = 0.0  # at most, of a batch: compiling

    def run(self) -> None:
        """All batches."""
        with CtrlC() as ctrl_c:
            in_vain = 0
            while self._wanted() and not ctrl_c.asked and in_vain < _MOST_EARLY:
                before = self.study.finished
                self._batch(ctrl_c)
                in_vain = 0 if self.study.finished > before else in_vain + 1
            self.interrupted = ctrl_c.asked
        if self._shown:
            print("\r", end="\x1b[K", file=sys.stderr, flush=True)

    def _wanted(self) -> int:
        """How many trials the next batch has; 0: none is to come."""
        least = 0.5 * min(self._batch_seconds, default=0.0)
        if self.clock.left() <= self.seconds_to_begin + least:
            return 0
        done = self.study.finished
        left = SIDE_BY_SIDE if self.trials is None else self.trials - done
        return max(min(SIDE_BY_SIDE, left), 0)

    def _batch(self, ctrl_c: CtrlC) -> None:
        began = self.clock.passed()
        batch = self.study.ask(self._wanted())
        first = batch[0].setting
        job = self._job(first.form, first.batch_size, ctrl_c)
        rows, known = np.arange(len(self.prepared.rows.y)), self.prepared.rows.learned
        together = SideBySide(
            job, rows[:known], rows[known:], self.seed, [asked.setting for asked in batch]
        )
        told = _Batch(self.study, batch, self._show)
        longest = longest_plan(first.form, together.data.epoch_steps)
        told.epochs = self._asked_epochs or self.study.epochs or longest

        def planned(seconds: float) -> int:
            fitting = self.clock.budget / (_WANTED * _SHORTER * max(seconds, 1e-9))
            told.epochs = min(max(math.floor(fitting), _LEAST_EPOCHS), longest)
            self.study.epochs = told.epochs
            return told.epochs

        unplanned = self._asked_epochs is None and self.study.epochs is None
        if not unplanned and self.study.epochs is None:
            self.study.epochs = told.epochs
        together.train(told.epochs, told.after_epoch, planned if unplanned else None)
        told.end()
        passed = self.clock.passed() - began
        self._batch_seconds.append(together.seconds)
        self.seconds_to_begin = max(self.seconds_to_begin, passed - together.seconds)
        self._say(batch)

    def _job(self, form: Recipe, batch_size: int | None, ctrl_c: CtrlC) -> Job:
        plan = self.prepared.plan
        return Job(
            arrays=self.prepared.rows.arrays,
            y=self.prepared.rows.y,
            weights=None,
            task=plan.task,
            metric=plan.metric,
            outputs=self._outputs,
            levels=self.prepared.encoder.levels,
            recipe=replace(form),
            clock=self.clock,
            interrupted=lambda: ctrl_c.asked,
            told=lambda member, run: None,
            batch_size=batch_size,
        )

    def _show(self, batch: Sequence[Asked], epoch: int, epochs: int, best: float) -> None:
        if self._shown:
            line = f"trials {batch[0].number}-{batch[-1].number} epoch {epoch}/{epochs}"
            print(f"\r{line} best {best:.5g}", end="\x1b[K", file=sys.stderr, flush=True)

    def _say(self, batch: Sequence[Asked]) -> None:
        best, default = self.study.best, self.study.default_error
        numbers = f"trials {batch[0].number} to {batch[-1].number}"
        if len(batch) == 1:
            numbers = f"trial {batch[0].number}"
        what = "none is complete"
        if best is not None:
            what = f"best {best[2]:.5g} (trial {best[0]})"
        if default is not None:
            what += f", default {default:.5g}"
        time = f"{seconds_text(self.clock.passed())} of {seconds_text(self.clock.budget)}"
        self._told(f"{numbers}: {what}; {time}")


class _Batch:
    """What becomes of the trials of a batch, epoch by epoch."""

    def __init__(
        self,
        study: Study,
        batch: Sequence[Asked],
        show: Callable[[Sequence[Asked], int, int, float], None],
    ) -> None:
        self.study, self.batch, self._show = study, batch, show
        self.epochs = 0
        self._best = [math.inf] * len(batch)
        self._open = set(range(len(batch)))

    def after_epoch(self, epoch: int, errors: Mapping[int, float]) -> list[int]:
        """Report the errors; the positions of the trials that go on."""
        for i, error in errors.items():
            self.study.report(self.batch[i], epoch, error)
            self._best[i] = min(self._best[i], error)
        self._show(self.batch, epoch, self.epochs, min(self._best))
        if epoch >= self.epochs:
            for i in errors:
                self.study.complete(self.batch[i], self._best[i])
                self._open.discard(i)
            return []
        looks = {max(round(self.epochs * part), 1) for part in _LOOKS}
        going_on = list(errors)
        if epoch in looks:
            for i in list(going_on):
                if self.study.hopeless(self.batch[i]):
                    self.study.stop(self.batch[i])
                    self._open.discard(i)
                    going_on.remove(i)
        return going_on

    def end(self) -> None:
        """Trials that are still open were cut off."""
        for i in sorted(self._open):
            self.study.cut_off(self.batch[i])
        self._open.clear()


def error_name(metric: str) -> str:
    """What an epoch and a trial are judged by (see `training_rows.error_of`).

    >>> [error_name(metric) for metric in ("auc", "accuracy", "rmse")]
    ['log_loss', '1 - accuracy', 'rmse']
    """
    names = {"auc": "log_loss", "accuracy": "1 - accuracy", "r2": "rmse"}
    return names.get(metric, metric)
