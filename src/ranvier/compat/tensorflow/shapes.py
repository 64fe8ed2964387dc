"""Tensors made and reshaped, under TensorFlow's names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...base.missing import Spelled
from ...ops import contraction, creation, elementwise, movement
from ...ops import gather as gathering
from ...ops.composites import functions as composite
from ...ops.composites import shaping
from ...ops.op import as_values
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile

broadcast_to = movement.broadcast_to
eye = creation.eye
ones_like = creation.ones_like
zeros_like = creation.zeros_like
reshape = movement.reshape
squeeze = shaping.squeeze
stop_gradient = elementwise.detach
tensordot = composite.tensordot
tile = shaping.tile


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "") -> Any:
    """A tensor of these numbers; texts stay an array, as TextVectorization takes them."""
    texts = np.asarray(value) if isinstance(value, str | list | tuple) else value
    if isinstance(texts, np.ndarray) and texts.dtype.kind == "U":
        return texts
    x = Tensor(value, dtype, name=name)
    return x if shape is None else movement.reshape(movement.broadcast_to(x, shape), shape)


def convert_to_tensor(value: Any, dtype: Any = None, name: str = "") -> Any:
    """`value` as a tensor."""
    (x,) = as_values(value)
    return x if dtype is None else elementwise.astype(x, dtype)


def zeros(shape: Any, dtype: Any = dtypes.float32) -> Any:
    """Zeros."""
    return creation.zeros(shape, dtype)


def ones(shape: Any, dtype: Any = dtypes.float32) -> Any:
    """Ones."""
    return creation.ones(shape, dtype)


def fill(dims: Any, value: float) -> Any:
    """One number everywhere."""
    return creation.full(tuple(dims), value, dtypes.as_array(value).dtype)


def range_(start: float, limit: float | None = None, delta: float = 1, dtype: Any = None) -> Any:
    """start, start + delta, ... below limit."""
    return creation.arange(start, limit, delta, dtype)


def linspace(start: float, stop: float, num: int) -> Any:
    """`num` numbers at equal distances, both ends included."""
    return creation.linspace(start, stop, num)


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    return elementwise.astype(as_values(x)[0], dtype)


def identity(x: Any) -> Any:
    """A copy."""
    return as_values(x)[0].clone()


class Sizes(tuple[int, ...]):
    """What `tf.shape` gives: integers, also as an array or a tensor."""

    def numpy(self) -> Any:
        """As an array of int32."""
        return np.array(self, np.int32)


def shape(x: Any) -> Sizes:
    """The sizes, known while tracing too.

    >>> shape([[1.0, 2.0]])[1], shape([[1.0, 2.0]]).numpy()
    (2, array([1, 2], dtype=int32))
    """
    return Sizes(as_values(x)[0].shape)


class TensorSpec(Spelled):
    """Shape and dtype of a tensor: what `Dataset.from_generator` asks for and Ranvier sees by
    itself.
    """

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32, name: str = "") -> None:
        self.shape, self.dtype, self.name = shape, dtype, name


def transpose(a: Any, perm: Sequence[int] | None = None) -> Any:
    """The axes in another order; reversed by default."""
    (x,) = as_values(a)
    return movement.permute_dims(x, tuple(reversed(range(x.ndim))) if perm is None else perm)


def concat(values: Sequence[Any], axis: int = 0) -> Any:
    """Tensors one after another along an axis."""
    return movement.concat(list(values), axis)


def stack(values: Sequence[Any], axis: int = 0) -> Any:
    """Tensors along a new axis."""
    return shaping.stack(list(values), axis)


def split(value: Any, num_or_size_splits: Any, axis: int = 0) -> Any:
    """Equal parts, or parts of the given sizes."""
    if isinstance(num_or_size_splits, int):
        return shaping.split(value, num_or_size_splits, axis)
    ends = [sum(num_or_size_splits[: i + 1]) for i in range(len(num_or_size_splits) - 1)]
    return shaping.split(value, ends, axis)


def expand_dims(input: Any, axis: int) -> Any:
    """With a new axis of size 1."""
    return shaping.expand_dims(input, axis)


def gather(params: Any, indices: Any, axis: int = 0) -> Any:
    """The slices at `indices`."""
    return gathering.take(params, indices, axis=axis)


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition is true, elsewhere y."""
    return elementwise.where(condition, x, y)


def one_hot(indices: Any, depth: int, dtype: Any = dtypes.float32) -> Any:
    """A new last axis that is 1 at the index and 0 elsewhere."""
    return composite.one_hot(indices, depth, dtype)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The matrix product."""
    a, b = as_values(a, b)
    return contraction.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)


def function(func: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`ranvier.compile`: the function runs as one graph. Options of TensorFlow are not needed."""
    if func is None:
        return function
    compiled = compile(func)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return compiled(*args, **kwargs)

    return call
