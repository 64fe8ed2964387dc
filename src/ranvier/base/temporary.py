"""Attributes with another value for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import _GeneratorContextManager

    Temporary = _GeneratorContextManager[None]  # for `with`, and as a decorator


@contextmanager
def temporarily(owner: object, name: str, value: object) -> Iterator[None]:
    """Inside, the attribute `name` of `owner` has this value; after it the one from before.

    What holds for a thread (whether history is kept, which layer is at work) is said so: `owner`
    is then a `threading.local`.

    >>> import threading
    >>> state = threading.local()
    >>> state.depth = 1
    >>> with temporarily(state, "depth", 2):
    ...     state.depth
    2
    >>> state.depth
    1
    """
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
