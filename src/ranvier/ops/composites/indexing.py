"""Indexing with slices, numbers, None, `...`, integer arrays and boolean arrays, as in NumPy.

    numbers and slices        slice, flip (negative steps), reshape
    one integer array         take along its axis
    several integer arrays    broadcast together, made one position into the flattened axes, take
    boolean arrays            the positions where they are true, as integer arrays

Integer positions may be tensors, also inside a compiled function. How many elements a boolean array
chooses is known only when it is computed, so there it must be a NumPy array.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from ...dtypes import int64
from ...errors import DTypeError, ShapeError, TraceError
from ...graph.node import Value
from ...graph.sizes import exceeds, is_unknown, same
from ...typing import Array, ArrayLike, Shape, V
from ..check_index import check_index, check_inside
from ..creation import iota
from ..elementwise.arithmetic import maximum
from ..elementwise.comparison import astype, equal, greater_equal, where
from ..gather import take
from ..movement import broadcast_to, flip, permute_dims, reshape, slice_
from ..op import apply, as_values, broadcast
from ..reduce import max

# One part of a key, and a key: what may stand between the brackets of `x[...]`.
Index: TypeAlias = "int | slice | EllipsisType | V | ArrayLike | None"
Key: TypeAlias = "Index[V] | tuple[Index[V], ...]"
# What chooses along one axis once a key has been read.
Basic: TypeAlias = "int | np.integer[Any] | slice"
Item: TypeAlias = "Basic | Array | V"


def getitem(x: V, key: Key[V]) -> V:
    """The elements of x that `key` chooses."""
    items, shape = expand(x.shape, key)
    x = reshape(x, shape)
    basic = [item for item in items if isinstance(item, int | np.integer | slice)]
    if len(basic) == len(items):
        return _basic(x, basic)
    # Beside arrays a number counts as an array without axes, as in NumPy.
    slices = [item if isinstance(item, slice) else slice(None) for item in items]
    x = _basic(x, slices)
    chosen = [(a, item) for a, item in enumerate(items) if not isinstance(item, slice)]
    arrays = [_positions(x, item, a) for a, item in chosen]
    return _gather(x, [a for a, _ in chosen], arrays)


def expand(shape: Shape, key: Key[V]) -> tuple[list[Item[V]], Shape]:
    """One item (number, slice, integer array) for each axis, and `shape` with the axes of None."""
    items = [_read(item, i) for i, item in enumerate(key if isinstance(key, tuple) else (key,))]
    used = sum(_axes_of(item) for item in items)
    dots = [i for i, item in enumerate(items) if isinstance(item, EllipsisType)]
    if len(dots) > 1:
        raise ShapeError("index: '...' may stand only once")
    if used > len(shape):
        raise ShapeError(
            f"index: {used} indices for a tensor of shape {shape}, which has {len(shape)} axes"
        )
    at = dots[0] if dots else len(items)
    items[at : at + 1] = [slice(None)] * (len(shape) - used)
    left, wide = list(shape), []
    result: list[Item[V]] = []
    for item in items:
        sizes = [left.pop(0) for _ in range(_axes_of(item))]
        if item is None or isinstance(item, EllipsisType):  # `...` has been replaced above
            sizes, item = [1], slice(None)
        elif isinstance(item, np.ndarray) and item.dtype.kind == "b":
            if not item.ndim:  # all of it or nothing, along a new axis
                sizes, item = [1], item.reshape(1)
            if item.shape != tuple(sizes):
                raise ShapeError(f"index: a bool array of shape {item.shape} for axes of {sizes}")
            result.extend(np.nonzero(item))
            wide.extend(sizes)
            continue
        elif isinstance(item, int | np.integer | np.ndarray):
            check_inside("", np.asarray(item), sizes[0], len(wide))
        result.append(item)
        wide.extend(sizes)
    return result, tuple(wide)


def _axes_of(item: Item[V] | EllipsisType | None) -> int:
    """How many axes one part of a key stands for."""
    if item is None or isinstance(item, EllipsisType):
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


def _read(item: Index[V], position: int) -> Item[V] | EllipsisType | None:
    """One part of a key, checked; boolean and integer arrays as NumPy arrays."""
    if item is None or isinstance(item, EllipsisType):
        return item
    if isinstance(item, slice):
        return _plain_slice(item)
    if isinstance(item, bool | np.bool_):
        raise DTypeError(f"index {item}: a single bool chooses no axis; use None for a new axis")
    if isinstance(item, int | np.integer):
        return item
    if is_unknown(item):
        raise ShapeError(f"index {item}: count from the end, as in x[-1]")
    if isinstance(item, Value):
        if item.dtype.kind not in "iub":
            raise DTypeError(f"index: positions must be integers or bools, not {item.dtype}")
        return _mask(item) if item.dtype.kind == "b" else item
    array = np.asarray(item)
    if array.size == 0 and isinstance(item, list):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub":
        raise DTypeError(
            f"index: expected numbers, slices, None, '...', integer or boolean arrays; "
            f"got {item!r} at position {position}"
        )
    return array if array.dtype.kind == "b" else array.astype(np.int64)


def _plain_slice(item: slice) -> slice:
    try:
        parts = [
            v if v is None or is_unknown(v) else operator.index(v)
            for v in (item.start, item.stop, item.step)
        ]
    except TypeError:
        raise DTypeError(f"index: {item} must be made of integers") from None
    if parts[2] == 0:
        raise ShapeError("index: the step of a slice cannot be 0")
    return slice(*parts)


def _mask(item: Value) -> Array:
    """The numbers of a bool tensor."""
    bools = item.numbers()
    if bools is None:
        raise TraceError(
            "index: inside a compiled function it is not known how many elements a bool tensor "
            "chooses. Use ranvier.where(mask, x, other) and keep the shape, e.g. "
            "ranvier.sum(ranvier.where(mask, x, 0)) in place of ranvier.sum(x[mask])"
        )
    return bools


def _basic(x: V, items: Sequence[Basic]) -> V:
    """x after numbers and slices, one for each axis."""
    start, stop, step, reversed_axes, shape = [], [], [], [], []
    for axis, (item, size) in enumerate(zip(items, x.shape, strict=True)):
        if isinstance(item, slice):
            first, last, by, count, backwards = _slice_of(item, size)
            if backwards:
                reversed_axes.append(axis)
            shape.append(count)
        else:
            first = int(item) if item >= 0 else int(item) + size
            last, by = first, 1
        start.append(first)
        stop.append(last + 1)
        step.append(by)
    if not same((*start, *stop), (*[0] * x.ndim, *x.shape)) or any(by != 1 for by in step):
        x = apply(slice_, x, start=tuple(start), stop=tuple(stop), step=tuple(step))
    if reversed_axes:
        x = flip(x, tuple(reversed_axes))
    return reshape(x, tuple(shape))


def _slice_of(item: slice, size: int) -> tuple[int, int, int, int, bool]:
    """What a slice chooses of an axis: its first, last, step, count, and whether backwards.

    Of nothing the last one stands before the first.
    """
    if is_unknown(size):
        return _slice_of_rows(item, size)
    chosen = range(*item.indices(size))
    backwards = chosen.step < 0
    if not chosen:
        return 0, -1, 1, 0, backwards
    chosen = chosen[::-1] if backwards else chosen
    count = len(chosen)
    return chosen.start, chosen[-1], chosen.step if count > 1 else 1, count, backwards


def _slice_of_rows(item: slice, size: int) -> tuple[int, int, int, int, bool]:
    """`_slice_of` for a number of rows that is not known: ends that fit some number stay as they
    are.
    """
    by, backwards = abs(item.step or 1), (item.step or 1) < 0
    low, high = (item.stop, item.start) if backwards else (item.start, item.stop)
    first = 0 if low is None else _from_start(low, size) + backwards
    stop = size if high is None else _from_start(high, size) + backwards
    stop = size if exceeds(stop, size) else stop
    if exceeds(first + 1, stop):
        return 0, -1, 1, 0, backwards
    count = -(-(stop - first) // by)
    if backwards:
        first = stop - 1 - (count - 1) * by
    return first, first + (count - 1) * by, by, count, backwards


def _from_start(position: int, size: int) -> int:
    return position if position >= 0 else position + size


def _positions(x: V, item: V | int | np.integer[Any] | Array, axis: int) -> V:
    """A number or array as a tensor of indices from 0 on."""
    size = x.shape[axis]
    if isinstance(item, int | np.ndarray | np.integer):
        array = np.asarray(item, np.int64)
        if is_unknown(size) and array.size and array.min() < 0:
            return check_index(as_values(array, like=x)[0], size, axis, owner="")
        size = 0 if is_unknown(size) else size
        return as_values(np.where(array < 0, array + size, array), like=x)[0]
    # NOTE: int64, as several arrays become one index into all their axes.
    return check_index(astype(item, int64), size, axis, owner="")


def _gather(x: V, axes: Sequence[int], arrays: Sequence[V]) -> V:
    """Elements of x at the positions `arrays` of `axes`, which become one group of axes."""
    if len(axes) == 1:
        return take(x, arrays[0], axis=axes[0])
    arrays = broadcast("index", *arrays)
    sizes = [x.shape[a] for a in axes]
    line = arrays[0]
    for array, size in zip(arrays[1:], sizes[1:], strict=True):
        line = line * size + array
    rest = [a for a in range(x.ndim) if a not in axes]
    x = permute_dims(x, (*axes, *rest))
    x = reshape(x, (math.prod(sizes), *x.shape[len(axes) :]))
    out = take(x, line, axis=0)
    # The new axes stand where the arrays stood if those stood side by side, else first.
    if axes[-1] - axes[0] + 1 != len(axes):
        return out
    new, before = line.ndim, axes[0]
    order = [*range(new, new + before), *range(new), *range(new + before, out.ndim)]
    return permute_dims(out, order)


def replaced(x: V, key: Key[V], value: V | ArrayLike) -> V:
    """x with the elements that `key` chooses replaced by `value`, as a new tensor.

    Where a position is chosen twice the last value stays.
    """
    (value,) = as_values(value, like=x)
    value = astype(value, x.dtype)
    if isinstance(key, Value) and key.dtype.kind == "b" and value.ndim == 0:
        return where(broadcast_to(_columns(key, x.ndim), x.shape), value, x)
    count = reshape(apply(iota, like=x, shape=(x.size,), axis=0, dtype=int64), x.shape)
    traced = any(isinstance(item, Value) for item in (key if isinstance(key, tuple) else (key,)))
    chosen = getitem(count, key) if traced else _chosen(x.shape, key)
    while value.ndim > chosen.ndim and value.shape[0] == 1:
        value = reshape(value, value.shape[1:])
    try:
        value = broadcast_to(value, chosen.shape)
    except ShapeError:
        raise ShapeError(
            f"x[...] = value: the value has shape {value.shape}, the chosen elements {chosen.shape}"
        ) from None
    if not value.size:
        return x
    last = _last(chosen, x) if isinstance(chosen, np.ndarray) else _last_traced(chosen, count)
    new = take(reshape(value, (value.size,)), maximum(last, 0))
    return where(reshape(greater_equal(last, 0), x.shape), reshape(new, x.shape), x)


def _chosen(shape: Shape, key: Any) -> Array:
    """The positions in a flattened x of `shape` that a key without tensors chooses."""
    expand(shape, key)  # for its errors
    return np.asarray(np.arange(math.prod(shape)).reshape(shape)[key])


def _last(chosen: Array, x: V) -> V:
    """For each element of x the last position that chooses it, or -1."""
    source = np.full(x.size, -1, np.int64)
    source[chosen.ravel()] = np.arange(chosen.size)
    return as_values(source, like=x)[0]


def _last_traced(chosen: V, count: V) -> V:
    # NOTE: compares every element with every position, because a scatter would add up what meets.
    here = equal(reshape(chosen, (1, chosen.size)), reshape(count, (count.size, 1)))
    number = apply(iota, like=count, shape=here.shape, axis=1, dtype=int64)
    return max(where(here, number, -1), 1)


def _columns(mask: V, ndim: int) -> V:
    return reshape(mask, (*mask.shape, *(1,) * (ndim - mask.ndim)))
