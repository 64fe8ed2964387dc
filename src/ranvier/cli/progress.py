"""Progress of commands: live in a terminal, plain lines or nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import click

from ..base.quantities import duration_text, seconds_text
from ..base.status import listening


class Report(Protocol):
    """Told about every piece of work that begins or is done."""

    def begin(self, learner: str, rows: int, draw: int) -> None:
        """One draw of so many training rows is about to be fitted."""

    def done(self, learner: str, seconds: float) -> None:
        """All draws of a learner are scored."""


def show_time(seconds: Mapping[str, float]) -> None:
    """The line that says what took how long."""
    took = (f"{name} {duration_text(s)}" for name, s in seconds.items())
    click.echo(f"time: {', '.join(took)}")


@contextmanager
def progress(steps: int, draws: int) -> Iterator[Report]:
    """What shows `steps` pieces of work: on stderr, so that a table on stdout stays clean."""
    if not sys.stderr.isatty():
        yield _Lines(draws)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=steps)

    class Bar:
        began = False

        def begin(self, learner: str, rows: int, draw: int) -> None:
            description = f"{learner}: {rows:,} rows, draw {draw + 1} of {draws}"
            bar.update(task, description=description, advance=1 if self.began else 0, refresh=True)
            self.began = True

        def done(self, learner: str, seconds: float) -> None:
            bar.console.print(f"{learner}: {seconds_text(seconds)}", highlight=False)

    with bar:
        yield Bar()


class _Lines:
    """A line when a learner meets another number of rows, with the time since the beginning."""

    def __init__(self, draws: int) -> None:
        self.draws = draws
        self.began = time.perf_counter()

    def begin(self, learner: str, rows: int, draw: int) -> None:
        if draw == 0:
            elapsed = seconds_text(time.perf_counter() - self.began)
            plural = "s" * (self.draws != 1)
            click.echo(
                f"{elapsed:>7}  {learner}: {rows:,} rows, {self.draws} draw{plural}", err=True
            )

    def done(self, learner: str, seconds: float) -> None:
        """The table at the end shows it."""


@contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """What shows one line of text instead of the last, in a terminal only; it goes at the end."""
    shown = sys.stderr.isatty()

    def show(text: str) -> None:
        if shown:
            print(f"\r{text}", end="\x1b[K", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        show("")


@contextmanager
def time_bar(seconds: float, began: float, text: str) -> Iterator[None]:
    """A bar of the time that a command may take, with what it is at; in a terminal only.

    It is moved by a thread of its own, ten times a second, so it does not stand still while a large
    table is read or encoded. `began` is a time of time.perf_counter().
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressBar, Task, TextColumn

    class Clock(BarColumn):
        def render(self, task: Task) -> ProgressBar:
            task.completed = min(time.perf_counter() - began, seconds)
            passed = seconds_text(task.completed)
            task.fields["time"] = f"{passed} of {seconds_text(seconds)}"
            return super().render(task)

    bar = Progress(
        Clock(bar_width=20),
        TextColumn("{task.fields[time]}"),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task(text, total=seconds, time="")
    with bar, listening(lambda now: bar.update(task, description=now)):
        yield
