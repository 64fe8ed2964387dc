"""The thread pool: persistent threads that run native code together.

The threads that work on one graph wait for each other (codegen/module.py), so all of them must
start and all must end, whatever happens in Python meanwhile: Ctrl-C, or a fork, after which the
child has none of them.
"""

from __future__ import annotations

import operator
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..base.locks import renewed_in_child
from ..errors import StateError

Call = tuple[Callable[..., Any], tuple[int, ...]]


class _Door:
    """Where one thread waits for work."""

    def __init__(self) -> None:
        self.begin, self.end = threading.Lock(), threading.Lock()
        self.begin.acquire()
        self.end.acquire()
        self.call: Call | None = None
        self.done = True
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            self.begin.acquire()
            if self.call is not None:
                function, arguments = self.call
                function(*arguments)
            self.end.release()
            self.done = True


class _Pool:
    """The doors; `lock` is held while work is done."""

    def __init__(self) -> None:
        self.renew()
        renewed_in_child(self)

    def renew(self) -> None:
        """Without threads."""
        self.doors: list[_Door] = []
        self.lock = threading.RLock()
        self.at_work = False

    def first(self, count: int) -> list[_Door]:
        """`count` doors."""
        while len(self.doors) < count:
            self.doors.append(_Door())
        return self.doors[:count]


_pool = _Pool()


def run_together(work: Sequence[Call], wait: bool) -> bool:
    """Run all the calls at once: the first here, each other on a thread of its own.

    While another thread uses the pool it waits, or answers False and has run nothing. So it does,
    whatever `wait` says, where this thread uses it: a signal handler came between.
    """
    if len(work) == 1:
        function, arguments = work[0]
        function(*arguments)
        return True
    if not _pool.lock.acquire(wait):
        return False
    try:
        if _pool.at_work:
            return False
        _pool.at_work = True
        try:
            _run(work)
        finally:
            _pool.at_work = False
    finally:
        _pool.lock.release()
    return True


def _run(work: Sequence[Call]) -> None:
    doors = _pool.first(len(work) - 1)
    for door, call in zip(doors, work[1:], strict=True):
        door.call, door.done = call, False
    function, arguments = work[0]
    steps: list[Callable[[], object]] = [d.begin.release for d in doors]
    steps += [partial(function, *arguments), *[d.end.acquire for d in doors]]
    try:
        # NOTE: a loop in C, so that no Ctrl-C comes between the first start and the last.
        deque(map(operator.call, steps), maxlen=0)
    except BaseException:
        for door in doors:
            _wait(door)
        raise


def _wait(door: _Door) -> None:
    """Wait until the work is done, and leave the door as it was before; Ctrl-C has to wait too."""
    while not door.done:
        try:
            time.sleep(0.001)
        except KeyboardInterrupt:
            continue
    door.end.acquire(blocking=False)


def interrupted_itself() -> StateError:
    """The error of a call within a call of the same graph on the same thread."""
    return StateError(
        "this compiled graph is at work in this thread already: what called it again, such as a "
        "signal handler, interrupted it. Let a handler only set a flag, or model.stop_training = "
        "True, and call the model after what it interrupted"
    )
