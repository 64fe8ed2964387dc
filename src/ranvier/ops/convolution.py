"""Convolution: sums of products over a window that slides over an image, channels last."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph.node import Shape, Spec
from .movement import concat, flip, narrow, pad, permute_dims, reshape
from .op import Op, apply, as_values, register, same_dtype


class Convolution(Op):
    """The 2-D convolution of images x with windows w.

        x (batch, height, width, channels), w (rows, columns, channels / groups, filters)
        out[b, i, j, f] = sum over r, c, k of
            x[b, i * stride + r * dilation, j * stride + c * dilation, k] * w[r, c, k, f]

    The result has (height - (rows - 1) * dilation - 1) // stride + 1 rows, and so for columns.
    There is no padding: `conv2d` pads first. With groups, filter f of group g sees only the
    channels of group g.

    >>> import ranvier
    >>> x = ranvier.reshape(ranvier.arange(9, dtype="float32"), (1, 3, 3, 1))
    >>> ranvier.convolution(x, ranvier.ones((2, 2, 1, 1))).numpy()[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """

    name = "convolution"
    kind = "contraction"

    def __call__(self, x: Any, w: Any, stride: Any = 1, dilation: Any = 1, groups: int = 1) -> Any:
        x, w = same_dtype(*as_values(x, w))
        return apply(
            self,
            x,
            w,
            stride=pair("stride", stride),
            dilation=pair("dilation", dilation),
            groups=groups,
        )

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        x, w = specs
        groups = params["groups"]
        if len(x.shape) != 4 or len(w.shape) != 4:
            raise ShapeError(
                f"convolution: x {x.shape} and w {w.shape} must be (batch, height, width, "
                "channels) and (rows, columns, channels, filters)"
            )
        if x.dtype != w.dtype:
            raise DTypeError(f"convolution: dtypes {x.dtype} and {w.dtype} differ")
        if groups < 1 or x.shape[3] != w.shape[2] * groups or w.shape[3] % groups:
            raise ShapeError(
                f"convolution: x has {x.shape[3]} channels, w takes {w.shape[2]} in each of "
                f"{groups} groups of its {w.shape[3]} filters; channels must be "
                f"{w.shape[2] * groups} and filters a multiple of {groups}"
            )
        sizes = []
        for n, k, s, d in zip(
            x.shape[1:3], w.shape[:2], params["stride"], params["dilation"], strict=True
        ):
            reach = (k - 1) * d + 1
            if n < reach or k < 1:
                raise ShapeError(
                    f"convolution: a window of {reach} does not fit an axis of size {n}; pad x, "
                    "or use a smaller window"
                )
            sizes.append((n - reach) // s + 1)
        return Spec((x.shape[0], *sizes, w.shape[3]), x.dtype)

    def reference(self, x: Any, w: Any, *, stride: Shape, dilation: Shape, groups: int) -> Any:
        spec = self.infer(
            Spec(x.shape, x.dtype),
            Spec(w.shape, w.dtype),
            stride=stride,
            dilation=dilation,
            groups=groups,
        )
        _, rows, columns, filters = spec.shape
        wide = np.float32 if x.dtype == np.float16 else x.dtype
        out = np.zeros((*spec.shape[:3], groups, filters // groups), wide)
        x = x.astype(wide).reshape(*x.shape[:3], groups, w.shape[2])
        w = w.astype(wide).reshape(*w.shape[:3], groups, filters // groups)
        for r in range(w.shape[0]):
            for c in range(w.shape[1]):
                top, left = r * dilation[0], c * dilation[1]
                seen = x[
                    :,
                    top : top + (rows - 1) * stride[0] + 1 : stride[0],
                    left : left + (columns - 1) * stride[1] + 1 : stride[1],
                ]
                out += np.einsum("bijgk,kgf->bijgf", seen, w[r, c], optimize=True)
        return out.reshape(spec.shape).astype(spec.dtype)

    def gradient(
        self, grad: Any, out: Any, x: Any, w: Any, *, stride: Shape, dilation: Shape, groups: int
    ) -> tuple[Any, ...]:
        by_x = _input_gradient(grad, x.shape, w, stride, dilation, groups)
        if groups == 1:
            return by_x, _kernel_gradient(grad, x, w.shape, stride, dilation)
        c, f = w.shape[2], w.shape[3] // groups
        parts = [
            _kernel_gradient(
                narrow(grad, 3, g * f, (g + 1) * f),
                narrow(x, 3, g * c, (g + 1) * c),
                (*w.shape[:3], f),
                stride,
                dilation,
            )
            for g in range(groups)
        ]
        return by_x, concat(parts, axis=3)


def _input_gradient(
    grad: Any, shape: Shape, w: Any, stride: Shape, dilation: Shape, groups: int
) -> Any:
    """Each element of x is met by the turned window.

    That is grad, spread by the stride and framed by zeros, convolved with w flipped, its channels
    and filters exchanged.
    """
    rows, columns, c, filters = w.shape
    f = filters // groups
    before = [0, (rows - 1) * dilation[0], (columns - 1) * dilation[1], 0]
    spread = [(n - 1) * s + 1 for n, s in zip(grad.shape[1:3], stride, strict=True)]
    after = [0, shape[1] - spread[0], shape[2] - spread[1], 0]
    framed = apply(
        pad, grad, before=tuple(before), after=tuple(after), step=(1, stride[0], stride[1], 1)
    )
    turned = flip(w, (0, 1))
    if groups == 1:
        turned = permute_dims(turned, (0, 1, 3, 2))
    else:
        turned = permute_dims(reshape(turned, (rows, columns, c, groups, f)), (0, 1, 4, 3, 2))
        turned = reshape(turned, (rows, columns, f, groups * c))
    return convolution(framed, turned, 1, dilation, groups)


def _kernel_gradient(grad: Any, x: Any, shape: Shape, stride: Shape, dilation: Shape) -> Any:
    """Channels of x as the batch, the batch as channels, and grad as the window."""
    out = convolution(
        permute_dims(x, (3, 1, 2, 0)), permute_dims(grad, (1, 2, 0, 3)), dilation, stride
    )
    # (channels, rows or more, columns or more, filters): a stride may leave places that no window
    # reached.
    out = narrow(narrow(out, 1, 0, shape[0]), 2, 0, shape[1])
    return permute_dims(out, (1, 2, 0, 3))


def pair(name: str, value: Any) -> tuple[int, int]:
    """One whole number for both axes, or two.

    >>> pair("stride", 2)
    (2, 2)
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(isinstance(v, int | np.integer) and v >= 1 for v in both):
        raise ShapeError(f"{name}: expected a whole number of at least 1, or two; got {value!r}")
    return int(both[0]), int(both[1])


convolution = register(Convolution())


def conv2d(
    x: Any, w: Any, stride: Any = 1, padding: Any = "valid", dilation: Any = 1, groups: int = 1
) -> Any:
    """`convolution` after padding x with zeros.

    `padding` is "valid" (none), "same" (the result has ceil(size / stride) places; the odd zero
    goes to the end, as in Keras), or the number of zeros on each side of the two axes.
    """
    x, w = as_values(x, w)
    strides, dilations = pair("stride", stride), pair("dilation", dilation)
    frame = _frame(x.shape, w.shape, strides, padding, dilations)
    if any(a or b for a, b in frame):
        x = pad(x, ((0, 0), *frame, (0, 0)))
    return convolution(x, w, strides, dilations, groups)


def _frame(
    x: Shape, w: Shape, stride: Shape, padding: Any, dilation: Shape
) -> tuple[tuple[int, int], ...]:
    """Zeros before and after each of the two axes."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        found = []
        for n, k, s, d in zip(x[1:3], w[:2], stride, dilation, strict=True):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            found.append((total // 2, total - total // 2))
        return tuple(found)
    sides = padding if isinstance(padding, tuple | list) else (padding, padding)
    if len(sides) != 2 or not all(isinstance(v, int | np.integer) and v >= 0 for v in sides):
        raise ShapeError(
            f"padding: expected 'valid', 'same', a whole number or two; got {padding!r}"
        )
    return tuple((int(v), int(v)) for v in sides)
