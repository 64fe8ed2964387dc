"""`torch.nn.functional.pad`: numbers around a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import ArgumentError, ShapeError
from ....ops import elementwise, gather, movement
from ..tensor import of

MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Numbers before and after the last axes: `pad` is (left, right, top, bottom, ...).

    `mode`: `value` everywhere ("constant"), the numbers inside in reverse ("reflect"), the
    outermost ones ("replicate"), or those of the other side ("circular"). Negative widths cut off.
    """
    x, widths = of(input), tuple(int(n) for n in pad)
    if mode not in MODES or len(widths) % 2 or len(widths) > 2 * x.ndim:
        raise ArgumentError(
            f"pad: pad={widths}, mode={mode!r} for an input of shape {tuple(x.shape)}; expected "
            f"two integers for each of the last axes, the last one first, and one of {MODES}"
        )
    if mode != "constant" and value:
        raise ArgumentError(f"pad: value={value} is for mode='constant', not for {mode!r}")
    for i in range(0, len(widths), 2):
        x = _along(x, x.ndim - 1 - i // 2, widths[i : i + 2], mode, value or 0)
    return x


def _along(x: Any, axis: int, widths: Any, mode: str, value: float) -> Any:
    before, after = widths
    size = x.shape[axis]
    if not before and not after:
        return x
    if mode in ("constant", "circular"):
        size += min(before, 0) + min(after, 0)
        if size < 0:
            raise ShapeError(f"pad: {widths} cuts off more than axis {axis} of {x.shape} has")
        start = max(-before, 0)
        x = movement.narrow(x, axis, start, start + size)
        before, after = max(before, 0), max(after, 0)
    if mode == "constant":
        return _filled(x, axis, before, after, value)
    most = {"reflect": size - 1, "circular": size, "replicate": None}[mode]
    if (most is not None and max(before, after) > most) or size + before + after < 1 or not size:
        raise ShapeError(
            f"pad: {widths} does not fit axis {axis} of size {size} with mode={mode!r}"
            + ("" if most is None else f": at most {most} on each side")
        )
    places = np.arange(-before, size + after)
    if mode == "replicate":
        places = places.clip(0, size - 1)
    elif mode == "circular":
        places = places % size
    else:
        places = size - 1 - np.abs(size - 1 - np.abs(places))
    return gather.take(x, places, axis=axis)


def _filled(x: Any, axis: int, before: int, after: int, value: float) -> Any:
    if not before and not after:
        return x
    widths = [(0, 0)] * x.ndim
    widths[axis] = (before, after)
    out = movement.pad(x, widths)
    if not value:
        return out
    inside = np.zeros(out.shape[axis], bool)
    inside[before : before + x.shape[axis]] = True
    line = inside.reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    return elementwise.where(line, out, of(value).astype(x.dtype))
