"""Convolution and pooling of `torch.nn.functional`: channels before height and width.

Ranvier's images are channels last, so each function turns the axes on its way in and out.
"""

from __future__ import annotations

import builtins
from typing import Any

from ....errors import ArgumentError, ShapeError
from ....nn.images.pooling import Edge, adaptive, average, largest
from ....nn.images.resizing import linear, nearest
from ....nn.images.sliding import sizes
from ....ops.composites.shaping import expand_dims, moveaxis
from ....ops.convolution import conv2d as convolved
from ....ops.convolution import conv_transpose
from ....ops.movement import pad, permute_dims, reshape
from ....ops.reduce import max, mean, sum
from ....ops.window import sliding_window
from ..tensor import of


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """(batch, channels, height, width) with `weight` (filters, channels / groups, rows, columns).

    `padding` is the number of zeros on each side of the two axes, "valid" or "same".
    """
    x, w = _images("conv2d", input, 2), of(weight)
    out = convolved(_last(x), permute_dims(w, (2, 3, 1, 0)), stride, padding, dilation, groups)
    return _first(out if bias is None else out + bias)


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """(batch, channels, steps) with `weight` (filters, channels / groups, places)."""
    x, w = _images("conv1d", input, 1), of(weight)
    if not isinstance(padding, str):
        padding = (0, *sizes("conv1d", "padding", padding, 1, least=0))
    strides = (1, *sizes("conv1d", "stride", stride, 1))
    dilations = (1, *sizes("conv1d", "dilation", dilation, 1))
    out = conv2d(expand_dims(x, 2), expand_dims(w, 2), bias, strides, padding, dilations, groups)
    return reshape(out, (*out.shape[:2], out.shape[3]))


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window; `padding` places on each side are never the largest.

    Of equal largest numbers PyTorch gives the gradient to the first, Ranvier to all in equal parts.
    """
    if return_indices or sizes("max_pool2d", "dilation", dilation, 2) != (1, 1):
        raise ArgumentError("max_pool2d: dilation and return_indices are not in Ranvier")
    x = _images("max_pool2d", input, 2)
    window, strides, edge = _windows("max_pool2d", x, kernel_size, stride, padding, ceil_mode)
    return _first(largest(_last(x), window, strides, edge))


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window; zeros of the padding count unless `count_include_pad=False`.

    With `divisor_override` the sum is divided by that.
    """
    x = _images("avg_pool2d", input, 2)
    window, strides, edge = _windows("avg_pool2d", x, kernel_size, stride, padding, ceil_mode)
    x = _last(x)
    if divisor_override is not None:
        if not divisor_override:
            raise ArgumentError("avg_pool2d: divisor_override=0; expected another number")
        x = pad(x, ((0, 0), *edge, (0, 0)))
        return _first(sum(sliding_window(x, window, strides), axis=(3, 4)) / divisor_override)
    if count_include_pad:
        # Zeros of the padding are numbers like others; what `ceil_mode` adds beyond them is not.
        frame = sizes("avg_pool2d", "padding", _one(padding), 2, least=0)
        x = pad(x, ((0, 0), *[(p, p) for p in frame], (0, 0))) if any(frame) else x
        edge = tuple((0, after - p) for (_, after), p in zip(edge, frame, strict=True))
    return _first(average(x, window, strides, edge))


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window: (batch, channels, steps) -> (batch, channels, places)."""
    more = (1, *sizes("max_pool1d", "dilation", dilation, 1)), ceil_mode, return_indices
    return _of_series("max_pool1d", max_pool2d, input, kernel_size, stride, padding, *more)


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window: (batch, channels, steps) -> (batch, channels, places)."""
    more = ceil_mode, count_include_pad
    return _of_series("avg_pool1d", avg_pool2d, input, kernel_size, stride, padding, *more)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """The mean of windows as large as needed for `output_size` places; None keeps an axis."""
    return _adapted("adaptive_avg_pool2d", input, output_size, mean, 2)


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """The mean of windows as large as needed for `output_size` places."""
    return _adapted("adaptive_avg_pool1d", input, output_size, mean, 1)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of windows as large as needed for `output_size` places."""
    if return_indices:
        raise ArgumentError("adaptive_max_pool2d: return_indices is not in Ranvier")
    return _adapted("adaptive_max_pool2d", input, output_size, max, 2)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of windows as large as needed for `output_size` places."""
    if return_indices:
        raise ArgumentError("adaptive_max_pool1d: return_indices is not in Ranvier")
    return _adapted("adaptive_max_pool1d", input, output_size, max, 1)


