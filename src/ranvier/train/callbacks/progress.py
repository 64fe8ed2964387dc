"""Showing how training goes on: a bar in a terminal and in a notebook, plain lines elsewhere, never
for more than 2 % of the time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from ...base.notebook import kernel_display
from ...base.quantities import seconds_text
from ...errors import unknown_name
from .callback import Callback, Logs

_SHARE = 0.02  # of the time, at most, goes into showing
_CREDIT = 0.05  # seconds it may take in any case


def display(verbose: int | str) -> Callback | None:
    """The display for `verbose`: 0 none, 2 a line an epoch, 1 or "auto" a bar in a terminal or a
    notebook.
    """
    if verbose not in (0, 1, 2, "auto"):
        raise unknown_name("verbose", verbose, ("0", "1", "2", "auto"))
    if verbose == 0:
        return None
    if verbose != 2 and _is_terminal():
        return ProgressBar()
    if verbose != 2 and kernel_display() is not None:
        return NotebookBar()
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


class _Bar(_Display):
    """Base: a live bar over the whole training with the newest numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Draw the empty bar."""
        super().on_train_begin(logs)
        self.first = self.epoch = self.params.get("initial_epoch", 0)
        self.epochs, self.steps = self.params["epochs"], self.params["steps"]
        self.last: tuple[int, Logs] = (0, {})
        self._open()
        self._show(0, {}, force=True)

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
        """Leave the last state where it can be seen."""
        if self._is_open():
            self._show(*self.last, force=True)
            self._close()

    def _show(self, step: int, logs: Logs, force: bool = False) -> None:
        now = time.perf_counter()
        if not force and (now - self.shown < 0.1 or not self._may_show()):
            return
        total = max(1, (self.epochs - self.first) * self.steps)
        share = min(1.0, ((self.epoch - self.first) * self.steps + step) / total)
        left = (now - self.began) * (1 - share) / share if share else None
        self._draw(share, left, logs)
        self.shown = time.perf_counter()
        self.spent += self.shown - now

    def _open(self) -> None:
        raise NotImplementedError

    def _is_open(self) -> bool:
        raise NotImplementedError

    def _draw(self, share: float, left: float | None, logs: Logs) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError


class ProgressBar(_Bar):
    """A live bar in a terminal.

    The epoch is never cut. Where the window is narrow the bar gets shorter, then goes; numbers that
    do not fit beside it go into lines of their own, integers only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live: Any = None

    def _open(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self.live = Live(console=Console(), auto_refresh=False)
        self.live.start()

    def _is_open(self) -> bool:
        return self.live is not None

    def _draw(self, share: float, left: float | None, logs: Logs) -> None:
        from rich.text import Text

        console = self.live.console
        full, empty = ("#", "-") if console.options.ascii_only else ("━", "─")
        # NOTE: the last column stays free, as some terminals break the line after it.
        lines = bar_lines(console.width - 1, self.epoch + 1, self.epochs, share, left, logs)
        text = "\n".join(lines).replace(_FULL, full).replace(_EMPTY, empty)
        self.live.update(Text(text, no_wrap=True, overflow="ignore"), refresh=True)

    def _close(self) -> None:
        self.live.stop()
        self.live = None


class NotebookBar(_Bar):
    """A bar below the cell of a notebook: one output, written again as training goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.handle: Any = None  # of IPython: what has been displayed, to be updated

    def _open(self) -> None:
        self.handle = None

    def _is_open(self) -> bool:
        return self.handle is not None

    def _draw(self, share: float, left: float | None, logs: Logs) -> None:
        from ...plots.markup import element

        lines = bar_lines(_NOTEBOOK_COLUMNS, self.epoch + 1, self.epochs, share, left, logs)
        text = "\n".join(lines).replace(_FULL, "━").replace(_EMPTY, "─")
        html = element(
            "div",
            f"epoch {self.epoch + 1}/{self.epochs} ",
            element("progress", value=f"{share:.3f}", max=1, style="vertical-align:middle"),
            f" {share:.0%}" + ("" if left is None or share == 1 else f" {seconds_text(left)} left"),
            "".join(f" · {numbers({name: value})}" for name, value in logs.items()),
            style="font-variant-numeric:tabular-nums",
        )
        data = {"text/plain": text, "text/html": str(html)}
        if self.handle is None:
            display = kernel_display()
            self.handle = None if display is None else display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)

    def _close(self) -> None:
        self.handle = None


_NOTEBOOK_COLUMNS = 110  # of the bar as plain text
_FULL, _EMPTY = "\x01", "\x02"  # stand for the pieces of a bar until it is known what can be shown
_MAX_BAR, _MIN_BAR = 30, 8  # columns


def bar_lines(
    width: int, epoch: int, epochs: int, share: float, left: float | None, logs: Mapping[str, float]
) -> list[str]:
    """The lines of a progress bar in a window of `width` columns.

    One line if a bar of at least 8 columns fits beside the numbers; else the numbers stand below
    the bar, each in one piece. A name too long for a line is shortened, its number and the epoch
    never are.

    >>> bar_lines(30, 2, 3, 0.5, None, {"loss": 0.5, "accuracy": 0.25})[1:]
    ['loss: 0.5000', 'accuracy: 0.2500']
    """
    head = f"epoch {epoch}/{epochs}"
    tail = f"{share:4.0%}" + (f" {seconds_text(left)} left" if left is not None else "")
    items = [numbers({name: value}) for name, value in logs.items()]
    beside = " - ".join(items)
    room = width - len(head) - len(tail) - 2 - (2 + len(beside) if items else 0)
    if room >= _MIN_BAR:
        line = f"{head} {_bar(min(room, _MAX_BAR), share)} {tail}"
        return [f"{line}  {beside}" if items else line]
    room = width - len(head) - len(tail) - 2
    if room >= _MIN_BAR:
        first = f"{head} {_bar(min(room, _MAX_BAR), share)} {tail}"
    elif len(head) + 1 + len(tail) <= width:
        first = f"{head} {tail}"
    else:
        first = f"{head} {share:4.0%}" if len(head) + 5 <= width else head
    return [first, *_wrapped(items, width)]


def _bar(columns: int, share: float) -> str:
    full = int(columns * share)
    return _FULL * full + _EMPTY * (columns - full)


def _wrapped(items: list[str], width: int) -> list[str]:
    """The items in as few lines as hold them; none is cut, but the name of a very long one."""
    lines: list[str] = []
    for item in items:
        if len(item) > width:
            name, _, value = item.rpartition(": ")
            keep = max(1, width - len(value) - 3)
            item = f"{name[:keep]}…: {value}"
        if lines and len(lines[-1]) + 3 + len(item) <= width:
            lines[-1] += f" - {item}"
        else:
            lines.append(item)
    return lines
