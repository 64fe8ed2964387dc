"""Building: the weights of a layer are made once, for rows of one shape."""

from __future__ import annotations

import functools
import operator
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.temporary import temporarily
from ..errors import ArgumentError
from ..typing import Shape, ShapeLike

if TYPE_CHECKING:
    from ..base.temporary import Temporary
    from .layer import Layer


class _Building(threading.local):
    """The ids of the layers that this thread is building."""

    ids: tuple[int, ...] = ()


_building = _Building()


def being_built(layer: Layer) -> Temporary:
    """Inside, in this thread, the `build` of the layer runs as it is written."""
    return temporarily(_building, "ids", (*_building.ids, id(layer)))


def build_once(build: Callable[..., None]) -> Callable[..., None]:
    """A `build` that, called by a user, leaves a layer that is built: the first call of the layer
    does not make its weights again.
    """

    @functools.wraps(build)
    def called(self: Layer, input_shape: Any, *more: Any, **options: Any) -> None:
        if id(self) in _building.ids or self.built or more or options or _is_open(input_shape):
            build(self, input_shape, *more, **options)
        else:
            self.ensure_built(input_shape)

    return called


def first_shape(name: str, values: Sequence[Any]) -> Shape:
    """The shape of the first input, by which a layer is built."""
    if values[0] is None:
        raise ArgumentError(f"{name}: its first input is None; give it a tensor or an array")
    return tuple(values[0].shape)


def row_shape(name: str, shape: ShapeLike) -> Shape:
    """The shape of one row as a tuple; ArgumentError for what is none."""
    if isinstance(shape, int | np.integer):
        shape = (shape,)
    try:
        sizes = tuple(operator.index(n) for n in shape)
    except TypeError:
        sizes = (-1,)
    if any(n < 0 for n in sizes):
        raise ArgumentError(
            f"{name}: input_shape={shape!r}; expected the sizes of one row, without the batch "
            f"axis, e.g. input_shape=(784,){_FIXED_LENGTH_HINT if _is_open(shape) else ''}"
        )
    return sizes


_FIXED_LENGTH_HINT = (
    ". None is not a size here: a graph is compiled for rows of one length. Give the longest, "
    "fill up shorter rows (ranvier.data.pad_sequences) and leave what was filled up out with "
    "Embedding(mask_zero=True) or Masking"
)


def _is_open(shape: object) -> bool:
    """Whether a size is left open."""
    return isinstance(shape, tuple | list) and None in shape
