"""The moments of training at which something can happen, and the callbacks that watch no number."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...base.missing import Spelled, no_attribute
from ...base.spelling import nearest
from ...errors import ArgumentError, FileError, MissingNameError, StateError, unknown_name, warn
from ...io.packing import is_plain
from ...io.writing import FilePath, check_suffix, open_log
from ...nn.configuration import arguments
from ...tensors.tensor import Tensor

if TYPE_CHECKING:
    from ...optim.optimizer import Optimizer
    from ...plots.drawing import Drawing
    from ..models.model import Model

Logs = dict[str, float]


class Callback(Spelled):
    """Base of all callbacks: override the moments you need.

    Every moment gets a dictionary `logs`, empty where there are no numbers yet.

    `self.model` is the model in training and `self.params` holds epochs, steps and verbose. Set
    `self.model.stop_training = True` to stop after this epoch.
    """

    model: Any = None
    params: Mapping[str, Any] = {}
    # True promises that the callback looks at the numbers of an epoch and never at the model, so
    # that it may hear of several short epochs at once.
    only_looks = False
    resumes = True  # whether its state is part of a checkpoint

    def get_state(self) -> dict[str, Any]:
        """What the callback has to remember where a training is resumed: here all attributes that
        are plain data (numbers, text, arrays, lists and dicts of them) and no constructor
        arguments.
        """
        arguments_of_class = {"model", "params", *arguments(type(self))}
        return {k: v for k, v in vars(self).items() if k not in arguments_of_class and is_plain(v)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Remember what `get_state` gave, after `on_train_begin`."""
        known = self.get_state()
        for name, value in state.items():
            if name not in known:
                raise FileError(f"{type(self).__name__} has nothing called {name!r} to remember")
            setattr(self, name, value)

    def set_model(self, model: Model) -> None:
        """Called by `fit` with the model."""
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Called by `fit` with {"epochs", "steps", "verbose"}."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, whose numbers are `logs`, also when training was interrupted."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before epoch `epoch` (counted from 0)."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After epoch `epoch`; `logs` holds its numbers, those of validation as `val_...`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch; `logs` holds the means over the epoch so far."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before the validation at the end of an epoch."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After that validation; `logs` holds its numbers, `loss` and the metrics."""

    def on_progress(self, step: int, logs: Logs) -> None:
        """About ten times a second: `step` batches of the epoch are done."""


def callbacks_of(callbacks: Sequence[Callback] | Callback | None) -> list[Callback]:
    """`fit(callbacks=...)`: None, one callback, or several."""
    if callbacks is None:
        return []
    listed = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    for one in listed:
        if isinstance(one, Callback):
            _check_moments(one)
            continue
        name = getattr(one, "__name__", "function")
        fix = "make it an object of a subclass of ranvier.callbacks.Callback"
        if isinstance(one, type):
            fix = f"write {name}(...): an object, not the class"
        elif callable(one):
            fix = f"write LambdaCallback(on_epoch_end={name})"
        raise ArgumentError(
            f"callbacks: {one if isinstance(one, type) else repr(one)} is no callback; {fix}"
        )
    return list(listed)


def _check_moments(callback: Callback) -> None:
    """Warn of a method of one's own that is named like a moment and is none: nothing calls it."""
    kind = type(callback)
    for name in dir(kind):
        if name.startswith("on_") and not hasattr(Callback, name):
            meant = nearest(name, LambdaCallback.MOMENTS)
            hint = f"did you mean {meant!r}? " if meant else ""
            warn(
                f"{kind.__name__}.{name} is no moment of training, so nothing calls it; {hint}"
                f"Moments: {', '.join(LambdaCallback.MOMENTS)}"
            )


def wants_batches(callback: Callback) -> bool:
    """Whether the callback has something to do at every batch.

    >>> wants_batches(History()), wants_batches(LambdaCallback(on_train_batch_end=print))
    (False, True)
    """
    moments = ("on_train_batch_begin", "on_train_batch_end")
    return any(handler(callback, moment) is not None for moment in moments)


def handler(callback: Callback, moment: str) -> Callable[..., Any] | None:
    """What is to be called at a moment; None: the callback has nothing to do then."""
    empty: type[Callback] = Callback
    if isinstance(callback, LambdaCallback):
        if moment in callback.functions and moment not in vars(callback):
            return callback.functions[moment]
        empty = LambdaCallback
    if moment in vars(callback) or getattr(type(callback), moment) is not getattr(empty, moment):
        method: Callable[..., Any] = getattr(callback, moment)
        return method
    return None


class History(Callback):
    """The numbers of every epoch.

    epoch: the epochs' numbers; history: {name: [one number an epoch]}; interrupted: Ctrl-C ended
    the training; seconds: {"compile", "train"}.
    """

    only_looks = True

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.interrupted = False
        self.seconds: dict[str, float] = {}

    def set_model(self, model: Model) -> None:
        """A history outlives the training; it does not keep the model alive."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append the epoch's numbers."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def extend(self, first: int, columns: Mapping[str, list[float]]) -> None:
        """Append the numbers of several epochs, `first` and those after it."""
        self.epoch.extend(range(first, first + len(columns["loss"])))
        for name, values in columns.items():
            self.history.setdefault(name, []).extend(values)

    def plot(self, *names: FilePath, path: FilePath | None = None) -> Drawing:
        """The curves of loss and metrics, training and validation together; see `plots.history`.
        `plot("loss")` draws one of them, `plot("curves.png")` writes them to a file (.svg, .html,
        .png, .pdf).
        """
        from ...plots.charts.curves import history

        files = [name for name in names if name not in self.history and _is_path(name)]
        files += [] if path is None else [path]
        if len(files) > 1:
            raise ArgumentError(f"plot: give one file; got {', '.join(map(str, files))}")
        chosen = [str(name) for name in names if name not in files]
        drawing = history(self, chosen or None)
        if files:
            drawing.save(files[0])
        return drawing

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the curves, once there are some."""
        return self.plot().svg() if self.epoch else None

    def __getitem__(self, name: str) -> Any:
        raise ArgumentError(f"History: the numbers of each epoch are in history.history[{name!r}]")

    def __getattr__(self, name: str) -> Any:
        if name != "history" and name in self.history:
            raise MissingNameError(
                f"'History' has no attribute {name!r}; its numbers are in history.history[{name!r}]"
            )
        raise no_attribute(self, name)

    def __repr__(self) -> str:
        last = ", ".join(f"{k}={v[-1]:.4g}" for k, v in self.history.items() if v)
        ended = ", interrupted" if self.interrupted else ""
        return f"History({len(self.epoch)} epochs{': ' + last if last else ''}{ended})"


