"""What holds for the current thread: the active trace, and whether history is kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..base.temporary import temporarily

if TYPE_CHECKING:
    from ..base.temporary import Temporary
    from ..tracing.trace import Trace


class _State(threading.local):
    trace: Trace | None = None
    grad: bool = True


state = _State()


def grad_mode(on: bool) -> Temporary:
    """Keep history inside (or not)."""
    return temporarily(state, "grad", on)


def active_trace(trace: Trace | None) -> Temporary:
    """Ops inside go to this trace; with None they compute at once, also while another traces."""
    return temporarily(state, "trace", trace)


def no_trace() -> Temporary:
    """No trace inside: ops have numbers, and a trace of its own may begin."""
    return active_trace(None)


def no_grad() -> Temporary:
    """Keep no history inside: `with ranvier.no_grad(): ...`, or as a decorator.

    >>> import ranvier
    >>> w = ranvier.tensor(2.0, requires_grad=True)
    >>> with ranvier.no_grad():
    ...     y = w * 3.0
    >>> y.requires_grad
    False
    """
    return grad_mode(False)


def enable_grad() -> Temporary:
    """Keep history inside, also within `no_grad`."""
    return grad_mode(True)


def is_grad_enabled() -> bool:
    """Whether history is kept now."""
    return state.grad
