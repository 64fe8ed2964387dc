"""`torch.nn.functional`'s embedding and attention."""

from __future__ import annotations

from typing import Any

from ....errors import ArgumentError, ShapeError
from ....nn.sequences import attention
from ....ops import elementwise as e
from ....ops import gather
from ....ops.composites import shaping
from ..tensor import of


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """Rows of `weight` (ids, size) at the given ids; the row `padding_idx` has no gradient."""
    ids, weight = of(input), of(weight)
    if ids.dtype.kind not in "iu":
        raise ArgumentError(f"embedding: ids are {ids.dtype}; expected int64: ids.long()")
    if weight.ndim != 2:
        raise ShapeError(f"embedding: the table has shape {weight.shape}; expected (ids, size)")
    out = gather.take(weight, ids, axis=0)
    if padding_idx is None:
        return out
    filled = shaping.expand_dims(e.equal(ids, padding_idx % weight.shape[0]), -1)
    return e.where(filled, e.detach(out), out)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """`softmax(query @ key.T * scale) @ value`: (..., T, depth), (..., S, depth), (..., S, width).

    `attn_mask`: bools, True where a place may look, or floats added to the scores.
    """
    mask = None if attn_mask is None else of(attn_mask)
    return attention.scaled_dot_product_attention(
        of(query), of(key), of(value), mask, is_causal, scale, dropout_p
    )