def _is_path(name: FilePath) -> bool:
    """Whether a file is meant, not a curve: curves have names such as "loss"."""
    return isinstance(name, os.PathLike) or any(mark in name for mark in "./\\")


def learning_rate(optimizer: Optimizer, who: Callback) -> float:
    """The optimizer's learning rate as a number that a callback may change."""
    rate = optimizer.learning_rate
    if not isinstance(rate, Tensor):
        raise StateError(
            f"{type(who).__name__} sets the learning rate, but the optimizer has a schedule "
            f"({rate!r}); use one of the two"
        )
    return float(str(rate.numpy()))


def _takes_one(function: Callable[..., float]) -> bool:
    """Whether a function takes one argument and no second.

    >>> _takes_one(lambda epoch: 0.1), _takes_one(lambda epoch, rate=0.1: rate)
    (True, False)
    """
    try:
        signature = inspect.signature(function)
        signature.bind(0)
    except (TypeError, ValueError):  # it needs two, or does not say
        return False
    try:
        signature.bind(0, 0.1)
    except TypeError:
        return True
    return False


class LearningRateScheduler(Callback):
    """Before each epoch: `learning_rate = schedule(epoch, learning_rate)`, or `schedule(epoch)` of
    a function that takes one argument.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentError(
                f"LearningRateScheduler: schedule={schedule!r}; expected a function such as "
                "lambda epoch: 0.01 * 0.9**epoch. A number is the optimizer's: learning_rate=0.01"
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the learning rate."""
        optimizer = self.model.optimizer
        before = learning_rate(optimizer, self)
        taken = (epoch,) if _takes_one(self.schedule) else (epoch, before)
        chosen = self.schedule(*taken)
        try:
            rate = float(chosen)
        except (TypeError, ValueError):
            raise ArgumentError(
                f"LearningRateScheduler: the schedule gave {chosen!r} for epoch {epoch}; expected "
                "a number, the learning rate"
            ) from None
        optimizer.learning_rate = rate
        if self.verbose:
            print(f"epoch {epoch + 1}: learning rate {rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the learning rate to the epoch's numbers."""
        if logs is not None:
            logs["learning_rate"] = learning_rate(self.model.optimizer, self)


class CSVLogger(Callback):
    """One line for each epoch in a CSV file, readable while training goes on."""

    only_looks = True

    def __init__(self, filename: FilePath, separator: str = ",", append: bool = False) -> None:
        self.filename = filename
        self.separator = separator
        self.append = append
        self._file: Any = None
        self._names: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file; a suffix of another format, such as a model's, is an error."""
        if Path(self.filename).suffix.lower() not in (".txt", ".tsv"):
            check_suffix(self.filename, ".csv")
        self._file = open_log(self.filename, self.append or self.params.get("resumed", False))
        self._names = []

    def get_state(self) -> dict[str, Any]:
        """The names of the columns, and how many bytes are written."""
        return {"names": self._names, "bytes": self._file.size()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on behind these bytes; lines of a later epoch, which will come again, are dropped."""
        names, size = state["names"], state["bytes"]
        named = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not named or type(size) is not int or size < 0:
            raise FileError("CSVLogger: these are no names of columns, or no number of bytes")
        self._names = list(state["names"])
        if self._file.size() >= state["bytes"]:
            self._file.cut(state["bytes"])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a line."""
        import csv

        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.separator)
        if not self._names:
            self._names = list(logs)
            if self._file.size() == 0:
                writer.writerow(["epoch", *self._names])
        writer.writerow([epoch, *[logs.get(name, "") for name in self._names]])

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class LambdaCallback(Callback):
    """Functions for single moments: `LambdaCallback(on_epoch_end=lambda epoch, logs: ...)`."""

    MOMENTS = (
        "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end",
        "on_train_batch_begin", "on_train_batch_end", "on_test_begin", "on_test_end",
        "on_progress",
    )  # fmt: skip

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for name in functions:
            if name not in self.MOMENTS:
                raise unknown_name("moment of LambdaCallback", name, self.MOMENTS)
        self.functions = {name: f for name, f in functions.items() if f is not None}

    def _at(self, moment: str, *arguments: Any) -> None:
        if moment in self.functions:
            self.functions[moment](*arguments)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call the function for it, as every moment here does."""
        self._at("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._at("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._at("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._at("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._at("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._at("on_train_batch_end", batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._at("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._at("on_test_end", logs)

    def on_progress(self, step: int, logs: Logs) -> None:
        self._at("on_progress", step, logs)


class TerminateOnNaN(Callback):
    """Training ends at the first NaN or infinity, with the weights before it, instead of raising
    NonFiniteError.

    The error that it was stands in `self.error`.
    """

    only_looks = True

    error: Exception | None = None
