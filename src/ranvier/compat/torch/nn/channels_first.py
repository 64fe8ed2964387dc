"""Convolution and pooling of `torch.nn.functional`: channels before height and width.

Ranvier's images are channels last, so each function moves the axes on its way in and out. A series
is an image of one row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ....errors import ArgumentError, ShapeError
from ....nn.images.pooling import Edge, adaptive, average, largest
from ....nn.images.resizing import linear, nearest
from ....nn.images.sliding import padded_frame, sizes
from ....ops.composites.shaping import expand_dims, moveaxis
from ....ops.movement import pad, permute_dims, reshape
from ....ops.reduce import max, mean, sum
from ....ops.windows.convolution import conv2d as core_conv2d
from ....ops.windows.convolution import conv_transpose
from ....ops.windows.sliding_window import sliding_window
from ....tensors.tensor import Tensor as RanvierTensor
from ....typing import Shape, ShapeLike, TensorLike
from ..tensor import Tensor, of


def conv2d(
    input: TensorLike,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: ShapeLike = 1,
    padding: ShapeLike | str = 0,
    dilation: ShapeLike = 1,
    groups: int = 1,
) -> Any:
    """(batch, channels, height, width) with `weight` (filters, channels / groups, rows, columns).

    `padding` is the number of zeros on each side of the two axes, "valid" or "same".
    """
    x, w = _images("conv2d", input, 2), permute_dims(of(weight), (2, 3, 1, 0))
    out = core_conv2d(_channels_last(x), w, stride, padding, dilation, groups)
    return _channels_first(out if bias is None else out + bias)


def conv_transpose2d(
    input: TensorLike,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: ShapeLike = 1,
    padding: ShapeLike = 0,
    output_padding: ShapeLike = 0,
    groups: int = 1,
    dilation: ShapeLike = 1,
) -> Any:
    """(batch, channels, height, width) with `weight` (channels, filters / groups, rows, columns).

    `(n - 1) * stride - 2 * padding + (k - 1) * dilation + output_padding + 1` positions come out.
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
    w = permute_dims(w, (2, 3, 1, 0))
    out = conv_transpose(_channels_last(x), w, strides, dilations, groups, start, size)
    return _channels_first(out if bias is None else out + bias)


