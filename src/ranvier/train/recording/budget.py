"""Which steps are recorded: every so many, and fewer where the time allowed does not suffice."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

CREDIT = 0.05  # seconds that recording may take in any case
RECORDS = 100  # of a training, if nothing else is said


class Budget:
    """How much time recording has taken, and whether it may take more.

    It may take the `share` of the time since it began, or `CREDIT` of the whole training if that is
    more; with None, all that it needs. Both are processor time of the thread that trains: other
    processes interrupt the long stretches of a training more than a short record, and by the clock
    it would get too much.
    """

    def __init__(self, share: float | None, clock: Callable[[], float] = time.thread_time) -> None:
        self.share, self._clock = share, clock
        self._began = clock()
        self.spent = 0.0
        self.last = 0.0  # what the last record cost

    def add(self, seconds: float) -> None:
        """A record has cost so much."""
        self.spent += seconds
        self.last = seconds

    def lend(self, seconds: float) -> None:
        """So many seconds were no part of the training, and no cost of a record."""
        self._began += seconds

    @property
    def needed(self) -> float:
        """What recording will have taken after one more record."""
        return self.spent + self.last

    def wait(self) -> float:
        """After how many seconds of training its share lets one more record be made; 0: now."""
        if self.share is None:
            return 0.0
        return max(0.0, self._began + self.needed / self.share - self._clock())


class Schedule:
    """The numbers of the steps to record: multiples of `every`, but for those left out.

    The credit is given bit by bit over the `total` of steps, so that few records of a short
    training lie over all of it; 0: how many there will be is not known, and it is given at once.
    """

    def __init__(self, every: int, budget: Budget, total: int = 0) -> None:
        self.every, self.budget, self.total = every, budget, total
        self.recorded = 0
        self._seen = 0  # steps that had run when it was asked last
        self._next = 0  # multiples below it are recorded, or left out
        self._late = False

    @property
    def left_out(self) -> int:
        """How many were left out because they would have cost too much."""
        return max(0, self._seen // self.every + 1 - self.recorded)

    def until(self, number: int, seconds_per_step: float) -> int:
        """How many steps run before the next one to record, when `number` have run."""
        self._seen = number
        if self._late:
            return 0
        seconds = self.budget.wait()
        wait = math.ceil(seconds / seconds_per_step) if seconds_per_step else int(seconds > 0)
        used = self.budget.needed / CREDIT
        if used <= 1:
            wait = min(wait, max(0, math.ceil(used * self.total) - number))
        soonest = max(self._next, number + wait)
        return -(-soonest // self.every) * self.every - number

    def taken(self, number: int) -> None:
        """Step `number` is recorded."""
        self._late = False
        self.recorded += 1
        self._next = (number // self.every + 1) * self.every

    def end(self, number: int) -> None:
        """The training is over after so many steps."""
        self._seen = max(self._seen, number - 1)

    def put_off(self) -> None:
        """The step cannot be recorded: the next one is, instead."""
        self._late = True
