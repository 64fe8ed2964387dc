"""The loop of training: epochs, stretches of batches that run natively, and what happens between
them.

A stretch is as many steps as take about a tenth of a second, run by one call of the executor.
Between two stretches Python looks at the sums, tells the callbacks and the display, and sees
whether Ctrl-C was pressed.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.finite import all_finite
from ...base.locks import importing
from ...errors import NonFiniteError, warn
from ...io.writing import FilePath
from ..callbacks.callback import (
    Callback,
    History,
    Logs,
    TerminateOnNaN,
    handler,
    wants_batches,
)
from ..callbacks.checkpoint import Checkpoint
from ..callbacks.watcher import StepWatcher, WatchedStep
from ..intake.rows import Rows
from ..steps.concurrency import trained_elsewhere
from ..steps.kept_rows import Kept
from ..steps.kept_steps import Steps
from ..steps.order import Orders
from ..steps.step import Step
from ..steps.sums import Sums
from .cautions import Watch
from .nonfinite import Recorder

if TYPE_CHECKING:
    from ..models.model import Model
    from .resume import Resumed


_only_looks = attrgetter("only_looks")


class CtrlC:
    """While training, Ctrl-C asks for a clean end; pressed again it ends at once.

    A training that is over in one stretch is not `heard`: there it ends whatever calls `fit`.
    """

    def __init__(self, heard: bool = True) -> None:
        self.asked = False
        self._heard = heard
        self._before: Any = None

    def __enter__(self) -> CtrlC:
        if self._heard and threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if before is signal.default_int_handler:  # somebody else's handler is left alone
                self._before = before
                signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def run_all(
    step: Step,
    rows: Rows,
    sums: Sums,
    state: Sequence[np.ndarray] | None = None,
    kept: Kept | None = None,
) -> dict[str, float]:
    """Loss and metrics of all rows, in their order; with `kept`, exact over all rows."""
    order = Orders(rows.count, step.batch, shuffle=False).take(1)
    sums.reset()
    add = None if kept is None or not kept.wanted else kept.add
    step.run_batches(rows.arrays, order, 0, len(order) // step.batch, state=state, keep=add)
    numbers = sums.results(rows.count)
    return numbers if kept is None else numbers | kept.results()


def test_all(steps: Steps, step: Step, rows: Rows) -> dict[str, float]:
    """Loss and metrics of all rows in use; while another thread trains, between two stretches."""
    with steps.evaluating:
        elsewhere = trained_elsewhere(steps.model)
        state = None if elsewhere is None else elsewhere.arrays(step.traced.captured)
        return run_all(step, rows, steps.test_sums, state, Kept(steps.test_sums))


class Moments:
    """Callbacks by moment: only those that have something to do then are called."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = list(callbacks)
        self._at: dict[str, list[Callable[..., Any]]] = {}

    def at(self, moment: str) -> list[Callable[..., Any]]:
        """The methods to call at a moment."""
        methods = self._at.get(moment)
        if methods is None:
            methods = self._at[moment] = []
            for callback in self.callbacks:
                if (method := handler(callback, moment)) is not None:
                    methods.append(method)
        return methods

    def call(self, moment: str, *arguments: object) -> None:
        """Call them in their order."""
        for method in self.at(moment):
            method(*arguments)


