"""Functions that join, cut, repeat and rearrange, written in the movement ops."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from ...base.missing import answered
from ...dtypes import bool_, int64
from ...errors import ArgumentError, ShapeError, unknown_name
from ...graph.sizes import exceeds, is_unknown, same
from ...typing import ArrayLike, Axes, ShapeLike, V
from ..creation import iota
from ..elementwise import not_equal, where
from ..movement import broadcast_to, concat, narrow, permute_dims, reshape
from ..op import (
    apply,
    as_integer,
    as_tuple,
    as_values,
    broadcast_shape,
    normal_axes,
    normal_axis,
    same_dtype,
)


@answered
def squeeze(x: V | ArrayLike, axis: Axes = None) -> V:
    """x without its axes of size 1, or without `axis` (one or several, each of size 1).

    >>> import ranvier
    >>> ranvier.squeeze(ranvier.ones((1, 3, 1)), 0).shape
    (3, 1)
    """
    (x,) = as_values(x)
    if axis is None:
        return reshape(x, tuple(n for n in x.shape if not same(n, 1)))
    axes = normal_axes("squeeze", axis, x.ndim)
    for a in axes:
        if not same(x.shape[a], 1):
            raise ShapeError(f"squeeze: axis {a} of {x.shape} has size {x.shape[a]}, not 1")
    return reshape(x, tuple(n for a, n in enumerate(x.shape) if a not in axes))


@answered
def expand_dims(x: V | ArrayLike, axis: ShapeLike = 0) -> V:
    """x with a new axis of size 1 at `axis` (one position of the result or more).

    >>> import ranvier
    >>> ranvier.expand_dims(ranvier.ones((3,)), -1).shape
    (3, 1)
    """
    (x,) = as_values(x)
    ndim = x.ndim + len(as_tuple(axis))
    axes = normal_axes("expand_dims", as_tuple(axis), ndim)
    sizes = iter(x.shape)
    return reshape(x, tuple(1 if a in axes else next(sizes) for a in range(ndim)))


@answered
def moveaxis(x: V | ArrayLike, source: ShapeLike, destination: ShapeLike) -> V:
    """x with the axes `source` moved to the positions `destination`, the others in their order."""
    (x,) = as_values(x)
    come, go = (
        [normal_axis("moveaxis", a, x.ndim) for a in as_tuple(axes)]
        for axes in (source, destination)
    )
    if len(come) != len(go) or len(set(come)) != len(come) or len(set(go)) != len(go):
        raise ShapeError(f"moveaxis: {source} cannot be moved to {destination}, one to one")
    order = [a for a in range(x.ndim) if a not in come]
    for position, a in sorted(zip(go, come, strict=True)):
        order.insert(position, a)
    return permute_dims(x, order)


@answered
def swapaxes(x: V | ArrayLike, a: int, b: int) -> V:
    """x with the axes a and b exchanged."""
    (x,) = as_values(x)
    a, b = normal_axis("swapaxes", a, x.ndim), normal_axis("swapaxes", b, x.ndim)
    order = list(range(x.ndim))
    order[a], order[b] = b, a
    return permute_dims(x, order)


@answered
def matrix_transpose(x: V | ArrayLike) -> V:
    """x with its last two axes exchanged."""
    (x,) = as_values(x)
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: shape {x.shape} is not a matrix; it needs two axes")
    return swapaxes(x, -2, -1)


@answered
def stack(xs: Sequence[V | ArrayLike], axis: int = 0) -> V:
    """Tensors of one shape joined along a new axis.

    >>> import ranvier
    >>> ranvier.stack([ranvier.tensor([1.0, 2.0]), ranvier.tensor([3.0, 4.0])], axis=1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    if not len(xs):
        raise ShapeError("stack: nothing to join; the list of tensors is empty")
    values = same_dtype(*as_values(*xs))
    for x in values:
        if not same(x.shape, values[0].shape):
            raise ShapeError(f"stack: shapes {values[0].shape} and {x.shape} differ")
    return concat([expand_dims(x, axis) for x in values], axis)


@answered
def unstack(x: V | ArrayLike, axis: int = 0) -> tuple[V, ...]:
    """The slices of x along one axis, without that axis."""
    (x,) = as_values(x)
    axis = normal_axis("unstack", axis, x.ndim)
    return tuple(squeeze(narrow(x, axis, i, i + 1), axis) for i in range(x.shape[axis]))


@answered
def split(x: V | ArrayLike, parts: int | Sequence[int], axis: int = 0) -> list[V]:
    """x cut along one axis into `parts` equal parts, or before each of the given positions.

    >>> import ranvier
    >>> [part.tolist() for part in ranvier.split(ranvier.arange(5), [2, 3])]
    [[0, 1], [2], [3, 4]]
    """
    (x,) = as_values(x)
    axis = normal_axis("split", axis, x.ndim)
    size = x.shape[axis]
    if isinstance(parts, list | tuple | np.ndarray | range):
        cuts = [as_integer("split", "position", c) for c in parts]
    else:
        parts = as_integer("split", "parts", parts)
        if parts < 1 or size % parts:
            raise ShapeError(f"split: axis {axis} of size {size} has no {parts} equal parts")
        cuts = [size // parts * i for i in range(1, parts)]
    ends = [0, *cuts, size]
    if any(exceeds(a, b) for a, b in itertools.pairwise(ends)):
        raise ShapeError(
            f"split: positions {cuts} do not rise from 0 to {size}, the size of the axis"
        )
    return [narrow(x, axis, a, b) for a, b in itertools.pairwise(ends)]


@answered
def tile(x: V | ArrayLike, repetitions: ShapeLike) -> V:
    """x laid out `repetitions[i]` times along axis i.

    >>> import ranvier
    >>> ranvier.tile(ranvier.tensor([1, 2]), 2)
    tensor([1, 2, 1, 2])
    """
    (x,) = as_values(x)
    times = tuple(as_integer("tile", "repetitions", t, 0) for t in as_tuple(repetitions))
    ndim = max(x.ndim, len(times))
    shape = (1,) * (ndim - x.ndim) + x.shape
    times = (1,) * (ndim - len(times)) + times
    inner = reshape(x, tuple(n for size in shape for n in (1, size)))
    wide = broadcast_to(inner, tuple(n for pair in zip(times, shape, strict=True) for n in pair))
    return reshape(wide, tuple(t * n for t, n in zip(times, shape, strict=True)))


@answered
def repeat(x: V | ArrayLike, times: int, axis: int | None = None) -> V:
    """Each element `times` times in a row, along one axis or over the flattened x.

    >>> import ranvier
    >>> ranvier.repeat(ranvier.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    (x,) = as_values(x)
    times = as_integer("repeat", "times", times, 0)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    axis = normal_axis("repeat", axis, x.ndim)
    before, size, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    wide = broadcast_to(reshape(x, (*before, size, 1, *after)), (*before, size, times, *after))
    return reshape(wide, (*before, size * times, *after))


@answered
def roll(x: V | ArrayLike, shift: ShapeLike, axis: Axes = None) -> V:
    """Elements moved by `shift` positions along `axis`; those that leave one end enter at the
    other.

    >>> import ranvier
    >>> ranvier.roll(ranvier.arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    (x,) = as_values(x)
    if axis is None:
        return reshape(roll(reshape(x, (x.size,)), shift, 0), x.shape)
    axes = as_tuple(axis)
    shifts = as_tuple(shift) if isinstance(shift, tuple | list) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise ArgumentError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    for a, by in zip(axes, shifts, strict=True):
        a = normal_axis("roll", a, x.ndim)
        size = x.shape[a]
        by = as_integer("roll", "shift", by)
        if is_unknown(size):
            by = by if by >= 0 else by + size
        else:
            by = by % size if size else 0
        if not same(by, 0):
            x = concat([narrow(x, a, size - by, size), narrow(x, a, 0, size - by)], a)
    return x


@answered
def broadcast_arrays(*xs: V | ArrayLike) -> list[V]:
    """Every x repeated to the common shape."""
    values = as_values(*xs)
    shape = broadcast_shape("broadcast_arrays", *[x.shape for x in values])
    return [broadcast_to(x, shape) for x in values]


@answered
def tril(x: V | ArrayLike, k: int = 0) -> V:
    """The lower triangle of each matrix: elements right of diagonal k become 0.

    >>> import ranvier
    >>> ranvier.tril(ranvier.ones((2, 2)))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle("tril", x, k, lambda row, column: column <= row)


@answered
def triu(x: V | ArrayLike, k: int = 0) -> V:
    """The upper triangle of each matrix: elements left of diagonal k become 0."""
    return _triangle("triu", x, k, lambda row, column: column >= row)


def _triangle(name: str, x: V | ArrayLike, k: int, inside: Callable[[V, V], V]) -> V:
    (x,) = as_values(x)
    k = as_integer(name, "k", k)
    if x.ndim < 2:
        raise ShapeError(f"{name}: shape {x.shape} is not a matrix; it needs two axes")
    row, column = (
        apply(iota, like=x, shape=x.shape, axis=a, dtype=int64) for a in (x.ndim - 2, x.ndim - 1)
    )
    return where(inside(row + k, column), x, False if x.dtype == bool_ else 0)


@answered
def meshgrid(*lines: V | ArrayLike, indexing: str = "xy") -> list[V]:
    """The coordinates of the points of a grid with these lines, one tensor for each line.

    With "xy" the first line runs along the columns, with "ij" along the rows.

    >>> import ranvier
    >>> x, y = ranvier.meshgrid(ranvier.arange(3), ranvier.arange(2))
    >>> y
    tensor([[0, 0, 0],
            [1, 1, 1]])
    """
    if indexing not in ("xy", "ij"):
        raise unknown_name("indexing", indexing, ("xy", "ij"))
    values = as_values(*lines)
    if any(v.ndim != 1 for v in values):
        raise ShapeError(f"meshgrid: expected vectors, got shapes {[v.shape for v in values]}")
    order = list(range(len(values)))
    if indexing == "xy":
        order[:2] = order[1::-1]
    shape = [values[order.index(a)].size for a in range(len(values))]
    grids = []
    for value, position in zip(values, order, strict=True):
        line = [value.size if a == position else 1 for a in range(len(values))]
        grids.append(broadcast_to(reshape(value, line), shape))
    return grids


@answered
def diff(x: V | ArrayLike, axis: int = -1, n: int = 1) -> V:
    """Each element less the one before it along `axis`, n times over.

    >>> import ranvier
    >>> ranvier.diff(ranvier.tensor([1, 4, 9, 16]))
    tensor([3, 5, 7])
    """
    (x,) = as_values(x)
    axis = normal_axis("diff", axis, x.ndim)
    n = as_integer("diff", "n", n, 0)
    for _ in range(x.shape[axis] if exceeds(n, x.shape[axis]) else n):
        size = x.shape[axis]
        later, earlier = narrow(x, axis, 1, size), narrow(x, axis, 0, size - 1)
        x = later - earlier if x.dtype.kind != "b" else not_equal(later, earlier)
    return x
