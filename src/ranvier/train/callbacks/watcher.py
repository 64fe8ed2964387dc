"""Callbacks that look at single steps: those that they ask for, and none besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...typing import Array
from .callback import Callback

if TYPE_CHECKING:
    from ..intake.rows import Rows
    from ..steps.step import Step


class WatchedStep(NamedTuple):
    """A step that is about to run, alone.

    step     what runs
    rows     what it reads: of these, the rows `chosen`
    real     how many of them are not there to fill up the batch
    number   how many steps have run before it in this training
    """

    step: Step
    rows: Rows
    chosen: Array
    real: int
    number: int


class StepWatcher(Callback):
    """A callback that looks at single steps.

    Training runs whole stretches of steps natively. Before each of them the loop asks when a
    watcher wants to look, and cuts the stretch there, so that the step it looks at runs alone.
    """

    only_looks = True  # of what happens between epochs it need not hear at once

    def steps_until(self, number: int, seconds_per_step: float) -> int:
        """How many steps run before one to look at, when `number` have run: 0 for the next one.

        A step takes about so many seconds; 0 when that is not known yet.
        """
        raise NotImplementedError

    def before_step(self, watched: WatchedStep) -> None:
        """Before a step to look at."""

    def after_step(self) -> None:
        """After it."""
