"""The callback that writes event files for TensorBoard."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.extras import optional
from ...io.writing import FilePath
from ..callbacks.callback import Logs
from ..callbacks.watcher import StepWatcher, WatchedStep
from ..recording.record import Record
from ..recording.series import Distribution
from .facts import hyperparameters, rate_now
from .graph_events import graph_definition

if TYPE_CHECKING:
    from ..models.model import Model

_BINS = 30


class TensorBoard(StepWatcher):
    """Write event files for TensorBoard: `tensorboard --logdir logs` shows them.

    Into `log_dir/train` go loss, metrics and learning rate of every epoch, histograms of weights,
    gradients and outputs over time, the ratio of each update to its weight, the graph of the
    training step and the settings; into `log_dir/validation` the numbers of the validation, under
    the same names, so that both stand in one chart. Needs the package tensorboardX, of 0.6 MB.

    >>> callbacks = [TensorBoard("logs/first")]  # for fit(..., callbacks=callbacks)

    Args:
        log_dir: a folder for this training; each training should have its own.
        record: what the histograms come from: a `Record` with settings of your own, True for one
            as it comes, False for none.
        graph: whether the graph of the training step is written.
    """

    only_looks = False  # it asks for the learning rate of each epoch

    resumes = False  # a training that goes on has runs and files of its own

    def __init__(
        self, log_dir: FilePath = "logs", record: Record | bool = True, graph: bool = True
    ) -> None:
        self.log_dir = os.fspath(log_dir)
        self.graph = graph
        self.record: Record | None = record if isinstance(record, Record) else None
        if record is True:
            self.record = Record()
        self._writers: dict[str, Any] = {}
        self._written = 0  # records
        self._last: Logs = {}

    # -- the recorder --

    def set_model(self, model: Model) -> None:
        """Called by `fit` with the model."""
        super().set_model(model)
        if self.record is not None:
            self.record.set_model(model)

    def steps_until(self, number: int, seconds_per_step: float) -> int:
        """How many steps run before the next one to record."""
        if self.record is None:
            return 1 << 62
        return self.record.steps_until(number, seconds_per_step)

    def before_step(self, watched: WatchedStep) -> None:
        """Before a step to record."""
        assert self.record is not None
        self.record.before_step(watched)

    def after_step(self) -> None:
        """After it."""
        assert self.record is not None
        self.record.after_step()

    # -- writing --

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the files; write graph and settings."""
        library = optional("tensorboardX", "TensorBoard()", "tensorboard")
        self._writer_class = library.SummaryWriter
        self._writers, self._written, self._last = {}, 0, {}
        if self.record is not None:
            self.record.set_params(self.params)
            self.record.on_train_begin(logs)
        writer = self._writer("train")
        self._settings = hyperparameters(self.model, self.params)
        lines = ["|setting|value|", "|---|---|", *(f"|{k}|{v}|" for k, v in self._settings.items())]
        writer.add_text("settings", "\n".join(lines), 0)
        steps = [] if self.model._steps is None else self.model._steps.made("train")
        if self.graph and steps:
            proto = optional("tensorboardX.proto.event_pb2", "TensorBoard()", "tensorboard")
            made_event = proto.Event  # a message of a file, no event of threads
            definition = graph_definition(steps[-1].traced.graph)
            writer.file_writer.add_event(made_event(graph_def=definition))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the numbers of the epoch, and what has been recorded in it."""
        self._last = dict(logs or {})
        for name, value in self._last.items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).add_scalar(name.removeprefix("val_"), value, epoch)
        if "learning_rate" not in self._last:
            rate = rate_now(self.model.optimizer)
            self._writer("train").add_scalar("learning_rate", rate, epoch)
        self._write_records()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Write what is left, and close the files."""
        if self.record is not None:
            self.record.on_train_end(logs)
            self._write_records()
        summary = optional("tensorboardX.summary", "TensorBoard()", "tensorboard")
        for one in summary.hparams(self._settings, dict(self._last)):
            self._writer("train").file_writer.add_summary(one)
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            self._writers[part] = self._writer_class(os.path.join(self.log_dir, part))
        return self._writers[part]

    def _write_records(self) -> None:
        """The records that are not written yet, each under the number of its step."""
        record, first = self.record, self._written
        if record is None or len(record) == first:
            return
        writer, self._written = self._writer("train"), len(record)
        new = record.steps[first:]
        for name in record.parameters:
            series = record.parameter(name)
            self._histograms(f"weights/{name}", series.weight, new, series.shape)
            self._histograms(f"gradients/{name}", series.gradient, new, series.shape)
            for step, ratio in zip(series.steps, series.ratio, strict=True):
                if step in new and np.isfinite(ratio):
                    writer.add_scalar(f"update_ratio/{name}", ratio, int(step))
        for name in record.outputs:
            output = record.output(name)
            self._histograms(f"outputs/{name}", output.values, new, output.shape)

    def _histograms(
        self, tag: str, values: Distribution, new: np.ndarray, shape: tuple[int, ...]
    ) -> None:
        size = int(np.prod(shape))
        for i in np.flatnonzero(np.isin(values.steps, new)):
            if not np.isfinite(values.quantiles[i]).all():
                continue
            low, high = float(values.low[i]), float(values.high[i])
            edges = np.linspace(
                low, high if high > low else low + 1e-12 + abs(low) * 1e-6, _BINS + 1
            )
            shares = values.at(int(i)).histogram(edges)[0][0]
            self._writer("train").add_histogram_raw(
                tag, low, high, size, values.mean[i] * size, values.norm[i] ** 2,
                edges[1:].tolist(), (shares * size).tolist(), int(values.steps[i]),
            )  # fmt: skip
