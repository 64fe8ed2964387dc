"""Tensors made, reshaped and clipped, where TensorFlow's arguments say it in another way."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes, optim, random
from ...base.missing import Spelled
from ...losses import BinaryCrossentropy
from ...nn.basic.dropout import Dropout
from ...nn.modes import training_mode
from ...ops import contraction, elementwise, movement
from ...ops.composites import shaping
from ...ops.op import as_values
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile
from ...typing import Array, DTypeLike, ShapeLike, TensorLike

Compiled = Callable[..., Any]


def constant(
    value: TensorLike,
    dtype: DTypeLike | None = None,
    shape: ShapeLike | None = None,
    name: str = "",
) -> Tensor | Array:
    """A tensor of these numbers; texts stay an array, as TextVectorization takes them."""
    texts = np.asarray(value) if isinstance(value, str | list | tuple) else value
    if isinstance(texts, np.ndarray) and texts.dtype.kind == "U":
        return texts
    x = Tensor(value, dtype, name=name)
    return x if shape is None else movement.reshape(movement.broadcast_to(x, shape), shape)


def convert_to_tensor(value: TensorLike, dtype: DTypeLike | None = None, name: str = "") -> Tensor:
    """`value` as a tensor."""
    (x,) = as_values(value)
    return x if dtype is None else elementwise.astype(x, dtype)


def cast(x: TensorLike, dtype: DTypeLike) -> Tensor:
    """x in another dtype."""
    return convert_to_tensor(x, dtype)


class Sizes(tuple[int, ...]):
    """What `tf.shape` gives: integers, also as an array or a tensor."""

    def numpy(self) -> Array:
        """As an array of int32."""
        return np.array(self, np.int32)


def sizes(input: TensorLike) -> Sizes:
    """The sizes, known while tracing too.

    >>> sizes([[1.0, 2.0]])[1], sizes([[1.0, 2.0]]).numpy()
    (2, array([1, 2], dtype=int32))
    """
    return Sizes(as_values(input)[0].shape)


class TensorSpec(Spelled):
    """Shape and dtype of a tensor: what `Dataset.from_generator` asks for and Ranvier sees by
    itself.
    """

    def __init__(
        self, shape: ShapeLike | None = None, dtype: DTypeLike = dtypes.float32, name: str = ""
    ) -> None:
        self.shape, self.dtype, self.name = shape, dtype, name


def transposed(a: TensorLike, perm: Sequence[int] | None = None) -> Tensor:
    """The axes in another order; reversed by default."""
    (x,) = as_values(a)
    order = tuple(reversed(range(x.ndim))) if perm is None else perm
    return movement.permute_dims(x, order)


def split(
    value: TensorLike, num_or_size_splits: int | Sequence[int], axis: int = 0
) -> list[Tensor]:
    """Equal parts, or parts of the given sizes."""
    parts = num_or_size_splits
    if not isinstance(parts, int):
        parts = np.cumsum(parts)[:-1].tolist()
    return shaping.split(value, parts, axis)


def matmul(
    a: TensorLike, b: TensorLike, transpose_a: bool = False, transpose_b: bool = False
) -> Tensor:
    """The matrix product."""
    a, b = as_values(a, b)
    return contraction.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)


def function(func: Compiled | None = None, **options: object) -> Compiled:
    """`ranvier.compile`: the function runs as one graph. Options of TensorFlow are not needed."""
    if func is None:
        return function
    compiled = compile(func)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return compiled(*args, **kwargs)

    return call


def clip_by_global_norm(
    t_list: Sequence[TensorLike | None], clip_norm: float
) -> tuple[list[Tensor | None], Tensor]:
    """All of them, scaled so that their common length is at most `clip_norm`, and the length.

    >>> scaled, length = clip_by_global_norm([[3.0], None, [4.0]], 1.0)
    >>> [None if t is None else round(t.item(), 2) for t in scaled], length.item()
    ([0.6, None, 0.8], 5.0)
    """
    present = [as_values(t)[0] for t in t_list if t is not None]
    scaled = iter(optim.clip_by_global_norm(present, clip_norm))
    clipped = [None if t is None else next(scaled) for t in t_list]
    return clipped, optim.clip.global_norm(present)


def dropout(x: TensorLike, rate: float, seed: int | None = None, name: str | None = None) -> Tensor:
    """Each element 0 with probability `rate`, else `x / (1 - rate)`; always."""
    with training_mode(True):
        out: Tensor = Dropout(rate, seed=seed, name="dropout")(*as_values(x))
        return out


def sigmoid_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike) -> Tensor:
    """The binary cross-entropy of each element, from logits."""
    loss = BinaryCrossentropy(from_logits=True)
    y, z = loss.align(*as_values(labels, logits))
    rows = loss.per_row(movement.reshape(y, (z.size,)), movement.reshape(z, (z.size,)))
    return movement.reshape(rows, z.shape)


def uniform(
    shape: ShapeLike,
    minval: float = 0,
    maxval: float | None = None,
    dtype: DTypeLike = dtypes.float32,
) -> Tensor:
    """Numbers from `minval` (included) to `maxval` (excluded; 1 for floats)."""
    dtype = dtypes.as_dtype(dtype)
    if dtype.kind == "f":
        return random.uniform(shape, minval, 1.0 if maxval is None else maxval, dtype)
    return random.randint(int(minval), int(maxval or 0), shape, dtype)
