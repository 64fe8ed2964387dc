"""Where in the user's own code a value was made."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import NamedTuple

_PACKAGE = os.path.dirname(__file__) + os.sep


class Source(NamedTuple):
    """A file and line of the user's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def here() -> Source | None:
    """The nearest caller outside Ranvier, or None."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_PACKAGE):
            return Source(name, frame.f_lineno)
        frame = frame.f_back
    return None


def depth() -> int:
    """How many calls below the user's own code the caller stands: 1 when it is called from there.

    What `warnings.warn` wants as its `stacklevel`, counted from the function that calls `depth`.
    """
    frame: FrameType | None = sys._getframe(1)
    count = 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        count += 1
    return count
