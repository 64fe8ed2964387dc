"""Showing how training goes on: a bar in a terminal, plain lines elsewhere, never for more than 2 %
of the time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from ..errors import unknown_name
from .callback import Callback, Logs

_SHARE = 0.02  # of the time, at most, goes into showing
_CREDIT = 0.05  # seconds it may take in any case


def display(verbose: Any) -> Callback | None:
    """The display for `verbose`: 0 none, 2 a line an epoch, 1 or "auto" a bar in a terminal."""
    if verbose not in (0, 1, 2, "auto"):
        raise unknown_name("verbose", verbose, ("0", "1", "2", "auto"))
    if verbose == 0:
        return None
    if verbose != 2 and _is_terminal():
        return ProgressBar()
    return EpochLines(every=verbose == 2)


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty()
    except (AttributeError, ValueError):
        return False


def numbers(logs: Mapping[str, float]) -> str:
    """The numbers of an epoch in one line.

    >>> numbers({"loss": 0.123456, "accuracy": 1.0, "learning_rate": 1e-05})
    'loss: 0.1235 - accuracy: 1.0000 - learning_rate: 1.0000e-05'
    """
    return " - ".join(
        f"{name}: {value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{name}: {value:.4e}"
        for name, value in logs.items()
    )


class _Display(Callback):
    """Base of displays: keeps account of the time it takes."""

    only_looks = True
    resumes = False

    def __init__(self) -> None:
        self.began = self.spent = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.began, self.spent = time.perf_counter(), 0.0

    def _may_show(self) -> bool:
        elapsed = time.perf_counter() - self.began
        return self.spent < _CREDIT + _SHARE * elapsed


class EpochLines(_Display):
    """One plain line for each epoch; when epochs fly by, only as many as the time allows
    (`every=False`).
    """

    def __init__(self, every: bool = True) -> None:
        super().__init__()
        self.every = every

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the line."""
        before = time.perf_counter()
        last = epoch + 1 == self.params.get("epochs") or self.model.stop_training
        if self.every or last or self._may_show():
            print(f"Epoch {epoch + 1}/{self.params['epochs']} - {numbers(logs or {})}")
        self.spent += time.perf_counter() - before


class ProgressBar(_Display):
    """A live bar over the whole training with the newest numbers; drawn by rich, in a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.bar: Any = None
        self.shown = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Draw the empty bar."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        super().on_train_begin(logs)
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[numbers]}"),
            auto_refresh=False,
        )
        first, epochs = self.params.get("initial_epoch", 0), self.params["epochs"]
        self.first, self.steps = first, self.params["steps"]
        self.task = self.bar.add_task(
            "",
            total=max(1, (epochs - first) * self.steps),
            epoch=first + 1,
            epochs=epochs,
            numbers="",
        )
        self.bar.start()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember which epoch it is."""
        self.epoch = epoch

    def on_progress(self, step: int, logs: Logs) -> None:
        """Move the bar."""
        self._show(step, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Move the bar and show validation too."""
        self._show(self.steps, logs or {})
        self.last = (self.steps, logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Leave the last state on the screen."""
        if self.bar is not None:
            if hasattr(self, "last"):
                self._show(*self.last, force=True)
            self.bar.stop()
            self.bar = None

    def _show(self, step: int, logs: Logs, force: bool = False) -> None:
        now = time.perf_counter()
        if not force and (now - self.shown < 0.1 or not self._may_show()):
            return
        done = (self.epoch - self.first) * self.steps + step
        self.bar.update(self.task, completed=done, epoch=self.epoch + 1, numbers=numbers(logs))
        self.bar.refresh()
        self.shown = time.perf_counter()
        self.spent += self.shown - now