def _adapted(name: str, input: Any, output_size: Any, fold: Any, axes: int) -> Any:
    x = _images(name, input, axes)
    if isinstance(output_size, tuple | list):
        output_size = [
            n if m is None else m for n, m in zip(x.shape[2:], output_size, strict=False)
        ]
    wanted = sizes(name, "output_size", output_size, axes)
    return moveaxis(adaptive(moveaxis(x, 1, -1), wanted, fold), -1, 1)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """(batch, channels, height, width) with `weight` (channels, filters / groups, rows, columns).

    `(n - 1) * stride - 2 * padding + (k - 1) * dilation + output_padding + 1` places come out.
    """
    x, w = _images("conv_transpose2d", input, 2), of(weight)
    strides = sizes("conv_transpose2d", "stride", stride, 2)
    dilations = sizes("conv_transpose2d", "dilation", dilation, 2)
    start = sizes("conv_transpose2d", "padding", padding, 2, least=0)
    more = sizes("conv_transpose2d", "output_padding", output_padding, 2, least=0)
    size = tuple(
        (n - 1) * s - 2 * p + (k - 1) * d + m + 1
        for n, k, s, d, p, m in zip(
            x.shape[2:], w.shape[2:], strides, dilations, start, more, strict=True
        )
    )
    turned = permute_dims(w, (2, 3, 1, 0))
    out = conv_transpose(_last(x), turned, strides, dilations, groups, start, size)
    return _first(out if bias is None else out + bias)


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """(batch, channels, steps) with `weight` (channels, filters / groups, places)."""
    x, w = _images("conv_transpose1d", input, 1), of(weight)
    given = {"stride": (stride, 1), "padding": (padding, 0), "output_padding": (output_padding, 0)}
    settings = {
        name: (least, *sizes("conv_transpose1d", name, value, 1, least=least))
        for name, (value, least) in (given | {"dilation": (dilation, 1)}).items()
    }
    out = conv_transpose2d(expand_dims(x, 2), expand_dims(w, 2), bias, groups=groups, **settings)
    return reshape(out, (*out.shape[:2], out.shape[3]))


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """Every place as several: "nearest" repeats it, "linear" (of series) and "bilinear" (of images)
    draw straight lines between neighbours.

    Sizes grow by integer factors: `scale_factor`, or `size` as a multiple of the input's.
    """
    x = of(input)
    axes = x.ndim - 2
    ways = {"nearest": nearest, {1: "linear"}.get(axes, "bilinear"): linear}
    if axes not in (1, 2) or mode not in ways:
        raise ArgumentError(
            f"interpolate: mode={mode!r} for an input of shape {tuple(x.shape)}; expected "
            f"{' or '.join(map(repr, ways))}"
        )
    if align_corners:
        raise ArgumentError("interpolate: align_corners=True is not in Ranvier")
    if (size is None) == (scale_factor is None):
        raise ArgumentError("interpolate: give either size or scale_factor")
    if size is not None:
        wanted = sizes("interpolate", "size", size, axes)
        if any(m % n for m, n in zip(wanted, x.shape[2:], strict=True)):
            raise ShapeError(
                f"interpolate: size={wanted} is no multiple of the input's {tuple(x.shape[2:])}"
            )
        times = tuple(m // n for m, n in zip(wanted, x.shape[2:], strict=True))
    else:
        factors = scale_factor if isinstance(scale_factor, tuple | list) else [scale_factor] * axes
        whole = [int(f) if f == int(f) else f for f in factors]
        times = sizes("interpolate", "scale_factor", whole, axes)
    for axis, many in enumerate(times, 2):
        x = ways[mode](x, axis, many) if many > 1 else x
    return x


def _of_series(
    name: str, pool: Any, input: Any, size: Any, stride: Any, padding: Any, *more: Any
) -> Any:
    """Pool a series as an image of one row."""
    x = _images(name, input, 1)
    strides = None if stride is None else (1, *sizes(name, "stride", stride, 1))
    window = (1, *sizes(name, "kernel_size", size, 1))
    edge = (0, *sizes(name, "padding", padding, 1, least=0))
    out = pool(expand_dims(x, 2), window, strides, edge, *more)
    return reshape(out, (*out.shape[:2], out.shape[3]))


def _windows(
    name: str, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool
) -> tuple[tuple[int, ...], tuple[int, ...], Edge]:
    """Window, strides, and places before and after each axis."""
    kernel_size, stride, padding = (_one(v) for v in (kernel_size, stride, padding))
    window = sizes(name, "kernel_size", kernel_size, 2)
    step = kernel_size if stride is None or stride in ((), []) else stride
    strides = sizes(name, "stride", step, 2)
    frame = sizes(name, "padding", padding, 2, least=0)
    edge = []
    for n, k, s, p in zip(x.shape[2:], window, strides, frame, strict=True):
        if n + 2 * p < k or 2 * p > k:
            raise ShapeError(
                f"{name}: a window of {window} does not fit images of {tuple(x.shape[2:])} with "
                f"padding {frame}, which may be at most half of the window"
            )
        after = p
        if ceil_mode:
            # One more window, if it begins on the image.
            places = -(-(n + 2 * p - k) // s) + 1
            places -= (places - 1) * s >= n + p
            after = builtins.max(p, (places - 1) * s + k - n - p)
        edge.append((p, after))
    return window, strides, tuple(edge)


def _one(size: Any) -> Any:
    """A list of one number as that number, which counts for all axes."""
    return size[0] if isinstance(size, list | tuple) and len(size) == 1 else size


def _images(name: str, input: Any, axes: int) -> Any:
    x = of(input)
    if x.ndim != axes + 2:
        expected = "(batch, channels, height, width)" if axes == 2 else "(batch, channels, steps)"
        raise ShapeError(
            f"{name}: got an input of shape {tuple(x.shape)}; expected {expected}. Use unsqueeze "
            "for an axis that is missing"
        )
    return x


def _last(x: Any) -> Any:
    return permute_dims(x, (0, 2, 3, 1))


def _first(x: Any) -> Any:
    return permute_dims(x, (0, 3, 1, 2))