def max_pool2d(
    input: TensorLike,
    kernel_size: ShapeLike,
    stride: ShapeLike | None = None,
    padding: ShapeLike = 0,
    dilation: ShapeLike = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window; `padding` positions on each side are never the largest.

    Of equal largest numbers PyTorch gives the gradient to the first, Ranvier to all in equal parts.
    """
    if return_indices or sizes("max_pool2d", "dilation", dilation, 2) != (1, 1):
        raise ArgumentError("max_pool2d: dilation and return_indices are not in Ranvier")
    x = _images("max_pool2d", input, 2)
    window, strides, edge = _windows("max_pool2d", x, kernel_size, stride, padding, ceil_mode)
    return _channels_first(largest(_channels_last(x), window, strides, edge))


def avg_pool2d(
    input: TensorLike,
    kernel_size: ShapeLike,
    stride: ShapeLike | None = None,
    padding: ShapeLike = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window; zeros of the padding count unless `count_include_pad=False`.

    With `divisor_override` the sum is divided by that.
    """
    x = _images("avg_pool2d", input, 2)
    window, strides, edge = _windows("avg_pool2d", x, kernel_size, stride, padding, ceil_mode)
    x = _channels_last(x)
    if divisor_override is not None:
        if not divisor_override:
            raise ArgumentError("avg_pool2d: divisor_override=0; expected another number")
        x = sliding_window(pad(x, ((0, 0), *edge, (0, 0))), window, strides)
        return _channels_first(sum(x, axis=(3, 4)) / divisor_override)
    if count_include_pad:
        # Zeros of the padding are numbers like others; what `ceil_mode` adds beyond them is not.
        frame = sizes("avg_pool2d", "padding", _one(padding), 2, least=0)
        x = pad(x, ((0, 0), *[(p, p) for p in frame], (0, 0))) if any(frame) else x
        edge = tuple((0, after - p) for (_, after), p in zip(edge, frame, strict=True))
    return _channels_first(average(x, window, strides, edge))


def interpolate(
    input: TensorLike,
    size: ShapeLike | None = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """Every position as several: "nearest" repeats it, "linear" (of series) and "bilinear" (of
    images) draw straight lines between neighbours.

    Sizes grow by integer factors: `scale_factor`, or `size` as a multiple of the input's.
    """
    x = of(input)
    axes = x.ndim - 2
    modes = {"nearest": nearest, {1: "linear"}.get(axes, "bilinear"): linear}
    if axes not in (1, 2) or mode not in modes:
        raise ArgumentError(
            f"interpolate: mode={mode!r} for an input of shape {tuple(x.shape)}; expected "
            f"{' or '.join(map(repr, modes))}"
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
        factors = [int(f) if f == int(f) else f for f in factors]
        times = sizes("interpolate", "scale_factor", factors, axes)
    for axis, many in enumerate(times, 2):
        x = modes[mode](x, axis, many) if many > 1 else x
    return x


# The sizes that a series has one of, and what they are along the axis of an image's one row.
_SIZES = {"kernel_size": 1, "stride": 1, "dilation": 1, "padding": 0, "output_padding": 0}


def _of_series(name: str, function: Callable[..., Any]) -> Any:
    """A function of images (batch, channels, height, width) for series (batch, channels, steps)."""
    signature = inspect.signature(function)

    def series(*args: Any, **options: Any) -> Any:
        named = signature.bind(*args, **options).arguments
        for key, value in named.items():
            if key in ("input", "weight"):
                value = _images(name, value, 1) if key == "input" else of(value)
                named[key] = expand_dims(value, 2)
            elif key in _SIZES and value is not None and not isinstance(value, str):
                least = _SIZES[key]
                named[key] = (least, *sizes(name, key, value, 1, least=least))
        out = function(**named)
        return reshape(out, (*out.shape[:2], out.shape[3]))

    series.__name__ = series.__qualname__ = name
    series.__doc__ = f"`{function.__name__}` of series, (batch, channels, steps)."
    takes = [p for p in signature.parameters.values() if p.name != "divisor_override"]
    vars(series)["__signature__"] = signature.replace(parameters=takes)
    return series


def _adaptive(name: str, input: TensorLike, output_size: Any, reduction: Any, axes: int) -> Any:
    x = _images(name, input, axes)
    if isinstance(output_size, tuple | list):
        output_size = [
            n if m is None else m for n, m in zip(x.shape[2:], output_size, strict=False)
        ]
    wanted = sizes(name, "output_size", output_size, axes)
    return moveaxis(adaptive(moveaxis(x, 1, -1), wanted, reduction), -1, 1)


def _adaptive_max(
    name: str, input: TensorLike, output_size: Any, return_indices: bool, axes: int
) -> Any:
    if return_indices:
        raise ArgumentError(f"{name}: return_indices is not in Ranvier")
    return _adaptive(name, input, output_size, max, axes)


def _windows(
    name: str,
    x: Tensor,
    kernel_size: ShapeLike,
    stride: ShapeLike | None,
    padding: ShapeLike,
    ceil_mode: bool,
) -> tuple[Shape, Shape, Edge]:
    """Window, strides, and positions before and after each axis."""
    kernel_size, stride, padding = (_one(v) for v in (kernel_size, stride, padding))
    window = sizes(name, "kernel_size", kernel_size, 2)
    step = kernel_size if stride is None or stride in ((), []) else stride
    strides = sizes(name, "stride", step, 2)
    frame = sizes(name, "padding", padding, 2, least=0)
    shape = tuple(x.shape[2:])
    return window, strides, padded_frame(name, shape, window, strides, frame, ceil_mode)


def _one(size: ShapeLike | None) -> Any:
    """A list of one number as that number, which counts for all axes."""
    return size[0] if isinstance(size, list | tuple) and len(size) == 1 else size


def _images(name: str, input: TensorLike, axes: int) -> Any:
    x = of(input)
    if x.ndim != axes + 2:
        expected = "(batch, channels, height, width)" if axes == 2 else "(batch, channels, steps)"
        raise ShapeError(
            f"{name}: got an input of shape {tuple(x.shape)}; expected {expected}. Use unsqueeze "
            "for an axis that is missing"
        )
    return x


def _channels_last(x: RanvierTensor) -> Any:
    return permute_dims(x, (0, 2, 3, 1))


def _channels_first(x: RanvierTensor) -> Any:
    return permute_dims(x, (0, 3, 1, 2))


ROWS: dict[str, Any] = {
    "adaptive_avg_pool1d": lambda input, output_size: _adaptive(
        "adaptive_avg_pool1d", input, output_size, mean, 1
    ),
    "adaptive_avg_pool2d": lambda input, output_size: _adaptive(
        "adaptive_avg_pool2d", input, output_size, mean, 2
    ),
    "adaptive_max_pool1d": lambda input, output_size, return_indices=False: _adaptive_max(
        "adaptive_max_pool1d", input, output_size, return_indices, 1
    ),
    "adaptive_max_pool2d": lambda input, output_size, return_indices=False: _adaptive_max(
        "adaptive_max_pool2d", input, output_size, return_indices, 2
    ),
    "avg_pool1d": _of_series("avg_pool1d", avg_pool2d),
    "conv1d": _of_series("conv1d", conv2d),
    "conv_transpose1d": _of_series("conv_transpose1d", conv_transpose2d),
    "max_pool1d": _of_series("max_pool1d", max_pool2d),
}
