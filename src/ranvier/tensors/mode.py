"""What holds for the current thread: the active trace, and whether history is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import _GeneratorContextManager

    from ..tracing.trace import Trace

    GradMode = _GeneratorContextManager[None]  # for `with`, and as a decorator


class _State(threading.local):
    trace: Trace | None = None
    grad: bool = True


state = _State()


@contextmanager
def grad_mode(on: bool) -> Iterator[None]:
    """Keep history inside (or not)."""
    before, state.grad = state.grad, on
    try:
        yield
    finally:
        state.grad = before


@contextmanager
def active_trace(trace: Trace | None) -> Iterator[None]:
    """Ops inside go to this trace; with None they compute at once, also while another traces."""
    before, state.trace = state.trace, trace
    try:
        yield
    finally:
        state.trace = before


def no_trace() -> AbstractContextManager[None]:
    """No trace inside: ops have numbers, and a trace of its own may begin."""
    return active_trace(None)


def no_grad() -> GradMode:
    """Keep no history inside: `with ranvier.no_grad(): ...`, or as a decorator.

    >>> import ranvier
    >>> w = ranvier.tensor(2.0, requires_grad=True)
    >>> with ranvier.no_grad():
    ...     y = w * 3.0
    >>> y.requires_grad
    False
    """
    return grad_mode(False)


def enable_grad() -> GradMode:
    """Keep history inside, also within `no_grad`."""
    return grad_mode(True)


def is_grad_enabled() -> bool:
    """Whether history is kept now."""
    return state.grad
