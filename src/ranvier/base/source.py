"""Where a value comes from: the user's file and line, the layer, and the part of the step."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from .temporary import temporarily

if TYPE_CHECKING:
    from .temporary import Temporary

# NOTE: contextlib calls the context managers of this package, and is no code of the user.
_NOT_THE_USER = (os.path.dirname(os.path.dirname(__file__)) + os.sep, contextlib.__file__)

# Files of functions that are written in several ops and known by one name, such as relu.
_NAMED = frozenset(
    _NOT_THE_USER[0] + path.replace("/", os.sep)
    for path in ("ops/composites/functions.py", "nn/activations.py")
)


class LayerName(NamedTuple):
    """The layer that made a value: its name and its type."""

    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.name!r} ({self.type})"


class Source(NamedTuple):
    """A file and line of the user's code, the layer that was at work, the section of a training
    step: "forward", "loss", "gradient", "update", "metrics" or "", and the function that the op
    is a part of: "relu" or "".
    """

    file: str
    line: int
    layer: LayerName | None = None
    section: str = ""
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class _Scope(threading.local):
    layer: LayerName | None = None
    section: str = ""
    function: str = ""  # whose gradient is made
    rewriting: Source | None = None  # of the node that a pass replaces


scope = _Scope()


def in_layer(layer: LayerName) -> Temporary:
    """Values made inside come from this layer."""
    return temporarily(scope, "layer", layer)


def in_section(section: str) -> Temporary:
    """Values made inside belong to this section of a step."""
    return temporarily(scope, "section", section)


@contextlib.contextmanager
def in_gradient_of(source: Source) -> Iterator[None]:
    """Values made inside are the gradient of what was made at `source`."""
    before = scope.layer, scope.section, scope.function
    scope.layer, scope.section, scope.function = source.layer, "gradient", source.function
    try:
        yield
    finally:
        scope.layer, scope.section, scope.function = before


def here() -> Source | None:
    """The nearest caller outside Ranvier, with the layer and section at work; or None."""
    frame: FrameType | None = sys._getframe(1)
    function = ""
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_NOT_THE_USER):
            return Source(
                name, frame.f_lineno, scope.layer, scope.section, scope.function or function
            )
        if name in _NAMED and frame.f_code.co_name[0] not in "_<":
            function = frame.f_code.co_name  # the outermost: mish, which calls softplus
        frame = frame.f_back
    return None


def depth() -> int:
    """How many calls below the user's own code the caller stands: 1 when it is called from there.

    What `warnings.warn` wants as its `stacklevel`, counted from the function that calls `depth`.
    """
    frame: FrameType | None = sys._getframe(1)
    count = 0
    while frame is not None and frame.f_code.co_filename.startswith(_NOT_THE_USER):
        frame = frame.f_back
        count += 1
    return count
