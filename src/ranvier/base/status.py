"""What a long piece of work is at: told by the code that does it, heard by whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str], None]] = []


def tell(text: str) -> bool:
    """Say what is done from now on; whether anybody listens."""
    for listener in _listeners:
        listener(text)
    return bool(_listeners)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Inside, `listener` is called with whatever is told.

    >>> with listening(print):
    ...     _ = tell("encoding")
    encoding
    >>> tell("nobody listens")
    False
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
