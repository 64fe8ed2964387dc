"""Resampling of images by affine maps: shifted, rotated and zoomed, one map for each row.

    source y = a y + b x + c        source x = d y + e x + f

y counts rows of pixels from above and x columns from the left; the value of the result at (y, x) is
that of the image at the source, between pixels the bilinear mean of the four around it.
"""

from __future__ import annotations

from typing import Any

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

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
INTERPOLATIONS = ("bilinear", "nearest")

AffineMap = tuple[Any, Any, Any, Any, Any, Any]  # a to f: numbers, or tensors (batch, 1, 1)


def affine(
    x: Any,
    map: AffineMap,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> Any:
    """x (batch, height, width, channels) resampled at the positions of the map.

    Beyond the edge: "constant" `fill_value`, "nearest" the pixel of the edge, "reflect" the image
    mirrored at its edge (d c b a | a b c d), "wrap" the image repeated.
    """
    _, h, w, _ = x.shape
    a, b, c, d, e, f = map
    down, along = (iota((1, h, 1), axis=1, dtype=float32), iota((1, 1, w), axis=2, dtype=float32))
    y, z = a * down + b * along + c, d * down + e * along + f
    if interpolation == "nearest":
        top, left = floor(y + 0.5), floor(z + 0.5)
        positions = (
            [(_AxisPositions(top, h, fill_mode), None)],
            [(_AxisPositions(left, w, fill_mode), None)],
        )
    else:
        positions = _neighbours(y, h, fill_mode), _neighbours(z, w, fill_mode)
    return _gathered(x, positions, fill_mode, fill_value)


class _AxisPositions:
    """Positions on an axis of size n, floats that hold integers; `inside`: which of them the image
    has.
    """

    def __init__(self, position: Any, n: int, fill_mode: str) -> None:
        self.inside = None
        if fill_mode == "constant":
            self.inside = logical_and(greater_equal(position, 0), less_equal(position, n - 1))
        elif fill_mode == "reflect":
            position = remainder(position, 2 * n)
            position = minimum(position, 2 * n - 1 - position)
        elif fill_mode == "wrap":
            position = remainder(position, n)
        # NOTE: once more as integers: NaN passes the first clip and becomes any of them.
        self.position = clip(astype(clip(position, 0, n - 1), int32), 0, n - 1)


def _neighbours(position: Any, n: int, fill_mode: str) -> list[Any]:
    """The positions before and after, with their weights."""
    low = floor(position)
    share = position - low
    return [
        (_AxisPositions(low, n, fill_mode), 1 - share),
        (_AxisPositions(low + 1, n, fill_mode), share),
    ]


def _gathered(x: Any, positions: Any, fill_mode: str, fill_value: float) -> Any:
    """The weighted sum of the pixels at all pairs of positions, rows and columns."""
    n, h, w, channels = x.shape
    pixels = reshape(x, (n * h * w, channels))
    first = iota((n, 1, 1), axis=0, dtype=int32) * (h * w)
    out: Any = None
    total: Any = None
    for row, row_weight in positions[0]:
        for column, column_weight in positions[1]:
            part = take(pixels, first + row.position * w + column.position)
            weight = None if row_weight is None else row_weight * column_weight
            if fill_mode == "constant":
                inside = logical_and(row.inside, column.inside)
                weight = where(inside, 1.0 if weight is None else weight, 0.0)
                total = weight if total is None else total + weight
            if weight is not None:
                part = part * reshape(weight, (*weight.shape, 1))
            out = part if out is None else out + part
    if fill_mode == "constant" and fill_value:
        out = out + reshape((1 - total) * fill_value, (*total.shape, 1))
    return out
