"""Every exception that Ranvier raises on purpose.

    RanvierError
      ShapeError(ValueError)       shapes that do not fit an op, layer or loss
        IndexRangeError(IndexError)  an index outside its axis
      DTypeError(TypeError)        dtypes that an op cannot take
      ArgumentError(ValueError)    an argument outside what is allowed, with the nearest right one
        KeywordError(TypeError)    an argument that a call does not have, with the nearest one
      DataError(ValueError)        data that cannot be used: empty, NaN, wrong labels, wrong columns
      StateError(RuntimeError)     a call before what it needs, such as fit before compile
      TraceError(StateError)       Python asked a traced tensor for a number it does not have yet
        UnknownSizeError           Python asked for the number of rows before there are data
      GraphError(RuntimeError)     a graph that breaks its own rules: a defect of Ranvier
      FileError(OSError)           a model or data file that is damaged or foreign
      NonFiniteError(ArithmeticError)  a NaN or infinity found in training
      GradientError(AssertionError)    a gradient that differs from finite differences
      MissingNameError(AttributeError) a name that a module or an object does not have

Each message says what happened, what was expected and how to fix it.

What can be done but is likely not what was meant is a RanvierWarning(UserWarning), each said once
for a model, from the line of the user's code. To silence them all:

    warnings.filterwarnings("ignore", category=ranvier.errors.RanvierWarning)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .base.source import depth
from .base.spelling import nearest


class RanvierError(Exception):
    """Base of all errors that Ranvier raises on purpose."""

    @property
    def notes(self) -> list[str]:
        """What was added to it, such as the line on which it appeared."""
        return list(getattr(self, "__notes__", ()))  # Python makes them with the first one


class ShapeError(RanvierError, ValueError):
    """Shapes that do not fit together."""


class IndexRangeError(ShapeError, IndexError):
    """An index outside its axis.

    `row_of`: {length of the first axis of the indices: position of the index along it}.
    """

    row_of: Mapping[int, int] = MappingProxyType({})


class DTypeError(RanvierError, TypeError):
    """A dtype that the operation cannot take."""


class ArgumentError(RanvierError, ValueError):
    """An argument outside what is allowed."""


class KeywordError(ArgumentError, TypeError):
    """An argument that a call does not have."""


class DataError(RanvierError, ValueError):
    """Data that cannot be used as it is."""


class StateError(RanvierError, RuntimeError):
    """A call that came before what it needs."""


class TraceError(StateError):
    """Python asked a traced tensor for a number that does not exist yet."""


class UnknownSizeError(TraceError):
    """Python asked for the number of rows while that is not known.

    `args` is what it asked: the size that was to be a number, the parts of a comparison, or a text.
    The words are made when somebody reads them, since shape rules ask often and take "not known"
    for an answer.
    """

    def __str__(self) -> str:
        text = " ".join(map(str, self.args))
        question = text if isinstance(self.args[0], str) else f"{text} is no number yet"
        if len(self.args) > 1:
            question = f"`{text}` has no answer"
        return (
            f"the number of rows is not known while a model is put together, so {question}. "
            "x.shape[0] may stand in shapes, in arithmetic and beside tensors, as in "
            "ranvier.zeros((x.shape[0], 3)) or x / x.shape[0]; code that needs the number goes "
            "into the forward of a layer of your own, which runs when there are rows"
        )


class GraphError(RanvierError, RuntimeError):
    """A graph that breaks its own rules; a defect of Ranvier."""


class FileError(RanvierError, OSError):
    """A file that is damaged, foreign or could not be written whole."""


class NonFiniteError(RanvierError, ArithmeticError):
    """A NaN or infinity appeared in training.

    The model has its weights from before the batch in which it appeared; they are finite, but may
    be huge. `weights` are those that the epoch began with: `model.set_weights(error.weights)`.
    """

    def __init__(self, message: str, weights: list[Any] | None = None) -> None:
        super().__init__(message)
        self.weights = weights


class GradientError(RanvierError, AssertionError):
    """A gradient that differs from finite differences."""


class MissingNameError(RanvierError, AttributeError):
    """A name that a module or an object does not have.

    The words may be a function: asking whether something has a name is common, and looking for the
    nearest one takes longer.
    """

    def __init__(self, words: str | Callable[[], str] = "") -> None:
        super().__init__(words)
        self.words = words
        # NOTE: filled in, so that Python adds no suggestion of its own.
        self.name = ""

    def __str__(self) -> str:
        return self.words if isinstance(self.words, str) else self.words()


class RanvierWarning(UserWarning):
    """Something that runs but is likely not what was meant."""


def warn(text: str, warned: set[str] | None = None, topic: str | None = None) -> None:
    """A RanvierWarning at the user's line; once for a topic (by default the text) with `warned`."""
    if warned is not None:
        if (topic or text) in warned:
            return
        warned.add(topic or text)
    warnings.warn(text, RanvierWarning, stacklevel=depth() + 1)


def unknown_name(what: str, name: object, known: Iterable[str]) -> ArgumentError:
    """The error for a name that is not in a closed list, with the nearest right one.

    >>> print(unknown_name("activation", "rleu", ["relu", "tanh"]))
    unknown activation 'rleu'; did you mean 'relu'? Known: relu, tanh
    """
    names = sorted(known)
    closest = nearest(name, names)
    hint = f"; did you mean {closest!r}?" if closest else "."
    return ArgumentError(f"unknown {what} {name!r}{hint} Known: {', '.join(names)}")
