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
