"""Open files by number, of which none is forgotten, wherever Ctrl-C comes."""

from __future__ import annotations

import contextlib
import os
from collections import deque


class Handles:
    """Files that are open until `close`.

    NOTE: Python looks for Ctrl-C after each call. Between `os.open` and the line that keeps the
    number it would be lost, and the file open until the process ends; so would one that is closed
    and then forgotten, whose number may be another file's by then. Here both are one call each.

    >>> opened = Handles()
    >>> handle = opened.open(os.devnull, os.O_RDONLY)
    >>> opened.close()
    """

    def __init__(self) -> None:
        self._open: list[int] = []

    def open(self, path: str | os.PathLike[str], flags: int, mode: int = 0o666) -> int:
        """As `os.open`; the newest is the first to be closed."""
        self._open.extend(map(os.open, (path,), (flags,), (mode,)))
        return self._open[-1]

    def close(self) -> None:
        """Close all of them."""
        with contextlib.suppress(IndexError):
            deque(map(os.close, iter(self._open.pop, None)), 0)
