"""Sequences of different lengths padded to one array, and masks that say where they end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..base.missing import spelled
from ..base.sizes import room_for
from ..errors import ArgumentError, DataError
from ..typing import Array, ArrayLike, DTypeLike


@spelled
def pad_sequences(
    sequences: Sequence[ArrayLike],
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: ArrayLike = 0.0,
) -> Array:
    """Lists of different lengths as one array (n, maxlen), filled up with `value`.

    Args:
        maxlen: the length; by default that of the longest list.
        padding: fill up at the start ("pre") or at the end ("post").
        truncating: cut off at the start ("pre") or at the end ("post") what is longer.

    Names and defaults as in Keras. For layers that read masks, "post" is the usual choice.

    >>> pad_sequences([[1, 2, 3], [4]], maxlen=2)
    array([[2, 3],
           [0, 4]], dtype=int32)
    """
    for name, word in (("padding", padding), ("truncating", truncating)):
        if word not in ("pre", "post"):
            raise ArgumentError(f"pad_sequences: {name}={word!r}; expected 'pre' or 'post'")
    try:
        rows = [np.asarray(s, dtype) for s in sequences]
    except (TypeError, ValueError) as problem:
        raise DataError(f"pad_sequences: expected lists of numbers: {problem}") from problem
    if any(not r.ndim for r in rows):
        raise DataError(
            "pad_sequences: got single numbers; expected sequences, one list of numbers for each "
            "row: [[1, 2], [3]]"
        )
    inner = next((r.shape[1:] for r in rows if len(r)), ())
    length = max(map(len, rows), default=0) if maxlen is None else maxlen
    shape = (len(rows), length, *inner)
    with room_for("pad_sequences", shape, np.dtype(dtype)):
        out = np.full(shape, value, dtype)
    for i, row in enumerate(rows):
        if len(row) and row.shape[1:] != inner:
            raise DataError(
                f"pad_sequences: the entries of list {i} have shape {row.shape[1:]}, those before "
                f"{inner}; expected the same in all"
            )
        kept = row[max(len(row) - length, 0) :] if truncating == "pre" else row[:length]
        start = length - len(kept) if padding == "pre" else 0
        out[i, start : start + len(kept)] = kept.reshape(-1, *inner)
    return out


@spelled
def length_mask(lengths: ArrayLike, maxlen: int | None = None) -> Array:
    """True for the first `lengths[i]` positions of row i, (n, maxlen) bools.

    >>> length_mask([1, 3])
    array([[ True, False, False],
           [ True,  True,  True]])
    """
    array = np.asarray(lengths)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array < 0).any():
        raise DataError(
            "length_mask: expected one integer of at least 0 for each row, got "
            f"{array.dtype} of shape {array.shape}"
        )
    length = int(array.max(initial=0)) if maxlen is None else maxlen
    return np.arange(length) < array[:, None]
