"""Terms that layers add to the loss with `add_loss` while their forward runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..base.temporary import temporarily
from ..errors import ShapeError
from ..graph.sizes import same
from ..tensors.mode import state
from ..tensors.tensor import Tensor

_Term = tuple[str, Tensor, Any]  # the layer's name, the value, the trace it belongs to


class _Collected(threading.local):
    terms: list[_Term] | None = None


_collected = _Collected()


@contextmanager
def collected() -> Iterator[list[_Term]]:
    """Inside, in this thread, the terms that layers add are kept in the list."""
    terms: list[_Term] = []
    with temporarily(_collected, "terms", terms):
        yield terms


def add(layer: str, value: object) -> None:
    """Keep a term, if somebody collects them."""
    if not isinstance(value, Tensor) or len(value.shape) > 1:
        got = f"shape {value.shape}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
        raise ShapeError(
            f"{layer}: add_loss got {got}; expected a tensor of one number, or of one number for "
            "each row: reduce the other axes with sum(..., axis=-1) or mean"
        )
    if _collected.terms is not None:
        _collected.terms.append((layer, value, state.trace))


def terms_of(terms: list[_Term], rows: int) -> list[Tensor]:
    """The collected terms of the trace that is active now.

    A layer that is built, or whose output's shape is asked for, runs in a trace of its own.
    """
    values = []
    for layer, value, trace in terms:
        if trace is not state.trace:
            continue
        if not any(same(value.shape, shape) for shape in ((), (1,), (rows,))):
            raise ShapeError(
                f"{layer}: add_loss got a tensor of shape {value.shape} for a batch of {rows} "
                "rows; expected one number, or one for each row"
            )
        values.append(value)
    return values
