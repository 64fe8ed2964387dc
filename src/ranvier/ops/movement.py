"""Ops that move elements without changing them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..errors import ShapeError, UnknownSizeError
from ..graph.node import Spec, Value
from ..graph.sizes import exceeds, negative, same
from ..typing import Array, ArrayLike, Axes, Shape, ShapeLike, V
from .creation import as_shape
from .op import (
    Gradients,
    Mapped,
    Op,
    apply,
    as_tuple,
    as_values,
    broadcast_shape,
    for_members,
    normal_axes,
    normal_axis,
    register,
    same_dtype,
)


class Movement(Op):
    """Base of ops that only move elements."""

    kind = "movement"
    cost = 0


class Reshape(Movement):
    """The same elements in row-major order under another shape; one size may be -1.

    >>> import ranvier
    >>> ranvier.reshape(ranvier.tensor([1.0, 2.0, 3.0, 4.0]), (2, -1)).shape
    (2, 2)
    """

    name = "reshape"

    def __call__(self, x: V | ArrayLike, shape: ShapeLike) -> V:
        (x,) = as_values(x)
        shape = as_shape(shape)
        try:
            if shape == x.shape:
                return x
            open_axes = shape.count(-1)
        except UnknownSizeError:
            open_axes = [same(n, -1) for n in shape].count(True)
        if open_axes == 1:
            known = -math.prod(shape)
            if known and x.size % known == 0:
                shape = tuple(x.size // known if same(n, -1) else n for n in shape)
            if same(shape, x.shape):
                return x
        return apply(self, x, shape=shape)

    def infer(self, x: Spec, *, shape: Shape) -> Spec:
        try:
            fits = min(shape, default=0) >= 0 and math.prod(shape) == math.prod(x.shape)
        except UnknownSizeError:
            fits = not negative(shape) and same(math.prod(shape), math.prod(x.shape))
        if not fits:
            raise ShapeError(
                f"reshape: {x.shape} holds {math.prod(x.shape)} elements and cannot become {shape}"
            )
        return Spec(shape, x.dtype)

    def reference(self, x: Array, *, shape: Shape) -> Array:
        return np.reshape(x, shape)

    def gradient(self, grad: Value, out: Value, x: Value, *, shape: Shape) -> Gradients:
        return (reshape(grad, x.shape),)

    def vmap(self, members: int, mapped: Mapped, x: V, *, shape: Shape) -> V:
        return reshape(x, (members, *shape))


class PermuteDims(Movement):
    """Axes in another order: axis i of the result is axis `axes[i]` of x."""

    name = "permute_dims"

    def __call__(self, x: V | ArrayLike, axes: Sequence[int]) -> V:
        (x,) = as_values(x)
        axes = tuple(normal_axis(self.name, a, x.ndim) for a in as_tuple(axes))
        return x if axes == tuple(range(x.ndim)) else apply(self, x, axes=axes)

    def infer(self, x: Spec, *, axes: Shape) -> Spec:
        if sorted(axes) != list(range(len(x.shape))):
            raise ShapeError(f"permute_dims: {axes} does not name each axis of {x.shape} once")
        return Spec(tuple(x.shape[a] for a in axes), x.dtype)

    def reference(self, x: Array, *, axes: Shape) -> Array:
        return np.transpose(x, axes)

    def gradient(self, grad: Value, out: Value, x: Value, *, axes: Shape) -> Gradients:
        return (permute_dims(grad, tuple(int(a) for a in np.argsort(axes))),)

    def vmap(self, members: int, mapped: Mapped, x: V, *, axes: Shape) -> V:
        return permute_dims(x, (0, *(a + 1 for a in axes)))


class BroadcastTo(Movement):
    """x repeated along axes of size 1 and along new leading axes."""

    name = "broadcast_to"

    def __call__(self, x: V | ArrayLike, shape: ShapeLike) -> V:
        (x,) = as_values(x)
        shape = as_shape(shape)
        try:
            if shape == x.shape:
                return x
        except UnknownSizeError:
            pass  # of the number of rows and another size
        return apply(self, x, shape=shape)

    def infer(self, x: Spec, *, shape: Shape) -> Spec:
        if len(shape) < len(x.shape) or not same(broadcast_shape(self.name, x.shape, shape), shape):
            raise ShapeError(f"broadcast_to: {x.shape} cannot be repeated to {shape}")
        return Spec(shape, x.dtype)

    def reference(self, x: Array, *, shape: Shape) -> Array:
        return np.broadcast_to(x, shape)

    def gradient(self, grad: Value, out: Value, x: Value, *, shape: Shape) -> Gradients:
        from .reduce import sum

        new = len(shape) - x.ndim
        repeated = tuple(range(new)) + tuple(
            new + a for a, n in enumerate(x.shape) if same(n, 1) and not same(shape[new + a], 1)
        )
        return (reshape(sum(grad, axis=repeated), x.shape),)

    def vmap(self, members: int, mapped: Mapped, x: V, *, shape: Shape) -> V:
        new = (1,) * (len(shape) - x.ndim + 1)
        return broadcast_to(reshape(x, (members, *new, *x.shape[1:])), (members, *shape))


class Slice(Movement):
    """Elements start, start + step, ... below stop along each axis (steps above 0)."""

    name = "slice"

    def infer(self, x: Spec, *, start: Shape, stop: Shape, step: Shape) -> Spec:
        shape = []
        for n, a, b, s in zip(x.shape, start, stop, step, strict=True):
            if not _inside(a, b, s, n):
                raise ShapeError(f"slice: {a}:{b}:{s} does not fit an axis of size {n}")
            shape.append(-(-(b - a) // s))
        return Spec(tuple(shape), x.dtype)

    def reference(self, x: Array, *, start: Shape, stop: Shape, step: Shape) -> Array:
        return x[tuple(map(slice, start, stop, step))]

    def gradient(
        self, grad: Value, out: Value, x: Value, *, start: Shape, stop: Shape, step: Shape
    ) -> Gradients:
        after = tuple(
            n - a if same(m, 0) else n - (a + (m - 1) * s + 1)
            for n, m, a, s in zip(x.shape, out.shape, start, step, strict=True)
        )
        return (apply(pad, grad, before=start, after=after, step=step),)

    def vmap(
        self, members: int, mapped: Mapped, x: V, *, start: Shape, stop: Shape, step: Shape
    ) -> V:
        return apply(self, x, start=(0, *start), stop=(members, *stop), step=(1, *step))


def _inside(start: int, stop: int, step: int, n: int) -> bool:
    """Whether start:stop:step fits an axis of size n, or one of a number of rows that is n."""
    try:
        return 0 <= start <= stop <= n and step > 0
    except UnknownSizeError:
        ends = (0, start), (start, stop), (stop, n), (1, step)
        return not any(exceeds(low, high) for low, high in ends)


def _spaced(n: int, step: int) -> int:
    """How many positions n elements take, each `step` after the one before."""
    return 0 if same(n, 0) else (n - 1) * step + 1


class Pad(Movement):
    """x with zeros before, after and (step - 1 of them) between its elements along each axis.

    It is the transpose of `slice`: each is the other's gradient.
    """

    name = "pad"

    def __call__(self, x: V | ArrayLike, widths: int | Sequence[tuple[int, int]]) -> V:
        (x,) = as_values(x)
        if isinstance(widths, int):
            widths = ((widths, widths),) * x.ndim
        if len(widths) != x.ndim or any(len(pair) != 2 for pair in widths):
            raise ShapeError(
                f"pad: widths {widths} do not fit shape {x.shape}; "
                "expected one (before, after) for each axis"
            )
        before = tuple(int(a) for a, _ in widths)
        after = tuple(int(b) for _, b in widths)
        return apply(self, x, before=before, after=after, step=(1,) * x.ndim)

    def infer(self, x: Spec, *, before: Shape, after: Shape, step: Shape) -> Spec:
        if len(before) != len(x.shape) or min((*before, *after, 0)) < 0:
            raise ShapeError(f"pad: widths {before} and {after} do not fit shape {x.shape}")
        return Spec(
            tuple(
                a + _spaced(n, s) + b
                for n, a, b, s in zip(x.shape, before, after, step, strict=True)
            ),
            x.dtype,
        )

    def reference(self, x: Array, *, before: Shape, after: Shape, step: Shape) -> Array:
        spec = self.infer(Spec(x.shape, x.dtype), before=before, after=after, step=step)
        out = np.zeros(spec.shape, x.dtype)
        inside = tuple(
            slice(a, a + (n - 1) * s + 1 if n else a, s)
            for n, a, s in zip(x.shape, before, step, strict=True)
        )
        out[inside] = x
        return out

    def gradient(
        self, grad: Value, out: Value, x: Value, *, before: Shape, after: Shape, step: Shape
    ) -> Gradients:
        stop = tuple(a + _spaced(n, s) for n, a, s in zip(x.shape, before, step, strict=True))
        return (apply(slice_, grad, start=before, stop=stop, step=step),)

    def vmap(
        self, members: int, mapped: Mapped, x: V, *, before: Shape, after: Shape, step: Shape
    ) -> V:
        return apply(self, x, before=(0, *before), after=(0, *after), step=(1, *step))


class Flip(Movement):
    """Elements in reverse order along the given axes (all by default)."""

    name = "flip"

    def __call__(self, x: V | ArrayLike, axis: Axes = None) -> V:
        (x,) = as_values(x)
        return apply(self, x, axes=normal_axes(self.name, axis, x.ndim))

    def infer(self, x: Spec, *, axes: Shape) -> Spec:
        return x

    def reference(self, x: Array, *, axes: Shape) -> Array:
        return np.flip(x, axes)

    def gradient(self, grad: Value, out: Value, x: Value, *, axes: Shape) -> Gradients:
        return (flip(grad, axes),)

    def vmap(self, members: int, mapped: Mapped, x: V, *, axes: Shape) -> V:
        return apply(self, x, axes=tuple(a + 1 for a in axes))


class Concat(Movement):
    """Tensors joined along one axis; with `axis=None` all are flattened first.

    >>> import ranvier
    >>> ranvier.concat([ranvier.tensor([1.0]), ranvier.tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """

    name = "concat"

    def __call__(self, xs: Sequence[V | ArrayLike], axis: int | None = 0) -> V:
        if not len(xs):
            raise ShapeError("concat: nothing to join; the list of tensors is empty")
        values = same_dtype(*as_values(*xs))
        if axis is None:
            values, axis = tuple(reshape(x, (x.size,)) for x in values), 0
        return apply(self, *values, axis=normal_axis(self.name, axis, values[0].ndim))

    def infer(self, *specs: Spec, axis: int) -> Spec:
        first = specs[0]
        for x in specs[1:]:
            others = (s[:axis] + s[axis + 1 :] for s in (x.shape, first.shape))
            if len(x.shape) != len(first.shape) or not same(*others):
                raise ShapeError(
                    f"concat: shapes {first.shape} and {x.shape} differ outside axis {axis}"
                )
        total = builtins_sum(x.shape[axis] for x in specs)
        return Spec((*first.shape[:axis], total, *first.shape[axis + 1 :]), first.dtype)

    def reference(self, *arrays: Array, axis: int) -> Array:
        return np.concatenate(arrays, axis)

    def gradient(self, grad: Value, out: Value, *inputs: Value, axis: int) -> Gradients:
        parts, at = [], 0
        for x in inputs:
            parts.append(narrow(grad, axis, at, at + x.shape[axis]))
            at += x.shape[axis]
        return tuple(parts)

    def vmap(self, members: int, mapped: Mapped, *inputs: V, axis: int) -> V:
        return apply(self, *for_members(members, mapped, *inputs), axis=axis + 1)


def moved(x: V, source: int, target: int) -> V:
    """x with one axis at another position."""
    axes = [a for a in range(x.ndim) if a != source]
    axes.insert(target, source)
    return permute_dims(x, axes)


def narrow(x: V, axis: int, start: int, stop: int) -> V:
    """Elements start to stop of one axis."""
    begin, end = [0] * x.ndim, list(x.shape)
    begin[axis], end[axis] = start, stop
    return apply(slice_, x, start=tuple(begin), stop=tuple(end), step=(1,) * x.ndim)


builtins_sum = sum
reshape = register(Reshape())
permute_dims = register(PermuteDims())
broadcast_to = register(BroadcastTo())
slice_ = register(Slice())
pad = register(Pad())
flip = register(Flip())
concat = register(Concat())
