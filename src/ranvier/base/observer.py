"""What values mean, told to an observer while a function is traced.

A graph knows which layer made a node, and not that the node is the layer's z, nor which node is its
gradient. An observer is told. Without one, nothing is kept and next to nothing is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .temporary import temporarily

if TYPE_CHECKING:
    from .temporary import Temporary


class Observer:
    """Base: hears what the values of this thread mean, and does nothing with it.

    Values are Tensors; they are typed as objects, as this room stands before theirs.
    """

    def enter(self, layer: object, inputs: Sequence[object]) -> None:
        """A layer is called on these inputs."""

    def leave(self, layer: object, output: object) -> None:
        """The layer called last has come to its output."""

    def note(self, symbol: str, value: object) -> None:
        """What a value is called in the formula of the layer or loss at work."""

    def gradient(self, value: object, grad: object) -> None:
        """The gradient that reaches a value, all its parts added up."""

    def update(
        self,
        parameter: object,
        weight: object,
        grad: object,
        new: object,
        changed: Mapping[str, object],
    ) -> None:
        """The rule of an optimizer has moved a parameter.

        It was given `weight` and `grad`, which are what clipping and weight decay have made of the
        parameter and its gradient, and gave `new` and the new slots `changed`.
        """


class _Listening(threading.local):
    observer: Observer | None = None


listening = _Listening()


def observed(observer: Observer) -> Temporary:
    """The observer hears what is said inside."""
    return temporarily(listening, "observer", observer)


def note(symbol: str, value: object) -> None:
    """Tell what a value is called in the formula of the layer or loss at work."""
    if listening.observer is not None:
        listening.observer.note(symbol, value)
