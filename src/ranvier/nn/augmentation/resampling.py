"""Resampling of images by affine maps: shifted, rotated and zoomed, one map for each row.

    source y = a y + b x + c        source x = d y + e x + f

y counts rows of pixels from above and x columns from the left; the value of the result at (y, x) is
that of the image at the source, between pixels the bilinear mean of the four around it.
"""

from __future__ import annotations

from typing import TypeAlias

from ...dtypes import float32, int32
from ...ops.composites.functions import clip
from ...ops.creation import iota
from ...ops.elementwise import (
    astype,
    floor,
    greater_equal,
    less_equal,
    logical_and,
    minimum,
    remainder,
    where,
)
from ...ops.gather import take
from ...ops.movement import reshape
from ...tensors.tensor import Tensor

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
INTERPOLATIONS = ("bilinear", "nearest")

_Number: TypeAlias = Tensor | float  # a number, or a tensor (batch, 1, 1)
AffineMap: TypeAlias = tuple[_Number, _Number, _Number, _Number, _Number, _Number]  # a to f


def affine(
    x: Tensor,
    map: AffineMap,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> Tensor:
    """x (batch, height, width, channels) resampled at the positions of the map.

    Beyond the edge: "constant" `fill_value`, "nearest" the pixel of the edge, "reflect" the image
    mirrored at its edge (d c b a | a b c d), "wrap" the image repeated.
    """
    _, h, w, _ = x.shape
    a, b, c, d, e, f = map
    down, along = (iota((1, h, 1), axis=1, dtype=float32), iota((1, 1, w), axis=2, dtype=float32))
    y, z = a * down + b * along + c, d * down + e * along + f
    neighbours = _nearest if interpolation == "nearest" else _both
    positions = neighbours(y, h, fill_mode), neighbours(z, w, fill_mode)
    return _gathered(x, positions, fill_mode, fill_value)


class _AxisPositions:
    """Positions on an axis of size n, floats that hold integers; `inside`: which of them the image
    has.
    """

    def __init__(self, position: Tensor, n: int, fill_mode: str) -> None:
        self.inside: Tensor | None = None
        if fill_mode == "constant":
            self.inside = logical_and(greater_equal(position, 0), less_equal(position, n - 1))
        elif fill_mode == "reflect":
            position = remainder(position, 2 * n)
            position = minimum(position, 2 * n - 1 - position)
        elif fill_mode == "wrap":
            position = remainder(position, n)
        # NOTE: once more as integers: NaN passes the first clip and becomes any of them.
        self.position = clip(astype(clip(position, 0, n - 1), int32), 0, n - 1)


# The positions to read along an axis, and their weights; None: 1.
_Weighted: TypeAlias = list[tuple[_AxisPositions, Tensor | None]]


def _nearest(position: Tensor, n: int, fill_mode: str) -> _Weighted:
    """The nearest position."""
    return [(_AxisPositions(floor(position + 0.5), n, fill_mode), None)]


def _both(position: Tensor, n: int, fill_mode: str) -> _Weighted:
    """The positions before and after, with their weights."""
    low = floor(position)
    share = position - low
    return [
        (_AxisPositions(low, n, fill_mode), 1 - share),
        (_AxisPositions(low + 1, n, fill_mode), share),
    ]


def _gathered(
    x: Tensor, positions: tuple[_Weighted, _Weighted], fill_mode: str, fill_value: float
) -> Tensor:
    """The weighted sum of the pixels at all pairs of positions, rows and columns."""
    n, h, w, channels = x.shape
    pixels = reshape(x, (n * h * w, channels))
    first = iota((n, 1, 1), axis=0, dtype=int32) * (h * w)
    out: Tensor | None = None
    total: Tensor | None = None  # the weights of the pixels inside
    for row, row_weight in positions[0]:
        for column, column_weight in positions[1]:
            part = take(pixels, first + row.position * w + column.position)
            weight: Tensor | None = None
            if row_weight is not None and column_weight is not None:
                weight = row_weight * column_weight
            if row.inside is not None and column.inside is not None:
                inside = logical_and(row.inside, column.inside)
                weight = where(inside, 1.0 if weight is None else weight, 0.0)
                total = weight if total is None else total + weight
            if weight is not None:
                part = part * reshape(weight, (*weight.shape, 1))
            out = part if out is None else out + part
    assert out is not None, "each axis has a position to read"
    if total is not None and fill_value:
        out = out + reshape((1 - total) * fill_value, (*total.shape, 1))
    return out
