"""`torch.nn.utils.rnn`: sequences of unequal length in one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .....errors import DataError, MissingNameError
from .....ops import movement
from .....ops.composites import shaping
from .....typing import TensorLike
from ....table import missing, module_getattr
from ...tensor import Tensor, of


def pad_sequence(
    sequences: Sequence[TensorLike], batch_first: bool = False, padding_value: float = 0.0
) -> Any:
    """Tensors (length, ...) as one (longest, batch, ...), or (batch, longest, ...).

    >>> from ranvier.compat import torch
    >>> pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    tensors = [of(x) for x in sequences]
    if not tensors:
        raise DataError("pad_sequence: got no sequences; expected at least one")
    longest = max(len(x) for x in tensors)

    def filled(x: Tensor) -> Any:
        frame = [(0, longest - len(x))] + [(0, 0)] * (x.ndim - 1)
        if not padding_value:
            return movement.pad(x, frame)
        return movement.pad(x - padding_value, frame) + padding_value

    return of(shaping.stack([filled(x) for x in tensors], 0 if batch_first else 1))


_missing = module_getattr("torch.nn.utils.rnn", {"__all__": ["pad_sequence"]}, missing)


def __getattr__(name: str) -> Any:
    if name in ("pack_padded_sequence", "pad_packed_sequence", "PackedSequence"):
        raise MissingNameError(
            f"torch.nn.utils.rnn.{name} is not here: recurrent modules take filled-up batches of "
            "one length. Leave it out, and take the output at the last real step of each row: "
            "out[torch.arange(len(lengths)), lengths - 1]; or use ranvier.nn.LSTM with a mask"
        )
    return _missing(name)