class Training:
    """One call of `fit`."""

    def __init__(
        self,
        model: Model,
        step: Step,
        sums: Sums,
        rows: Rows,
        validate: Callable[[], dict[str, float]] | None,
        callbacks: Sequence[Callback],
        watch: Watch | None = None,
    ) -> None:
        self.watch = watch
        self.model, self.step, self.sums = model, step, sums
        self.rows, self.validate = rows, validate
        self.checked: list[np.ndarray] = [*rows.arrays]  # what a checkpoint compares
        self.checkpoints, self.watchers = list[Checkpoint](), list[StepWatcher]()
        for callback in callbacks:
            if isinstance(callback, Checkpoint):
                self.checkpoints.append(callback)
            elif isinstance(callback, StepWatcher):
                self.watchers.append(callback)
        self._watching: list[StepWatcher] = []  # those that look at the next step
        self.order_state: Any = None  # what the orders of the rows of this epoch come from
        self.done = 0  # batches
        self.shuffle = False  # the rows; those of a stream come in its own order
        self.history = History()
        self.quiet = next((c for c in callbacks if isinstance(c, TerminateOnNaN)), None)
        # The history comes last, so that it keeps what callbacks add to an epoch's numbers.
        self.moments = Moments([*callbacks, self.history])
        self.each_batch = any(map(wants_batches, callbacks))
        looked_at = all(map(_only_looks, callbacks))  # as the history does
        self.each_epoch = validate is not None or self.each_batch or not looked_at
        self.steps = -(-rows.count // step.batch)
        self._facts: dict[str, Any] | None = None
        self.before = 0  # steps of this epoch on earlier rows: those of a stream come in blocks
        self.recorder = Recorder(model, step, rows)
        assert model._steps is not None  # `begin` has made them
        self._made = model._steps
        self.in_training = self._made.in_training
        self.logs: Logs = {}  # the numbers of the last epoch

    def run(
        self, first: int, epochs: int, params: dict[str, Any], resume: FilePath | None = None
    ) -> History:
        """All epochs; whatever happens, the callbacks see the end of the training."""
        self.in_training.begin(self.step.traced.changed)
        try:
            checkpoint = None if resume is None else self._read(resume, params)
            return self._run(first, epochs, params, checkpoint)
        finally:
            self.in_training.end()

    # -- checkpoints --

    @property
    def fixed_steps(self) -> int | None:
        """How many steps each epoch has; None: that is not known before it ends."""
        return self.steps

    def resuming(self) -> list[Callback]:
        """The callbacks whose state is part of a checkpoint."""
        return [c for c in self.moments.callbacks if c.resumes and c is not self.history]

    def facts(self) -> dict[str, Any]:
        """What must be the same where the training goes on."""
        if self._facts is None:
            with importing("checkpoints"):
                from .resume import facts

            self._facts = facts(self, self.checked)
        return self._facts

    def _read(self, path: FilePath, params: dict[str, Any]) -> Resumed | None:
        """The checkpoint, and a word about it; None: there is no file yet."""
        with importing("checkpoints"):
            from .resume import Resumed

        checkpoint = Resumed(path, self) if os.path.exists(path) else None
        if checkpoint is None:
            first = params["initial_epoch"] + 1
            message = f"resume: {path} does not exist; training begins with epoch {first}"
            here = os.path.abspath(path)
            if not any(os.path.abspath(one.filepath) == here for one in self.checkpoints):
                warn(
                    f"resume: {path} does not exist, and no callback of this training writes it; "
                    f"add callbacks=[Checkpoint({os.fspath(path)!r})] to go on after a break"
                )
        else:
            at = checkpoint.position
            message = f"resume: {path}; on with epoch {at.epoch + 1}, batch {at.batches + 1}"
            params |= {"initial_epoch": at.epoch, "resumed": True}
        if params["verbose"]:
            print(message)
        return checkpoint

    def _save(self, epoch: int, batches: int, due: bool) -> None:
        """Write the checkpoints that go by batches, or with `due` all."""
        for one in self.checkpoints:
            if due or one.batches_left(self.done) == one.save_freq:
                self._write(one, epoch, batches)

    def _save_epoch(self, epoch: int, due: bool) -> None:
        """Write the checkpoints that go by epochs, or with `due` all, before `epoch` begins."""
        for one in self.checkpoints:
            if due or one.save_freq == "epoch":
                self._write(one, epoch, 0)

    def _write(self, one: Checkpoint, epoch: int, batches: int) -> None:
        with importing("checkpoints"):
            from .resume import Position, save

        save(one.filepath, self, Position(epoch, batches, self.done, self.order_state))

    def _steps_now(self, left: int) -> int:
        """How many steps the next stretch has, of those that are left."""
        most = self._until_watched() if self.watchers else left
        if self.each_batch:
            return 1
        steps = min(self.step.pace.steps(left), most, left)
        for one in self.checkpoints:
            until = one.batches_left(self.done)
            steps = steps if until is None else min(steps, until)
        return steps

    def _until_watched(self) -> int:
        """How many steps the next stretch may have; with 1, the watchers of that step are noted."""
        pace = self.step.pace.seconds_per_step
        until = [(one.steps_until(self.done, pace), one) for one in self.watchers]
        self._watching = [one for steps, one in until if not steps]
        return max(1, min(steps for steps, _ in until))

    # -- epochs --

    def _run(
        self,
        first: int,
        epochs: int,
        params: dict[str, Any],
        resumed: Resumed | None,
    ) -> History:
        if self.model.stop_training:  # to set an attribute makes every layer be looked at again
            self.model.stop_training = False
        for callback in self.moments.callbacks:
            callback.set_model(self.model)
            callback.set_params({**params, "steps": self.steps})
        began = time.perf_counter()
        orders = Orders(self.rows.count, self.step.batch, self.shuffle, self.step.engine)
        with CtrlC(not self._in_one_stretch(epochs - first)) as ctrl_c:
            begun = False
            try:
                self.moments.call("on_train_begin", {})
                begun = True
                at = 0
                if resumed is not None:
                    resumed.apply(self)
                    self._seek(resumed.position.order, orders)
                    first, at = resumed.position.epoch, resumed.position.batches
                    self.done = resumed.position.done
                self._epochs(first, epochs, orders, ctrl_c, at)
                self.recorder.finish()
                if self.watch is not None:
                    self.watch.end()
                if self.model.optimizer.use_ema:
                    self.model.optimizer.finalize_variable_values(self.model.parameters())
            except NonFiniteError as error:
                if self.quiet is None:
                    raise
                self.quiet.error = error
            finally:
                self.history.interrupted = ctrl_c.asked
                self.history.seconds["train"] = time.perf_counter() - began
                if begun:
                    self.moments.call("on_train_end", dict(self.logs))
        if ctrl_c.asked:
            whole = len(self.history.epoch)
            print(f"Interrupted: weights and history of {whole} whole epochs are kept.")
        return self.history

    def _seek(self, state: Any, orders: Orders) -> None:
        """Bring the orders to where they were."""
        orders.seek(state)

    def _epochs(self, epoch: int, epochs: int, orders: Orders, ctrl_c: CtrlC, at: int = 0) -> None:
        """Epoch after epoch, the first one without `at` batches; short ones several at a time if
        nothing happens between them.
        """
        while epoch < epochs and not self.model.stop_training:
            self.order_state = orders.state
            count = 1 if self.each_epoch or at else self._together(epochs - epoch)
            if count > 1:
                self._run_epochs(epoch, orders.take(count), count)
            elif not self._run_epoch(epoch, orders.take(1), ctrl_c, at):
                return
            epoch, at = epoch + count, 0
            self.order_state = orders.state
            self._save_epoch(epoch, ctrl_c.asked)
            if ctrl_c.asked:
                return

    def _in_one_stretch(self, epochs: int) -> bool:
        """Whether all epochs are expected to be over in a tenth of a second."""
        alone = not self.each_epoch and not self.watchers
        return alone and self._together(epochs) == epochs

    def _together(self, left: int) -> int:
        """How many epochs make a stretch: a tenth of a second, and at most a million rows."""
        fast = self.step.pace.steps(left * self.steps) // self.steps
        if self.watchers:
            fast = min(fast, self._until_watched() // self.steps)
        return max(1, min(fast, 1_000_000 // self.rows.count))

    def _heard(self) -> bool:
        """Whether somebody beside the history has something to do at an epoch."""
        return len(self.moments.at("on_epoch_begin") + self.moments.at("on_epoch_end")) > 1

    def _run_epochs(self, epoch: int, order: np.ndarray, count: int) -> None:
        """Several epochs by one call of the executor."""
        log = np.empty((count, len(self.sums.flat)))
        self.sums.reset()
        self._stretch(epoch, order, 0, count * self.steps, log)
        columns = self.sums.columns(self.rows.count, log)
        if self.watch is not None:
            self.watch.epochs(columns["loss"], count * self.steps)
        if len(self.moments.callbacks) == 1 or not self._heard():  # the history alone
            self.history.extend(epoch, columns)
            return
        for i in range(count):
            self.moments.call("on_epoch_begin", epoch + i, {})
            logs = {name: values[i] for name, values in columns.items()}
            self.moments.call("on_epoch_end", epoch + i, logs)
            self.logs = logs

    def _begin(self, epoch: int, at: int) -> None:
        """The beginning of an epoch, or of what is left of it after `at` batches."""
        if at:
            for callback in self.moments.callbacks:
                if not callback.resumes:  # the others heard of it before the checkpoint
                    callback.on_epoch_begin(epoch, {})
        else:
            self.moments.call("on_epoch_begin", epoch, {})
            self.sums.reset()

    def _run_epoch(self, epoch: int, order: np.ndarray, ctrl_c: CtrlC, at: int) -> bool:
        """One epoch in stretches; False when it was interrupted."""
        self._begin(epoch, at)
        while at < self.steps:
            steps = self._steps_now(self.steps - at)
            self._stretch(epoch, order, at, at + steps)
            at += steps
            self._tell(at)
            self._save(epoch, at, ctrl_c.asked)
            if ctrl_c.asked:
                return False
        self._end(epoch, self.rows.count)
        return True

    def _end(self, epoch: int, rows: int) -> None:
        """The end of an epoch of so many rows: validation, and the numbers for the callbacks."""
        logs = self.sums.results(rows)
        if self.watch is not None:
            self.watch.epochs([logs["loss"]], self.steps)
        if self.validate is not None:
            self.moments.call("on_test_begin", {})
            numbers = self.validate()
            self.moments.call("on_test_end", dict(numbers))
            logs |= {f"val_{name}": value for name, value in numbers.items()}
        self.moments.call("on_epoch_end", epoch, logs)
        self.logs = logs

    def _stretch(
        self, epoch: int, order: np.ndarray, first: int, last: int, log: np.ndarray | None = None
    ) -> None:
        """The steps `first` to `last - 1` by one call of the executor."""
        if self.each_batch:
            self.moments.call("on_train_batch_begin", self.before + first, {})
        if not self.step.holds():
            self._trace_again()
        watching, self._watching = self._watching, []
        if watching:
            self._watched(watching, order, first)
        state = self.step.state()
        self.recorder.before(epoch, order, first, last, state)
        self.in_training.start_stretch()
        began = time.perf_counter()
        self.step.run_batches(self.rows.arrays, order, first, last, self.sums.flat, log, state)
        if not watching:  # a step alone is slower than those of a stretch
            self.step.pace.took(last - first, time.perf_counter() - began)
        self.done += last - first
        # The loss comes first among the sums; a NaN stays in the sum of its epoch.
        losses = self.sums.flat[:1] if log is None else log[:, 0]
        if not all_finite(losses):
            self.recorder.rewind()
        self.in_training.end_stretch()
        for one in watching:
            one.after_step()

    def _watched(self, watching: Sequence[StepWatcher], order: np.ndarray, first: int) -> None:
        """Show step `first`, which runs alone, to those who look at it."""
        batch, rows = self.step.batch, self.rows.count
        chosen = order[first * batch : (first + 1) * batch]
        count = min(batch, rows - first % -(-rows // batch) * batch)
        for one in watching:
            one.before_step(WatchedStep(self.step, self.rows, chosen, count, self.done))

    def _trace_again(self) -> None:
        """A callback or another thread has changed what the step depends on."""
        self.step = self._made.get("train", self.step.batch, self.rows, self.step.engine)
        self.recorder.take(self.step)
        self.in_training.changed = self.step.traced.changed
        if self._made.sums is not self.sums:  # for a loss that has got logits now
            self._made.sums.flat[:] = self.sums.flat
            self.sums = self._made.sums

    def _tell(self, done: int) -> None:
        """Tell batch callbacks and the display where training is."""
        steps, batch = self.before + done, self.step.batch
        if self.each_batch or (steps < self.steps and self.moments.at("on_progress")):
            rows = self.before * batch + min(done * batch, self.rows.count)
            logs = self.sums.results(rows)
            if self.each_batch:
                self.moments.call("on_train_batch_end", steps - 1, logs)
            self.moments.call("on_progress", steps, logs)
