"""Training or use, and which rows of a batch count: what holds for a thread, and layers ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..base.arguments import flag
from ..base.temporary import temporarily
from ..tensors.mode import state
from ..tensors.tensor import Tensor

if TYPE_CHECKING:
    from ..base.temporary import Temporary


class _Mode(threading.local):
    """Whether this thread trains; None: each layer's own `train()` or `eval()` decides."""

    training: bool | None = None
    traced: bool = False  # whether that was said inside the function that is traced
    real: Tensor | None = None  # of a padded batch: (batch,) float32, 1 for real rows


mode = _Mode()


@contextmanager
def training_mode(on: bool) -> Iterator[None]:
    """Layers behave as in training (`on`) or as in use (not `on`) inside, in this thread."""
    before = mode.training, mode.traced
    mode.training, mode.traced = flag("training_mode", "on", on), state.trace is not None
    try:
        yield
    finally:
        mode.training, mode.traced = before


def filled_batch(real: Tensor) -> Temporary:
    """Inside, in this thread, only those rows of the batch count for which `real` is 1.

    `real` is (batch,) float32. Layers that look across rows ask `real_rows()` for it.
    """
    return temporarily(mode, "real", real)


def real_rows() -> Tensor | None:
    """1 for every row of the batch that counts and 0 for the others, (batch,) float32; None: all
    count.
    """
    return mode.real
