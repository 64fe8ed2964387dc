"""How many threads a compiled graph runs on: chosen by the clock, never a matter of the result."""

from __future__ import annotations

_CALLS_BETWEEN_TRIALS = 25  # calls of run_batches between two looks at the slower number of threads


class Choice:
    """One thread or all: whichever has been faster lately.

    Threads that wait for each other lose when another process holds a core. As no result depends on
    their number, both ways are timed, the slower one again now and then.
    """

    def __init__(self, threads: int) -> None:
        self.most = threads
        self.seconds: dict[int, float] = {}  # for one step
        self.calls = 0
        self._begun: set[int] = set()

    def threads(self) -> int:
        """How many threads to use now."""
        if self.most == 1 or self.most not in self.seconds:
            return self.most
        if 1 not in self.seconds:
            return 1
        self.calls += 1
        best = min(self.seconds, key=lambda t: self.seconds[t])
        if self.calls % _CALLS_BETWEEN_TRIALS:
            return best
        return 1 if best > 1 else self.most

    def took(self, threads: int, steps: int, seconds: float) -> None:
        """Learn from one call; a short first one mostly pays for waking threads and caches."""
        if self.most == 1 or not steps:
            return
        if steps == 1 and seconds < 0.01 and threads not in self._begun:
            self._begun.add(threads)
            return
        now = seconds / steps
        before = self.seconds.get(threads, now)
        self.seconds[threads] = min(now, (before + now) / 2)
